/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Calls a kernel function for BPF that no kernel has, and does not say that it could do without. */
#include <libkrsi/bpf/krsi.bpf.h>

extern int bpf_read_minds(int whose) __ksym;

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("lsm/file_open")
int mind_reader(void *ctx)
{
	return bpf_read_minds(0) ? 0 : 0;
}
