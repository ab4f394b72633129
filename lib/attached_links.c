/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the kernel tells of links and of the programs behind them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "attached.h"
#include "caps.h"
#include "ctx.h"
#include "errors.h"
#include "hook.h"
#include "kernel_btf.h"

#define LSM_PREFIX "bpf_lsm_"
#define SECURITY_PREFIX "security_"
#define MAPS_MAX 64	/* of a program that are looked at */

/* The map by which the programs of lib/engine/ are known: its object is called "krsi" there. */
#define ENGINE_MAP "krsi.bss"

/* The hook whose function this is: "file_open" of "bpf_lsm_file_open" and of "security_file_open"; "" when it is of none. */
static void hook_find(const char *function, char *hook, size_t size)
{
	hook[0] = '\0';
	if (strncmp(function, LSM_PREFIX, strlen(LSM_PREFIX)) == 0)
		snprintf(hook, size, "%s", function + strlen(LSM_PREFIX));
	else if (strncmp(function, SECURITY_PREFIX, strlen(SECURITY_PREFIX)) == 0)
		krsi_priv_hook_of_function(function + strlen(SECURITY_PREFIX), hook, size);
}

static const char *way_name(uint32_t attach_type)
{
	switch (attach_type) {
	case BPF_LSM_MAC:
		return "lsm";
	case BPF_LSM_CGROUP:
		return "lsm_cgroup";
	case BPF_MODIFY_RETURN:
		return "fmod_ret";
	case BPF_TRACE_FENTRY:
		return "fentry";
	case BPF_TRACE_FEXIT:
		return "fexit";
	default:
		return NULL;
	}
}

/* The number that the kernel's own types have among the BTF objects; 0 when it does not tell. */
static uint32_t kernel_btf_id(void)
{
	struct bpf_btf_info info;
	uint32_t id = 0, size;
	char name[16];
	int fd, err;

	while (bpf_btf_get_next_id(id, &id) == 0) {
		fd = bpf_btf_get_fd_by_id(id);
		if (fd < 0)
			continue;
		memset(&info, 0, sizeof(info));
		info.name = (uintptr_t)name;
		info.name_len = sizeof(name);
		size = sizeof(info);
		name[0] = '\0';
		err = bpf_obj_get_info_by_fd(fd, &info, &size);
		close(fd);
		if (!err && info.kernel_btf && strcmp(name, "vmlinux") == 0)
			return id;
	}
	return 0;
}

static bool is_engines(const uint32_t *maps, uint32_t count)
{
	struct bpf_map_info info;
	uint32_t i, size;
	int fd, err;

	for (i = 0; i < count && i < MAPS_MAX; i++) {
		fd = bpf_map_get_fd_by_id(maps[i]);
		if (fd < 0)
			continue;
		memset(&info, 0, sizeof(info));
		size = sizeof(info);
		err = bpf_obj_get_info_by_fd(fd, &info, &size);
		close(fd);
		if (!err && strcmp(info.name, ENGINE_MAP) == 0)
			return true;
	}
	return false;
}

/* The name that a program's own types have for its function; NULL: they do not tell. To free. */
static char *long_name_find(uint32_t btf_id, uint32_t function)
{
	struct btf *btf = btf_id && function ? btf__load_from_kernel_by_id(btf_id) : NULL;
	const struct btf_type *type = btf ? btf__type_by_id(btf, function) : NULL;
	const char *name = type ? btf__name_by_offset(btf, type->name_off) : NULL;
	char *copy = name && *name ? strdup(name) : NULL;

	btf__free(btf);
	return copy;
}

/* The kernel cuts a name to 15 letters, so one that is so long may have been longer. To free; NULL: no memory. */
static char *name_find(const struct bpf_prog_info *info, uint32_t function)
{
	size_t length = strnlen(info->name, sizeof(info->name));
	char *name = length == sizeof(info->name) - 1 ? long_name_find(info->btf_id, function) : NULL;

	return name ? name : strndup(info->name, length);
}

static int program_info(uint32_t id, struct bpf_prog_info *info, struct bpf_func_info *function, uint32_t *maps)
{
	uint32_t size = sizeof(*info);
	int fd, err;

	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return fd;
	memset(info, 0, sizeof(*info));
	info->nr_func_info = 1;
	info->func_info_rec_size = sizeof(*function);
	info->func_info = (uintptr_t)function;
	info->nr_map_ids = MAPS_MAX;
	info->map_ids = (uintptr_t)maps;
	err = bpf_obj_get_info_by_fd(fd, info, &size);
	close(fd);
	return err;
}

