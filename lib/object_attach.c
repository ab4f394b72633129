/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Putting loaded programs on their hooks, and taking them off. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "caps.h"
#include "ctx.h"
#include "errors.h"
#include "holders.h"
#include "lsm_list.h"
#include "object.h"
#include "opts.h"
#include "text.h"

/* The kernel's own errno for "no such thing here", in no libc header. */
#define KERNEL_ENOTSUPP 524

/* A program that was detached can be attached again (commit f3a95075549e). */
#define ATTACHED_AGAIN_SINCE KRSI_PRIV_KERNEL(5, 13)

/*
 * Attaching an lsm program succeeds on a kernel that was booted without bpf in its list, and then
 * nothing ever calls the program: a policy that does nothing. Where the list cannot be read the
 * program is attached: refusing then would be a guess too.
 */
static int lsm_active_check(struct krsi_object *object, const struct krsi_priv_program *program)
{
	char list[256], line[300];

	if (krsi_priv_lsm_list(list, sizeof(list)) < 0) {
		krsi_priv_log(object->ctx, KRSI_LOG_WARN,
			      "program %s: cannot tell whether the kernel will call it: /sys/kernel/security/lsm cannot be read; mount securityfs",
			      program->name);
		return 0;
	}
	if (krsi_priv_lsm_list_has(list, "bpf"))
		return 0;
	krsi_priv_lsm_boot_line(list, line, sizeof(line));
	return krsi_priv_fail(object->ctx, -EOPNOTSUPP,
			      "program %s: the kernel would never call it, because bpf is not among the active security modules (%s); boot with %s, or attach it with KRSI_PROGRAM_FMOD_RET",
			      program->name, list, line);
}

static bool is_on_function(const struct krsi_priv_program *program)
{
	return program->kind == KRSI_PRIV_KIND_LSM || program->kind == KRSI_PRIV_KIND_LSM_CGROUP ||
	       program->kind == KRSI_PRIV_KIND_FUNCTION;
}

/* Programs on a kernel function are listed by it; those of tracepoints and the like are not. */
static int full_fail(struct krsi_object *object, const struct krsi_priv_program *program, const char *target)
{
	char function[256], holders[1024];

	if (!is_on_function(program))
		return krsi_priv_fail(object->ctx, -EUSERS, "program %s: %s holds as many programs as the kernel allows; detach one of another product",
				      program->name, target);
	snprintf(function, sizeof(function), "%s%s", program->kind == KRSI_PRIV_KIND_FUNCTION ? "" : "bpf_lsm_", target);
	krsi_priv_holders_explain(function, holders, sizeof(holders));
	return krsi_priv_fail(object->ctx, -EUSERS, "program %s: %s holds as many programs as the kernel allows (%s); detach one of them",
			      program->name, target, holders);
}

static int busy_fail(struct krsi_object *object, const struct krsi_priv_program *program, const char *target)
{
	char holder[512];

	krsi_priv_holders_of_program(program->id, holder, sizeof(holder));
	if (*holder)
		return krsi_priv_fail(object->ctx, -EBUSY, "program %s: it is attached to %s already, and held there by %s; end that, or load the object once more",
				      program->name, target, holder);
	return krsi_priv_fail(object->ctx, -EBUSY, "program %s: somebody else holds %s in a way that excludes others: a live patch, "
			      "a direct call of another tracer, or a program that replaces it", program->name, target);
}

