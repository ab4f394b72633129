/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Who loads it cannot print any more: krsi load --check has to tell all the same. */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_tracing.h>

#define EACCES 13
#define MAY_WRITE 2

struct file;

SEC("lsm/file_permission")
int BPF_PROG(mute, struct file *file, int mask, int ret)
{
	char comm[16] = "";
	_Bool is_krsi;

	if (ret)
		return ret;
	bpf_get_current_comm(comm, sizeof(comm));
	is_krsi = comm[0] == 'k' && comm[1] == 'r' && comm[2] == 's' && comm[3] == 'i' && !comm[4];
	return mask & MAY_WRITE && is_krsi ? -EACCES : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
