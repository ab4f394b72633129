/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The path of a file, as it is seen from the root of its mount namespace.
 *
 * Threat: whoever wants to reach /etc/shadow against a rule calls chroot("/etc") first, and
 * bpf_d_path() then says "/shadow"; or renames a parent while we look; or hands in a file of a mount
 * that was detached. So we climb ourselves, the way the kernel's d_path does: up the parents to the
 * root of the mount, over to the place it is mounted at, and on, until a mount that is mounted
 * nowhere. Whether anything moved meanwhile is told by the kernel's own sequence counters,
 * rename_lock and mount_lock, read before and after. What cannot be had undisturbed in a few tries,
 * or ends somewhere else, is a result with a name, and never a shorter path.
 *
 * Everything is read from plain numbers by bpf_probe_read_kernel(), which loads on every kernel
 * from 5.10 on, in every kind of program that may call it, and fails instead of faulting.
 *
 * Two things make the verifier take a climb of 2,048 steps. The state is in a map value, so that
 * all states of the verifier at the top of the loop are equal (in registers or on the stack, two
 * ways through the loop leave it as different things, and their number doubles with each turn). And
 * the loop is cut into chunks of a global function, which the verifier looks at once.
 */
#ifndef KRSI_PATH_BPF_H
#define KRSI_PATH_BPF_H

#include "kernel.bpf.h"

#define PATH_SIZE 4096		/* PATH_MAX */
#define PATH_NAME_SIZE 256	/* NAME_MAX and a NUL */
#define PATH_CHUNK 128		/* steps of one call; a step is a name or the way over a mount */
#define PATH_CHUNKS 20		/* 2,048 names of one letter, and 512 mounts */
#define PATH_TRIES 3
#define PATH_SLOTS 32
#define PATH_SLOT_TRIES 8
#ifndef PATH_SLOTS_KEPT
#define PATH_SLOTS_KEPT 0	/* behind those that are taken and given back: whoever includes this gives them out */
#endif

enum path_result {
	PATH_OK = 0,
	PATH_GOES_ON,		/* never leaves this file */
	PATH_TOO_LONG,		/* longer than PATH_MAX */
	PATH_DETACHED,		/* it ends at something that is mounted nowhere: lazily unmounted, or a clone */
	PATH_FOREIGN,		/* it ends in a mount namespace that is not the process's; the text is right in that one */
	PATH_MOVED,		/* renames or mounts disturbed every try, or the counters cannot be read */
	PATH_UNREADABLE,	/* memory that is gone */
	PATH_BUSY,		/* no slot was free */
};

/*
 * Where /proc/kallsyms has the counters, put here before the programs are loaded. A counter that cannot be
 * read makes every path PATH_MOVED.
 */
const volatile __u64 rename_lock_address;
const volatile __u64 mount_lock_address;

/* Where a path is built, from its end to its beginning. */
struct path_slot {
	__u64 dentry;			/* the climb has come to here, */
	__u64 mount;			/* in this mount, */
	__u64 root;			/* whose top this is */
	__u32 start;			/* the text is text[start] to text[PATH_SIZE - 1]; never 0 */
	__u32 result;			/* enum path_result */
	__u32 tries;
	__u32 reserved;
	char text[PATH_SIZE + PATH_NAME_SIZE];	/* room for a name that is copied to the last place */
};

/*
 * Slots serve whoever comes. A per-CPU buffer would not do: a program can be preempted in the
 * middle by another one on the same CPU. When all that are tried are taken, the path is PATH_BUSY.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PATH_SLOTS + PATH_SLOTS_KEPT);
	__type(key, __u32);
	__type(value, struct path_slot);
} path_slots SEC(".maps");

/*
 * A slot is taken while its number is in here. Making an entry that must not exist yet is the one
 * test-and-set that programs have on 5.10: no compare-and-exchange, and no spin lock in LSM programs.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PATH_SLOTS);
	__type(key, __u32);
	__type(value, __u32);
} path_taken SEC(".maps");

/* The number of a slot that is now ours, or -1. */
static __always_inline int path_slot_take(void)
{
	__u32 index = bpf_get_smp_processor_id() % PATH_SLOTS;
	int i;

	for (i = 0; i < PATH_SLOT_TRIES; i++) {
		if (bpf_map_update_elem(&path_taken, &index, &index, BPF_NOEXIST) == 0)
			return index;
		index = (index + 1) % PATH_SLOTS;
	}
	return -1;
}

static __always_inline void path_slot_give(__u32 index)
{
	bpf_map_delete_elem(&path_taken, &index);
}

/* The climb has come to a mount that is mounted nowhere: is it the root of our own namespace? */
static __always_inline int path_top(__u64 top)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct mnt_namespace *ours, *theirs;
	struct nsproxy *nsproxy;

	if (bpf_core_read(&theirs, sizeof(theirs), &((struct mount *)top)->mnt_ns) ||
	    bpf_core_read(&nsproxy, sizeof(nsproxy), &task->nsproxy) ||
	    bpf_core_read(&ours, sizeof(ours), &nsproxy->mnt_ns))
		return PATH_UNREADABLE;
	/* A mount that was detached has none, or the kernel's error value for "none". */
	if (!theirs || (unsigned long)theirs >= (unsigned long)-4095)
		return PATH_DETACHED;
	return theirs == ours ? PATH_OK : PATH_FOREIGN;
}

