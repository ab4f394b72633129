/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi status: which programs sit on the security hooks, ours and others', and who holds them there. */
#include <stdio.h>
#include <string.h>

#include <libkrsi/krsi.h>

#include "status.h"
#include "term.h"

#define HOOK_WIDTH 24
#define WAY_WIDTH 10
#define PROGRAM_WIDTH 24
#define LINK_WIDTH 6
#define RUNS_WIDTH 20

static struct krsi_attached_info program_get(const struct krsi_attached *attached, size_t index)
{
	struct krsi_attached_info info = { .sz = sizeof(info) };

	krsi_attached_info(attached, index, &info);
	return info;
}

static void header_print(void)
{
	term_cell(TERM_STRONG, "hook", HOOK_WIDTH);
	printf(" ");
	term_cell(TERM_STRONG, "way", WAY_WIDTH);
	printf(" ");
	term_cell(TERM_STRONG, "program", PROGRAM_WIDTH);
	printf(" ");
	term_cell(TERM_STRONG, "link", LINK_WIDTH);
	printf(" ");
	term_cell(TERM_STRONG, "runs", RUNS_WIDTH);
	printf(" ");
	term_cell(TERM_STRONG, "held by", 0);
	printf("\n");
}

/* "agent[812], /sys/fs/bpf/agent/link_check" */
static void holders_print(const struct krsi_attached *attached, size_t index, const struct krsi_attached_info *info)
{
	struct krsi_attached_owner_info owner = { .sz = sizeof(owner) };
	size_t i;

	for (i = 0; krsi_attached_owner(attached, index, i, &owner) == 0; i++) {
		printf("%s", i ? ", " : "");
		term_text(stdout, owner.comm);
		printf("[%d]%s", owner.pid, owner.holds_link ? "" : " (it has the program open)");
	}
	if (*info->pin) {
		printf("%s", i ? ", " : "");
		term_text(stdout, info->pin);
	} else if (!i) {
		printf("nobody that can be seen");
	}
	if (info->engine)
		printf(" (an engine of libkrsi)");
}

static void program_print(const struct krsi_attached *attached, size_t index)
{
	struct krsi_attached_info info = program_get(attached, index);
	char number[16], runs[48] = "-";

	snprintf(number, sizeof(number), "%u", info.link_id);
	if (info.runs)
		snprintf(runs, sizeof(runs), "%llu, %llu ns each", (unsigned long long)info.runs,
			 (unsigned long long)(info.run_time / info.runs));
	term_cell(TERM_PLAIN, *info.hook ? info.hook : "(not told)", HOOK_WIDTH);
	printf(" ");
	term_cell(TERM_PLAIN, info.way, WAY_WIDTH);
	printf(" ");
	term_cell(TERM_PLAIN, info.program, PROGRAM_WIDTH);
	printf(" ");
	term_cell(TERM_PLAIN, number, LINK_WIDTH);
	printf(" ");
	term_cell(TERM_PLAIN, runs, RUNS_WIDTH);
	printf(" ");
	holders_print(attached, index, &info);
	printf("\n");
}

void status_programs_print(struct krsi_ctx *ctx)
{
	struct krsi_attached *attached;
	size_t i, count;

	if (krsi_attached_new(ctx, NULL, &attached)) {
		printf("\nprograms on security hooks: not known: ");
		term_text(stdout, krsi_ctx_error_detail(ctx));
		printf("\n");
		return;
	}
	count = krsi_attached_count(attached);
	printf("\n%zu program%s on security hooks\n", count, count == 1 ? "" : "s");
	if (count)
		header_print();
	for (i = 0; i < count; i++)
		program_print(attached, i);
	krsi_attached_free(attached);
}

static json_t *json_owners(const struct krsi_attached *attached, size_t index)
{
	struct krsi_attached_owner_info owner = { .sz = sizeof(owner) };
	json_t *list = json_array();
	size_t i;

	for (i = 0; krsi_attached_owner(attached, index, i, &owner) == 0; i++)
		json_add(&list, json_pack("{s:i, s:o, s:b}", "pid", (int)owner.pid, "comm", json_text(owner.comm),
					  "holds_link", (int)owner.holds_link));
	return list;
}

static json_t *json_program(const struct krsi_attached *attached, size_t index)
{
	struct krsi_attached_info info = program_get(attached, index);

	return json_pack("{s:o, s:o, s:o, s:I, s:I, s:b, s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
			 "hook", *info.hook ? json_text(info.hook) : json_null(), "way", json_text(info.way),
			 "program", json_text(info.program), "program_id", (json_int_t)info.program_id,
			 "link_id", (json_int_t)info.link_id, "engine", (int)info.engine, "uid", (json_int_t)info.uid,
			 "loaded", (json_int_t)info.loaded, "runs", (json_int_t)info.runs, "run_time", (json_int_t)info.run_time,
			 "missed", (json_int_t)info.missed, "pin", *info.pin ? json_text(info.pin) : json_null(),
			 "owners", json_owners(attached, index));
}

json_t *status_programs_json(struct krsi_ctx *ctx)
{
	struct krsi_attached *attached;
	json_t *list;
	size_t i;

	if (krsi_attached_new(ctx, NULL, &attached))
		return json_null();
	list = json_array();
	for (i = 0; i < krsi_attached_count(attached); i++)
		json_add(&list, json_program(attached, i));
	krsi_attached_free(attached);
	return list;
}
