/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi hooks: the kernel's security hooks, and how programs can sit on them. */
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/krsi.h>

#include "json.h"
#include "term.h"
#include "tool.h"

/* Of the column with the names; the longest hook of Linux 7.3 has 28. */
#define NAME_WIDTH 30

struct request {
	char **patterns;
	int pattern_count;
	const char *btf;	/* NULL: the running kernel's */
	bool prototype;
	bool attempt;
	bool json;
};

/* The ways to sit on a hook, in the order of the columns. */
static const struct {
	const char *name;
	size_t offset;
} ways[] = {
	{ "lsm", offsetof(struct krsi_hook_support_info, lsm) },
	{ "lsm.s", offsetof(struct krsi_hook_support_info, lsm_sleepable) },
	{ "lsm_cgroup", offsetof(struct krsi_hook_support_info, lsm_cgroup) },
	{ "fmod_ret", offsetof(struct krsi_hook_support_info, fmod_ret) },
};

#define WAY_COUNT (sizeof(ways) / sizeof(ways[0]))
#define WAY_WIDTH 12

static int way_error(const struct krsi_hook_support_info *support, size_t way)
{
	return *(const int32_t *)((const char *)support + ways[way].offset);
}

/* "yes", or the name of the kernel's error. */
static const char *way_text(const struct krsi_hook_support_info *support, size_t way)
{
	const char *name;

	if (!way_error(support, way))
		return "yes";
	name = strerrorname_np(-way_error(support, way));
	return name ? name : "no";
}

static bool wanted(const struct request *request, const char *name)
{
	int i;

	for (i = 0; i < request->pattern_count; i++)
		if (fnmatch(request->patterns[i], name, 0) == 0)
			return true;
	return request->pattern_count == 0;
}

static void text_print(const struct request *request, const struct krsi_hook_info *hook,
		       const struct krsi_hook_support_info *support)
{
	bool last = !request->attempt && !request->prototype;
	size_t i;

	term_cell(TERM_PLAIN, hook->name, last ? 0 : NAME_WIDTH);
	for (i = 0; request->attempt && i < WAY_COUNT; i++) {
		last = !request->prototype && i == WAY_COUNT - 1;
		if (!last || i)
			printf(" ");
		term_cell(way_error(support, i) ? TERM_BAD : TERM_GOOD, way_text(support, i), last ? 0 : WAY_WIDTH);
	}
	if (request->prototype) {
		printf(" ");
		term_text(stdout, hook->prototype);
	}
	printf("\n");
}

static void header_print(const struct request *request)
{
	size_t i;

	if (!request->attempt)
		return;
	term_cell(TERM_STRONG, "hook", NAME_WIDTH);
	for (i = 0; i < WAY_COUNT; i++) {
		printf(" ");
		term_cell(TERM_STRONG, ways[i].name, request->prototype || i < WAY_COUNT - 1 ? WAY_WIDTH : 0);
	}
	if (request->prototype) {
		printf(" ");
		term_cell(TERM_STRONG, "prototype", 0);
	}
	printf("\n");
}

static json_t *json_arguments(const struct krsi_hooks *hooks, size_t index, uint32_t count)
{
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < count; i++) {
		struct krsi_hook_arg_info arg = { .sz = sizeof(arg) };

		krsi_hook_arg(hooks, index, i, &arg);
		json_add(&list, json_pack("{s:o, s:o}", "name", json_text(arg.name), "type", json_text(arg.type)));
	}
	return list;
}

static json_t *json_hook(const struct request *request, const struct krsi_hooks *hooks, size_t index,
			 const struct krsi_hook_info *hook, const struct krsi_hook_support_info *support)
{
	json_t *object;
	size_t i;

	object = json_pack("{s:o, s:o, s:b, s:o, s:o}", "name", json_text(hook->name), "prototype", json_text(hook->prototype),
			   "can_deny", (int)hook->can_deny, "arguments", json_arguments(hooks, index, hook->arg_count),
			   "function", json_text(hook->function));
	if (!request->attempt)
		return object;
	for (i = 0; i < WAY_COUNT; i++)
		json_member(&object, ways[i].name, json_text(way_text(support, i)));
	return object;
}

/* Nothing matched. A name without wildcards is looked up once more, for the library's suggestions. */
static int none_found(const struct request *request, const struct krsi_ctx *ctx, const struct krsi_hooks *hooks)
{
	const char *pattern = request->pattern_count == 1 ? request->patterns[0] : "";

	if (*pattern && !strpbrk(pattern, "*?[") && krsi_hooks_find(hooks, pattern, NULL))
		tool_fail(ctx);
	else
		tool_error("no hook matches");
	tool_error("a pattern has to match the whole name: krsi hooks '*file*'");
	return TOOL_FAILED;
}

