/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The probe on made-up machines: every question that would go to the kernel is answered here, and what stands in
 * /sys/kernel/security/krsi comes from a directory of the test's.
 */
#include "unit.h"

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
#include "text.h"

#define MODULES "lockdown,capability,yama,apparmor"

/* The machine that the probe sees. A fresh one has everything. */
static struct machine {
	bool real_caps;			/* ask the kernel what this process may do */
	bool no_caps;
	bool no_btf;
	bool no_kfuncs;
	bool no_module_types;		/* of krsi.ko */
	bool no_sysadmin;		/* CAP_SYS_ADMIN */
	int seal_errno;			/* what the seal file says to a descriptor that is none; 0: it takes it */
	bool never_calls;		/* what is attached is not called */
	bool not_compiled;
	unsigned int version;
	const char *modules;
	const char *lockdown;
	int load_error;			/* of every program */
	int attach_error;
	int refused_helper;		/* programs that call it do not load */
	uint32_t refused_flags;		/* programs with these flags do not load */
	int refused_map;
	unsigned int loop_result;
	/* what it has seen */
	int loads, maps[64], attached, other_calls;
	int seals;
	int module_calls;		/* programs that call functions of a module */
} machine;

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

static void addition_make(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", additions, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void module_make(void)
{
	addition_make("features", "abi 1\norigin module\nseal\nargv\naudit\n");
	addition_make("seal", "");
}

static void patches_make(const char *enforce)
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

static int setup(void **state)
{
	machine = (struct machine){
		.version = KRSI_PRIV_KERNEL(6, 12), .modules = MODULES ",bpf", .lockdown = "none", .loop_result = 1,
		.seal_errno = EBADF,
	};
	snprintf(additions, sizeof(additions), "%s", unit_dir_make());
	krsi_priv_additions_dir = additions;
	return unit_setup(state);
}

static int teardown(void **state)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/hooks", additions);
	if (access(path, F_OK) == 0)
		unit_dir_remove(path);
	unit_dir_remove(additions);
	return unit_teardown(state);
}

static struct krsi_probe *probe_new(struct krsi_ctx *ctx)
{
	struct krsi_probe *probe = NULL;

	assert_int_equal(krsi_probe_new(ctx, &probe), 0);
	return probe;
}

static struct krsi_feature_info feature(const struct krsi_probe *probe, uint32_t number)
{
	struct krsi_feature_info info = { .sz = sizeof(info) };

	assert_int_equal(krsi_probe_feature(probe, number, &info), 0);
	return info;
}

static void assert_no(const struct krsi_probe *probe, uint32_t number, uint32_t reason, const char *words)
{
	struct krsi_feature_info info = feature(probe, number);

	if (info.available || info.reason != reason)
		fail_msg("%s: available %u, reason %u: %s", info.name, info.available, info.reason, info.sentence);
	assert_words(info.sentence, words);
}

/* --- whole machines ------------------------------------------------------ */

static void test_probe_new_finds_everything_on_a_full_machine(void **state)
{
	struct krsi_probe *probe;
	struct krsi_feature_info info;
	uint32_t i;

	patches_make("1\n");
	probe = probe_new(*state);
	assert_int_equal(krsi_probe_count(probe), KRSI_FEATURE_COUNT);
	for (i = 0; i < KRSI_FEATURE_COUNT; i++) {
		/* These two are not made up: they ask the machine that runs the test. */
		if (i == KRSI_FEATURE_SECURITYFS || i == KRSI_FEATURE_LSM_SYSCALLS)
			continue;
		info = feature(probe, i);
		if (!info.available)
			fail_msg("%s: %s", info.name, info.sentence);
		assert_int_equal(krsi_probe_has(probe, i), 1);
		assert_int_equal(info.reason, KRSI_REASON_NONE);
		assert_string_equal(info.fix, "");
		assert_int_equal(info.origin, i < KRSI_FEATURE_ARGV ? KRSI_ORIGIN_MAINLINE : KRSI_ORIGIN_PATCH);
	}
	assert_string_equal(krsi_probe_lsm_list(probe), MODULES ",bpf");
	assert_string_equal(krsi_probe_lsm_boot_line(probe), "");
	assert_int_equal(machine.attached, 3);
	krsi_probe_free(probe);
}

