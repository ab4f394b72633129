/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The reader and the writer of structs that carry their own size, against callers of every age. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctx.h"
#include "opts.h"

/* What this library knows. 0.1 had no `added`. */
struct wishes {
	size_t sz;
	uint32_t first;
	uint32_t second;
	uint64_t added;
};

#define SIZE_0_1 offsetof(struct wishes, added)
#define SIZE_NOW sizeof(struct wishes)
#define NOWHERE 0

struct caller {
	const char *what;
	size_t sz;		/* what the caller says */
	size_t allocated;	/* what the caller has */
	size_t set_at;		/* a byte of it that is 1; NOWHERE for none */
	int err;
};

static const struct caller callers[] = {
	{ "size never set",			0,		SIZE_NOW,	NOWHERE,	-EINVAL },
	{ "smaller than a size",		sizeof(size_t) - 1, SIZE_NOW,	NOWHERE,	-EINVAL },
	{ "nothing but the size",		sizeof(size_t),	sizeof(size_t),	NOWHERE,	0 },
	{ "built against 0.1",			SIZE_0_1,	SIZE_0_1,	NOWHERE,	0 },
	{ "built against 0.1, all in use",	SIZE_0_1,	SIZE_0_1,	SIZE_0_1 - 1,	0 },
	{ "ends within a member",		SIZE_NOW - 1,	SIZE_NOW - 1,	NOWHERE,	0 },
	{ "built against this",			SIZE_NOW,	SIZE_NOW,	NOWHERE,	0 },
	{ "built against this, all in use",	SIZE_NOW,	SIZE_NOW,	SIZE_NOW - 1,	0 },
	{ "newer, new field unused",		SIZE_NOW + 16,	SIZE_NOW + 16,	NOWHERE,	0 },
	{ "newer, first new byte in use",	SIZE_NOW + 16,	SIZE_NOW + 16,	SIZE_NOW,	-E2BIG },
	{ "newer, last new byte in use",	SIZE_NOW + 16,	SIZE_NOW + 16,	SIZE_NOW + 15,	-E2BIG },
	{ "as large as is believed",		4096,		4096,		NOWHERE,	0 },
	{ "as large, in use at its end",	4096,		4096,		4095,		-E2BIG },
	{ "larger than is believed",		4097,		SIZE_NOW,	NOWHERE,	-EINVAL },
	{ "garbage as size",			SIZE_MAX,	SIZE_NOW,	NOWHERE,	-EINVAL },
};

/* Exactly as many bytes as the caller has, so that the sanitizer sees one too many being read. */
static unsigned char *caller_struct(const struct caller *caller, int fill)
{
	unsigned char *bytes = malloc(caller->allocated);

	assert_non_null(bytes);
	memset(bytes, fill, caller->allocated);
	memcpy(bytes, &caller->sz, sizeof(caller->sz));
	if (caller->set_at != NOWHERE)
		bytes[caller->set_at] = 1;
	return bytes;
}

static void test_opts_read_takes_callers_of_every_age(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(callers); i++) {
		unsigned char *theirs = caller_struct(&callers[i], 0);
		struct wishes ours;
		int err;

		memset(&ours, 0x5a, sizeof(ours));
		err = krsi_priv_opts_read(NULL, &ours, sizeof(ours), theirs, "wishes");
		if (err != callers[i].err)
			fail_msg("%s: %d instead of %d", callers[i].what, err, callers[i].err);
		for (k = sizeof(size_t); !err && k < sizeof(ours); k++) {
			unsigned char want = k < callers[i].sz ? theirs[k] : 0;

			if (((unsigned char *)&ours)[k] != want)
				fail_msg("%s: byte %zu is 0x%x", callers[i].what, k, ((unsigned char *)&ours)[k]);
		}
		if (!err)
			assert_int_equal(ours.sz, sizeof(ours));
		free(theirs);
	}
}

