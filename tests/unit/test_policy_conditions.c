/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Subjects and objects: what each key takes, what it makes of it, and what it refuses. */
#include <linux/capability.h>
#include <linux/hash_info.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "policy_tools.h"

#define SHA256 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"
#define SHA512 SHA256 SHA256

/* An operation that knows a key. */
static const char *operation_for(const char *side, enum krsi_priv_key key)
{
	unsigned int i;

	if (strcmp(side, "subject") == 0)
		return "file.open";
	for (i = 1; i < KRSI_PRIV_OP_END; i++)
		if (krsi_priv_operation(i)->keys & KRSI_PRIV_KEY_BIT(key))
			return krsi_priv_operation(i)->name;
	fail_msg("no operation knows key %d", key);
	return NULL;
}

/* The keys of a rule with one condition, whose value is written as it is. */
static void keys_write(struct policy_text *text, enum krsi_priv_key key, const char *value)
{
	const struct krsi_priv_key_info *info = krsi_priv_key_info(key);
	const char *side = key < KRSI_PRIV_KEY_SUBJECT_END ? "subject" : "object";

	policy_text_add(text, "    on: %s\n    action: audit\n    %s:\n", operation_for(side, key), side);
	if (info->below)
		policy_text_add(text, "      %s:\n        %s: %s\n", info->below, info->name, value);
	else
		policy_text_add(text, "      %s: %s\n", info->name, value);
}

static struct krsi_policy *take(struct krsi_ctx *ctx, enum krsi_priv_key key, const char *value)
{
	struct policy_text text = { 0 };
	struct krsi_policy *policy;

	keys_write(&text, key, value);
	policy = policy_rule_parse(ctx, text.text);
	policy_round_trip(ctx, policy);
	policy_text_free(&text);
	return policy;
}

static const struct krsi_priv_entry *entries_of(const struct krsi_policy *policy, enum krsi_priv_key key, uint32_t count)
{
	const struct krsi_priv_rule *rule = &policy->rules[0];
	const struct krsi_priv_condition *condition;

	condition = krsi_priv_conditions_find(key < KRSI_PRIV_KEY_SUBJECT_END ? &rule->subject : &rule->object, key);
	assert_non_null(condition);
	assert_int_equal(condition->count, count);
	return condition->entries;
}

static void refuse(struct krsi_ctx *ctx, enum krsi_priv_key key, const char *value, const char *words)
{
	struct policy_text text = { 0 };

	keys_write(&text, key, value);
	policy_rule_refuse(ctx, text.text, words);
	policy_text_free(&text);
}

