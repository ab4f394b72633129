/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Entries that are patterns, or a name and a value with a pattern each. */
#include <string.h>

#include "language.h"

bool krsi_priv_pattern_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			    const char *text, enum krsi_priv_pattern_kind kind,
			    const struct krsi_priv_pattern **pattern)
{
	struct krsi_priv_pattern_error error;
	size_t count, bytes;
	bool was_within;

	if (!krsi_priv_pattern_cost(text, &count, &bytes, &error))
		return krsi_priv_wrong(r, node->place, "%s: %s", krsi_priv_quote(text).text, error.text);
	was_within = r->patterns <= KRSI_PRIV_PATTERNS_MAX && r->pattern_bytes <= KRSI_PRIV_PATTERN_BYTES_MAX;
	r->patterns += count;
	r->pattern_bytes += bytes;
	if (r->patterns > KRSI_PRIV_PATTERNS_MAX || r->pattern_bytes > KRSI_PRIV_PATTERN_BYTES_MAX) {
		if (was_within)
			r->patterns_place = node->place;
		return false;	/* limits_check() of read.c tells, with the sum */
	}
	*pattern = krsi_priv_pattern_parse(r->arena, text, kind, &error);
	if (*pattern)
		return true;
	if (!error.text[0])
		return krsi_priv_report_no_memory(r->report);
	return krsi_priv_wrong(r, node->place, "%s: %s", krsi_priv_quote(text).text, error.text);
}

static bool pattern_entry(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
			  enum krsi_priv_pattern_kind kind, struct krsi_priv_entry *entry)
{
	entry->form = KRSI_PRIV_FORM_PATTERN;
	return krsi_priv_pattern_read(r, node, text, kind, &entry->pattern);
}

static void pattern_print(FILE *file, const struct krsi_priv_entry *entry)
{
	fputs(entry->pattern->text, file);
}

static bool path_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		      struct krsi_priv_entry *entry)
{
	return pattern_entry(r, node, text, KRSI_PRIV_PATTERN_PATH, entry);
}

static bool text_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		      struct krsi_priv_entry *entry)
{
	return pattern_entry(r, node, text, KRSI_PRIV_PATTERN_TEXT, entry);
}

/* What is mounted is a path, or a word that only the file system understands. */
static bool source_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
			struct krsi_priv_entry *entry)
{
	return text[0] == '/' ? path_read(r, node, text, entry) : text_read(r, node, text, entry);
}

static bool unix_path_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
			   struct krsi_priv_entry *entry)
{
	if (text[0] != '@' && text[0] != '/')
		return krsi_priv_wrong(r, node->place, "%s is no unix address; paths begin with /, abstract names with @", krsi_priv_quote(text).text);
	if (text[0] == '/')
		return path_read(r, node, text, entry);
	if (!text[1])
		return krsi_priv_wrong(r, node->place, "an abstract name has something behind the @; write @* for all of them");
	entry->form = KRSI_PRIV_FORM_ABSTRACT;
	return krsi_priv_pattern_read(r, node, text + 1, KRSI_PRIV_PATTERN_BINARY, &entry->pattern);
}

static void unix_path_print(FILE *file, const struct krsi_priv_entry *entry)
{
	fprintf(file, "%s%s", entry->form == KRSI_PRIV_FORM_ABSTRACT ? "@" : "", entry->pattern->text);
}

static bool program_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
			 struct krsi_priv_entry *entry)
{
	if (text[0] >= '0' && text[0] <= '9')
		return krsi_priv_identity_read(r, node, text, entry);
	return path_read(r, node, text, entry);
}

static void program_print(FILE *file, const struct krsi_priv_entry *entry)
{
	if (entry->form == KRSI_PRIV_FORM_IDENTITY)
		krsi_priv_identity_print(file, entry);
	else
		pattern_print(file, entry);
}

/* The first = that no backslash protects, or NULL. */
static const char *equals_find(const char *text)
{
	for (; *text; text++) {
		if (*text == '=')
			return text;
		if (*text == '\\' && text[1])
			text++;
	}
	return NULL;
}

static bool pair_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		      struct krsi_priv_entry *entry)
{
	const char *equals = equals_find(text);
	char name[KRSI_PRIV_SCALAR_MAX + 1];
	size_t size = equals ? (size_t)(equals - text) : strlen(text);

	if (!size)
		return krsi_priv_wrong(r, node->place, "%s has no name in front of the =", krsi_priv_quote(text).text);
	if (size >= sizeof(name))
		return krsi_priv_wrong(r, node->place, "a name of %zu bytes, at most %zu are allowed", size, sizeof(name) - 1);
	memcpy(name, text, size);
	name[size] = '\0';
	entry->form = KRSI_PRIV_FORM_PAIR;
	entry->pair.value = NULL;
	if (!krsi_priv_pattern_read(r, node, name, KRSI_PRIV_PATTERN_TEXT, &entry->pair.name))
		return false;
	return !equals || krsi_priv_pattern_read(r, node, equals + 1, KRSI_PRIV_PATTERN_TEXT, &entry->pair.value);
}

static void pair_print(FILE *file, const struct krsi_priv_entry *entry)
{
	fputs(entry->pair.name->text, file);
	if (entry->pair.value)
		fprintf(file, "=%s", entry->pair.value->text);
}

/* The kernel compares attributes byte by byte. */
static bool xattr_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		       struct krsi_priv_entry *entry)
{
	if (!pair_read(r, node, text, entry))
		return false;
	if (!krsi_priv_pattern_is_literal(entry->pair.name) || (entry->pair.value && !krsi_priv_pattern_is_literal(entry->pair.value)))
		return krsi_priv_wrong(r, node->place, "%s: attributes are compared byte by byte; write \\ in front of ? * [ { for the characters",
				       krsi_priv_quote(text).text);
	if (!strchr(entry->pair.name->text, '.'))
		return krsi_priv_wrong(r, node->place, "%s is no name of an attribute; it begins with security., system., trusted. or user.",
				       krsi_priv_quote(entry->pair.name->text).text);
	return true;
}

#define PATH_WHAT "a path, or a pattern of paths, such as /etc/**"

const struct krsi_priv_value krsi_priv_value_path = { .what = PATH_WHAT, .read = path_read, .print = pattern_print };
const struct krsi_priv_value krsi_priv_value_text = {
	.what = "text, or a pattern of it", .read = text_read, .print = pattern_print,
};
const struct krsi_priv_value krsi_priv_value_source = {
	.what = "a path, a name such as tmpfs, or a pattern of either", .read = source_read, .print = pattern_print,
};
const struct krsi_priv_value krsi_priv_value_unix_path = {
	.what = "a path, an abstract name such as \"@name\", or a pattern of either", .read = unix_path_read, .print = unix_path_print,
};
const struct krsi_priv_value krsi_priv_value_program = {
	.what = PATH_WHAT ", or the keys device and inode",
	.read = program_read, .read_map = krsi_priv_identity_read_map, .print = program_print,
};
const struct krsi_priv_value krsi_priv_value_env = {
	.what = "NAME or NAME=VALUE", .read = pair_read, .print = pair_print,
};
const struct krsi_priv_value krsi_priv_value_xattr = {
	.what = "NAME or NAME=VALUE", .read = xattr_read, .print = pair_print,
};
