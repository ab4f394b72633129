/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * No word of the language without a case on real kernels: tests/vm/operation_*.c make their tables of the
 * same lists.
 */
#include "unit.h"

#include <string.h>

#include "../vm/operation_cases.h"
#include "policy/language.h"

struct proof {
	const char *word, *test;
};

#define PROOF(word, test) { word, #test },

static const struct proof operations[] = {
	FILE_OPERATIONS(PROOF)
	MOUNT_OPERATIONS(PROOF)
	PROCESS_OPERATIONS(PROOF)
	NETWORK_OPERATIONS(PROOF)
	KERNEL_OPERATIONS(PROOF)
};
static const struct proof subjects[] = { SUBJECT_KEYS(PROOF) };

#define COUNT(proofs) (sizeof(proofs) / sizeof((proofs)[0]))

static size_t cases_of(const struct proof *proofs, size_t count, const char *word)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		n += strcmp(proofs[i].word, word) == 0;
	return n;
}

static void test_every_operation_has_a_case_on_real_kernels(void **state)
{
	unsigned int number;

	(void)state;
	for (number = 1; number < KRSI_PRIV_OP_END; number++)
		if (!cases_of(operations, COUNT(operations), krsi_priv_operation(number)->name))
			fail_msg("%s has no case in tests/vm/operation_cases.h", krsi_priv_operation(number)->name);
}

static void test_every_operation_with_a_case_is_one(void **state)
{
	size_t i, word;

	(void)state;
	for (i = 0; i < COUNT(operations); i++)
		if (!krsi_priv_operation_find(operations[i].word, &word) || word >= KRSI_PRIV_OP_END)
			fail_msg("%s says that it tests %s, which is no operation", operations[i].test, operations[i].word);
}

/* All namespaces are one key here: one case goes through them. */
static const char *subject_key(unsigned int key)
{
	const struct krsi_priv_key_info *info = krsi_priv_key_info(key);

	return info->below ? info->below : info->name;
}

static void test_every_key_of_subjects_has_a_case_on_real_kernels(void **state)
{
	unsigned int key;

	(void)state;
	for (key = 0; key < KRSI_PRIV_KEY_SUBJECT_END; key++)
		if (!cases_of(subjects, COUNT(subjects), subject_key(key)))
			fail_msg("%s has no case in tests/vm/operation_cases.h", subject_key(key));
}

static void test_every_key_with_a_case_is_one_of_subjects(void **state)
{
	unsigned int key;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(subjects); i++) {
		for (key = 0; key < KRSI_PRIV_KEY_SUBJECT_END; key++)
			if (strcmp(subjects[i].word, subject_key(key)) == 0)
				break;
		if (key == KRSI_PRIV_KEY_SUBJECT_END)
			fail_msg("%s says that it tests %s, which is no key of subjects", subjects[i].test, subjects[i].word);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_operation_has_a_case_on_real_kernels),
		cmocka_unit_test(test_every_operation_with_a_case_is_one),
		cmocka_unit_test(test_every_key_of_subjects_has_a_case_on_real_kernels),
		cmocka_unit_test(test_every_key_with_a_case_is_one_of_subjects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
