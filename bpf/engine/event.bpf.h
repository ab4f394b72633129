/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Events. What is denied is denied whether there is room to tell it or not; what cannot be told is
 * counted. An event is put together in a place of its own: numbers first, each where it always is, then texts.
 */
#ifndef KRSI_ENGINE_EVENT_BPF_H
#define KRSI_ENGINE_EVENT_BPF_H

#include "audit.bpf.h"
#include "digest.bpf.h"
#include "strings.bpf.h"

/* --- what is lost ---------------------------------------------------------- */

static __always_inline void event_lost(__u32 operation, __u32 cause)
{
	__u32 key = KRSI_PRIV_OP_TOLD(operation & 63) * EVENT_LOST_CAUSES + cause;
	__u64 *count = bpf_map_lookup_elem(&events_lost, &key);

	if (count)
		word_increment(count);
	word_increment(&events_lost_total);
}

/* --- numbers --------------------------------------------------------------- */

/* The thread that the event is of; it may be another one than that which runs. */
static __always_inline struct task_struct *event_task(const struct event_slot *event)
{
	return event ? (struct task_struct *)event->task : 0;
}

/* As the kernel has them one behind the other: lib/engine/kernel.c looks whether it does. */
struct cred_ids { __u32 uid, gid, suid, sgid, euid, egid, fsuid, fsgid; };
struct cred_caps { __u64 inheritable, permitted, effective; };

/*
 * Read a member. Of the thread that runs the verifier knows the types of everything (`known`), and a read is one
 * instruction; of any other it is a call of the kernel's.
 */
#define EVENT_READ(known, to, from)					\
	do {								\
		if (known)						\
			(to) = (from);					\
		else							\
			bpf_core_read(&(to), sizeof(to), &(from));	\
	} while (0)

static __always_inline void event_cred_of(struct event_slot *event, struct task_struct *task, __u64 address, const int known)
{
	struct cred_ids ids = {};
	struct cred_caps caps = {};
	struct cred *cred;
	__u32 login = ~0U;

	cred = (struct cred *)(address ? address : task_cred(event->task));
	bpf_core_read(&ids, sizeof(ids), &cred->uid);
	bpf_core_read(&caps, sizeof(caps), &cred->cap_inheritable);
	if (bpf_core_field_exists(task->loginuid))
		EVENT_READ(known, login, task->loginuid.val);
	event_number(&event->numbers[PLACE_UID], KRSI_EVENT_UID, ids.euid, 1);
	event_number(&event->numbers[PLACE_GID], KRSI_EVENT_GID, ids.egid, 1);
	event_number(&event->numbers[PLACE_REAL_UID], KRSI_EVENT_REAL_UID, ids.uid, 1);
	event_number(&event->numbers[PLACE_REAL_GID], KRSI_EVENT_REAL_GID, ids.gid, 1);
	event_number(&event->numbers[PLACE_SAVED_UID], KRSI_EVENT_SAVED_UID, ids.suid, 1);
	event_number(&event->numbers[PLACE_SAVED_GID], KRSI_EVENT_SAVED_GID, ids.sgid, 1);
	event_number(&event->numbers[PLACE_FS_UID], KRSI_EVENT_FS_UID, ids.fsuid, 1);
	event_number(&event->numbers[PLACE_FS_GID], KRSI_EVENT_FS_GID, ids.fsgid, 1);
	event_number(&event->numbers[PLACE_LOGIN_UID], KRSI_EVENT_LOGIN_UID, login, login != ~0U);
	event_number(&event->numbers[PLACE_CAP_EFFECTIVE], KRSI_EVENT_CAP_EFFECTIVE, caps.effective, 1);
	event_number(&event->numbers[PLACE_CAP_PERMITTED], KRSI_EVENT_CAP_PERMITTED, caps.permitted, 1);
	event_number(&event->numbers[PLACE_CAP_INHERITABLE], KRSI_EVENT_CAP_INHERITABLE, caps.inheritable, 1);
}

