/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi learn: a policy of what programs did in recordings. */
#include "learn.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libkrsi/krsi.h>

#include "policies.h"
#include "recording.h"
#include "tool.h"

#define WIDEN_DEFAULT 10
#define WIDEN_MAX 1000000

/* --- reading --------------------------------------------------------------- */

static int event_take(void *data, const struct krsi_event *event, struct krsi_processes *processes)
{
	struct learn *learn = data;

	learn_event(learn, event, processes);
	if (!learn->no_memory)
		return TOOL_OK;
	tool_error("no memory");
	return TOOL_FAILED;
}

static void count_walk(const void *node, VISIT visit, void *data)
{
	(void)node;
	*(size_t *)data += visit == postorder || visit == leaf;
}

static void list_walk(const void *node, VISIT visit, void *data)
{
	struct learn *learn = data;

	if (visit == postorder || visit == leaf)
		learn->list[learn->count++] = *(struct learned *const *)node;
}

static void leave(void *learned)
{
	(void)learned;
}

/* From the tree to a list. */
static int list_make(struct learn *learn)
{
	size_t count = 0;

	twalk_r(learn->tree, count_walk, &count);
	learn->list = calloc(count + 1, sizeof(struct learned *));
	if (!learn->list) {
		tool_error("no memory");
		return TOOL_FAILED;
	}
	twalk_r(learn->tree, list_walk, learn);
	tdestroy(learn->tree, leave);
	learn->tree = NULL;
	return TOOL_OK;
}

/* --- writing --------------------------------------------------------------- */

/* What nobody could use is not written. */
static int text_check(struct krsi_ctx *ctx, const char *text, size_t size)
{
	const struct krsi_policy_opts opts = { .sz = sizeof(opts), .file_name = "the policy" };
	struct krsi_matcher *matcher = NULL;
	struct krsi_policy *policy;
	int err;

	err = krsi_policy_parse(ctx, text, size, &opts, &policy);
	if (!err) {
		err = krsi_matcher_new(ctx, &policy, 1, NULL, &matcher);
		krsi_policy_free(policy);
	}
	krsi_matcher_free(matcher);
	if (!err)
		return TOOL_OK;
	tool_fail(ctx);
	tool_error("what was learned makes no policy; learn of fewer programs with --exe, or let --files, --directories and --addresses be smaller");
	return TOOL_FAILED;
}

static int text_write(const char *path, const char *text, size_t size)
{
	size_t done = 0;
	ssize_t n = 0;
	int fd, err;

	if (!path)
		return fwrite(text, 1, size, stdout) == size ? TOOL_OK : TOOL_FAILED;	/* main() tells why */
	/* Somebody may have changed the one that is there. */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0) {
		tool_error("%s: %s", path, errno == EEXIST ? "is there already; name another file, or move it away" : strerror(errno));
		return TOOL_FAILED;
	}
	for (; done < size && n >= 0; done += n > 0 ? (size_t)n : 0)
		n = write(fd, text + done, size - done);
	err = n < 0 ? errno : 0;
	if (close(fd) < 0 && !err)
		err = errno;
	if (!err)
		return TOOL_OK;
	tool_error("%s: cannot be written: %s", path, strerror(err));
	unlink(path);
	return TOOL_FAILED;
}

static void summary_print(const struct learn *learn)
{
	size_t programs = 0, i;

	for (i = 0; i < learn->count; i++)
		programs += i == 0 || strcmp(learn->list[i]->exe, learn->list[i - 1]->exe) != 0;
	tool_error("%" PRIu64 " events of %zu program%s, %" PRIu64 " refused and left out, %" PRIu64 " lost", learn->events, programs, programs == 1 ? "" : "s",
		   learn->refused, learn->lost);
}

static int policy_write(struct krsi_ctx *ctx, struct learn *learn, const char *path)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int code;

	if (out)
		learn_print(learn, out);
	if (!out || fclose(out) != 0 || learn->no_memory) {
		tool_error("no memory");
		free(text);
		return TOOL_FAILED;
	}
	code = text_check(ctx, text, size);
	if (!code)
		code = text_write(path, text, size);
	free(text);
	return code;
}

/* --- the whole ------------------------------------------------------------- */

static int learn_files(struct krsi_ctx *ctx, struct learn *learn, char **paths, size_t count, const char *output)
{
	int code = TOOL_OK, last = TOOL_OK;
	size_t i;

	/* What is in front of a damage counts. */
	for (i = 0; i < count && !learn->no_memory; i++) {
		last = recording_read(ctx, paths[i], event_take, learn);
		code = code ? code : last;
	}
	if (list_make(learn) || learn->no_memory)
		return TOOL_FAILED;
	if (!learn->count) {
		tool_error("nothing to learn: no event of a rule is in there%s", learn->program_count ? ", of these programs" : "");
		return TOOL_FAILED;
	}
	learn_widen(learn);
	last = policy_write(ctx, learn, output);
	if (!last)
		summary_print(learn);
	return last ? last : code;
}

static void learn_free(struct learn *learn)
{
	while (learn->count)
		learned_free(learn->list[--learn->count]);
	tdestroy(learn->tree, learned_free);
	free(learn->list);
	free(learn->programs);
}

/* --- arguments ------------------------------------------------------------- */

