/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What all unit tests share. They need no privilege and never reach the kernel's bpf(2): whatever a
 * test forgets to wrap is killed by a filter that unit.c puts on before main(). For the same reason
 * they never skip: all that they need comes with the build. (cmocka 1.1.5 prints a skipped case as
 * "not ok", which meson counts as a failure.)
 */
#ifndef KRSI_TESTS_UNIT_H
#define KRSI_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libkrsi/krsi.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* A test whose state is a fresh context, and that must leave no descriptor open. */
#define ctx_test(name) cmocka_unit_test_setup_teardown(name, unit_setup, unit_teardown)

/* Assert that a call returned 0, and show libkrsi's own explanation when it did not. */
#define assert_ok(ctx, call) unit_assert_ok((ctx), (call), #call, __FILE__, __LINE__)

/* Assert that the last failure's explanation has these words. */
#define assert_detail(ctx, words) unit_assert_words(krsi_ctx_error_detail(ctx), (words), __FILE__, __LINE__)

/* Assert that a text has these words. */
#define assert_words(text, words) unit_assert_words((text), (words), __FILE__, __LINE__)

void unit_assert_ok(struct krsi_ctx *ctx, int err, const char *call, const char *file, int line);
void unit_assert_words(const char *text, const char *words, const char *file, int line);

int unit_setup(void **state);
int unit_teardown(void **state);

/* Path of an object of tests/unit/bpf/ or tests/vm/bpf/ as it was compiled, in a buffer that the next call uses again. */
const char *unit_object_path(const char *name);

/* Its bytes, to free. */
char *unit_object_bytes(const char *name, size_t *size);

/* How many descriptors this process has open. */
int unit_fd_count(void);

/* A new directory below /tmp, in a buffer that the next call uses again; and away with it, its files and its empty directories. */
const char *unit_dir_make(void);
void unit_dir_remove(const char *path);

#endif
