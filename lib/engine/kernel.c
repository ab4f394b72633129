/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The engine's programs and maps in the kernel, on the mechanism half of this library. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <libkrsi/bpf.h>
#include <libkrsi/hook.h>
#include <libkrsi/map.h>
#include <libkrsi/object.h>
#include <libkrsi/stream.h>

#include "../caps.h"
#include "../ctx.h"
#include "../kernel_btf.h"
#include "../lsm_list.h"
#include "../opts.h"
#include "../policy/language.h"
#include "engine.h"
#include "engine.skel.h"
#include "programs.h"

/* Places to work in beside one for each CPU: a program may be preempted by another one. */
#define SPARE_SLOTS 16

/* --- what the kernel has to be ------------------------------------------- */

int krsi_priv_kernel_lsm_check(struct krsi_ctx *ctx)
{
	char list[256], line[300];

	if (krsi_priv_lsm_list(list, sizeof(list)) < 0)
		return krsi_priv_fail(ctx, -EOPNOTSUPP, "engine: cannot tell whether this kernel calls BPF programs: "
				      "/sys/kernel/security/lsm cannot be read; mount securityfs there");
	if (krsi_priv_lsm_list_has(list, "bpf"))
		return 0;
	krsi_priv_lsm_boot_line(list, line, sizeof(line));
	return krsi_priv_fail(ctx, -EOPNOTSUPP, "engine: this kernel would never call a program, because bpf is not among "
			      "the active security modules (%s); boot with %s", list, line);
}

/* Offset of a member, which may be in an anonymous union, as d_name is since Linux 6.17; -1: there is none. */
static int offset_in(const struct btf *btf, const struct btf_type *t, const char *member)
{
	const struct btf_member *m = btf_members(t);
	const struct btf_type *inner;
	const char *name;
	int i, offset;

	for (i = 0; i < btf_vlen(t); i++, m++) {
		name = btf__name_by_offset(btf, m->name_off);
		if (strcmp(name, member) == 0)
			return (int)btf_member_bit_offset(t, (uint32_t)i) / 8;
		inner = btf__type_by_id(btf, m->type);
		if (*name || !btf_is_composite(inner))
			continue;
		offset = offset_in(btf, inner, member);
		if (offset >= 0)
			return (int)btf_member_bit_offset(t, (uint32_t)i) / 8 + offset;
	}
	return -1;
}

static int offset_of(const struct btf *btf, const char *type, const char *member)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT);

	return id < 0 ? -1 : offset_in(btf, btf__type_by_id(btf, (uint32_t)id), member);
}

/* bpf/engine/event.bpf.h reads these members of struct cred in two pieces. */
static bool cred_is_known(const struct btf *btf)
{
	static const char *const ids[] = { "uid", "gid", "suid", "sgid", "euid", "egid", "fsuid", "fsgid" };
	static const char *const caps[] = { "cap_inheritable", "cap_permitted", "cap_effective" };
	int first = offset_of(btf, "cred", ids[0]), i;
	bool is_known = first >= 0;

	for (i = 0; i < 8; i++)
		is_known = is_known && offset_of(btf, "cred", ids[i]) == first + 4 * i;
	first = offset_of(btf, "cred", caps[0]);
	for (i = 0; i < 3; i++)
		is_known = is_known && offset_of(btf, "cred", caps[i]) == first + 8 * i;
	return is_known;
}

/* bpf/engine/walk.bpf.h reads these members of struct dentry and of struct mount in one piece. */
int krsi_priv_kernel_layout_check(struct krsi_ctx *ctx)
{
	struct btf *btf = krsi_priv_kernel_btf(ctx);
	int parent, name, inode, up, place;
	bool cred;

	if (!btf)
		return -EOPNOTSUPP;
	parent = offset_of(btf, "dentry", "d_parent");
	name = offset_of(btf, "dentry", "d_name");
	inode = offset_of(btf, "dentry", "d_inode");
	up = offset_of(btf, "mount", "mnt_parent");
	place = offset_of(btf, "mount", "mnt_mountpoint");
	cred = cred_is_known(btf);
	btf__free(btf);
	if (!cred)
		return krsi_priv_fail(ctx, -EOPNOTSUPP, "engine: this kernel's struct cred is laid out in another way; kernels with randomised structures are not supported");
	if (parent >= 0 && name == parent + 8 && inode == parent + 24 && up >= 0 && place == up + 8)
		return 0;
	return krsi_priv_fail(ctx, -EOPNOTSUPP, "engine: this kernel's structures are laid out in another way (d_parent at %d, d_name at %d, d_inode at %d, "
			      "mnt_parent at %d, mnt_mountpoint at %d); kernels with randomised structures are not supported",
			      parent, name, inode, up, place);
}

