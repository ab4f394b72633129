/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A record of plain.bpf.c: the fields of an engine's event, each in a place that both sides know. */
#ifndef BENCH_PLAIN_H
#define BENCH_PLAIN_H

#include <linux/types.h>

#define PLAIN_PATH_SIZE 4096
#define PLAIN_STRINGS_SIZE 8192

enum plain_operation { PLAIN_OPEN = 1, PLAIN_EXEC };
enum plain_text { PLAIN_PATH, PLAIN_EXE, PLAIN_CWD, PLAIN_CGROUP, PLAIN_STRINGS, PLAIN_TEXTS };

struct plain_record {
	__u64 sequence, time;
	__u64 start_time, parent_start_time;
	__u64 cap_effective, cap_permitted, cap_inheritable;
	__u64 cgroup_id, inode;
	__u32 operation, cpu, pid, tid, ppid, ns_tgid;
	__u32 uid, gid, real_uid, real_gid, saved_uid, saved_gid, fs_uid, fs_gid, login_uid;
	__u32 ns_cgroup, ns_ipc, ns_mnt, ns_net, ns_pid, ns_time, ns_user, ns_uts;
	__u32 device, mode, owner, links, argc;
	__u32 size[PLAIN_TEXTS];	/* of each text; they are one behind the other */
	char comm[16];
	char texts[4 * PLAIN_PATH_SIZE + PLAIN_STRINGS_SIZE];
};

#endif
