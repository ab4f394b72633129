/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Audit records of user space: their words, whatever processes call themselves and their files, and what is told when
 * none can be written. libaudit's calls to the kernel are of this file.
 */
#include "unit.h"

#include <errno.h>
#include <libaudit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "event_tools.h"

/* --- the kernel ------------------------------------------------------------- */

#define FD 77

static int open_errno, enabled, taken;		/* what it answers */
static unsigned int sent, closed;
static char record[MAX_AUDIT_MESSAGE_LENGTH], told[4096];
static uid_t login;
static int told_level;

int __wrap_audit_open(void);
int __wrap_audit_open(void)
{
	errno = open_errno;
	return open_errno ? -1 : FD;
}

void __wrap_audit_close(int fd);
void __wrap_audit_close(int fd)
{
	assert_int_equal(fd, FD);
	closed++;
}

int __wrap_audit_is_enabled(int fd);
int __wrap_audit_is_enabled(int fd)
{
	assert_int_equal(fd, FD);
	return enabled;
}

int __wrap_audit_log_user_avc_message(int fd, int type, const char *message, const char *hostname, const char *addr, const char *tty, uid_t uid);
int __wrap_audit_log_user_avc_message(int fd, int type, const char *message, const char *hostname, const char *addr, const char *tty, uid_t uid)
{
	assert_int_equal(fd, FD);
	assert_int_equal(type, AUDIT_USER_AVC);
	assert_true(!hostname && !addr && !tty);
	sent++;
	snprintf(record, sizeof(record), "%s", message);
	login = uid;
	errno = 0;
	return taken;
}

/* --- words ------------------------------------------------------------------ */

static const char *words_of(struct event_made *made)
{
	event_end(made);
	krsi_priv_audit_record(&made->event, record, KRSI_PRIV_AUDIT_SIZE);
	event_free(made);
	return record;
}

