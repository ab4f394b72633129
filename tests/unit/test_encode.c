/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Encoders as such: options, mistakes, and bytes that come back. */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <libkrsi/encode.h>

#include "alloc/inject.h"
#include "event_tools.h"

static void test_options_are_checked(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_encoder_opts opts = { .sz = sizeof(opts), .format = KRSI_ENCODE_OCSF + 1 };
	struct { struct krsi_encoder_opts opts; uint64_t more; } newer = { .opts = { .sz = sizeof(newer) } };
	struct krsi_encoder *encoder = NULL;

	assert_int_equal(krsi_encoder_new(ctx, &opts, &encoder), -EINVAL);
	assert_detail(ctx, "there is no format 5");
	opts.format = KRSI_ENCODE_TEXT;
	opts.flags = 1u << 20;
	assert_int_equal(krsi_encoder_new(ctx, &opts, &encoder), -E2BIG);
	assert_detail(ctx, "flags have 0x100000");
	opts.flags = 0;
	opts.host_name = "a\xff";
	assert_int_equal(krsi_encoder_new(ctx, &opts, &encoder), -EINVAL);
	assert_detail(ctx, "not UTF-8");
	opts.sz = 0;
	assert_int_equal(krsi_encoder_new(ctx, &opts, &encoder), -EINVAL);
	assert_detail(ctx, "krsi_encoder_opts: sz is 0");
	assert_int_equal(krsi_encoder_new(ctx, NULL, NULL), -EINVAL);
	newer.more = 1;
	assert_int_equal(krsi_encoder_new(ctx, &newer.opts, &encoder), -E2BIG);
	assert_null(encoder);
	newer.more = 0;
	assert_ok(ctx, krsi_encoder_new(ctx, &newer.opts, &encoder));
	krsi_encoder_free(encoder);
	assert_ok(ctx, krsi_encoder_new(ctx, NULL, &encoder));
	krsi_encoder_free(encoder);
	krsi_encoder_free(NULL);
}

static void test_texts_of_options_are_copied(void **state)
{
	char name[] = "web-1";
	struct krsi_encoder_opts opts = { .sz = sizeof(opts), .format = KRSI_ENCODE_JSON, .host_name = name };
	struct krsi_encoder *encoder;

	(void)state;
	assert_int_equal(krsi_encoder_new(NULL, &opts, &encoder), 0);
	memset(name, 'x', sizeof(name) - 1);
	krsi_encoder_free(encoder);
}

static void test_mistakes_are_told(void **state)
{
	struct krsi_encoder *encoder;
	struct event_made made;
	const char *text = NULL;

	(void)state;
	assert_int_equal(krsi_encoder_new(NULL, NULL, &encoder), 0);
	event_begin(&made, "file.open");
	event_end(&made);
	assert_int_equal(krsi_encoder_event(NULL, &made.event, &text, NULL), -EINVAL);
	assert_int_equal(krsi_encoder_event(encoder, NULL, &text, NULL), -EINVAL);
	assert_int_equal(krsi_encoder_event(encoder, &made.event, NULL, NULL), -EINVAL);
	assert_int_equal(krsi_encoder_lost(NULL, 1, 1, &text, NULL), -EINVAL);
	assert_int_equal(krsi_encoder_lost(encoder, 1, 1, NULL, NULL), -EINVAL);
	assert_null(text);
	event_free(&made);
	krsi_encoder_free(encoder);
}

static void test_bytes_come_back(void **state)
{
	static const struct {
		const char *text, *hex;
		size_t room;
		int err;
		const char *bytes;
		size_t size;
	} cases[] = {
		{ "/etc/shadow", NULL, 64, 0, "/etc/shadow", 11 },
		{ "/\xc3\xa4", NULL, 64, 0, "/\xc3\xa4", 3 },
		{ "", NULL, 64, 0, "", 0 },
		{ "", NULL, 0, 0, "", 0 },
		{ "a\xef\xbf\xbd", "61ff", 64, 0, "a\xff", 2 },
		{ "a\xef\xbf\xbd", "61FF", 2, 0, "a\xff", 2 },
		{ "a\xef\xbf\xbd", "6100", 2, 0, "a\0", 2 },
		{ "x", "", 2, 0, "", 0 },
		{ "x", "6", 64, -EBADMSG, NULL, 64 },
		{ "x", "6g", 64, -EBADMSG, NULL, 64 },
		{ "x", "0x61", 64, -EBADMSG, NULL, 64 },
		{ "x", " 1", 64, -EBADMSG, NULL, 64 },
		{ "abc", NULL, 2, -ENOSPC, NULL, 3 },
		{ "abc", "616263", 2, -ENOSPC, NULL, 3 },
		{ "abc", NULL, 0, -ENOSPC, NULL, 3 },
	};
	char bytes[64];
	size_t i, size;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		size = cases[i].room;
		assert_int_equal(krsi_encode_bytes(cases[i].text, cases[i].hex, size ? bytes : NULL, &size), cases[i].err);
		assert_int_equal(size, cases[i].size);
		if (!cases[i].err)
			assert_memory_equal(bytes, cases[i].bytes, size);
	}
	size = 1;
	assert_int_equal(krsi_encode_bytes(NULL, NULL, bytes, &size), -EINVAL);
	assert_int_equal(krsi_encode_bytes("a", NULL, NULL, &size), -EINVAL);
	assert_int_equal(krsi_encode_bytes("a", NULL, bytes, NULL), -EINVAL);
}

