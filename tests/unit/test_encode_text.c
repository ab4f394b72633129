/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Events as lines for people. */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encode/encode.h"
#include "event_tools.h"

#define HEAD "2026-11-26T22:14:03.123456Z "

static struct krsi_encoder *encoder;

static void encoder_begin(uint32_t flags)
{
	struct krsi_encoder_opts opts = { .sz = sizeof(opts), .format = KRSI_ENCODE_TEXT, .flags = flags };

	krsi_encoder_free(encoder);
	assert_int_equal(krsi_encoder_new(NULL, &opts, &encoder), 0);
}

static int setup(void **state)
{
	(void)state;
	encoder_begin(KRSI_ENCODE_UTF8);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	krsi_encoder_free(encoder);
	encoder = NULL;
	return 0;
}

/* What most events have, but for the object. */
static void denied_begin(struct event_made *made, const char *operation)
{
	event_begin(made, operation);
	event_number_put(made, KRSI_EVENT_PID, 812);
	event_string_put(made, KRSI_EVENT_EXE, "/usr/bin/cat");
	event_number_put(made, KRSI_EVENT_ERROR, EACCES);
}

/* Encode it, and free it. */
static const char *line_of(struct event_made *made)
{
	const char *line = NULL;
	size_t size = 0;

	event_end(made);
	assert_int_equal(krsi_encoder_event(encoder, &made->event, &line, &size), 0);
	assert_int_equal(size, strlen(line));
	event_free(made);
	return line;
}

static void test_line_says_when_what_who_on_what_and_why(void **state)
{
	struct event_made made;

	(void)state;
	denied_begin(&made, "file.open");
	event_string_put(&made, KRSI_EVENT_PATH, "/etc/shadow");
	assert_string_equal(line_of(&made), HEAD "DENIED       file.open        /usr/bin/cat[812] /etc/shadow web/shadow EACCES");
}

static void test_line_has_a_word_for_each_outcome(void **state)
{
	static const struct {
		uint8_t verdict, flags;
		uint64_t error, signal;
		const char *word, *answer;
	} cases[] = {
		{ KRSI_EVENT_ALLOW, 0, 0, 0, " ALLOWED      ", " -" },
		{ KRSI_EVENT_AUDIT, 0, 0, 0, " AUDIT        ", " -" },
		{ KRSI_EVENT_DENY, 0, EPERM, 0, " DENIED       ", " EPERM" },
		{ KRSI_EVENT_DENY, KRSI_EVENT_WOULD, EPERM, 0, " WOULD-DENY   ", " EPERM" },
		{ KRSI_EVENT_DENY, 0, 4000, 0, " DENIED       ", " 4000" },
		{ KRSI_EVENT_SIGNAL, 0, EPERM, SIGKILL, " KILLED       ", " EPERM,SIGKILL" },
		{ KRSI_EVENT_SIGNAL, KRSI_EVENT_WOULD, EPERM, SIGKILL, " WOULD-KILL   ", " EPERM,SIGKILL" },
		{ KRSI_EVENT_SIGNAL, 0, EPERM, SIGTERM, " SIGNALLED    ", " EPERM,SIGTERM" },
		{ KRSI_EVENT_SIGNAL, 0, 0, 40, " SIGNALLED    ", " 40" },
		{ KRSI_EVENT_SIGNAL, KRSI_EVENT_WOULD, EPERM, SIGTERM, " WOULD-SIGNAL ", " EPERM,SIGTERM" },
		{ KRSI_EVENT_TAG, 0, 0, 0, " TAGGED       ", " -" },
		{ KRSI_EVENT_TAG, KRSI_EVENT_WOULD, 0, 0, " WOULD-TAG    ", " -" },
		{ 99, 0, 0, 0, " UNKNOWN      ", " -" },
	};
	struct event_made made;
	const char *line;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		event_begin(&made, "file.open");
		made.head.verdict = cases[i].verdict;
		made.head.outcome = cases[i].flags;
		if (cases[i].error)
			event_number_put(&made, KRSI_EVENT_ERROR, cases[i].error);
		if (cases[i].signal)
			event_number_put(&made, KRSI_EVENT_SENT_SIGNAL, cases[i].signal);
		line = line_of(&made);
		assert_words(line, cases[i].word);
		assert_string_equal(line + strlen(line) - strlen(cases[i].answer), cases[i].answer);
	}
}

