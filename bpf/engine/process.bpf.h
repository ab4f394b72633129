/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What is kept of each process, in the storage of the leader of its thread group: what the image says
 * of its program and its script, its tags, and what its ancestors were. It is made when the process is
 * forked or executes a program (hooks_process), by the iterator for those that were there before, and
 * here for who slipped through. Views belong to one generation of the image.
 *
 * Several threads of a process may be at it at once: tags and ancestors are only ever added to, and the
 * hits of a program are valid while exec_id says so.
 */
#ifndef KRSI_ENGINE_PROCESS_BPF_H
#define KRSI_ENGINE_PROCESS_BPF_H

#include "text.bpf.h"

/* What the image looks at; user space sets these before the generation is published. */
__u32 want_views;		/* programs, scripts, tags, parents, ancestors or targets are asked for */
__u32 want_predicates;		/* parents, ancestors or targets are */

/* The generation that is being made ready, and kept up to date beside the one in force; 0: none. */
__u32 seed_generation;

#define process_once(x) (*(volatile __typeof__(x) *)&(x))

/* What is kept of a process, or nothing: process_look(); and that it is kept from now on: process_get(). */
#ifdef ENGINE_BEFORE_5_12
static __always_inline struct process *process_look(struct task_struct *leader)
{
	__u64 key = (__u64)leader;

	return bpf_map_lookup_elem(&processes, &key);
}

static __always_inline struct process *process_get(struct task_struct *leader)
{
	struct process *process = process_look(leader), *blank;
	__u64 key = (__u64)leader;
	__u32 first = 0;

	if (process)
		return process;
	blank = bpf_map_lookup_elem(&process_blank, &first);
	if (!blank)
		return 0;
	bpf_map_update_elem(&processes, &key, blank, BPF_NOEXIST);
	return bpf_map_lookup_elem(&processes, &key);
}
#else
static __always_inline struct process *process_look(struct task_struct *leader)
{
	return bpf_task_storage_get(&processes, leader, 0, 0);
}

