/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi replay: what is printed of a recording, and what policies would have said of it. */
#include "recording_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD(name) "version: 1\nname: " name "\nrules:\n"
#define SHADOW HEAD("secret") "  - { name: shadow, on: file.read, object: { path: /etc/shadow }, action: { deny: EACCES } }\n"

static void sample_make(void)
{
	recording_begin("sample");
	process_add(1, "/sbin/init");
	read_add(NULL, "/etc/passwd");
	read_add(NULL, "/etc/shadow");
	lost_add(7);
	read_add(NULL, "/tmp/a b\nc");
	recording_end();
}

static unsigned int lines(void)
{
	unsigned int n = 0;
	const char *at;

	for (at = tool_out; (at = strchr(at, '\n')); at++)
		n++;
	return n;
}

static void test_events_are_printed_in_each_format(void **state)
{
	(void)state;
	sample_make();
	expect(DONE, "Z AUDIT        file.read        /usr/bin/cat[100] /etc/passwd recorded/seen -\n", LIST("replay", "sample"));
	assert_words(tool_out, " /tmp/a\\x20b\\x0ac recorded/seen -\n");
	assert_words(tool_out, "Z LOST ");
	assert_int_equal(lines(), 4);	/* nothing of the process that was there */
	assert_string_equal(tool_err, "krsi: 3 events, 7 lost in 1 gap\n");
	expect(DONE, "\"path\":\"/tmp/a b\\nc\"", LIST("replay", "--json", "sample"));
	assert_int_equal(lines(), 4);
	expect(DONE, "\"ecs\":", LIST("replay", "--ecs", "sample"));
	expect(DONE, "\"class_uid\":", LIST("replay", "--ocsf", "sample"));
	expect(DONE, "\n    ", LIST("replay", "-v", "sample"));
}

/* What the kernel lost and what found no room on the disk are two things. */
static void test_gaps_are_counted_by_their_cause(void **state)
{
	(void)state;
	recording_begin("gaps");
	unwritten_add(5);
	read_add(NULL, "/etc/passwd");
	unwritten_add(6);
	recording_end();
	expect(DONE, " 5 events could not be written, 5 in all\n", LIST("replay", "gaps"));
	assert_words(tool_out, " 6 events could not be written, 11 in all\n");
	assert_string_equal(tool_err, "krsi: 1 event, 11 not written in 2 gaps\n");
	expect(DONE, "\"cause\":\"output\",\"count\":6,\"total\":11}", LIST("replay", "--json", "gaps"));
	recording_begin("both");
	lost_add(7);
	unwritten_add(5);
	recording_end();
	expect(DONE, " 7 events found no room in the ring, 7 in all\n", LIST("replay", "both"));
	assert_words(tool_out, " 5 events could not be written, 5 in all\n");
	assert_string_equal(tool_err, "krsi: 0 events, 7 lost in 1 gap, 5 not written in 1 gap\n");
}

static void test_policies_say_what_they_would_have_refused(void **state)
{
	(void)state;
	sample_make();
	file_write("p.yaml", SHADOW "  - { name: told, on: file, object: { path: \"/tmp/**\" }, action: audit }\n");
	expect(DONE, "Z WOULD-DENY   file.read        /usr/bin/cat[100] /etc/shadow secret/shadow EACCES\n", LIST("replay", "--policy", "p.yaml", "sample"));
	assert_words(tool_out, "Z AUDIT        file.read        /usr/bin/cat[100] /tmp/a\\x20b\\x0ac secret/told -\n");
	assert_null(strstr(tool_out, "passwd"));
	assert_int_equal(lines(), 3);
	assert_string_equal(tool_err, "krsi: 3 events, 1 would be denied, 1 audited, 0 not sure, 7 lost in 1 gap\n");
}

/* The strictest of several policies decides, and a permissive one counts as well: the question is what it would do. */
static void test_several_policies(void **state)
{
	(void)state;
	sample_make();
	file_write("p.yaml", SHADOW);
	file_write("q.yaml", "mode: permissive\n" HEAD("other") "  - { name: none, on: file.read, action: kill }\n");
	expect(DONE, " /etc/passwd other/none EPERM,SIGKILL\n", LIST("replay", "--policy", "p.yaml", "--policy", "q.yaml", "sample"));
	assert_words(tool_out, "Z WOULD-KILL   file.read ");
	assert_words(tool_out, " /etc/shadow secret/shadow EACCES\n");
	assert_words(tool_err, "3 would be denied, 0 audited");
}

