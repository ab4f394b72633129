/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a test case expects of an answer. */
#ifndef KRSI_PRIV_MATCH_EXPECT_H
#define KRSI_PRIV_MATCH_EXPECT_H

#include <libkrsi/matcher.h>

#include "../policy/language.h"

/* One answer that will do. */
struct krsi_priv_outcome {
	uint32_t verdict;	/* enum krsi_event_verdict */
	uint32_t error;		/* 0: any */
	uint32_t signal;	/* of KRSI_EVENT_SIGNAL */
	bool would;		/* it is not carried out, as the rule is permissive */
};

struct krsi_priv_expected {
	struct krsi_priv_outcome *outcomes;	/* any of these */
	size_t outcome_count;
	const char *rule;	/* "rule" or "policy/rule" that decides, or that tells; NULL: any */
	const char **tags;	/* that must be put on the subject */
	size_t tag_count;
	const char *text;	/* all of it */
};

/* Read the keys of that name; `rule` and `tag` may be NULL. False with the reason reported. */
bool krsi_priv_expected_read(struct krsi_priv_reader *r, const struct krsi_priv_node *expect, const struct krsi_priv_node *rule,
			     const struct krsi_priv_node *tag, struct krsi_priv_expected *ret);

/* Whether the last answer of the matcher is one of them. */
bool krsi_priv_expected_is(const struct krsi_priv_expected *expected, const struct krsi_matcher *matcher,
			   const struct krsi_decision_info *decision);

/* The last answer of the matcher in the same words, to free, or NULL: "deny: EACCES by rule web/shadow". */
char *krsi_priv_decision_text(const struct krsi_matcher *matcher, const struct krsi_decision_info *decision);

#endif