/* Every allocation fails in turn: there is a whole text, or -ENOMEM. */
static void encode_without_memory(uint32_t format)
{
	struct krsi_encoder_opts opts = { .sz = sizeof(opts), .format = format, .flags = KRSI_ENCODE_DETAILS | KRSI_ENCODE_NAMES, .host_name = "web-1" };
	struct krsi_encoder *encoder;
	struct event_made made;
	char whole[8192] = "";
	const char *text;
	unsigned int i, failed;
	int err;

	event_begin(&made, "process.exec");
	event_number_put(&made, KRSI_EVENT_PID, 812);
	event_number_put(&made, KRSI_EVENT_FACTS, 5);
	event_number_put(&made, KRSI_EVENT_ARGC, 1);
	event_text_put(&made, KRSI_EVENT_STRINGS, "a\0b\xff\0", 5, 0);
	event_text_put(&made, KRSI_EVENT_PATH, "/a\xff", 3, 0);
	event_end(&made);
	for (i = 0;; i++) {
		encoder = NULL;
		text = NULL;
		if (i)
			inject_start(i, false);
		err = krsi_encoder_new(NULL, &opts, &encoder);
		if (!err)
			err = krsi_encoder_event(encoder, &made.event, &text, NULL);
		failed = i ? inject_stop() : 0;
		if (err != (failed ? -ENOMEM : 0))
			fail_msg("format %u, allocation %u: %d", format, i, err);
		if (!i)
			strcpy(whole, text);
		else if (!err)
			assert_string_equal(text, whole);
		else
			assert_null(text);
		/* The same encoder goes on. */
		if (encoder && failed) {
			assert_int_equal(krsi_encoder_event(encoder, &made.event, &text, NULL), 0);
			assert_string_equal(text, whole);
		}
		krsi_encoder_free(encoder);
		if (i && !failed)
			break;
	}
	assert_true(i > 3);
	event_free(&made);
}

static void *memory_get(size_t size)
{
	return malloc(size);	/* which --wrap has led to inject.c */
}

static void memory_give_back(void *memory)
{
	free(memory);
}

static void test_nothing_is_encoded_in_part(void **state)
{
	uint32_t format;

	(void)state;
	json_set_alloc_funcs(memory_get, memory_give_back);
	for (format = KRSI_ENCODE_TEXT; format <= KRSI_ENCODE_OCSF; format++)
		encode_without_memory(format);
	json_set_alloc_funcs(malloc, free);
}

static void test_a_failure_can_be_explained_from_outside(void **state)
{
	struct krsi_ctx *ctx = *state;

	assert_int_equal(krsi_ctx_fail(ctx, -ENOENT, "where is it? 100%s"), -ENOENT);
	assert_string_equal(krsi_ctx_error_detail(ctx), "where is it? 100%s");
	assert_int_equal(krsi_ctx_fail(ctx, -EIO, NULL), -EIO);
	assert_string_equal(krsi_ctx_error_detail(ctx), "");
	assert_int_equal(krsi_ctx_fail(NULL, -EIO, "nobody hears it"), -EIO);
}

/* --- decisions ---------------------------------------------------------------------- */

static void decision_check(uint32_t format, const struct krsi_decision_info *decision, uint32_t flags, const char *words)
{
	const struct krsi_encoder_opts opts = { .sz = sizeof(opts), .format = format };
	struct krsi_encoder *encoder;
	struct event_made made;
	const char *text;

	assert_int_equal(krsi_encoder_new(NULL, &opts, &encoder), 0);
	event_begin(&made, "file.open");
	event_number_put(&made, KRSI_EVENT_ERROR, EPERM);
	event_number_put(&made, KRSI_EVENT_PID, 812);
	event_string_put(&made, KRSI_EVENT_EXE, "/bin/cat");
	event_string_put(&made, KRSI_EVENT_PATH, "/etc/shadow");
	event_end(&made);
	assert_int_equal(krsi_encoder_decision(encoder, &made.event, decision, flags, &text, NULL), 0);
	assert_words(text, words);
	/* What was said itself is in no line of text. */
	if (format == KRSI_ENCODE_TEXT)
		assert_null(strstr(text, "web/shadow"));
	else
		assert_words(text, "\"verdict\":\"deny\",\"outcome\":\"denied\",");
	event_free(&made);
	krsi_encoder_free(encoder);
}

