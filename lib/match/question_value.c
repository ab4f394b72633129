/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* One value of a question: written as an entry of a policy, but it is one thing and not a description of many. */
#include <string.h>
#include <sys/socket.h>

#include "question_build.h"

static bool one_thing(struct krsi_priv_asking *a, const struct krsi_priv_node *node, const char *what)
{
	return krsi_priv_wrong(&a->r, node->place, "%s is %s; a question is about one thing", krsi_priv_quote(node->text).text, what);
}

/* --- texts --------------------------------------------------------------- */

static size_t component_copy(const struct krsi_priv_component *component, unsigned char *to)
{
	if (!component->count)
		return 0;
	memcpy(to, component->tokens[0].bytes, component->tokens[0].size);
	return component->tokens[0].size;
}

/* The only text that a pattern matches. */
static bool pattern_bytes(struct krsi_priv_asking *a, const struct krsi_priv_pattern *pattern, struct krsi_priv_bytes *ret)
{
	const struct krsi_priv_alternative *alternative = pattern->alternatives;
	bool is_path = pattern->kind == KRSI_PRIV_PATTERN_PATH;
	unsigned char *bytes = krsi_priv_arena_alloc(a->r.arena, strlen(pattern->text) + 2);
	size_t used = 0;
	uint32_t i;

	if (!bytes)
		return krsi_priv_report_no_memory(a->r.report);
	for (i = 0; i < alternative->count; i++) {
		if (is_path)
			bytes[used++] = '/';
		used += component_copy(&alternative->components[i], bytes + used);
	}
	if (is_path && !used)
		bytes[used++] = '/';
	*ret = (struct krsi_priv_bytes){ bytes, used };
	return true;
}

static bool text_take(struct krsi_priv_asking *a, const struct krsi_priv_node *node, struct krsi_priv_said *said)
{
	const struct krsi_priv_pattern *pattern = said->entry.pattern;

	if (!krsi_priv_pattern_is_literal(pattern))
		return one_thing(a, node, "a pattern; write a backslash in front of ? * [ and { that are meant as they are");
	said->is_path = pattern->kind == KRSI_PRIV_PATTERN_PATH;
	return pattern_bytes(a, pattern, &said->bytes);
}

/* The only variable that a NAME=VALUE matches; NAME alone is one without a value. */
static bool pair_take(struct krsi_priv_asking *a, const struct krsi_priv_node *node, struct krsi_priv_said *said)
{
	const struct krsi_priv_pattern *patterns[2] = { said->entry.pair.name, said->entry.pair.value };
	struct krsi_priv_bytes parts[2] = { { "", 0 }, { "", 0 } };
	unsigned char *bytes;
	size_t i;

	for (i = 0; i < 2; i++) {
		if (patterns[i] && !krsi_priv_pattern_is_literal(patterns[i]))
			return one_thing(a, node, "a pattern; write a backslash in front of ? * [ and { that are meant as they are");
		if (patterns[i] && !pattern_bytes(a, patterns[i], &parts[i]))
			return false;
	}
	bytes = krsi_priv_arena_alloc(a->r.arena, parts[0].size + 1 + parts[1].size);
	if (!bytes)
		return krsi_priv_report_no_memory(a->r.report);
	memcpy(bytes, parts[0].at, parts[0].size);
	bytes[parts[0].size] = '=';
	memcpy(bytes + parts[0].size + 1, parts[1].at, parts[1].size);
	said->bytes = (struct krsi_priv_bytes){ bytes, parts[0].size + 1 + parts[1].size };
	return true;
}

/* --- texts as they are ----------------------------------------------------- */

static bool component_is_fine(const unsigned char *name, size_t size)
{
	return size && size <= KRSI_PRIV_COMPONENT_MAX && !(size == 1 && name[0] == '.') && !(size == 2 && name[0] == '.' && name[1] == '.');
}

static bool path_is_fine(const struct krsi_priv_bytes *raw)
{
	const unsigned char *at = raw->at, *end = at + raw->size, *slash;

	if (!raw->size || *at != '/' || memchr(at, '\0', raw->size))
		return false;
	for (at++; at <= end && raw->size > 1; at = slash + 1) {
		slash = memchr(at, '/', (size_t)(end - at));
		if (!slash)
			slash = end;
		if (!component_is_fine(at, (size_t)(slash - at)))
			return false;
	}
	return true;
}

static bool bytes_copy(struct krsi_priv_asking *a, const void *at, size_t size, struct krsi_priv_bytes *ret)
{
	char *copy = krsi_priv_arena_text(a->r.arena, at, size);

	if (!copy)
		return krsi_priv_report_no_memory(a->r.report);
	*ret = (struct krsi_priv_bytes){ copy, size };
	return true;
}

static bool raw_path(struct krsi_priv_asking *a, const struct krsi_priv_node *node, struct krsi_priv_said *said)
{
	said->entry.form = KRSI_PRIV_FORM_PATTERN;
	said->is_path = true;
	if (!path_is_fine(a->raw))
		return krsi_priv_wrong(&a->r, node->place, "these bytes are no path: it begins with a slash, does not end with one, and has no \".\", \"..\", \"//\" or NUL in it");
	return bytes_copy(a, a->raw->at, a->raw->size, &said->bytes);
}

static bool raw_text(struct krsi_priv_asking *a, const struct krsi_priv_node *node, struct krsi_priv_said *said)
{
	said->entry.form = KRSI_PRIV_FORM_PATTERN;
	if (!a->raw->size || memchr(a->raw->at, '\0', a->raw->size))
		return krsi_priv_wrong(&a->r, node->place, "an empty text, or one with a NUL in it");
	return bytes_copy(a, a->raw->at, a->raw->size, &said->bytes);
}

