/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * libbpf reads the types of an object without a look at the numbers in them: it compares names that
 * are not there, and follows types that refer to themselves for ever. So each number is looked at
 * once, before libbpf is.
 *
 * A type *contains* those that its size depends on, which is what readers follow without a limit of
 * their own: a typedef its type, an array its elements, a struct its members. Pointers end that.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "btf_check.h"

/* Types within each other. The kernel takes 32; an object may describe what it never loads. */
#define DEPTH_MAX 64

struct checker {
	const char *types, *types_end;
	uint32_t names_size;
	const struct btf_type **list;	/* by number; the first is void, and NULL */
	unsigned char *depths;		/* of types within each; 0 is not known yet */
	uint32_t count;			/* of numbers, void included */
	const char *problem;
};

static bool problem_is(struct checker *checker, const char *problem)
{
	checker->problem = problem;
	return false;
}

/* Bytes behind a type that belong to it. False for a kind that is not known here. */
static bool tail_size(const struct btf_type *type, size_t *size)
{
	size_t count = btf_vlen(type);

	switch (btf_kind(type)) {
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		*size = 0;
		return true;
	case BTF_KIND_INT:
		*size = sizeof(uint32_t);
		return true;
	case BTF_KIND_ARRAY:
		*size = sizeof(struct btf_array);
		return true;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		*size = count * sizeof(struct btf_member);
		return true;
	case BTF_KIND_ENUM:
		*size = count * sizeof(struct btf_enum);
		return true;
	case BTF_KIND_ENUM64:
		*size = count * sizeof(struct btf_enum64);
		return true;
	case BTF_KIND_FUNC_PROTO:
		*size = count * sizeof(struct btf_param);
		return true;
	case BTF_KIND_VAR:
		*size = sizeof(struct btf_var);
		return true;
	case BTF_KIND_DATASEC:
		*size = count * sizeof(struct btf_var_secinfo);
		return true;
	case BTF_KIND_DECL_TAG:
		*size = sizeof(struct btf_decl_tag);
		return true;
	default:
		return false;
	}
}

/* Find where each type is. False when they do not fill their part, which is libbpf's to tell, or a kind is unknown. */
static bool types_find(struct checker *checker)
{
	const char *at = checker->types;
	size_t tail;

	for (checker->count = 1; at < checker->types_end; checker->count++) {
		const struct btf_type *type = (const struct btf_type *)at;

		if ((size_t)(checker->types_end - at) < sizeof(*type) || !tail_size(type, &tail) ||
		    (size_t)(checker->types_end - at) - sizeof(*type) < tail)
			return false;
		checker->list[checker->count] = type;
		at += sizeof(*type) + tail;
	}
	return true;
}

/* --- names and numbers ----------------------------------------------------- */

static bool name_is_there(struct checker *checker, uint32_t offset)
{
	return offset < checker->names_size || problem_is(checker, "a name lies outside of its names");
}

static bool type_is_there(struct checker *checker, uint32_t id)
{
	return id < checker->count || problem_is(checker, "it refers to a type that it does not have");
}

/* Whether a type is of one of these kinds, a set of bits. */
static bool kind_is(struct checker *checker, uint32_t id, uint32_t kinds)
{
	if (!type_is_there(checker, id))
		return false;
	return (id && kinds >> btf_kind(checker->list[id]) & 1) || problem_is(checker, "it refers to a type of the wrong kind");
}

/* Whether it is something that has a size. A variable may be of any type when it is the kernel's. */
static bool is_value(struct checker *checker, uint32_t id, bool or_void)
{
	const uint32_t no_values = 1u << BTF_KIND_FUNC | 1u << BTF_KIND_FUNC_PROTO | 1u << BTF_KIND_VAR |
				   1u << BTF_KIND_DATASEC | 1u << BTF_KIND_DECL_TAG;

	if (id == 0)
		return or_void || problem_is(checker, "something is of type void");
	return kind_is(checker, id, ~no_values);
}

static bool members_check(struct checker *checker, const struct btf_type *type)
{
	const struct btf_member *member = btf_members(type);
	uint32_t i;

	for (i = 0; i < btf_vlen(type); i++, member++)
		if (!name_is_there(checker, member->name_off) || !is_value(checker, member->type, false))
			return false;
	return true;
}

static bool values_check(struct checker *checker, const struct btf_type *type)
{
	uint32_t i;

	for (i = 0; i < btf_vlen(type); i++)
		if (!name_is_there(checker, btf_is_enum(type) ? btf_enum(type)[i].name_off : btf_enum64(type)[i].name_off))
			return false;
	return true;
}

static bool parameters_check(struct checker *checker, const struct btf_type *type)
{
	const struct btf_param *param = btf_params(type);
	uint32_t i;

	for (i = 0; i < btf_vlen(type); i++, param++)
		if (!name_is_there(checker, param->name_off) || !is_value(checker, param->type, true))
			return false;
	return is_value(checker, type->type, true);
}

static bool section_check(struct checker *checker, const struct btf_type *type)
{
	const struct btf_var_secinfo *place = btf_var_secinfos(type);
	uint32_t i;

	/* Functions of the kernel stand in .ksyms. */
	for (i = 0; i < btf_vlen(type); i++, place++)
		if (!kind_is(checker, place->type, 1u << BTF_KIND_VAR | 1u << BTF_KIND_FUNC))
			return false;
	return true;
}

