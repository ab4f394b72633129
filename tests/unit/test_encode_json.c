/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Events as JSON: every field, any bytes, and what another parser makes of them. */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <libkrsi/encode.h>

#include "event_tools.h"

static struct krsi_encoder *encoder;

static void encoder_begin(uint32_t format, uint32_t flags)
{
	struct krsi_encoder_opts opts = { .sz = sizeof(opts), .format = format, .flags = flags };

	krsi_encoder_free(encoder);
	assert_int_equal(krsi_encoder_new(NULL, &opts, &encoder), 0);
}

static int setup(void **state)
{
	(void)state;
	encoder_begin(KRSI_ENCODE_JSON, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	krsi_encoder_free(encoder);
	encoder = NULL;
	return 0;
}

/* Encode it, and free it. */
static const char *line_of(struct event_made *made)
{
	const char *line = NULL;

	event_end(made);
	assert_int_equal(krsi_encoder_event(encoder, &made->event, &line, NULL), 0);
	event_free(made);
	return line;
}

static json_t *json_read(const char *line)
{
	json_error_t error;
	json_t *object;
	size_t i;

	for (i = 0; line[i]; i++)
		assert_true(line[i] >= ' ' && line[i] < 0x7f);
	object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
	if (!object)
		print_message("# %s: %s\n", error.text, line);
	assert_non_null(object);
	return object;
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	if (!text)
		fail_msg("there is no %s", name);
	return text;
}

/* --- what is in a line ---------------------------------------------------------------- */

static void test_json_of_a_denied_open(void **state)
{
	struct event_made made;

	(void)state;
	event_begin(&made, "file.open");
	event_number_put(&made, KRSI_EVENT_PID, 812);
	event_number_put(&made, KRSI_EVENT_ERROR, EACCES);
	event_string_put(&made, KRSI_EVENT_EXE, "/usr/bin/cat");
	event_string_put(&made, KRSI_EVENT_PATH, "/etc/shadow");
	event_string_put(&made, KRSI_EVENT_COMM, "cat");
	assert_string_equal(line_of(&made),
		"{\"type\":\"event\",\"time\":\"2026-11-26T22:14:03.123456789Z\",\"boot_ns\":123456789,"
		"\"sequence\":7,\"generation\":1,\"verdict\":\"deny\",\"outcome\":\"denied\",\"unresolved\":false,"
		"\"operation\":\"file.open\",\"policy\":\"web\",\"rule\":\"shadow\",\"error\":13,\"error_name\":\"EACCES\","
		"\"pid\":812,\"path\":\"/etc/shadow\",\"exe\":\"/usr/bin/cat\",\"comm\":\"cat\"}");
}

/* What the member of a field is called, when not as the field. */
static const char *const others[KRSI_EVENT_FIELD_END] = {
	[KRSI_EVENT_TIME] = "boot_ns", [KRSI_EVENT_WALL_TIME] = "time", [KRSI_EVENT_START_TIME] = "start_time_ns",
	[KRSI_EVENT_SIGNAL_NUMBER] = "signal", [KRSI_EVENT_LOST_COUNT] = "count",
};

/* Not the list of arguments and environment, which are there one by one. */
static bool is_hidden(uint32_t field)
{
	return field == KRSI_EVENT_STRINGS || field == KRSI_EVENT_LOST_COUNT || field == KRSI_EVENT_LOST_CAUSE;
}

/* An event with a value in every field that the library knows. */
static void everything_put(struct event_made *made)
{
	struct krsi_event_field_info info = { .sz = sizeof(info) };
	char text[64];
	uint32_t field;

	for (field = 1; field < KRSI_EVENT_FIELD_END; field++) {
		if (krsi_event_field_info(field, &info) || is_hidden(field))
			continue;
		snprintf(text, sizeof(text), "text of %s", info.name);
		if (info.type == KRSI_EVENT_TYPE_NUMBER)
			event_number_put(made, field, field);
		else if (info.type == KRSI_EVENT_TYPE_TEXT)
			event_text_put(made, field, text, strlen(text), 7);
		else if (info.type == KRSI_EVENT_TYPE_LIST)
			event_text_put(made, field, text, strlen(text) + 1, 7);
		else if (info.type == KRSI_EVENT_TYPE_BYTES)
			event_text_put(made, field, "\0\x0f\xff", 3, 0);
		else
			event_text_put(made, field, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", 16, 0);
	}
}

static void field_check(const json_t *object, uint32_t field, const struct krsi_event_field_info *info)
{
	const char *name = others[field] ? others[field] : info->name;
	const json_t *value = json_object_get(object, name);
	char words[64];

	if (!value)
		fail_msg("%s is not there as %s", info->name, name);
	snprintf(words, sizeof(words), "text of %s", info->name);
	if (json_is_integer(value))
		assert_int_equal(json_integer_value(value), field);
	if (info->type == KRSI_EVENT_TYPE_BYTES)
		assert_string_equal(json_string_value(value), "000fff");
	if (info->type == KRSI_EVENT_TYPE_LIST)
		assert_string_equal(json_string_value(json_array_get(value, 0)), words);
	if (info->type == KRSI_EVENT_TYPE_TEXT && field != KRSI_EVENT_POLICY && field != KRSI_EVENT_RULE) {
		assert_string_equal(json_string_value(value), words);
		snprintf(words, sizeof(words), "%s_cut", name);
		assert_true(json_is_true(json_object_get(object, words)));
		snprintf(words, sizeof(words), "%s_foreign", name);
		assert_true(json_is_true(json_object_get(object, words)));
		snprintf(words, sizeof(words), "%s_detached", name);
		assert_true(json_is_true(json_object_get(object, words)));
	}
}

static void test_json_has_every_field(void **state)
{
	struct krsi_event_field_info info = { .sz = sizeof(info) };
	struct event_made made;
	json_t *object;
	uint32_t field;

	(void)state;
	event_begin(&made, "file.open");
	everything_put(&made);
	object = json_read(line_of(&made));
	for (field = 1; field < KRSI_EVENT_FIELD_END; field++) {
		/* These are of the head, of the clock, and of names. */
		if (krsi_event_field_info(field, &info) || is_hidden(field) || field == KRSI_EVENT_SEQUENCE ||
		    field == KRSI_EVENT_GENERATION || field == KRSI_EVENT_TIME || field == KRSI_EVENT_WALL_TIME)
			continue;
		field_check(object, field, &info);
	}
	assert_string_equal(text_of(object, "device"), "0:51");
	assert_string_equal(text_of(object, "mode"), "000064");
	assert_string_equal(text_of(object, "address"), "192.0.2.1");
	assert_string_equal(text_of(object, "error_name"), "ENXIO");
	assert_string_equal(text_of(object, "sent_signal_name"), "SIGBUS");
	assert_string_equal(text_of(object, "family_name"), "55");
	assert_string_equal(text_of(object, "cookie"), "000000000000000d");
	assert_string_equal(text_of(object, "cap_effective"), "000000000000001b");
	assert_string_equal(json_string_value(json_array_get(json_object_get(object, "facts"), 1)), "running");
	json_decref(object);
}

static void test_json_of_numbers_of_64_bits(void **state)
{
	struct event_made made;
	json_t *object;

	(void)state;
	event_begin(&made, "file.open");
	event_number_put(&made, KRSI_EVENT_INODE, UINT64_MAX);
	event_number_put(&made, KRSI_EVENT_CGROUP_ID, INT64_MAX);
	event_number_put(&made, KRSI_EVENT_CAP_PERMITTED, UINT64_MAX);
	event_number_put(&made, KRSI_EVENT_MODE, UINT64_MAX);
	event_number_put(&made, KRSI_EVENT_FACTS, UINT64_MAX);
	object = json_read(line_of(&made));
	assert_string_equal(text_of(object, "inode"), "18446744073709551615");
	assert_true(json_integer_value(json_object_get(object, "cgroup_id")) == INT64_MAX);
	assert_string_equal(text_of(object, "cap_permitted"), "ffffffffffffffff");
	assert_int_equal(json_array_size(json_object_get(object, "facts")), 64);
	json_decref(object);
}

static void test_json_leaves_out_what_is_absent(void **state)
{
	struct event_made made;
	const char *line;

	(void)state;
	event_begin(&made, "kernel.bpf");
	made.policy = made.rule = NULL;
	made.head.verdict = 99;
	event_end(&made);
	made.event.wall = 0;
	assert_int_equal(krsi_encoder_event(encoder, &made.event, &line, NULL), 0);
	assert_string_equal(line, "{\"type\":\"event\",\"boot_ns\":123456789,\"sequence\":7,\"generation\":1,\"verdict\":\"unknown\","
				  "\"outcome\":\"unknown\",\"unresolved\":false,\"operation\":\"kernel.bpf\",\"policy\":null,\"rule\":null}");
	event_free(&made);
}

static void test_json_of_every_kind(void **state)
{
	static const struct {
		uint8_t kind;
		const char *words;
	} cases[] = {
		{ KRSI_EVENT_KIND_FORK, "{\"type\":\"fork\",\"time\":\"2026-11-26T22:14:03.123456789Z\",\"boot_ns\":123456789,\"sequence\":7,"
					"\"generation\":1,\"operation\":\"process.fork\",\"pid\":812}" },
		{ KRSI_EVENT_KIND_EXEC, "{\"type\":\"exec\"," },
		{ KRSI_EVENT_KIND_EXIT, "{\"type\":\"exit\"," },
		{ KRSI_EVENT_KIND_PROCESS, "{\"type\":\"process\",\"pid\":812}" },	/* it did not happen at a time */
		{ KRSI_EVENT_KIND_LOST, "{\"type\":\"lost\",\"time\":\"2026-11-26T22:14:03.123456789Z\",\"boot_ns\":123456789,\"operation\":"
					"\"file.open\",\"cause\":\"ring\",\"count\":0,\"total\":0}" },
		{ 77, "{\"type\":\"unknown\"," },
	};
	struct event_made made;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		event_begin(&made, "file.open");
		made.head.kind = cases[i].kind;
		event_number_put(&made, KRSI_EVENT_PID, 812);
		assert_words(line_of(&made), cases[i].words);
	}
}

static void test_json_of_losses_has_sums(void **state)
{
	struct event_made made;
	const char *line;

	(void)state;
	event_begin(&made, "file.open");
	made.head.kind = KRSI_EVENT_KIND_LOST;
	event_number_put(&made, KRSI_EVENT_LOST_COUNT, 17);
	assert_words(line_of(&made), "\"operation\":\"file.open\",\"cause\":\"ring\",\"count\":17,\"total\":17}");
	event_begin(&made, "");
	made.head.kind = KRSI_EVENT_KIND_LOST;
	event_number_put(&made, KRSI_EVENT_LOST_COUNT, 1);
	assert_words(line_of(&made), "123456789,\"cause\":\"ring\",\"count\":1,\"total\":18}");
	assert_int_equal(krsi_encoder_lost(encoder, 2, 5, &line, NULL), 0);
	assert_words(line, "{\"type\":\"lost\",\"time\":\"2");
	assert_words(line, ",\"cause\":\"output\",\"count\":2,\"total\":5}");
}

static void test_json_has_names_only_when_asked(void **state)
{
	struct event_made made;
	json_t *object;
	int asked;

	(void)state;
	for (asked = 0; asked < 2; asked++) {
		encoder_begin(KRSI_ENCODE_JSON, asked ? KRSI_ENCODE_NAMES : 0);
		event_begin(&made, "file.open");
		event_number_put(&made, KRSI_EVENT_UID, 0);
		event_number_put(&made, KRSI_EVENT_GID, 0);
		event_number_put(&made, KRSI_EVENT_OWNER, 3999999999u);	/* nobody has it */
		event_number_put(&made, KRSI_EVENT_LOGIN_UID, UINT64_MAX);
		object = json_read(line_of(&made));
		assert_int_equal(json_object_get(object, "uid_name") != NULL, asked);
		assert_int_equal(json_object_get(object, "gid_name") != NULL, asked);
		if (asked)
			assert_string_equal(text_of(object, "uid_name"), "root");
		assert_null(json_object_get(object, "owner_name"));
		assert_null(json_object_get(object, "login_uid_name"));
		json_decref(object);
	}
}

/* --- bytes ------------------------------------------------------------------------------- */

static void path_check(const char *bytes, size_t size, const char *text, const char *hex)
{
	struct event_made made;
	json_t *object;

	event_begin(&made, "file.open");
	event_text_put(&made, KRSI_EVENT_PATH, bytes, size, 0);
	object = json_read(line_of(&made));
	assert_string_equal(text_of(object, "path"), text);
	if (hex)
		assert_string_equal(text_of(object, "path_hex"), hex);
	else
		assert_null(json_object_get(object, "path_hex"));
	json_decref(object);
}

#define PATH_CHECK(path, text, hex) path_check(path, sizeof(path) - 1, text, hex)
#define U_FFFD "\xef\xbf\xbd"

static void test_json_has_any_path_and_it_comes_back(void **state)
{
	(void)state;
	PATH_CHECK("/etc/shadow", "/etc/shadow", NULL);
	PATH_CHECK("/a\nb\"\\\t\x01\x7f", "/a\nb\"\\\t\x01\x7f", NULL);
	PATH_CHECK("/\xc3\xa4\xf0\x9f\x90\x9d\xe2\x80\xa8", "/\xc3\xa4\xf0\x9f\x90\x9d\xe2\x80\xa8", NULL);
	PATH_CHECK("/a\xff" "b", "/a" U_FFFD "b", "2f61ff62");
	PATH_CHECK("/\xe2\x82", "/" U_FFFD U_FFFD, "2fe282");
	PATH_CHECK("/\xed\xa0\x80", "/" U_FFFD U_FFFD U_FFFD, "2feda080");
	PATH_CHECK("/" U_FFFD, "/" U_FFFD, NULL);	/* the real one is told from ours */
	PATH_CHECK("@a\0\xc3\xa4", "@a" U_FFFD "\xc3\xa4", "406100c3a4");
	PATH_CHECK("", "", NULL);
}

static void test_lists_are_arrays(void **state)
{
	struct event_made made;
	json_t *object;

	(void)state;
	event_begin(&made, "process.exec");
	event_number_put(&made, KRSI_EVENT_ARGC, 3);
	event_text_put(&made, KRSI_EVENT_STRINGS, "a\0\0b\xff\0A=1\0B=2\0", 14, KRSI_EVENT_TEXT_CUT);
	object = json_read(line_of(&made));
	assert_int_equal(json_array_size(json_object_get(object, "argv")), 3);
	assert_string_equal(json_string_value(json_array_get(json_object_get(object, "argv"), 1)), "");
	assert_string_equal(json_string_value(json_array_get(json_object_get(object, "argv"), 2)), "b" U_FFFD);
	assert_int_equal(json_array_size(json_object_get(object, "argv_hex")), 3);
	assert_string_equal(json_string_value(json_array_get(json_object_get(object, "argv_hex"), 0)), "61");
	assert_string_equal(json_string_value(json_array_get(json_object_get(object, "argv_hex"), 1)), "");
	assert_string_equal(json_string_value(json_array_get(json_object_get(object, "argv_hex"), 2)), "62ff");
	assert_null(json_object_get(object, "argv_cut"));	/* the environment is */
	assert_int_equal(json_array_size(json_object_get(object, "env")), 2);
	assert_null(json_object_get(object, "env_hex"));
	assert_true(json_is_true(json_object_get(object, "env_cut")));
	assert_null(json_object_get(object, "strings"));
	json_decref(object);
}

/* --- another parser, and bytes by chance --------------------------------------------------- */

static uint64_t seed;

static uint32_t chance(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

/* Bytes of all sorts: plain ones, characters, halves of characters, anything. */
static size_t bytes_make(char *bytes, size_t max, bool nul)
{
	static const char *const pieces[] = { "/", "a", "\"", "\\", "\n", "\xc3\xa4", "\xe2\x82", "\xed\xa0\x80", "\xf0\x9f\x90\x9d", "\x7f", U_FFFD };
	size_t size = 0, goal = chance((uint32_t)max - 8);
	int wild = (int)chance(3);

	while (size < goal) {
		if (wild == 0 || (wild == 1 && chance(2))) {
			const char *piece = pieces[chance(wild ? ARRAY_SIZE(pieces) : 6)];

			memcpy(bytes + size, piece, strlen(piece));
			size += strlen(piece);
		} else {
			bytes[size] = (char)chance(256);
			size += bytes[size] || nul;
		}
	}
	return size;
}

/* Put bytes by chance into an event, and tell the other parser what has to come back, as which member. */
static void chance_put(struct event_made *made, uint32_t field, FILE *wishes, const char *member)
{
	struct krsi_event_field_info info = { .sz = sizeof(info) };
	char bytes[200];
	size_t size, i;

	assert_int_equal(krsi_event_field_info(field, &info), 0);
	size = bytes_make(bytes, sizeof(bytes), true);
	if (info.type == KRSI_EVENT_TYPE_LIST)
		bytes[size++] = '\0';
	event_text_put(made, field, bytes, size, 0);
	/* The kernel's array has zeros behind the text. */
	if (field == KRSI_EVENT_COMM)
		size = strnlen(bytes, size);
	fprintf(wishes, "\t%s=", member);
	for (i = 0; i < size; i++)
		fprintf(wishes, "%02x", (unsigned char)bytes[i]);
}

static void chance_run(const char *command, unsigned int count, const char *const members[KRSI_EVENT_FIELD_END])
{
	FILE *check = popen(command, "w");
	struct event_made made;
	char *wishes;
	uint32_t field;
	size_t size;

	assert_non_null(check);
	for (; count; count--) {
		FILE *file = open_memstream(&wishes, &size);

		assert_non_null(file);
		event_begin(&made, "process.exec");
		for (field = 1; field < KRSI_EVENT_FIELD_END; field++)
			if (members[field])
				chance_put(&made, field, file, members[field]);
		fclose(file);
		fprintf(check, "%s%s\n", line_of(&made), wishes);
		free(wishes);
	}
	assert_int_equal(pclose(check), 0);
}

static void seed_take(void)
{
	const char *given = getenv("ENCODE_SEED");

	seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
	print_message("# ENCODE_SEED=%llu\n", (unsigned long long)seed);
}

static void test_another_parser_gets_the_same_bytes(void **state)
{
	static const char *const members[KRSI_EVENT_FIELD_END] = {
		[KRSI_EVENT_PATH] = "path", [KRSI_EVENT_PATH2] = "path2", [KRSI_EVENT_EXE] = "exe", [KRSI_EVENT_CWD] = "cwd",
		[KRSI_EVENT_COMM] = "comm", [KRSI_EVENT_CGROUP] = "cgroup", [KRSI_EVENT_UNIX_ADDRESS] = "unix_address",
		[KRSI_EVENT_ARGV] = "argv", [KRSI_EVENT_ENV] = "env",
	};

	(void)state;
	seed_take();
	chance_run(UNIT_CHECK, 2000, members);
}

/* The same by our own function, as an agent would do it. */
static void test_krsi_encode_bytes_gets_the_same_bytes(void **state)
{
	char bytes[200], back[200];
	struct event_made made;
	json_t *object;
	size_t size, got;
	int i;

	(void)state;
	seed_take();
	for (i = 0; i < 2000; i++) {
		size = bytes_make(bytes, sizeof(bytes), true);
		event_begin(&made, "file.open");
		event_text_put(&made, KRSI_EVENT_PATH, bytes, size, 0);
		object = json_read(line_of(&made));
		got = sizeof(back);
		assert_int_equal(krsi_encode_bytes(text_of(object, "path"), json_string_value(json_object_get(object, "path_hex")), back, &got), 0);
		assert_int_equal(got, size);
		assert_memory_equal(back, bytes, size);
		json_decref(object);
	}
}

#define json_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		json_test(test_json_of_a_denied_open),
		json_test(test_json_has_every_field),
		json_test(test_json_of_numbers_of_64_bits),
		json_test(test_json_leaves_out_what_is_absent),
		json_test(test_json_of_every_kind),
		json_test(test_json_of_losses_has_sums),
		json_test(test_json_has_names_only_when_asked),
		json_test(test_json_has_any_path_and_it_comes_back),
		json_test(test_lists_are_arrays),
		json_test(test_another_parser_gets_the_same_bytes),
		json_test(test_krsi_encode_bytes_gets_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
