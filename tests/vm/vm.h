/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the tests inside virtual machines share. They run as root on a kernel of their own, and load
 * the objects of tests/vm/bpf/, which lie beside them in /test/bpf/.
 */
#ifndef KRSI_TESTS_VM_H
#define KRSI_TESTS_VM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libkrsi/krsi.h>

/* A test whose state is a fresh context. */
#define vm_test(name) cmocka_unit_test_setup_teardown(name, vm_ctx_setup, vm_ctx_teardown)

/* Assert that a call returned 0, and show libkrsi's own explanation when it did not. */
#define assert_ok(ctx, call) vm_assert_ok((ctx), (call), #call, __FILE__, __LINE__)

/* Skip the test with a sentence that says what is missing. */
#define skip_because(...)			\
	do {					\
		vm_skip_reason(__VA_ARGS__);	\
		skip();				\
	} while (0)

/* Assert that the last failure's explanation has these words. */
#define assert_detail(ctx, words) vm_assert_detail((ctx), (words), __FILE__, __LINE__)

void vm_assert_ok(struct krsi_ctx *ctx, int err, const char *call, const char *file, int line);
void vm_assert_detail(struct krsi_ctx *ctx, const char *words, const char *file, int line);
void vm_skip_reason(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* cmocka's setup and teardown: a context as the test's state. libbpf is told to be silent. */
int vm_ctx_setup(void **state);
int vm_ctx_teardown(void **state);

/* Path of an object of tests/vm/bpf/, in a buffer that the next call uses again. */
const char *vm_object_path(const char *name);

/* Open one of these objects with `only_tgid` set to this process, ready to load. */
struct krsi_object *vm_object_open(struct krsi_ctx *ctx, const char *name);

/* The same, loaded and attached. */
struct krsi_object *vm_object_attach(struct krsi_ctx *ctx, const char *name);

/* Whether bpf is in the active LSM list of this boot, by its own file. */
bool vm_bpf_is_active(void);

/* Whether the kernel is at least this one. */
bool vm_kernel_at_least(int major, int minor);

/* mkdir(2) of a name in /tmp, removed at once: 0 or the errno. */
int vm_mkdir(const char *name);

/* Wait until mkdir(2) of a name succeeds: old kernels drop an unlinked pin in the background. */
void vm_wait_for_mkdir(const char *name);

/* How many programs, maps and links the kernel has. Freeing lags behind: see vm_wait_for_count(). */
struct vm_count {
	unsigned int programs, maps, links;
};
struct vm_count vm_count(void);

/* Wait until the kernel has no more of them than before; fails the test after ten seconds. */
void vm_wait_for_count(struct vm_count before);

/* How many descriptors this process has open. */
int vm_fd_count(void);

/* Copy the kernel's BTF, as a user might keep it for a machine that has none. */
void vm_btf_copy(const char *path);

/* What became of a program. */
struct krsi_program_info vm_program_info(struct krsi_object *object, const char *name);

#endif
