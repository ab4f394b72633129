/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Records: read in place whatever their bytes are, by older and newer readers. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event_tools.h"

#define UNKNOWN_FIELD 4000

/* --- what is in a record ------------------------------------------------------ */

static void test_what_is_put_in_comes_out(void **state)
{
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	struct event_made made;
	uint32_t flags = 9;
	uint64_t number;
	const char *text;
	size_t size;

	(void)state;
	event_begin(&made, "network.connect");
	event_number_put(&made, KRSI_EVENT_PID, 812);
	event_text_put(&made, KRSI_EVENT_EXE, "/usr/bin/c\0rl", 13, KRSI_EVENT_TEXT_FOREIGN);
	event_text_put(&made, KRSI_EVENT_ADDRESS, (const char *)v6, sizeof(v6), 0);
	event_text_put(&made, KRSI_EVENT_COMM, "curl\0\0\0\0\0\0\0\0\0\0\0\0", 16, 0);
	made.head.outcome = KRSI_EVENT_WOULD;
	event_end(&made);
	assert_int_equal(krsi_event_kind(&made.event), KRSI_EVENT_KIND_RULE);
	assert_string_equal(krsi_event_operation(&made.event), "network.connect");
	assert_int_equal(krsi_event_verdict(&made.event), KRSI_EVENT_DENY);
	assert_int_equal(krsi_event_flags(&made.event), KRSI_EVENT_WOULD);
	assert_string_equal(krsi_event_policy(&made.event), "web");
	assert_string_equal(krsi_event_rule(&made.event), "shadow");
	assert_int_equal(krsi_event_number(&made.event, KRSI_EVENT_PID, &number), 0);
	assert_int_equal(number, 812);
	assert_int_equal(krsi_event_number(&made.event, KRSI_EVENT_SEQUENCE, &number), 0);
	assert_int_equal(number, 7);
	assert_int_equal(krsi_event_number(&made.event, KRSI_EVENT_WALL_TIME, &number), 0);
	assert_int_equal(number, EVENT_WALL + EVENT_TIME);
	text = krsi_event_text(&made.event, KRSI_EVENT_EXE, &size, &flags);
	assert_int_equal(size, 13);
	assert_memory_equal(text, "/usr/bin/c\0rl", 13);
	assert_int_equal(flags, KRSI_EVENT_TEXT_FOREIGN);
	assert_non_null(krsi_event_text(&made.event, KRSI_EVENT_COMM, &size, NULL));
	assert_int_equal(size, 4);
	assert_memory_equal(krsi_event_address(&made.event), v6, 16);
	/* Absent is a value. */
	number = 5;
	assert_int_equal(krsi_event_number(&made.event, KRSI_EVENT_TID, &number), -ENOENT);
	assert_int_equal(number, 5);
	assert_null(krsi_event_text(&made.event, KRSI_EVENT_PATH, &size, &flags));
	/* And so is a field of another type. */
	assert_int_equal(krsi_event_number(&made.event, KRSI_EVENT_EXE, &number), -EINVAL);
	assert_null(krsi_event_text(&made.event, KRSI_EVENT_PID, NULL, NULL));
	assert_int_equal(krsi_event_number(&made.event, KRSI_EVENT_PID, NULL), -EINVAL);
	event_free(&made);
}

static void test_kinds_have_their_words(void **state)
{
	static const struct {
		uint8_t kind;
		const char *operation, *word;
	} cases[] = {
		{ KRSI_EVENT_KIND_RULE, "file.open", "file.open" },
		{ KRSI_EVENT_KIND_LOST, "file.open", "file.open" },
		{ KRSI_EVENT_KIND_LOST, "", "" },
		{ KRSI_EVENT_KIND_FORK, "", "process.fork" },
		{ KRSI_EVENT_KIND_EXEC, "process.exec", "process.exec" },
		{ KRSI_EVENT_KIND_EXIT, "", "process.exit" },
	};
	struct event_made made;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		event_begin(&made, cases[i].operation);
		made.head.kind = cases[i].kind;
		event_end(&made);
		assert_string_equal(krsi_event_operation(&made.event), cases[i].word);
		/* Rules have to do with one kind only. */
		assert_int_equal(krsi_event_policy(&made.event) != NULL, cases[i].kind == KRSI_EVENT_KIND_RULE);
		assert_int_equal(krsi_event_rule(&made.event) != NULL, cases[i].kind == KRSI_EVENT_KIND_RULE);
		event_free(&made);
	}
}

