/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What is in an event. Nothing here reads outside of the record, whatever its bytes are. */
#include <errno.h>
#include <string.h>

#include "../policy/language.h"
#include "container.h"
#include "event.h"

/* --- records --------------------------------------------------------------- */

/* Whether a field is what its number stands for: what it says of itself may be anything. */
static bool field_fits(const struct event_field *field)
{
	uint32_t type = krsi_priv_event_type(field->id);

	if (!type || type != field->type)
		return false;
	if (type == KRSI_EVENT_TYPE_NUMBER)
		return field->size == sizeof(uint64_t);
	return type != KRSI_EVENT_TYPE_ADDRESS || field->size == 16;
}

bool krsi_priv_event_read(const void *bytes, size_t size, struct krsi_event *ret)
{
	const struct event_head *head = bytes;
	struct event_field field;
	size_t at, padded;

	if (size < sizeof(*head) || head->version != EVENT_VERSION || head->head_size < sizeof(*head) || head->head_size % 8 ||
	    head->size > size || head->size < head->head_size)
		return false;
	*ret = (struct krsi_event){ .bytes = bytes, .head = head };
	for (at = head->head_size; head->size - at >= sizeof(field); at += sizeof(field) + padded) {
		memcpy(&field, ret->bytes + at, sizeof(field));
		if (field.size > head->size - at - sizeof(field))
			return false;	/* also what would not fit a size_t when it is padded */
		padded = ((size_t)field.size + 7) & ~(size_t)7;
		if (padded > head->size - at - sizeof(field))
			return false;
		if (field_fits(&field) && !ret->at[field.id])
			ret->at[field.id] = (uint32_t)at;
	}
	return at == head->size;
}

/* What a field has, which is one of those types; NULL: it is absent. */
static const char *find(const struct krsi_event *event, uint32_t field, struct event_field *head)
{
	if (field >= KRSI_EVENT_FIELD_END || !event->at[field])
		return NULL;
	memcpy(head, event->bytes + event->at[field], sizeof(*head));
	return event->bytes + event->at[field] + sizeof(*head);
}

/* --- the head -------------------------------------------------------------- */

uint32_t krsi_event_kind(const struct krsi_event *event)
{
	return event->head->kind;
}

const char *krsi_event_operation(const struct krsi_event *event)
{
	uint32_t operation = event->head->operation;

	if (event->head->kind == KRSI_EVENT_KIND_FORK)
		return "process.fork";
	if (event->head->kind == KRSI_EVENT_KIND_EXIT)
		return "process.exit";
	if (event->head->kind == KRSI_EVENT_KIND_IDENTITY)
		return "process.identity";
	return operation != KRSI_PRIV_OP_NONE && operation < KRSI_PRIV_OP_END ? krsi_priv_operation(operation)->name : "";
}

uint32_t krsi_event_verdict(const struct krsi_event *event)
{
	return event->head->verdict;
}

uint32_t krsi_event_flags(const struct krsi_event *event)
{
	return event->head->outcome;
}

const char *krsi_event_policy(const struct krsi_event *event)
{
	const struct krsi_priv_event_names *names = event->names;

	if (!names || event->head->kind != KRSI_EVENT_KIND_RULE)
		return NULL;
	return names->policy(names->data, event->head->generation, event->head->policy);
}

const char *krsi_event_rule(const struct krsi_event *event)
{
	const struct krsi_priv_event_names *names = event->names;

	if (!names || event->head->kind != KRSI_EVENT_KIND_RULE)
		return NULL;
	return names->rule(names->data, event->head->generation, event->head->policy, event->head->rule);
}

/* --- fields that others give ------------------------------------------------ */

/* The finaliser of MurmurHash3: every step can be undone, so no two inputs come to one result. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

/*
 * A PID is not used again within one nanosecond, so start and PID tell all processes apart. They are more than
 * 64 bits together: that two processes of a machine share a cookie is as likely as for random numbers.
 */
uint64_t krsi_process_cookie(uint32_t pid, uint64_t start_time)
{
	uint64_t cookie = mix(start_time + mix(pid));

	return cookie ? cookie : 1;
}

static int cookie_make(const struct krsi_event *event, uint32_t pid, uint32_t start_time, uint64_t *ret)
{
	uint64_t number, start;

	if (krsi_event_number(event, pid, &number) || krsi_event_number(event, start_time, &start))
		return -ENOENT;
	*ret = krsi_process_cookie((uint32_t)number, start);
	return 0;
}

