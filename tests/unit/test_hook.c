/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The list of hooks, from BTF that the test makes up. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

static char path[32];		/* the file that lists are read from */

/* --- a kernel's BTF ------------------------------------------------------ */

/* What may be left out of it, or put into it. */
enum {
	NO_UNION = 1,
	NO_HOOKS = 2,
	WITH_BAD_REFERENCE = 4,
	WITH_LOOP = 8,
};

static void hook_add(struct btf *btf, const char *name, int proto)
{
	char function[64];

	snprintf(function, sizeof(function), "bpf_lsm_%s", name);
	assert_true(btf__add_func(btf, function, BTF_FUNC_STATIC, proto) > 0);
}

/*
 * Hooks file_open, file_free, ioctl_notify, task_kill and no_args; not in alphabetical order. The
 * union also has lsm_func_addr, which has no function, and bpf_lsm_verify_prog is no member of it.
 */
static struct btf *kernel_btf(unsigned int flags)
{
	static const char *const members[] = {
		"task_kill", "file_open", "lsm_func_addr", "file_free", "no_args", "ioctl_notify",
	};
	struct btf *btf = btf__new_empty();
	int t_int, t_char, t_file, t_task, t_u32, t_names, t_callback, t_signal, t_pointer, t_loop, proto, i;

	assert_non_null(btf);
	t_int = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	t_char = btf__add_int(btf, "char", 1, BTF_INT_SIGNED);
	t_file = btf__add_ptr(btf, btf__add_fwd(btf, "file", BTF_FWD_STRUCT));
	t_task = btf__add_ptr(btf, btf__add_const(btf, btf__add_struct(btf, "task_struct", 16)));
	t_u32 = btf__add_typedef(btf, "u32", btf__add_int(btf, "unsigned int", 4, 0));
	t_names = btf__add_ptr(btf, btf__add_array(btf, t_int, btf__add_ptr(btf, btf__add_const(btf, t_char)), 4));
	t_signal = btf__add_enum(btf, "signal", 4);
	t_pointer = btf__add_const(btf, btf__add_ptr(btf, 0));
	t_loop = btf__add_const(btf, (int)btf__type_cnt(btf));	/* const of itself */
	if (!(flags & NO_UNION)) {
		btf__add_union(btf, "security_list_options", 8);
		for (i = 0; i < (int)(ARRAY_SIZE(members)); i++)
			btf__add_field(btf, members[i], t_file, 0, 0);
	}
	if (flags & NO_HOOKS)
		return btf;

	/* Arguments go to the type that was added last: nothing else may come between. */
	t_callback = btf__add_func_proto(btf, 0);
	btf__add_func_param(btf, "", t_int);
	btf__add_func_param(btf, "names", t_names);
	t_callback = btf__add_ptr(btf, t_callback);
	proto = btf__add_func_proto(btf, t_int);
	btf__add_func_param(btf, "task", t_task);
	btf__add_func_param(btf, "sig", t_signal);
	btf__add_func_param(btf, "id", t_u32);
	hook_add(btf, "task_kill", proto);
	proto = btf__add_func_proto(btf, t_int);
	btf__add_func_param(btf, "file", t_file);
	hook_add(btf, "file_open", proto);
	btf__add_func(btf, "security_file_open", BTF_FUNC_STATIC, proto);
	proto = btf__add_func_proto(btf, 0);
	btf__add_func_param(btf, "file", t_file);
	hook_add(btf, "file_free", proto);
	proto = btf__add_func_proto(btf, t_int);
	btf__add_func_param(btf, "notify", t_callback);
	btf__add_func_param(btf, "", t_pointer);
	if (flags & WITH_BAD_REFERENCE)
		btf__add_func_param(btf, "bad", 4000);
	if (flags & WITH_LOOP)
		btf__add_func_param(btf, "loop", t_loop);
	hook_add(btf, "ioctl_notify", proto);
	hook_add(btf, "no_args", btf__add_func_proto(btf, t_int));
	proto = btf__add_func_proto(btf, t_int);
	hook_add(btf, "verify_prog", proto);
	btf__add_func(btf, "unrelated", BTF_FUNC_STATIC, proto);
	return btf;
}