static void test_decisions_as_json(void **state)
{
	(void)state;
	sample_make();
	file_write("p.yaml", SHADOW);
	expect(DONE, "\"replay\":{\"verdict\":\"deny\",\"outcome\":\"would_deny\",\"policy\":\"secret\",\"rule\":\"shadow\",\"error\":13,\"error_name\":\"EACCES\",\"unsure\":false}}\n",
	       LIST("replay", "--json", "--policy", "p.yaml", "sample"));
	assert_words(tool_out, "\"path\":\"/etc/shadow\"");
}

static void test_what_the_recording_does_not_have_is_told(void **state)
{
	(void)state;
	sample_make();
	file_write("p.yaml", HEAD("asks") "  - { name: tagged, on: file.read, subject: { tag: x }, action: deny }\n"
					  "  - { name: t, on: file.read, object: { path: /etc/shadow }, action: { tag: x } }\n"
					  "  - { name: shadow, on: file.read, object: { path: /etc/shadow }, action: deny }\n");
	expect(DONE, " asks/shadow EPERM\n    not sure: ", LIST("replay", "--policy", "p.yaml", "sample"));
	assert_words(tool_err, "krsi: 3 events, 1 would be denied, 0 audited, 3 not sure, ");
	assert_words(tool_err, "krsi: not sure: policies ask for subject.tag, which the recording does not have of 3 events\n");
}

/* Who is signalled is in the recording as another process. */
static void test_processes_are_known(void **state)
{
	(void)state;
	recording_begin("signals");
	process_add(1, "/sbin/init");
	process_add(200, "/usr/sbin/sshd");
	deed_add(&(struct deed){ .operation = "process.signal", .signal = 9, .target_pid = 200 });
	deed_add(&(struct deed){ .operation = "process.signal", .signal = 9, .target_pid = 300 });
	recording_end();
	file_write("p.yaml", HEAD("kills") "  - { name: sshd, on: process.signal, object: { target: { exe: /usr/sbin/sshd } }, action: deny }\n");
	expect(DONE, " kills/sshd EPERM\n", LIST("replay", "--policy", "p.yaml", "signals"));
	assert_int_equal(lines(), 1);
	assert_words(tool_err, "1 would be denied, 0 audited, 1 not sure, none lost");
}

static void test_a_damaged_recording_is_read_up_to_the_damage(void **state)
{
	struct stat st;

	(void)state;
	sample_make();
	assert_int_equal(stat("sample", &st), 0);
	assert_int_equal(truncate("sample", st.st_size - 3), 0);
	expect(FAILED, "krsi: sample: recording: damaged at byte ", LIST("replay", "sample"));
	assert_words(tool_out, "/etc/shadow");
	assert_words(tool_err, "krsi: 2 events, 7 lost in 1 gap\n");
	file_write("p.yaml", SHADOW);
	expect(FAILED, "krsi: 2 events, 1 would be denied", LIST("replay", "--policy", "p.yaml", "sample"));
	expect(FAILED, "krsi: none.txt: recording: this is none", LIST("replay", file_write("none.txt", "hello, this is no recording at all\n")));
	expect(FAILED, "krsi: nowhere: cannot be opened: No such file", LIST("replay", "nowhere"));
	expect(FAILED, "krsi: -: recording: this is none", LIST("replay", "-"));
}

static void test_mistakes_are_told(void **state)
{
	(void)state;
	sample_make();
	expect(USAGE, "replay needs one recording", LIST("replay"));
	expect(USAGE, "replay needs one recording", LIST("replay", "a", "b"));
	expect(USAGE, "exclude one another", LIST("replay", "--json", "--ecs", "a"));
	expect(USAGE, "use --json with --policy", LIST("replay", "--ecs", "--policy", "p", "a"));
	expect(POLICY, "krsi: wrong.yaml:1:", LIST("replay", "--policy", file_write("wrong.yaml", "mode: x\n"), "sample"));
	expect(FAILED, "no such file", LIST("replay", "--policy", "nowhere.yaml", "sample"));
	expect(DONE, "usage: krsi replay ", LIST("help", "replay"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_are_printed_in_each_format),
		cmocka_unit_test(test_gaps_are_counted_by_their_cause),
		cmocka_unit_test(test_policies_say_what_they_would_have_refused),
		cmocka_unit_test(test_several_policies),
		cmocka_unit_test(test_decisions_as_json),
		cmocka_unit_test(test_what_the_recording_does_not_have_is_told),
		cmocka_unit_test(test_processes_are_known),
		cmocka_unit_test(test_a_damaged_recording_is_read_up_to_the_damage),
		cmocka_unit_test(test_mistakes_are_told),
	};

	return cmocka_run_group_tests(tests, dir_make, dir_remove);
}
