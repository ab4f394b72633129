/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A record of the engine's ring: this head, then texts, each with a head of its own and padded to
 * eight bytes. Readers skip texts they do not know, and what a longer head has behind their own.
 */
#ifndef KRSI_EVENT_LAYOUT_H
#define KRSI_EVENT_LAYOUT_H

#include <linux/types.h>

#define EVENT_VERSION 1

enum event_text_id {
	EVENT_TEXT_PATH = 1,		/* of the object */
	EVENT_TEXT_PATH2 = 2,		/* of the second one, such as the new name of a rename */
	EVENT_TEXT_EXE = 3,		/* program of the subject */
	EVENT_TEXT_UNIX = 4,		/* address of a unix socket */
};

enum event_text_flags {
	EVENT_TEXT_CUT = 1,		/* it is longer; its end is here */
	EVENT_TEXT_FOREIGN = 2,		/* seen from another mount namespace */
	EVENT_TEXT_DETACHED = 4,	/* of a tree that is mounted nowhere: from its own root */
};

struct event_text {
	__u16 id;			/* enum event_text_id */
	__u16 flags;
	__u32 size;			/* bytes that follow, without the padding */
};

enum event_part {
	EVENT_ADDRESS = 1,		/* address is set */
	EVENT_PORT = 2,
	EVENT_FAMILY = 4,
	EVENT_SIGNAL = 8,		/* object_signal is set */
	EVENT_TARGET = 16,		/* target_pid is set */
};

struct event_head {
	__u16 version;
	__u16 head_size;
	__u32 size;			/* of all */
	__u64 sequence;
	__u64 time;			/* ns of CLOCK_MONOTONIC */
	__u64 start_time;		/* of the process, ns of CLOCK_BOOTTIME */
	__u32 generation;
	__u32 clause;			/* of the image: policy and rule */
	__u16 operation;		/* enum krsi_priv_operation_number */
	__u8 verdict;			/* enum krsi_priv_verdict */
	__u8 outcome;			/* enum match_outcome */
	__u16 error;
	__u8 signal;
	__u8 policy;
	__u32 rule;
	__u32 pid, tid, ppid;
	__u32 uid, gid;
	__u32 parts;			/* enum event_part */
	__u32 target_pid;
	__u16 port, family;
	__u32 object_signal;
	__u8 address[16];		/* IPv4 as ::ffff:a.b.c.d */
	__u64 inode;			/* of the object, 0 for none */
	__u32 device;
	__u32 mode;
	char comm[16];
};

#endif
