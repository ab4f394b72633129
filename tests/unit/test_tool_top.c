/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * krsi top on a terminal, which is a pseudo-terminal here: tables in their place, keys and signals that end it, and
 * that the terminal is as it was before.
 */
#include "unit.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "../../tools/load.h"
#include "../../tools/stats.h"
#include "../../tools/tool.h"

#define WAIT_MS 20000

#define BEGIN "\033[?7l\033[2J"		/* lines are cut, and nothing is on the screen */
#define HOME "\033[H"
#define END "\033[?7h"

/* --- what is not linked ----------------------------------------------------------- */

void tool_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
}

int tool_usage(const struct tool_command *command, const char *fmt, ...)
{
	(void)command;
	(void)fmt;
	return TOOL_USAGE;
}

int tool_common_option(const struct tool_command *command, int c, char **argv)
{
	(void)command;
	(void)c;
	(void)argv;
	return TOOL_USAGE;
}

void tool_options_begin(void)
{
	optind = 0;
	opterr = 0;
}

int tool_fail(const struct krsi_ctx *ctx)
{
	(void)ctx;
	return TOOL_FAILED;
}

/* How many times figures can be had; then the process that was asked is gone. */
static int answers;

/* A krsi run with thirty rules, of which one has as many hits as it was asked times. */
int __wrap_figures_fetch(const char *dir, pid_t pid, struct figures *figures);
int __wrap_figures_fetch(const char *dir, pid_t pid, struct figures *figures)
{
	static int asked;
	json_t *rules;
	char name[16];
	int i;

	(void)dir;
	(void)pid;
	*figures = (struct figures){ NULL, 0 };
	if (asked == answers)
		return TOOL_FAILED;
	asked++;
	rules = json_array();
	for (i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "rule-%d", i);
		json_array_append_new(rules, json_pack("{s:s, s:i, s:i, s:i}", "name", name, "hits", i ? 0 : asked, "refused", 0, "suppressed", 0));
	}
	figures->list = calloc(1, sizeof(*figures->list));
	figures->list[0] = json_pack("{s:i, s:i, s:I, s:{s:i}, s:[{s:s, s:o}], s:b}", "format", 1, "pid", 4711, "boot_ns", (json_int_t)asked * 1000000000,
				     "events", "delivered", 1000 + asked, "policies", "name", "web", "rules", rules, "cost_counted", 0);
	figures->count = 1;
	return TOOL_OK;
}

/* --- the terminal ------------------------------------------------------------------ */

struct terminal {
	int fd;			/* of the other side */
	int device;		/* it stays there when the program has ended */
	pid_t child;
	struct termios before;
	char text[256 * 1024];
	size_t size;
};

static struct terminal terminal;

static void terminal_begin(unsigned short rows, int count, const char *interval)
{
	const struct winsize size = { .ws_row = rows, .ws_col = 80 };
	const char *argv[] = { "top", "--interval", interval, NULL };

	answers = count;
	terminal.size = 0;
	terminal.text[0] = '\0';
	assert_int_equal(openpty(&terminal.fd, &terminal.device, NULL, NULL, &size), 0);
	assert_int_equal(tcgetattr(terminal.device, &terminal.before), 0);
	fflush(stdout);
	terminal.child = fork();
	assert_true(terminal.child >= 0);
	if (terminal.child)
		return;
	close(terminal.fd);
	/* Its own terminal, so that control-C of it is a signal. */
	if (login_tty(terminal.device) < 0)
		_exit(126);
	exit(tool_top.run(&tool_top, 3, (char **)argv));
}

/* Read until these words come behind what was seen before. Returns where they begin. */
static const char *terminal_wait(size_t from, const char *words)
{
	struct pollfd ready = { .fd = terminal.fd, .events = POLLIN };
	const char *found;
	ssize_t n;

	while (!(found = strstr(terminal.text + from, words))) {
		assert_true(sizeof(terminal.text) - terminal.size > 1);
		if (poll(&ready, 1, WAIT_MS) != 1)
			fail_msg("no \"%s\" comes behind: %s", words, terminal.text + (terminal.size > from + 400 ? terminal.size - 400 : from));
		n = read(terminal.fd, terminal.text + terminal.size, sizeof(terminal.text) - terminal.size - 1);
		assert_true(n > 0);
		terminal.size += (size_t)n;
		terminal.text[terminal.size] = '\0';
	}
	return found;
}

