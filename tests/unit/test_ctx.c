/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The context: what it remembers of a failure, what it tells the log, and how long it lives. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctx.h"

static bool no_memory_for_text;

int __real_vasprintf(char **text, const char *fmt, va_list args);
int __wrap_vasprintf(char **text, const char *fmt, va_list args);

int __wrap_vasprintf(char **text, const char *fmt, va_list args)
{
	if (no_memory_for_text) {
		*text = (char *)0x1;	/* "undefined", says the manual: nobody may look at it */
		return -1;
	}
	return __real_vasprintf(text, fmt, args);
}

/* What _FORTIFY_SOURCE makes of it. */
int __wrap___vasprintf_chk(char **text, int flag, const char *fmt, va_list args);
int __wrap___vasprintf_chk(char **text, int flag, const char *fmt, va_list args)
{
	(void)flag;
	return __wrap_vasprintf(text, fmt, args);
}

/* The messages that a callback received. */
struct heard {
	unsigned int count;
	int level;
	char text[2048];
};

static void hear(void *data, int level, const char *text)
{
	struct heard *heard = data;

	heard->count++;
	heard->level = level;
	snprintf(heard->text, sizeof(heard->text), "%s", text);
}

static void test_ctx_new_refuses_what_it_cannot_use(void **state)
{
	static const struct {
		const char *what;
		struct krsi_ctx_opts opts;
		int err;
	} variants[] = {
		{ "size not set", { .sz = 0 }, -EINVAL },
		{ "unknown level", { .sz = sizeof(struct krsi_ctx_opts), .log_level = 5 }, -EINVAL },
		{ "level that is negative as an int", { .sz = sizeof(struct krsi_ctx_opts), .log_level = UINT32_MAX }, -EINVAL },
		{ "reserved in use", { .sz = sizeof(struct krsi_ctx_opts), .reserved = 1 }, -EINVAL },
	};
	struct { struct krsi_ctx_opts opts; uint64_t added; } newer = { { .sz = sizeof(newer) }, 1 };
	struct krsi_ctx *untouched = (struct krsi_ctx *)&newer, *ctx = untouched;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(variants); i++)
		if (krsi_ctx_new(&variants[i].opts, &ctx) != variants[i].err)
			fail_msg("%s was not refused", variants[i].what);
	assert_int_equal(krsi_ctx_new(&newer.opts, &ctx), -E2BIG);
	assert_int_equal(krsi_ctx_new(NULL, NULL), -EINVAL);
	assert_ptr_equal(ctx, untouched);
}

static void test_ctx_starts_with_its_options(void **state)
{
	struct heard heard = { 0 };
	struct krsi_ctx_opts opts = { .sz = sizeof(opts), .log = hear, .log_data = &heard, .log_level = KRSI_LOG_DEBUG };
	struct krsi_ctx *ctx;

	(void)state;
	assert_int_equal(krsi_ctx_new(&opts, &ctx), 0);
	krsi_priv_log(ctx, KRSI_LOG_DEBUG, "a detail");
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.level, KRSI_LOG_DEBUG);
	krsi_ctx_free(ctx);

	/* Level 0 is the default one. */
	opts.log_level = 0;
	heard.count = 0;
	assert_int_equal(krsi_ctx_new(&opts, &ctx), 0);
	krsi_priv_log(ctx, KRSI_LOG_INFO, "a deed");
	assert_int_equal(heard.count, 0);
	krsi_priv_log(ctx, KRSI_LOG_WARN, "a warning");
	assert_int_equal(heard.count, 1);
	krsi_ctx_free(ctx);
}

static void test_log_passes_its_level_and_below(void **state)
{
	struct heard heard = { 0 };
	int level, message;

	for (level = KRSI_LOG_ERROR; level <= KRSI_LOG_DEBUG; level++) {
		assert_ok(*state, krsi_ctx_set_log(*state, hear, level, &heard));
		for (message = KRSI_LOG_ERROR; message <= KRSI_LOG_DEBUG; message++) {
			heard.count = 0;
			krsi_priv_log(*state, message, "x");
			assert_int_equal(heard.count, message <= level);
		}
	}
}

