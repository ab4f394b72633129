/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi replay: what is in a recording, or what policies would have said of it. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/encode.h>
#include <libkrsi/krsi.h>

#include "policies.h"
#include "recording.h"
#include "term.h"
#include "tool.h"

#define MISSING_MAX 64	/* keys of the language, and more */

/* How often a key was asked for that the recording does not have. */
struct missing {
	char key[64];
	uint64_t count;
};

/* Events that are not there, and how often some are missing. */
struct gaps {
	uint64_t events, count;
};

struct replay {
	/* As asked for. */
	uint32_t format;	/* enum krsi_encode_format */
	bool verbose;
	char **paths;		/* of policies */
	size_t path_count;

	struct krsi_ctx *ctx;
	struct krsi_encoder *encoder;
	struct krsi_matcher *matcher;	/* NULL: without policies */
	uint64_t events, denied, audited, unsure, refused;
	struct gaps lost, unwritten;	/* by the kernel, and by krsi record */
	struct missing missing[MISSING_MAX];
	size_t missing_count;
};

/* --- events ---------------------------------------------------------------- */

/* Print what an encoder made, or why it made nothing. */
static int text_print(int err, const char *text)
{
	if (err) {
		tool_error("an event cannot be printed: %s", krsi_strerror(err));
		return TOOL_FAILED;
	}
	puts(text);
	return TOOL_OK;
}

static int event_print(struct replay *replay, const struct krsi_event *event)
{
	const char *text = NULL;
	int err = krsi_encoder_event(replay->encoder, event, &text, NULL);

	return text_print(err, text);
}

/* What stands in no line: which keys the answers may depend on. */
static void missing_count(struct replay *replay, const char *key)
{
	size_t i;

	for (i = 0; i < replay->missing_count; i++)
		if (strcmp(replay->missing[i].key, key) == 0)
			break;
	if (i == MISSING_MAX)
		return;
	if (i == replay->missing_count) {
		snprintf(replay->missing[i].key, sizeof(replay->missing[i].key), "%s", key);
		replay->missing_count++;
	}
	replay->missing[i].count++;
}

static bool missing_find(struct replay *replay, const struct krsi_question *question)
{
	const char *key;
	size_t i;

	for (i = 0; (key = krsi_matcher_unknown(replay->matcher, question, i)); i++)
		missing_count(replay, key);
	replay->unsure += i > 0;
	return i > 0;
}

static int decision_print(struct replay *replay, const struct krsi_event *event, const struct krsi_decision_info *decision, bool unsure)
{
	const char *text = NULL;
	int err = krsi_encoder_decision(replay->encoder, event, decision, unsure ? KRSI_ENCODE_UNSURE : 0, &text, NULL);

	return text_print(err, text);
}

static int event_ask(struct replay *replay, const struct krsi_event *event, struct krsi_processes *processes)
{
	struct krsi_decision_info decision = { .sz = sizeof(decision) };
	struct krsi_question *question;
	bool unsure, denied;
	int err;

	err = krsi_question_event(replay->ctx, event, processes, &question);
	if (err == -EINVAL || err == -ENOENT) {
		replay->refused++;
		return TOOL_OK;
	}
	if (err)
		return tool_fail(replay->ctx);
	err = krsi_matcher_decide(replay->matcher, question, &decision);
	unsure = !err && missing_find(replay, question);
	krsi_question_free(question);
	if (err)
		return tool_fail(replay->ctx);
	denied = decision.verdict == KRSI_EVENT_DENY || decision.verdict == KRSI_EVENT_SIGNAL;
	replay->denied += denied;
	replay->audited += decision.verdict == KRSI_EVENT_AUDIT;
	return denied || decision.verdict == KRSI_EVENT_AUDIT ? decision_print(replay, event, &decision, unsure) : TOOL_OK;
}

static void gap_count(struct replay *replay, const struct krsi_event *event)
{
	uint64_t count = 0, cause = KRSI_EVENT_LOST_KERNEL;
	struct gaps *gaps;

	krsi_event_number(event, KRSI_EVENT_LOST_COUNT, &count);
	krsi_event_number(event, KRSI_EVENT_LOST_CAUSE, &cause);
	gaps = cause == KRSI_EVENT_LOST_OUTPUT ? &replay->unwritten : &replay->lost;
	gaps->events += count;
	gaps->count++;
}

