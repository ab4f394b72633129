/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <libkrsi/engine.h>

#include "../policy/operations.h"
#include "programs.h"

#define OP(name) KRSI_PRIV_OP_BIT(KRSI_PRIV_OP_##name)
#define OPENED KRSI_PRIV_OPS_OPENED(KRSI_PRIV_OPS_OPENING)

enum group { GROUP_NONE, GROUP_BPF, GROUP_PERF, GROUP_MMAP, GROUP_CHOWN, GROUP_XATTR_SET, GROUP_XATTR_REMOVE, GROUP_RENAME, GROUP_MOVED };

const struct krsi_priv_engine_program krsi_priv_engine_programs[] = {
	/* files: bpf/engine/hooks_file.bpf.h */
	{ .name = "file_open", .operations = OP(FILE_OPEN) | OP(FILE_READ) | OP(FILE_WRITE) | OP(FILE_APPEND) },
	{ .name = "file_fcntl", .operations = OP(FILE_WRITE) },		/* O_APPEND is taken away */
	{ .name = "file_mmap", .operations = OP(FILE_EXEC_MMAP) | OPENED, .group = GROUP_MMAP, .backend = KRSI_ENGINE_LSM },
	{ .name = "file_mmap_asked", .operations = OP(FILE_EXEC_MMAP) | OPENED, .group = GROUP_MMAP, .backend = KRSI_ENGINE_FMOD_RET },
	{ .name = "file_mprotect", .operations = OP(FILE_MPROTECT_EXEC) | OPENED },
	{ .name = "file_use", .operations = OPENED },
	{ .name = "file_receive", .operations = OPENED },
	{ .name = "path_truncate", .operations = OP(FILE_TRUNCATE) },
	{ .name = "file_truncate", .operations = OP(FILE_TRUNCATE), .optional = true },	/* 6.2; the one above does it before */
	{ .name = "path_chmod", .operations = OP(FILE_CHMOD) },
	{ .name = "path_chown", .operations = OP(FILE_CHOWN), .group = GROUP_CHOWN },
	{ .name = "inode_chown", .operations = OP(FILE_CHOWN), .group = GROUP_CHOWN, .args = 3 },
	{ .name = "inode_chown2", .operations = OP(FILE_CHOWN), .group = GROUP_CHOWN, .args = 2 },
	{ .name = "file_ioctl", .operations = OP(FILE_IOCTL) },
	{ .name = "ioctl_compat", .operations = OP(FILE_IOCTL), .optional = true },	/* 6.8 and stable; file_ioctl does it before */
	{ .name = "xattr_set", .operations = OP(FILE_SETXATTR), .group = GROUP_XATTR_SET, .args = 6 },
	{ .name = "xattr_set5", .operations = OP(FILE_SETXATTR), .group = GROUP_XATTR_SET, .args = 5 },
	{ .name = "xattr_remove", .operations = OP(FILE_SETXATTR), .group = GROUP_XATTR_REMOVE, .args = 3 },
	{ .name = "xattr_remove2", .operations = OP(FILE_SETXATTR), .group = GROUP_XATTR_REMOVE, .args = 2 },
	{ .name = "acl_set", .operations = OP(FILE_SETXATTR), .optional = true },	/* 6.2; xattr_set does it before */
	{ .name = "acl_remove", .operations = OP(FILE_SETXATTR), .optional = true },

	/* names of files: bpf/engine/hooks_name.bpf.h */
	{ .name = "name_mknod", .operations = OP(FILE_CREATE) | OP(FILE_MKNOD) },
	{ .name = "name_mkdir", .operations = OP(FILE_MKDIR) },
	{ .name = "name_symlink", .operations = OP(FILE_SYMLINK) },
	{ .name = "name_unlink", .operations = OP(FILE_UNLINK) },
	{ .name = "name_rmdir", .operations = OP(FILE_RMDIR) },
	{ .name = "name_rename", .operations = OP(FILE_RENAME), .group = GROUP_RENAME, .args = 5 },
	{ .name = "name_rename4", .operations = OP(FILE_RENAME), .group = GROUP_RENAME, .args = 4 },
	{ .name = "name_rename_asked", .operations = OP(FILE_RENAME), .group = GROUP_RENAME, .backend = KRSI_ENGINE_FMOD_RET },
	{ .name = "name_link", .operations = OP(FILE_LINK) },

	/* what has these names: bpf/engine/hooks_identity.bpf.h */
	{ .name = "identity_made", .duties = KRSI_PRIV_DUTY_IDENTITIES },
	{ .name = "identity_moved", .duties = KRSI_PRIV_DUTY_IDENTITIES, .group = GROUP_MOVED, .args = 1 },
	{ .name = "identity_moved6", .duties = KRSI_PRIV_DUTY_IDENTITIES, .group = GROUP_MOVED, .args = 6 },	/* 5.11, and the first of 5.10 */
	{ .name = "identity_gone", .duties = KRSI_PRIV_DUTY_IDENTITIES },

	/* mounts: bpf/engine/hooks_mount.bpf.h */
	{ .name = "mount_old", .operations = OP(MOUNT_MOUNT) | OP(MOUNT_MOVE) | OP(MOUNT_REMOUNT) },
	{ .name = "mount_move", .operations = OP(MOUNT_MOUNT) | OP(MOUNT_MOVE) },
	{ .name = "mount_remount", .operations = OP(MOUNT_REMOUNT) },
	{ .name = "mount_umount", .operations = OP(MOUNT_UMOUNT) },
	{ .name = "mount_pivot", .operations = OP(MOUNT_PIVOT_ROOT) },

	/* processes: bpf/engine/hooks_process.bpf.h */
	{ .name = "process_gone", .duties = KRSI_PRIV_DUTY_FORGET },
	{ .name = "fork_track", .duties = KRSI_PRIV_DUTY_VIEWS },
	{ .name = "exec_begin", .duties = KRSI_PRIV_DUTY_VIEWS },
	{ .name = "exec_end", .duties = KRSI_PRIV_DUTY_VIEWS },
	{ .name = "exec_check", .operations = OP(PROCESS_EXEC) },
	{ .name = "task_kill", .operations = OP(PROCESS_SIGNAL) },
	{ .name = "ptrace_access", .operations = OP(PROCESS_PTRACE) | OP(PROCESS_MEMORY_WRITE) },
	{ .name = "ptrace_traceme", .operations = OP(PROCESS_PTRACE) | OP(PROCESS_MEMORY_WRITE) },
	{ .name = "fix_setuid", .operations = OP(PROCESS_SETUID) },
	{ .name = "fix_setgid", .operations = OP(PROCESS_SETGID) },
	{ .name = "fix_setgroups", .operations = OP(PROCESS_SETGID), .optional = true },	/* 6.1 */
	{ .name = "capset", .operations = OP(PROCESS_CAPSET) },
	{ .name = "userns_create", .operations = OP(PROCESS_UNSHARE) },
	{ .name = "setns_enter", .operations = OP(PROCESS_SETNS), .traced = true },
	{ .name = "setns_enter32", .operations = OP(PROCESS_SETNS), .traced = true, .optional = true },	/* x86 with 32-bit programs only */

	/* what becomes of processes: bpf/engine/hooks_watch.bpf.h */
	{ .name = "watch_fork", .duties = KRSI_PRIV_DUTY_PROCESSES },
	{ .name = "watch_exec", .duties = KRSI_PRIV_DUTY_PROCESSES },
	{ .name = "watch_exit", .duties = KRSI_PRIV_DUTY_PROCESSES },
	{ .name = "watch_identity", .duties = KRSI_PRIV_DUTY_PROCESSES },

	/* digests of what is executed: bpf/engine/hooks_digest.bpf.h */
	{ .name = "digest_begin", .duties = KRSI_PRIV_DUTY_DIGESTS },
	{ .name = "digest_end", .duties = KRSI_PRIV_DUTY_DIGESTS },

	/* sockets: bpf/engine/hooks_network.bpf.h */
	{ .name = "socket_create", .operations = OP(NETWORK_SOCKET) },
	{ .name = "socket_bind", .operations = OP(NETWORK_BIND) },
	{ .name = "unix_bind", .operations = OP(NETWORK_BIND) },
	/* Of unix sockets connect and send each want to know of the other. */
	{ .name = "socket_connect", .operations = OP(NETWORK_CONNECT) | OP(NETWORK_SEND) },
	{ .name = "socket_sendmsg", .operations = OP(NETWORK_CONNECT) | OP(NETWORK_SEND) },	/* TCP Fast Open */
	{ .name = "unix_connect", .operations = OP(NETWORK_CONNECT) },
	{ .name = "unix_send", .operations = OP(NETWORK_CONNECT) | OP(NETWORK_SEND) },
	{ .name = "socket_listen", .operations = OP(NETWORK_LISTEN) },
	{ .name = "socket_accept", .operations = OP(NETWORK_ACCEPT) },

	/* the kernel itself: bpf/engine/hooks_kernel.bpf.h */
	{ .name = "read_file", .operations = OP(KERNEL_MODULE_LOAD) | OP(KERNEL_KEXEC) },
	{ .name = "load_data", .operations = OP(KERNEL_MODULE_LOAD) | OP(KERNEL_KEXEC) },
	{ .name = "module_request", .operations = OP(KERNEL_MODULE_LOAD) },
	{ .name = "bpf_call", .operations = OP(KERNEL_BPF), .group = GROUP_BPF, .args = 3 },
	{ .name = "bpf_call4", .operations = OP(KERNEL_BPF), .group = GROUP_BPF, .args = 4 },
	{ .name = "perf_open", .operations = OP(KERNEL_PERF), .group = GROUP_PERF, .args = 2 },
	{ .name = "perf_open1", .operations = OP(KERNEL_PERF), .group = GROUP_PERF, .args = 1 },
	{ .name = "settime", .operations = OP(KERNEL_SETTIME) },
};

const size_t krsi_priv_engine_program_count =
	sizeof(krsi_priv_engine_programs) / sizeof(krsi_priv_engine_programs[0]);

bool krsi_priv_program_is_needed(size_t i, uint64_t operations, uint32_t duties)
{
	const struct krsi_priv_engine_program *program = &krsi_priv_engine_programs[i];

	return program->operations & operations || program->duties & duties;
}
