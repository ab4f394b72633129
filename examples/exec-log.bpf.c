/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * exec-log, kernel side: what is executed, with which arguments and environment.
 *
 * Threat: a program is started that should not be, or a good one is started with LD_PRELOAD and
 * so runs the code of whoever set that. Reading /proc/PID/environ afterwards is too late: the
 * process may be gone, or have overwritten it. This hook runs before the first instruction.
 *
 * bprm_committed_creds	reports. The new program's memory is in place, and the strings lie on its
 *			stack: all arguments, then the whole environment, from bprm->p up to
 *			bprm->exec, each with its NUL. The hook cannot refuse; see deny-exec for that.
 *
 * There are two programs for the hook, of which user space loads one. exec_sleepable may wait for
 * memory that was swapped out meanwhile. Linux 5.10 gives a program that sleeps no ring buffer;
 * exec_plain takes what is in memory, which is practically always everything.
 *
 * The environment can be larger than any buffer of a program, and no search through 6 MiB passes
 * the verifiers of all kernels. So all of it travels to user space, in chunks of one size. The
 * EXEC record stands before its chunks in the ring but is handed over after them: it can tell how
 * many there are, and the reader never waits for one that was lost.
 */
#include "kernel.bpf.h"
#include "exec-log.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Room for the largest environment, twice. When it is full, records are dropped and counted. */
KRSI_RING(events, 16 << 20);

static __always_inline long user_read(void *to, __u32 size, const void *from, bool may_sleep)
{
	return may_sleep ? bpf_copy_from_user(to, size, from) : bpf_probe_read_user(to, size, from);
}

/* Stops at the first chunk that cannot be had: what was sent is then less than the size says. */
static __always_inline void strings_send(struct exec_record *exec, unsigned long from,
					 bool may_sleep)
{
	struct chunk_record *chunk;
	unsigned long size;
	int i;

	for (i = 0; i < CHUNKS_MAX && exec->sent < exec->size; i++) {
		chunk = krsi_ring_reserve(events, sizeof(*chunk));
		if (!chunk)
			return;
		size = exec->size - exec->sent;
		if (size > CHUNK_SIZE)
			size = CHUNK_SIZE;
		chunk->kind = RECORD_CHUNK;
		chunk->pid = exec->subject.pid;
		chunk->size = size;
		chunk->reserved = 0;
		if (user_read(chunk->bytes, size, (const void *)(from + exec->sent), may_sleep)) {
			bpf_ringbuf_discard(chunk, 0);
			return;
		}
		bpf_ringbuf_submit(chunk, 0);
		exec->sent += size;
		exec->chunks++;
	}
}

static __always_inline int exec_report(struct linux_binprm *bprm, bool may_sleep)
{
	struct exec_record *exec;
	long len;

	exec = krsi_ring_reserve(events, sizeof(*exec));
	if (!exec)
		return 0;
	exec->kind = RECORD_EXEC;
	exec->chunks = 0;
	exec->size = bprm->exec - bprm->p;
	exec->sent = 0;
	exec->argc = bprm->argc;
	subject_read(&exec->subject);
	len = bpf_probe_read_kernel_str(exec->called, sizeof(exec->called), bprm->filename);
	exec->called_size = len > 0 ? len : 0;
	path_read_file(&exec->file, bprm->file);
	strings_send(exec, bprm->p, may_sleep);
	bpf_ringbuf_submit(exec, 0);
	return 0;
}

SEC("lsm.s/bprm_committed_creds")
int BPF_PROG(exec_sleepable, struct linux_binprm *bprm)
{
	return exec_report(bprm, true);
}

SEC("lsm/bprm_committed_creds")
int BPF_PROG(exec_plain, struct linux_binprm *bprm)
{
	return exec_report(bprm, false);
}
