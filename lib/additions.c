/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What /sys/kernel/security/krsi says. Its files are read in the order of features: what is not listed there is
 * not looked for, and words that we do not know are passed over, as docs/kernel.md asks.
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "additions.h"
#include "ctx.h"
#include "opts.h"

#define ABI 1

struct reading {
	struct krsi_additions *additions;
	const char *hook;	/* whose file it is */
	char *why;
	size_t size;
};

static const struct {
	const char *word;
	uint32_t bit;
} words[] = {
	{ "hooks", KRSI_ADDITION_HOOKS }, { "enforce", KRSI_ADDITION_ENFORCE }, { "seal", KRSI_ADDITION_SEAL },
	{ "argv", KRSI_ADDITION_ARGV }, { "audit", KRSI_ADDITION_AUDIT },
};

const char *krsi_priv_additions_dir = "/sys/kernel/security/krsi";

static int fail(struct reading *reading, int err, const char *fmt, ...) KRSI_PRIV_PRINTF(3, 4);
static int fail(struct reading *reading, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(reading->why, reading->size, fmt, args);
	va_end(args);
	return err;
}

/* One more element of an array that has `count`; NULL: no memory. */
static void *grown(void *array, size_t count, size_t size)
{
	return reallocarray(array, count + 1, size);
}

/* --- files ---------------------------------------------------------------- */

typedef int (*line_fn)(struct reading *reading, const char *line, size_t number);

/* Hand each line of a file to `fn`. 0, what `fn` returned, or the -errno of opening or reading it, without a sentence. */
static int lines_read(struct reading *reading, const char *name, line_fn fn)
{
	char path[512], *line = NULL;
	size_t size = 0, number = 0;
	FILE *file;
	int err = 0;

	snprintf(path, sizeof(path), "%s/%s", krsi_priv_additions_dir, name);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	errno = 0;
	while (!err && getline(&line, &size, file) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		err = fn(reading, line, number++);
		errno = 0;
	}
	if (!err)
		err = -errno;
	free(line);
	fclose(file);
	return err;
}

/* The same for what not everybody may read: notes whether it could be. A file that is not understood is a failure. */
static int part_read(struct reading *reading, uint32_t bit, const char *name, line_fn fn)
{
	int err = lines_read(reading, name, fn);

	if (err == -EACCES || err == -EPERM)
		return 0;
	if (err == -ENOMEM)
		return fail(reading, err, "no memory");
	if (!err)
		reading->additions->info.readable |= bit;
	else if (!*reading->why)
		fail(reading, -EIO, "%s/%s cannot be read: %s", krsi_priv_additions_dir, name, strerror(-err));
	return err ? -EIO : 0;
}

static int not_understood(struct reading *reading, const char *name, const char *line)
{
	return fail(reading, -EIO, "%s/%s has a line that is not understood: %s", krsi_priv_additions_dir, name, line);
}

/* --- lines ---------------------------------------------------------------- */

static int features_line(struct reading *reading, const char *line, size_t number)
{
	struct krsi_additions_info *info = &reading->additions->info;
	unsigned int abi;
	size_t i;

	if (number == 0) {
		if (sscanf(line, "abi %u", &abi) != 1)
			return not_understood(reading, "features", line);
		if (abi != ABI)
			return fail(reading, -EOPNOTSUPP, "%s is of version %u, and this libkrsi knows version %d only; use a newer libkrsi",
				    krsi_priv_additions_dir, abi, ABI);
		return 0;
	}
	if (strcmp(line, "origin patch") == 0)
		info->origin = KRSI_ORIGIN_PATCH;
	else if (strcmp(line, "origin module") == 0)
		info->origin = KRSI_ORIGIN_MODULE;
	else if (number == 1)
		return not_understood(reading, "features", line);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(line, words[i].word) == 0)
			info->features |= words[i].bit;
	return 0;
}

static int enforce_line(struct reading *reading, const char *line, size_t number)
{
	if (number || (strcmp(line, "0") != 0 && strcmp(line, "1") != 0))
		return not_understood(reading, "enforce", line);
	reading->additions->info.enforcing = *line == '1' ? KRSI_SWITCH_ENFORCING : KRSI_SWITCH_PERMISSIVE;
	return 0;
}

static int denials_line(struct reading *reading, const char *line, size_t number)
{
	unsigned long long denials;

	if (number || sscanf(line, "%llu", &denials) != 1)
		return not_understood(reading, "denials", line);
	reading->additions->info.denials = denials;
	return 0;
}

static int sealed_line(struct reading *reading, const char *line, size_t number)
{
	struct krsi_additions *additions = reading->additions;
	uint32_t *sealed;
	unsigned int id;

	if (sscanf(line, "%u", &id) != 1 || id == 0)
		return not_understood(reading, "seal", line);
	sealed = grown(additions->sealed, number, sizeof(*sealed));
	if (!sealed)
		return -ENOMEM;
	sealed[number] = id;
	additions->sealed = sealed;
	additions->info.sealed++;
	return 0;
}

