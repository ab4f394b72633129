/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What deny-exec's two sides tell each other. */
#ifndef EXAMPLES_DENY_EXEC_H
#define EXAMPLES_DENY_EXEC_H

#include "record.h"

/* A file, whatever it is called. The kernel's own numbers: stat(2) shows others on some file systems. */
struct identity {
	__u64 inode;
	__u32 dev;
	__u32 generation;	/* another one when an inode number is used again */
};

/* The one entry of the map `lesson`: the file that user space is opening just now. */
struct lesson {
	__u32 active;		/* 1 while it is being opened */
	__u32 file;		/* its number */
	__u32 learned;		/* identities that were noted; more than one on an overlay */
};

enum denied_way {
	DENIED_EXEC = 1,	/* execve() of the file, or of a script that it is the interpreter of */
	DENIED_MAP = 2,		/* mapped as code: the dynamic linker started with the file as argument */
};

struct denied_record {
	__u32 way;		/* enum denied_way */
	__u32 file;		/* number of the file */
	struct subject subject;
	struct path_names path;	/* by which it was to be executed */
};

#endif