static int event_take(void *data, const struct krsi_event *event, struct krsi_processes *processes)
{
	uint32_t kind = krsi_event_kind(event);
	struct replay *replay = data;

	if (ferror(stdout))
		return TOOL_FAILED;	/* main() tells why */
	if (kind == KRSI_EVENT_KIND_PROCESS)
		return TOOL_OK;		/* it was there, nothing happened */
	if (kind == KRSI_EVENT_KIND_LOST) {
		gap_count(replay, event);
		return event_print(replay, event);
	}
	replay->events++;
	if (!replay->matcher)
		return event_print(replay, event);
	return kind == KRSI_EVENT_KIND_RULE ? event_ask(replay, event, processes) : TOOL_OK;
}

/* --- the whole ------------------------------------------------------------- */

static void gaps_add(char *text, size_t size, const struct gaps *gaps, const char *what)
{
	size_t used = strlen(text);

	if (gaps->count)
		snprintf(text + used, size - used, "%s%" PRIu64 " %s in %" PRIu64 " gap%s", used ? ", " : "", gaps->events, what, gaps->count,
			 gaps->count == 1 ? "" : "s");
}

static void summary_print(const struct replay *replay)
{
	char gaps[160] = "";
	size_t i;

	gaps_add(gaps, sizeof(gaps), &replay->lost, "lost");
	gaps_add(gaps, sizeof(gaps), &replay->unwritten, "not written");
	if (!*gaps)
		strcpy(gaps, "none lost");
	if (!replay->matcher) {
		tool_error("%" PRIu64 " event%s, %s", replay->events, replay->events == 1 ? "" : "s", gaps);
		return;
	}
	tool_error("%" PRIu64 " event%s, %" PRIu64 " would be denied, %" PRIu64 " audited, %" PRIu64 " not sure, %s", replay->events,
		   replay->events == 1 ? "" : "s", replay->denied, replay->audited, replay->unsure, gaps);
	for (i = 0; i < replay->missing_count; i++)
		tool_error("not sure: policies ask for %s, which the recording does not have of %" PRIu64 " event%s", replay->missing[i].key,
			   replay->missing[i].count, replay->missing[i].count == 1 ? "" : "s");
	if (replay->refused)
		tool_error("%" PRIu64 " event%s could not be asked about: no operation can be like that", replay->refused, replay->refused == 1 ? "" : "s");
}

static int matcher_make(struct replay *replay)
{
	struct policies policies;
	int code, err;

	if (!replay->path_count)
		return TOOL_OK;
	code = policies_read(replay->ctx, replay->paths, replay->path_count, 0, &policies);
	if (!code) {
		err = krsi_matcher_new(replay->ctx, policies.list, policies.count, NULL, &replay->matcher);
		if (err) {
			tool_fail(replay->ctx);
			code = policies_exit(err);
		}
	}
	policies_free(&policies);
	return code;
}

static int replay_file(struct replay *replay, const char *path)
{
	struct krsi_encoder_opts opts = { .sz = sizeof(opts), .format = replay->format };
	int code;

	if (replay->format == KRSI_ENCODE_TEXT)
		opts.flags = (term_is_colored() ? KRSI_ENCODE_COLOR : 0) | (term_reads_utf8() ? KRSI_ENCODE_UTF8 : 0) |
			     (replay->verbose ? KRSI_ENCODE_DETAILS : 0);
	code = matcher_make(replay);
	if (!code && krsi_encoder_new(replay->ctx, &opts, &replay->encoder))
		code = tool_fail(replay->ctx);
	if (!code) {
		code = recording_read(replay->ctx, path, event_take, replay);
		summary_print(replay);
	}
	krsi_encoder_free(replay->encoder);
	krsi_matcher_free(replay->matcher);
	return code;
}

/* --- arguments ------------------------------------------------------------- */

