/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * From many paths to few patterns: numbers and random names become *, many files of one directory DIR/\*, many
 * directories in one DIR/\**. Nothing becomes narrower, so what was recorded stays allowed.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "learn.h"

#define HEX_MIN 16		/* digits of a name that nobody chose, such as a digest */
#define RANDOM_MIN 6		/* characters that mkstemp(3) puts in */
#define NUMBER_MIN 3		/* digits of a number that is a process, in a temporary name */
#define OWN_NUMBER_MIN 10	/* the smallest PID that is not taken for something else */

/* --- one name -------------------------------------------------------------- */

static bool is_number(const char *name, size_t size)
{
	size_t i;

	for (i = 0; i < size && isdigit((unsigned char)name[i]); i++)
		;
	return size && i == size;
}

/* Characters of a kind in a run of letters and digits, and how often the next is of another kind. */
struct run {
	size_t size, digits, upper, lower, hex, changes;
};

static int kind_of(unsigned char c)
{
	return isdigit(c) ? 1 : isupper(c) ? 2 : 3;
}

static struct run run_of(const char *name, size_t size)
{
	struct run run = { 0 };
	unsigned char c;

	for (; run.size < size && isalnum((unsigned char)name[run.size]); run.size++) {
		c = (unsigned char)name[run.size];
		run.digits += isdigit(c) != 0;
		run.upper += isupper(c) != 0;
		run.lower += islower(c) != 0;
		run.hex += isxdigit(c) != 0;
		run.changes += run.size && kind_of(c) != kind_of((unsigned char)name[run.size - 1]);
	}
	return run;
}

/* 8-4-4-4-12. Its size, or 0. */
static size_t uuid_size(const char *name, size_t size)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	if (size < sizeof(form) - 1)
		return 0;
	for (i = 0; form[i]; i++)
		if (form[i] == '-' ? name[i] != '-' : !isxdigit((unsigned char)name[i]))
			return 0;
	return i;
}

/* Names are not terminated. */
static uint64_t number_of(const char *name, size_t size)
{
	uint64_t number = 0;

	for (; size && number < UINT32_MAX; size--)
		number = number * 10 + (uint64_t)(*name++ - '0');
	return number;
}

/* Whether nobody chose these characters. Where temporary files are that is more likely. */
static bool is_random(const char *name, struct run run, bool temporary, uint64_t pid)
{
	if (run.digits == run.size && pid >= OWN_NUMBER_MIN && number_of(name, run.size) == pid)
		return true;
	if (run.size >= HEX_MIN && run.hex == run.size && run.digits)
		return true;
	if (run.size == RANDOM_MIN && run.digits && run.upper && run.lower)
		return true;
	if (!temporary)
		return false;
	return (run.size >= RANDOM_MIN && run.changes > 1) || (run.size >= NUMBER_MIN && run.digits == run.size);
}

static void byte_print(FILE *out, unsigned char byte)
{
	if (byte < 0x20 || byte >= 0x7f)
		fprintf(out, "\\x%02x", byte);
	else if (strchr("*?[]{},\\", byte))
		fprintf(out, "\\%c", byte);
	else
		fputc(byte, out);
}

static void name_print(FILE *out, const char *name, size_t size, bool temporary, uint64_t pid)
{
	bool after_star = false;	/* two of them would be another pattern */
	struct run run;
	size_t i, skip, k;

	for (i = 0; i < size; i += skip) {
		run = run_of(name + i, size - i);
		skip = uuid_size(name + i, size - i);
		if (!skip && run.size && is_random(name + i, run, temporary, pid))
			skip = run.size;
		if (skip) {
			fputs(after_star ? "" : "*", out);
			after_star = true;
			continue;
		}
		after_star = false;
		skip = run.size ? run.size : 1;
		for (k = 0; k < skip; k++)
			byte_print(out, (unsigned char)name[i + k]);
	}
}

/* --- one path -------------------------------------------------------------- */

static bool begins(const char *path, size_t size, const char *with)
{
	return size > strlen(with) && strncmp(path, with, strlen(with)) == 0;
}

