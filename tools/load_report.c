/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What `krsi load` says of programs and of failures. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/krsi.h>

#include "term.h"
#include "tool.h"

static const char *state_word(uint32_t state, enum term_color *color)
{
	switch (state) {
	case KRSI_PROGRAM_ATTACHED:
		*color = TERM_GOOD;
		return "attached";
	case KRSI_PROGRAM_LOADED:
		*color = TERM_DOUBTFUL;
		return "loaded";
	case KRSI_PROGRAM_SKIPPED:
		*color = TERM_PLAIN;
		return "skipped";
	default:
		*color = TERM_BAD;
		return "refused";
	}
}

void report_line(const char *path, const char *program, const char *section, uint32_t state,
		 const char *reason)
{
	enum term_color color;
	const char *word = state_word(state, &color);

	term_text(stdout, path);
	printf("\t");
	term_text(stdout, program);
	printf("\t");
	term_text(stdout, section);
	printf("\t");
	term_cell(color, word, 0);
	printf("\t");
	term_text(stdout, reason);
	printf("\n");
}

/* What the verifier wrote, on stderr: stdout is for lines of programs. */
static void log_print(const struct krsi_program_info *info)
{
	if (info->state != KRSI_PROGRAM_REFUSED || !*info->log)
		return;
	tool_error("program %s: the verifier wrote:", info->name);
	tool_error("%s", info->log);
}

/* The library speaks to programmers; where it names something of its interface we name our option. */
static const struct {
	const char *theirs, *ours;
} words[] = {
	{ "give the text in krsi_object_opts.kconfig", "give its text with --kconfig FILE" },
	{ "krsi_attach_opts.cgroup_fd, a descriptor of a cgroup's directory", "--cgroup DIR, a cgroup's directory" },
	{ "; use its descriptor", "" },
	{ "it must be built with CONFIG_DEBUG_INFO_BTF=y",
	  "it must be built with CONFIG_DEBUG_INFO_BTF=y; programs on tracepoints and kprobes do with a file of it, --btf FILE" },
	{ "set them with krsi_object_set_map_size()", "set them with --map-size MAP=N" },
	{ "set fewer with krsi_stream_set_perf()", "set fewer with --perf-pages N" },
	{ "say so with krsi_object_set_map_size()", "say so with --map-size MAP=N" },
};

/* A text of the library in our words, to free. NULL when there is no memory. */
static char *words_change(const char *text)
{
	char *copy = strdup(text), *changed, *found;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]) && copy; i++) {
		found = strstr(copy, words[i].theirs);
		if (!found)
			continue;
		*found = '\0';
		if (asprintf(&changed, "%s%s%s", copy, words[i].ours, found + strlen(words[i].theirs)) < 0)
			changed = NULL;
		free(copy);
		copy = changed;
	}
	return copy;
}

int report_failure(const struct krsi_ctx *ctx)
{
	char *text = words_change(krsi_ctx_error_detail(ctx));

	tool_error("%s", text ? text : "no memory");
	free(text);
	return TOOL_FAILED;
}

void report_programs(const struct load_object *entry, bool verbose, struct tally *tally)
{
	size_t i;

	for (i = 0; i < krsi_object_program_count(entry->object); i++) {
		struct krsi_program_info info = { .sz = sizeof(info) };
		char *reason;

		krsi_object_program_info(entry->object, i, &info);
		tally->wanted += info.state != KRSI_PROGRAM_SKIPPED;
		tally->attached += info.state == KRSI_PROGRAM_ATTACHED;
		reason = words_change(info.state == KRSI_PROGRAM_OPEN && entry->failure ? entry->failure : info.reason);
		report_line(entry->path, info.name, info.section, info.state, reason ? reason : "no memory");
		free(reason);
		if (verbose)
			log_print(&info);
	}
}

void report_logs(const struct load_object *entry)
{
	size_t i;

	for (i = 0; i < krsi_object_program_count(entry->object); i++) {
		struct krsi_program_info info = { .sz = sizeof(info) };

		krsi_object_program_info(entry->object, i, &info);
		log_print(&info);
	}
}
