/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Whom the subject descends from, in all formats; ECS and OCSF against the published fields (check_encoded). */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <libkrsi/encode.h>

#include "event_tools.h"

static struct krsi_processes *table;
static struct krsi_encoder *encoder;
static struct event_made deed;

static void process_put(struct event_made *made, uint32_t pid, uint32_t ppid, const char *exe, const char *comm)
{
	event_number_put(made, KRSI_EVENT_PID, pid);
	event_number_put(made, KRSI_EVENT_START_TIME, pid * 1000);
	event_number_put(made, KRSI_EVENT_PPID, ppid);
	event_number_put(made, KRSI_EVENT_PARENT_START_TIME, ppid * 1000);
	event_string_put(made, KRSI_EVENT_EXE, exe);
	event_string_put(made, KRSI_EVENT_COMM, comm);
}

static void process_is(uint32_t pid, uint32_t ppid, const char *exe, const char *comm)
{
	struct event_made made;

	event_begin(&made, "");
	made.head.kind = KRSI_EVENT_KIND_PROCESS;
	process_put(&made, pid, ppid, exe, comm);
	event_end(&made);
	assert_int_equal(krsi_processes_event(table, &made.event), 0);
	event_free(&made);
}

/* A shell's cat: the shell's program has a byte that is no text, and is started by the first process of all. */
static int setup(void **state)
{
	struct krsi_ctx *ctx;

	if (unit_setup(state))
		return -1;
	ctx = *state;
	if (krsi_processes_new(ctx, NULL, &table))
		return -1;
	process_is(1, 0, "/sbin/init", "init");
	process_is(40, 1, "/bin/s\xffh", "sh");
	event_begin(&deed, "file.read");
	process_put(&deed, 812, 40, "/bin/cat", "cat");
	event_string_put(&deed, KRSI_EVENT_PATH, "/etc/shadow");
	event_end(&deed);
	return 0;
}

static int teardown(void **state)
{
	krsi_encoder_free(encoder);
	encoder = NULL;
	krsi_processes_free(table);
	event_free(&deed);
	return unit_teardown(state);
}

static const char *encoded(uint32_t format, uint32_t flags, struct krsi_processes *processes)
{
	const struct krsi_encoder_opts opts = { .sz = sizeof(opts), .format = format, .flags = flags };
	const char *text = NULL;

	krsi_encoder_free(encoder);
	assert_int_equal(krsi_encoder_new(NULL, &opts, &encoder), 0);
	assert_int_equal(krsi_encoder_set_processes(encoder, processes), 0);
	assert_int_equal(krsi_encoder_event(encoder, &deed.event, &text, NULL), 0);
	return text;
}

static json_t *parsed(const char *text)
{
	json_t *object = json_loads(text, 0, NULL);

	assert_non_null(object);
	return object;
}

static void test_details_have_a_line(void **state)
{
	(void)state;
	assert_non_null(strstr(encoded(KRSI_ENCODE_TEXT, KRSI_ENCODE_DETAILS, table), "\n    ancestors            /bin/s\\xffh[40] /sbin/init[1]"));
	assert_null(strstr(encoded(KRSI_ENCODE_TEXT, 0, table), "init"));
	assert_null(strstr(encoded(KRSI_ENCODE_TEXT, KRSI_ENCODE_DETAILS, NULL), "ancestors"));
}

static void test_json_has_an_array(void **state)
{
	json_t *object = parsed(encoded(KRSI_ENCODE_JSON, 0, table)), *list = json_object_get(object, "ancestors"), *parent;
	char cookie[20];

	(void)state;
	assert_int_equal(json_array_size(list), 2);
	parent = json_array_get(list, 0);
	snprintf(cookie, sizeof(cookie), "%016llx", (unsigned long long)krsi_process_cookie(40, 40000));
	assert_int_equal(json_integer_value(json_object_get(parent, "pid")), 40);
	assert_string_equal(json_string_value(json_object_get(parent, "cookie")), cookie);
	assert_string_equal(json_string_value(json_object_get(parent, "cookie")), json_string_value(json_object_get(object, "parent_cookie")));
	assert_string_equal(json_string_value(json_object_get(parent, "exe")), "/bin/s\xef\xbf\xbdh");
	assert_string_equal(json_string_value(json_object_get(parent, "exe_hex")), "2f62696e2f73ff68");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 1), "comm")), "init");
	json_decref(object);
	object = parsed(encoded(KRSI_ENCODE_JSON, 0, NULL));
	assert_null(json_object_get(object, "ancestors"));
	json_decref(object);
}

