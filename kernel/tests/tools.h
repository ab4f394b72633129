/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the tests of kernel/ share. They run as root in a virtual machine, with kernel.bpf.o and, for a stock
 * kernel, krsi.ko beside them. Their environment tells what they have to find:
 *   KRSI_ORIGIN      module or patch
 *   KRSI_PERMISSIVE  1 when the kernel was booted with bpf_lsm.enforce=0
 */
#ifndef KRSI_KERNEL_TESTS_TOOLS_H
#define KRSI_KERNEL_TESTS_TOOLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#include "kernel.h"

#define KRSI "/sys/kernel/security/krsi/"

/* Skip the test with a sentence that says why. */
#define skip_because(reason)			\
	do {					\
		print_message("# skip: %s\n", reason);	\
		skip();				\
	} while (0)

#define LINKS_MAX 4

struct programs {
	struct bpf_object *object;
	struct wish *wish;
	const struct seen *seen;
	struct bpf_link *links[LINKS_MAX];	/* in the order of kernel.bpf.c */
};

bool origin_is_module(void);

/* A cmocka group's setup: has what is under test there, so loads the module when it is one. */
int kernel_setup(void **state);

int module_load(void);		/* 0 or -errno, as the next */
int module_unload(void);

/* What the kernel says to a denial: errnum, or 0 while it is permissive. */
int denied(int errnum);

/* Load and attach these programs of kernel.bpf.o, "a b c"; fails the test when that does not work. */
struct programs programs_attach(const char *names);
void programs_free(struct programs *programs);

/* Load one program: 0 or -errno, and the verifier's log in a buffer that the next call uses again. */
int program_try(const char *name, const char **log);

/* The whole of a file, in a static buffer; NULL with errno when it cannot be read. */
const char *file_read(const char *path);
/* One write(2): 0 or the errno, of opening it too. */
int file_write(const char *path, const char *text);

/* mkdir(2) or symlink(2) of a name in /tmp, removed at once: 0 or the errno. */
int try_mkdir(const char *name);
int try_symlink(const char *name);

/* A child that ran deed(data): its wait status. */
int child_run(int (*deed)(void *data), void *data);

#endif
