/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Arguments and environment. All their patterns go into the automaton, those without wildcards too: the
 * kernel's programs read the strings of an execve() once, from the first byte to the last, and have no
 * room to keep one whole.
 *
 * Of a variable of the environment the first = is given to the automaton as a NUL, which is in no string
 * otherwise. So what a wildcard of the name matches ends in front of it, and the value may have = in it.
 */
#include <errno.h>
#include <string.h>

#include "compile_build.h"

static const struct krsi_priv_token between = { .kind = KRSI_PRIV_TOKEN_BYTES, .size = 1, .bytes = (const unsigned char *)"" };
static const struct krsi_priv_token anything = { .kind = KRSI_PRIV_TOKEN_STAR };

/* NAME NUL VALUE, where no value is any. NULL: no memory. */
static const struct krsi_priv_alternative *variable_make(struct krsi_priv_build *build, const struct krsi_priv_component *name,
							  const struct krsi_priv_component *value)
{
	uint32_t rest = value ? value->count : 1, count = name->count + 1 + rest;
	struct krsi_priv_alternative *alternative = krsi_priv_arena_alloc(&build->arena, sizeof(*alternative));
	struct krsi_priv_component *component = krsi_priv_arena_alloc(&build->arena, sizeof(*component));
	struct krsi_priv_token *tokens = krsi_priv_arena_array(&build->arena, count, sizeof(*tokens));

	if (!alternative || !component || !tokens)
		return NULL;
	memcpy(tokens, name->tokens, name->count * sizeof(*tokens));
	tokens[name->count] = between;
	if (rest)
		memcpy(&tokens[name->count + 1], value ? value->tokens : &anything, rest * sizeof(*tokens));
	*component = (struct krsi_priv_component){ .count = count, .tokens = tokens };
	*alternative = (struct krsi_priv_alternative){ .shape = KRSI_PRIV_SHAPE_GLOB, .count = 1, .components = component };
	return alternative;
}

static int variable_add(struct krsi_priv_build *build, uint32_t clause, const struct krsi_priv_entry *entry,
			const struct krsi_priv_component *name, const struct krsi_priv_component *value)
{
	const struct krsi_priv_alternative *alternative = variable_make(build, name, value);

	return alternative ? krsi_priv_compile_text_glob(build, clause, KRSI_PRIV_KEY_ENV, entry, entry->pair.name, alternative) : -ENOMEM;
}

static int environment_add(struct krsi_priv_build *build, uint32_t clause, const struct krsi_priv_entry *entry)
{
	const struct krsi_priv_pattern *names = entry->pair.name, *values = entry->pair.value;
	uint32_t i, k;
	int err = 0;

	for (i = 0; i < names->count && !err; i++) {
		if (!values)
			err = variable_add(build, clause, entry, names->alternatives[i].components, NULL);
		for (k = 0; values && k < values->count && !err; k++)
			err = variable_add(build, clause, entry, names->alternatives[i].components, values->alternatives[k].components);
	}
	return err;
}

int krsi_priv_compile_string(struct krsi_priv_build *build, uint32_t clause, unsigned int key, const struct krsi_priv_entry *entry)
{
	uint32_t i;
	int err = 0;

	if (entry->form == KRSI_PRIV_FORM_PAIR)
		return environment_add(build, clause, entry);
	for (i = 0; i < entry->pattern->count && !err; i++)
		err = krsi_priv_compile_text_glob(build, clause, key, entry, entry->pattern, &entry->pattern->alternatives[i]);
	return err;
}
