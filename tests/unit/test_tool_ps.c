/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The tree of krsi ps: who stands below whom, whatever the processes call themselves. */
#include "unit.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../tools/ps.h"

static struct ps_processes processes;
static char text[256 * 1024];

/* PID, the PID of who made it (0: nobody), and its name. Cookies are not in the order of PIDs. */
static void add(uint32_t pid, uint32_t parent, const char *program)
{
	struct ps_process *process;

	processes.list = reallocarray(processes.list, processes.count + 1, sizeof(*processes.list));
	assert_non_null(processes.list);
	process = &processes.list[processes.count++];
	*process = (struct ps_process){ .pid = pid, .cookie = UINT64_MAX / pid, .parent = parent ? UINT64_MAX / parent : 0 };
	process->program = program ? strdup(program) : NULL;
}

/* What the tree prints, without the title and the columns in front. */
static void print(void (*function)(const struct ps_processes *of))
{
	FILE *file = tmpfile();
	int saved;

	assert_non_null(file);
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fileno(file), STDOUT_FILENO);
	function(&processes);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
}

static const char *branches(void)
{
	static char result[64 * 1024];
	char *line, *rest = text;

	result[0] = '\0';
	strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) && *line) {
		/* PID, user, login, container: 7 + 12 + 12 + 24, and spaces. */
		assert_true(strlen(line) > 59);
		strcat(strcat(result, line + 59), "\n");
	}
	return result;
}

static void family_add(void)
{
	add(30, 3, "thirty");
	add(1, 0, "one");
	add(4, 1, "four");
	add(3, 1, "three");
	add(2, 0, "two");
	add(31, 3, "thirty-one");
	add(300, 30, "three hundred");
	add(9, 8, "orphan");	/* whose maker is not there */
}

static void test_children_stand_below_their_parent(void **state)
{
	(void)state;
	family_add();
	assert_true(ps_tree_make(&processes, 0));
	print(ps_tree_print);
	assert_string_equal(branches(),
			    "one\n"
			    "\xe2\x94\x9c\xe2\x94\x80 three\n"
			    "\xe2\x94\x82  \xe2\x94\x9c\xe2\x94\x80 thirty\n"
			    "\xe2\x94\x82  \xe2\x94\x82  \xe2\x94\x94\xe2\x94\x80 three hundred\n"
			    "\xe2\x94\x82  \xe2\x94\x94\xe2\x94\x80 thirty-one\n"
			    "\xe2\x94\x94\xe2\x94\x80 four\n"
			    "two\n"
			    "orphan\n");
}

static void test_lines_are_ascii_where_the_locale_has_no_more(void **state)
{
	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C"));
	family_add();
	assert_true(ps_tree_make(&processes, 0));
	print(ps_tree_print);
	assert_words(branches(), "one\n|- three\n|  |- thirty\n|  |  `- three hundred\n|  `- thirty-one\n`- four\n");
}

static void test_one_process_comes_with_ancestors_and_descendants(void **state)
{
	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C"));
	family_add();
	assert_true(ps_tree_make(&processes, 30));
	print(ps_tree_print);
	assert_string_equal(branches(), "one\n`- three\n   `- thirty\n      `- three hundred\n");
}

static void test_a_process_that_is_not_there(void **state)
{
	(void)state;
	family_add();
	assert_false(ps_tree_make(&processes, 5));
	ps_free(&processes);
	assert_false(ps_tree_make(&processes, 1));
	assert_true(ps_tree_make(&processes, 0));
}

static void test_names_cannot_steer_a_terminal(void **state)
{
	(void)state;
	add(1, 0, "a\nb\033[2J\"\xff\\");
	processes.list[0].user = strdup("eve\033[1m");
	processes.list[0].cgroup = strdup("/c\n");
	processes.list[0].container = strdup("docker:0123\r");
	add(2, 1, NULL);
	assert_true(ps_tree_make(&processes, 0));
	print(ps_tree_print);
	assert_words(text, "\n      1 eve\\x1b[1m   -            docker:0123\\x0d          a b\\x1b[2J\"\\xff\\\\  /c \n");
	assert_words(text, "\xe2\x94\x94\xe2\x94\x80 ?\n");
	assert_null(strchr(text, '\033'));
}

static void test_a_long_chain_is_printed_in_few_columns(void **state)
{
	size_t longest = 0;
	uint32_t i;
	char *line, *rest;

	(void)state;
	for (i = 1; i <= 1000; i++)
		add(i, i - 1, "x");
	assert_true(ps_tree_make(&processes, 0));
	print(ps_tree_print);
	for (i = 0, rest = text; (line = strsep(&rest, "\n")) && *line; i++)
		if (strlen(line) > longest)
			longest = strlen(line);
	assert_int_equal(i, 1001);
	assert_true(longest < 59 + 40 * 7 + 3);
}

static void test_lines_come_in_the_order_of_the_tree(void **state)
{
	char line[16];
	size_t i;

	(void)state;
	family_add();
	for (i = 0; i < processes.count; i++) {
		snprintf(line, sizeof(line), "{%u}", processes.list[i].pid);
		processes.list[i].line = strdup(line);
	}
	assert_true(ps_tree_make(&processes, 3));
	print(ps_lines_print);
	assert_string_equal(text, "{1}\n{3}\n{30}\n{300}\n{31}\n");
}

static int setup(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	ps_free(&processes);
	return 0;
}

#define ps_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ps_test(test_children_stand_below_their_parent),
		ps_test(test_lines_are_ascii_where_the_locale_has_no_more),
		ps_test(test_one_process_comes_with_ancestors_and_descendants),
		ps_test(test_a_process_that_is_not_there),
		ps_test(test_names_cannot_steer_a_terminal),
		ps_test(test_a_long_chain_is_printed_in_few_columns),
		ps_test(test_lines_come_in_the_order_of_the_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
