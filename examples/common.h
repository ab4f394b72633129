/* SPDX-License-Identifier: BSD-2-Clause */
/* What every example does in user space beside its own task: options, signals, printing. */
#ifndef EXAMPLES_COMMON_H
#define EXAMPLES_COMMON_H

#include <stddef.h>

#include "record.h"

struct krsi_ctx;
struct krsi_object;
struct krsi_stream;

/* Beside EXIT_SUCCESS (0) and EXIT_FAILURE (1): the command line makes no sense. */
#define EXIT_USAGE 2

/*
 * For a program without options: -1 to go on, else the code to exit with, the usage being shown.
 */
int options_none(int argc, char **argv, const char *usage);

/*
 * A descriptor that becomes readable at SIGINT or SIGTERM, which from now on do nothing else; -1
 * with a message on stderr when there is none to be had.
 */
int signals_open(void);

/*
 * Say "ready", hand records to their callbacks until a signal comes, detach, read what is left,
 * and end with a line that tells how many records came and how many were lost. 0, a negative
 * value of libkrsi, or EXIT_FAILURE when the reason is on stderr already.
 */
int events_serve(struct krsi_object *object, struct krsi_stream *stream, int signals);

/* The exit code for such a value; a negative one is explained on stderr. */
int result_tell(const char *program, struct krsi_ctx *ctx, int err);

/*
 * Print bytes in quotes. Names and arguments come from whoever is watched, so nothing but plain
 * ASCII gets through: a line feed in a path is \x0a and cannot pass for the start of an event.
 */
void text_print(const char *bytes, size_t size);

/* Print a path; "..." stands for what the record could not hold. */
void path_print(const struct path_names *path);

/* Print the fields that tell who did it. */
void subject_print(const struct subject *subject);

#endif
