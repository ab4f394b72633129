/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The table of processes, fed with records that are built here. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/event.h"

/* --- events ------------------------------------------------------------------ */

struct subject {
	uint32_t pid, ppid;
	uint64_t start, parent_start;
	uint32_t uid;
	const char *exe;
};

static uint64_t cookie_of(const struct subject *subject)
{
	return krsi_process_cookie(subject->pid, subject->start);
}

static void subject_put(struct krsi_priv_event_record *record, uint8_t kind, const struct subject *subject)
{
	static uint64_t sequence;
	struct event_head head = { .kind = kind, .sequence = ++sequence };

	krsi_priv_event_begin(record, &head);
	krsi_priv_event_put_number(record, KRSI_EVENT_PID, subject->pid);
	krsi_priv_event_put_number(record, KRSI_EVENT_START_TIME, subject->start);
	krsi_priv_event_put_number(record, KRSI_EVENT_PPID, subject->ppid);
	krsi_priv_event_put_number(record, KRSI_EVENT_PARENT_START_TIME, subject->parent_start);
	krsi_priv_event_put_number(record, KRSI_EVENT_UID, subject->uid);
	if (subject->exe)
		krsi_priv_event_put(record, KRSI_EVENT_EXE, subject->exe, strlen(subject->exe), 0);
}

static int take(struct krsi_processes *processes, struct krsi_priv_event_record *record)
{
	struct krsi_event event;
	int err;

	assert_true(krsi_priv_event_end(record));
	assert_true(krsi_priv_event_read(record->bytes, record->size, &event));
	err = krsi_processes_event(processes, &event);
	free(record->bytes);
	return err;
}

static int is(struct krsi_processes *processes, uint8_t kind, const struct subject *subject)
{
	struct krsi_priv_event_record record;

	subject_put(&record, kind, subject);
	return take(processes, &record);
}

static int forks(struct krsi_processes *processes, const struct subject *parent, const struct subject *child)
{
	struct krsi_priv_event_record record;

	subject_put(&record, KRSI_EVENT_KIND_FORK, parent);
	krsi_priv_event_put_number(&record, KRSI_EVENT_TARGET_PID, child->pid);
	krsi_priv_event_put_number(&record, KRSI_EVENT_TARGET_START_TIME, child->start);
	return take(processes, &record);
}

static int executes(struct krsi_processes *processes, const struct subject *subject, const char *strings, size_t size, uint32_t argc)
{
	struct krsi_priv_event_record record;

	subject_put(&record, KRSI_EVENT_KIND_EXEC, subject);
	krsi_priv_event_put(&record, KRSI_EVENT_STRINGS, strings, size, 0);
	krsi_priv_event_put_number(&record, KRSI_EVENT_ARGC, argc);
	return take(processes, &record);
}

static int ends(struct krsi_processes *processes, const struct subject *subject, uint32_t code)
{
	struct krsi_priv_event_record record;

	subject_put(&record, KRSI_EVENT_KIND_EXIT, subject);
	krsi_priv_event_put_number(&record, KRSI_EVENT_EXIT_CODE, code);
	return take(processes, &record);
}

/* --- what is known ------------------------------------------------------------ */

static uint64_t number(struct krsi_processes *processes, const struct subject *subject, uint32_t field)
{
	const struct krsi_event *process = krsi_processes_find(processes, cookie_of(subject));
	uint64_t value = 0;

	assert_non_null(process);
	assert_int_equal(krsi_event_number(process, field, &value), 0);
	return value;
}

static void text_is(struct krsi_processes *processes, const struct subject *subject, uint32_t field, const char *bytes, size_t size)
{
	const struct krsi_event *process = krsi_processes_find(processes, cookie_of(subject));
	size_t have = 0;
	const char *text = process ? krsi_event_text(process, field, &have, NULL) : NULL;

	assert_non_null(text);
	assert_int_equal(have, size);
	assert_memory_equal(text, bytes, size);
}

static struct krsi_processes *table(void **state, uint32_t limit)
{
	const struct krsi_processes_opts opts = { .sz = sizeof(opts), .limit = limit };
	struct krsi_processes *processes;

	assert_ok(*state, krsi_processes_new(*state, &opts, &processes));
	return processes;
}

static struct krsi_processes_info info(const struct krsi_processes *processes)
{
	struct krsi_processes_info info = { .sz = sizeof(info) };

	assert_int_equal(krsi_processes_info(processes, &info), 0);
	return info;
}

static const struct subject init = { 1, 0, 10, 0, 0, "/sbin/init" }, shell = { 100, 1, 1000, 10, 5, "/bin/sh" };

