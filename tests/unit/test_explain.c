/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What krsi_engine_explain() tells, on kernels that are made up here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <libkrsi/object.h>

#include "engine/engine.h"
#include "engine/programs.h"
#include "policy_tools.h"

#define HEAD "version: 1\nname: web\nrules:\n"

/* --- a kernel --------------------------------------------------------------------------- */

#define HOOKS_MAX 128

static const char *modules;		/* active ones; NULL: the list cannot be read */
static bool has_btf;
static const char *without;		/* a hook that it does not have, or what begins so when it ends with _; or NULL */

/* All hooks that the engine's programs want, with as many arguments as the first of them expects. */
static struct {
	char name[64];
	unsigned int args;
} hooks[HOOKS_MAX];
static size_t hook_count;

static void hook_add(const char *name, unsigned int args)
{
	size_t i;

	for (i = 0; i < hook_count; i++)
		if (strcmp(hooks[i].name, name) == 0)
			return;
	assert_true(hook_count < HOOKS_MAX);
	snprintf(hooks[hook_count].name, sizeof(hooks[0].name), "%s", name);
	hooks[hook_count++].args = args ? args : 1;
}

/* Ask the engine's own object, so that this does not have to follow it. */
static int hooks_find(void **state)
{
	struct krsi_program_info info = { .sz = sizeof(info) };
	static struct krsi_engine engine;
	struct krsi_object *object;
	size_t i, at;

	(void)state;
	has_btf = true;
	if (krsi_ctx_new(NULL, &engine.ctx))
		return -1;
	engine.opts.ring_size = engine.opts.denial_ring_size = 65536;
	if (krsi_priv_kernel_survey(&engine, &object))
		return -1;
	for (i = 0; i < krsi_priv_engine_program_count; i++)
		if (krsi_object_find_program(object, krsi_priv_engine_programs[i].name, &at) == 0 && krsi_object_program_info(object, at, &info) == 0)
			hook_add(info.target, krsi_priv_engine_programs[i].args);
	krsi_object_free(object);
	krsi_ctx_free(engine.ctx);
	return 0;
}

int __wrap_krsi_priv_lsm_list(char *text, size_t size);
int __wrap_krsi_priv_lsm_list(char *text, size_t size)
{
	if (!modules)
		return -ENOENT;
	snprintf(text, size, "%s", modules);
	return 0;
}

/* Structures as the programs expect them, d_name in a union as since Linux 6.17. */
static void structures_add(struct btf *btf, int t_int)
{
	static const char *const ids[] = { "uid", "gid", "suid", "sgid", "euid", "egid", "fsuid", "fsgid" };
	static const char *const caps[] = { "cap_inheritable", "cap_permitted", "cap_effective" };
	int pointer = btf__add_ptr(btf, t_int), both = btf__add_union(btf, "", 16);
	uint32_t i;

	btf__add_field(btf, "d_name", t_int, 0, 0);
	btf__add_struct(btf, "dentry", 64);
	btf__add_field(btf, "d_parent", pointer, 24 * 8, 0);
	btf__add_field(btf, "", both, 32 * 8, 0);
	btf__add_field(btf, "d_inode", pointer, 48 * 8, 0);
	btf__add_struct(btf, "mount", 64);
	btf__add_field(btf, "mnt_parent", pointer, 16 * 8, 0);
	btf__add_field(btf, "mnt_mountpoint", pointer, 24 * 8, 0);
	btf__add_struct(btf, "cred", 128);
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		btf__add_field(btf, ids[i], t_int, (8 + 4 * i) * 8, 0);
	for (i = 0; i < ARRAY_SIZE(caps); i++)
		btf__add_field(btf, caps[i], t_int, (48 + 8 * i) * 8, 0);
}

struct btf *__wrap_btf__load_vmlinux_btf(void);
struct btf *__wrap_btf__load_vmlinux_btf(void)
{
	struct btf *btf = has_btf ? btf__new_empty() : NULL;
	int t_int, pointer, proto;
	unsigned int arg;
	char name[128];
	size_t i;

