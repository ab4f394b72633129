/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Options of `krsi load` that change an object: read once, applied to every object. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/krsi.h>
#include <linux/bpf.h>

#include "load.h"
#include "tool.h"

/* Decimal or 0x, no octal: nobody means 8 by 010. A final K, M or G where `units` says so. */
static int number_read(const char *text, bool units, uint64_t *number, bool *negative)
{
	uint64_t factor = 1;
	char *end;

	*negative = *text == '-';
	text += *negative;
	if (!isdigit((unsigned char)*text))	/* strtoull() takes spaces and signs */
		return -1;
	errno = 0;
	*number = strtoull(text, &end, text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10);
	if (errno)
		return -1;
	if (units && *end && !end[1])
		factor = *end == 'K' ? 1u << 10 : *end == 'M' ? 1u << 20 : *end == 'G' ? 1u << 30 : 0;
	else if (*end)
		return -1;
	if (!factor || *number > UINT64_MAX / factor)
		return -1;
	*number *= factor;
	if (*negative && *number > (uint64_t)INT64_MAX + 1)
		return -1;
	if (*negative)
		*number = -*number;
	return 0;
}

static int value_read(struct wish *wish, const char **problem)
{
	if (wish->kind == WISH_VARIABLE && number_read(wish->value, false, &wish->number, &wish->negative)) {
		*problem = "the value is not a number, decimal or 0x, of at most 64 bits";
		return -1;
	}
	if (wish->kind == WISH_MAP_SIZE && (number_read(wish->value, true, &wish->number, &wish->negative) ||
					    wish->negative || !wish->number || wish->number > UINT32_MAX)) {
		*problem = "the size is not a number from 1 to 4294967295, K, M or G behind it";
		return -1;
	}
	return 0;
}

int wish_add(struct wish_list *list, enum wish_kind kind, const char *text, const char **problem)
{
	bool has_value = kind == WISH_TARGET || kind == WISH_VARIABLE || kind == WISH_MAP_SIZE || kind == WISH_TYPE;
	size_t len = has_value ? strcspn(text, "=") : strlen(text);
	struct wish *wishes, *wish;

	if (!len || (has_value && !text[len])) {
		*problem = has_value ? "it has to be NAME=VALUE" : "it has to be a name";
		return -1;
	}
	wishes = reallocarray(list->wishes, list->count + 1, sizeof(*wishes));
	if (!wishes)
		goto no_memory;
	list->wishes = wishes;
	wish = &wishes[list->count];
	*wish = (struct wish){ .kind = kind, .value = has_value ? text + len + 1 : "" };
	wish->name = strndup(text, len);
	if (!wish->name)
		goto no_memory;
	list->count++;
	return value_read(wish, problem);
no_memory:
	*problem = "no memory";
	return -1;
}

void wish_list_free(struct wish_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->wishes[i].name);
	free(list->wishes);
}

/* The number as the variable has it, when it fits into so many bytes. */
static bool number_pack(const struct wish *wish, size_t size, void *bytes)
{
	unsigned int unused = 64 - 8 * (unsigned int)size;
	int64_t low = unused ? -(INT64_C(1) << (63 - unused)) : INT64_MIN;

	if (wish->negative ? (int64_t)wish->number < low : unused && wish->number >> (64 - unused))
		return false;
	switch (size) {
	case 1:
		*(uint8_t *)bytes = (uint8_t)wish->number;
		break;
	case 2:
		*(uint16_t *)bytes = (uint16_t)wish->number;
		break;
	case 4:
		*(uint32_t *)bytes = (uint32_t)wish->number;
		break;
	default:
		*(uint64_t *)bytes = wish->number;
	}
	return true;
}

/*
 * The library does not tell how large a variable is, but refuses other sizes. What does not fit is
 * tried as well, as zero of that size, only to learn whether the size was right.
 */
static int variable_set(const struct wish *wish, struct krsi_object *object)
{
	static const size_t sizes[] = { 4, 8, 1, 2 };
	int err = -EMSGSIZE;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && err == -EMSGSIZE; i++) {
		uint64_t bytes = 0;
		bool fits = number_pack(wish, sizes[i], &bytes);

		err = krsi_object_set_variable(object, wish->name, &bytes, sizes[i]);
		if (!err && !fits) {
			tool_error("variable %s: %s does not fit into %zu bytes", wish->name, wish->value, sizes[i]);
			return TOOL_FAILED;
		}
	}
	if (err == -EMSGSIZE) {
		tool_error("variable %s: --set writes whole numbers of 1, 2, 4 or 8 bytes, and it has another size", wish->name);
		return TOOL_FAILED;
	}
	return err;
}

static bool has_ring(const struct krsi_object *object, const char *name)
{
	size_t i;

	for (i = 0; i < krsi_object_map_count(object); i++) {
		struct krsi_object_map_info info = { .sz = sizeof(info) };

		krsi_object_map_info(object, i, &info);
		if ((info.type == BPF_MAP_TYPE_RINGBUF || info.type == BPF_MAP_TYPE_PERF_EVENT_ARRAY) && strcmp(info.name, name) == 0)
			return true;
	}
	return false;
}

