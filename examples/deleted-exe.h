/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The record of deleted-exe. */
#ifndef EXAMPLES_DELETED_EXE_H
#define EXAMPLES_DELETED_EXE_H

#include "record.h"

enum deleted_way {
	DELETED_UNLINK = 1,
	DELETED_RENAME = 2,	/* another file was renamed to its name */
};

struct deleted_record {
	__u32 way;		/* enum deleted_way */
	__u32 links;		/* names that the file has besides this one: 0 when it is gone */
	__u64 inode;
	__u32 dev;		/* of its file system, as /proc/self/mountinfo has it: major << 20 | minor */
	__u32 reserved;
	struct subject subject;
	struct path_names path;	/* from the root of the file system, wherever that is mounted */
};

#endif
