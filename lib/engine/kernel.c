/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The engine's programs and maps in the kernel, on the mechanism half of this library. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <libkrsi/bpf.h>
#include <libkrsi/hook.h>
#include <libkrsi/map.h>
#include <libkrsi/object.h>
#include <libkrsi/stream.h>

#include "../ctx.h"
#include "../policy/language.h"
#include "engine.h"
#include "programs.h"

/* Places to work in beside one for each CPU: a program may be preempted by another one. */
#define SPARE_SLOTS 16

/* --- which programs ------------------------------------------------------ */

/* With those that the engine has without a policy. What nobody tells of needs no digests. */
static uint32_t duties_all(const struct krsi_engine *engine, uint64_t operations, uint32_t duties)
{
	duties |= engine->duties;
	if (!(operations & KRSI_PRIV_OP_BIT(KRSI_PRIV_OP_PROCESS_EXEC)) && !(duties & KRSI_PRIV_DUTY_PROCESSES))
		duties &= ~(uint32_t)KRSI_PRIV_DUTY_DIGESTS;
	return duties;
}

/* --- objects ------------------------------------------------------------- */

static uint32_t cpus_possible(void)
{
	int n = libbpf_num_possible_cpus();

	return n > 0 ? (uint32_t)n : 1;
}

static int object_size(struct krsi_engine *engine, struct krsi_object *object)
{
	uint32_t slots = 2 * cpus_possible() + SPARE_SLOTS, environment = krsi_priv_environment_is_told(engine);
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
	if (!err)
		err = krsi_object_set_variable(object, "want_environment", &environment, sizeof(environment));
	if (!err)
		err = krsi_priv_variant_size(engine, object);
	return err ? err : krsi_priv_digests_set(engine, object);
}

/* Take over every map of the first object, but for the constants: they say which copy it is. */
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
		if (strcmp(info.name, ".rodata") == 0)
			continue;
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

/* `number` says which copy of its programs it has, from 1; `audits`, whether they have audit records written. */
static int object_open_as(struct krsi_engine *engine, uint32_t number, bool audits, struct krsi_object **ret)
{
	const struct krsi_object_opts opts = { .sz = sizeof(opts), .name = "krsi" };
	struct krsi_object *object = NULL;
	struct krsi_program_info info = { .sz = sizeof(info) };
	const void *data;
	size_t size, i;
	int err;

	data = krsi_priv_variant_programs(engine, audits, &size);
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
		err = krsi_object_set_variable(object, "copy_number", &number, sizeof(number));
	if (!err)
		err = krsi_object_set_variable(object, "copy_count", &engine->copies, sizeof(engine->copies));
	if (!err)
		err = krsi_priv_symbols_set(engine, object);
	if (!err)
		err = krsi_priv_audit_set(engine, object);
	if (!err && engine->kernel.object_count)
		err = object_share(engine, object);
	if (err) {
		krsi_object_free(object);
		return err;
	}
	*ret = object;
	return 0;
}

static int object_open(struct krsi_engine *engine, uint32_t number, struct krsi_object **ret)
{
	return object_open_as(engine, number, engine->audit.here, ret);
}

