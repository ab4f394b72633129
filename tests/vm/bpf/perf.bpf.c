/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Records in a perf buffer, as products for kernels before 5.8 have them. */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} samples SEC(".maps");

SEC("fentry/security_file_open")
int BPF_PROG(sample)
{
	__u64 record = 1;

	bpf_perf_event_output(ctx, &samples, BPF_F_CURRENT_CPU, &record, sizeof(record));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
