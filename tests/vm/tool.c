/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi status, krsi hooks, and what all commands share. krsi load is load.c's. */
#include "vm.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

#define PIN_DIR "/sys/fs/bpf/tool_test"

/* --- status ---------------------------------------------------------------- */

static void test_status_begins_with_the_verdict(void **state)
{
	(void)state;
	tool("status");
	assert_code(DONE);
	assert_string_equal(run.err, "");
	if (vm_bpf_is_active()) {
		assert_ptr_equal(strstr(run.out, "This kernel calls lsm/ programs: libkrsi can audit and enforce here.\n"), run.out);
	} else {
		assert_ptr_equal(strstr(run.out, "This kernel calls no lsm/ program, but it calls fmod_ret/ ones"), run.out);
		assert_out("\nfix: ");
		assert_out(",bpf");
		assert_out("\nlsm-active         no  not-booted     ");
	}
	assert_out("\nkernel            ");
	assert_out("\nsecurity modules  ");
	assert_not_out("\ncapabilities ");	/* it is there, so only -v has it */
}

static void test_status_lists_everything_when_asked(void **state)
{
	(void)state;
	tool("status", "-v");
	assert_code(DONE);
	assert_out("\ncapabilities       yes -              ");
	assert_out("\nringbuf            yes -              ");
	assert_out("\nfmod-ret-runs      yes -              ");
}

static void test_status_in_json(void **state)
{
	bool active = vm_bpf_is_active();

	(void)state;
	tool("status", "--json");
	assert_code(DONE);
	assert_int_equal(run.out[0], '{');
	assert_string_equal(run.out + run.size - 3, "\n}\n");
	assert_out(active ? "\"backend\": \"lsm\"" : "\"backend\": \"fmod_ret\"");
	assert_out("\"enforce\": true");
	assert_out(active ? "\"lsm_boot_line\": null" : "\"lsm_boot_line\": \"lsm=");
	assert_out("\"name\": \"capabilities\",\n      \"available\": true,\n      \"reason\": null");
}

static void test_status_without_privilege_says_so(void **state)
{
	(void)state;
	tool_how((&(struct how){ .nobody = true }), "status");
	assert_code(DONE);
	assert_ptr_equal(strstr(run.out, "This process may not load BPF programs"), run.out);
	assert_out("CAP_BPF");
	assert_out("\ncapabilities       no  not-permitted  ");
	assert_out("\nprograms on security hooks: not known: attached programs: the kernel does not permit listing them: it needs CAP_SYS_ADMIN");
	tool_how((&(struct how){ .nobody = true }), "status", "--json");
	assert_out("\"programs\": null");
}

static void test_status_lists_who_is_on_the_hooks(void **state)
{
	bool told = vm_kernel_at_least(5, 13);
	struct krsi_object *object;
	char words[128];

	skip_unless_lsm_active();
	object = vm_object_attach(*state, "mkdir");
	tool("status");
	assert_out("\n1 program on security hooks\nhook                     way        program                  link   runs                 held by\n");
	assert_out(told ? "\ninode_mkdir              lsm        mkdir_check              " : "\n(not told)               lsm        mkdir_check              ");
	snprintf(words, sizeof(words), " -                    vm_tool[%d]\n", (int)getpid());
	assert_out(words);
	tool("status", "--json");
	assert_out(told ? "\"hook\": \"inode_mkdir\",\n      \"way\": \"lsm\",\n      \"program\": \"mkdir_check\"" : "\"hook\": null,\n      \"way\": \"lsm\"");
	snprintf(words, sizeof(words), "\"pid\": %d,\n          \"comm\": \"vm_tool\",\n          \"holds_link\": true", (int)getpid());
	assert_out(words);
	/* The pin takes over when the process lets go. */
	assert_ok(*state, krsi_object_pin(object, PIN_DIR));
	krsi_object_free(object);
	tool("status");
	assert_out(" -                    " PIN_DIR "/link_mkdir_check\n");
	object = vm_object_open(*state, "mkdir");
	assert_ok(*state, krsi_object_unpin(object, PIN_DIR));
	krsi_object_free(object);
	tool("status");
	assert_out("\n0 programs on security hooks\n");
}

