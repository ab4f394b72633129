/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a rule could say of an event. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/krsi.h>

#include "learn.h"
#include "record.h"

int learned_compare(const void *a, const void *b)
{
	const struct learned *x = a, *y = b;
	int order = strcmp(x->exe, y->exe);

	if (!order)
		order = strcmp(x->operation, y->operation);
	if (!order)
		order = (int)x->kind - (int)y->kind;
	if (!order)
		order = strcmp(x->group, y->group);
	return order ? order : strcmp(x->text, y->text);
}

bool learned_is_beside(const struct learned *a, const struct learned *b)
{
	return strcmp(a->exe, b->exe) == 0 && strcmp(a->operation, b->operation) == 0 && a->kind == b->kind && strcmp(a->group, b->group) == 0;
}

void learned_free(void *data)
{
	struct learned *learned = data;

	free(learned->exe);
	free(learned->operation);
	free(learned->group);
	free(learned->text);
	free(learned->example);
	free(learned);
}

/* --- texts ----------------------------------------------------------------- */

/* A path that is whole, and of the subject's mount namespace. */
static const char *path_get(const struct krsi_event *event, uint32_t field, size_t *size)
{
	uint32_t flags = 0;
	const char *path = krsi_event_text(event, field, size, &flags);

	return path && *size && *path == '/' && !flags ? path : NULL;
}

static char *exe_of(const struct krsi_event *event)
{
	size_t size;
	const char *exe = event ? path_get(event, KRSI_EVENT_EXE, &size) : NULL;

	return exe ? learn_path(exe, size, 0) : strdup("");
}

/* As the process knows it itself: files have names with that. */
static uint64_t pid_of(const struct krsi_event *event)
{
	uint64_t pid = 0;

	if (krsi_event_number(event, KRSI_EVENT_NS_TGID, &pid))
		krsi_event_number(event, KRSI_EVENT_PID, &pid);
	return pid;
}

static bool is_of(const char *operation, const char *group)
{
	return strncmp(operation, group, strlen(group)) == 0;
}

/* --- taking ---------------------------------------------------------------- */

/* One more of what is known already, or the first. Takes all of it over. */
static void take(struct learn *learn, struct learned *learned)
{
	struct learned **found;

	if (!learned->exe || !learned->operation || !learned->group || !learned->text || !learned->example ||
	    !(found = tsearch(learned, &learn->tree, learned_compare))) {
		learned_free(learned);
		learn->no_memory = true;
		return;
	}
	if (*found == learned)
		return;
	(*found)->count++;
	if (learned->first < (*found)->first)
		(*found)->first = learned->first;
	if (learned->last > (*found)->last)
		(*found)->last = learned->last;
	learned_free(learned);
}

static void add(struct learn *learn, const struct krsi_event *event, enum learned_kind kind, char *group, char *text, char *example)
{
	struct learned *learned = calloc(1, sizeof(*learned));

	if (!learned) {
		learn->no_memory = true;
		free(group);
		free(text);
		free(example);
		return;
	}
	krsi_event_number(event, KRSI_EVENT_WALL_TIME, &learned->first);
	learned->exe = exe_of(event);
	learned->operation = strdup(krsi_event_operation(event));
	learned->kind = kind;
	learned->group = group;
	learned->text = text;
	learned->example = example;
	learned->count = 1;
	learned->last = learned->first;
	take(learn, learned);
}

static char *number_text(uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return strdup(text);
}

static void any_add(struct learn *learn, const struct krsi_event *event)
{
	size_t size = 0;
	const char *path = krsi_event_text(event, KRSI_EVENT_PATH, &size, NULL);

	add(learn, event, LEARNED_ANY, strdup(""), strdup(""), learn_literal(path ? path : "", size));
}

/* --- objects ----------------------------------------------------------------- */

/*
 * A condition fits when one of several names does, so one is enough. Of a rename or a link it is the new name: what is
 * there afterwards.
 */
static void file_add(struct learn *learn, const struct krsi_event *event)
{
	const char *operation = krsi_event_operation(event), *path = NULL;
	uint64_t facts = 0;
	size_t size;

	if (strcmp(operation, "file.rename") == 0 || strcmp(operation, "file.link") == 0)
		path = path_get(event, KRSI_EVENT_PATH2, &size);
	if (!path)
		path = path_get(event, KRSI_EVENT_PATH, &size);
	krsi_event_number(event, KRSI_EVENT_FACTS, &facts);
	if (path)
		add(learn, event, LEARNED_PATH, strdup(""), learn_path(path, size, pid_of(event)), learn_literal(path, size));
	else if (facts & (KRSI_EVENT_FACT_MEMFD | KRSI_EVENT_FACT_UNLINKED))
		add(learn, event, LEARNED_FACT, strdup(""), strdup(facts & KRSI_EVENT_FACT_MEMFD ? "memfd" : "unlinked"), strdup(""));
	else
		any_add(learn, event);
}

