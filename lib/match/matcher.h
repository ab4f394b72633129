/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a matcher gives to cases.c. */
#ifndef KRSI_PRIV_MATCH_MATCHER_H
#define KRSI_PRIV_MATCH_MATCHER_H

#include <stdint.h>

/* The action as a word: "deny", "kill", ... `signal` tells kill from signal. */
const char *krsi_priv_verdict_word(uint32_t verdict, uint32_t signal);

#endif