/* The programs keep what they know of processes in task storage (Linux 5.11), and count with atomics of 5.12. */
static int storage_check(struct krsi_ctx *ctx)
{
	int has = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_TASK_STORAGE, NULL);
	char why[256];

	if (has == 1)
		return 0;
	if (has == -EPERM || !krsi_priv_caps_suffice()) {
		krsi_priv_eperm_explain(why, sizeof(why));
		return krsi_priv_fail(ctx, -EPERM, "engine: the kernel does not permit making maps: %s", why);
	}
	return krsi_priv_fail(ctx, -EOPNOTSUPP, "engine: this kernel has no storage for tasks; the engine needs Linux 6.1 or newer");
}

int krsi_priv_kernel_check(struct krsi_engine *engine)
{
	int err = krsi_priv_kernel_lsm_check(engine->ctx);

	if (!err)
		err = storage_check(engine->ctx);
	if (!err)
		err = krsi_priv_kernel_layout_check(engine->ctx);
	if (!err)
		err = krsi_priv_symbols_read(engine);
	if (!err)
		err = krsi_hooks_new(engine->ctx, NULL, &engine->kernel.hooks);
	return err;
}

/* --- which programs ------------------------------------------------------ */

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
		return krsi_priv_target_exists(btf, KRSI_PRIV_KIND_FUNCTION, info.target);
	if (krsi_hooks_find(engine->kernel.hooks, info.target, &at) || krsi_hook_info(engine->kernel.hooks, at, &hook))
		return false;
	return program->args == 0 || program->args == hook.arg_count;
}

/* Find out which programs of the table do not go with this kernel: all, when it has no type information. */
static void absent_find(struct krsi_engine *engine, const struct krsi_object *object)
{
	struct btf *btf = krsi_priv_kernel_btf(engine->ctx);
	uint8_t taken[256] = { 0 };
	size_t i;

	for (i = 0; i < krsi_priv_engine_program_count; i++) {
		const struct krsi_priv_engine_program *program = &krsi_priv_engine_programs[i];
		struct krsi_priv_engine_link *link = &engine->kernel.links[i];

		link->absent = !btf || !hook_fits(engine, btf, object, i) || (program->group && taken[program->group]);
		if (!link->absent && program->group)
			taken[program->group] = 1;
	}
	btf__free(btf);
}

static bool is_needed(size_t i, uint64_t operations, uint32_t duties)
{
	const struct krsi_priv_engine_program *program = &krsi_priv_engine_programs[i];

	return program->operations & operations || program->duties & duties;
}

/* An operation whose hooks this kernel lacks altogether would be a policy that does nothing. */
static int absent_check(struct krsi_engine *engine, uint64_t operations, uint32_t duties)
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
		else if (!program->optional && is_needed(i, operations, duties))
			return krsi_priv_fail(engine->ctx, -EOPNOTSUPP, "engine: this kernel has no hook for the program %s, which the policies need", program->name);
	}
	operations &= ~covered;
	if (operations)
		return krsi_priv_fail(engine->ctx, -EOPNOTSUPP, "engine: this kernel has no hook for %s; take it out of the policies, or use a newer kernel",
				      krsi_priv_operation(KRSI_PRIV_OP_TOLD((unsigned int)__builtin_ctzll(operations)))->name);
	return 0;
}

/* --- objects ------------------------------------------------------------- */

static uint32_t cpus_possible(void)
{
	int n = libbpf_num_possible_cpus();

	return n > 0 ? (uint32_t)n : 1;
}

