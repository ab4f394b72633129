/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Processes: execution, what they do to each other, their credentials, and keeping what is known of
 * them up to date.
 *
 * Tracking. A child has the tags that go to children, and its creator, as it is at that moment, is
 * among its ancestors, whoever its parent is (CLONE_PARENT). A process that executes a program keeps
 * its tags, and what it was before counts as an ancestor. A thread that is not the leader becomes the
 * leader when it executes a program, and the leader's storage goes with the leader: it takes that
 * along, as long as others cannot add to it behind its back (process_tag_late()).
 *
 * These programs are attached only while a policy asks for it, or one is being made ready that does; before Linux 5.12
 * they stay, and do nothing then.
 * When tracking finds no memory, fork and exec fail: who is not tracked would be nobody's descendant.
 */
#ifndef KRSI_ENGINE_HOOKS_PROCESS_BPF_H
#define KRSI_ENGINE_HOOKS_PROCESS_BPF_H

#include "act.bpf.h"

/* --- tracking ------------------------------------------------------------ */

static __always_inline int tracking_is_wanted(void)
{
#ifdef ENGINE_BEFORE_5_12
	return want_views || seed_generation;
#else
	return 1;
#endif
}

static __always_inline void fork_view(struct process_view *child, const struct process_view *parent)
{
	__u64 exec_id = process_once(parent->exec_id);

	*child = *parent;
	child->busy = 0;
	/* Somebody may be changing the parent's: then the program is looked up again. */
	if (child->exec_id != exec_id || process_once(parent->exec_id) != exec_id)
		child->exec_id = PROCESS_CHANGES;
	child->ancestors |= child->predicates;
	child->predicates = 0;
	child->tags = child->tree_tags;
}

SEC("lsm/task_alloc")
HOOK(fork_track, struct task_struct *task, unsigned long clone_flags, long ret)
{
	struct task_struct *leader = task_get(task_here(), group_leader);
	__u32 number = generation;
	struct process *child, *parent;
	struct engine_slot *slot;
	int at;

	if (ret)
		return ret;
	if (clone_flags & CLONE_THREAD || !tracking_is_wanted())
		return 0;
	if (!leader)
		return 0;
	parent = process_get(leader);
	child = process_get(task);
	if (!parent || !child)
		return -EAGAIN;
	if (want_predicates && number) {
		at = slot_begin(number);
		if (at < 0)
			return -EAGAIN;
		subject_predicates(at);
		slot = slot_get(at);
		if (slot && parent->views[number & 1].generation == number)
			parent->views[number & 1].predicates = slot->view.predicates;
		place_give(&slots_taken, at);
	}
	fork_view(&child->views[0], &parent->views[0]);
	fork_view(&child->views[1], &parent->views[1]);
	return 0;
}

#ifdef ENGINE_BEFORE_5_12
/* Task storage goes with the task; what is kept in a map goes here. Attached before anything is kept, and as long. */
SEC("lsm/task_free")
HOOK(process_gone, struct task_struct *task)
{
	__u64 key = act_argument(ctx, 0);

	bpf_map_delete_elem(&processes, &key);
	return 0;
}
#endif

/* What one image says before the exec. */
static __always_inline long exec_before(struct process *process, __u32 number, __u64 file)
{
	struct process_exec *exec = number & 1 ? &process->execs[1] : &process->execs[0];
	struct engine_slot *slot;
	int at;

	if (!number)
		return 0;
	exec->generation = 0;
	if (!process_image(number))
		return 0;
	at = slot_begin(number);
	if (at < 0)
		return -EAGAIN;
	subject_predicates(at);
	process_walk(at, bpf_get_current_task(), file, IMAGE_ROLE_SCRIPT);
	slot = slot_get(at);
	if (slot) {
		exec->predicates = slot->view.predicates;
		exec->script = slot->view.script;
		exec->generation = number;
	}
	place_give(&slots_taken, at);
	return 0;
}

SEC("lsm/bprm_creds_for_exec")
HOOK(exec_begin, struct linux_binprm *bprm, long ret)
{
	struct task_struct *task = task_here(), *leader;
	__u32 number = generation, next = seed_generation;
	struct process *process, *own;
	__u64 file = 0, signal = 0;
	long err;

	if (ret)
		return ret;
	leader = tracking_is_wanted() ? task_get(task, group_leader) : 0;
	if (!leader)
		return 0;
	process = process_get(leader);
	if (!process)
		return -EAGAIN;
	bpf_core_read(&file, sizeof(file), &bprm->file);
	if (task_get(task, pid) != task_get(task, tgid)) {
		own = process_get(task);
		if (!own)
			return -EAGAIN;
		/* Tags that come from now on come twice. */
		if (!process->moving) {
			bpf_core_read(&signal, sizeof(signal), &task_current()->signal);
			bpf_map_delete_elem(&late_tags, &signal);
			word_set(&process->moving, 1);
		}
		*own = *process;
		process = own;
	}
	err = exec_before(process, number, file);
	if (!err && next != number)
		err = exec_before(process, next, file);
	process->first_file = err ? 0 : file;
	return err;
}

