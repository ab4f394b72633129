/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Inside of an engine. engine.c has its life and the exchange of policies, generation.c one set of
 * policies in the kernel, kernel.c the programs and maps that serve all of them,
 * kernel_check.c what the kernel has to be, absent.c which programs go with it, backend.c how programs sit on hooks, resolve.c what
 * paths lead to, identities.c what they lead to later, symbols.c the kernel's variables, seed.c the processes that are there already, processes.c
 * the same for a table of them, seal.c keeping programs attached for good, events.c the way of
 * the events, environment.c which variables are in them,
 * digests.c which digests, audit.c which are audit records as well. What is in one is in lib/event.
 */
#ifndef KRSI_PRIV_ENGINE_H
#define KRSI_PRIV_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include <libkrsi/engine.h>

#include "../match/compile.h"
#include "audit.h"

struct krsi_event;
struct krsi_hook_info;
struct krsi_hooks;
struct krsi_map;
struct krsi_object;
struct krsi_stream;

#define KRSI_PRIV_PROGRAMS_MAX 96
#define KRSI_PRIV_COPIES_MAX 2		/* of a program, where the kernel can leave one out (backend.c) */
#define KRSI_PRIV_GENERATIONS 8		/* IMAGES of bpf/engine/state.bpf.h */

/* Keys that are answered from what is kept of processes. */
#define KRSI_PRIV_VIEW_KEYS \
	(KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_EXE) | KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_SCRIPT) | KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_TAG) | \
	 KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_PARENT) | KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_DESCENDANT_OF) | KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_TARGET))

/* --- one set of policies in the kernel (generation.c) --------------------- */

struct krsi_priv_policy_names {
	char *name;
	char **rules;
	uint32_t *clauses;		/* of each rule, its first in the image; UINT32_MAX: it has none */
	bool *audits;			/* of each rule, whether it has audit records written */
	uint32_t rule_count;
};

/* What paths led to when policies were compiled. */
struct krsi_priv_resolution {
	char *path;
	struct krsi_priv_resolved resolved;
	bool found;
};

struct krsi_priv_resolutions {
	struct krsi_priv_resolution *at;
	size_t count, capacity;
	bool no_memory;			/* some are missing */
};

struct krsi_priv_generation {
	uint32_t number;		/* 0: this place is free */
	int map_fd;			/* -1 when the image is gone and only the names are left */
	struct image_unit *units;	/* the map's own memory: counters move, modes can be changed */
	uint32_t pages;
	uint64_t operations, dims, predicate_dims;
	uint32_t paths;			/* names that have an identity, when something has them */
	struct krsi_priv_resolutions resolutions;	/* of these names; gone with the image */
	struct krsi_priv_bits tags, predicates;
	struct krsi_priv_policy_names *policies;	/* events need them longer than the image */
	uint32_t policy_count, rule_count;
	bool audits;			/* some rule has audit records written */
};

/* --- programs and maps (kernel.c) ---------------------------------------- */

/* A program of krsi_priv_engine_programs[] in the kernel. */
struct krsi_priv_engine_link {
	struct krsi_object *object;	/* that it came with; NULL: it is not loaded */
	struct krsi_object *copy;	/* the same once more, behind it on the hook; NULL: there is none */
	bool attached;
	bool sealed;			/* it stays attached, whatever is needed */
	bool absent;			/* this kernel has no such hook, or another program of its group was taken */
	bool copied;			/* there is to be a copy */
	const char *option;		/* of the kernel, without which it has no such hook; NULL: not known */
};

/* The global variables of bpf/engine.bpf.c that user space writes, in the map's own memory. */
struct krsi_priv_engine_globals {
	uint32_t *generation, *want_views, *want_predicates, *seed_generation, *seed_changed, *owner_tgid;
	uint64_t *operations, *known_lost, *events_lost_total;
	uint32_t *known_any;
};

/*
 * Programs are loaded when they are needed first, in an object of their own each time, as libbpf loads
 * an object once. The first object makes the maps; the others take them over.
 */
struct krsi_priv_kernel {
	struct krsi_object *objects[KRSI_PRIV_PROGRAMS_MAX * KRSI_PRIV_COPIES_MAX];
	size_t object_count;
	struct krsi_priv_engine_link links[KRSI_PRIV_PROGRAMS_MAX];
	struct krsi_object *seed, *look;	/* the objects that have these iterators loaded, or NULL */
	struct krsi_map *images, *events, *denials, *lost, *known;
	struct krsi_hooks *hooks;
	void *memory;			/* of the globals' map */
	size_t memory_size;
	struct krsi_priv_engine_globals globals;
	uint64_t map_bytes;		/* of all maps but the images */
};

/* --- the way of the events (events.c) -------------------------------------- */

