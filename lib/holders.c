/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "attached.h"
#include "ctx.h"
#include "holders.h"

#define NAMES_TOLD 3	/* of the programs of one process */

struct line {
	char *text;
	size_t size, used;
};

static void KRSI_PRIV_PRINTF(2, 3) add(struct line *line, const char *fmt, ...)
{
	va_list args;

	if (line->used >= line->size)
		return;
	va_start(args, fmt);
	line->used += (size_t)vsnprintf(line->text + line->used, line->size - line->used, fmt, args);
	va_end(args);
}

static int pid_of(const struct krsi_priv_attached *program)
{
	return program->owner_count ? program->owners[0].pid : 0;
}

/* Whether `program` is the first of its process in the list, or, of no process, of its name and pin. */
static bool is_first(const struct krsi_attached *attached, const struct krsi_priv_attached *program, bool by_name)
{
	const struct krsi_priv_attached *other;

	for (other = attached->programs; other < program; other++)
		if (pid_of(other) == pid_of(program) && (!by_name || strcmp(other->program, program->program) == 0))
			return false;
	return true;
}

/* "2 of agent[812] (file_check, exec_check)" */
static void process_tell(struct line *line, const struct krsi_attached *attached, const struct krsi_priv_attached *first)
{
	const struct krsi_priv_attached *program, *end = attached->programs + attached->count;
	size_t count = 0, names = 0;

	for (program = first; program < end; program++)
		count += pid_of(program) == pid_of(first);
	if (first->owner_count)
		add(line, "%zu of %s[%d] (", count, first->owners[0].comm, pid_of(first));
	else
		add(line, "%zu that no process holds which can be seen (", count);
	for (program = first; program < end; program++) {
		if (pid_of(program) != pid_of(first) || !is_first(attached, program, true))
			continue;
		if (++names <= NAMES_TOLD)
			add(line, "%s%s%s%s", names > 1 ? ", " : "", program->program, program->pin ? ", pinned as " : "",
			    program->pin ? program->pin : "");
	}
	add(line, names > NAMES_TOLD ? " and %zu more)" : ")", names - NAMES_TOLD);
}

static void programs_tell(struct line *line, const struct krsi_attached *attached)
{
	const struct krsi_priv_attached *program, *end = attached->programs + attached->count;
	bool any = false;

	for (program = attached->programs; program < end; program++) {
		if (!is_first(attached, program, false))
			continue;
		add(line, "%s", any ? ", " : "");
		process_tell(line, attached, program);
		any = true;
	}
}

/* Those that are wanted, with owners and pins as far as there is memory for them. */
static int read_all(struct krsi_attached *attached, const char *function)
{
	int err = krsi_priv_attached_read(attached, function);

	if (err)
		return err;
	krsi_priv_attached_owners(attached, "/proc");
	krsi_priv_attached_pins(attached, "/proc/self/mounts");
	return 0;
}

void krsi_priv_holders_explain(const char *function, char *text, size_t size)
{
	struct line line = { .text = text, .size = size };
	struct krsi_attached attached = { .ctx = NULL };
	int err = read_all(&attached, function);

	if (err == -EPERM) {
		add(&line, "which ones the kernel tells CAP_SYS_ADMIN only");
	} else if (err || !attached.count) {
		add(&line, "which ones this kernel does not tell (Linux 5.13 does)");
	} else {
		add(&line, "%zu programs: ", attached.count);
		programs_tell(&line, &attached);
	}
	krsi_priv_attached_clear(&attached);
}

void krsi_priv_holders_of_program(uint32_t program_id, char *text, size_t size)
{
	struct line line = { .text = text, .size = size };
	struct krsi_attached attached = { .ctx = NULL };
	const struct krsi_priv_attached *program;
	size_t i;

	text[0] = '\0';
	if (read_all(&attached, NULL) == 0) {
		for (i = 0; i < attached.count && attached.programs[i].program_id != program_id; i++)
			;
		program = i < attached.count ? &attached.programs[i] : NULL;
		if (program && program->owner_count)
			add(&line, "%s[%d]", program->owners[0].comm, program->owners[0].pid);
		if (program && program->pin)
			add(&line, "%spinned as %s", line.used ? ", " : "", program->pin);
	}
	krsi_priv_attached_clear(&attached);
}
