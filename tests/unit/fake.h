/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A kernel made of memory: what lib/ calls of libbpf that would reach bpf(2) ends here, when a test
 * is linked with --wrap of it (`kernel_calls` in meson.build). libbpf itself still opens objects
 * and keeps their settings; only what it would tell the kernel is made up.
 *
 * Descriptors are real ones, of memfds called bpf-map and so on, so duplicating, closing and leaking
 * them is real as well. The fake keeps one more of each thing, as a kernel would, until
 * fake_reset().
 *
 * Nothing here allocates, so that a test may let every allocation of the library fail.
 */
#ifndef KRSI_TESTS_FAKE_H
#define KRSI_TESTS_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_object;
struct bpf_program;

/* What the machine is like. fake_reset() makes it one that can do everything. */
struct fake_machine {
	int cpus;			/* possible ones */
	bool batches;			/* maps have batch calls */
	bool endless;			/* keys come again from the beginning when they are all walked */
	uint32_t bucket;		/* entries that a lookup batch gives or withholds together */
	const char *lsm_list;		/* NULL: it cannot be read */
	bool caps_suffice;
	unsigned int kernel;		/* its version, as KRSI_PRIV_KERNEL() has it */
	const char *holder;		/* who holds the link of any program that is attached already; "" for nobody */
	unsigned int no_map_type;	/* a type that this kernel lacks; 0 for none */
	uint64_t offline;		/* CPUs that are not there, a bit for each */
	int no_watch;			/* negative errno: nobody tells of CPUs */
	const char *bpffs;		/* paths that begin so are on a BPF file system; NULL for none */

	/* What to say of a handle that is to be loaded; NULL: whatever `refused` says. 0 lets it be loaded. */
	int (*judge)(struct bpf_object *object);
	const char *refused;		/* a program that the verifier does not take; NULL for none */
	const char *refused_log;	/* what it writes then; "" for nothing */
	int refused_err;		/* what bpf(2) returns then */
};
extern struct fake_machine fake;

/* Forget everything, close what is held. */
void fake_reset(void);

/* Let calls of a function ("bpf_map_create") fail with a negative errno from now on; 0 to stop that. */
void fake_fail(const char *call, int err);

/* Let only the n-th call from now on, counted from 1, fail. */
void fake_fail_nth(const char *call, unsigned int n, int err);

/* How often a function was called since the last fake_reset(). */
unsigned int fake_calls(const char *call);

/* Every handle that was to be loaded: its programs and maps with one letter each, as "P:ab M:rx log:4 -EINVAL\n". */
const char *fake_loads(void);

/* Links that are attached now, and those that were detached: "+name -name ". */
const char *fake_attaches(void);

/* Put a record into the n-th ring that was opened. */
void fake_ring_put(unsigned int ring, const void *record, size_t size);

/* Write a record of one CPU into the perf buffer, which loses it when that CPU is not read; or tell of lost ones. */
void fake_perf_put(int cpu, const void *record, size_t size);
void fake_perf_lose(int cpu, uint64_t count);

/* A CPU comes or goes, and the kernel tells of it. With -1 it tells that it could not tell of some. */
void fake_cpu_change(int cpu, bool online);

/* Make a map behind the library's back: a descriptor that is the caller's. */
int fake_map(uint32_t type, uint32_t key_size, uint32_t value_size, uint32_t entries);

/* Keys of a map, in the order that the fake walks them. */
uint32_t fake_map_count(int fd);

/* Descriptors of other things, the caller's. */
int fake_program(void);
int fake_link(void);

/* --- between the files of the fake --------------------------------------- */

enum fake_kind {
	FAKE_MAP,
	FAKE_PROGRAM,
	FAKE_LINK,
	FAKE_KINDS
};

/* Something in the kernel, found by the inode of its descriptors. */
struct fake_thing {
	enum fake_kind kind;
	int held;		/* the fake's own descriptor */
	uint64_t inode;
	uint32_t id;
	void *body;		/* of a map */
	const char *name;
};

/* A new thing; the descriptor returned is the caller's. */
int fake_thing_new(enum fake_kind kind, struct fake_thing **ret);
struct fake_thing *fake_thing_by_fd(int fd);
struct fake_thing *fake_thing_by_id(enum fake_kind kind, uint32_t id);
int fake_thing_open(const struct fake_thing *thing);

/* Count a call. 0, or the negative errno that a test wants it to fail with; also in errno. */
int fake_called(const char *wrapper);
#define FAKE_CALLED() fake_called(__func__)

void fake_maps_reset(void);
void fake_objects_reset(void);
void fake_rings_reset(void);
void fake_perf_reset(void);

#endif
