/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Programs of kinds that libbpf attaches, or that the kernel calls, but whose sections do not say where. */
#include <libkrsi/bpf/krsi.bpf.h>

SEC("kprobe")
int any_function(void *ctx)
{
	return 0;
}

SEC("tp")
int any_tracepoint(void *ctx)
{
	return 0;
}

SEC("struct_ops/init")
int part_of_a_map(void *ctx)
{
	return 0;
}

SEC("fentry/security_file_open")
int one_function(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