static bool unix_add(struct learn *learn, const struct krsi_event *event)
{
	uint32_t flags = 0;
	size_t size;
	const char *name = krsi_event_text(event, KRSI_EVENT_UNIX_ADDRESS, &size, &flags);

	if (!name || flags || !size || (*name != '/' && *name != '@'))
		name = path_get(event, KRSI_EVENT_PATH, &size);
	if (!name)
		return false;
	add(learn, event, LEARNED_UNIX, strdup(""), *name == '/' ? learn_path(name, size, pid_of(event)) : learn_literal(name, size), learn_literal(name, size));
	return true;
}

static void socket_add(struct learn *learn, const struct krsi_event *event)
{
	const uint8_t *address = krsi_event_address(event);
	bool mapped = address && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)address);
	char text[INET6_ADDRSTRLEN] = "", group[64];
	uint64_t family = 0, port;

	if (krsi_event_number(event, KRSI_EVENT_FAMILY, &family)) {
		any_add(learn, event);
		return;
	}
	if (family == AF_UNIX && unix_add(learn, event))
		return;
	if (address)
		inet_ntop(mapped ? AF_INET : AF_INET6, mapped ? address + 12 : address, text, sizeof(text));
	if (address && krsi_event_number(event, KRSI_EVENT_PORT, &port) == 0)
		snprintf(group, sizeof(group), "%" PRIu64 " %" PRIu64, family, port);
	else
		snprintf(group, sizeof(group), "%" PRIu64, family);
	add(learn, event, LEARNED_SOCKET, strdup(group), strdup(text), strdup(text));
}

static void target_add(struct learn *learn, const struct krsi_event *event, struct krsi_processes *processes)
{
	const struct krsi_event *target = NULL;
	uint64_t cookie, number;
	char *exe;

	if (krsi_event_number(event, KRSI_EVENT_TARGET_COOKIE, &cookie) == 0)
		target = krsi_processes_find(processes, cookie);
	exe = exe_of(target);
	if (krsi_event_number(event, KRSI_EVENT_SIGNAL_NUMBER, &number) == 0) {
		add(learn, event, LEARNED_SIGNAL, exe, number_text(number), number_text(number));
	} else if (exe && *exe) {
		add(learn, event, LEARNED_TARGET, strdup(""), exe, strdup(exe));
	} else {
		free(exe);
		any_add(learn, event);
	}
}

/* --- events ------------------------------------------------------------------ */

static bool is_wanted(const struct learn *learn, const struct krsi_event *event)
{
	size_t size, i;
	const char *exe = path_get(event, KRSI_EVENT_EXE, &size);

	for (i = 0; i < learn->program_count; i++)
		if (exe && strlen(learn->programs[i]) == size && memcmp(learn->programs[i], exe, size) == 0)
			return true;
	return !learn->program_count;
}

static void operation_note(struct learn *learn, const struct krsi_event *event)
{
	const char *policy = krsi_event_policy(event), *rule = krsi_event_rule(event), *operation = krsi_event_operation(event);
	size_t i;

	if (policy && rule && strcmp(policy, RECORD_POLICY) == 0 && strcmp(rule, RECORD_RULE_ALL) == 0)
		learn->recorded_all = true;
	for (i = 0; i < learn->operation_count; i++)
		if (strcmp(learn->operations[i], operation) == 0)
			return;
	if (i < LEARN_WORDS_MAX)
		learn->operations[learn->operation_count++] = operation;
}

void learn_event(struct learn *learn, const struct krsi_event *event, struct krsi_processes *processes)
{
	const char *operation = krsi_event_operation(event);
	uint32_t verdict = krsi_event_verdict(event);
	uint64_t count = 0;

	if (krsi_event_kind(event) == KRSI_EVENT_KIND_LOST && krsi_event_number(event, KRSI_EVENT_LOST_COUNT, &count) == 0)
		learn->lost += count;
	if (krsi_event_kind(event) != KRSI_EVENT_KIND_RULE || !*operation || !is_wanted(learn, event))
		return;
	operation_note(learn, event);
	if ((verdict == KRSI_EVENT_DENY || verdict == KRSI_EVENT_SIGNAL) && !(krsi_event_flags(event) & KRSI_EVENT_WOULD)) {
		learn->refused++;
		return;
	}
	learn->events++;
	if (strcmp(operation, "process.exec") == 0 || is_of(operation, "file.") || is_of(operation, "mount.") ||
	    (is_of(operation, "kernel.") && krsi_event_text(event, KRSI_EVENT_PATH, NULL, NULL)))
		file_add(learn, event);
	else if (is_of(operation, "network."))
		socket_add(learn, event);
	else if (strcmp(operation, "process.signal") == 0 || strcmp(operation, "process.ptrace") == 0 || strcmp(operation, "process.memory_write") == 0)
		target_add(learn, event, processes);
	else
		any_add(learn, event);
}
