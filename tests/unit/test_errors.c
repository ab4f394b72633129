/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The closed set of errors: the table in the public header and the one in lib/errors.c are the same. */
#include "unit.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"

#define ERRNO_MAX 4095	/* the kernel's own limit */

static bool documented[ERRNO_MAX + 1];

static int errno_of(const char *name)
{
	int err;

	for (err = 1; err <= ERRNO_MAX; err++)
		if (strerrorname_np(err) && strcmp(strerrorname_np(err), name) == 0)
			return err;
	return 0;
}

/* Rows of the header's table: " * | -EINVAL        | an argument ..." */
static int header_read(void **state)
{
	FILE *file = fopen(UNIT_ERROR_HEADER, "r");
	char line[256], name[32];

	(void)state;
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " * | -%31[A-Z0-9] |", name) != 1)
			continue;
		if (!errno_of(name)) {
			print_message("# %s: no errno is called %s\n", UNIT_ERROR_HEADER, name);
			return -1;
		}
		documented[errno_of(name)] = true;
	}
	fclose(file);
	return 0;
}

static void test_header_documents_some(void **state)
{
	unsigned int err, n = 0;

	(void)state;
	for (err = 1; err <= ERRNO_MAX; err++)
		n += documented[err];
	assert_true(n >= 20);	/* else the table was not found, and the other cases prove nothing */
	assert_true(documented[EINVAL] && documented[EMFILE] && documented[EIO]);
}

static void test_documented_values_leave_as_they_are(void **state)
{
	int err;

	(void)state;
	for (err = 1; err <= ERRNO_MAX; err++) {
		if (!documented[err])
			continue;
		if (krsi_priv_error_close(-err) != -err || strcmp(krsi_error_name(-err), strerrorname_np(err)) != 0)
			fail_msg("%s is in error.h but not in errors.c", strerrorname_np(err));
	}
}

static void test_undocumented_values_leave_as_eio(void **state)
{
	int err;

	(void)state;
	for (err = 1; err <= ERRNO_MAX; err++) {
		if (documented[err])
			continue;
		if (krsi_priv_error_close(-err) != -EIO || strcmp(krsi_error_name(-err), "EIO") != 0)
			fail_msg("%d (%s) is in errors.c but not in error.h", err, krsi_priv_errno_name(err));
	}
}

static void test_zero_is_success(void **state)
{
	(void)state;
	assert_int_equal(krsi_priv_error_close(0), 0);
	assert_string_equal(krsi_error_name(0), "0");
	assert_string_equal(krsi_strerror(0), "success");
}

static void test_the_sign_does_not_matter(void **state)
{
	int err;

	(void)state;
	for (err = 1; err <= ERRNO_MAX; err++) {
		assert_string_equal(krsi_strerror(err), krsi_strerror(-err));
		assert_string_equal(krsi_error_name(err), krsi_error_name(-err));
	}
}

static void test_any_int_has_a_meaning(void **state)
{
	static const int odd[] = { INT_MIN, INT_MIN + 1, INT_MAX, -ERRNO_MAX - 1, 524 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		assert_string_equal(krsi_error_name(odd[i]), "EIO");
		assert_string_equal(krsi_strerror(odd[i]), krsi_strerror(EIO));
		assert_int_equal(krsi_priv_error_close(odd[i]), -EIO);
	}
}

static void test_every_meaning_is_its_own(void **state)
{
	int a, b;

	(void)state;
	for (a = 1; a <= ERRNO_MAX; a++)
		for (b = 1; b < a && documented[a]; b++)
			if (documented[b] && strcmp(krsi_strerror(a), krsi_strerror(b)) == 0)
				fail_msg("%s and %s mean the same", krsi_error_name(a), krsi_error_name(b));
}

static void test_kernel_numbers_have_names_in_details(void **state)
{
	(void)state;
	assert_string_equal(krsi_priv_errno_name(-EINVAL), "EINVAL");
	assert_string_equal(krsi_priv_errno_name(EINVAL), "EINVAL");
	assert_string_equal(krsi_priv_errno_name(-524), "ENOTSUPP (524)");
	assert_string_equal(krsi_priv_errno_name(-4000), "an unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_header_documents_some),
		ctx_test(test_documented_values_leave_as_they_are),
		ctx_test(test_undocumented_values_leave_as_eio),
		ctx_test(test_zero_is_success),
		ctx_test(test_the_sign_does_not_matter),
		ctx_test(test_any_int_has_a_meaning),
		ctx_test(test_every_meaning_is_its_own),
		ctx_test(test_kernel_numbers_have_names_in_details),
	};

	return cmocka_run_group_tests(tests, header_read, NULL);
}
