/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Reads a member whose place is the kernel's business, in a program that needs nothing else of the kernel's types. */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

struct task_struct {
	int tgid;
} __attribute__((preserve_access_index));

int tgid;

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tracepoint/sched/sched_process_fork")
int note_fork(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	tgid = BPF_CORE_READ(task, tgid);
	return 0;
}
