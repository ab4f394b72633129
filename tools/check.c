/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi check: what the engine would do with policies on this machine. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <libkrsi/krsi.h>

#include "json.h"
#include "policies.h"
#include "term.h"
#include "tool.h"

#define PLACES_SHOWN 8	/* paths of a rule, without --verbose */

struct request {
	bool json;
	bool verbose;
};

/* --- text --------------------------------------------------------------------------- */

struct printer {
	const struct request *request;
	uint32_t section;	/* kind of the last item outside of policies; 0: none */
	size_t places;		/* of the rule at hand */
	size_t hidden;
};

/* What stands above the items that belong to no policy. */
static const char *section_title(uint32_t kind)
{
	switch (kind) {
	case KRSI_EXPLAIN_KERNEL:
		return "kernel";
	case KRSI_EXPLAIN_PROGRAM:
		return "programs";
	case KRSI_EXPLAIN_LIMIT:
		return "limits, of all policies together";
	default:
		return "sizes";
	}
}

static void line_print(const struct krsi_explain_item *item, int indent)
{
	printf("%*s", indent, "");
	if (item->level == KRSI_LOG_ERROR)
		term_cell(TERM_BAD, "error: ", 0);
	else if (item->level == KRSI_LOG_WARN)
		term_cell(TERM_DOUBTFUL, "warning: ", 0);
	term_text(stdout, item->text);
	printf("\n");
}

static void hidden_print(struct printer *printer)
{
	if (printer->hidden)
		printf("    and %zu paths more; --verbose shows them\n", printer->hidden);
	printer->places = printer->hidden = 0;
}

static void title_print(const char *what, const char *name, const char *text, int indent)
{
	printf("%*s%s ", indent, "", what);
	term_cell(TERM_STRONG, name, 0);
	printf(": ");
	term_text(stdout, text);
	printf("\n");
}

static int text_item(void *data, const struct krsi_explain_item *item)
{
	struct printer *printer = data;

	if (item->kind == KRSI_EXPLAIN_PLACE && item->level == KRSI_LOG_INFO && !printer->request->verbose && ++printer->places > PLACES_SHOWN) {
		printer->hidden++;
		return 0;
	}
	if (item->kind != KRSI_EXPLAIN_PLACE)
		hidden_print(printer);
	if (item->kind == KRSI_EXPLAIN_POLICY) {
		title_print("policy", item->policy, item->text, 0);
	} else if (item->kind == KRSI_EXPLAIN_RULE) {
		title_print("rule", item->rule, item->text, 2);
	} else if (item->policy) {
		line_print(item, item->rule ? 4 : 2);
	} else {
		if (item->kind != printer->section)
			term_cell(TERM_STRONG, section_title(item->kind), 0), printf("\n");
		line_print(item, 2);
	}
	printer->section = item->policy ? 0 : item->kind;
	return 0;
}

static int text_check(struct krsi_ctx *ctx, const struct request *request, const struct policies *policies)
{
	struct printer printer = { .request = request };
	int err = krsi_engine_explain(ctx, policies->list, policies->count, text_item, &printer);

	hidden_print(&printer);
	if (!err) {
		term_cell(TERM_GOOD, "fine", 0);
		printf(": this kernel can carry out all of it\n");
		return TOOL_OK;
	}
	fflush(stdout);
	tool_fail(ctx);
	return policies_exit(err);
}

/* --- JSON --------------------------------------------------------------------------- */

static const char *kind_word(uint32_t kind)
{
	static const char *const words[] = {
		[KRSI_EXPLAIN_KERNEL] = "kernel", [KRSI_EXPLAIN_POLICY] = "policy", [KRSI_EXPLAIN_WARNING] = "warning",
		[KRSI_EXPLAIN_RULE] = "rule", [KRSI_EXPLAIN_OPERATION] = "operation", [KRSI_EXPLAIN_PLACE] = "place",
		[KRSI_EXPLAIN_NEED] = "need", [KRSI_EXPLAIN_MISSING] = "missing", [KRSI_EXPLAIN_PROGRAM] = "program",
		[KRSI_EXPLAIN_LIMIT] = "limit", [KRSI_EXPLAIN_SIZE] = "size",
	};

	return kind < sizeof(words) / sizeof(words[0]) && words[kind] ? words[kind] : "unknown";
}

static const char *level_word(int32_t level)
{
	return level == KRSI_LOG_ERROR ? "error" : level == KRSI_LOG_WARN ? "warning" : "info";
}

