/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Allocations that fail when they are told to: those of the library that is linked statically, with
 * --wrap of the functions in inject.c (`allocations` in meson.build). What libbpf, libelf and libc
 * allocate themselves is not touched.
 */
#ifndef KRSI_TESTS_INJECT_H
#define KRSI_TESTS_INJECT_H

#include <stdbool.h>

/* From now on let the n-th allocation fail, counted from 1, and with `all_after` every later one too. */
void inject_start(unsigned int nth, bool all_after);

/* No more of that. How many failed. */
unsigned int inject_stop(void);

#endif
