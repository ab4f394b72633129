/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * krsi learn: what is learned is a policy, it allows what was recorded, and not much more. Every policy that is made here
 * is read again by `krsi replay`, on the recording that it comes from.
 */
#include "recording_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char learned[128 * 1024];

/* Learn of the recording "seen", into "learned.yaml" and `learned`. */
static void learn(const char *option, const char *value)
{
	unlink("learned.yaml");
	if (option)
		expect(DONE, "", LIST("learn", option, value, "-o", "learned.yaml", "seen"));
	else
		expect(DONE, "", LIST("learn", "-o", "learned.yaml", "seen"));
	file_read("learned.yaml", learned, sizeof(learned));
}

/* How many events of a recording the learned policy would refuse. */
static unsigned int denied(const char *recording)
{
	const char *at;
	int code = tool(LIST("replay", "--policy", "learned.yaml", recording));

	if (code != DONE)
		print_message("# %s%s\n", tool_err, learned);
	assert_int_equal(code, DONE);
	at = strstr(tool_err, " would be denied");
	assert_non_null(at);
	while (at > tool_err && at[-1] != ' ')
		at--;
	return (unsigned int)strtoul(at, NULL, 10);
}

static void allows_all_that_was_seen(void)
{
	if (denied("seen"))
		print_message("# %s%s\n", tool_out, learned);
	assert_int_equal(denied("seen"), 0);
}

/* Whether it would refuse this one. */
static bool refuses(const struct deed *deed)
{
	recording_begin("other");
	process_add(1, "/sbin/init");
	process_add(200, "/usr/sbin/sshd");
	process_add(300, "/usr/bin/dog");
	deed_add(deed);
	recording_end();
	return denied("other") == 1;
}

static bool refuses_path(const char *operation, const char *path)
{
	return refuses(&(struct deed){ .operation = operation, .path = path });
}

static void seen_paths(const char *const *paths)
{
	size_t i;

	recording_begin("seen");
	for (i = 0; paths[i]; i++)
		read_add(NULL, paths[i]);
	recording_end();
	learn(NULL, NULL);
	allows_all_that_was_seen();
}

static void test_a_program_may_do_what_it_did_and_nothing_else(void **state)
{
	(void)state;
	seen_paths(LIST("/etc/passwd", "/etc/passwd", "/etc/group"));
	assert_words(learned, "mode: permissive\n");
	assert_words(learned, "default:\n  file: allow\n");
	assert_words(learned, "  # 3 events, first 2026-11-26T22:14:04Z, last 2026-11-26T22:14:06Z, such as /etc/group\n");
	assert_words(learned, "        - '/etc/passwd'  # 2\n");
	assert_true(refuses_path("file.read", "/etc/shadow"));
	assert_false(refuses_path("file.read", "/etc/group"));
	/* Another operation of a file that it reads was not looked at. */
	assert_false(refuses_path("file.rename", "/etc/shadow"));
	/* Others are left alone. */
	assert_false(refuses(&(struct deed){ .operation = "file.read", .exe = "/usr/bin/dog", .path = "/etc/shadow" }));
	expect(DONE, "policy learned: 2 rules", LIST("check", "learned.yaml"));
}

/* "file.read" and "file.write" mean other operations as well, which are not allowed with them. */
static void test_no_operation_comes_with_another(void **state)
{
	static const char *const operations[] = { "file.rename", "file.link", "file.unlink", "file.chmod", "file.truncate", "mount.mount" };
	size_t i;

	(void)state;
	recording_begin("seen");
	read_add(NULL, "/a");
	deed_add(&(struct deed){ .operation = "file.write", .path = "/a" });
	for (i = 0; i < ARRAY_SIZE(operations); i++)
		deed_add(&(struct deed){ .operation = operations[i], .path = "/b" });
	recording_end();
	learn(NULL, NULL);
	allows_all_that_was_seen();
	for (i = 0; i < ARRAY_SIZE(operations); i++)
		if (!refuses_path(operations[i], "/a"))
			fail_msg("%s came with another: %s", operations[i], learned);
}

