/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which variables are in events of executions: names, and what becomes of the others. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "engine/engine.h"
#include "event_tools.h"

#define LIST(...) ((const char *const[]){ __VA_ARGS__ })
#define COUNT(...) (sizeof(LIST(__VA_ARGS__)) / sizeof(char *))
#define NAMES(...) LIST(__VA_ARGS__), COUNT(__VA_ARGS__)

/* --- names ------------------------------------------------------------------ */

static int names_read(struct krsi_ctx *ctx, uint32_t flags, const char *const *names, uint64_t count)
{
	struct krsi_engine engine = { .ctx = ctx, .opts = { .flags = flags, .environment = names, .environment_count = count } };
	int err = krsi_priv_environment_read(&engine);

	if (!err)
		assert_int_equal(krsi_priv_environment_is_told(&engine), flags || count);
	krsi_priv_environment_free(&engine.environment);
	return err;
}

static void test_names_are_checked(void **state)
{
	static const char *const many[257] = { "A" };
	static const struct {
		const char *name, *detail;
	} cases[] = {
		{ NULL, "variable 1 of the environment has no name" },
		{ "", "variable 1 of the environment has no name" },
		{ "*", "KRSI_ENGINE_ENVIRONMENT asks for that" },
		{ "A=1", "\"A=1\" is no name of a variable" },
		{ "A*B", "\"A*B\" has a star that is not at its end" },
		{ "A**", "\"A**\" has a star that is not at its end" },
	};
	size_t i;

	assert_ok(*state, names_read(*state, 0, NULL, 0));
	assert_ok(*state, names_read(*state, KRSI_ENGINE_ENVIRONMENT, NULL, 0));
	assert_ok(*state, names_read(*state, 0, NAMES("A", "LD_*", "with space")));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(names_read(*state, 0, NAMES("A", cases[i].name)), -EINVAL);
		assert_detail(*state, cases[i].detail);
	}
	assert_int_equal(names_read(*state, 0, NULL, 1), -EINVAL);
	assert_detail(*state, "environment is NULL");
	assert_int_equal(names_read(*state, 0, many, ARRAY_SIZE(many)), -EINVAL);
	assert_detail(*state, "257 variables of the environment; the limit is 256");
	assert_int_equal(names_read(*state, KRSI_ENGINE_ENVIRONMENT, NAMES("A")), -EINVAL);
	assert_detail(*state, "leave out one of them");
}

/* --- events ----------------------------------------------------------------- */

static void strings_are(const struct krsi_event *event, uint32_t field, const char *bytes, size_t size, uint32_t flags)
{
	uint32_t got = ~0U;
	size_t have = 0;
	const char *text = krsi_event_text(event, field, &have, &got);

	assert_non_null(text);
	assert_int_equal(have, size);
	assert_memory_equal(text, bytes, size);
	assert_int_equal(got, flags);
}

/* No record that comes out of it has these bytes anywhere. */
static void nowhere(const struct krsi_event *event, const char *bytes)
{
	assert_null(memmem(event->bytes, event->head->size, bytes, strlen(bytes)));
}

/* What is left of `strings`, of which `argc` are arguments, when `names` are asked for. */
static void filter(struct krsi_ctx *ctx, const char *const *names, uint64_t count, const char *strings, size_t size, uint64_t argc,
		   const char *expected, size_t expected_size, uint32_t flags)
{
	struct krsi_engine engine = { .ctx = ctx, .opts = { .environment = names, .environment_count = count } };
	struct krsi_event read;
	struct event_made made;

	assert_ok(ctx, krsi_priv_environment_read(&engine));
	event_begin(&made, "process.exec");
	event_number_put(&made, KRSI_EVENT_ARGC, argc);
	event_text_put(&made, KRSI_EVENT_STRINGS, strings, size, flags);
	event_string_put(&made, KRSI_EVENT_CWD, "/srv");
	event_end(&made);
	assert_true(krsi_priv_environment_filter(&engine, &made.event));
	strings_are(&made.event, KRSI_EVENT_STRINGS, expected, expected_size, flags);
	nowhere(&made.event, "SECRET");
	/* It is a record like others: what is behind the list is where it was. */
	assert_true(krsi_priv_event_read(made.event.bytes, made.event.head->size, &read));
	read.environment = true;
	strings_are(&read, KRSI_EVENT_STRINGS, expected, expected_size, flags);
	strings_are(&read, KRSI_EVENT_CWD, "/srv", 4, 0);
	event_free(&made);
	krsi_priv_environment_free(&engine.environment);
}

