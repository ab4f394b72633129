/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What was learned, as a policy with comments. All that is printed is ASCII. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libkrsi/krsi.h>

#include "learn.h"
#include "record.h"

#define NAME_ROOM 40	/* of the 63 that a rule's name may have */

/* --- words that mean more than one operation ----------------------------------- */

#define ALIASES "file.link", "file.rename", "mount.mount", "mount.move"

/* docs/policy.md has these as well; a test compares. */
static const struct {
	const char *word;
	const char *also[16];
} wide_words[] = {
	{ "file.read", { ALIASES } },
	{ "file.write", { ALIASES, "file.append", "file.create", "file.unlink", "file.symlink", "file.mkdir", "file.rmdir", "file.mknod",
			  "file.truncate", "file.chmod", "file.chown", "file.setxattr" } },
};

static bool is_among(const char *const *words, size_t count, const char *word)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* Exactly these operations. */
static void on_print(FILE *out, const char *const *words, size_t count)
{
	const char *excluded[32];
	size_t excluded_count = 0, i, k;
	const char *also;

	fputs("    on: [", out);
	for (i = 0; i < count; i++)
		fprintf(out, "%s%s", i ? ", " : "", words[i]);
	for (i = 0; i < sizeof(wide_words) / sizeof(wide_words[0]); i++) {
		for (k = 0; is_among(words, count, wide_words[i].word) && (also = wide_words[i].also[k]); k++) {
			if (is_among(words, count, also) || is_among(excluded, excluded_count, also))
				continue;
			fprintf(out, ", \"!%s\"", also);
			excluded[excluded_count++] = also;
		}
	}
	fputs("]\n", out);
}

/* --- comments ------------------------------------------------------------------- */

static void time_print(FILE *out, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm parts;
	char text[32];

	if (!gmtime_r(&seconds, &parts) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts))
		strcpy(text, "?");
	fputs(text, out);
}

static void origin_print(FILE *out, struct learned *const *list, size_t count)
{
	uint64_t events = 0, first = UINT64_MAX, last = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		events += list[i]->count;
		first = list[i]->first < first ? list[i]->first : first;
		last = list[i]->last > last ? list[i]->last : last;
	}
	fprintf(out, "  # %" PRIu64 " event%s, first ", events, events == 1 ? "" : "s");
	time_print(out, first);
	fputs(", last ", out);
	time_print(out, last);
	if (*list[0]->example)
		fprintf(out, ", such as %s", list[0]->example);
	fputc('\n', out);
}

/* --- values ----------------------------------------------------------------------- */

/* A value in single quotes, where YAML leaves backslashes alone. */
static void value_print(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++)
		fputs(*text == '\'' ? "''" : (char[]){ *text, '\0' }, out);
	fputc('\'', out);
}

static void subject_print(FILE *out, const char *exe)
{
	fputs("    subject: { exe: ", out);
	/* A process without a program fits nothing but what asks for nothing. */
	value_print(out, *exe ? exe : "!/**");
	fputs(" }\n", out);
}

static void list_print(FILE *out, const char *key, struct learned *const *list, size_t count)
{
	size_t i;

	fprintf(out, "      %s:\n", key);
	for (i = 0; i < count; i++) {
		fputs("        - ", out);
		value_print(out, list[i]->text);
		fprintf(out, "  # %" PRIu64, list[i]->count);
		if (*list[i]->example && strcmp(list[i]->example, list[i]->text) != 0)
			fprintf(out, ", such as %s", list[i]->example);
		fputc('\n', out);
	}
}

/* Family, port and addresses: as much of them as there is. */
static void socket_print(FILE *out, struct learned *const *list, size_t count)
{
	const char *port = strchr(list[0]->group, ' ');

	fprintf(out, "      family: %lu\n", strtoul(list[0]->group, NULL, 10));
	if (port)
		fprintf(out, "      port: %s\n", port + 1);
	/* "" is the first of them. */
	if (*list[0]->text)
		list_print(out, "address", list, count);
}

static void object_print(FILE *out, struct learned *const *list, size_t count)
{
	if (list[0]->kind == LEARNED_ANY)
		return;
	fputs("    object:\n", out);
	switch (list[0]->kind) {
	case LEARNED_PATH:
		list_print(out, "path", list, count);
		break;
	case LEARNED_UNIX:
		list_print(out, "unix_path", list, count);
		break;
	case LEARNED_SOCKET:
		socket_print(out, list, count);
		break;
	case LEARNED_FACT:
		list_print(out, "facts", list, count);
		break;
	case LEARNED_SIGNAL:
		list_print(out, "signal", list, count);
		if (*list[0]->group) {
			fputs("      target: { exe: ", out);
			value_print(out, list[0]->group);
			fputs(" }\n", out);
		}
		break;
	case LEARNED_TARGET:
		fputs("      target:\n", out);
		fputs("        exe: [", out);
		for (; count; count--, list++) {
			value_print(out, (*list)->text);
			fputs(count > 1 ? ", " : "]\n", out);
		}
		break;
	case LEARNED_ANY:
		break;
	}
}

