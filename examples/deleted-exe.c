/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deleted-exe: one line when the file of a running program is deleted, by unlink(2) or because
 * another file is renamed to its name. Run it as root, and delete a program that runs:
 *
 *     # cp /bin/sleep /tmp/sleep; /tmp/sleep 1000 & rm /tmp/sleep
 *
 *     # ./deleted-exe
 *     ready
 *     deleted by=unlink pid=119 ppid=103 uid=0 comm="rm" dev=0:24 inode=2 links-left=0 path="/sleep"
 *
 * The path begins at the root of the file system; /proc/self/mountinfo tells where `dev` is
 * mounted, here on /tmp. With `links-left` the file has other names yet.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libkrsi/bpf.h>
#include <libkrsi/krsi.h>

#include "common.h"
#include "deleted-exe.h"
#include "deleted-exe.skel.h"

#define NAME "deleted-exe"

static const char usage[] =
	"usage: " NAME "\n"
	"Shows deletions of files that running programs were started from, until SIGINT or SIGTERM.\n";

static int record_print(void *data, const void *record, size_t size)
{
	const struct deleted_record *deleted = record;

	(void)data;
	(void)size;
	printf("deleted by=%s ", deleted->way == DELETED_UNLINK ? "unlink" : "rename");
	subject_print(&deleted->subject);
	printf(" dev=%u:%u inode=%llu links-left=%u path=", deleted->dev >> 20, deleted->dev & 0xfffff,
	       (unsigned long long)deleted->inode, deleted->links);
	path_print(&deleted->path);
	putchar('\n');
	return 0;
}

/*
 * What the BPF program looks for is what makes the kernel refuse to write to a running program's
 * file. Ours is one: where it can be opened for writing, nothing would ever be reported.
 */
static bool kernel_marks_running_files(void)
{
	int fd = open("/proc/self/exe", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		close(fd);
		fputs(NAME ": this kernel does not mark the files of running programs, as Linux 6.11 did not\n", stderr);
		return false;
	}
	if (errno != ETXTBSY)
		fprintf(stderr, NAME ": cannot tell whether this kernel marks the files of running programs: %s\n",
			strerror(errno));
	return true;
}

int main(int argc, char **argv)
{
	const struct krsi_object_opts opts = { .sz = sizeof(opts), .name = NAME };
	struct krsi_stream *stream = NULL;
	struct krsi_object *object = NULL;
	struct krsi_ctx *ctx = NULL;
	int signals, err, code;
	const void *elf;
	size_t size;

	code = options_none(argc, argv, usage);
	if (code >= 0)
		return code;
	krsi_bpf_silence();
	signals = signals_open();
	if (signals < 0 || !kernel_marks_running_files())
		return EXIT_FAILURE;

	err = krsi_ctx_new(NULL, &ctx);
	if (err)
		goto out;
	elf = deleted_exe_bpf__elf_bytes(&size);
	err = krsi_object_open_memory(ctx, elf, size, &opts, &object);
	if (err)
		goto out;
	err = krsi_object_load(object);
	if (err)
		goto out;
	err = krsi_stream_new(ctx, &stream);
	if (err)
		goto out;
	err = krsi_stream_add_object(stream, object, "events", record_print, NULL);
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
	return code;
}
