/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Entries that are numbers: ports, users and groups, modes of files, namespaces. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "../errors.h"
#include "encoding.h"
#include "language.h"

#define DIGITS "0123456789"
#define ID_MAX 4294967294u		/* (uid_t)-1 says "no user" */
#define ID_UNSET 4294967295u
#define DATABASE_BUFFER_MAX ((size_t)1 << 20)

bool krsi_priv_number_read(struct krsi_priv_reader *r, struct krsi_priv_place place, const char *text,
			   const char *what, uint64_t max, uint64_t *number)
{
	const char *c;
	uint64_t value = 0;

	if (text[0] == '-' && text[1] && strspn(text + 1, DIGITS) == strlen(text + 1))
		return krsi_priv_wrong(r, place, "%s is below 0; %s is a number from 0 to %llu", krsi_priv_quote(text).text, what, (unsigned long long)max);
	if (!text[0] || strspn(text, DIGITS) != strlen(text))
		return krsi_priv_wrong(r, place, "%s is no number; %s is a number from 0 to %llu", krsi_priv_quote(text).text, what, (unsigned long long)max);
	for (c = text; *c; c++) {
		if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *c - '0', &value) || value > max)
			return krsi_priv_wrong(r, place, "%s is too large; %s is a number from 0 to %llu", krsi_priv_quote(text).text, what, (unsigned long long)max);
	}
	*number = value;
	return true;
}

/* Whether it is digits, a dash and digits. */
static bool is_range(const char *text)
{
	size_t first = strspn(text, DIGITS);

	return first && text[first] == '-' && text[first + 1] && strspn(text + first + 1, DIGITS) == strlen(text + first + 1);
}

/* A number, or two with a dash between. */
static bool range_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		       const char *what, uint64_t max, struct krsi_priv_entry *entry)
{
	struct krsi_priv_range *range = &entry->range;
	const char *dash = is_range(text) ? strchr(text, '-') : NULL;
	char low[32];

	entry->form = KRSI_PRIV_FORM_RANGE;
	range->name = NULL;
	if (!dash) {
		if (!krsi_priv_number_read(r, node->place, text, what, max, &range->min))
			return false;
		range->max = range->min;
		return true;
	}
	snprintf(low, sizeof(low), "%.*s", (int)(dash - text < 31 ? dash - text : 31), text);
	if (!krsi_priv_number_read(r, node->place, low, what, max, &range->min) ||
	    !krsi_priv_number_read(r, node->place, dash + 1, what, max, &range->max))
		return false;
	if (range->min > range->max)
		return krsi_priv_wrong(r, node->place, "the range %s ends before it begins; write %llu-%llu", text,
				       (unsigned long long)range->max, (unsigned long long)range->min);
	return true;
}

static void range_print(FILE *file, const struct krsi_priv_entry *entry)
{
	const struct krsi_priv_range *range = &entry->range;

	if (range->name)
		fputs(range->name, file);
	else if (range->min == range->max)
		fprintf(file, "%llu", (unsigned long long)range->min);
	else
		fprintf(file, "%llu-%llu", (unsigned long long)range->min, (unsigned long long)range->max);
}

static bool port_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		      struct krsi_priv_entry *entry)
{
	return range_read(r, node, text, "a port", 65535, entry);
}

static int user_find(const char *name, char *buffer, size_t size, uint32_t *id)
{
	struct passwd entry, *found;
	int err = getpwnam_r(name, &entry, buffer, size, &found);

	if (!err && found)
		*id = found->pw_uid;
	return err ? err : found ? 0 : ENOENT;
}

static int group_find(const char *name, char *buffer, size_t size, uint32_t *id)
{
	struct group entry, *found;
	int err = getgrnam_r(name, &entry, buffer, size, &found);

	if (!err && found)
		*id = found->gr_gid;
	return err ? err : found ? 0 : ENOENT;
}

/* Ask one of these two, with as much memory as the entry needs. A positive errno. */
static int name_find(int (*find)(const char *, char *, size_t, uint32_t *), const char *name, uint32_t *id)
{
	size_t size = 2048;
	int err = ERANGE;
	char *buffer;

	for (; err == ERANGE && size <= DATABASE_BUFFER_MAX; size *= 4) {
		buffer = malloc(size);
		err = buffer ? find(name, buffer, size, id) : ENOMEM;
		free(buffer);
	}
	return err;
}

/* No database has these in a name, and a printed policy could not show them. */
static bool is_name(const char *text)
{
	size_t left = strlen(text), size = left;

	if (size > 255 || strpbrk(text, ":"))
		return false;
	while (left && (size = krsi_priv_utf8_printable(text, left))) {
		text += size;
		left -= size;
	}
	return !left;
}