static int attach_fail(struct krsi_object *object, const struct krsi_priv_program *program, int err)
{
	const char *name = program->name, *target = *program->target ? program->target : program->section;
	char why[512];

	switch (err) {
	case -E2BIG:
		return full_fail(object, program, target);
	case -KERNEL_ENOTSUPP:
		return krsi_priv_fail(object->ctx, -EOPNOTSUPP, "program %s: this kernel has no BPF trampolines on this processor, "
				      "or was built without dynamic function tracing (CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)", name);
	case -EPERM:
		krsi_priv_eperm_explain(why, sizeof(why));
		return krsi_priv_fail(object->ctx, -EPERM, "program %s: the kernel does not permit attaching it to %s: %s", name, target, why);
	case -EBUSY:
		return busy_fail(object, program, target);
	case -ENOENT:
		if (is_on_function(program) && krsi_priv_kernel_version() < ATTACHED_AGAIN_SINCE)
			return krsi_priv_fail(object->ctx, -EOPNOTSUPP, "program %s: cannot be attached to %s; before Linux 5.13 a program is attached once "
					      "and never again, so load the object once more", name, target);
		break;
	case -EBADF:
		if (program->kind == KRSI_PRIV_KIND_LSM_CGROUP)
			return krsi_priv_fail(object->ctx, -EINVAL, "program %s: krsi_attach_opts.cgroup_fd is no descriptor of a cgroup's directory; "
					      "open one below a mount of cgroup2, such as /sys/fs/cgroup", name);
		break;
	}
	return krsi_priv_fail(object->ctx, krsi_priv_error_close(err), "program %s: cannot be attached to %s: %s", name, target,
			      krsi_priv_errno_name(err));
}

static struct bpf_link *tracepoint_attach(const struct bpf_program *bpf, const char *target)
{
	const char *slash = strchr(target, '/');
	struct bpf_link *link;
	char *category;

	category = slash ? strndup(target, (size_t)(slash - target)) : NULL;
	if (!category) {
		errno = slash ? ENOMEM : EINVAL;
		return NULL;
	}
	link = bpf_program__attach_tracepoint(bpf, category, slash + 1);
	free(category);
	return link;
}

static struct bpf_link *link_make(const struct bpf_program *bpf, const struct krsi_priv_program *program,
				  int cgroup_fd)
{
	if (program->kind == KRSI_PRIV_KIND_LSM_CGROUP)
		return bpf_program__attach_cgroup(bpf, cgroup_fd);
	if (program->hook)
		return bpf_program__attach_trace(bpf);	/* its section says lsm */
	if (!program->retargeted)
		return bpf_program__attach(bpf);
	switch (program->kind) {
	case KRSI_PRIV_KIND_KPROBE:
		return bpf_program__attach_kprobe(bpf, false, program->target);
	case KRSI_PRIV_KIND_KRETPROBE:
		return bpf_program__attach_kprobe(bpf, true, program->target);
	case KRSI_PRIV_KIND_TRACEPOINT:
		return tracepoint_attach(bpf, program->target);
	case KRSI_PRIV_KIND_RAW_TP:
		return bpf_program__attach_raw_tracepoint(bpf, program->target);
	default:	/* the target went into the program when it was loaded */
		return bpf_program__attach(bpf);
	}
}

static const char *left_alone_reason(const struct bpf_program *bpf)
{
	if (bpf_program__type(bpf) == BPF_PROG_TYPE_STRUCT_OPS)
		return "it belongs to a struct_ops map, which libkrsi does not register; bpf_map__attach_struct_ops() does";
	return "its section does not say where to attach it; use its descriptor";
}

/* 0 when it is attached, or when its section has no place to attach to, which is noted. */
static int program_attach(struct krsi_object *object, struct krsi_priv_program *program,
			  int cgroup_fd)
{
	const struct bpf_program *bpf = krsi_priv_program_bpf(object, program);
	int err = 0;

	if (program->kind == KRSI_PRIV_KIND_LSM || program->kind == KRSI_PRIV_KIND_LSM_CGROUP)
		err = lsm_active_check(object, program);
	if (!err && program->kind == KRSI_PRIV_KIND_LSM_CGROUP && cgroup_fd <= 0)
		err = krsi_priv_fail(object->ctx, -EINVAL, "program %s: an lsm_cgroup program needs krsi_attach_opts.cgroup_fd, "
				     "a descriptor of a cgroup's directory", program->name);
	if (err)
		goto refused;

	program->link = link_make(bpf, program, cgroup_fd);
	if (program->link) {
		krsi_priv_program_set(program, KRSI_PROGRAM_ATTACHED, 0, NULL, NULL);
		krsi_priv_log(object->ctx, KRSI_LOG_INFO, "program %s: attached to %s", program->name,
			      *program->target ? program->target : program->section);
		return 0;
	}
	err = errno ? -errno : -EIO;
	if (err == -EOPNOTSUPP && (program->kind == KRSI_PRIV_KIND_OTHER || !*program->target)) {
		krsi_priv_program_set(program, KRSI_PROGRAM_LOADED, 0, left_alone_reason(bpf), NULL);
		return 0;
	}
	err = attach_fail(object, program, err);
refused:
	krsi_priv_program_set(program, KRSI_PROGRAM_REFUSED, err, krsi_ctx_error_detail(object->ctx), NULL);
	return err;
}

