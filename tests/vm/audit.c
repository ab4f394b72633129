/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Rules with report: audit, and their records as who listens to the kernel's audit system gets them. */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define USER_AVC 1107
#define RECORD_MAX 9000
#define WAIT_MS 20000

#define RULES "version: 1\nname: p\nrules:\n"
#define QUIET "  - { name: quiet, on: file.open, object: { path: /tmp/engine/other }, action: { deny: EACCES } }\n"
#define TOLD "  - { name: told, on: file.open, object: { path: /tmp/engine/secret }, action: { deny: EACCES }, report: audit }\n"
#define SEEN "  - { name: seen, on: file.open, object: { path: '/tmp/engine/x*.conf' }, action: audit, report: audit }\n"
#define STRANGE "/tmp/engine/s \"' rule=\"other\""
#define ODD "  - { name: odd, on: file.open, object: { path: '/tmp/engine/s *' }, action: { deny: EACCES }, report: audit }\n"

struct record {
	struct nlmsghdr header;
	char text[RECORD_MAX];
};

static int records;

static int records_listen(void **state)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = AUDIT_NLGRP_READLOG };

	if (engine_files_setup(state))
		return -1;
	records = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	return records < 0 || bind(records, (const struct sockaddr *)&address, sizeof(address));
}

/* The next record of a user's, or the kernel's words about it, without "audit(TIME:SERIAL): " before them. */
static const char *record_next(void)
{
	static struct record record;
	struct pollfd ready = { .fd = records, .events = POLLIN };
	char *text;
	ssize_t n;

	do {
		if (poll(&ready, 1, WAIT_MS) != 1)
			fail_msg("no record came for %d seconds", WAIT_MS / 1000);
		n = recv(records, &record, sizeof(record) - 1, 0);
		assert_true(n > (ssize_t)sizeof(record.header));
		((char *)&record)[n] = '\0';
	} while (record.header.nlmsg_type != USER_AVC);
	text = strstr(record.text, "): ");
	assert_non_null(text);
	return text + 3;
}

static void assert_has(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("no \"%s\" in: %s", words, text);
}

/* What is between the apostrophes that the kernel sets is ours; in front of it is who sent it. */
static void test_refusals_of_rules_that_ask_have_records(void **state)
{
	struct engine e = engine_start(RULES QUIET TOLD);
	char words[64];
	const char *record;

	(void)state;
	assert_int_equal(try_open("/tmp/engine/other", O_RDONLY), EACCES);
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), EACCES);
	assert_string_equal(engine_event(&e).rule, "quiet");
	assert_string_equal(engine_event(&e).rule, "told");
	record = record_next();
	snprintf(words, sizeof(words), "pid=%d uid=0 ", (int)getpid());
	assert_ptr_equal(strstr(record, words), record);
	assert_has(record, " msg='avc:  denied  { file.open } for  policy=\"p\" rule=\"told\" permissive=0 exit=-13 spid=");
	snprintf(words, sizeof(words), " spid=%d ", (int)getpid());
	assert_has(record, words);
	assert_has(record, " comm=\"vm_audit\" ");
	assert_has(record, " path=\"/tmp/engine/secret\" exe=\"");
	engine_stop(&e);
}

static void test_what_is_allowed_can_have_records_too(void **state)
{
	struct engine e = engine_start(RULES SEEN);

	(void)state;
	assert_int_equal(try_open("/tmp/engine/xy.conf", O_RDONLY), 0);
	assert_string_equal(engine_event(&e).rule, "seen");
	assert_has(record_next(), " msg='avc:  granted  { file.open } for  policy=\"p\" rule=\"seen\" permissive=0 spid=");
	engine_stop(&e);
}

static void test_a_name_of_a_file_is_no_field(void **state)
{
	struct engine e;
	const char *record;
	int fd = open(STRANGE, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	e = engine_start(RULES ODD);
	assert_int_equal(try_open(STRANGE, O_RDONLY), EACCES);
	assert_string_equal(engine_event(&e).path, STRANGE);
	record = record_next();
	assert_has(record, " path=2F746D702F656E67696E652F7320222720");
	assert_null(strstr(record, "other"));
	engine_stop(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_refusals_of_rules_that_ask_have_records),
		vm_test(test_what_is_allowed_can_have_records_too),
		vm_test(test_a_name_of_a_file_is_no_field),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, records_listen, NULL);
}
