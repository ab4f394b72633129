/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "replay.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <libkrsi/krsi.h>

#include "term.h"

#define OUTCOME_WIDTH 12

static const struct {
	const char *word;	/* of a decision */
	const char *text, *json;
} outcomes[] = {
	{ "deny", "WOULD-DENY", "would_deny" },
	{ "kill", "WOULD-KILL", "would_kill" },
	{ "signal", "WOULD-SIGNAL", "would_signal" },
	{ "audit", "AUDIT", "audited" },
};

/* Its place in the table above: decisions of other words are not printed. */
static size_t outcome(const struct krsi_decision_info *decision)
{
	size_t i;

	for (i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]) - 1; i++)
		if (strcmp(outcomes[i].word, decision->word) == 0)
			break;
	return i;
}

/* Its last two words, the rule and the error, are somebody else's. The object may have spaces in it. */
static const char *object_end(const char *line, const char *end)
{
	int words;

	for (words = 0; words < 2 && end > line; words++)
		for (end--; end > line && *end != ' '; end--)
			;
	return end;
}

static void answer_print(const struct krsi_decision_info *decision)
{
	const char *error = decision->error ? strerrorname_np((int)decision->error) : NULL;
	const char *name = decision->signal ? sigabbrev_np((int)decision->signal) : NULL;

	if (error)
		fputs(error, stdout);
	else if (decision->error)
		printf("%u", decision->error);
	if (decision->error && decision->signal)
		putchar(',');
	if (name)
		printf("SIG%s", name);
	else if (decision->signal)
		printf("%u", decision->signal);
	if (!decision->error && !decision->signal)
		putchar('-');
}

void replay_text(const char *text, const struct krsi_decision_info *decision, bool unsure)
{
	const char *end = text + strcspn(text, "\n"), *at = text + strcspn(text, " ");
	bool audited = decision->verdict == KRSI_EVENT_AUDIT;

	/* The time, then the outcome, which is ours. */
	printf("%.*s ", (int)(at - text), text);
	term_cell(audited ? TERM_PLAIN : TERM_DOUBTFUL, outcomes[outcome(decision)].text, OUTCOME_WIDTH);
	at += strspn(at, " ");
	at += strcspn(at, " ");
	at += strspn(at, " ");
	printf(" %.*s ", (int)(object_end(at, end) - at), at);
	term_text(stdout, decision->policy ? decision->policy : "?");
	putchar('/');
	term_text(stdout, decision->rule ? decision->rule : "?");
	putchar(' ');
	answer_print(decision);
	if (unsure)
		fputs("\n    not sure: the recording does not have all that the policies ask for", stdout);
	printf("%s\n", end);
}

static json_t *decision_json(const struct krsi_decision_info *decision, bool unsure)
{
	const char *error = decision->error ? strerrorname_np((int)decision->error) : NULL;

	return json_pack("{s:s, s:s, s:s?, s:s?, s:o*, s:s*, s:o*, s:b}", "verdict", decision->word, "outcome", outcomes[outcome(decision)].json, "policy",
			 decision->policy, "rule", decision->rule, "error", decision->error ? json_integer(decision->error) : NULL, "error_name", error,
			 "sent_signal", decision->signal ? json_integer(decision->signal) : NULL, "unsure", unsure);
}

bool replay_json(const char *text, const struct krsi_decision_info *decision, bool unsure)
{
	json_t *object = json_loads(text, 0, NULL);
	char *line = NULL;

	if (object && json_object_set_new(object, "replay", decision_json(decision, unsure)) == 0)
		line = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(object);
	if (line)
		puts(line);
	free(line);
	return line;
}
