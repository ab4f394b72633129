/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Rules: operations and groups, actions, what must hold between the keys, defaults, and what never decides. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "policy_tools.h"

#define BIT(name) KRSI_PRIV_OP_BIT(KRSI_PRIV_OP_##name)
#define POLICY "version: 1\nname: x\n"
#define RULES POLICY "rules:\n"

static uint64_t mask_of(const char *word)
{
	size_t found;

	assert_true(krsi_priv_operation_find(word, &found));
	return krsi_priv_operation_mask(found);
}

static void test_operations_keep_their_numbers(void **state)
{
	/* Recorded events and pinned maps have them: never change one of these lines. */
	static const struct {
		const char *name;
		unsigned int number;
	} shipped[] = {
		{ "process.exec", 1 }, { "process.signal", 2 }, { "process.ptrace", 3 }, { "process.memory_write", 4 },
		{ "process.setuid", 5 }, { "process.setgid", 6 }, { "process.capset", 7 }, { "process.unshare", 8 },
		{ "process.setns", 9 }, { "file.open", 10 }, { "file.read", 11 }, { "file.write", 12 },
		{ "file.append", 13 }, { "file.exec_mmap", 14 }, { "file.mprotect_exec", 15 }, { "file.create", 16 },
		{ "file.unlink", 17 }, { "file.rename", 18 }, { "file.link", 19 }, { "file.symlink", 20 },
		{ "file.mkdir", 21 }, { "file.rmdir", 22 }, { "file.mknod", 23 }, { "file.truncate", 24 },
		{ "file.chmod", 25 }, { "file.chown", 26 }, { "file.setxattr", 27 }, { "file.ioctl", 28 },
		{ "network.socket", 29 }, { "network.bind", 30 }, { "network.connect", 31 }, { "network.listen", 32 },
		{ "network.accept", 33 }, { "network.send", 34 }, { "mount.mount", 35 }, { "mount.umount", 36 },
		{ "mount.move", 37 }, { "mount.pivot_root", 38 }, { "mount.remount", 39 }, { "kernel.module_load", 40 },
		{ "kernel.kexec", 41 }, { "kernel.bpf", 42 }, { "kernel.perf", 43 }, { "kernel.settime", 44 },
	};
	size_t i;

	(void)state;
	assert_int_equal(ARRAY_SIZE(shipped), KRSI_PRIV_OP_END - 1);
	for (i = 0; i < ARRAY_SIZE(shipped); i++)
		assert_string_equal(krsi_priv_operation(shipped[i].number)->name, shipped[i].name);
}

static void test_groups_are_what_their_names_say(void **state)
{
	unsigned int i, group;
	static const char *const groups[] = { "process", "file", "network", "mount", "kernel" };

	(void)state;
	for (i = 1; i < KRSI_PRIV_OP_END; i++) {
		const char *name = krsi_priv_operation(i)->name;
		unsigned int in = 0;

		for (group = 0; group < ARRAY_SIZE(groups); group++)
			in += strncmp(name, groups[group], strlen(groups[group])) == 0 && (mask_of(groups[group]) & KRSI_PRIV_OP_BIT(i));
		assert_int_equal(in, 1);
	}
	/* To change a file or to give it another name is to write it; to give it another name is to read it. */
	assert_true(mask_of("file.write") & BIT(FILE_UNLINK) & mask_of("file"));
	assert_int_equal(mask_of("file.write") & BIT(MOUNT_MOUNT), BIT(MOUNT_MOUNT));
	assert_int_equal(mask_of("file.read"), BIT(FILE_READ) | BIT(FILE_LINK) | BIT(FILE_RENAME) | BIT(MOUNT_MOUNT) | BIT(MOUNT_MOVE));
	assert_int_equal(mask_of("file.write") & BIT(FILE_READ), 0);
	assert_int_equal(mask_of("file") & mask_of("file.write"), mask_of("file.write"));
	assert_int_equal(mask_of("file.open"), BIT(FILE_OPEN));
}

