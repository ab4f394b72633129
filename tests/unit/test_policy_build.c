/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Policies that are built call by call: the same words, the same policy, the same mistakes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy_equal.h"
#include "policy_tools.h"

static struct krsi_policy *begin(struct krsi_ctx *ctx, const char *name)
{
	struct krsi_policy *policy = NULL;

	assert_ok(ctx, krsi_policy_new(ctx, name, &policy));
	return policy;
}

static struct krsi_rule *rule_begin(struct krsi_ctx *ctx, struct krsi_policy *policy, const char *name, const char *on, const char *action)
{
	struct krsi_rule *rule = NULL;

	assert_ok(ctx, krsi_policy_add_rule(policy, name, &rule));
	assert_ok(ctx, krsi_rule_set(rule, "on", on));
	assert_ok(ctx, krsi_rule_set(rule, "action", action));
	return rule;
}

static void test_the_policy_of_the_design_in_calls(void **state)
{
	static const char yaml[] =
		"version: 1\nname: web-server\nmode: permissive\non_unresolved: audit\nscope: { cgroup: [/a, /b], uid: \"!0\" }\n"
		"default: { network: allow, file.append: deny, network.connect: { deny: EACCES } }\n"
		"rules:\n"
		"  - name: nothing-runs-from-tmp\n    on: process.exec\n    object: { path: [\"/tmp/**\", \"/dev/shm/**\"] }\n    action: deny\n"
		"  - name: shadow-is-for-passwd\n    on: [file.write, file.read]\n    object: { path: /etc/shadow }\n"
		"    unless: { exe: [/usr/bin/passwd, /usr/sbin/unix_chkpwd] }\n    action: { deny: EACCES }\n"
		"  - name: preload\n    on: process.exec\n    object: { env: LD_PRELOAD }\n    action: audit\n    report: true\n"
		"  - name: shell-from-nginx\n    on: process.exec\n    subject: { descendant_of: { exe: /usr/sbin/nginx } }\n"
		"    object: { path: [\"/bin/*sh\", \"/usr/bin/*sh\"], identity: { device: 8:1, inode: 7 } }\n    action: kill\n    mode: enforce\n"
		"  - name: egress\n    on: network.connect\n    subject: { cgroup: /system.slice/nginx.service, namespaces: { net: host } }\n"
		"    object: { address: \"!10.0.0.0/8\", port: 1-1023 }\n    action: { deny: ECONNREFUSED, limit: 10/s }\n";
	struct krsi_ctx *ctx = *state;
	struct krsi_policy *parsed = policy_parse(ctx, yaml), *built = begin(ctx, "web-server");
	struct krsi_rule *rule;

	assert_ok(ctx, krsi_policy_set(built, "mode", "permissive"));
	assert_ok(ctx, krsi_policy_set(built, "on_unresolved", "audit"));
	assert_ok(ctx, krsi_policy_add(built, "scope.cgroup", "/a"));
	assert_ok(ctx, krsi_policy_add(built, "scope.cgroup", "/b"));
	assert_ok(ctx, krsi_policy_set(built, "scope.uid", "!0"));
	assert_ok(ctx, krsi_policy_set(built, "default.network", "allow"));
	assert_ok(ctx, krsi_policy_set(built, "default.file.append", "deny"));
	assert_ok(ctx, krsi_policy_set(built, "default.network.connect.deny", "EACCES"));
	rule = rule_begin(ctx, built, "nothing-runs-from-tmp", "process.exec", "deny");
	assert_ok(ctx, krsi_rule_add(rule, "object.path", "/tmp/**"));
	assert_ok(ctx, krsi_rule_add(rule, "object.path", "/dev/shm/**"));
	assert_ok(ctx, krsi_policy_add_rule(built, "shadow-is-for-passwd", &rule));
	assert_ok(ctx, krsi_rule_add(rule, "on", "file.write"));
	assert_ok(ctx, krsi_rule_add(rule, "on", "file.read"));
	assert_ok(ctx, krsi_rule_set(rule, "object.path", "/etc/shadow"));
	assert_ok(ctx, krsi_rule_add(rule, "unless.exe", "/usr/bin/passwd"));
	assert_ok(ctx, krsi_rule_add(rule, "unless.exe", "/usr/sbin/unix_chkpwd"));
	assert_ok(ctx, krsi_rule_set(rule, "action.deny", "EACCES"));
	rule = rule_begin(ctx, built, "preload", "process.exec", "audit");
	assert_ok(ctx, krsi_rule_add(rule, "object.env", "LD_PRELOAD"));
	rule = rule_begin(ctx, built, "shell-from-nginx", "process.exec", "kill");
	assert_ok(ctx, krsi_rule_set(rule, "subject.descendant_of.exe", "/usr/sbin/nginx"));
	assert_ok(ctx, krsi_rule_set(rule, "object.path", "/bin/*sh"));	/* a list begins with what was set */
	assert_ok(ctx, krsi_rule_add(rule, "object.path", "/usr/bin/*sh"));
	assert_ok(ctx, krsi_rule_set(rule, "object.identity.device", "8:1"));
	assert_ok(ctx, krsi_rule_set(rule, "object.identity.inode", "7"));
	assert_ok(ctx, krsi_rule_set(rule, "mode", "enforce"));
	assert_ok(ctx, krsi_policy_add_rule(built, "egress", &rule));
	assert_ok(ctx, krsi_rule_set(rule, "on", "network.connect"));
	assert_ok(ctx, krsi_rule_set(rule, "subject.cgroup", "/system.slice/nginx.service"));
	assert_ok(ctx, krsi_rule_set(rule, "subject.namespaces.net", "host"));
	assert_ok(ctx, krsi_rule_set(rule, "object.address", "!10.0.0.0/8"));
	assert_ok(ctx, krsi_rule_set(rule, "object.port", "1-1023"));
	assert_ok(ctx, krsi_rule_set(rule, "action.deny", "ECONNREFUSED"));
	assert_ok(ctx, krsi_rule_set(rule, "limit", "10/s"));
	assert_ok(ctx, krsi_policy_freeze(built));
	assert_null(policy_difference(parsed, built));
	policy_round_trip(ctx, built);
	krsi_policy_free(parsed);
	krsi_policy_free(built);
}