static void file_write(const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

static void btf_write(unsigned int flags)
{
	struct btf *btf = kernel_btf(flags);
	const void *data;
	uint32_t size;

	data = btf__raw_data(btf, &size);
	assert_non_null(data);
	file_write(data, size);
	btf__free(btf);
}

/* --- instead of the kernel ----------------------------------------------- */

static struct {
	int result;			/* of every load; 0: a descriptor */
	struct {
		enum bpf_prog_type type;
		enum bpf_attach_type attach_type;
		uint32_t flags, btf_id;
		int verdict;
	} loads[8];
	int count;
} kernel;

int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t count, const struct bpf_prog_load_opts *opts);
struct btf *__wrap_btf__load_vmlinux_btf(void);

int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t count, const struct bpf_prog_load_opts *opts)
{
	assert_true(strlen(name) < 16);
	assert_string_equal(license, "Dual BSD/GPL");
	assert_int_equal(count, 2);
	assert_true(kernel.count < 8);
	kernel.loads[kernel.count].type = type;
	kernel.loads[kernel.count].attach_type = opts->expected_attach_type;
	kernel.loads[kernel.count].flags = opts->prog_flags;
	kernel.loads[kernel.count].btf_id = opts->attach_btf_id;
	kernel.loads[kernel.count++].verdict = insns[0].imm;
	return kernel.result ? kernel.result : open("/dev/null", O_RDONLY);
}

struct btf *__wrap_btf__load_vmlinux_btf(void)
{
	return kernel_btf(0);
}

/* --- setup --------------------------------------------------------------- */