static void test_a_refusal_in_words(void **state)
{
	struct event_made made;

	(void)state;
	event_begin(&made, "file.open");
	event_number_put(&made, KRSI_EVENT_ERROR, EACCES);
	event_number_put(&made, KRSI_EVENT_PID, 812);
	event_number_put(&made, KRSI_EVENT_PPID, 1);
	event_number_put(&made, KRSI_EVENT_UID, 33);
	event_number_put(&made, KRSI_EVENT_GID, 34);
	event_number_put(&made, KRSI_EVENT_DEVICE, 8 << 20 | 17);
	event_number_put(&made, KRSI_EVENT_INODE, 4711);
	event_text_put(&made, KRSI_EVENT_COMM, "cat\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, 0);
	event_string_put(&made, KRSI_EVENT_EXE, "/usr/bin/cat");
	event_string_put(&made, KRSI_EVENT_PATH, "/etc/shadow");
	assert_string_equal(words_of(&made), "avc:  denied  { file.open } for  policy=\"web\" rule=\"shadow\" permissive=0 exit=-13 spid=812 ppid=1 euid=33 egid=34 "
			    "comm=\"cat\" dev=08:11 ino=4711 path=\"/etc/shadow\" exe=\"/usr/bin/cat\"");
}

static void test_what_is_not_carried_out_is_permissive(void **state)
{
	struct event_made made;

	(void)state;
	event_begin(&made, "process.signal");
	made.head.outcome = KRSI_EVENT_WOULD | KRSI_EVENT_UNRESOLVED;
	made.head.verdict = KRSI_EVENT_SIGNAL;
	event_number_put(&made, KRSI_EVENT_SENT_SIGNAL, 9);
	event_number_put(&made, KRSI_EVENT_TARGET_PID, 1);
	event_number_put(&made, KRSI_EVENT_SIGNAL_NUMBER, 15);
	assert_string_equal(words_of(&made), "avc:  denied  { process.signal } for  policy=\"web\" rule=\"shadow\" permissive=1 unresolved=1 sent=9 opid=1 sig=15 exe=?");
	event_begin(&made, "file.open");
	made.head.verdict = KRSI_EVENT_AUDIT;
	assert_string_equal(words_of(&made), "avc:  granted  { file.open } for  policy=\"web\" rule=\"shadow\" permissive=0 exe=?");
}

static void test_addresses_have_a_side(void **state)
{
	static const uint8_t v4[16] = { [10] = 0xff, 0xff, 10, 0, 0, 1 }, v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	struct event_made made;

	(void)state;
	event_begin(&made, "network.connect");
	event_number_put(&made, KRSI_EVENT_PORT, 443);
	event_text_put(&made, KRSI_EVENT_ADDRESS, (const char *)v4, sizeof(v4), 0);
	assert_words(words_of(&made), " faddr=10.0.0.1 fport=443 ");
	event_begin(&made, "network.bind");
	event_number_put(&made, KRSI_EVENT_PORT, 80);
	event_text_put(&made, KRSI_EVENT_ADDRESS, (const char *)v6, sizeof(v6), 0);
	assert_words(words_of(&made), " laddr=2001:db8::1 lport=80 ");
}

/* No byte of what a process chose may end its value. */
static void test_no_field_can_be_forged(void **state)
{
	char path[2] = "x", field[32];
	struct event_made made;
	int byte;

	(void)state;
	for (byte = 1; byte < 256; byte++) {
		bool plain = byte > ' ' && byte < 0x7f && byte != '"' && byte != '\'';

		path[0] = (char)byte;
		event_begin(&made, "file.open");
		event_string_put(&made, KRSI_EVENT_PATH, path);
		event_string_put(&made, KRSI_EVENT_COMM, path);
		if (plain)
			snprintf(field, sizeof(field), "=\"%c\" ", byte);
		else
			snprintf(field, sizeof(field), "=%02X ", byte);
		assert_words(words_of(&made), field);
		assert_ptr_equal(strstr(strstr(record, "comm="), field), strstr(record, "comm=") + 4);
		assert_ptr_equal(strstr(strstr(record, "path="), field), strstr(record, "path=") + 4);
	}
	event_begin(&made, "file.rename");
	event_string_put(&made, KRSI_EVENT_PATH2, "/tmp/a\" policy=\"other");
	assert_words(words_of(&made), " name=2F746D702F612220706F6C6963793D226F74686572 exe=?");
	assert_null(strstr(strstr(record, "policy=") + 1, "policy="));
}

static void test_a_value_is_told_whole_or_not(void **state)
{
	char path[4095];
	struct event_made made;

	(void)state;
	memset(path, 'a', sizeof(path));
	event_begin(&made, "file.open");
	event_text_put(&made, KRSI_EVENT_PATH, path, sizeof(path), 0);
	event_text_put(&made, KRSI_EVENT_PATH2, path, sizeof(path), 0);
	event_string_put(&made, KRSI_EVENT_EXE, "/x");
	words_of(&made);
	assert_words(record, "aaa\" name=? exe=\"/x\"");
	path[0] = ' ';
	event_begin(&made, "file.open");
	event_text_put(&made, KRSI_EVENT_PATH, path, sizeof(path), 0);
	assert_words(words_of(&made), " path=? exe=?");
	event_begin(&made, "file.open");
	event_text_put(&made, KRSI_EVENT_PATH, "/a", 2, KRSI_EVENT_TEXT_CUT);
	assert_words(words_of(&made), " path=? exe=?");
}

/* --- sending ---------------------------------------------------------------- */

static void log_keep(void *data, int level, const char *message)
{
	(void)data;
	told_level = level;
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s\n", message);
}

/* An engine with the policy "web", of which rule 1 asks for records. */
static struct krsi_engine *engine_make(struct krsi_ctx *ctx)
{
	static bool audits[2] = { false, true };
	static struct krsi_priv_policy_names names = { .audits = audits, .rule_count = 2 };
	struct krsi_engine *engine = calloc(1, sizeof(*engine));

	assert_non_null(engine);
	engine->ctx = ctx;
	engine->audit.fd = -1;
	engine->generations[1] = (struct krsi_priv_generation){ .number = 1, .policies = &names, .policy_count = 1, .audits = true };
	krsi_ctx_set_log(ctx, log_keep, KRSI_LOG_INFO, NULL);
	open_errno = 0;
	enabled = taken = 1;
	sent = closed = 0;
	told[0] = '\0';
	return engine;
}

static void engine_end(struct krsi_engine *engine)
{
	bool is_open = engine->audit.fd >= 0;

	krsi_priv_audit_end(engine);
	assert_int_equal(closed, is_open);
	free(engine);
}

static uint16_t audited;		/* of the events that are sent */

static void event_send(struct krsi_engine *engine, uint32_t generation, uint32_t rule, uint8_t kind)
{
	struct event_made made;

	event_begin(&made, "file.open");
	made.head.generation = generation;
	made.head.rule = rule;
	made.head.kind = kind;
	made.head.audited = audited;
	event_number_put(&made, KRSI_EVENT_LOGIN_UID, 1000);
	event_end(&made);
	krsi_priv_audit_send(engine, &made.event);
	event_free(&made);
}

static void test_rules_that_ask_have_records(void **state)
{
	struct krsi_engine *engine = engine_make(*state);

	krsi_priv_audit_begin(engine, &engine->generations[1]);
	assert_int_equal(told_level, KRSI_LOG_INFO);
	event_send(engine, 1, 0, KRSI_EVENT_KIND_RULE);
	event_send(engine, 1, 2, KRSI_EVENT_KIND_RULE);
	event_send(engine, 1, UINT32_MAX, KRSI_EVENT_KIND_RULE);
	event_send(engine, 9, 1, KRSI_EVENT_KIND_RULE);
	event_send(engine, 1, 1, KRSI_EVENT_KIND_LOST);
	audited = 1;	/* by the kernel */
	event_send(engine, 1, 1, KRSI_EVENT_KIND_RULE);
	audited = 0;
	assert_int_equal(sent, 0);
	event_send(engine, 1, 1, KRSI_EVENT_KIND_RULE);
	assert_int_equal(sent, 1);
	assert_int_equal(login, 1000);
	assert_words(record, "avc:  denied  { file.open } for  policy=\"web\" rule=\"shadow\"");
	engine_end(engine);
}

static void test_policies_that_do_not_ask_open_nothing(void **state)
{
	struct krsi_engine *engine = engine_make(*state);

	engine->generations[1].audits = false;
	krsi_priv_audit_begin(engine, &engine->generations[1]);
	assert_int_equal(engine->audit.fd, -1);
	assert_string_equal(told, "");
	engine_end(engine);
}

static void test_what_keeps_records_away_is_told(void **state)
{
	static const struct {
		int open_errno, enabled;
		const char *words;
	} cases[] = {
		{ EPROTONOSUPPORT, 1, "this kernel has no audit system (CONFIG_AUDIT), or it is off until the next boot: boot without audit=0" },
		{ EMFILE, 1, "cannot be reached: Too many open files" },
		{ 0, 0, "audit is off, so records are in the kernel's log only" },
	};
	struct krsi_engine *engine;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		engine = engine_make(*state);
		open_errno = cases[i].open_errno;
		enabled = cases[i].enabled;
		krsi_priv_audit_begin(engine, &engine->generations[1]);
		assert_int_equal(told_level, KRSI_LOG_WARN);
		assert_words(told, cases[i].words);
		event_send(engine, 1, 1, KRSI_EVENT_KIND_RULE);
		assert_int_equal(sent, !open_errno);
		engine_end(engine);
	}
}

