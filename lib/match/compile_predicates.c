/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What is said of other processes: `parent`, `descendant_of`, `target`. Whoever says the same means the
 * same predicate, so each is named by a text that does not depend on how it was written: a line for
 * each entry, in a fixed order, users by their numbers.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../policy/language.h"
#include "compile_build.h"

static int entry_order(const void *a, const void *b)
{
	const struct krsi_priv_entry *const *one = a, *const *other = b;

	if ((*one)->negated != (*other)->negated)
		return (*one)->negated - (*other)->negated;
	return krsi_priv_entry_compare(*one, *other);
}

static bool conditions_print(FILE *file, const struct krsi_priv_conditions *conditions);

static bool entry_print(FILE *file, unsigned int key, const struct krsi_priv_entry *entry)
{
	const struct krsi_priv_key_info *info = krsi_priv_key_info(key);
	bool ok = true;

	fprintf(file, "%s%s%s:%s", info->below ? info->below : "", info->below ? "." : "", info->name, entry->negated ? " !" : " ");
	if (entry->form == KRSI_PRIV_FORM_SUBJECT) {
		fputs("{\n", file);
		ok = conditions_print(file, entry->subject);
		fputc('}', file);
	} else if (entry->form == KRSI_PRIV_FORM_RANGE) {
		fprintf(file, "%llu-%llu", (unsigned long long)entry->range.min, (unsigned long long)entry->range.max);
	} else {
		info->value->print(file, entry);
	}
	fputc('\n', file);
	return ok;
}

static bool condition_print(FILE *file, const struct krsi_priv_condition *condition)
{
	const struct krsi_priv_entry **sorted;
	bool ok = true;
	uint32_t i;

	sorted = calloc(condition->count, sizeof(const struct krsi_priv_entry *));
	if (!sorted)
		return false;
	for (i = 0; i < condition->count; i++)
		sorted[i] = &condition->entries[i];
	qsort(sorted, condition->count, sizeof(const struct krsi_priv_entry *), entry_order);
	for (i = 0; i < condition->count && ok; i++)
		if (i == 0 || entry_order(&sorted[i - 1], &sorted[i]) != 0)
			ok = entry_print(file, condition->key, sorted[i]);
	free(sorted);
	return ok;
}

static bool conditions_print(FILE *file, const struct krsi_priv_conditions *conditions)
{
	bool ok = true;
	uint32_t i;

	for (i = 0; i < conditions->count && ok; i++)
		ok = condition_print(file, &conditions->conditions[i]);
	return ok;
}

/* Its name, to free, or NULL. */
static char *predicate_name(const struct krsi_priv_conditions *conditions)
{
	char *name = NULL;
	size_t size;
	FILE *file = open_memstream(&name, &size);
	bool ok;

	if (!file)
		return NULL;
	ok = conditions_print(file, conditions) && !ferror(file);
	if (fclose(file) != 0 || !ok) {
		free(name);
		return NULL;
	}
	return name;
}

int krsi_priv_compile_predicate(struct krsi_priv_build *build, const struct krsi_priv_clause *user,
				const struct krsi_priv_entry *entry, uint32_t *index)
{
	char *name = predicate_name(entry->subject);
	int err;

	if (!name)
		return -ENOMEM;
	err = krsi_priv_wanted_add(&build->predicates, name, index);
	free(name);
	if (!err && !build->predicate_conditions[*index]) {
		build->predicate_conditions[*index] = entry->subject;
		build->predicate_users[*index].policy = user->policy;
		build->predicate_users[*index].rule = user->rule;
	}
	if (err == -E2BIG)
		return krsi_priv_fail(build->ctx, -E2BIG, "%s: this is the %dth different description of another process (parent, descendant_of, target), at most %d are allowed in all policies together",
				      krsi_priv_where(user->policy, user->rule, entry->place).text, IMAGE_PREDICATES_MAX + 1, IMAGE_PREDICATES_MAX);
	return err;
}
