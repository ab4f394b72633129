/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * {a,b} in patterns. It is expanded before anything else is looked at, so alternatives may have
 * slashes in them. What it costs is counted first: {0,1}{0,1}... doubles with each pair.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"

struct cost {
	size_t count;	/* alternatives */
	size_t bytes;	/* of all of them together */
};

struct walk {
	const char *text;
	size_t at;
	struct krsi_priv_pattern_error *error;
};

void krsi_priv_pattern_error_set(struct krsi_priv_pattern_error *error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(error->text, sizeof(error->text), fmt, args);
	va_end(args);
}

size_t krsi_priv_set_end(const char *text, size_t at)
{
	for (at++; text[at]; at++) {
		if (text[at] == ']')
			return at;
		if (text[at] == '\\' && text[at + 1])
			at++;
	}
	return 0;
}

/* How many bytes belong together here: an escape, a set, a character. 0: a set that does not end. */
static size_t piece_size(const char *text, size_t at)
{
	size_t end;

	if (text[at] == '\\' && text[at + 1])
		return 2;
	if (text[at] != '[')
		return 1;
	end = krsi_priv_set_end(text, at);
	return end ? end - at + 1 : 0;
}

static bool count_check(struct walk *w, size_t count)
{
	if (count <= KRSI_PRIV_ALTERNATIVES_MAX)
		return true;
	krsi_priv_pattern_error_set(w->error, "its {} make %zu patterns or more, at most %d are allowed; use * or [set] for some of them",
				    count, KRSI_PRIV_ALTERNATIVES_MAX);
	return false;
}

static bool sequence_cost(struct walk *w, unsigned int depth, struct cost *cost);

/* At a {: the sum of its alternatives; past its } afterwards. */
static bool group_cost(struct walk *w, unsigned int depth, struct cost *cost)
{
	size_t begin = w->at, commas = 0;
	struct cost one;

	*cost = (struct cost){ 0 };
	if (depth == KRSI_PRIV_BRACES_DEPTH_MAX) {
		krsi_priv_pattern_error_set(w->error, "the { at byte %zu is inside %u others, at most %d are allowed; write several patterns",
					    begin + 1, depth, KRSI_PRIV_BRACES_DEPTH_MAX - 1);
		return false;
	}
	do {
		commas += w->text[w->at] == ',';
		w->at++;
		if (!sequence_cost(w, depth + 1, &one))
			return false;
		cost->count += one.count;
		cost->bytes += one.bytes;
		if (!count_check(w, cost->count))
			return false;
	} while (w->text[w->at] == ',');
	if (!w->text[w->at]) {
		krsi_priv_pattern_error_set(w->error, "the { at byte %zu is never closed; close it, or write \\{ for the character", begin + 1);
		return false;
	}
	w->at++;
	if (commas)
		return true;
	krsi_priv_pattern_error_set(w->error, "the {} at byte %zu has only one alternative; add one behind a comma, or write \\{ for the character", begin + 1);
	return false;
}

/* What follows multiplies what stands before it. */
static bool cost_multiply(struct walk *w, struct cost *cost, const struct cost *by)
{
	cost->bytes = cost->bytes * by->count + by->bytes * cost->count;
	cost->count *= by->count;
	return count_check(w, cost->count);
}

/* Up to the end of the text or, inside of {}, to the next comma or }. */
static bool sequence_cost(struct walk *w, unsigned int depth, struct cost *cost)
{
	struct cost one;
	size_t size;

	*cost = (struct cost){ .count = 1 };
	while (w->text[w->at] && !(depth && strchr(",}", w->text[w->at]))) {
		if (w->text[w->at] == '}') {
			krsi_priv_pattern_error_set(w->error, "the } at byte %zu closes nothing; write \\} for the character", w->at + 1);
			return false;
		}
		if (w->text[w->at] == '{') {
			if (!group_cost(w, depth, &one))
				return false;
		} else {
			size = piece_size(w->text, w->at);
			if (!size) {
				krsi_priv_pattern_error_set(w->error, "the [ at byte %zu is never closed; close it, or write \\[ for the character", w->at + 1);
				return false;
			}
			w->at += size;
			one = (struct cost){ .count = 1, .bytes = size };
		}
		if (!cost_multiply(w, cost, &one))
			return false;
	}
	return true;
}

bool krsi_priv_pattern_cost(const char *text, size_t *alternatives, size_t *bytes,
			    struct krsi_priv_pattern_error *error)
{
	struct walk w = { .text = text, .error = error };
	struct cost cost;

	error->text[0] = '\0';
	if (!sequence_cost(&w, 0, &cost))
		return false;
	*alternatives = cost.count;
	*bytes = cost.bytes;
	return true;
}

struct output {
	char *bytes;
	size_t size;
};

static void sequence_emit(struct walk *w, unsigned int depth, size_t *number, struct output *out);

/* At a {: write the alternative that `number` chooses, and take the choice out of the number. */
static void group_emit(struct walk *w, unsigned int depth, size_t *number, struct output *out)
{
	struct walk ahead = *w;
	struct cost cost;
	size_t chosen;
	bool done = false;

	group_cost(&ahead, depth, &cost);
	chosen = *number % cost.count;
	*number /= cost.count;
	do {
		w->at++;
		ahead.at = w->at;
		sequence_cost(&ahead, depth + 1, &cost);
		if (!done && chosen < cost.count) {
			sequence_emit(w, depth + 1, &chosen, out);
			done = true;
		}
		chosen -= done ? 0 : cost.count;
		w->at = ahead.at;
	} while (w->text[w->at] == ',');
	w->at++;
}

static void sequence_emit(struct walk *w, unsigned int depth, size_t *number, struct output *out)
{
	size_t size;

	while (w->text[w->at] && !(depth && strchr(",}", w->text[w->at]))) {
		if (w->text[w->at] == '{') {
			group_emit(w, depth, number, out);
			continue;
		}
		size = piece_size(w->text, w->at);
		memcpy(out->bytes + out->size, w->text + w->at, size);
		out->size += size;
		w->at += size;
	}
}

bool krsi_priv_braces_expand(const char *text, krsi_priv_alternative_fn fn, void *data, bool *no_memory)
{
	struct krsi_priv_pattern_error ignored;
	struct output out = { 0 };
	size_t count, bytes, i, number;
	bool ok = true;

	if (!krsi_priv_pattern_cost(text, &count, &bytes, &ignored))
		return false;
	out.bytes = malloc(strlen(text) + 1);	/* each alternative is shorter than the whole */
	*no_memory = !out.bytes;
	for (i = 0; ok && out.bytes && i < count; i++) {
		struct walk w = { .text = text, .error = &ignored };

		number = i;
		out.size = 0;
		sequence_emit(&w, 0, &number, &out);
		out.bytes[out.size] = '\0';
		ok = fn(data, out.bytes, out.size);
	}
	free(out.bytes);
	return ok && !*no_memory;
}