static bool type_check(struct checker *checker, const struct btf_type *type)
{
	if (!name_is_there(checker, type->name_off))
		return false;
	switch (btf_kind(type)) {
	case BTF_KIND_PTR:
		return type_is_there(checker, type->type);
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		/* A typedef can name a type of functions. */
		return type->type == 0 || kind_is(checker, type->type, ~(1u << BTF_KIND_FUNC | 1u << BTF_KIND_VAR |
									 1u << BTF_KIND_DATASEC | 1u << BTF_KIND_DECL_TAG));
	case BTF_KIND_ARRAY:
		return is_value(checker, btf_array(type)->type, false) && is_value(checker, btf_array(type)->index_type, false);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return members_check(checker, type);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return values_check(checker, type);
	case BTF_KIND_FUNC:
		return kind_is(checker, type->type, 1u << BTF_KIND_FUNC_PROTO);
	case BTF_KIND_FUNC_PROTO:
		return parameters_check(checker, type);
	case BTF_KIND_VAR:
		return is_value(checker, type->type, true);
	case BTF_KIND_DATASEC:
		return section_check(checker, type);
	case BTF_KIND_DECL_TAG:
		return type_is_there(checker, type->type);
	default:
		return true;
	}
}

/* --- containment ----------------------------------------------------------- */

static bool depth_find(struct checker *checker, uint32_t id, unsigned int above);

/* Take a contained type into account: `*depth` becomes the largest. */
static bool depth_add(struct checker *checker, uint32_t id, unsigned int above, unsigned char *depth)
{
	if (!depth_find(checker, id, above + 1))
		return false;
	if (checker->depths[id] > *depth)
		*depth = checker->depths[id];
	return true;
}

static bool members_depth(struct checker *checker, const struct btf_type *type, unsigned int above, unsigned char *depth)
{
	uint32_t i;

	for (i = 0; i < btf_vlen(type); i++)
		if (!depth_add(checker, btf_members(type)[i].type, above, depth))
			return false;
	return true;
}

/* A type that contains itself has no end: it gets too deep sooner or later. `above` are already being looked at. */
static bool depth_find(struct checker *checker, uint32_t id, unsigned int above)
{
	const struct btf_type *type = checker->list[id];
	unsigned char depth = 0;

	if (id == 0 || checker->depths[id])
		return true;
	if (above < DEPTH_MAX) {
		bool holds = true;

		if (btf_is_mod(type) || btf_is_typedef(type))
			holds = depth_add(checker, type->type, above, &depth);
		else if (btf_is_array(type))
			holds = depth_add(checker, btf_array(type)->type, above, &depth);
		else if (btf_is_composite(type))
			holds = members_depth(checker, type, above, &depth);
		if (!holds)
			return false;
	}
	if (above >= DEPTH_MAX || depth >= DEPTH_MAX)
		return problem_is(checker, "a type contains itself, or more than 64 within each other");
	checker->depths[id] = depth + 1;
	return true;
}

/* Whether what a variable takes can be told by an int. Nothing contains itself, so this ends. */
static bool size_check(struct checker *checker, uint32_t id)
{
	const struct btf_type *type = checker->list[id];
	uint64_t size = 1;

	while (id && (btf_is_mod(type) || btf_is_typedef(type) || btf_is_array(type))) {
		if (btf_is_array(type))
			size *= btf_array(type)->nelems;
		id = btf_is_array(type) ? btf_array(type)->type : type->type;
		type = checker->list[id];
		if (size > INT32_MAX)
			break;
	}
	if (id && !btf_is_ptr(type) && !btf_is_fwd(type) && !btf_is_func_proto(type) && size <= INT32_MAX)
		size *= type->size;
	return size <= INT32_MAX || problem_is(checker, "a variable is larger than 2 GiB");
}

static bool all_check(struct checker *checker)
{
	uint32_t id;

	for (id = 1; id < checker->count; id++)
		if (!type_check(checker, checker->list[id]))
			return false;
	for (id = 1; id < checker->count; id++)
		if (!depth_find(checker, id, 0))
			return false;
	for (id = 1; id < checker->count; id++)
		if (btf_is_var(checker->list[id]) && !size_check(checker, checker->list[id]->type))
			return false;
	return true;
}

/* The parts of the section. False when they are not where the header says, which libbpf tells. */
static bool parts_find(struct checker *checker, const char *data, size_t size)
{
	const struct btf_header *header = (const struct btf_header *)data;
	size_t left;

	if (size < sizeof(*header) || header->magic != BTF_MAGIC || header->hdr_len > size)
		return false;
	left = size - header->hdr_len;
	if (header->type_off > left || header->type_len > left - header->type_off || header->type_off % sizeof(uint32_t) ||
	    header->hdr_len % sizeof(uint32_t))
		return false;
	checker->types = data + header->hdr_len + header->type_off;
	checker->types_end = checker->types + header->type_len;
	checker->names_size = header->str_len;
	return true;
}

/* `data` is aligned to four bytes, as BTF is. */
static int aligned_check(const void *data, size_t size, const char **problem)
{
	struct checker checker = { .problem = NULL };
	size_t most;
	int err = 0;

	if (!parts_find(&checker, data, size))
		return 0;
	most = (size_t)(checker.types_end - checker.types) / sizeof(struct btf_type) + 1;
	checker.list = calloc(most + 1, sizeof(*checker.list));
	checker.depths = calloc(most + 1, sizeof(*checker.depths));
	if (!checker.list || !checker.depths)
		err = -ENOMEM;
	else if (types_find(&checker) && !all_check(&checker))
		err = -EBADMSG;
	*problem = checker.problem;
	free(checker.list);
	free(checker.depths);
	return err;
}

int krsi_priv_btf_check(const void *data, size_t size, const char **problem)
{
	void *copy = malloc(size ? size : 1);	/* a damaged file has it anywhere */
	int err;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, size);
	err = aligned_check(copy, size, problem);
	free(copy);
	return err;
}
