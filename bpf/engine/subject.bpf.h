/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Processes: what policies ask of them. What takes a walk or a past is in process.bpf.h. */
#ifndef KRSI_ENGINE_SUBJECT_BPF_H
#define KRSI_ENGINE_SUBJECT_BPF_H

#include "process.bpf.h"

static __always_inline __u64 task_cred(__u64 task)
{
	const struct cred *cred = 0;

	/* Others are what they are; whom the kernel lets them act as for a moment is not asked. */
	if (task == bpf_get_current_task())
		bpf_core_read(&cred, sizeof(cred), &((struct task_struct *)task)->cred);
	else
		bpf_core_read(&cred, sizeof(cred), &((struct task_struct *)task)->real_cred);
	return (__u64)cred;
}

/* Groups: the effective one and the supplementary ones. With more than GROUPS_MAX some are not seen. */
#define GROUPS_MAX 256
MATCH_FN int subject_groups(__u32 at, __u64 cred, __u32 key)
{
	struct engine_slot *slot = slot_get(at);
	struct group_info *groups = 0;
	int count = 0, i;
	__u32 gid = 0;

	if (!slot)
		return 0;
	bpf_core_read(&gid, sizeof(gid), &((struct cred *)cred)->egid);
	match_range(at, key, gid);
	if (bpf_core_read(&groups, sizeof(groups), &((struct cred *)cred)->group_info) ||
	    bpf_core_read(&count, sizeof(count), &groups->ngroups))
		return 0;
	for (i = 0; i < GROUPS_MAX; i++) {
		if (i >= count)
			return 0;
		if (bpf_core_read(&gid, sizeof(gid), &groups->gid[i]))
			return 0;
		match_range(at, key, gid);
	}
	slot->match.unresolved |= MATCH_UNKNOWN_GROUPS;
	return 0;
}

/* Inode numbers of namespaces, in the order of the keys. */
struct nsproxy___all {
	void *uts_ns, *ipc_ns, *mnt_ns, *net_ns, *time_ns, *cgroup_ns;
} __attribute__((preserve_access_index));
struct uts_namespace { struct ns_common ns; } __attribute__((preserve_access_index));
struct ipc_namespace { struct ns_common ns; } __attribute__((preserve_access_index));
struct mnt_namespace { struct ns_common ns; } __attribute__((preserve_access_index));
struct net { struct ns_common ns; } __attribute__((preserve_access_index));
struct time_namespace { struct ns_common ns; } __attribute__((preserve_access_index));
struct cgroup_namespace { struct ns_common ns; } __attribute__((preserve_access_index));
struct user_namespace { struct ns_common ns; } __attribute__((preserve_access_index));
struct pid_namespace { struct ns_common ns; } __attribute__((preserve_access_index));
struct upid { int nr; struct pid_namespace *ns; } __attribute__((preserve_access_index));
struct pid { unsigned int level; struct upid numbers[1]; } __attribute__((preserve_access_index));
struct task_struct___pid { struct pid *thread_pid; } __attribute__((preserve_access_index));
struct task_struct___proxy { struct nsproxy___all *nsproxy; } __attribute__((preserve_access_index));

MATCH_FN int subject_namespace(__u32 at, __u64 task, __u32 key)
{
	struct nsproxy___all *proxy = 0;
	struct pid *pid = 0;
	void *ns = 0;
	__u32 number = 0, level = 0;
	__u64 where = 0;

	if (key == KRSI_PRIV_KEY_NS_USER) {
		bpf_core_read(&ns, sizeof(ns), &((struct cred *)task_cred(task))->user_ns);
		where = bpf_core_field_offset(struct user_namespace, ns.inum);
	} else if (key == KRSI_PRIV_KEY_NS_PID) {
		bpf_core_read(&pid, sizeof(pid), &((struct task_struct___pid *)task)->thread_pid);
		bpf_core_read(&level, sizeof(level), &pid->level);
		bpf_probe_read_kernel(&ns, sizeof(ns), (void *)pid + bpf_core_field_offset(struct pid, numbers) +
				      (level & 63) * bpf_core_type_size(struct upid) + bpf_core_field_offset(struct upid, ns));
		where = bpf_core_field_offset(struct pid_namespace, ns.inum);
	} else {
		bpf_core_read(&proxy, sizeof(proxy), &((struct task_struct *)task)->nsproxy);
		switch (key) {
		case KRSI_PRIV_KEY_NS_CGROUP:
			bpf_core_read(&ns, sizeof(ns), &proxy->cgroup_ns);
			where = bpf_core_field_offset(struct cgroup_namespace, ns.inum);
			break;
		case KRSI_PRIV_KEY_NS_IPC:
			bpf_core_read(&ns, sizeof(ns), &proxy->ipc_ns);
			where = bpf_core_field_offset(struct ipc_namespace, ns.inum);
			break;
		case KRSI_PRIV_KEY_NS_MNT:
			bpf_core_read(&ns, sizeof(ns), &proxy->mnt_ns);
			where = bpf_core_field_offset(struct mnt_namespace, ns.inum);
			break;
		case KRSI_PRIV_KEY_NS_NET:
			bpf_core_read(&ns, sizeof(ns), &proxy->net_ns);
			where = bpf_core_field_offset(struct net, ns.inum);
			break;
		case KRSI_PRIV_KEY_NS_TIME:
			bpf_core_read(&ns, sizeof(ns), &proxy->time_ns);
			where = bpf_core_field_offset(struct time_namespace, ns.inum);
			break;
		default:
			bpf_core_read(&ns, sizeof(ns), &proxy->uts_ns);
			where = bpf_core_field_offset(struct uts_namespace, ns.inum);
			break;
		}
	}
	if (!ns || bpf_probe_read_kernel(&number, sizeof(number), ns + where))
		return 0;
	match_range(at, key, number);
	return 0;
}