/* --- hooks ----------------------------------------------------------------- */

static void test_hooks_are_listed_by_name(void **state)
{
	(void)state;
	tool("hooks");
	assert_code(DONE);
	assert_out("\nfile_open\n");
	assert_true(count(run.out, '\n') > 150);
	assert_int_equal(count(run.out, ' '), 0);
	tool("hooks", "file_*", "task_kill");
	assert_out("file_open\n");
	assert_out("\ntask_kill\n");
	assert_not_out("inode_");
	tool("hooks", "-l", "file_open");
	assert_string_equal(run.out, "file_open                      int file_open(struct file *file)\n");
}

static void test_hooks_are_tried(void **state)
{
	(void)state;
	tool("hooks", "--try", "file_open", "task_alloc");
	assert_code(DONE);
	assert_ptr_equal(strstr(run.out, "hook                           lsm          lsm.s        lsm_cgroup   fmod_ret\n"), run.out);
	assert_out(vm_kernel_at_least(6, 0) ? "\nfile_open                      yes          yes          yes          yes\n" :
		   "\nfile_open                      yes          EINVAL       EINVAL       yes\n");
	assert_int_equal(count(run.out, '\n'), 3);
	tool("hooks", "--try", "--json", "file_open");
	assert_out("\"fmod_ret\": \"yes\"");
}

static void test_hooks_unknown_names_the_nearest(void **state)
{
	(void)state;
	tool("hooks", "file_opne");
	assert_code(FAILED);
	assert_string_equal(run.out, "");
	assert_err("krsi: hook file_opne: ");
	assert_err("did you mean file_open");
}

static void test_hooks_try_needs_privilege(void **state)
{
	(void)state;
	tool_how((&(struct how){ .nobody = true }), "hooks", "--try", "file_open");
	assert_code(FAILED);
	assert_err("krsi: ");
	assert_err("CAP_BPF");
}

/* --- all commands ---------------------------------------------------------- */

static void test_color_is_for_terminals(void **state)
{
	(void)state;
	tool("status", "-v");
	assert_not_out("\033");
	tool("--color=always", "status");
	assert_out("\033[");
	tool("status", "--color=always");
	assert_out("\033[");
	tool_how((&(struct how){ .terminal = true }), "status");
	assert_out("\033[");
	tool_how((&(struct how){ .terminal = true }), "--color=never", "status");
	assert_not_out("\033");
	tool_how((&(struct how){ .terminal = true, .variable = "NO_COLOR=1" }), "status");
	assert_not_out("\033");
	tool_how((&(struct how){ .terminal = true, .variable = "TERM=dumb" }), "status");
	assert_not_out("\033");
}

static void test_mistakes_are_explained(void **state)
{
	(void)state;
	tool("laod", "bpf/mkdir.bpf.o");
	assert_code(USAGE);
	assert_err("krsi: there is no command laod, did you mean load?\n");
	assert_string_equal(run.out, "");
	tool("load", "missing.bpf.o");
	assert_code(FAILED);
	assert_err("krsi: object missing.bpf.o: ");
	assert_err("No such file");
	tool("load", TOOL);
	assert_code(FAILED);
	assert_err("krsi: object " TOOL ": ");
}

static void test_a_full_disk_is_an_error(void **state)
{
	int status;

	(void)state;
	if (access("/dev/full", W_OK))
		skip_because("no /dev/full here");
	status = system(TOOL " hooks >/dev/full 2>" STDERR_FILE);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_begins_with_the_verdict),
		cmocka_unit_test(test_status_lists_everything_when_asked),
		cmocka_unit_test(test_status_in_json),
		cmocka_unit_test(test_status_without_privilege_says_so),
		vm_test(test_status_lists_who_is_on_the_hooks),
		cmocka_unit_test(test_hooks_are_listed_by_name),
		cmocka_unit_test(test_hooks_are_tried),
		cmocka_unit_test(test_hooks_unknown_names_the_nearest),
		cmocka_unit_test(test_hooks_try_needs_privilege),
		cmocka_unit_test(test_color_is_for_terminals),
		cmocka_unit_test(test_mistakes_are_explained),
		cmocka_unit_test(test_a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