/* A denial that waits for its turn. */
struct krsi_priv_waiting {
	char *bytes;			/* a record */
	size_t size;
	uint64_t sequence;
};

struct krsi_priv_events {
	struct krsi_stream *audits, *denials;
	int epoll_fd;			/* readable while one of these is, */
	int more_fd;			/* an eventfd: while denials wait, */
	int timer_fd;			/* or the time is over that records may lie for; -1 without wake_bytes */
	struct krsi_priv_waiting *waiting;	/* a heap: the lowest sequence first */
	size_t waiting_count, waiting_capacity, waiting_bytes;
	krsi_event_fn fn;
	void *data;
	int64_t wall;			/* struct krsi_event */
	uint64_t count, damaged;
	uint64_t lost_told;		/* that the callback was told of, */
	uint64_t lost[64];		/* by operation */
	uint64_t next;			/* sequence that follows if nothing is lost */
	uint32_t left, handed;		/* of the budget, and out of it */
	bool stopped;			/* the callback wants no more */
};

/* --- which variables are in events (environment.c) ------------------------- */

struct krsi_priv_environment {
	char **names;			/* some end with a star */
	size_t count;			/* 0: all or none, as the flags of the engine say */
	char *record;			/* the last event that something was taken out of */
	size_t capacity;
};

/* Whether events have the environment, or something of it. */
bool krsi_priv_environment_is_told(const struct krsi_engine *engine);

/* Check the names of engine->opts and keep copies of them there. */
int krsi_priv_environment_read(struct krsi_engine *engine);

/*
 * Leave out of an event what was not asked for. The event becomes that of a copy, which is valid until the next call.
 * False: there was no memory for it.
 */
bool krsi_priv_environment_filter(struct krsi_engine *engine, struct krsi_event *event);

void krsi_priv_environment_free(struct krsi_priv_environment *environment);

/* --- which digests are in events (digests.c) -------------------------------- */

/* Find out what this kernel has of them, when they are wanted. -EOPNOTSUPP: nothing. */
int krsi_priv_digests_probe(struct krsi_engine *engine);

/* Tell the programs of an object that is not loaded yet. */
int krsi_priv_digests_set(const struct krsi_engine *engine, struct krsi_object *object);

/* Variables of the kernel that programs read. */
enum krsi_priv_symbol {
	KRSI_PRIV_SYMBOL_RENAME_LOCK,
	KRSI_PRIV_SYMBOL_MOUNT_LOCK,
	KRSI_PRIV_SYMBOLS_NEEDED,	/* the others are for argv and env */
	KRSI_PRIV_SYMBOL_PAGE_OFFSET_BASE = KRSI_PRIV_SYMBOLS_NEEDED,
	KRSI_PRIV_SYMBOL_PHYSICAL_MASK,
	KRSI_PRIV_SYMBOL_PGDIR_SHIFT,
	KRSI_PRIV_SYMBOLS
};

struct krsi_engine {
	struct krsi_ctx *ctx;
	struct krsi_engine_opts opts;
	struct krsi_priv_kernel kernel;
	struct krsi_priv_generation generations[KRSI_PRIV_GENERATIONS];
	uint32_t backend;		/* LSM or FMOD_RET of enum krsi_engine_backend */
	uint32_t copies;		/* of each program, one behind the other */
	bool is_old;			/* the kernel takes bpf/engine_old.bpf.c (variant.c) */
	uint32_t duties;		/* that do not depend on policies */
	uint32_t digest_sources;	/* digests.c; 0: no digests are told */
	uint32_t last_number;
	uint32_t current, previous;	/* numbers; 0: none */
	uint64_t secret;
	uint64_t host_namespaces[8];
	struct krsi_priv_events events;
	struct krsi_priv_environment environment;
	struct krsi_priv_audit audit;
	bool dispatching;
	uint64_t symbols[KRSI_PRIV_SYMBOLS];	/* addresses; 0: not told */
};

/* Whether this kernel would call our programs at all, and is laid out as they expect. */
int krsi_priv_kernel_check(struct krsi_engine *engine);

/* One of its questions: the layout of struct dentry and others. */
int krsi_priv_kernel_layout_check(struct krsi_ctx *ctx);

/*
 * Which backend (enum krsi_engine_backend) becomes of the wanted one, and why, in a sentence; and let the engine have
 * it (backend.c). -EOPNOTSUPP: the kernel would not call its programs.
 */
int krsi_priv_backend_check(struct krsi_ctx *ctx, uint32_t wanted, uint32_t *ret, char *why, size_t size);
int krsi_priv_backend_choose(struct krsi_engine *engine);