static void test_a_kernel_that_takes_none_is_told_once(void **state)
{
	struct krsi_engine *engine = engine_make(*state);
	int i;

	krsi_priv_audit_begin(engine, &engine->generations[1]);
	told[0] = '\0';
	taken = -EPERM;
	for (i = 0; i < 3; i++)
		event_send(engine, 1, 1, KRSI_EVENT_KIND_RULE);
	assert_int_equal(told_level, KRSI_LOG_WARN);
	assert_string_equal(told, "engine: report: audit: the kernel does not take a record: EPERM, it needs CAP_AUDIT_WRITE; events are told all the same\n");
	told[0] = '\0';
	taken = 5;
	event_send(engine, 1, 1, KRSI_EVENT_KIND_RULE);
	event_send(engine, 1, 1, KRSI_EVENT_KIND_RULE);
	assert_string_equal(told, "engine: report: audit: the kernel takes records again; 3 are missing\n");
	told[0] = '\0';
	taken = 0;
	event_send(engine, 1, 1, KRSI_EVENT_KIND_RULE);
	assert_words(told, "it has no audit system, or was booted with audit=0");
	engine_end(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_refusal_in_words),
		cmocka_unit_test(test_what_is_not_carried_out_is_permissive),
		cmocka_unit_test(test_addresses_have_a_side),
		cmocka_unit_test(test_no_field_can_be_forged),
		cmocka_unit_test(test_a_value_is_told_whole_or_not),
		ctx_test(test_rules_that_ask_have_records),
		ctx_test(test_policies_that_do_not_ask_open_nothing),
		ctx_test(test_what_keeps_records_away_is_told),
		ctx_test(test_a_kernel_that_takes_none_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
