/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Printing: what is printed reads as an equal policy, for any policy that can be made. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_equal.h"
#include "policy_tools.h"

static void test_the_form_of_a_printed_policy(void **state)
{
	static const char text[] =
		"# a comment\n"
		"rules:\n"
		"  - {action: {deny: EPERM, limit: 10/s}, object: {path: [/b, \"/a b\", '!/b/c', '/x{y,z}']}, on: file.open, name: one,\n"
		"     subject: {namespaces: {pid: host, mnt: \"!host\"}, uid: root, exe: [8:1:5]}, mode: permissive, already_open: true}\n"
		"  - {name: \"on\", on: [network, \"!network.send\"], unless: {uid: [0, 5-9], family: inet}, action: {signal: 9}}\n"
		"  - {name: three, on: file.open, action: {tag: t, tree: true}, report: true}\n"
		"default: {network.connect: deny, network: {deny: EACCES}, file.open: allow}\n"
		"on_unresolved: allow\nscope: {uid: \"!0\"}\nname: '1'\nversion: '1'\n";
	static const char expect[] =
		"version: 1\n"
		"name: 1\n"
		"mode: enforce\n"
		"scope:\n"
		"  uid: \"!0\"\n"
		"default:\n"
		"  network.connect: deny\n"
		"  network:\n"
		"    deny: EACCES\n"
		"  file.open: allow\n"
		"on_unresolved: allow\n"
		"rules:\n"
		"  - name: one\n"
		"    on: file.open\n"
		"    subject:\n"
		"      exe: \"8:1:5\"\n"
		"      uid: root\n"
		"      namespaces:\n"
		"        mnt: \"!host\"\n"
		"        pid: host\n"
		"    object:\n"
		"      path:\n"
		"        - /b\n"
		"        - \"/a b\"\n"
		"        - \"!/b/c\"\n"
		"        - \"/x{y,z}\"\n"
		"    action: deny\n"
		"    mode: permissive\n"
		"    already_open: true\n"
		"    limit: 10/s\n"
		"  - name: \"on\"\n"
		"    on:\n"
		"      - network\n"
		"      - \"!network.send\"\n"
		"    unless:\n"
		"      subject:\n"
		"        uid:\n"
		"          - 0\n"
		"          - 5-9\n"
		"      object:\n"
		"        family: inet\n"
		"    action: kill\n"
		"  - name: three\n"
		"    on: file.open\n"
		"    action:\n"
		"      tag: t\n"
		"      tree: true\n"
		"    report: true\n";
	struct krsi_policy *policy = policy_parse(*state, text);
	char *printed = NULL, *again = NULL;

	assert_ok(*state, krsi_policy_print(policy, &printed));
	assert_string_equal(printed, expect);
	policy_round_trip(*state, policy);
	krsi_policy_free(policy);
	policy = policy_parse(*state, printed);
	assert_ok(*state, krsi_policy_print(policy, &again));
	assert_string_equal(printed, again);
	krsi_policy_free(policy);
	free(printed);
	free(again);
}

/* --- random policies ----------------------------------------------------- */

static struct policy_random dice;

static uint32_t below(uint32_t end)
{
	return policy_random_below(&dice, end);
}

static const char *one_of(const char *const *words, size_t count)
{
	return words[below((uint32_t)count)];
}
#define ONE_OF(...) one_of((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void random_bytes(char *text)
{
	uint32_t n = 1 + below(6);
	size_t used = strlen(text);

	while (n--) {
		uint32_t byte = 1 + below(255);

		if (strchr("\\{}[]*?/=", (int)byte))
			continue;
		text[used++] = (char)byte;
	}
	text[used++] = 'x';
	text[used] = '\0';
}

static void random_glob(char *text)
{
	uint32_t n = 1 + below(3);

	while (n--) {
		if (below(3) == 0)
			random_bytes(text);
		else
			strcat(text, ONE_OF("a", "b*c", "?", "[a-z]", "[!x]", "[\\]\\-]", "{a,b}", "{x,y{1,2}}z", "\\*", "\\x0a", "\\xff", "\\\\", ":", "#", " ", "\"", "'", "- ", ","));
	}
}

static void random_path(char *text)
{
	uint32_t n = 1 + below(4);
	bool deep = false;

	while (n--) {
		strcat(text, "/");
		deep = !deep && below(5) == 0;
		if (deep)
			strcat(text, "**");
		else
			random_glob(text);
	}
}

static void random_number(char *text, uint32_t end)
{
	uint32_t low = below(end), high = below(end);

	if (below(2))
		sprintf(text + strlen(text), "%u", low);
	else
		sprintf(text + strlen(text), "%u-%u", low < high ? low : high, low < high ? high : low);
}