static void test_on_is_a_union_without_what_is_excluded(void **state)
{
	static const struct {
		const char *on;
		uint64_t mask;
	} cases[] = {
		{ "file.open", BIT(FILE_OPEN) },
		{ "[file.open, network.bind]", BIT(FILE_OPEN) | BIT(NETWORK_BIND) },
		{ "[network, \"!network.socket\", \"!network.bind\"]",
		  BIT(NETWORK_CONNECT) | BIT(NETWORK_LISTEN) | BIT(NETWORK_ACCEPT) | BIT(NETWORK_SEND) },
		{ "[file.read, \"!mount\"]", BIT(FILE_READ) | BIT(FILE_LINK) | BIT(FILE_RENAME) },
	};
	struct policy_text text = { 0 };
	struct krsi_policy *policy;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		text.size = 0;
		policy_text_add(&text, "    on: %s\n    action: audit\n", cases[i].on);
		policy = policy_rule_parse(*state, text.text);
		assert_true(policy->rules[0].operations == cases[i].mask);
		policy_round_trip(*state, policy);
		krsi_policy_free(policy);
	}
	policy_text_free(&text);
}

static void test_actions_in_all_forms(void **state)
{
	static const struct {
		const char *action;
		struct krsi_priv_action expect;
		bool report;
		struct krsi_priv_limit limit;
	} cases[] = {
		{ "allow", { .verdict = KRSI_PRIV_ALLOW }, false, { 0 } },
		{ "audit", { .verdict = KRSI_PRIV_AUDIT }, true, { 0 } },
		{ "deny", { .verdict = KRSI_PRIV_DENY, .error = EPERM }, true, { 0 } },
		{ "{ deny: EACCES }", { .verdict = KRSI_PRIV_DENY, .error = EACCES }, true, { 0 } },
		{ "{ deny: EPERM, limit: 10/s }", { .verdict = KRSI_PRIV_DENY, .error = EPERM }, true, { 10, 1 } },
		{ "kill", { .verdict = KRSI_PRIV_SIGNAL, .error = EPERM, .signal = SIGKILL }, true, { 0 } },
		{ "{ signal: SIGKILL }", { .verdict = KRSI_PRIV_SIGNAL, .error = EPERM, .signal = SIGKILL }, true, { 0 } },
		{ "{ signal: term }", { .verdict = KRSI_PRIV_SIGNAL, .error = EPERM, .signal = SIGTERM }, true, { 0 } },
		{ "{ signal: 40, limit: 100/m }", { .verdict = KRSI_PRIV_SIGNAL, .error = EPERM, .signal = 40 }, true, { 100, 60 } },
		{ "{ tag: risky }", { .verdict = KRSI_PRIV_TAG, .tag = "risky" }, false, { 0 } },
		{ "{ tag: risky, tree: true }", { .verdict = KRSI_PRIV_TAG, .tag = "risky", .tree = true }, false, { 0 } },
		{ "{ tag: risky, tree: false }", { .verdict = KRSI_PRIV_TAG, .tag = "risky" }, false, { 0 } },
		{ "audit\n    limit: 5/h", { .verdict = KRSI_PRIV_AUDIT }, true, { 5, 3600 } },
		{ "allow\n    report: true\n    limit: 1000000/s", { .verdict = KRSI_PRIV_ALLOW }, true, { 1000000, 1 } },
		{ "deny\n    report: false", { .verdict = KRSI_PRIV_DENY, .error = EPERM }, false, { 0 } },
		{ "deny\n    report: audit", { .verdict = KRSI_PRIV_DENY, .error = EPERM }, true, { 0 } },
		{ "allow\n    report: audit\n    limit: 5/h", { .verdict = KRSI_PRIV_ALLOW }, true, { 5, 3600 } },
	};
	struct policy_text text = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct krsi_priv_rule *rule;
		struct krsi_policy *policy;

		text.size = 0;
		policy_text_add(&text, "    on: file.open\n    action: %s\n", cases[i].action);
		policy = policy_rule_parse(*state, text.text);
		rule = &policy->rules[0];
		assert_int_equal(rule->action.verdict, cases[i].expect.verdict);
		assert_int_equal(rule->action.error, cases[i].expect.error);
		assert_int_equal(rule->action.signal, cases[i].expect.signal);
		assert_int_equal(rule->action.tree, cases[i].expect.tree);
		if (cases[i].expect.tag)
			assert_string_equal(rule->action.tag, cases[i].expect.tag);
		assert_int_equal(rule->report, cases[i].report);
		assert_int_equal(rule->audit, strstr(cases[i].action, "report: audit") != NULL);
		assert_int_equal(rule->limit.count, cases[i].limit.count);
		assert_int_equal(rule->limit.seconds, cases[i].limit.seconds);
		policy_round_trip(*state, policy);
		krsi_policy_free(policy);
	}
	policy_text_free(&text);
}

