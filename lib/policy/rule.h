/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the readers of rules share: rule.c, action.c and default.c. */
#ifndef KRSI_PRIV_POLICY_RULE_H
#define KRSI_PRIV_POLICY_RULE_H

#include "language.h"

/* Keys of a rule; `rule` is a struct krsi_priv_rule. */
bool krsi_priv_action_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *rule);
bool krsi_priv_limit_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *rule);

/* The name of an error, such as EACCES. */
bool krsi_priv_error_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, uint16_t *error);

bool krsi_priv_boolean_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, bool *value);

/* Whether a rule of that action makes events unless it says otherwise. */
bool krsi_priv_action_reports(const struct krsi_priv_action *action);

/*
 * A word of `on` or `default`, with its operations. `text` is without "!".
 * False with a message when there is no such operation or group.
 */
bool krsi_priv_operation_read(struct krsi_priv_reader *r, struct krsi_priv_place place, const char *text,
			      uint16_t *word, uint64_t *mask);

#endif