enum {
	OPTION_ECS = TOOL_OPTION_FIRST_FREE,
	OPTION_JSON,
	OPTION_OCSF,
	OPTION_POLICY,
};

static const struct option options[] = {
	TOOL_OPTIONS,
	{ "ecs", no_argument, NULL, OPTION_ECS },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "ocsf", no_argument, NULL, OPTION_OCSF },
	{ "policy", required_argument, NULL, OPTION_POLICY },
	{ "verbose", no_argument, NULL, 'v' },
	{ 0 },
};

static int format_read(const struct tool_command *self, struct replay *replay, uint32_t format)
{
	if (replay->format != KRSI_ENCODE_TEXT && replay->format != format)
		return tool_usage(self, "--json, --ecs and --ocsf exclude one another");
	replay->format = format;
	return -1;
}

static int option_read(const struct tool_command *self, struct replay *replay, int c, char **argv)
{
	switch (c) {
	case OPTION_ECS:
		return format_read(self, replay, KRSI_ENCODE_ECS);
	case OPTION_JSON:
		return format_read(self, replay, KRSI_ENCODE_JSON);
	case OPTION_OCSF:
		return format_read(self, replay, KRSI_ENCODE_OCSF);
	case OPTION_POLICY:
		replay->paths[replay->path_count++] = optarg;
		return -1;
	case 'v':
		replay->verbose = true;
		return -1;
	default:
		return tool_common_option(self, c, argv);
	}
}

static int arguments_read(const struct tool_command *self, struct replay *replay, int argc, char **argv)
{
	int c, code;

	tool_options_begin();
	while ((c = getopt_long(argc, argv, ":hv", options, NULL)) != -1) {
		code = option_read(self, replay, c, argv);
		if (code >= 0)
			return code;
	}
	if (argc - optind != 1)
		return tool_usage(self, "replay needs one recording: krsi replay FILE");
	if (replay->path_count && replay->format != KRSI_ENCODE_TEXT && replay->format != KRSI_ENCODE_JSON)
		return tool_usage(self, "--ecs and --ocsf have no place for what policies would have said; use --json with --policy");
	return -1;
}

static int replay_run(const struct tool_command *self, int argc, char **argv)
{
	struct replay replay = { .format = KRSI_ENCODE_TEXT, .paths = calloc((size_t)argc, sizeof(*replay.paths)) };
	int code;

	if (!replay.paths) {
		tool_error("no memory");
		return TOOL_FAILED;
	}
	code = arguments_read(self, &replay, argc, argv);
	if (code < 0) {
		replay.ctx = tool_ctx_new(KRSI_LOG_WARN);
		code = replay.ctx ? replay_file(&replay, argv[optind]) : TOOL_FAILED;
		krsi_ctx_free(replay.ctx);
	}
	free(replay.paths);
	return code;
}

const struct tool_command tool_replay = {
	.name = "replay",
	.brief = "print a recording, or ask policies about it",
	.help = "usage: krsi replay [OPTION...] FILE\n"
		"\n"
		"Prints the events of a recording, which krsi record made; \"-\" is the standard input.\n"
		"With policies, prints the events that these would have refused or reported, and by\n"
		"which rule. The last lines, on stderr, count events, refusals, reports, gaps, and the\n"
		"events of which the recording does not have something that the policies ask for.\n"
		"Nothing is asked of the kernel.\n"
		"\n"
		"  --policy FILE  ask this policy; may be repeated\n"
		"  --json         events as JSON, one object per line; with --policy each has a\n"
		"                 member \"replay\"\n"
		"  --ecs          the same in the Elastic Common Schema; not with --policy\n"
		"  --ocsf         the same in the Open Cybersecurity Schema Framework; likewise\n"
		"  -v, --verbose  below each line all that is known of the event\n"
		"  --color=WHEN   auto, always, never\n"
		"\n"
		"A damaged file is read up to the damage, and stderr says where that is.\n"
		"\n"
		"exit codes: 0 done, whatever the policies say; 1 the file is damaged or cannot be\n"
		"read; 2 wrong usage; 3 a policy is wrong; 4 a policy wants what this libkrsi does not have\n",
	.run = replay_run,
};