static void test_keys_of_a_rule_that_are_wrong(void **state)
{
	static const struct {
		const char *keys, *words;
	} cases[] = {
		{ "    action: deny\n", "policy:4:5: the key on is missing; a rule needs one" },
		{ "    on: file.open\n", "policy:4:5: the key action is missing" },
		{ "    on: []\n    action: deny\n", "policy:5:9: an empty list; name an operation or a group" },
		{ "    on: file.opne\n    action: deny\n", "no operation or group is called \"file.opne\", did you mean file.open" },
		{ "    on: [file.open, [file.read]]\n    action: deny\n", "an entry wants an operation or a group, such as file.open, not a list" },
		{ "    on: \"!file.open\"\n    action: deny\n", "the list only excludes; name the group that is meant as well" },
		{ "    on: [file.open, \"!file\"]\n    action: deny\n", "the list excludes all that it names" },
		{ "    on: FILE.open\n    action: deny\n", "no operation or group is called \"FILE.open\"" },
		{ "    on: file.open\n    action: denny\n", "not \"denny\", did you mean deny?" },
		{ "    on: file.open\n    action: { deny: EACESS }\n", "\"EACESS\" is not the name of an error of errno(3), did you mean EACCES" },
		{ "    on: file.open\n    action: { deny: 13 }\n", "\"13\" is not the name of an error" },
		{ "    on: file.open\n    action: { deny: }\n", "deny wants the name of an error, such as EACCES, not nothing" },
		{ "    on: file.open\n    action: { deny: EPERM, signal: TERM }\n", "policy:6:28: an action does one thing" },
		{ "    on: file.open\n    action: { kill: true }\n", "kill has nothing behind it; write action: kill" },
		{ "    on: file.open\n    action: { audit: , limit: 1/s }\n", "audit has nothing behind it; write action: audit, and limit as a key of the rule" },
		{ "    on: file.open\n    action: { limit: 1/s }\n", "an action without deny, signal or tag" },
		{ "    on: file.open\n    action: {}\n", "an action without deny, signal or tag" },
		{ "    on: file.open\n    action: [deny]\n", "not a list" },
		{ "    on: file.open\n    action: { signal: 0 }\n", "signal 0 is sent to nobody" },
		{ "    on: file.open\n    action: { signal: 65 }\n", "too large" },
		{ "    on: file.open\n    action: { signal: TREM }\n", "\"TREM\" is no signal" },
		{ "    on: file.open\n    action: { deny: EPERM, tree: true }\n", "tree belongs to a tag" },
		{ "    on: file.open\n    action: { tag: a, tree: yes }\n", "tree wants true or false, not \"yes\"" },
		{ "    on: file.open\n    action: { tag: 'a b' }\n", "\"a b\" cannot be a name" },
		{ "    on: file.open\n    action: { tag: a, deny: EPERM }\n", "an action does one thing" },
		{ "    on: file.open\n    action: deny\n    limit: 10\n", "is no rate; write a number of events per second, minute or hour" },
		{ "    on: file.open\n    action: deny\n    limit: 10/d\n", "is no rate" },
		{ "    on: file.open\n    action: deny\n    limit: /s\n", "is no number" },
		{ "    on: file.open\n    action: deny\n    limit: 0/s\n", "a rate of 0 events; write report: false" },
		{ "    on: file.open\n    action: deny\n    limit: 1000001/s\n", "too large" },
		{ "    on: file.open\n    action: { deny: EPERM, limit: 1/s }\n    limit: 1/s\n", "the rule has a limit twice" },
		{ "    on: file.open\n    action: allow\n    limit: 1/s\n", "a limit on events, and no events" },
		{ "    on: file.open\n    action: audit\n    report: false\n", "audit without a report does nothing" },
		{ "    on: file.open\n    action: deny\n    report: maybe\n", "report wants true, false or audit" },
		{ "    on: file.open\n    action: deny\n    mode: off\n", "mode wants enforce or permissive" },
		{ "    on: file.open\n    action: deny\n    already_open: 1\n", "already_open wants true or false" },
		{ "    on: process.exec\n    action: deny\n    already_open: true\n", "policy:5:5: already_open is about files that are used after they were opened" },
		{ "    on: process.setns\n    action: deny\n", "policy:6:5: process.setns cannot be denied, as no kernel asks before it happens; write audit or kill" },
		{ "    on: process\n    action: deny\n", "process.setns cannot be denied" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		policy_rule_refuse(*state, cases[i].keys, cases[i].words);
}

static void test_an_object_makes_sense_for_each_operation(void **state)
{
	static const struct {
		const char *keys, *words;
	} cases[] = {
		{ "    on: file.open\n    object: { port: 80 }\n",
		  "policy:6:15: port makes no sense for file.open; it is for network.bind, network.connect, network.listen, network.accept and network.send" },
		{ "    on: [file.open, network.connect]\n    object: { path: /x }\n", "path makes no sense for network.connect; it is for" },
		{ "    on: network\n    object: { port: 80 }\n", "port makes no sense for network.socket" },
		{ "    on: process\n    object: { signal: KILL }\n", "so write two rules" },
		{ "    on: process.exec\n    object: { target: { uid: 0 } }\n", "target makes no sense for process.exec; it is for process.signal, process.ptrace and process.memory_write" },
		{ "    on: process.signal\n    object: { target: /mnt }\n", "target makes no sense for process.signal; it is for mount.mount, mount.umount, mount.move and mount.remount" },
		{ "    on: mount.mount\n    object: { target: { uid: 0 } }\n", "target makes no sense for mount.mount; it is for process.signal" },
		{ "    on: file.open\n    unless: { port: 80 }\n", "port makes no sense for file.open" },
		{ "    on: file.write\n    object: { source: /x }\n", "source makes no sense for file.write" },
		{ "    on: kernel.bpf\n    object: { path: /x }\n", "path makes no sense for kernel.bpf" },
		{ "    on: network.connect\n    object: { port: 80, unix_path: /x }\n", "nothing has both a unix_path and a port" },
		{ "    on: network.connect\n    object: { address: 10.0.0.1, unix_path: /x }\n", "nothing has both a unix_path and an address" },
		{ "    on: network.connect\n    object: { family: unix, port: 80 }\n", "only the families inet and inet6 have ports" },
		{ "    on: network.connect\n    object: { family: [inet, unix], unix_path: \"@x\", }\n    unless: { family: inet, unix_path: /x }\n", "only the family unix has paths" },
		{ "    on: file.open\n    object: { path: /a/b }\n    unless: { path: /a/** }\n", "unless exempts all that the rule matches, so it never applies" },
		{ "    on: file.open\n    subject: { uid: 5 }\n    unless: { uid: 1-9 }\n", "unless exempts all that the rule matches" },
	};
	struct policy_text text = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		text.size = 0;
		policy_text_add(&text, "%s    action: audit\n", cases[i].keys);
		policy_rule_refuse(*state, text.text, cases[i].words);
	}
	policy_text_free(&text);
	krsi_policy_free(policy_rule_parse(*state, "    on: file.write\n    object: { path: /x, type: regular, owner: root, mode: 4000 }\n    action: deny\n"));
	krsi_policy_free(policy_rule_parse(*state, "    on: mount\n    object: { path: /x }\n    action: deny\n"));
	krsi_policy_free(policy_rule_parse(*state, "    on: process.setns\n    action: kill\n"));
	krsi_policy_free(policy_rule_parse(*state, "    on: network.connect\n    object: { family: \"!unix\", port: 80 }\n    action: deny\n"));
}

static void test_names_of_rules_differ(void **state)
{
	policy_refuse(*state, RULES
		      "  - { name: a, on: file.open, action: audit }\n"
		      "  - { name: b, on: file.open, action: audit }\n"
		      "  - { name: a, on: file.open, action: audit }\n",
		      "policy:6:13: another rule is called a as well");
}

static void test_names_have_a_form(void **state)
{
	static const struct {
		const char *name, *words;
	} cases[] = {
		{ "a b", "\"a b\" cannot be a name" },
		{ "-a", "\"-a\" cannot be a name" },
		{ "a/b", "\"a/b\" cannot be a name" },
		{ "\xc3\xa9", "cannot be a name" },
		{ "a123456789012345678901234567890123456789012345678901234567890123", "a name of 64 bytes, at most 63" },
	};
	struct policy_text text = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		text.size = 0;
		policy_text_add(&text, POLICY "rules: [{ name: '%s', on: file.open, action: audit }]\n", cases[i].name);
		policy_refuse(*state, text.text, cases[i].words);
	}
	policy_text_free(&text);
}

