/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * krsi/seal: who may use it, on what, and that what is sealed stays. These cases leave a sealed program behind.
 */
#include "tools.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#define SEAL KRSI "seal"

static int seal_fd(int fd)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", fd);
	return file_write(SEAL, text);
}

static int open_as_nobody(void *data)
{
	(void)data;
	if (setuid(65534))
		return 99;
	return open(SEAL, O_WRONLY) < 0 ? errno : 0;
}

static int write_as_nobody(void *data)
{
	if (setuid(65534))
		return 99;
	return write(*(int *)data, "0", 1) < 0 ? errno : 0;
}

/* CAP_MAC_ADMIN leaves or comes back to the effective set. */
static int set_mac_admin(bool wanted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];

	if (syscall(SYS_capget, &header, caps))
		return -1;
	caps[1].effective &= ~CAP_TO_MASK(CAP_MAC_ADMIN);
	if (wanted)
		caps[1].effective |= CAP_TO_MASK(CAP_MAC_ADMIN);
	return (int)syscall(SYS_capset, &header, caps);
}

static int write_what_a_weaker_process_opened(void *data)
{
	int fd;

	(void)data;
	if (set_mac_admin(false))
		return 99;
	fd = open(SEAL, O_WRONLY);
	if (fd < 0 || set_mac_admin(true))
		return 98;
	return write(fd, "0", 1) < 0 ? errno : 0;
}

static void test_only_an_administrator_can_seal(void **state)
{
	int fd = open(SEAL, O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(WEXITSTATUS(child_run(open_as_nobody, NULL)), EACCES);
	assert_int_equal(WEXITSTATUS(child_run(write_as_nobody, &fd)), EPERM);
	assert_int_equal(WEXITSTATUS(child_run(write_what_a_weaker_process_opened, NULL)), EPERM);
	close(fd);
}

static void test_only_a_link_that_nothing_can_detach_is_sealed(void **state)
{
	struct programs probe = programs_attach("probe_nothing");
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	int program_fd = bpf_program__fd(bpf_object__find_program_by_name(probe.object, "probe_nothing"));

	(void)state;
	assert_int_equal(seal_fd(null_fd), EINVAL);
	assert_int_equal(seal_fd(epoll_fd), EINVAL);
	assert_int_equal(seal_fd(program_fd), EINVAL);
	assert_int_equal(seal_fd(bpf_link__fd(probe.links[0])), EINVAL);
	assert_int_equal(seal_fd(9999), EBADF);
	assert_int_equal(file_write(SEAL, "-1"), EBADF);
	assert_int_equal(file_write(SEAL, "link"), EINVAL);
	assert_int_equal(file_write(SEAL, "99999999999"), ERANGE);
	assert_string_equal(file_read(SEAL), "");
	close(epoll_fd);
	close(null_fd);
	programs_free(&probe);
}

static void test_a_link_of_a_cgroup_is_not_sealed(void **state)
{
	struct bpf_object *object = bpf_object__open_file("/test/kernel.bpf.o", NULL);
	struct bpf_program *program;
	struct bpf_link *link;
	int cgroup = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_non_null(object);
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, strcmp(bpf_program__name(program), "cgroup_check") == 0);
	assert_int_equal(bpf_object__load(object), 0);
	link = bpf_program__attach_cgroup(bpf_object__find_program_by_name(object, "cgroup_check"), cgroup);
	assert_non_null(link);
	/* The very thing that a sealed link must not allow. */
	assert_int_equal(seal_fd(bpf_link__fd(link)), EINVAL);
	assert_int_equal(bpf_link__detach(link), 0);
	bpf_link__destroy(link);
	close(cgroup);
	bpf_object__close(object);
}

