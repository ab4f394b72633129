/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Records of types.bpf.o, whole, cut, and with types that are damaged. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/decode.h>

/* As types.bpf.c has it. */
struct event {
	uint64_t number;
	signed char small;
	_Bool yes;
	short below;
	enum { COLOR_RED = 1, COLOR_BLUE = 7 } color;
	unsigned int three : 3, rest : 29;
	int below_too : 5;
	char comm[16];
	unsigned char digest[4];
	struct {
		int x;
		union {
			uint32_t as_number;
			uint16_t as_halves[2];
		};
	} pair[2];
	void *pointer;
	double ratio;
	float narrow;
	struct { int inner; };
};

static struct event event_new(void)
{
	struct event event;

	memset(&event, 0, sizeof(event));
	event.number = UINT64_MAX;
	event.small = -5;
	event.yes = true;
	event.below = -300;
	event.color = COLOR_BLUE;
	event.three = 5;
	event.rest = 0x1ffffffe;
	event.below_too = -3;
	memcpy(event.comm, "a \"b\"\\\n\xc3\xa9\0no", 12);
	memcpy(event.digest, "\x01\x02\xfe\xff", 4);
	event.pair[0].x = -1;
	event.pair[1].as_number = 0x00020001;
	event.pointer = (void *)0xffff888000001234;
	event.ratio = 0.25;
	event.narrow = -2.5f;
	event.inner = 42;
	return event;
}

static struct krsi_object *object_open(struct krsi_ctx *ctx)
{
	struct krsi_object *object = NULL;

	assert_ok(ctx, krsi_object_open(ctx, unit_object_path("types.bpf.o"), NULL, &object));
	return object;
}

static uint32_t find(struct krsi_ctx *ctx, struct krsi_object *object, const char *name)
{
	uint32_t type = 0;

	assert_ok(ctx, krsi_object_find_type(object, name, &type));
	assert_string_equal(krsi_object_type_name(object, type), strncmp(name, "struct ", 7) == 0 ? name + 7 : name);
	return type;
}

static void assert_decoded(struct krsi_ctx *ctx, const char *type, const void *data, size_t size, uint32_t format,
			   const char *words)
{
	struct krsi_object *object = object_open(ctx);
	char *text = NULL;

	assert_ok(ctx, krsi_object_decode(object, find(ctx, object, type), data, size, format, &text));
	assert_string_equal(text, words);
	free(text);
	krsi_object_free(object);
}

static void test_record_as_text(void **state)
{
	struct event event = event_new();

	assert_decoded(*state, "struct event", &event, sizeof(event), KRSI_DECODE_TEXT,
		"{number=18446744073709551615 small=-5 yes=true below=-300 color=COLOR_BLUE three=5 rest=536870910 below_too=-3 "
		"comm=\"a \\\"b\\\"\\\\\\x0a\\xc3\\xa9\" digest=[1 2 254 255] "
		"pair=[{x=-1 as_number=0 as_halves=[0 0]} {x=0 as_number=131073 as_halves=[1 2]}] "
		"pointer=0xffff888000001234 ratio=0.25 narrow=-2.5 inner=42}");
}

static void test_record_as_json(void **state)
{
	struct event event = event_new();

	assert_decoded(*state, "event", &event, sizeof(event), KRSI_DECODE_JSON,
		"{\"number\":18446744073709551615,\"small\":-5,\"yes\":true,\"below\":-300,\"color\":\"COLOR_BLUE\",\"three\":5,"
		"\"rest\":536870910,\"below_too\":-3,\"comm\":\"a \\\"b\\\"\\\\\\u000a\\u00c3\\u00a9\",\"digest\":[1,2,254,255],"
		"\"pair\":[{\"x\":-1,\"as_number\":0,\"as_halves\":[0,0]},{\"x\":0,\"as_number\":131073,\"as_halves\":[1,2]}],"
		"\"pointer\":\"0xffff888000001234\",\"ratio\":0.25,\"narrow\":-2.5,\"inner\":42}");
}