static void test_what_decides_nothing_is_refused(void **state)
{
	policy_refuse(*state, POLICY, "policy: a policy without rules and without default decides nothing");
	policy_refuse(*state, POLICY "rules: []\n", "an empty list of rules");
	policy_refuse(*state, POLICY "rules: {}\n", "rules wants a list, each rule with - in front of it, not keys of its own");
	policy_refuse(*state, POLICY "rules:\n", "rules wants a list, each rule with - in front of it, not nothing");
	policy_refuse(*state, POLICY "rules: [a]\n", "a rule is made of keys (name, on, ...), not of a value");
}

static struct krsi_priv_default default_of(struct krsi_ctx *ctx, const char *text, unsigned int operation)
{
	struct krsi_policy *policy = policy_parse(ctx, text);
	struct krsi_priv_default ret = policy->defaults[operation];

	policy_round_trip(ctx, policy);
	krsi_policy_free(policy);
	return ret;
}

static void test_the_narrowest_default_is_heard(void **state)
{
	struct krsi_priv_default d;

	d = default_of(*state, POLICY "default: { network: deny, network.connect: allow }\n", KRSI_PRIV_OP_NETWORK_CONNECT);
	assert_true(d.is_set && d.error == 0);
	d = default_of(*state, POLICY "default: { network.connect: allow, network: deny }\n", KRSI_PRIV_OP_NETWORK_CONNECT);
	assert_true(d.is_set && d.error == 0);
	d = default_of(*state, POLICY "default: { network.connect: allow, network: { deny: EACCES } }\n", KRSI_PRIV_OP_NETWORK_BIND);
	assert_int_equal(d.error, EACCES);
	d = default_of(*state, POLICY "default: { file: allow, file.write: { deny: EROFS } }\n", KRSI_PRIV_OP_FILE_UNLINK);
	assert_int_equal(d.error, EROFS);
	d = default_of(*state, POLICY "default: { file.write: deny, file.unlink: allow }\n", KRSI_PRIV_OP_FILE_UNLINK);
	assert_int_equal(d.error, 0);
	d = default_of(*state, POLICY "default: { file.write: deny }\n", KRSI_PRIV_OP_FILE_READ);
	assert_false(d.is_set);
	/* Of these two the narrower one speaks for links. */
	d = default_of(*state, POLICY "default: { file.read: allow, file.write: deny }\n", KRSI_PRIV_OP_FILE_LINK);
	assert_int_equal(d.error, 0);
}

