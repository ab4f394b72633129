/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * lsm programs on the function that calls their hook, for kernels that were booted without bpf among the active
 * security modules. The context of such a program is the same, the hook's arguments and then the verdict so far, as
 * long as the function takes what the hook takes. libbpf knows nothing of it: it is told the type of program, the type
 * of attachment and the target.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <libkrsi/hook.h>

#include "ctx.h"
#include "object.h"

int krsi_priv_program_on_function(struct krsi_priv_program *program, const char *function, bool is_void)
{
	char *target = strdup(function);

	if (!target)
		return -ENOMEM;
	program->hook = program->target;
	program->hook_was_chosen = program->retargeted;
	program->target = target;
	program->kind = KRSI_PRIV_KIND_FUNCTION;
	program->retargeted = true;
	program->is_void = is_void;
	return 0;
}

void krsi_priv_program_on_hook(struct krsi_priv_program *program)
{
	if (!program->hook)
		return;
	free(program->target);
	program->target = program->hook;
	program->hook = NULL;
	program->kind = KRSI_PRIV_KIND_LSM;
	program->retargeted = program->hook_was_chosen;
}

static int hook_refuse(struct krsi_object *object, const struct krsi_priv_program *program, const struct krsi_hook_info *hook)
{
	if (!*hook->function)
		return krsi_priv_fail(object->ctx, -EOPNOTSUPP, "program %s: no function of this kernel is known to call hook %s, "
				      "so it cannot be attached there", program->name, hook->name);
	return krsi_priv_fail(object->ctx, -EOPNOTSUPP, "program %s: %s() does not take the arguments of hook %s, which the program "
			      "expects; write a fmod_ret/%s program", program->name, hook->function, hook->name, hook->function);
}

int krsi_priv_program_fmod_ret(struct krsi_object *object, struct krsi_priv_program *program)
{
	struct krsi_hook_info hook = { .sz = sizeof(hook) };
	struct krsi_hooks *hooks;
	size_t index;
	int err;

	if (program->hook)
		return 0;
	if (program->kind != KRSI_PRIV_KIND_LSM)
		return krsi_priv_fail(object->ctx, -EINVAL, "program %s: it is in section %s, and only lsm/ programs can be attached as fmod_ret ones",
				      program->name, program->section);
	if (strstr(program->section, "lsm.s"))
		return krsi_priv_fail(object->ctx, -EOPNOTSUPP, "program %s: it may sleep (%s), which the kernel does not allow fmod_ret programs "
				      "on functions of security modules", program->name, program->section);
	err = krsi_hooks_new(object->ctx, NULL, &hooks);
	if (err)
		return err;
	err = krsi_hooks_find(hooks, program->target, &index);
	if (!err)
		err = krsi_hook_info(hooks, index, &hook);
	if (!err && (!*hook.function || !hook.function_fits))
		err = hook_refuse(object, program, &hook);
	if (!err && krsi_priv_program_on_function(program, hook.function, !hook.can_deny))
		err = krsi_priv_fail(object->ctx, -ENOMEM, "program %s: no memory to set it", program->name);
	krsi_hooks_free(hooks);
	return err;
}

void krsi_priv_function_apply(const struct krsi_priv_program *program, struct bpf_program *handle)
{
	bpf_program__set_type(handle, BPF_PROG_TYPE_TRACING);
	bpf_program__set_expected_attach_type(handle, program->is_void ? BPF_TRACE_FENTRY : BPF_MODIFY_RETURN);
}