static void test_log_level_that_does_not_exist_changes_nothing(void **state)
{
	struct heard heard = { 0 };

	assert_ok(*state, krsi_ctx_set_log(*state, hear, KRSI_LOG_INFO, &heard));
	assert_int_equal(krsi_ctx_set_log(*state, NULL, 0, NULL), -EINVAL);
	assert_detail(*state, "log level 0 does not exist");
	assert_int_equal(krsi_ctx_set_log(*state, NULL, KRSI_LOG_DEBUG + 1, NULL), -EINVAL);
	assert_int_equal(krsi_ctx_set_log(NULL, hear, KRSI_LOG_INFO, &heard), -EINVAL);
	heard.count = 0;
	krsi_priv_log(*state, KRSI_LOG_INFO, "still heard");
	assert_int_equal(heard.count, 1);
}

static void test_log_is_silent_without_a_callback(void **state)
{
	struct heard heard = { 0 };

	assert_ok(*state, krsi_ctx_set_log(*state, hear, KRSI_LOG_DEBUG, &heard));
	assert_ok(*state, krsi_ctx_set_log(*state, NULL, KRSI_LOG_DEBUG, &heard));
	krsi_priv_log(*state, KRSI_LOG_ERROR, "unheard");
	assert_int_equal(krsi_priv_fail(*state, -EIO, "unheard too"), -EIO);
	assert_int_equal(heard.count, 0);
}

static void test_failure_is_logged_as_it_is_told(void **state)
{
	struct heard heard = { 0 };

	assert_ok(*state, krsi_ctx_set_log(*state, hear, KRSI_LOG_ERROR, &heard));
	assert_int_equal(krsi_priv_fail(*state, -ENOENT, "map %s: no number %d", "events", 7), -ENOENT);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.level, KRSI_LOG_ERROR);
	assert_string_equal(heard.text, "map events: no number 7");
	assert_string_equal(krsi_ctx_error_detail(*state), heard.text);
}

static void test_log_lines_have_no_line_feed(void **state)
{
	struct heard heard = { 0 };

	assert_ok(*state, krsi_ctx_set_log(*state, hear, KRSI_LOG_ERROR, &heard));
	krsi_priv_fail(*state, -EIO, "\none\ntwo\n\nthree\n");
	assert_string_equal(heard.text, " one two  three ");
	assert_string_equal(krsi_ctx_error_detail(*state), "\none\ntwo\n\nthree\n");
}

