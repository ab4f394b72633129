/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What another product has on the hooks that libkrsi uses too. The first program is built the way service managers
 * restrict the file systems of a service: for each cgroup a map with the magic numbers that it must not open. The
 * second one does nothing but take a place.
 */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define EPERM 1

struct super_block {
	unsigned long s_magic;
} __attribute__((preserve_access_index));

struct inode {
	struct super_block *i_sb;
} __attribute__((preserve_access_index));

struct file {
	struct inode *f_inode;
} __attribute__((preserve_access_index));

/* Cgroups that are not in it may open everything; a full map takes no further cgroup. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 16);
	__type(key, __u64);	/* of the cgroup */
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__uint(max_entries, 8);
		__type(key, __u32);	/* of the file system */
		__type(value, __u32);
	});
} of_cgroups SEC(".maps");

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("lsm/file_open")
int BPF_PROG(refuse_filesystems, struct file *file, int ret)
{
	__u64 cgroup = bpf_get_current_cgroup_id();
	void *refused;
	__u32 magic;

	if (ret)
		return ret;
	refused = bpf_map_lookup_elem(&of_cgroups, &cgroup);
	if (!refused)
		return 0;
	magic = (__u32)file->f_inode->i_sb->s_magic;
	return bpf_map_lookup_elem(refused, &magic) ? -EPERM : 0;
}

SEC("lsm/file_open")
int BPF_PROG(open_nothing, struct file *file, int ret)
{
	return ret;
}
