/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Events. What is denied is denied whether there is room to tell it or not; what cannot be told is
 * counted.
 */
#ifndef KRSI_ENGINE_EVENT_BPF_H
#define KRSI_ENGINE_EVENT_BPF_H

#include "subject.bpf.h"

static __always_inline void event_lost(__u32 operation)
{
	__u32 key = operation & 63;
	__u64 *count = bpf_map_lookup_elem(&events_lost, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline void event_head_fill(struct event_head *head, const struct engine_slot *slot,
					    __u32 number, __u32 outcome, const struct image_clause *clause)
{
	struct task_struct *task = task_current();
	__u64 id = bpf_get_current_pid_tgid();
	const struct cred *cred = 0;
	struct task_struct *parent = 0;

	head->version = EVENT_VERSION;
	head->head_size = sizeof(*head);
	head->sequence = slot->act.sequence;
	head->time = bpf_ktime_get_ns();
	head->generation = slot->match.generation;
	head->clause = number;
	head->operation = slot->match.operation;
	head->verdict = clause->verdict;
	head->outcome = outcome;
	head->error = clause->error;
	head->signal = clause->signal;
	head->policy = clause->policy;
	head->rule = clause->kind == IMAGE_DEFAULT ? ~0U : clause->rule;
	head->pid = id >> 32;
	head->tid = (__u32)id;
	bpf_core_read(&head->start_time, sizeof(head->start_time), &task->start_boottime);
	bpf_core_read(&parent, sizeof(parent), &task->real_parent);
	bpf_core_read(&head->ppid, sizeof(head->ppid), &parent->tgid);
	bpf_core_read(&cred, sizeof(cred), &task->cred);
	bpf_core_read(&head->uid, sizeof(head->uid), &cred->euid);
	bpf_core_read(&head->gid, sizeof(head->gid), &cred->egid);
	bpf_get_current_comm(head->comm, sizeof(head->comm));
}

static __always_inline void event_object_fill(struct event_head *head, const struct act *act)
{
	head->parts = (act->has & ACT_ADDRESS ? EVENT_ADDRESS : 0) | (act->has & ACT_PORT ? EVENT_PORT : 0) |
		      (act->has & ACT_FAMILY ? EVENT_FAMILY : 0) | (act->has & ACT_SIGNAL ? EVENT_SIGNAL : 0) |
		      (act->has & ACT_TARGET ? EVENT_TARGET : 0);
	head->port = act->port;
	head->family = act->family;
	head->object_signal = act->signal;
	head->target_pid = act->target_pid;
	*(__u64 *)head->address = __builtin_bswap64(act->address_high);
	*(__u64 *)(head->address + 8) = __builtin_bswap64(act->address_low);
	head->inode = act->objects ? act->object[0].inode : 0;
	head->device = act->objects ? act->object[0].device : 0;
	head->mode = act->objects ? act->object[0].mode : 0;
}

static __always_inline __u32 event_padded(__u32 size)
{
	return (size + 7) & ~7U;
}

/* Put a path's text behind what the event has: its head, its bytes and zeros. Returns the new size. */
MATCH_FN __u32 event_text_add(__u32 event_index, __u32 used, __u64 mnt, __u64 dentry, __u32 id)
{
	struct event_slot *event = bpf_map_lookup_elem(&event_slots, &event_index);
	struct event_text text = {};
	struct path_slot *path;
	__u32 size, start, at;
	int index;

	if (!event || !mnt || !dentry)
		return used;
	index = path_slot_take();
	if (index < 0)
		return used;
	path_build(index, mnt, dentry);
	path = bpf_map_lookup_elem(&path_slots, &index);
	if (!path)
		goto out;
	start = path->start;
	size = PATH_SIZE - start;
	text.id = id;
	text.flags = path->result == PATH_TOO_LONG || path->result == PATH_UNREADABLE ? EVENT_TEXT_CUT :
		     path->result == PATH_FOREIGN ? EVENT_TEXT_FOREIGN :
		     path->result == PATH_DETACHED ? EVENT_TEXT_DETACHED : 0;
	asm volatile("%0 &= 4095" : "+r"(start));
	asm volatile("%0 &= 4095" : "+r"(size));
	text.size = size;
	at = used;
	if (at > EVENT_TEXTS * (sizeof(text) + PATH_SIZE) - sizeof(text) - PATH_SIZE)
		goto out;
	bpf_probe_read_kernel(event->texts + at, sizeof(text), &text);
	bpf_probe_read_kernel(event->texts + at + sizeof(text), size, path->text + start);
	used = at + sizeof(text) + event_padded(size);
out:
	path_slot_give(index);
	return used;
}

/* The program that the subject runs. */
static __always_inline __u32 event_exe_add(__u32 event_index, __u32 used)
{
	struct mm_struct *mm = 0;
	__u64 mnt = 0, dentry = 0;
	struct file *exe = 0;

	bpf_core_read(&mm, sizeof(mm), &task_current()->mm);
	if (!mm || bpf_core_read(&exe, sizeof(exe), &mm->exe_file) || !exe)
		return used;
	bpf_core_read(&mnt, sizeof(mnt), &exe->f_path.mnt);
	bpf_core_read(&dentry, sizeof(dentry), &exe->f_path.dentry);
	return event_text_add(event_index, used, mnt, dentry, EVENT_TEXT_EXE);
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
	slot->act.sequence = __sync_fetch_and_add(&event_sequence, 1);
	index = place_take(&event_slots_taken, EVENT_SLOTS, EVENT_SLOTS);
	if (index < 0) {
		event_lost(slot->match.operation);
		return 0;
	}
	event = bpf_map_lookup_elem(&event_slots, &index);
	if (!event)
		return 0;
	if (slot->act.paths > 0)
		used = event_text_add(index, used, slot->act.path_mount[0], slot->act.path_dentry[0], EVENT_TEXT_PATH);
	if (slot->act.paths > 1)
		used = event_text_add(index, used, slot->act.path_mount[1], slot->act.path_dentry[1], EVENT_TEXT_PATH2);
	used = event_exe_add(index, used);
	event_head_fill(&event->head, slot, number, outcome, clause);
	event_object_fill(&event->head, &slot->act);
	if (used > sizeof(event->texts))
		used = sizeof(event->texts);
	used &= ~7U;
	event->head.size = sizeof(event->head) + used;
	if (bpf_ringbuf_output(&events, event, sizeof(event->head) + used, 0))
		event_lost(slot->match.operation);
	place_give(&event_slots_taken, index);
	return 0;
}

#endif
