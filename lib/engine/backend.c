/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * How an engine's programs sit on the hooks. As lsm programs, when bpf is among the active security modules; the
 * others are the modules' callers, security_*(), as fmod_ret programs, which any kernel with trampolines calls.
 * docs/backends.md has what is different.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libkrsi/hook.h>

#include "../ctx.h"
#include "../lsm_list.h"
#include "../object.h"
#include "../text.h"
#include "engine.h"
#include "programs.h"

#define PREEMPTION "/sys/kernel/debug/sched/preempt"

int krsi_priv_backend_check(struct krsi_ctx *ctx, uint32_t wanted, uint32_t *ret, char *why, size_t size)
{
	char list[256], line[300];
	int unknown = krsi_priv_lsm_list(list, sizeof(list));
	bool active = !unknown && krsi_priv_lsm_list_has(list, "bpf");

	if (wanted == KRSI_ENGINE_LSM && unknown)
		return krsi_priv_fail(ctx, -EOPNOTSUPP, "engine: cannot tell whether this kernel calls BPF programs: "
				      "/sys/kernel/security/lsm cannot be read; mount securityfs there");
	*ret = wanted == KRSI_ENGINE_AUTO ? (active ? KRSI_ENGINE_LSM : KRSI_ENGINE_FMOD_RET) : wanted;
	line[0] = '\0';
	if (!unknown)
		krsi_priv_lsm_boot_line(list, line, sizeof(line));
	if (*ret == KRSI_ENGINE_LSM && !active)
		return krsi_priv_fail(ctx, -EOPNOTSUPP, "engine: this kernel would never call a program, because bpf is not among "
				      "the active security modules (%s); boot with %s, or take the backend fmod_ret", list, line);
	if (*ret == KRSI_ENGINE_LSM)
		snprintf(why, size, "backend lsm: bpf is among the active security modules");
	else if (wanted == KRSI_ENGINE_FMOD_RET)
		snprintf(why, size, "backend fmod_ret: as it was asked for");
	else if (unknown)
		snprintf(why, size, "backend fmod_ret: whether bpf is among the active security modules cannot be told; mount securityfs");
	else
		snprintf(why, size, "backend fmod_ret: bpf is not among the active security modules (%s); boot with %s for the backend lsm", list, line);
	return 0;
}

/*
 * Whether processes can be preempted while they are in the kernel. /sys/kernel/debug/sched/preempt has the present one
 * of the ways in brackets: "none voluntary (full)". Who cannot read it expects the worse.
 */
static bool kernel_preempts(void)
{
	char text[128];

	if (krsi_priv_file_read(PREEMPTION, text, sizeof(text)) < 0)
		return true;
	return !strstr(text, "(none)") && !strstr(text, "(voluntary)");
}

bool krsi_priv_backend_copies(const struct krsi_engine *engine, const char *section)
{
	return engine->copies > 1 && (strncmp(section, "lsm/", 4) == 0 || strncmp(section, "fmod_ret/", 9) == 0);
}

int krsi_priv_backend_choose(struct krsi_engine *engine)
{
	char why[700];
	int err = krsi_priv_backend_check(engine->ctx, engine->opts.backend, &engine->backend, why, sizeof(why));
	bool weaker = engine->backend == KRSI_ENGINE_FMOD_RET && engine->opts.backend == KRSI_ENGINE_AUTO;

	engine->copies = engine->backend == KRSI_ENGINE_FMOD_RET && kernel_preempts() ? KRSI_PRIV_COPIES_MAX : 1;
	if (!err)
		krsi_priv_log(engine->ctx, weaker ? KRSI_LOG_WARN : KRSI_LOG_INFO, "engine: %s", why);
	return err;
}

/* Programs of this table that are written for one backend only say so; the others go with both. */
bool krsi_priv_backend_fits(const struct krsi_engine *engine, size_t i, const struct krsi_hook_info *hook)
{
	const struct krsi_priv_engine_program *program = &krsi_priv_engine_programs[i];

	if (program->backend && program->backend != engine->backend)
		return false;
	return engine->backend == KRSI_ENGINE_LSM || hook->function_fits;
}

int krsi_priv_backend_set(const struct krsi_engine *engine, struct krsi_object *object, const char *name)
{
	struct krsi_priv_program *program = krsi_priv_program_find(object, name);
	struct krsi_hook_info hook = { .sz = sizeof(hook) };
	size_t at;
	int err;

	if (!program)
		return -ENOENT;
	if (engine->backend == KRSI_ENGINE_LSM || program->kind != KRSI_PRIV_KIND_LSM)
		return 0;
	/* As krsi_object_set_program() would, with one list of hooks for all programs. */
	err = krsi_hooks_find(engine->kernel.hooks, program->target, &at);
	if (!err)
		err = krsi_hook_info(engine->kernel.hooks, at, &hook);
	if (!err && krsi_priv_program_on_function(program, hook.function, !hook.can_deny))
		err = krsi_priv_fail(engine->ctx, -ENOMEM, "engine: no memory for the target of %s", name);
	return err;
}
