/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * krsi status: what libkrsi can do on this machine, and what would help. What libkrsi's module or patches add to the
 * kernel, and what is going on there, is in status_additions.c; who is on the hooks already in status_programs.c.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/krsi.h>

#include "json.h"
#include "status.h"
#include "term.h"
#include "tool.h"

#define NAME_WIDTH 18
#define REASON_WIDTH 14

/* The words of the column "reason", and of the JSON text: stable. */
static const char *const reasons[] = {
	[KRSI_REASON_NONE] = "-",
	[KRSI_REASON_TOO_OLD] = "too-old",
	[KRSI_REASON_NOT_BUILT] = "not-built",
	[KRSI_REASON_NOT_BOOTED] = "not-booted",
	[KRSI_REASON_NOT_PERMITTED] = "not-permitted",
	[KRSI_REASON_LOCKED_DOWN] = "locked-down",
	[KRSI_REASON_SWITCHED_OFF] = "switched-off",
	[KRSI_REASON_UNSOUND] = "unsound",
	[KRSI_REASON_DEPENDS] = "depends",
	[KRSI_REASON_UNKNOWN] = "unknown",
	[KRSI_REASON_NOT_MAINLINE] = "not-mainline",
};

/* A newer library may know more reasons than this file. */
static const char *reason_word(uint32_t reason)
{
	return reason < sizeof(reasons) / sizeof(reasons[0]) ? reasons[reason] : "unknown";
}

/* What the same column has of what is there: nothing special of what Linux itself has. */
static const char *origin_word(uint32_t origin)
{
	return origin == KRSI_ORIGIN_MAINLINE ? "-" : status_origin(origin);
}

/* What it all comes to. */
struct verdict {
	bool audit;
	bool enforce;
	const char *backend;	/* that enforces: "lsm", "fmod_ret" or "" */
	const char *sentence;
	char why[1024];		/* more of it, and the fix; "" when nothing is wrong */
};

static struct krsi_feature_info feature_get(const struct krsi_probe *probe, uint32_t feature)
{
	struct krsi_feature_info info = { .sz = sizeof(info) };

	krsi_probe_feature(probe, feature, &info);
	return info;
}

/* The first thing that is missing for lsm/ programs, most important first. */
static struct krsi_feature_info obstacle(const struct krsi_probe *probe)
{
	static const uint32_t needed[] = {
		KRSI_FEATURE_CAPABILITIES, KRSI_FEATURE_BTF, KRSI_FEATURE_JIT, KRSI_FEATURE_LSM_BUILT,
		KRSI_FEATURE_LSM_ACTIVE, KRSI_FEATURE_LOCKDOWN, KRSI_FEATURE_TRAMPOLINE,
	};
	size_t i;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!krsi_probe_has(probe, needed[i]))
			return feature_get(probe, needed[i]);
	return feature_get(probe, KRSI_FEATURE_LSM_RUNS);
}

static struct verdict verdict_find(const struct krsi_probe *probe, const struct krsi_additions_info *added)
{
	struct krsi_feature_info missing = obstacle(probe);
	struct verdict verdict = { .backend = "" };

	if (krsi_probe_has(probe, KRSI_FEATURE_LSM_RUNS) && added->enforcing == KRSI_SWITCH_PERMISSIVE) {
		verdict.audit = true;
		verdict.sentence = "This kernel calls lsm/ programs, but carries out no refusal of theirs: it was booted permissive.";
		snprintf(verdict.why, sizeof(verdict.why), "fix: boot without bpf_lsm.enforce=0, or write 1 to /sys/kernel/security/krsi/enforce, which "
			 "lasts until the next boot");
		return verdict;
	}
	if (krsi_probe_has(probe, KRSI_FEATURE_LSM_RUNS)) {
		verdict.audit = verdict.enforce = true;
		verdict.backend = "lsm";
		verdict.sentence = "This kernel calls lsm/ programs: libkrsi can audit and enforce here.";
		if (krsi_probe_has(probe, KRSI_FEATURE_LOCKDOWN))
			return verdict;
		verdict.sentence = "This kernel calls lsm/ programs, so libkrsi can audit and enforce here, but lockdown limits what they may do.";
	} else if (krsi_probe_has(probe, KRSI_FEATURE_FMOD_RET_RUNS)) {
		verdict.audit = verdict.enforce = true;
		verdict.backend = "fmod_ret";
		verdict.sentence = "This kernel calls no lsm/ program, but it calls fmod_ret/ ones: libkrsi can audit and enforce with those only.";
	} else if (krsi_probe_has(probe, KRSI_FEATURE_TRAMPOLINE)) {
		verdict.audit = true;
		verdict.sentence = "This kernel calls fentry/ programs only: libkrsi can audit, not enforce, here.";
	} else if (!krsi_probe_has(probe, KRSI_FEATURE_CAPABILITIES)) {
		verdict.sentence = "This process may not load BPF programs, so nothing can be said about the kernel.";
	} else {
		verdict.sentence = "libkrsi can neither audit nor enforce here.";
	}
	snprintf(verdict.why, sizeof(verdict.why), "%s%s%s", missing.sentence, *missing.fix ? "\nfix: " : "", missing.fix);
	return verdict;
}