/* Hits of the program or the script of the process that the slot's view is of. */
MATCH_FN int subject_view_hits(__u32 at, __u32 role)
{
	struct engine_slot *slot = slot_get(at);
	const struct process_hits *hits;
	const __u32 *pairs;
	match_image image;
	__u32 i;

	if (!slot)
		return 0;
	image = match_image_open(&slot->match);
	if (!image)
		return 0;
	hits = role == IMAGE_ROLE_SCRIPT ? &slot->view.script : &slot->view.exe;
	role = role == IMAGE_ROLE_SCRIPT ? IMAGE_ROLE_SCRIPT : IMAGE_ROLE_EXE;
	for (i = 0; i < PROCESS_HITS; i++) {
		if (i >= hits->count)
			break;
		pairs = match_unit(image, hits->refs[i] + (role >> 2));
		if (pairs)
			match_pair(at, image, pairs[role & 3]);
	}
	return 0;
}

/* --- cgroups ------------------------------------------------------------- */

/* Below this nothing of a cgroup's path is looked at: what fits a cgroup above fits it as well. */
#define CGROUP_LEVELS 32

struct kernfs_node___parent { struct kernfs_node *parent; } __attribute__((preserve_access_index));

/* Before Linux 6.1 a cgroup does not have those above it in a row, but each the next one. So many are gone up. */
#define CGROUP_STEPS 256
#define CGROUP_TOO_DEEP 1

/*
 * The struct kernfs_node of the cgroup that is above another one, or it itself, at a level; the root's is 0. 0: there is
 * none, CGROUP_TOO_DEEP: it was not come to.
 */
MATCH_FN __u64 cgroup_node(__u64 address, __u32 level)
{
	struct cgroup *cgroup = (struct cgroup *)address, *above = 0;
	struct kernfs_node *node = 0;
	int levels = 0, i;

	if (bpf_core_read(&levels, sizeof(levels), &cgroup->level) || (int)level > levels || level >= CGROUP_LEVELS)
		return 0;
	if (bpf_core_field_exists(cgroup->ancestors)) {
		bpf_probe_read_kernel(&above, sizeof(above), (void *)cgroup + bpf_core_field_offset(struct cgroup, ancestors) +
				      level * sizeof(above));
		bpf_core_read(&node, sizeof(node), &above->kn);
		return (__u64)node;
	}
	bpf_core_read(&node, sizeof(node), &cgroup->kn);
	for (i = 0; i < CGROUP_STEPS; i++) {
		if (levels - i == (int)level)
			return (__u64)node;
		if (bpf_core_read(&node, sizeof(node), &((struct kernfs_node___parent *)node)->parent))
			break;
	}
	return CGROUP_TOO_DEEP;
}

/* Read the name of the cgroup that is above the task's, or its own, at a level. 1: there is none. */
static __always_inline int cgroup_name(struct engine_slot *slot, __u64 task, __u32 level)
{
	struct css_set *set = 0;
	struct cgroup *cgroup = 0;
	const char *name = 0;
	__u64 node;

	bpf_core_read(&set, sizeof(set), &((struct task_struct *)task)->cgroups);
	bpf_core_read(&cgroup, sizeof(cgroup), &set->dfl_cgrp);
	node = cgroup_node((__u64)cgroup, level);
	if (node == CGROUP_TOO_DEEP)
		slot->match.unresolved |= MATCH_UNKNOWN_CGROUP;
	if (!node || node == CGROUP_TOO_DEEP)
		return -1;
	bpf_core_read(&name, sizeof(name), &((struct kernfs_node *)node)->name);
	return text_read_string(slot, (__u64)name);
}

