/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exec-log: one line for every program that is executed, with its arguments, and with LD_PRELOAD
 * where the environment has it. Run it as root, and start a program:
 *
 *     # LD_PRELOAD=/tmp/hook.so /bin/sleep 0
 *
 *     # ./exec-log
 *     ready
 *     exec pid=111 ppid=103 uid=0 comm="sleep" file="/bin/busybox" called="/bin/sleep" argv=["/bin/sleep","0"] LD_PRELOAD="/tmp/hook.so"
 *
 * `file` is what runs (of a script, its interpreter), `called` what execve() was given. At the end
 * of a line, `argv-truncated` marks arguments that are too long to show, `environment-incomplete`
 * that a part of the environment did not arrive: LD_PRELOAD may then be set without being shown.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/bpf.h>
#include <libkrsi/krsi.h>

#include "common.h"
#include "exec-log.h"
#include "exec-log.skel.h"

#define NAME "exec-log"

/* How much of the arguments a line shows. */
#define ARGV_SHOWN 4096

static const char usage[] =
	"usage: " NAME "\n"
	"Shows every execution, with arguments and LD_PRELOAD, until SIGINT or SIGTERM.\n";

/* An execution whose chunks are still coming. Other CPUs' records can stand between them. */
struct pending {
	struct pending *next;
	struct exec_record exec;
	__u32 chunks;		/* so many have come */
	size_t size;		/* bytes of `strings` in use */
	char strings[];
};

/* Where the string after this one begins; `end` when there is none, or this one was cut off. */
static const char *string_next(const char *string, const char *end)
{
	string += strnlen(string, (size_t)(end - string));
	return string < end ? string + 1 : end;
}

/* Print the arguments and return where the environment begins. */
static const char *argv_print(const struct exec_record *exec, const char *strings, const char *end)
{
	const char *arg = strings;
	bool whole = true;
	__u32 i;

	fputs(" argv=[", stdout);
	for (i = 0; i < exec->argc && arg < end; i++) {
		size_t before = (size_t)(arg - strings), size = strnlen(arg, (size_t)(end - arg));

		if (before + size >= ARGV_SHOWN || arg + size == end)
			whole = false;
		if (before < ARGV_SHOWN) {
			if (i)
				putchar(',');
			text_print(arg, before + size < ARGV_SHOWN ? size : ARGV_SHOWN - before);
		}
		arg = string_next(arg, end);
	}
	putchar(']');
	if (!whole || i < exec->argc)
		fputs(" argv-truncated", stdout);
	return arg;
}

static void environment_print(const char *variable, const char *end)
{
	static const char wanted[] = "LD_PRELOAD=";
	const size_t wanted_size = sizeof(wanted) - 1;

	for (; variable < end; variable = string_next(variable, end)) {
		size_t size = strnlen(variable, (size_t)(end - variable));

		if (size < wanted_size || memcmp(variable, wanted, wanted_size) != 0)
			continue;
		putchar(' ');
		fputs(wanted, stdout);
		text_print(variable + wanted_size, size - wanted_size);
	}
}

static void exec_print(const struct pending *p)
{
	const char *end = p->strings + p->size;

	fputs("exec ", stdout);
	subject_print(&p->exec.subject);
	fputs(" file=", stdout);
	path_print(&p->exec.file);
	fputs(" called=", stdout);
	text_print(p->exec.called, strnlen(p->exec.called, p->exec.called_size));
	environment_print(argv_print(&p->exec, p->strings, end), end);
	if (p->size < p->exec.size)
		fputs(" environment-incomplete", stdout);
	putchar('\n');
}

static int exec_begin(struct pending **list, const struct exec_record *exec)
{
	struct pending *p = malloc(sizeof(*p) + exec->sent);

	if (!p) {
		perror(NAME);
		return -1;
	}
	p->exec = *exec;
	p->chunks = 0;
	p->size = 0;
	p->next = *list;
	*list = p;
	return 0;
}

static void chunk_add(struct pending *p, const struct chunk_record *chunk)
{
	while (p && p->exec.subject.pid != chunk->pid)
		p = p->next;
	if (!p)
		return;
	memcpy(p->strings + p->size, chunk->bytes, chunk->size);
	p->size += chunk->size;
	p->chunks++;
}

/* Forget the first of the list. */
static void pending_drop(struct pending **list)
{
	struct pending *p = *list;

	*list = p->next;
	free(p);
}

static void pending_print(struct pending **list)
{
	while (*list) {
		if ((*list)->chunks < (*list)->exec.chunks) {
			list = &(*list)->next;
			continue;
		}
		exec_print(*list);
		pending_drop(list);
	}
}

static int record_handle(void *data, const void *record, size_t size)
{
	struct pending **list = data;
	const __u32 *kind = record;
	int err = 0;

	(void)size;
	if (*kind == RECORD_EXEC)
		err = exec_begin(list, record);
	else
		chunk_add(*list, record);
	pending_print(list);
	return err;
}

/* Linux 5.10 refuses the program that may sleep, and only then the other one is taken. */
static int object_load(struct krsi_ctx *ctx, struct krsi_object *object)
{
	int err;

	err = krsi_object_set_program(object, "exec_plain", KRSI_PROGRAM_SKIP);
	if (!err)
		err = krsi_object_load(object);
	if (err != -ENOEXEC)
		return err;
	fprintf(stderr, NAME ": memory that is swapped out will not be read, as %s\n", krsi_ctx_error_detail(ctx));
	err = krsi_object_set_program(object, "exec_sleepable", KRSI_PROGRAM_SKIP);
	if (!err)
		err = krsi_object_set_program(object, "exec_plain", 0);
	if (!err)
		err = krsi_object_load(object);
	return err;
}

int main(int argc, char **argv)
{
	const struct krsi_object_opts opts = { .sz = sizeof(opts), .name = NAME };
	struct krsi_stream *stream = NULL;
	struct krsi_object *object = NULL;
	struct pending *pending = NULL;
	struct krsi_ctx *ctx = NULL;
	int signals, err, code;
	const void *elf;
	size_t size;

	code = options_none(argc, argv, usage);
	if (code >= 0)
		return code;
	krsi_bpf_silence();
	signals = signals_open();
	if (signals < 0)
		return EXIT_FAILURE;

	err = krsi_ctx_new(NULL, &ctx);
	if (err)
		goto out;
	elf = exec_log_bpf__elf_bytes(&size);
	err = krsi_object_open_memory(ctx, elf, size, &opts, &object);
	if (err)
		goto out;
	err = object_load(ctx, object);
	if (err)
		goto out;
	err = krsi_stream_new(ctx, &stream);
	if (err)
		goto out;
	err = krsi_stream_add_object(stream, object, "events", record_handle, &pending);
	if (err)
		goto out;
	err = krsi_object_attach(object, NULL);
	if (err)
		goto out;
	err = events_serve(object, stream, signals);
out:
	code = result_tell(NAME, ctx, err);
	krsi_stream_free(stream);
	krsi_object_free(object);
	krsi_ctx_free(ctx);
	while (pending)	/* another CPU was in the middle of an execution when we detached */
		pending_drop(&pending);
	return code;
}
