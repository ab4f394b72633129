/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "ctx.h"
#include "errors.h"
#include "hook.h"
#include "kernel_btf.h"
#include "object.h"
#include "text.h"

/* The kernel's own errno for "not supported", in no libc header. */
#define KERNEL_ENOTSUPP 524

#define LSM_PREFIX "bpf_lsm_"
#define TP_PREFIX "btf_trace_"
#define ITER_PREFIX "bpf_iter_"

/* Names that a kind of program can have as target: what they are called, where they stand in BTF. */
static const struct target_class {
	enum krsi_priv_kind kind;
	const char *word;
	const char *prefix;
	uint32_t btf_kind;
} target_classes[] = {
	{ KRSI_PRIV_KIND_LSM, "security hook", LSM_PREFIX, BTF_KIND_FUNC },
	{ KRSI_PRIV_KIND_LSM_CGROUP, "security hook", LSM_PREFIX, BTF_KIND_FUNC },
	{ KRSI_PRIV_KIND_FUNCTION, "kernel function", "", BTF_KIND_FUNC },
	{ KRSI_PRIV_KIND_TP_BTF, "tracepoint", TP_PREFIX, BTF_KIND_TYPEDEF },
	{ KRSI_PRIV_KIND_ITER, "iterator", ITER_PREFIX, BTF_KIND_FUNC },
};

struct btf *krsi_priv_kernel_btf(struct krsi_ctx *ctx)
{
	struct btf *btf = NULL;

	/* libbpf would look in other places too, and complain on stderr when it finds nothing. */
	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0)
		btf = btf__load_vmlinux_btf();
	if (!btf)
		krsi_priv_fail(ctx, -EOPNOTSUPP, "this kernel has no type information (/sys/kernel/btf/vmlinux); "
			       "it must be built with CONFIG_DEBUG_INFO_BTF=y");
	return btf;
}

static const struct target_class *class_find(enum krsi_priv_kind kind)
{
	size_t i;

	for (i = 0; i < sizeof(target_classes) / sizeof(target_classes[0]); i++)
		if (target_classes[i].kind == kind)
			return &target_classes[i];
	return NULL;
}

bool krsi_priv_target_exists(const struct btf *btf, enum krsi_priv_kind kind, const char *target)
{
	const struct target_class *class = class_find(kind);
	char name[256];	/* no function of the kernel is called by more */

	if (!class || (size_t)snprintf(name, sizeof(name), "%s%s", class->prefix, target) >= sizeof(name))
		return false;
	return btf__find_by_name_kind(btf, name, class->btf_kind) > 0;
}

/* One walk over a class of names, resumed where the last call stopped: names are asked for in order. */
struct walk {
	const struct btf *btf;
	const struct target_class *class;
	uint32_t id;
};

static const char *next_name(const void *list, size_t i)
{
	struct walk *walk = (struct walk *)list;
	size_t prefix = strlen(walk->class->prefix);
	const struct btf_type *type;
	const char *name;

	if (i == 0)
		walk->id = 0;
	while (++walk->id < btf__type_cnt(walk->btf)) {
		type = btf__type_by_id(walk->btf, walk->id);
		if (btf_kind(type) != walk->class->btf_kind)
			continue;
		name = btf__name_by_offset(walk->btf, type->name_off);
		if (strncmp(name, walk->class->prefix, prefix) == 0)
			return name + prefix;
	}
	return NULL;
}

static bool has_any(struct walk *walk)
{
	return next_name(walk, 0);
}

static bool has(struct walk *walk, const char *target)
{
	const char *name;
	size_t i;

	for (i = 0; (name = next_name(walk, i)); i++)
		if (strcmp(name, target) == 0)
			return true;
	return false;
}

static bool is_lsm(const struct krsi_priv_program *program)
{
	return program->kind == KRSI_PRIV_KIND_LSM || program->kind == KRSI_PRIV_KIND_LSM_CGROUP;
}

/* What BTF alone can say against a target; 0 when it has nothing against it. */
static int target_judge(struct krsi_ctx *ctx, struct walk *walk, const struct krsi_priv_program *program,
			const char *target)
{
	char hint[256] = "";

	if (is_lsm(program) && !has_any(walk))
		return krsi_priv_fail(ctx, -EOPNOTSUPP, "program %s: this kernel was built without the BPF security module (CONFIG_BPF_LSM)",
				      program->name);
	if (!*target)
		return krsi_priv_fail(ctx, -EINVAL, "program %s: section %s names no %s; set one before loading",
				      program->name, program->section, walk->class->word);
	if (has(walk, target))
		return 0;
	if (is_lsm(program))
		krsi_priv_hook_missing_explain(target, next_name, walk, hint, sizeof(hint));
	else
		krsi_priv_suggest(target, next_name, walk, hint, sizeof(hint));
	return krsi_priv_fail(ctx, -ENOENT, "program %s: this kernel has no %s %s%s", program->name, walk->class->word,
			      target, hint);
}

static bool means_unsupported(int err)
{
	return err == -EINVAL || err == -ENOENT || err == -ESRCH || err == -KERNEL_ENOTSUPP;
}

int krsi_priv_target_fail(struct krsi_ctx *ctx, int err, const struct krsi_priv_program *program,
			  const char *target)
{
	struct walk walk = { .class = class_find(program->kind) };
	struct btf *btf;
	int ret;

	btf = krsi_priv_kernel_btf(ctx);
	if (!btf)
		return -EOPNOTSUPP;
	walk.btf = btf;
	if (!walk.class) {
		ret = krsi_priv_fail(ctx, krsi_priv_error_close(err), "program %s: the kernel refused it: %s",
				     program->name, krsi_priv_errno_name(err));
	} else {
		ret = target_judge(ctx, &walk, program, target);
		if (!ret)
			ret = krsi_priv_fail(ctx, means_unsupported(err) ? -EOPNOTSUPP : krsi_priv_error_close(err),
					     "program %s: this kernel does not let it sit on the %s %s: %s", program->name,
					     walk.class->word, target, krsi_priv_errno_name(err));
	}
	btf__free(btf);
	return ret;
}

int krsi_priv_target_check(struct krsi_ctx *ctx, const struct krsi_priv_program *program,
			   const char *target)
{
	struct walk walk = { .class = class_find(program->kind) };
	struct btf *btf;
	int err;

	if (!walk.class || program->kind == KRSI_PRIV_KIND_FUNCTION)
		return 0;
	btf = krsi_priv_kernel_btf(ctx);
	if (!btf)
		return -EOPNOTSUPP;
	walk.btf = btf;
	err = target_judge(ctx, &walk, program, target);
	btf__free(btf);
	return err;
}
