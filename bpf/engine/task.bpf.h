/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The thread that runs. From Linux 5.11 on the verifier knows what it points to, and a read is one instruction; before,
 * it is a number, and every read a call.
 */
#ifndef KRSI_ENGINE_TASK_BPF_H
#define KRSI_ENGINE_TASK_BPF_H

#include "../kernel.bpf.h"

#ifdef ENGINE_BEFORE_5_12
#define TASK_IS_KNOWN 0
#define task_here() ((struct task_struct *)bpf_get_current_task())
#define task_get(task, member) BPF_CORE_READ((task), member)
#define task_namespace() ((__u64)BPF_CORE_READ(task_here(), nsproxy, mnt_ns))
#else
#define TASK_IS_KNOWN 1
#define task_here() bpf_get_current_task_btf()
#define task_get(task, member) ((task)->member)
#define task_namespace() ((__u64)task_here()->nsproxy->mnt_ns)	/* of mounts */
#endif

#endif
