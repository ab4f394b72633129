/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Parts of the examples' records, seen from both sides: a BPF program fills them in the ring
 * buffer (kernel.bpf.h), and the program that reads the ring prints them (common.h).
 */
#ifndef EXAMPLES_RECORD_H
#define EXAMPLES_RECORD_H

#include <linux/types.h>

/* Who did it. Numbers are those of the initial PID and user namespace. */
struct subject {
	__u32 pid;
	__u32 ppid;
	__u32 uid;
	__u32 reserved;
	char comm[16];
};

#define PATH_SIZE 4096
#define PATH_NAME_SIZE 256
#define PATH_NAMES_MAX 64

/*
 * A path as the kernel has it, from the file up to the root: /usr/bin/env is "env", "bin", "usr",
 * each with its NUL. A program cannot turn that round in place, but whoever prints it can.
 */
struct path_names {
	__u32 size;	/* bytes of `names` in use */
	__u32 complete;	/* 1 when the root was reached, 0 when there is more than fits or nothing at all */
	char names[PATH_SIZE + PATH_NAME_SIZE];
};

#endif
