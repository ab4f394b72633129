/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Operations on the kernel itself. What is let through is no module and no kernel, so nothing is loaded. */
#include "operation.h"

#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

/* --- modules ------------------------------------------------------------- */

static const char no_module[256] = "no module, but as long as the header of one";

static void no_module_make(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0);
	must(write(fd, no_module, sizeof(no_module)) == sizeof(no_module));
	close(fd);
}

static int loads(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = tried((int)syscall(SYS_finit_module, fd, "", 0));

	close(fd);
	return err;
}

static int loads_from_memory(void)
{
	return tried((int)syscall(SYS_init_module, no_module, sizeof(no_module), ""));
}

static void test_loading_a_module_is_denied_by_its_path(void **state)
{
	(void)state;
	no_module_make(VAULT "/closed.ko");
	no_module_make(OPEN "/free.ko");
	policy_start(RULE("kernel.module_load", "path: \"" VAULT "/**\""));
	denied(loads(VAULT "/closed.ko"));
	assert_int_equal(loads(OPEN "/free.ko"), ENOEXEC);
	assert_int_equal(loads_from_memory(), ENOEXEC);
}

/* How often the rule applied. */
static uint64_t rule_hits(void)
{
	struct krsi_engine_rule_info info = { .sz = sizeof(info) };

	assert_ok(policy_engine.ctx, krsi_engine_rule_info(policy_engine.engine, "p", "r", &info));
	return info.hits;
}

/* The name of its file, or what the kernel asks for by itself: then nobody but the rule tells of the refusal. */
static void test_loading_a_module_is_denied_by_its_name(void **state)
{
	(void)state;
	no_module_make(OPEN "/nf-closed.ko");
	no_module_make(OPEN "/free.ko");
	policy_start(RULE("kernel.module_load", "module: \"nf_*\""));
	denied(loads(OPEN "/nf-closed.ko"));
	assert_int_equal(loads(OPEN "/free.ko"), ENOEXEC);
	assert_int_equal(loads_from_memory(), ENOEXEC);
	policy_start(RULE("kernel.module_load", "module: net-pf-9"));
	assert_int_equal(opened(socket(AF_AX25, SOCK_DGRAM | SOCK_CLOEXEC, 0)), EAFNOSUPPORT);
	assert_int_equal(rule_hits(), 0);
	assert_int_equal(opened(socket(AF_X25, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)), EAFNOSUPPORT);
	assert_int_equal(rule_hits(), 1);
}

static void test_loading_a_module_from_memory_is_denied(void **state)
{
	(void)state;
	assert_int_equal(loads_from_memory(), ENOEXEC);
	policy_start("  - { name: r, on: kernel.module_load, " DENY);
	denied(loads_from_memory());
	policy_start(BY_INSIDERS("kernel.module_load"));
	denied(attempt_by_insider(loads_from_memory));
	assert_int_equal(attempt(loads_from_memory), ENOEXEC);
}

/* --- other kernels, programs, counters ----------------------------------- */

static int loads_kernel(void)
{
	return tried((int)syscall(SYS_kexec_load, 0, 0, NULL, 0));
}

static int loads_kernel_file(void)
{
	int fd = open(SECRET, O_RDONLY | O_CLOEXEC), err;

	err = tried((int)syscall(SYS_kexec_file_load, fd, -1, 1UL, "", 4UL));	/* KEXEC_FILE_NO_INITRAMFS */
	close(fd);
	return err;
}

static void test_loading_another_kernel_is_denied_by_either_call(void **state)
{
	(void)state;
	policy_start(BY_INSIDERS("kernel.kexec"));
	denied(attempt_by_insider(loads_kernel));
	allowed(attempt(loads_kernel));
	denied(attempt_by_insider(loads_kernel_file));
	assert_int_equal(attempt(loads_kernel_file), ENOEXEC);
	policy_start(RULE("kernel.kexec", "path: " SECRET));
	denied(attempt(loads_kernel_file));
	policy_start(RULE("kernel.kexec", "path: \"!" SECRET "\""));
	assert_int_equal(attempt(loads_kernel_file), ENOEXEC);
}

static int makes_map(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = attr.value_size = 4;
	attr.max_entries = 1;
	return opened((int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static void test_bpf_is_denied_to_others_and_not_to_the_engine_itself(void **state)
{
	(void)state;
	policy_start(BY_INSIDERS("kernel.bpf"));
	denied(attempt_by_insider(makes_map));
	allowed(attempt(makes_map));
	/* It could not take back a rule otherwise. */
	policy_start("  - { name: r, on: kernel.bpf, " DENY);
	denied(attempt(makes_map));
	allowed(makes_map());
}

static int counts(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_TASK_CLOCK };

	return opened((int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

static void test_opening_a_counter_is_denied(void **state)
{
	(void)state;
	policy_start(BY_INSIDERS("kernel.perf"));
	denied(attempt_by_insider(counts));
	allowed(attempt(counts));
}

/* --- the clock ----------------------------------------------------------- */

static int sets_clock(void)
{
	struct timespec now;

	must(clock_gettime(CLOCK_REALTIME, &now) == 0);
	return tried(clock_settime(CLOCK_REALTIME, &now));
}

static int sets_time_of_day(void)
{
	struct timeval now;

	must(gettimeofday(&now, NULL) == 0);
	return tried(settimeofday(&now, NULL));
}

static void test_setting_the_clock_is_denied_by_either_call(void **state)
{
	(void)state;
	policy_start(BY_INSIDERS("kernel.settime"));
	denied(attempt_by_insider(sets_clock));
	denied(attempt_by_insider(sets_time_of_day));
	allowed(attempt(sets_clock));
	allowed(attempt(sets_time_of_day));
}

int part_operation_kernel(void)
{
	const struct CMUnitTest tests[] = { KERNEL_OPERATIONS(OPERATION_TEST) };

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}