static void path_check(const char *bytes, size_t size, uint32_t flags, const char *expected)
{
	struct event_made made;
	const char *line;
	char words[256];

	denied_begin(&made, "file.open");
	event_text_put(&made, KRSI_EVENT_PATH, bytes, size, flags);
	line = line_of(&made);
	snprintf(words, sizeof(words), "/usr/bin/cat[812] %s web/shadow EACCES", expected);
	assert_words(line, words);
	assert_null(strchr(line, '\n'));
}

#define PATH_CHECK(path, expected) path_check(path, sizeof(path) - 1, 0, expected)

static void test_line_is_one_line_whatever_a_path_holds(void **state)
{
	char byte[2] = "/", expected[8];
	int i;

	(void)state;
	PATH_CHECK("/a\nb", "/a\\x0ab");
	PATH_CHECK("/a\tb\rc", "/a\\x09b\\x0dc");
	PATH_CHECK("/a b", "/a\\x20b");		/* no path can look like two */
	PATH_CHECK("/a\\x20b", "/a\\\\x20b");
	PATH_CHECK("/\033[31m", "/\\x1b[31m");
	PATH_CHECK("/a\0b", "/a\\x00b");
	PATH_CHECK("/\xff\xfe", "/\\xff\\xfe");
	PATH_CHECK("/\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9d", "/\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9d");
	PATH_CHECK("/\xc2\xa0", "/\\xc2\\xa0");		/* a space that is none */
	PATH_CHECK("/\xe3\x80\x80", "/\\xe3\\x80\\x80");
	PATH_CHECK("/\xc2\x85", "/\\xc2\\x85");		/* a line feed that is none */
	PATH_CHECK("/\xe2\x80\xa8", "/\\xe2\\x80\\xa8");	/* and another */
	PATH_CHECK("/\xe2\x80\xae", "/\\xe2\\x80\\xae");	/* right to left from here */
	PATH_CHECK("/\xe2\x82", "/\\xe2\\x82");		/* cut off */
	PATH_CHECK("/\xc0\xaf", "/\\xc0\\xaf");
	for (i = 0; i < 256; i++) {
		byte[1] = (char)i;
		if (i > ' ' && i < 0x7f)
			snprintf(expected, sizeof(expected), i == '\\' ? "/\\\\" : "/%c", i);
		else
			snprintf(expected, sizeof(expected), "/\\x%02x", i);
		path_check(byte, 2, 0, expected);
	}
	encoder_begin(0);
	PATH_CHECK("/\xc3\xa4", "/\\xc3\\xa4");
}

static void test_line_says_what_is_special_about_a_path(void **state)
{
	(void)state;
	path_check("/a", 2, KRSI_EVENT_TEXT_CUT, ".../a");
	path_check("/a", 2, KRSI_EVENT_TEXT_FOREIGN, "/a (foreign)");
	path_check("/a", 2, KRSI_EVENT_TEXT_DETACHED, "/a (detached)");
}

static void object_check(struct event_made *made, const char *expected)
{
	char words[256];

	snprintf(words, sizeof(words), "/usr/bin/cat[812] %s web/shadow EACCES", expected);
	assert_words(line_of(made), words);
}

static void test_line_has_every_kind_of_object(void **state)
{
	static const uint8_t v4[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 };
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	struct event_made made;

	(void)state;
	denied_begin(&made, "kernel.bpf");
	object_check(&made, "-");
	denied_begin(&made, "file.open");
	made.head.outcome = KRSI_EVENT_UNRESOLVED;
	object_check(&made, "(unresolved)");
	denied_begin(&made, "file.open");
	made.head.outcome = KRSI_EVENT_UNRESOLVED;
	event_string_put(&made, KRSI_EVENT_PATH, "/etc/shadow");
	object_check(&made, "/etc/shadow (unresolved)");
	denied_begin(&made, "file.rename");
	event_string_put(&made, KRSI_EVENT_PATH, "/etc/shadow");
	event_string_put(&made, KRSI_EVENT_PATH2, "/etc/x y");
	object_check(&made, "/etc/shadow -> /etc/x\\x20y");
	denied_begin(&made, "network.connect");
	event_text_put(&made, KRSI_EVENT_UNIX_ADDRESS, "@a\0b", 4, 0);
	object_check(&made, "@a\\x00b");
	denied_begin(&made, "network.connect");
	event_text_put(&made, KRSI_EVENT_ADDRESS, (const char *)v4, 16, 0);
	object_check(&made, "192.0.2.1");
	denied_begin(&made, "network.connect");
	event_text_put(&made, KRSI_EVENT_ADDRESS, (const char *)v6, 16, 0);
	event_number_put(&made, KRSI_EVENT_PORT, 443);
	object_check(&made, "[2001:db8::1]:443");
	denied_begin(&made, "process.ptrace");
	event_number_put(&made, KRSI_EVENT_TARGET_PID, 1);
	object_check(&made, "process 1");
	denied_begin(&made, "process.signal");
	event_number_put(&made, KRSI_EVENT_TARGET_PID, 1);
	event_number_put(&made, KRSI_EVENT_SIGNAL_NUMBER, SIGKILL);
	object_check(&made, "SIGKILL to 1");
	denied_begin(&made, "network.socket");
	event_number_put(&made, KRSI_EVENT_FAMILY, 17);
	object_check(&made, "packet");
	denied_begin(&made, "network.socket");
	event_number_put(&made, KRSI_EVENT_FAMILY, 45);
	object_check(&made, "45");
	denied_begin(&made, "file.open");
	event_number_put(&made, KRSI_EVENT_INODE, 99);
	event_number_put(&made, KRSI_EVENT_DEVICE, 8 << 20 | 1);
	object_check(&made, "inode 8:1:99");
}