static __always_inline struct process *process_get(struct task_struct *leader)
{
	struct process *process = bpf_task_storage_get(&processes, leader, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	/* Kernels before 6.2 refuse when another one was interrupted in there on this CPU. */
	if (!process)
		process = bpf_task_storage_get(&processes, leader, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return process;
}
#endif

/* The header of a generation's image, when that is loaded. */
static __always_inline const struct image_header *process_image(__u32 number)
{
	__u32 index = number % IMAGES;
	match_image image = bpf_map_lookup_elem(&images, &index);
	const struct image_header *header = image ? match_header(image) : 0;

	return header && (__u32)header->generation == number ? header : 0;
}

/* Add to a view what the other one has of the same meaning. The later image knows which bits those are. 0: some may be lost. */
static __always_inline int view_inherit(struct process_view *view, const struct process_view *other)
{
	__u32 here = process_once(view->generation), there = process_once(other->generation);
	const struct image_header *header;

	if (!here || !there || here == there)
		return 1;
	header = process_image(here > there ? here : there);
	if (!header)
		return 1;
	return word_or(WORD_LOCK_TAGS, &view->tags, other->tags & header->tags_kept) &
	       word_or(WORD_LOCK_TAGS, &view->tree_tags, other->tree_tags & header->tags_kept) &
	       word_or(WORD_LOCK_TAGS, &view->ancestors, other->ancestors & header->predicates_kept);
}

/* The view of a generation, begun when there was none. */
static __always_inline struct process_view *view_get(struct process *process, __u32 number)
{
	struct process_view *view = number & 1 ? &process->views[1] : &process->views[0];

	if (process_once(view->generation) == number)
		return view;
	if (!word_change(WORD_LOCK_VIEW, &view->busy, 0, 1))
		return view;
	process_once(view->generation) = 0;
	process_once(view->exec_id) = PROCESS_CHANGES;
	view->exe.count = 0;
	view->script.count = 0;
	view->predicates = 0;
	view->ancestors = 0;
	view->tags = 0;
	view->tree_tags = 0;
	/* From here on tags come in by themselves; then those that were there. */
	process_once(view->generation) = number;
	view_inherit(view, number & 1 ? &process->views[0] : &process->views[1]);
	word_set(&view->busy, 0);
	return view;
}

/* Put tags on a process, in what is said of `number` and, where they mean the same, in the other view. 0: some may be lost. */
static __always_inline int process_tag(struct process *process, __u32 number, __u64 tags, __u64 tree_tags)
{
	struct process_view *view = view_get(process, number);
	int kept = word_or(WORD_LOCK_TAGS, &view->tags, tags) & word_or(WORD_LOCK_TAGS, &view->tree_tags, tree_tags);

	return kept & view_inherit(number & 1 ? &process->views[0] : &process->views[1], view);
}

/* The same for the thread that is about to be the leader. When it cannot be remembered, the operation is refused. */
static __always_inline void process_tag_late(struct engine_slot *slot, __u64 tags, __u64 tree_tags)
{
	struct late_tags *late, fresh = { .generation = slot->match.generation };
	__u64 signal = 0;

	bpf_core_read(&signal, sizeof(signal), &task_current()->signal);
	bpf_map_update_elem(&late_tags, &signal, &fresh, BPF_NOEXIST);
	late = bpf_map_lookup_elem(&late_tags, &signal);
	if (!late || !(word_or(WORD_LOCK_TAGS, &late->tags, tags) & word_or(WORD_LOCK_TAGS, &late->tree_tags, tree_tags)))
		slot->match.error = EPERM;
}

/* Keep what a walk added to the slot as what a file of a process means. */
static __always_inline void process_hits_keep(struct process_hits *hits, const struct match_slot *match)
{
	__u32 i, count = match->hit_count;

	for (i = 0; i < PROCESS_HITS; i++) {
		if (i >= count)
			break;
		hits->refs[i] = match->hits[i].ref;
	}
	hits->count = count;
	hits->unresolved = match->unresolved;
}

/*
 * What the image says of a file as a part of `task`, seen from that one's mount namespace: in the
 * view's program, or its script. The hits of the slot stay as they were.
 */
MATCH_FN int process_walk(__u32 at, __u64 task, __u64 file, __u32 role)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	match_image image;
	__u64 value;
	__u32 i;

	if (!slot)
		return 0;
	image = match_image_open(&slot->match);
	if (!image)
		return 0;
	header = match_header(image);
	if (!header)
		return 0;
	slot->kept.namespace = slot->walk.namespace;
	slot->kept.hit_count = slot->match.hit_count;
	slot->kept.unresolved = slot->match.unresolved;
	for (i = 0; i < MATCH_HITS_MAX; i++)
		slot->kept.hits[i] = slot->match.hits[i];
	slot->match.hit_count = 0;
	slot->match.unresolved = 0;
	/* Not onto the stack, of which eight calls in each other share 512 bytes. */
	bpf_core_read(&slot->kept.mount, sizeof(__u64), &((struct task_struct *)task)->nsproxy);
	value = slot->kept.mount;
	bpf_core_read(&slot->walk.namespace, sizeof(__u64), &((struct nsproxy *)value)->mnt_ns);
	bpf_core_read(&slot->kept.mount, sizeof(__u64), &((struct file *)file)->f_path.mnt);
	bpf_core_read(&slot->kept.dentry, sizeof(__u64), &((struct file *)file)->f_path.dentry);
	bpf_core_read(&slot->kept.inode, sizeof(__u64), &((struct file *)file)->f_inode);
	walk_file(at, slot->kept.mount, slot->kept.dentry, slot->kept.inode, 1U << (role & 15) | header->features << 16);
	process_hits_keep(role == IMAGE_ROLE_SCRIPT ? &slot->view.script : &slot->view.exe, &slot->match);
	for (i = 0; i < MATCH_HITS_MAX; i++)
		slot->match.hits[i] = slot->kept.hits[i];
	slot->match.hit_count = slot->kept.hit_count;
	slot->match.unresolved = slot->kept.unresolved;
	slot->walk.namespace = slot->kept.namespace;
	return 0;
}

/* Find out what the image says of the program that `task` runs, and put it into the slot's view. */
static __always_inline void process_program(__u32 at, struct engine_slot *slot, __u64 task)
{
	struct mm_struct *mm = 0;
	__u64 exe = 0;

	slot->view.exe.count = 0;
	slot->view.exe.unresolved = 0;
	bpf_core_read(&mm, sizeof(mm), &((struct task_struct *)task)->mm);
	if (!mm || bpf_core_read(&exe, sizeof(exe), &mm->exe_file) || !exe)
		return;	/* a kernel thread, or one that exits */
	process_walk(at, task, exe, IMAGE_ROLE_EXE);
}

/* Keep what was found out of a program. What was true of the process before it executed that counts as an ancestor. */
static __always_inline void view_store(struct process_view *view, const struct process_view *from)
{
	if (view->exec_id != from->exec_id) {
		word_or(WORD_LOCK_TAGS, &view->ancestors, view->predicates);
		view->predicates = 0;
	}
	process_once(view->exec_id) = PROCESS_CHANGES;
	view->exe = from->exe;
	view->script = from->script;
	process_once(view->exec_id) = from->exec_id;
}

/*
 * Put what is kept of a process into the slot; what is missing or of an earlier execution is found out
 * again. When nothing can be kept of it, the operation is refused: its tags would be forgotten.
 */
static __always_inline void process_load(__u32 at, struct engine_slot *slot, struct task_struct *leader, __u64 task)
{
	struct process *process = process_get(leader);
	__u32 number = slot->match.generation;
	struct process_view *view = 0;
	__u64 exec_id = 0;

	bpf_core_read(&exec_id, sizeof(exec_id), &((struct task_struct *)task)->self_exec_id);
	slot->view.exec_id = PROCESS_CHANGES;
	slot->view.predicates = 0;
	slot->view.ancestors = 0;
	slot->view.tags = 0;
	slot->view.script.count = 0;
	if (process) {
		view = view_get(process, number);
		if (process_once(view->generation) == number)
			slot->view = *view;
		if (slot->view.exec_id == exec_id && process_once(view->exec_id) == exec_id && !slot->view.exe.unresolved)
			return;
	} else {
		slot->match.error = EPERM;
	}
	if (slot->view.exec_id != exec_id)
		slot->view.script.count = 0;
	process_program(at, slot, task);
	slot->view.exec_id = exec_id;
	if (view && process_once(view->generation) == number)
		view_store(view, &slot->view);
}

#endif