static void test_numbers_of_processes_and_random_names_become_stars(void **state)
{
	static const struct {
		const char *path, *pattern, *other;
	} cases[] = {
		{ "/proc/1234/status", "/proc/*/status", "/proc/99/status" },
		{ "/proc/1234/task/1235/comm", "/proc/*/task/*/comm", "/proc/7/task/8/comm" },
		{ "/proc/12/fd/3", "/proc/*/fd/*", "/proc/13/fd/4" },
		{ "/dev/pts/3", "/dev/pts/*", "/dev/pts/4" },
		{ "/tmp/sortXa81bC", "/tmp/*", "/tmp/x" },
		{ "/tmp/tmp.Xa81bCdE/out", "/tmp/tmp.*/out", "/tmp/tmp.x/out" },
		{ "/tmp/agent-12345", "/tmp/agent-*", "/tmp/agent-9" },
		{ "/srv/lock.100", "/srv/lock.*", "/srv/lock.7" },	/* its own number */
		{ "/etc/passwd.Qz7LmA", "/etc/passwd.*", "/etc/passwd.x" },
		{ "/cache/0123456789abcdef0123456789abcdef.bin", "/cache/*.bin", "/cache/a.bin" },
		{ "/run/550e8400-e29b-41d4-a716-446655440000/x", "/run/*/x", "/run/q/x" },
	};
	static const char *const kept[] = { "/usr/lib/libssl.so.3", "/tmp/report.txt", "/tmp/test1", "/srv/lock.101", "/etc/X11/rgb.txt", "/var/log/2026/11", "/sys/block/sda1" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		seen_paths(LIST(cases[i].path));
		assert_words(learned, cases[i].pattern);
		assert_false(refuses_path("file.read", cases[i].other));
		assert_true(refuses_path("file.read", "/etc/shadow"));
	}
	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		char line[64];

		seen_paths(LIST(kept[i]));
		snprintf(line, sizeof(line), "- '%s'  # 1\n", kept[i]);
		assert_words(learned, line);
	}
}

static void many_add(const char *operation, const char *format, int count)
{
	char path[64];
	int i;

	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), format, 'a' + i, 'a' + i);
		deed_add(&(struct deed){ .operation = operation, .path = path });
	}
}

static void test_many_files_of_a_directory_become_one_pattern(void **state)
{
	(void)state;
	recording_begin("seen");
	many_add("file.read", "/srv/data/%c", 10);
	many_add("file.read", "/srv/few/%c", 9);
	read_add(NULL, "/srv/data/deep/er");
	recording_end();
	learn(NULL, NULL);
	allows_all_that_was_seen();
	assert_words(learned, "- '/srv/data/*'  # 10, such as /srv/data/a\n");
	assert_false(refuses_path("file.read", "/srv/data/new"));
	assert_true(refuses_path("file.read", "/srv/few/new"));
	assert_true(refuses_path("file.read", "/srv/data/deep/new"));
	learn("--files", "0");
	allows_all_that_was_seen();
	assert_true(refuses_path("file.read", "/srv/data/new"));
	learn("--files", "9");
	assert_false(refuses_path("file.read", "/srv/few/new"));
}

static void test_many_directories_become_one_tree_and_never_all_of_usr(void **state)
{
	(void)state;
	recording_begin("seen");
	many_add("file.read", "/srv/www/%c/%c.html", 10);
	many_add("file.read", "/usr/%c/%c", 12);
	recording_end();
	learn(NULL, NULL);
	allows_all_that_was_seen();
	assert_words(learned, "- '/srv/www/**'  # 10, such as /srv/www/a/a.html\n");
	assert_false(refuses_path("file.read", "/srv/www/new/one"));
	assert_true(refuses_path("file.read", "/srv/new"));
	assert_true(refuses_path("file.read", "/usr/new/one"));
	learn("--directories", "0");
	allows_all_that_was_seen();
	assert_true(refuses_path("file.read", "/srv/www/new/one"));
}

static void test_what_may_be_executed_is_not_widened(void **state)
{
	(void)state;
	recording_begin("seen");
	many_add("process.exec", "/usr/bin/%c", 20);
	many_add("file.exec_mmap", "/usr/lib/%c", 20);
	recording_end();
	learn(NULL, NULL);
	allows_all_that_was_seen();
	assert_true(refuses_path("process.exec", "/usr/bin/new"));
	assert_true(refuses_path("file.exec_mmap", "/usr/lib/new"));
}