static void test_set_replaces_and_add_adds(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_policy *policy = begin(ctx, "first");
	struct krsi_rule *rule = rule_begin(ctx, policy, "a", "file.read", "deny");
	const struct krsi_priv_condition *paths;

	assert_ok(ctx, krsi_policy_set(policy, "name", "second"));
	assert_string_equal(krsi_policy_name(policy), "second");
	assert_ok(ctx, krsi_rule_set(rule, "on", "file.open"));
	assert_ok(ctx, krsi_rule_add(rule, "object.path", "/a"));
	assert_ok(ctx, krsi_rule_add(rule, "object.path", "/b"));
	assert_ok(ctx, krsi_rule_set(rule, "object.path", "/c"));
	assert_ok(ctx, krsi_rule_add(rule, "object.path", "/d"));
	assert_ok(ctx, krsi_policy_freeze(policy));
	assert_string_equal(krsi_policy_name(policy), "second");
	assert_true(policy->rules[0].operations == KRSI_PRIV_OP_BIT(KRSI_PRIV_OP_FILE_OPEN));
	paths = &policy->rules[0].object.conditions[0];
	assert_int_equal(paths->count, 2);
	assert_string_equal(paths->entries[0].pattern->text, "/c");
	assert_string_equal(paths->entries[1].pattern->text, "/d");
	krsi_policy_free(policy);
}

static void test_values_are_copied(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_policy *policy;
	struct krsi_rule *rule;
	char text[32] = "name";

	assert_ok(ctx, krsi_policy_new(ctx, text, &policy));
	strcpy(text, "rule");
	assert_ok(ctx, krsi_policy_add_rule(policy, text, &rule));
	strcpy(text, "on");
	assert_ok(ctx, krsi_rule_set(rule, text, "file.open"));
	strcpy(text, "deny");
	assert_ok(ctx, krsi_rule_set(rule, "action", text));
	memset(text, 'x', sizeof(text) - 1);
	assert_ok(ctx, krsi_policy_freeze(policy));
	assert_string_equal(krsi_policy_name(policy), "name");
	assert_string_equal(krsi_policy_rule_name(policy, 0), "rule");
	krsi_policy_free(policy);
}

static void test_any_byte_of_a_path_survives_printing(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_policy *policy = begin(ctx, "bytes"), *again;
	struct krsi_rule *rule = rule_begin(ctx, policy, "a", "file.open", "deny");
	char path[300] = "/", *text;
	size_t n = 1;
	int byte;

	for (byte = 1; byte < 256; byte++) {
		if (byte == '/')
			continue;
		if (strchr("\\{}[]*?", byte))
			path[n++] = '\\';
		path[n++] = (char)byte;
		if (n % 100 == 0 && path[n - 1] != '\\')
			path[n++] = '/';
	}
	assert_ok(ctx, krsi_rule_set(rule, "object.path", path));
	assert_ok(ctx, krsi_policy_freeze(policy));
	assert_ok(ctx, krsi_policy_print(policy, &text));
	again = policy_parse(ctx, text);
	assert_null(policy_difference(policy, again));
	free(text);
	krsi_policy_free(again);
	krsi_policy_free(policy);
}

