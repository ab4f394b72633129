/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* One program that every kernel takes, one that every verifier refuses. */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_tracing.h>

struct file;

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("lsm/file_open")
int BPF_PROG(good, struct file *file, int ret)
{
	return ret;
}

SEC("lsm/file_open")
int BPF_PROG(bad, struct file *file, int ret)
{
	/* A number made into a pointer: no verifier lets that be read. */
	volatile __u64 *wild = (void *)(long)bpf_get_prandom_u32();

	return *wild == 1 ? ret : 0;
}
