/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The object that most tests load: it refuses directories whose name begins with "denied", and
 * tells of every directory that is made, for the process under test alone.
 */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define EACCES 13

struct qstr {
	const unsigned char *name;
} __attribute__((preserve_access_index));

struct dentry {
	struct qstr d_name;
} __attribute__((preserve_access_index));

struct inode;

struct record {
	__u64 number;
	char name[24];
};

const volatile __u32 enforce = 1;
const volatile __u32 only_tgid;
__u64 seen;
const struct record *unused_record;	/* so that the object describes the type: krsi load --decode */
char padding_of_an_odd_size[7] = "abcdef";

KRSI_RING(events, 4096);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("lsm/inode_mkdir")
int BPF_PROG(mkdir_check, struct inode *dir, struct dentry *dentry, int mode, int ret)
{
	static const char denied[6] = "denied";
	struct record *record;
	char name[24] = "";
	int i;

	if (ret)
		return ret;
	if (bpf_get_current_pid_tgid() >> 32 != only_tgid)
		return 0;
	__sync_fetch_and_add(&seen, 1);
	bpf_probe_read_kernel_str(name, sizeof(name), dentry->d_name.name);
	record = krsi_ring_reserve(events, sizeof(*record));
	if (record) {
		record->number = seen;
		__builtin_memcpy(record->name, name, sizeof(name));
		bpf_ringbuf_submit(record, 0);
	}
	for (i = 0; i < (int)sizeof(denied); i++)
		if (name[i] != denied[i])
			return 0;
	return enforce ? -EACCES : 0;
}
