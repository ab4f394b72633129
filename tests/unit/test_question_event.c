/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Events asked again: what a policy says of what an event tells. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "policy_tools.h"

#include "event/event.h"

#define RULE(on, object) "version: 1\nname: p\nrules:\n  - { name: r, on: " on ", " object ", action: { deny: EACCES } }\n"

static void begin(struct krsi_priv_event_record *record, uint16_t operation)
{
	struct event_head head = { .kind = KRSI_EVENT_KIND_RULE, .operation = operation };

	krsi_priv_event_begin(record, &head);
	krsi_priv_event_put_number(record, KRSI_EVENT_PID, 100);
	krsi_priv_event_put_number(record, KRSI_EVENT_START_TIME, 1000);
	krsi_priv_event_put_number(record, KRSI_EVENT_UID, 1000);
	krsi_priv_event_put_number(record, KRSI_EVENT_GID, 100);
	krsi_priv_event_put_number(record, KRSI_EVENT_CAP_EFFECTIVE, 1ULL << 21);
	krsi_priv_event_put_number(record, KRSI_EVENT_NS_MNT, 4026531840);
	krsi_priv_event_put(record, KRSI_EVENT_EXE, "/usr/bin/cat", 12, 0);
	krsi_priv_event_put(record, KRSI_EVENT_CGROUP, "/system.slice/web.service", 25, 0);
}

static void text_put(struct krsi_priv_event_record *record, uint32_t field, const char *text, uint32_t flags)
{
	krsi_priv_event_put(record, field, text, strlen(text), flags);
}

static void open_put(struct krsi_priv_event_record *record)
{
	begin(record, 10);
	text_put(record, KRSI_EVENT_PATH, "/etc/sha\n?w*", 0);
	krsi_priv_event_put_number(record, KRSI_EVENT_INODE, 77);
	krsi_priv_event_put_number(record, KRSI_EVENT_DEVICE, 8 << 20 | 1);
	krsi_priv_event_put_number(record, KRSI_EVENT_MODE, S_IFREG | 0640);
	krsi_priv_event_put_number(record, KRSI_EVENT_OWNER, 5);
	krsi_priv_event_put_number(record, KRSI_EVENT_FACTS, KRSI_EVENT_FACT_TMPFS | KRSI_EVENT_FACT_UNLINKED);
}

static void open_cut_put(struct krsi_priv_event_record *record)
{
	begin(record, 10);
	text_put(record, KRSI_EVENT_PATH, "/etc/shadow", KRSI_EVENT_TEXT_FOREIGN);
}

static void connect_put(struct krsi_priv_event_record *record)
{
	static const uint8_t address[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 };

	begin(record, 31);
	krsi_priv_event_put_number(record, KRSI_EVENT_FAMILY, AF_INET);
	krsi_priv_event_put_number(record, KRSI_EVENT_PORT, 443);
	krsi_priv_event_put(record, KRSI_EVENT_ADDRESS, address, sizeof(address), 0);
}

static void exec_put(struct krsi_priv_event_record *record)
{
	begin(record, 1);
	text_put(record, KRSI_EVENT_PATH, "/usr/bin/curl", 0);
	krsi_priv_event_put(record, KRSI_EVENT_STRINGS, "curl\0--upload\0HOME=/\0LD_PRELOAD=/x.so", 38, 0);
	krsi_priv_event_put_number(record, KRSI_EVENT_ARGC, 2);
}

static void signal_put(struct krsi_priv_event_record *record)
{
	begin(record, 2);
	krsi_priv_event_put_number(record, KRSI_EVENT_SIGNAL_NUMBER, 9);
	krsi_priv_event_put_number(record, KRSI_EVENT_TARGET_PID, 50);
	krsi_priv_event_put_number(record, KRSI_EVENT_TARGET_START_TIME, 500);
}

/* A shell, 50, whose child is the subject of all events. */
static struct krsi_processes *table(struct krsi_ctx *ctx)
{
	struct event_head head = { .kind = KRSI_EVENT_KIND_PROCESS };
	struct krsi_processes *processes;
	struct krsi_priv_event_record record;
	struct krsi_event event;
	int i;

	assert_ok(ctx, krsi_processes_new(ctx, NULL, &processes));
	for (i = 0; i < 2; i++) {
		krsi_priv_event_begin(&record, &head);
		krsi_priv_event_put_number(&record, KRSI_EVENT_PID, i ? 100 : 50);
		krsi_priv_event_put_number(&record, KRSI_EVENT_START_TIME, i ? 1000 : 500);
		krsi_priv_event_put_number(&record, KRSI_EVENT_PPID, i ? 50 : 1);
		krsi_priv_event_put_number(&record, KRSI_EVENT_PARENT_START_TIME, i ? 500 : 1);
		krsi_priv_event_put_number(&record, KRSI_EVENT_UID, i ? 1000 : 0);
		text_put(&record, KRSI_EVENT_EXE, i ? "/usr/bin/cat" : "/bin/sh", 0);
		assert_true(krsi_priv_event_end(&record));
		assert_true(krsi_priv_event_read(record.bytes, record.size, &event));
		assert_int_equal(krsi_processes_event(processes, &event), 0);
		free(record.bytes);
	}
	return processes;
}

