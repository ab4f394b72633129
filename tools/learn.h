/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Inside of `krsi learn`: learn.c reads the arguments and the recordings, learn_event.c makes of each event what a rule
 * could say of it, learn_paths.c makes fewer and wider ones of many, and learn_print.c writes the policy. docs/learning.md
 * has the method.
 */
#ifndef KRSI_TOOL_LEARN_H
#define KRSI_TOOL_LEARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct krsi_event;
struct krsi_processes;

/* What the object is told by. Rules come in this order: the one that allows everything is the last. */
enum learned_kind {
	LEARNED_PATH,
	LEARNED_UNIX,		/* the address of a unix socket */
	LEARNED_SOCKET,		/* `group` is family and port, the text an address */
	LEARNED_TARGET,		/* a program that is acted on */
	LEARNED_SIGNAL,		/* `group` is the program that is signalled, the text a number */
	LEARNED_FACT,		/* of a file without a path */
	LEARNED_ANY,		/* nothing can be said of it */
};

/* One thing that a program did, any number of times. All texts are as in a policy, without YAML's quotes. */
struct learned {
	char *exe;		/* "": it has none */
	char *operation;
	enum learned_kind kind;
	char *group;		/* entries of one rule have the same */
	char *text;
	char *example;		/* printable, of one of the events */
	uint64_t count;		/* events */
	uint64_t first, last;	/* ns since 1970 */
};

#define LEARN_WORDS_MAX 64	/* operations */

struct learn {
	/* As asked for. */
	uint32_t files, directories, addresses;	/* how many make one wider entry; 0: never */
	const char *name;
	bool enforce;
	char **programs;	/* only these; none: all */
	size_t program_count;

	void *tree;		/* of tsearch(3), until all is read */
	struct learned **list;	/* then in their order */
	size_t count;
	const char *operations[LEARN_WORDS_MAX];	/* that were seen; they belong to the library */
	size_t operation_count;
	bool recorded_all;	/* some of it with all operations that krsi record reports */
	uint64_t events, refused, lost;
	bool no_memory;
};

/* Take in what an event tells. Without memory no_memory is set. */
void learn_event(struct learn *learn, const struct krsi_event *event, struct krsi_processes *processes);

/*
 * A path as a pattern, with what is a number or random in it as *; `pid` is that of who used it, or 0. Or every byte as it is.
 * NULL: no memory.
 */
char *learn_path(const char *path, size_t size, uint64_t pid);
char *learn_literal(const char *bytes, size_t size);

/* Make fewer entries of those that are many. The list is in its order, before and after. */
void learn_widen(struct learn *learn);

/* Print the policy. */
void learn_print(const struct learn *learn, FILE *out);

int learned_compare(const void *a, const void *b);
void learned_free(void *learned);

/* Whether two entries are of one rule. */
bool learned_is_beside(const struct learned *a, const struct learned *b);

#endif
