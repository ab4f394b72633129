/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encoding.h"
#include "report.h"

/* Each remark is text of ours with a few quoted words in it; a longer one is cut. */
#define REMARK_MAX 2048

bool krsi_priv_report_no_memory(struct krsi_priv_report *report)
{
	report->no_memory = true;
	return false;
}

bool krsi_priv_report_is_full(const struct krsi_priv_report *report)
{
	return report->stopped || report->no_memory;
}

bool krsi_priv_report_is_clean(const struct krsi_priv_report *report)
{
	return report->error_count == 0 && !report->no_memory;
}

static void remark_set(struct krsi_priv_report *report, struct krsi_priv_remark *remark,
		       struct krsi_priv_place place, const char *fmt, va_list args)
{
	char text[REMARK_MAX];
	int size;

	size = vsnprintf(text, sizeof(text), fmt, args);
	if (size >= (int)sizeof(text))
		size = sizeof(text) - 1;
	remark->place = place;
	remark->text = size < 0 ? NULL : krsi_priv_arena_text(&report->arena, text, (size_t)size);
	if (!remark->text)
		krsi_priv_report_no_memory(report);
}

void krsi_priv_report_error(struct krsi_priv_report *report, struct krsi_priv_place place,
			    const char *fmt, ...)
{
	va_list args;

	if (report->no_memory)
		return;
	if (report->error_count == KRSI_PRIV_ERRORS_MAX) {
		report->stopped = true;
		return;
	}
	va_start(args, fmt);
	remark_set(report, &report->errors[report->error_count++], place, fmt, args);
	va_end(args);
}

void krsi_priv_report_warning(struct krsi_priv_report *report, struct krsi_priv_place place,
			      const char *fmt, ...)
{
	va_list args;

	if (report->no_memory || report->warning_count == KRSI_PRIV_WARNINGS_MAX)
		return;
	va_start(args, fmt);
	remark_set(report, &report->warnings[report->warning_count++], place, fmt, args);
	va_end(args);
}

/* Some mistakes are found when all has been read. The order of the file is the reader's order. */
static void sort(struct krsi_priv_remark *remarks, size_t count)
{
	struct krsi_priv_remark one;
	size_t i, k;

	for (i = 1; i < count; i++) {
		one = remarks[i];
		for (k = i; k > 0; k--) {
			const struct krsi_priv_place *before = &remarks[k - 1].place;

			if (before->line < one.place.line ||
			    (before->line == one.place.line && before->column <= one.place.column))
				break;
			remarks[k] = remarks[k - 1];
		}
		remarks[k] = one;
	}
}

void krsi_priv_report_sort(struct krsi_priv_report *report)
{
	if (report->no_memory)
		return;	/* a remark may have no text */
	sort(report->errors, report->error_count);
	sort(report->warnings, report->warning_count);
}

void krsi_priv_remark_format(const struct krsi_priv_report *report,
			     const struct krsi_priv_remark *remark, char *line, size_t size)
{
	const struct krsi_priv_place *place = &remark->place;

	if (place->line)
		snprintf(line, size, "%s:%u:%u: %s", report->source, place->line, place->column, remark->text);
	else if (place->path && place->path[0])
		snprintf(line, size, "%s: %s: %s", report->source, place->path, remark->text);
	else
		snprintf(line, size, "%s: %s", report->source, remark->text);
}

static void tell_each(const struct krsi_priv_report *report, const struct krsi_priv_remark *remarks,
		      size_t count, int level)
{
	size_t i;

	for (i = 0; report->message && i < count; i++)
		report->message(report->message_data, level, remarks[i].place.line,
				remarks[i].place.column, remarks[i].text);
}

/* All errors as one text, or NULL. */
static char *errors_join(const struct krsi_priv_report *report)
{
	char line[REMARK_MAX + 512];
	size_t size, i;
	char *text;
	FILE *file;
	bool cut;

	file = open_memstream(&text, &size);
	if (!file)
		return NULL;
	for (i = 0; i < report->error_count; i++) {
		krsi_priv_remark_format(report, &report->errors[i], line, sizeof(line));
		fprintf(file, "%s%s", i ? "\n" : "", line);
	}
	if (report->stopped)
		fprintf(file, "\n%s: and more errors, not shown", report->source);
	cut = ferror(file);
	if (fclose(file) == 0 && !cut)
		return text;
	free(text);
	return NULL;
}

int krsi_priv_report_tell(struct krsi_priv_report *report)
{
	char *text;

	krsi_priv_report_sort(report);
	if (!report->no_memory && report->error_count == 0) {
		tell_each(report, report->warnings, report->warning_count, KRSI_LOG_WARN);
		return 0;
	}
	text = report->no_memory ? NULL : errors_join(report);
	if (!text)
		return krsi_priv_fail(report->ctx, -ENOMEM, "policy %s: no memory to read it", report->source);
	tell_each(report, report->errors, report->error_count, KRSI_LOG_ERROR);
	krsi_priv_fail(report->ctx, -EBADMSG, "%s", text);
	free(text);
	return -EBADMSG;
}

void krsi_priv_report_free(struct krsi_priv_report *report)
{
	krsi_priv_arena_free(&report->arena);
}

struct krsi_priv_quoted krsi_priv_quote(const char *text)
{
	struct krsi_priv_quoted ret = { "\"" };
	size_t left = strlen(text), used = 1, length;

	/* Room for the longest piece, an ellipsis, the closing quote and the NUL. */
	while (left && used + 4 + 3 + 1 + 1 <= sizeof(ret.text)) {
		length = krsi_priv_utf8_printable(text, left);
		if (length) {
			memcpy(ret.text + used, text, length);
			used += length;
		} else {
			length = 1;
			used += (size_t)snprintf(ret.text + used, 5, "\\x%02x", (unsigned char)*text);
		}
		text += length;
		left -= length;
	}
	snprintf(ret.text + used, sizeof(ret.text) - used, "%s\"", left ? "..." : "");
	return ret;
}

struct krsi_priv_hint krsi_priv_hint(const char *wrong, krsi_priv_name_fn name, const void *list)
{
	struct krsi_priv_hint ret;

	krsi_priv_suggest(wrong, name, list, ret.text, sizeof(ret.text));
	return ret;
}