static bool denies(struct krsi_ctx *ctx, const char *yaml, void (*put)(struct krsi_priv_event_record *record), struct krsi_processes *processes)
{
	struct krsi_decision_info decision = { .sz = sizeof(decision) };
	struct krsi_policy *policy = policy_parse(ctx, yaml);
	struct krsi_priv_event_record record;
	struct krsi_question *question;
	struct krsi_matcher *matcher;
	struct krsi_event event;

	assert_ok(ctx, krsi_matcher_new(ctx, &policy, 1, NULL, &matcher));
	krsi_policy_free(policy);
	put(&record);
	assert_true(krsi_priv_event_end(&record));
	assert_true(krsi_priv_event_read(record.bytes, record.size, &event));
	event.environment = true;
	assert_ok(ctx, krsi_question_event(ctx, &event, processes, &question));
	assert_ok(ctx, krsi_matcher_decide(matcher, question, &decision));
	krsi_question_free(question);
	krsi_matcher_free(matcher);
	free(record.bytes);
	return decision.verdict == KRSI_EVENT_DENY;
}

static void test_what_an_event_knows_decides(void **state)
{
	static const struct {
		void (*put)(struct krsi_priv_event_record *record);
		const char *yes, *no;
	} cases[] = {
		{ open_put, RULE("file.open", "object: { path: \"/etc/sha\\n\\\\?w\\\\*\" }"), RULE("file.open", "object: { path: /etc/shadow }") },
		{ open_put, RULE("file.open", "object: { path: \"/etc/**\" }"), RULE("file.open", "object: { path: \"/tmp/**\" }") },
		{ open_put, RULE("file.open", "object: { identity: \"8:1:77\" }"), RULE("file.open", "object: { identity: \"8:1:78\" }") },
		{ open_put, RULE("file.open", "object: { type: regular }"), RULE("file.open", "object: { type: directory }") },
		{ open_put, RULE("file.open", "object: { owner: 5 }"), RULE("file.open", "object: { owner: 6 }") },
		{ open_put, RULE("file.open", "object: { facts: unlinked }"), RULE("file.open", "object: { facts: memfd }") },
		{ open_put, RULE("file.open", "subject: { uid: 1000 }"), RULE("file.open", "subject: { uid: 0 }") },
		{ open_put, RULE("file.open", "subject: { gid: 100 }"), RULE("file.open", "subject: { gid: 101 }") },
		{ open_put, RULE("file.open", "subject: { login_uid: unset }"), RULE("file.open", "subject: { login_uid: 0 }") },
		{ open_put, RULE("file.open", "subject: { capabilities: CAP_SYS_ADMIN }"), RULE("file.open", "subject: { capabilities: CAP_CHOWN }") },
		{ open_put, RULE("file.open", "subject: { exe: /usr/bin/cat }"), RULE("file.open", "subject: { exe: /usr/bin/dog }") },
		{ open_put, RULE("file.open", "subject: { cgroup: /system.slice }"), RULE("file.open", "subject: { cgroup: /user.slice }") },
		{ open_put, RULE("file.open", "subject: { namespaces: { mnt: 4026531840 } }"), RULE("file.open", "subject: { namespaces: { mnt: 4026531841 } }") },
		{ open_put, RULE("file.open", "subject: { parent: { exe: /bin/sh } }"), RULE("file.open", "subject: { parent: { exe: /bin/zsh } }") },
		{ open_put, RULE("file.open", "subject: { descendant_of: { exe: /bin/sh, uid: 0 } }"), RULE("file.open", "subject: { descendant_of: { uid: 3 } }") },
		/* Where it is for the subject nobody knows: refused, as the rule might mean it. */
		{ open_cut_put, RULE("file.open", "object: { path: /etc/passwd }"), RULE("file.read", "object: { path: /etc/passwd }") },
		{ connect_put, RULE("network.connect", "object: { address: 192.0.2.0/24, port: 443 }"), RULE("network.connect", "object: { address: 192.0.3.0/24 }") },
		{ connect_put, RULE("network.connect", "object: { family: inet }"), RULE("network.connect", "object: { port: 80 }") },
		{ exec_put, RULE("process.exec", "object: { argv: \"--upload\" }"), RULE("process.exec", "object: { argv: \"HOME=/\" }") },
		{ exec_put, RULE("process.exec", "object: { env: LD_PRELOAD }"), RULE("process.exec", "object: { env: LD_AUDIT }") },
		{ signal_put, RULE("process.signal", "object: { signal: KILL }"), RULE("process.signal", "object: { signal: TERM }") },
		{ signal_put, RULE("process.signal", "object: { target: { exe: /bin/sh } }"), RULE("process.signal", "object: { target: { exe: /bin/x } }") },
	};
	struct krsi_processes *processes = table(*state);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!denies(*state, cases[i].yes, cases[i].put, processes))
			fail_msg("not denied: %s", cases[i].yes);
		if (denies(*state, cases[i].no, cases[i].put, processes))
			fail_msg("denied: %s", cases[i].no);
	}
	/* Without the table nobody descends from anybody. */
	assert_false(denies(*state, RULE("file.open", "subject: { parent: { exe: /bin/sh } }"), open_put, NULL));
	krsi_processes_free(processes);
}

