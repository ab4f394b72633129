/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The krsi command: finds the command that is meant, and speaks for all of them. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libkrsi/bpf.h>
#include <libkrsi/krsi.h>

#include "term.h"
#include "tool.h"

static int help_run(const struct tool_command *self, int argc, char **argv);

static const struct tool_command tool_help = {
	.name = "help",
	.brief = "explain a command",
	.help = "usage: krsi help [COMMAND]\n"
		"\n"
		"Explains a command, or lists them.\n",
	.run = help_run,
};

static const struct tool_command *const commands[] = {
	&tool_status,
	&tool_hooks,
	&tool_load,
	&tool_check,
	&tool_test,
	&tool_run,
	&tool_stats,
	&tool_top,
	&tool_ps,
	&tool_record,
	&tool_replay,
	&tool_learn,
	&tool_help,
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* --- messages -------------------------------------------------------------- */

/* Each line with a prefix: a detail of the library may have several. */
static void error_print(const char *prefix, const char *text)
{
	size_t len;
	char *line;

	while (*text) {
		len = strcspn(text, "\n");
		line = strndup(text, len);
		fputs(prefix, stderr);
		term_text(stderr, line ? line : "no memory");
		fputc('\n', stderr);
		free(line);
		text += len + (text[len] == '\n');
	}
}

static void error_vprint(const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0) {
		error_print("krsi: ", "no memory");
		return;
	}
	error_print("krsi: ", text);
	free(text);
}

void tool_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	error_vprint(fmt, args);
	va_end(args);
}

int tool_usage(const struct tool_command *command, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	error_vprint(fmt, args);
	va_end(args);
	if (command)
		tool_error("see: krsi help %s", command->name);
	else
		tool_error("see: krsi --help");
	return TOOL_USAGE;
}

int tool_fail(const struct krsi_ctx *ctx)
{
	const char *detail = krsi_ctx_error_detail(ctx);

	tool_error("%s", *detail ? detail : "failed, and the library does not say why");
	return TOOL_FAILED;
}

static void log_print(void *data, int level, const char *text)
{
	static const char *const prefixes[] = {
		[KRSI_LOG_ERROR] = "krsi: error: ", [KRSI_LOG_WARN] = "krsi: warning: ",
		[KRSI_LOG_INFO] = "krsi: info: ", [KRSI_LOG_DEBUG] = "krsi: debug: ",
	};
	const bool *debug = data;

	if (level > KRSI_LOG_ERROR || *debug)
		error_print(prefixes[level], text);
}

struct krsi_ctx *tool_ctx_new(int log_level)
{
	static bool debug;
	struct krsi_ctx_opts opts = {
		.sz = sizeof(opts),
		.log = log_print,
		.log_data = &debug,
		.log_level = (uint32_t)log_level,
	};
	struct krsi_ctx *ctx;
	int err;

	debug = log_level >= KRSI_LOG_DEBUG;
	err = krsi_ctx_new(&opts, &ctx);
	if (err) {
		tool_error("%s", krsi_strerror(err));
		return NULL;
	}
	return ctx;
}

/* --- options --------------------------------------------------------------- */

void tool_options_begin(void)
{
	optind = 0;	/* not 1: getopt also has to forget where in an argument it stands */
	opterr = 0;
}

int tool_common_option(const struct tool_command *command, int c, char **argv)
{
	switch (c) {
	case 'h':
		fputs(command->help, stdout);
		return TOOL_OK;
	case TOOL_OPTION_COLOR:
		if (term_color_set(optarg) == 0)
			return -1;
		return tool_usage(command, "--color is auto, always or never, not \"%s\"", optarg);
	case ':':
		return tool_usage(command, "option %s needs a value", argv[optind - 1]);
	default:
		/* An unknown long option has no number; one that was given a value has its own. */
		if (!optopt)
			return tool_usage(command, "unknown option %s", argv[optind - 1]);
		if (optopt >= TOOL_OPTION_COLOR)
			return tool_usage(command, "option %s takes no value", argv[optind - 1]);
		return tool_usage(command, "unknown option -%c, or one that takes no value", optopt);
	}
}

/* --- finding the command --------------------------------------------------- */