static void test_probe_new_explains_every_no(void **state)
{
	struct krsi_probe *probe;
	struct krsi_feature_info info, other;
	uint32_t i, k;

	machine.load_error = -EINVAL;
	machine.version = KRSI_PRIV_KERNEL(4, 19);
	probe = probe_new(*state);
	for (i = 0; i < KRSI_FEATURE_COUNT; i++) {
		info = feature(probe, i);
		assert_true(strlen(info.sentence) > 10);
		assert_non_null(info.fix);
		assert_true(info.available ? info.reason == KRSI_REASON_NONE : info.reason != KRSI_REASON_NONE);
		assert_true(info.available == (info.origin != KRSI_ORIGIN_ABSENT));
		for (k = 0; k < i; k++) {
			other = feature(probe, k);
			assert_string_not_equal(info.name, other.name);
		}
	}
	krsi_probe_free(probe);
}

static void test_probe_new_leaves_no_descriptor_open(void **state)
{
	int before = unit_fd_count();

	krsi_probe_free(probe_new(*state));
	assert_int_equal(unit_fd_count(), before);
	machine.never_calls = true;
	machine.loop_result = 0;
	krsi_probe_free(probe_new(*state));
	assert_int_equal(unit_fd_count(), before);
	machine.attach_error = -E2BIG;
	machine.refused_flags = BPF_F_SLEEPABLE;
	krsi_probe_free(probe_new(*state));
	assert_int_equal(unit_fd_count(), before);
}

static void test_probe_new_without_capabilities_asks_the_kernel_nothing(void **state)
{
	struct krsi_probe *probe;
	uint32_t i;

	machine.no_caps = true;
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_CAPABILITIES, KRSI_REASON_NOT_PERMITTED, "may not load BPF programs");
	for (i = KRSI_FEATURE_JIT; i < KRSI_FEATURE_ARGV; i++)
		if (i != KRSI_FEATURE_LSM_ACTIVE)
			assert_no(probe, i, KRSI_REASON_NOT_PERMITTED, "could not be tried");
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_LSM_ACTIVE), 1);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_BTF), 1);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_LOCKDOWN), 1);
	assert_int_equal(machine.loads + machine.attached + machine.other_calls, 0);
	krsi_probe_free(probe);
}

/* The same for a process that really has none: a child that becomes nobody. */
static int probe_as_nobody(struct krsi_ctx *ctx)
{
	struct krsi_feature_info info = { .sz = sizeof(info) };
	struct krsi_probe *probe;

	/* Also drops every capability. */
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		return 2;
	if (krsi_probe_new(ctx, &probe))
		return 3;
	if (krsi_probe_feature(probe, KRSI_FEATURE_LSM_RUNS, &info))
		return 4;
	krsi_probe_free(probe);
	return machine.loads ? 5 : 0;
}

static void test_probe_new_as_nobody_succeeds(void **state)
{
	int status = 0;
	pid_t child;

	machine.real_caps = true;
	child = fork();
	if (child == 0)
		_exit(probe_as_nobody(*state));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_probe_new_keeps_the_detail_of_an_earlier_failure(void **state)
{
	struct krsi_ctx *ctx = *state;

	assert_int_equal(krsi_probe_new(ctx, NULL), -EINVAL);
	machine.load_error = -EINVAL;
	krsi_probe_free(probe_new(ctx));
	assert_words(krsi_ctx_error_detail(ctx), "krsi_probe_new: an argument is NULL");
}

/* --- single reasons ------------------------------------------------------ */

static void test_probe_without_bpf_among_the_modules(void **state)
{
	struct krsi_probe *probe;

	machine.modules = MODULES;
	machine.never_calls = true;
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_LSM_ACTIVE, KRSI_REASON_NOT_BOOTED, MODULES);
	assert_no(probe, KRSI_FEATURE_LSM_RUNS, KRSI_REASON_NOT_BOOTED, "did not call it");
	assert_words(feature(probe, KRSI_FEATURE_LSM_ACTIVE).fix, "boot with lsm=");
	assert_words(feature(probe, KRSI_FEATURE_LSM_RUNS).fix, krsi_probe_lsm_boot_line(probe));
	assert_words(krsi_probe_lsm_boot_line(probe), "yama,apparmor,");
	assert_words(krsi_probe_lsm_boot_line(probe), ",bpf");
	assert_null(strstr(krsi_probe_lsm_boot_line(probe), "capability"));
	/* Linux 5.10 would write into another module's memory: not even created. */
	assert_no(probe, KRSI_FEATURE_INODE_STORAGE, KRSI_REASON_DEPENDS, "bpf is not among");
	assert_int_equal(machine.maps[BPF_MAP_TYPE_INODE_STORAGE], 0);
	krsi_probe_free(probe);
}

