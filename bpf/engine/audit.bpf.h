/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Audit records of rules that ask for them, written at the verdict, while the process that it is about runs: the
 * kernel itself adds which process and which program that is. Kernels have that from libkrsi's module or patches only
 * (engine_audit.bpf.c); everywhere else user space writes records when it reads the event, as it does of an event that has
 * `audited` 0.
 *
 * The kernel takes one text, which is one field. What a process chose comes last in it, so that all in front is ours:
 *
 *     POLICY/RULE:OPERATION:denied|granted|permissive:ERROR:OBJECT
 */
#ifndef KRSI_ENGINE_AUDIT_BPF_H
#define KRSI_ENGINE_AUDIT_BPF_H

#include "state.bpf.h"

#define AUDIT_HEAD 256			/* bytes of what is in front of the object, at most */
#define AUDIT_OBJECT 512
#define AUDIT_TEXT 1024

/* Each belongs to the event of the same number. User space makes room where records are written. */
struct audit_slot {
	__u64 words[4];			/* what is put together */
	char text[AUDIT_TEXT];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct audit_slot);
} audit_slots SEC(".maps");

#ifdef ENGINE_AUDIT

extern int bpf_lsm_audit(const char *msg, __u32 msg__sz) __ksym;

static const char audit_head_format[] = "%s:%s:%s:%u:";
static const char audit_address_format[] = "[%pI6]:%u";
static const char audit_target_format[] = "pid=%u";
static const char audit_denied[] = "denied", audit_granted[] = "granted", audit_permissive[] = "permissive";

static __always_inline __u64 audit_verdict(const struct image_clause *clause, __u32 outcome)
{
	if (outcome & MATCH_WOULD)
		return (__u64)audit_permissive;
	if (clause->verdict == MATCH_DENY || clause->verdict == MATCH_SIGNAL)
		return (__u64)audit_denied;
	return (__u64)audit_granted;
}

/* What comes before the object. Returns its bytes, 0: it could not be made. */
static __always_inline __u32 audit_head(struct audit_slot *audit, match_image image, __u32 number, __u32 operation, __u32 outcome)
{
	const struct image_header *header = match_header(image);
	const struct image_clause *clause;
	long size;

	if (!header || !header->labels)
		return 0;
	clause = match_unit(image, header->clause_table + number);
	if (!clause)
		return 0;
	audit->words[0] = (__u64)match_unit(image, header->labels + number * IMAGE_LABEL_UNITS);
	audit->words[1] = (__u64)match_unit(image, header->operation_names + (operation & 63) * IMAGE_NAME_UNITS);
	audit->words[2] = audit_verdict(clause, outcome);
	audit->words[3] = clause->error;
	size = bpf_snprintf(audit->text, AUDIT_HEAD, audit_head_format, audit->words, sizeof(audit->words));
	return size > 0 && size <= AUDIT_HEAD ? size - 1 : 0;
}

/* A path that is whole and has room; half of one would be another. */
static __always_inline void audit_path(struct audit_slot *audit, __u32 at, const struct event_slot *event)
{
	const struct event_field *field = (const struct event_field *)event->texts;
	__u32 size = field->size;

	asm volatile("%0 &= 255" : "+r"(at));
	audit->text[at] = '?';
	audit->text[at + 1] = 0;
	if (field->flags & KRSI_EVENT_TEXT_CUT || size >= AUDIT_OBJECT)
		return;
	asm volatile("%0 &= 511" : "+r"(size));
	bpf_probe_read_kernel(audit->text + at, size, field + 1);
	audit->text[at + size] = 0;
}

static __always_inline void audit_object(struct audit_slot *audit, __u32 at, const struct event_slot *event, const struct act *act, __u32 used)
{
	if (act->paths && used > sizeof(struct event_field)) {
		audit_path(audit, at, event);
		return;
	}
	asm volatile("%0 &= 255" : "+r"(at));
	if (act->has & ACT_ADDRESS) {
		audit->words[0] = (__u64)event->address.bytes;
		audit->words[1] = act->port;
		bpf_snprintf(audit->text + at, AUDIT_OBJECT, audit_address_format, audit->words, 2 * sizeof(__u64));
	} else if (act->has & ACT_TARGET) {
		audit->words[0] = act->target_pid;
		bpf_snprintf(audit->text + at, AUDIT_OBJECT, audit_target_format, audit->words, sizeof(__u64));
	}
}

/* Write the record of an event whose texts are `used` bytes. */
MATCH_FN int event_audit(__u32 at, __u32 index, __u32 number, __u32 outcome, __u32 used)
{
	struct event_slot *event = bpf_map_lookup_elem(&event_slots, &index);
	struct audit_slot *audit = bpf_map_lookup_elem(&audit_slots, &index);
	struct engine_slot *slot = slot_get(at);
	match_image image;
	__u32 size;

	if (!event || !audit || !slot)
		return 0;
	image = match_image_open(&slot->match);
	size = image ? audit_head(audit, image, number, KRSI_PRIV_OP_TOLD(slot->match.operation), outcome) : 0;
	if (!size)
		return 0;
	audit_object(audit, size, event, &slot->act, used);
	event->head.audited = bpf_lsm_audit(audit->text, sizeof(audit->text)) == 0;
	return 0;
}

#endif

#endif