static void test_a_child_is_what_its_creator_is(void **state)
{
	struct krsi_processes *processes = table(state, 0);
	const struct subject child = { 200, 100, 2000, 1000, 5, NULL }, program = { 200, 100, 2000, 1000, 5, "/bin/ls" };

	assert_int_equal(is(processes, KRSI_EVENT_KIND_PROCESS, &init), 0);
	assert_int_equal(is(processes, KRSI_EVENT_KIND_PROCESS, &shell), 0);
	assert_int_equal(executes(processes, &shell, "sh\0-x\0SECRET=1", 14, 2), 0);
	assert_int_equal(forks(processes, &shell, &child), 0);
	assert_true(krsi_processes_pid(processes, 200) == cookie_of(&child));
	assert_true(krsi_processes_parent(processes, cookie_of(&child)) == cookie_of(&shell));
	text_is(processes, &child, KRSI_EVENT_EXE, "/bin/sh", 7);
	text_is(processes, &child, KRSI_EVENT_ARGV, "sh\0-x", 6);
	assert_int_equal(number(processes, &child, KRSI_EVENT_PPID), 100);
	assert_int_equal(number(processes, &child, KRSI_EVENT_UID), 5);
	assert_int_equal(executes(processes, &program, "ls", 3, 1), 0);
	text_is(processes, &child, KRSI_EVENT_EXE, "/bin/ls", 7);
	text_is(processes, &child, KRSI_EVENT_ARGV, "ls", 3);
	/* The environment was not asked for: it is not kept. */
	assert_null(krsi_event_text(krsi_processes_find(processes, cookie_of(&shell)), KRSI_EVENT_ENV, NULL, NULL));
	krsi_processes_free(processes);
}

static void test_ancestors_stay_when_they_have_ended(void **state)
{
	struct krsi_processes *processes = table(state, 0);
	const struct subject child = { 200, 100, 2000, 1000, 5, NULL }, adopted = { 200, 1, 2000, 10, 9, "/bin/x" };

	assert_int_equal(is(processes, KRSI_EVENT_KIND_PROCESS, &shell), 0);
	assert_int_equal(forks(processes, &shell, &child), 0);
	assert_int_equal(ends(processes, &shell, 3), 0);
	assert_true(krsi_processes_pid(processes, 100) == 0);
	assert_int_equal(number(processes, &shell, KRSI_EVENT_EXIT_CODE), 3);
	/* Its parent is init(1) now, and it changed its user; who made it is still known. */
	assert_int_equal(is(processes, KRSI_EVENT_KIND_RULE, &adopted), 0);
	assert_int_equal(number(processes, &child, KRSI_EVENT_UID), 9);
	assert_int_equal(number(processes, &child, KRSI_EVENT_PPID), 100);
	assert_true(krsi_processes_parent(processes, cookie_of(&child)) == cookie_of(&shell));
	assert_int_equal(info(processes).running, 1);
	assert_int_equal(info(processes).ended, 1);
	krsi_processes_free(processes);
}

/* The iterator may see a process before its fork is read, and one that has ended since. */
static void test_what_comes_twice_or_late_does_no_harm(void **state)
{
	struct krsi_processes *processes = table(state, 0);
	const struct subject child = { 200, 100, 2000, 1000, 5, "/bin/ls" };

	assert_int_equal(is(processes, KRSI_EVENT_KIND_PROCESS, &child), 0);
	assert_int_equal(forks(processes, &shell, &child), 0);
	text_is(processes, &child, KRSI_EVENT_EXE, "/bin/ls", 7);
	assert_int_equal(ends(processes, &child, 7), 0);
	assert_int_equal(ends(processes, &child, 7), 0);
	/* The iterator sees a zombie. */
	assert_int_equal(is(processes, KRSI_EVENT_KIND_PROCESS, &child), 0);
	assert_int_equal(number(processes, &child, KRSI_EVENT_EXIT_CODE), 7);
	assert_true(krsi_processes_pid(processes, child.pid) == 0);
	assert_int_equal(info(processes).running, 1);
	assert_int_equal(info(processes).ended, 1);
	krsi_processes_free(processes);
}

static void test_a_pid_that_is_used_again(void **state)
{
	struct krsi_processes *processes = table(state, 0);
	const struct subject first = { 200, 100, 2000, 1000, 5, "/bin/a" }, second = { 200, 100, 3000, 1000, 5, "/bin/b" };

	assert_int_equal(is(processes, KRSI_EVENT_KIND_PROCESS, &first), 0);
	assert_int_equal(ends(processes, &first, 0), 0);
	assert_int_equal(is(processes, KRSI_EVENT_KIND_PROCESS, &second), 0);
	assert_true(krsi_processes_pid(processes, 200) == cookie_of(&second));
	text_is(processes, &first, KRSI_EVENT_EXE, "/bin/a", 6);
	text_is(processes, &second, KRSI_EVENT_EXE, "/bin/b", 6);
	krsi_processes_free(processes);
}