	if (!btf) {
		errno = ENOENT;
		return NULL;
	}
	t_int = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	structures_add(btf, t_int);
	pointer = btf__add_ptr(btf, t_int);
	btf__add_union(btf, "security_list_options", 8);
	for (i = 0; i < hook_count; i++)
		btf__add_field(btf, hooks[i].name, pointer, 0, 0);
	for (i = 0; i < hook_count; i++) {
		if (without && (strcmp(hooks[i].name, without) == 0 ||
				(without[strlen(without) - 1] == '_' && strncmp(hooks[i].name, without, strlen(without)) == 0)))
			continue;
		proto = btf__add_func_proto(btf, t_int);
		for (arg = 0; arg < hooks[i].args; arg++)
			btf__add_func_param(btf, "a", pointer);
		snprintf(name, sizeof(name), "bpf_lsm_%.100s", hooks[i].name);
		btf__add_func(btf, name, BTF_FUNC_GLOBAL, proto);
		snprintf(name, sizeof(name), "security_%.100s", hooks[i].name);
		btf__add_func(btf, name, BTF_FUNC_GLOBAL, proto);
		/* Some of the names are of functions and of tracepoints, and not of hooks. */
		btf__add_func(btf, hooks[i].name, BTF_FUNC_GLOBAL, proto);
		snprintf(name, sizeof(name), "btf_trace_%.100s", hooks[i].name);
		btf__add_typedef(btf, name, pointer);
	}
	return btf;
}

/* --- what is told --------------------------------------------------------------------------- */

static struct policy_text told;
static size_t items, errors, stop_after;

static int keep(void *data, const struct krsi_explain_item *item)
{
	assert_ptr_equal(data, &told);
	assert_int_equal(item->sz, sizeof(*item));
	assert_non_null(item->text);
	assert_null(strchr(item->text, '\n'));
	policy_text_add(&told, "%s%u|%s|%s|%s|%s|%s|%s\n", item->level == KRSI_LOG_ERROR ? "E" : item->level == KRSI_LOG_WARN ? "W" : "",
			item->kind, item->policy ? item->policy : "", item->rule ? item->rule : "", item->operation ? item->operation : "",
			item->program ? item->program : "", item->hook ? item->hook : "", item->text);
	errors += item->level == KRSI_LOG_ERROR;
	return ++items == stop_after;
}

static int explain(struct krsi_ctx *ctx, const char *text)
{
	struct krsi_policy *policy = policy_parse(ctx, text);
	int err;

	policy_text_free(&told);
	policy_text_add(&told, "%s", "");
	items = errors = 0;
	err = krsi_engine_explain(ctx, &policy, 1, keep, &told);
	krsi_policy_free(policy);
	return err;
}

static int kernel_reset(void **state)
{
	modules = "lockdown,bpf";
	has_btf = true;
	without = NULL;
	stop_after = 0;
	return unit_setup(state);
}

static int told_free(void **state)
{
	policy_text_free(&told);
	return unit_teardown(state);
}

static void test_explain_what_can_be_carried_out(void **state)
{
	struct krsi_ctx *ctx = *state;

	assert_ok(ctx, explain(ctx, "version: 1\nname: web\nmode: permissive\nrules:\n"
				 "  - { name: one, on: file.read, subject: { tag: red }, object: { path: /nowhere/at/all }, action: deny }\n"
				 "  - { name: two, on: process.exec, object: { path: [\"/nowhere/**\", \"/x/*.so\", \"/**/*\"] }, action: { tag: red } }\n"));
	assert_words(told.text, "1|||||");
	assert_words(told.text, "|backend lsm: bpf is among the active security modules\n");
	assert_words(told.text, "\n2|web|||||2 rules, permissive\n");
	assert_words(told.text, "\n4|web|one||||deny with EPERM; permissive, so it only tells\n");
	assert_words(told.text, "\n5|web|one|file.read|file_open|");
	assert_words(told.text, "|file.read: program file_open");
	assert_words(told.text, " of /nowhere/at/all: ");
	assert_words(told.text, "looked up by name only, as nothing is there now\n");
	assert_words(told.text, "\n7|web|one||||process tracking: what tag asks for");
	assert_words(told.text, "\n5|web|two|process.exec|exec_check||process.exec: program exec_check\n");
	assert_words(told.text, "process.exec of /nowhere/**: program exec_check: its directory is looked up by name only, as nothing is there now\n");
	assert_words(told.text, "process.exec of /x/*.so: program exec_check: compared by the automaton, where \"x\" is on the path\n");
	assert_words(told.text, "process.exec of /**/*: program exec_check: compared by the automaton, for every path");
	assert_words(told.text, "\n7|web|two||||walk to the root");
	assert_words(told.text, "\n7|web|two||||automaton: it reads every path");
	assert_words(told.text, "\n9||||exec_check|bprm_check_security|program exec_check on bprm_check_security: this kernel has it\n");
	assert_words(told.text, "|policies: 1 of 64\n");
	assert_words(told.text, "|rules: 2 of 4096\n");
	assert_words(told.text, "|patterns: 4 of 65536\n");
	assert_words(told.text, "|tags: 1 of 64\n");
	assert_words(told.text, "|states of the automaton: ");
	assert_words(told.text, "|bytes of the image in the kernel: ");
	assert_words(told.text, "\n11||||||patterns in the automaton: 2\n");
}

