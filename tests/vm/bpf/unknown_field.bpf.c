/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Reads a member that no kernel's task_struct has. */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

struct task_struct {
	int shoe_size;
} __attribute__((preserve_access_index));

int sink;

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("lsm/task_getpgid")
int BPF_PROG(reads_nonsense, struct task_struct *task, int ret)
{
	sink = task->shoe_size;
	return ret;
}
