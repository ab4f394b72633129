/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Digests of what is executed: where hooks_digest.bpf.h leaves them, and how they come into events. They say which
 * bytes ran under a name, which is gone with the file otherwise.
 *
 * The kernel computes them: IMA over the whole file, without a policy of its own, and fs-verity when the file was made,
 * where it has that. To read a file is to sleep, so programs of their own do it, and the event finds the result here.
 */
#ifndef KRSI_ENGINE_DIGEST_BPF_H
#define KRSI_ENGINE_DIGEST_BPF_H

#include "state.bpf.h"

/* What this kernel can be asked for, and is asked for: bits. */
const volatile __u32 digest_sources;

enum digest_source {
	DIGEST_IMA = 1,
	DIGEST_VERITY = 2,
};

#define DIGEST_SIZE 64

/* As the kernel's struct fsverity_digest. */
struct digest_bytes {
	__u16 algorithm;		/* a number of linux/hash_info.h */
	__u16 size;			/* 0: there is none */
	__u8 bytes[DIGEST_SIZE];
};

struct digests {
	__u64 task;
	__u64 file;			/* that they are of: a struct file */
	struct digest_bytes ima, verity;
};

/* By task, as long as it executes something; what fails leaves its own behind. User space makes room where they are wanted. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct digests);
} digests SEC(".maps");

/* Put a number and the bytes behind what the event has; nothing of it on the stack, of which calls have little left here. */
static __always_inline __u32 digest_add(struct event_slot *event, __u64 used, const struct digest_bytes *digest, __u32 number_id, __u32 id)
{
	struct event_number *number;
	struct event_field *field;
	__u64 place = used;
	__u32 size = digest->size;

	asm volatile("" : "+r"(place));
	if (!size || size > DIGEST_SIZE || place > EVENT_TEXTS_SIZE - sizeof(*number) - sizeof(*field) - DIGEST_SIZE)
		return used;
	number = (struct event_number *)(event->texts + place);
	event_number(number, number_id, digest->algorithm, 1);
	field = (struct event_field *)(number + 1);
	field->id = id;
	field->type = KRSI_EVENT_TYPE_BYTES;
	field->flags = 0;
	field->size = size;
	bpf_probe_read_kernel(field + 1, DIGEST_SIZE, digest->bytes);
	return used + sizeof(*number) + sizeof(*field) + ((size + 7) & ~7U);
}

/* The digests of the file that the task executes. */
MATCH_FN __u32 event_digests_add(__u32 index, __u32 used, __u64 file)
{
	struct event_slot *event = bpf_map_lookup_elem(&event_slots, &index);
	__u64 task = bpf_get_current_task();
	struct digests *digests_of;
	__u32 size = used;

	if (!event || !digest_sources)
		return used;
	digests_of = bpf_map_lookup_elem(&digests, &task);
	if (!digests_of || digests_of->file != file)
		return used;
	size = digest_add(event, size, &digests_of->ima, KRSI_EVENT_DIGEST_ALGORITHM, KRSI_EVENT_DIGEST);
	size = digest_add(event, size, &digests_of->verity, KRSI_EVENT_VERITY_ALGORITHM, KRSI_EVENT_VERITY_DIGEST);
	/* The place may have been given to another task meanwhile. */
	return *(volatile __u64 *)&digests_of->task == task && *(volatile __u64 *)&digests_of->file == file ? size : used;
}

#endif
