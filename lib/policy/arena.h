/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Memory that is freed all at once: a policy is many small pieces that live exactly as long as it. */
#ifndef KRSI_PRIV_POLICY_ARENA_H
#define KRSI_PRIV_POLICY_ARENA_H

#include <stddef.h>

struct krsi_priv_chunk;

/* All zeroes is an empty one. */
struct krsi_priv_arena {
	struct krsi_priv_chunk *chunks;
};

/* Zeroed memory for any type, or NULL. `size` may be 0. */
void *krsi_priv_arena_alloc(struct krsi_priv_arena *arena, size_t size);

/* The same for an array; NULL as well when its size overflows. */
void *krsi_priv_arena_array(struct krsi_priv_arena *arena, size_t count, size_t size);

/* A copy of `size` bytes with a NUL behind them, or NULL. */
char *krsi_priv_arena_text(struct krsi_priv_arena *arena, const char *text, size_t size);

/* Free everything. The arena can be used again. */
void krsi_priv_arena_free(struct krsi_priv_arena *arena);

#endif
