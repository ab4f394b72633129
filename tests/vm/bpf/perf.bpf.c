/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Records in a perf buffer, as products for kernels before 5.8 have them: one for each directory
 * that the process under test makes.
 */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

struct qstr {
	const unsigned char *name;
} __attribute__((preserve_access_index));

struct dentry {
	struct qstr d_name;
} __attribute__((preserve_access_index));

struct inode;

/* Of a size that the kernel fills up. */
struct sample {
	__u64 number;
	char name[16];
	__u32 cpu;
	__u32 pad;
};

const volatile __u32 only_tgid;
__u64 made;
const struct sample *unused_sample;

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} samples SEC(".maps");

SEC("fentry/security_inode_mkdir")
int BPF_PROG(sample, struct inode *dir, struct dentry *dentry)
{
	struct sample record = { 0 };

	if (only_tgid && bpf_get_current_pid_tgid() >> 32 != only_tgid)
		return 0;
	record.number = ++made;	/* 5.10 has no atomic that returns what it counted */
	record.cpu = bpf_get_smp_processor_id();
	bpf_probe_read_kernel_str(record.name, sizeof(record.name), BPF_CORE_READ(dentry, d_name.name));
	bpf_perf_event_output(ctx, &samples, BPF_F_CURRENT_CPU, &record, sizeof(record));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
