/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which function of the kernel calls a hook, from BTF that the test makes up. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

static char path[32];		/* the file that lists are read from */

static void function_add(struct btf *btf, const char *prefix, const char *name, int proto)
{
	char function[96];

	snprintf(function, sizeof(function), "%s%s", prefix, name);
	assert_true(btf__add_func(btf, function, BTF_FUNC_STATIC, proto) > 0);
}

static int proto_add(struct btf *btf, int result, int first, int second)
{
	int proto = btf__add_func_proto(btf, result);

	if (first)
		btf__add_func_param(btf, "first", first);
	if (second)
		btf__add_func_param(btf, "second", second);
	return proto;
}

/* Hooks, and functions that call them: of the same name, of another, with other arguments; and none. */
static struct btf *kernel_btf(void)
{
	struct btf *btf = btf__new_empty();
	int t_int = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int t_long = btf__add_int(btf, "long", 8, BTF_INT_SIGNED);
	int t_file = btf__add_ptr(btf, btf__add_fwd(btf, "file", BTF_FWD_STRUCT));
	int path_struct = btf__add_fwd(btf, "path", BTF_FWD_STRUCT);
	int t_path = btf__add_ptr(btf, path_struct);
	int t_const_path = btf__add_ptr(btf, btf__add_const(btf, path_struct));
	int t_alias = btf__add_typedef(btf, "number", t_int);
	int of_file = proto_add(btf, t_int, t_file, 0);

	function_add(btf, "bpf_lsm_", "file_open", of_file);
	function_add(btf, "security_", "file_open", of_file);
	function_add(btf, "bpf_lsm_", "bprm_check_security", of_file);
	function_add(btf, "security_", "bprm_check", proto_add(btf, t_alias, t_file, 0));
	function_add(btf, "bpf_lsm_", "tun_dev_alloc_security", of_file);
	function_add(btf, "security_", "tun_dev_alloc", of_file);
	function_add(btf, "security_", "tun_dev_alloc_security", proto_add(btf, t_int, t_file, t_int));
	function_add(btf, "bpf_lsm_", "userns_create", proto_add(btf, t_int, t_const_path, 0));
	function_add(btf, "security_", "create_user_ns", proto_add(btf, t_int, t_path, 0));
	function_add(btf, "security_", "userns", of_file);
	function_add(btf, "bpf_lsm_", "settime", proto_add(btf, t_int, t_file, t_int));
	function_add(btf, "security_", "settime64", proto_add(btf, t_int, t_file, t_long));
	function_add(btf, "bpf_lsm_", "d_instantiate", proto_add(btf, 0, t_file, 0));
	function_add(btf, "security_", "d_instantiate", proto_add(btf, t_int, t_file, 0));
	function_add(btf, "bpf_lsm_", "inode_alloc", of_file);
	function_add(btf, "security_", "inode_alloc_security", of_file);
	return btf;
}

static int setup(void **state)
{
	struct btf *btf = kernel_btf();
	const void *data;
	uint32_t size;
	int fd;

	strcpy(path, "/tmp/krsi-function-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	data = btf__raw_data(btf, &size);
	if (write(fd, data, size) != size)
		return -1;
	close(fd);
	btf__free(btf);
	return unit_setup(state);
}

static int teardown(void **state)
{
	unlink(path);
	return unit_teardown(state);
}

static void test_the_function_that_calls_a_hook_is_told(void **state)
{
	static const struct {
		const char *hook, *function;
		uint32_t fits;
	} cases[] = {
		{ "file_open", "security_file_open", 1 },
		{ "bprm_check_security", "security_bprm_check", 1 },		/* a typedef is what it stands for */
		{ "tun_dev_alloc_security", "security_tun_dev_alloc_security", 0 },	/* one argument more */
		{ "userns_create", "security_create_user_ns", 1 },		/* const makes no difference */
		{ "settime", "security_settime64", 0 },				/* a longer argument */
		{ "d_instantiate", "security_d_instantiate", 0 },		/* returns something */
		{ "inode_alloc", "", 0 },					/* the suffix is the hook's, not the function's */
	};
	struct krsi_hooks_opts opts = { .sz = sizeof(opts), .btf_path = path };
	struct krsi_hook_info info = { .sz = sizeof(info) };
	struct krsi_hooks *hooks;
	size_t index, i;

	assert_int_equal(krsi_hooks_new(*state, &opts, &hooks), 0);
	assert_int_equal(krsi_hooks_count(hooks), ARRAY_SIZE(cases));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(krsi_hooks_find(hooks, cases[i].hook, &index), 0);
		assert_int_equal(krsi_hook_info(hooks, index, &info), 0);
		assert_string_equal(info.function, cases[i].function);
		assert_int_equal(info.function_fits, cases[i].fits);
	}
	krsi_hooks_free(hooks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_function_that_calls_a_hook_is_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
