/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory-write: one line when a process writes into the memory of another one, through
 * /proc/PID/mem, process_vm_writev(2) or ptrace(2). Run it as root, and write over the unused end
 * of a program's stack:
 *
 *     # sleep 1000 & end=$(sed -n 's/-.*\[stack\]//p' /proc/$!/maps)
 *     # echo 'fifteen letters' | dd of=/proc/$!/mem bs=16 seek=$((0x$end / 16)) conv=notrunc
 *
 *     # ./memory-write
 *     ready
 *     write way=proc-mem pid=127 ppid=103 uid=0 comm="dd" exe="/bin/busybox" target-pid=121 target-comm="sleep" bytes=16
 *
 * A target-pid of 0 is a process that this kernel (without CONFIG_MEMCG) does not name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/bpf.h>
#include <libkrsi/krsi.h>

#include "common.h"
#include "memory-write.h"
#include "memory-write.skel.h"

#define NAME "memory-write"

static const char usage[] =
	"usage: " NAME "\n"
	"Shows writes into other processes' memory, until SIGINT or SIGTERM.\n";

static int record_print(void *data, const void *record, size_t size)
{
	static const char *const ways[] = {
		[WRITE_PROC_MEM] = "proc-mem",
		[WRITE_PROCESS_VM_WRITEV] = "process-vm-writev",
		[WRITE_PTRACE] = "ptrace",
	};
	const struct write_record *write = record;
	const struct target *target = &write->target;

	(void)data;
	(void)size;
	printf("write way=%s ", ways[write->way]);
	subject_print(&write->subject);
	fputs(" exe=", stdout);
	path_print(&write->exe);
	printf(" target-pid=%u target-comm=", target->pid);
	text_print(target->comm, strnlen(target->comm, sizeof(target->comm)));
	printf(" bytes=%llu\n", (unsigned long long)write->bytes);
	return 0;
}

/*
 * Where a kernel does not have a function there is no way through it, so a program that watches it
 * may fail alone. Only these may: without one of the others a way would be left unwatched.
 */
static int optional_set(struct krsi_object *object)
{
	static const char *const names[] = {
		"ptrace_compat", "writev_begin_ia32", "writev_end_ia32", "writev_begin_compat", "writev_end_compat",
	};
	size_t i;
	int err = 0;

	for (i = 0; i < sizeof(names) / sizeof(names[0]) && !err; i++)
		err = krsi_object_set_program(object, names[i], KRSI_PROGRAM_OPTIONAL);
	return err;
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
	if (signals < 0)
		return EXIT_FAILURE;

	err = krsi_ctx_new(NULL, &ctx);
	if (err)
		goto out;
	elf = memory_write_bpf__elf_bytes(&size);
	err = krsi_object_open_memory(ctx, elf, size, &opts, &object);
	if (err)
		goto out;
	err = optional_set(object);
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