static void strings_check(const char *bytes, size_t size, uint64_t argc, uint32_t flags, const char *argv, size_t argv_size,
			  uint32_t argv_flags, size_t env_size)
{
	struct event_made made;
	uint32_t got = 0;
	const char *text;
	size_t len;

	event_begin(&made, "process.exec");
	event_number_put(&made, KRSI_EVENT_ARGC, argc);
	event_text_put(&made, KRSI_EVENT_STRINGS, bytes, size, flags);
	event_end(&made);
	text = krsi_event_text(&made.event, KRSI_EVENT_ARGV, &len, &got);
	assert_int_equal(len, argv_size);
	assert_memory_equal(text, argv, len);
	assert_int_equal(got, argv_flags);
	text = krsi_event_text(&made.event, KRSI_EVENT_ENV, &len, &got);
	assert_int_equal(len, env_size);
	assert_memory_equal(text, bytes + argv_size, len);
	assert_int_equal(got, flags);
	made.event.environment = false;
	assert_null(krsi_event_text(&made.event, KRSI_EVENT_ENV, NULL, NULL));
	assert_null(krsi_event_text(&made.event, KRSI_EVENT_STRINGS, NULL, NULL));
	assert_non_null(krsi_event_text(&made.event, KRSI_EVENT_ARGV, NULL, NULL));
	event_free(&made);
}

static void test_arguments_and_environment_are_parts_of_one_list(void **state)
{
	(void)state;
	strings_check("ls\0-l\0A=1\0B=2\0", 14, 2, 0, "ls\0-l\0", 6, 0, 8);
	strings_check("ls\0-l\0", 6, 2, 0, "ls\0-l\0", 6, 0, 0);
	strings_check("", 0, 0, 0, "", 0, 0, 0);
	strings_check("A=1\0", 4, 0, 0, "", 0, 0, 4);
	strings_check("\0\0A=1\0", 6, 2, 0, "\0\0", 2, 0, 4);
	/* Cut in the environment: the arguments are whole. */
	strings_check("ls\0A=1\0B=", 9, 1, KRSI_EVENT_TEXT_CUT, "ls\0", 3, 0, 4);
	/* Cut in the arguments: those that are whole. */
	strings_check("ls\0-l", 5, 2, KRSI_EVENT_TEXT_CUT, "ls\0", 3, KRSI_EVENT_TEXT_CUT, 0);
	strings_check("ls\0-l\0", 6, 9, KRSI_EVENT_TEXT_CUT, "ls\0-l\0", 6, KRSI_EVENT_TEXT_CUT, 0);
	strings_check("ls", 2, UINT64_MAX, KRSI_EVENT_TEXT_CUT, "", 0, KRSI_EVENT_TEXT_CUT, 0);
}

static void test_cookies_tell_processes_apart(void **state)
{
	struct event_made made;
	uint64_t cookie, other;

	(void)state;
	event_begin(&made, "process.signal");
	event_number_put(&made, KRSI_EVENT_PID, 812);
	event_number_put(&made, KRSI_EVENT_START_TIME, 1000);
	event_number_put(&made, KRSI_EVENT_TARGET_PID, 813);
	event_number_put(&made, KRSI_EVENT_TARGET_START_TIME, 1000);
	event_number_put(&made, KRSI_EVENT_PPID, 1);
	event_end(&made);
	assert_int_equal(krsi_event_number(&made.event, KRSI_EVENT_COOKIE, &cookie), 0);
	assert_true(cookie == krsi_process_cookie(812, 1000));
	assert_int_equal(krsi_event_number(&made.event, KRSI_EVENT_TARGET_COOKIE, &other), 0);
	assert_true(cookie != other);
	assert_int_equal(krsi_event_number(&made.event, KRSI_EVENT_PARENT_COOKIE, &other), -ENOENT);
	event_free(&made);
}

/* --- older and newer ----------------------------------------------------------- */

/*
 * What a newer kernel side writes: a longer head, a kind, an operation and a field that are not known here, and a
 * known field that has become of another type.
 */
