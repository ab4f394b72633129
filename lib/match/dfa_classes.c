/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Bytes that no glob tells apart are one class, so that the subset construction looks at each only
 * once. What it finds may make more of them equal: dfa_table.c merges those.
 */
#include <string.h>

#include "dfa_build.h"

/* Classes that are partly inside of the set become two. */
static void split(struct krsi_priv_dfa_nfa *nfa, const uint64_t *set)
{
	uint32_t inside[256] = { 0 }, size[256] = { 0 }, moved[256] = { 0 }, byte, class;

	for (byte = 0; byte < 256; byte++) {
		class = nfa->classes[byte];
		size[class]++;
		inside[class] += set[byte / 64] >> (byte % 64) & 1;
	}
	for (byte = 0; byte < 256; byte++) {
		class = nfa->classes[byte];
		if (!(set[byte / 64] >> (byte % 64) & 1) || inside[class] == size[class])
			continue;
		if (!moved[class])
			moved[class] = nfa->class_count++;
		nfa->classes[byte] = (uint8_t)moved[class];
	}
}

static void split_byte(struct krsi_priv_dfa_nfa *nfa, uint32_t byte)
{
	uint64_t set[4] = { 0 };

	set[byte / 64] = 1ull << (byte % 64);
	split(nfa, set);
}

static void renumber(struct krsi_priv_dfa_nfa *nfa)
{
	uint32_t number[256], byte, count = 0;

	memset(number, 0xff, sizeof(number));
	for (byte = 0; byte < 256; byte++) {
		if (number[nfa->classes[byte]] == KRSI_PRIV_DFA_NONE)
			number[nfa->classes[byte]] = count++;
		nfa->classes[byte] = (uint8_t)number[nfa->classes[byte]];
	}
	nfa->slash = nfa->classes['/'];
}

/* From now on edges and sets are about classes. */
static void translate(struct krsi_priv_dfa_nfa *nfa)
{
	struct krsi_priv_dfa_edge *edges = nfa->edges.at;
	uint64_t *sets = nfa->sets.at;
	size_t i;

	for (i = 0; i < nfa->edges.count; i++)
		if (edges[i].label < 256)
			edges[i].label = nfa->classes[edges[i].label];
	for (i = 0; i < nfa->sets.count; i += 4) {
		uint64_t classes[4] = { 0 };
		uint32_t byte;

		for (byte = 0; byte < 256; byte++)
			if (sets[i + byte / 64] >> (byte % 64) & 1)
				classes[nfa->classes[byte] / 64] |= 1ull << (nfa->classes[byte] % 64);
		memcpy(sets + i, classes, sizeof(classes));
	}
}

int krsi_priv_dfa_classes(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_nfa *nfa)
{
	const struct krsi_priv_dfa_edge *edges = nfa->edges.at;
	bool seen[256] = { 0 };
	size_t i;
	int err;

	err = krsi_priv_dfa_spend(build, nfa->edges.count + nfa->sets.count / 4 * 16);
	if (err)
		return err;
	nfa->class_count = 1;
	seen['/'] = true;
	for (i = 0; i < nfa->edges.count; i++)
		if (edges[i].label < 256)
			seen[edges[i].label] = true;
	for (i = 0; i < 256; i++)
		if (seen[i])
			split_byte(nfa, (uint32_t)i);
	for (i = 0; i < nfa->sets.count && nfa->class_count < 256; i += 4)
		split(nfa, (const uint64_t *)nfa->sets.at + i);
	renumber(nfa);
	translate(nfa);
	return 0;
}
