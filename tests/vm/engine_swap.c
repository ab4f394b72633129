/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Policies are exchanged while others work: each operation meets one set of them as a whole.
 *
 * One set refuses to open the file, and the other refuses to read it. Opening it for reading is both
 * operations in one call of the kernel, so whatever meets one of the sets is refused, each with an error
 * of its own. What succeeds has met neither, or a half of each.
 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS 3
#define SWAPS 1000
#define COMPILED 100	/* so many of the swaps compile a policy; the others bring back one that was */

#define FIRST "version: 1\nname: first\nrules:\n" \
	"  - { name: a, on: file.open, object: { path: /tmp/engine/secret }, action: { deny: EACCES }, report: false }\n"
#define SECOND "version: 1\nname: second\nrules:\n" \
	"  - { name: b, on: [file.read, \"!file.link\", \"!file.rename\", \"!mount.mount\", \"!mount.move\"], " \
	"object: { path: \"/tmp/engine/s*\" }, action: { deny: EROFS }, report: false }\n"

struct shared {
	uint32_t stop;
	uint64_t first[WORKERS], second[WORKERS], neither[WORKERS];
};

static void work(struct shared *shared, int number)
{
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		int fd = open("/tmp/engine/secret", O_RDONLY | O_CLOEXEC);

		if (fd >= 0) {
			close(fd);
			shared->neither[number]++;
		} else if (errno == EACCES) {
			shared->first[number]++;
		} else if (errno == EROFS) {
			shared->second[number]++;
		} else {
			shared->neither[number]++;
		}
	}
	_exit(0);
}

static void swap(struct engine *e, int i)
{
	if (i % (SWAPS / COMPILED) == 0)
		engine_apply(e, i / (SWAPS / COMPILED) % 2 ? FIRST : SECOND);
	else
		assert_ok(e->ctx, krsi_engine_rollback(e->engine));
}

static void test_swaps_are_never_seen_halfway(void **state)
{
	struct engine e = engine_start(FIRST);
	uint64_t first = 0, second = 0, neither = 0;
	pid_t workers[WORKERS];
	struct shared *shared;
	int i;

	(void)state;
	engine_apply(&e, SECOND);
	engine_apply(&e, FIRST);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	for (i = 0; i < WORKERS; i++) {
		workers[i] = fork();
		assert_true(workers[i] >= 0);
		if (workers[i] == 0)
			work(shared, i);
	}
	for (i = 0; i < SWAPS; i++) {
		swap(&e, i);
		if (i % 10 == 0)
			usleep(1000);	/* on one CPU the workers need some of it */
	}
	__atomic_store_n(&shared->stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < WORKERS; i++) {
		waitpid(workers[i], NULL, 0);
		first += shared->first[i];
		second += shared->second[i];
		neither += shared->neither[i];
	}
	print_message("# %d swaps; %llu opens met the first policy, %llu the second, %llu neither\n", SWAPS,
		      (unsigned long long)first, (unsigned long long)second, (unsigned long long)neither);
	assert_int_equal(neither, 0);
	assert_true(first > 100 && second > 100);
	munmap(shared, sizeof(*shared));
	engine_stop(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = { vm_test(test_swaps_are_never_seen_halfway) };

	return cmocka_run_group_tests(tests, engine_files_setup, NULL);
}
