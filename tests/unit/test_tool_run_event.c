/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Events as lines, for people and as JSON. The events are of this file: nothing of the engine is linked. */
#include "unit.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "../../tools/event.h"
#include "../../tools/term.h"
#include "../../tools/tool.h"

/* Of main.c, which is not linked. */
void tool_error(const char *fmt, ...)
{
	(void)fmt;
}

/* CLOCK_REALTIME less CLOCK_BOOTTIME: the first event is at 2026-11-26T22:14:03.123456789. */
#define WALL INT64_C(1795731243000000000)
#define TIME 123456789

/* --- fake events ------------------------------------------------------------- */

#define NUMBERS KRSI_EVENT_FIELD_END
#define TEXTS KRSI_EVENT_FIELD_END

struct krsi_event {
	const char *operation, *policy, *rule;
	uint32_t verdict, flags;
	struct {
		bool has;
		uint64_t value;
	} numbers[NUMBERS];
	struct {
		const char *bytes;
		size_t size;
		uint32_t flags;
	} texts[TEXTS];
	const uint8_t *address;
};

#define HAS(number) { true, number }
#define TEXT(text) { text, sizeof(text) - 1, 0 }
#define TEXT_FLAGS(text, flags) { text, sizeof(text) - 1, flags }

const char *krsi_event_operation(const struct krsi_event *event)
{
	return event->operation;
}

uint32_t krsi_event_verdict(const struct krsi_event *event)
{
	return event->verdict;
}

uint32_t krsi_event_flags(const struct krsi_event *event)
{
	return event->flags;
}

const char *krsi_event_policy(const struct krsi_event *event)
{
	return event->policy;
}

const char *krsi_event_rule(const struct krsi_event *event)
{
	return event->rule;
}

int krsi_event_number(const struct krsi_event *event, uint32_t number, uint64_t *ret)
{
	assert_true(number > 0 && number < NUMBERS);
	if (!event->numbers[number].has)
		return -ENOENT;
	*ret = event->numbers[number].value;
	return 0;
}

const char *krsi_event_text(const struct krsi_event *event, uint32_t text, size_t *size, uint32_t *flags)
{
	assert_true(text > 0 && text < TEXTS);
	if (!event->texts[text].bytes)
		return NULL;
	if (size)
		*size = event->texts[text].size;
	if (flags)
		*flags = event->texts[text].flags;
	return event->texts[text].bytes;
}

const uint8_t *krsi_event_address(const struct krsi_event *event)
{
	return event->address;
}

/* What most events have. */
static struct krsi_event denied_open(void)
{
	return (struct krsi_event){
		.operation = "file.open", .policy = "web", .rule = "shadow", .verdict = KRSI_EVENT_DENY,
		.numbers = {
			[KRSI_EVENT_SEQUENCE] = HAS(7), [KRSI_EVENT_TIME] = HAS(TIME), [KRSI_EVENT_GENERATION] = HAS(1),
			[KRSI_EVENT_PID] = HAS(812), [KRSI_EVENT_ERROR] = HAS(EACCES),
		},
		.texts = {
			[KRSI_EVENT_PATH] = TEXT("/etc/shadow"), [KRSI_EVENT_EXE] = TEXT("/usr/bin/cat"),
			[KRSI_EVENT_COMM] = TEXT("cat"),
		},
	};
}

static struct krsi_event of_path(const char *bytes, size_t size, uint32_t flags)
{
	struct krsi_event event = denied_open();

	event.texts[KRSI_EVENT_PATH].bytes = bytes;
	event.texts[KRSI_EVENT_PATH].size = size;
	event.texts[KRSI_EVENT_PATH].flags = flags;
	return event;
}

/* --- text -------------------------------------------------------------------- */

#define HEAD "2026-11-26T22:14:03.123456Z "

static void line_check(const struct krsi_event *event, const char *expected)
{
	char *line = event_text(event, WALL);

	assert_non_null(line);
	assert_string_equal(line, expected);
	free(line);
}