/* Run the automaton over one more name. */
static __always_inline void cgroup_glob(__u32 at, struct engine_slot *slot)
{
	struct path_slot *path = bpf_map_lookup_elem(&path_slots, &slot->cgroup.path);
	__u32 i, from;

	if (!path || slot->cgroup.state == 0)
		return;
	text_to_path(slot, path, 1);
	for (i = 0; i < 5; i++) {
		from = path->start + i * GLOB_PART;
		if (from >= PATH_SIZE)
			break;
		slot->cgroup.state = glob_part(at, slot->cgroup.path, from, slot->cgroup.state);
	}
}

/* One level of the path: what it means so far. 1: there is none. */
MATCH_FN int cgroup_level(__u32 at, __u64 task, __u32 level)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	match_image image;

	if (!slot)
		return 1;
	image = match_image_open(&slot->match);
	if (!image)
		return 1;
	header = match_header(image);
	if (!header)
		return 1;
	if (level > 0) {
		if (cgroup_name(slot, task, level))
			return 1;
		slot->cgroup.value = slot->cgroup.value * MATCH_BASE + text_hash(at, header->key);
		cgroup_glob(at, slot);
	}
	text_pair(at, image, match_find(at, match_key(header->key, IMAGE_KIND_KEY + KRSI_PRIV_KEY_CGROUP, slot->cgroup.value)));
	return 0;
}

/* The cgroup, by its path from the root of the hierarchy, and those above it. */
MATCH_FN int subject_cgroup(__u32 at, __u64 task)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	match_image image;
	const __u32 *unit;
	int index = -1;
	__u32 i;

	if (!slot)
		return 0;
	image = match_image_open(&slot->match);
	if (!image)
		return 0;
	header = match_header(image);
	if (!header)
		return 0;
	slot->cgroup.value = 0;
	slot->cgroup.state = text_glob_start(image, MATCH_GROUP_CGROUP);
	if (slot->cgroup.state) {
		index = path_slot_take();
		if (index < 0) {
			slot->match.unresolved |= MATCH_UNKNOWN_CGROUP;
			slot->cgroup.state = 0;
		}
		slot->cgroup.path = index;
	}
	for (i = 0; i < CGROUP_LEVELS; i++)
		if (cgroup_level(at, task, i))
			break;
	if (index >= 0)
		path_slot_give(index);
	if (slot->cgroup.state == 0)
		return 0;
	unit = match_unit(image, header->dfa_accepts + slot->cgroup.state / 4);
	if (unit)
		text_pair(at, image, unit[slot->cgroup.state & 3]);
	return 0;
}

/* --- containers ---------------------------------------------------------- */

#define CONTAINER_ID 64

static __always_inline __u8 text_byte(const struct engine_slot *slot, __u32 i)
{
	asm volatile("%0 &= 255" : "+r"(i));
	return ((const __u8 *)slot->walk.name)[i];
}

/*
 * Whether the text is the cgroup of a container, as runtimes name them: an ID of 64 hexadecimal
 * digits, with NAME- in front and .scope behind it or without. The ID is then the text. Not what
 * watches a container from outside of it (crio-conmon-ID.scope).
 */
