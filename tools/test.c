/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi test: ask policies what written cases expect of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libkrsi/krsi.h>

#include "policies.h"
#include "term.h"
#include "tool.h"

struct request {
	char **policies, **cases;	/* paths; the arguments' memory */
	size_t policy_count, case_count;
	bool quiet;
};

struct tally {
	size_t passed, failed;
};

/* --- which file is which ----------------------------------------------------------- */

/* Behind what comes before the first value: blank lines, comments, directives, and the "---" of a document. */
static const char *first_value(const char *text)
{
	bool begin = true;	/* of a line */

	for (;; text += strcspn(text, "\n")) {
		while (*text == ' ' || *text == '\n' || *text == '\r' || *text == '\t')
			begin = *text++ == '\n' || begin;
		if (begin && strncmp(text, "---", 3) == 0 && strchr(" \r\n", text[3]))
			text += 3;
		else if (*text != '#' && !(begin && *text == '%'))
			return text;
	}
}

/* Cases are a list, policies are not. What cannot be read is told when it is read as a policy. */
static bool is_cases(const char *path)
{
	char text[65536], *value;
	ssize_t size;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return false;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (size < 0)
		return false;
	text[size] = '\0';
	value = (char *)first_value(text);
	return *value == '[' || (*value == '-' && strchr(" \r\n", value[1]));
}

static bool split(struct request *request, char **paths, size_t count)
{
	size_t i;

	request->policies = calloc(count + 1, sizeof(*request->policies));
	request->cases = calloc(count + 1, sizeof(*request->cases));
	if (!request->policies || !request->cases)
		return false;
	for (i = 0; i < count; i++) {
		if (is_cases(paths[i]))
			request->cases[request->case_count++] = paths[i];
		else
			request->policies[request->policy_count++] = paths[i];
	}
	return true;
}

/* --- cases ----------------------------------------------------------------------------- */

static void case_print(const struct request *request, const char *path, const struct krsi_case_info *info)
{
	if (info->passed && request->quiet)
		return;
	term_cell(info->passed ? TERM_GOOD : TERM_BAD, info->passed ? "ok" : "FAILED", 8);
	term_text(stdout, info->name);
	printf(": ");
	if (info->passed) {
		term_text(stdout, info->got);
		printf("\n");
		return;
	}
	printf("expected ");
	term_text(stdout, info->expected);
	printf("; got ");
	term_text(stdout, info->got);
	printf(" (");
	term_text(stdout, path);
	printf(":%u:%u)\n", info->line, info->column);
}

static int file_run(struct krsi_ctx *ctx, const struct request *request, const char *path, struct krsi_cases *cases,
		    struct krsi_matcher *matcher, struct tally *tally)
{
	struct krsi_case_info info = { .sz = sizeof(info) };
	size_t i;

	for (i = 0; i < krsi_cases_count(cases); i++) {
		if (krsi_cases_run(cases, i, matcher, &info))
			return tool_fail(ctx);
		case_print(request, path, &info);
		if (info.passed)
			tally->passed++;
		else
			tally->failed++;
	}
	return TOOL_OK;
}

/* All files of cases, so that one run shows the errors of all. */
static int cases_read(struct krsi_ctx *ctx, const struct request *request, struct krsi_cases **cases)
{
	int code = TOOL_OK, err;
	size_t i;

	for (i = 0; i < request->case_count; i++) {
		err = krsi_cases_open(ctx, request->cases[i], NULL, &cases[i]);
		if (!err)
			continue;
		tool_fail(ctx);
		if (code != TOOL_FAILED)
			code = policies_exit(err);
	}
	return code;
}

static int cases_run(struct krsi_ctx *ctx, const struct request *request, struct krsi_cases **cases, struct krsi_matcher *matcher)
{
	struct tally tally = { 0 };
	int code = TOOL_OK;
	size_t i;

	for (i = 0; i < request->case_count && !code; i++)
		code = file_run(ctx, request, request->cases[i], cases[i], matcher, &tally);
	if (code)
		return code;
	term_color(tally.failed ? TERM_BAD : TERM_GOOD);
	printf("%zu passed, %zu failed", tally.passed, tally.failed);
	term_color(TERM_PLAIN);
	printf("\n");
	return tally.failed ? TOOL_FAILED : TOOL_OK;
}