static void test_line_says_when_what_who_on_what_and_why(void **state)
{
	struct krsi_event event = denied_open();

	(void)state;
	line_check(&event, HEAD "DENIED       file.open        /usr/bin/cat[812] /etc/shadow web/shadow EACCES");
}

static void test_line_has_a_word_for_each_outcome(void **state)
{
	static const struct {
		uint32_t verdict, flags;
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
	size_t i, size;
	char *line;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct krsi_event event = denied_open();

		event.verdict = cases[i].verdict;
		event.flags = cases[i].flags;
		event.numbers[KRSI_EVENT_ERROR].has = cases[i].error;
		event.numbers[KRSI_EVENT_ERROR].value = cases[i].error;
		event.numbers[KRSI_EVENT_SENT_SIGNAL].has = cases[i].signal;
		event.numbers[KRSI_EVENT_SENT_SIGNAL].value = cases[i].signal;
		line = event_text(&event, WALL);
		assert_non_null(line);
		assert_words(line, cases[i].word);
		size = strlen(cases[i].answer);
		assert_string_equal(line + strlen(line) - size, cases[i].answer);
		free(line);
	}
}

static void path_check(const char *bytes, size_t size, uint32_t flags, const char *expected)
{
	struct krsi_event event = of_path(bytes, size, flags);
	char *line = event_text(&event, WALL), words[256];

	assert_non_null(line);
	snprintf(words, sizeof(words), "/usr/bin/cat[812] %s web/shadow EACCES", expected);
	assert_words(line, words);
	assert_null(strchr(line, '\n'));
	free(line);
}

#define PATH_CHECK(path, expected) path_check(path, sizeof(path) - 1, 0, expected)

static void test_line_is_one_line_whatever_a_path_holds(void **state)
{
	char byte[2] = "/", expected[8];
	int i;

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	PATH_CHECK("/a\nb", "/a\\x0ab");
	PATH_CHECK("/a\tb\rc", "/a\\x09b\\x0dc");
	PATH_CHECK("/a b", "/a\\x20b");		/* no path can look like two */
	PATH_CHECK("/a\\x20b", "/a\\\\x20b");
	PATH_CHECK("/\033[31m", "/\\x1b[31m");
	PATH_CHECK("/\x7f", "/\\x7f");
	PATH_CHECK("/\xff\xfe", "/\\xff\\xfe");
	PATH_CHECK("/\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9d", "/\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9d");
	PATH_CHECK("/\xc2\xa0", "/\\xc2\\xa0");		/* a space that is none */
	PATH_CHECK("/\xe3\x80\x80", "/\\xe3\\x80\\x80");
	PATH_CHECK("/\xc2\x85", "/\\xc2\\x85");		/* a line feed that is none */
	PATH_CHECK("/\xe2\x80\xa8", "/\\xe2\\x80\\xa8");	/* and another */
	PATH_CHECK("/\xe2\x80\xae", "/\\xe2\\x80\\xae");	/* right to left from here */
	PATH_CHECK("/\xe2\x82", "/\\xe2\\x82");		/* cut off */
	PATH_CHECK("/\xc0\xaf", "/\\xc0\\xaf");
	for (i = 1; i < 256; i++) {
		byte[1] = (char)i;
		if (i > ' ' && i < 0x7f)
			snprintf(expected, sizeof(expected), i == '\\' ? "/\\\\" : "/%c", i);
		else
			snprintf(expected, sizeof(expected), "/\\x%02x", i);
		path_check(byte, 2, 0, expected);
	}
	assert_non_null(setlocale(LC_CTYPE, "C"));
	PATH_CHECK("/\xc3\xa4", "/\\xc3\\xa4");
}

static void test_line_reads_no_byte_behind_a_text(void **state)
{
	char *bytes = malloc(3);	/* valgrind and the sanitizers watch its end */

	(void)state;
	assert_non_null(bytes);
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	memcpy(bytes, "/\xe2\x82", 3);
	path_check(bytes, 3, 0, "/\\xe2\\x82");
	memcpy(bytes, "/ab", 3);
	path_check(bytes, 3, 0, "/ab");
	free(bytes);
	PATH_CHECK("/a\0b", "/a\\x00b");
}

