/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Records of an object as values of its own types: which type, and the text. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <libkrsi/decode.h>

#include "btf_ext.h"
#include "btf_print.h"
#include "ctx.h"
#include "object.h"
#include "text.h"

/* The kernel makes a record of a perf buffer fill 8 bytes with the 4 bytes of its size. */
#define PERF_PADDING_MAX 7

static const char *type_name(const struct btf *btf, uint32_t id)
{
	const char *name = btf__name_by_offset(btf, btf__type_by_id(btf, id)->name_off);

	return name ? name : "";
}

/* Types that a caller can name. */
static bool has_a_name(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	return type->name_off && (btf_is_composite(type) || btf_is_any_enum(type) || btf_is_typedef(type));
}

/* One walk over the types with a name, resumed where the last call stopped: they are asked for in order. */
struct walk {
	const struct btf *btf;
	uint32_t id;
};

static const char *next_name(const void *list, size_t i)
{
	struct walk *walk = (struct walk *)list;

	if (i == 0)
		walk->id = 0;
	while (++walk->id < btf__type_cnt(walk->btf))
		if (has_a_name(walk->btf, walk->id))
			return type_name(walk->btf, walk->id);
	return NULL;
}

/* The name behind "struct ", "union " or "enum ". */
static const char *name_strip(const char *name)
{
	static const char *const words[] = { "struct ", "union ", "enum " };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(name, words[i], strlen(words[i])) == 0)
			return name + strlen(words[i]);
	return name;
}

int krsi_object_find_type(const struct krsi_object *object, const char *name, uint32_t *type)
{
	struct walk walk = { 0 };
	const char *found;
	char hint[256];
	size_t i = 0;

	if (!object || !name || !type)
		return krsi_priv_fail(object ? object->ctx : NULL, -EINVAL, "krsi_object_find_type: an argument is NULL");
	walk.btf = bpf_object__btf(object->bpf);
	name = name_strip(name);
	while ((found = next_name(&walk, i++)))
		if (strcmp(found, name) == 0) {
			*type = walk.id;
			return 0;
		}
	krsi_priv_suggest(name, next_name, &walk, hint, sizeof(hint));
	return krsi_priv_fail(object->ctx, -ENOENT, "object %s: it describes no type %s%s", object->name, name, hint);
}

/* --- guessing -------------------------------------------------------------- */

/* What a type stands for. */
static uint32_t strip(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	while (type && (btf_is_mod(type) || btf_is_typedef(type))) {
		id = type->type;
		type = btf__type_by_id(btf, id);
	}
	return id;
}

static bool is_of_a_map(const struct krsi_object *object, uint32_t id)
{
	const struct btf *btf = bpf_object__btf(object->bpf);
	struct bpf_map *map;

	bpf_object__for_each_map(map, object->bpf)
		if (strip(btf, bpf_map__btf_key_type_id(map)) == id || strip(btf, bpf_map__btf_value_type_id(map)) == id)
			return true;
	return false;
}

/* Types of the kernel: what is accessed by CO-RE, and what that refers to. */
struct kernel_types {
	const struct btf *btf;
	bool *is_one;		/* by number */
	uint32_t *waiting;	/* those whose own references were not followed yet */
	size_t count;
};

static void kernel_type_add(void *arg, uint32_t id)
{
	struct kernel_types *types = arg;

	if (!id || id >= btf__type_cnt(types->btf) || types->is_one[id])
		return;
	types->is_one[id] = true;
	types->waiting[types->count++] = id;	/* each once, so there is room */
}

static void references_add(struct kernel_types *types, const struct btf_type *type)
{
	uint32_t i;

	if (btf_is_mod(type) || btf_is_typedef(type) || btf_is_ptr(type))
		kernel_type_add(types, type->type);
	else if (btf_is_array(type))
		kernel_type_add(types, btf_array(type)->type);
	else if (btf_is_composite(type))
		for (i = 0; i < btf_vlen(type); i++)
			kernel_type_add(types, btf_members(type)[i].type);
}

/* Which types are the kernel's, by number, to free. NULL without memory. */
static bool *kernel_types_find(const struct krsi_object *object)
{
	struct kernel_types types = { .btf = bpf_object__btf(object->bpf) };
	size_t count = btf__type_cnt(types.btf);

	types.is_one = calloc(count, sizeof(*types.is_one));
	types.waiting = calloc(count, sizeof(*types.waiting));
	if (types.is_one && types.waiting) {
		krsi_priv_btf_accesses(object->data, object->size, kernel_type_add, &types);
		while (types.count)
			references_add(&types, btf__type_by_id(types.btf, types.waiting[--types.count]));
	} else {
		free(types.is_one);
		types.is_one = NULL;
	}
	free(types.waiting);
	return types.is_one;
}

/* How large the type of a record can be. */
struct sizes {
	size_t min, max;
};

