/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Entries that are words: some stand for a number, others are names of somebody's choice. */
#include <string.h>
#include <strings.h>

#include "language.h"

#define SIGNAL_MAX 64
#define CAPABILITY_MAX 63	/* what the kernel's sets have room for */
#define FAMILY_MAX 255

static void number_set(struct krsi_priv_entry *entry, uint64_t number)
{
	entry->form = KRSI_PRIV_FORM_RANGE;
	entry->range = (struct krsi_priv_range){ .min = number, .max = number };
}

static bool is_number(const char *text)
{
	return strspn(text, "0123456789") == strlen(text);
}

static bool number_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
			const char *what, uint64_t max, struct krsi_priv_entry *entry)
{
	uint64_t number;

	if (!krsi_priv_number_read(r, node->place, text, what, max, &number))
		return false;
	number_set(entry, number);
	return true;
}

/* One of a table's words; by its number as well when `max` is not 0. */
static bool word_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		      const struct krsi_priv_word *words, const char *what, uint64_t max,
		      struct krsi_priv_entry *entry)
{
	uint32_t number;

	if (max && is_number(text))
		return number_read(r, node, text, what, max, entry);
	if (!krsi_priv_word_find(words, text, &number))
		return krsi_priv_wrong(r, node->place, "%s is not %s%s", krsi_priv_quote(text).text, what, krsi_priv_word_hint(words, text).text);
	number_set(entry, number);
	return true;
}

static void word_print(FILE *file, const char *name, const struct krsi_priv_entry *entry)
{
	if (name)
		fputs(name, file);
	else
		fprintf(file, "%llu", (unsigned long long)entry->range.min);
}

static bool type_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		      struct krsi_priv_entry *entry)
{
	return word_read(r, node, text, krsi_priv_words_type, "a type of file", 0, entry);
}

static void type_print(FILE *file, const struct krsi_priv_entry *entry)
{
	word_print(file, krsi_priv_word_name(krsi_priv_words_type, (uint32_t)entry->range.min), entry);
}

static bool facts_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		       struct krsi_priv_entry *entry)
{
	return word_read(r, node, text, krsi_priv_words_facts, "a fact about files", 0, entry);
}

static void facts_print(FILE *file, const struct krsi_priv_entry *entry)
{
	word_print(file, krsi_priv_word_name(krsi_priv_words_facts, (uint32_t)entry->range.min), entry);
}

static bool family_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
			struct krsi_priv_entry *entry)
{
	return word_read(r, node, text, krsi_priv_words_family, "a family of sockets", FAMILY_MAX, entry);
}

static void family_print(FILE *file, const struct krsi_priv_entry *entry)
{
	word_print(file, krsi_priv_word_name(krsi_priv_words_family, (uint32_t)entry->range.min), entry);
}

/* In any case, with or without CAP_. */
static bool capability_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
			    struct krsi_priv_entry *entry)
{
	const struct krsi_priv_word *word;
	const char *name = strncasecmp(text, "CAP_", 4) == 0 ? text + 4 : text;

	for (word = krsi_priv_words_capability; word->name; word++) {
		if (strcasecmp(word->name + 4, name) != 0)
			continue;
		number_set(entry, word->number);
		return true;
	}
	return word_read(r, node, text, krsi_priv_words_capability, "a capability", CAPABILITY_MAX, entry);
}

static void capability_print(FILE *file, const struct krsi_priv_entry *entry)
{
	word_print(file, krsi_priv_word_name(krsi_priv_words_capability, (uint32_t)entry->range.min), entry);
}

static bool signal_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
			struct krsi_priv_entry *entry)
{
	uint32_t number;

	if (is_number(text))
		return number_read(r, node, text, "a signal", SIGNAL_MAX, entry);
	if (!krsi_priv_signal_find(text, &number))
		return krsi_priv_wrong(r, node->place, "%s is no signal of signal(7), whose real-time ones are written as numbers%s",
				       krsi_priv_quote(text).text, krsi_priv_signal_hint(text).text);
	number_set(entry, number);
	return true;
}

static void signal_print(FILE *file, const struct krsi_priv_entry *entry)
{
	word_print(file, krsi_priv_signal_name((uint32_t)entry->range.min), entry);
}

static bool tag_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		     struct krsi_priv_entry *entry)
{
	entry->form = KRSI_PRIV_FORM_NAME;
	entry->name = krsi_priv_name_read(r, node, text);
	return entry->name;
}

/* Whatever the kernel of tomorrow calls it: ext4, fuse.sshfs, fuseblk. */
static bool filesystem_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
			    struct krsi_priv_entry *entry)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (strspn(text, letters) != strlen(text) || strlen(text) > KRSI_PRIV_NAME_MAX)
		return krsi_priv_wrong(r, node->place, "%s is no type of file system; write it as /proc/filesystems does, there are no patterns",
				       krsi_priv_quote(text).text);
	entry->form = KRSI_PRIV_FORM_NAME;
	entry->name = krsi_priv_copy(r, text);
	return entry->name;
}

static void name_print(FILE *file, const struct krsi_priv_entry *entry)
{
	fputs(entry->name, file);
}

const struct krsi_priv_value krsi_priv_value_type = { .what = "a type of file", .read = type_read, .print = type_print };
const struct krsi_priv_value krsi_priv_value_facts = { .what = "a fact about files", .read = facts_read, .print = facts_print };
const struct krsi_priv_value krsi_priv_value_family = {
	.what = "a family of sockets, such as inet6", .read = family_read, .print = family_print,
};
const struct krsi_priv_value krsi_priv_value_capability = {
	.what = "a capability, such as CAP_NET_ADMIN", .read = capability_read, .print = capability_print,
};
const struct krsi_priv_value krsi_priv_value_signal = {
	.what = "a signal, such as TERM or 15", .read = signal_read, .print = signal_print,
};
const struct krsi_priv_value krsi_priv_value_tag = { .what = "the name of a tag", .read = tag_read, .print = name_print };
const struct krsi_priv_value krsi_priv_value_filesystem = {
	.what = "a type of file system, such as ext4", .read = filesystem_read, .print = name_print,
};
