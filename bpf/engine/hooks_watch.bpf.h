/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What becomes of processes, told without a rule: who keeps a table of them needs all of it. Attached only when
 * the engine was asked for it. Nothing is decided here.
 */
#ifndef KRSI_ENGINE_HOOKS_WATCH_BPF_H
#define KRSI_ENGINE_HOOKS_WATCH_BPF_H

#include "act.bpf.h"

struct signal_struct {
	struct {
		int counter;
	} live;
} __attribute__((preserve_access_index));
struct task_struct___exit { int exit_code; } __attribute__((preserve_access_index));
struct mm_struct___strings { unsigned long arg_start, arg_end, env_end; } __attribute__((preserve_access_index));
struct bpf_iter__task___meta { struct bpf_iter_meta *meta; struct task_struct *task; } __attribute__((preserve_access_index));
struct bpf_iter_meta { struct seq_file *seq; } __attribute__((preserve_access_index));

/* An event of a process that is no operation: its number of a place, or -1. Everything of its object is absent. */
MATCH_FN int watch_begin(__u32 kind, __u32 operation, __u64 task)
{
	__u64 sequence = word_next(WORD_LOCK_SEQUENCE, &event_sequence);
	int index = place_take(&event_slots_taken, EVENT_SLOTS, EVENT_SLOTS), i;
	struct event_slot *event;

	if (index < 0) {
		event_lost(operation, EVENT_LOST_PLACE);
		return -1;
	}
	event = bpf_map_lookup_elem(&event_slots, &index);
	if (!event)
		return -1;
	event->task = task;
	event->head.version = EVENT_VERSION;
	event->head.head_size = sizeof(event->head);
	event->head.sequence = sequence;
	event->head.time = bpf_ktime_get_boot_ns();
	event->head.generation = generation;
	event->head.operation = operation;
	event->head.kind = kind;
	event->head.verdict = 0;
	event->head.outcome = 0;
	event->head.policy = 0;
	event->head.audited = 0;
	event->head.rule = 0;
	for (i = PLACE_ERROR; i < PLACES; i++)
		event_number(&event->numbers[i], 0, 0, 0);
	event->address.field.id = 0;
	event->address.field.type = KRSI_EVENT_TYPE_ADDRESS;
	event->address.field.flags = 0;
	event->address.field.size = sizeof(event->address.bytes);
	event_task_fill(index);
	event_cred_fill(index, 0);
	event_namespaces_fill(index);
	return index;
}

/* Program, working directory and cgroup. Returns how many bytes the texts are. */
static __always_inline __u32 watch_texts(const struct event_slot *event, __u32 index)
{
	__u32 used;

	used = event_text_add(index, 0, event->mount[EVENT_EXE], event->dentry[EVENT_EXE], KRSI_EVENT_EXE);
	used = event_text_add(index, used, event->mount[EVENT_CWD], event->dentry[EVENT_CWD], KRSI_EVENT_CWD);
	return event_cgroup_add(index, used);
}

static __always_inline __u64 watch_size(__u32 used)
{
	if (used > EVENT_TEXTS_SIZE)
		used = EVENT_TEXTS_SIZE;
	used &= ~7U;
	return offsetof(struct event_slot, texts) + used;
}

static __always_inline void watch_send(struct event_slot *event, __u32 index, __u32 used)
{
	__u64 size = watch_size(used);

	event->head.size = size;
	event_send(event, size, event->head.operation, 0);
	place_give(&event_slots_taken, index);
}

/* The strings of the program that the process runs, from its own memory, into which they were just written. */
MATCH_FN __u32 watch_strings(__u32 index, __u32 used, __u32 argc)
{
	struct event_slot *event = bpf_map_lookup_elem(&event_slots, &index);
	struct mm_struct___strings *mm = 0;
	struct event_field list = {};
	unsigned long start = 0, end = 0;
	__u64 place = used, size;

	if (!event)
		return used;
	bpf_core_read(&mm, sizeof(mm), &event_task(event)->mm);
	bpf_core_read(&start, sizeof(start), &mm->arg_start);
	if (want_environment)
		bpf_core_read(&end, sizeof(end), &mm->env_end);
	else
		bpf_core_read(&end, sizeof(end), &mm->arg_end);
	asm volatile("" : "+r"(place));
	if (end < start || place > EVENT_TEXTS_SIZE - EVENT_STRINGS_SIZE - sizeof(list))
		return used;
	size = end - start;
	list.id = KRSI_EVENT_STRINGS;
	list.type = KRSI_EVENT_TYPE_LIST;
	if (size > EVENT_STRINGS_SIZE - 1) {
		size = EVENT_STRINGS_SIZE - 1;
		list.flags = KRSI_EVENT_TEXT_CUT;
	}
	size &= EVENT_STRINGS_SIZE - 1;
	if (bpf_probe_read_user(event->texts + place + sizeof(list), size, (void *)start)) {
		list.flags = KRSI_EVENT_TEXT_CUT;
		size = 0;
	}
	list.size = size;
	bpf_probe_read_kernel(event->texts + place, sizeof(list), &list);
	event_number(&event->numbers[PLACE_ARGC], KRSI_EVENT_ARGC, argc, 1);
	return used + sizeof(list) + event_padded(size);
}

