/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier_log.h"

struct line {
	const char *text;
	int len;
};

static bool starts(struct line line, const char *word)
{
	return line.len >= (int)strlen(word) && strncmp(line.text, word, strlen(word)) == 0;
}

/* "12: (79) r1 = *(u64 *)(r1 +0)" */
static bool is_instruction(struct line line)
{
	int i = 0;

	while (i < line.len && isdigit((unsigned char)line.text[i]))
		i++;
	return i > 0 && i + 1 < line.len && line.text[i] == ':' && line.text[i + 1] == ' ';
}

/* "; return x->y; @ file.c:31", the older kernels without the place */
static bool is_source(struct line line)
{
	return starts(line, "; ");
}

static bool has(struct line line, const char *words)
{
	return memmem(line.text, (size_t)line.len, words, strlen(words));
}

static bool is_statistic_or_trace(struct line line)
{
	static const char *const words[] = {
		"processed ", "verification time ", "stack depth ", "max_states_per_insn ", "peak_states ",
		"mark_read ", "insns_", "from ", "last_idx ", "first_idx ", "regs=", "parent ", "mark_precise",
		"R0=", "R1=", "R2=", "R0_w=", "R1_w=", "R2_w=", "R10=", "Func#", "func#", "Validating ",
		"caller", "callee", "subprog ", "returning from", "to caller", "-- BEGIN", "-- END", "safe", "cur state:", "old state:",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (starts(line, words[i]))
			return true;
	/* Remarks of kernels before 6.8 on arguments of functions: never the refusal itself, unless of a kfunc's. */
	if (starts(line, "arg#") && has(line, "cannot be determined"))
		return true;
	if (starts(line, "reg type unsupported for arg#") && !has(line, " kernel function "))
		return true;
	return line.len == 0 || line.text[0] == ' ';
}

/* The line that ends before `end`, with `end` moved to its beginning. False before the first line. */
static bool line_before(const char *log, const char **end, struct line *ret)
{
	const char *stop = *end, *start;

	if (stop == log)
		return false;
	if (stop[-1] == '\n')
		stop--;
	for (start = stop; start > log && start[-1] != '\n'; start--)
		;
	ret->text = start;
	ret->len = (int)(stop - start);
	*end = start;
	return true;
}

/* Linux 7.3 explains some refusals in a report of many lines, behind the one that older kernels end with. */
#define REPORT "Verification failed: "

/* The report's first line, or NULL. */
static const char *report_find(const char *log)
{
	const char *at = log, *found = NULL;

	while ((at = strstr(at, REPORT))) {
		if (at == log || at[-1] == '\n')
			found = at;
		at += strlen(REPORT);
	}
	return found;
}

bool krsi_priv_verifier_message(const char *log, char *text, size_t size)
{
	struct line message = { NULL, 0 }, instruction = { NULL, 0 }, source = { NULL, 0 }, line;
	const char *report = report_find(log), *end = report ? report : log + strlen(log);
	size_t used;

	while (!source.text && line_before(log, &end, &line)) {
		if (is_source(line) && message.text)
			source = line;
		else if (is_instruction(line) && message.text && !instruction.text)
			instruction = line;
		else if (!message.text && !is_source(line) && !is_instruction(line) && !is_statistic_or_trace(line))
			message = line;
	}
	if (!message.text && report)
		message = (struct line){ report + strlen(REPORT), (int)strcspn(report + strlen(REPORT), "\n") };
	if (!message.text)
		return false;
	used = (size_t)snprintf(text, size, "%.*s", message.len, message.text);
	if (instruction.text && used < size)
		used += (size_t)snprintf(text + used, size - used, "\n  at instruction %.*s", instruction.len, instruction.text);
	if (source.text && used < size)
		snprintf(text + used, size - used, "\n  compiled from: %.*s", source.len - 2, source.text + 2);
	return true;
}

bool krsi_priv_verifier_suggestion(const char *log, char *text, size_t size)
{
	static const char title[] = "\nSuggestion:\n";
	const char *report = report_find(log), *at = report ? strstr(report, title) : NULL;
	size_t used = 0, len;

	text[0] = '\0';
	if (!at)
		return false;
	/* Lines of it are indented; what follows is not. */
	for (at += strlen(title); *at == ' ' && used < size; at += len + (at[len] == '\n')) {
		at += strspn(at, " ");
		len = strcspn(at, "\n");
		used += (size_t)snprintf(text + used, size - used, "%s%.*s", used ? " " : "", (int)len, at);
	}
	return used > 0;
}

unsigned long krsi_priv_verifier_processed(const char *log)
{
	const char *word = strstr(log, "processed ");

	return word ? strtoul(word + strlen("processed "), NULL, 10) : 0;
}
