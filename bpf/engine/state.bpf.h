/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the engine's programs keep in maps: the images, the places to work in, what is known of each
 * process, and what they tell user space.
 */
#ifndef KRSI_ENGINE_STATE_BPF_H
#define KRSI_ENGINE_STATE_BPF_H

/* Where events are put together; what finds none free is lost, and counted. Each has a place of its own for paths. */
#define EVENT_SLOTS 16
#define PATH_SLOTS_KEPT EVENT_SLOTS

#include "../kernel.bpf.h"
#include "../path.bpf.h"
#include "task.bpf.h"
#include "word.bpf.h"
#include "../event.h"
#include <bpf/bpf_tracing.h>
#include <libkrsi/event_fields.h>

/* --- the images ---------------------------------------------------------- */

/* A generation's image is in images[generation % IMAGES]. */
#define IMAGES 8

struct image_pages {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u8[65536]);	/* IMAGE_PAGE */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, IMAGES);
	__type(key, __u32);
	__array(values, struct image_pages);
} images SEC(".maps");

/*
 * The generation in force; 0: nothing is. Writing it is what publishes an image: an operation reads
 * it once and keeps to it.
 */
__u32 generation;

/* --- matching ------------------------------------------------------------ */

typedef __u32 match_at;
typedef void *match_image;
struct match_slot;
struct image_unit;

#define MATCH_FN __attribute__((noinline))

static __always_inline struct match_slot *match_slot_get(match_at at);
static __always_inline match_image match_image_open(const struct match_slot *slot);
static __always_inline void *match_page(match_image image, __u32 ref);
static __always_inline void *match_unit(match_image image, __u32 ref);
static __always_inline void *match_pair_of_units(match_image image, __u32 ref);
int match_report(match_at at, __u32 clause, __u32 outcome);
int match_tag(match_at at, __u32 bit, __u32 tree);
int match_values(match_at at, __u32 key);
#define match_clock() bpf_ktime_get_ns()
#define match_count(counter) word_increment(counter)

#include "../decide.h"

/* --- what is known of a process ------------------------------------------ */

#define PROCESS_HITS MATCH_HITS_MAX
#define PROCESS_CHANGES ~0ULL	/* as an exec_id: of no execution */

/* What an image says of a file that a process is made of. */
struct process_hits {
	__u32 count;			/* more than PROCESS_HITS: not all are here */
	__u32 unresolved;		/* the file could not be identified, it will be tried again */
	__u32 refs[PROCESS_HITS];	/* struct image_hit */
};

/* What one image says of a process. */
struct process_view {
	__u32 generation;		/* of the image; 0: nothing */
	__u32 busy;			/* somebody begins it */
	__u64 exec_id;			/* program and script are of this execution */
	struct process_hits exe, script;
	__u64 predicates;		/* that were true of it when it was looked at last */
	__u64 ancestors;		/* predicates that were true of some process it descends from */
	__u64 tags;
	__u64 tree_tags;		/* those that go to its children as well */
};

/* What one image says before execve(), for when it has succeeded. */
struct process_exec {
	__u32 generation;
	__u32 reserved;
	__u64 predicates;		/* that are true of the process before it */
	struct process_hits script;	/* what the file means that it was called for, should it be a script */
};

/* Kept with the leader of the thread group. Two views, so that one can be made before it is in force. */
struct process {
	struct process_view views[2];	/* by the lowest bit of the generation */
	struct process_exec execs[2];
	__u64 first_file;		/* execve() in progress: the file it was called for; 0: none */
	__u32 moving;			/* a thread that is not the leader executes a program and will be it */
	__u32 unix_call;		/* of the thread: operation number of the call it is in, see hooks_network */
};

#ifdef ENGINE_BEFORE_5_12
/* By the address of the struct task_struct; process_gone() takes out what ends. User space makes it as large as PIDs go. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 32768);
	__type(key, __u64);
	__type(value, struct process);
} processes SEC(".maps");

/* Zeros, which a new one begins with. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct process);
} process_blank SEC(".maps");
#else
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct process);
} processes SEC(".maps");
#endif

/*
 * Tags that were put on a process while another of its threads was executing a program, by its struct
 * signal_struct: that thread has a copy of the leader's struct process already, and the leader goes.
 */
struct late_tags {
	__u64 tags, tree_tags;
	__u32 generation;
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct late_tags);
} late_tags SEC(".maps");

/* --- places to work in --------------------------------------------------- */

#define WALK_CANDIDATES 32
#define WALK_SIDES 4

/* As the kernel lays it out from d_parent on; the loader checks that it does. */
struct walk_chunk {
	__u64 parent;
	__u32 hash, len;
	__u64 name;
	__u64 inode;
	__u64 inline_name[5];
};