static void test_line_of_an_event_that_has_next_to_nothing(void **state)
{
	struct event_made made;

	(void)state;
	event_begin(&made, "kernel.bpf");
	made.policy = made.rule = NULL;
	made.head.verdict = KRSI_EVENT_AUDIT;
	assert_string_equal(line_of(&made), HEAD "AUDIT        kernel.bpf       (?) - ?/? -");
	event_begin(&made, "kernel.bpf");
	made.policy = made.rule = NULL;
	event_string_put(&made, KRSI_EVENT_COMM, "k worker");
	event_number_put(&made, KRSI_EVENT_PID, 2);
	/* As recordings have it. */
	event_string_put(&made, KRSI_EVENT_POLICY, "web");
	event_string_put(&made, KRSI_EVENT_RULE, "a");
	assert_string_equal(line_of(&made), HEAD "DENIED       kernel.bpf       (k\\x20worker)[2] - web/a -");
}

static void test_lines_of_processes(void **state)
{
	struct event_made made;

	(void)state;
	event_begin(&made, "");
	made.head.kind = KRSI_EVENT_KIND_FORK;
	event_string_put(&made, KRSI_EVENT_EXE, "/bin/sh");
	event_number_put(&made, KRSI_EVENT_PID, 812);
	event_number_put(&made, KRSI_EVENT_TARGET_PID, 813);
	assert_string_equal(line_of(&made), HEAD "FORK         process.fork     /bin/sh[812] process 813");
	event_begin(&made, "process.exec");
	made.head.kind = KRSI_EVENT_KIND_EXEC;
	event_string_put(&made, KRSI_EVENT_EXE, "/bin/ls");
	event_number_put(&made, KRSI_EVENT_PID, 813);
	assert_string_equal(line_of(&made), HEAD "EXEC         process.exec     /bin/ls[813] -");
	event_begin(&made, "");
	made.head.kind = KRSI_EVENT_KIND_EXIT;
	event_string_put(&made, KRSI_EVENT_EXE, "/bin/ls");
	event_number_put(&made, KRSI_EVENT_PID, 813);
	event_number_put(&made, KRSI_EVENT_EXIT_CODE, 2);
	event_number_put(&made, KRSI_EVENT_RUN_TIME, 1500000000);
	assert_string_equal(line_of(&made), HEAD "EXIT         process.exit     /bin/ls[813] code 2 after 1.500000 s");
	event_begin(&made, "");
	made.head.kind = KRSI_EVENT_KIND_EXIT;
	event_number_put(&made, KRSI_EVENT_EXIT_SIGNAL, SIGSEGV);
	assert_string_equal(line_of(&made), HEAD "EXIT         process.exit     (?) SIGSEGV");
	event_begin(&made, "");
	made.head.kind = 77;
	assert_string_equal(line_of(&made), HEAD "UNKNOWN                       (?) -");
}

static void test_line_has_colour_when_asked(void **state)
{
	struct event_made made;

	(void)state;
	encoder_begin(KRSI_ENCODE_COLOR);
	denied_begin(&made, "file.open");
	assert_words(line_of(&made), HEAD "\033[31mDENIED\033[0m       file.open");
}