static void test_defaults_that_are_wrong(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "default: deny\n", "policy:3:10: default wants operations or groups as keys, as in network.connect: deny, not a value" },
		{ "default: {}\n", "default has no keys" },
		{ "default: { netwrok: deny }\n", "policy:3:12: no operation or group is called \"netwrok\", did you mean network?" },
		{ "default: { network: audit }\n", "a default wants allow, deny, or the key deny with an error, not \"audit\"" },
		{ "default: { network: { allow: x } }\n", "a default has no key \"allow\"" },
		{ "default: { network: [deny] }\n", "not a list" },
		{ "default: { process: deny }\n", "process.setns cannot be denied; name the others one by one" },
		{ "default: { network: deny, network: allow }\n", "the key \"network\" stands here twice" },
		{ "default: { mount: deny, file.read: allow }\n", "mount and file.read say different things about mount.mount; name that one as well" },
	};
	struct policy_text text = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		text.size = 0;
		policy_text_add(&text, POLICY "%s", cases[i].text);
		policy_refuse(*state, text.text, cases[i].words);
	}
	policy_text_free(&text);
	krsi_policy_free(policy_parse(*state, POLICY "default: { mount: deny, file.read: allow, mount.mount: deny, mount.move: deny }\n"));
	krsi_policy_free(policy_parse(*state, POLICY "default: { process: allow }\n"));
}