static void test_who_has_ended_makes_room(void **state)
{
	struct krsi_processes *processes = table(state, 300);
	struct subject one = { 0, 1, 0, 10, 0, "/bin/x" };
	uint32_t i;

	for (i = 1; i <= 300; i++) {
		one.pid = i;
		one.start = i;
		assert_int_equal(is(processes, KRSI_EVENT_KIND_PROCESS, &one), 0);
		if (i <= 2)
			assert_int_equal(ends(processes, &one, 0), 0);
	}
	one.pid = one.start = 301;
	assert_int_equal(is(processes, KRSI_EVENT_KIND_PROCESS, &one), 0);
	assert_null(krsi_processes_find(processes, krsi_process_cookie(1, 1)));
	assert_non_null(krsi_processes_find(processes, krsi_process_cookie(2, 2)));
	one.pid = one.start = 302;
	assert_int_equal(is(processes, KRSI_EVENT_KIND_PROCESS, &one), 0);
	assert_int_equal(info(processes).evicted, 2);
	one.pid = one.start = 303;
	assert_int_equal(is(processes, KRSI_EVENT_KIND_PROCESS, &one), -ENOSPC);
	assert_int_equal(info(processes).refused, 1);
	assert_int_equal(info(processes).running, 300);
	assert_true(krsi_processes_pid(processes, 302) != 0);
	krsi_processes_free(processes);
}

/* PIDs that share a bucket: the end of one hides no other. */
static void test_pids_in_one_bucket(void **state)
{
	struct krsi_processes *processes = table(state, 0);
	struct subject one = { 0, 1, 0, 10, 0, "/bin/x" };
	uint32_t i;

	for (i = 1; i <= 4; i++) {
		one.pid = 5 + 4096 * i;
		one.start = i;
		assert_int_equal(is(processes, KRSI_EVENT_KIND_PROCESS, &one), 0);
	}
	one.pid = 5 + 4096 * 3;
	one.start = 3;
	assert_int_equal(ends(processes, &one, 0), 0);
	for (i = 1; i <= 4; i++)
		assert_true(krsi_processes_pid(processes, 5 + 4096 * i) == (i == 3 ? 0 : krsi_process_cookie(5 + 4096 * i, i)));
	krsi_processes_free(processes);
}

static int order_check(void *data, const struct krsi_event *process)
{
	uint64_t pid = 0, *last = data;

	assert_int_equal(krsi_event_number(process, KRSI_EVENT_PID, &pid), 0);
	assert_true(pid == *last + 1);
	*last = pid;
	return pid == 9000 ? 7 : 0;
}

static void test_ten_thousand(void **state)
{
	struct krsi_processes *processes = table(state, 0);
	struct subject one = { 0, 1, 0, 10, 1000, "/usr/lib/some/program" };
	uint64_t last = 0;
	uint32_t i;

	for (i = 1; i <= 10000; i++) {
		one.pid = i;
		one.start = i * UINT64_C(1000000007);
		assert_int_equal(is(processes, KRSI_EVENT_KIND_PROCESS, &one), 0);
	}
	for (i = 1; i <= 10000; i++)
		assert_true(krsi_processes_pid(processes, i) == krsi_process_cookie(i, i * UINT64_C(1000000007)));
	assert_int_equal(krsi_processes_each(processes, order_check, &last), 7);
	assert_int_equal(last, 9000);
	assert_int_equal(info(processes).running, 10000);
	krsi_processes_free(processes);
}

static void test_bad_arguments(void **state)
{
	struct krsi_processes_opts opts = { .sz = 0 };
	struct krsi_processes *processes = NULL;

	assert_int_equal(krsi_processes_new(NULL, NULL, &processes), -EINVAL);
	assert_int_equal(krsi_processes_new(*state, NULL, NULL), -EINVAL);
	assert_int_equal(krsi_processes_new(*state, &opts, &processes), -EINVAL);
	assert_int_equal(krsi_processes_event(NULL, NULL), -EINVAL);
	assert_int_equal(krsi_processes_each(NULL, order_check, NULL), -EINVAL);
	assert_null(krsi_processes_find(NULL, 1));
	assert_true(krsi_processes_pid(NULL, 1) == 0);
	assert_true(krsi_processes_parent(NULL, 1) == 0);
	krsi_processes_free(NULL);
	assert_null(processes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_a_child_is_what_its_creator_is),
		ctx_test(test_ancestors_stay_when_they_have_ended),
		ctx_test(test_what_comes_twice_or_late_does_no_harm),
		ctx_test(test_a_pid_that_is_used_again),
		ctx_test(test_who_has_ended_makes_room),
		ctx_test(test_pids_in_one_bucket),
		ctx_test(test_ten_thousand),
		ctx_test(test_bad_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
