/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "event_tools.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "policy/language.h"

static const char *policy_name(const void *data, uint32_t generation, uint32_t policy)
{
	const struct event_made *made = data;

	(void)generation;
	(void)policy;
	return made->policy;
}

static const char *rule_name(const void *data, uint32_t generation, uint32_t policy, uint32_t rule)
{
	const struct event_made *made = data;

	(void)generation;
	(void)policy;
	(void)rule;
	return made->rule;
}

void event_begin(struct event_made *made, const char *operation)
{
	size_t number = 0;

	*made = (struct event_made){ .policy = "web", .rule = "shadow" };
	if (*operation)
		assert_true(krsi_priv_operation_find(operation, &number));
	made->head = (struct event_head){
		.sequence = 7, .time = EVENT_TIME, .generation = 1, .operation = (uint16_t)number,
		.kind = KRSI_EVENT_KIND_RULE, .verdict = KRSI_EVENT_DENY,
	};
	krsi_priv_event_begin(&made->record, &made->head);
}

void event_number_put(struct event_made *made, uint32_t field, uint64_t number)
{
	krsi_priv_event_put_number(&made->record, field, number);
}

void event_text_put(struct event_made *made, uint32_t field, const char *bytes, size_t size, uint32_t flags)
{
	krsi_priv_event_put(&made->record, field, bytes, size, flags);
}

void event_end(struct event_made *made)
{
	struct event_head *head;

	assert_true(krsi_priv_event_end(&made->record));
	/* What the caller has changed since; the sizes are the record's. */
	head = (struct event_head *)made->record.bytes;
	made->head.version = head->version;
	made->head.head_size = head->head_size;
	made->head.size = head->size;
	*head = made->head;
	assert_true(krsi_priv_event_read(made->record.bytes, made->record.size, &made->event));
	made->names = (struct krsi_priv_event_names){ policy_name, rule_name, made };
	made->event.names = &made->names;
	made->event.wall = EVENT_WALL;
	made->event.environment = true;
}

void event_free(struct event_made *made)
{
	free(made->record.bytes);
	made->record.bytes = NULL;
}