static void test_line_says_what_is_special_about_a_path(void **state)
{
	(void)state;
	path_check("/a", 2, KRSI_EVENT_TEXT_CUT, ".../a");
	path_check("/a", 2, KRSI_EVENT_TEXT_FOREIGN, "/a (foreign)");
	path_check("/a", 2, KRSI_EVENT_TEXT_DETACHED, "/a (detached)");
}

static void object_check(struct krsi_event *event, const char *expected)
{
	char *line = event_text(event, WALL), words[256];

	assert_non_null(line);
	snprintf(words, sizeof(words), "/usr/bin/cat[812] %s web/shadow EACCES", expected);
	assert_words(line, words);
	free(line);
}

static void test_line_has_every_kind_of_object(void **state)
{
	static const uint8_t v4[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 };
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	struct krsi_event bare = of_path(NULL, 0, 0), event;

	(void)state;
	event = bare;
	object_check(&event, "-");
	event.flags = KRSI_EVENT_UNRESOLVED;
	object_check(&event, "(unresolved)");
	event = denied_open();
	event.flags = KRSI_EVENT_UNRESOLVED;
	object_check(&event, "/etc/shadow (unresolved)");
	event = denied_open();
	event.texts[KRSI_EVENT_PATH2].bytes = "/etc/x y";
	event.texts[KRSI_EVENT_PATH2].size = 8;
	object_check(&event, "/etc/shadow -> /etc/x\\x20y");
	event = bare;
	event.texts[KRSI_EVENT_UNIX_ADDRESS].bytes = "@a\0b";
	event.texts[KRSI_EVENT_UNIX_ADDRESS].size = 4;
	object_check(&event, "@a\\x00b");
	event = bare;
	event.address = v4;
	object_check(&event, "192.0.2.1");
	event.numbers[KRSI_EVENT_PORT].has = true;
	event.numbers[KRSI_EVENT_PORT].value = 443;
	object_check(&event, "192.0.2.1:443");
	event.address = v6;
	object_check(&event, "[2001:db8::1]:443");
	event.numbers[KRSI_EVENT_PORT].has = false;
	object_check(&event, "2001:db8::1");
	event = bare;
	event.numbers[KRSI_EVENT_TARGET_PID].has = true;
	event.numbers[KRSI_EVENT_TARGET_PID].value = 1;
	object_check(&event, "process 1");
	event.numbers[KRSI_EVENT_SIGNAL_NUMBER].has = true;
	event.numbers[KRSI_EVENT_SIGNAL_NUMBER].value = SIGKILL;
	object_check(&event, "SIGKILL to 1");
	event.numbers[KRSI_EVENT_SIGNAL_NUMBER].value = 0;
	object_check(&event, "0 to 1");
	event = bare;
	event.numbers[KRSI_EVENT_FAMILY].has = true;
	event.numbers[KRSI_EVENT_FAMILY].value = 17;
	object_check(&event, "packet");
	event.numbers[KRSI_EVENT_FAMILY].value = 45;
	object_check(&event, "45");
	event = bare;
	event.numbers[KRSI_EVENT_INODE].has = event.numbers[KRSI_EVENT_DEVICE].has = true;
	event.numbers[KRSI_EVENT_INODE].value = 99;
	event.numbers[KRSI_EVENT_DEVICE].value = 8 << 20 | 1;
	object_check(&event, "inode 8:1:99");
}

static void test_line_of_an_event_that_has_next_to_nothing(void **state)
{
	struct krsi_event event = { .operation = "kernel.bpf", .verdict = KRSI_EVENT_AUDIT };

	(void)state;
	line_check(&event, "- AUDIT        kernel.bpf       (?) - ?/? -");
	event.texts[KRSI_EVENT_COMM].bytes = "k worker";
	event.texts[KRSI_EVENT_COMM].size = 8;
	event.numbers[KRSI_EVENT_PID].has = true;
	event.numbers[KRSI_EVENT_PID].value = 2;
	line_check(&event, "- AUDIT        kernel.bpf       (k\\x20worker)[2] - ?/? -");
}