/* What one image says afterwards. */
static __always_inline void exec_after(struct process *process, __u32 number, __u64 file)
{
	struct process_exec *exec = number & 1 ? &process->execs[1] : &process->execs[0];
	__u64 task = bpf_get_current_task();
	struct process_view *view;
	struct engine_slot *slot;
	int at;

	if (!number || !process_image(number))
		return;
	view = view_get(process, number);
	if (exec->generation == number)
		word_or(WORD_LOCK_TAGS, &view->ancestors, exec->predicates);
	word_or(WORD_LOCK_TAGS, &view->ancestors, view->predicates);
	view->predicates = 0;
	process_once(view->exec_id) = PROCESS_CHANGES;
	view->script.count = 0;
	at = slot_begin(number);
	if (at < 0)
		return;	/* the program is looked up when it is asked for */
	slot = slot_get(at);
	if (slot) {
		process_program(at, slot, task);
		slot->view.script.count = 0;
		if (exec->generation == number && process->first_file && process->first_file != file)
			slot->view.script = exec->script;
		bpf_core_read(&slot->view.exec_id, sizeof(slot->view.exec_id), &((struct task_struct *)task)->self_exec_id);
		view_store(view, &slot->view);
	}
	place_give(&slots_taken, at);
}

SEC("lsm/bprm_committed_creds")
HOOK(exec_end, struct linux_binprm *bprm)
{
	struct task_struct *task = task_here();
	__u32 number = generation, next = seed_generation;
	struct late_tags *late, tags;
	struct process *process;
	__u64 file = 0, signal = 0;

	process = tracking_is_wanted() ? process_get(task) : 0;	/* the leader now, whoever it was */
	if (!process)
		return 0;
	bpf_core_read(&file, sizeof(file), &bprm->file);
	exec_after(process, number, file);
	if (next != number)
		exec_after(process, next, file);
	process->first_file = 0;
	if (process->moving) {
		process->moving = 0;
		bpf_core_read(&signal, sizeof(signal), &task_current()->signal);
		late = bpf_map_lookup_elem(&late_tags, &signal);
		if (late) {
			tags = *late;
			process_tag(process, tags.generation, tags.tags, tags.tree_tags);
			bpf_map_delete_elem(&late_tags, &signal);
		}
	}
	return 0;
}

/* Processes whose view of seed_generation changed: until there are none, it has to be run again. */
__u32 seed_changed;

/* Fill in what an image says of the processes that are there. */
SEC("iter/task")
int seed(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task, *parent, *leader;
	struct process_view *view, *above;
	struct process *process, *other;
	__u32 number = seed_generation;
	__u64 address = 0, more = 0;
	struct engine_slot *slot;
	int at;

	if (!task || !number || task->pid != task->tgid)
		return 0;
	process = process_get(task);
	at = slot_begin(number);
	if (at < 0 || !process) {
		word_increment(&seed_changed);
		goto out;
	}
	slot = slot_get(at);
	if (!slot)
		goto out;
	if (process->views[number & 1].generation != number)
		word_increment(&seed_changed);
	view = view_get(process, number);
	view_inherit(view, number & 1 ? &process->views[0] : &process->views[1]);
	bpf_core_read(&address, sizeof(address), &task->group_leader);	/* its own, as a number */
	slot->task = address;
	process_load(at, slot, task, address);
	predicates_find(at, slot);
	if (slot->view.predicates & ~view->predicates)
		word_increment(&seed_changed);
	view->predicates = slot->view.predicates;
	parent = task->real_parent;
	leader = parent ? parent->group_leader : 0;
	if (!leader)
		goto out;
	other = process_look(leader);
	if (!other)
		goto out;
	above = number & 1 ? &other->views[1] : &other->views[0];
	if (above->generation == number)
		more = above->ancestors | above->predicates;
	if (more & ~view->ancestors) {
		word_or(WORD_LOCK_TAGS, &view->ancestors, more);
		word_increment(&seed_changed);
	}
out:
	if (at >= 0)
		place_give(&slots_taken, at);
	return 0;
}

/* --- execution ----------------------------------------------------------- */

