/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the tests of examples/ share. Each example lies beside its test in /test; it is started,
 * provoked, and its lines are read.
 *
 * That something is not reported is proved without waiting: after it comes a mark, an event like no
 * other, and the mark has to be the next line.
 */
#ifndef KRSI_TESTS_EXAMPLE_H
#define KRSI_TESTS_EXAMPLE_H

#include "vm.h"

#include <sys/types.h>

/* Where the tests make their files. /tmp is a file system of its own. */
#define DIR "/tmp/examples"

/* An array of strings for argv or an environment. */
#define LIST(...) ((const char *const []){ __VA_ARGS__, NULL })

/* A formatted text, in a buffer that each use has for itself. */
#define TEXT(...) text_format((char [512]){ 0 }, 512, __VA_ARGS__)

const char *text_format(char *to, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The example that a file tests, with the arguments it cannot do without. Defined by that file. */
extern const char *const example_argv[];

/* Start an example, without waiting for anything. `uid` is that of its process. */
void example_start(const char *const argv[], uid_t uid);

/* Start one and wait until it watches. */
void example_ready(const char *const argv[]);

/* Let the running example stop and go on. */
void example_signal(int number);

/* The next line, without its line feed, valid until the next call; NULL when there is none to come. */
const char *line_next(void);

/* Assert that the next line has all these words, and give it. */
#define expect_line(...) expect_words(LIST(__VA_ARGS__))
const char *expect_words(const char *const words[]);

void assert_has(const char *line, const char *words);
void assert_has_not(const char *line, const char *words);
void assert_ends(const char *line, const char *words);

/* End the example, and give its last line; all lines before that must have been read. */
const char *example_end(int signal_number);

/* Assert that no line is left, and that the example ended well. */
void example_ended(void);

/* Wait for an example that ends by itself, and give what it said on stderr. */
const char *example_fails(int code);

/* A program to be started. */
struct start {
	const char *path;
	const char *const *argv;
	const char *const *envp;	/* NULL: none */
	void (*prepare)(void);		/* runs in the child before execve(); may be NULL */
};

/* Start a program: 0 and its pid when it runs, or the errno of execve(). It dies with the test. */
int spawn(const struct start *start, pid_t *pid);

/* Run a program to its end: its exit code, or the negative errno of execve(). */
int run(const struct start *start);
int run_argv(const char *path, const char *const argv[], const char *const envp[]);

void kill_and_wait(pid_t pid);

void file_copy(const char *from, const char *to);
void file_write(const char *path, const char *text);

/* A descriptor of a memfd with a program in it, ready to be executed through /proc/self/fd. */
int memfd_copy(const char *from, const char *name);

void skip_unless_lsm_active(void);

int example_setup(void **state);
int example_teardown(void **state);
#define example_test(name) cmocka_unit_test_setup_teardown(name, example_setup, example_teardown)

/* What holds for every example. */
void test_help_and_wrong_usage(void **state);
void test_ends_by_either_signal(void **state);
void test_fails_without_privilege(void **state);
#define EXAMPLE_COMMON_TESTS				\
	example_test(test_help_and_wrong_usage),	\
	example_test(test_ends_by_either_signal),	\
	example_test(test_fails_without_privilege)

/* And for those with a program on a hook. */
void test_fails_when_the_kernel_would_not_call_it(void **state);

#endif
