/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The tree of `krsi ps`. Nothing here calls itself: anybody can make a chain of ten thousand processes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ps.h"
#include "term.h"

#define DEPTH_MAX 40		/* deeper ones stand no further to the right */
#define NAME_WIDTH 12
#define CONTAINER_WIDTH 24

/* --- making ---------------------------------------------------------------------- */

static int pid_compare(const void *a, const void *b)
{
	const struct ps_process *one = a, *other = b;

	return one->pid < other->pid ? -1 : one->pid > other->pid;
}

static int cookie_compare(const void *a, const void *b)
{
	const struct ps_process *one = *(struct ps_process *const *)a, *other = *(struct ps_process *const *)b;

	return one->cookie < other->cookie ? -1 : one->cookie > other->cookie;
}

/* Who made whom. Those with the lower PID come first among siblings. false: no memory. */
static bool link_all(struct ps_processes *processes)
{
	struct ps_process **by_cookie = calloc(processes->count, sizeof(*by_cookie)), **up;
	struct ps_process key, *asked = &key;
	size_t i;

	if (!by_cookie)
		return false;
	qsort(processes->list, processes->count, sizeof(*processes->list), pid_compare);
	for (i = 0; i < processes->count; i++)
		by_cookie[i] = &processes->list[i];
	qsort(by_cookie, processes->count, sizeof(*by_cookie), cookie_compare);
	for (i = processes->count; i-- > 0;) {
		struct ps_process *process = &processes->list[i];

		key.cookie = process->parent;
		up = bsearch(&asked, by_cookie, processes->count, sizeof(*by_cookie), cookie_compare);
		if (!up || *up == process)
			continue;
		process->up = *up;
		process->next = (*up)->first;
		(*up)->first = process;
	}
	free(by_cookie);
	return true;
}

/* The one behind it in the order of printing, within the tree of `root`. NULL: there is none. */
static struct ps_process *next_of(const struct ps_process *process, const struct ps_process *root)
{
	if (process->first)
		return process->first;
	while (process != root && !process->next)
		process = process->up;
	return process == root ? NULL : process->next;
}

static void want(struct ps_process *one)
{
	struct ps_process *process;

	for (process = one; process; process = next_of(process, one))
		process->wanted = true;
	for (process = one->up; process && !process->wanted; process = process->up)
		process->wanted = true;
}

bool ps_tree_make(struct ps_processes *processes, pid_t pid)
{
	bool found = !pid;
	size_t i;

	if (processes->count && !link_all(processes))
		return false;
	for (i = 0; i < processes->count; i++) {
		if (!pid)
			processes->list[i].wanted = true;
		else if (processes->list[i].pid == (uint32_t)pid)
			want(&processes->list[i]);
		found |= processes->list[i].wanted;
	}
	return found;
}

/* --- printing --------------------------------------------------------------------- */

static bool is_last(const struct ps_process *process)
{
	const struct ps_process *next = process->next;

	while (next && !next->wanted)
		next = next->next;
	return !next;
}

/* The lines in front of a process: from its ancestors' level down, of which the nearest are shown. */
static void branch_print(const struct ps_process *process)
{
	static const char *const utf8[] = { "   ", "\xe2\x94\x82  ", "\xe2\x94\x94\xe2\x94\x80 ", "\xe2\x94\x9c\xe2\x94\x80 " };
	static const char *const ascii[] = { "   ", "|  ", "`- ", "|- " };
	const char *const *pieces = term_reads_utf8() ? utf8 : ascii;
	const char *line[DEPTH_MAX];
	size_t depth = 0;

	if (!process->up)
		return;
	line[depth++] = pieces[2 + !is_last(process)];
	for (process = process->up; process->up && depth < DEPTH_MAX; process = process->up)
		line[depth++] = pieces[!is_last(process)];
	while (depth--)
		fputs(line[depth], stdout);
}

static void cell(const char *text, size_t width)
{
	term_cell(TERM_PLAIN, text ? text : "-", width);
	printf(" ");
}

static void process_print(const struct ps_process *process)
{
	printf("%7u ", process->pid);
	cell(process->user, NAME_WIDTH);
	cell(process->login, NAME_WIDTH);
	cell(process->container, CONTAINER_WIDTH);
	branch_print(process);
	term_text(stdout, process->program ? process->program : "?");
	if (process->cgroup) {
		printf("  ");
		term_text(stdout, process->cgroup);
	}
	printf("\n");
}

static void line_print(const struct ps_process *process)
{
	printf("%s\n", process->line);
}

static void each_print(const struct ps_processes *processes, void (*print)(const struct ps_process *process))
{
	const struct ps_process *root, *process;
	size_t i;

	for (i = 0; i < processes->count; i++) {
		root = &processes->list[i];
		if (root->up)
			continue;
		for (process = root; process; process = next_of(process, root))
			if (process->wanted)
				print(process);
	}
}

void ps_tree_print(const struct ps_processes *processes)
{
	printf("%7s %-*s %-*s %-*s %s\n", "PID", NAME_WIDTH, "USER", NAME_WIDTH, "LOGIN", CONTAINER_WIDTH, "CONTAINER", "PROGRAM  CGROUP");
	each_print(processes, process_print);
}

void ps_lines_print(const struct ps_processes *processes)
{
	each_print(processes, line_print);
}

void ps_free(struct ps_processes *processes)
{
	struct ps_process *process;

	while (processes->count) {
		process = &processes->list[--processes->count];
		free(process->user);
		free(process->login);
		free(process->container);
		free(process->cgroup);
		free(process->program);
		free(process->line);
	}
	free(processes->list);
	processes->list = NULL;
}
