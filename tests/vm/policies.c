/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "policies.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "evasion.h"

#define PART_SECONDS 1200	/* some times what loading takes on the slowest kernel, in the first of them */

static const struct part {
	const char *name;
	int (*run)(void);
} parts[] = {
#define PART(name) { #name, part_##name },
	POLICY_PARTS(PART)
};

#define PART_COUNT (sizeof(parts) / sizeof(parts[0]))

/* What the worker is at, in memory that it shares with who looks after it; PART_COUNT when it has done all. */
static volatile size_t *at;

/* --- which ---------------------------------------------------------------- */

static bool name_is(const char *name, const char *word, size_t size)
{
	return strlen(name) == size && memcmp(name, word, size) == 0;
}

/* Take the next word off a list; its size, 0 when there is none. */
static size_t word_next(const char **list, const char **word)
{
	*word = *list + strspn(*list, " ");
	*list = *word + strcspn(*word, " ");
	return (size_t)(*list - *word);
}

static bool is_wanted(const struct part *part)
{
	const char *list = getenv("PARTS"), *word;
	size_t size;

	if (!list)
		return true;
	while ((size = word_next(&list, &word)))
		if (name_is(part->name, word, size))
			return true;
	return false;
}

/* A part that is misspelt would be a test that nobody misses. */
static void wanted_check(void)
{
	const char *list = getenv("PARTS"), *word;
	size_t size, i;

	while (list && (size = word_next(&list, &word))) {
		for (i = 0; i < PART_COUNT && !name_is(parts[i].name, word, size); i++)
			;
		if (i == PART_COUNT) {
			printf("PARTS: there is no part %.*s; tests/vm/policies.h has their names\n", (int)size, word);
			exit(2);
		}
	}
}

static void wanted_tell(void)
{
	size_t i;

	printf("# parts:");
	for (i = 0; i < PART_COUNT; i++)
		if (is_wanted(&parts[i]))
			printf(" vm_%s", parts[i].name);
	printf("\n");
}

/* --- running them --------------------------------------------------------- */

/* Not of the day: some cases are about setting that. */
static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static bool part_run(const struct part *part)
{
	time_t start = seconds();
	bool failed;

	printf("# part: vm_%s\n", part->name);
	alarm(PART_SECONDS);
	failed = part->run() != 0;
	alarm(0);
	printf("# took: %ld s\n", (long)(seconds() - start));
	fflush(stdout);
	/* What is wrong with the engine must not fail the cases of others. */
	if (failed)
		engine_unshare();
	return failed;
}

static int work(size_t first)
{
	bool failed = false;

	setpgid(0, 0);
	for (*at = first; *at < PART_COUNT; ++*at)
		if (is_wanted(&parts[*at]))
			failed |= part_run(&parts[*at]);
	engine_unshare();
	return failed;
}

static void ending_tell(int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		printf("\n# %s took longer than %d s\n", parts[*at].name, PART_SECONDS);
	else if (WIFSIGNALED(status))
		printf("\n# %s ended its process with signal %d\n", parts[*at].name, WTERMSIG(status));
	else
		printf("\n# %s ended its process with code %d\n", parts[*at].name, WEXITSTATUS(status));
	fflush(stdout);
}

/* Have all parts run, by as many processes as that takes. */
static int look_after(void)
{
	bool failed = false;
	size_t first = 0;
	int status;
	pid_t worker;

	while (first < PART_COUNT) {
		fflush(stdout);
		worker = fork();
		if (worker == 0)
			exit(work(first));
		if (worker < 0 || waitpid(worker, &status, 0) != worker) {
			perror("vm_policies");
			return 1;
		}
		kill(-worker, SIGKILL);	/* whom it left behind */
		failed |= status != 0;
		if (*at < PART_COUNT)
			ending_tell(status);
		first = *at + 1;
	}
	return failed;
}

int main(void)
{
	orphan_main();
	pretender_main();
	victim_main();
	wanted_check();
	wanted_tell();
	at = mmap(NULL, sizeof(*at), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		perror("vm_policies");
		return 1;
	}
	return look_after();
}