static void test_an_old_reader_reads_new_records(void **state)
{
	struct event_made made;
	struct krsi_event event;
	struct event_head *head;
	struct event_field *field;
	uint64_t number, bytes[512];
	size_t size;

	(void)state;
	event_begin(&made, "file.open");
	event_text_put(&made, UNKNOWN_FIELD, "what is this", 12, 255);
	event_number_put(&made, KRSI_EVENT_TID, 813);
	event_number_put(&made, KRSI_EVENT_PID, 812);
	event_string_put(&made, KRSI_EVENT_PATH, "/etc/shadow");
	event_end(&made);
	size = made.record.size;
	memcpy(bytes, made.record.bytes, sizeof(*head));
	memset((char *)bytes + sizeof(*head), 0xff, 16);
	memcpy((char *)bytes + sizeof(*head) + 16, made.record.bytes + sizeof(*head), size - sizeof(*head));
	head = (struct event_head *)bytes;
	head->head_size += 16;
	head->size += 16;
	head->kind = 77;
	head->operation = 900;
	head->verdict = 99;
	/* The thread is a text now. */
	field = (struct event_field *)((char *)bytes + head->head_size + sizeof(*field) + 16);
	assert_int_equal(field->id, KRSI_EVENT_TID);
	field->type = KRSI_EVENT_TYPE_TEXT;
	assert_true(krsi_priv_event_read(bytes, size + 16, &event));
	assert_int_equal(krsi_event_kind(&event), 77);
	assert_int_equal(krsi_event_verdict(&event), 99);
	assert_string_equal(krsi_event_operation(&event), "");
	assert_null(krsi_event_rule(&event));
	assert_int_equal(krsi_event_number(&event, KRSI_EVENT_PID, &number), 0);
	assert_int_equal(number, 812);
	assert_int_equal(krsi_event_number(&event, KRSI_EVENT_TID, &number), -ENOENT);
	assert_non_null(krsi_event_text(&event, KRSI_EVENT_PATH, &size, NULL));
	assert_int_equal(size, 11);
	assert_int_equal(krsi_event_number(&event, UNKNOWN_FIELD, &number), -EINVAL);
	assert_null(krsi_event_text(&event, UNKNOWN_FIELD, NULL, NULL));
	event_free(&made);
}

/* As the first version wrote it, byte for byte: this must be read for ever. */
static const unsigned char first_record[] = {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	1, 0, 48, 0, 104, 0, 0, 0,		/* version, size of the head, size of all */
	9, 0, 0, 0, 0, 0, 0, 0,			/* sequence */
	21, 205, 91, 7, 0, 0, 0, 0,		/* time */
	3, 0, 0, 0, 10, 0, 1, 3,		/* generation, operation, kind, verdict */
	0, 2, 0, 0, 4, 0, 0, 0,			/* outcome, policy, rule */
	0, 0, 0, 0, 0, 0, 0, 0,			/* of a head that was longer */
	10, 0, 1, 0, 8, 0, 0, 0,		/* PID */
	44, 3, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 8, 0, 0, 0,			/* nothing here */
	1, 2, 3, 4, 5, 6, 7, 8,
	80, 0, 2, 1, 11, 0, 0, 0,		/* PATH, cut */
	'/', 'e', 't', 'c', '/', 's', 'h', 'a', 'd', 'o', 'w', 0, 0, 0, 0, 0,
#else
	0, 1, 0, 48, 0, 0, 0, 104,
	0, 0, 0, 0, 0, 0, 0, 9,
	0, 0, 0, 0, 7, 91, 205, 21,
	0, 0, 0, 3, 0, 10, 1, 3,
	0, 2, 0, 0, 0, 0, 0, 4,
	0, 0, 0, 0, 0, 0, 0, 0,
	0, 10, 1, 0, 0, 0, 0, 8,
	0, 0, 0, 0, 0, 0, 3, 44,
	0, 0, 0, 0, 0, 0, 0, 8,
	1, 2, 3, 4, 5, 6, 7, 8,
	0, 80, 2, 1, 0, 0, 0, 11,
	'/', 'e', 't', 'c', '/', 's', 'h', 'a', 'd', 'o', 'w', 0, 0, 0, 0, 0,
#endif
};

static void test_a_new_reader_reads_old_records(void **state)
{
	uint64_t aligned[sizeof(first_record) / 8], number;
	struct krsi_event event;
	uint32_t flags;
	size_t size;

	(void)state;
	memcpy(aligned, first_record, sizeof(aligned));
	assert_true(krsi_priv_event_read(aligned, sizeof(aligned), &event));
	assert_int_equal(krsi_event_kind(&event), KRSI_EVENT_KIND_RULE);
	assert_string_equal(krsi_event_operation(&event), "file.open");
	assert_int_equal(krsi_event_verdict(&event), KRSI_EVENT_DENY);
	assert_int_equal(event.head->policy, 2);
	assert_int_equal(event.head->rule, 4);
	assert_int_equal(krsi_event_number(&event, KRSI_EVENT_SEQUENCE, &number), 0);
	assert_int_equal(number, 9);
	assert_int_equal(krsi_event_number(&event, KRSI_EVENT_TIME, &number), 0);
	assert_int_equal(number, 123456789);
	assert_int_equal(krsi_event_number(&event, KRSI_EVENT_GENERATION, &number), 0);
	assert_int_equal(number, 3);
	assert_int_equal(krsi_event_number(&event, KRSI_EVENT_PID, &number), 0);
	assert_int_equal(number, 812);
	assert_memory_equal(krsi_event_text(&event, KRSI_EVENT_PATH, &size, &flags), "/etc/shadow", 11);
	assert_int_equal(size, 11);
	assert_int_equal(flags, KRSI_EVENT_TEXT_CUT);
	/* What came later is absent. */
	assert_int_equal(krsi_event_number(&event, KRSI_EVENT_NS_TGID, &number), -ENOENT);
	assert_int_equal(krsi_event_number(&event, KRSI_EVENT_WALL_TIME, &number), -ENOENT);
	assert_null(krsi_event_policy(&event));
}

