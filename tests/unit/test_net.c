/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The net under all other unit tests. */
#include "unit.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_bpf_is_out_of_reach(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		syscall(SYS_bpf, -1, NULL, 0);	/* no such command, should it get through */
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bpf_is_out_of_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
