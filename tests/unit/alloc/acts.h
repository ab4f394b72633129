/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Calls of the library in each of which every allocation fails in turn: on the fake kernel in
 * test_alloc.c, on a real one in tests/vm/alloc_failure.c. A call that fails must say -ENOMEM or
 * what it would say anyway, leave what it was to fill untouched, lose no descriptor and no memory
 * (the sanitizer or valgrind sees to that), and succeed when it is made again.
 */
#ifndef KRSI_TESTS_ACTS_H
#define KRSI_TESTS_ACTS_H

#include <stddef.h>

struct krsi_ctx;

/* Where the acts are played. */
struct acts_stage {
	const char *objects;	/* directory of the compiled objects of tests/vm/bpf/ */
	const char *pins;	/* directory of a BPF file system, to be made and removed */
	const char *btf;	/* a file with BTF of a kernel that has security hooks */

	/* Make the fake kernel a fresh one, as the act of this name needs it; NULL for a real kernel. */
	void (*ready)(const char *act);
	/* Have the attached test object write a record. */
	void (*record)(void);
};

/* Run them all as cmocka cases. What cmocka returns. */
int acts_run(const struct acts_stage *stage);

#endif