static void test_numbers_and_words_become_numbers(void **state)
{
	static const struct {
		enum krsi_priv_key key;
		const char *value;
		uint64_t min, max;
	} cases[] = {
		{ KRSI_PRIV_KEY_UID, "0", 0, 0 },
		{ KRSI_PRIV_KEY_UID, "root", 0, 0 },
		{ KRSI_PRIV_KEY_UID, "'1000'", 1000, 1000 },
		{ KRSI_PRIV_KEY_UID, "1000-59999", 1000, 59999 },
		{ KRSI_PRIV_KEY_UID, "007", 7, 7 },
		{ KRSI_PRIV_KEY_UID, "4294967294", 4294967294, 4294967294 },
		{ KRSI_PRIV_KEY_GID, "root", 0, 0 },
		{ KRSI_PRIV_KEY_GID, "5-5", 5, 5 },
		{ KRSI_PRIV_KEY_LOGIN_UID, "unset", 4294967295, 4294967295 },
		{ KRSI_PRIV_KEY_LOGIN_UID, "root", 0, 0 },
		{ KRSI_PRIV_KEY_OWNER, "root", 0, 0 },
		{ KRSI_PRIV_KEY_OWNER, "1-2", 1, 2 },
		{ KRSI_PRIV_KEY_CAPABILITIES, "CAP_SYS_ADMIN", CAP_SYS_ADMIN, CAP_SYS_ADMIN },
		{ KRSI_PRIV_KEY_CAPABILITIES, "net_raw", CAP_NET_RAW, CAP_NET_RAW },
		{ KRSI_PRIV_KEY_CAPABILITIES, "Cap_Bpf", CAP_BPF, CAP_BPF },
		{ KRSI_PRIV_KEY_CAPABILITIES, "21", CAP_SYS_ADMIN, CAP_SYS_ADMIN },
		{ KRSI_PRIV_KEY_CAPABILITIES, "63", 63, 63 },
		{ KRSI_PRIV_KEY_CAPABILITY, "CAP_CHOWN", 0, 0 },
		{ KRSI_PRIV_KEY_NS_MNT, "4026531841", 4026531841, 4026531841 },
		{ KRSI_PRIV_KEY_NS_USER, "1", 1, 1 },
		{ KRSI_PRIV_KEY_PORT, "443", 443, 443 },
		{ KRSI_PRIV_KEY_PORT, "0", 0, 0 },
		{ KRSI_PRIV_KEY_PORT, "1-1023", 1, 1023 },
		{ KRSI_PRIV_KEY_PORT, "65535", 65535, 65535 },
		{ KRSI_PRIV_KEY_FAMILY, "inet6", AF_INET6, AF_INET6 },
		{ KRSI_PRIV_KEY_FAMILY, "unix", AF_UNIX, AF_UNIX },
		{ KRSI_PRIV_KEY_FAMILY, "16", AF_NETLINK, AF_NETLINK },
		{ KRSI_PRIV_KEY_FAMILY, "200", 200, 200 },
		{ KRSI_PRIV_KEY_SIGNAL, "KILL", SIGKILL, SIGKILL },
		{ KRSI_PRIV_KEY_SIGNAL, "SIGTERM", SIGTERM, SIGTERM },
		{ KRSI_PRIV_KEY_SIGNAL, "sigterm", SIGTERM, SIGTERM },
		{ KRSI_PRIV_KEY_SIGNAL, "0", 0, 0 },
		{ KRSI_PRIV_KEY_SIGNAL, "64", 64, 64 },
		{ KRSI_PRIV_KEY_TYPE, "regular", S_IFREG, S_IFREG },
		{ KRSI_PRIV_KEY_TYPE, "socket", S_IFSOCK, S_IFSOCK },
		{ KRSI_PRIV_KEY_FACTS, "memfd", KRSI_PRIV_FACT_MEMFD, KRSI_PRIV_FACT_MEMFD },
		{ KRSI_PRIV_KEY_FACTS, "overlay-upper", KRSI_PRIV_FACT_OVERLAY_UPPER, KRSI_PRIV_FACT_OVERLAY_UPPER },
	};
	struct krsi_policy *policy;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct krsi_priv_entry *entry;

		policy = take(*state, cases[i].key, cases[i].value);
		entry = entries_of(policy, cases[i].key, 1);
		assert_int_equal(entry->form, KRSI_PRIV_FORM_RANGE);
		assert_int_equal(entry->range.min, cases[i].min);
		assert_int_equal(entry->range.max, cases[i].max);
		krsi_policy_free(policy);
	}
}