/* NAME=VALUE, or NAME, which has an empty value. */
static bool variable_is_fine(const struct krsi_priv_bytes *bytes)
{
	return bytes->size && *(const char *)bytes->at != '=';
}

/* A string of an execve(): an argument may be empty. */
static bool raw_string(struct krsi_priv_asking *a, const struct krsi_priv_node *node, unsigned int key, struct krsi_priv_said *said)
{
	if (memchr(a->raw->at, '\0', a->raw->size))
		return krsi_priv_wrong(&a->r, node->place, "a string with a NUL in it");
	if (key == KRSI_PRIV_KEY_ENV && !variable_is_fine(a->raw))
		return krsi_priv_wrong(&a->r, node->place, "these bytes are no variable; write NAME=VALUE");
	return bytes_copy(a, a->raw->at, a->raw->size, &said->bytes);
}

static bool raw_abstract(struct krsi_priv_asking *a, const struct krsi_priv_node *node, struct krsi_priv_said *said)
{
	const char *bytes = a->raw->at;

	if (a->raw->size < 2 || bytes[0] != '@')
		return krsi_priv_wrong(&a->r, node->place, "these bytes are no unix address; paths begin with /, abstract names with @");
	said->entry.form = KRSI_PRIV_FORM_ABSTRACT;
	return bytes_copy(a, bytes + 1, a->raw->size - 1, &said->bytes);
}

static bool raw_read(struct krsi_priv_asking *a, const struct krsi_priv_node *node, unsigned int key, struct krsi_priv_said *said)
{
	bool is_path = a->raw->size && *(const char *)a->raw->at == '/';

	switch (key) {
	case KRSI_PRIV_KEY_EXE:
	case KRSI_PRIV_KEY_SCRIPT:
	case KRSI_PRIV_KEY_CGROUP:
	case KRSI_PRIV_KEY_PATH:
	case KRSI_PRIV_KEY_MOUNT_TARGET:
		return raw_path(a, node, said);
	case KRSI_PRIV_KEY_UNIX_PATH:
		return is_path ? raw_path(a, node, said) : raw_abstract(a, node, said);
	case KRSI_PRIV_KEY_MOUNT_SOURCE:
		return is_path ? raw_path(a, node, said) : raw_text(a, node, said);
	case KRSI_PRIV_KEY_ARGV:
	case KRSI_PRIV_KEY_ENV:
		return raw_string(a, node, key, said);
	case KRSI_PRIV_KEY_CONTAINER:
	case KRSI_PRIV_KEY_MODULE:
		return raw_text(a, node, said);
	default:
		return krsi_priv_wrong(&a->r, node->place, "its values are neither paths nor texts; use krsi_question_set()");
	}
}

/* --- the others ---------------------------------------------------------- */

/* In a policy these are bits that must all be set; here they are all bits, perhaps none. */
static bool mode_read(struct krsi_priv_asking *a, const struct krsi_priv_node *node, struct krsi_priv_said *said)
{
	const char *c;

	said->entry.form = KRSI_PRIV_FORM_MASK;
	said->entry.mask = 0;
	for (c = node->text; *c >= '0' && *c <= '7' && said->entry.mask <= 07777; c++)
		said->entry.mask = said->entry.mask * 8 + (uint32_t)(*c - '0');
	if (*c || said->entry.mask > 07777)
		return krsi_priv_wrong(&a->r, node->place, "%s is no mode; write it in octal, such as 0644 or 4755", krsi_priv_quote(node->text).text);
	return true;
}

static bool form_check(struct krsi_priv_asking *a, const struct krsi_priv_node *node, struct krsi_priv_said *said)
{
	const struct krsi_priv_entry *entry = &said->entry;

	switch (entry->form) {
	case KRSI_PRIV_FORM_PATTERN:
	case KRSI_PRIV_FORM_ABSTRACT:
		return text_take(a, node, said);
	case KRSI_PRIV_FORM_PAIR:
		return pair_take(a, node, said);
	case KRSI_PRIV_FORM_RANGE:
		return entry->range.min == entry->range.max || one_thing(a, node, "a range");
	case KRSI_PRIV_FORM_NETWORK:
		return entry->network.prefix == (entry->network.family == AF_INET ? 32 : 128) || one_thing(a, node, "a network");
	default:
		return true;
	}
}

bool krsi_priv_said_read(struct krsi_priv_asking *a, const struct krsi_priv_node *node, unsigned int key,
			 struct krsi_priv_said *said)
{
	const struct krsi_priv_key_info *info = krsi_priv_key_info(key);

	*said = (struct krsi_priv_said){ .entry.place = node->place };
	if (a->raw)
		return raw_read(a, node, key, said);
	if (node->kind == KRSI_PRIV_NODE_BAD)
		return false;
	if (node->kind == KRSI_PRIV_NODE_MAP && info->value->read_map)
		return info->value->read_map(&a->r, node, &said->entry);
	if (node->kind != KRSI_PRIV_NODE_SCALAR || !node->text[0])
		return krsi_priv_wrong(&a->r, node->place, "%s wants %s, not %s", info->name, info->value->what, krsi_priv_node_kind_name(node));
	if (node->text[0] == '!')
		return krsi_priv_wrong(&a->r, node->place, "%s says what is not; a question says what is", krsi_priv_quote(node->text).text);
	if (key == KRSI_PRIV_KEY_MODE)
		return mode_read(a, node, said);
	return info->value->read(&a->r, node, node->text, &said->entry) && form_check(a, node, said);
}