static void test_opts_read_names_the_offset_it_does_not_know(void **state)
{
	const struct caller newer = { "newer", SIZE_NOW + 16, SIZE_NOW + 16, SIZE_NOW + 5, -E2BIG };
	unsigned char *theirs = caller_struct(&newer, 0);
	struct wishes ours;
	char words[64];

	assert_int_equal(krsi_priv_opts_read(*state, &ours, sizeof(ours), theirs, "wishes"), -E2BIG);
	assert_detail(*state, "wishes: ");
	snprintf(words, sizeof(words), "offset %zu is set", SIZE_NOW + 5);
	assert_detail(*state, words);
	snprintf(words, sizeof(words), "knows only %zu bytes", SIZE_NOW);
	assert_detail(*state, words);
	free(theirs);
}

static void test_opts_read_says_how_to_set_the_size(void **state)
{
	struct wishes theirs = { .sz = 0 }, ours;

	assert_int_equal(krsi_priv_opts_read(*state, &ours, sizeof(ours), &theirs, "wishes"), -EINVAL);
	assert_detail(*state, "wishes: sz is 0; set it to sizeof(struct wishes)");
}

static void test_opts_read_of_null_is_all_defaults(void **state)
{
	struct wishes ours;

	memset(&ours, 0x5a, sizeof(ours));
	assert_ok(*state, krsi_priv_opts_read(*state, &ours, sizeof(ours), NULL, "wishes"));
	assert_int_equal(ours.sz, sizeof(ours));
	assert_int_equal(ours.first, 0);
	assert_int_equal(ours.second, 0);
	assert_int_equal(ours.added, 0);
}

static void test_opts_read_writes_no_further_than_ours(void **state)
{
	struct { struct wishes ours; unsigned char guard[8]; } both;
	const struct caller newer = { "newer", SIZE_NOW + 16, SIZE_NOW + 16, NOWHERE, 0 };
	unsigned char *theirs = caller_struct(&newer, 0);
	size_t i;

	memset(&both, 0x5a, sizeof(both));
	assert_ok(*state, krsi_priv_opts_read(*state, &both.ours, sizeof(both.ours), theirs, "wishes"));
	for (i = 0; i < sizeof(both.guard); i++)
		assert_int_equal(both.guard[i], 0x5a);
	free(theirs);
}

static void test_info_write_fills_what_each_caller_has(void **state)
{
	struct wishes ours = { .sz = sizeof(ours), .first = 0x11111111, .second = 0x22222222, .added = 0x3333333333333333 };
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(callers); i++) {
		unsigned char *theirs = caller_struct(&callers[i], 0xee);
		size_t sz;
		int err;

		/* What an info struct holds before the call means nothing, so nothing of it can be unknown. */
		err = krsi_priv_info_write(NULL, theirs, &ours, sizeof(ours), "wishes");
		if (err != (callers[i].err == -E2BIG ? 0 : callers[i].err))
			fail_msg("%s: %d", callers[i].what, err);
		memcpy(&sz, theirs, sizeof(sz));
		assert_true(sz == callers[i].sz);
		for (k = sizeof(size_t); k < callers[i].allocated; k++) {
			unsigned char want = err ? 0xee : k < sizeof(ours) ? ((unsigned char *)&ours)[k] : 0;

			if (theirs[k] != want)
				fail_msg("%s: byte %zu is 0x%x, not 0x%x", callers[i].what, k, theirs[k], want);
		}
		free(theirs);
	}
}

static void test_info_write_says_how_to_set_the_size(void **state)
{
	struct wishes ours = { .sz = sizeof(ours) }, theirs = { .sz = 3 };

	assert_int_equal(krsi_priv_info_write(*state, &theirs, &ours, sizeof(ours), "wishes"), -EINVAL);
	assert_detail(*state, "wishes: sz is 3; set it to sizeof(struct wishes)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_opts_read_takes_callers_of_every_age),
		ctx_test(test_opts_read_names_the_offset_it_does_not_know),
		ctx_test(test_opts_read_says_how_to_set_the_size),
		ctx_test(test_opts_read_of_null_is_all_defaults),
		ctx_test(test_opts_read_writes_no_further_than_ours),
		ctx_test(test_info_write_fills_what_each_caller_has),
		ctx_test(test_info_write_says_how_to_set_the_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
