/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

#define CHUNK_SIZE 16384

/* Under AddressSanitizer each piece is an allocation of its own, so that it sees overruns. */
#if defined(__SANITIZE_ADDRESS__)
#define ALLOCATE_EACH 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ALLOCATE_EACH 1
#endif
#endif
#ifndef ALLOCATE_EACH
#define ALLOCATE_EACH 0
#endif

struct krsi_priv_chunk {
	struct krsi_priv_chunk *next;
	size_t size, used;
	alignas(max_align_t) unsigned char bytes[];
};

static struct krsi_priv_chunk *chunk_add(struct krsi_priv_arena *arena, size_t size)
{
	struct krsi_priv_chunk *chunk;

	if (size > SIZE_MAX - sizeof(*chunk))
		return NULL;
	chunk = calloc(1, sizeof(*chunk) + size);
	if (!chunk)
		return NULL;
	chunk->size = size;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	return chunk;
}

void *krsi_priv_arena_alloc(struct krsi_priv_arena *arena, size_t size)
{
	struct krsi_priv_chunk *chunk = arena->chunks;
	size_t step = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	void *ret;

	if (step < size)
		return NULL;
	if (ALLOCATE_EACH)
		chunk = chunk_add(arena, size);
	else if (!chunk || chunk->size - chunk->used < step)
		chunk = chunk_add(arena, step > CHUNK_SIZE ? step : CHUNK_SIZE);
	if (!chunk)
		return NULL;
	ret = chunk->bytes + chunk->used;
	chunk->used += ALLOCATE_EACH ? size : step;
	return ret;
}

void *krsi_priv_arena_array(struct krsi_priv_arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return krsi_priv_arena_alloc(arena, bytes);
}

char *krsi_priv_arena_text(struct krsi_priv_arena *arena, const char *text, size_t size)
{
	char *copy = krsi_priv_arena_alloc(arena, size + 1);

	if (copy && size)
		memcpy(copy, text, size);
	return copy;
}

void krsi_priv_arena_free(struct krsi_priv_arena *arena)
{
	struct krsi_priv_chunk *chunk;

	while ((chunk = arena->chunks)) {
		arena->chunks = chunk->next;
		free(chunk);
	}
}