static void terminal_key(char key)
{
	assert_int_equal(write(terminal.fd, &key, 1), 1);
}

static tcflag_t terminal_flags(void)
{
	struct termios now;

	assert_int_equal(tcgetattr(terminal.device, &now), 0);
	return now.c_lflag;
}

/* The program ends with this code, lines are no longer cut, and keys are as they were. */
static void terminal_end(int code)
{
	struct termios now;
	int status;

	terminal_wait(0, END);
	assert_int_equal(waitpid(terminal.child, &status, 0), terminal.child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
	assert_int_equal(tcgetattr(terminal.device, &now), 0);
	assert_int_equal(now.c_lflag, terminal.before.c_lflag);
	assert_int_equal(now.c_iflag, terminal.before.c_iflag);
	assert_int_equal(now.c_oflag, terminal.before.c_oflag);
	assert_memory_equal(now.c_cc, terminal.before.c_cc, sizeof(now.c_cc));
	close(terminal.fd);
	close(terminal.device);
}

/* --- cases -------------------------------------------------------------------------- */

static void test_tables_come_in_their_place_until_q(void **state)
{
	size_t second;

	(void)state;
	terminal_begin(40, 1000000, "0.1");
	assert_ptr_equal(terminal_wait(0, BEGIN), terminal.text);
	terminal_wait(0, "krsi run 4711: 1001 events");
	/* Nobody sees keys, and none has to be followed by Enter. */
	assert_int_equal(terminal_flags() & (ICANON | ECHO), 0);
	second = (size_t)(terminal_wait(0, "krsi run 4711: 1002 events") - terminal.text);
	assert_memory_equal(terminal.text + second - strlen(HOME), HOME, strlen(HOME));
	terminal_wait(second, "web/rule-0");
	/* Another key is none. */
	terminal_key('x');
	terminal_wait(second, "krsi run 4711: 1004 events");
	assert_null(strstr(terminal.text, "x\r\n"));
	terminal_key('q');
	terminal_end(TOOL_OK);
}

static void test_q_ends_it_at_once(void **state)
{
	(void)state;
	terminal_begin(40, 1000000, "3600");
	terminal_wait(0, "web/rule-0");
	terminal_key('q');
	terminal_end(TOOL_OK);
	assert_null(strstr(terminal.text, "1002 events"));
}

static void test_signals_end_it(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		terminal_begin(40, 1000000, "3600");
		terminal_wait(0, "web/rule-0");
		assert_int_equal(kill(terminal.child, signals[i]), 0);
		terminal_end(TOOL_OK);
	}
	/* As the terminal makes one of a key. */
	terminal_begin(40, 1000000, "3600");
	terminal_wait(0, "web/rule-0");
	terminal_key((char)terminal.before.c_cc[VINTR]);
	terminal_end(TOOL_OK);
}

static void test_the_terminal_is_left_well_when_nobody_answers_any_more(void **state)
{
	(void)state;
	terminal_begin(40, 2, "0.1");
	terminal_wait(0, "1002 events");
	terminal_end(TOOL_FAILED);
	/* And when nobody did. */
	terminal_begin(40, 0, "0.1");
	terminal_end(TOOL_FAILED);
}

/* No table is longer than the screen: what is above would be gone. */
static void test_as_many_rows_as_fit(void **state)
{
	static const unsigned short rows[] = { 24, 40, 100 };
	const char *at, *end;
	unsigned int lines, named;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		terminal_begin(rows[i], 1000000, "3600");
		terminal_wait(0, "\033[J");
		end = strstr(terminal.text, "\033[J");
		for (lines = named = 0, at = terminal.text; (at = strstr(at, "\r\n")) && at < end; at++)
			lines++;
		for (at = terminal.text; (at = strstr(at, "web/rule-")) && at < end; at++)
			named++;
		assert_true(lines < rows[i]);
		assert_true(named >= 1 && named <= 30);
		assert_true(rows[i] < 100 || named > 20);
		terminal_key('q');
		terminal_end(TOOL_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables_come_in_their_place_until_q),
		cmocka_unit_test(test_q_ends_it_at_once),
		cmocka_unit_test(test_signals_end_it),
		cmocka_unit_test(test_the_terminal_is_left_well_when_nobody_answers_any_more),
		cmocka_unit_test(test_as_many_rows_as_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
