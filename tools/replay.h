/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Inside of `krsi replay`: replay.c asks, replay_print.c puts the answer in an event's line. */
#ifndef KRSI_TOOL_REPLAY_H
#define KRSI_TOOL_REPLAY_H

#include <stdbool.h>

struct krsi_decision_info;

/*
 * Print an event as an encoder made it, with what policies would have said in place of what was said: its outcome, rule
 * and error. `unsure`: the event does not tell all that they ask for.
 */
void replay_text(const char *text, const struct krsi_decision_info *decision, bool unsure);

/* The same as JSON, in a member of its own. False: no memory. */
bool replay_json(const char *text, const struct krsi_decision_info *decision, bool unsure);

#endif
