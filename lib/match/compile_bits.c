/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Names that have a bit. Processes carry the bits from one generation of policies to the next, so a
 * name keeps its bit, and a bit that lost its name is given away again as late as can be.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile_build.h"

#define BITS 64

int krsi_priv_wanted_add(struct krsi_priv_wanted *wanted, const char *name, uint32_t *index)
{
	uint32_t i;

	for (i = 0; i < wanted->count; i++) {
		if (strcmp(wanted->names[i], name) != 0)
			continue;
		*index = i;
		return 0;
	}
	if (i == BITS)
		return -E2BIG;
	wanted->names[i] = strdup(name);
	if (!wanted->names[i])
		return -ENOMEM;
	wanted->count++;
	*index = i;
	return 0;
}

/* The bit that a name had, or BITS. */
static uint8_t bit_before(const struct krsi_priv_bits *before, const char *name)
{
	uint8_t bit;

	for (bit = 0; before && bit < BITS; bit++)
		if (before->names[bit] && strcmp(before->names[bit], name) == 0)
			return bit;
	return BITS;
}

/* A bit that nobody has, rather one that nobody had before. */
static uint8_t bit_free(const struct krsi_priv_bits *before, uint64_t used)
{
	uint8_t bit;

	for (bit = 0; bit < BITS; bit++)
		if (!(used >> bit & 1) && !(before && before->names[bit]))
			return bit;
	for (bit = 0; used >> bit & 1; bit++)
		;
	return bit;
}

int krsi_priv_wanted_assign(struct krsi_priv_wanted *wanted, const struct krsi_priv_bits *before,
			    struct krsi_priv_bits *after)
{
	uint64_t used = 0;
	uint32_t i;

	for (i = 0; i < wanted->count; i++) {
		wanted->bits[i] = bit_before(before, wanted->names[i]);
		if (wanted->bits[i] < BITS)
			used |= 1ULL << wanted->bits[i];
	}
	after->kept = used;
	for (i = 0; i < wanted->count; i++) {
		if (wanted->bits[i] == BITS)
			wanted->bits[i] = bit_free(before, used);
		used |= 1ULL << wanted->bits[i];
		after->names[wanted->bits[i]] = strdup(wanted->names[i]);
		if (!after->names[wanted->bits[i]])
			return -ENOMEM;
	}
	return 0;
}

uint8_t krsi_priv_wanted_bit(const struct krsi_priv_wanted *wanted, const char *name)
{
	uint32_t i;

	for (i = 0; i + 1 < wanted->count && strcmp(wanted->names[i], name) != 0; i++)
		;
	return wanted->bits[i];
}

void krsi_priv_wanted_free(struct krsi_priv_wanted *wanted)
{
	uint32_t i;

	for (i = 0; i < wanted->count; i++)
		free(wanted->names[i]);
	wanted->count = 0;
}

void krsi_priv_bits_free(struct krsi_priv_bits *bits)
{
	int i;

	for (i = 0; bits && i < BITS; i++)
		free(bits->names[i]);
	if (bits)
		*bits = (struct krsi_priv_bits){ 0 };
}
