/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The record of memory-write. */
#ifndef EXAMPLES_MEMORY_WRITE_H
#define EXAMPLES_MEMORY_WRITE_H

#include "record.h"

enum write_way {
	WRITE_PROC_MEM = 1,
	WRITE_PROCESS_VM_WRITEV = 2,
	WRITE_PTRACE = 3,
};

struct target {
	__u32 pid;	/* 0 when it is not known */
	char comm[16];
};

struct write_record {
	__u32 way;		/* enum write_way */
	struct target target;
	__u64 bytes;		/* that were written */
	struct subject subject;
	struct path_names exe;	/* the file that the writer runs */
};

#endif