static bool is_candidate(const struct krsi_object *object, uint32_t id, const struct sizes *sizes)
{
	const struct btf *btf = bpf_object__btf(object->bpf);
	const struct btf_type *type = btf__type_by_id(btf, id);

	return btf_is_struct(type) && type->size >= sizes->min && type->size <= sizes->max && *type_name(btf, id) &&
	       !is_of_a_map(object, id);
}

/* How many candidates there are; one of them, and their names. */
static size_t candidates_find(const struct krsi_object *object, const bool *is_kernels, const struct sizes *sizes, uint32_t *found,
			      char *names, size_t names_size)
{
	const struct btf *btf = bpf_object__btf(object->bpf);
	size_t count = 0, used = 0;
	uint32_t id;

	for (id = 1; id < btf__type_cnt(btf); id++) {
		if (is_kernels[id] || !is_candidate(object, id, sizes))
			continue;
		*found = id;
		if (used < names_size)
			used += (size_t)snprintf(names + used, names_size - used, "%s%s", count ? ", " : "", type_name(btf, id));
		count++;
	}
	return count;
}

static int guess(const struct krsi_object *object, const struct sizes *sizes, uint32_t *type)
{
	char names[256], size[64];
	uint32_t found = 0;
	bool *kernels;
	size_t count;

	kernels = kernel_types_find(object);
	if (!kernels)
		return krsi_priv_fail(object->ctx, -ENOMEM, "object %s: no memory to look through its types", object->name);
	count = candidates_find(object, kernels, sizes, &found, names, sizeof(names));
	free(kernels);
	if (count == 1) {
		*type = found;
		return 0;
	}
	if (sizes->min == sizes->max)
		snprintf(size, sizeof(size), "%zu", sizes->max);
	else
		snprintf(size, sizeof(size), "%zu to %zu", sizes->min, sizes->max);
	if (count)
		return krsi_priv_fail(object->ctx, -ENOENT, "object %s: a record of %s bytes can be of one of the types %s; say which",
				      object->name, size, names);
	return krsi_priv_fail(object->ctx, -ENOENT, "object %s: it describes no struct of %s bytes; have a variable "
			      "\"const struct NAME *unused\" in its source", object->name, size);
}

int krsi_object_guess_type(const struct krsi_object *object, size_t size, uint32_t *type)
{
	const struct sizes sizes = { size, size };

	if (!object || !type)
		return krsi_priv_fail(object ? object->ctx : NULL, -EINVAL, "krsi_object_guess_type: an argument is NULL");
	return guess(object, &sizes, type);
}

int krsi_object_guess_perf_type(const struct krsi_object *object, size_t size, uint32_t *type)
{
	const struct sizes sizes = { size < PERF_PADDING_MAX ? 0 : size - PERF_PADDING_MAX, size };

	if (!object || !type)
		return krsi_priv_fail(object ? object->ctx : NULL, -EINVAL, "krsi_object_guess_perf_type: an argument is NULL");
	return guess(object, &sizes, type);
}

/* --- writing --------------------------------------------------------------- */

static bool type_is_there(const struct krsi_object *object, uint32_t type)
{
	return type && type < btf__type_cnt(bpf_object__btf(object->bpf));
}

const char *krsi_object_type_name(const struct krsi_object *object, uint32_t type)
{
	return object && type_is_there(object, type) ? type_name(bpf_object__btf(object->bpf), type) : NULL;
}

int krsi_object_decode(const struct krsi_object *object, uint32_t type, const void *data, size_t size, uint32_t format,
		       char **text)
{
	char *made = NULL;
	size_t length;
	FILE *out;
	int err;

	if (!object || !data || !text || format > KRSI_DECODE_JSON)
		return krsi_priv_fail(object ? object->ctx : NULL, -EINVAL, "krsi_object_decode: an argument is NULL, or the format unknown");
	if (!type_is_there(object, type))
		return krsi_priv_fail(object->ctx, -ENOENT, "object %s: it has no type with the number %u", object->name, type);
	out = open_memstream(&made, &length);
	if (!out)
		return krsi_priv_fail(object->ctx, -ENOMEM, "object %s: no memory to decode a record", object->name);
	err = krsi_priv_btf_print(bpf_object__btf(object->bpf), type, data, size, format == KRSI_DECODE_JSON, out);
	if (ferror(out) | (fclose(out) != 0))
		err = krsi_priv_fail(object->ctx, -ENOMEM, "object %s: no memory to decode a record", object->name);
	else if (err)
		krsi_priv_fail(object->ctx, err, "object %s: a record of %zu bytes is smaller than the type %s, or has more values than 65536",
			       object->name, size, type_name(bpf_object__btf(object->bpf), type));
	if (err) {
		free(made);
		return err;
	}
	*text = made;
	return 0;
}
