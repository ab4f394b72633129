/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deny-exec: while it runs, nobody executes the given files, under whatever name. Run it as root,
 * and try to start one of them by another name:
 *
 *     # ln /usr/bin/nc innocent; ./innocent
 *     sh: ./innocent: Operation not permitted
 *
 *     # ./deny-exec /usr/bin/nc
 *     ready
 *     denied by=exec file="/usr/bin/nc" pid=134 ppid=103 uid=0 comm="sh" path="/root/innocent"
 *
 * `file` is the one of the command line, `path` the name that was used. With --permissive the
 * lines begin with "would-deny" and nothing is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libkrsi/bpf.h>
#include <libkrsi/krsi.h>

#include "common.h"
#include "deny-exec.h"
#include "deny-exec.skel.h"

#define NAME "deny-exec"

/* On an overlay one opening is several: of the file that is seen, and of those in the layers. */
#define IDENTITIES_PER_FILE 4

static const char usage[] =
	"usage: " NAME " [--permissive] FILE...\n"
	"Refuses to execute these files, by any name, until SIGINT or SIGTERM.\n"
	"  --permissive  refuse nothing, only show what would be refused\n";

struct options {
	bool permissive;
	char **files;
	__u32 count;
};

static int record_print(void *data, const void *record, size_t size)
{
	const struct denied_record *denied = record;
	const struct options *options = data;
	const char *file = options->files[denied->file];

	(void)size;
	printf("%s by=%s file=", options->permissive ? "would-deny" : "denied",
	       denied->way == DENIED_EXEC ? "exec" : "map");
	text_print(file, strlen(file));
	putchar(' ');
	subject_print(&denied->subject);
	fputs(" path=", stdout);
	path_print(&denied->path);
	putchar('\n');
	return 0;
}

/*
 * Open a file while the BPF program watches, so that it learns the inode from the kernel itself.
 * The descriptor stays open as long as we live: as long the kernel gives the number to no other
 * file. 0, a negative value of libkrsi, or EXIT_FAILURE when the reason is on stderr already.
 */
static int file_teach(struct krsi_map *map, __u32 number, const char *name)
{
	struct lesson lesson = { .active = 1, .file = number };
	const __u32 zero = 0;
	struct stat st;
	int fd, err;

	err = krsi_map_update(map, &zero, sizeof(zero), &lesson, sizeof(lesson), KRSI_MAP_ANY);
	if (err)
		return err;
	fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		fprintf(stderr, NAME ": %s: %s\n", name, strerror(errno));
		return EXIT_FAILURE;
	}
	if (!S_ISREG(st.st_mode)) {
		fprintf(stderr, NAME ": %s: not a regular file\n", name);
		return EXIT_FAILURE;
	}
	err = krsi_map_lookup(map, &zero, sizeof(zero), &lesson, sizeof(lesson));
	if (err)
		return err;
	if (!lesson.learned) {
		fprintf(stderr, NAME ": %s: the kernel did not show its inode; in a PID namespace it cannot\n", name);
		return EXIT_FAILURE;
	}
	return 0;
}

/* Teach all files, and take the program that learns off its hook: opening files is free again. */
static int files_teach(struct krsi_object *object, const struct options *options)
{
	struct krsi_map *map;
	__u32 i;
	int err;

	err = krsi_map_open(object, "lesson", &map);
	if (err)
		return err;
	for (i = 0; i < options->count && !err; i++)
		err = file_teach(map, i, options->files[i]);
	krsi_map_free(map);
	if (err)
		return err;
	return krsi_object_detach_program(object, "learn");
}

/* What has to be settled before the object is loaded. */
static int object_set(struct krsi_object *object, const struct options *options)
{
	const __u32 enforce = !options->permissive, learner = (__u32)getpid();
	int err;

	err = krsi_object_set_variable(object, "enforce", &enforce, sizeof(enforce));
	if (!err)
		err = krsi_object_set_variable(object, "learner", &learner, sizeof(learner));
	if (!err)
		err = krsi_object_set_map_size(object, "denied", options->count * IDENTITIES_PER_FILE);
	return err;
}

/* False when there is nothing to do but to leave with `code`. */
static bool options_read(int argc, char **argv, struct options *options, int *code)
{
	int i = 1;

	*code = argc > 1 && strcmp(argv[1], "--help") == 0 ? EXIT_SUCCESS : EXIT_USAGE;
	options->permissive = i < argc && strcmp(argv[i], "--permissive") == 0;
	i += options->permissive;
	if (i >= argc || argv[i][0] == '-') {
		fputs(usage, *code ? stderr : stdout);
		return false;
	}
	options->files = argv + i;
	options->count = (__u32)(argc - i);
	return true;
}

int main(int argc, char **argv)
{
	const struct krsi_object_opts opts = { .sz = sizeof(opts), .name = NAME };
	struct krsi_stream *stream = NULL;
	struct krsi_object *object = NULL;
	struct krsi_ctx *ctx = NULL;
	int signals, err, code;
	struct options options;
	const void *elf;
	size_t size;

	if (!options_read(argc, argv, &options, &code))
		return code;
	krsi_bpf_silence();
	signals = signals_open();
	if (signals < 0)
		return EXIT_FAILURE;

	err = krsi_ctx_new(NULL, &ctx);
	if (err)
		goto out;
	elf = deny_exec_bpf__elf_bytes(&size);
	err = krsi_object_open_memory(ctx, elf, size, &opts, &object);
	if (err)
		goto out;
	err = object_set(object, &options);
	if (err)
		goto out;
	err = krsi_object_load(object);
	if (err)
		goto out;
	err = krsi_stream_new(ctx, &stream);
	if (err)
		goto out;
	err = krsi_stream_add_object(stream, object, "events", record_print, &options);
	if (err)
		goto out;
	err = krsi_object_attach(object, NULL);
	if (err)
		goto out;
	err = files_teach(object, &options);
	if (err)
		goto out;
	err = events_serve(object, stream, signals);
out:
	code = result_tell(NAME, ctx, err);
	krsi_stream_free(stream);
	krsi_object_free(object);
	krsi_ctx_free(ctx);
	return code;
}
