/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A hook name with two letters swapped. */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("lsm/file_opne")
int misspelt(void *ctx)
{
	return 0;
}

SEC("lsm/file_open")
int well_spelt(void *ctx)
{
	return 0;
}
