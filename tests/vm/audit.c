/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Rules with report: audit, and their records as who listens to the kernel's audit system gets them: from user space, and
 * where the kernel has libkrsi's patches, or /test/krsi.ko was taken along, from the programs themselves.
 */
#include "engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libaudit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FEATURES "/sys/kernel/security/krsi/features"
#define MODULE "/test/krsi.ko"
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

/* The next record of that type, without "audit(TIME:SERIAL): " before it. The kernel's own are of AUDIT_BPF, as are those of loading programs. */
static const char *record_next(int type)
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
	} while (record.header.nlmsg_type != type || (type == AUDIT_BPF && !strstr(record.text, " op=lsm ") && !strstr(record.text, ": op=lsm ")));
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
	record = record_next(AUDIT_USER_AVC);
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
	assert_has(record_next(AUDIT_USER_AVC), " msg='avc:  granted  { file.open } for  policy=\"p\" rule=\"seen\" permissive=0 spid=");
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
	record = record_next(AUDIT_USER_AVC);
	assert_has(record, " path=2F746D702F656E67696E652F7320222720");
	assert_null(strstr(record, "other"));
	engine_stop(&e);
}

/* --- the kernel's own -------------------------------------------------------- */

static bool has_additions(void)
{
	return access(FEATURES, F_OK) == 0;
}

static void audit_set(bool on)
{
	int fd = audit_open();

	assert_true(fd >= 0);
	assert_true(audit_set_enabled(fd, on) > 0);
	audit_close(fd);
}

/* Whether the programs of the engine can have records written here. */
static bool programs_write(void)
{
	return has_additions() && vm_bpf_is_active() && vm_kernel_at_least(6, 5);
}

static void test_the_module_is_loaded(void **state)
{
	int fd;

	(void)state;
	if (has_additions())
		skip_because("it is there, or patches are");
	fd = open(MODULE, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		skip_because("this kernel has no patches, and " MODULE " was not taken along");
	assert_int_equal(syscall(SYS_finit_module, fd, "", 0), 0);
	close(fd);
}

#define skip_unless_programs_write()										\
	do {													\
		if (!programs_write())										\
			skip_because("programs that do not sleep cannot write records here");			\
	} while (0)

/* Before anybody has read the event; and user space does not write another one. */
static void test_the_kernel_writes_records_at_the_verdict(void **state)
{
	struct engine e;
	char words[64];
	const char *record;

	skip_unless_programs_write();
	audit_set(true);
	e = engine_start_new(*state, RULES QUIET TOLD SEEN);
	assert_int_equal(try_open("/tmp/engine/other", O_RDONLY), EACCES);
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), EACCES);
	record = record_next(AUDIT_BPF);
	assert_has(record, " msg=\"p/told:file.open:denied:13:/tmp/engine/secret\"");
	snprintf(words, sizeof(words), " pid=%d uid=0 ", (int)getpid());
	assert_has(record, words);
	assert_has(record, " comm=\"vm_audit\"");
	assert_int_equal(engine_events_drain(&e), 2);
	/* While audit is off the kernel takes records of user space only. */
	audit_set(false);
	assert_int_equal(try_open("/tmp/engine/xy.conf", O_RDONLY), 0);
	assert_int_equal(engine_events_drain(&e), 1);
	assert_has(record_next(AUDIT_USER_AVC), " rule=\"seen\" ");
	audit_set(true);
	engine_stop_new(&e);
}

#define OBJECTS RULES "  - { name: c, on: network.connect, object: { port: 4711 }, action: { deny: EACCES }, mode: permissive, report: audit }\n" \
	"  - { name: s, on: process.signal, object: { signal: USR1 }, action: deny, report: audit }\n" ODD

static void test_records_have_the_object(void **state)
{
	const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(4711), .sin_addr.s_addr = htonl(0x7f000001) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct engine e;
	char words[64];

	skip_unless_programs_write();
	e = engine_start_new(*state, OBJECTS);
	connect(fd, (const struct sockaddr *)&address, sizeof(address));
	assert_has(record_next(AUDIT_BPF), " msg=\"p/c:network.connect:permissive:13:[0000:0000:0000:0000:0000:ffff:7f00:0001]:4711\"");
	assert_int_equal(kill(getppid(), SIGUSR1), -1);
	snprintf(words, sizeof(words), " msg=\"p/s:process.signal:denied:1:pid=%d\"", (int)getppid());
	assert_has(record_next(AUDIT_BPF), words);
	/* What is not plain makes the whole hexadecimal. */
	assert_int_equal(try_open(STRANGE, O_RDONLY), EACCES);
	assert_has(record_next(AUDIT_BPF), " msg=702f6f64643a66696c652e6f70656e3a64656e6965643a31333a2f746d702f656e67696e652f7320");
	engine_stop_new(&e);
	close(fd);
}

/* That one is decided by a tracing program, which the kernel takes no records of. */
static void test_records_of_setns_come_from_user_space(void **state)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	struct engine e;

	skip_unless_programs_write();
	e = engine_start_new(*state, RULES TOLD "  - { name: n, on: process.setns, action: audit, report: audit }\n");
	assert_int_equal(setns(fd, 0), 0);
	assert_string_equal(engine_event(&e).rule, "n");
	assert_has(record_next(AUDIT_USER_AVC), " { process.setns } for  policy=\"p\" rule=\"n\" ");
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), EACCES);
	assert_has(record_next(AUDIT_BPF), " msg=\"p/told:");
	engine_stop_new(&e);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_refusals_of_rules_that_ask_have_records),
		vm_test(test_what_is_allowed_can_have_records_too),
		vm_test(test_a_name_of_a_file_is_no_field),
		vm_test(test_the_module_is_loaded),
		vm_test(test_the_kernel_writes_records_at_the_verdict),
		vm_test(test_records_have_the_object),
		vm_test(test_records_of_setns_come_from_user_space),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, records_listen, NULL);
}
