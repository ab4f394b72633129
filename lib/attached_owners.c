/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which processes hold links and programs: the kernel tells it for each descriptor in /proc/PID/fdinfo, and nowhere
 * else. What may not be read is passed over.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attached.h"
#include "text.h"

/* A process that is looked at. */
struct process {
	int pid;
	const char *proc;
	char comm[64];
};

static bool is_number(const char *name)
{
	return isdigit((unsigned char)*name) && name[strspn(name, "0123456789")] == '\0';
}

/* The number behind a word of an fdinfo file; 0: it has no such line. */
static uint32_t line_number(const char *text, const char *word)
{
	const char *at = text;

	for (; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, word, strlen(word)) == 0)
			return (uint32_t)strtoul(at + strlen(word), NULL, 10);
	}
	return 0;
}

static int owner_add(struct krsi_priv_attached *program, const struct process *process, bool holds_link)
{
	struct krsi_priv_owner *owner = program->owners, *more;

	for (; owner && owner < program->owners + program->owner_count; owner++) {
		if (owner->pid != process->pid)
			continue;
		owner->holds_link |= holds_link;
		return 0;
	}
	more = realloc(program->owners, (program->owner_count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	program->owners = more;
	owner = &more[program->owner_count++];
	owner->pid = process->pid;
	owner->holds_link = holds_link;
	memcpy(owner->comm, process->comm, sizeof(owner->comm));
	return 0;
}

static int descriptor_look(struct krsi_attached *attached, const struct process *process, const char *number)
{
	uint32_t link_id, program_id;
	char path[512], text[1024];
	size_t i;
	int err;

	snprintf(path, sizeof(path), "%s/%d/fdinfo/%s", process->proc, process->pid, number);
	if (krsi_priv_file_read(path, text, sizeof(text)) < 0)
		return 0;
	link_id = line_number(text, "link_id:");
	program_id = line_number(text, "prog_id:");
	for (i = 0; i < attached->count; i++) {
		struct krsi_priv_attached *program = &attached->programs[i];
		bool is_link = link_id && link_id == program->link_id;

		if (!is_link && (link_id || program_id != program->program_id))
			continue;
		err = owner_add(program, process, is_link);
		if (err)
			return err;
	}
	return 0;
}

/* "anon_inode:bpf-link", "anon_inode:bpf_link" or "anon_inode:bpf-prog": few of the machine's descriptors are such. */
static bool is_of_bpf(int dir, const char *number)
{
	static const char begin[] = "anon_inode:bpf";
	char name[64];
	ssize_t n = readlinkat(dir, number, name, sizeof(name));

	return n > (ssize_t)strlen(begin) && memcmp(name, begin, strlen(begin)) == 0;
}

static int process_look(struct krsi_attached *attached, struct process *process)
{
	struct dirent *entry;
	char path[512];
	int err = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%d/comm", process->proc, process->pid);
	if (krsi_priv_file_read(path, process->comm, sizeof(process->comm)) < 0)
		process->comm[0] = '\0';
	snprintf(path, sizeof(path), "%s/%d/fd", process->proc, process->pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while (!err && (entry = readdir(dir)))
		if (is_number(entry->d_name) && is_of_bpf(dirfd(dir), entry->d_name))
			err = descriptor_look(attached, process, entry->d_name);
	closedir(dir);
	return err;
}

/* Who only has the program open is no owner where somebody holds the link. */
static void owners_choose(struct krsi_priv_attached *program)
{
	size_t i, kept = 0;
	bool any = false;

	for (i = 0; i < program->owner_count; i++)
		any |= program->owners[i].holds_link;
	for (i = 0; i < program->owner_count; i++)
		if (program->owners[i].holds_link || !any)
			program->owners[kept++] = program->owners[i];
	program->owner_count = kept;
}

int krsi_priv_attached_owners(struct krsi_attached *attached, const char *proc)
{
	struct process process = { .proc = proc };
	struct dirent *entry;
	int err = 0;
	size_t i;
	DIR *dir;

	dir = attached->count ? opendir(proc) : NULL;
	if (!dir)
		return 0;
	while (!err && (entry = readdir(dir))) {
		if (!is_number(entry->d_name))
			continue;
		process.pid = (int)strtol(entry->d_name, NULL, 10);
		err = process_look(attached, &process);
	}
	closedir(dir);
	for (i = 0; i < attached->count; i++)
		owners_choose(&attached->programs[i]);
	return err;
}