static const char exec_policy[] = HEAD "  - { name: one, on: process.exec, object: { path: /nowhere }, action: deny }\n";

static void test_explain_is_fine_where_all_is_there(void **state)
{
	assert_ok(*state, explain(*state, exec_policy));
	assert_int_equal(errors, 0);
	assert_null(strstr(told.text, "7|web"));
}

static void test_explain_tells_the_backend(void **state)
{
	assert_ok(*state, explain(*state, exec_policy));
	assert_words(told.text, "1||||||backend lsm: bpf is among the active security modules\n");
	modules = "lockdown,yama";
	assert_ok(*state, explain(*state, exec_policy));
	assert_words(told.text, "1||||||backend fmod_ret: bpf is not among the active security modules (lockdown,yama); "
		     "boot with lsm=lockdown,yama,bpf for the backend lsm\n");
	modules = NULL;
	assert_ok(*state, explain(*state, exec_policy));
	assert_words(told.text, "1||||||backend fmod_ret: whether bpf is among the active security modules cannot be told");
}

static void test_explain_a_kernel_without_type_information(void **state)
{
	has_btf = false;
	assert_int_equal(explain(*state, exec_policy), -EOPNOTSUPP);
	assert_int_equal(errors, 1);
	assert_words(told.text, "\nE1||||||");
	/* Whether the hooks are there is not known, so nothing is said of it. */
	assert_words(told.text, "|program exec_check on bprm_check_security\n");
}

static void test_explain_a_kernel_without_the_hook(void **state)
{
	without = "file_open";
	assert_int_equal(explain(*state, HEAD "  - { name: one, on: [file.open, process.exec], object: { path: /nowhere }, action: deny }\n"), -EOPNOTSUPP);
	assert_detail(*state, "policy web, rule one: file.open: this kernel has no hook for it; take it out of the policy, or use a newer kernel");
	assert_words(told.text, "\nE5|web|one|file.open|||");
	assert_words(told.text, "\nE9||||file_open|file_open|program file_open on file_open: this kernel does not have it, and the policies need it");
	assert_words(told.text, "\n5|web|one|process.exec|exec_check|");
}

static void test_explain_a_kernel_built_without_a_family_of_hooks(void **state)
{
	without = "path_";
	assert_int_equal(explain(*state, HEAD "  - { name: one, on: [file.unlink, process.exec], object: { path: /nowhere }, action: deny }\n"), -EOPNOTSUPP);
	assert_detail(*state, "policy web, rule one: file.unlink: its hook comes with CONFIG_SECURITY_PATH=y, without which this kernel was built; "
		      "take it out of the policy, or use another kernel");
	assert_words(told.text, "\nE9||||name_unlink|path_unlink|program name_unlink on path_unlink: this kernel was built without CONFIG_SECURITY_PATH");
	assert_words(told.text, "\n5|web|one|process.exec|exec_check|");
	without = "path_unlink";	/* one that is missing is no matter of the option */
	assert_int_equal(explain(*state, HEAD "  - { name: one, on: file.unlink, object: { path: /nowhere }, action: deny }\n"), -EOPNOTSUPP);
	assert_detail(*state, "file.unlink: this kernel has no hook for it");
}

static void test_explain_what_the_engine_lacks_names_each_rule(void **state)
{
	assert_int_equal(explain(*state, HEAD
				 "  - { name: one, on: process.exec, object: { digest: { ima: \"sha1:0123456789abcdef0123456789abcdef01234567\" }, xattr: user.b }, action: audit }\n"
				 "  - { name: two, on: process.exec, object: { digest: { fsverity: \"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\" } }, action: deny }\n"
				 "  - { name: three, on: process.exec, object: { path: /x }, unless: { xattr: user.a }, action: deny }\n"), -EOPNOTSUPP);
	assert_detail(*state, "policy web, rule one: line 4, column ");
	assert_words(told.text, "digest.ima is not in the engine yet; tell the file by path");
	assert_words(told.text, "\nE8|web|two||||");
	assert_words(told.text, "digest.fsverity is not in the engine yet");
	assert_words(told.text, "\nE8|web|three||||");
	assert_words(told.text, "xattr is not in the engine yet");
	assert_int_equal(errors, 4);
}