static int list_print(const struct request *request, const struct krsi_ctx *ctx, const struct krsi_hooks *hooks)
{
	json_t *list = request->json ? json_array() : NULL;
	size_t i, shown = 0;

	for (i = 0; i < krsi_hooks_count(hooks); i++) {
		struct krsi_hook_support_info support = { .sz = sizeof(support) };
		struct krsi_hook_info hook = { .sz = sizeof(hook) };

		krsi_hook_info(hooks, i, &hook);
		if (!wanted(request, hook.name))
			continue;
		if (request->attempt && krsi_hook_try(hooks, i, &support)) {
			json_decref(list);
			return tool_fail(ctx);
		}
		if (request->json) {
			json_add(&list, json_hook(request, hooks, i, &hook, &support));
		} else {
			if (!shown)
				header_print(request);
			text_print(request, &hook, &support);
		}
		shown++;
	}
	if (!shown) {
		json_decref(list);
		return none_found(request, ctx, hooks);
	}
	return request->json ? json_print(list) : TOOL_OK;
}

/* -1 to go on, otherwise the exit code. */
static int arguments_read(const struct tool_command *self, int argc, char **argv, struct request *request)
{
	enum { OPTION_BTF = TOOL_OPTION_FIRST_FREE, OPTION_JSON };
	static const struct option options[] = {
		TOOL_OPTIONS,
		{ "btf", required_argument, NULL, OPTION_BTF },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "long", no_argument, NULL, 'l' },
		{ "try", no_argument, NULL, 'v' },
		{ 0 },
	};
	int c, code;

	tool_options_begin();
	while ((c = getopt_long(argc, argv, ":hlv", options, NULL)) != -1) {
		switch (c) {
		case OPTION_BTF:
			request->btf = optarg;
			break;
		case OPTION_JSON:
			request->json = true;
			break;
		case 'l':
			request->prototype = true;
			break;
		case 'v':
			request->attempt = true;
			break;
		default:
			code = tool_common_option(self, c, argv);
			if (code >= 0)
				return code;
		}
	}
	if (request->btf && request->attempt)
		return tool_usage(self, "--try loads programs into the running kernel, so it cannot be used with --btf");
	request->patterns = argv + optind;
	request->pattern_count = argc - optind;
	return -1;
}

static int hooks_run(const struct tool_command *self, int argc, char **argv)
{
	struct krsi_hooks_opts opts = { .sz = sizeof(opts) };
	struct request request = { .btf = NULL };
	struct krsi_hooks *hooks;
	struct krsi_ctx *ctx;
	int code;

	code = arguments_read(self, argc, argv, &request);
	if (code >= 0)
		return code;
	ctx = tool_ctx_new(KRSI_LOG_WARN);
	if (!ctx)
		return TOOL_FAILED;
	opts.btf_path = request.btf;
	if (krsi_hooks_new(ctx, &opts, &hooks)) {
		code = tool_fail(ctx);
	} else {
		code = list_print(&request, ctx, hooks);
		krsi_hooks_free(hooks);
	}
	krsi_ctx_free(ctx);
	return code;
}

const struct tool_command tool_hooks = {
	.name = "hooks",
	.brief = "list the kernel's security hooks",
	.help = "usage: krsi hooks [-l] [-v | --btf FILE] [--json] [PATTERN...]\n"
		"\n"
		"Lists the security hooks that the running kernel's own type information (BTF)\n"
		"has, by name. A PATTERN of the shell, such as 'inode_*', has to match the whole\n"
		"name.\n"
		"\n"
		"  -l, --long     the hook's prototype in C as well\n"
		"  -v, --try      load a program of two instructions each way, and say \"yes\" or\n"
		"                 the kernel's error. Needs CAP_BPF and CAP_PERFMON. Nothing is\n"
		"                 attached. The columns:\n"
		"                   lsm         lsm/HOOK; whether it is called: krsi status\n"
		"                   lsm.s       lsm.s/HOOK, a program that may sleep\n"
		"                   lsm_cgroup  lsm_cgroup/HOOK\n"
		"                   fmod_ret    fmod_ret/ on the function that calls the hook:\n"
		"                               security_HOOK for most; --json tells it\n"
		"  --btf FILE     another kernel's hooks: raw BTF, or an ELF file with it\n"
		"  --json         an array of objects; with --try the columns are members\n"
		"  --color=WHEN   auto, always, never\n"
		"\n"
		"exit codes: 0 listed, 1 failed or nothing matches, 2 wrong usage\n",
	.run = hooks_run,
};
