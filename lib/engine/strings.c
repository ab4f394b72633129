/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Whether bpf/engine/strings.bpf.h can read the arguments and the environment of a program on this machine. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../ctx.h"
#include "engine.h"

#if defined(__x86_64__)
static const char *const symbols[] = { "page_offset_base", "physical_mask", "pgdir_shift" };
#define SYMBOLS (sizeof(symbols) / sizeof(symbols[0]))

/* Strike out the symbol that a line of /proc/kallsyms, "address type name", is about. */
static void line_read(const char *line, uint32_t *missing)
{
	unsigned long long address;
	char name[64];
	size_t i;

	if (sscanf(line, "%llx %*c %63s", &address, name) != 2 || !address)
		return;
	for (i = 0; i < SYMBOLS; i++)
		if (strcmp(name, symbols[i]) == 0)
			*missing &= ~(1u << i);
}

static int symbols_check(struct krsi_ctx *ctx)
{
	uint32_t missing = (1u << SYMBOLS) - 1;
	char *line = NULL;
	size_t size = 0;
	FILE *file;

	file = fopen("/proc/kallsyms", "re");
	if (!file)
		return krsi_priv_fail(ctx, -EOPNOTSUPP, "engine: argv and env cannot be read: /proc/kallsyms: %s", strerror(errno));
	while (missing && getline(&line, &size, file) > 0)
		line_read(line, &missing);
	free(line);
	fclose(file);
	if (!missing)
		return 0;
	return krsi_priv_fail(ctx, -EOPNOTSUPP, "engine: argv and env cannot be read: this kernel does not tell where its %s is; it has to be built with "
			      "KALLSYMS_ALL and RANDOMIZE_MEMORY, and kernel.kptr_restrict must not be 2", symbols[__builtin_ctz(missing)]);
}
#else
static int symbols_check(struct krsi_ctx *ctx)
{
	return krsi_priv_fail(ctx, -EOPNOTSUPP, "engine: argv and env are looked at on x86-64 only; tell the program by path, and who starts it by subject");
}
#endif

int krsi_priv_strings_check(struct krsi_engine *engine, uint64_t dims)
{
	const uint64_t strings = KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_ARGV) | KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_ENV);
	int err;

	if (!(dims & strings) || engine->strings_known)
		return 0;
	err = symbols_check(engine->ctx);
	engine->strings_known = !err;
	return err;
}