static void test_probe_believes_a_call_when_the_list_cannot_be_read(void **state)
{
	struct krsi_probe *probe;

	machine.modules = NULL;
	probe = probe_new(*state);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_LSM_ACTIVE), 1);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_INODE_STORAGE), 1);
	assert_string_equal(krsi_probe_lsm_list(probe), "");
	assert_string_equal(krsi_probe_lsm_boot_line(probe), "");
	krsi_probe_free(probe);

	machine.never_calls = true;
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_LSM_ACTIVE, KRSI_REASON_UNKNOWN, "could not be read");
	assert_no(probe, KRSI_FEATURE_LSM_RUNS, KRSI_REASON_NOT_BOOTED, "did not call it");
	assert_no(probe, KRSI_FEATURE_INODE_STORAGE, KRSI_REASON_DEPENDS, "could not be read");
	krsi_probe_free(probe);
}

static void test_probe_finds_an_unsound_loop(void **state)
{
	struct krsi_probe *probe;

	machine.loop_result = 0;
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_BPF_LOOP, KRSI_REASON_UNSOUND, "first turn only");
	krsi_probe_free(probe);
}

static void test_probe_tells_too_old_from_left_out(void **state)
{
	struct krsi_probe *probe;

	machine.no_kfuncs = true;
	machine.version = KRSI_PRIV_KERNEL(6, 1);
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_BPF_FOR, KRSI_REASON_TOO_OLD, "Linux 6.4");
	assert_no(probe, KRSI_FEATURE_FSVERITY, KRSI_REASON_TOO_OLD, "Linux 6.8");
	krsi_probe_free(probe);

	machine.version = KRSI_PRIV_KERNEL(6, 12);
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_FSVERITY, KRSI_REASON_NOT_BUILT, "left out");
	assert_words(feature(probe, KRSI_FEATURE_FSVERITY).fix, "CONFIG_FS_VERITY");
	krsi_probe_free(probe);
}

static void test_probe_quotes_the_verifier_on_an_unexpected_refusal(void **state)
{
	struct krsi_probe *probe;

	machine.refused_helper = BPF_FUNC_d_path;
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_D_PATH, KRSI_REASON_UNKNOWN, "EINVAL");
	assert_no(probe, KRSI_FEATURE_D_PATH, KRSI_REASON_UNKNOWN, "unknown func x#1");
	krsi_probe_free(probe);
}

static void test_probe_knows_an_old_kernel(void **state)
{
	struct krsi_probe *probe;

	machine.version = KRSI_PRIV_KERNEL(5, 10);
	machine.refused_flags = BPF_F_SLEEPABLE;
	machine.refused_map = BPF_MAP_TYPE_TASK_STORAGE;
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_LSM_SLEEPABLE, KRSI_REASON_TOO_OLD, "Linux 5.11");
	assert_no(probe, KRSI_FEATURE_TASK_STORAGE, KRSI_REASON_TOO_OLD, "Linux 5.11");
	assert_no(probe, KRSI_FEATURE_BPF_LOOP, KRSI_REASON_TOO_OLD, "Linux 5.17");
	krsi_probe_free(probe);
}

static void test_probe_without_compiler_attaches_nothing(void **state)
{
	struct krsi_probe *probe;

	machine.not_compiled = true;
	probe = probe_new(*state);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_JIT), 0);
	assert_no(probe, KRSI_FEATURE_TRAMPOLINE, KRSI_REASON_DEPENDS, "compile");
	assert_no(probe, KRSI_FEATURE_LSM_RUNS, KRSI_REASON_DEPENDS, "compile");
	assert_no(probe, KRSI_FEATURE_FMOD_RET_RUNS, KRSI_REASON_DEPENDS, "compile");
	assert_int_equal(machine.attached, 0);
	krsi_probe_free(probe);
}

static void test_probe_without_btf(void **state)
{
	struct krsi_probe *probe;

	machine.no_btf = true;
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_BTF, KRSI_REASON_NOT_BUILT, "ENOENT");
	assert_words(feature(probe, KRSI_FEATURE_BTF).fix, "CONFIG_DEBUG_INFO_BTF");
	assert_no(probe, KRSI_FEATURE_LSM_BUILT, KRSI_REASON_DEPENDS, "/sys/kernel/btf/vmlinux");
	assert_no(probe, KRSI_FEATURE_RDONLY_CAST, KRSI_REASON_DEPENDS, "/sys/kernel/btf/vmlinux");
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_RINGBUF), 1);
	krsi_probe_free(probe);
}

