/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Inside of `krsi load`: load_arguments.c reads the command line, load.c does the deeds, load_wish.c
 * changes objects as asked, load_report.c tells of programs, load_ring.c waits and counts records,
 * load_record.c shows them.
 */
#ifndef KRSI_TOOL_LOAD_H
#define KRSI_TOOL_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct krsi_ctx;
struct krsi_object;
struct tool_command;

enum wish_kind {
	WISH_WITHOUT,		/* PROG */
	WISH_WITH,		/* PROG */
	WISH_OPTIONAL,		/* PROG */
	WISH_FMOD_RET,		/* PROG */
	WISH_TARGET,		/* PROG=HOOK */
	WISH_VARIABLE,		/* VAR=VALUE */
	WISH_MAP_SIZE,		/* MAP=N */
	WISH_TYPE,		/* MAP=TYPE */
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
	bool all_fmod_ret;	/* each program that can be */
};

/* One argument of the command. */
struct load_object {
	const char *path;
	struct krsi_object *object;	/* NULL when it could not be opened */
	char *failure;			/* why it could not */
};

/* What the command line asks for. */
struct load_request {
	const struct tool_command *self;
	struct wish_list wishes;
	const char *cgroup;
	const char *pin_dir;
	const char *btf;
	const char *kconfig_file;
	char *kconfig;			/* its text */
	int log_level;
	uint32_t perf_pages;		/* 0: the library's default */
	bool all_optional;
	bool check;
	bool verbose;
	bool decode;
	bool json;
	struct load_object *objects;
	size_t count;
};

/* Read the command line. -1 to go on, otherwise the exit code with what is wrong told. */
int load_arguments_read(struct load_request *request, int argc, char **argv);

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

/* The type that was asked for the records of this ring buffer or perf buffer, or 0. */
uint32_t wishes_type(const struct wish_list *list, const struct krsi_object *object, const char *map);

/* How many programs there were, over all objects. */
struct tally {
	size_t wanted;		/* that were not left out */
	size_t attached;
};

/* One line, whose five fields are an interface: see krsi(1). */
void report_line(const char *path, const char *program, const char *section, uint32_t state,
		 const char *reason);

/* A line for each program of an object. One that was not even tried shares the fate of its object. */
void report_programs(const struct load_object *entry, bool verbose, struct tally *tally);

/* What the verifier wrote of each program that it refused. */
void report_logs(const struct load_object *entry);

/* Tell of the last failure in the words of the command line. TOOL_FAILED. */
int report_failure(const struct krsi_ctx *ctx);

/* How records are shown. */
struct load_output {
	const struct wish_list *wishes;
	FILE *json;		/* one object per line goes there; NULL: text, to stdout */
	bool decode;		/* by their types, or as hexadecimal digits when these are not known */
	bool verbose;		/* as hexadecimal digits, when they are not decoded */
	uint32_t perf_pages;	/* of each CPU; 0: the library's default */
};

/*
 * Print "ready", count the records of all ring and perf buffers of the objects until a signal comes, detach,
 * print the counts. Returns enum tool_exit.
 */
int rings_run(struct krsi_ctx *ctx, const struct load_object *objects, size_t count, int signals,
	      const struct load_output *output);

/* Print a record: load_record.c. `told` is false until somebody was told that its ring cannot be decoded. */
struct load_record {
	const char *path, *ring;
	struct krsi_ctx *ctx;
	const struct krsi_object *object;
	const struct load_output *output;
	uint32_t type;		/* 0: to be guessed for each */
	bool perf;		/* of a perf buffer: the kernel has filled it up */
	bool told;
};

void record_show(struct load_record *record, const void *data, size_t size);

#endif
