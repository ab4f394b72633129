/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What test_kernel.c loads: programs that call what kernel/ adds to the kernel, and tell what they got. They
 * act on one process, `target`, which sets it just before the deed.
 */
#include <stdbool.h>

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "kernel.h"

#define EPERM 1
#define EACCES 13
#define E2BIG 7

struct qstr {
	const unsigned char *name;
} __attribute__((preserve_access_index));

struct dentry {
	struct qstr d_name;
} __attribute__((preserve_access_index));

/* Not a forward declaration: libbpf would not find it compatible with the kernel's, in a kfunc. */
struct linux_binprm {
	int argc;
} __attribute__((preserve_access_index));

struct path {
	struct dentry *dentry;
} __attribute__((preserve_access_index));

struct inode;

extern int bpf_bprm_arg(struct linux_binprm *bprm, __u32 index, char *buf, __u32 buf__sz) __ksym;
extern __s64 bpf_bprm_env(struct linux_binprm *bprm, const char *name, __u32 name__sz, char *buf, __u32 buf__sz) __ksym;
extern int bpf_lsm_audit(const char *msg, __u32 msg__sz) __ksym;

/* In mainline from 6.12 on; stock 6.1 lacks it. */
extern int bpf_path_d_path(struct path *path, char *buf, unsigned long buf__sz) __ksym __weak;

/* Each in a map of its own, to be mapped as it is. */
struct wish wish SEC(".data.wish") = {};
struct seen seen SEC(".data.seen") = {};

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static bool is_target(void)
{
	return bpf_get_current_pid_tgid() >> 32 == wish.target;
}

SEC("lsm.s/bprm_check_security")
int BPF_PROG(exec_check, struct linux_binprm *bprm, int ret)
{
	if (ret || !is_target())
		return ret;
	seen.execs++;
	seen.arg_result = bpf_bprm_arg(bprm, wish.arg, seen.arg, sizeof(seen.arg));
	seen.env_result = bpf_bprm_env(bprm, wish.name, sizeof(wish.name), seen.env, sizeof(seen.env));
	seen.cut_arg_result = bpf_bprm_arg(bprm, wish.arg, seen.cut_arg, sizeof(seen.cut_arg));
	seen.cut_env_result = bpf_bprm_env(bprm, wish.name, sizeof(wish.name), seen.cut_env, sizeof(seen.cut_env));
	if (wish.deny_env && (seen.env_result > 0 || seen.env_result == -E2BIG))
		return -EPERM;
	if (wish.deny_arg && !bpf_strncmp(seen.arg, 7, "--evil"))
		return -EACCES;
	return 0;
}

/* The strings are in another address space by now. */
SEC("lsm.s/bprm_committed_creds")
int BPF_PROG(exec_done, struct linux_binprm *bprm)
{
	if (!is_target())
		return 0;
	seen.late_arg_result = bpf_bprm_arg(bprm, wish.arg, seen.late_arg, sizeof(seen.late_arg));
	seen.late_env_result = bpf_bprm_env(bprm, wish.name, sizeof(wish.name), seen.late_env, sizeof(seen.late_env));
	return 0;
}

/* Reads the same argument over and over, until it is refused. */
SEC("lsm.s/bprm_creds_for_exec")
int BPF_PROG(exec_slow, struct linux_binprm *bprm, int ret)
{
	int i, result;

	if (ret || !is_target())
		return ret;
	for (i = 0; i < SLOW_ROUNDS; i++) {
		result = bpf_bprm_arg(bprm, wish.arg, seen.cut_arg, sizeof(seen.cut_arg));
		if (result < 0 && result != -E2BIG)
			break;
		seen.rounds++;
	}
	seen.slow_result = result;
	return 0;
}

static bool is_denied(struct dentry *dentry)
{
	char name[NAME_SIZE] = "";
	int i;

	bpf_probe_read_kernel_str(name, sizeof(name), dentry->d_name.name);
	for (i = 0; i < NAME_SIZE && wish.deny[i]; i++)
		if (name[i] != wish.deny[i])
			return false;
	return i > 0;
}

SEC("lsm/inode_mkdir")
int BPF_PROG(mkdir_check, struct inode *dir, struct dentry *dentry, int mode, int ret)
{
	if (ret)
		return ret;
	return is_denied(dentry) ? -EACCES : 0;
}

/* A hook that is sleepable everywhere, as Linux 6.1 has bpf_lsm_audit() for such programs only. */
SEC("lsm.s/inode_symlink")
int BPF_PROG(symlink_audit, struct inode *dir, struct dentry *dentry, const char *old_name, int ret)
{
	if (ret || !is_target())
		return ret;
	seen.audit_result = bpf_lsm_audit(wish.msg, sizeof(wish.msg));
	return is_denied(dentry) ? -EACCES : 0;
}

SEC("lsm.s/path_mkdir")
int BPF_PROG(path_check, struct path *dir, struct dentry *dentry, int mode, int ret)
{
	if (ret || !is_target())
		return ret;
	seen.path_result = bpf_path_d_path(dir, seen.path, sizeof(seen.path));
	return 0;
}

SEC("lsm/task_prctl")
int BPF_PROG(prctl_check, int option, unsigned long arg2, unsigned long arg3, unsigned long arg4, unsigned long arg5,
	     int ret)
{
	return is_target() ? -EACCES : ret;
}

/* The next two differ in the call alone. */
SEC("fentry/security_inode_mkdir")
int BPF_PROG(trace_audit, struct inode *dir, struct dentry *dentry, int mode)
{
	seen.audit_result = bpf_lsm_audit(wish.msg, sizeof(wish.msg));
	return 0;
}

SEC("fentry/security_inode_mkdir")
int BPF_PROG(trace_nothing, struct inode *dir, struct dentry *dentry, int mode)
{
	seen.audit_result = 0;
	return 0;
}

/* A link of another kind: its program is neither of the LSM nor for tracing. */
SEC("kprobe/security_inode_mkdir")
int BPF_KPROBE(probe_nothing)
{
	return 0;
}

SEC("lsm_cgroup/socket_create")
int BPF_PROG(cgroup_check, int family, int type, int protocol, int kern)
{
	return 1;
}