/* "" when nothing is. */
static const char *unknown(struct krsi_ctx *ctx, const char *yaml, void (*put)(struct krsi_priv_event_record *record), struct krsi_processes *processes)
{
	struct krsi_policy *policy = policy_parse(ctx, yaml);
	struct krsi_priv_event_record record;
	static char text[256];
	struct krsi_question *question;
	struct krsi_matcher *matcher;
	struct krsi_event event;
	const char *key;
	size_t i;

	text[0] = '\0';
	assert_ok(ctx, krsi_matcher_new(ctx, &policy, 1, NULL, &matcher));
	krsi_policy_free(policy);
	put(&record);
	assert_true(krsi_priv_event_end(&record));
	assert_true(krsi_priv_event_read(record.bytes, record.size, &event));
	event.environment = put != open_put;
	assert_ok(ctx, krsi_question_event(ctx, &event, processes, &question));
	for (i = 0; (key = krsi_matcher_unknown(matcher, question, i)); i++)
		strcat(strcat(text, *text ? " " : ""), key);
	krsi_question_free(question);
	krsi_matcher_free(matcher);
	free(record.bytes);
	return text;
}

static void test_what_an_event_does_not_tell_is_named_where_a_rule_asks_for_it(void **state)
{
	static const char parent[] = RULE("file.open", "subject: { parent: { exe: /bin/sh } }");
	static const char descendant[] = RULE("file.open", "subject: { descendant_of: { exe: /bin/sh } }");
	struct krsi_processes *processes = table(*state);

	assert_string_equal(unknown(*state, RULE("file.open", "object: { path: /x }, subject: { exe: /x, uid: 1, login_uid: 2 }"), open_put, NULL), "");
	assert_string_equal(unknown(*state, RULE("file.open", "subject: { tag: x }"), open_put, NULL), "subject.tag");
	assert_string_equal(unknown(*state, RULE("file.read", "subject: { tag: x }"), open_put, NULL), "");
	assert_string_equal(unknown(*state, RULE("file.open", "object: { filesystem: nfs }, unless: { gid: 4 }"), open_put, NULL), "subject.gid object.filesystem");
	assert_string_equal(unknown(*state, parent, open_put, NULL), "subject.parent");
	assert_string_equal(unknown(*state, parent, open_put, processes), "");
	/* The shell's own parent is not in the table. */
	assert_string_equal(unknown(*state, descendant, open_put, processes), "subject.descendant_of");
	assert_string_equal(unknown(*state, RULE("file.open", "subject: { parent: { tag: x } }"), open_put, processes), "subject.tag");
	assert_string_equal(unknown(*state, RULE("process.signal", "object: { target: { uid: 0 } }"), signal_put, NULL), "object.target");
	assert_string_equal(unknown(*state, RULE("process.signal", "object: { target: { uid: 0 } }"), signal_put, processes), "");
	assert_string_equal(unknown(*state, RULE("process.exec", "object: { argv: x, env: X }"), exec_put, NULL), "");
	assert_null(krsi_matcher_unknown(NULL, NULL, 0));
	krsi_processes_free(processes);
}

static void test_other_kinds_are_no_question(void **state)
{
	struct event_head head = { .kind = KRSI_EVENT_KIND_EXIT };
	struct krsi_question *question = NULL;
	struct krsi_priv_event_record record;
	struct krsi_event event;

	krsi_priv_event_begin(&record, &head);
	assert_true(krsi_priv_event_end(&record));
	assert_true(krsi_priv_event_read(record.bytes, record.size, &event));
	assert_int_equal(krsi_question_event(*state, &event, NULL, &question), -ENOENT);
	assert_int_equal(krsi_question_event(*state, NULL, NULL, &question), -EINVAL);
	assert_null(question);
	free(record.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_what_an_event_knows_decides),
		ctx_test(test_what_an_event_does_not_tell_is_named_where_a_rule_asks_for_it),
		ctx_test(test_other_kinds_are_no_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
