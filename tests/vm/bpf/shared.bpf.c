/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Tells of directories in a ring buffer that all objects share which have it under this name. */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_tracing.h>

struct inode;
struct dentry;

const volatile __u32 only_tgid;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} shared_ring SEC(".maps");

SEC("fentry/security_inode_mkdir")
int BPF_PROG(tell, struct inode *dir, struct dentry *dentry)
{
	__u64 record = 1;

	if (bpf_get_current_pid_tgid() >> 32 == only_tgid)
		bpf_ringbuf_output(&shared_ring, &record, sizeof(record), 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