/* A name on the way that is the last one of something we look for. */
struct walk_candidate {
	__u64 sum;		/* of the names below it */
	__u64 inverse;		/* BASE^-(number of them) */
	__u64 hash;
};

#define KNOWN_REFS 4

/* An identity of one image: see known.bpf.h. */
struct known_key {
	__u64 key;			/* match_key() of IMAGE_KIND_IDENTITY or _DIRECTORY */
	__u32 generation;
	__u32 reserved;
};

struct known {
	__u32 refs[KNOWN_REFS];		/* all that it means: struct image_hit; 0: nothing */
};

/*
 * A way up. It has two parts, each with a sum of its own: inside the mount that the file is in
 * (part 0), and from the root of that mount to that of the namespace (part 1).
 */
struct walk {
	__u64 dentry, mount, root;	/* as in struct path_slot */
	__u64 leaf;			/* the dentry that this mount was entered at: not a directory on the way */
	__u64 namespace;		/* of the subject */
	__u64 sum, power, inverse;	/* of the part */
	__u64 start_mount, start_dentry;
	__u64 side_dentry[WALK_SIDES];	/* roots of binds that have something above them */
	__u32 renames, mounts;		/* the kernel's counters when it began */
	__u32 part;
	__u32 names;			/* of the part */
	__u32 candidates[2];		/* of each part; may be more than there is room for */
	__u32 inside;			/* names of part 0, when in part 1 */
	__u32 sides;
	__u32 roles, features;
	__u32 anchors;
	__u32 hits;			/* how many the slot had before */
	struct walk_candidate candidate[2 * WALK_CANDIDATES];
	struct walk_chunk chunk;
	struct known_key known;		/* that is looked up */
	__u64 up[2];			/* mnt_parent and mnt_mountpoint of a struct mount */
	__u64 read;			/* what else is read of the kernel: the stack of nested calls is short */
	__u64 inside_sum, inside_power, inside_mount;	/* of part 0, when in part 1 */
	__u32 inside_hits, inside_anchors;
	__u64 name[33];
};

/*
 * What was found above the root of a mount, kept as long as neither counter of the kernel moves: then
 * nothing was renamed, mounted or unmounted, and the way up is the same. Whoever writes one makes its
 * version odd first.
 */
#define MEMO_HITS 4
#define MEMOS 64
#define MEMO_TICKS 2500		/* of jiffies: so that the counters cannot go round in the meantime */

struct walk_memo {
	__u64 version;
	__u64 mount, namespace, generation, ticks;
	__u32 renames, mounts;
	__u64 sum;
	__u32 names, result, anchors, hit_count;
	__u32 hits[MEMO_HITS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MEMOS);
	__type(key, __u32);
	__type(value, struct walk_memo);
} memos SEC(".maps");

#define ACT_OBJECTS 3		/* both names of a rename, and what had the new one */
#define ACT_NAMES 4
#define STRINGS_REFS 32		/* different meanings of arguments, and of the environment */

/* What is known of a file besides its name. */
struct act_object {
	__u64 super;
	__u64 inode;
	__u32 device;
	__u32 owner;
	__u32 mode;
	__u32 facts;		/* bits of enum krsi_priv_fact */
};

/* What an operation is about besides paths. */
struct act {
	__u64 operations;		/* that the policies in force were about when it began */
	__u64 only_by_hit;		/* as the image has it, when that was read already */
	__u64 numbers[4];		/* pointers on their way to being numbers */
	__u64 capabilities, target;	/* bits; of the target, predicates */
	__u64 address_high, address_low;
	__u64 fstype;			/* hash of the name of what is mounted */
	__u32 port, family, signal;
	__u32 target_pid;
	__u64 target_start;		/* when that began */
	__u32 has;			/* bits of enum act_part */
	__u32 paths;
	__u64 path_mount[2], path_dentry[2];	/* for events */
	__u64 sequence;			/* of the event that is made */
	__u32 subject_loaded;
	__u32 objects;			/* conditions hold when they do for one of these */
	struct act_object object[ACT_OBJECTS];
	__u64 late_dentry[ACT_OBJECTS], late_inode[ACT_OBJECTS];	/* files that are objects too, not looked at yet */
	__u32 late;

	/* For object.bpf.h, on the way. */
	__u64 mount_next, mount_end;	/* mounts of a file system */
	__u64 name_mount[ACT_NAMES];	/* those that give the object a name */
	__u32 names;			/* may be more than there is room for */
	__u32 nowhere;			/* one of the kernel's own does */
	__u64 text;			/* address of what is to be read of a path */
	__u64 text_word;		/* the first eight bytes of its last name, and zeros */
	__u32 text_size;		/* of that name */
	__u32 text_in_proc;