static void test_probe_says_when_a_hook_is_full(void **state)
{
	struct krsi_probe *probe;

	machine.attach_error = -E2BIG;
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_LSM_RUNS, KRSI_REASON_UNKNOWN, "as many programs as the kernel allows");
	krsi_probe_free(probe);
}

static void test_probe_judges_lockdown_by_trying(void **state)
{
	struct krsi_probe *probe;

	machine.lockdown = "integrity";
	probe = probe_new(*state);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_LOCKDOWN), 1);
	krsi_probe_free(probe);

	machine.lockdown = "confidentiality";
	machine.refused_helper = BPF_FUNC_probe_read_kernel;
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_LOCKDOWN, KRSI_REASON_LOCKED_DOWN, "confidentiality");
	krsi_probe_free(probe);

	machine.no_caps = true;
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_LOCKDOWN, KRSI_REASON_LOCKED_DOWN, "confidentiality");
	krsi_probe_free(probe);
}

/* --- additions ----------------------------------------------------------- */

static void test_probe_on_a_stock_kernel_says_what_would_bring_additions(void **state)
{
	struct krsi_probe *probe = probe_new(*state);
	uint32_t i;

	for (i = KRSI_FEATURE_ARGV; i < KRSI_FEATURE_COUNT; i++)
		assert_no(probe, i, KRSI_REASON_NOT_MAINLINE, "Linux does not have it");
	assert_words(feature(probe, KRSI_FEATURE_SEAL).fix, "krsi.ko");
	assert_words(feature(probe, KRSI_FEATURE_ARGV).fix, "krsi.ko");
	assert_words(feature(probe, KRSI_FEATURE_AUDIT_RECORD).fix, "krsi.ko");
	assert_words(feature(probe, KRSI_FEATURE_HOOKS_VIEW).fix, "patches");
	assert_words(feature(probe, KRSI_FEATURE_ENFORCE_SWITCH).fix, "patches");
	assert_int_equal(machine.seals, 0);
	krsi_probe_free(probe);

	machine.version = KRSI_PRIV_KERNEL(5, 10);
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_SEAL, KRSI_REASON_TOO_OLD, "need Linux 6.1");
	krsi_probe_free(probe);
}

static void test_probe_calls_the_module_by_its_own_types(void **state)
{
	struct krsi_probe *probe;

	module_make();
	probe = probe_new(*state);
	assert_int_equal(feature(probe, KRSI_FEATURE_ARGV).origin, KRSI_ORIGIN_MODULE);
	assert_int_equal(feature(probe, KRSI_FEATURE_AUDIT_RECORD).origin, KRSI_ORIGIN_MODULE);
	assert_int_equal(feature(probe, KRSI_FEATURE_SEAL).origin, KRSI_ORIGIN_MODULE);
	assert_int_equal(feature(probe, KRSI_FEATURE_RINGBUF).origin, KRSI_ORIGIN_MAINLINE);
	assert_int_equal(machine.module_calls, 2);
	assert_int_equal(machine.seals, 1);
	assert_no(probe, KRSI_FEATURE_HOOKS_VIEW, KRSI_REASON_NOT_MAINLINE, "no module can bring it");
	krsi_probe_free(probe);

	machine.no_module_types = true;
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_ARGV, KRSI_REASON_NOT_BUILT, "no type information");
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_SEAL), 1);
	krsi_probe_free(probe);

	machine.no_module_types = false;
	machine.no_sysadmin = true;
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_ARGV, KRSI_REASON_NOT_PERMITTED, "CAP_SYS_ADMIN");
	krsi_probe_free(probe);
}

static void test_probe_believes_no_word_that_does_not_hold(void **state)
{
	struct krsi_probe *probe;

	patches_make("1\n");
	machine.no_kfuncs = true;
	machine.seal_errno = 0;
	machine.refused_flags = BPF_F_SLEEPABLE;
	probe = probe_new(*state);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_ARGV), 0);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_AUDIT_RECORD), 0);
	assert_no(probe, KRSI_FEATURE_SEAL, KRSI_REASON_UNKNOWN, "EIO");
	krsi_probe_free(probe);

	machine.seal_errno = EPERM;
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_SEAL, KRSI_REASON_NOT_PERMITTED, "EPERM");
	assert_words(feature(probe, KRSI_FEATURE_SEAL).fix, "CAP_MAC_ADMIN");
	krsi_probe_free(probe);
}

