/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The hashes of bpf/hash.h over whole texts and paths, as they are made in user space. */
#ifndef KRSI_PRIV_MATCH_HASH_H
#define KRSI_PRIV_MATCH_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../../bpf/hash.h"

/* Of a name, or of any other whole text. */
static inline uint64_t krsi_priv_text_hash(uint64_t secret, const void *text, size_t size)
{
	const unsigned char *bytes = text;
	uint64_t hash = match_text_begin(secret, (uint32_t)size), word;
	size_t step;

	for (; size; size -= step, bytes += step) {
		step = size < sizeof(word) ? size : sizeof(word);
		word = 0;
		memcpy(&word, bytes, step);
		hash = match_mix(hash, word);
	}
	return match_finish(hash);
}

/* The value of a path goes from its first name to its last: 0 for the root directory, then this for each. */
static inline uint64_t krsi_priv_path_value_add(uint64_t value, uint64_t name_hash)
{
	return value * MATCH_BASE + name_hash;
}

/* The value of an absolute path without "." and "..", or of "" or "/" for the root directory. */
static inline uint64_t krsi_priv_path_value(uint64_t secret, const char *path, size_t size)
{
	uint64_t value = 0;
	size_t at = 0, end;

	while (at < size) {
		for (end = at; end < size && path[end] != '/';)
			end++;
		if (end > at)
			value = krsi_priv_path_value_add(value, krsi_priv_text_hash(secret, path + at, end - at));
		at = end + 1;
	}
	return value;
}

#endif