/* The file that the process runs: which one it is, and what is known of it. */
MATCH_FN int watch_program(__u32 index)
{
	struct event_slot *event = bpf_map_lookup_elem(&event_slots, &index);
	struct act_object object = {};
	__u64 dentry, inode = 0;

	if (!event || !event->mount[EVENT_EXE])
		return 0;
	dentry = event->dentry[EVENT_EXE];
	bpf_core_read(&inode, sizeof(inode), &((struct dentry *)dentry)->d_inode);
	if (!inode)
		return 0;
	object_look(&object, dentry, inode);
	event_file_fill(event, &object, 1);
	return 0;
}

#define WATCH_NAME 4096		/* PATH_MAX */

/* The name that execve(2) had, when what runs is the interpreter of that. */
MATCH_FN __u32 watch_script(__u32 index, __u32 used, __u64 name, __u64 interpreter)
{
	struct event_slot *event = bpf_map_lookup_elem(&event_slots, &index);
	struct event_field text = {};
	__u64 place = used;
	long size;

	asm volatile("" : "+r"(place));
	if (!event || name == interpreter || place > EVENT_TEXTS_SIZE - WATCH_NAME - sizeof(text))
		return used;
	size = bpf_probe_read_kernel_str(event->texts + place + sizeof(text), WATCH_NAME, (void *)name);
	if (size <= 1 || size > WATCH_NAME)
		return used;
	text.id = KRSI_EVENT_SCRIPT;
	text.type = KRSI_EVENT_TYPE_TEXT;
	text.size = size - 1;
	bpf_probe_read_kernel(event->texts + place, sizeof(text), &text);
	return used + sizeof(text) + event_padded(size - 1);
}

SEC("tp_btf/sched_process_fork")
HOOK(watch_fork, struct task_struct *parent, struct task_struct *child)
{
	struct event_slot *event;
	int index;

	if (child->pid != child->tgid)
		return 0;
	index = watch_begin(KRSI_EVENT_KIND_FORK, 0, bpf_get_current_task());
	if (index < 0)
		return 0;
	event = bpf_map_lookup_elem(&event_slots, &index);
	if (!event)
		return 0;
	event_number(&event->numbers[PLACE_TARGET_PID], KRSI_EVENT_TARGET_PID, child->tgid, 1);
	event_number(&event->numbers[PLACE_TARGET_START_TIME], KRSI_EVENT_TARGET_START_TIME, child->start_boottime, 1);
	watch_send(event, index, watch_texts(event, index));
	return 0;
}

SEC("tp_btf/sched_process_exec")
HOOK(watch_exec, struct task_struct *task, int old, struct linux_binprm *bprm)
{
	__u64 name = 0, interpreter = 0, file = 0;
	struct event_slot *event;
	__u32 used, argc;
	int index;

	index = watch_begin(KRSI_EVENT_KIND_EXEC, KRSI_PRIV_OP_PROCESS_EXEC, bpf_get_current_task());
	if (index < 0)
		return 0;
	event = bpf_map_lookup_elem(&event_slots, &index);
	if (!event)
		return 0;
	argc = bprm->argc;
	watch_program(index);
	bpf_core_read(&name, sizeof(name), &bprm->filename);
	bpf_core_read(&interpreter, sizeof(interpreter), &bprm->interp);
	bpf_core_read(&file, sizeof(file), &bprm->file);
	used = watch_script(index, watch_texts(event, index), name, interpreter);
	used = watch_strings(index, used, argc);
	watch_send(event, index, event_digests_add(index, used, file));
	return 0;
}

