/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attached.h"
#include "ctx.h"
#include "opts.h"

static bool is_on(const struct krsi_priv_attached *program, const char *hook)
{
	return strcmp(program->hook, hook) == 0;
}

static void program_clear(struct krsi_priv_attached *program)
{
	free(program->function);
	free(program->program);
	free(program->pin);
	free(program->owners);
}

/* Leave only those on one hook. */
static void hook_choose(struct krsi_attached *attached, const char *hook)
{
	size_t i, kept = 0;

	for (i = 0; i < attached->count; i++) {
		if (is_on(&attached->programs[i], hook))
			attached->programs[kept++] = attached->programs[i];
		else
			program_clear(&attached->programs[i]);
	}
	attached->count = kept;
}

/* By hook, and within it as the kernel asks: who came last first. */
static int order(const void *one, const void *other)
{
	const struct krsi_priv_attached *a = one, *b = other;
	int by_hook = strcmp(a->hook, b->hook);
	int by_function = strcmp(a->function, b->function);

	if (by_hook)
		return by_hook;
	return by_function ? by_function : (a->link_id < b->link_id) - (a->link_id > b->link_id);
}

int krsi_attached_new(struct krsi_ctx *ctx, const struct krsi_attached_opts *opts, struct krsi_attached **ret)
{
	struct krsi_attached *attached;
	struct krsi_attached_opts o;
	int err;

	if (!ctx || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_attached_new: an argument is NULL");
	err = KRSI_PRIV_OPTS_READ(ctx, &o, opts, "krsi_attached_opts");
	if (err)
		return err;
	attached = calloc(1, sizeof(*attached));
	if (!attached)
		return krsi_priv_fail(ctx, -ENOMEM, "attached programs: no memory");
	attached->ctx = krsi_priv_ctx_ref(ctx);
	err = krsi_priv_attached_read(attached, NULL);
	if (err)
		goto out;
	if (o.hook)
		hook_choose(attached, o.hook);
	err = krsi_priv_attached_owners(attached, "/proc");
	if (!err)
		err = krsi_priv_attached_pins(attached, "/proc/self/mounts");
	if (err) {
		krsi_priv_fail(ctx, err, "attached programs: no memory");
		goto out;
	}
	if (attached->count)
		qsort(attached->programs, attached->count, sizeof(*attached->programs), order);
	*ret = attached;
	return 0;
out:
	krsi_attached_free(attached);
	return err;
}

void krsi_priv_attached_clear(struct krsi_attached *attached)
{
	while (attached->count)
		program_clear(&attached->programs[--attached->count]);
	free(attached->programs);
	attached->programs = NULL;
	attached->capacity = 0;
}

void krsi_attached_free(struct krsi_attached *attached)
{
	if (!attached)
		return;
	krsi_priv_attached_clear(attached);
	krsi_ctx_free(attached->ctx);
	free(attached);
}

size_t krsi_attached_count(const struct krsi_attached *attached)
{
	return attached ? attached->count : 0;
}

/* `info` is the caller's struct, only looked at whether it is there. */
static int index_check(const struct krsi_attached *attached, size_t index, const void *info, const char *call)
{
	if (!attached || !info)
		return krsi_priv_fail(attached ? attached->ctx : NULL, -EINVAL, "%s: an argument is NULL", call);
	if (index >= attached->count)
		return krsi_priv_fail(attached->ctx, -ENOENT, "%s: there is no program %zu, only %zu of them", call, index, attached->count);
	return 0;
}

int krsi_attached_info(const struct krsi_attached *attached, size_t index, struct krsi_attached_info *info)
{
	struct krsi_attached_info mine = { .sz = sizeof(mine) };
	const struct krsi_priv_attached *program;
	int err = index_check(attached, index, info, "krsi_attached_info");

	if (err)
		return err;
	program = &attached->programs[index];
	mine.hook = program->hook;
	mine.way = program->way;
	mine.program = program->program;
	mine.pin = program->pin ? program->pin : "";
	mine.program_id = program->program_id;
	mine.link_id = program->link_id;
	mine.uid = program->uid;
	mine.engine = program->engine;
	mine.loaded = program->loaded;
	mine.runs = program->runs;
	mine.run_time = program->run_time;
	mine.missed = program->missed;
	mine.owner_count = (uint32_t)program->owner_count;
	return KRSI_PRIV_INFO_WRITE(attached->ctx, info, &mine, "krsi_attached_info");
}

int krsi_attached_owner(const struct krsi_attached *attached, size_t index, size_t owner,
			struct krsi_attached_owner_info *info)
{
	struct krsi_attached_owner_info mine = { .sz = sizeof(mine) };
	const struct krsi_priv_attached *program;
	int err = index_check(attached, index, info, "krsi_attached_owner");

	if (err)
		return err;
	program = &attached->programs[index];
	if (owner >= program->owner_count)
		return krsi_priv_fail(attached->ctx, -ENOENT, "krsi_attached_owner: program %zu has no owner %zu, only %zu of them", index,
				      owner, program->owner_count);
	mine.pid = program->owners[owner].pid;
	mine.holds_link = program->owners[owner].holds_link;
	mine.comm = program->owners[owner].comm;
	return KRSI_PRIV_INFO_WRITE(attached->ctx, info, &mine, "krsi_attached_owner_info");
}