static void test_line_has_colour_when_asked(void **state)
{
	struct krsi_event event = denied_open();
	char *line;

	(void)state;
	assert_int_equal(term_color_set("always"), 0);
	line = event_text(&event, WALL);
	assert_int_equal(term_color_set("never"), 0);
	assert_non_null(line);
	assert_words(line, HEAD "\033[31mDENIED\033[0m       file.open");
	free(line);
}

static void test_gap_is_a_line(void **state)
{
	struct event_gap gap = { .cause = EVENT_GAP_RING, .count = 1, .total = 18, .boot = TIME };
	char *line = event_text_gap(&gap, WALL);

	(void)state;
	assert_string_equal(line, HEAD "LOST         1 event found no room in the ring, 18 in all");
	free(line);
	gap = (struct event_gap){ .cause = EVENT_GAP_OUTPUT, .count = 17, .total = 17, .boot = TIME };
	line = event_text_gap(&gap, WALL);
	assert_string_equal(line, HEAD "LOST         17 events could not be written, 17 in all");
	free(line);
}

static void test_time_is_right_before_1970_too(void **state)
{
	char word[EVENT_WORD_SIZE];

	(void)state;
	assert_string_equal(event_time(0, 9, word), "1970-01-01T00:00:00.000000000Z");
	assert_string_equal(event_time(-1, 9, word), "1969-12-31T23:59:59.999999999Z");
	assert_string_equal(event_time(INT64_MAX, 6, word), "2262-04-11T23:47:16.854775Z");
	assert_string_equal(event_time(INT64_MIN, 6, word), "1677-09-21T00:12:43.145224Z");
}

/* --- JSON ---------------------------------------------------------------------- */

