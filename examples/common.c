/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#include <libkrsi/krsi.h>

#include "common.h"

/* Records at a time, so that a flood of them cannot keep a signal waiting. */
#define RECORDS_AT_ONCE 1000

int options_none(int argc, char **argv, const char *usage)
{
	if (argc == 1)
		return -1;
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	fputs(usage, stderr);
	return EXIT_USAGE;
}

int signals_open(void)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (fd < 0)
		perror("signalfd");
	return fd;
}

static int summary_print(const struct krsi_stream *stream)
{
	struct krsi_stream_stats_info stats = { .sz = sizeof(stats) };
	int err;

	err = krsi_stream_stats(stream, &stats);
	if (err)
		return err;
	printf("ended: %llu records, %llu lost\n", (unsigned long long)stats.records,
	       (unsigned long long)stats.lost);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		fputs("some output could not be written\n", stderr);
		return EXIT_FAILURE;
	}
	return 0;
}

int events_serve(struct krsi_object *object, struct krsi_stream *stream, int signals)
{
	struct pollfd ready[] = {
		{ .fd = krsi_stream_fd(stream), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	int err;

	puts("ready");
	do {
		fflush(stdout);
		if (poll(ready, 2, -1) < 0 && errno != EINTR) {
			perror("poll");
			return EXIT_FAILURE;
		}
		err = krsi_stream_dispatch(stream, RECORDS_AT_ONCE, NULL);
		if (err)
			return err;
	} while (!ready[1].revents);

	/* Whatever happened before the signal is in the ring now; nothing is added from here on. */
	err = krsi_object_detach(object);
	if (!err)
		err = krsi_stream_dispatch(stream, 0, NULL);
	if (!err)
		err = summary_print(stream);
	return err;
}

int result_tell(const char *program, struct krsi_ctx *ctx, int err)
{
	const char *detail = krsi_ctx_error_detail(ctx);

	if (err >= 0)
		return err;
	fprintf(stderr, "%s: %s\n", program, *detail ? detail : krsi_strerror(err));
	return EXIT_FAILURE;
}

static void bytes_print(const char *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte < ' ' || byte > '~' || byte == '\\' || byte == '"')
			printf("\\x%02x", byte);
		else
			putchar(byte);
	}
}

void text_print(const char *bytes, size_t size)
{
	putchar('"');
	bytes_print(bytes, size);
	putchar('"');
}

void path_print(const struct path_names *path)
{
	const char *name, *end;

	fputs(path->complete ? "\"" : "\"...", stdout);
	if (path->complete && !path->size)
		putchar('/');
	/* The last name in the record comes first in the path. */
	for (end = path->names + path->size; end > path->names; end = name) {
		for (name = end - 1; name > path->names && name[-1]; name--)
			;
		putchar('/');
		bytes_print(name, strnlen(name, (size_t)(end - name)));
	}
	putchar('"');
}

void subject_print(const struct subject *subject)
{
	printf("pid=%u ppid=%u uid=%u comm=", subject->pid, subject->ppid, subject->uid);
	text_print(subject->comm, strnlen(subject->comm, sizeof(subject->comm)));
}