enum {
	OPTION_ADDRESSES = TOOL_OPTION_FIRST_FREE,
	OPTION_DIRECTORIES,
	OPTION_ENFORCE,
	OPTION_EXE,
	OPTION_FILES,
	OPTION_NAME,
};

static const struct option options[] = {
	TOOL_OPTIONS,
	{ "addresses", required_argument, NULL, OPTION_ADDRESSES },
	{ "directories", required_argument, NULL, OPTION_DIRECTORIES },
	{ "enforce", no_argument, NULL, OPTION_ENFORCE },
	{ "exe", required_argument, NULL, OPTION_EXE },
	{ "files", required_argument, NULL, OPTION_FILES },
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "output", required_argument, NULL, 'o' },
	{ 0 },
};

static int number_read(const struct tool_command *self, const char *option, uint32_t *ret)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(optarg, &end, 10);
	if (!isdigit((unsigned char)*optarg) || *end || errno || number == 1 || number > WIDEN_MAX)
		return tool_usage(self, "%s is a number from 2 to %d, or 0 for never, not \"%s\"", option, WIDEN_MAX, optarg);
	*ret = (uint32_t)number;
	return -1;
}

/* As krsi_policy_parse() would say, but of a policy that nobody wrote. */
static int name_read(const struct tool_command *self, struct learn *learn)
{
	size_t size = strspn(optarg, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	if (optarg[size] || !size || size > 63 || !isalnum((unsigned char)*optarg))
		return tool_usage(self, "--name is up to 63 letters, digits, \".\", \"_\" and \"-\", first a letter or a digit, not \"%s\"", optarg);
	learn->name = optarg;
	return -1;
}

static int option_read(const struct tool_command *self, struct learn *learn, const char **output, int c, char **argv)
{
	switch (c) {
	case OPTION_ADDRESSES:
		return number_read(self, "--addresses", &learn->addresses);
	case OPTION_DIRECTORIES:
		return number_read(self, "--directories", &learn->directories);
	case OPTION_ENFORCE:
		learn->enforce = true;
		return -1;
	case OPTION_EXE:
		if (*optarg != '/')
			return tool_usage(self, "--exe is the whole path of a program, not \"%s\"", optarg);
		learn->programs[learn->program_count++] = optarg;
		return -1;
	case OPTION_FILES:
		return number_read(self, "--files", &learn->files);
	case OPTION_NAME:
		return name_read(self, learn);
	case 'o':
		*output = optarg;
		return -1;
	default:
		return tool_common_option(self, c, argv);
	}
}

static int arguments_read(const struct tool_command *self, struct learn *learn, const char **output, int argc, char **argv)
{
	int c, code;

	tool_options_begin();
	while ((c = getopt_long(argc, argv, ":ho:", options, NULL)) != -1) {
		code = option_read(self, learn, output, c, argv);
		if (code >= 0)
			return code;
	}
	return optind < argc ? -1 : tool_usage(self, "learn needs a recording: krsi learn FILE");
}

static int learn_run(const struct tool_command *self, int argc, char **argv)
{
	struct learn learn = {
		.files = WIDEN_DEFAULT, .directories = WIDEN_DEFAULT, .addresses = WIDEN_DEFAULT, .name = "learned",
		.programs = calloc((size_t)argc, sizeof(*learn.programs)),
	};
	const char *output = NULL;
	struct krsi_ctx *ctx;
	int code;

	if (!learn.programs) {
		tool_error("no memory");
		return TOOL_FAILED;
	}
	code = arguments_read(self, &learn, &output, argc, argv);
	if (code < 0) {
		ctx = tool_ctx_new(KRSI_LOG_WARN);
		code = ctx ? learn_files(ctx, &learn, argv + optind, (size_t)(argc - optind), output) : TOOL_FAILED;
		krsi_ctx_free(ctx);
	}
	learn_free(&learn);
	return code;
}

const struct tool_command tool_learn = {
	.name = "learn",
	.brief = "make a policy of what programs did in recordings",
	.help = "usage: krsi learn [OPTION...] FILE...\n"
		"\n"
		"Prints a policy that allows each program of the recordings what it did there, and\n"
		"refuses it all else. It is permissive, so it only tells, until you change that.\n"
		"Comments say what each rule comes from. Numbers of processes and random names become\n"
		"*, many files of a directory DIR/*, many directories in one DIR/**; which programs may\n"
		"be executed, or mapped as code, is never widened so. Read it before you use it: what\n"
		"was recorded is allowed, right or wrong.\n"
		"\n"
		"  -o, --output FILE  write it there, where nothing must be yet\n"
		"  --exe PATH         learn of this program only; may be repeated\n"
		"  --name NAME        the policy's name; the default is learned\n"
		"  --enforce          its mode is enforce\n"
		"  --files N          so many files of a directory are DIR/*; the default is 10, 0 is never\n"
		"  --directories N    files in so many directories of one are DIR/**; the same\n"
		"  --addresses N      so many addresses of a port are all, so many ports are all; the same\n"
		"  --color=WHEN       auto, always, never\n"
		"\n"
		"exit codes: 0 done; 1 failed, or a recording is damaged: what is in front of the damage\n"
		"was learned; 2 wrong usage\n",
	.run = learn_run,
};