static bool name_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		      const char *what, struct krsi_priv_entry *entry)
{
	bool is_user = strcmp(what, "a user") == 0;
	uint32_t id = 0;
	int err;

	err = is_name(text) ? name_find(is_user ? user_find : group_find, text, &id) : ENOENT;
	if (err == ENOMEM)
		return krsi_priv_report_no_memory(r->report);
	if (err == ENOENT || err == ESRCH || err == EPERM || err == EBADF)	/* getpwnam(3): all of them say so */
		return krsi_priv_wrong(r, node->place, "%s called %s is known on this machine; is it misspelt? A number needs no name",
				       is_user ? "no user" : "no group", krsi_priv_quote(text).text);
	if (err)
		return krsi_priv_wrong(r, node->place, "%s cannot be looked up: %s; write a number", krsi_priv_quote(text).text, krsi_priv_errno_name(err));
	entry->form = KRSI_PRIV_FORM_RANGE;
	entry->range.min = entry->range.max = id;
	entry->range.name = krsi_priv_copy(r, text);
	return entry->range.name;
}

static bool id_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		    const char *what, struct krsi_priv_entry *entry)
{
	bool is_number = strspn(text, DIGITS) == strlen(text) || is_range(text) || (text[0] == '-' && strspn(text + 1, DIGITS) == strlen(text + 1));

	return is_number ? range_read(r, node, text, what, ID_MAX, entry) : name_read(r, node, text, what, entry);
}

static bool user_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		      struct krsi_priv_entry *entry)
{
	return id_read(r, node, text, "a user", entry);
}

static bool group_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		       struct krsi_priv_entry *entry)
{
	return id_read(r, node, text, "a group", entry);
}

/* Whoever was started by no login has no login user. */
static bool login_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		       struct krsi_priv_entry *entry)
{
	if (strcmp(text, "unset") != 0)
		return id_read(r, node, text, "a user", entry);
	entry->form = KRSI_PRIV_FORM_RANGE;
	entry->range = (struct krsi_priv_range){ .min = ID_UNSET, .max = ID_UNSET };
	return true;
}

static void login_print(FILE *file, const struct krsi_priv_entry *entry)
{
	if (entry->range.min == ID_UNSET)
		fputs("unset", file);
	else
		range_print(file, entry);
}

static bool mode_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		      struct krsi_priv_entry *entry)
{
	size_t zeros = strspn(text, "0");

	if (strspn(text, "01234567") != strlen(text) || strlen(text + zeros) > 4)
		return krsi_priv_wrong(r, node->place, "%s is no mode; write the bits that must all be set in octal, such as 0002 or 4000", krsi_priv_quote(text).text);
	entry->form = KRSI_PRIV_FORM_MASK;
	entry->mask = (uint32_t)strtoul(text, NULL, 8);
	if (!entry->mask)
		return krsi_priv_wrong(r, node->place, "mode 0 asks for no bit, so every file matches; leave it out");
	return true;
}

static void mode_print(FILE *file, const struct krsi_priv_entry *entry)
{
	fprintf(file, "%04o", entry->mask);
}

static bool namespace_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
			   struct krsi_priv_entry *entry)
{
	if (strcmp(text, "host") == 0) {
		entry->form = KRSI_PRIV_FORM_HOST;
		return true;
	}
	if (strspn(text, DIGITS) != strlen(text))
		return krsi_priv_wrong(r, node->place, "%s is no namespace; write host, or the number that readlink /proc/PID/ns/... shows", krsi_priv_quote(text).text);
	entry->form = KRSI_PRIV_FORM_RANGE;
	entry->range.name = NULL;
	if (!krsi_priv_number_read(r, node->place, text, "a namespace", UINT32_MAX, &entry->range.min))
		return false;
	entry->range.max = entry->range.min;
	return true;
}

static void namespace_print(FILE *file, const struct krsi_priv_entry *entry)
{
	if (entry->form == KRSI_PRIV_FORM_HOST)
		fputs("host", file);
	else
		range_print(file, entry);
}

const struct krsi_priv_value krsi_priv_value_port = {
	.what = "a port such as 443, or a range such as 1-1023", .read = port_read, .print = range_print,
};
const struct krsi_priv_value krsi_priv_value_user = {
	.what = "a user's number or name, or a range such as 1000-59999", .read = user_read, .print = range_print,
};
const struct krsi_priv_value krsi_priv_value_group = {
	.what = "a group's number or name, or a range such as 1000-59999", .read = group_read, .print = range_print,
};
const struct krsi_priv_value krsi_priv_value_login = {
	.what = "a user's number or name, a range such as 1000-59999, or unset", .read = login_read, .print = login_print,
};
const struct krsi_priv_value krsi_priv_value_mode = {
	.what = "bits of a mode in octal, such as 0002 or 4000", .read = mode_read, .print = mode_print,
};
const struct krsi_priv_value krsi_priv_value_namespace = {
	.what = "host, or a namespace's number", .read = namespace_read, .print = namespace_print,
};