static void test_mistakes_are_told_together_with_their_place(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_policy *policy = begin(ctx, "web");
	struct krsi_rule *rule = rule_begin(ctx, policy, "no-tmp", "file.opne", "deny");

	assert_ok(ctx, krsi_rule_add(rule, "object.path", "/tmp/"));
	assert_ok(ctx, krsi_rule_add(rule, "object.colour", "red"));
	assert_ok(ctx, krsi_policy_set(policy, "mood", "good"));
	assert_ok(ctx, krsi_policy_add_rule(policy, "empty", &rule));
	assert_int_equal(krsi_policy_freeze(policy), -EBADMSG);
	assert_detail(ctx, "web: mood: a policy has no key \"mood\", did you mean mode?");
	assert_detail(ctx, "web: rule no-tmp: on: no operation or group is called \"file.opne\", did you mean file.open");
	assert_detail(ctx, "web: rule no-tmp: object.path: \"/tmp/\": it ends in a slash");
	assert_detail(ctx, "web: rule no-tmp: object.colour: object has no key \"colour\"");
	assert_detail(ctx, "web: rule empty: the key on is missing");
	krsi_policy_free(policy);
}

static void test_a_refused_policy_can_be_mended(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_policy *policy = begin(ctx, "web");
	struct krsi_rule *rule = rule_begin(ctx, policy, "a", "file.open", "deny");
	char *text = NULL;

	assert_ok(ctx, krsi_rule_set(rule, "object.path", "tmp"));
	assert_int_equal(krsi_policy_freeze(policy), -EBADMSG);
	assert_int_equal(krsi_policy_mode(policy), 0);
	assert_int_equal(krsi_policy_rule_count(policy), 0);
	assert_null(krsi_policy_rule_name(policy, 0));
	assert_null(krsi_policy_warning(policy, 0));
	assert_int_equal(krsi_policy_print(policy, &text), -EBADFD);
	assert_null(text);
	assert_ok(ctx, krsi_rule_set(rule, "object.path", "/tmp"));
	assert_ok(ctx, krsi_policy_freeze(policy));
	assert_int_equal(krsi_policy_mode(policy), KRSI_POLICY_ENFORCE);
	krsi_policy_free(policy);
}

static void test_a_frozen_policy_never_changes(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_policy *policy = begin(ctx, "web");
	struct krsi_rule *rule = rule_begin(ctx, policy, "a", "file.open", "deny"), *other = NULL;

	assert_ok(ctx, krsi_policy_freeze(policy));
	assert_int_equal(krsi_policy_freeze(policy), -EALREADY);
	assert_int_equal(krsi_policy_set(policy, "mode", "permissive"), -EBADFD);
	assert_int_equal(krsi_policy_add(policy, "scope.uid", "0"), -EBADFD);
	assert_int_equal(krsi_policy_add_rule(policy, "b", &other), -EBADFD);
	assert_null(other);
	assert_int_equal(krsi_rule_set(rule, "action", "allow"), -EBADFD);
	assert_int_equal(krsi_rule_add(rule, "object.path", "/x"), -EBADFD);
	krsi_policy_free(policy);
	policy = policy_parse(ctx, "version: 1\nname: x\ndefault: { network: deny }\n");
	assert_int_equal(krsi_policy_set(policy, "mode", "permissive"), -EBADFD);
	assert_int_equal(krsi_policy_add_rule(policy, "b", &other), -EBADFD);
	krsi_policy_free(policy);
}

static void test_what_cannot_be_a_key_is_refused_at_once(void **state)
{
	static const char *const keys[] = {
		"", ".", ".mode", "mode.", "object..path", "a.b.c.d.e.f.g.h.i", "rules", "rules.name",
	};
	struct krsi_ctx *ctx = *state;
	struct krsi_policy *policy = begin(ctx, "web");
	struct krsi_rule *rule = rule_begin(ctx, policy, "a", "file.open", "deny");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		assert_int_equal(krsi_policy_set(policy, keys[i], "x"), -EINVAL);
		assert_int_equal(krsi_policy_add(policy, keys[i], "x"), -EINVAL);
	}
	assert_int_equal(krsi_rule_set(rule, "object..path", "x"), -EINVAL);
	assert_ok(ctx, krsi_policy_freeze(policy));
	krsi_policy_free(policy);
}