static void test_hostile_paths_are_what_they_are(void **state)
{
	static const char *const paths[] = {
		"/a\nb", "/a'b", "/a\"b", "/a*b", "/a?b", "/a[b]c", "/a{b,c}", "/a\\b", "/a # b", "/a: b", "/ a ", "/\xff\xfe", "/\xc3\xa4", "/!a", "/a\tb",
		"/*", "/**", "/-", "/a\x7f\x01", "/'", "/\\x41", "/%s%n", "/a\r\n- name: evil\n",
	};
	size_t i;

	(void)state;
	recording_begin("seen");
	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		read_add(NULL, paths[i]);
		deed_add(&(struct deed){ .operation = "file.read", .exe = paths[i], .path = "/x" });
	}
	recording_end();
	learn("--files", "0");
	allows_all_that_was_seen();
	/* None of them is a pattern. */
	assert_true(refuses_path("file.read", "/axb"));
	assert_true(refuses_path("file.read", "/abc"));
	assert_true(refuses_path("file.read", "/x/y"));
	assert_true(refuses_path("file.read", "/A"));
	for (i = 0; learned[i]; i++)
		if ((unsigned char)learned[i] >= 0x7f || (learned[i] < 0x20 && learned[i] != '\n'))
			fail_msg("byte %zu is %#x", i, (unsigned char)learned[i]);
	expect(DONE, "rules, permissive", LIST("check", "learned.yaml"));
}

/* The longest path there is, and names of 255 bytes that all have to be escaped. */
static void test_long_paths(void **state)
{
	char path[4096];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(path) - 1; i++)
		path[i] = i % 256 ? '*' : '/';
	path[sizeof(path) - 2] = 'x';
	path[sizeof(path) - 1] = '\0';
	seen_paths(LIST(path));
}

static void test_sockets(void **state)
{
	struct deed web = { .operation = "network.connect", .family = AF_INET, .port = 443, .address = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 } };
	struct deed v6 = { .operation = "network.connect", .family = AF_INET6, .port = 53, .address = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	struct deed name = { .operation = "network.connect", .family = AF_UNIX, .unix_address = "@/tmp/.X11'\"-unix/X0" };
	struct deed file = { .operation = "network.connect", .family = AF_UNIX, .unix_address = "/run/docker.sock" };
	struct deed other = web;
	int i;

	(void)state;
	recording_begin("seen");
	deed_add(&web);
	deed_add(&v6);
	deed_add(&name);
	deed_add(&file);
	deed_add(&(struct deed){ .operation = "network.socket", .family = AF_PACKET });
	recording_end();
	learn(NULL, NULL);
	allows_all_that_was_seen();
	other.port = 80;
	assert_true(refuses(&other));
	other = web;
	other.address[15] = 2;
	assert_true(refuses(&other));
	assert_true(refuses(&(struct deed){ .operation = "network.socket", .family = AF_INET }));
	assert_true(refuses(&(struct deed){ .operation = "network.connect", .family = AF_UNIX, .unix_address = "/run/other.sock" }));
	/* Many addresses are any, many ports as well. */
	recording_begin("seen");
	for (i = 0; i < 10; i++) {
		web.address[15] = (uint8_t)(i + 1);
		deed_add(&web);
	}
	deed_add(&v6);
	for (i = 0; i < 10; i++) {
		v6.operation = "network.send";
		v6.port = (uint64_t)i + 1000;
		deed_add(&v6);
	}
	recording_end();
	learn(NULL, NULL);
	allows_all_that_was_seen();
	web.address[15] = 77;
	assert_false(refuses(&web));
	web.port = 80;
	assert_true(refuses(&web));
	v6.port = 7;
	assert_false(refuses(&v6));
	v6.family = AF_INET;
	assert_true(refuses(&v6));
}

static void test_signals_and_targets(void **state)
{
	(void)state;
	recording_begin("seen");
	process_add(1, "/sbin/init");
	process_add(200, "/usr/sbin/sshd");
	deed_add(&(struct deed){ .operation = "process.signal", .signal = 15, .target_pid = 200 });
	deed_add(&(struct deed){ .operation = "process.ptrace", .target_pid = 200 });
	deed_add(&(struct deed){ .operation = "process.setuid" });
	recording_end();
	learn(NULL, NULL);
	allows_all_that_was_seen();
	assert_true(refuses(&(struct deed){ .operation = "process.signal", .signal = 9, .target_pid = 200 }));
	assert_true(refuses(&(struct deed){ .operation = "process.signal", .signal = 15, .target_pid = 300 }));
	assert_true(refuses(&(struct deed){ .operation = "process.ptrace", .target_pid = 300 }));
	assert_false(refuses(&(struct deed){ .operation = "process.ptrace", .target_pid = 200 }));
	assert_false(refuses(&(struct deed){ .operation = "process.setuid" }));
}