static int test_files(struct krsi_ctx *ctx, const struct request *request)
{
	struct krsi_cases **cases = calloc(request->case_count, sizeof(*cases));
	struct krsi_matcher *matcher = NULL;
	struct policies policies = { .count = 0 };
	int code, read, err;
	size_t i;

	if (!cases) {
		tool_error("no memory");
		return TOOL_FAILED;
	}
	code = policies_read(ctx, request->policies, request->policy_count, 0, &policies);
	read = cases_read(ctx, request, cases);
	if (read == TOOL_FAILED || !code)
		code = read;
	if (!code) {
		err = krsi_matcher_new(ctx, policies.list, policies.count, NULL, &matcher);
		if (err) {
			tool_fail(ctx);
			code = policies_exit(err);
		}
	}
	if (!code)
		code = cases_run(ctx, request, cases, matcher);
	krsi_matcher_free(matcher);
	for (i = 0; i < request->case_count; i++)
		krsi_cases_free(cases[i]);
	free(cases);
	policies_free(&policies);
	return code;
}

/* --- arguments ------------------------------------------------------------------------- */

static int request_run(const struct tool_command *self, struct request *request, char **paths, size_t count)
{
	struct krsi_ctx *ctx;
	int code;

	if (!split(request, paths, count)) {
		tool_error("no memory");
		return TOOL_FAILED;
	}
	if (!request->policy_count)
		return tool_usage(self, "test needs a policy beside the cases");
	if (!request->case_count)
		return tool_usage(self, "test needs a file of cases beside the policies: a list, each entry with name, operation and expect");
	ctx = tool_ctx_new(KRSI_LOG_WARN);
	if (!ctx)
		return TOOL_FAILED;
	code = test_files(ctx, request);
	krsi_ctx_free(ctx);
	return code;
}

static int test_run(const struct tool_command *self, int argc, char **argv)
{
	static const struct option options[] = {
		TOOL_OPTIONS,
		{ "quiet", no_argument, NULL, 'q' },
		{ 0 },
	};
	struct request request = { .quiet = false };
	int c, code;

	tool_options_begin();
	while ((c = getopt_long(argc, argv, ":hq", options, NULL)) != -1) {
		if (c == 'q') {
			request.quiet = true;
			continue;
		}
		code = tool_common_option(self, c, argv);
		if (code >= 0)
			return code;
	}
	if (optind == argc)
		return tool_usage(self, "test needs policies, and a file of cases");
	code = request_run(self, &request, argv + optind, (size_t)(argc - optind));
	free(request.policies);
	free(request.cases);
	return code;
}

const struct tool_command tool_test = {
	.name = "test",
	.brief = "run policies against written cases",
	.help = "usage: krsi test [-q] POLICY... CASES...\n"
		"\n"
		"Asks the policies, together, what each case asks, and compares the answers with what\n"
		"the cases expect. Nothing is asked of the kernel; the answers are those of the code\n"
		"that it would decide by. A file that is a list has cases, another one is a policy.\n"
		"\n"
		"  - name: cron may not read shadow\n"
		"    subject: { exe: /usr/sbin/cron, uid: 0 }\n"
		"    operation: file.read\n"
		"    object: { path: /etc/shadow }\n"
		"    expect: { deny: EACCES }\n"
		"    rule: shadow-is-for-passwd\n"
		"\n"
		"options:\n"
		"  -q, --quiet  only the cases that fail, and the sum\n"
		"\n"
		"exit codes: 0 all pass, 1 some fail or a file cannot be read, 2 wrong usage, 3 a policy or a\n"
		"file of cases is wrong, 4 a policy wants what this libkrsi does not have\n",
	.run = test_run,
};
