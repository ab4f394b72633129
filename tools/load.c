/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi load: put anybody's BPF object on its hooks, or check whether that would work. */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <libkrsi/krsi.h>
#include <linux/magic.h>

#include "term.h"
#include "tool.h"

/* Debian's largest /boot/config-* has 0.3 MB. */
#define KCONFIG_SIZE_MAX (16u << 20)

/* Read a whole file as text. NULL with the failure told. */
static char *text_read(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = file ? malloc(KCONFIG_SIZE_MAX + 1) : NULL;
	size_t size;

	if (!file) {
		tool_error("%s: cannot be opened: %s", path, strerror(errno));
		return NULL;
	}
	if (!text) {
		tool_error("no memory");
		goto out;
	}
	size = fread(text, 1, KCONFIG_SIZE_MAX + 1, file);
	if (ferror(file) || size > KCONFIG_SIZE_MAX || memchr(text, '\0', size)) {
		tool_error("%s: cannot be read as a kernel's config (text with lines CONFIG_X=y); unpack it if it is compressed", path);
		free(text);
		text = NULL;
		goto out;
	}
	text[size] = '\0';
out:
	fclose(file);
	return text;
}

static int cgroup_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0) {
		tool_error("cgroup %s: cannot be opened: %s", path, strerror(errno));
		return -1;
	}
	if (fstatfs(fd, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
		return fd;
	tool_error("cgroup %s: not a cgroup of version 2; name a directory in a cgroup2 file system, such as /sys/fs/cgroup", path);
	close(fd);
	return -1;
}

/* Open every object. Under --check one that cannot be opened is noted, and the others go on. */
static int objects_open(const struct load_request *request, struct krsi_ctx *ctx)
{
	struct krsi_object_opts opts = {
		.sz = sizeof(opts),
		.btf_path = request->btf,
		.kconfig = request->kconfig,
		.verifier_log = request->verbose,
	};
	size_t i;

	for (i = 0; i < request->count; i++) {
		struct load_object *entry = &request->objects[i];

		if (!krsi_object_open(ctx, entry->path, &opts, &entry->object))
			continue;
		report_failure(ctx);
		if (!request->check)
			return TOOL_FAILED;
		entry->failure = strdup(krsi_ctx_error_detail(ctx));
	}
	return wishes_apply(&request->wishes, request->all_optional || request->check, ctx, request->objects,
			    request->count);
}

static void object_check(const struct load_request *request, struct krsi_ctx *ctx, const struct krsi_attach_opts *attach,
			 struct load_object *entry, struct tally *tally)
{
	int err;

	if (!entry->object) {
		tally->wanted++;
		report_line(entry->path, "-", "-", KRSI_PROGRAM_REFUSED, entry->failure ? entry->failure : "");
		return;
	}
	err = krsi_object_load(entry->object);
	if (!err)
		err = krsi_object_attach(entry->object, attach);
	/* Nothing left to attach: then each program has a reason of its own. */
	if (err && err != -EALREADY)
		entry->failure = strdup(krsi_ctx_error_detail(ctx));
	report_programs(entry, request->verbose, tally);
	/* Now, not at the end: programs of one object must not make those of the next one fail. */
	krsi_object_free(entry->object);
	entry->object = NULL;
	fflush(stdout);
}

static int check(const struct load_request *request, struct krsi_ctx *ctx, const struct krsi_attach_opts *attach)
{
	/* Lines wait here while programs are attached, some of which refuse every write(2). */
	static char lines[1u << 20];
	struct tally tally = { 0, 0 };
	size_t i;
	int code;

	setvbuf(stdout, lines, _IOFBF, sizeof(lines));
	code = objects_open(request, ctx);
	if (code)
		return code;
	for (i = 0; i < request->count; i++)
		object_check(request, ctx, attach, &request->objects[i], &tally);
	if (!tally.wanted)
		tool_error("nothing was checked: every program is left out, or there is none; --with PROG asks for one whose section is marked ?");
	if (!tally.attached)
		return TOOL_FAILED;
	return tally.attached == tally.wanted ? TOOL_OK : TOOL_PARTLY;
}

/* Load and attach one object. What fails leaves nothing behind: freeing the objects detaches all. */
static int object_run(const struct load_request *request, struct krsi_ctx *ctx, const struct krsi_attach_opts *attach,
		      const struct load_object *entry)
{
	struct tally tally = { 0, 0 };
	int err;

	err = krsi_object_load(entry->object);
	if (!err)
		err = krsi_object_attach(entry->object, attach);
	if (err) {
		report_failure(ctx);
		if (request->verbose)
			report_logs(entry);
		return TOOL_FAILED;
	}
	report_programs(entry, request->verbose, &tally);
	if (tally.attached)
		return 0;
	tool_error("%s: none of its programs is attached", entry->path);
	return TOOL_FAILED;
}

/* From here on our own lines go to stderr, so that what we return has records only. NULL with the failure told. */
static FILE *json_open(void)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (!out || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		tool_error("cannot write JSON: %s", strerror(errno));
	return out;
}

static int rings_show(const struct load_request *request, struct krsi_ctx *ctx, int signals)
{
	struct load_output output = { .wishes = &request->wishes, .decode = request->decode, .verbose = request->verbose,
				      .perf_pages = request->perf_pages };
	int code;

	if (request->json && !(output.json = json_open()))
		return TOOL_FAILED;
	code = rings_run(ctx, request->objects, request->count, signals, &output);
	if (output.json && fclose(output.json) != 0) {
		tool_error("cannot write the output: %s", strerror(errno));
		code = TOOL_FAILED;
	}
	return code;
}

static int run(const struct load_request *request, struct krsi_ctx *ctx, const struct krsi_attach_opts *attach)
{
	int code, signals;
	size_t i;

	/* Before anything is attached, so that no signal can end us between attaching and counting. */
	signals = tool_signals_take();
	if (signals < 0)
		return TOOL_FAILED;
	code = objects_open(request, ctx);
	for (i = 0; i < request->count && !code; i++)
		code = object_run(request, ctx, attach, &request->objects[i]);
	if (!code && request->pin_dir) {
		code = krsi_object_pin(request->objects[0].object, request->pin_dir) ? report_failure(ctx) : TOOL_OK;
		if (!code) {
			printf("pinned\t");
			term_text(stdout, request->pin_dir);
			printf("\n");
		}
	} else if (!code) {
		code = rings_show(request, ctx, signals);
	}
	close(signals);
	return code;
}

static int load(struct load_request *request)
{
	struct krsi_attach_opts attach = { .sz = sizeof(attach) };
	struct krsi_ctx *ctx;
	int code;

	if (request->kconfig_file) {
		request->kconfig = text_read(request->kconfig_file);
		if (!request->kconfig)
			return TOOL_FAILED;
	}
	if (request->cgroup) {
		attach.cgroup_fd = cgroup_open(request->cgroup);
		if (attach.cgroup_fd < 0)
			return TOOL_FAILED;
	}
	ctx = tool_ctx_new(request->log_level);
	if (!ctx)
		return TOOL_FAILED;
	code = request->check ? check(request, ctx, &attach) : run(request, ctx, &attach);
	krsi_ctx_free(ctx);
	return code;
}

static int load_run(const struct tool_command *self, int argc, char **argv)
{
	struct load_request request = { .self = self, .log_level = KRSI_LOG_WARN };
	size_t i;
	int code;

	code = load_arguments_read(&request, argc, argv);
	if (code < 0)
		code = load(&request);
	for (i = 0; i < request.count; i++) {
		krsi_object_free(request.objects[i].object);
		free(request.objects[i].failure);
	}
	free(request.objects);
	free(request.kconfig);
	wish_list_free(&request.wishes);
	return code;
}

const struct tool_command tool_load = {
	.name = "load",
	.brief = "load and attach BPF objects, or check whether that would work",
	.help = "usage: krsi load [OPTION...] OBJ.bpf.o...\n"
		"\n"
		"Loads BPF objects, attaches their programs, prints one line for each of them\n"
		"and \"ready\", and stays in the foreground counting the records of all ring\n"
		"buffers and perf buffers. SIGINT, SIGTERM or SIGHUP ends it: all is detached,\n"
		"the counts are printed. A program that cannot be loaded or attached fails the\n"
		"whole, and leaves nothing behind, unless it is optional.\n"
		"\n"
		"  --check            load, attach and detach each object, and say what became of\n"
		"                     each program, the others notwithstanding. While they are\n"
		"                     attached, programs that deny do deny\n"
		"  --without PROG     leave a program out\n"
		"  --with PROG        take one whose section is marked ? and so is left out\n"
		"  --optional PROG    this one may fail alone; \"all\": each may\n"
		"  --fmod-ret PROG    attach it in front of the function that calls its hook, where\n"
		"                     bpf is no active security module; \"all\": each that can be\n"
		"  --target PROG=HOOK attach it to another hook, function or tracepoint\n"
		"  --set VAR=VALUE    set a global variable, a number of 1, 2, 4 or 8 bytes\n"
		"  --map-size MAP=N   set how many entries a map has, or bytes of a ring buffer;\n"
		"                     N may end in K, M or G\n"
		"  --cgroup DIR       cgroup to attach lsm_cgroup programs to\n"
		"  --pin DIR          pin maps and links below a directory of a BPF file system\n"
		"                     and exit: the programs stay attached until it is removed\n"
		"  --btf FILE         the kernel's type information, where it has none itself\n"
		"  --kconfig FILE     the kernel's configuration, for __kconfig variables\n"
		"  --decode           show each record through the object's own types: that of its\n"
		"                     size, when there is one\n"
		"  --type MAP=TYPE    the records of this ring buffer or perf buffer are of this\n"
		"                     type\n"
		"  --perf-pages N     memory of a perf buffer for each CPU, in pages, a power of\n"
		"                     two; the default is 64\n"
		"  --json             records as JSON, one object per line, and all else on stderr\n"
		"  --log LEVEL        messages of the library: error, warn (default), info, debug\n"
		"  -v, --verbose      the verifier's words on programs that it refuses, and the\n"
		"                     first 32 bytes of each record\n"
		"  --color=WHEN       auto, always, never\n"
		"\n"
		"Each line has five fields, separated by tabs: object, program, section, one of\n"
		"attached, skipped, refused, loaded, and the reason.\n"
		"\n"
		"exit codes: 0 done; 1 failed; 2 wrong usage. With --check: 0 every program that\n"
		"was not left out attached, 3 some did, 1 none did\n",
	.run = load_run,
};
