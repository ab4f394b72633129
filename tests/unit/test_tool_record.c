/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi record without a kernel: the files that it makes, and its arguments. */
#include "recording_tools.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../tools/run.h"

static char told[4096];
static struct run run;

/* Of main.c, which is not linked. */
void tool_error(const char *fmt, ...)
{
	size_t used = strlen(told);
	va_list args;

	va_start(args, fmt);
	vsnprintf(told + used, sizeof(told) - used, fmt, args);
	va_end(args);
	strncat(told, "\n", sizeof(told) - strlen(told) - 1);
}

int tool_fail(const struct krsi_ctx *ctx)
{
	tool_error("%s", krsi_ctx_error_detail(ctx));
	return TOOL_FAILED;
}

/* --- files --------------------------------------------------------------------- */

static int record_open(const char *path, uint64_t rotate_size)
{
	run.output_path = path;
	run.rotation = (struct rotation){ .size = rotate_size, .count = 2 };
	return record_sink.open(&run);
}

/* Hand all events of a recording to the one that is made. */
static void events_take(const char *from, int times)
{
	struct krsi_recording *recording;
	const struct krsi_event *event;
	int fd = open(from, O_RDONLY | O_CLOEXEC), i;

	assert_true(fd >= 0);
	for (i = 0; i < times; i++) {
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_ok(run.ctx, krsi_recording_new(run.ctx, fd, &recording));
		while (krsi_recording_next(recording, &event) == 0 && event)
			assert_int_equal(record_sink.event(&run, event), 0);
		krsi_recording_free(recording);
	}
	close(fd);
}

/* How many events of that kind are in a file, which is whole; -1: it is not there. */
static int count(const char *name, uint32_t kind)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC), n = 0;
	struct krsi_recording *recording;
	const struct krsi_event *event;

	if (fd < 0)
		return -1;
	assert_ok(run.ctx, krsi_recording_new(run.ctx, fd, &recording));
	for (;;) {
		assert_ok(run.ctx, krsi_recording_next(recording, &event));
		if (!event)
			break;
		n += krsi_event_kind(event) == kind;
	}
	krsi_recording_free(recording);
	close(fd);
	return n;
}

/* How many events a file says to be missing. */
static uint64_t missing(const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct krsi_recording *recording;
	const struct krsi_event *event;
	uint64_t sum = 0, number;

	assert_true(fd >= 0);
	assert_ok(run.ctx, krsi_recording_new(run.ctx, fd, &recording));
	while (krsi_recording_next(recording, &event) == 0 && event)
		if (krsi_event_number(event, KRSI_EVENT_LOST_COUNT, &number) == 0)
			sum += number;
	krsi_recording_free(recording);
	close(fd);
	return sum;
}

static void source_make(void)
{
	recording_begin("source");
	process_add(1, "/sbin/init");
	process_add(200, "/usr/sbin/sshd");
	read_add(NULL, "/etc/passwd");
	read_add(NULL, "/etc/shadow");
	recording_end();
}