static int object_size(struct krsi_engine *engine, struct krsi_object *object)
{
	uint32_t slots = 2 * cpus_possible() + SPARE_SLOTS;
	int err;

	err = krsi_object_set_map_size(object, "slots", slots);
	if (!err)
		err = krsi_object_set_map_size(object, "slots_taken", slots);
	if (!err)
		err = krsi_object_set_variable(object, "slot_count", &slots, sizeof(slots));
	if (!err)
		err = krsi_object_set_map_size(object, "events", engine->opts.ring_size);
	if (!err)
		err = krsi_object_set_map_size(object, "denials", engine->opts.denial_ring_size);
	if (!err)
		err = krsi_object_set_variable(object, "wake_bytes", &engine->opts.wake_bytes, sizeof(engine->opts.wake_bytes));
	return err;
}

/* Take over every map of the first object. */
static int object_share(struct krsi_engine *engine, struct krsi_object *object)
{
	struct krsi_object *first = engine->kernel.objects[0];
	struct krsi_object_map_info info = { .sz = sizeof(info) };
	struct krsi_map *map;
	size_t i;
	int err;

	for (i = 0; i < krsi_object_map_count(first); i++) {
		err = krsi_object_map_info(first, i, &info);
		if (err)
			return err;
		err = krsi_map_open(first, info.name, &map);
		if (err)
			return err;
		err = krsi_object_reuse_map(object, info.name, map);
		krsi_map_free(map);
		if (err)
			return err;
	}
	return 0;
}

static int object_open(struct krsi_engine *engine, struct krsi_object **ret)
{
	const struct krsi_object_opts opts = { .sz = sizeof(opts), .name = "krsi" };
	struct krsi_object *object = NULL;
	struct krsi_program_info info = { .sz = sizeof(info) };
	const void *data;
	size_t size, i;
	int err;

	data = engine_bpf__elf_bytes(&size);
	err = krsi_object_open_memory(engine->ctx, data, size, &opts, &object);
	if (err)
		return err;
	for (i = 0; !err && i < krsi_object_program_count(object); i++) {
		err = krsi_object_program_info(object, i, &info);
		if (!err)
			err = krsi_object_set_program(object, info.name, KRSI_PROGRAM_SKIP);
	}
	if (!err)
		err = object_size(engine, object);
	if (!err)
		err = krsi_priv_symbols_set(engine, object);
	if (!err && engine->kernel.object_count)
		err = object_share(engine, object);
	if (err) {
		krsi_object_free(object);
		return err;
	}
	*ret = object;
	return 0;
}

int krsi_priv_kernel_survey(struct krsi_engine *engine, struct krsi_object **ret)
{
	int err = object_open(engine, ret);

	if (!err)
		absent_find(engine, *ret);
	return err;
}

/* --- the maps of the first object ---------------------------------------- */

static int globals_find(struct krsi_engine *engine, const struct krsi_object *object)
{
	struct krsi_priv_engine_globals *globals = &engine->kernel.globals;
	const struct {
		const char *name;
		void **place;
	} wanted[] = {
		{ "generation", (void **)&globals->generation },
		{ "operations", (void **)&globals->operations },
		{ "want_views", (void **)&globals->want_views },
		{ "want_predicates", (void **)&globals->want_predicates },
		{ "seed_generation", (void **)&globals->seed_generation },
		{ "seed_changed", (void **)&globals->seed_changed },
		{ "owner_tgid", (void **)&globals->owner_tgid },
		{ "known_lost", (void **)&globals->known_lost },
		{ "known_any", (void **)&globals->known_any },
		{ "events_lost_total", (void **)&globals->events_lost_total },
	};
	const struct btf *btf = bpf_object__btf(krsi_object_bpf((struct krsi_object *)object));
	int id = btf__find_by_name_kind(btf, ".bss", BTF_KIND_DATASEC), i;
	const struct btf_var_secinfo *info;
	const struct btf_type *section;
	const char *name;
	size_t j;

	if (id < 0)
		return krsi_priv_fail(engine->ctx, -EIO, "engine: its programs have no variables");
	section = btf__type_by_id(btf, (uint32_t)id);
	for (i = 0, info = btf_var_secinfos(section); i < btf_vlen(section); i++, info++) {
		name = btf__name_by_offset(btf, btf__type_by_id(btf, info->type)->name_off);
		for (j = 0; j < sizeof(wanted) / sizeof(wanted[0]); j++)
			if (strcmp(name, wanted[j].name) == 0)
				*wanted[j].place = (char *)engine->kernel.memory + info->offset;
	}
	for (j = 0; j < sizeof(wanted) / sizeof(wanted[0]); j++)
		if (!*wanted[j].place)
			return krsi_priv_fail(engine->ctx, -EIO, "engine: its programs have no variable %s", wanted[j].name);
	return 0;
}

