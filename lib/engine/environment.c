/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which variables of the environment are in events. Where none is asked for, the kernel tells none. Where all are, it
 * tells all. Single ones are taken out here, before anybody sees the event: the programs in the kernel would have to
 * compare every byte of the environment with every name, in the way of each execve(2), to keep bytes from a ring that
 * nobody but this engine reads.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../ctx.h"
#include "../event/event.h"
#include "engine.h"

#define NAMES_MAX 256

/* --- names ------------------------------------------------------------------ */

bool krsi_priv_environment_is_told(const struct krsi_engine *engine)
{
	return engine->opts.flags & KRSI_ENGINE_ENVIRONMENT || engine->environment.count;
}

static int name_check(struct krsi_engine *engine, size_t i, const char *name)
{
	const char *star;

	if (!name || !*name)
		return krsi_priv_fail(engine->ctx, -EINVAL, "krsi_engine_new: variable %zu of the environment has no name", i);
	if (strcmp(name, "*") == 0)
		return krsi_priv_fail(engine->ctx, -EINVAL, "krsi_engine_new: \"*\" is all of the environment; KRSI_ENGINE_ENVIRONMENT asks for that");
	if (strchr(name, '='))
		return krsi_priv_fail(engine->ctx, -EINVAL, "krsi_engine_new: \"%s\" is no name of a variable; leave out the = and what is behind it", name);
	star = strchr(name, '*');
	if (star && star[1])
		return krsi_priv_fail(engine->ctx, -EINVAL, "krsi_engine_new: \"%s\" has a star that is not at its end; only what a name begins with can be given", name);
	return 0;
}

static int names_check(struct krsi_engine *engine, const char *const *names, uint64_t count)
{
	size_t i;
	int err = 0;

	if (!names && count)
		return krsi_priv_fail(engine->ctx, -EINVAL, "krsi_engine_new: environment_count is %llu, and environment is NULL", (unsigned long long)count);
	if (count && engine->opts.flags & KRSI_ENGINE_ENVIRONMENT)
		return krsi_priv_fail(engine->ctx, -EINVAL, "krsi_engine_new: KRSI_ENGINE_ENVIRONMENT asks for all variables, and environment for single ones; leave out one of them");
	if (count > NAMES_MAX)
		return krsi_priv_fail(engine->ctx, -EINVAL, "krsi_engine_new: %llu variables of the environment; the limit is %d", (unsigned long long)count, NAMES_MAX);
	for (i = 0; i < count && !err; i++)
		err = name_check(engine, i, names[i]);
	return err;
}

int krsi_priv_environment_read(struct krsi_engine *engine)
{
	struct krsi_priv_environment *environment = &engine->environment;
	const char *const *names = engine->opts.environment;
	size_t count = engine->opts.environment_count;
	int err = names_check(engine, names, engine->opts.environment_count);

	engine->opts.environment = NULL;	/* it is the caller's */
	if (err || !count)
		return err;
	environment->names = calloc(count, sizeof(*environment->names));
	while (environment->names && environment->count < count) {
		environment->names[environment->count] = strdup(names[environment->count]);
		if (!environment->names[environment->count])
			break;
		environment->count++;
	}
	if (environment->count < count)
		return krsi_priv_fail(engine->ctx, -ENOMEM, "krsi_engine_new: no memory");
	return 0;
}

void krsi_priv_environment_free(struct krsi_priv_environment *environment)
{
	while (environment->count)
		free(environment->names[--environment->count]);
	free(environment->names);
	free(environment->record);
	*environment = (struct krsi_priv_environment){ 0 };
}

/* --- events ----------------------------------------------------------------- */

/* Whether a name of `size` bytes is meant by what was asked for. */
static bool is_meant(const char *wanted, const char *name, size_t size)
{
	size_t known = strlen(wanted);

	if (wanted[known - 1] == '*')
		return size >= known - 1 && memcmp(name, wanted, known - 1) == 0;
	return size == known && memcmp(name, wanted, known) == 0;
}

/* `variable` is NAME=VALUE, or what somebody put there instead. */
static bool is_wanted(const struct krsi_priv_environment *environment, const char *variable)
{
	size_t size = strcspn(variable, "="), i;

	for (i = 0; i < environment->count; i++)
		if (is_meant(environment->names[i], variable, size))
			return true;
	return false;
}

/* Move what was asked for to the front. Returns how many bytes that is. */
static size_t variables_keep(const struct krsi_priv_environment *environment, char *bytes, size_t size)
{
	size_t at, kept = 0, n;

	for (at = 0; at < size; at += n) {
		n = strlen(bytes + at) + 1;
		if (!is_wanted(environment, bytes + at))
			continue;
		memmove(bytes + kept, bytes + at, n);
		kept += n;
	}
	return kept;
}

static size_t padded(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

/* Make the list shorter; a field that is nothing fills the place behind it. */
static void list_cut(struct event_field *list, size_t size)
{
	char *bytes = (char *)(list + 1);
	size_t all = padded(list->size), rest = all - padded(size);
	struct event_field nothing = { .size = (uint32_t)(rest - sizeof(nothing)) };

	memset(bytes + size, 0, all - size);
	list->size = (uint32_t)size;
	if (rest)
		memcpy(bytes + padded(size), &nothing, sizeof(nothing));
}

static bool record_copy(struct krsi_priv_environment *environment, const struct krsi_event *event)
{
	size_t size = event->head->size;
	char *more;

	if (size > environment->capacity) {
		more = realloc(environment->record, size);
		if (!more)
			return false;
		environment->record = more;
		environment->capacity = size;
	}
	memcpy(environment->record, event->bytes, size);
	return true;
}

bool krsi_priv_environment_filter(struct krsi_engine *engine, struct krsi_event *event)
{
	struct krsi_priv_environment *environment = &engine->environment;
	struct event_field *list;
	const char *variables;
	size_t size, front = 0;

	if (!environment->count || !event->at[KRSI_EVENT_STRINGS])
		return true;
	if (!record_copy(environment, event))
		return false;
	event->bytes = environment->record;
	event->head = (const struct event_head *)environment->record;
	list = (struct event_field *)(environment->record + event->at[KRSI_EVENT_STRINGS]);
	/* Strings that are not whole are left out: the rest of a name might be another one's. */
	variables = krsi_event_text(event, KRSI_EVENT_ENV, &size, NULL);
	if (variables) {
		front = (size_t)(variables - (const char *)(list + 1));
		front += variables_keep(environment, (char *)(list + 1) + front, size);
	}
	list_cut(list, front);
	return true;
}
