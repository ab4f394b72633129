/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "probe_machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "additions.h"

struct machine machine;

static char additions[64];	/* the directory */

/* --- instead of the kernel ----------------------------------------------- */

static struct btf *machine_btf(void)
{
	static const char *const functions[] = {
		"bpf_lsm_file_open", "bpf_lsm_file_fcntl", "bpf_lsm_inode_unlink", "bpf_lsm_socket_connect",
		"bpf_lsm_socket_bind", "security_file_fcntl", "security_file_open", "ima_file_hash",
		"bpf_trampoline_link_cgroup_shim", "bpf_lsm_bprm_check_security",
	};
	static const char *const kfuncs[] = {
		"bpf_iter_num_new", "bpf_iter_num_next", "bpf_iter_num_destroy", "bpf_rdonly_cast",
		"bpf_path_d_path", "bpf_get_task_exe_file", "bpf_put_file", "bpf_get_file_xattr",
		"bpf_get_dentry_xattr", "bpf_get_fsverity_digest", "bpf_bprm_arg", "bpf_bprm_env", "bpf_lsm_audit",
	};
	struct btf *btf = btf__new_empty();
	int number, proto, inner;
	size_t i;

	number = btf__add_int(btf, "int", 4, 0);
	proto = btf__add_func_proto(btf, number);
	for (i = 0; i < ARRAY_SIZE(functions); i++)
		btf__add_func(btf, functions[i], BTF_FUNC_STATIC, proto);
	if (!machine.no_path_hooks)
		btf__add_func(btf, "bpf_lsm_path_unlink", BTF_FUNC_STATIC, proto);
	for (i = 0; i < ARRAY_SIZE(kfuncs) && !machine.no_kfuncs; i++)
		btf__add_func(btf, kfuncs[i], BTF_FUNC_STATIC, proto);
	/* f_path lies in a union without a name, as in Linux 6.16 and later. */
	inner = btf__add_union(btf, "", 16);
	btf__add_field(btf, "f_path", number, 32, 0);
	btf__add_struct(btf, "file", 32);
	btf__add_field(btf, "f_inode", number, 0, 0);
	btf__add_field(btf, "", inner, 64, 0);
	btf__add_struct(btf, "task_struct", 32);
	btf__add_field(btf, "bpf_storage", number, 0, 0);
	btf__add_field(btf, "cgroups", number, 64, 0);
	return btf;
}

static bool calls_helper(const struct bpf_insn *insns, size_t count, int helper)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (insns[i].code == (BPF_JMP | BPF_CALL) && insns[i].src_reg == 0 && insns[i].imm == helper)
			return true;
	return false;
}

static bool calls_module(const struct bpf_insn *insns, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (insns[i].code == (BPF_JMP | BPF_CALL) && insns[i].src_reg == 2 && insns[i].off == 1)
			return true;
	return false;
}

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	if (strcmp(path, "/sys/kernel/btf/vmlinux") != 0)
		return __real_access(path, mode);
	errno = ENOENT;
	return machine.no_btf ? -1 : 0;
}

struct btf *__wrap_btf__load_vmlinux_btf(void);
struct btf *__wrap_btf__load_vmlinux_btf(void)
{
	return machine_btf();
}

int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t count, const struct bpf_prog_load_opts *opts);
int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t count, const struct bpf_prog_load_opts *opts)
{
	(void)type;
	machine.loads++;
	assert_true(strlen(name) < 16);
	assert_string_equal(license, "Dual BSD/GPL");
	assert_non_null(opts->log_buf);
	if (machine.load_error)
		return machine.load_error;
	if (calls_module(insns, count)) {
		assert_non_null(opts->fd_array);
		assert_true(fcntl(opts->fd_array[1], F_GETFD) >= 0);
		machine.module_calls++;
	}
	if ((machine.refused_helper && calls_helper(insns, count, machine.refused_helper)) ||
	    (opts->prog_flags & machine.refused_flags)) {
		snprintf(opts->log_buf, opts->log_size, "0: (85) call x#1\nunknown func x#1\nprocessed 1 insns\n");
		return -EINVAL;
	}
	return open("/dev/null", O_RDONLY);
}

int __wrap_bpf_map_create(enum bpf_map_type type, const char *name, uint32_t key_size, uint32_t value_size,
			  uint32_t entries, const struct bpf_map_create_opts *opts);
int __wrap_bpf_map_create(enum bpf_map_type type, const char *name, uint32_t key_size, uint32_t value_size,
			  uint32_t entries, const struct bpf_map_create_opts *opts)
{
	(void)name, (void)key_size, (void)value_size, (void)entries, (void)opts;
	machine.maps[type]++;
	return (int)type == machine.refused_map ? -EINVAL : open("/dev/null", O_RDONLY);
}

int __wrap_bpf_raw_tracepoint_open(const char *name, int program);
int __wrap_bpf_raw_tracepoint_open(const char *name, int program)
{
	(void)program;
	machine.attached++;
	assert_null(name);
	return machine.attach_error ? machine.attach_error : open("/dev/null", O_RDONLY);
}

int __wrap_bpf_map_lookup_elem(int fd, const void *key, void *value);
int __wrap_bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	(void)fd, (void)key;
	*(uint64_t *)value = !machine.never_calls;
	return 0;
}

int __wrap_bpf_prog_test_run_opts(int fd, struct bpf_test_run_opts *opts);
int __wrap_bpf_prog_test_run_opts(int fd, struct bpf_test_run_opts *opts)
{
	(void)fd;
	opts->retval = machine.loop_result;
	return 0;
}