static int globals_map(struct krsi_engine *engine, struct krsi_object *object)
{
	struct krsi_map_info info = { .sz = sizeof(info) };
	long page = sysconf(_SC_PAGESIZE);
	struct krsi_map *map;
	void *memory;
	int err;

	err = krsi_map_open(object, ".bss", &map);
	if (err)
		return err;
	krsi_map_info(map, &info);
	engine->kernel.memory_size = (info.value_size + (size_t)page - 1) & ~((size_t)page - 1);
	memory = mmap(NULL, engine->kernel.memory_size, PROT_READ | PROT_WRITE, MAP_SHARED, krsi_map_fd(map), 0);
	err = errno;
	krsi_map_free(map);
	if (memory == MAP_FAILED)
		return krsi_priv_fail(engine->ctx, err == ENOMEM ? -ENOMEM : -EIO, "engine: cannot map the programs' variables: %s", strerror(err));
	engine->kernel.memory = memory;
	return globals_find(engine, object);
}

/* Bytes that the kernel keeps for a map, its own bookkeeping not counted. */
static uint64_t map_bytes(const struct krsi_object_map_info *info)
{
	uint64_t value = (info->value_size + 7) & ~7U;

	if (info->type == BPF_MAP_TYPE_RINGBUF)
		return info->max_entries;
	if (info->type == BPF_MAP_TYPE_TASK_STORAGE)
		return 0;	/* with each process that is looked at */
	if (strcmp(info->name, "known") == 0)
		return 0;	/* with each file that is found */
	return value * info->max_entries;
}

static int maps_open(struct krsi_engine *engine, struct krsi_object *object)
{
	struct krsi_object_map_info info = { .sz = sizeof(info) };
	size_t i;
	int err;

	for (i = 0; i < krsi_object_map_count(object); i++)
		if (krsi_object_map_info(object, i, &info) == 0)
			engine->kernel.map_bytes += map_bytes(&info);
	err = krsi_map_open(object, "images", &engine->kernel.images);
	if (!err)
		err = krsi_map_open(object, "events", &engine->kernel.events);
	if (!err)
		err = krsi_map_open(object, "denials", &engine->kernel.denials);
	if (!err)
		err = krsi_map_open(object, "events_lost", &engine->kernel.lost);
	if (!err)
		err = krsi_map_open(object, "known", &engine->kernel.known);
	if (!err)
		err = globals_map(engine, object);
	if (!err) {
		*engine->kernel.globals.owner_tgid = (uint32_t)getpid();
		err = krsi_priv_home_look(engine, object);
	}
	if (!err)
		err = krsi_priv_events_start(engine);
	return err;
}

static void maps_close(struct krsi_engine *engine)
{
	struct krsi_priv_kernel *kernel = &engine->kernel;

	krsi_priv_events_stop(engine);
	if (kernel->memory)
		munmap(kernel->memory, kernel->memory_size);
	kernel->memory = NULL;
	krsi_map_free(kernel->images);
	krsi_map_free(kernel->events);
	krsi_map_free(kernel->denials);
	krsi_map_free(kernel->lost);
	krsi_map_free(kernel->known);
	kernel->images = kernel->events = kernel->denials = kernel->lost = kernel->known = NULL;
	kernel->map_bytes = 0;
}

/* --- loading and attaching ----------------------------------------------- */

static bool seed_is_missing(const struct krsi_priv_kernel *kernel, uint32_t duties)
{
	return duties & KRSI_PRIV_DUTY_VIEWS && !kernel->seed;
}

static bool look_is_missing(const struct krsi_priv_kernel *kernel, uint32_t duties)
{
	return duties & KRSI_PRIV_DUTY_PROCESSES && !kernel->look;
}

/*
 * The programs that are needed and not loaded yet, in one more object. What nearly every policy needs comes with
 * the first, so that less is left to do when policies are applied.
 */