static void test_what_a_rule_does_can_be_asked(void **state)
{
	static const struct {
		const char *action;
		uint32_t mode, error, signal;
	} expected[] = {
		{ "deny", KRSI_POLICY_PERMISSIVE, EPERM, 0 },
		{ "deny", KRSI_POLICY_ENFORCE, EACCES, 0 },
		{ "kill", KRSI_POLICY_PERMISSIVE, 0, SIGKILL },
		{ "signal", KRSI_POLICY_PERMISSIVE, 0, SIGTERM },
		{ "tag", KRSI_POLICY_PERMISSIVE, 0, 0 },
		{ "audit", KRSI_POLICY_PERMISSIVE, 0, 0 },
		{ "allow", KRSI_POLICY_PERMISSIVE, 0, 0 },
	};
	struct krsi_policy *policy = policy_parse(*state, POLICY
		"mode: permissive\nrules:\n"
		"  - { name: r0, on: file.open, action: deny }\n"
		"  - { name: r1, on: file.read, action: { deny: EACCES }, mode: enforce }\n"
		"  - { name: r2, on: file.write, action: kill }\n"
		"  - { name: r3, on: file.link, action: { signal: TERM } }\n"
		"  - { name: r4, on: process.exec, action: { tag: t } }\n"
		"  - { name: r5, on: process.exec, action: audit }\n"
		"  - { name: r6, on: process.exec, action: allow }\n");
	struct krsi_policy_rule_info info = { .sz = sizeof(info) };
	char name[] = "r0";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(expected); i++, name[1]++) {
		assert_ok(*state, krsi_policy_rule_info(policy, i, &info));
		assert_string_equal(info.name, name);
		assert_string_equal(info.action, expected[i].action);
		assert_int_equal(info.mode, expected[i].mode);
		assert_int_equal(info.error, expected[i].error);
		assert_int_equal(info.signal, expected[i].signal);
	}
	assert_int_equal(krsi_policy_rule_info(policy, i, &info), -ENOENT);
	assert_int_equal(krsi_policy_rule_info(policy, 0, NULL), -EINVAL);
	assert_int_equal(krsi_policy_rule_info(NULL, 0, &info), -EINVAL);
	info.sz = 0;
	assert_int_equal(krsi_policy_rule_info(policy, 0, &info), -EINVAL);
	krsi_policy_free(policy);
}

static void test_the_whole_policys_keys(void **state)
{
	struct krsi_policy *policy = policy_parse(*state, POLICY
		"mode: permissive\nscope: { cgroup: /user.slice, container: '*', uid: [1000-59999, \"!1001\"] }\non_unresolved: audit\n"
		"rules: [{ name: a, on: file.open, action: audit }]\n");

	assert_int_equal(krsi_policy_mode(policy), KRSI_POLICY_PERMISSIVE);
	assert_int_equal(policy->on_unresolved, KRSI_PRIV_AUDIT);
	assert_int_equal(policy->scope.count, 3);
	assert_int_equal(krsi_policy_rule_count(policy), 1);
	assert_string_equal(krsi_policy_rule_name(policy, 0), "a");
	assert_null(krsi_policy_rule_name(policy, 1));
	policy_round_trip(*state, policy);
	krsi_policy_free(policy);
	policy = policy_parse(*state, POLICY "rules: [{ name: a, on: file.open, action: audit }]\n");
	assert_int_equal(krsi_policy_mode(policy), KRSI_POLICY_ENFORCE);
	assert_int_equal(policy->on_unresolved, KRSI_PRIV_DENY);
	krsi_policy_free(policy);
	policy_refuse(*state, POLICY "scope: { exe: /x }\n", "scope cannot have the key exe; it is a key of a rule's subject");
	policy_refuse(*state, POLICY "on_unresolved: kill\n", "on_unresolved wants deny, audit or allow, not \"kill\"");
}