static void test_the_module_does_not_go_while_a_program_calls_it(void **state)
{
	struct programs programs;

	(void)state;
	if (!origin_is_module())
		skip_because("a patched kernel has no module");
	programs = programs_attach("exec_check");
	assert_int_equal(module_unload(), -EAGAIN);
	programs_free(&programs);
	/* The program is freed in the background. */
	for (int i = 0; module_unload() == -EAGAIN; i++) {
		assert_true(i < 1000);
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	assert_int_equal(access(KRSI, F_OK), -1);
	assert_int_equal(module_load(), 0);
	assert_int_equal(access(SEAL, F_OK), 0);
}

struct owner {
	int ready[2];	/* the child writes the number of its sealed link */
};

/* Attach two programs, seal one, and wait for the end. */
static int own_programs(struct owner *owner)
{
	struct programs sealed = programs_attach("mkdir_check"), loose = programs_attach("mkdir_check");
	struct bpf_link_info info = { 0 };
	__u32 size = sizeof(info);
	int fd = bpf_link__fd(sealed.links[0]), err;

	strcpy(sealed.wish->deny, "sealed");
	strcpy(loose.wish->deny, "loose");
	err = seal_fd(fd);
	if (!err)
		err = seal_fd(fd) == EALREADY ? 0 : 1;
	if (!err)
		err = bpf_obj_get_info_by_fd(fd, &info, &size);
	size = err ? 0 : info.id;
	if (write(owner->ready[1], &size, sizeof(size)) != sizeof(size))
		return 1;
	for (;;)
		pause();
}

static void wait_until_loose(void)
{
	int i;

	/* The kernel frees links of dead processes in the background and tells nobody. */
	for (i = 0; try_mkdir("loose") != 0; i++) {
		assert_true(i < 1000);
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
}

static void test_a_sealed_link_outlives_its_owner(void **state)
{
	struct owner owner;
	char expected[16];
	__u32 id = 0;
	int status, fd;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(owner.ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(own_programs(&owner));
	close(owner.ready[1]);
	assert_int_equal(read(owner.ready[0], &id, sizeof(id)), sizeof(id));
	assert_true(id > 0);
	snprintf(expected, sizeof(expected), "%u\n", id);
	assert_string_equal(file_read(SEAL), expected);
	assert_int_equal(try_mkdir("sealed"), denied(EACCES));
	assert_int_equal(try_mkdir("loose"), denied(EACCES));

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	wait_until_loose();
	assert_int_equal(try_mkdir("sealed"), denied(EACCES));

	fd = bpf_link_get_fd_by_id(id);
	assert_true(fd >= 0);
	assert_int_equal(seal_fd(fd), EALREADY);
	assert_int_equal(bpf_link_detach(fd), -EOPNOTSUPP);
	close(fd);
	assert_int_equal(try_mkdir("sealed"), denied(EACCES));
	assert_string_equal(file_read(SEAL), expected);
	close(owner.ready[0]);
}

/* What policies follow renames and the like with. */
static void test_a_tracing_program_can_be_sealed(void **state)
{
	struct programs tracing = programs_attach("trace_nothing");
	int fd = bpf_link__fd(tracing.links[0]), still;
	struct bpf_link_info info = { 0 };
	__u32 size = sizeof(info);

	(void)state;
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	assert_int_equal(seal_fd(fd), 0);
	programs_free(&tracing);
	still = bpf_link_get_fd_by_id(info.id);
	assert_true(still >= 0);
	assert_int_equal(bpf_link_detach(still), -EOPNOTSUPP);
	assert_int_equal(seal_fd(still), EALREADY);
	close(still);
}

static void test_the_module_does_not_go_while_a_link_is_sealed(void **state)
{
	(void)state;
	if (!origin_is_module())
		skip_because("a patched kernel has no module");
	assert_int_equal(module_unload(), -EAGAIN);
	/* rmmod -f does it where the kernel was built with that; even so the link stays. */
	syscall(SYS_delete_module, "krsi", O_NONBLOCK | O_TRUNC);
	assert_int_equal(try_mkdir("sealed"), EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_an_administrator_can_seal),
		cmocka_unit_test(test_only_a_link_that_nothing_can_detach_is_sealed),
		cmocka_unit_test(test_a_link_of_a_cgroup_is_not_sealed),
		cmocka_unit_test(test_the_module_does_not_go_while_a_program_calls_it),
		cmocka_unit_test(test_a_sealed_link_outlives_its_owner),
		cmocka_unit_test(test_a_tracing_program_can_be_sealed),
		cmocka_unit_test(test_the_module_does_not_go_while_a_link_is_sealed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, kernel_setup, NULL);
}