static void test_explain_what_already_open_costs(void **state)
{
	assert_ok(*state, explain(*state, HEAD
				  "  - { name: one, on: file.read, already_open: true, object: { path: /x }, action: deny }\n"
				  "  - { name: two, on: file.read, object: { path: /y }, action: deny }\n"
				  "  - { name: three, on: file.exec_mmap, already_open: true, object: { path: /z }, action: deny }\n"));
	assert_words(told.text, "|web|one||||already_open: it costs at every read, write and mapping of every file, and when a descriptor is passed on: programs file_mmap, file_mprotect, file_use, file_receive\n");
	assert_null(strstr(told.text, "|web|two||file_mmap"));
	assert_words(told.text, "|web|three||||already_open: nothing more is looked at");
	/* Whoever reads of it reads words of the language. */
	assert_words(told.text, "|web|one|file.read|file_open||file.read: program file_open\n");
	assert_words(told.text, "||||file_use|file_permission|program file_use on file_permission: this kernel has it\n");
	without = "file_receive";
	assert_int_equal(explain(*state, HEAD "  - { name: one, on: file.read, already_open: true, object: { path: /x }, action: deny }\n"), -EOPNOTSUPP);
	assert_words(told.text, "program file_receive on file_receive: this kernel does not have it, and the policies need it");
}

static void test_explain_defaults_and_warnings(void **state)
{
	assert_ok(*state, explain(*state, "version: 1\nname: web\ndefault: { process.exec: deny, file.open: allow }\nrules:\n"
				  "  - { name: one, on: process.exec, object: { path: [/a, /a] }, action: allow }\n"));
	assert_words(told.text, "\nW3|web|||||policy:5:");
	assert_words(told.text, "stands twice");
	assert_words(told.text, "\n4|web|default||||deny what no rule decides\n");
	assert_words(told.text, "\n5|web|default|process.exec|exec_check|");
	assert_null(strstr(told.text, "file.open:"));
}

static void test_explain_exceptions_for_names_and_strings(void **state)
{
	assert_ok(*state, explain(*state, HEAD
				  "  - { name: named, on: file.open, object: { path: /nowhere }, unless: { exe: [/nobody, \"!/somebody\"] }, action: deny }\n"
				  "  - { name: here, on: file.open, object: { path: /nowhere }, unless: { exe: /nobody, namespaces: { mnt: 5 } }, action: deny }\n"
				  "  - { name: inode, on: file.open, object: { path: /nowhere }, unless: { exe: \"8:1:5\" }, action: deny }\n"
				  "  - { name: others, on: file.open, object: { path: /nowhere }, unless: { exe: \"!/nobody\" }, action: deny }\n"
				  "  - { name: strings, on: process.exec, object: { env: A }, action: deny }\n"));
	assert_words(told.text, "\nW7|web|named||||the exception is for a name");
	assert_null(strstr(told.text, "|here||||the exception"));
	assert_null(strstr(told.text, "|inode||||the exception"));
	assert_null(strstr(told.text, "|others||||the exception"));
	assert_words(told.text, "\n7|web|strings||||arguments and environment: ");
}

/* --- paths --------------------------------------------------------------------------------------- */

