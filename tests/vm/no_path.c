/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A kernel without CONFIG_SECURITY_PATH, as far as can be told by its types: in a copy of them that is mounted over the
 * kernel's own, the functions of the hooks path_* have other names. Nothing in the library knows of it.
 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BTF "/sys/kernel/btf/vmlinux"
#define BTF_COPY "/tmp/no_path.btf"

/* Names as long, so that nothing else in the types moves. */
static void names_change(char *bytes, size_t size, const char *from, const char *to)
{
	size_t len = strlen(from);
	char *at = bytes, *end = bytes + size;
	unsigned int changed = 0;

	assert_int_equal(len, strlen(to));
	while ((at = memmem(at, (size_t)(end - at), from, len))) {
		memcpy(at, to, len);
		changed++;
	}
	assert_true(changed > 5);
}

static int btf_change(void **state)
{
	struct stat st;
	char *bytes;
	int fd;

	if (engine_files_setup(state))
		return -1;
	vm_btf_copy(BTF_COPY);
	fd = open(BTF_COPY, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return -1;
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return -1;
	names_change(bytes, (size_t)st.st_size, "bpf_lsm_path_", "bpf_lsm_none_");
	names_change(bytes, (size_t)st.st_size, "security_path_", "security_none_");
	munmap(bytes, (size_t)st.st_size);
	close(fd);
	return unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount(BTF_COPY, BTF, NULL, MS_BIND, NULL);
}

/* The engine's answer to a policy that denies one operation. */
static int apply(struct engine *e, const char *operation)
{
	struct krsi_policy *policy;
	char yaml[512];
	int err;

	snprintf(yaml, sizeof(yaml), "version: 1\nname: one\nrules:\n  - { name: deny, on: %s, subject: { exe: /nowhere }, action: deny }\n", operation);
	policy = engine_policy(e, yaml);
	err = krsi_engine_apply(e->engine, &policy, 1);
	krsi_policy_free(policy);
	return err;
}

static void test_operations_on_these_hooks_are_refused_by_name(void **state)
{
	static const struct {
		const char *operation, *words;
	} cases[] = {
		{ "file.truncate", "file.truncate (also a part of file.write)" },
		{ "file.chmod", "file.chmod (also a part of file.write)" },
		{ "file.create", "file.create (also a part of file.write)" },
		{ "file.mknod", "file.mknod (also a part of file.write)" },
		{ "file.mkdir", "file.mkdir (also a part of file.write)" },
		{ "file.symlink", "file.symlink (also a part of file.write)" },
		{ "file.unlink", "file.unlink (also a part of file.write)" },
		{ "file.rmdir", "file.rmdir (also a part of file.write)" },
		{ "file.rename", "file.rename (also a part of file.read, file.write)" },
		{ "file.link", "file.link (also a part of file.read, file.write)" },
		{ "network.bind", "engine: network.bind" },
		/* Under another name they would not be found. */
		{ "file.read", "file.rename (also a part of file.read, file.write)" },
		{ "file.write", "file.truncate (also a part of file.write)" },
	};
	struct engine e = { .ctx = *state };
	char words[256];
	size_t i;

	assert_ok(e.ctx, krsi_engine_new(e.ctx, NULL, &e.engine));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(apply(&e, cases[i].operation), -EOPNOTSUPP);
		snprintf(words, sizeof(words), "%s needs a hook that comes with CONFIG_SECURITY_PATH=y, without which this kernel was built; "
			 "take it out of the policies, or use another kernel", cases[i].words);
		assert_detail(e.ctx, words);
	}
	krsi_engine_free(e.engine);
}

/* One apply, as loading takes long; the policy in force is not lost to one that is refused. */
static void test_all_others_work(void **state)
{
	struct engine e = engine_start_new(*state, "version: 1\nname: web\nrules:\n"
		"  - { name: secret, on: file.open, object: { path: " ENGINE_DIR "/secret }, action: deny }\n"
		"  - { name: glob, on: file.open, object: { path: \"" ENGINE_DIR "/dir/**\" }, action: deny }\n"
		"  - { name: owner, on: file.chown, object: { path: " ENGINE_DIR "/other }, action: deny }\n"
		"  - { name: program, on: process.exec, object: { path: " ENGINE_DIR "/program }, action: deny }\n");
	int i;

	for (i = 0; i < 2; i++) {
		assert_int_equal(try_open(ENGINE_DIR "/secret", O_RDONLY), EPERM);
		assert_int_equal(try_open(ENGINE_DIR "/dir/sub/deep", O_RDONLY), EPERM);
		assert_int_equal(try_open(ENGINE_DIR "/other", O_RDWR), 0);
		assert_int_equal(try_exec(ENGINE_DIR "/program"), EPERM);
		/* For want of its own hook, by that of attributes. */
		assert_int_equal(chown(ENGINE_DIR "/other", 1, 1) ? errno : 0, EPERM);
		assert_int_equal(chown(ENGINE_DIR "/xy.conf", 1, 1), 0);
		assert_int_equal(apply(&e, "file.unlink"), -EOPNOTSUPP);
	}
	assert_string_equal(engine_event(&e).rule, "secret");
	/* A file that gets the name is known by it, though no hook of names is there. */
	assert_int_equal(rename(ENGINE_DIR "/other", ENGINE_DIR "/secret"), 0);
	assert_int_equal(try_open(ENGINE_DIR "/secret", O_RDONLY), EPERM);
	engine_stop_new(&e);
}

