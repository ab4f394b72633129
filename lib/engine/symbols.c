/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Where the kernel has the variables that the programs read. libbpf would look them up by itself, but reads the
 * whole of /proc/kallsyms for it with each object it loads: half the time that a load takes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/object.h>

#include "../ctx.h"
#include "engine.h"

static const struct {
	const char *name;
	const char *variable;	/* of bpf/path.bpf.h and bpf/engine/strings.bpf.h */
} symbols[KRSI_PRIV_SYMBOLS] = {
	[KRSI_PRIV_SYMBOL_RENAME_LOCK] = { "rename_lock", "rename_lock_address" },
	[KRSI_PRIV_SYMBOL_MOUNT_LOCK] = { "mount_lock", "mount_lock_address" },
	[KRSI_PRIV_SYMBOL_PAGE_OFFSET_BASE] = { "page_offset_base", "page_offset_base_address" },
	[KRSI_PRIV_SYMBOL_PHYSICAL_MASK] = { "physical_mask", "physical_mask_address" },
	[KRSI_PRIV_SYMBOL_PGDIR_SHIFT] = { "pgdir_shift", "pgdir_shift_address" },
};

/* "address type name", and "[module]" after a tab when it is not the kernel's own. */
static void line_read(uint64_t *addresses, char *line)
{
	char *type = strchr(line, ' '), *name = type ? strchr(type + 1, ' ') : NULL;
	size_t i;

	if (!name)
		return;
	name[strcspn(name, "\n")] = 0;
	for (i = 0; i < KRSI_PRIV_SYMBOLS; i++)
		if (!addresses[i] && strcmp(name + 1, symbols[i].name) == 0)
			addresses[i] = strtoull(line, NULL, 16);
}

static bool all_known(const uint64_t *addresses)
{
	size_t i;

	for (i = 0; i < KRSI_PRIV_SYMBOLS; i++)
		if (!addresses[i])
			return false;
	return true;
}

int krsi_priv_symbols_read(struct krsi_engine *engine)
{
	uint64_t *addresses = engine->symbols;
	char *line = NULL;
	size_t size = 0, i;
	FILE *file;

	file = fopen("/proc/kallsyms", "re");
	if (!file)
		return krsi_priv_fail(engine->ctx, -EOPNOTSUPP, "engine: /proc/kallsyms, which says where the kernel counts renames and mounts: %s", strerror(errno));
	while (!all_known(addresses) && getline(&line, &size, file) > 0)
		line_read(addresses, line);
	free(line);
	fclose(file);
	for (i = 0; i < KRSI_PRIV_SYMBOLS_NEEDED; i++)
		if (!addresses[i])
			return krsi_priv_fail(engine->ctx, -EOPNOTSUPP, "engine: this kernel does not tell where its %s is, without which no path is certain; it has to be built "
					      "with KALLSYMS_ALL, and kernel.kptr_restrict must not be 2", symbols[i].name);
	return 0;
}

int krsi_priv_symbols_set(const struct krsi_engine *engine, struct krsi_object *object)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < KRSI_PRIV_SYMBOLS; i++)
		err = krsi_object_set_variable(object, symbols[i].variable, &engine->symbols[i], sizeof(engine->symbols[i]));
	return err;
}

#if defined(__x86_64__)
int krsi_priv_strings_check(struct krsi_engine *engine, uint64_t dims)
{
	const uint64_t strings = KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_ARGV) | KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_ENV);
	size_t i;

	if (!(dims & strings) || all_known(engine->symbols))
		return 0;
	for (i = 0; engine->symbols[i]; i++)
		;
	/* The others are there, and this is not: the kernel is built for four levels (CONFIG_X86_5LEVEL). */
	if (i == KRSI_PRIV_SYMBOL_PGDIR_SHIFT)
		return 0;
	return krsi_priv_fail(engine->ctx, -EOPNOTSUPP, "engine: argv and env cannot be read: this kernel does not tell where its %s is; it has to be built with "
			      "KALLSYMS_ALL and RANDOMIZE_MEMORY", symbols[i].name);
}
#else
int krsi_priv_strings_check(struct krsi_engine *engine, uint64_t dims)
{
	const uint64_t strings = KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_ARGV) | KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_ENV);

	if (!(dims & strings))
		return 0;
	return krsi_priv_fail(engine->ctx, -EOPNOTSUPP, "engine: argv and env are looked at on x86-64 only; tell the program by path, and who starts it by subject");
}
#endif