static void test_probe_tells_the_state_of_the_switch(void **state)
{
	struct krsi_probe *probe;

	patches_make("0\n");
	probe = probe_new(*state);
	assert_words(feature(probe, KRSI_FEATURE_ENFORCE_SWITCH).sentence, "permissive: 7 refusals");
	assert_words(feature(probe, KRSI_FEATURE_HOOKS_VIEW).sentence, "lists 1 programs");
	krsi_probe_free(probe);
	addition_make("enforce", "1\n");
	probe = probe_new(*state);
	assert_words(feature(probe, KRSI_FEATURE_ENFORCE_SWITCH).sentence, "is enforcing");
	krsi_probe_free(probe);
}

static void test_probe_does_without_additions_that_it_cannot_read(void **state)
{
	struct krsi_probe *probe;

	addition_make("features", "abi 2\norigin patch\nseal\n");
	assert_int_equal(krsi_probe_new(*state, NULL), -EINVAL);
	probe = probe_new(*state);
	assert_no(probe, KRSI_FEATURE_SEAL, KRSI_REASON_UNKNOWN, "use a newer libkrsi");
	assert_words(krsi_ctx_error_detail(*state), "krsi_probe_new: an argument is NULL");
	krsi_probe_free(probe);
}

/* bpf_path_d_path came with 6.12. */
static void test_probe_finds_a_backport(void **state)
{
	struct krsi_probe *probe;

	machine.version = KRSI_PRIV_KERNEL(6, 1);
	probe = probe_new(*state);
	assert_int_equal(feature(probe, KRSI_FEATURE_PATH_D_PATH).origin, KRSI_ORIGIN_PATCH);
	assert_int_equal(feature(probe, KRSI_FEATURE_D_PATH).origin, KRSI_ORIGIN_MAINLINE);
	krsi_probe_free(probe);
}

/* --- the calls ----------------------------------------------------------- */

static void test_probe_calls_refuse_wrong_arguments(void **state)
{
	struct krsi_probe *probe = probe_new(*state), *none = NULL;
	struct krsi_feature_info info = { .sz = sizeof(info) };

	assert_int_equal(krsi_probe_new(NULL, &none), -EINVAL);
	assert_int_equal(krsi_probe_feature(NULL, 0, &info), -EINVAL);
	assert_int_equal(krsi_probe_feature(probe, 0, NULL), -EINVAL);
	assert_int_equal(krsi_probe_feature(probe, KRSI_FEATURE_COUNT, &info), -ENOENT);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_COUNT), 0);
	assert_int_equal(krsi_probe_has(NULL, 0), 0);
	info.sz = 0;
	assert_int_equal(krsi_probe_feature(probe, 0, &info), -EINVAL);
	krsi_probe_free(probe);
	krsi_probe_free(NULL);
}

static void test_probe_outlives_its_context(void **state)
{
	struct krsi_ctx *ctx;
	struct krsi_probe *probe;

	(void)state;
	assert_int_equal(krsi_ctx_new(NULL, &ctx), 0);
	probe = probe_new(ctx);
	krsi_ctx_free(ctx);
	assert_string_equal(feature(probe, KRSI_FEATURE_LSM_ACTIVE).name, "lsm-active");
	krsi_probe_free(probe);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_probe_new_finds_everything_on_a_full_machine),
		TEST(test_probe_new_explains_every_no),
		TEST(test_probe_new_leaves_no_descriptor_open),
		TEST(test_probe_new_without_capabilities_asks_the_kernel_nothing),
		TEST(test_probe_new_as_nobody_succeeds),
		TEST(test_probe_new_keeps_the_detail_of_an_earlier_failure),
		TEST(test_probe_without_bpf_among_the_modules),
		TEST(test_probe_believes_a_call_when_the_list_cannot_be_read),
		TEST(test_probe_finds_an_unsound_loop),
		TEST(test_probe_tells_too_old_from_left_out),
		TEST(test_probe_quotes_the_verifier_on_an_unexpected_refusal),
		TEST(test_probe_knows_an_old_kernel),
		TEST(test_probe_without_compiler_attaches_nothing),
		TEST(test_probe_without_btf),
		TEST(test_probe_says_when_a_hook_is_full),
		TEST(test_probe_judges_lockdown_by_trying),
		TEST(test_probe_on_a_stock_kernel_says_what_would_bring_additions),
		TEST(test_probe_calls_the_module_by_its_own_types),
		TEST(test_probe_believes_no_word_that_does_not_hold),
		TEST(test_probe_tells_the_state_of_the_switch),
		TEST(test_probe_does_without_additions_that_it_cannot_read),
		TEST(test_probe_finds_a_backport),
		TEST(test_probe_calls_refuse_wrong_arguments),
		TEST(test_probe_outlives_its_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