static int load(struct krsi_engine *engine, struct krsi_object *object, uint64_t operations, uint32_t duties)
{
	struct krsi_priv_kernel *kernel = &engine->kernel;
	bool first = kernel->object_count == 0, any = false;
	uint32_t wanted = duties | (first ? KRSI_PRIV_DUTY_IDENTITIES : 0);
	size_t i;
	int err = 0;

	operations |= first ? KRSI_PRIV_OP_BIT(KRSI_PRIV_OP_FILE_OPEN) : 0;
	for (i = 0; !err && i < krsi_priv_engine_program_count; i++) {
		if (kernel->links[i].object || kernel->links[i].absent || !is_needed(i, operations, wanted))
			continue;
		err = krsi_object_set_program(object, krsi_priv_engine_programs[i].name, 0);
		any = true;
	}
	if (!err && first)
		err = krsi_object_set_program(object, "home_look", 0);
	if (!err && seed_is_missing(kernel, duties)) {
		err = krsi_object_set_program(object, "seed", 0);
		any = true;
	}
	if (!err && look_is_missing(kernel, duties)) {
		err = krsi_object_set_program(object, "watch_look", 0);
		any = true;
	}
	if (!err && (any || first))
		err = krsi_object_load(object);
	if (!err && first)
		err = maps_open(engine, object);
	if (err || (!any && !first)) {
		if (first)
			maps_close(engine);
		krsi_object_free(object);
		return err;
	}
	kernel->objects[kernel->object_count++] = object;
	for (i = 0; i < krsi_priv_engine_program_count; i++)
		if (!kernel->links[i].object && !kernel->links[i].absent && is_needed(i, operations, wanted))
			kernel->links[i].object = object;
	if (seed_is_missing(kernel, duties))
		kernel->seed = object;
	if (look_is_missing(kernel, duties))
		kernel->look = object;
	return 0;
}

static void detach(struct krsi_priv_engine_link *link, size_t i)
{
	/* The kernel would keep it all the same, and a second one would be attached when it is needed again. */
	if (link->sealed)
		return;
	if (link->attached)
		krsi_object_detach_program(link->object, krsi_priv_engine_programs[i].name);
	link->attached = false;
}

static bool is_loaded(const struct krsi_priv_kernel *kernel, uint64_t operations, uint32_t duties)
{
	size_t i;

	if (kernel->object_count == 0 || seed_is_missing(kernel, duties) || look_is_missing(kernel, duties))
		return false;
	for (i = 0; i < krsi_priv_engine_program_count; i++)
		if (is_needed(i, operations, duties) && !kernel->links[i].absent && !kernel->links[i].object)
			return false;
	return true;
}

static int need_loaded(struct krsi_engine *engine, uint64_t operations, uint32_t duties)
{
	struct krsi_object *object = NULL;
	int err;

	if (is_loaded(&engine->kernel, operations, duties))
		return 0;
	err = object_open(engine, &object);
	if (err)
		return err;
	if (engine->kernel.object_count == 0)
		absent_find(engine, object);
	return load(engine, object, operations, duties);
}

/* Let go of an object that nothing is used of any more; the maps are the first one's. */
static void object_release(struct krsi_priv_kernel *kernel, struct krsi_object *object)
{
	size_t i;

	if (object == kernel->objects[0] || object == kernel->seed || object == kernel->look)
		return;
	for (i = 0; i < krsi_priv_engine_program_count; i++)
		if (kernel->links[i].object == object)
			return;
	for (i = 0; kernel->objects[i] != object; i++)
		;
	kernel->objects[i] = kernel->objects[--kernel->object_count];
	krsi_object_free(object);
}

/* The program once more, in an object of its own. */
static int load_again(struct krsi_engine *engine, size_t i)
{
	struct krsi_priv_kernel *kernel = &engine->kernel;
	struct krsi_object *object, *before = kernel->links[i].object;
	int err;

	if (kernel->object_count == KRSI_PRIV_PROGRAMS_MAX)
		return -EBUSY;
	err = object_open(engine, &object);
	if (err)
		return err;
	err = krsi_object_set_program(object, krsi_priv_engine_programs[i].name, 0);
	if (!err)
		err = krsi_object_load(object);
	if (err) {
		krsi_object_free(object);
		return err;
	}
	kernel->objects[kernel->object_count++] = object;
	kernel->links[i].object = object;
	object_release(kernel, before);
	return 0;
}

