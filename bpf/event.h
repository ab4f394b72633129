/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A record of the engine's rings: this head, and fields. Each field tells its number, its type and its size, so
 * that who does not know it can go past it: an old reader reads new records, and a new one old ones.
 */
#ifndef KRSI_EVENT_LAYOUT_H
#define KRSI_EVENT_LAYOUT_H

#include <linux/types.h>

#define EVENT_VERSION 1			/* another one: not to be read by whoever knows this one */

struct event_head {
	__u16 version;
	__u16 head_size;		/* fields are behind it; a longer head is a newer one */
	__u32 size;			/* of all */
	__u64 sequence;
	__u64 time;			/* ns of CLOCK_BOOTTIME */
	__u32 generation;
	__u16 operation;		/* enum krsi_priv_operation_number */
	__u8 kind;			/* enum krsi_event_kind */
	__u8 verdict;			/* enum krsi_priv_verdict */
	__u8 outcome;			/* enum match_outcome */
	__u8 policy;			/* number of the policy and of the rule in their generation */
	__u16 audited;			/* 1: the kernel has written an audit record of it */
	__u32 rule;			/* ~0: the policy's default */
};

/* At a multiple of eight bytes from the record's start; so is its end, with zeros behind the bytes. */
struct event_field {
	__u16 id;			/* enum krsi_event_field; 0: there is nothing here */
	__u8 type;			/* enum krsi_event_field_type */
	__u8 flags;			/* enum krsi_event_text_flags */
	__u32 size;			/* bytes that follow, without the zeros */
};

struct event_number {
	struct event_field field;
	__u64 value;
};

#endif