	struct {			/* of a program that is about to be executed: strings.bpf.h */
		__u64 tables;		/* of its pages */
		__u64 file;		/* that it is in */
		__u64 begin, next, end;	/* addresses in it */
		__u32 argc;		/* strings that are arguments */
		__u32 number;		/* of the string */
		__u32 state;		/* of the automaton */
		__u32 is_env, named;	/* a variable; its name is over */
		__u32 left;
		__u32 starts[2];	/* of the automaton, for arguments and for the environment */
		__u32 refs[2][STRINGS_REFS];	/* what they mean: struct image_hit */
	} strings;

	__u64 tags, tree_tags;		/* to be put on the subject, when it is not the process that calls */
	__u32 other_subject;
	__u32 reserved;
};

enum act_part {
	ACT_ADDRESS = 2,
	ACT_PORT = 4,
	ACT_FAMILY = 8,
	ACT_SIGNAL = 16,
	ACT_TARGET = 32,
	ACT_CAPABILITY = 64,
	ACT_FSTYPE = 128,
	ACT_STRINGS = 256,		/* `refs` are there */
	ACT_PROGRAM = 512,		/* the strings of a program can be read */
};

struct engine_slot {
	struct match_slot match;
	struct walk walk;
	struct act act;
	__u64 task;			/* whose values are asked for: a struct task_struct */
	struct process_view view;	/* of it */
	__u64 parents;			/* predicates of its parent */
	struct {			/* of the operation, while a file of a process is walked */
		struct match_hit hits[MATCH_HITS_MAX];
		__u64 namespace;
		__u64 mount, dentry, inode;	/* of that file */
		__u32 hit_count, unresolved;
	} kept;
	struct {			/* the path of a cgroup as far as it was read */
		__u64 value;
		__u32 state;		/* of the automaton */
		__u32 path;		/* slot that it reads from */
	} cgroup;
};

#ifdef ENGINE_BEFORE_5_12
#define PLACES_TAKEN BPF_MAP_TYPE_HASH
#else
#define PLACES_TAKEN BPF_MAP_TYPE_ARRAY
#endif

/* Places are taken and given back within a program; user space makes as many as CPUs can use. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct engine_slot);
} slots SEC(".maps");

struct {
	__uint(type, PLACES_TAKEN);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} slots_taken SEC(".maps");

const volatile __u32 slot_count = 1;

#define SLOT_TRIES 64

/*
 * The number of a place that is now ours, or -1. `taken` has a word for each of `count`; before Linux 5.12 the
 * places that are taken are in it, and the others are not.
 */
#ifdef ENGINE_BEFORE_5_12
static __always_inline int place_take(void *map, __u32 count, __u32 tries)
{
	__u32 index = bpf_get_smp_processor_id(), i;

	for (i = 0; i < tries; i++) {
		if (index >= count)
			index = 0;
		if (bpf_map_update_elem(map, &index, &index, BPF_NOEXIST) == 0)
			return index;
		index++;
	}
	return -1;
}

static __always_inline void place_give(void *map, __u32 index)
{
	bpf_map_delete_elem(map, &index);
}
#else
static __always_inline int place_take(void *map, __u32 count, __u32 tries)
{
	__u32 index = bpf_get_smp_processor_id();
	__u32 *taken, i;

	for (i = 0; i < tries; i++) {
		if (index >= count)
			index = 0;
		taken = bpf_map_lookup_elem(map, &index);
		if (taken && __sync_val_compare_and_swap(taken, 0, 1) == 0)
			return index;
		index++;
	}
	return -1;
}

static __always_inline void place_give(void *map, __u32 index)
{
	__u32 *taken = bpf_map_lookup_elem(map, &index);

	if (taken)
		word_set(taken, 0);
}
#endif

static __always_inline struct engine_slot *slot_get(__u32 at)
{
	return bpf_map_lookup_elem(&slots, &at);
}

static __always_inline struct match_slot *match_slot_get(match_at at)
{
	struct engine_slot *slot = slot_get(at);

	return slot ? &slot->match : 0;
}

static __always_inline match_image match_image_open(const struct match_slot *slot)
{
	__u32 index = slot->generation % IMAGES;

	return bpf_map_lookup_elem(&images, &index);
}

static __always_inline void *match_page(match_image image, __u32 ref)
{
	__u32 page = ref / IMAGE_PAGE_UNITS;

	return bpf_map_lookup_elem(image, &page);
}