static const struct tool_command *command_find(const char *name)
{
	size_t i;

	for (i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

/*
 * How many letters have to be typed, dropped or exchanged to make one word of the other. Words as
 * long as the commands' only, so the plain recursion does.
 */
static int distance(const char *a, const char *b, int limit)
{
	int drop, add, change;

	while (*a && *a == *b)
		a++, b++;
	if (!*a && !*b)
		return 0;
	if (limit == 0)
		return 1;
	drop = *a ? distance(a + 1, b, limit - 1) : limit;
	add = *b ? distance(a, b + 1, limit - 1) : limit;
	change = *a && *b ? distance(a + 1, b + 1, limit - 1) : limit;
	if (*a && *b && a[0] == b[1] && a[1] == b[0] && a[1])
		change = distance(a + 2, b + 2, limit - 1);
	return 1 + (drop < add ? (drop < change ? drop : change) : (add < change ? add : change));
}

static int command_unknown(const char *name)
{
	const struct tool_command *nearest = NULL;
	int limit = 2, d;
	size_t i;

	for (i = 0; i < COMMAND_COUNT; i++) {
		bool begins = strlen(name) >= 2 && strncmp(commands[i]->name, name, strlen(name)) == 0;

		d = begins ? 0 : distance(name, commands[i]->name, limit);
		if (d <= limit) {
			nearest = commands[i];
			limit = d - (d > 0);
		}
	}
	if (nearest)
		return tool_usage(NULL, "there is no command %s, did you mean %s?", name, nearest->name);
	return tool_usage(NULL, "there is no command %s", name);
}

static void usage_print(FILE *out)
{
	size_t i;

	fputs("usage: krsi [--color=WHEN] COMMAND [ARGUMENT...]\n"
	      "\n"
	      "Policies and BPF programs on the kernel's security hooks: what this machine can\n"
	      "do, whether an object works on it, and policies in force.\n"
	      "\n"
	      "commands:\n", out);
	for (i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->brief);
	fputs("\n"
	      "options:\n"
	      "  --color=WHEN  auto (colour on a terminal, unless NO_COLOR is set), always, never\n"
	      "  -h, --help    this text; krsi help COMMAND explains a command\n"
	      "  --version     versions of the command and of the library it runs with\n"
	      "\n"
	      "exit codes: 0 done, 1 failed, 2 wrong usage, 3 partly done (load --check)\n"
	      "or a policy is wrong (run, check, test), 4 this kernel cannot do it (the same)\n", out);
}

static int help_run(const struct tool_command *self, int argc, char **argv)
{
	static const struct option options[] = { TOOL_OPTIONS, { 0 } };
	const struct tool_command *command;
	int c, code;

	tool_options_begin();
	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		code = tool_common_option(self, c, argv);
		if (code >= 0)
			return code;
	}
	if (argc - optind > 1)
		return tool_usage(self, "help explains one command at a time");
	if (optind == argc) {
		usage_print(stdout);
		return TOOL_OK;
	}
	command = command_find(argv[optind]);
	if (!command)
		return command_unknown(argv[optind]);
	fputs(command->help, stdout);
	return TOOL_OK;
}

static int run(int argc, char **argv)
{
	enum { OPTION_VERSION = TOOL_OPTION_FIRST_FREE };
	static const struct option options[] = {
		TOOL_OPTIONS,
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ 0 },
	};
	const struct tool_command *command;
	int c, code;

	tool_options_begin();
	while ((c = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
		if (c == 'h') {
			usage_print(stdout);
			return TOOL_OK;
		}
		if (c == OPTION_VERSION) {
			printf("krsi %s, libkrsi %s\n", KRSI_VERSION, krsi_version());
			return TOOL_OK;
		}
		code = tool_common_option(NULL, c, argv);
		if (code >= 0)
			return code;
	}
	if (optind == argc) {
		usage_print(stderr);
		return TOOL_USAGE;
	}
	command = command_find(argv[optind]);
	if (!command)
		return command_unknown(argv[optind]);
	return command->run(command, argc - optind, argv + optind);
}

/* A file that takes the number of a closed stdout would be overwritten by what we print. */
static bool standard_files_open(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			return false;
	} while (fd <= STDERR_FILENO);
	close(fd);
	return true;
}

int main(int argc, char **argv)
{
	int code;

	if (!standard_files_open())
		return TOOL_FAILED;
	setlocale(LC_CTYPE, "");
	term_color_set("auto");
	krsi_bpf_silence();	/* its warnings are in the library's own explanations */
	code = run(argc, argv);
	/* A list that a full disk cut short must not look complete. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		tool_error("cannot write the output: %s", strerror(errno));
		return TOOL_FAILED;
	}
	return code;
}