static void random_digest(char *text)
{
	static const struct {
		const char *name;
		unsigned int digits;
	} kinds[] = { { "sha256:", 64 }, { "sha512:", 128 } };
	uint32_t kind = below(2), i;

	strcat(text, kinds[kind].name);
	for (i = 0; i < kinds[kind].digits; i++)
		strcat(text, ONE_OF("0", "1", "a", "F"));
}

static void random_address(char *text)
{
	uint32_t prefix;

	switch (below(4)) {
	case 0:
		sprintf(text + strlen(text), "%u.%u.%u.%u", below(256), below(256), below(256), below(256));
		break;
	case 1:
		prefix = below(25);
		sprintf(text + strlen(text), "%u.0.0.0/%u", prefix >= 8 ? below(256) : 0, prefix);
		break;
	case 2:
		sprintf(text + strlen(text), "%x:%x::%x", below(65536), below(65536), below(65536));
		break;
	default:
		sprintf(text + strlen(text), "::ffff:%u.0.0.0/%u", below(256), 104 + below(25));
		break;
	}
}

static void add(char *text, const char *word)
{
	strcat(text, word);
}

static void random_identity(char *text)
{
	sprintf(text + strlen(text), "%u:%u:%u", below(4096), below(1048576), below(1u << 31));
}

static void random_program(char *text)
{
	if (below(3))
		random_path(text);
	else
		random_identity(text);
}

static void random_path_or_name(char *text)
{
	if (below(2)) {
		random_path(text);
		return;
	}
	add(text, "@");
	random_glob(text);
}

static void random_env(char *text)
{
	add(text, ONE_OF("", "LD_*=", "A="));
	random_glob(text);
}

static void random_xattr(char *text)
{
	add(text, ONE_OF("user.", "security.x="));
	random_bytes(text);
}

static void random_id(char *text)
{
	if (below(4))
		random_number(text, 70000);
	else
		add(text, "root");
}

static void random_port(char *text)
{
	random_number(text, 65536);
}

static void random_namespace(char *text)
{
	if (below(2))
		add(text, "host");
	else
		sprintf(text + strlen(text), "%u", below(1u << 31));
}

static void random_mode(char *text)
{
	sprintf(text + strlen(text), "%o", 1 + below(07777));
}

static void random_word(const char *words, char *text)
{
	uint32_t n = 0, chosen;
	const char *c;

	for (c = words; *c; c++)
		n += *c == ' ';
	chosen = below(n + 1);
	for (c = words; chosen; c++)
		chosen -= *c == ' ';
	strncat(text, c, strcspn(c, " "));
}

static void random_value(const struct krsi_priv_value *value, char *text)
{
	static const struct {
		const struct krsi_priv_value *value;
		void (*make)(char *text);
		const char *words;	/* instead of it */
	} kinds[] = {
		{ &krsi_priv_value_program, random_program, NULL },
		{ &krsi_priv_value_path, random_path, NULL },
		{ &krsi_priv_value_text, random_glob, NULL },
		{ &krsi_priv_value_unix_path, random_path_or_name, NULL },
		{ &krsi_priv_value_source, random_path_or_name, NULL },
		{ &krsi_priv_value_env, random_env, NULL },
		{ &krsi_priv_value_xattr, random_xattr, NULL },
		{ &krsi_priv_value_user, random_id, NULL },
		{ &krsi_priv_value_group, random_id, NULL },
		{ &krsi_priv_value_login, random_id, NULL },
		{ &krsi_priv_value_port, random_port, NULL },
		{ &krsi_priv_value_namespace, random_namespace, NULL },
		{ &krsi_priv_value_mode, random_mode, NULL },
		{ &krsi_priv_value_identity, random_identity, NULL },
		{ &krsi_priv_value_ima, random_digest, NULL },
		{ &krsi_priv_value_fsverity, random_digest, NULL },
		{ &krsi_priv_value_address, random_address, NULL },
		{ &krsi_priv_value_type, NULL, "regular directory symlink block char fifo socket" },
		{ &krsi_priv_value_facts, NULL, "memfd unlinked running setuid tmpfs overlay-upper" },
		{ &krsi_priv_value_family, NULL, "inet inet6 netlink packet 99" },
		{ &krsi_priv_value_signal, NULL, "KILL SIGTERM hup 0 40 64" },
		{ &krsi_priv_value_capability, NULL, "CAP_NET_ADMIN sys_admin bpf 0 60" },
		{ &krsi_priv_value_tag, NULL, "on a null x.y-z 007" },
		{ &krsi_priv_value_filesystem, NULL, "ext4 tmpfs fuse.x" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].value != value)
			continue;
		if (kinds[i].make)
			kinds[i].make(text);
		else
			random_word(kinds[i].words, text);
		return;
	}
	fail_msg("a kind of value that this test does not know");
}