static __always_inline void *match_unit(match_image image, __u32 ref)
{
	__u32 page = ref / IMAGE_PAGE_UNITS;
	void *start = bpf_map_lookup_elem(image, &page);

	return start ? start + (ref % IMAGE_PAGE_UNITS) * IMAGE_UNIT : 0;
}

static __always_inline void *match_pair_of_units(match_image image, __u32 ref)
{
	__u32 page = ref / IMAGE_PAGE_UNITS;
	void *start = bpf_map_lookup_elem(image, &page);

	return start ? start + (ref % IMAGE_PAGE_UNITS & ~1U) * IMAGE_UNIT : 0;
}

/* --- events -------------------------------------------------------------- */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

/* Of what was refused. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} denials SEC(".maps");

/* Bytes that are to be in `events` before the reader is woken; 0: whenever it has read all. */
const volatile __u64 wake_bytes;

/* Whether events have the environment of what is executed. It may hold secrets: otherwise it does not leave the kernel. */
const volatile __u32 want_environment;

/* Where numbers are in an event, so that most of its bytes are written without a question. */
enum event_place {
	PLACE_CPU,
	PLACE_PID,
	PLACE_TID,
	PLACE_START_TIME,
	PLACE_PPID,
	PLACE_PARENT_START_TIME,
	PLACE_UID,
	PLACE_GID,
	PLACE_REAL_UID,
	PLACE_REAL_GID,
	PLACE_SAVED_UID,
	PLACE_SAVED_GID,
	PLACE_FS_UID,
	PLACE_FS_GID,
	PLACE_LOGIN_UID,
	PLACE_CAP_EFFECTIVE,
	PLACE_CAP_PERMITTED,
	PLACE_CAP_INHERITABLE,
	PLACE_CGROUP_ID,
	PLACE_NS_CGROUP,
	PLACE_NS_IPC,
	PLACE_NS_MNT,
	PLACE_NS_NET,
	PLACE_NS_PID,
	PLACE_NS_TIME,
	PLACE_NS_USER,
	PLACE_NS_UTS,
	PLACE_NS_TGID,
	PLACE_ERROR,
	PLACE_SENT_SIGNAL,
	PLACE_INODE,
	PLACE_DEVICE,
	PLACE_MODE,
	PLACE_OWNER,
	PLACE_FACTS,
	PLACE_FAMILY,
	PLACE_PORT,
	PLACE_TARGET_PID,
	PLACE_TARGET_START_TIME,
	PLACE_SIGNAL,
	PLACE_ARGC,
	PLACE_EXIT_CODE,
	PLACE_EXIT_SIGNAL,
	PLACE_RUN_TIME,
	PLACES
};

/* What is behind the texts is not sent. */
enum event_file { EVENT_EXE, EVENT_CWD, EVENT_FILES };
#define EVENT_TEXTS_SIZE 32768
struct event_slot {
	struct event_head head;
	struct event_number numbers[PLACES];
	struct {
		struct event_field field;
		char text[16];
	} comm;
	struct {
		struct event_field field;
		__u64 bytes[2];
	} address;
	char texts[EVENT_TEXTS_SIZE];
	char beyond[256];		/* of a name that is read at the very end */
	__u64 task, cgroup;		/* what the event is of */
	__u64 mount[EVENT_FILES], dentry[EVENT_FILES];
	__u32 end;			/* of the text that is being made */
	__u32 left;			/* strings that are still to come */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, EVENT_SLOTS);
	__type(key, __u32);
	__type(value, struct event_slot);
} event_slots SEC(".maps");

struct {
	__uint(type, PLACES_TAKEN);
	__uint(max_entries, EVENT_SLOTS);
	__type(key, __u32);
	__type(value, __u32);
} event_slots_taken SEC(".maps");

/* Why events were not made; as enum krsi_engine_lost_cause. */
enum event_lost_cause {
	EVENT_LOST_RING,		/* no room in `events` */
	EVENT_LOST_DENIALS,		/* neither there nor in `denials` */
	EVENT_LOST_PLACE,		/* no place to put it together in */
	EVENT_LOST_CAUSES = 4
};

/* How many, by operation and cause, and all of them. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 64 * EVENT_LOST_CAUSES);
	__type(key, __u32);
	__type(value, __u64);
} events_lost SEC(".maps");

__u64 events_lost_total;

__u64 event_sequence;

/* `has`: whether the field is there at all. */
static __always_inline void event_number(struct event_number *number, __u32 id, __u64 value, int has)
{
	number->field.id = has ? id : 0;
	number->field.type = KRSI_EVENT_TYPE_NUMBER;
	number->field.flags = 0;
	number->field.size = sizeof(value);
	number->value = value;
}

#endif
