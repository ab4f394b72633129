/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * memory-write, kernel side: a process writes into the memory of another one.
 *
 * Threat: code is put into a process that is trusted, or taken for harmless, and runs there under
 * its name. Debuggers do the same for a living, so this reports and does not refuse.
 *
 * Linux has three ways to write, and no security hook that sees a write: the hook for all of them,
 * ptrace_access_check, is asked when access is gained, for reading and writing alike. So each way
 * is watched where its writing is done, at the exit, where it is known how much was written.
 *
 * mem_write			/proc/PID/mem. The memory that is written to is the one that was
 *				opened, whose number and name may belong to another process by now.
 * arch_ptrace			PTRACE_POKETEXT and PTRACE_POKEDATA; compat_arch_ptrace the same for
 *				32-bit debuggers. (ptrace_access_vm works for both, but the compiler of
 *				Linux 7.3 made it a part of its callers, where nothing can be attached.)
 * sys_process_vm_writev	tells a write from a read, and how much it was; but its target is a
 *				number in the caller's PID namespace. The target as such is known to
 * ptrace_access_check		which is called on the way, unless the target is the caller itself.
 *				`writers` takes it from there to the exit of the system call.
 *
 * What a process writes into itself is never reported, whichever of its threads does it and by
 * whatever way: memory is compared with memory, not number with number.
 *
 * Not seen: memory that both share, a userfaultfd that its owner handed over, /dev/mem. Not
 * reported, as it changes no memory: registers that a debugger sets.
 */
#include "kernel.bpf.h"
#include "memory-write.h"

/* From linux/ptrace.h. */
#define PTRACE_POKETEXT 4
#define PTRACE_POKEDATA 5

/* The functions behind a system call have the architecture in their names. */
#if defined(__TARGET_ARCH_x86)
#define SYS "__x64_sys_"
#elif defined(__TARGET_ARCH_arm64)
#define SYS "__arm64_sys_"
#elif defined(__TARGET_ARCH_riscv)
#define SYS "__riscv_sys_"
#elif defined(__TARGET_ARCH_s390)
#define SYS "__s390x_sys_"
#else
#define SYS "sys_"
#endif

struct pt_regs;

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Room for some 200 records. When it is full, records are dropped and counted. */
KRSI_RING(events, 1 << 20);

/*
 * Threads inside process_vm_writev() and whom they write to. A thread that finds it full is not
 * watched during this call, which counts as a lost record.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, struct target);
} writers SEC(".maps");

static __always_inline void target_read(struct target *target, const struct task_struct *task)
{
	target->pid = BPF_CORE_READ(task, tgid);
	BPF_CORE_READ_INTO(&target->comm, task, comm);
}

static __always_inline void write_report(__u32 way, const struct target *target, __u64 bytes)
{
	struct write_record *write;

	write = krsi_ring_reserve(events, sizeof(*write));
	if (!write)
		return;
	write->way = way;
	write->target = *target;
	write->bytes = bytes;
	subject_read(&write->subject);
	path_read_file(&write->exe, BPF_CORE_READ(task_current(), mm, exe_file));
	bpf_ringbuf_submit(write, 0);
}

SEC("fexit/mem_write")
int BPF_PROG(proc_mem_written, struct file *file, const char *buf, unsigned long count,
	     long long *pos, long ret)
{
	const struct mm_struct *mm = file->private_data;
	struct target target = {};

	if (ret <= 0 || mm == BPF_CORE_READ(task_current(), mm))
		return 0;
	if (bpf_core_field_exists(mm->owner))	/* a kernel without CONFIG_MEMCG does not know it */
		target_read(&target, BPF_CORE_READ(mm, owner));
	write_report(WRITE_PROC_MEM, &target, ret);
	return 0;
}

static __always_inline int ptrace_end(const struct task_struct *child, int request, long ret,
				      __u64 bytes)
{
	struct target target;

	if (ret || (request != PTRACE_POKETEXT && request != PTRACE_POKEDATA) ||
	    child->mm == BPF_CORE_READ(task_current(), mm))
		return 0;
	target_read(&target, child);
	write_report(WRITE_PTRACE, &target, bytes);
	return 0;
}

SEC("fexit/arch_ptrace")
int BPF_PROG(ptrace_native, struct task_struct *child, long request, unsigned long address,
	     unsigned long data, long ret)
{
	return ptrace_end(child, request, ret, sizeof(long));
}

SEC("fexit/compat_arch_ptrace")
int BPF_PROG(ptrace_compat, struct task_struct *child, int request, __u32 address, __u32 data,
	     long ret)
{
	return ptrace_end(child, request, ret, sizeof(int));
}

static __always_inline int writev_begin(void)
{
	__u32 thread = (__u32)bpf_get_current_pid_tgid();
	struct target unknown = {};

	if (bpf_map_update_elem(&writers, &thread, &unknown, BPF_ANY))
		krsi_ring_count_lost(&events_lost, sizeof(struct write_record));
	return 0;
}

static __always_inline int writev_end(long ret)
{
	__u32 thread = (__u32)bpf_get_current_pid_tgid();
	struct target *target = bpf_map_lookup_elem(&writers, &thread);

	if (!target)
		return 0;
	if (target->pid && ret > 0)
		write_report(WRITE_PROCESS_VM_WRITEV, target, ret);
	bpf_map_delete_elem(&writers, &thread);
	return 0;
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(writev_target, struct task_struct *child, unsigned int mode, int ret)
{
	__u32 thread = (__u32)bpf_get_current_pid_tgid();
	struct target *target = bpf_map_lookup_elem(&writers, &thread);

	if (target)
		target_read(target, child);
	return ret;
}

SEC("fentry/" SYS "process_vm_writev")
int BPF_PROG(writev_begin_native, const struct pt_regs *regs)
{
	return writev_begin();
}

SEC("fexit/" SYS "process_vm_writev")
int BPF_PROG(writev_end_native, const struct pt_regs *regs, long ret)
{
	return writev_end(ret);
}

/* 32-bit programs on x86, and 64-bit ones that use int 0x80: since Linux 5.11, and before. */
SEC("fentry/__ia32_sys_process_vm_writev")
int BPF_PROG(writev_begin_ia32, const struct pt_regs *regs)
{
	return writev_begin();
}

SEC("fexit/__ia32_sys_process_vm_writev")
int BPF_PROG(writev_end_ia32, const struct pt_regs *regs, long ret)
{
	return writev_end(ret);
}

SEC("fentry/__ia32_compat_sys_process_vm_writev")
int BPF_PROG(writev_begin_compat, const struct pt_regs *regs)
{
	return writev_begin();
}

SEC("fexit/__ia32_compat_sys_process_vm_writev")
int BPF_PROG(writev_end_compat, const struct pt_regs *regs, long ret)
{
	return writev_end(ret);
}
