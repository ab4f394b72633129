/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "caps.h"
#include "ctx.h"
#include "errors.h"
#include "hook.h"
#include "insn.h"
#include "kernel_btf.h"
#include "opts.h"
#include "text.h"

int krsi_hooks_new(struct krsi_ctx *ctx, const struct krsi_hooks_opts *opts, struct krsi_hooks **ret)
{
	struct krsi_hooks_opts o;
	struct krsi_hooks *hooks;
	struct btf *btf;
	int err;

	if (!ctx || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_hooks_new: an argument is NULL");
	err = KRSI_PRIV_OPTS_READ(ctx, &o, opts, "krsi_hooks_opts");
	if (err)
		return err;
	hooks = calloc(1, sizeof(*hooks));
	if (!hooks)
		return krsi_priv_fail(ctx, -ENOMEM, "hooks: no memory");
	hooks->ctx = krsi_priv_ctx_ref(ctx);
	hooks->running = !o.btf_path;

	err = -EOPNOTSUPP;
	btf = o.btf_path ? krsi_priv_btf_open(ctx, o.btf_path, &err) : krsi_priv_kernel_btf(ctx);
	if (btf)
		err = krsi_priv_hooks_read(hooks, btf, o.btf_path ? o.btf_path : "the running kernel");
	btf__free(btf);
	if (err) {
		krsi_hooks_free(hooks);
		return err;
	}
	*ret = hooks;
	return 0;
}

static void hook_clear(struct krsi_priv_hook *hook)
{
	uint32_t i;

	for (i = 0; hook->args && i < hook->arg_count; i++) {
		free(hook->args[i].name);
		free(hook->args[i].type);
	}
	free(hook->args);
	free(hook->function);
	free(hook->prototype);
	free(hook->name);
}

void krsi_hooks_free(struct krsi_hooks *hooks)
{
	size_t i;

	if (!hooks)
		return;
	for (i = 0; i < hooks->count; i++)
		hook_clear(&hooks->hooks[i]);
	free(hooks->hooks);
	krsi_ctx_free(hooks->ctx);
	free(hooks);
}

size_t krsi_hooks_count(const struct krsi_hooks *hooks)
{
	return hooks ? hooks->count : 0;
}

const char *krsi_priv_hook_name(const void *list, size_t i)
{
	const struct krsi_hooks *hooks = list;

	return i < hooks->count ? hooks->hooks[i].name : NULL;
}

static int name_order(const void *name, const void *hook)
{
	return strcmp(name, ((const struct krsi_priv_hook *)hook)->name);
}

int krsi_hooks_find(const struct krsi_hooks *hooks, const char *name, size_t *index)
{
	const struct krsi_priv_hook *hook;
	char hint[256];

	if (!hooks || !name)
		return krsi_priv_fail(hooks ? hooks->ctx : NULL, -EINVAL, "krsi_hooks_find: an argument is NULL");
	hook = bsearch(name, hooks->hooks, hooks->count, sizeof(*hook), name_order);
	if (!hook) {
		krsi_priv_hook_missing_explain(name, krsi_priv_hook_name, hooks, hint, sizeof(hint));
		return krsi_priv_fail(hooks->ctx, -ENOENT, "hook %s: this kernel has no such hook%s", name, hint);
	}
	if (index)
		*index = (size_t)(hook - hooks->hooks);
	return 0;
}

/* `info` is the caller's struct, only looked at whether it is there. */
static int hook_check(const struct krsi_hooks *hooks, size_t index, const void *info, const char *call)
{
	if (!hooks || !info)
		return krsi_priv_fail(hooks ? hooks->ctx : NULL, -EINVAL, "%s: an argument is NULL", call);
	if (index >= hooks->count)
		return krsi_priv_fail(hooks->ctx, -ENOENT, "%s: there is no hook %zu, only 0 to %zu", call, index,
				      hooks->count - 1);
	return 0;
}

int krsi_hook_info(const struct krsi_hooks *hooks, size_t index, struct krsi_hook_info *info)
{
	const struct krsi_priv_hook *hook;
	struct krsi_hook_info mine = { .sz = sizeof(mine) };
	int err;

	err = hook_check(hooks, index, info, "krsi_hook_info");
	if (err)
		return err;
	hook = &hooks->hooks[index];
	mine.name = hook->name;
	mine.prototype = hook->prototype;
	mine.arg_count = hook->arg_count;
	mine.can_deny = hook->can_deny;
	mine.function = hook->function ? hook->function : "";
	mine.function_fits = hook->function_fits;
	return KRSI_PRIV_INFO_WRITE(hooks->ctx, info, &mine, "krsi_hook_info");
}

int krsi_hook_arg(const struct krsi_hooks *hooks, size_t index, size_t arg,
		  struct krsi_hook_arg_info *info)
{
	const struct krsi_priv_hook *hook;
	struct krsi_hook_arg_info mine = { .sz = sizeof(mine) };
	int err;

	err = hook_check(hooks, index, info, "krsi_hook_arg");
	if (err)
		return err;
	hook = &hooks->hooks[index];
	if (arg >= hook->arg_count)
		return krsi_priv_fail(hooks->ctx, -ENOENT, "hook %s: there is no argument %zu; %s", hook->name, arg,
				      hook->prototype);
	mine.name = hook->args[arg].name;
	mine.type = hook->args[arg].type;
	return KRSI_PRIV_INFO_WRITE(hooks->ctx, info, &mine, "krsi_hook_arg_info");
}

/* Load a program that does nothing but return `verdict`. 0 or the negative errno. */
static int try_load(enum bpf_prog_type type, enum bpf_attach_type attach_type, uint32_t flags,
		    uint32_t btf_id, int verdict)
{
	const struct bpf_insn insns[] = {
		INSN_SET(BPF_REG_0, verdict),
		INSN_RETURN(),
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		.expected_attach_type = attach_type,
		.prog_flags = flags,
		.attach_btf_id = btf_id);
	int fd;

	if (!btf_id)
		return -ENOENT;
	fd = bpf_prog_load(type, "krsi_hook_try", "Dual BSD/GPL", insns, INSN_COUNT(insns), &opts);
	if (fd == -524)		/* ENOTSUPP has no name outside of the kernel */
		return -EOPNOTSUPP;
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int krsi_hook_try(const struct krsi_hooks *hooks, size_t index, struct krsi_hook_support_info *support)
{
	struct krsi_hook_support_info mine = { .sz = sizeof(mine) };
	const struct krsi_priv_hook *hook;
	char why[256];
	int err;

	err = hook_check(hooks, index, support, "krsi_hook_try");
	if (err)
		return err;
	hook = &hooks->hooks[index];
	if (!hooks->running)
		return krsi_priv_fail(hooks->ctx, -EBADFD, "hook %s: the list was read from a file, and only the running kernel can be tried; "
				      "make a list without btf_path", hook->name);
	mine.lsm = try_load(BPF_PROG_TYPE_LSM, BPF_LSM_MAC, 0, hook->lsm_id, 0);
	if (mine.lsm == -EPERM) {
		/* Privilege is judged before the hook is looked at, so the other ways would say the same. */
		krsi_priv_eperm_explain(why, sizeof(why));
		return krsi_priv_fail(hooks->ctx, -EPERM, "hook %s: this process may not load BPF programs: %s", hook->name, why);
	}
	mine.lsm_sleepable = try_load(BPF_PROG_TYPE_LSM, BPF_LSM_MAC, BPF_F_SLEEPABLE, hook->lsm_id, 0);
	/* For a cgroup 1 is "go on"; the verifier refuses anything else on a void hook. */
	mine.lsm_cgroup = try_load(BPF_PROG_TYPE_LSM, BPF_LSM_CGROUP, 0, hook->lsm_id, 1);
	mine.fmod_ret = try_load(BPF_PROG_TYPE_TRACING, BPF_MODIFY_RETURN, 0, hook->security_id, 0);
	return KRSI_PRIV_INFO_WRITE(hooks->ctx, support, &mine, "krsi_hook_support_info");
}