static void test_long_text_is_cut_in_the_log_alone(void **state)
{
	struct heard heard = { 0 };
	char text[3000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_ok(*state, krsi_ctx_set_log(*state, hear, KRSI_LOG_ERROR, &heard));
	krsi_priv_fail(*state, -EIO, "%s", text);
	assert_int_equal(strlen(heard.text), 1023);
	assert_int_equal(strlen(krsi_ctx_error_detail(*state)), sizeof(text) - 1);
}

static void test_detail_is_empty_before_the_first_failure(void **state)
{
	assert_string_equal(krsi_ctx_error_detail(*state), "");
	assert_string_equal(krsi_ctx_error_detail(NULL), "");
}

static void test_detail_stays_after_success(void **state)
{
	krsi_priv_fail(*state, -EIO, "the story");
	assert_ok(*state, krsi_ctx_set_log(*state, NULL, KRSI_LOG_WARN, NULL));
	assert_string_equal(krsi_ctx_error_detail(*state), "the story");
	krsi_priv_fail(*state, -EIO, "another story");
	assert_string_equal(krsi_ctx_error_detail(*state), "another story");
}

static void test_detail_can_quote_itself(void **state)
{
	krsi_priv_fail(*state, -EIO, "the cause");
	krsi_priv_fail(*state, -EIO, "the deed: %s", krsi_ctx_error_detail(*state));
	assert_string_equal(krsi_ctx_error_detail(*state), "the deed: the cause");
}

static void test_failure_without_memory_keeps_the_number_and_no_old_story(void **state)
{
	struct heard heard = { 0 };

	krsi_priv_fail(*state, -EIO, "an older story");
	assert_ok(*state, krsi_ctx_set_log(*state, hear, KRSI_LOG_DEBUG, &heard));
	no_memory_for_text = true;
	assert_int_equal(krsi_priv_fail(*state, -ENOMEM, "cannot be told"), -ENOMEM);
	no_memory_for_text = false;
	assert_string_equal(krsi_ctx_error_detail(*state), "");
	assert_int_equal(heard.count, 0);
	assert_int_equal(krsi_priv_fail(*state, -EIO, "told again"), -EIO);
	assert_string_equal(krsi_ctx_error_detail(*state), "told again");
}

static void test_failure_without_a_context_is_a_number(void **state)
{
	(void)state;
	assert_int_equal(krsi_priv_fail(NULL, -EINVAL, "nobody hears %d", 1), -EINVAL);
}

static void test_ctx_freed_first_lives_as_long_as_its_handles(void **state)
{
	struct krsi_stream *stream, *other;
	struct heard heard = { 0 };
	struct krsi_ctx *ctx;

	(void)state;
	assert_int_equal(krsi_ctx_new(NULL, &ctx), 0);
	assert_ok(ctx, krsi_ctx_set_log(ctx, hear, KRSI_LOG_ERROR, &heard));
	assert_ok(ctx, krsi_stream_new(ctx, &stream));
	assert_ok(ctx, krsi_stream_new(ctx, &other));
	krsi_ctx_free(ctx);
	krsi_stream_free(stream);
	/* Had it gone with the caller's reference, the sanitizer would stop us here. */
	assert_int_equal(krsi_stream_add(other, NULL, NULL, NULL, NULL), -EINVAL);
	assert_string_equal(heard.text, "krsi_stream_add: an argument is NULL");
	krsi_stream_free(other);
	krsi_ctx_free(NULL);
}

static void test_two_contexts_know_nothing_of_each_other(void **state)
{
	struct heard heard[2] = { { 0 } };
	struct krsi_ctx *ctx[2];
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(krsi_ctx_new(NULL, &ctx[i]), 0);
		assert_ok(ctx[i], krsi_ctx_set_log(ctx[i], hear, KRSI_LOG_DEBUG, &heard[i]));
	}
	krsi_priv_fail(ctx[0], -EIO, "of the first");
	assert_string_equal(krsi_ctx_error_detail(ctx[1]), "");
	assert_int_equal(heard[1].count, 0);
	krsi_priv_fail(ctx[1], -EIO, "of the second");
	assert_string_equal(krsi_ctx_error_detail(ctx[0]), "of the first");
	krsi_ctx_free(ctx[0]);
	assert_string_equal(krsi_ctx_error_detail(ctx[1]), "of the second");
	krsi_ctx_free(ctx[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_ctx_new_refuses_what_it_cannot_use),
		ctx_test(test_ctx_starts_with_its_options),
		ctx_test(test_log_passes_its_level_and_below),
		ctx_test(test_log_level_that_does_not_exist_changes_nothing),
		ctx_test(test_log_is_silent_without_a_callback),
		ctx_test(test_failure_is_logged_as_it_is_told),
		ctx_test(test_log_lines_have_no_line_feed),
		ctx_test(test_long_text_is_cut_in_the_log_alone),
		ctx_test(test_detail_is_empty_before_the_first_failure),
		ctx_test(test_detail_stays_after_success),
		ctx_test(test_detail_can_quote_itself),
		ctx_test(test_failure_without_memory_keeps_the_number_and_no_old_story),
		ctx_test(test_failure_without_a_context_is_a_number),
		ctx_test(test_ctx_freed_first_lives_as_long_as_its_handles),
		ctx_test(test_two_contexts_know_nothing_of_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