static void test_what_is_no_record_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
	} changes[] = {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		{ 0, 0 }, { 0, 2 },		/* version */
		{ 2, 32 }, { 2, 52 }, { 2, 112 },	/* size of the head */
		{ 4, 96 }, { 4, 112 }, { 4, 100 }, { 4, 40 },	/* size of all */
		{ 52, 9 }, { 55, 255 }, { 84, 25 }, { 87, 255 },	/* sizes of fields */
#else
		{ 1, 0 }, { 1, 2 },
		{ 3, 32 }, { 3, 52 }, { 3, 112 },
		{ 7, 96 }, { 7, 112 }, { 7, 100 }, { 7, 40 },
		{ 55, 9 }, { 52, 255 }, { 87, 25 }, { 84, 255 },
#endif
	};
	uint64_t aligned[sizeof(first_record) / 8];
	struct krsi_event event;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		memcpy(aligned, first_record, sizeof(aligned));
		((uint8_t *)aligned)[changes[i].at] = changes[i].byte;
		if (krsi_priv_event_read(aligned, sizeof(aligned), &event))
			fail_msg("byte %zu is %u", changes[i].at, changes[i].byte);
	}
	for (i = 0; i < sizeof(aligned); i++) {
		memcpy(aligned, first_record, sizeof(aligned));
		assert_false(krsi_priv_event_read(aligned, i, &event));
	}
}

static void test_the_first_of_two_fields_counts(void **state)
{
	struct event_made made;
	uint64_t number;

	(void)state;
	event_begin(&made, "file.open");
	event_number_put(&made, KRSI_EVENT_PID, 1);
	event_number_put(&made, KRSI_EVENT_PID, 2);
	event_end(&made);
	assert_int_equal(krsi_event_number(&made.event, KRSI_EVENT_PID, &number), 0);
	assert_int_equal(number, 1);
	event_free(&made);
}

/* Any byte of a whole record is changed: it is read or refused, and nothing outside of it is looked at. */
static void test_changed_bytes_are_read_or_refused(void **state)
{
	struct event_made made;
	struct krsi_event event;
	uint64_t number;
	char *copy;
	size_t size, len, i, field;
	uint32_t flags;
	int value;

	(void)state;
	event_begin(&made, "process.exec");
	event_number_put(&made, KRSI_EVENT_ARGC, 2);
	event_string_put(&made, KRSI_EVENT_CGROUP, "/machine.slice/machine-a.scope");
	event_text_put(&made, KRSI_EVENT_STRINGS, "ls\0-l\0A=1", 9, KRSI_EVENT_TEXT_CUT);
	event_end(&made);
	size = made.record.size;
	copy = malloc(size);	/* valgrind and the sanitizers watch its end */
	assert_non_null(copy);
	for (i = 0; i < size; i++)
		for (value = 0; value < 256; value += 5) {
			memcpy(copy, made.record.bytes, size);
			copy[i] = (char)value;
			if (!krsi_priv_event_read(copy, size, &event))
				continue;
			event.environment = true;
			for (field = 0; field <= KRSI_EVENT_FIELD_END; field++) {
				krsi_event_number(&event, (uint32_t)field, &number);
				if (krsi_event_text(&event, (uint32_t)field, &len, &flags) && field != KRSI_EVENT_CONTAINER_RUNTIME)
					assert_true(len <= size);
			}
		}
	free(copy);
	event_free(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_put_in_comes_out),
		cmocka_unit_test(test_kinds_have_their_words),
		cmocka_unit_test(test_arguments_and_environment_are_parts_of_one_list),
		cmocka_unit_test(test_cookies_tell_processes_apart),
		cmocka_unit_test(test_an_old_reader_reads_new_records),
		cmocka_unit_test(test_a_new_reader_reads_old_records),
		cmocka_unit_test(test_what_is_no_record_is_refused),
		cmocka_unit_test(test_the_first_of_two_fields_counts),
		cmocka_unit_test(test_changed_bytes_are_read_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