static void test_what_json_has_no_word_for_is_null_or_a_number(void **state)
{
	struct krsi_object *object = object_open(*state);
	struct event event = event_new();
	char *text;

	event.ratio = NAN;
	event.color = 3;
	assert_ok(*state, krsi_object_decode(object, find(*state, object, "event"), &event, sizeof(event), KRSI_DECODE_JSON, &text));
	assert_words(text, "\"ratio\":null,");
	assert_words(text, "\"color\":3,");
	free(text);
	krsi_object_free(object);
}

static void test_array_at_the_end_takes_what_is_left(void **state)
{
	assert_decoded(*state, "message", "\7\0\0\0\5\0hello!!", 13, KRSI_DECODE_TEXT, "{pid=7 size=5 text=\"hello!!\"}");
	assert_decoded(*state, "message", "\7\0\0\0\5\0hel\0o!!", 13, KRSI_DECODE_TEXT, "{pid=7 size=5 text=\"hel\"}");
	assert_decoded(*state, "message", "\7\0\0\0\5\0\0\0", 8, KRSI_DECODE_JSON, "{\"pid\":7,\"size\":5,\"text\":\"\"}");
}

/* A copy of just that size, so that one byte too many being read is seen. */
static void test_record_that_is_cut_is_refused(void **state)
{
	struct krsi_object *object = object_open(*state);
	uint32_t type = find(*state, object, "event");
	struct event event = event_new();
	char *text = NULL;
	size_t size;

	for (size = 0; size < sizeof(event); size++) {
		char *copy = malloc(size ? size : 1);

		memcpy(copy, &event, size);
		assert_int_equal(krsi_object_decode(object, type, copy, size, KRSI_DECODE_TEXT, &text), -EMSGSIZE);
		assert_detail(*state, "smaller than the type event");
		assert_null(text);
		free(copy);
	}
	krsi_object_free(object);
}

static void test_type_is_guessed_where_there_is_one(void **state)
{
	struct krsi_object *object = object_open(*state);
	uint32_t type = 0;

	/* The kernel's task_struct is as large, but the object reads it by CO-RE. */
	assert_ok(*state, krsi_object_guess_type(object, sizeof(struct event), &type));
	assert_string_equal(krsi_object_type_name(object, type), "event");
	assert_int_equal(krsi_object_guess_type(object, 20, &type), -ENOENT);
	assert_detail(*state, "one of the types twin, other_twin; say which");
	assert_int_equal(krsi_object_guess_type(object, 40, &type), -ENOENT);	/* values of a map */
	assert_detail(*state, "no struct of 40 bytes");
	assert_int_equal(krsi_object_guess_type(object, 16, &type), -ENOENT);	/* task_list */
	assert_int_equal(krsi_object_guess_type(object, 0, &type), -ENOENT);
	assert_string_equal(krsi_object_type_name(object, type), "event");
	krsi_object_free(object);
}

/* The kernel fills such a record up to a size that is 4 more than a multiple of 8. */
static void test_type_of_a_record_of_a_perf_buffer_is_guessed(void **state)
{
	size_t size = (sizeof(struct event) + 4 + 7) / 8 * 8 - 4;
	struct krsi_object *object = object_open(*state);
	uint32_t type = 0;

	assert_int_not_equal(size, sizeof(struct event));
	assert_ok(*state, krsi_object_guess_perf_type(object, size, &type));
	assert_string_equal(krsi_object_type_name(object, type), "event");
	assert_int_equal(krsi_object_guess_perf_type(object, size + 8, &type), -ENOENT);
	assert_int_equal(krsi_object_guess_perf_type(object, size - 8, &type), -ENOENT);
	assert_int_equal(krsi_object_guess_perf_type(object, 20, &type), -ENOENT);
	assert_detail(*state, "a record of 13 to 20 bytes can be of one of the types twin, other_twin; say which");
	assert_ok(*state, krsi_object_guess_perf_type(object, 12, &type));
	assert_string_equal(krsi_object_type_name(object, type), "message");
	assert_int_equal(krsi_object_guess_perf_type(object, 4, &type), -ENOENT);
	assert_int_equal(krsi_object_guess_perf_type(NULL, 12, &type), -EINVAL);
	assert_int_equal(krsi_object_guess_perf_type(object, 12, NULL), -EINVAL);
	krsi_object_free(object);
}

