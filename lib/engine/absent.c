/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which programs go with this kernel, and what cannot be done without the others. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>
#include <libkrsi/hook.h>
#include <libkrsi/object.h>

#include "../ctx.h"
#include "../hook.h"
#include "../kernel_btf.h"
#include "../policy/language.h"
#include "../policy/operations.h"
#include "engine.h"
#include "programs.h"

static uint32_t args_of(const struct btf *btf, const char *function)
{
	int id = btf__find_by_name_kind(btf, function, BTF_KIND_FUNC);

	return id > 0 ? btf_vlen(btf__type_by_id(btf, btf__type_by_id(btf, (uint32_t)id)->type)) : 0;
}

/* Before Linux 6.1 programs cannot sit where a structure is an argument, as the user's ID of path_chown is. */
static bool args_fit(const struct btf *btf, const char *hook)
{
	int id = btf__find_by_name_kind(btf, "btf_func_model", BTF_KIND_STRUCT);
	const struct btf_type *model = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL, *function;
	char name[160];
	uint32_t i;

	for (i = 0; model && i < btf_vlen(model); i++)
		if (strcmp(btf__name_by_offset(btf, btf_members(model)[i].name_off), "arg_flags") == 0)
			return true;
	snprintf(name, sizeof(name), "bpf_lsm_%s", hook);
	id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	function = id > 0 ? btf__type_by_id(btf, btf__type_by_id(btf, (uint32_t)id)->type) : NULL;
	for (i = 0; function && i < btf_vlen(function); i++) {
		id = btf__resolve_type(btf, btf_params(function)[i].type);
		if (id > 0 && btf_is_composite(btf__type_by_id(btf, (uint32_t)id)))
			return false;
	}
	return true;
}

/* Whether the kernel has the hook of a program, with as many arguments as it expects. */
static bool hook_fits(const struct krsi_engine *engine, const struct btf *btf, const struct krsi_object *object, size_t i)
{
	const struct krsi_priv_engine_program *program = &krsi_priv_engine_programs[i];
	struct krsi_program_info info = { .sz = sizeof(info) };
	struct krsi_hook_info hook = { .sz = sizeof(hook) };
	size_t at;

	if (krsi_object_find_program(object, program->name, &at) || krsi_object_program_info(object, at, &info))
		return false;
	if (strncmp(info.section, "tp_btf", 6) == 0)
		return krsi_priv_target_exists(btf, KRSI_PRIV_KIND_TP_BTF, info.target);
	if (strncmp(info.section, "lsm", 3) != 0)
		return (!program->backend || program->backend == engine->backend) &&
		       krsi_priv_target_exists(btf, KRSI_PRIV_KIND_FUNCTION, info.target) &&
		       (program->args == 0 || program->args == args_of(btf, info.target));
	if (krsi_hooks_find(engine->kernel.hooks, info.target, &at) || krsi_hook_info(engine->kernel.hooks, at, &hook))
		return false;
	return krsi_priv_backend_fits(engine, i, &hook) && args_fit(btf, info.target) && (program->args == 0 || program->args == hook.arg_count);
}

/* The option of the kernel that a hook comes with which it has not. */
static const char *option_find(const struct krsi_engine *engine, const struct krsi_object *object, const char *name)
{
	struct krsi_program_info info = { .sz = sizeof(info) };
	size_t at;

	if (!engine->kernel.hooks || krsi_object_find_program(object, name, &at) || krsi_object_program_info(object, at, &info) ||
	    strncmp(info.section, "lsm", 3) != 0)
		return NULL;
	return krsi_priv_hook_option(info.target, krsi_priv_hook_name, engine->kernel.hooks);
}

static bool is_copied(const struct krsi_engine *engine, const struct krsi_object *object, const char *name)
{
	struct krsi_program_info info = { .sz = sizeof(info) };
	size_t at;

	return krsi_object_find_program(object, name, &at) == 0 && krsi_object_program_info(object, at, &info) == 0 &&
	       krsi_priv_backend_copies(engine, info.section);
}

void krsi_priv_absent_find(struct krsi_engine *engine, const struct krsi_object *object)
{
	struct btf *btf = krsi_priv_kernel_btf(engine->ctx);
	uint8_t taken[256] = { 0 };
	size_t i;

	for (i = 0; i < krsi_priv_engine_program_count; i++) {
		const struct krsi_priv_engine_program *program = &krsi_priv_engine_programs[i];
		struct krsi_priv_engine_link *link = &engine->kernel.links[i];

		link->copied = is_copied(engine, object, program->name);
		link->option = option_find(engine, object, program->name);
		link->absent = !btf || !hook_fits(engine, btf, object, i) || (program->group && taken[program->group]);
		if (!link->absent && program->group)
			taken[program->group] = 1;
	}
	btf__free(btf);
}

/* The first of these operations. */
static const char *operation_name(uint64_t operations)
{
	return krsi_priv_operation(KRSI_PRIV_OP_TOLD((unsigned int)__builtin_ctzll(operations)))->name;
}

static int absent_fail(struct krsi_engine *engine, const struct krsi_priv_engine_program *program, uint64_t operations)
{
	operations &= program->operations;
	if (!operations)
		return krsi_priv_fail(engine->ctx, -EOPNOTSUPP, "engine: this kernel has no hook for the program %s, which the policies need", program->name);
	return krsi_priv_fail(engine->ctx, -EOPNOTSUPP, "engine: this kernel has no hook for %s (the program %s); take it out of the policies, or use a newer kernel",
			      operation_name(operations), program->name);
}

/* Who wrote file.read may not know that it takes file.rename. */
static int option_fail(const struct krsi_engine *engine, uint64_t operations, const char *option)
{
	unsigned int number = KRSI_PRIV_OP_TOLD((unsigned int)__builtin_ctzll(operations)), i;
	char parts[256] = "";
	size_t used = 0;

	for (i = 1; i < KRSI_PRIV_OP_END && used < sizeof(parts); i++)
		if (krsi_priv_operation(i)->also & KRSI_PRIV_OP_BIT(number))
			used += (size_t)snprintf(parts + used, sizeof(parts) - used, "%s%s", used ? ", " : " (also a part of ", krsi_priv_operation(i)->name);
	return krsi_priv_fail(engine->ctx, -EOPNOTSUPP, "engine: %s%s%s needs a hook that comes with %s=y, without which this kernel was built; "
			      "take it out of the policies, or use another kernel", krsi_priv_operation(number)->name, parts, used ? ")" : "", option);
}

int krsi_priv_absent_check(struct krsi_engine *engine, uint64_t operations, uint32_t duties)
{
	uint64_t covered = 0;
	size_t i, j;

	for (i = 0; i < krsi_priv_engine_program_count; i++) {
		const struct krsi_priv_engine_program *program = &krsi_priv_engine_programs[i];
		bool present = !engine->kernel.links[i].absent;

		for (j = 0; !present && program->group && j < krsi_priv_engine_program_count; j++)
			present = krsi_priv_engine_programs[j].group == program->group && !engine->kernel.links[j].absent;
		if (present)
			covered |= program->operations;
		else if (!program->optional && program->operations & operations && engine->kernel.links[i].option)
			return option_fail(engine, program->operations & operations, engine->kernel.links[i].option);
		else if (!program->optional && krsi_priv_program_is_needed(i, operations, duties))
			return absent_fail(engine, program, operations);
	}
	operations &= ~covered;
	if (operations)
		return krsi_priv_fail(engine->ctx, -EOPNOTSUPP, "engine: this kernel has no hook for %s; take it out of the policies, or use a newer kernel",
				      operation_name(operations));
	return 0;
}
