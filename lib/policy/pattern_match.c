/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Patterns against names. A star is tried at its nearest end first, and only the last star is ever
 * tried again, so the time is at most the product of both lengths, whatever the pattern.
 */
#include <string.h>

#include "pattern.h"

#define NONE SIZE_MAX

static bool token_takes(const struct krsi_priv_token *token, const unsigned char *bytes, size_t size,
			size_t *taken)
{
	switch (token->kind) {
	case KRSI_PRIV_TOKEN_BYTES:
		*taken = token->size;
		return size >= token->size && memcmp(bytes, token->bytes, token->size) == 0;
	case KRSI_PRIV_TOKEN_SET:
		*taken = 1;
		return size && (token->set[*bytes / 64] >> (*bytes % 64) & 1);
	default:
		*taken = 1;
		return size;
	}
}

static bool component_matches(const struct krsi_priv_component *component, const unsigned char *name,
			      size_t size)
{
	size_t star = NONE, star_at = 0, token = 0, at = 0, taken;

	while (at < size || token < component->count) {
		if (token < component->count && component->tokens[token].kind == KRSI_PRIV_TOKEN_STAR) {
			star = token++;
			star_at = at;
		} else if (token < component->count &&
			   token_takes(&component->tokens[token], name + at, size - at, &taken)) {
			token++;
			at += taken;
		} else if (star != NONE && star_at < size) {
			token = star + 1;
			at = ++star_at;
		} else {
			return false;
		}
	}
	return true;
}

/* The name that begins at `at`, and where the one behind it would begin. */
static size_t name_end(const unsigned char *path, size_t size, size_t at)
{
	const unsigned char *slash = memchr(path + at, '/', size - at);

	return slash ? (size_t)(slash - path) : size;
}

/* `path` is without its first slash; "" is the root directory. */
static bool path_matches(const struct krsi_priv_alternative *a, const unsigned char *path, size_t size)
{
	size_t star = NONE, star_at = 0, i = 0, at = 0, end;

	while (at < size || i < a->count) {
		end = at < size ? name_end(path, size, at) : at;
		if (i < a->count && a->components[i].any_depth) {
			if (i + 1 == a->count)
				return at < size;
			star = i++;
			star_at = at;
		} else if (i < a->count && at < size && component_matches(&a->components[i], path + at, end - at)) {
			i++;
			at = end + (end < size);
		} else if (star != NONE && star_at < size) {
			i = star + 1;
			end = name_end(path, size, star_at);
			at = star_at = end + (end < size);
		} else {
			return false;
		}
	}
	return true;
}

bool krsi_priv_pattern_matches(const struct krsi_priv_pattern *pattern, const void *bytes,
			       size_t size)
{
	const unsigned char *text = bytes;
	uint32_t i;

	if (pattern->kind != KRSI_PRIV_PATTERN_PATH) {
		for (i = 0; i < pattern->count; i++)
			if (component_matches(&pattern->alternatives[i].components[0], text, size))
				return true;
		return false;
	}
	if (!size || text[0] != '/')
		return false;
	for (i = 0; i < pattern->count; i++)
		if (path_matches(&pattern->alternatives[i], text + 1, size - 1))
			return true;
	return false;
}

static bool token_equal(const struct krsi_priv_token *a, const struct krsi_priv_token *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == KRSI_PRIV_TOKEN_BYTES)
		return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
	return a->kind != KRSI_PRIV_TOKEN_SET || memcmp(a->set, b->set, 4 * sizeof(*a->set)) == 0;
}

static bool component_equal(const struct krsi_priv_component *a, const struct krsi_priv_component *b)
{
	uint32_t i;

	if (a->any_depth != b->any_depth || a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (!token_equal(&a->tokens[i], &b->tokens[i]))
			return false;
	return true;
}

/* Whether a component without wildcards is one that `wide` matches, or the two are the same. */
static bool component_covers(const struct krsi_priv_component *wide, const struct krsi_priv_component *narrow)
{
	const struct krsi_priv_token *token = narrow->tokens;

	if (component_equal(wide, narrow))
		return true;
	if (wide->any_depth || narrow->any_depth)
		return false;
	if (wide->count == 1 && wide->tokens[0].kind == KRSI_PRIV_TOKEN_STAR)
		return true;
	if (narrow->count == 0)
		return component_matches(wide, (const unsigned char *)"", 0);
	return narrow->count == 1 && token->kind == KRSI_PRIV_TOKEN_BYTES &&
	       component_matches(wide, token->bytes, token->size);
}

/* Component by component; a ** at the end of `wide` covers whatever is left, but not nothing. */
static bool alternative_covers(const struct krsi_priv_alternative *wide,
			       const struct krsi_priv_alternative *narrow)
{
	uint32_t i;

	for (i = 0; i < wide->count && i < narrow->count; i++) {
		if (wide->components[i].any_depth && i + 1 == wide->count)
			return true;
		if (!component_covers(&wide->components[i], &narrow->components[i]))
			return false;
	}
	return i == wide->count && i == narrow->count;
}

bool krsi_priv_pattern_covers(const struct krsi_priv_pattern *wide,
			      const struct krsi_priv_pattern *narrow)
{
	uint32_t i, k;

	if (wide->kind != narrow->kind)
		return false;
	for (i = 0; i < narrow->count; i++) {
		for (k = 0; k < wide->count; k++)
			if (alternative_covers(&wide->alternatives[k], &narrow->alternatives[i]))
				break;
		if (k == wide->count)
			return false;
	}
	return true;
}