static void test_explain_how_paths_are_found(void **state)
{
	char dir[64], path[128];
	struct krsi_ctx *ctx = *state;
	struct policy_text text = { 0 };
	FILE *file;

	strcpy(dir, unit_dir_make());
	snprintf(path, sizeof(path), "%s/real", dir);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/link", dir);
	assert_int_equal(symlink("real", path), 0);
	snprintf(path, sizeof(path), "%s/real/file", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);

	policy_text_add(&text, HEAD "  - name: one\n    on: process.exec\n    subject: { exe: [%s/real, %s/link/file], parent: { exe: %s/real/file } }\n"
			"    object: { path: [%s/real/file, \"%s/real/file/**\", \"%s/link/**\", \"%s/link/*.so\", \"%s/real/*.so\", \"!%s/real/x\"] }\n    action: deny\n",
			dir, dir, dir, dir, dir, dir, dir, dir, dir);
	assert_ok(ctx, explain(ctx, text.text));
	policy_text_free(&text);
#define EXPECT(fmt) do {							\
		policy_text_add(&text, fmt, dir);				\
		assert_words(told.text, text.text);				\
		policy_text_free(&text);					\
	} while (0)
	EXPECT("\nW6|web|one||||exe %s/real: never matches, as it is a directory, and no program");
	EXPECT("\n6|web|one||||exe %s/link/file: looked up by identity (");
	EXPECT("as a symbolic link leads to %s/real/file\n");
	EXPECT("\n6|web|one||||parent.exe %s/real/file: looked up by name and identity (");
	EXPECT("\n6|web|one||||process.exec of %s/real/file: program exec_check: looked up by name and identity (");
	EXPECT("\nW6|web|one||||process.exec of %s/real/file/**: program exec_check: never matches, as it is no directory");
	EXPECT("\n6|web|one||||process.exec of %s/link/**: program exec_check: its directory is looked up by identity (");
	EXPECT("\nW6|web|one||||process.exec of %s/link/*.so: program exec_check: never matches on this machine, as a symbolic link");
	EXPECT("\n6|web|one||||process.exec of %s/real/*.so: program exec_check: compared by the automaton, where ");
	EXPECT("\n6|web|one||||process.exec of anything but %s/real/x: ");
	snprintf(path, sizeof(path), "%s/link", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/real/file", dir);
	unlink(path);
	unit_dir_remove(dir);
}

/* --- the call itself --------------------------------------------------------------------------------- */

static void test_explain_the_callback_can_end_it(void **state)
{
	size_t all;

	assert_ok(*state, explain(*state, exec_policy));
	all = items;
	for (stop_after = 1; stop_after <= all; stop_after++) {
		assert_int_equal(explain(*state, exec_policy), -ECANCELED);
		assert_int_equal(items, stop_after);
	}
}

static void test_explain_arguments_and_limits(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_policy *policies[65], *open = NULL;
	char text[128];
	size_t i;

	policy_text_free(&told);
	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		snprintf(text, sizeof(text), "version: 1\nname: p%zu\ndefault: { process.exec: deny }\n", i == 1 ? 0 : i);
		policies[i] = policy_parse(ctx, text);
	}
	assert_int_equal(krsi_engine_explain(NULL, policies, 1, keep, &told), -EINVAL);
	assert_int_equal(krsi_engine_explain(ctx, NULL, 1, keep, &told), -EINVAL);
	assert_int_equal(krsi_engine_explain(ctx, policies, 1, NULL, &told), -EINVAL);
	assert_int_equal(krsi_engine_explain(ctx, policies, 2, keep, &told), -EINVAL);
	assert_detail(ctx, "two policies are called p0");
	assert_ok(ctx, krsi_policy_new(ctx, "open", &open));
	assert_int_equal(krsi_engine_explain(ctx, &open, 1, keep, &told), -EBADFD);
	krsi_policy_free(open);
	assert_ok(ctx, krsi_engine_explain(ctx, NULL, 0, keep, &told));
	policy_text_free(&told);
	krsi_policy_free(policies[1]);
	policies[1] = policy_parse(ctx, "version: 1\nname: p1\ndefault: { process.exec: deny }\n");
	assert_int_equal(krsi_engine_explain(ctx, policies, 65, keep, &told), -E2BIG);
	assert_words(told.text, "E10||||||policies: 65 of 64\n");
	for (i = 0; i < ARRAY_SIZE(policies); i++)
		krsi_policy_free(policies[i]);
}

int main(void)
{
#define explain_test(name) cmocka_unit_test_setup_teardown(name, kernel_reset, told_free)
	const struct CMUnitTest tests[] = {
		explain_test(test_explain_what_can_be_carried_out),
		explain_test(test_explain_is_fine_where_all_is_there),
		explain_test(test_explain_tells_the_backend),
		explain_test(test_explain_a_kernel_without_type_information),
		explain_test(test_explain_a_kernel_without_the_hook),
		explain_test(test_explain_a_kernel_built_without_a_family_of_hooks),
		explain_test(test_explain_what_the_engine_lacks_names_each_rule),
		explain_test(test_explain_what_already_open_costs),
		explain_test(test_explain_defaults_and_warnings),
		explain_test(test_explain_exceptions_for_names_and_strings),
		explain_test(test_explain_how_paths_are_found),
		explain_test(test_explain_the_callback_can_end_it),
		explain_test(test_explain_arguments_and_limits),
	};

	return cmocka_run_group_tests(tests, hooks_find, NULL);
}