static void test_patterns_and_names_are_kept(void **state)
{
	static const struct {
		enum krsi_priv_key key;
		const char *value;
		enum krsi_priv_form form;
		const char *text;	/* of the pattern, the pair's name, or the name */
	} cases[] = {
		{ KRSI_PRIV_KEY_EXE, "/usr/bin/*", KRSI_PRIV_FORM_PATTERN, "/usr/bin/*" },
		{ KRSI_PRIV_KEY_SCRIPT, "/x.sh", KRSI_PRIV_FORM_PATTERN, "/x.sh" },
		{ KRSI_PRIV_KEY_CGROUP, "/system.slice/*", KRSI_PRIV_FORM_PATTERN, "/system.slice/*" },
		{ KRSI_PRIV_KEY_CONTAINER, "'*'", KRSI_PRIV_FORM_PATTERN, "*" },
		{ KRSI_PRIV_KEY_PATH, "\"/a\\nb\"", KRSI_PRIV_FORM_PATTERN, "/a\\x0ab" },
		{ KRSI_PRIV_KEY_PATH, "'/a\\x0ab'", KRSI_PRIV_FORM_PATTERN, "/a\\x0ab" },
		{ KRSI_PRIV_KEY_PATH, "/with space", KRSI_PRIV_FORM_PATTERN, "/with space" },
		{ KRSI_PRIV_KEY_PATH, "'/it''s \"x\"'", KRSI_PRIV_FORM_PATTERN, "/it's \"x\"" },
		{ KRSI_PRIV_KEY_UNIX_PATH, "/run/*.sock", KRSI_PRIV_FORM_PATTERN, "/run/*.sock" },
		{ KRSI_PRIV_KEY_UNIX_PATH, "'@/tmp/.X11-unix/*'", KRSI_PRIV_FORM_ABSTRACT, "/tmp/.X11-unix/*" },
		{ KRSI_PRIV_KEY_UNIX_PATH, "'@a\\x00b'", KRSI_PRIV_FORM_ABSTRACT, "a\\x00b" },
		{ KRSI_PRIV_KEY_ARGV, "--privileged", KRSI_PRIV_FORM_PATTERN, "--privileged" },
		{ KRSI_PRIV_KEY_ARGV, "'\\!x'", KRSI_PRIV_FORM_PATTERN, "\\!x" },
		{ KRSI_PRIV_KEY_ENV, "LD_PRELOAD", KRSI_PRIV_FORM_PAIR, "LD_PRELOAD" },
		{ KRSI_PRIV_KEY_ENV, "LD_*=/tmp/*", KRSI_PRIV_FORM_PAIR, "LD_*" },
		{ KRSI_PRIV_KEY_ENV, "'A='", KRSI_PRIV_FORM_PAIR, "A" },
		{ KRSI_PRIV_KEY_XATTR, "security.ima", KRSI_PRIV_FORM_PAIR, "security.ima" },
		{ KRSI_PRIV_KEY_XATTR, "'user.a=b=c'", KRSI_PRIV_FORM_PAIR, "user.a" },
		{ KRSI_PRIV_KEY_MODULE, "nf_*", KRSI_PRIV_FORM_PATTERN, "nf_*" },
		{ KRSI_PRIV_KEY_MOUNT_SOURCE, "/dev/sd?1", KRSI_PRIV_FORM_PATTERN, "/dev/sd?1" },
		{ KRSI_PRIV_KEY_MOUNT_SOURCE, "tmpfs", KRSI_PRIV_FORM_PATTERN, "tmpfs" },
		{ KRSI_PRIV_KEY_MOUNT_TARGET, "/mnt/**", KRSI_PRIV_FORM_PATTERN, "/mnt/**" },
		{ KRSI_PRIV_KEY_TAG, "risky", KRSI_PRIV_FORM_NAME, "risky" },
		{ KRSI_PRIV_KEY_FILESYSTEM, "ext4", KRSI_PRIV_FORM_NAME, "ext4" },
		{ KRSI_PRIV_KEY_FSTYPE, "fuse.sshfs", KRSI_PRIV_FORM_NAME, "fuse.sshfs" },
	};
	struct krsi_policy *policy;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct krsi_priv_entry *entry;

		policy = take(*state, cases[i].key, cases[i].value);
		entry = entries_of(policy, cases[i].key, 1);
		assert_int_equal(entry->form, cases[i].form);
		assert_string_equal(entry->form == KRSI_PRIV_FORM_PAIR ? entry->pair.name->text :
				    entry->form == KRSI_PRIV_FORM_NAME ? entry->name : entry->pattern->text, cases[i].text);
		krsi_policy_free(policy);
	}
}

static void test_pairs_tell_any_value_from_an_empty_one(void **state)
{
	struct krsi_policy *policy = take(*state, KRSI_PRIV_KEY_ENV, "[A, 'B=', 'C=x\\=y', 'D\\=E=f']");
	const struct krsi_priv_entry *entries = entries_of(policy, KRSI_PRIV_KEY_ENV, 4);

	assert_null(entries[0].pair.value);
	assert_string_equal(entries[1].pair.value->text, "");
	assert_string_equal(entries[2].pair.value->text, "x\\=y");
	assert_string_equal(entries[3].pair.name->text, "D\\=E");
	krsi_policy_free(policy);
}

static void test_masks_are_octal(void **state)
{
	struct krsi_policy *policy = take(*state, KRSI_PRIV_KEY_MODE, "[0002, '4000', \"!06000\", 1777]");
	const struct krsi_priv_entry *entries = entries_of(policy, KRSI_PRIV_KEY_MODE, 4);

	assert_int_equal(entries[0].mask, 02);
	assert_int_equal(entries[1].mask, 04000);
	assert_int_equal(entries[2].mask, 06000);
	assert_true(entries[2].negated);
	assert_int_equal(entries[3].mask, 01777);
	krsi_policy_free(policy);
}