static json_t *json_read(char *line)
{
	json_error_t error;
	json_t *object;
	size_t i;

	assert_non_null(line);
	for (i = 0; line[i]; i++)
		assert_true(line[i] >= ' ' && line[i] <= 0x7f);
	object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
	if (!object)
		print_message("# %s: %s\n", error.text, line);
	assert_non_null(object);
	free(line);
	return object;
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void json_path_check(const char *bytes, size_t size, const char *text, const char *hex)
{
	struct krsi_event event = of_path(bytes, size, 0);
	json_t *object = json_read(event_json(&event, WALL));

	assert_string_equal(text_of(object, "path"), text);
	if (hex)
		assert_string_equal(text_of(object, "path_hex"), hex);
	else
		assert_null(json_object_get(object, "path_hex"));
	json_decref(object);
}

#define JSON_PATH_CHECK(path, text, hex) json_path_check(path, sizeof(path) - 1, text, hex)
#define U_FFFD "\xef\xbf\xbd"

static void test_json_has_any_path_and_it_comes_back(void **state)
{
	(void)state;
	JSON_PATH_CHECK("/etc/shadow", "/etc/shadow", NULL);
	JSON_PATH_CHECK("/a\nb\"\\\t\x01\x7f", "/a\nb\"\\\t\x01\x7f", NULL);
	JSON_PATH_CHECK("/\xc3\xa4\xf0\x9f\x90\x9d\xe2\x80\xa8", "/\xc3\xa4\xf0\x9f\x90\x9d\xe2\x80\xa8", NULL);
	JSON_PATH_CHECK("/a\xff" "b", "/a" U_FFFD "b", "2f61ff62");
	JSON_PATH_CHECK("/\xe2\x82", "/" U_FFFD U_FFFD, "2fe282");
	JSON_PATH_CHECK("/\xed\xa0\x80", "/" U_FFFD U_FFFD U_FFFD, "2feda080");
	JSON_PATH_CHECK("/" U_FFFD, "/" U_FFFD, NULL);	/* the real one is told from ours */
	JSON_PATH_CHECK("@a\0\xc3\xa4", "@a" U_FFFD "\xc3\xa4", "406100c3a4");
	JSON_PATH_CHECK("", "", NULL);
}

static void test_json_comes_back_for_every_byte(void **state)
{
	char bytes[255], back[255];
	const char *hex;
	json_t *object;
	int i;

	(void)state;
	for (i = 0; i < 255; i++)
		bytes[i] = (char)(i + 1);
	struct krsi_event event = of_path(bytes, sizeof(bytes), 0);

	object = json_read(event_json(&event, WALL));
	hex = text_of(object, "path_hex");
	assert_int_equal(strlen(hex), 2 * sizeof(bytes));
	for (i = 0; i < 255; i++) {
		unsigned int byte;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		back[i] = (char)byte;
	}
	assert_memory_equal(back, bytes, sizeof(bytes));
	json_decref(object);
}

static void test_json_of_a_denied_open(void **state)
{
	static const char expected[] =
		"{\"type\":\"event\",\"time\":\"2026-11-26T22:14:03.123456789Z\",\"boot_ns\":123456789,"
		"\"sequence\":7,\"generation\":1,\"verdict\":\"deny\",\"outcome\":\"denied\",\"unresolved\":false,"
		"\"operation\":\"file.open\",\"policy\":\"web\",\"rule\":\"shadow\",\"error\":13,\"error_name\":\"EACCES\","
		"\"pid\":812,\"comm\":\"cat\",\"exe\":\"/usr/bin/cat\",\"path\":\"/etc/shadow\"}";
	struct krsi_event event = denied_open();
	char *line = event_json(&event, WALL);

	(void)state;
	assert_string_equal(line, expected);
	free(line);
}

static void test_json_has_a_member_for_everything(void **state)
{
	static const struct {
		uint32_t number;
		const char *name;
	} numbers[] = {
		{ KRSI_EVENT_SEQUENCE, "sequence" }, { KRSI_EVENT_TIME, "boot_ns" }, { KRSI_EVENT_GENERATION, "generation" },
		{ KRSI_EVENT_PID, "pid" }, { KRSI_EVENT_TID, "tid" }, { KRSI_EVENT_PPID, "ppid" }, { KRSI_EVENT_UID, "uid" },
		{ KRSI_EVENT_GID, "gid" }, { KRSI_EVENT_START_TIME, "start_time_ns" }, { KRSI_EVENT_ERROR, "error" },
		{ KRSI_EVENT_SENT_SIGNAL, "sent_signal" }, { KRSI_EVENT_INODE, "inode" }, { KRSI_EVENT_FAMILY, "family" },
		{ KRSI_EVENT_PORT, "port" }, { KRSI_EVENT_TARGET_PID, "target_pid" }, { KRSI_EVENT_SIGNAL_NUMBER, "signal" },
	};
	static const struct {
		uint32_t text;
		const char *name;
	} texts[] = {
		{ KRSI_EVENT_PATH, "path" }, { KRSI_EVENT_PATH2, "path2" }, { KRSI_EVENT_EXE, "exe" },
		{ KRSI_EVENT_UNIX_ADDRESS, "unix_address" }, { KRSI_EVENT_COMM, "comm" },
	};
	static const uint8_t v4[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 };
	struct krsi_event event = { .operation = "file.open", .verdict = KRSI_EVENT_SIGNAL, .address = v4,
				    .flags = KRSI_EVENT_WOULD | KRSI_EVENT_UNRESOLVED };
	static char values[TEXTS][12];
	char name[32];
	json_t *object;
	size_t i;

	(void)state;
	for (i = 1; i < NUMBERS; i++) {
		event.numbers[i].has = true;
		event.numbers[i].value = i;
	}
	event.numbers[KRSI_EVENT_DEVICE].value = 259 << 20 | 3;
	event.numbers[KRSI_EVENT_MODE].value = 0104755;
	event.numbers[KRSI_EVENT_ERROR].value = ECHILD;
	event.numbers[KRSI_EVENT_SENT_SIGNAL].value = SIGSEGV;
	event.numbers[KRSI_EVENT_SIGNAL_NUMBER].value = SIGCONT;
	event.numbers[KRSI_EVENT_FAMILY].value = 15;
	for (i = 1; i < TEXTS; i++) {
		snprintf(values[i], sizeof(values[i]), "text %zu", i);
		event.texts[i].bytes = values[i];
		event.texts[i].size = strlen(values[i]);
		event.texts[i].flags = KRSI_EVENT_TEXT_CUT | KRSI_EVENT_TEXT_FOREIGN | KRSI_EVENT_TEXT_DETACHED;
	}
	object = json_read(event_json(&event, 0));
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_int_equal(json_integer_value(json_object_get(object, numbers[i].name)), event.numbers[numbers[i].number].value);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_string_equal(text_of(object, texts[i].name), values[texts[i].text]);
		snprintf(name, sizeof(name), "%s_cut", texts[i].name);
		assert_true(json_is_true(json_object_get(object, name)));
		snprintf(name, sizeof(name), "%s_foreign", texts[i].name);
		assert_true(json_is_true(json_object_get(object, name)));
		snprintf(name, sizeof(name), "%s_detached", texts[i].name);
		assert_true(json_is_true(json_object_get(object, name)));
	}
	assert_string_equal(text_of(object, "device"), "259:3");
	assert_string_equal(text_of(object, "mode"), "104755");
	assert_string_equal(text_of(object, "address"), "192.0.2.1");
	assert_string_equal(text_of(object, "error_name"), "ECHILD");
	assert_string_equal(text_of(object, "sent_signal_name"), "SIGSEGV");
	assert_string_equal(text_of(object, "signal_name"), "SIGCONT");
	assert_string_equal(text_of(object, "family_name"), "key");
	assert_string_equal(text_of(object, "verdict"), "signal");
	assert_string_equal(text_of(object, "outcome"), "would_signal");
	assert_true(json_is_true(json_object_get(object, "unresolved")));
	assert_true(json_is_null(json_object_get(object, "policy")));
	assert_true(json_is_null(json_object_get(object, "rule")));
	json_decref(object);
}