void krsi_priv_program_detach(struct krsi_priv_program *program)
{
	int fd;

	if (!program->link)
		return;
	if (program->pinned) {
		/* Links of perf events switch their event off when they are destroyed, pinned or not. */
		fd = bpf_link__fd(program->link);
		bpf_link__disconnect(program->link);
		bpf_link__destroy(program->link);
		close(fd);
	} else {
		bpf_link__destroy(program->link);
	}
	program->link = NULL;
	program->pinned = false;
	krsi_priv_program_set(program, KRSI_PROGRAM_LOADED, 0, NULL, NULL);
}

static int opts_read(struct krsi_object *object, const struct krsi_attach_opts *opts,
		     struct krsi_attach_opts *o)
{
	int err = KRSI_PRIV_OPTS_READ(object->ctx, o, opts, "krsi_attach_opts");

	if (err)
		return err;
	if (o->reserved)
		return krsi_priv_fail(object->ctx, -EINVAL, "krsi_attach_opts: reserved must be 0");
	if (!object->loaded)
		return krsi_priv_fail(object->ctx, -EBADFD, "object %s: load it before attaching it", object->name);
	return 0;
}

/* Undo what one call attached; `was` tells what had been attached before it. */
static void attached_undo(struct krsi_object *object, const char *was)
{
	size_t i;

	for (i = 0; i < object->program_count; i++)
		if (!was[i])
			krsi_priv_program_detach(&object->programs[i]);
}

/* Whether an attempt to attach makes sense: it is in the kernel, and called by nobody. */
static bool attachable(const struct krsi_object *object, const struct krsi_priv_program *program)
{
	return !program->link && bpf_program__fd(krsi_priv_program_bpf(object, program)) >= 0;
}

int krsi_object_attach(struct krsi_object *object, const struct krsi_attach_opts *opts)
{
	size_t i, tried = 0;
	struct krsi_attach_opts o;
	char *was;
	int err;

	if (!object)
		return -EINVAL;
	err = opts_read(object, opts, &o);
	if (err)
		return err;
	was = calloc(object->program_count + 1, 1);
	if (!was)
		return krsi_priv_fail(object->ctx, -ENOMEM, "object %s: no memory to attach it", object->name);
	for (i = 0; i < object->program_count; i++)
		was[i] = object->programs[i].link != NULL;
	for (i = 0; i < object->program_count && !err; i++) {
		struct krsi_priv_program *program = &object->programs[i];

		if (!attachable(object, program))
			continue;
		tried++;
		err = program_attach(object, program, o.cgroup_fd);
		if (program->flags & KRSI_PROGRAM_OPTIONAL)
			err = 0;
	}
	if (err)
		attached_undo(object, was);
	else if (!tried)
		err = krsi_priv_fail(object->ctx, -EALREADY, "object %s: it has no program left to attach", object->name);
	free(was);
	return err;
}

