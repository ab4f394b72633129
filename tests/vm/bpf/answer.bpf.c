/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Two programs that answer what a variable says: one as it is, the other as an errno or 0 and nothing else. */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_tracing.h>

#define EPERM 1
#define ERRNO_MAX 4095

struct file;

__s32 answer;

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("lsm/file_open")
int BPF_PROG(any_answer, struct file *file, int ret)
{
	return ret ? ret : answer;
}

SEC("lsm/file_open")
int BPF_PROG(clear_answer, struct file *file, int ret)
{
	__s32 mine = answer;

	if (ret)
		return ret;
	return mine < -ERRNO_MAX || mine > 0 ? -EPERM : mine;
}