/* Numbers that are not in the record but follow from it. */
static int number_make(const struct krsi_event *event, uint32_t field, uint64_t *ret)
{
	switch (field) {
	case KRSI_EVENT_SEQUENCE:
		*ret = event->head->sequence;
		return 0;
	case KRSI_EVENT_TIME:
		*ret = event->head->time;
		return 0;
	case KRSI_EVENT_GENERATION:
		*ret = event->head->generation;
		return 0;
	case KRSI_EVENT_WALL_TIME:
		if (!event->wall)
			return -ENOENT;
		*ret = event->head->time + (uint64_t)event->wall;
		return 0;
	case KRSI_EVENT_COOKIE:
		return cookie_make(event, KRSI_EVENT_PID, KRSI_EVENT_START_TIME, ret);
	case KRSI_EVENT_PARENT_COOKIE:
		return cookie_make(event, KRSI_EVENT_PPID, KRSI_EVENT_PARENT_START_TIME, ret);
	case KRSI_EVENT_TARGET_COOKIE:
		return cookie_make(event, KRSI_EVENT_TARGET_PID, KRSI_EVENT_TARGET_START_TIME, ret);
	default:
		return -ENOENT;
	}
}

/* --- fields ---------------------------------------------------------------- */

int krsi_event_number(const struct krsi_event *event, uint32_t field, uint64_t *ret)
{
	struct event_field head;
	const char *bytes;

	if (!ret || krsi_priv_event_type(field) != KRSI_EVENT_TYPE_NUMBER)
		return -EINVAL;
	bytes = find(event, field, &head);
	if (!bytes)
		return number_make(event, field, ret);
	memcpy(ret, bytes, sizeof(*ret));
	return 0;
}

/* How many bytes the first `*count` strings of a list are, as far as they are whole; `*count` are not there. */
static size_t strings_size(const char *bytes, size_t size, uint64_t *count)
{
	const char *end, *at = bytes;

	for (; *count; --*count) {
		end = memchr(at, 0, size - (size_t)(at - bytes));
		if (!end)
			break;
		at = end + 1;
	}
	return (size_t)(at - bytes);
}

/* Arguments or environment out of the list of both, whose head is `head`; `head` becomes theirs. */
static const char *strings_part(const struct krsi_event *event, uint32_t field, struct event_field *head)
{
	const char *bytes = find(event, KRSI_EVENT_STRINGS, head);
	uint64_t count = 0, all = UINT64_MAX;
	size_t size;

	if (!bytes || krsi_event_number(event, KRSI_EVENT_ARGC, &count))
		return NULL;
	size = strings_size(bytes, head->size, &count);
	if (field == KRSI_EVENT_ENV) {
		head->size = (uint32_t)strings_size(bytes + size, head->size - size, &all);
		return bytes + size;
	}
	if (!count)
		head->flags &= (uint8_t)~KRSI_EVENT_TEXT_CUT;
	head->size = (uint32_t)size;
	return bytes;
}

/* What the cgroup's path says of a container. */
static const char *container_part(const struct krsi_event *event, uint32_t field, struct event_field *head)
{
	struct krsi_priv_container container;
	const char *cgroup = find(event, KRSI_EVENT_CGROUP, head), *bytes;

	if (!cgroup || !krsi_priv_container_find(cgroup, head->size, &container))
		return NULL;
	bytes = field == KRSI_EVENT_CONTAINER_ID ? container.id : container.runtime;
	if (!bytes)
		return NULL;
	head->size = (uint32_t)(field == KRSI_EVENT_CONTAINER_ID ? container.size : strlen(bytes));
	head->flags = 0;	/* of a path that is cut the beginning is there, and it is in that */
	return bytes;
}

static bool is_hidden(const struct krsi_event *event, uint32_t field)
{
	return !event->environment && (field == KRSI_EVENT_ENV || field == KRSI_EVENT_STRINGS);
}

const char *krsi_event_text(const struct krsi_event *event, uint32_t field, size_t *size, uint32_t *flags)
{
	uint32_t type = krsi_priv_event_type(field);
	struct event_field head;
	const char *bytes;

	if ((type != KRSI_EVENT_TYPE_TEXT && type != KRSI_EVENT_TYPE_LIST && type != KRSI_EVENT_TYPE_BYTES) || is_hidden(event, field))
		return NULL;
	bytes = find(event, field, &head);
	if (!bytes && (field == KRSI_EVENT_ARGV || field == KRSI_EVENT_ENV))
		bytes = strings_part(event, field, &head);
	if (!bytes && (field == KRSI_EVENT_CONTAINER_ID || field == KRSI_EVENT_CONTAINER_RUNTIME))
		bytes = container_part(event, field, &head);
	if (!bytes)
		return NULL;
	/* The kernel's own array for it, with zeros behind. */
	if (field == KRSI_EVENT_COMM)
		head.size = (uint32_t)strnlen(bytes, head.size);
	if (size)
		*size = head.size;
	if (flags)
		*flags = head.flags;
	return bytes;
}

const uint8_t *krsi_event_address(const struct krsi_event *event)
{
	struct event_field head;

	return (const uint8_t *)find(event, KRSI_EVENT_ADDRESS, &head);
}