int krsi_object_attach_program(struct krsi_object *object, const char *name,
			       const struct krsi_attach_opts *opts)
{
	struct krsi_priv_program *program;
	struct krsi_attach_opts o;
	int err;

	if (!object || !name)
		return krsi_priv_fail(object ? object->ctx : NULL, -EINVAL, "krsi_object_attach_program: an argument is NULL");
	err = opts_read(object, opts, &o);
	if (err)
		return err;
	program = krsi_priv_program_find(object, name);
	if (!program)
		return -ENOENT;
	if (program->link)
		return krsi_priv_fail(object->ctx, -EALREADY, "program %s: it is attached already", name);
	if (!attachable(object, program))
		return krsi_priv_fail(object->ctx, -EBADFD, "program %s: it was not loaded%s%s", name,
				      program->reason ? ": " : "", program->reason ? program->reason : "");
	err = program_attach(object, program, o.cgroup_fd);
	if (!err && !program->link)
		return krsi_priv_fail(object->ctx, -EOPNOTSUPP, "program %s: %s", name, program->reason ? program->reason : "not attached");
	return err;
}

int krsi_object_detach(struct krsi_object *object)
{
	size_t i, detached = 0;

	if (!object)
		return -EINVAL;
	for (i = 0; i < object->program_count; i++) {
		detached += object->programs[i].link != NULL;
		krsi_priv_program_detach(&object->programs[i]);
	}
	if (!detached)
		return krsi_priv_fail(object->ctx, -EALREADY, "object %s: none of its programs is attached", object->name);
	krsi_priv_log(object->ctx, KRSI_LOG_INFO, "object %s: detached", object->name);
	return 0;
}

int krsi_object_detach_program(struct krsi_object *object, const char *name)
{
	struct krsi_priv_program *program;

	if (!object || !name)
		return krsi_priv_fail(object ? object->ctx : NULL, -EINVAL, "krsi_object_detach_program: an argument is NULL");
	program = krsi_priv_program_find(object, name);
	if (!program)
		return -ENOENT;
	if (!program->link)
		return krsi_priv_fail(object->ctx, -EALREADY, "program %s: it is not attached", name);
	krsi_priv_program_detach(program);
	return 0;
}

int krsi_object_program_fd(const struct krsi_object *object, const char *name, int *fd)
{
	struct krsi_priv_program *program;
	int found;

	if (!object || !name || !fd)
		return -EINVAL;
	program = krsi_priv_program_find(object, name);
	if (!program)
		return -ENOENT;
	found = bpf_program__fd(krsi_priv_program_bpf(object, program));
	if (found < 0)
		return krsi_priv_fail(object->ctx, -EBADFD, "program %s: it is not loaded", name);
	*fd = found;
	return 0;
}

int krsi_object_link_fd(const struct krsi_object *object, const char *name, int *fd)
{
	struct krsi_priv_program *program;
	int found;

	if (!object || !name || !fd)
		return -EINVAL;
	program = krsi_priv_program_find(object, name);
	if (!program)
		return -ENOENT;
	if (!program->link)
		return krsi_priv_fail(object->ctx, -EBADFD, "program %s: it is not attached", name);
	found = bpf_link__fd(program->link);
	if (found < 0)
		return krsi_priv_fail(object->ctx, -EOPNOTSUPP, "program %s: it is attached without a link", name);
	*fd = found;
	return 0;
}

int krsi_object_open_iter(const struct krsi_object *object, const char *name, int *fd)
{
	struct krsi_priv_program *program;
	int link, found, err;

	if (!fd)
		return -EINVAL;
	err = krsi_object_link_fd(object, name, &link);
	if (err)
		return err;
	program = krsi_priv_program_find(object, name);
	if (program->kind != KRSI_PRIV_KIND_ITER)
		return krsi_priv_fail(object->ctx, -EINVAL, "program %s: it is no iterator", name);
	found = bpf_iter_create(link);
	if (found < 0)
		return krsi_priv_fail(object->ctx, krsi_priv_error_close(-errno), "iterator %s: cannot be opened: %s", name,
				      krsi_priv_errno_name(errno));
	*fd = found;
	return 0;
}