/* Whether a number at this place of a path is one of a process, a thread, a descriptor or a terminal. */
static bool is_of_process(const char *path, size_t at)
{
	size_t parent = at - 1, size;

	if (begins(path, at + 1, "/dev/pts/") && at == strlen("/dev/pts/"))
		return true;
	if (!begins(path, at + 1, "/proc/"))
		return false;
	while (parent && path[parent - 1] != '/')
		parent--;
	size = at - 1 - parent;
	return at == strlen("/proc/") || (size == 4 && memcmp(path + parent, "task", 4) == 0) || (size == 2 && memcmp(path + parent, "fd", 2) == 0) ||
	       (size == 6 && memcmp(path + parent, "fdinfo", 6) == 0);
}

char *learn_path(const char *path, size_t size, uint64_t pid)
{
	bool temporary = begins(path, size, "/tmp/") || begins(path, size, "/var/tmp/") || begins(path, size, "/dev/shm/");
	size_t at = 0, next, written;
	const char *slash;
	char *text = NULL;
	FILE *out = open_memstream(&text, &written);

	if (!out)
		return NULL;
	while (at < size) {
		if (path[at] == '/') {
			fputc('/', out);
			at++;
			continue;
		}
		slash = memchr(path + at, '/', size - at);
		next = slash ? (size_t)(slash - path) : size;
		if (is_number(path + at, next - at) && is_of_process(path, at))
			fputc('*', out);
		else
			name_print(out, path + at, next - at, temporary, pid);
		at = next;
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

char *learn_literal(const char *bytes, size_t size)
{
	char *text = NULL;
	size_t written, i;
	FILE *out = open_memstream(&text, &written);

	if (!out)
		return NULL;
	for (i = 0; i < size; i++)
		byte_print(out, (unsigned char)bytes[i]);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* --- many ------------------------------------------------------------------ */

/* Who may execute what is never a matter of likeness. */
static bool can_widen(const struct learned *learned)
{
	return learned->kind == LEARNED_PATH && strcmp(learned->operation, "process.exec") != 0 && strcmp(learned->operation, "file.exec_mmap") != 0;
}

/* Bytes of the first `depth` names with their slashes, 0 when there are not more than so many. */
static size_t prefix_size(const char *text, unsigned int depth)
{
	const char *at = text;

	for (; depth; depth--) {
		at = strchr(at + 1, '/');
		if (!at)
			return 0;
	}
	return (size_t)(at - text);
}

static unsigned int depth_of(const char *text)
{
	unsigned int depth = 0;

	for (; *text; text++)
		depth += *text == '/';
	return depth;
}

/* Entries [begin, end) become one, whose text is the first bytes of theirs and `tail`. */
static void merge(struct learn *learn, size_t begin, size_t end, size_t size, const char *tail)
{
	struct learned *into = learn->list[begin];
	char *text = malloc(size + strlen(tail) + 1);
	size_t i;

	if (!text) {
		learn->no_memory = true;
		return;
	}
	memcpy(text, into->text, size);
	strcpy(text + size, tail);
	for (i = begin + 1; i < end; i++) {
		into->count += learn->list[i]->count;
		if (learn->list[i]->first < into->first)
			into->first = learn->list[i]->first;
		if (learn->list[i]->last > into->last)
			into->last = learn->list[i]->last;
		learned_free(learn->list[i]);
	}
	memmove(&learn->list[begin + 1], &learn->list[end], (learn->count - end) * sizeof(*learn->list));
	learn->count -= end - begin - 1;
	free(into->text);
	into->text = text;
}

/* The end of the entries of one rule that have the first `size` bytes of the text as the one at `begin`. */
static size_t slice_end(const struct learn *learn, size_t begin, size_t size)
{
	const struct learned *first = learn->list[begin];
	size_t end = begin + 1;

	while (end < learn->count && learned_is_beside(first, learn->list[end]) && strncmp(first->text, learn->list[end]->text, size + 1) == 0)
		end++;
	return end;
}

/* How many different names follow the first bytes: of files, or of directories. */
static uint32_t names_count(const struct learn *learn, size_t begin, size_t end, size_t size, bool directories)
{
	const char *last = NULL, *name;
	size_t i, len, last_len = 0;
	uint32_t count = 0;

	for (i = begin; i < end; i++) {
		name = learn->list[i]->text + size + 1;
		len = strcspn(name, "/");
		if (!name[len] == directories || (last && len == last_len && memcmp(name, last, len) == 0))
			continue;
		last = name;
		last_len = len;
		count++;
	}
	return count;
}

/* Entries that end right behind this directory are its files: they are not always in a row. */
static void files_merge(struct learn *learn, size_t begin, size_t end, size_t size)
{
	size_t into = begin, i;

	/* Files first, in their order. */
	for (i = begin; i < end; i++) {
		struct learned *file = learn->list[i];

		if (strchr(file->text + size + 1, '/'))
			continue;
		memmove(&learn->list[into + 1], &learn->list[into], (i - into) * sizeof(*learn->list));
		learn->list[into++] = file;
	}
	merge(learn, begin, into, size, "/*");
}

static void depth_widen(struct learn *learn, unsigned int depth)
{
	size_t begin, end, size;

	for (begin = 0; begin < learn->count; begin = end) {
		end = begin + 1;
		size = can_widen(learn->list[begin]) ? prefix_size(learn->list[begin]->text, depth) : 0;
		if (!size)
			continue;
		end = slice_end(learn, begin, size);
		/* A directory of the root is too much for all that is below. */
		if (depth > 1 && learn->directories && names_count(learn, begin, end, size, true) >= learn->directories) {
			merge(learn, begin, end, size, "/**");
			end = begin + 1;
		} else if (learn->files && names_count(learn, begin, end, size, false) >= learn->files) {
			files_merge(learn, begin, end, size);
			end = begin + 1;
		}
	}
}

static int list_compare(const void *a, const void *b)
{
	return learned_compare(*(struct learned *const *)a, *(struct learned *const *)b);
}

/* What became the same. */
static void equals_merge(struct learn *learn)
{
	size_t begin, end;

	qsort(learn->list, learn->count, sizeof(*learn->list), list_compare);
	for (begin = 0; begin < learn->count; begin++) {
		for (end = begin + 1; end < learn->count && learned_compare(learn->list[begin], learn->list[end]) == 0; end++)
			;
		if (end > begin + 1)
			merge(learn, begin, end, strlen(learn->list[begin]->text), "");
	}
}

/* Many addresses of one port are any address; many ports of one family any port. */
static void sockets_widen(struct learn *learn)
{
	size_t begin, end, i, groups;
	struct learned *first;

	for (begin = 0; begin < learn->count; begin = end) {
		first = learn->list[begin];
		for (end = begin + 1; end < learn->count && learned_is_beside(first, learn->list[end]); end++)
			;
		if (first->kind == LEARNED_SOCKET && end - begin >= learn->addresses)
			for (i = begin; i < end; i++)
				*learn->list[i]->text = '\0';
	}
	for (begin = 0; begin < learn->count; begin = end) {
		first = learn->list[begin];
		groups = 1;
		for (end = begin + 1; end < learn->count && first->kind == LEARNED_SOCKET && learn->list[end]->kind == first->kind &&
		     strcmp(first->exe, learn->list[end]->exe) == 0 && strcmp(first->operation, learn->list[end]->operation) == 0 &&
		     strtoul(first->group, NULL, 10) == strtoul(learn->list[end]->group, NULL, 10); end++)
			groups += !learned_is_beside(learn->list[end - 1], learn->list[end]);
		for (i = begin; groups >= learn->addresses && i < end; i++) {
			*learn->list[i]->text = '\0';
			learn->list[i]->group[strcspn(learn->list[i]->group, " ")] = '\0';
		}
	}
}

void learn_widen(struct learn *learn)
{
	unsigned int depth = 0;
	size_t i;

	for (i = 0; i < learn->count; i++)
		if (learn->list[i]->kind == LEARNED_PATH && depth_of(learn->list[i]->text) > depth)
			depth = depth_of(learn->list[i]->text);
	/* From the leaves to the root, so that what is small stays small. */
	for (; depth; depth--) {
		depth_widen(learn, depth);
		equals_merge(learn);
	}
	if (learn->addresses)
		sockets_widen(learn);
	equals_merge(learn);
}
