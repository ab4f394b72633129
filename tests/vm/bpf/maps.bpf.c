/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Maps of every shape that the tests read and write, and one program so that it is an object. */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

struct pair {
	__u32 a;
	__u32 b;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1000);
	__type(key, __u32);
	__type(value, __u64);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct pair);
} array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct pair[3]);
} percpu_array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} percpu_hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16);
	__type(key, struct pair);
	__type(value, __u32);
} trie SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

/* Patterns given by the caller, so there is none here. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} outer SEC(".maps");

struct inner_hash {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner_hash);
} outer_hash SEC(".maps");

const volatile __u32 only_tgid;
/* What `outer[0][0]` held at the last call of the hook, so that a test sees a replacement. */
__u32 seen_inner;

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct task_struct;

SEC("lsm/task_getpgid")
int BPF_PROG(read_inner, struct task_struct *task, int ret)
{
	__u32 zero = 0, *value;
	void *inner;

	if (bpf_get_current_pid_tgid() >> 32 != only_tgid)
		return ret;
	inner = bpf_map_lookup_elem(&outer, &zero);
	value = inner ? bpf_map_lookup_elem(inner, &zero) : 0;
	seen_inner = value ? *value : 0;
	return ret;
}