static void feature_print(const struct krsi_feature_info *info)
{
	term_cell(TERM_PLAIN, info->name, NAME_WIDTH);
	printf(" ");
	term_cell(info->available ? TERM_GOOD : TERM_BAD, info->available ? "yes" : "no", 3);
	printf(" ");
	term_cell(TERM_PLAIN, info->available ? origin_word(info->origin) : reason_word(info->reason), REASON_WIDTH);
	printf(" ");
	term_text(stdout, info->sentence);
	if (*info->fix) {
		printf("\n%*s fix: ", NAME_WIDTH, "");
		term_text(stdout, info->fix);
	}
	printf("\n");
}

/* Those of a reason that would say the same for each, in one line. */
static void together_print(const struct krsi_probe *probe, uint32_t reason, const char *title)
{
	size_t i, n = 0;

	for (i = 0; i < krsi_probe_count(probe); i++) {
		struct krsi_feature_info info = feature_get(probe, (uint32_t)i);

		if (info.reason == reason)
			printf("%s%s", n++ ? ", " : title, info.name);
	}
	if (n)
		printf("\n");
}

static void features_print(const struct krsi_probe *probe, bool all)
{
	size_t i, count = krsi_probe_count(probe), missing = 0;

	for (i = 0; i < count; i++)
		missing += !krsi_probe_has(probe, (uint32_t)i);
	printf("\n%zu of %zu features%s%s\n", count - missing, count, all ? "" : " (krsi status -v lists them)",
	       all ? "" : missing ? "; missing:" : "; nothing is missing");
	for (i = 0; i < count; i++) {
		struct krsi_feature_info info = feature_get(probe, (uint32_t)i);

		if (all || (!info.available && info.reason != KRSI_REASON_TOO_OLD && info.reason != KRSI_REASON_NOT_MAINLINE))
			feature_print(&info);
	}
	if (all)
		return;
	together_print(probe, KRSI_REASON_TOO_OLD, "only newer kernels have: ");
	together_print(probe, KRSI_REASON_NOT_MAINLINE, "no kernel has without libkrsi's module or patches: ");
}

/* Of the verdict: its explanation, one line for each. */
static void why_print(const char *why)
{
	size_t len;
	char *line;

	for (; *why; why += len + (why[len] == '\n')) {
		len = strcspn(why, "\n");
		line = strndup(why, len);
		term_text(stdout, line ? line : "no memory");
		printf("\n");
		free(line);
	}
}

static int text_print(struct krsi_ctx *ctx, const struct krsi_probe *probe, const struct krsi_additions *additions, bool all)
{
	struct krsi_additions_info added = status_additions(additions);
	struct verdict verdict = verdict_find(probe, &added);
	const char *list = krsi_probe_lsm_list(probe);

	term_cell(!*verdict.why ? TERM_GOOD : verdict.enforce ? TERM_DOUBTFUL : TERM_BAD, verdict.sentence, 0);
	printf("\n");
	why_print(verdict.why);
	printf("\nkernel            ");
	term_text(stdout, krsi_probe_kernel(probe));
	printf("\nsecurity modules  ");
	term_text(stdout, *list ? list : "(the list cannot be read)");
	printf("\n");
	status_additions_print(additions, all);
	features_print(probe, all);
	status_programs_print(ctx);
	return TOOL_OK;
}

/* NULL, which is no memory, is not the same as JSON's null, which is "there is none". */
static json_t *json_text_or_null(const char *text)
{
	return *text ? json_text(text) : json_null();
}

static json_t *json_lsm_list(const char *list)
{
	json_t *array = *list ? json_array() : json_null();
	const char *name;
	size_t len;

	for (name = list; *name; name += len + (name[len] == ',')) {
		char *copy;

		len = strcspn(name, ",");
		copy = strndup(name, len);
		json_add(&array, copy ? json_text(copy) : NULL);
		free(copy);
	}
	return array;
}