/* Add entries to a key below `prefix`. What is refused as a whole later does not matter. */
static void random_condition(struct krsi_ctx *ctx, struct krsi_rule *rule, const char *prefix, unsigned int key)
{
	const struct krsi_priv_key_info *info = krsi_priv_key_info((enum krsi_priv_key)key);
	char path[128], text[1024];
	uint32_t n = 1 + below(3);

	snprintf(path, sizeof(path), "%s.%s%s%s", prefix, info->below ? info->below : "", info->below ? "." : "", info->name);
	if (!info->value->read) {
		random_condition(ctx, rule, path, below(KRSI_PRIV_KEY_TAG));
		return;
	}
	while (n--) {
		strcpy(text, below(4) ? "" : "!");
		random_value(info->value, text);
		assert_ok(ctx, krsi_rule_add(rule, path, text));
	}
}

static void random_action(struct krsi_ctx *ctx, struct krsi_rule *rule)
{
	static const char *const actions[][2] = {
		{ "action", "allow" }, { "action", "audit" }, { "action", "deny" }, { "action", "kill" }, { "action.deny", "EACCES" },
		{ "action.signal", "TERM" }, { "action.signal", "50" }, { "action.tag", "on" }, { "action.tag", "a" },
	};
	size_t i = below(ARRAY_SIZE(actions));

	assert_ok(ctx, krsi_rule_set(rule, actions[i][0], actions[i][1]));
	if (strcmp(actions[i][0], "action.tag") == 0 && below(2))
		assert_ok(ctx, krsi_rule_set(rule, "action.tree", "true"));
	if (strncmp(actions[i][1], "a", 1) != 0 && below(3) == 0 && strcmp(actions[i][0], "action.tag") != 0)
		assert_ok(ctx, krsi_rule_set(rule, "limit", ONE_OF("1/s", "20/m", "300/h")));
	if (below(4) == 0)
		assert_ok(ctx, krsi_rule_set(rule, "mode", ONE_OF("enforce", "permissive")));
	if (below(4) == 0)
		assert_ok(ctx, krsi_rule_set(rule, "report", "true"));
}

static void random_rule(struct krsi_ctx *ctx, struct krsi_policy *policy, unsigned int number)
{
	unsigned int operation = 1 + below(KRSI_PRIV_OP_END - 1), key, n;
	uint64_t keys = krsi_priv_operation(operation)->keys;
	struct krsi_rule *rule;
	char name[32];

	snprintf(name, sizeof(name), "rule-%u", number);
	assert_ok(ctx, krsi_policy_add_rule(policy, name, &rule));
	assert_ok(ctx, krsi_rule_add(rule, "on", krsi_priv_operation(operation)->name));
	for (n = below(3); n; n--)
		random_condition(ctx, rule, below(4) ? "subject" : "unless", below(KRSI_PRIV_KEY_SUBJECT_END));
	for (key = KRSI_PRIV_KEY_SUBJECT_END; key < KRSI_PRIV_KEY_END; key++)
		if ((keys & KRSI_PRIV_KEY_BIT(key)) && below(5) == 0)
			random_condition(ctx, rule, below(4) ? "object" : "unless.object", key);
	random_action(ctx, rule);
}

static void random_policy(struct krsi_ctx *ctx, struct krsi_policy *policy)
{
	unsigned int rules = 1 + below(4), i;
	char text[1024] = "";

	if (below(2))
		assert_ok(ctx, krsi_policy_set(policy, "mode", ONE_OF("enforce", "permissive")));
	if (below(2))
		assert_ok(ctx, krsi_policy_set(policy, "on_unresolved", ONE_OF("deny", "audit", "allow")));
	if (below(3) == 0) {
		random_path(text);
		assert_ok(ctx, krsi_policy_add(policy, "scope.cgroup", text));
	}
	if (below(3) == 0)
		assert_ok(ctx, krsi_policy_set(policy, "default.network", ONE_OF("allow", "deny")));
	if (below(3) == 0)
		assert_ok(ctx, krsi_policy_set(policy, "default.file.write.deny", ONE_OF("EROFS", "EPERM")));
	for (i = 0; i < rules; i++)
		random_rule(ctx, policy, i);
}

static void test_what_is_printed_reads_as_an_equal_policy(void **state)
{
	unsigned int i, good = 0, rules = 0;
	int err;

	dice = policy_random_new();
	for (i = 0; i < 3000; i++) {
		struct krsi_policy *policy = NULL;

		assert_ok(*state, krsi_policy_new(*state, "random", &policy));
		random_policy(*state, policy);
		/* Some contradict themselves; those that do not are what this is about. */
		err = krsi_policy_freeze(policy);
		if (err) {
			assert_int_equal(err, -EBADMSG);
		} else {
			policy_round_trip(*state, policy);
			good++;
			rules += policy->rule_count;
		}
		krsi_policy_free(policy);
	}
	print_message("# %u policies, %u rules\n", good, rules);
	assert_true(good > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_the_form_of_a_printed_policy),
		ctx_test(test_what_is_printed_reads_as_an_equal_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
