/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Inside of `krsi load`: load.c reads the arguments and does the deeds, load_wish.c changes objects
 * as asked, load_ring.c waits and counts records.
 */
#ifndef KRSI_TOOL_LOAD_H
#define KRSI_TOOL_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct krsi_ctx;
struct krsi_object;

enum wish_kind {
	WISH_WITHOUT,		/* PROG */
	WISH_WITH,		/* PROG */
	WISH_OPTIONAL,		/* PROG */
	WISH_TARGET,		/* PROG=HOOK */
	WISH_VARIABLE,		/* VAR=VALUE */
	WISH_MAP_SIZE,		/* MAP=N */
};

/* One option that changes something in an object. It holds for each object that has such a thing. */
struct wish {
	enum wish_kind kind;
	char *name;		/* of the program, variable or map */
	const char *value;	/* as it was typed, for messages and targets */
	uint64_t number;
	bool negative;		/* `number` is a two's complement */
};

struct wish_list {
	struct wish *wishes;
	size_t count;
};

/* One argument of the command. */
struct load_object {
	const char *path;
	struct krsi_object *object;	/* NULL when it could not be opened */
	char *failure;			/* why it could not */
};

/* Read NAME or NAME=VALUE. 0, or -1 with `*problem` set to what is wrong with it. */
int wish_add(struct wish_list *list, enum wish_kind kind, const char *text, const char **problem);

void wish_list_free(struct wish_list *list);

/*
 * Apply all wishes to all objects, before they are loaded. `all_optional` makes every program
 * optional that is not left out. 0, or enum tool_exit with the failure told: a wish that no object
 * can fulfil is a failure too.
 */
int wishes_apply(const struct wish_list *list, bool all_optional, struct krsi_ctx *ctx,
		 const struct load_object *objects, size_t count);

/*
 * From here on SIGINT, SIGTERM and SIGHUP do not end the process but wait to be read. Returns the
 * descriptor, or -1 with the failure told.
 */
int rings_signals_take(void);

/*
 * Print "ready", count the records of all ring buffers of the objects until a signal comes, detach,
 * print the counts. With `verbose` each record is printed. Returns enum tool_exit.
 */
int rings_run(struct krsi_ctx *ctx, const struct load_object *objects, size_t count, int signals, bool verbose);

#endif