static int setup(void **state)
{
	int fd;

	strcpy(path, "/tmp/krsi-hook-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	close(fd);
	memset(&kernel, 0, sizeof(kernel));
	return unit_setup(state);
}

static int teardown(void **state)
{
	unlink(path);
	return unit_teardown(state);
}

static int list_from_file(struct krsi_ctx *ctx, struct krsi_hooks **hooks)
{
	struct krsi_hooks_opts opts = { .sz = sizeof(opts), .btf_path = path };

	return krsi_hooks_new(ctx, &opts, hooks);
}

static struct krsi_hooks *list_new(struct krsi_ctx *ctx, unsigned int flags)
{
	struct krsi_hooks *hooks = NULL;

	btf_write(flags);
	assert_int_equal(list_from_file(ctx, &hooks), 0);
	return hooks;
}

static const char *name_at(const struct krsi_hooks *hooks, size_t index)
{
	struct krsi_hook_info info = { .sz = sizeof(info) };

	assert_int_equal(krsi_hook_info(hooks, index, &info), 0);
	return info.name;
}

/* --- what is listed ------------------------------------------------------ */

static const char *const sorted[] = { "file_free", "file_open", "ioctl_notify", "no_args", "task_kill" };

static void assert_all_hooks(const struct krsi_hooks *hooks)
{
	size_t i, index;

	assert_int_equal(krsi_hooks_count(hooks), 5);
	for (i = 0; i < 5; i++) {
		assert_string_equal(name_at(hooks, i), sorted[i]);
		assert_int_equal(krsi_hooks_find(hooks, sorted[i], &index), 0);
		assert_int_equal(index, i);
	}
}

static void test_hooks_new_sorts_by_name_and_leaves_out_what_is_no_hook(void **state)
{
	struct krsi_hooks *hooks = list_new(*state, 0);

	assert_all_hooks(hooks);
	assert_int_equal(krsi_hooks_find(hooks, "verify_prog", NULL), -ENOENT);
	assert_int_equal(krsi_hooks_find(hooks, "lsm_func_addr", NULL), -ENOENT);
	krsi_hooks_free(hooks);
}

static void test_hooks_new_does_without_the_union(void **state)
{
	struct krsi_hooks *hooks = list_new(*state, NO_UNION);

	assert_all_hooks(hooks);
	krsi_hooks_free(hooks);
}

static void test_hooks_new_reads_the_running_kernel(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_hooks *hooks = NULL;

	assert_int_equal(krsi_hooks_new(ctx, NULL, &hooks), 0);
	assert_all_hooks(hooks);
	krsi_hooks_free(hooks);
}

static void test_family_that_a_kernel_is_built_without_is_named(void **state)
{
	struct krsi_hooks *hooks = list_new(*state, 0);

	assert_int_equal(krsi_hooks_find(hooks, "path_unlink", NULL), -ENOENT);
	assert_detail(*state, "hook path_unlink: this kernel has no such hook, nor any of its kind: they come with CONFIG_SECURITY_PATH=y, "
		      "without which it was built");
	assert_int_equal(krsi_hooks_find(hooks, "task_kil", NULL), -ENOENT);
	assert_detail(*state, "did you mean task_kill?");
	krsi_hooks_free(hooks);
}

static void test_hooks_outlive_their_context(void **state)
{
	struct krsi_hooks *hooks;
	struct krsi_ctx *ctx;

	(void)state;
	assert_int_equal(krsi_ctx_new(NULL, &ctx), 0);
	hooks = list_new(ctx, 0);
	krsi_ctx_free(ctx);
	assert_int_equal(krsi_hooks_find(hooks, "nothing", NULL), -ENOENT);
	krsi_hooks_free(hooks);
}

/* An ELF file that has nothing but this section. */
static void elf_write(const char *section, void *data, size_t size)
{
	char names[64] = "";
	Elf *elf;
	Elf_Scn *scn;
	Elf_Data *bytes;
	GElf_Ehdr ehdr;
	GElf_Shdr shdr;
	size_t len = 1;
	int fd, i;

	memcpy(names + len, section, strlen(section) + 1);
	len += strlen(section) + 1;
	memcpy(names + len, ".shstrtab", 10);
	elf_version(EV_CURRENT);
	fd = open(path, O_RDWR | O_TRUNC);
	elf = elf_begin(fd, ELF_C_WRITE, NULL);
	assert_non_null(elf);
	assert_non_null(gelf_newehdr(elf, ELFCLASS64));
	for (i = 0; i < 2; i++) {
		scn = elf_newscn(elf);
		bytes = elf_newdata(scn);
		bytes->d_buf = i ? names : data;
		bytes->d_size = i ? len + 10 : size;
		bytes->d_align = 1;
		gelf_getshdr(scn, &shdr);
		shdr.sh_type = i ? SHT_STRTAB : SHT_PROGBITS;
		shdr.sh_name = i ? (GElf_Word)len : 1;
		gelf_update_shdr(scn, &shdr);
	}
	gelf_getehdr(elf, &ehdr);
	ehdr.e_type = ET_EXEC;
	ehdr.e_shstrndx = 2;
	gelf_update_ehdr(elf, &ehdr);
	assert_true(elf_update(elf, ELF_C_WRITE) > 0);
	elf_end(elf);
	close(fd);
}

static void test_hooks_new_reads_an_elf_file(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct btf *btf = kernel_btf(0);
	struct krsi_hooks *hooks = NULL;
	uint32_t size;
	void *data = (void *)btf__raw_data(btf, &size);

	elf_write(".BTF", data, size);
	assert_int_equal(list_from_file(ctx, &hooks), 0);
	assert_all_hooks(hooks);
	krsi_hooks_free(hooks);
	elf_write(".BTX", data, size);
	assert_int_equal(list_from_file(ctx, &hooks), -EBADMSG);
	assert_detail(ctx, "section .BTF");
	btf__free(btf);
}

/* --- what is told -------------------------------------------------------- */

static const struct {
	const char *name;
	const char *prototype;
	uint32_t can_deny;
	uint32_t arg_count;
	struct {
		const char *name, *type;
	} args[3];
} hooks_expected[] = {
	{ "file_open", "int file_open(struct file *file)", 1, 1, { { "file", "struct file *" } } },
	{ "file_free", "void file_free(struct file *file)", 0, 1, { { "file", "struct file *" } } },
	{ "no_args", "int no_args(void)", 1, 0, { { NULL, NULL } } },
	{ "task_kill", "int task_kill(const struct task_struct *task, enum signal sig, u32 id)", 1, 3,
		{ { "task", "const struct task_struct *" }, { "sig", "enum signal" }, { "id", "u32" } } },
	{ "ioctl_notify", "int ioctl_notify(void (*notify)(int, const char *(*names)[4]), void *const)", 1, 2,
		{ { "notify", "void (*)(int, const char *(*names)[4])" }, { "", "void *const" } } },
};

static void test_hook_info_has_the_prototype(void **state)
{
	struct krsi_hooks *hooks = list_new(*state, 0);
	struct krsi_hook_info info = { .sz = sizeof(info) };
	size_t i, index;

	for (i = 0; i < ARRAY_SIZE(hooks_expected); i++) {
		assert_int_equal(krsi_hooks_find(hooks, hooks_expected[i].name, &index), 0);
		assert_int_equal(krsi_hook_info(hooks, index, &info), 0);
		assert_string_equal(info.name, hooks_expected[i].name);
		assert_string_equal(info.prototype, hooks_expected[i].prototype);
		assert_int_equal(info.arg_count, hooks_expected[i].arg_count);
		assert_int_equal(info.can_deny, hooks_expected[i].can_deny);
	}
	krsi_hooks_free(hooks);
}

static void test_hook_arg_has_name_and_type(void **state)
{
	struct krsi_hooks *hooks = list_new(*state, 0);
	struct krsi_hook_arg_info info = { .sz = sizeof(info) };
	size_t i, arg, index;

	for (i = 0; i < ARRAY_SIZE(hooks_expected); i++) {
		assert_int_equal(krsi_hooks_find(hooks, hooks_expected[i].name, &index), 0);
		for (arg = 0; arg < hooks_expected[i].arg_count; arg++) {
			assert_int_equal(krsi_hook_arg(hooks, index, arg, &info), 0);
			assert_string_equal(info.name, hooks_expected[i].args[arg].name);
			assert_string_equal(info.type, hooks_expected[i].args[arg].type);
		}
		assert_int_equal(krsi_hook_arg(hooks, index, arg, &info), -ENOENT);
		assert_detail(*state, hooks_expected[i].name);
	}
	krsi_hooks_free(hooks);
}

static void test_hook_info_does_not_number_types_of_one_name(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct btf *btf = kernel_btf(NO_HOOKS | NO_UNION);
	struct krsi_hook_info info = { .sz = sizeof(info) };
	struct krsi_hooks *hooks = NULL;
	const void *data;
	uint32_t size;
	int proto, one, other;

	one = btf__add_ptr(btf, btf__add_struct(btf, "cred", 8));
	other = btf__add_ptr(btf, btf__add_struct(btf, "cred", 16));
	proto = btf__add_func_proto(btf, 0);
	btf__add_func_param(btf, "a", one);
	btf__add_func_param(btf, "b", other);
	hook_add(btf, "twice", proto);
	data = btf__raw_data(btf, &size);
	file_write(data, size);
	btf__free(btf);
	assert_int_equal(list_from_file(ctx, &hooks), 0);
	assert_int_equal(krsi_hook_info(hooks, 0, &info), 0);
	assert_string_equal(info.prototype, "void twice(struct cred *a, struct cred *b)");
	krsi_hooks_free(hooks);
}

static void test_hooks_find_suggests_near_names(void **state)
{
	struct krsi_hooks *hooks = list_new(*state, 0);
	size_t index = 77;

	assert_int_equal(krsi_hooks_find(hooks, "file_opne", &index), -ENOENT);
	assert_int_equal(index, 77);
	assert_detail(*state, "file_opne");
	assert_detail(*state, "did you mean file_open");
	krsi_hooks_free(hooks);
}

/* --- what is refused ----------------------------------------------------- */

static void test_hooks_new_refuses_wrong_arguments(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct {
		struct krsi_hooks_opts opts;
		char newer[8];
	} long_opts = { .opts.sz = sizeof(long_opts) };
	struct krsi_hooks_opts no_size = { 0 };
	struct krsi_hooks *hooks = NULL;

	assert_int_equal(krsi_hooks_new(NULL, NULL, &hooks), -EINVAL);
	assert_int_equal(krsi_hooks_new(ctx, NULL, NULL), -EINVAL);
	assert_int_equal(krsi_hooks_new(ctx, &no_size, &hooks), -EINVAL);
	long_opts.newer[3] = 1;
	assert_int_equal(krsi_hooks_new(ctx, &long_opts.opts, &hooks), -E2BIG);
	assert_null(hooks);
}

static void test_hook_calls_refuse_wrong_arguments(void **state)
{
	struct krsi_hooks *hooks = list_new(*state, 0);
	struct krsi_hook_support_info support = { .sz = sizeof(support) };
	struct krsi_hook_info info = { .sz = sizeof(info) };
	struct krsi_hook_arg_info arg = { .sz = sizeof(arg) };

	assert_int_equal(krsi_hooks_count(NULL), 0);
	assert_int_equal(krsi_hooks_find(NULL, "file_open", NULL), -EINVAL);
	assert_int_equal(krsi_hooks_find(hooks, NULL, NULL), -EINVAL);
	assert_int_equal(krsi_hook_info(NULL, 0, &info), -EINVAL);
	assert_int_equal(krsi_hook_info(hooks, 0, NULL), -EINVAL);
	assert_int_equal(krsi_hook_info(hooks, 5, &info), -ENOENT);
	assert_int_equal(krsi_hook_arg(hooks, 0, 0, NULL), -EINVAL);
	assert_int_equal(krsi_hook_arg(hooks, 5, 0, &arg), -ENOENT);
	assert_int_equal(krsi_hook_try(hooks, 5, &support), -ENOENT);
	assert_int_equal(krsi_hook_try(NULL, 0, &support), -EINVAL);
	info.sz = arg.sz = 0;
	assert_int_equal(krsi_hook_info(hooks, 0, &info), -EINVAL);
	assert_int_equal(krsi_hook_arg(hooks, 0, 0, &arg), -EINVAL);
	krsi_hooks_free(hooks);
	krsi_hooks_free(NULL);
}

static void test_hook_info_fills_an_older_callers_struct_only(void **state)
{
	struct krsi_hooks *hooks = list_new(*state, 0);
	struct krsi_hook_info info = { .sz = offsetof(struct krsi_hook_info, prototype), .prototype = "untouched" };

	assert_int_equal(krsi_hook_info(hooks, 0, &info), 0);
	assert_string_equal(info.name, "file_free");
	assert_string_equal(info.prototype, "untouched");
	krsi_hooks_free(hooks);
}

static void test_hooks_new_says_what_is_wrong_with_a_file(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_hooks_opts opts = { .sz = sizeof(opts), .btf_path = "/nonexistent/vmlinux" };
	struct krsi_hooks *hooks = NULL;

	assert_int_equal(krsi_hooks_new(ctx, &opts, &hooks), -ENOENT);
	assert_detail(ctx, "/nonexistent/vmlinux");
	opts.btf_path = "/tmp";
	assert_int_equal(krsi_hooks_new(ctx, &opts, &hooks), -EBADMSG);
	file_write("some text, not BTF at all", 25);
	assert_int_equal(list_from_file(ctx, &hooks), -EBADMSG);
	assert_detail(ctx, "neither BTF nor an ELF file");
	file_write("", 0);
	assert_int_equal(list_from_file(ctx, &hooks), -EBADMSG);
	file_write("\177ELF but no more than its beginning", 35);
	assert_int_equal(list_from_file(ctx, &hooks), -EBADMSG);
	btf_write(NO_HOOKS);
	assert_int_equal(list_from_file(ctx, &hooks), -EBADMSG);
	assert_detail(ctx, "CONFIG_BPF_LSM");
	assert_null(hooks);
}

static void test_hooks_new_refuses_damaged_types(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_hooks *hooks = NULL;

	btf_write(WITH_BAD_REFERENCE);
	assert_int_equal(list_from_file(ctx, &hooks), -EBADMSG);
	assert_detail(ctx, "damaged");
	btf_write(WITH_LOOP);
	assert_int_equal(list_from_file(ctx, &hooks), -EBADMSG);
	assert_detail(ctx, "damaged");
	assert_null(hooks);
}

/* root may read everything, so this is judged by a child that is nobody. */
static void test_hooks_new_says_when_a_file_may_not_be_read(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_hooks *hooks = NULL;
	int status = 0;
	pid_t child;

	btf_write(0);
	assert_int_equal(chmod(path, 0), 0);
	child = fork();
	if (child == 0) {
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(2);
		_exit(list_from_file(ctx, &hooks) == -EACCES ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* --- krsi_hook_try ------------------------------------------------------- */

static struct krsi_hooks *running_list(struct krsi_ctx *ctx)
{
	struct krsi_hooks *hooks = NULL;

	assert_int_equal(krsi_hooks_new(ctx, NULL, &hooks), 0);
	return hooks;
}

static void test_hook_try_loads_each_way(void **state)
{
	struct krsi_hooks *hooks = running_list(*state);
	struct krsi_hook_support_info support = { .sz = sizeof(support), .lsm = 5, .fmod_ret = 5 };
	struct btf *btf = kernel_btf(0);
	uint32_t lsm, security;
	size_t index;

	lsm = (uint32_t)btf__find_by_name_kind(btf, "bpf_lsm_file_open", BTF_KIND_FUNC);
	security = (uint32_t)btf__find_by_name_kind(btf, "security_file_open", BTF_KIND_FUNC);
	btf__free(btf);
	assert_int_equal(krsi_hooks_find(hooks, "file_open", &index), 0);
	assert_int_equal(krsi_hook_try(hooks, index, &support), 0);
	assert_int_equal(kernel.count, 4);
	assert_int_equal(kernel.loads[0].btf_id, lsm);
	assert_int_equal(kernel.loads[0].attach_type, BPF_LSM_MAC);
	assert_int_equal(kernel.loads[0].flags, 0);
	assert_int_equal(kernel.loads[0].verdict, 0);
	assert_int_equal(kernel.loads[1].flags, BPF_F_SLEEPABLE);
	assert_int_equal(kernel.loads[2].attach_type, BPF_LSM_CGROUP);
	assert_int_equal(kernel.loads[2].verdict, 1);
	assert_int_equal(kernel.loads[3].type, BPF_PROG_TYPE_TRACING);
	assert_int_equal(kernel.loads[3].btf_id, security);
	assert_int_equal(support.lsm | support.lsm_sleepable | support.lsm_cgroup | support.fmod_ret, 0);
	krsi_hooks_free(hooks);
}

static void test_hook_try_reports_the_errno_of_each_way(void **state)
{
	struct krsi_hooks *hooks = running_list(*state);
	struct krsi_hook_support_info support = { .sz = sizeof(support) };
	size_t index;

	kernel.result = -524;
	assert_int_equal(krsi_hooks_find(hooks, "file_free", &index), 0);
	assert_int_equal(krsi_hook_try(hooks, index, &support), 0);
	assert_int_equal(support.lsm, -EOPNOTSUPP);
	assert_int_equal(support.fmod_ret, -ENOENT);	/* no security_file_free in this BTF */
	assert_int_equal(kernel.count, 3);
	krsi_hooks_free(hooks);
}

static void test_hook_try_without_privilege_says_so(void **state)
{
	struct krsi_hooks *hooks = running_list(*state);
	struct krsi_hook_support_info support = { .sz = sizeof(support), .lsm = 5 };

	kernel.result = -EPERM;
	assert_int_equal(krsi_hook_try(hooks, 0, &support), -EPERM);
	assert_detail(*state, "may not load BPF programs");
	assert_int_equal(support.lsm, 5);
	krsi_hooks_free(hooks);
}

static void test_hook_try_refuses_a_list_from_a_file(void **state)
{
	struct krsi_hooks *hooks = list_new(*state, 0);
	struct krsi_hook_support_info support = { .sz = sizeof(support) };

	assert_int_equal(krsi_hook_try(hooks, 0, &support), -EBADFD);
	assert_detail(*state, "without btf_path");
	assert_int_equal(kernel.count, 0);
	krsi_hooks_free(hooks);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hooks_new_sorts_by_name_and_leaves_out_what_is_no_hook),
		TEST(test_hooks_new_does_without_the_union),
		TEST(test_hooks_new_reads_the_running_kernel),
		TEST(test_family_that_a_kernel_is_built_without_is_named),
		TEST(test_hooks_outlive_their_context),
		TEST(test_hooks_new_reads_an_elf_file),
		TEST(test_hook_info_has_the_prototype),
		TEST(test_hook_arg_has_name_and_type),
		TEST(test_hook_info_does_not_number_types_of_one_name),
		TEST(test_hooks_find_suggests_near_names),
		TEST(test_hooks_new_refuses_wrong_arguments),
		TEST(test_hook_calls_refuse_wrong_arguments),
		TEST(test_hook_info_fills_an_older_callers_struct_only),
		TEST(test_hooks_new_says_what_is_wrong_with_a_file),
		TEST(test_hooks_new_refuses_damaged_types),
		TEST(test_hooks_new_says_when_a_file_may_not_be_read),
		TEST(test_hook_try_loads_each_way),
		TEST(test_hook_try_reports_the_errno_of_each_way),
		TEST(test_hook_try_without_privilege_says_so),
		TEST(test_hook_try_refuses_a_list_from_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
