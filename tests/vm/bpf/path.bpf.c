/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Builds the path of every file that the process under test opens, by bpf/path.bpf.h, and keeps it. */
#include "path.bpf.h"
#include <bpf/bpf_tracing.h>

const volatile __u32 only_tgid;
const volatile __u32 keep_slots;	/* for the test of a program that never gives its slot back */

struct seen {
	__u32 result;
	__u32 tries;
	__u32 size;
	__u32 opens;
	char text[PATH_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct seen);
} last SEC(".maps");

/* How often each result came. */
__u64 results[8];

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline void keep(struct seen *seen, __u32 index)
{
	struct path_slot *slot = bpf_map_lookup_elem(&path_slots, &index);
	__u32 start, size;

	if (!slot)
		return;
	start = slot->start;
	size = PATH_SIZE - start;
	seen->tries = slot->tries;
	seen->size = size;
	asm volatile("%0 &= 4095" : "+r"(start));
	asm volatile("%0 &= 4095" : "+r"(size));
	bpf_probe_read_kernel(seen->text, size, slot->text + start);
}

SEC("fmod_ret/security_file_open")
int BPF_PROG(note_path, struct file *file, int ret)
{
	__u32 zero = 0;
	struct seen *seen = bpf_map_lookup_elem(&last, &zero);
	__u64 mnt, dentry;
	int index, result;

	if (bpf_get_current_pid_tgid() >> 32 != only_tgid || !seen)
		return ret;
	if (bpf_core_read(&mnt, sizeof(mnt), &file->f_path.mnt) ||
	    bpf_core_read(&dentry, sizeof(dentry), &file->f_path.dentry))
		return ret;
	index = path_slot_take();
	result = index < 0 ? PATH_BUSY : path_build(index, mnt, dentry);
	seen->size = 0;
	if (index >= 0) {
		keep(seen, index);
		if (!keep_slots)
			path_slot_give(index);
	}
	seen->result = result;
	seen->opens++;
	__sync_fetch_and_add(&results[result & 7], 1);
	return ret;
}
