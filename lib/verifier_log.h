/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Finding, in what the kernel's verifier wrote, the line that says what is wrong. */
#ifndef KRSI_PRIV_VERIFIER_LOG_H
#define KRSI_PRIV_VERIFIER_LOG_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copy the message of a refusal, without statistics and traces: the last line that is neither.
 * False when there is none. In a log with traces (level 1 or 2) the instruction and the source line that it speaks of
 * are put behind it.
 */
bool krsi_priv_verifier_message(const char *log, char *text, size_t size);

/* Copy what the verifier itself suggests, as one line: Linux 7.3 does for some refusals. False when it suggests nothing. */
bool krsi_priv_verifier_suggestion(const char *log, char *text, size_t size);

/* How many instructions the verifier looked at, from its statistics; 0 when they are not there. */
unsigned long krsi_priv_verifier_processed(const char *log);

#endif
