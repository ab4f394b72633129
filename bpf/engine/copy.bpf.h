/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Copies of a program, one behind the other on its hook.
 *
 * The kernel runs a tracing program, which all of the backend fmod_ret are, once at a time on a CPU: while a process
 * that is preempted in the middle of it waits, it is left out for the others. Then the next copy decides. The kernel
 * asks first what was attached last: krsi_priv_kernel_need() minds it. A copy that is
 * not left out has to know whether one before it was: each leaves a note with the process that it has let it pass.
 * Where notes cannot be kept all copies decide, and come to the same.
 */
#ifndef KRSI_BPF_ENGINE_COPY_H
#define KRSI_BPF_ENGINE_COPY_H

#include "state.bpf.h"

/* Which copy this is, from 1, and how many there are. 1 means what programs of security modules are: alone, and never left out. */
const volatile __u32 copy_number = 1;
const volatile __u32 copy_count = 1;

#ifdef ENGINE_BEFORE_5_12
/* There every program is run, however many are at it on the CPU. */
static __always_inline int copy_was_asked(__u32 hook)
{
	return 0;
}

static __always_inline void copy_note(__u32 hook, long verdict)
{
}
#else
/* Number of the hook at which a copy let the process pass. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} passed SEC(".maps");

/* Whether a copy before this one was asked. The last one takes the note away, and so does the first. */
static __always_inline int copy_was_asked(__u32 hook)
{
	__u32 *note, was;

	if (copy_count == 1)
		return 0;
	note = bpf_task_storage_get(&passed, bpf_get_current_task_btf(), 0, 0);
	if (!note)
		return 0;
	was = *note;
	if (copy_number == 1 || copy_number == copy_count)
		*note = 0;
	return copy_number > 1 && was == hook;
}

static __always_inline void copy_note(__u32 hook, long verdict)
{
	__u32 *note;

	if (copy_count == 1 || copy_number == copy_count || verdict)
		return;
	note = bpf_task_storage_get(&passed, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (note)
		*note = hook;
}
#endif

#endif
