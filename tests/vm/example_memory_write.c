/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* examples/memory-write: each way to write, and what is no write into another process. */
#include "example.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const example_argv[] = { "memory-write", NULL };

/* Of the target, at the same place as here: it is a child. */
static char memory[4096];

/* The example, and a process to write to, whose name is set when this returns. */
static pid_t watched_target(void)
{
	int named[2];
	pid_t pid;
	char byte;

	example_ready(example_argv);
	assert_int_equal(pipe(named), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "tar\nget");
		close(named[0]);
		close(named[1]);
		for (;;)
			pause();
	}
	close(named[1]);
	assert_int_equal(read(named[0], &byte, 1), 0);
	close(named[0]);
	return pid;
}

static ssize_t mem_transfer(pid_t pid, size_t size, bool writes)
{
	static char bytes[sizeof(memory)];
	off_t at = (off_t)(uintptr_t)memory;
	int fd = open(TEXT("/proc/%d/mem", pid), (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	n = writes ? pwrite(fd, bytes, size, at) : pread(fd, bytes, size, at);
	close(fd);
	return n;
}

static ssize_t vm_transfer(pid_t pid, size_t size, bool writes)
{
	static char bytes[sizeof(memory)];
	struct iovec local = { bytes, size }, remote = { memory, size };

	return writes ? process_vm_writev(pid, &local, 1, &remote, 1, 0) :
			process_vm_readv(pid, &local, 1, &remote, 1, 0);
}

/* The mark is a write of a size that no other has. With it everything ends. */
static const char *mark_and_end(pid_t target)
{
	static size_t size = 1000;

	size++;
	assert_int_equal(mem_transfer(target, size, true), size);
	expect_line("write way=proc-mem ", TEXT(" target-pid=%d ", target), TEXT(" bytes=%zu", size));
	kill_and_wait(target);
	return example_end(SIGTERM);
}

static void test_write_in_three_ways(void **state)
{
	const char *who, *whom;
	char comm[16];
	pid_t target;

	(void)state;
	skip_unless_lsm_active();
	target = watched_target();
	prctl(PR_GET_NAME, comm);
	who = TEXT(" pid=%d ppid=%d uid=0 comm=\"%s\" exe=\"/test/vm_example_memory_write\" ", getpid(), getppid(), comm);
	whom = TEXT(" target-pid=%d target-comm=\"tar\\x0aget\" ", target);

	assert_int_equal(mem_transfer(target, 7, true), 7);
	expect_line("write way=proc-mem ", who, whom, " bytes=7");

	assert_int_equal(vm_transfer(target, 11, true), 11);
	expect_line("write way=process-vm-writev ", who, whom, " bytes=11");

	assert_int_equal(ptrace(PTRACE_ATTACH, target, NULL, NULL), 0);
	assert_int_equal(waitpid(target, NULL, 0), target);
	assert_int_equal(ptrace(PTRACE_POKEDATA, target, memory, 0L), 0);
	expect_line("write way=ptrace ", who, whom, " bytes=8");
	assert_int_equal(ptrace(PTRACE_POKETEXT, target, memory, 0L), 0);
	expect_line("write way=ptrace ", who, whom, " bytes=8");
	assert_int_equal(ptrace(PTRACE_DETACH, target, NULL, NULL), 0);

	assert_string_equal(mark_and_end(target), "ended: 5 records, 0 lost");
}

static void test_write_that_is_cut_short_tells_its_bytes(void **state)
{
	struct iovec local = { memory, 64 }, remote[2] = { { memory, 32 }, { (void *)8, 32 } };
	pid_t target;

	(void)state;
	skip_unless_lsm_active();
	target = watched_target();
	assert_int_equal(process_vm_writev(target, &local, 1, remote, 2, 0), 32);
	expect_line("write way=process-vm-writev ", " bytes=32");
	mark_and_end(target);
}

/* A descriptor of the target's memory, used by a process that did not open it. */
static void test_write_through_a_descriptor_that_was_handed_over(void **state)
{
	pid_t target, child;
	int fd;

	(void)state;
	skip_unless_lsm_active();
	target = watched_target();
	fd = open(TEXT("/proc/%d/mem", target), O_RDWR);
	child = fork();
	if (child == 0)
		_exit(pwrite(fd, memory, 17, (off_t)(uintptr_t)memory) != 17);
	close(fd);
	expect_line("write way=proc-mem ", TEXT(" pid=%d ", child), TEXT(" target-pid=%d ", target), " bytes=17");
	assert_int_equal(waitpid(child, NULL, 0), child);
	mark_and_end(target);
}

#ifdef __x86_64__
/* A system call for 32-bit programs, made by a 64-bit one; the sixth argument is 0. */
static long int80(long number, long a, long b, long c, long d, long e)
{
	long ret;

	/* The sixth argument is in ebp. The 128 bytes below the stack pointer are the compiler's. */
	__asm__ volatile("sub $128, %%rsp; push %%rbp; xor %%ebp, %%ebp; int $0x80; pop %%rbp; add $128, %%rsp"
			 : "=a"(ret)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

/* process_vm_writev() of 13 bytes at `low` + 2048, and PTRACE_POKEDATA there. */
static void writes_by_int80(pid_t target, uint32_t *low)
{
	const char *whom = TEXT(" target-pid=%d ", target);

	low[0] = low[2] = (uint32_t)(uintptr_t)low + 2048;
	low[1] = low[3] = 13;
	assert_int_equal(int80(348, target, (long)low, 1, (long)(low + 2), 1), 13);
	expect_line("write way=process-vm-writev ", whom, " bytes=13");

	assert_int_equal(ptrace(PTRACE_ATTACH, target, NULL, NULL), 0);
	assert_int_equal(waitpid(target, NULL, 0), target);
	assert_int_equal(int80(26, PTRACE_POKEDATA, target, low[0], 0, 0), 0);
	expect_line("write way=ptrace ", whom, " bytes=4");
	assert_int_equal(ptrace(PTRACE_DETACH, target, NULL, NULL), 0);
}

static void test_write_by_32_bit_system_calls(void **state)
{
	uint32_t *low;
	pid_t target;

	(void)state;
	skip_unless_lsm_active();
	if (int80(20, 0, 0, 0, 0, 0) != getpid())
		skip_because("this kernel takes no 32-bit system calls");
	low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	assert_true(low != MAP_FAILED);
	target = watched_target();
	writes_by_int80(target, low);
	mark_and_end(target);
	munmap(low, 4096);
}
#else
static void test_write_by_32_bit_system_calls(void **state)
{
	(void)state;
	skip_because("only x86 takes 32-bit system calls of a 64-bit program");
}
#endif

static void test_reads_are_no_writes(void **state)
{
	pid_t target;

	(void)state;
	skip_unless_lsm_active();
	target = watched_target();
	assert_int_equal(mem_transfer(target, 100, false), 100);
	assert_int_equal(vm_transfer(target, 100, false), 100);
	assert_int_equal(ptrace(PTRACE_ATTACH, target, NULL, NULL), 0);
	assert_int_equal(waitpid(target, NULL, 0), target);
	errno = 0;
	ptrace(PTRACE_PEEKDATA, target, memory, NULL);
	assert_int_equal(errno, 0);
	assert_int_equal(ptrace(PTRACE_DETACH, target, NULL, NULL), 0);
	mark_and_end(target);
}

static void test_writes_that_fail_are_no_writes(void **state)
{
	struct iovec local = { memory, 8 }, remote = { (void *)8, 8 };
	pid_t target;
	int fd;

	(void)state;
	skip_unless_lsm_active();
	target = watched_target();
	assert_int_equal(process_vm_writev(target, &local, 1, &remote, 1, 0), -1);
	fd = open(TEXT("/proc/%d/mem", target), O_RDWR | O_CLOEXEC);
	assert_true(pwrite(fd, memory, 8, 8) < 0);
	close(fd);
	mark_and_end(target);
}

static void *thread_writes(void *process)
{
	pid_t leader = *(pid_t *)process;

	assert_int_equal(mem_transfer(leader, 10, true), 10);
	assert_int_equal(vm_transfer(leader, 10, true), 10);
	return NULL;
}

/* A second process with the memory of the first, as vfork() makes it, writes into the first. */
static int sibling_writes(void *process)
{
	pid_t parent = *(pid_t *)process;

	return mem_transfer(parent, 10, true) != 10 || vm_transfer(parent, 10, true) != 10;
}

static void test_own_memory_is_not_reported(void **state)
{
	static char stack[1 << 16];
	pid_t self = getpid(), target, sibling;
	pthread_t thread;
	int status;

	(void)state;
	skip_unless_lsm_active();
	target = watched_target();
	assert_int_equal(mem_transfer(self, 10, true), 10);
	assert_int_equal(vm_transfer(self, 10, true), 10);
	assert_int_equal(pthread_create(&thread, NULL, thread_writes, &self), 0);
	pthread_join(thread, NULL);
	sibling = clone(sibling_writes, stack + sizeof(stack), CLONE_VM | SIGCHLD, &self);
	assert_int_equal(waitpid(sibling, &status, 0), sibling);
	assert_int_equal(status, 0);
	mark_and_end(target);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		EXAMPLE_COMMON_TESTS,
		example_test(test_fails_when_the_kernel_would_not_call_it),
		example_test(test_write_in_three_ways),
		example_test(test_write_that_is_cut_short_tells_its_bytes),
		example_test(test_write_through_a_descriptor_that_was_handed_over),
		example_test(test_write_by_32_bit_system_calls),
		example_test(test_reads_are_no_writes),
		example_test(test_writes_that_fail_are_no_writes),
		example_test(test_own_memory_is_not_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