MATCH_FN int container_id(__u32 at)
{
	struct engine_slot *slot = slot_get(at);
	__u32 len, start, i;
	__u8 byte;

	if (!slot)
		return 0;
	len = slot->walk.chunk.len & TEXT_SIZE;
	if (len >= CONTAINER_ID + 6 && text_byte(slot, len - 6) == '.' && text_byte(slot, len - 5) == 's' &&
	    text_byte(slot, len - 4) == 'c' && text_byte(slot, len - 3) == 'o' && text_byte(slot, len - 2) == 'p' &&
	    text_byte(slot, len - 1) == 'e')
		len -= 6;
	if (len < CONTAINER_ID)
		return 0;
	start = len - CONTAINER_ID;
	if (start > 0 && text_byte(slot, start - 1) != '-')
		return 0;
	if (start >= 7 && text_byte(slot, start - 7) == 'c' && text_byte(slot, start - 6) == 'o' &&
	    text_byte(slot, start - 5) == 'n' && text_byte(slot, start - 4) == 'm' &&
	    text_byte(slot, start - 3) == 'o' && text_byte(slot, start - 2) == 'n')
		return 0;
	for (i = 0; i < CONTAINER_ID; i++) {
		byte = text_byte(slot, start + i);
		((__u8 *)slot->walk.name)[i] = byte;
		if (!((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f')))
			return 0;
	}
	slot->walk.chunk.len = CONTAINER_ID;
	return 1;
}

/* The container: the outermost, as a process in it can make cgroups of any name, but only below its own. */
MATCH_FN int subject_container(__u32 at, __u64 task)
{
	struct engine_slot *slot = slot_get(at);
	match_image image;
	__u32 i;

	if (!slot)
		return 0;
	image = match_image_open(&slot->match);
	if (!image)
		return 0;
	for (i = 1; i < CGROUP_LEVELS; i++) {
		if (cgroup_name(slot, task, i))
			return 0;
		if (!container_id(at))
			continue;
		text_pair(at, image, text_literal(at, KRSI_PRIV_KEY_CONTAINER));
		text_pair(at, image, text_glob(at, slot, image, MATCH_GROUP_CONTAINER));
		return 0;
	}
	return 0;
}

/* What the slot knows of its subject answers for `key`. */
static __always_inline void subject_values(__u32 at, struct engine_slot *slot, __u32 key)
{
	__u64 task, cred, value = 0;
	__u32 id = 0;

	task = slot->task;
	cred = task_cred(task);
	switch (key) {
	case KRSI_PRIV_KEY_EXE:
		subject_view_hits(at, IMAGE_ROLE_EXE);
		break;
	case KRSI_PRIV_KEY_SCRIPT:
		subject_view_hits(at, IMAGE_ROLE_SCRIPT);
		break;
	case KRSI_PRIV_KEY_UID:
		bpf_core_read(&id, sizeof(id), &((struct cred *)cred)->euid);
		match_range(at, key, id);
		break;
	case KRSI_PRIV_KEY_GID:
		subject_groups(at, cred, key);
		break;
	case KRSI_PRIV_KEY_LOGIN_UID:
		if (bpf_core_field_exists(((struct task_struct *)0)->loginuid))
			bpf_core_read(&id, sizeof(id), &((struct task_struct *)task)->loginuid);
		match_range(at, key, id);
		break;
	case KRSI_PRIV_KEY_CAPABILITIES:
		bpf_core_read(&value, sizeof(value), &((struct cred *)cred)->cap_effective);
		match_bits(at, key, value);
		break;
	case KRSI_PRIV_KEY_CGROUP:
		subject_cgroup(at, task);
		break;
	case KRSI_PRIV_KEY_CONTAINER:
		subject_container(at, task);
		break;
	case KRSI_PRIV_KEY_TAG:
		match_bits(at, key, slot->view.tags);
		break;
	case KRSI_PRIV_KEY_PARENT:
		match_bits(at, key, slot->parents);
		break;
	case KRSI_PRIV_KEY_DESCENDANT_OF:
		match_bits(at, key, slot->view.ancestors);
		break;
	default:
		if (key >= KRSI_PRIV_KEY_NS_CGROUP && key <= KRSI_PRIV_KEY_NS_UTS)
			subject_namespace(at, task, key);
		break;
	}
}

/* The predicates that are true of the process that the slot is set to. Uses the slot's sets. */
static __always_inline void predicates_find(__u32 at, struct engine_slot *slot)
{
	__u32 unresolved = slot->match.unresolved;
	const struct image_op *op;
	match_image image;

	slot->view.predicates = 0;
	image = match_image_open(&slot->match);
	if (!image)
		return;
	op = match_unit(image, IMAGE_REF_OPS);
	if (!op || !op->set)
		return;
	slot->match.unresolved = 0;
	match_intersect(at, op->dims, op->set);
	slot->match.unresolved = unresolved;
	if (slot->match.now.summary & 1)
		slot->view.predicates = slot->match.now.bits[0];
}

/* What is kept of the process that acts. */
MATCH_FN int subject_load_current(__u32 at)
{
	struct task_struct *leader = task_get(task_here(), group_leader);
	struct engine_slot *slot = slot_get(at);

	if (!slot)
		return 0;
	if (leader)
		process_load(at, slot, leader, bpf_get_current_task());
	if (slot->view.exe.unresolved || slot->view.script.unresolved)
		slot->match.unresolved |= MATCH_UNKNOWN_PROGRAM;
	slot->act.subject_loaded = 1;
	return 0;
}

/* The same, and the predicates that are true of it. */
MATCH_FN int subject_predicates(__u32 at)
{
	struct task_struct *leader = task_get(task_here(), group_leader);
	struct engine_slot *slot = slot_get(at);

	if (!slot || !leader)
		return 0;
	slot->task = bpf_get_current_task();
	process_load(at, slot, leader, slot->task);
	predicates_find(at, slot);
	return 0;
}

#endif