static void fields_check(const char *text, const char *fields)
{
	char command[512];
	FILE *check;

	snprintf(command, sizeof(command), UNIT_CHECK " --fields " UNIT_DATA "/%s", fields);
	check = popen(command, "w");
	assert_non_null(check);
	fprintf(check, "%s\n", text);
	assert_int_equal(pclose(check), 0);
}

static void test_ecs_has_the_parent_and_names_of_all(void **state)
{
	const char *text = encoded(KRSI_ENCODE_ECS, 0, table);
	json_t *object = parsed(text), *parent = json_object_get(json_object_get(object, "process"), "parent");
	json_t *labels = json_object_get(object, "labels");

	(void)state;
	fields_check(text, "ecs-fields.tsv");
	assert_int_equal(json_integer_value(json_object_get(parent, "pid")), 40);
	assert_string_equal(json_string_value(json_object_get(parent, "executable")), "/bin/s\xef\xbf\xbdh");
	assert_string_equal(json_string_value(json_object_get(parent, "name")), "s\xef\xbf\xbdh");
	assert_string_equal(json_string_value(json_object_get(labels, "krsi_ancestors")), "/bin/s\xef\xbf\xbdh /sbin/init");
	/* The subject's program is exact. */
	assert_null(json_object_get(labels, "krsi_exe_hex"));
	json_decref(object);
}

static void test_ocsf_has_the_ancestry(void **state)
{
	const char *text = encoded(KRSI_ENCODE_OCSF, 0, table);
	json_t *object = parsed(text), *process = json_object_get(json_object_get(object, "actor"), "process");
	json_t *list = json_object_get(process, "ancestry");

	(void)state;
	fields_check(text, "ocsf-fields.tsv");
	assert_string_equal(json_string_value(json_object_get(json_object_get(process, "parent_process"), "name")), "sh");
	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "pid")), 40);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 1), "path")), "/sbin/init");
	json_decref(object);
}

/* Processes that descend from each other in a circle, as damaged records could say: it ends. */
static void test_a_circle_ends(void **state)
{
	json_t *object;

	(void)state;
	process_is(50, 51, "/a", "a");
	process_is(51, 50, "/b", "b");
	event_free(&deed);
	event_begin(&deed, "file.read");
	process_put(&deed, 812, 50, "/bin/cat", "cat");
	event_end(&deed);
	object = parsed(encoded(KRSI_ENCODE_JSON, 0, table));
	assert_int_equal(json_array_size(json_object_get(object, "ancestors")), 16);
	json_decref(object);
}

static void test_nobody_is_known(void **state)
{
	(void)state;
	event_free(&deed);
	event_begin(&deed, "file.read");
	process_put(&deed, 812, 99, "/bin/cat", "cat");
	event_end(&deed);
	assert_null(strstr(encoded(KRSI_ENCODE_JSON, 0, table), "ancestors"));
	assert_null(strstr(encoded(KRSI_ENCODE_ECS, 0, table), "ancestors"));
	assert_null(strstr(encoded(KRSI_ENCODE_OCSF, 0, table), "ancestry"));
	assert_non_null(strstr(encoded(KRSI_ENCODE_TEXT, KRSI_ENCODE_DETAILS, table), "\n    ancestors            -"));
	assert_int_equal(krsi_encoder_set_processes(NULL, table), -EINVAL);
}

#define ancestors_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ancestors_test(test_details_have_a_line),
		ancestors_test(test_json_has_an_array),
		ancestors_test(test_ecs_has_the_parent_and_names_of_all),
		ancestors_test(test_ocsf_has_the_ancestry),
		ancestors_test(test_a_circle_ends),
		ancestors_test(test_nobody_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