static void test_rules_that_never_decide_are_a_warning(void **state)
{
	static const struct {
		const char *earlier, *later;
		bool shadowed;
	} cases[] = {
		{ "on: file, action: deny", "on: file.open, action: allow", true },
		{ "on: file.open, action: deny", "on: file, action: allow", false },
		{ "on: file.open, action: audit", "on: file.open, action: deny", false },
		{ "on: file.open, action: { tag: a }", "on: file.open, action: deny", false },
		{ "on: file.open, object: { path: /tmp/** }, action: deny", "on: file.open, object: { path: [/tmp/a, /tmp/b/*] }, action: audit", true },
		{ "on: file.open, object: { path: /tmp/** }, action: deny", "on: file.open, object: { path: [/tmp/a, /var/b] }, action: allow", false },
		{ "on: file.open, object: { path: /tmp/** }, action: deny", "on: file.open, action: allow", false },
		{ "on: file.open, action: allow", "on: file.open, subject: { uid: 0 }, action: deny", true },
		{ "on: file.open, subject: { uid: 1-9 }, action: allow", "on: file.open, subject: { uid: [3, 5-7] }, action: deny", true },
		{ "on: file.open, subject: { uid: [1-9, \"!5\"] }, action: allow", "on: file.open, subject: { uid: [3] }, action: deny", false },
		{ "on: file.open, subject: { uid: [1-9, \"!5\"] }, action: allow", "on: file.open, subject: { uid: [3, \"!5\"] }, action: deny", true },
		{ "on: file.open, subject: { uid: \"!5\" }, action: allow", "on: file.open, subject: { uid: \"!4-6\" }, action: deny", true },
		{ "on: network.connect, object: { address: 10.0.0.0/8 }, action: deny", "on: network.connect, object: { address: 10.1.0.0/16, port: 80 }, action: allow", true },
		{ "on: network.connect, object: { address: 10.0.0.0/8 }, action: deny", "on: network.connect, object: { address: 11.1.0.0/16, port: 80 }, action: allow", false },
		{ "on: file.open, unless: { uid: 0 }, action: deny", "on: file.open, action: allow", false },
		{ "on: file.open, unless: { uid: 0 }, action: deny", "on: file.open, unless: { uid: 0 }, action: allow", true },
		{ "on: file.open, unless: { uid: 0 }, action: deny", "on: file.open, unless: { uid: 1 }, action: allow", false },
		{ "on: file.open, mode: permissive, action: deny", "on: file.open, action: deny", false },
		{ "on: file.open, action: deny", "on: file.open, mode: permissive, action: deny", true },
		{ "on: file.open, action: deny", "on: file.open, already_open: true, action: deny", false },
		{ "on: file.open, action: allow", "on: file.open, already_open: true, action: deny", true },
		{ "on: file.open, object: { mode: 4000 }, action: deny", "on: file.open, object: { mode: 6000 }, action: deny", true },
		{ "on: process.exec, object: { env: LD_* }, action: deny", "on: process.exec, object: { env: LD_PRELOAD=x }, action: deny", true },
		{ "on: process.exec, object: { env: LD_PRELOAD=x }, action: deny", "on: process.exec, object: { env: LD_PRELOAD }, action: deny", false },
		{ "on: process.signal, object: { target: { uid: 0 } }, action: deny", "on: process.signal, object: { target: { uid: 0, exe: /x } }, action: deny", true },
		{ "on: file.open, object: { identity: 8:1:5 }, action: deny", "on: file.open, object: { identity: 8:1:5 }, action: deny", true },
		{ "on: file.open, subject: { namespaces: { mnt: host } }, action: deny", "on: file.open, subject: { namespaces: { pid: host } }, action: deny", false },
	};
	struct policy_text text = { 0 };
	struct krsi_policy *policy;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *warning;

		text.size = 0;
		policy_text_add(&text, RULES "  - { name: one, %s }\n  - { name: two, %s }\n", cases[i].earlier, cases[i].later);
		policy = policy_parse(*state, text.text);
		warning = krsi_policy_warning(policy, 0);
		if ((warning && strstr(warning, "never applies")) != cases[i].shadowed)
			fail_msg("%s%s", text.text, warning ? warning : "no warning");
		if (cases[i].shadowed)
			assert_words(warning, "the rule two never applies, as one in front of it decides all that it matches");
		krsi_policy_free(policy);
	}
	policy_text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_operations_keep_their_numbers),
		ctx_test(test_groups_are_what_their_names_say),
		ctx_test(test_on_is_a_union_without_what_is_excluded),
		ctx_test(test_actions_in_all_forms),
		ctx_test(test_keys_of_a_rule_that_are_wrong),
		ctx_test(test_an_object_makes_sense_for_each_operation),
		ctx_test(test_names_of_rules_differ),
		ctx_test(test_names_have_a_form),
		ctx_test(test_what_decides_nothing_is_refused),
		ctx_test(test_the_narrowest_default_is_heard),
		ctx_test(test_defaults_that_are_wrong),
		ctx_test(test_what_a_rule_does_can_be_asked),
		ctx_test(test_the_whole_policys_keys),
		ctx_test(test_rules_that_never_decide_are_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