static void test_json_leaves_out_what_is_absent(void **state)
{
	struct krsi_event event = { .operation = "kernel.bpf", .policy = "p", .rule = "default", .verdict = 99 };
	char *line = event_json(&event, WALL);

	(void)state;
	assert_string_equal(line, "{\"type\":\"event\",\"verdict\":\"unknown\",\"outcome\":\"unknown\",\"unresolved\":false,"
				  "\"operation\":\"kernel.bpf\",\"policy\":\"p\",\"rule\":\"default\"}");
	free(line);
}

static void test_json_of_a_gap(void **state)
{
	struct event_gap gap = { .cause = EVENT_GAP_RING, .count = 17, .total = 18, .boot = TIME };
	char *line = event_json_gap(&gap, WALL);

	(void)state;
	assert_string_equal(line, "{\"type\":\"lost\",\"time\":\"2026-11-26T22:14:03.123456789Z\",\"boot_ns\":123456789,"
				  "\"cause\":\"ring\",\"count\":17,\"total\":18}");
	free(line);
	gap.cause = EVENT_GAP_OUTPUT;
	line = event_json_gap(&gap, WALL);
	assert_words(line, "\"cause\":\"output\"");
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_says_when_what_who_on_what_and_why),
		cmocka_unit_test(test_line_has_a_word_for_each_outcome),
		cmocka_unit_test(test_line_is_one_line_whatever_a_path_holds),
		cmocka_unit_test(test_line_reads_no_byte_behind_a_text),
		cmocka_unit_test(test_line_says_what_is_special_about_a_path),
		cmocka_unit_test(test_line_has_every_kind_of_object),
		cmocka_unit_test(test_line_of_an_event_that_has_next_to_nothing),
		cmocka_unit_test(test_line_has_colour_when_asked),
		cmocka_unit_test(test_gap_is_a_line),
		cmocka_unit_test(test_time_is_right_before_1970_too),
		cmocka_unit_test(test_json_has_any_path_and_it_comes_back),
		cmocka_unit_test(test_json_comes_back_for_every_byte),
		cmocka_unit_test(test_json_of_a_denied_open),
		cmocka_unit_test(test_json_has_a_member_for_everything),
		cmocka_unit_test(test_json_leaves_out_what_is_absent),
		cmocka_unit_test(test_json_of_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