static void test_hooks_say_why(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_hooks *hooks;

	assert_ok(ctx, krsi_hooks_new(ctx, NULL, &hooks));
	assert_int_equal(krsi_hooks_find(hooks, "path_unlink", NULL), -ENOENT);
	assert_detail(ctx, "hook path_unlink: this kernel has no such hook, nor any of its kind: they come with CONFIG_SECURITY_PATH=y");
	assert_ok(ctx, krsi_hooks_find(hooks, "inode_unlink", NULL));
	krsi_hooks_free(hooks);
}

/* Anybody's object: moved there, refused; where it belongs, not. */
static void test_objects_say_why(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_open(ctx, "mkdir");

	assert_int_equal(krsi_object_set_target(object, "mkdir_check", "path_mkdir"), -ENOENT);
	assert_detail(ctx, "program mkdir_check: this kernel has no security hook path_mkdir, nor any of its kind: they come with CONFIG_SECURITY_PATH=y");
	assert_ok(ctx, krsi_object_load(object));
	krsi_object_free(object);
}

/* What krsi check says: each rule by name. */
static int tell(void *data, const struct krsi_explain_item *item)
{
	if (item->level == KRSI_LOG_ERROR && item->rule)
		strncat(data, item->text, 1000);
	return 0;
}

static void test_check_names_the_rule(void **state)
{
	static const char yaml[] = "version: 1\nname: web\nrules:\n"
		"  - { name: keep, on: [file.unlink, file.open], object: { path: /etc/shadow }, action: deny }\n";
	struct engine e = { .ctx = *state };
	struct krsi_policy *policy = engine_policy(&e, yaml);
	char text[2048] = "";

	assert_int_equal(krsi_engine_explain(e.ctx, &policy, 1, tell, text), -EOPNOTSUPP);
	assert_detail(e.ctx, "policy web, rule keep: file.unlink: its hook comes with CONFIG_SECURITY_PATH=y");
	assert_non_null(strstr(text, "file.unlink: its hook"));
	assert_null(strstr(text, "file.open"));
	krsi_policy_free(policy);
}

/* The command, as its user meets it. The exit code. */
static int krsi(const char *arguments, char *text, size_t size)
{
	char command[256];
	size_t used;
	FILE *pipe;
	int status;

	snprintf(command, sizeof(command), "/test/krsi %s 2>&1", arguments);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	used = fread(text, 1, size - 1, pipe);
	text[used] = '\0';
	status = pclose(pipe);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_command_says_why(void **state)
{
	char text[8192];
	FILE *file;

	(void)state;
	assert_int_equal(krsi("hooks path_unlink", text, sizeof(text)), 1);
	assert_non_null(strstr(text, "krsi: hook path_unlink: this kernel has no such hook, nor any of its kind: they come with CONFIG_SECURITY_PATH=y, "
			       "without which it was built\n"));
	file = fopen("/tmp/no_path.yaml", "w");
	assert_non_null(file);
	fputs("version: 1\nname: web\nrules:\n  - { name: keep, on: file.unlink, object: { path: /etc/shadow }, action: deny }\n", file);
	fclose(file);
	assert_int_equal(krsi("check /tmp/no_path.yaml", text, sizeof(text)), 4);
	assert_non_null(strstr(text, "file.unlink: its hook comes with CONFIG_SECURITY_PATH=y, without which this kernel was built"));
	assert_int_equal(krsi("status -v", text, sizeof(text)), 0);
	assert_non_null(strstr(text, "lsm/path_* cannot be, as this kernel was built without CONFIG_SECURITY_PATH"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_hooks_say_why),
		vm_test(test_objects_say_why),
		vm_test(test_check_names_the_rule),
		vm_test(test_command_says_why),
		vm_test(test_operations_on_these_hooks_are_refused_by_name),
		vm_test(test_all_others_work),
	};

	return cmocka_run_group_tests(tests, btf_change, NULL);
}
