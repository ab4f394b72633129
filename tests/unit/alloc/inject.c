/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "inject.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

static unsigned int fail_at, counted, failed;	/* fail_at 0: not now */
static bool fail_after;

void inject_start(unsigned int nth, bool all_after)
{
	fail_at = nth;
	fail_after = all_after;
	counted = failed = 0;
}

unsigned int inject_stop(void)
{
	fail_at = 0;
	return failed;
}

static bool fails(void)
{
	if (!fail_at || ++counted < fail_at || (counted > fail_at && !fail_after))
		return false;
	failed++;
	errno = ENOMEM;
	return true;
}

#define WRAP(type, name, parameters, arguments)			\
	type __real_##name parameters;				\
	type __wrap_##name parameters;				\
	type __wrap_##name parameters				\
	{							\
		return fails() ? NULL : __real_##name arguments;	\
	}

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t count, size_t size), (count, size))
WRAP(void *, realloc, (void *old, size_t size), (old, size))
WRAP(void *, reallocarray, (void *old, size_t count, size_t size), (old, count, size))
WRAP(char *, strdup, (const char *text), (text))
WRAP(char *, strndup, (const char *text, size_t size), (text, size))
WRAP(FILE *, open_memstream, (char **text, size_t *size), (text, size))

/* After a failure nobody may look at the pointer. */
#define NOWHERE ((char *)0x1)

int __real_vasprintf(char **text, const char *fmt, va_list args);
int __wrap_vasprintf(char **text, const char *fmt, va_list args);
int __wrap_vasprintf(char **text, const char *fmt, va_list args)
{
	if (!fails())
		return __real_vasprintf(text, fmt, args);
	*text = NOWHERE;
	return -1;
}

int __wrap_asprintf(char **text, const char *fmt, ...);
int __wrap_asprintf(char **text, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = __wrap_vasprintf(text, fmt, args);
	va_end(args);
	return n;
}

/* What _FORTIFY_SOURCE makes of them. */
int __wrap___vasprintf_chk(char **text, int flag, const char *fmt, va_list args);
int __wrap___vasprintf_chk(char **text, int flag, const char *fmt, va_list args)
{
	(void)flag;
	return __wrap_vasprintf(text, fmt, args);
}

int __wrap___asprintf_chk(char **text, int flag, const char *fmt, ...);
int __wrap___asprintf_chk(char **text, int flag, const char *fmt, ...)
{
	va_list args;
	int n;

	(void)flag;
	va_start(args, fmt);
	n = __wrap_vasprintf(text, fmt, args);
	va_end(args);
	return n;
}
