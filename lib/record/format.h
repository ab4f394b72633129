/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a recording is made of: docs/recordings.md in structs. All numbers are in the byte order of the machine that wrote it. */
#ifndef KRSI_PRIV_RECORD_FORMAT_H
#define KRSI_PRIV_RECORD_FORMAT_H

#include <stdint.h>

#define RECORD_MAGIC "KRSI\r\n\x1a\n"	/* a transfer as text would spoil it */
#define RECORD_ORDER UINT32_C(0x01020304)
#define RECORD_VERSION 1
#define RECORD_SIZE_MAX ((uint32_t)1 << 20)	/* of one event; the kernel's have 33 KiB at most */

struct record_head {
	char magic[8];
	uint32_t order;			/* RECORD_ORDER */
	uint16_t version;
	uint16_t head_size;		/* a longer head is a newer one, with the same behind it */
	uint64_t begun;			/* ns since 1970-01-01 in UTC */
	uint32_t reserved;
	uint32_t checksum;		/* CRC-32 of what is in front of it */
};

struct record_frame {
	uint32_t size;			/* of the event behind it: a record of bpf/event.h */
	uint32_t checksum;		/* CRC-32 of the size and of the event */
};

#endif
