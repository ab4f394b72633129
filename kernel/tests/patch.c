/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What only a patched kernel has: the view of the hooks, and the switch between enforcing and permissive. Runs
 * last, as it turns the switch.
 */
#include "tools.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#define HOOKS KRSI "hooks/"

static bool booted_permissive(void)
{
	return denied(1) == 0;
}

/* The line that the kernel should have for a link. */
static void format_line(char *out, size_t size, struct bpf_link *link, const char *end)
{
	struct bpf_link_info link_info = { 0 };
	struct bpf_prog_info info = { 0 };
	__u32 link_size = sizeof(link_info), info_size = sizeof(info);
	char tag[2 * sizeof(info.tag) + 1];
	size_t i;
	int fd;

	assert_int_equal(bpf_obj_get_info_by_fd(bpf_link__fd(link), &link_info, &link_size), 0);
	fd = bpf_prog_get_fd_by_id(link_info.prog_id);
	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &info_size), 0);
	close(fd);
	for (i = 0; i < sizeof(info.tag); i++)
		sprintf(tag + 2 * i, "%02x", info.tag[i]);
	snprintf(out, size, "%s prog=%u link=%u tag=%s%s\n", info.name, info.id, link_info.id, tag, end);
}

static void test_a_hook_lists_its_programs(void **state)
{
	struct programs programs = programs_attach("exec_check exec_done");
	char line[256];

	(void)state;
	format_line(line, sizeof(line), programs.links[0], "");
	assert_string_equal(file_read(HOOKS "bprm_check_security"), line);
	format_line(line, sizeof(line), programs.links[1], "");
	assert_string_equal(file_read(HOOKS "bprm_committed_creds"), line);
	/* Not those of a hook whose name only begins or ends so. */
	assert_string_equal(file_read(HOOKS "bprm_committing_creds"), "");
	programs_free(&programs);
}

static void test_a_sealed_link_is_marked(void **state)
{
	struct programs programs = programs_attach("symlink_audit");
	char line[256], fd[16];

	(void)state;
	snprintf(fd, sizeof(fd), "%d", bpf_link__fd(programs.links[0]));
	assert_int_equal(file_write(KRSI "seal", fd), 0);
	format_line(line, sizeof(line), programs.links[0], " sealed");
	programs_free(&programs);
	assert_string_equal(file_read(HOOKS "inode_symlink"), line);
}

static void test_the_view_is_for_root(void **state)
{
	static const char *const paths[] = { HOOKS "file_open", KRSI "denials", KRSI "enforce", KRSI "seal" };
	struct stat stat_buf;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_int_equal(stat(paths[i], &stat_buf), 0);
		assert_int_equal(stat_buf.st_uid, 0);
		assert_int_equal(stat_buf.st_mode & 0077, 0);
	}
}

static long long denials(void)
{
	return atoll(file_read(KRSI "denials"));
}

static void test_what_is_refused_is_done_and_counted_while_permissive(void **state)
{
	struct programs programs = programs_attach("mkdir_check");
	long long before = denials();

	(void)state;
	strcpy(programs.wish->deny, "denied");
	assert_string_equal(file_read(KRSI "enforce"), booted_permissive() ? "0\n" : "1\n");
	assert_int_equal(try_mkdir("denied"), denied(EACCES));
	assert_int_equal(try_mkdir("denied"), denied(EACCES));
	assert_int_equal(try_mkdir("fine"), 0);
	assert_int_equal(denials() - before, booted_permissive() ? 2 : 0);
	programs_free(&programs);
}

/* prctl(2) is a hook with a loop of its own in security.c. */
static void test_a_hook_with_a_loop_of_its_own_is_permissive_too(void **state)
{
	struct programs programs = programs_attach("prctl_check");
	long long before = denials();

	(void)state;
	programs.wish->target = (unsigned int)getpid();
	errno = 0;
	assert_int_equal(prctl(PR_GET_DUMPABLE), booted_permissive() ? 1 : -1);
	assert_int_equal(errno, denied(EACCES));
	assert_int_equal(denials() - before, booted_permissive() ? 1 : 0);
	programs.wish->target = 0;
	assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
	programs_free(&programs);
}

static void test_a_path_hook_can_sleep_and_have_the_path(void **state)
{
	struct programs programs = programs_attach("path_check");

	(void)state;
	assert_int_equal(mkdir("/tmp/parent", 0700), 0);
	programs.wish->target = (unsigned int)getpid();
	assert_int_equal(try_mkdir("parent/child"), 0);
	assert_string_equal(programs.seen->path, "/tmp/parent");
	assert_int_equal(programs.seen->path_result, sizeof("/tmp/parent"));
	assert_int_equal(rmdir("/tmp/parent"), 0);
	programs_free(&programs);
}

static int turn_on_as_nobody(void *data)
{
	(void)data;
	return setuid(65534) ? 99 : file_write(KRSI "enforce", "1");
}

/* Root may open the file, yet not use it for who is not allowed to. */
static int write_as_nobody(void *data)
{
	if (setuid(65534))
		return 99;
	return write(*(int *)data, "1", 1) < 0 ? errno : 0;
}

static void test_only_an_administrator_can_turn_the_switch(void **state)
{
	char before[4];
	int fd = open(KRSI "enforce", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	strcpy(before, file_read(KRSI "enforce"));
	assert_int_equal(WEXITSTATUS(child_run(turn_on_as_nobody, NULL)), EACCES);
	assert_int_equal(WEXITSTATUS(child_run(write_as_nobody, &fd)), EPERM);
	assert_string_equal(file_read(KRSI "enforce"), before);
	close(fd);
}

static void test_the_switch_goes_one_way(void **state)
{
	struct programs programs = programs_attach("mkdir_check");
	long long before;

	(void)state;
	strcpy(programs.wish->deny, "denied");
	assert_int_equal(file_write(KRSI "enforce", "maybe"), EINVAL);
	assert_int_equal(try_mkdir("denied"), denied(EACCES));
	assert_int_equal(file_write(KRSI "enforce", "1"), 0);
	assert_string_equal(file_read(KRSI "enforce"), "1\n");
	before = denials();
	assert_int_equal(try_mkdir("denied"), EACCES);
	assert_int_equal(file_write(KRSI "enforce", "0"), EPERM);
	assert_int_equal(file_write(KRSI "enforce", "1"), 0);
	assert_string_equal(file_read(KRSI "enforce"), "1\n");
	assert_int_equal(try_mkdir("denied"), EACCES);
	/* What was sealed while permissive. */
	assert_int_equal(try_mkdir("sealed"), EACCES);
	assert_int_equal(denials(), before);
	programs_free(&programs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_hook_lists_its_programs),
		cmocka_unit_test(test_a_sealed_link_is_marked),
		cmocka_unit_test(test_the_view_is_for_root),
		cmocka_unit_test(test_what_is_refused_is_done_and_counted_while_permissive),
		cmocka_unit_test(test_a_hook_with_a_loop_of_its_own_is_permissive_too),
		cmocka_unit_test(test_a_path_hook_can_sleep_and_have_the_path),
		cmocka_unit_test(test_only_an_administrator_can_turn_the_switch),
		cmocka_unit_test(test_the_switch_goes_one_way),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, kernel_setup, NULL);
}