/* The kernel function that a program sits on; "" when the kernel does not tell, NULL when it is none of its own. */
static const char *function_find(const struct btf *btf, uint32_t btf_id, const struct bpf_link_info *link,
				 const struct bpf_prog_info *program)
{
	uint32_t object = program->attach_btf_obj_id, id = program->attach_btf_id;	/* Linux 5.19 */
	const struct btf_type *type;

	if (!id && link->type == BPF_LINK_TYPE_TRACING) {
		object = link->tracing.target_obj_id;					/* Linux 5.13 */
		id = link->tracing.target_btf_id;
	}
	if (!id)
		return "";
	if (object != btf_id)
		return NULL;
	type = btf__type_by_id(btf, id);
	return type ? btf__name_by_offset(btf, type->name_off) : NULL;
}

static int list_add(struct krsi_attached *attached, const struct krsi_priv_attached *program)
{
	size_t capacity = attached->capacity ? 2 * attached->capacity : 16;
	struct krsi_priv_attached *more;

	if (attached->count == attached->capacity) {
		more = realloc(attached->programs, capacity * sizeof(*more));
		if (!more)
			return -ENOMEM;
		attached->programs = more;
		attached->capacity = capacity;
	}
	attached->programs[attached->count++] = *program;
	return 0;
}

/* What is wanted, and the kernel's types to know it by. */
struct search {
	struct krsi_attached *attached;
	const char *function;	/* NULL: any one of a hook */
	struct btf *btf;
	uint32_t btf_id;
};

static bool wanted(const struct search *search, const char *function, const char *hook, const char *way)
{
	if (search->function)
		return strcmp(function, search->function) == 0;
	/* One that the kernel does not name may be anywhere, unless it is an lsm program. */
	return *function ? *hook != '\0' : strncmp(way, "lsm", 3) == 0;
}

static int program_add(const struct search *search, const struct bpf_link_info *link, const char *way)
{
	struct krsi_priv_attached program = { .way = way, .link_id = link->id, .program_id = link->prog_id };
	struct bpf_func_info first = { 0 };
	uint32_t maps[MAPS_MAX];
	struct bpf_prog_info info;
	const char *function;
	int err;

	if (program_info(link->prog_id, &info, &first, maps))
		return 0;	/* it has gone meanwhile */
	function = function_find(search->btf, search->btf_id, link, &info);
	if (!function)
		return 0;
	hook_find(function, program.hook, sizeof(program.hook));
	if (!wanted(search, function, program.hook, way))
		return 0;
	program.function = strdup(function);
	program.program = name_find(&info, first.type_id);
	program.uid = info.created_by_uid;
	program.loaded = info.load_time;
	program.runs = info.run_cnt;
	program.run_time = info.run_time_ns;
	program.missed = info.recursion_misses;
	program.engine = is_engines(maps, info.nr_map_ids);
	err = program.function && program.program ? list_add(search->attached, &program) : -ENOMEM;
	if (err) {
		free(program.function);
		free(program.program);
	}
	return err;
}

static int link_look(const struct search *search, uint32_t id)
{
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);
	const char *way = NULL;
	int fd, err;

	fd = bpf_link_get_fd_by_id(id);
	if (fd < 0)
		return fd == -EPERM ? fd : 0;	/* else it has gone meanwhile */
	err = bpf_obj_get_info_by_fd(fd, &info, &size);
	close(fd);
	if (err)
		return 0;
	if (info.type == BPF_LINK_TYPE_TRACING)
		way = way_name(info.tracing.attach_type);
	else if (info.type == BPF_LINK_TYPE_CGROUP && info.cgroup.attach_type == BPF_LSM_CGROUP)
		way = way_name(info.cgroup.attach_type);
	return way ? program_add(search, &info, way) : 0;
}

static int read_fail(struct krsi_attached *attached, int err)
{
	char why[512];

	if (err == -ENOMEM)
		return krsi_priv_fail(attached->ctx, err, "attached programs: no memory");
	if (err == -EINVAL)
		return krsi_priv_fail(attached->ctx, -EOPNOTSUPP, "attached programs: this kernel has no list of links (Linux 5.8 has)");
	if (err != -EPERM)
		return krsi_priv_fail(attached->ctx, krsi_priv_error_close(err), "attached programs: the kernel does not list them: %s",
				      krsi_priv_errno_name(err));
	krsi_priv_eperm_admin_explain(why, sizeof(why));
	return krsi_priv_fail(attached->ctx, err, "attached programs: the kernel does not permit listing them: %s", why);
}

int krsi_priv_attached_read(struct krsi_attached *attached, const char *function)
{
	struct search search = { .attached = attached, .function = function };
	uint32_t id = 0;
	int err;

	search.btf = krsi_priv_kernel_btf(attached->ctx);
	if (!search.btf)
		return -EOPNOTSUPP;
	search.btf_id = kernel_btf_id();
	while ((err = bpf_link_get_next_id(id, &id)) == 0) {
		err = link_look(&search, id);
		if (err)
			break;
	}
	btf__free(search.btf);
	return err == -ENOENT ? 0 : read_fail(attached, err);
}