static json_t *json_features(const struct krsi_probe *probe)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < krsi_probe_count(probe); i++) {
		struct krsi_feature_info info = feature_get(probe, (uint32_t)i);

		json_add(&list, json_pack("{s:o, s:b, s:o, s:o, s:o, s:o}", "name", json_text(info.name),
					  "available", (int)info.available,
					  "reason", json_text_or_null(info.available ? "" : reason_word(info.reason)),
					  "sentence", json_text(info.sentence), "fix", json_text_or_null(info.fix),
					  "origin", json_text(status_origin(info.origin))));
	}
	return list;
}

static json_t *json_status(struct krsi_ctx *ctx, const struct krsi_probe *probe, const struct krsi_additions *additions)
{
	struct krsi_additions_info added = status_additions(additions);
	struct verdict verdict = verdict_find(probe, &added);

	return json_pack("{s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kernel", json_text(krsi_probe_kernel(probe)),
			 "audit", (int)verdict.audit, "enforce", (int)verdict.enforce,
			 "backend", json_text_or_null(verdict.backend), "sentence", json_text(verdict.sentence),
			 "lsm", json_lsm_list(krsi_probe_lsm_list(probe)),
			 "lsm_boot_line", json_text_or_null(krsi_probe_lsm_boot_line(probe)),
			 "additions", status_additions_json(additions), "features", json_features(probe),
			 "programs", status_programs_json(ctx));
}

static int status_run(const struct tool_command *self, int argc, char **argv)
{
	enum { OPTION_JSON = TOOL_OPTION_FIRST_FREE };
	static const struct option options[] = {
		TOOL_OPTIONS,
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "verbose", no_argument, NULL, 'v' },
		{ 0 },
	};
	bool json = false, all = false;
	struct krsi_additions *additions = NULL;
	struct krsi_probe *probe = NULL;
	struct krsi_ctx *ctx;
	int c, code;

	tool_options_begin();
	while ((c = getopt_long(argc, argv, ":hv", options, NULL)) != -1) {
		json |= c == OPTION_JSON;
		all |= c == 'v';
		if (c == OPTION_JSON || c == 'v')
			continue;
		code = tool_common_option(self, c, argv);
		if (code >= 0)
			return code;
	}
	if (optind < argc)
		return tool_usage(self, "status takes no argument, but got %s", argv[optind]);
	ctx = tool_ctx_new(KRSI_LOG_WARN);
	if (!ctx)
		return TOOL_FAILED;
	/* That these cannot be read is told by the features that are missing then. */
	if (krsi_probe_new(ctx, &probe) == 0)
		krsi_additions_new(ctx, &additions);
	if (!probe)
		code = tool_fail(ctx);
	else
		code = json ? json_print(json_status(ctx, probe, additions)) : text_print(ctx, probe, additions, all);
	krsi_additions_free(additions);
	krsi_probe_free(probe);
	krsi_ctx_free(ctx);
	return code;
}

const struct tool_command tool_status = {
	.name = "status",
	.brief = "what this kernel can do for libkrsi, what is missing, and the fix",
	.help = "usage: krsi status [-v] [--json]\n"
		"\n"
		"Says whether libkrsi can audit and enforce on this machine, then which features\n"
		"the kernel lacks, each with the reason and what would help. Every answer comes\n"
		"from trying: tiny programs are loaded, and three of them attached for a moment.\n"
		"Needs CAP_BPF and CAP_PERFMON; without them it says so.\n"
		"Last come the programs that sit on security hooks, whoever put them there; the\n"
		"kernel lists them for CAP_SYS_ADMIN.\n"
		"\n"
		"  -v, --verbose  all features, not only the missing ones, and the programs on\n"
		"                 each hook, where the kernel lists them\n"
		"  --json         an object with all features and programs\n"
		"  --color=WHEN   auto, always, never\n"
		"\n"
		"Columns: name, yes or no, reason, sentence. What is missing because the kernel is\n"
		"older comes in one line, unless -v is given, and so does what only libkrsi's\n"
		"module or patches bring. Reasons: too-old, not-built, not-booted, not-permitted,\n"
		"locked-down, switched-off, unsound, depends, unknown, not-mainline. Of what is\n"
		"there, patch or module says that it did not come with Linux.\n"
		"Columns of programs: hook, way (lsm, lsm_cgroup, fmod_ret, fentry, fexit), name,\n"
		"number of the link, runs while kernel.bpf_stats_enabled is 1, and who holds it: a\n"
		"process as NAME[PID], a file it is pinned as. Of one hook, the kernel asks the\n"
		"programs in this order.\n"
		"\n"
		"exit codes: 0 the questions were answered, whatever the answers; 1 failed;\n"
		"2 wrong usage\n",
	.run = status_run,
};