/* Asked for the file that execve() was called for, and once more for each interpreter. */
SEC("lsm/bprm_check_security")
HOOK(exec_check, struct linux_binprm *bprm, long ret)
{
	int at;

	if (ret)
		return ret;
	at = act_begin(OP(PROCESS_EXEC));
	if (at < 0)
		return act_none(at);
	act_file(at, bprm->file, PATH_ROLES);
	act_strings(at, bprm);
	act_decide(at, KRSI_PRIV_OP_PROCESS_EXEC);
	return act_end(at);
}

/* --- other processes ----------------------------------------------------- */

/*
 * The process that is acted on: its predicates. `task` is its thread, `address` the same as a number.
 * Only programs themselves can do this, as they have the pointer.
 */
static __always_inline void act_target(__u32 at, struct task_struct *task, __u64 address)
{
	struct engine_slot *slot = slot_get(at);
	struct task_struct *leader;
	__u64 acting;

	if (!slot)
		return;
	acting = slot->task;
	slot->act.target = 0;
	leader = task_get(task, group_leader);
	slot->act.target_pid = task_get(task, tgid);
	slot->act.target_start = task_get(leader, start_boottime);
	slot->act.has |= ACT_TARGET;
	if (want_predicates && leader) {
		slot->task = address;
		process_load(at, slot, leader, address);
		predicates_find(at, slot);
		slot->act.target = slot->view.predicates;
		slot->task = acting;
	}
}

/* Signals of the kernel itself are not asked for, and those with `cred` are sent for a device, by no process. */
SEC("lsm/task_kill")
HOOK(task_kill, struct task_struct *task, void *info, int sig, const struct cred *cred, long ret)
{
	struct engine_slot *slot;
	int at;

	if (ret)
		return ret;
	/* As a number: of a pointer the verifier would say that it is never NULL, and leave all the rest out. */
	if (act_argument(ctx, 3))
		return 0;
	at = act_begin(OP(PROCESS_SIGNAL));
	if (at < 0)
		return act_none(at);
	act_target(at, task, act_argument(ctx, 0));
	slot = slot_get(at);
	if (slot) {
		slot->act.signal = sig;
		slot->act.has |= ACT_SIGNAL;
	}
	act_decide(at, KRSI_PRIV_OP_PROCESS_SIGNAL);
	return act_end(at);
}

/*
 * PTRACE_ATTACH and its like, /proc/PID/mem, process_vm_readv() and process_vm_writev() all ask for the
 * same, PTRACE_MODE_ATTACH; whether memory is to be written or read is not told. What asks to read only
 * (/proc/PID/environ, maps, fd, ...) is process.ptrace alone.
 */
SEC("lsm/ptrace_access_check")
HOOK(ptrace_access, struct task_struct *child, unsigned int mode, long ret)
{
	__u64 mask = OP(PROCESS_PTRACE);
	int at;

	if (ret)
		return ret;
	if (mode & PTRACE_MODE_ATTACH)
		mask |= OP(PROCESS_MEMORY_WRITE);
	at = act_begin(mask);
	if (at < 0)
		return act_none(at);
	act_target(at, child, act_argument(ctx, 0));
	act_decide(at, KRSI_PRIV_OP_PROCESS_PTRACE);
	if (mask & OP(PROCESS_MEMORY_WRITE))
		act_decide(at, KRSI_PRIV_OP_PROCESS_MEMORY_WRITE);
	return act_end(at);
}

/*
 * A process asks its parent to trace it: who will trace is the subject, who calls is the target. A
 * signal goes to who calls.
 */
SEC("lsm/ptrace_traceme")
HOOK(ptrace_traceme, struct task_struct *parent, long ret)
{
	struct task_struct *task = task_here(), *leader, *above;
	struct engine_slot *slot;
	struct process *process;
	__u64 address;
	int at;

	if (ret)
		return ret;
	at = act_begin(OP(PROCESS_PTRACE) | OP(PROCESS_MEMORY_WRITE));
	if (at < 0)
		return act_none(at);
	slot = slot_get(at);
	leader = parent->group_leader;
	if (!slot || !leader)
		goto out;
	act_target(at, task, bpf_get_current_task());
	slot->act.other_subject = 1;
	slot->act.subject_loaded = 1;
	slot->parents = 0;
	address = act_argument(ctx, 0);
	if (want_predicates) {
		above = parent->real_parent;
		if (above && above->group_leader) {
			bpf_core_read(&slot->task, sizeof(slot->task), &parent->real_parent);
			process_load(at, slot, above->group_leader, slot->task);
			predicates_find(at, slot);
			slot->parents = slot->view.predicates;
		}
	}
	slot->task = address;
	if (want_views) {
		process_load(at, slot, leader, address);
		if (slot->view.exe.unresolved || slot->view.script.unresolved)
			slot->match.unresolved |= MATCH_UNKNOWN_PROGRAM;
	}
	act_decide(at, KRSI_PRIV_OP_PROCESS_PTRACE);
	act_decide(at, KRSI_PRIV_OP_PROCESS_MEMORY_WRITE);
	if (slot->act.tags) {
		process = process_get(leader);
		if (!process || !process_tag(process, slot->match.generation, slot->act.tags, slot->act.tree_tags))
			slot->match.error = EPERM;
	}
out:
	return act_end(at);
}