/* Which build of the programs is loaded (variant.c): the ELF file, and the sizes of maps that only it has. */
void krsi_priv_variant_choose(struct krsi_engine *engine);
const void *krsi_priv_variant_programs(const struct krsi_engine *engine, bool audits, size_t *size);
int krsi_priv_variant_size(const struct krsi_engine *engine, struct krsi_object *object);

/* Whether program `i` of the table goes with the backend, on the hook that its section names. */
bool krsi_priv_backend_fits(const struct krsi_engine *engine, size_t i, const struct krsi_hook_info *hook);

/* Before load: put a program where the backend wants it. */
int krsi_priv_backend_set(const struct krsi_engine *engine, struct krsi_object *object, const char *name);

/* Whether there are copies of the program of that section, as there may be of those that decide. */
bool krsi_priv_backend_copies(const struct krsi_engine *engine, const char *section);

/*
 * Find out which programs of the table do not go with this kernel (absent.c): all, when it has no type information. And
 * fail where these operations need one: a policy about an operation whose hooks the kernel lacks would do nothing.
 */
void krsi_priv_absent_find(struct krsi_engine *engine, const struct krsi_object *object);
int krsi_priv_absent_check(struct krsi_engine *engine, uint64_t operations, uint32_t duties);

/* Find out which programs this kernel has hooks for (links[].absent), without loading any. `*ret` is for their names. */
int krsi_priv_kernel_survey(struct krsi_engine *engine, struct krsi_object **ret);

/*
 * Load and attach what is needed for these operations and duties (enum krsi_priv_program_duty).
 * What was attached before stays. On failure nothing is attached that was not before.
 */
int krsi_priv_kernel_need(struct krsi_engine *engine, uint64_t operations, uint32_t duties);

/* The first half of that: load what is needed. */
int krsi_priv_kernel_prepare(struct krsi_engine *engine, uint64_t operations, uint32_t duties);

/* Detach what is needed for none of these. */
void krsi_priv_kernel_drop(struct krsi_engine *engine, uint64_t operations, uint32_t duties);

void krsi_priv_kernel_free(struct krsi_engine *engine);

/* Compile policies and bring them into the kernel as `generation`. Nothing looks at them yet. */
int krsi_priv_generation_make(struct krsi_engine *engine, struct krsi_policy *const *policies, size_t count,
			      struct krsi_priv_generation *ret);

/* Give the image back to the kernel; the names stay. */
void krsi_priv_generation_unload(struct krsi_engine *engine, struct krsi_priv_generation *generation);
void krsi_priv_generation_free(struct krsi_engine *engine, struct krsi_priv_generation *generation);

/* The one of that number, or NULL. */
struct krsi_priv_generation *krsi_priv_generation_find(const struct krsi_engine *engine, uint32_t number);

/* For struct krsi_priv_compile. */
bool krsi_priv_resolve_path(void *data, const char *path, struct krsi_priv_resolved *ret);

/* The same with the answers noted; `data` is a struct krsi_priv_resolutions. */
bool krsi_priv_resolve_noting(void *data, const char *path, struct krsi_priv_resolved *ret);
void krsi_priv_resolutions_free(struct krsi_priv_resolutions *resolutions);

/* Namespaces of the first process, by the numbers that stat(2) has for them; 0 where they cannot be read. */
void krsi_priv_host_namespaces(uint64_t numbers[8]);

/* Have the programs take this process's mount namespace for the one that the policies' paths are of. */
int krsi_priv_home_look(struct krsi_engine *engine, struct krsi_object *object);

/*
 * Look at the paths of a generation that has come into force again, now that the programs follow what is made
 * and renamed: what has changed since they were compiled is put in as the programs would.
 */
void krsi_priv_identities_again(struct krsi_engine *engine, const struct krsi_priv_generation *generation);

/* Let go of what was found out for images that are neither in force nor the way back. */
void krsi_priv_identities_forget(struct krsi_engine *engine);

/*
 * Find out where the kernel has enum krsi_priv_symbol (symbols.c). -EOPNOTSUPP: one that is needed is not told. And
 * tell the programs of an object that is not loaded yet.
 */
int krsi_priv_symbols_read(struct krsi_engine *engine);
int krsi_priv_symbols_set(const struct krsi_engine *engine, struct krsi_object *object);

/* Whether the keys of `dims` that are strings of an execve() can be read: 0, or -EOPNOTSUPP with the reason told. */
int krsi_priv_strings_check(struct krsi_engine *engine, uint64_t dims);

/* Fill in what generation `number` says of all processes there are. */
int krsi_priv_seed(struct krsi_engine *engine, uint32_t number);

/* Begin to read the rings, and end it; how many events are lost (events.c). */
int krsi_priv_events_start(struct krsi_engine *engine);
void krsi_priv_events_stop(struct krsi_engine *engine);
uint64_t krsi_priv_events_lost(const struct krsi_engine *engine);

#endif