static void test_decisions_stand_in_place_of_what_was_said(void **state)
{
	const struct krsi_decision_info deny = { .sz = sizeof(deny), .word = "deny", .policy = "new one", .rule = "all", .verdict = KRSI_EVENT_DENY, .error = EACCES };
	const struct krsi_decision_info kill = { .sz = sizeof(kill), .word = "kill", .policy = "p", .rule = "r", .verdict = KRSI_EVENT_SIGNAL, .error = EPERM, .signal = SIGKILL };
	const struct krsi_decision_info term = { .sz = sizeof(term), .word = "signal", .policy = "p", .rule = "r", .verdict = KRSI_EVENT_SIGNAL, .signal = SIGTERM };
	const struct krsi_decision_info audit = { .sz = sizeof(audit), .word = "audit", .policy = "p", .rule = "r", .verdict = KRSI_EVENT_AUDIT };
	const struct krsi_decision_info allow = { .sz = sizeof(allow), .word = "allow", .verdict = KRSI_EVENT_ALLOW };

	(void)state;
	decision_check(KRSI_ENCODE_TEXT, &deny, 0, "Z WOULD-DENY   file.open        /bin/cat[812] /etc/shadow new\\x20one/all EACCES");
	decision_check(KRSI_ENCODE_TEXT, &kill, 0, "Z WOULD-KILL   file.open        /bin/cat[812] /etc/shadow p/r EPERM,SIGKILL");
	decision_check(KRSI_ENCODE_TEXT, &term, 0, "Z WOULD-SIGNAL file.open        /bin/cat[812] /etc/shadow p/r SIGTERM");
	decision_check(KRSI_ENCODE_TEXT, &audit, KRSI_ENCODE_UNSURE, "Z AUDIT        file.open        /bin/cat[812] /etc/shadow p/r -\n    not sure: ");
	decision_check(KRSI_ENCODE_TEXT, &allow, 0, "Z ALLOWED      file.open        /bin/cat[812] /etc/shadow ?/? -");
	decision_check(KRSI_ENCODE_JSON, &deny, 0, ",\"replay\":{\"verdict\":\"deny\",\"outcome\":\"would_deny\",\"policy\":\"new one\",\"rule\":\"all\","
						   "\"error\":13,\"error_name\":\"EACCES\",\"unsure\":false}}");
	decision_check(KRSI_ENCODE_JSON, &kill, KRSI_ENCODE_UNSURE, "\"sent_signal\":9,\"unsure\":true}}");
	decision_check(KRSI_ENCODE_JSON, &allow, 0, "\"replay\":{\"verdict\":\"allow\",\"outcome\":\"allowed\",\"policy\":null,\"rule\":null,\"unsure\":false}}");
}

static void test_decisions_that_cannot_be_encoded(void **state)
{
	const struct krsi_encoder_opts ecs = { .sz = sizeof(ecs), .format = KRSI_ENCODE_ECS };
	struct krsi_decision_info decision = { .sz = sizeof(decision), .word = "audit", .verdict = KRSI_EVENT_AUDIT };
	struct krsi_encoder *encoder, *schema;
	struct event_made made;
	const char *text = "x";

	(void)state;
	assert_int_equal(krsi_encoder_new(NULL, NULL, &encoder), 0);
	assert_int_equal(krsi_encoder_new(NULL, &ecs, &schema), 0);
	event_begin(&made, "file.open");
	event_end(&made);
	assert_int_equal(krsi_encoder_decision(schema, &made.event, &decision, 0, &text, NULL), -EOPNOTSUPP);
	assert_int_equal(krsi_encoder_decision(encoder, &made.event, &decision, 2, &text, NULL), -E2BIG);
	assert_int_equal(krsi_encoder_decision(NULL, &made.event, &decision, 0, &text, NULL), -EINVAL);
	assert_int_equal(krsi_encoder_decision(encoder, NULL, &decision, 0, &text, NULL), -EINVAL);
	assert_int_equal(krsi_encoder_decision(encoder, &made.event, NULL, 0, &text, NULL), -EINVAL);
	assert_int_equal(krsi_encoder_decision(encoder, &made.event, &decision, 0, NULL, NULL), -EINVAL);
	decision.sz = 0;
	assert_int_equal(krsi_encoder_decision(encoder, &made.event, &decision, 0, &text, NULL), -EINVAL);
	assert_string_equal(text, "x");
	event_free(&made);
	krsi_encoder_free(schema);
	krsi_encoder_free(encoder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_options_are_checked),
		cmocka_unit_test(test_texts_of_options_are_copied),
		cmocka_unit_test(test_mistakes_are_told),
		cmocka_unit_test(test_bytes_come_back),
		cmocka_unit_test(test_nothing_is_encoded_in_part),
		ctx_test(test_a_failure_can_be_explained_from_outside),
		cmocka_unit_test(test_decisions_stand_in_place_of_what_was_said),
		cmocka_unit_test(test_decisions_that_cannot_be_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
