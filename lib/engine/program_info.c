/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the kernel tells of an engine's programs. */
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <libkrsi/object.h>

#include "../ctx.h"
#include "../opts.h"
#include "engine.h"
#include "programs.h"

/* Number in the table of the attached program number `index`; the table's end: there is none. */
static size_t attached_find(const struct krsi_engine *engine, size_t index)
{
	size_t i;

	for (i = 0; engine && i < krsi_priv_engine_program_count; i++)
		if (engine->kernel.links[i].attached && index-- == 0)
			return i;
	return krsi_priv_engine_program_count;
}

const char *krsi_engine_program(const struct krsi_engine *engine, size_t index)
{
	size_t i = attached_find(engine, index);

	return i < krsi_priv_engine_program_count ? krsi_priv_engine_programs[i].name : NULL;
}

static int program_told(const struct krsi_engine *engine, const struct krsi_object *object, const char *name, struct bpf_prog_info *told)
{
	uint32_t size = sizeof(*told);
	int fd, err = krsi_object_program_fd(object, name, &fd);

	if (err)
		return err;
	memset(told, 0, sizeof(*told));
	if (bpf_obj_get_info_by_fd(fd, told, &size))
		return krsi_priv_fail(engine->ctx, -EIO, "krsi_engine_program_info: the kernel does not tell of program %s: %s", name, strerror(errno));
	return 0;
}

int krsi_engine_program_info(const struct krsi_engine *engine, size_t index, struct krsi_engine_program_info *info)
{
	struct krsi_engine_program_info have = { .sz = sizeof(have) };
	const struct krsi_priv_engine_link *link;
	size_t i = attached_find(engine, index);
	struct bpf_prog_info told;
	int err;

	if (!engine || !info)
		return krsi_priv_fail(engine ? engine->ctx : NULL, -EINVAL, "krsi_engine_program_info: an argument is NULL");
	if (i == krsi_priv_engine_program_count)
		return krsi_priv_fail(engine->ctx, -ENOENT, "krsi_engine_program_info: less than %zu programs are attached", index + 1);
	have.name = krsi_priv_engine_programs[i].name;
	link = &engine->kernel.links[i];
	err = program_told(engine, link->object, have.name, &told);
	if (err)
		return err;
	have.id = told.id;
	have.runs = told.run_cnt;
	have.run_time = told.run_time_ns;
	have.missed = told.recursion_misses;
	if (link->copied) {
		err = program_told(engine, link->copy, have.name, &told);
		if (err)
			return err;
		have.run_time += told.run_time_ns;
		if (told.recursion_misses < have.missed)
			have.missed = told.recursion_misses;
	}
	return KRSI_PRIV_INFO_WRITE(engine->ctx, info, &have, "krsi_engine_program_info");
}
