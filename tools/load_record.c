/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A record of a ring buffer or perf buffer on one line: decoded through the types of its object, or as digits. */
#include "load.h"

#include <errno.h>
#include <stdlib.h>

#include <libkrsi/krsi.h>

#include "json.h"
#include "term.h"
#include "tool.h"

#define RECORD_BYTES_SHOWN 32

static void print_digits(FILE *out, const unsigned char *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		fprintf(out, "%02x", bytes[i]);
}

/* Why a record cannot be decoded, once for each ring. */
static void tell_once(struct load_record *record)
{
	if (record->told)
		return;
	record->told = true;
	tool_error("%s, or name the type with --type %s=TYPE; records that cannot be decoded are shown as digits",
		   krsi_ctx_error_detail(record->ctx), record->ring);
}

static int guess(const struct load_record *record, size_t size, uint32_t *type)
{
	return record->perf ? krsi_object_guess_perf_type(record->object, size, type) : krsi_object_guess_type(record->object, size, type);
}

/* The record by its type, to free. NULL when that cannot be done. */
static char *decode(struct load_record *record, const void *data, size_t size, uint32_t *type)
{
	uint32_t format = record->output->json ? KRSI_DECODE_JSON : KRSI_DECODE_TEXT;
	char *text;

	*type = record->type;
	if ((!*type && guess(record, size, type)) ||
	    krsi_object_decode(record->object, *type, data, size, format, &text)) {
		tell_once(record);
		return NULL;
	}
	return text;
}

static void show_text(const struct load_record *record, const void *data, size_t size, const char *text)
{
	bool cut = size > RECORD_BYTES_SHOWN;

	term_text(stdout, record->path);
	printf("\t");
	term_text(stdout, record->ring);
	printf("\t%zu\t", size);
	if (text) {
		printf("%s\n", text);
		return;
	}
	print_digits(stdout, data, cut ? RECORD_BYTES_SHOWN : size);
	printf("%s\n", cut ? "..." : "");
}

static void print_member(FILE *out, const char *key, const char *text)
{
	json_t *value = json_text(text);
	char *quoted = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;

	fprintf(out, "\"%s\":%s,", key, quoted ? quoted : "null");
	free(quoted);
	json_decref(value);
}

static void show_json(const struct load_record *record, const void *data, size_t size, uint32_t type, const char *text)
{
	FILE *out = record->output->json;

	fputc('{', out);
	print_member(out, "object", record->path);
	print_member(out, "ring", record->ring);
	fprintf(out, "\"size\":%zu,", size);
	if (text) {
		print_member(out, "type", krsi_object_type_name(record->object, type));
		fprintf(out, "\"record\":%s}\n", text);
	} else {
		fputs("\"bytes\":\"", out);
		print_digits(out, data, size);
		fputs("\"}\n", out);
	}
}

void record_show(struct load_record *record, const void *data, size_t size)
{
	uint32_t type = 0;
	char *text = NULL;

	if (record->output->decode)
		text = decode(record, data, size, &type);
	else if (!record->output->verbose)
		return;		/* the stream counts */
	if (record->output->json)
		show_json(record, data, size, type, text);
	else
		show_text(record, data, size, text);
	free(text);
}