static void test_losses_are_lines(void **state)
{
	struct event_made made;
	const char *line;

	(void)state;
	event_begin(&made, "file.open");
	made.head.kind = KRSI_EVENT_KIND_LOST;
	event_number_put(&made, KRSI_EVENT_LOST_COUNT, 17);
	assert_string_equal(line_of(&made), HEAD "LOST         file.open        17 events found no room in the ring, 17 in all");
	event_begin(&made, "");
	made.head.kind = KRSI_EVENT_KIND_LOST;
	event_number_put(&made, KRSI_EVENT_LOST_COUNT, 1);
	assert_string_equal(line_of(&made), HEAD "LOST         -                1 event found no room in the ring, 18 in all");
	assert_int_equal(krsi_encoder_lost(encoder, 3, 5, &line, NULL), 0);
	assert_words(line, "Z LOST         -                3 events could not be written, 5 in all");
}

static void test_details_have_every_field(void **state)
{
	static const uint8_t v4[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 };
	struct event_made made;
	const char *line;

	(void)state;
	encoder_begin(KRSI_ENCODE_DETAILS | KRSI_ENCODE_NAMES);
	denied_begin(&made, "process.exec");
	event_number_put(&made, KRSI_EVENT_UID, 0);
	event_number_put(&made, KRSI_EVENT_GID, 4000000);
	event_number_put(&made, KRSI_EVENT_CAP_EFFECTIVE, 1 << 21 | 1ull << 50);
	event_number_put(&made, KRSI_EVENT_MODE, 0100755);
	event_number_put(&made, KRSI_EVENT_DEVICE, 8 << 20 | 1);
	event_number_put(&made, KRSI_EVENT_FACTS, KRSI_EVENT_FACT_MEMFD | 1u << 20);
	event_number_put(&made, KRSI_EVENT_ARGC, 3);
	event_text_put(&made, KRSI_EVENT_STRINGS, "a\nb\0\0-c\0A=1\0", 12, 0);
	event_text_put(&made, KRSI_EVENT_CWD, "/root", 5, KRSI_EVENT_TEXT_CUT);
	event_text_put(&made, KRSI_EVENT_ADDRESS, (const char *)v4, 16, 0);
	event_string_put(&made, KRSI_EVENT_CGROUP, "/machine.slice/machine-web.scope");
	line = line_of(&made);
	assert_words(line, " web/shadow EACCES\n    sequence             7\n");
	assert_words(line, "\n    error                13 (EACCES)\n");
	assert_words(line, "\n    uid                  0 (root)\n");
	assert_words(line, "\n    gid                  4000000\n");
	assert_words(line, "\n    cap_effective        0004000000200000 CAP_SYS_ADMIN 50\n");
	assert_words(line, "\n    mode                 100755\n");
	assert_words(line, "\n    device               8:1\n");
	assert_words(line, "\n    facts                memfd bit-20\n");
	assert_words(line, "\n    argv                 a\\x0ab \"\" -c\n");
	assert_words(line, "\n    env                  A=1\n");
	assert_words(line, "\n    cwd                  /root (cut)\n");
	assert_words(line, "\n    container_id         web\n");
	assert_words(line, "\n    container_runtime    systemd\n");
	assert_words(line, "\n    address              192.0.2.1");
	assert_null(strstr(line, "strings"));
	/* Each line but the first begins with a space: they belong together. */
	while ((line = strchr(line, '\n')))
		assert_int_equal(*++line, ' ');
}

static void test_time_is_right_before_1970_too(void **state)
{
	char word[KRSI_PRIV_WORD_SIZE];

	(void)state;
	assert_string_equal(krsi_priv_time_word(0, 9, word), "1970-01-01T00:00:00.000000000Z");
	assert_string_equal(krsi_priv_time_word(-1, 9, word), "1969-12-31T23:59:59.999999999Z");
	assert_string_equal(krsi_priv_time_word(INT64_MAX, 6, word), "2262-04-11T23:47:16.854775Z");
	assert_string_equal(krsi_priv_time_word(INT64_MIN, 6, word), "1677-09-21T00:12:43.145224Z");
}

#define text_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		text_test(test_line_says_when_what_who_on_what_and_why),
		text_test(test_line_has_a_word_for_each_outcome),
		text_test(test_line_is_one_line_whatever_a_path_holds),
		text_test(test_line_says_what_is_special_about_a_path),
		text_test(test_line_has_every_kind_of_object),
		text_test(test_line_of_an_event_that_has_next_to_nothing),
		text_test(test_lines_of_processes),
		text_test(test_line_has_colour_when_asked),
		text_test(test_losses_are_lines),
		text_test(test_details_have_every_field),
		text_test(test_time_is_right_before_1970_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