static void limit_set(rlim_t size)
{
	struct rlimit limit = { .rlim_cur = size, .rlim_max = RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_what_is_flushed_can_be_read(void **state)
{
	struct stat st;

	(void)state;
	source_make();
	assert_int_equal(record_open("new", 0), 0);
	assert_int_equal(count("new", KRSI_EVENT_KIND_RULE), 0);
	events_take("source", 1);
	record_sink.flush(&run);
	assert_int_equal(count("new", KRSI_EVENT_KIND_RULE), 2);
	assert_int_equal(stat("new", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(record_sink.waits_for(&run), -1);
	assert_string_equal(told, "");
}

static void test_nothing_is_recorded_over(void **state)
{
	char text[64];

	(void)state;
	file_write("precious", "precious");
	assert_int_equal(record_open("precious", 0), -1);
	assert_words(told, "precious: is there already, and nothing is recorded over it; ");
	file_read("precious", text, sizeof(text));
	assert_string_equal(text, "precious");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(record_open("fifo", 0), -1);
	assert_words(told, "fifo: is no regular file");
	assert_int_equal(record_open("/dev/null", 0), -1);
	assert_words(told, "/dev/null: is no regular file");
	assert_int_equal(symlink("target", "link"), 0);
	assert_int_equal(record_open("link", 0), -1);
	assert_words(told, "link: is a symbolic link");
	assert_int_equal(access("target", F_OK), -1);
	unlink("link");
	/* With rotation it gets another name. */
	assert_int_equal(record_open("precious", 4096), 0);
	file_read("precious.1", text, sizeof(text));
	assert_string_equal(text, "precious");
}

static void test_a_large_file_gets_a_number_and_each_begins_with_the_processes(void **state)
{
	int i, sum = 0;

	(void)state;
	source_make();
	assert_int_equal(record_open("r", 4096), 0);
	assert_ok(run.ctx, krsi_processes_new(run.ctx, NULL, &run.recording.processes));
	for (i = 0; i < 12; i++) {
		events_take("source", 1);
		record_sink.flush(&run);
	}
	assert_true(count("r.1", KRSI_EVENT_KIND_RULE) > 0);
	assert_true(count("r.2", KRSI_EVENT_KIND_RULE) > 0);
	assert_int_equal(count("r.3", KRSI_EVENT_KIND_RULE), -1);
	for (i = 0; i < 3; i++)
		sum += count(((const char *const[]){ "r", "r.1", "r.2" })[i], KRSI_EVENT_KIND_RULE);
	assert_true(sum % 2 == 0 && sum <= 24);
	/* Those of the source, and the subject of its events. */
	assert_true(count("r", KRSI_EVENT_KIND_PROCESS) >= 3);
	assert_string_equal(told, "");
	assert_int_equal(record_sink.count(&run).dropped, 0);
}

/* A recording of one round of events, and no room for the second. */
static void disk_fill(void)
{
	struct stat st;

	source_make();
	assert_int_equal(record_open("full", 0), 0);
	events_take("source", 1);
	record_sink.flush(&run);
	assert_int_equal(stat("full", &st), 0);
	limit_set((rlim_t)st.st_size + 20);
	events_take("source", 1);
	record_sink.flush(&run);
}

static void test_a_full_disk_leaves_whole_records(void **state)
{
	(void)state;
	disk_fill();
	events_take("source", 1);
	record_sink.flush(&run);
	limit_set(RLIM_INFINITY);
	assert_int_equal(count("full", KRSI_EVENT_KIND_RULE), 2);
	assert_int_equal(record_sink.count(&run).dropped, 8);
	assert_words(told, "File too large; events are dropped and counted, and the policies stay in force\n");
	assert_ptr_equal(strchr(told, '\n'), told + strlen(told) - 1);
	told[0] = '\0';
	events_take("source", 1);
	assert_string_equal(told, "");	/* it is not known yet */
	record_sink.flush(&run);
	assert_string_equal(told, "full: can be written again; 8 events were dropped\n");
	assert_int_equal(count("full", KRSI_EVENT_KIND_RULE), 4);
	assert_int_equal(missing("full"), 8);
}

/* What the full file cannot tell is told by the next one. */
static void test_what_is_missing_is_told_in_the_next_file(void **state)
{
	(void)state;
	disk_fill();
	assert_int_equal(rename("full", "full.old"), 0);
	record_sink.reopen(&run);
	limit_set(RLIM_INFINITY);
	record_sink.flush(&run);
	assert_int_equal(missing("full.old"), 0);
	assert_int_equal(missing("full"), 4);
	assert_int_equal(record_sink.count(&run).dropped, 4);
}

static void test_reopening_follows_the_name(void **state)
{
	(void)state;
	source_make();
	assert_int_equal(record_open("log", 0), 0);
	events_take("source", 1);
	record_sink.reopen(&run);	/* nobody moved it */
	assert_int_equal(count("log", KRSI_EVENT_KIND_RULE), 2);
	assert_int_equal(rename("log", "log.old"), 0);
	events_take("source", 1);
	record_sink.reopen(&run);
	events_take("source", 1);
	record_sink.flush(&run);
	assert_int_equal(count("log.old", KRSI_EVENT_KIND_RULE), 4);
	assert_int_equal(count("log", KRSI_EVENT_KIND_RULE), 2);
	/* When it cannot be made the old one goes on. */
	assert_int_equal(unlink("log"), 0);
	assert_int_equal(mkdir("log", 0700), 0);
	record_sink.reopen(&run);
	assert_words(told, "log: Is a directory");
	events_take("source", 1);
	record_sink.flush(&run);
	assert_int_equal(record_sink.count(&run).dropped, 0);
	rmdir("log");
}

/* --- the command ------------------------------------------------------------------ */

static void test_mistakes_are_told(void **state)
{
	(void)state;
	expect(DONE, "usage: krsi record [OPTION...] FILE [POLICY...]", LIST("help", "record"));
	expect(USAGE, "record needs a file to record in", LIST("record"));
	expect(USAGE, "--on is for recording without a policy", LIST("record", "--on", "file.read", "made", "p.yaml"));
	expect(USAGE, "--rotate-count needs --rotate-size", LIST("record", "--rotate-count", "3", "made"));
	expect(POLICY, "file.reed", LIST("record", "--on", "process.exec,file.reed", "made"));
	assert_words(tool_err, "file.read");
	assert_int_equal(unlink("made"), 0);
	expect(POLICY, "krsi: ", LIST("record", "--on", "", "made"));
	assert_int_equal(unlink("made"), 0);
	expect(FAILED, "is there already", LIST("record", file_write("kept", "x")));
}

static int setup(void **state)
{
	told[0] = '\0';
	run = (struct run){ .sink = &record_sink, .recording = { .fd = -1 } };
	return dir_make(state) || krsi_ctx_new(NULL, &run.ctx);
}

static int teardown(void **state)
{
	record_sink.close(&run);
	krsi_ctx_free(run.ctx);
	return dir_remove(state);
}

#define record_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		record_test(test_what_is_flushed_can_be_read),
		record_test(test_nothing_is_recorded_over),
		record_test(test_a_large_file_gets_a_number_and_each_begins_with_the_processes),
		record_test(test_a_full_disk_leaves_whole_records),
		record_test(test_what_is_missing_is_told_in_the_next_file),
		record_test(test_reopening_follows_the_name),
		record_test(test_mistakes_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
