/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Patterns: for paths (`?`, `*` within a component, `**` across, `[set]`, `{a,b}`) and for other
 * text, which has no components and where `/` is a character like any other.
 *
 * A pattern is kept as its alternatives, which {} makes; an alternative as its components; a
 * component as its tokens. What a backslash protects is a byte like others here. Alternatives are
 * told by their shape, as literals and subtrees can be looked up and need no automaton.
 */
#ifndef KRSI_PRIV_POLICY_PATTERN_H
#define KRSI_PRIV_POLICY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

#define KRSI_PRIV_ALTERNATIVES_MAX 1024		/* that {} may make of one pattern */
#define KRSI_PRIV_BRACES_DEPTH_MAX 8		/* {} inside {} */
#define KRSI_PRIV_COMPONENT_MAX 255		/* bytes of a file's name: NAME_MAX */
#define KRSI_PRIV_PATH_MAX 4095			/* bytes of a path: PATH_MAX without the NUL */

enum krsi_priv_token_kind {
	KRSI_PRIV_TOKEN_BYTES,	/* these bytes */
	KRSI_PRIV_TOKEN_ANY,	/* ?: one byte */
	KRSI_PRIV_TOKEN_STAR,	/* *: any number of bytes, also none */
	KRSI_PRIV_TOKEN_SET,	/* [...]: one byte of a set */
};

struct krsi_priv_token {
	uint8_t kind;		/* enum krsi_priv_token_kind */
	uint32_t size;		/* of `bytes` */
	union {
		const unsigned char *bytes;
		const uint64_t *set;	/* four words, bit B%64 of word B/64 for byte B; [!...] is resolved */
	};
};

struct krsi_priv_component {
	bool any_depth;		/* **: any number of components, also none; at the end at least one */
	uint32_t count;
	const struct krsi_priv_token *tokens;
};

enum krsi_priv_shape {
	KRSI_PRIV_SHAPE_LITERAL,	/* one name, no wildcard */
	KRSI_PRIV_SHAPE_SUBTREE,	/* a literal directory and all below it, but not itself: DIR/ ** */
	KRSI_PRIV_SHAPE_GLOB,		/* anything else */
};

struct krsi_priv_alternative {
	uint8_t shape;		/* enum krsi_priv_shape */
	uint32_t count;		/* components: 0 for the root directory, always 1 for other text */
	const struct krsi_priv_component *components;
};

enum krsi_priv_pattern_kind {
	KRSI_PRIV_PATTERN_PATH,		/* absolute, in components */
	KRSI_PRIV_PATTERN_TEXT,		/* other text */
	KRSI_PRIV_PATTERN_BINARY,	/* other text, in which \x00 is allowed */
};

struct krsi_priv_pattern {
	const char *text;	/* as it was written, but with \xHH for each byte that cannot be shown */
	uint8_t kind;		/* enum krsi_priv_pattern_kind */
	uint32_t count;
	const struct krsi_priv_alternative *alternatives;
};

/* What is wrong with a pattern, and how to mend it. */
struct krsi_priv_pattern_error {
	char text[384];
};

/*
 * How many alternatives a pattern has and how many bytes they have together, which is what it costs
 * before it is compiled. False when its {} are wrong, or make more than KRSI_PRIV_ALTERNATIVES_MAX.
 */
bool krsi_priv_pattern_cost(const char *text, size_t *alternatives, size_t *bytes,
			    struct krsi_priv_pattern_error *error);

/* Parse a pattern. NULL with `error->text` set, or "" in it when there is no memory. */
struct krsi_priv_pattern *krsi_priv_pattern_parse(struct krsi_priv_arena *arena, const char *text,
						  enum krsi_priv_pattern_kind kind,
						  struct krsi_priv_pattern_error *error);

/* Whether a path (absolute, without "." and ".."), or other text, is one of those the pattern means. */
bool krsi_priv_pattern_matches(const struct krsi_priv_pattern *pattern, const void *bytes,
			       size_t size);

/*
 * Whether `wide` matches everything that `narrow` matches, as far as that is plain to see: true is
 * certain, false may only mean that it was not found out.
 */
bool krsi_priv_pattern_covers(const struct krsi_priv_pattern *wide,
			      const struct krsi_priv_pattern *narrow);

/* Whether there is exactly one text that it matches. */
bool krsi_priv_pattern_is_literal(const struct krsi_priv_pattern *pattern);

/* What pattern_braces.c gives to pattern.c. */
typedef bool (*krsi_priv_alternative_fn)(void *data, const char *text, size_t size);

/* Call `fn` with each text that {} stands for, in order. The pattern must have passed krsi_priv_pattern_cost(). */
bool krsi_priv_braces_expand(const char *text, krsi_priv_alternative_fn fn, void *data, bool *no_memory);

/* Where the set that begins at `text[at]` ends: the place of its `]`, or 0 when it does not. */
size_t krsi_priv_set_end(const char *text, size_t at);

void krsi_priv_pattern_error_set(struct krsi_priv_pattern_error *error, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