static void test_objects_without_a_path(void **state)
{
	(void)state;
	recording_begin("seen");
	deed_add(&(struct deed){ .operation = "process.exec", .facts = KRSI_EVENT_FACT_MEMFD });
	deed_add(&(struct deed){ .operation = "file.write", .path = "/lost/tree", .path_flags = KRSI_EVENT_TEXT_DETACHED });
	deed_add(&(struct deed){ .operation = "file.read", .exe = "", .path = "/kernel/thread" });
	recording_end();
	learn(NULL, NULL);
	allows_all_that_was_seen();
	assert_words(learned, "- 'memfd'");
	assert_words(learned, "# The recording does not say which files these were, so all are allowed.\n");
	assert_true(refuses_path("process.exec", "/bin/sh"));
	assert_true(refuses(&(struct deed){ .operation = "file.read", .exe = "", .path = "/x" }));
}

static void test_what_was_refused_is_not_learned(void **state)
{
	(void)state;
	recording_begin("seen");
	read_add(NULL, "/etc/passwd");
	deed_add(&(struct deed){ .operation = "file.read", .path = "/etc/shadow", .verdict = KRSI_EVENT_DENY });
	lost_add(3);
	recording_end();
	learn(NULL, NULL);
	assert_string_equal(tool_err, "krsi: 1 events of 1 program, 1 refused and left out, 3 lost\n");
	assert_words(learned, "# 3 events were lost when it was recorded");
	assert_null(strstr(learned, "shadow"));
	assert_int_equal(denied("seen"), 1);
}

static void test_programs_of_one_name_and_programs_that_are_chosen(void **state)
{
	(void)state;
	recording_begin("seen");
	read_add("/usr/bin/cat", "/a");
	read_add("/opt/bin/cat", "/b");
	recording_end();
	learn("--name", "my-policy");
	allows_all_that_was_seen();
	assert_words(learned, "name: my-policy\n");
	learn("--exe", "/opt/bin/cat");
	assert_words(learned, "'/b'");
	assert_null(strstr(learned, "'/a'"));
	learn("--enforce", "seen");
	assert_words(learned, "mode: enforce\n");
	expect(FAILED, "nothing to learn: no event of a rule is in there, of these programs", LIST("learn", "--exe", "/x", "seen"));
}

static void test_mistakes_are_told(void **state)
{
	struct stat st;

	(void)state;
	seen_paths(LIST("/a", "/b"));
	expect(FAILED, "learned.yaml: is there already", LIST("learn", "-o", "learned.yaml", "seen"));
	expect(DONE, "version: 1\n", LIST("learn", "seen"));
	expect(USAGE, "learn needs a recording", LIST("learn"));
	expect(USAGE, "--files is a number from 2 to 1000000, or 0 for never, not \"1\"", LIST("learn", "--files", "1", "seen"));
	expect(USAGE, "--addresses is a number", LIST("learn", "--addresses", "-3", "seen"));
	expect(USAGE, "--name is up to 63", LIST("learn", "--name", "a b", "seen"));
	expect(USAGE, "--exe is the whole path", LIST("learn", "--exe", "cat", "seen"));
	expect(DONE, "usage: krsi learn ", LIST("help", "learn"));
	/* Of a damaged one what is in front of the damage. */
	assert_int_equal(stat("seen", &st), 0);
	assert_int_equal(truncate("seen", st.st_size - 1), 0);
	expect(FAILED, "damaged at byte ", LIST("learn", "seen"));
	assert_words(tool_out, "'/a'");
	assert_null(strstr(tool_out, "'/b'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_program_may_do_what_it_did_and_nothing_else),
		cmocka_unit_test(test_no_operation_comes_with_another),
		cmocka_unit_test(test_numbers_of_processes_and_random_names_become_stars),
		cmocka_unit_test(test_many_files_of_a_directory_become_one_pattern),
		cmocka_unit_test(test_many_directories_become_one_tree_and_never_all_of_usr),
		cmocka_unit_test(test_what_may_be_executed_is_not_widened),
		cmocka_unit_test(test_hostile_paths_are_what_they_are),
		cmocka_unit_test(test_long_paths),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_signals_and_targets),
		cmocka_unit_test(test_objects_without_a_path),
		cmocka_unit_test(test_what_was_refused_is_not_learned),
		cmocka_unit_test(test_programs_of_one_name_and_programs_that_are_chosen),
		cmocka_unit_test(test_mistakes_are_told),
	};

	return cmocka_run_group_tests(tests, dir_make, dir_remove);
}
