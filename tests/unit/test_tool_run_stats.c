/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The socket of `krsi run`, and who asks there. */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../tools/run_stats.h"
#include "../../tools/stats.h"
#include "../../tools/stats_socket.h"
#include "../../tools/tool.h"

#define LARGE (4 << 20)		/* more than a socket takes at once */

static char base[64], dir[80], told[4096];
static const char *answer;
static unsigned int asked;

/* Of main.c, which is not linked. */
void tool_error(const char *fmt, ...)
{
	size_t used = strlen(told);
	va_list args;

	va_start(args, fmt);
	vsnprintf(told + used, sizeof(told) - used, fmt, args);
	va_end(args);
}

static char *text_make(void *data)
{
	char *text;

	assert_ptr_equal(data, &answer);
	asked++;
	if (answer)
		return strdup(answer);
	text = malloc(LARGE + 1);
	memset(text, ' ', LARGE);
	text[LARGE] = '\0';
	return text;
}

static const char *socket_path(pid_t pid)
{
	static char path[100];

	snprintf(path, sizeof(path), "%s/%d.sock", dir, (int)pid);
	return path;
}

static int socket_make(pid_t pid, bool bound)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path(pid));
	assert_int_equal(bound ? bind(fd, (struct sockaddr *)&address, sizeof(address)) : connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static pid_t gone(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	return child;
}

static struct stats_server *server_open(void)
{
	struct stats_server *server = stats_server_open(dir, text_make, &answer);

	assert_string_equal(told, "");
	assert_non_null(server);
	return server;
}

/* Serve while there is something to do at once. */
static void serve(struct stats_server *server)
{
	struct pollfd ready = { .fd = stats_server_fd(server), .events = POLLIN };

	while (poll(&ready, 1, 0) > 0)
		stats_server_serve(server);
}

static void test_only_its_owner_may_connect(void **state)
{
	struct stats_server *server;
	struct stat st;

	(void)state;
	umask(0);
	server = server_open();
	umask(022);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(socket_path(getpid()), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(S_ISSOCK(st.st_mode));
	stats_server_close(server);
	assert_int_equal(access(socket_path(getpid()), F_OK), -1);
}

static void test_who_connects_gets_the_text_and_the_end(void **state)
{
	struct stats_server *server = server_open();
	char text[64];
	int fd, i;

	(void)state;
	answer = "{\"a\":1}";
	for (i = 0; i < 20; i++) {
		fd = socket_make(getpid(), false);
		serve(server);
		assert_int_equal(read(fd, text, sizeof(text)), 7);
		assert_memory_equal(text, "{\"a\":1}", 7);
		assert_int_equal(read(fd, text, sizeof(text)), 0);
		close(fd);
	}
	assert_int_equal(asked, 20);
	stats_server_close(server);
}

static void test_who_does_not_read_keeps_nobody(void **state)
{
	struct stats_server *server = server_open();
	int fds[12], reader;
	size_t i, sum = 0;
	char *text = malloc(LARGE);
	ssize_t n;

	(void)state;
	answer = NULL;	/* a large one */
	reader = socket_make(getpid(), false);
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = socket_make(getpid(), false);
	/* It ends, which it would not if it waited for one of them, or were told again and again of those it has no place for. */
	serve(server);
	assert_int_equal(asked, 8);
	while (sum < LARGE) {
		n = recv(reader, text, LARGE, MSG_DONTWAIT);
		sum += n > 0 ? (size_t)n : 0;
		assert_true(n > 0 || errno == EAGAIN);
		serve(server);
	}
	assert_int_equal(read(reader, text, 1), 0);
	assert_int_equal(asked, 9);	/* the place of the one who read */
	close(fds[0]);
	serve(server);
	assert_int_equal(asked, 10);
	for (i = 1; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	close(reader);
	free(text);
	stats_server_close(server);
}

static void test_sockets_of_ended_processes_go(void **state)
{
	pid_t ended = gone();
	struct stats_server *server;
	int other;

	(void)state;
	assert_int_equal(mkdir(dir, 0700), 0);
	close(socket_make(ended, true));
	close(socket_make(getpid(), true));	/* of one before us with the same number */
	other = socket_make(1, true);		/* runs, as far as can be told */
	server = server_open();
	assert_int_equal(access(socket_path(ended), F_OK), -1);
	assert_int_equal(access(socket_path(1), F_OK), 0);
	stats_server_close(server);
	close(other);
}

static void test_what_listens_stays(void **state)
{
	pid_t ended = gone();
	struct stats_server *server;
	int other;

	(void)state;
	assert_int_equal(mkdir(dir, 0700), 0);
	other = socket_make(ended, true);	/* a number of another PID namespace */
	assert_int_equal(listen(other, 1), 0);
	server = server_open();
	assert_int_equal(access(socket_path(ended), F_OK), 0);
	stats_server_close(server);
	close(other);
}

static void test_a_directory_that_is_not_safe_is_told_in_one_line(void **state)
{
	(void)state;
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_null(stats_server_open(dir, text_make, &answer));
	assert_words(told, "others may write there; make its mode 0700");
	assert_null(strchr(told, '\n'));
	told[0] = '\0';
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(symlink("/tmp", dir), 0);
	assert_null(stats_server_open(dir, text_make, &answer));
	assert_words(told, "is not a directory");
	assert_int_equal(unlink(dir), 0);
	/* All take it that there is none. */
	assert_int_equal(stats_server_fd(NULL), -1);
	stats_server_serve(NULL);
	stats_server_close(NULL);
}

/* --- who asks ---------------------------------------------------------------------- */

/* A server in a process of its own, for the ways in which it can answer; -1: it does not at all. */
static pid_t server_start(const char *text)
{
	int ready[2];
	pid_t child;
	char byte;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		struct stats_server *server = stats_server_open(dir, text_make, &answer);
		struct pollfd wait = { .fd = stats_server_fd(server), .events = POLLIN };

		answer = text;
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;) {
			poll(&wait, 1, -1);
			stats_server_serve(server);
		}
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return child;
}

static void server_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_all_that_run_are_asked(void **state)
{
	struct figures figures;
	pid_t one, other;

	(void)state;
	assert_int_equal(figures_fetch(dir, 0, &figures), TOOL_FAILED);
	assert_words(told, "no krsi run is there that can be asked");
	told[0] = '\0';
	one = server_start("{\"format\":1,\"pid\":11}");
	other = server_start("{\"format\":1,\"pid\":22}");
	close(socket_make(1, true));	/* nobody listens there */
	assert_int_equal(figures_fetch(dir, 0, &figures), TOOL_OK);
	assert_int_equal(figures.count, 2);
	figures_free(&figures);
	assert_int_equal(figures_fetch(dir, other, &figures), TOOL_OK);
	assert_int_equal(figures.count, 1);
	assert_int_equal(figure_number(figures.list[0], "pid"), 22);
	figures_free(&figures);
	assert_string_equal(told, "");
	server_end(other);
	assert_int_equal(figures_fetch(dir, other, &figures), TOOL_FAILED);
	assert_words(told, "is no krsi run that can be asked; krsi stats shows those that are");
	server_end(one);
}

static void test_answers_that_are_none_are_told(void **state)
{
	static const struct {
		const char *text, *problem;
	} cases[] = {
		{ "", "it gave no answer" },
		{ "{", "not a JSON object" },
		{ "[]", "not a JSON object" },
		{ "{\"pid\":1}", "not one of krsi run" },
		{ "{\"format\":1}", "not one of krsi run" },
		{ "{\"format\":2,\"pid\":1}", "of a newer krsi" },
	};
	const char *problem;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		problem = "";
		assert_null(figures_read(cases[i].text, strlen(cases[i].text), &problem));
		assert_words(problem, cases[i].problem);
	}
	assert_int_equal(stats_pid("12"), 12);
	assert_int_equal(stats_pid("-1"), 0);
	assert_int_equal(stats_pid("1x"), 0);
	assert_int_equal(stats_pid("4294967297"), 0);
	assert_int_equal(stats_pid("12.sock"), 0);
	assert_int_equal(stats_socket_pid("12.sock"), 12);
	assert_int_equal(stats_socket_pid("12"), 0);
	assert_int_equal(stats_socket_pid("12.sock~"), 0);
	assert_int_equal(stats_socket_pid("x.sock"), 0);
}

static int setup(void **state)
{
	(void)state;
	strcpy(base, unit_dir_make());
	snprintf(dir, sizeof(dir), "%s/krsi", base);
	told[0] = '\0';
	asked = 0;
	answer = "";
	return 0;
}

static int teardown(void **state)
{
	char command[120];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s/krsi", base);
	if (system(command))
		return -1;
	unit_dir_remove(base);
	return 0;
}

#define stats_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		stats_test(test_only_its_owner_may_connect),
		stats_test(test_who_connects_gets_the_text_and_the_end),
		stats_test(test_who_does_not_read_keeps_nobody),
		stats_test(test_sockets_of_ended_processes_go),
		stats_test(test_what_listens_stays),
		stats_test(test_a_directory_that_is_not_safe_is_told_in_one_line),
		stats_test(test_all_that_run_are_asked),
		stats_test(test_answers_that_are_none_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