int __wrap_bpf_obj_get_info_by_fd(int fd, void *info, uint32_t *size);
int __wrap_bpf_obj_get_info_by_fd(int fd, void *info, uint32_t *size)
{
	struct bpf_btf_info *btf = info;

	(void)fd;
	if (*size == sizeof(*btf)) {
		btf->kernel_btf = 1;
		snprintf((char *)(uintptr_t)btf->name, btf->name_len, "krsi");
		return 0;
	}
	((struct bpf_prog_info *)info)->jited_prog_len = machine.not_compiled ? 0 : 30;
	return 0;
}

struct btf *__wrap_btf__load_module_btf(const char *module, struct btf *kernel);
struct btf *__wrap_btf__load_module_btf(const char *module, struct btf *kernel)
{
	assert_string_equal(module, "krsi");
	assert_non_null(kernel);
	errno = ENOENT;
	return machine.no_module_types ? NULL : machine_btf();
}

int __wrap_bpf_btf_get_next_id(uint32_t id, uint32_t *next);
int __wrap_bpf_btf_get_next_id(uint32_t id, uint32_t *next)
{
	errno = ENOENT;
	*next = id + 1;
	return id < 3 ? 0 : -ENOENT;
}

/* The first one is gone meanwhile. */
int __wrap_bpf_btf_get_fd_by_id(uint32_t id);
int __wrap_bpf_btf_get_fd_by_id(uint32_t id)
{
	return id == 1 ? -ENOENT : open("/dev/null", O_RDONLY);
}

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
	if (size != 2 || memcmp(bytes, "-1", 2) != 0)
		return __real_write(fd, bytes, size);
	machine.seals++;
	errno = machine.seal_errno;
	return machine.seal_errno ? -1 : 2;
}

bool __wrap_krsi_priv_cap_held(int cap);
bool __wrap_krsi_priv_cap_held(int cap)
{
	(void)cap;
	return !machine.no_caps && !machine.no_sysadmin;
}

int __wrap_bpf_btf_load(const void *data, size_t size, const struct bpf_btf_load_opts *opts);
int __wrap_bpf_btf_load(const void *data, size_t size, const struct bpf_btf_load_opts *opts)
{
	(void)data, (void)size, (void)opts;
	machine.other_calls++;
	return open("/dev/null", O_RDONLY);
}

int __wrap_bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags);
int __wrap_bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags)
{
	(void)fd, (void)key, (void)value, (void)flags;
	machine.other_calls++;
	return 0;
}

int __wrap_bpf_map_freeze(int fd);
int __wrap_bpf_map_freeze(int fd)
{
	(void)fd;
	machine.other_calls++;
	return 0;
}

bool __real_krsi_priv_caps_suffice(void);
bool __wrap_krsi_priv_caps_suffice(void);
bool __wrap_krsi_priv_caps_suffice(void)
{
	return machine.real_caps ? __real_krsi_priv_caps_suffice() : !machine.no_caps;
}

unsigned int __wrap_krsi_priv_kernel_version(void);
unsigned int __wrap_krsi_priv_kernel_version(void)
{
	return machine.version;
}

void __wrap_krsi_priv_lockdown_read(char *mode, size_t size);
void __wrap_krsi_priv_lockdown_read(char *mode, size_t size)
{
	snprintf(mode, size, "%s", machine.lockdown);
}

int __wrap_krsi_priv_lsm_list(char *text, size_t size);
int __wrap_krsi_priv_lsm_list(char *text, size_t size)
{
	if (!machine.modules)
		return -ENOENT;
	snprintf(text, size, "%s", machine.modules);
	return 0;
}

/* --- setup --------------------------------------------------------------- */

void addition_make(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", additions, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

void module_make(void)
{
	addition_make("features", "abi 1\norigin module\nseal\nargv\naudit\n");
	addition_make("seal", "");
}

void patches_make(const char *enforce)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/hooks", additions);
	assert_int_equal(mkdir(path, 0700), 0);
	addition_make("hooks/file_open", "open_check prog=12 link=4 tag=0123456789abcdef\n");
	addition_make("enforce", enforce);
	addition_make("denials", "7\n");
	addition_make("seal", "");
	addition_make("features", "abi 1\norigin patch\nhooks\nenforce\nseal\nargv\naudit\n");
}

int machine_setup(void **state)
{
	machine = (struct machine){
		.version = KRSI_PRIV_KERNEL(6, 12), .modules = MODULES ",bpf", .lockdown = "none", .loop_result = 1,
		.seal_errno = EBADF,
	};
	snprintf(additions, sizeof(additions), "%s", unit_dir_make());
	krsi_priv_additions_dir = additions;
	return unit_setup(state);
}

int machine_teardown(void **state)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/hooks", additions);
	if (access(path, F_OK) == 0)
		unit_dir_remove(path);
	unit_dir_remove(additions);
	return unit_teardown(state);
}

struct krsi_probe *machine_probe(struct krsi_ctx *ctx)
{
	struct krsi_probe *probe = NULL;

	assert_int_equal(krsi_probe_new(ctx, &probe), 0);
	return probe;
}

struct krsi_feature_info machine_feature(const struct krsi_probe *probe, uint32_t number)
{
	struct krsi_feature_info info = { .sz = sizeof(info) };

	assert_int_equal(krsi_probe_feature(probe, number, &info), 0);
	return info;
}

void machine_assert_no(const struct krsi_probe *probe, uint32_t number, uint32_t reason, const char *words)
{
	struct krsi_feature_info info = machine_feature(probe, number);

	if (info.available || info.reason != reason)
		fail_msg("%s: available %u, reason %u: %s", info.name, info.available, info.reason, info.sentence);
	assert_words(info.sentence, words);
}