/* Nothing changes in the object; it only has to have both. */
static int type_check(const struct wish *wish, struct krsi_ctx *ctx, const struct krsi_object *object)
{
	char text[512];
	uint32_t type;

	if (!has_ring(object, wish->name)) {
		snprintf(text, sizeof(text), "object %s: it has no ring buffer or perf buffer %s", krsi_object_name(object), wish->name);
		return krsi_ctx_fail(ctx, -ENOENT, text);
	}
	return krsi_object_find_type(object, wish->value, &type) ? -ENXIO : 0;
}

uint32_t wishes_type(const struct wish_list *list, const struct krsi_object *object, const char *map)
{
	uint32_t type = 0;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->wishes[i].kind == WISH_TYPE && strcmp(list->wishes[i].name, map) == 0)
			krsi_object_find_type(object, list->wishes[i].value, &type);
	return type;
}

/* 0, a negative errno of the library, or enum tool_exit with the failure told. */
static int wish_apply(const struct wish *wish, struct krsi_ctx *ctx, struct krsi_object *object)
{
	int err;

	switch (wish->kind) {
	case WISH_VARIABLE:
		return variable_set(wish, object);
	case WISH_MAP_SIZE:
		return krsi_object_set_map_size(object, wish->name, (uint32_t)wish->number);
	case WISH_TYPE:
		return type_check(wish, ctx, object);
	case WISH_TARGET:
		err = krsi_object_find_program(object, wish->name, NULL);
		if (err)
			return err;
		err = krsi_object_set_target(object, wish->name, wish->value);
		return err == -ENOENT ? -ENXIO : err;	/* the target is missing, not the program */
	default:
		return krsi_object_find_program(object, wish->name, NULL);
	}
}

static bool wished(const struct wish_list *list, enum wish_kind kind, const char *name)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->wishes[i].kind == kind && strcmp(list->wishes[i].name, name) == 0)
			return true;
	return false;
}

/* With "all" a program stays as it is when it cannot be put on a function; one that is named has to be. */
static int program_set(const struct wish_list *list, struct krsi_object *object, const struct krsi_program_info *info, uint32_t flags)
{
	int err;

	if (wished(list, WISH_FMOD_RET, info->name))
		return krsi_object_set_program(object, info->name, flags | KRSI_PROGRAM_FMOD_RET);
	if (!list->all_fmod_ret || strncmp(info->section, "lsm/", 4) != 0)
		return krsi_object_set_program(object, info->name, flags);
	err = krsi_object_set_program(object, info->name, flags | KRSI_PROGRAM_FMOD_RET);
	return err == -EOPNOTSUPP || err == -ENOENT ? krsi_object_set_program(object, info->name, flags) : err;
}

/* All that is wished of a program at once: setting flags replaces those that were set before. */
static int programs_apply(const struct wish_list *list, bool all_optional, struct krsi_object *object)
{
	size_t i;
	int err;

	for (i = 0; i < krsi_object_program_count(object); i++) {
		struct krsi_program_info info = { .sz = sizeof(info) };
		bool optional;

		krsi_object_program_info(object, i, &info);
		optional = all_optional || wished(list, WISH_OPTIONAL, info.name);
		if (wished(list, WISH_WITHOUT, info.name))
			err = krsi_object_set_program(object, info.name, KRSI_PROGRAM_SKIP);
		else if (info.state == KRSI_PROGRAM_SKIPPED && !wished(list, WISH_WITH, info.name))
			continue;
		else
			err = program_set(list, object, &info, optional ? KRSI_PROGRAM_OPTIONAL : 0);
		if (err)
			return err;
	}
	return 0;
}

static int wish_apply_to_all(const struct wish *wish, struct krsi_ctx *ctx, const struct load_object *objects,
			     size_t count)
{
	size_t i, done = 0, opened = 0;
	int err;

	for (i = 0; i < count; i++) {
		if (!objects[i].object)
			continue;
		opened++;
		err = wish_apply(wish, ctx, objects[i].object);
		if (!err)
			done++;
		else if (err > 0)
			return err;
		else if (err != -ENOENT)
			return tool_fail(ctx);
	}
	if (done || !opened)
		return 0;
	if (opened > 1)
		tool_error("none of the objects has %s; of the last one:", wish->name);
	return tool_fail(ctx);
}

int wishes_apply(const struct wish_list *list, bool all_optional, struct krsi_ctx *ctx,
		 const struct load_object *objects, size_t count)
{
	size_t i;
	int err;

	for (i = 0; i < list->count; i++) {
		err = wish_apply_to_all(&list->wishes[i], ctx, objects, count);
		if (err)
			return err;
	}
	for (i = 0; i < count; i++)
		if (objects[i].object && programs_apply(list, all_optional, objects[i].object))
			return tool_fail(ctx);
	return 0;
}
