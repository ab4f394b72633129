/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* One program of every kind of section that libkrsi promises to attach. Each counts its calls. */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

struct file;
struct task_struct;
struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

const volatile __u32 only_tgid;

/* Calls of each program, in the order of this file. */
__u64 calls[16];

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline void count(int which)
{
	if (bpf_get_current_pid_tgid() >> 32 == only_tgid)
		__sync_fetch_and_add(&calls[which], 1);
}

SEC("lsm/file_open")
int BPF_PROG(kind_lsm, struct file *file, int ret)
{
	count(0);
	return ret;
}

SEC("lsm.s/file_open")
int BPF_PROG(kind_lsm_s, struct file *file, int ret)
{
	count(1);
	return ret;
}

SEC("lsm_cgroup/socket_create")
int BPF_PROG(kind_lsm_cgroup, int family, int type, int protocol, int kern)
{
	count(2);
	return 1;	/* allow: cgroup programs answer 1 or 0 */
}

SEC("fentry/security_file_open")
int BPF_PROG(kind_fentry, struct file *file)
{
	count(3);
	return 0;
}

SEC("fexit/security_file_open")
int BPF_PROG(kind_fexit, struct file *file, int ret)
{
	count(4);
	return 0;
}

SEC("fmod_ret/security_file_open")
int BPF_PROG(kind_fmod_ret, struct file *file, int ret)
{
	count(5);
	return ret;
}

SEC("tracepoint/sched/sched_process_fork")
int kind_tracepoint(void *ctx)
{
	count(6);
	return 0;
}

SEC("raw_tp/sys_enter")
int kind_raw_tp(void *ctx)
{
	count(7);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(kind_tp_btf, struct task_struct *parent, struct task_struct *child)
{
	count(8);
	return 0;
}

SEC("kprobe/security_file_open")
int kind_kprobe(void *ctx)
{
	count(9);
	return 0;
}

SEC("kretprobe/security_file_open")
int kind_kretprobe(void *ctx)
{
	count(10);
	return 0;
}

SEC("iter/task")
int kind_iter(struct bpf_iter__task *ctx)
{
	static const char line[] = "a task\n";

	count(11);
	if (ctx->task)
		bpf_seq_write(ctx->meta->seq, line, sizeof(line) - 1);
	return 0;
}

SEC("?lsm/file_permission")
int BPF_PROG(kind_on_request, struct file *file, int mask, int ret)
{
	count(12);
	return ret;
}

/* Nothing in its section says where it attaches: it stays loaded. */
SEC("socket")
int kind_socket(void *ctx)
{
	return 0;
}
