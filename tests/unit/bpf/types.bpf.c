/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Types of all kinds that records can have. Never loaded. */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_tracing.h>

/* test_decode.c has the same. */
struct event {
	__u64 number;
	signed char small;
	_Bool yes;
	short below;
	enum { COLOR_RED = 1, COLOR_BLUE = 7 } color;
	unsigned int three : 3, rest : 29;
	int below_too : 5;
	const volatile char comm[16];
	unsigned char digest[4];
	struct {
		int x;
		union {
			__u32 as_number;
			__u16 as_halves[2];
		};
	} pair[2];
	void *pointer;
	double ratio;
	float narrow;
	struct { int inner; };
};

struct message {
	__u32 pid;
	__u16 size;
	char text[];
};

struct count {
	__u64 sum[5];
};

/* As large as the event. */
struct task_struct {
	char there[sizeof(struct event)];
} __attribute__((preserve_access_index));

struct task_list {
	struct task_struct *first;
	int length;
} __attribute__((preserve_access_index));

/* Two of one size. */
struct twin {
	int one, two, three, four, five;
};

struct other_twin {
	long pad[2];
	int five;
} __attribute__((packed));

const struct event *unused_event;
const struct message *unused_message;
const struct twin *unused_twin;
const struct other_twin *unused_other;
__u64 sum;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct count);
} counts SEC(".maps");

SEC("fentry/nothing")
int BPF_PROG(reads_kernel, struct task_list *list)
{
	sum += list->length + list->first->there[3];
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
