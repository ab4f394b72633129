/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* From a tree to a policy: the keys of the whole, and what all readers of keys share. */
#include <stdlib.h>
#include <string.h>

#include "language.h"

static const char *field_name(const void *list, size_t i)
{
	const struct krsi_priv_field *fields = list;

	return fields[i].name;
}

static const struct krsi_priv_field *field_find(const struct krsi_priv_field *fields, const char *name)
{
	for (; fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

bool krsi_priv_fields_read(struct krsi_priv_reader *r, const struct krsi_priv_node *map,
			   const struct krsi_priv_field *fields, const char *what, void *into)
{
	const struct krsi_priv_field *field;
	const struct krsi_priv_node *node;
	bool ok = true;

	if (map->kind == KRSI_PRIV_NODE_BAD)
		return false;
	if (map->kind != KRSI_PRIV_NODE_MAP)
		return krsi_priv_wrong(r, map->place, "%s is made of keys (%s, %s, ...), not of %s", what, fields[0].name,
				       fields[1].name, krsi_priv_node_kind_name(map));
	for (node = map->first; node && !krsi_priv_report_is_full(r->report); node = node->next) {
		field = field_find(fields, node->key);
		if (!field)
			ok = krsi_priv_wrong(r, node->key_place, "%s has no key %s%s", what, krsi_priv_quote(node->key).text,
					     krsi_priv_hint(node->key, field_name, fields).text);
		else if (node->kind == KRSI_PRIV_NODE_BAD || !field->read(r, node, into))
			ok = false;
	}
	for (field = fields; field->name; field++)
		if (field->required && !krsi_priv_node_find(map, field->name))
			ok = krsi_priv_wrong(r, map->place, "the key %s is missing; %s needs one", field->name, what);
	return ok;
}

const char *krsi_priv_scalar(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			     const char *what)
{
	const char *key = node->key ? node->key : "an entry";

	if (node->kind == KRSI_PRIV_NODE_BAD)
		return NULL;
	if (node->kind == KRSI_PRIV_NODE_SCALAR && node->text[0])
		return node->text;
	krsi_priv_report_error(r->report, node->place, "%s wants %s, not %s", key, what,
			       node->kind == KRSI_PRIV_NODE_SCALAR && !node->is_plain ? "an empty text" : krsi_priv_node_kind_name(node));
	return NULL;
}

bool krsi_priv_scalar_word(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			   const struct krsi_priv_word *words, const char *what, uint32_t *number)
{
	const char *text = krsi_priv_scalar(r, node, what);

	if (!text)
		return false;
	if (krsi_priv_word_find(words, text, number))
		return true;
	return krsi_priv_wrong(r, node->place, "%s wants %s, not %s%s", node->key ? node->key : "an entry", what,
			       krsi_priv_quote(text).text, krsi_priv_word_hint(words, text).text);
}

const char *krsi_priv_copy(struct krsi_priv_reader *r, const char *text)
{
	const char *copy = krsi_priv_arena_text(r->arena, text, strlen(text));

	if (!copy)
		krsi_priv_report_no_memory(r->report);
	return copy;
}

const char *krsi_priv_name_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
				const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t size = strlen(text), i;

	if (size > KRSI_PRIV_NAME_MAX) {
		krsi_priv_report_error(r->report, node->place, "a name of %zu bytes, at most %d are allowed", size, KRSI_PRIV_NAME_MAX);
		return NULL;
	}
	for (i = 0; i < size; i++)
		if (!strchr(letters, text[i]) && (i == 0 || !strchr("._-", text[i])))
			break;
	if (i < size) {
		krsi_priv_report_error(r->report, node->place,
				       "%s cannot be a name; it is made of letters, digits, \".\", \"_\" and \"-\", and begins with a letter or a digit",
				       krsi_priv_quote(text).text);
		return NULL;
	}
	return krsi_priv_copy(r, text);
}

static bool version_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	const char *text = krsi_priv_scalar(r, node, "1");

	(void)into;
	if (!text)
		return false;
	if (strcmp(text, "1") == 0)
		return true;
	return krsi_priv_wrong(r, node->place, "version %s of the language is not known; this libkrsi knows 1, another one needs another libkrsi",
			       krsi_priv_quote(text).text);
}