/* `address` is of the credentials; 0: those that the thread has. */
MATCH_FN int event_cred_fill(__u32 index, __u64 address)
{
	struct event_slot *event = bpf_map_lookup_elem(&event_slots, &index);

	if (!event)
		return 0;
	if (event->task == bpf_get_current_task())
		event_cred_of(event, task_here(), address, TASK_IS_KNOWN);
	else
		event_cred_of(event, event_task(event), address, 0);
	return 0;
}

/* The inode number of a namespace that is a member of `of`. */
#define EVENT_NAMESPACE(known, event, name, type, of, member)							\
	do {													\
		struct type *ns_ = 0;										\
		__u32 inode_ = 0;										\
		EVENT_READ(known, ns_, (of)->member);								\
		EVENT_READ(known, inode_, ns_->ns.inum);							\
		event_number(&(event)->numbers[PLACE_##name], KRSI_EVENT_##name, inode_, inode_ != 0);		\
	} while (0)

/* The leader's struct pid has the number of the process in each of its namespaces; the last is its own. */
static __always_inline void event_pid_of(struct event_slot *event, struct task_struct *task, const int known)
{
	struct task_struct *leader = 0;
	struct pid_namespace *ns = 0;
	struct pid *pid = 0;
	__u32 level = 0, tgid = 0, inode = 0;
	__u64 upid = 0;

	EVENT_READ(known, leader, task->group_leader);
	EVENT_READ(known, pid, ((struct task_struct___pid *)leader)->thread_pid);
	EVENT_READ(known, level, pid->level);
	/* As a number: the verifier lets nobody go through an array in what it knows the type of. */
	bpf_core_read(&upid, sizeof(upid), &((struct task_struct___pid *)leader)->thread_pid);
	upid += bpf_core_field_offset(struct pid, numbers) + (level & 63) * bpf_core_type_size(struct upid);
	bpf_probe_read_kernel(&ns, sizeof(ns), (void *)upid + bpf_core_field_offset(struct upid, ns));
	bpf_core_read(&inode, sizeof(inode), &ns->ns.inum);
	event_number(&event->numbers[PLACE_NS_PID], KRSI_EVENT_NS_PID, inode, inode != 0);
	bpf_probe_read_kernel(&tgid, sizeof(tgid), (void *)upid + bpf_core_field_offset(struct upid, nr));
	event_number(&event->numbers[PLACE_NS_TGID], KRSI_EVENT_NS_TGID, tgid, tgid != 0);
}

static __always_inline void event_namespaces_of(struct event_slot *event, struct task_struct *task, const int known)
{
	struct cred *cred = (struct cred *)task_cred(event->task);
	struct nsproxy___all *proxy = 0;

	EVENT_READ(known, proxy, ((struct task_struct___proxy *)task)->nsproxy);
	EVENT_NAMESPACE(known, event, NS_CGROUP, cgroup_namespace, proxy, cgroup_ns);
	EVENT_NAMESPACE(known, event, NS_IPC, ipc_namespace, proxy, ipc_ns);
	EVENT_NAMESPACE(known, event, NS_MNT, mnt_namespace, proxy, mnt_ns);
	EVENT_NAMESPACE(known, event, NS_NET, net, proxy, net_ns);
	EVENT_NAMESPACE(known, event, NS_TIME, time_namespace, proxy, time_ns);
	EVENT_NAMESPACE(known, event, NS_UTS, uts_namespace, proxy, uts_ns);
	EVENT_NAMESPACE(0, event, NS_USER, user_namespace, cred, user_ns);
	event_pid_of(event, task, known);
}

MATCH_FN int event_namespaces_fill(__u32 index)
{
	struct event_slot *event = bpf_map_lookup_elem(&event_slots, &index);

	if (!event)
		return 0;
	if (event->task == bpf_get_current_task())
		event_namespaces_of(event, task_here(), TASK_IS_KNOWN);
	else
		event_namespaces_of(event, event_task(event), 0);
	return 0;
}

/* PID and start of a process. */
static __always_inline void event_process(struct event_number *pid, __u32 pid_id, struct event_number *time, __u32 time_id,
					  struct task_struct *task, const int known)
{
	struct task_struct *leader = 0;
	__u32 number = 0;
	__u64 start = 0;

	EVENT_READ(known, number, task->tgid);
	event_number(pid, pid_id, number, 1);
	EVENT_READ(known, leader, task->group_leader);
	EVENT_READ(known, start, leader->start_boottime);
	event_number(time, time_id, start, 1);
}

static __always_inline void event_cgroup_of(struct event_slot *event, struct task_struct *task, const int known)
{
	struct css_set *set = 0;
	struct cgroup *cgroup = 0;
	struct kernfs_node *node = 0;
	__u64 id = 0;

	EVENT_READ(known, set, task->cgroups);
	EVENT_READ(known, cgroup, set->dfl_cgrp);
	event->cgroup = (__u64)cgroup;
	EVENT_READ(known, node, cgroup->kn);
	EVENT_READ(known, id, node->id);
	event_number(&event->numbers[PLACE_CGROUP_ID], KRSI_EVENT_CGROUP_ID, id, id != 0);
}

/* Where the program and the working directory are. */
static __always_inline void event_files_of(struct event_slot *event, struct task_struct *task, const int known)
{
	struct mm_struct *mm = 0;
	struct fs_struct *fs = 0;
	struct file *exe = 0;

	event->mount[EVENT_EXE] = event->mount[EVENT_CWD] = 0;
	EVENT_READ(known, mm, task->mm);
	if (mm)
		EVENT_READ(known, exe, mm->exe_file);
	if (exe) {
		EVENT_READ(known, *(struct vfsmount **)&event->mount[EVENT_EXE], exe->f_path.mnt);
		EVENT_READ(known, *(struct dentry **)&event->dentry[EVENT_EXE], exe->f_path.dentry);
	}
	EVENT_READ(known, fs, ((struct task_struct___files *)task)->fs);
	if (fs) {
		EVENT_READ(known, *(struct vfsmount **)&event->mount[EVENT_CWD], fs->pwd.mnt);
		EVENT_READ(known, *(struct dentry **)&event->dentry[EVENT_CWD], fs->pwd.dentry);
	}
}

static __always_inline void event_task_of(struct event_slot *event, struct task_struct *task, const int known)
{
	struct task_struct *parent = 0;
	__u32 number = 0;

	event_number(&event->numbers[PLACE_CPU], KRSI_EVENT_CPU, bpf_get_smp_processor_id(), 1);
	EVENT_READ(known, number, task->pid);
	event_number(&event->numbers[PLACE_TID], KRSI_EVENT_TID, number, 1);
	event_process(&event->numbers[PLACE_PID], KRSI_EVENT_PID, &event->numbers[PLACE_START_TIME], KRSI_EVENT_START_TIME, task, known);
	EVENT_READ(known, parent, task->real_parent);
	event_process(&event->numbers[PLACE_PPID], KRSI_EVENT_PPID, &event->numbers[PLACE_PARENT_START_TIME],
		      KRSI_EVENT_PARENT_START_TIME, parent, known);
	event_cgroup_of(event, task, known);
	event->comm.field.id = KRSI_EVENT_COMM;
	event->comm.field.type = KRSI_EVENT_TYPE_TEXT;
	event->comm.field.flags = 0;
	event->comm.field.size = sizeof(event->comm.text);
	bpf_core_read(event->comm.text, sizeof(event->comm.text), &task->comm);
	event_files_of(event, task, known);
}

/* Numbers of the process, and where its program and its working directory are. */
MATCH_FN int event_task_fill(__u32 index)
{
	struct event_slot *event = bpf_map_lookup_elem(&event_slots, &index);

	if (!event)
		return 0;
	if (event->task == bpf_get_current_task())
		event_task_of(event, task_here(), TASK_IS_KNOWN);
	else
		event_task_of(event, event_task(event), 0);
	return 0;
}

static __always_inline void event_file_fill(struct event_slot *event, const struct act_object *object, int has)
{
	event_number(&event->numbers[PLACE_INODE], KRSI_EVENT_INODE, object->inode, has);
	event_number(&event->numbers[PLACE_DEVICE], KRSI_EVENT_DEVICE, object->device, has);
	event_number(&event->numbers[PLACE_MODE], KRSI_EVENT_MODE, object->mode, has);
	event_number(&event->numbers[PLACE_OWNER], KRSI_EVENT_OWNER, object->owner, has);
	event_number(&event->numbers[PLACE_FACTS], KRSI_EVENT_FACTS, object->facts, has);
}

static __always_inline void event_object_fill(struct event_slot *event, const struct act *act)
{
	event_file_fill(event, &act->object[0], act->objects != 0 && act->object[0].inode != 0);
	event_number(&event->numbers[PLACE_FAMILY], KRSI_EVENT_FAMILY, act->family, act->has & ACT_FAMILY);
	event_number(&event->numbers[PLACE_PORT], KRSI_EVENT_PORT, act->port, act->has & ACT_PORT);
	event_number(&event->numbers[PLACE_TARGET_PID], KRSI_EVENT_TARGET_PID, act->target_pid, act->has & ACT_TARGET);
	event_number(&event->numbers[PLACE_TARGET_START_TIME], KRSI_EVENT_TARGET_START_TIME, act->target_start, act->has & ACT_TARGET);
	event_number(&event->numbers[PLACE_SIGNAL], KRSI_EVENT_SIGNAL_NUMBER, act->signal, act->has & ACT_SIGNAL);
	event->address.field.id = act->has & ACT_ADDRESS ? KRSI_EVENT_ADDRESS : 0;
	event->address.field.type = KRSI_EVENT_TYPE_ADDRESS;
	event->address.field.flags = 0;
	event->address.field.size = sizeof(event->address.bytes);
	event->address.bytes[0] = __builtin_bswap64(act->address_high);
	event->address.bytes[1] = __builtin_bswap64(act->address_low);
}

/* --- texts ----------------------------------------------------------------- */

static __always_inline __u32 event_padded(__u32 size)
{
	return (size + 7) & ~7U;
}

/* Put a path behind what the event has: its head, its bytes and zeros. Returns the new size. */
MATCH_FN __u32 event_text_add(__u32 index, __u32 used, __u64 mnt, __u64 dentry, __u32 id)
{
	struct event_slot *event = bpf_map_lookup_elem(&event_slots, &index);
	struct event_field text = {};
	struct path_slot *path;
	__u32 size, start, at, place = PATH_SLOTS + index;

	if (!event || !mnt || !dentry)
		return used;
	path_build(place, mnt, dentry);
	path = bpf_map_lookup_elem(&path_slots, &place);
	if (!path)
		return used;
	start = path->start;
	size = PATH_SIZE - start;
	text.id = id;
	text.type = KRSI_EVENT_TYPE_TEXT;
	text.flags = path->result == PATH_TOO_LONG || path->result == PATH_UNREADABLE ? KRSI_EVENT_TEXT_CUT :
		     path->result == PATH_FOREIGN ? KRSI_EVENT_TEXT_FOREIGN :
		     path->result == PATH_DETACHED ? KRSI_EVENT_TEXT_DETACHED : 0;
	asm volatile("%0 &= 4095" : "+r"(start));
	asm volatile("%0 &= 4095" : "+r"(size));
	text.size = size ? size : 1;
	at = used;
	if (at > EVENT_TEXTS_SIZE - sizeof(text) - PATH_SIZE)
		return used;
	bpf_probe_read_kernel(event->texts + at, sizeof(text), &text);
	bpf_probe_read_kernel(event->texts + at + sizeof(text), size, path->text + start);
	if (size == 0)
		event->texts[at + sizeof(text)] = '/';	/* the root has no name */
	return at + sizeof(text) + event_padded(size + (size == 0));
}

#define EVENT_CGROUP_NAME 256

/* One name of the cgroup's path. Returns its bytes with the slash, 0: there is none. */
static __always_inline __u32 event_cgroup_name(struct event_slot *event, __u32 at, __u64 cgroup, __u32 level)
{
	__u64 node = cgroup_node(cgroup, level);
	const char *name = 0;
	long size;

	bpf_core_read(&name, sizeof(name), &((struct kernfs_node *)node)->name);
	if (at > EVENT_TEXTS_SIZE - 1 - EVENT_CGROUP_NAME)
		return 0;
	event->texts[at] = '/';
	size = bpf_probe_read_kernel_str(event->texts + at + 1, EVENT_CGROUP_NAME, name);
	return size > 1 && size <= EVENT_CGROUP_NAME ? size : 0;
}

/* The path of the cgroup in the unified hierarchy. */
MATCH_FN __u32 event_cgroup_add(__u32 index, __u32 used)
{
	struct event_slot *event = bpf_map_lookup_elem(&event_slots, &index);
	struct event_field text = {};
	__u64 cgroup = event ? event->cgroup : 0;
	__u32 at = used, size, i;
	int levels = 0;

	if (!event || at > EVENT_TEXTS_SIZE - 2 * sizeof(text))
		return used;
	bpf_core_read(&levels, sizeof(levels), &((struct cgroup *)cgroup)->level);
	event->end = at + sizeof(text);
	event->texts[(at + sizeof(text)) & (EVENT_TEXTS_SIZE - 1)] = '/';
	for (i = 1; i < CGROUP_LEVELS; i++) {
		if ((int)i > levels)
			break;
		size = event_cgroup_name(event, event->end, cgroup, i);
		if (!size)
			break;
		event->end += size;
	}
	size = levels > 0 ? event->end - at - sizeof(text) : 1;
	text.id = KRSI_EVENT_CGROUP;
	text.type = KRSI_EVENT_TYPE_TEXT;
	text.flags = (int)i <= levels ? KRSI_EVENT_TEXT_CUT : 0;
	text.size = size;
	bpf_probe_read_kernel(event->texts + at, sizeof(text), &text);
	return at + sizeof(text) + event_padded(size);
}

#define EVENT_STRINGS_SIZE 8192		/* bytes of arguments and environment that are told */

/* What of the strings is in one page, as far as there is room. Returns how many bytes, 0: no more. */
MATCH_FN __u32 event_strings_page(__u32 at, __u32 index, __u32 where, __u64 address, __u32 left)
{
	struct event_slot *event = bpf_map_lookup_elem(&event_slots, &index);
	__u64 page = strings_page(at, address);
	__u32 size = STRINGS_PAGE - address % STRINGS_PAGE;
	__u64 place = where;		/* of 64 bits, as the verifier forgets what smaller ones are on the stack */

	if (!event || !page)
		return 0;
	if (size > left)
		size = left;
	asm volatile("%0 &= 8191" : "+r"(size));
	asm volatile("" : "+r"(place));
	if (place > EVENT_TEXTS_SIZE - 8192)
		return 0;
	if (bpf_probe_read_kernel(event->texts + place, size, (void *)(page + address % STRINGS_PAGE)))
		return 0;
	return size;
}

#define EACH_BYTE(byte) ((byte) * 0x0101010101010101ULL)

/* The highest bit of each byte that is 0. No carry leaves a byte, so none of its neighbours is taken for one. */
static __always_inline __u64 word_zeros(__u64 word)
{
	return ~(((word & EACH_BYTE(0x7fULL)) + EACH_BYTE(0x7fULL)) | word | EACH_BYTE(0x7fULL));
}

/* How many bytes have their highest bit set, and no byte another one. */
static __always_inline __u32 word_count(__u64 bits)
{
	return (bits >> 7) * EACH_BYTE(1) >> 56;
}

/*
 * How many of `size` bytes at `where` are the first `argc` strings; event->left: how many of these are not whole. For
 * machines that have the first byte lowest.
 */
MATCH_FN __u32 event_arguments_size(__u32 index, __u32 where, __u32 size, __u32 argc)
{
	struct event_slot *event = bpf_map_lookup_elem(&event_slots, &index);
	__u64 place = where, zeros;
	__u32 count, i;

	asm volatile("" : "+r"(place));
	if (!event || place > EVENT_TEXTS_SIZE - EVENT_STRINGS_SIZE)
		return 0;
	event->left = argc;
	if (!argc)
		return 0;
	for (i = 0; i < EVENT_STRINGS_SIZE; i += 8) {
		if (i >= size)
			return size;
		zeros = word_zeros(*(__u64 *)(event->texts + place + i));
		count = word_count(zeros);
		if (count >= event->left)
			break;
		event->left -= count;
	}
	if (i >= EVENT_STRINGS_SIZE)
		return size;
	for (count = 0; count < 7; count++) {
		if (event->left == 1)
			break;
		event->left--;
		zeros &= zeros - 1;
	}
	i += word_count(((zeros & -zeros) - 1) & EACH_BYTE(0x80ULL)) + 1;
	/* What is behind the end is of another event. */
	if (i > size)
		return size;
	event->left = 0;
	return i;
}

/* The strings that a program is executed with: arguments, and the environment behind them. */
MATCH_FN __u32 event_strings_add(__u32 at, __u32 index, __u32 used)
{
	struct event_slot *event = bpf_map_lookup_elem(&event_slots, &index);
	struct engine_slot *slot = slot_get(at);
	struct event_field list = {};
	__u64 address, end;
	__u32 size, i;

	if (!event || !slot || !(slot->act.has & ACT_PROGRAM) || used > EVENT_TEXTS_SIZE - sizeof(list))
		return used;
	address = slot->act.strings.begin;
	end = slot->act.strings.end;
	if (end < address)
		return used;
	list.id = KRSI_EVENT_STRINGS;
	list.type = KRSI_EVENT_TYPE_LIST;
	if (end - address > EVENT_STRINGS_SIZE) {
		end = address + EVENT_STRINGS_SIZE;
		list.flags = KRSI_EVENT_TEXT_CUT;
	}
	event->end = 0;
	for (i = 0; i < EVENT_STRINGS_SIZE / STRINGS_PAGE + 1; i++) {
		if (address >= end)
			break;
		size = event_strings_page(at, index, used + sizeof(list) + event->end, address, end - address);
		if (!size)
			break;
		event->end += size;
		address += size;
	}
	if (address < end)
		list.flags = KRSI_EVENT_TEXT_CUT;
	if (!want_environment) {
		size = event_arguments_size(index, used + sizeof(list), event->end, slot->act.strings.argc);
		if (event->left == 0)
			list.flags = 0;		/* all arguments are there */
		event->end = size;
	}
	list.size = event->end;
	bpf_probe_read_kernel(event->texts + used, sizeof(list), &list);
	event_number(&event->numbers[PLACE_ARGC], KRSI_EVENT_ARGC, slot->act.strings.argc, 1);
	/* From here, as every byte of stack counts in who called this. */
	return event_digests_add(index, used + sizeof(list) + event_padded(event->end), slot->act.strings.file);
}

/* --- an event -------------------------------------------------------------- */

static __always_inline void event_head_fill(struct event_slot *event, const struct engine_slot *slot, __u32 outcome,
					    const struct image_clause *clause)
{
	struct event_head *head = &event->head;

	head->version = EVENT_VERSION;
	head->head_size = sizeof(*head);
	head->sequence = slot->act.sequence;
	head->time = bpf_ktime_get_boot_ns();
	head->generation = slot->match.generation;
	head->operation = KRSI_PRIV_OP_TOLD(slot->match.operation);
	head->kind = KRSI_EVENT_KIND_RULE;
	head->verdict = clause->verdict;
	head->outcome = outcome;
	head->policy = clause->policy;
	head->audited = 0;
	head->rule = clause->kind == IMAGE_DEFAULT ? ~0U : clause->rule;
	event_number(&event->numbers[PLACE_ERROR], KRSI_EVENT_ERROR, clause->error, clause->error);
	event_number(&event->numbers[PLACE_SENT_SIGNAL], KRSI_EVENT_SENT_SIGNAL, clause->signal, clause->signal);
	event_number(&event->numbers[PLACE_ARGC], 0, 0, 0);
	event_number(&event->numbers[PLACE_EXIT_CODE], 0, 0, 0);
	event_number(&event->numbers[PLACE_EXIT_SIGNAL], 0, 0, 0);
	event_number(&event->numbers[PLACE_RUN_TIME], 0, 0, 0);
}

/*
 * Give it to the reader. What is refused has a ring of its own, and the other one when that is full: so many
 * audited operations never hide a denial.
 */
static __always_inline void event_send(struct event_slot *event, __u64 size, __u32 operation, int refused)
{
	__u64 flags = 0;

	if (refused && bpf_ringbuf_output(&denials, event, size, 0) == 0)
		return;
	if (!refused && wake_bytes)
		flags = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) >= wake_bytes ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
	if (bpf_ringbuf_output(&events, event, size, flags))
		event_lost(operation, refused ? EVENT_LOST_DENIALS : EVENT_LOST_RING);
}

/* All texts. Returns how many bytes they are. */
static __always_inline __u32 event_texts_add(__u32 at, const struct engine_slot *slot, const struct event_slot *event, __u32 index)
{
	__u32 used = 0;

	if (slot->act.paths > 0)
		used = event_text_add(index, used, slot->act.path_mount[0], slot->act.path_dentry[0], KRSI_EVENT_PATH);
	if (slot->act.paths > 1)
		used = event_text_add(index, used, slot->act.path_mount[1], slot->act.path_dentry[1], KRSI_EVENT_PATH2);
	used = event_text_add(index, used, event->mount[EVENT_EXE], event->dentry[EVENT_EXE], KRSI_EVENT_EXE);
	used = event_text_add(index, used, event->mount[EVENT_CWD], event->dentry[EVENT_CWD], KRSI_EVENT_CWD);
	used = event_cgroup_add(index, used);
	return event_strings_add(at, index, used);
}

/* A clause that reports applied: tell it. */
int match_report(match_at at, __u32 number, __u32 outcome)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	const struct image_clause *clause;
	struct event_slot *event;
	match_image image;
	__u32 used = 0;
	int index;

	if (!slot)
		return 0;
	image = match_image_open(&slot->match);
	if (!image)
		return 0;
	header = match_header(image);
	if (!header)
		return 0;
	clause = match_unit(image, header->clause_table + number);
	if (!clause)
		return 0;
	/* A lost event has a number too, so that the reader sees where the gap is. */
	slot->act.sequence = word_next(WORD_LOCK_SEQUENCE, &event_sequence);
	index = place_take(&event_slots_taken, EVENT_SLOTS, EVENT_SLOTS);
	if (index < 0) {
		event_lost(slot->match.operation, EVENT_LOST_PLACE);
		return 0;
	}
	event = bpf_map_lookup_elem(&event_slots, &index);
	if (!event)
		return 0;
	event->task = slot->task;
	event_head_fill(event, slot, outcome, clause);
	event_task_fill(index);
	event_object_fill(event, &slot->act);
	event_cred_fill(index, 0);
	event_namespaces_fill(index);
	used = event_texts_add(at, slot, event, index);
	if (used > EVENT_TEXTS_SIZE)
		used = EVENT_TEXTS_SIZE;
	used &= ~7U;
#ifdef ENGINE_AUDIT
	if (clause->flags & IMAGE_AUDIT)
		event_audit(at, index, number, outcome, used);
#endif
	event->head.size = offsetof(struct event_slot, texts) + used;
	event_send(event, offsetof(struct event_slot, texts) + used, slot->match.operation,
		   (clause->verdict == MATCH_DENY || clause->verdict == MATCH_SIGNAL) && !(outcome & MATCH_WOULD));
	place_give(&event_slots_taken, index);
	return 0;
}

#endif