/* --- credentials --------------------------------------------------------- */

/* A call that changes nothing is none. */
static __always_inline int same_uids(const struct cred *new, const struct cred *old)
{
	return new->uid.val == old->uid.val && new->euid.val == old->euid.val && new->suid.val == old->suid.val &&
	       new->fsuid.val == old->fsuid.val;
}

static __always_inline int same_gids(const struct cred *new, const struct cred *old)
{
	return new->gid.val == old->gid.val && new->egid.val == old->egid.val && new->sgid.val == old->sgid.val &&
	       new->fsgid.val == old->fsgid.val;
}

SEC("lsm/task_fix_setuid")
HOOK(fix_setuid, struct cred *new, const struct cred *old, int flags, long ret)
{
	if (ret)
		return ret;
	if (same_uids(new, old))
		return 0;
	return act_plain(KRSI_PRIV_OP_PROCESS_SETUID);
}

SEC("lsm/task_fix_setgid")
HOOK(fix_setgid, struct cred *new, const struct cred *old, int flags, long ret)
{
	if (ret)
		return ret;
	if (same_gids(new, old))
		return 0;
	return act_plain(KRSI_PRIV_OP_PROCESS_SETGID);
}

SEC("lsm/task_fix_setgroups")
HOOK(fix_setgroups, struct cred *new, const struct cred *old, long ret)
{
	return ret ? ret : act_plain(KRSI_PRIV_OP_PROCESS_SETGID);
}

/* The capabilities that are asked for beyond those that the process has in the same set. */
SEC("lsm/capset")
HOOK(capset, struct cred *new, const struct cred *old, const void *effective, const void *inheritable,
	     const void *permitted, long ret)
{
	__u64 wanted = 0, has = 0, all = 0;
	struct engine_slot *slot;
	int at;

	if (ret)
		return ret;
	at = act_begin(OP(PROCESS_CAPSET));
	if (at < 0)
		return act_none(at);
	bpf_probe_read_kernel(&wanted, sizeof(wanted), effective);
	bpf_core_read(&has, sizeof(has), &old->cap_effective);
	all |= wanted & ~has;
	wanted = 0;
	bpf_probe_read_kernel(&wanted, sizeof(wanted), permitted);
	bpf_core_read(&has, sizeof(has), &old->cap_permitted);
	all |= wanted & ~has;
	wanted = 0;
	bpf_probe_read_kernel(&wanted, sizeof(wanted), inheritable);
	bpf_core_read(&has, sizeof(has), &old->cap_inheritable);
	all |= wanted & ~has;
	slot = slot_get(at);
	if (slot) {
		slot->act.capabilities = all;
		slot->act.has |= ACT_CAPABILITY;
	}
	act_decide(at, KRSI_PRIV_OP_PROCESS_CAPSET);
	return act_end(at);
}

/* --- namespaces ---------------------------------------------------------- */

SEC("lsm/userns_create")
HOOK(userns_create, const struct cred *cred, long ret)
{
	return ret ? ret : act_plain(KRSI_PRIV_OP_PROCESS_UNSHARE);
}

/*
 * No hook asks before setns(2): these see the call, and can send a signal but not refuse it. The
 * signal is there before the call ends, so that nothing is executed in the new namespace.
 */
#if defined(__TARGET_ARCH_arm64)
#define SETNS "fentry/__arm64_sys_setns"
#else
#define SETNS "fentry/__x64_sys_setns"
#endif

SEC(SETNS)
int BPF_PROG(setns_enter)
{
	act_plain(KRSI_PRIV_OP_PROCESS_SETNS);
	return 0;
}

#if defined(__TARGET_ARCH_x86)
/* The same call of programs of 32 bits. */
SEC("fentry/__ia32_sys_setns")
int BPF_PROG(setns_enter32)
{
	act_plain(KRSI_PRIV_OP_PROCESS_SETNS);
	return 0;
}
#endif

#endif