/*
 * A program can be attached once at a time. Who forks after it was attached shares the descriptors of the
 * links with the child, and until that ends or executes something the program stays attached, although we
 * have let go of it. Then it is loaded once more: both decide, and both come to the same.
 */
static int attach(struct krsi_engine *engine, size_t i)
{
	struct krsi_priv_engine_link *link = &engine->kernel.links[i];
	int err = krsi_object_attach_program(link->object, krsi_priv_engine_programs[i].name, NULL);

	if (err != -EBUSY)
		return err;
	err = load_again(engine, i);
	if (err)
		return err;	/* and not EBUSY, as the detail is about this */
	return krsi_object_attach_program(link->object, krsi_priv_engine_programs[i].name, NULL);
}

int krsi_priv_kernel_prepare(struct krsi_engine *engine, uint64_t operations, uint32_t duties)
{
	int err = 0;

	duties |= engine->duties;
	if (engine->kernel.object_count)
		err = absent_check(engine, operations, duties);
	return err ? err : need_loaded(engine, operations, duties);
}

int krsi_priv_kernel_need(struct krsi_engine *engine, uint64_t operations, uint32_t duties)
{
	struct krsi_priv_kernel *kernel = &engine->kernel;
	bool fresh[KRSI_PRIV_PROGRAMS_MAX] = { false };
	size_t i;
	int err = krsi_priv_kernel_prepare(engine, operations, duties);

	duties |= engine->duties;
	for (i = 0; !err && i < krsi_priv_engine_program_count; i++) {
		struct krsi_priv_engine_link *link = &kernel->links[i];

		if (!link->object || link->attached || !is_needed(i, operations, duties))
			continue;
		err = attach(engine, i);
		link->attached = fresh[i] = err == 0;
	}
	if (err)
		for (i = 0; i < krsi_priv_engine_program_count; i++)
			if (fresh[i])
				detach(&kernel->links[i], i);
	return err;
}

void krsi_priv_kernel_drop(struct krsi_engine *engine, uint64_t operations, uint32_t duties)
{
	size_t i;

	duties |= engine->duties;
	for (i = 0; i < krsi_priv_engine_program_count; i++)
		if (!is_needed(i, operations, duties))
			detach(&engine->kernel.links[i], i);
}

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

int krsi_engine_program_info(const struct krsi_engine *engine, size_t index, struct krsi_engine_program_info *info)
{
	struct krsi_engine_program_info have = { .sz = sizeof(have) };
	struct bpf_prog_info told = { 0 };
	uint32_t size = sizeof(told);
	size_t i = attached_find(engine, index);
	int err, fd;

	if (!engine || !info)
		return krsi_priv_fail(engine ? engine->ctx : NULL, -EINVAL, "krsi_engine_program_info: an argument is NULL");
	if (i == krsi_priv_engine_program_count)
		return krsi_priv_fail(engine->ctx, -ENOENT, "krsi_engine_program_info: less than %zu programs are attached", index + 1);
	have.name = krsi_priv_engine_programs[i].name;
	err = krsi_object_program_fd(engine->kernel.links[i].object, have.name, &fd);
	if (err)
		return err;
	if (bpf_obj_get_info_by_fd(fd, &told, &size))
		return krsi_priv_fail(engine->ctx, -EIO, "krsi_engine_program_info: the kernel does not tell of program %s: %s", have.name, strerror(errno));
	have.id = told.id;
	have.runs = told.run_cnt;
	have.run_time = told.run_time_ns;
	return KRSI_PRIV_INFO_WRITE(engine->ctx, info, &have, "krsi_engine_program_info");
}

void krsi_priv_kernel_free(struct krsi_engine *engine)
{
	struct krsi_priv_kernel *kernel = &engine->kernel;

	engine->duties = 0;
	krsi_priv_kernel_drop(engine, 0, 0);
	maps_close(engine);
	while (kernel->object_count)
		krsi_object_free(kernel->objects[--kernel->object_count]);
	krsi_hooks_free(kernel->hooks);
	kernel->hooks = NULL;
}
