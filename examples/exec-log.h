/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Records of exec-log: for each execution one EXEC, then as many CHUNK as it announces. */
#ifndef EXAMPLES_EXEC_LOG_H
#define EXAMPLES_EXEC_LOG_H

#include "record.h"

#define CHUNK_SIZE 8192

/* Linux allows arguments and environment of 6 MiB together (bprm_stack_limits() in fs/exec.c). */
#define STRINGS_MAX (6 << 20)
#define CHUNKS_MAX (STRINGS_MAX / CHUNK_SIZE)

enum record_kind {
	RECORD_EXEC = 1,
	RECORD_CHUNK = 2,
};

struct exec_record {
	__u32 kind;
	__u32 chunks;		/* records of the same pid that follow, in order */
	struct subject subject;
	__u64 size;		/* bytes of all arguments and all environment */
	__u64 sent;		/* bytes of them in the chunks: less than `size` when room or memory was missing */
	__u32 argc;
	__u32 called_size;	/* bytes of `called` in use, NUL included */
	char called[4096];	/* the file as execve() was given it */
	struct path_names file;	/* the file that runs: of a script, its interpreter */
};

struct chunk_record {
	__u32 kind;
	__u32 pid;
	__u32 size;		/* bytes of `bytes` in use */
	__u32 reserved;
	char bytes[CHUNK_SIZE];
};

#endif