static void test_identities_are_written_in_two_ways(void **state)
{
	struct krsi_policy *policy = take(*state, KRSI_PRIV_KEY_IDENTITY, "[8:1:1234, { device: 8:1, inode: 18446744073709551615 }]");
	const struct krsi_priv_entry *entries = entries_of(policy, KRSI_PRIV_KEY_IDENTITY, 2);

	assert_int_equal(entries[0].identity.major, 8);
	assert_int_equal(entries[0].identity.minor, 1);
	assert_int_equal(entries[0].identity.inode, 1234);
	assert_int_equal(entries[1].identity.inode, UINT64_MAX);
	krsi_policy_free(policy);
	policy = take(*state, KRSI_PRIV_KEY_EXE, "[/bin/sh, 0:35:7, { inode: 3, device: 4095:1048575 }, \"!8:1:9\"]");
	entries = entries_of(policy, KRSI_PRIV_KEY_EXE, 4);
	assert_int_equal(entries[0].form, KRSI_PRIV_FORM_PATTERN);
	assert_int_equal(entries[1].form, KRSI_PRIV_FORM_IDENTITY);
	assert_int_equal(entries[2].identity.minor, 1048575);
	assert_true(entries[3].negated);
	krsi_policy_free(policy);
}

static void test_addresses_have_one_form(void **state)
{
	static const struct {
		const char *value;
		uint8_t family, prefix;
		uint8_t first[4];
	} cases[] = {
		{ "10.0.0.0/8", AF_INET, 8, { 10 } },
		{ "192.168.1.7", AF_INET, 32, { 192, 168, 1, 7 } },
		{ "0.0.0.0/0", AF_INET, 0, { 0 } },
		{ "'2001:db8::/32'", AF_INET6, 32, { 0x20, 0x01, 0x0d, 0xb8 } },
		{ "'::1'", AF_INET6, 128, { 0 } },
		{ "'::/0'", AF_INET6, 0, { 0 } },
		{ "'::ffff:10.0.0.0/104'", AF_INET, 8, { 10 } },
		{ "'::ffff:192.168.1.7'", AF_INET, 32, { 192, 168, 1, 7 } },
		{ "'::ffff:c0a8:107'", AF_INET, 32, { 192, 168, 1, 7 } },
		{ "'::ffff:0:0/96'", AF_INET, 0, { 0 } },
		{ "'::/80'", AF_INET6, 80, { 0 } },
	};
	struct krsi_policy *policy;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct krsi_priv_entry *entry;

		policy = take(*state, KRSI_PRIV_KEY_ADDRESS, cases[i].value);
		entry = entries_of(policy, KRSI_PRIV_KEY_ADDRESS, 1);
		assert_int_equal(entry->network.family, cases[i].family);
		assert_int_equal(entry->network.prefix, cases[i].prefix);
		assert_memory_equal(entry->network.bytes, cases[i].first, 4);
		krsi_policy_free(policy);
	}
}