static void test_what_cannot_be_decoded_is_told(void **state)
{
	struct krsi_object *object = object_open(*state);
	uint32_t type = 77;
	char *text = NULL;

	assert_int_equal(krsi_object_find_type(object, "struct evnt", &type), -ENOENT);
	assert_detail(*state, "it describes no type evnt, did you mean event?");
	assert_int_equal(type, 77);
	assert_int_equal(krsi_object_find_type(NULL, "event", &type), -EINVAL);
	assert_int_equal(krsi_object_find_type(object, NULL, &type), -EINVAL);
	assert_int_equal(krsi_object_find_type(object, "event", NULL), -EINVAL);
	assert_int_equal(krsi_object_guess_type(NULL, 8, &type), -EINVAL);
	assert_int_equal(krsi_object_guess_type(object, 8, NULL), -EINVAL);
	assert_int_equal(krsi_object_decode(object, 0, "", 0, KRSI_DECODE_TEXT, &text), -ENOENT);
	assert_int_equal(krsi_object_decode(object, 100000, "", 0, KRSI_DECODE_TEXT, &text), -ENOENT);
	assert_int_equal(krsi_object_decode(object, 1, "", 0, 2, &text), -EINVAL);
	assert_int_equal(krsi_object_decode(object, 1, NULL, 0, KRSI_DECODE_TEXT, &text), -EINVAL);
	assert_int_equal(krsi_object_decode(object, 1, "", 0, KRSI_DECODE_TEXT, NULL), -EINVAL);
	assert_int_equal(krsi_object_decode(NULL, 1, "", 0, KRSI_DECODE_TEXT, &text), -EINVAL);
	assert_null(krsi_object_type_name(object, 0));
	assert_null(krsi_object_type_name(object, 100000));
	assert_null(krsi_object_type_name(NULL, 1));
	krsi_object_free(object);
}

/* Decode a record as every type of an object, whatever they are. */
static void decode_all(struct krsi_object *object, const void *record, size_t size)
{
	uint32_t type, format;
	char *text;
	int err;

	for (type = 1; krsi_object_type_name(object, type); type++)
		for (format = KRSI_DECODE_TEXT; format <= KRSI_DECODE_JSON; format++) {
			err = krsi_object_decode(object, type, record, size, format, &text);
			assert_true(err == 0 || err == -EMSGSIZE);
			if (!err)
				free(text);
		}
	krsi_object_guess_type(object, size, &type);
}

static void test_damaged_types_decode_to_something(void **state)
{
	static const unsigned char flips[] = { 0x01, 0xff };
	struct event event = event_new();
	struct krsi_object *object;
	char *bytes, *at, *end;
	size_t size, i;

	bytes = unit_object_bytes("types.bpf.o", &size);
	at = memmem(bytes, size, "\x9f\xeb\x01", 3);	/* .BTF, and .BTF.ext behind it */
	assert_non_null(at);
	end = memmem(at + 1, size - (size_t)(at + 1 - bytes), "\x9f\xeb\x01", 3);
	assert_non_null(end);
	for (end += 256; at < end && at < bytes + size; at++)
		for (i = 0; i < ARRAY_SIZE(flips); i++) {
			*at ^= (char)flips[i];
			if (krsi_object_open_memory(*state, bytes, size, NULL, &object) == 0) {
				decode_all(object, &event, sizeof(event));
				krsi_object_free(object);
			}
			*at ^= (char)flips[i];
		}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_record_as_text),
		ctx_test(test_record_as_json),
		ctx_test(test_what_json_has_no_word_for_is_null_or_a_number),
		ctx_test(test_array_at_the_end_takes_what_is_left),
		ctx_test(test_record_that_is_cut_is_refused),
		ctx_test(test_type_is_guessed_where_there_is_one),
		ctx_test(test_type_of_a_record_of_a_perf_buffer_is_guessed),
		ctx_test(test_what_cannot_be_decoded_is_told),
		ctx_test(test_damaged_types_decode_to_something),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
