/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Many globs as one automaton: a text is read once, one table look-up for each byte, and the state
 * in which it ends tells which of all the globs match it.
 *
 * The automaton is the smallest one there is, and it is the same for the same language: neither the
 * order of the globs nor how they are written can be seen in it. It means what
 * krsi_priv_pattern_matches() does for every text that can be a path, but the root directory is the
 * text "" here. What cannot be one is safe to ask about; with a slash at its end it may get another
 * answer (`/a` does not match "/a/", but `/a` with or_below does).
 */
#ifndef KRSI_PRIV_MATCH_DFA_H
#define KRSI_PRIV_MATCH_DFA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/pattern.h"

#define KRSI_PRIV_DFA_GROUPS 16
#define KRSI_PRIV_DFA_STATES_MAX 65535	/* as `next` has 16 bits */

struct krsi_priv_glob {
	const struct krsi_priv_alternative *alternative;
	bool is_path;		/* components separated by '/', text begins with '/', the root directory is "" */
	bool or_below;		/* is_path only: also everything below what it matches */
	uint8_t group;		/* < KRSI_PRIV_DFA_GROUPS: which start state; globs of different groups never match each other's text */
	uint32_t id;		/* what it is called in the accepted sets; any number, several globs may share one */
};

struct krsi_priv_dfa {
	uint8_t classes[256];	/* byte -> class, numbered by the first byte of each */
	uint32_t class_count;
	uint32_t state_count;	/* state 0 is dead: all its transitions lead to 0, and it accepts nothing */
	uint16_t *next;		/* next[state * class_count + class] */
	uint32_t *accept;	/* state -> index of a set; 0 is the empty set */
	uint32_t set_count;
	uint32_t *set_start;	/* set_count + 1 entries: set i is ids[set_start[i]] up to ids[set_start[i + 1]], without that */
	uint32_t *ids;		/* sorted, without doubles, within each set */
	uint16_t start[KRSI_PRIV_DFA_GROUPS];	/* 0 when the group has no globs */
};

struct krsi_priv_dfa_limits {
	uint32_t states;	/* of the result; more than KRSI_PRIV_DFA_STATES_MAX is as that */
	size_t bytes;		/* of memory at any moment of the construction, the result included */
	uint64_t work;		/* steps of the construction, of 20 to 100 ns each */
};

/* Which limit was passed: "states", "bytes" or "work". `reached` is where it stopped, not what it would have taken. */
struct krsi_priv_dfa_cost {
	const char *what;
	uint64_t reached, limit;
};

/*
 * Compile `count` globs, which are needed for the call only. 0 globs make one dead state.
 *
 * 0, or with *ret untouched:
 * -EINVAL  a group that is too large
 * -ENOMEM  no memory
 * -E2BIG   one of the limits was passed; *cost tells which, and is set only then
 */
int krsi_priv_dfa_build(const struct krsi_priv_glob *globs, size_t count,
			const struct krsi_priv_dfa_limits *limits, struct krsi_priv_dfa *ret,
			struct krsi_priv_dfa_cost *cost);

/* Free what is in it, not `dfa` itself. NULL and all zeroes are fine. */
void krsi_priv_dfa_free(struct krsi_priv_dfa *dfa);

#endif