/* "exec_check prog=9 link=3 tag=a2af534598f3a68a", and perhaps words behind it. */
static int program_line(struct reading *reading, const char *line, size_t number)
{
	struct krsi_additions *additions = reading->additions;
	struct krsi_priv_hook_program program = { 0 }, *programs;
	char file[300];
	int end = 0;
	char *hook;

	(void)number;
	snprintf(file, sizeof(file), "hooks/%s", reading->hook);
	if (sscanf(line, "%63s prog=%u link=%u tag=%16s%n", program.name, &program.id, &program.link, program.tag, &end) != 4)
		return not_understood(reading, file, line);
	program.cgroup = strstr(line + end, " cgroup") != NULL;
	program.sealed = strstr(line + end, " sealed") != NULL;
	programs = grown(additions->programs, additions->info.programs, sizeof(*programs));
	if (!programs)
		return -ENOMEM;
	additions->programs = programs;
	hook = strdup(reading->hook);
	if (!hook)
		return -ENOMEM;
	program.hook = hook;
	programs[additions->info.programs++] = program;
	return 0;
}

/* --- all of it ------------------------------------------------------------ */

static int is_hook(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int hooks_read(struct reading *reading)
{
	char path[512], name[300];
	struct dirent **entries;
	int count, i, err = 0;

	snprintf(path, sizeof(path), "%s/hooks", krsi_priv_additions_dir);
	count = scandir(path, &entries, is_hook, alphasort);
	if (count < 0)
		return errno == EACCES ? 0 : fail(reading, errno == ENOMEM ? -ENOMEM : -EIO, "%s cannot be read: %s", path, strerror(errno));
	for (i = 0; i < count; i++) {
		reading->hook = entries[i]->d_name;
		snprintf(name, sizeof(name), "hooks/%s", entries[i]->d_name);
		if (!err)
			err = part_read(reading, KRSI_ADDITION_HOOKS, name, program_line);
		free(entries[i]);
	}
	free(entries);
	return err;
}

int krsi_priv_additions_read(struct krsi_additions *additions, char *why, size_t size)
{
	struct reading reading = { .additions = additions, .why = why, .size = size };
	const struct krsi_additions_info *info = &additions->info;
	int err;

	why[0] = '\0';
	err = lines_read(&reading, "features", features_line);
	if (err == -ENOENT)
		return 0;
	if (err && !*why)
		return fail(&reading, err == -ENOMEM ? err : -EIO, "%s/features cannot be read: %s", krsi_priv_additions_dir, strerror(-err));
	if (!err && info->features & KRSI_ADDITION_ENFORCE) {
		err = part_read(&reading, KRSI_ADDITION_ENFORCE, "enforce", enforce_line);
		if (!err)
			err = part_read(&reading, KRSI_ADDITION_ENFORCE, "denials", denials_line);
	}
	if (!err && info->features & KRSI_ADDITION_SEAL)
		err = part_read(&reading, KRSI_ADDITION_SEAL, "seal", sealed_line);
	if (!err && info->features & KRSI_ADDITION_HOOKS)
		err = hooks_read(&reading);
	return err;
}

void krsi_priv_additions_clear(struct krsi_additions *additions)
{
	uint32_t i;

	for (i = 0; i < additions->info.programs; i++)
		free(additions->programs[i].hook);
	free(additions->programs);
	free(additions->sealed);
	*additions = (struct krsi_additions){ 0 };
}

/* --- the handle ----------------------------------------------------------- */

int krsi_additions_new(struct krsi_ctx *ctx, struct krsi_additions **ret)
{
	struct krsi_additions *additions;
	char why[512];
	int err;

	if (!ctx || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_additions_new: an argument is NULL");
	additions = calloc(1, sizeof(*additions));
	if (!additions)
		return krsi_priv_fail(ctx, -ENOMEM, "additions: no memory");
	err = krsi_priv_additions_read(additions, why, sizeof(why));
	additions->ctx = krsi_priv_ctx_ref(ctx);
	if (err) {
		krsi_additions_free(additions);
		return krsi_priv_fail(ctx, err, "additions: %s", why);
	}
	*ret = additions;
	return 0;
}

void krsi_additions_free(struct krsi_additions *additions)
{
	struct krsi_ctx *ctx;

	if (!additions)
		return;
	ctx = additions->ctx;
	krsi_priv_additions_clear(additions);
	krsi_ctx_free(ctx);
	free(additions);
}

int krsi_additions_info(const struct krsi_additions *additions, struct krsi_additions_info *info)
{
	struct krsi_additions_info have;

	if (!additions || !info)
		return krsi_priv_fail(additions ? additions->ctx : NULL, -EINVAL, "krsi_additions_info: an argument is NULL");
	have = additions->info;
	have.sz = sizeof(have);
	return KRSI_PRIV_INFO_WRITE(additions->ctx, info, &have, "krsi_additions_info");
}

uint32_t krsi_additions_sealed(const struct krsi_additions *additions, size_t index)
{
	return additions && index < additions->info.sealed ? additions->sealed[index] : 0;
}

int krsi_additions_program(const struct krsi_additions *additions, size_t index, struct krsi_additions_program *program)
{
	struct krsi_additions_program have = { .sz = sizeof(have) };
	const struct krsi_priv_hook_program *found;

	if (!additions || !program)
		return krsi_priv_fail(additions ? additions->ctx : NULL, -EINVAL, "krsi_additions_program: an argument is NULL");
	if (index >= additions->info.programs)
		return krsi_priv_fail(additions->ctx, -ENOENT, "krsi_additions_program: there are %u programs only", additions->info.programs);
	found = &additions->programs[index];
	have.hook = found->hook;
	have.name = found->name;
	have.tag = found->tag;
	have.id = found->id;
	have.link = found->link;
	have.sealed = found->sealed;
	have.cgroup = found->cgroup;
	return KRSI_PRIV_INFO_WRITE(additions->ctx, program, &have, "krsi_additions_program");
}
