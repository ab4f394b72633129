/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Records that do not come from the kernel: of what was lost, in recordings, in tests. */
#include <stdlib.h>
#include <string.h>

#include "event.h"

#define CAPACITY_MIN 512

/* Room for `size` more bytes, with zeros up to the next multiple of eight; NULL: no memory. */
static char *room(struct krsi_priv_event_record *record, size_t size)
{
	size_t padded = (size + 7) & ~(size_t)7, capacity = record->capacity ? record->capacity : CAPACITY_MIN;
	char *bytes, *at;

	if (record->no_memory)
		return NULL;
	while (capacity - record->size < padded)
		capacity *= 2;
	if (capacity != record->capacity) {
		bytes = realloc(record->bytes, capacity);
		if (!bytes) {
			record->no_memory = true;
			return NULL;
		}
		record->bytes = bytes;
		record->capacity = capacity;
	}
	at = record->bytes + record->size;
	memset(at + size, 0, padded - size);
	record->size += padded;
	return at;
}

void krsi_priv_event_begin(struct krsi_priv_event_record *record, const struct event_head *head)
{
	struct event_head *at;

	*record = (struct krsi_priv_event_record){ 0 };
	at = (struct event_head *)room(record, sizeof(*head));
	if (!at)
		return;
	*at = *head;
	at->version = EVENT_VERSION;
	at->head_size = sizeof(*head);
}

void krsi_priv_event_copy(struct krsi_priv_event_record *record, const struct krsi_event *event)
{
	char *at;

	*record = (struct krsi_priv_event_record){ 0 };
	at = room(record, event->head->size);
	if (at)
		memcpy(at, event->bytes, event->head->size);
}

void krsi_priv_event_put(struct krsi_priv_event_record *record, uint32_t field, const void *bytes, size_t size, uint32_t flags)
{
	struct event_field head = {
		.id = (uint16_t)field, .type = (uint8_t)krsi_priv_event_type(field), .flags = (uint8_t)flags, .size = (uint32_t)size,
	};
	char *at = room(record, sizeof(head) + size);

	if (!at)
		return;
	memcpy(at, &head, sizeof(head));
	if (size)
		memcpy(at + sizeof(head), bytes, size);
}

void krsi_priv_event_put_number(struct krsi_priv_event_record *record, uint32_t field, uint64_t number)
{
	krsi_priv_event_put(record, field, &number, sizeof(number), 0);
}

bool krsi_priv_event_end(struct krsi_priv_event_record *record)
{
	if (record->no_memory) {
		free(record->bytes);
		*record = (struct krsi_priv_event_record){ 0 };
		return false;
	}
	((struct event_head *)record->bytes)->size = (uint32_t)record->size;
	return true;
}
