/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What is in an event. Nothing here reads outside of the record, whatever its bytes are. */
#include <errno.h>
#include <string.h>

#include "../policy/language.h"
#include "event.h"

bool krsi_priv_event_read(const struct krsi_engine *engine, const void *bytes, size_t size, struct krsi_event *ret)
{
	const struct event_head *head = bytes;

	if (size < sizeof(*head) || head->version != EVENT_VERSION || head->head_size < sizeof(*head) ||
	    head->head_size > size || head->size > size || head->size < head->head_size)
		return false;
	ret->engine = engine;
	ret->head = head;
	ret->texts = (const char *)bytes + head->head_size;
	ret->texts_size = head->size - head->head_size;
	return true;
}

const char *krsi_event_operation(const struct krsi_event *event)
{
	uint32_t operation = event->head->operation;

	return operation < KRSI_PRIV_OP_END ? krsi_priv_operation(operation)->name : "";
}

uint32_t krsi_event_verdict(const struct krsi_event *event)
{
	return event->head->verdict;
}

uint32_t krsi_event_flags(const struct krsi_event *event)
{
	return event->head->outcome;
}

static const struct krsi_priv_policy_names *names_find(const struct krsi_event *event)
{
	const struct krsi_priv_generation *generation;

	if (!event->engine)
		return NULL;
	generation = krsi_priv_generation_find(event->engine, event->head->generation);
	return generation && event->head->policy < generation->policy_count ? &generation->policies[event->head->policy] : NULL;
}

const char *krsi_event_policy(const struct krsi_event *event)
{
	const struct krsi_priv_policy_names *names = names_find(event);

	return names ? names->name : NULL;
}

const char *krsi_event_rule(const struct krsi_event *event)
{
	const struct krsi_priv_policy_names *names = names_find(event);

	if (!names)
		return NULL;
	if (event->head->rule == UINT32_MAX)
		return "default";
	return event->head->rule < names->rule_count ? names->rules[event->head->rule] : NULL;
}

int krsi_event_number(const struct krsi_event *event, uint32_t number, uint64_t *ret)
{
	const struct event_head *head = event->head;
	uint64_t value;
	bool has = true;

	if (!ret)
		return -EINVAL;
	switch (number) {
	case KRSI_EVENT_SEQUENCE: value = head->sequence; break;
	case KRSI_EVENT_TIME: value = head->time; break;
	case KRSI_EVENT_GENERATION: value = head->generation; break;
	case KRSI_EVENT_PID: value = head->pid; break;
	case KRSI_EVENT_TID: value = head->tid; break;
	case KRSI_EVENT_PPID: value = head->ppid; break;
	case KRSI_EVENT_UID: value = head->uid; break;
	case KRSI_EVENT_GID: value = head->gid; break;
	case KRSI_EVENT_START_TIME: value = head->start_time; break;
	case KRSI_EVENT_ERROR: value = head->error; has = value != 0; break;
	case KRSI_EVENT_SENT_SIGNAL: value = head->signal; has = value != 0; break;
	case KRSI_EVENT_INODE: value = head->inode; has = value != 0; break;
	case KRSI_EVENT_DEVICE: value = head->device; has = head->inode != 0; break;
	case KRSI_EVENT_MODE: value = head->mode; has = value != 0; break;
	case KRSI_EVENT_FAMILY: value = head->family; has = head->parts & EVENT_FAMILY; break;
	case KRSI_EVENT_PORT: value = head->port; has = head->parts & EVENT_PORT; break;
	case KRSI_EVENT_TARGET_PID: value = head->target_pid; has = head->parts & EVENT_TARGET; break;
	case KRSI_EVENT_SIGNAL_NUMBER: value = head->object_signal; has = head->parts & EVENT_SIGNAL; break;
	default: return -EINVAL;
	}
	if (!has)
		return -ENOENT;
	*ret = value;
	return 0;
}

const char *krsi_event_text(const struct krsi_event *event, uint32_t text, size_t *size, uint32_t *flags)
{
	struct event_text head;
	size_t at, padded;

	if (text == KRSI_EVENT_COMM) {
		if (size)
			*size = strnlen(event->head->comm, sizeof(event->head->comm));
		if (flags)
			*flags = 0;
		return event->head->comm;
	}
	for (at = 0; event->texts_size - at >= sizeof(head); at += sizeof(head) + padded) {
		memcpy(&head, event->texts + at, sizeof(head));
		padded = ((size_t)head.size + 7) & ~(size_t)7;
		if (padded > event->texts_size - at - sizeof(head))
			return NULL;
		if (head.id != text)
			continue;
		if (size)
			*size = head.size;
		if (flags)
			*flags = head.flags;
		return event->texts + at + sizeof(head);
	}
	return NULL;
}

const uint8_t *krsi_event_address(const struct krsi_event *event)
{
	return event->head->parts & EVENT_ADDRESS ? event->head->address : NULL;
}
