/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Entries and conditions against each other: the same, or one within the other. */
#include <string.h>

#include "language.h"

static int number_compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int identity_compare(const struct krsi_priv_identity *a, const struct krsi_priv_identity *b)
{
	int order = number_compare(a->major, b->major);

	if (!order)
		order = number_compare(a->minor, b->minor);
	return order ? order : number_compare(a->inode, b->inode);
}

static int network_compare(const struct krsi_priv_network *a, const struct krsi_priv_network *b)
{
	int order = number_compare(a->family, b->family);

	if (!order)
		order = number_compare(a->prefix, b->prefix);
	return order ? order : memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static int digest_compare(const struct krsi_priv_digest *a, const struct krsi_priv_digest *b)
{
	int order = number_compare(a->algorithm, b->algorithm);

	return order ? order : memcmp(a->bytes, b->bytes, a->size);
}

static int pair_compare(const struct krsi_priv_pair *a, const struct krsi_priv_pair *b)
{
	int order = strcmp(a->name->text, b->name->text);

	if (order || !a->value || !b->value)
		return order ? order : number_compare(a->value != NULL, b->value != NULL);
	return strcmp(a->value->text, b->value->text);
}

static int range_compare(const struct krsi_priv_range *a, const struct krsi_priv_range *b)
{
	int order = number_compare(a->min, b->min);

	return order ? order : number_compare(a->max, b->max);
}

int krsi_priv_entry_compare(const struct krsi_priv_entry *a, const struct krsi_priv_entry *b)
{
	if (a->form != b->form)
		return number_compare(a->form, b->form);
	switch ((enum krsi_priv_form)a->form) {
	case KRSI_PRIV_FORM_PATTERN:
	case KRSI_PRIV_FORM_ABSTRACT:
		if (a->pattern->kind != b->pattern->kind)
			return number_compare(a->pattern->kind, b->pattern->kind);
		return strcmp(a->pattern->text, b->pattern->text);
	case KRSI_PRIV_FORM_RANGE:
		return range_compare(&a->range, &b->range);
	case KRSI_PRIV_FORM_HOST:
		return 0;
	case KRSI_PRIV_FORM_MASK:
		return number_compare(a->mask, b->mask);
	case KRSI_PRIV_FORM_NAME:
		return strcmp(a->name, b->name);
	case KRSI_PRIV_FORM_IDENTITY:
		return identity_compare(&a->identity, &b->identity);
	case KRSI_PRIV_FORM_NETWORK:
		return network_compare(&a->network, &b->network);
	case KRSI_PRIV_FORM_DIGEST:
		return digest_compare(a->digest, b->digest);
	case KRSI_PRIV_FORM_PAIR:
		return pair_compare(&a->pair, &b->pair);
	case KRSI_PRIV_FORM_SUBJECT:
		break;	/* a key has only one */
	}
	return number_compare((uintptr_t)a, (uintptr_t)b);
}

static bool network_covers(const struct krsi_priv_network *wide, const struct krsi_priv_network *narrow)
{
	unsigned int bit;

	if (wide->family != narrow->family || wide->prefix > narrow->prefix)
		return false;
	for (bit = 0; bit < wide->prefix; bit++)
		if ((wide->bytes[bit / 8] ^ narrow->bytes[bit / 8]) >> (7 - bit % 8) & 1)
			return false;
	return true;
}

static bool pair_covers(const struct krsi_priv_pair *wide, const struct krsi_priv_pair *narrow)
{
	if (!krsi_priv_pattern_covers(wide->name, narrow->name))
		return false;
	return !wide->value || (narrow->value && krsi_priv_pattern_covers(wide->value, narrow->value));
}

/* What a comparison costs: patterns compare each alternative with each. */
static bool work_take(size_t *work, const struct krsi_priv_entry *wide, const struct krsi_priv_entry *narrow)
{
	size_t cost = 1;

	if (wide->form == KRSI_PRIV_FORM_PATTERN && narrow->form == KRSI_PRIV_FORM_PATTERN)
		cost = (size_t)wide->pattern->count * narrow->pattern->count;
	if (*work < cost) {
		*work = 0;
		return false;
	}
	*work -= cost;
	return true;
}

bool krsi_priv_entry_covers(const struct krsi_priv_entry *wide, const struct krsi_priv_entry *narrow,
			    size_t *work)
{
	if (!work_take(work, wide, narrow) || wide->form != narrow->form)
		return false;
	switch ((enum krsi_priv_form)wide->form) {
	case KRSI_PRIV_FORM_PATTERN:
	case KRSI_PRIV_FORM_ABSTRACT:
		return krsi_priv_pattern_covers(wide->pattern, narrow->pattern);
	case KRSI_PRIV_FORM_RANGE:
		return wide->range.min <= narrow->range.min && wide->range.max >= narrow->range.max;
	case KRSI_PRIV_FORM_MASK:
		return (wide->mask & ~narrow->mask) == 0;
	case KRSI_PRIV_FORM_NETWORK:
		return network_covers(&wide->network, &narrow->network);
	case KRSI_PRIV_FORM_PAIR:
		return pair_covers(&wide->pair, &narrow->pair);
	case KRSI_PRIV_FORM_SUBJECT:
		return krsi_priv_conditions_cover(wide->subject, narrow->subject, work);
	default:
		return krsi_priv_entry_compare(wide, narrow) == 0;
	}
}

/* Whether one of the entries of `list`, of those that are negated or those that are not, covers it. */
static bool list_covers(const struct krsi_priv_condition *list, bool negated,
			const struct krsi_priv_entry *entry, size_t *work)
{
	uint32_t i;

	for (i = 0; i < list->count && *work; i++)
		if (list->entries[i].negated == negated && krsi_priv_entry_covers(&list->entries[i], entry, work))
			return true;
	return false;
}

static bool has_positive(const struct krsi_priv_condition *condition)
{
	uint32_t i;

	for (i = 0; i < condition->count; i++)
		if (!condition->entries[i].negated)
			return true;
	return false;
}

/*
 * Whether `wide` holds whenever `narrow` does: each entry that narrow asks for is asked for by wide,
 * and each that wide excludes is excluded by narrow.
 */
static bool condition_covers(const struct krsi_priv_condition *wide, const struct krsi_priv_condition *narrow,
			     size_t *work)
{
	uint32_t i;

	if (has_positive(wide)) {
		if (!has_positive(narrow))
			return false;
		for (i = 0; i < narrow->count; i++)
			if (!narrow->entries[i].negated && !list_covers(wide, false, &narrow->entries[i], work))
				return false;
	}
	for (i = 0; i < wide->count; i++)
		if (wide->entries[i].negated && !list_covers(narrow, true, &wide->entries[i], work))
			return false;
	return true;
}

bool krsi_priv_conditions_cover(const struct krsi_priv_conditions *wide,
				const struct krsi_priv_conditions *narrow, size_t *work)
{
	const struct krsi_priv_condition *condition;
	uint32_t i;

	for (i = 0; i < wide->count; i++) {
		condition = krsi_priv_conditions_find(narrow, wide->conditions[i].key);
		if (!condition || !condition_covers(&wide->conditions[i], condition, work))
			return false;
	}
	return true;
}
