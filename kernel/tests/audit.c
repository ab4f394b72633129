/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bpf_lsm_audit(): the record as who listens for audit records gets it, and who may write one.
 */
#include "tools.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>

#ifndef AUDIT_BPF
#define AUDIT_BPF 1334
#endif
#define RECORD_MAX 9000
#define WAIT_MS 20000

struct record {
	struct nlmsghdr header;
	char text[RECORD_MAX];
};

static int listen_for_records(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = AUDIT_NLGRP_READLOG };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void audit_set_enabled(int enabled)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct {
		struct nlmsghdr header;
		struct audit_status status;
	} request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = AUDIT_SET, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.status = { .mask = AUDIT_STATUS_ENABLED, .enabled = (unsigned int)enabled },
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[512];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	assert_true(fd >= 0);
	assert_int_equal(sendto(fd, &request, sizeof(request), 0, (const struct sockaddr *)&kernel, sizeof(kernel)),
			 sizeof(request));
	assert_true(recv(fd, &answer, sizeof(answer), 0) > 0);
	assert_int_equal(answer.header.nlmsg_type, NLMSG_ERROR);
	assert_int_equal(answer.error.error, 0);
	close(fd);
}

/* The next record with op=lsm, without "audit(TIME:SERIAL): " before it. */
static const char *next_record(int fd)
{
	static struct record record;
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char *text;
	ssize_t n;

	for (;;) {
		assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
		n = recv(fd, &record, sizeof(record) - 1, 0);
		assert_true(n > (ssize_t)sizeof(record.header));
		((char *)&record)[n] = 0;
		if (record.header.nlmsg_type != AUDIT_BPF)
			continue;
		text = strstr(record.text, "): ");
		assert_non_null(text);
		if (strncmp(text + 3, "op=lsm", 6) == 0)
			return text + 3;
	}
}

static void get_program_info(const struct programs *programs, struct bpf_prog_info *info)
{
	__u32 size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	assert_int_equal(bpf_obj_get_info_by_fd(bpf_program__fd(
		bpf_object__find_program_by_name(programs->object, "symlink_audit")), info, &size), 0);
}

static void format_hex(char *out, const void *data, size_t size)
{
	const unsigned char *bytes = data;
	size_t i;

	for (i = 0; i < size; i++)
		sprintf(out + 2 * i, "%02x", bytes[i]);
}

/* All that the kernel says before the message. */
static void format_expected(char *out, const struct programs *programs, const char *msg)
{
	struct bpf_prog_info info;
	char tag[17], id[32] = "";

	get_program_info(programs, &info);
	format_hex(tag, info.tag, sizeof(info.tag));
	if (!origin_is_module())
		snprintf(id, sizeof(id), " prog-id=%u", info.id);
	sprintf(out, "op=lsm%s prog-tag=%s prog=\"symlink_audit\" pid=%d uid=0 auid=4294967295 ses=4294967295 comm=\"%s\" msg=%s",
		id, tag, (int)getpid(), program_invocation_short_name, msg);
}

static void set_message(struct programs *programs, const char *msg, size_t len)
{
	memset(programs->wish->msg, 0, MSG_SIZE);
	memcpy(programs->wish->msg, msg, len);
}

static void test_a_record_says_what_happened_and_who_says_so(void **state)
{
	struct programs programs = programs_attach("symlink_audit");
	int fd = listen_for_records();
	char expected[4096];

	(void)state;
	audit_set_enabled(1);
	strcpy(programs.wish->deny, "denied");
	set_message(&programs, "refused:link", 12);
	programs.wish->target = (unsigned int)getpid();
	assert_int_equal(try_symlink("denied"), denied(EACCES));
	assert_int_equal(programs.seen->audit_result, 0);
	format_expected(expected, &programs, "\"refused:link\"");
	assert_string_equal(next_record(fd), expected);
	close(fd);
	programs_free(&programs);
}

static void test_no_message_looks_like_another_field(void **state)
{
	static const char *const forged[] = {
		"x\"", "x\" pid=1 uid=0", "x pid=1", "x\nop=lsm", "\x1b[2J", "\xc3\xa4", "\x7f",
	};
	struct programs programs = programs_attach("symlink_audit");
	int fd = listen_for_records();
	char expected[4096], hex[64];
	size_t i;

	(void)state;
	audit_set_enabled(1);
	programs.wish->target = (unsigned int)getpid();
	for (i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		set_message(&programs, forged[i], strlen(forged[i]));
		assert_int_equal(try_symlink("any"), 0);
		format_hex(hex, forged[i], strlen(forged[i]));
		format_expected(expected, &programs, hex);
		assert_string_equal(next_record(fd), expected);
	}
	close(fd);
	programs_free(&programs);
}

static void test_a_message_is_whole_or_refused(void **state)
{
	struct programs programs = programs_attach("symlink_audit");
	int fd = listen_for_records();
	char expected[4096], hex[2 * 1024 + 1], msg[MSG_SIZE];

	(void)state;
	audit_set_enabled(1);
	programs.wish->target = (unsigned int)getpid();
	memset(msg, ' ', sizeof(msg));
	memset(msg + 1000, '#', 24);
	set_message(&programs, msg, 1024);
	assert_int_equal(try_symlink("any"), 0);
	assert_int_equal(programs.seen->audit_result, 0);
	format_hex(hex, msg, 1024);
	format_expected(expected, &programs, hex);
	assert_string_equal(next_record(fd), expected);

	set_message(&programs, msg, 1025);
	assert_int_equal(try_symlink("any"), 0);
	assert_int_equal(programs.seen->audit_result, -EINVAL);
	memset(programs.wish->msg, 'x', MSG_SIZE);
	assert_int_equal(try_symlink("any"), 0);
	assert_int_equal(programs.seen->audit_result, -EINVAL);
	set_message(&programs, "", 0);
	assert_int_equal(try_symlink("any"), 0);
	assert_int_equal(programs.seen->audit_result, -EINVAL);
	close(fd);
	programs_free(&programs);
}

static void test_the_verdict_does_not_depend_on_audit(void **state)
{
	struct programs programs = programs_attach("symlink_audit");

	(void)state;
	audit_set_enabled(0);
	strcpy(programs.wish->deny, "denied");
	set_message(&programs, "x", 1);
	programs.wish->target = (unsigned int)getpid();
	assert_int_equal(try_symlink("denied"), denied(EACCES));
	assert_int_equal(programs.seen->audit_result, -EOPNOTSUPP);
	audit_set_enabled(1);
	assert_int_equal(try_symlink("denied"), denied(EACCES));
	assert_int_equal(programs.seen->audit_result, 0);
	programs_free(&programs);
}

static void test_a_tracing_program_writes_no_records(void **state)
{
	const char *log;

	(void)state;
	assert_int_equal(program_try("trace_nothing", &log), 0);
	assert_int_not_equal(program_try("trace_audit", &log), 0);
	/* Linux 6.1 knows but the difference between sleepable programs and others. */
	if (!strstr(log, "bpf_lsm_audit is not allowed") &&
	    !strstr(log, "bpf_lsm_audit is sleepable but the program is not"))
		fail_msg("refused for another reason: %s", log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_record_says_what_happened_and_who_says_so),
		cmocka_unit_test(test_no_message_looks_like_another_field),
		cmocka_unit_test(test_a_message_is_whole_or_refused),
		cmocka_unit_test(test_the_verdict_does_not_depend_on_audit),
		cmocka_unit_test(test_a_tracing_program_writes_no_records),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, kernel_setup, NULL);
}
