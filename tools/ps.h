/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Inside of `krsi ps`: ps.c asks for processes, ps_tree.c makes a tree of them and prints it. */
#ifndef KRSI_TOOL_PS_H
#define KRSI_TOOL_PS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ps_process {
	uint64_t cookie, parent;
	uint32_t pid;
	/* Bytes as they were, to free; NULL: there is none. */
	char *user, *login, *container, *cgroup;
	char *program;		/* path; or the name for itself, in brackets */
	char *line;		/* all of it, as JSON; NULL unless that is wanted */

	/* Of the tree. */
	struct ps_process *up, *first, *next;
	bool wanted;
};

struct ps_processes {
	struct ps_process *list;
	size_t count;
};

/*
 * Sort them, find children and siblings, and want all of them; or, unless `pid` is 0, one with its ancestors and
 * descendants. false: there is no such process.
 */
bool ps_tree_make(struct ps_processes *processes, pid_t pid);

/* Print those that are wanted on stdout, parents in front of their children: the tree, or the lines. */
void ps_tree_print(const struct ps_processes *processes);
void ps_lines_print(const struct ps_processes *processes);

void ps_free(struct ps_processes *processes);

#endif
