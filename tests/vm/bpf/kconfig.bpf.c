/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Wants a line of the kernel's configuration, which many machines have no file of. */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

extern int CONFIG_HZ __kconfig;

struct task_struct {
	int tgid;
} __attribute__((preserve_access_index));

const volatile __u32 only_tgid;
int hz;
int tgid;

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("fentry/security_task_getpgid")
int BPF_PROG(note_hz, struct task_struct *task)
{
	if (bpf_get_current_pid_tgid() >> 32 == only_tgid) {
		hz = CONFIG_HZ;
		tgid = task->tgid;
	}
	return 0;
}