static __always_inline int path_cross(struct path_slot *slot)
{
	__u64 here = slot->mount, parent, value;

	if (bpf_core_read(&parent, sizeof(parent), &((struct mount *)here)->mnt_parent))
		return PATH_UNREADABLE;
	if (parent == here)
		return path_top(here);
	if (bpf_core_read(&value, sizeof(value), &((struct mount *)here)->mnt_mountpoint))
		return PATH_UNREADABLE;
	slot->dentry = value;
	if (bpf_core_read(&value, sizeof(value), &((struct mount *)parent)->mnt.mnt_root))
		return PATH_UNREADABLE;
	slot->root = value;
	slot->mount = parent;
	return PATH_GOES_ON;
}

/* A struct dentry from d_parent on, as all kernels have it that do not randomise their structures. */
struct path_step {
	__u64 parent;
	__u32 hash, len;
	__u64 name;
};

/* With one read, where they are one behind the other. */
static __always_inline long path_step_read(struct path_step *step, __u64 here)
{
	const struct dentry *dentry = (const struct dentry *)here;
	__u32 parent = bpf_core_field_offset(struct dentry, d_parent);

	if (bpf_core_field_offset(struct dentry, d_name.len) == parent + offsetof(struct path_step, len) &&
	    bpf_core_field_offset(struct dentry, d_name.name) == parent + offsetof(struct path_step, name))
		return bpf_probe_read_kernel(step, sizeof(*step), (const void *)here + parent);
	return bpf_core_read(&step->parent, sizeof(step->parent), &dentry->d_parent) ||
	       bpf_core_read(&step->len, sizeof(step->len), &dentry->d_name.len) ||
	       bpf_core_read(&step->name, sizeof(step->name), &dentry->d_name.name);
}

static __always_inline int path_name(struct path_slot *slot)
{
	struct path_step step = {};
	__u32 at, len;

	if (path_step_read(&step, slot->dentry))
		return PATH_UNREADABLE;
	if (step.parent == slot->dentry)
		return PATH_DETACHED;	/* the top of a file system, but of no mount on the way */
	at = slot->start;
	len = step.len;
	if (len >= PATH_NAME_SIZE || at <= len + 1)	/* one byte less than PATH_SIZE, for a NUL */
		return PATH_TOO_LONG;
	at -= len;
	/* The compiler knows these bounds and would drop the masks; the verifier wants to see them. */
	asm volatile("%0 &= 4095" : "+r"(at));
	asm volatile("%0 &= 255" : "+r"(len));
	if (bpf_probe_read_kernel(slot->text + at, len, (const void *)step.name))
		return PATH_UNREADABLE;
	at -= 1;
	asm volatile("%0 &= 4095" : "+r"(at));
	slot->text[at] = '/';
	slot->start = at;
	slot->dentry = step.parent;
	return PATH_GOES_ON;
}

__attribute__((noinline)) int path_climb(__u32 index)
{
	struct path_slot *slot = bpf_map_lookup_elem(&path_slots, &index);
	int i, result = PATH_GOES_ON;

	if (!slot)
		return PATH_UNREADABLE;
	for (i = 0; i < PATH_CHUNK; i++) {
		if (slot->dentry == slot->root)
			result = path_cross(slot);
		else
			result = path_name(slot);
		if (result != PATH_GOES_ON)
			break;
	}
	return result;
}

/* Odd while the kernel is changing something, and when it cannot be read. */
static __always_inline __u32 path_sequence(__u64 lock)
{
	__u32 value = 1;

	if (!lock || bpf_probe_read_kernel(&value, sizeof(value), (void *)lock))
		return 1;
	return value;
}

static __always_inline int path_once(struct path_slot *slot, __u32 index, __u64 vfsmount, __u64 dentry)
{
	__u64 mount = vfsmount - bpf_core_field_offset(struct mount, mnt), root;
	int i, result;

	if (bpf_core_read(&root, sizeof(root), &((struct mount *)mount)->mnt.mnt_root))
		return PATH_UNREADABLE;
	slot->start = PATH_SIZE;
	slot->mount = mount;
	slot->dentry = dentry;
	slot->root = root;
	for (i = 0; i < PATH_CHUNKS; i++) {
		result = path_climb(index);
		if (result != PATH_GOES_ON)
			return result;
	}
	return PATH_TOO_LONG;
}

/*
 * Build the path of `dentry` in `vfsmount` (the two members of struct path, as numbers) in slot
 * `index`, which the caller holds. Returns enum path_result, which the slot keeps as well. The path
 * of the root directory itself is "", all others begin with a slash and end without one. Bytes are
 * the file system's: any but NUL. An unlinked file has its last name.
 */
__attribute__((noinline)) int path_build(__u32 index, __u64 vfsmount, __u64 dentry)
{
	struct path_slot *slot = bpf_map_lookup_elem(&path_slots, &index);
	__u32 renames, mounts;
	int i, result = PATH_MOVED;

	if (!slot)
		return PATH_UNREADABLE;
	for (i = 0; i < PATH_TRIES; i++) {
		renames = path_sequence(rename_lock_address);
		mounts = path_sequence(mount_lock_address);
		result = path_once(slot, index, vfsmount, dentry);
		slot->tries = i + 1;
		if (!((renames | mounts) & 1) && path_sequence(rename_lock_address) == renames &&
		    path_sequence(mount_lock_address) == mounts)
			break;
		result = PATH_MOVED;
	}
	slot->result = result;
	return result;
}

#endif
