/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Calls kernel functions that it can do without: a pair that came with Linux 6.2, and one that no kernel has. */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_tracing.h>

struct task_struct;

extern void bpf_rcu_read_lock(void) __ksym __weak;
extern void bpf_rcu_read_unlock(void) __ksym __weak;
extern int bpf_read_minds(int whose) __ksym __weak;

const volatile __u32 only_tgid;
int locked;
int minds;

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("fentry/security_task_getpgid")
int BPF_PROG(note_calls, struct task_struct *task)
{
	if (bpf_get_current_pid_tgid() >> 32 != only_tgid)
		return 0;
	locked = -1;
	if (bpf_rcu_read_lock && bpf_rcu_read_unlock) {
		bpf_rcu_read_lock();
		locked = 1;
		bpf_rcu_read_unlock();
	}
	minds = bpf_read_minds ? bpf_read_minds(0) : -1;
	return 0;
}
