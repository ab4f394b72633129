/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which build of the engine's programs is loaded. bpf/engine_audit.bpf.c writes audit records, where the kernel has a
 * function for that (audit_kernel.c). bpf/engine_old.bpf.c is for Linux 5.10 and 5.11, which have
 * neither task storage nor atomic instructions but an addition.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>
#include <libkrsi/object.h>

#include "../kernel_btf.h"
#include "../text.h"
#include "engine.h"
#include "engine.skel.h"
#include "engine_audit.skel.h"
#include "engine_old.skel.h"
#include "programs.h"

/* Whether the enumeration is there, and the value is not one of it. */
static bool lacks_value(const struct btf *btf, const char *enumeration, const char *value)
{
	int id = btf__find_by_name_kind(btf, enumeration, BTF_KIND_ENUM);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	uint32_t i;

	for (i = 0; type && i < btf_vlen(type); i++)
		if (strcmp(btf__name_by_offset(btf, btf_enum(type)[i].name_off), value) == 0)
			return false;
	return type != NULL;
}

/* Of the instructions the type information tells nothing; this function came with them. */
void krsi_priv_variant_choose(struct krsi_engine *engine)
{
	struct btf *btf = krsi_priv_kernel_btf(engine->ctx);

	engine->is_old = btf && lacks_value(btf, "bpf_func_id", "BPF_FUNC_check_mtu");
	btf__free(btf);
	if (engine->is_old) {
		engine->copies = 1;	/* there no program is left out */
		engine->duties |= KRSI_PRIV_DUTY_FORGET;
	}
}

const void *krsi_priv_variant_programs(const struct krsi_engine *engine, bool audits, size_t *size)
{
	if (audits)
		return engine_audit_bpf__elf_bytes(size);
	return engine->is_old ? engine_old_bpf__elf_bytes(size) : engine_bpf__elf_bytes(size);
}

static uint32_t number_at_most(const char *path, uint32_t most)
{
	char text[32];
	unsigned long number;

	if (krsi_priv_file_read(path, text, sizeof(text)) < 0)
		return most;
	number = strtoul(text, NULL, 10);
	return number > 0 && number < most ? (uint32_t)number : most;
}

/* As many threads as there can be. The kernel allocates for each when it is there, and 16 bytes for its place before. */
int krsi_priv_variant_size(const struct krsi_engine *engine, struct krsi_object *object)
{
	uint32_t threads;

	if (!engine->is_old)
		return 0;
	threads = number_at_most("/proc/sys/kernel/threads-max", 1U << 22);
	threads = number_at_most("/proc/sys/kernel/pid_max", threads);
	return krsi_object_set_map_size(object, "processes", threads);
}