#define STRINGS(text) text, sizeof(text) - 1

static void test_only_what_was_asked_for_is_left(void **state)
{
	filter(*state, NAMES("LD_PRELOAD"), STRINGS("ls\0A=SECRET\0LD_PRELOAD=/x\0"), 1, STRINGS("ls\0LD_PRELOAD=/x\0"), 0);
	filter(*state, NAMES("LD_*"), STRINGS("ls\0LD=SECRET\0LD_=1\0LD_A=2\0ALD_=SECRET\0"), 1, STRINGS("ls\0LD_=1\0LD_A=2\0"), 0);
	filter(*state, NAMES("A", "B"), STRINGS("ls\0-l\0A=1\0A=2\0AB=SECRET\0B\0b=SECRET\0"), 2, STRINGS("ls\0-l\0A=1\0A=2\0B\0"), 0);
	/* What looks like one in a value is none, and an argument is none. */
	filter(*state, NAMES("A"), STRINGS("A=1\0B=SECRET A=2\0=A\0\0"), 1, STRINGS("A=1\0"), 0);
	filter(*state, NAMES("A"), STRINGS("ls\0B=SECRET\0"), 1, STRINGS("ls\0"), 0);
	filter(*state, NAMES("A"), STRINGS("B=SECRET\0"), 0, STRINGS(""), 0);
	filter(*state, NAMES("A"), STRINGS("ls\0"), 1, STRINGS("ls\0"), 0);
	filter(*state, NAMES("A"), STRINGS(""), 0, STRINGS(""), 0);
	/* What is not whole may be of another name. */
	filter(*state, NAMES("A"), STRINGS("ls\0A=1\0A=SECRET"), 1, STRINGS("ls\0A=1\0"), KRSI_EVENT_TEXT_CUT);
	filter(*state, NAMES("S"), STRINGS("ls\0S"), 1, STRINGS("ls\0"), KRSI_EVENT_TEXT_CUT);
	filter(*state, NAMES("A"), STRINGS("ls\0-l\0-a"), 3, STRINGS("ls\0-l\0"), KRSI_EVENT_TEXT_CUT);
}

static void test_every_size_of_what_is_left_out_makes_a_record(void **state)
{
	char strings[64] = "ls";
	size_t size;

	for (size = 1; size < 40; size++) {
		memset(strings + 3, 'x', size);
		strings[3 + size] = '\0';
		filter(*state, NAMES("A"), strings, size + 4, 1, "ls", 3, 0);
	}
}

static void test_other_events_stay_as_they_are(void **state)
{
	struct krsi_engine engine = { .ctx = *state, .opts = { .environment = LIST("A"), .environment_count = 1 } };
	struct event_made made;
	const char *bytes;

	assert_ok(*state, krsi_priv_environment_read(&engine));
	event_begin(&made, "file.open");
	event_string_put(&made, KRSI_EVENT_PATH, "/etc/shadow");
	event_end(&made);
	bytes = made.event.bytes;
	assert_true(krsi_priv_environment_filter(&engine, &made.event));
	assert_ptr_equal(made.event.bytes, bytes);
	event_free(&made);
	krsi_priv_environment_free(&engine.environment);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_names_are_checked),
		ctx_test(test_only_what_was_asked_for_is_left),
		ctx_test(test_every_size_of_what_is_left_out_makes_a_record),
		ctx_test(test_other_events_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
