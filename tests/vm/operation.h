/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the cases of single operations share, beside all of evasion.h. Each has a rule on one operation,
 * and proves that acts which the rule is about are denied, and others are not.
 */
#ifndef KRSI_TESTS_VM_OPERATION_H
#define KRSI_TESTS_VM_OPERATION_H

#include "evasion.h"
#include "operation_cases.h"

struct operation_case {
	const char *operation;
	void (*test)(void **state);
};

/* One line of a table of cases, for the lists of operation_cases.h. */
#define OPERATION_TEST(operation, test) OPERATION_TEST_WITH(operation, test, evasion_setup, evasion_teardown)
#define OPERATION_TEST_WITH(operation, test, setup, teardown) \
	{ #test, operation_run, setup, teardown, (void *)(uintptr_t)&(const struct operation_case){ operation, test } },

/* Runs a case, and fails it unless a rule refused its operation: the denial of another one proves nothing. */
void operation_run(void **state);

/*
 * Where an operation has no object, rules are about who is in this group: attempts by an insider are
 * denied what an attempt of evasion.h is allowed.
 */
#define BY_INSIDERS(operation) "  - { name: r, on: " operation ", subject: { gid: 4711 }, " DENY
int attempt_by_insider(int (*act)(void));

#endif