/* --- rules -------------------------------------------------------------------------- */

/* The program's name as far as rules may be called so, and its number, as two may have one name. */
static void rule_name_print(FILE *out, const char *exe, unsigned int program, const char *what, unsigned int number)
{
	const char *slash = strrchr(exe, '/'), *name = slash ? slash + 1 : "kernel";
	size_t i;

	fputs("  - name: p", out);
	fprintf(out, "%u-", program);
	for (i = 0; name[i] && i < NAME_ROOM - 20; i++)
		fputc(isalnum((unsigned char)name[i]) ? name[i] : '_', out);
	fprintf(out, "-%s", what);
	if (number)
		fprintf(out, "-%u", number + 1);
	fputc('\n', out);
}

static void rule_print(FILE *out, struct learned *const *list, size_t count, unsigned int program, unsigned int number)
{
	const char *operation = list[0]->operation;

	origin_print(out, list, count);
	if (list[0]->kind == LEARNED_ANY && (strncmp(operation, "file.", 5) == 0 || strcmp(operation, "process.exec") == 0))
		fputs("  # The recording does not say which files these were, so all are allowed.\n", out);
	rule_name_print(out, list[0]->exe, program, operation, number);
	on_print(out, &operation, 1);
	subject_print(out, list[0]->exe);
	object_print(out, list, count);
	fputs("    action: allow\n", out);
}

/* All that was looked at and is not allowed in front of it. */
static void otherwise_print(const struct learn *learn, FILE *out, const char *exe, unsigned int program)
{
	static const char *const all[] = { RECORD_OPERATIONS, "!process.setns" };
	const char *words[LEARN_WORDS_MAX];
	size_t count = 0, i;

	fputs("  # All else.\n", out);
	rule_name_print(out, exe, program, "otherwise", 0);
	if (learn->recorded_all) {
		fputs("    on: [", out);
		for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			if (all[i][0] != '!' || strcmp(all[i] + 1, "process.setns") == 0 || !is_among(learn->operations, learn->operation_count, all[i] + 1))
				fprintf(out, all[i][0] == '!' ? "%s\"%s\"" : "%s%s", i ? ", " : "", all[i]);
		fputs("]\n", out);
	} else {
		for (i = 0; i < learn->operation_count; i++)
			if (strcmp(learn->operations[i], "process.setns") != 0)
				words[count++] = learn->operations[i];
		on_print(out, words, count);
	}
	subject_print(out, exe);
	fputs("    action: deny\n", out);
}

/* --- the whole ------------------------------------------------------------------------ */

static void default_print(const struct learn *learn, FILE *out)
{
	static const char *const groups[] = { "process", "file", "network", "mount", "kernel" };
	size_t i, k, size;

	fputs("# Programs that are not below may do anything. Write deny to allow only what a rule allows.\ndefault:\n", out);
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		size = strlen(groups[i]);
		for (k = 0; k < learn->operation_count; k++)
			if (strncmp(learn->operations[k], groups[i], size) == 0 && learn->operations[k][size] == '.')
				break;
		if (learn->recorded_all || k < learn->operation_count)
			fprintf(out, "  %s: allow\n", groups[i]);
	}
}

static void head_print(const struct learn *learn, FILE *out)
{
	fprintf(out, "# Made by krsi learn of %" PRIu64 " events. Read it before you use it: what was recorded is allowed, right or wrong.\n", learn->events);
	if (learn->refused)
		fprintf(out, "# %" PRIu64 " events were refused when they were recorded, and are not in it.\n", learn->refused);
	if (learn->lost)
		fprintf(out, "# %" PRIu64 " events were lost when it was recorded: something may be missing.\n", learn->lost);
	fprintf(out, "version: 1\nname: %s\n", learn->name);
	if (!learn->enforce)
		fputs("# Only told, not refused. Write enforce when nothing is told any more that should be allowed.\n", out);
	fprintf(out, "mode: %s\n", learn->enforce ? "enforce" : "permissive");
	default_print(learn, out);
}

void learn_print(const struct learn *learn, FILE *out)
{
	unsigned int program = 0, number = 0;
	size_t begin, end;

	head_print(learn, out);
	fputs("rules:\n", out);
	for (begin = 0; begin < learn->count; begin = end) {
		struct learned *const *list = &learn->list[begin];
		bool first = begin == 0 || strcmp(list[0]->exe, list[-1]->exe) != 0;

		for (end = begin + 1; end < learn->count && learned_is_beside(list[0], learn->list[end]); end++)
			;
		program += first;
		number = !first && strcmp(list[0]->operation, list[-1]->operation) == 0 ? number + 1 : 0;
		if (first)
			fprintf(out, "\n  # %s\n", *list[0]->exe ? list[0]->exe : "processes whose program is not known, and threads of the kernel");
		rule_print(out, list, end - begin, program, number);
		if (end == learn->count || strcmp(list[0]->exe, learn->list[end]->exe) != 0)
			otherwise_print(learn, out, list[0]->exe, program);
	}
}