int krsi_priv_kernel_survey(struct krsi_engine *engine, struct krsi_object **ret)
{
	int err = object_open(engine, 1, ret);

	if (!err)
		krsi_priv_absent_find(engine, *ret);
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

static int program_want(struct krsi_engine *engine, struct krsi_object *object, const char *name)
{
	int err = krsi_object_set_program(object, name, 0);

	return err ? err : krsi_priv_backend_set(engine, object, name);
}

/* Whether a program is loaded apart from the others, as it cannot have what they have. */
static bool goes_apart(const struct krsi_engine *engine, size_t i)
{
	return engine->audit.here && krsi_priv_engine_programs[i].traced;
}

static bool is_to_load(const struct krsi_engine *engine, size_t i, uint64_t operations, uint32_t duties)
{
	const struct krsi_priv_engine_link *link = &engine->kernel.links[i];

	return !link->object && !link->absent && krsi_priv_program_is_needed(i, operations, duties);
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
		if (goes_apart(engine, i) || !is_to_load(engine, i, operations, wanted))
			continue;
		err = program_want(engine, object, krsi_priv_engine_programs[i].name);
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
		if (!goes_apart(engine, i) && is_to_load(engine, i, operations, wanted))
			kernel->links[i].object = object;
	if (seed_is_missing(kernel, duties))
		kernel->seed = object;
	if (look_is_missing(kernel, duties))
		kernel->look = object;
	return 0;
}

static void detach(const struct krsi_engine *engine, struct krsi_priv_engine_link *link, size_t i)
{
	/*
	 * The kernel would keep what is sealed all the same, and a second one would be attached when it is needed again. And
	 * before Linux 5.13 a program can be attached once in its life: it stays, and is about nothing until it is needed.
	 */
	if (link->sealed || engine->is_old)
		return;
	if (link->attached)
		krsi_object_detach_program(link->object, krsi_priv_engine_programs[i].name);
	if (link->attached && link->copied)
		krsi_object_detach_program(link->copy, krsi_priv_engine_programs[i].name);
	link->attached = false;
}

static bool is_loaded(const struct krsi_priv_kernel *kernel, uint64_t operations, uint32_t duties)
{
	size_t i;

	if (kernel->object_count == 0 || seed_is_missing(kernel, duties) || look_is_missing(kernel, duties))
		return false;
	for (i = 0; i < krsi_priv_engine_program_count; i++)
		if (krsi_priv_program_is_needed(i, operations, duties) && !kernel->links[i].absent && !kernel->links[i].object)
			return false;
	return true;
}

/* Load an object that was made ready without an error, and keep it; otherwise free it. */
static int object_take(struct krsi_priv_kernel *kernel, struct krsi_object *object, int err)
{
	if (!err)
		err = krsi_object_load(object);
	if (err)
		krsi_object_free(object);
	else
		kernel->objects[kernel->object_count++] = object;
	return err;
}

static int apart_load(struct krsi_engine *engine, uint64_t operations, uint32_t duties)
{
	struct krsi_priv_kernel *kernel = &engine->kernel;
	struct krsi_object *object = NULL;
	size_t i;
	int err = 0;

	for (i = 0; !err && i < krsi_priv_engine_program_count; i++) {
		if (!goes_apart(engine, i) || !is_to_load(engine, i, operations, duties))
			continue;
		err = object ? 0 : object_open_as(engine, 1, false, &object);
		if (!err)
			err = program_want(engine, object, krsi_priv_engine_programs[i].name);
	}
	if (!object)
		return err;
	err = object_take(kernel, object, err);
	for (i = 0; !err && i < krsi_priv_engine_program_count; i++)
		if (goes_apart(engine, i) && is_to_load(engine, i, operations, duties))
			kernel->links[i].object = object;
	return err;
}

static bool copy_is_missing(const struct krsi_priv_engine_link *link)
{
	return link->object && link->copied && !link->copy;
}

/* Copies of all that is loaded and has none yet, in one more object. */
static int copies_load(struct krsi_engine *engine)
{
	struct krsi_priv_kernel *kernel = &engine->kernel;
	struct krsi_object *object;
	size_t i, missing = 0;
	int err;

	for (i = 0; i < krsi_priv_engine_program_count; i++)
		missing += copy_is_missing(&kernel->links[i]);
	if (!missing)
		return 0;
	err = object_open(engine, 2, &object);
	if (err)
		return err;
	for (i = 0; !err && i < krsi_priv_engine_program_count; i++)
		if (copy_is_missing(&kernel->links[i]))
			err = program_want(engine, object, krsi_priv_engine_programs[i].name);
	err = object_take(kernel, object, err);
	if (err)
		return err;
	for (i = 0; i < krsi_priv_engine_program_count; i++)
		if (copy_is_missing(&kernel->links[i]))
			kernel->links[i].copy = object;
	return 0;
}

static int need_loaded(struct krsi_engine *engine, uint64_t operations, uint32_t duties)
{
	struct krsi_object *object = NULL;
	int err;

	if (is_loaded(&engine->kernel, operations, duties))
		return copies_load(engine);
	err = object_open(engine, 1, &object);
	if (err)
		return err;
	if (engine->kernel.object_count == 0)
		krsi_priv_absent_find(engine, object);
	err = load(engine, object, operations, duties);
	if (!err)
		err = apart_load(engine, operations, duties);
	return err ? err : copies_load(engine);
}

/* Let go of an object that nothing is used of any more; the maps are the first one's. */
static void object_release(struct krsi_priv_kernel *kernel, struct krsi_object *object)
{
	size_t i;

	if (object == kernel->objects[0] || object == kernel->seed || object == kernel->look)
		return;
	for (i = 0; i < krsi_priv_engine_program_count; i++)
		if (kernel->links[i].object == object || kernel->links[i].copy == object)
			return;
	for (i = 0; kernel->objects[i] != object; i++)
		;
	kernel->objects[i] = kernel->objects[--kernel->object_count];
	krsi_object_free(object);
}

/* The program once more, in an object of its own, in place of that in `*place`. */
static int load_again(struct krsi_engine *engine, size_t i, uint32_t number, struct krsi_object **place)
{
	struct krsi_priv_kernel *kernel = &engine->kernel;
	struct krsi_object *object, *before = *place;
	int err;

	if (kernel->object_count == sizeof(kernel->objects) / sizeof(kernel->objects[0]))
		return -EBUSY;
	err = object_open_as(engine, number, engine->audit.here && !goes_apart(engine, i), &object);
	if (err)
		return err;
	err = program_want(engine, object, krsi_priv_engine_programs[i].name);
	err = object_take(kernel, object, err);
	if (err)
		return err;
	*place = object;
	object_release(kernel, before);
	return 0;
}

/*
 * A program can be attached once at a time. Who forks after it was attached shares the descriptors of the
 * links with the child, and until that ends or executes something the program stays attached, although we
 * have let go of it. Then it is loaded once more: both decide, and both come to the same.
 */
static int attach_one(struct krsi_engine *engine, size_t i, uint32_t number, struct krsi_object **place)
{
	int err = krsi_object_attach_program(*place, krsi_priv_engine_programs[i].name, NULL);

	if (err != -EBUSY)
		return err;
	err = load_again(engine, i, number, place);
	if (err)
		return err;	/* and not EBUSY, as the detail is about this */
	return krsi_object_attach_program(*place, krsi_priv_engine_programs[i].name, NULL);
}

/* The kernel asks first what was attached last. */
static int attach(struct krsi_engine *engine, size_t i)
{
	struct krsi_priv_engine_link *link = &engine->kernel.links[i];
	int err = link->copied ? attach_one(engine, i, 2, &link->copy) : 0;

	if (err)
		return err;
	err = attach_one(engine, i, 1, &link->object);
	if (err && link->copied)
		krsi_object_detach_program(link->copy, krsi_priv_engine_programs[i].name);
	return err;
}

int krsi_priv_kernel_prepare(struct krsi_engine *engine, uint64_t operations, uint32_t duties)
{
	int err = 0;

	duties = duties_all(engine, operations, duties);
	if (engine->kernel.object_count)
		err = krsi_priv_absent_check(engine, operations, duties);
	return err ? err : need_loaded(engine, operations, duties);
}

int krsi_priv_kernel_need(struct krsi_engine *engine, uint64_t operations, uint32_t duties)
{
	struct krsi_priv_kernel *kernel = &engine->kernel;
	bool fresh[KRSI_PRIV_PROGRAMS_MAX] = { false };
	size_t i;
	int err = krsi_priv_kernel_prepare(engine, operations, duties);

	duties = duties_all(engine, operations, duties);
	for (i = 0; !err && i < krsi_priv_engine_program_count; i++) {
		struct krsi_priv_engine_link *link = &kernel->links[i];

		if (!link->object || link->attached || !krsi_priv_program_is_needed(i, operations, duties))
			continue;
		err = attach(engine, i);
		link->attached = fresh[i] = err == 0;
	}
	if (err)
		for (i = 0; i < krsi_priv_engine_program_count; i++)
			if (fresh[i])
				detach(engine, &kernel->links[i], i);
	return err;
}

void krsi_priv_kernel_drop(struct krsi_engine *engine, uint64_t operations, uint32_t duties)
{
	size_t i;

	duties = duties_all(engine, operations, duties);
	for (i = 0; i < krsi_priv_engine_program_count; i++)
		if (!krsi_priv_program_is_needed(i, operations, duties))
			detach(engine, &engine->kernel.links[i], i);
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