static void test_a_key_has_values_or_keys(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_policy *policy = begin(ctx, "web");
	struct krsi_rule *rule = rule_begin(ctx, policy, "a", "file.open", "deny");

	assert_int_equal(krsi_rule_set(rule, "action.deny", "EACCES"), -EEXIST);
	assert_detail(ctx, "rule a: action.deny: ");
	assert_ok(ctx, krsi_rule_set(rule, "object.path", "/x"));
	assert_int_equal(krsi_rule_set(rule, "object", "/x"), -EEXIST);
	assert_int_equal(krsi_rule_add(rule, "object", "/x"), -EEXIST);
	assert_int_equal(krsi_policy_set(policy, "name.first", "x"), -EEXIST);
	assert_ok(ctx, krsi_policy_freeze(policy));
	krsi_policy_free(policy);
}

static void test_a_value_that_is_too_long_is_refused(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_policy *policy = begin(ctx, "web"), *other = NULL;
	char *value = malloc(KRSI_PRIV_SCALAR_MAX + 2);

	assert_non_null(value);
	memset(value, 'a', KRSI_PRIV_SCALAR_MAX + 1);
	value[KRSI_PRIV_SCALAR_MAX + 1] = '\0';
	assert_int_equal(krsi_policy_set(policy, "mode", value), -EINVAL);
	assert_int_equal(krsi_policy_new(ctx, value, &other), -EINVAL);
	assert_null(other);
	free(value);
	krsi_policy_free(policy);
}

static void test_arguments_are_checked(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_policy *policy = begin(ctx, "web"), *other = NULL;
	struct krsi_rule *rule = rule_begin(ctx, policy, "a", "file.open", "deny"), *more = NULL;

	assert_int_equal(krsi_policy_new(NULL, "x", &other), -EINVAL);
	assert_int_equal(krsi_policy_new(ctx, NULL, &other), -EINVAL);
	assert_int_equal(krsi_policy_new(ctx, "x", NULL), -EINVAL);
	assert_int_equal(krsi_policy_set(NULL, "mode", "enforce"), -EINVAL);
	assert_int_equal(krsi_policy_set(policy, NULL, "enforce"), -EINVAL);
	assert_int_equal(krsi_policy_set(policy, "mode", NULL), -EINVAL);
	assert_int_equal(krsi_policy_add(NULL, "mode", "enforce"), -EINVAL);
	assert_int_equal(krsi_policy_add_rule(NULL, "b", &more), -EINVAL);
	assert_int_equal(krsi_policy_add_rule(policy, NULL, &more), -EINVAL);
	assert_int_equal(krsi_policy_add_rule(policy, "b", NULL), -EINVAL);
	assert_int_equal(krsi_rule_set(NULL, "on", "x"), -EINVAL);
	assert_int_equal(krsi_rule_set(rule, NULL, "x"), -EINVAL);
	assert_int_equal(krsi_rule_add(rule, "on", NULL), -EINVAL);
	assert_int_equal(krsi_policy_freeze(NULL), -EINVAL);
	assert_int_equal(krsi_policy_print(NULL, NULL), -EINVAL);
	assert_int_equal(krsi_policy_print(policy, NULL), -EINVAL);
	assert_string_equal(krsi_policy_name(NULL), "");
	assert_int_equal(krsi_policy_rule_count(NULL), 0);
	assert_int_equal(krsi_policy_mode(NULL), 0);
	assert_null(krsi_policy_rule_name(NULL, 0));
	assert_null(krsi_policy_warning(NULL, 0));
	krsi_policy_free(NULL);
	assert_ok(ctx, krsi_policy_freeze(policy));
	krsi_policy_free(policy);
}

static void test_a_policy_outlives_its_context(void **state)
{
	struct krsi_ctx *ctx;
	struct krsi_policy *policy;

	(void)state;
	assert_int_equal(krsi_ctx_new(NULL, &ctx), 0);
	policy = begin(ctx, "web");
	rule_begin(ctx, policy, "a", "file.open", "deny");
	krsi_ctx_free(ctx);
	assert_int_equal(krsi_policy_freeze(policy), 0);
	krsi_policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_the_policy_of_the_design_in_calls),
		ctx_test(test_set_replaces_and_add_adds),
		ctx_test(test_values_are_copied),
		ctx_test(test_any_byte_of_a_path_survives_printing),
		ctx_test(test_mistakes_are_told_together_with_their_place),
		ctx_test(test_a_refused_policy_can_be_mended),
		ctx_test(test_a_frozen_policy_never_changes),
		ctx_test(test_what_cannot_be_a_key_is_refused_at_once),
		ctx_test(test_a_key_has_values_or_keys),
		ctx_test(test_a_value_that_is_too_long_is_refused),
		ctx_test(test_arguments_are_checked),
		ctx_test(test_a_policy_outlives_its_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