static bool policy_name_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_policy *policy = into;
	const char *text = krsi_priv_scalar(r, node, "a name");

	if (!text)
		return false;
	policy->name = krsi_priv_name_read(r, node, text);
	return policy->name;
}

static bool mode_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_policy *policy = into;
	uint32_t mode;

	if (!krsi_priv_scalar_word(r, node, krsi_priv_words_mode, "enforce or permissive", &mode))
		return false;
	policy->mode = (uint8_t)mode;
	return true;
}

static bool on_unresolved_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_policy *policy = into;
	uint32_t verdict;

	if (!krsi_priv_scalar_word(r, node, krsi_priv_words_unresolved, "deny, audit or allow", &verdict))
		return false;
	policy->on_unresolved = (uint8_t)verdict;
	return true;
}

static bool scope_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_policy *policy = into;

	return krsi_priv_conditions_read(r, node, krsi_priv_keys_scope(), "scope", &policy->scope);
}

const struct krsi_priv_field krsi_priv_policy_fields[] = {
	{ "version", version_read, true },
	{ "name", policy_name_read, true },
	{ "mode", mode_read, false },
	{ "scope", scope_read, false },
	{ "default", krsi_priv_defaults_read, false },
	{ "on_unresolved", on_unresolved_read, false },
	{ "rules", krsi_priv_rules_read, false },
	{ NULL, NULL, false },
};

/* The limits that are counted over the whole policy. */
static bool limits_check(struct krsi_priv_reader *r)
{
	bool ok = true;

	if (r->patterns > KRSI_PRIV_PATTERNS_MAX)
		ok = krsi_priv_wrong(r, r->patterns_place, "here the policy passes the limit of %d patterns, it has %zu, each alternative of {} counted; split it, or use wildcards",
				     KRSI_PRIV_PATTERNS_MAX, r->patterns);
	else if (r->pattern_bytes > KRSI_PRIV_PATTERN_BYTES_MAX)
		ok = krsi_priv_wrong(r, r->patterns_place, "here the policy's patterns pass the limit of %zu bytes, they have %zu, each alternative of {} counted; split it, or use wildcards",
				     KRSI_PRIV_PATTERN_BYTES_MAX, r->pattern_bytes);
	if (r->entries > KRSI_PRIV_ENTRIES_MAX)
		ok = krsi_priv_wrong(r, r->entries_place, "here the policy passes the limit of %d addresses, digests, numbers and names, it has %zu; split it, or use ranges",
				     KRSI_PRIV_ENTRIES_MAX, r->entries);
	return ok;
}

/* Warnings are kept as text: what made them is gone afterwards. */
static bool warnings_keep(struct krsi_priv_reader *r)
{
	struct krsi_priv_report *report = r->report;
	struct krsi_policy *policy = r->policy;
	char line[4096];
	size_t i;

	krsi_priv_report_sort(report);
	policy->warnings = krsi_priv_arena_array(r->arena, report->warning_count, sizeof(*policy->warnings));
	if (!policy->warnings)
		return krsi_priv_report_no_memory(r->report);
	for (i = 0; i < report->warning_count; i++) {
		krsi_priv_remark_format(report, &report->warnings[i], line, sizeof(line));
		policy->warnings[i] = krsi_priv_copy(r, line);
		if (!policy->warnings[i])
			return false;
	}
	policy->warning_count = report->warning_count;
	return true;
}

bool krsi_priv_policy_read(struct krsi_policy *policy, struct krsi_priv_report *report,
			   const struct krsi_priv_node *root)
{
	struct krsi_priv_reader r = { .policy = policy, .report = report, .arena = &policy->arena };
	bool ok;

	policy->mode = KRSI_POLICY_ENFORCE;
	policy->on_unresolved = KRSI_PRIV_DENY;
	ok = krsi_priv_fields_read(&r, root, krsi_priv_policy_fields, "a policy", policy);
	ok &= limits_check(&r);
	/* Whoever returned false has told why. Should somebody forget, half a policy must not pass. */
	if (!ok && krsi_priv_report_is_clean(report))
		krsi_priv_report_error(report, root->place, "it was not understood, and nobody said why; this is a mistake in libkrsi");
	/* The others look at everything together, so it has to be there. */
	if (!krsi_priv_report_is_clean(report) || !krsi_priv_policy_check(&r))
		return false;
	krsi_priv_shadow_check(&r);
	return !report->no_memory && warnings_keep(&r);
}