static void test_digests_are_bytes(void **state)
{
	struct krsi_policy *policy = take(*state, KRSI_PRIV_KEY_DIGEST_IMA, "[sha256:" SHA256 ", sha1:0123456789abcdef0123456789abcdef01234567]");
	const struct krsi_priv_entry *entries = entries_of(policy, KRSI_PRIV_KEY_DIGEST_IMA, 2);

	assert_int_equal(entries[0].digest->algorithm, HASH_ALGO_SHA256);
	assert_int_equal(entries[0].digest->size, 32);
	assert_memory_equal(entries[0].digest->bytes, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
	assert_int_equal(entries[1].digest->size, 20);
	krsi_policy_free(policy);
	krsi_policy_free(take(*state, KRSI_PRIV_KEY_DIGEST_FSVERITY, "sha512:" SHA512));
}

static void test_namespaces_can_be_the_hosts(void **state)
{
	struct krsi_policy *policy = take(*state, KRSI_PRIV_KEY_NS_PID, "\"!host\"");
	const struct krsi_priv_entry *entries = entries_of(policy, KRSI_PRIV_KEY_NS_PID, 1);

	assert_int_equal(entries[0].form, KRSI_PRIV_FORM_HOST);
	assert_true(entries[0].negated);
	krsi_policy_free(policy);
}

static void test_relatives_are_processes(void **state)
{
	struct krsi_policy *policy = policy_rule_parse(*state,
		"    on: process.signal\n    action: audit\n"
		"    subject: { descendant_of: { exe: /usr/sbin/nginx, uid: root }, parent: { namespaces: { mnt: host } } }\n"
		"    object: { target: { exe: /sbin/init, parent: { uid: 0 } }, signal: [KILL, \"!0\"] }\n");
	const struct krsi_priv_rule *rule = &policy->rules[0];
	const struct krsi_priv_condition *target = krsi_priv_conditions_find(&rule->object, KRSI_PRIV_KEY_TARGET);

	assert_int_equal(rule->subject.count, 2);
	assert_int_equal(rule->subject.conditions[0].key, KRSI_PRIV_KEY_PARENT);
	assert_int_equal(rule->subject.conditions[1].entries[0].subject->count, 2);
	assert_int_equal(target->entries[0].form, KRSI_PRIV_FORM_SUBJECT);
	assert_int_equal(target->entries[0].subject->count, 2);
	policy_round_trip(*state, policy);
	krsi_policy_free(policy);
}

static void test_conditions_are_sorted_by_key(void **state)
{
	struct krsi_policy *policy = policy_rule_parse(*state,
		"    on: file.open\n    action: audit\n    subject: { tag: a, uid: 0, exe: /x, namespaces: { user: host, ipc: host }, cgroup: /y }\n");
	const struct krsi_priv_conditions *subject = &policy->rules[0].subject;
	uint32_t i;

	assert_int_equal(subject->count, 6);
	for (i = 1; i < subject->count; i++)
		assert_true(subject->conditions[i - 1].key < subject->conditions[i].key);
	krsi_policy_free(policy);
}

static void test_what_a_key_does_not_take_is_refused(void **state)
{
	static const struct {
		enum krsi_priv_key key;
		const char *value, *words;
	} cases[] = {
		{ KRSI_PRIV_KEY_UID, "-2", "\"-2\" is below 0; a user is a number from 0 to 4294967294" },
		{ KRSI_PRIV_KEY_UID, "4294967295", "too large" },
		{ KRSI_PRIV_KEY_UID, "99999999999999999999999999999999999999999999", "too large" },
		{ KRSI_PRIV_KEY_UID, "99999999999999999999999999999999999999999999-5", "too large" },
		{ KRSI_PRIV_KEY_UID, "9-5", "the range 9-5 ends before it begins; write 5-9" },
		{ KRSI_PRIV_KEY_UID, "no-such-user", "no user called \"no-such-user\" is known" },
		{ KRSI_PRIV_KEY_UID, "1-", "no user called" },
		{ KRSI_PRIV_KEY_UID, "1.5", "no user called" },
		{ KRSI_PRIV_KEY_UID, "'a:b'", "no user called" },
		{ KRSI_PRIV_KEY_UID, "\"root\\x01\"", "no user called \"root\\x01\"" },
		{ KRSI_PRIV_KEY_UID, "[]", "an empty list; leave uid out" },
		{ KRSI_PRIV_KEY_UID, "[[0]]", "a list inside of a list" },
		{ KRSI_PRIV_KEY_UID, "", "uid wants a user's number or name, or a range such as 1000-59999, not nothing" },
		{ KRSI_PRIV_KEY_UID, "{ a: b }", "uid wants a user's number or name, or a range such as 1000-59999, not keys of its own" },
		{ KRSI_PRIV_KEY_UID, "[0, ~]", "no user called \"~\"" },
		{ KRSI_PRIV_KEY_UID, "[0, '']", "not an empty text" },
		{ KRSI_PRIV_KEY_UID, "\"!\"", "excludes nothing" },
		{ KRSI_PRIV_KEY_UID, "\"!!0\"", "\"!!0\" excludes nothing; write one !" },
		{ KRSI_PRIV_KEY_UID, "[0, \"!0\"]", "both means and excludes this" },
		{ KRSI_PRIV_KEY_UID, "[root, \"!0\"]", "both means and excludes this" },
		{ KRSI_PRIV_KEY_UID, "[5, \"!1-9\"]", "this never matches, as an entry with ! in the same list excludes it" },
		{ KRSI_PRIV_KEY_GID, "no-such-group", "no group called" },
		{ KRSI_PRIV_KEY_LOGIN_UID, "unste", "no user called" },
		{ KRSI_PRIV_KEY_CAPABILITIES, "CAP_NET_ADMNI", "is not a capability, did you mean CAP_NET_ADMIN" },
		{ KRSI_PRIV_KEY_CAPABILITIES, "64", "too large" },
		{ KRSI_PRIV_KEY_CGROUP, "system.slice", "does not begin with a slash" },
		{ KRSI_PRIV_KEY_CGROUP, "/system.slice/", "ends in a slash" },
		{ KRSI_PRIV_KEY_CONTAINER, "a**", "** is for paths" },
		{ KRSI_PRIV_KEY_NS_MNT, "hots", "is no namespace; write host" },
		{ KRSI_PRIV_KEY_NS_MNT, "4294967296", "too large" },
		{ KRSI_PRIV_KEY_TAG, "a b", "cannot be a name" },
		{ KRSI_PRIV_KEY_EXE, "sh", "does not begin with a slash" },
		{ KRSI_PRIV_KEY_EXE, "8:1", "write MAJOR:MINOR:INODE" },
		{ KRSI_PRIV_KEY_EXE, "{ device: 8:1 }", "the key inode is missing" },
		{ KRSI_PRIV_KEY_EXE, "{ device: 8, inode: 1 }", "is no device; write MAJOR:MINOR" },
		{ KRSI_PRIV_KEY_EXE, "{ device: 8:1, inode: -1 }", "below 0" },
		{ KRSI_PRIV_KEY_EXE, "{ device: 8:1, inode: 1, path: /x }", "an identity has no key \"path\"" },
		{ KRSI_PRIV_KEY_IDENTITY, "4096:1:1", "a device's major number is a number from 0 to 4095" },
		{ KRSI_PRIV_KEY_IDENTITY, "1:1048576:1", "a device's minor number" },
		{ KRSI_PRIV_KEY_IDENTITY, "8:1:18446744073709551616", "too large" },
		{ KRSI_PRIV_KEY_IDENTITY, "'8:1:'", "is no number" },
		{ KRSI_PRIV_KEY_IDENTITY, "/etc/shadow", "is no identity" },
		{ KRSI_PRIV_KEY_PATH, "/etc/", "\"/etc/\": it ends in a slash" },
		{ KRSI_PRIV_KEY_PATH, "[/tmp/**, \"!/tmp/**\"]", "both means and excludes this" },
		{ KRSI_PRIV_KEY_PATH, "[/tmp/a, /b, \"!/tmp/**\"]", "this never matches" },
		{ KRSI_PRIV_KEY_TYPE, "file", "is not a type of file, did you mean fifo" },
		{ KRSI_PRIV_KEY_MODE, "0", "asks for no bit" },
		{ KRSI_PRIV_KEY_MODE, "0888", "is no mode" },
		{ KRSI_PRIV_KEY_MODE, "10000", "is no mode" },
		{ KRSI_PRIV_KEY_MODE, "o+w", "is no mode; write the bits that must all be set in octal" },
		{ KRSI_PRIV_KEY_FILESYSTEM, "ext*", "there are no patterns" },
		{ KRSI_PRIV_KEY_FACTS, "memdf", "is not a fact about files, did you mean memfd?" },
		{ KRSI_PRIV_KEY_XATTR, "ima", "is no name of an attribute" },
		{ KRSI_PRIV_KEY_XATTR, "user.*", "attributes are compared byte by byte" },
		{ KRSI_PRIV_KEY_XATTR, "user.a=*", "attributes are compared byte by byte" },
		{ KRSI_PRIV_KEY_XATTR, "'=x'", "has no name in front of the =" },
		{ KRSI_PRIV_KEY_DIGEST_IMA, SHA256, "does not say how it was made; write sha256: and the digits" },
		{ KRSI_PRIV_KEY_DIGEST_IMA, "sha265:" SHA256, "\"sha265\" is not an algorithm that is known, did you mean sha256" },
		{ KRSI_PRIV_KEY_DIGEST_IMA, "sha256:abc", "a digest of 3 digits; sha256 makes 64" },
		{ KRSI_PRIV_KEY_DIGEST_IMA, "sha1:0123456789abcdef0123456789abcdef0123456g", "something else than hexadecimal digits" },
		{ KRSI_PRIV_KEY_DIGEST_FSVERITY, "sha1:0123456789abcdef0123456789abcdef01234567", "it knows sha256 and sha512" },
		{ KRSI_PRIV_KEY_ADDRESS, "10.0.0.5/8", "\"10.0.0.5/8\" has bits behind its prefix; write 10.0.0.0/8 for the network, or 10.0.0.5 alone" },
		{ KRSI_PRIV_KEY_ADDRESS, "10.0.0.0/33", "too large; a prefix of this family is a number from 0 to 32" },
		{ KRSI_PRIV_KEY_ADDRESS, "10.0.0.0/", "is no number; a prefix" },
		{ KRSI_PRIV_KEY_ADDRESS, "10.0.0", "is no address" },
		{ KRSI_PRIV_KEY_ADDRESS, "10.0.0.256", "is no address" },
		{ KRSI_PRIV_KEY_ADDRESS, "010.0.0.1", "is no address" },	/* octal elsewhere */
		{ KRSI_PRIV_KEY_ADDRESS, "'fe80::1%eth0'", "is no address" },
		{ KRSI_PRIV_KEY_ADDRESS, "'::1/129'", "too large" },
		{ KRSI_PRIV_KEY_ADDRESS, "'::ffff:10.0.0.0/90'", "has bits behind its prefix" },
		{ KRSI_PRIV_KEY_ADDRESS, "example.org", "is no address" },
		{ KRSI_PRIV_KEY_ADDRESS, "!10.0.0.0/8", "to exclude a value put it in quotes" },
		{ KRSI_PRIV_KEY_ADDRESS, "[10.1.0.0/16, \"!10.0.0.0/8\"]", "this never matches" },
		{ KRSI_PRIV_KEY_PORT, "70000", "\"70000\" is too large; a port is a number from 0 to 65535" },
		{ KRSI_PRIV_KEY_PORT, "https", "\"https\" is no number; a port is" },
		{ KRSI_PRIV_KEY_PORT, "1-70000", "too large" },
		{ KRSI_PRIV_KEY_PORT, "1023-1", "write 1-1023" },
		{ KRSI_PRIV_KEY_PORT, "-1", "below 0" },
		{ KRSI_PRIV_KEY_PORT, "0x50", "is no number" },
		{ KRSI_PRIV_KEY_FAMILY, "ipv4", "is not a family of sockets" },
		{ KRSI_PRIV_KEY_FAMILY, "256", "too large" },
		{ KRSI_PRIV_KEY_UNIX_PATH, "run/x", "paths begin with /, abstract names with @" },
		{ KRSI_PRIV_KEY_UNIX_PATH, "'@'", "an abstract name has something behind the @; write @* for all of them" },
		{ KRSI_PRIV_KEY_SIGNAL, "SIGTREM", "is no signal of signal(7), whose real-time ones are written as numbers, did you mean TRAP or TERM?" },
		{ KRSI_PRIV_KEY_SIGNAL, "65", "too large" },
		{ KRSI_PRIV_KEY_TARGET, "{ }", "target has no keys" },
		{ KRSI_PRIV_KEY_TARGET, "{ path: /x }", "target cannot have the key path; it is a key of a rule's object" },
		{ KRSI_PRIV_KEY_PARENT, "/x", "parent wants keys that say which process (exe, uid, ...), not \"/x\"" },
		{ KRSI_PRIV_KEY_PARENT, "{ parent: { uid: 0 } }", "parent cannot have the key parent" },
		{ KRSI_PRIV_KEY_PARENT, "[{ uid: 0 }, { uid: 1 }]", "not a list of several" },
		{ KRSI_PRIV_KEY_DESCENDANT_OF, "{ descendant_of: { uid: 0 } }", "descendant_of cannot have the key descendant_of" },
		{ KRSI_PRIV_KEY_FSTYPE, "'a b'", "is no type of file system" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		refuse(*state, cases[i].key, cases[i].value, cases[i].words);
}

static void test_unknown_keys_are_explained(void **state)
{
	static const struct {
		const char *keys, *words;
	} cases[] = {
		{ "    subject: { exee: /x }\n", "subject has no key \"exee\", did you mean exe?" },
		{ "    subject: { path: /x }\n", "subject cannot have the key path; it is a key of a rule's object" },
		{ "    subject: { digest: { ima: x } }\n", "subject cannot have the key digest; it is a key of a rule's object" },
		{ "    object: { uid: 0 }\n", "object cannot have the key uid; it is a key of a rule's subject" },
		{ "    object: { namespaces: { mnt: host } }\n", "object cannot have the key namespaces; it is a key of a rule's subject" },
		{ "    subject: { namespaces: { mount: host } }\n", "namespaces has no key \"mount\", did you mean mnt" },
		{ "    subject: { namespaces: host }\n", "namespaces is made of keys (cgroup, ipc, ...), not of a value" },
		{ "    subject: { namespaces: {} }\n", "namespaces has no keys" },
		{ "    object: { digest: { md5: x } }\n", "digest has no key \"md5\"" },
		{ "    subject: /x\n", "subject is made of keys (exe, script, ...), not of a value" },
		{ "    subject: []\n", "subject is made of keys (exe, script, ...), not of a list" },
		{ "    subject: {}\n", "subject has no keys; leave it out if anything may match" },
		{ "    unless: {}\n", "unless has no keys" },
		{ "    unless: /x\n", "unless is made of keys" },
		{ "    unless: { colour: red }\n", "unless has no key \"colour\"" },
		{ "    unless: { exe: /x, subject: { exe: /y } }\n", "exe stands here twice, once below subject" },
		{ "    unless: { object: { path: /x }, path: /y }\n", "path stands here twice, once below object" },
		{ "    unless: { subject: { path: /x } }\n", "subject cannot have the key path" },
	};
	struct policy_text text = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		text.size = 0;
		policy_text_add(&text, "    on: file.open\n    action: audit\n%s", cases[i].keys);
		policy_rule_refuse(*state, text.text, cases[i].words);
	}
	policy_text_free(&text);
}

static void test_exceptions_take_both_forms(void **state)
{
	static const char *const forms[] = {
		"{ exe: /x, path: /etc/y }",
		"{ subject: { exe: /x }, object: { path: /etc/y } }",
		"{ exe: /x, object: { path: /etc/y } }",
	};
	struct policy_text text = { 0 };
	struct krsi_policy *policy;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		text.size = 0;
		policy_text_add(&text, "    on: file.open\n    action: deny\n    object: { path: /etc/** }\n    unless: %s\n", forms[i]);
		policy = policy_rule_parse(*state, text.text);
		assert_true(policy->rules[0].has_exception);
		assert_int_equal(policy->rules[0].except_subject.count, 1);
		assert_int_equal(policy->rules[0].except_object.count, 1);
		policy_round_trip(*state, policy);
		krsi_policy_free(policy);
	}
	policy_text_free(&text);
}

static void test_entries_that_stand_twice_are_a_warning(void **state)
{
	struct krsi_policy *policy = take(*state, KRSI_PRIV_KEY_PATH, "[/a, /b, /a]");

	assert_words(krsi_policy_warning(policy, 0), "this stands twice in the list");
	assert_null(krsi_policy_warning(policy, 1));
	krsi_policy_free(policy);
}

static void test_tags_that_nobody_sets_are_a_warning(void **state)
{
	struct krsi_policy *policy = policy_parse(*state,
		"version: 1\nname: x\nrules:\n"
		"  - { name: a, on: process.exec, object: { path: /tmp/** }, action: { tag: risky, tree: true } }\n"
		"  - { name: b, on: network.connect, subject: { tag: risky }, action: deny }\n"
		"  - { name: c, on: network.connect, subject: { parent: { tag: rsiky } }, action: deny }\n");

	assert_words(krsi_policy_warning(policy, 0), "policy:6:63: no rule of this policy sets the tag rsiky, did you mean risky?");
	assert_null(krsi_policy_warning(policy, 1));
	krsi_policy_free(policy);
}

static void test_every_key_has_a_way_in_and_out(void **state)
{
	unsigned int key;

	(void)state;
	for (key = 0; key < KRSI_PRIV_KEY_END; key++) {
		const struct krsi_priv_key_info *info = krsi_priv_key_info(key);

		assert_non_null(info->name);
		assert_non_null(info->value);
		assert_non_null(info->value->what);
		assert_true(info->value->read || info->value->read_map);
		assert_int_equal(info->value->read != NULL, info->value->print != NULL);
		if (key >= KRSI_PRIV_KEY_SUBJECT_END)
			assert_non_null(operation_for("object", key));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_numbers_and_words_become_numbers),
		ctx_test(test_patterns_and_names_are_kept),
		ctx_test(test_pairs_tell_any_value_from_an_empty_one),
		ctx_test(test_masks_are_octal),
		ctx_test(test_identities_are_written_in_two_ways),
		ctx_test(test_addresses_have_one_form),
		ctx_test(test_digests_are_bytes),
		ctx_test(test_namespaces_can_be_the_hosts),
		ctx_test(test_relatives_are_processes),
		ctx_test(test_conditions_are_sorted_by_key),
		ctx_test(test_what_a_key_does_not_take_is_refused),
		ctx_test(test_unknown_keys_are_explained),
		ctx_test(test_exceptions_take_both_forms),
		ctx_test(test_entries_that_stand_twice_are_a_warning),
		ctx_test(test_tags_that_nobody_sets_are_a_warning),
		ctx_test(test_every_key_has_a_way_in_and_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