/* Whether users, groups or capabilities differ. Each is read as words of 64 bits, and none of them has a gap. */
static __always_inline int watch_is_other(const struct cred *before, const struct cred *next)
{
	__u64 was[7] = {}, is[7] = {}, differs = 0;
	int i;

	bpf_core_read(was, sizeof(struct cred_ids), &before->uid);
	bpf_core_read(is, sizeof(struct cred_ids), &next->uid);
	bpf_core_read(was + 4, sizeof(struct cred_caps), &before->cap_inheritable);
	bpf_core_read(is + 4, sizeof(struct cred_caps), &next->cap_inheritable);
	for (i = 0; i < 7; i++)
		differs |= was[i] ^ is[i];
	return differs != 0;
}

/* All ways to other credentials end here: set*id(2), capset(2), execve(2), setns(2), keyctl(2). */
SEC("fentry/commit_creds")
HOOK(watch_identity, struct cred *next)
{
	struct cred *before = 0;
	struct event_slot *event;
	__u64 address = 0;
	int index;

	bpf_core_read(&before, sizeof(before), &task_current()->real_cred);
	if (!watch_is_other(before, next))
		return 0;
	index = watch_begin(KRSI_EVENT_KIND_IDENTITY, 0, bpf_get_current_task());
	if (index < 0)
		return 0;
	event = bpf_map_lookup_elem(&event_slots, &index);
	if (!event)
		return 0;
	/* As a number, which functions of their own take. */
	bpf_probe_read_kernel(&address, sizeof(address), ctx);
	event_cred_fill(index, address);
	watch_send(event, index, watch_texts(event, index));
	return 0;
}

/* Threads of a process that have not ended. */
static __always_inline int watch_live(struct signal_struct *signal)
{
	int live = 1;

	bpf_core_read(&live, sizeof(live), &signal->live);
	return live;
}

/* The ends that were told lately. */
struct ended {
	__u64 start_time;
	__u32 tgid;
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct ended);
	__type(value, __u32);
} ended SEC(".maps");

#define EEXIST 17

/*
 * Whether this thread is the one that tells the end of its process. Each counts itself out first and comes here
 * afterwards, so of two that end at the same time both can see that none is left. How many threads there are says
 * nothing of that: the first may be gone altogether when the second comes.
 */
static __always_inline int watch_ends(struct task_struct *task)
{
	struct ended key = {};
	__u32 value = 1;
	int err;

	if (watch_live(task->signal) != 0)
		return 0;	/* another thread goes on */
	key.start_time = task->group_leader->start_boottime;
	key.tgid = task->tgid;
	/* The kernel's function returns an int, and what is above that in the register is anything. */
	err = bpf_map_update_elem(&ended, &key, &value, BPF_NOEXIST);
	return err != -EEXIST;
}

SEC("tp_btf/sched_process_exit")
HOOK(watch_exit, struct task_struct *task)
{
	struct event_slot *event;
	__u64 start;
	int index, code = 0;

	if (!watch_ends(task))
		return 0;
	index = watch_begin(KRSI_EVENT_KIND_EXIT, 0, bpf_get_current_task());
	if (index < 0)
		return 0;
	event = bpf_map_lookup_elem(&event_slots, &index);
	if (!event)
		return 0;
	bpf_core_read(&code, sizeof(code), &((struct task_struct___exit *)bpf_get_current_task())->exit_code);
	start = event->numbers[PLACE_START_TIME].value;
	event_number(&event->numbers[PLACE_EXIT_CODE], KRSI_EVENT_EXIT_CODE, code >> 8 & 255, !(code & 127));
	event_number(&event->numbers[PLACE_EXIT_SIGNAL], KRSI_EVENT_EXIT_SIGNAL, code & 127, code & 127);
	event_number(&event->numbers[PLACE_RUN_TIME], KRSI_EVENT_RUN_TIME, event->head.time - start, 1);
	watch_send(event, index, watch_texts(event, index));
	return 0;
}

/* The processes that are there, as records one behind the other. Who only waits to be waited for has been told of as ended. */
SEC("iter/task")
int watch_look(struct bpf_iter__task___meta *ctx)
{
	struct task_struct *task = ctx->task;
	struct seq_file *seq = ctx->meta->seq;
	struct event_slot *event;
	__u64 address = 0, size;
	int index;

	if (!task || task->pid != task->tgid || watch_live(task->signal) == 0)
		return 0;
	bpf_core_read(&address, sizeof(address), &task->group_leader);	/* its own, as a number */
	index = watch_begin(KRSI_EVENT_KIND_PROCESS, 0, address);
	if (index < 0)
		return 1;	/* once more */
	event = bpf_map_lookup_elem(&event_slots, &index);
	if (!event)
		return 0;
	size = watch_size(watch_texts(event, index));
	event->head.size = size;
	bpf_seq_write(seq, event, size);
	place_give(&event_slots_taken, index);
	return 0;
}

#endif