static void member_text(json_t **object, const char *key, const char *text)
{
	if (text)
		json_member(object, key, json_text(text));
}

/* "a, b" as a list. */
static json_t *programs_json(const char *programs)
{
	json_t *list = json_array();
	char name[64];
	size_t size;

	for (; *programs; programs += strspn(programs, ", ")) {
		size = strcspn(programs, ",");
		snprintf(name, sizeof(name), "%.*s", (int)size, programs);
		json_add(&list, json_text(name));
		programs += size;
	}
	return list;
}

static int json_item(void *data, const struct krsi_explain_item *item)
{
	json_t **items = data, *object = json_object();

	member_text(&object, "kind", kind_word(item->kind));
	member_text(&object, "level", level_word(item->level));
	member_text(&object, "policy", item->policy);
	member_text(&object, "rule", item->rule);
	member_text(&object, "operation", item->operation);
	if (item->kind == KRSI_EXPLAIN_OPERATION)
		json_member(&object, "programs", programs_json(item->program ? item->program : ""));
	else
		member_text(&object, "program", item->program);
	member_text(&object, "hook", item->hook);
	if (item->kind == KRSI_EXPLAIN_LIMIT || item->kind == KRSI_EXPLAIN_SIZE)
		json_member(&object, "value", json_integer((json_int_t)item->value));
	if (item->limit)
		json_member(&object, "limit", json_integer((json_int_t)item->limit));
	member_text(&object, "text", item->text);
	json_add(items, object);
	return 0;
}

static int json_check(struct krsi_ctx *ctx, const struct policies *policies)
{
	json_t *items = json_array(), *document = json_object();
	int err = krsi_engine_explain(ctx, policies->list, policies->count, json_item, &items);
	int code = err ? policies_exit(err) : TOOL_OK, printed;

	json_member(&document, "fine", json_boolean(!err));
	json_member(&document, "items", items);
	if (err)
		tool_fail(ctx);
	printed = json_print(document);
	return printed ? printed : code;
}

/* --- arguments -------------------------------------------------------------------------- */

static int files_check(const struct request *request, char **paths, size_t count)
{
	/* Warnings come with the items. */
	struct krsi_ctx *ctx = tool_ctx_new(KRSI_LOG_ERROR);
	struct policies policies = { .count = 0 };
	int code;

	if (!ctx)
		return TOOL_FAILED;
	code = policies_read(ctx, paths, count, 0, &policies);
	if (!code)
		code = request->json ? json_check(ctx, &policies) : text_check(ctx, request, &policies);
	policies_free(&policies);
	krsi_ctx_free(ctx);
	return code;
}

static int check_run(const struct tool_command *self, int argc, char **argv)
{
	enum { OPTION_JSON = TOOL_OPTION_FIRST_FREE };
	static const struct option options[] = {
		TOOL_OPTIONS,
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "verbose", no_argument, NULL, 'v' },
		{ 0 },
	};
	struct request request = { .json = false };
	int c, code;

	tool_options_begin();
	while ((c = getopt_long(argc, argv, ":hv", options, NULL)) != -1) {
		if (c == OPTION_JSON) {
			request.json = true;
			continue;
		}
		if (c == 'v') {
			request.verbose = true;
			continue;
		}
		code = tool_common_option(self, c, argv);
		if (code >= 0)
			return code;
	}
	if (optind == argc)
		return tool_usage(self, "check needs a policy");
	return files_check(&request, argv + optind, (size_t)(argc - optind));
}

const struct tool_command tool_check = {
	.name = "check",
	.brief = "explain policies, and whether this kernel can carry them out",
	.help = "usage: krsi check [-v] [--json] POLICY...\n"
		"\n"
		"Reads policies, as they would be in force together, and says of each rule which\n"
		"operations it is about, which programs are behind them and whether this kernel has\n"
		"their hooks, how its paths are found, what can never match, and what it costs. Then\n"
		"come the limits, and how much of them is used.\n"
		"\n"
		"Nothing is loaded. Any user can do it, but some files and namespaces are only looked\n"
		"at by root.\n"
		"\n"
		"options:\n"
		"  -v, --verbose  all paths, not only the first 8 of each rule\n"
		"      --json     an object with fine and items, an array\n"
		"\n"
		"exit codes: 0 fine, 1 failed, 2 wrong usage, 3 a policy is wrong, 4 this kernel or this\n"
		"libkrsi cannot carry it out\n",
	.run = check_run,
};
