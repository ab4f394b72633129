/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* docs/troubleshooting.md: what it quotes is what the library says. */
#include "unit.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAP "\xe2\x80\xa6"	/* where a message has a name or a number */
#define PIECE_MIN 6		/* shorter ones say nothing */

static char *sources;

/* Put a file's text behind the others, with string literals that follow each other made one. */
static void source_add(FILE *all, const char *path)
{
	FILE *file = fopen(path, "r");
	char c, next;

	assert_non_null(file);
	while (fread(&c, 1, 1, file) == 1) {
		if (c == '\\' && fread(&c, 1, 1, file) == 1) {
			fputc(c, all);
			continue;
		}
		if (c != '"') {
			fputc(c, all);
			continue;
		}
		next = ' ';
		while (strchr(" \t\n", next) && fread(&next, 1, 1, file) == 1)
			;
		if (next != '"')
			fprintf(all, "\"%c", next);
	}
	fclose(file);
}

static int sources_read(void **state)
{
	static char root[] = UNIT_SOURCES;
	char *const roots[] = { root, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	size_t size;
	FILE *all;

	(void)state;
	all = open_memstream(&sources, &size);
	if (!walk || !all)
		return -1;
	while ((entry = fts_read(walk)))
		if (entry->fts_info == FTS_F && entry->fts_namelen > 2 && strcmp(entry->fts_name + entry->fts_namelen - 2, ".c") == 0)
			source_add(all, entry->fts_path);
	fts_close(walk);
	return fclose(all);
}

static int sources_free(void **state)
{
	(void)state;
	free(sources);
	return 0;
}

/* The pieces of one quotation, which ends at `end`. Returns how many were looked for. */
static size_t quotation_check(char *text, char *end)
{
	char *piece, *gap;
	size_t count = 0;

	*end = '\0';
	for (piece = text; piece; piece = gap) {
		gap = strstr(piece, GAP);
		if (gap) {
			*gap = '\0';
			gap += strlen(GAP);
		}
		if (strlen(piece) < PIECE_MIN)
			continue;
		if (!strstr(sources, piece))
			fail_msg("no message has \"%s\"", piece);
		count++;
	}
	return count;
}

/* All quotations in the first cell of a line of a table. */
static size_t line_check(char *line)
{
	char *cell_end = strstr(line + 1, " |"), *text, *end;
	size_t count = 0;

	if (!cell_end)
		return 0;
	for (text = strchr(line, '`'); text && text < cell_end; text = strchr(end + 1, '`')) {
		end = strchr(++text, '`');
		assert_non_null(end);
		count += quotation_check(text, end);
	}
	return count;
}

static void test_quoted_messages_are_the_librarys(void **state)
{
	FILE *page = fopen(UNIT_TROUBLESHOOTING, "r");
	size_t count = 0;
	char line[2048];

	(void)state;
	assert_non_null(page);
	while (fgets(line, sizeof(line), page))
		if (strncmp(line, "| `", 3) == 0)
			count += line_check(line);
	fclose(page);
	assert_true(count > 40);	/* else they were not found, and this proves nothing */
}

int main(void)
{
	const struct CMUnitTest tests[] = { ctx_test(test_quoted_messages_are_the_librarys) };

	return cmocka_run_group_tests(tests, sources_read, sources_free);
}
