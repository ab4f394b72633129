/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The things of the fake kernel, and what else the machine is asked. */
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/magic.h>

#include "caps.h"
#include "bpffs.h"
#include "holders.h"
#include "lsm_list.h"
#include "text.h"

#define THINGS_MAX 256
#define CALLS_MAX 64
#define PINS_MAX 32

struct fake_machine fake;

static struct fake_thing things[THINGS_MAX];
static size_t thing_count;

static struct call {
	char name[48];
	unsigned int count;
	unsigned int fail_at;	/* 0: always */
	int err;
} calls[CALLS_MAX];

static struct pin {
	char path[256];
	uint32_t thing;		/* its place in `things` */
} pins[PINS_MAX];
static size_t pin_count;

static const char *const kind_names[FAKE_KINDS] = { "bpf-map", "bpf-prog", "bpf-link" };

/* The test is broken, not the library: no assertion, as there may be no test running. */
static void broken(const char *what)
{
	fprintf(stderr, "fake kernel: %s\n", what);
	abort();
}

void fake_reset(void)
{
	size_t i;

	fake_rings_reset();
	fake_perf_reset();
	fake_objects_reset();
	fake_maps_reset();
	for (i = 0; i < thing_count; i++)
		close(things[i].held);
	thing_count = 0;
	pin_count = 0;
	memset(calls, 0, sizeof(calls));
	fake = (struct fake_machine){
		.cpus = 3,
		.batches = true,
		.bucket = 1,
		.lsm_list = "lockdown,capability,yama,bpf",
		.caps_suffice = true,
		.kernel = KRSI_PRIV_KERNEL(6, 1),
		.holder = "",
		.refused_err = -EACCES,
		.refused_log = "R0 invalid mem access 'scalar'\nprocessed 3 insns (limit 1000000)\n",
	};
}

/* --- calls --------------------------------------------------------------- */

static struct call *call_find(const char *name)
{
	struct call *call;

	for (call = calls; call < calls + CALLS_MAX && call->name[0]; call++)
		if (strcmp(call->name, name) == 0)
			return call;
	if (call == calls + CALLS_MAX)
		broken("too many calls");
	snprintf(call->name, sizeof(call->name), "%s", name);
	return call;
}

int fake_called(const char *wrapper)
{
	struct call *call = call_find(wrapper + strlen("__wrap_"));

	call->count++;
	if (!call->err || (call->fail_at && call->fail_at != call->count))
		return 0;
	errno = -call->err;
	return call->err;
}

void fake_fail(const char *name, int err)
{
	struct call *call = call_find(name);

	call->fail_at = 0;
	call->err = err;
}

void fake_fail_nth(const char *name, unsigned int n, int err)
{
	struct call *call = call_find(name);

	call->fail_at = call->count + n;
	call->err = err;
}

unsigned int fake_calls(const char *name)
{
	return call_find(name)->count;
}

/* --- things -------------------------------------------------------------- */

int fake_thing_new(enum fake_kind kind, struct fake_thing **ret)
{
	struct fake_thing *thing = &things[thing_count];
	struct stat st;
	int fd;

	if (thing_count == THINGS_MAX)
		broken("too many things");
	fd = memfd_create(kind_names[kind], MFD_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		broken("no memfd");
	thing_count++;
	*thing = (struct fake_thing){
		.kind = kind, .inode = st.st_ino, .id = (uint32_t)(100 + thing_count),
		.held = fcntl(fd, F_DUPFD_CLOEXEC, 200),	/* out of the way of what the library opens */
	};
	*ret = thing;
	return fd;
}

struct fake_thing *fake_thing_by_fd(int fd)
{
	struct stat st;
	size_t i;

	if (fstat(fd, &st) < 0)
		return NULL;
	for (i = 0; i < thing_count; i++)
		if (things[i].inode == st.st_ino)
			return &things[i];
	return NULL;
}

struct fake_thing *fake_thing_by_id(enum fake_kind kind, uint32_t id)
{
	size_t i;

	for (i = 0; i < thing_count; i++)
		if (things[i].id == id && things[i].kind == kind)
			return &things[i];
	return NULL;
}

int fake_thing_open(const struct fake_thing *thing)
{
	return fcntl(thing->held, F_DUPFD_CLOEXEC, 3);
}

int fake_program(void)
{
	struct fake_thing *thing;

	return fake_thing_new(FAKE_PROGRAM, &thing);
}

int fake_link(void)
{
	struct fake_thing *thing;

	return fake_thing_new(FAKE_LINK, &thing);
}

/* By the name of the memfd, as the real one goes by the name of the anonymous inode. */
bool __wrap_krsi_priv_fd_is(int fd, const char *kind);
bool __wrap_krsi_priv_fd_is(int fd, const char *kind)
{
	const struct fake_thing *thing = fake_thing_by_fd(fd);

	return thing && strcmp(kind_names[thing->kind], kind) == 0;
}

/* --- pins: files of their own name, and a list of what they stand for ----- */

static bool on_bpffs(const char *path)
{
	return fake.bpffs && strncmp(path, fake.bpffs, strlen(fake.bpffs)) == 0;
}

int __real_statfs64(const char *path, struct statfs *fs);
int __wrap_statfs64(const char *path, struct statfs *fs);
int __wrap_statfs64(const char *path, struct statfs *fs)
{
	int err = __real_statfs64(path, fs);

	if (!err)
		fs->f_type = on_bpffs(path) ? BPF_FS_MAGIC : TMPFS_MAGIC;
	return err;
}

int __wrap_bpf_obj_pin(int fd, const char *path);
int __wrap_bpf_obj_pin(int fd, const char *path)
{
	const struct fake_thing *thing = fake_thing_by_fd(fd);
	int file, err = FAKE_CALLED();

	if (err)
		return err;
	file = open(path, O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0)
		return -errno;
	close(file);
	if (!thing || pin_count == PINS_MAX)
		broken("pin of nothing, or too many");
	snprintf(pins[pin_count].path, sizeof(pins[0].path), "%s", path);
	pins[pin_count++].thing = (uint32_t)(thing - things);
	return 0;
}

int __wrap_bpf_obj_get(const char *path);
int __wrap_bpf_obj_get(const char *path)
{
	int err = FAKE_CALLED();
	size_t i;

	for (i = pin_count; i-- > 0 && !err;)
		if (strcmp(pins[i].path, path) == 0)
			return fake_thing_open(&things[pins[i].thing]);
	errno = err ? -err : ENOENT;
	return -errno;
}

/* --- the rest of the machine --------------------------------------------- */

int __wrap_libbpf_num_possible_cpus(void);
int __wrap_libbpf_num_possible_cpus(void)
{
	int err = FAKE_CALLED();

	return err ? err : fake.cpus;
}

bool __wrap_krsi_priv_caps_suffice(void);
bool __wrap_krsi_priv_caps_suffice(void)
{
	return fake.caps_suffice;
}

unsigned int __wrap_krsi_priv_kernel_version(void);
unsigned int __wrap_krsi_priv_kernel_version(void)
{
	return fake.kernel;
}

void __wrap_krsi_priv_eperm_explain(char *text, size_t size);
void __wrap_krsi_priv_eperm_explain(char *text, size_t size)
{
	snprintf(text, size, "(why)");	/* what it really says is test_caps.c's business */
}

void __wrap_krsi_priv_holders_explain(const char *function, char *text, size_t size);
void __wrap_krsi_priv_holders_explain(const char *function, char *text, size_t size)
{
	snprintf(text, size, "(who is on %s)", function);	/* test_attached.c */
}

void __wrap_krsi_priv_holders_of_program(uint32_t program_id, char *text, size_t size);
void __wrap_krsi_priv_holders_of_program(uint32_t program_id, char *text, size_t size)
{
	(void)program_id;
	snprintf(text, size, "%s", fake.holder);
}

int __wrap_krsi_priv_lsm_list(char *text, size_t size);
int __wrap_krsi_priv_lsm_list(char *text, size_t size)
{
	text[0] = '\0';
	if (!fake.lsm_list)
		return -ENOENT;
	snprintf(text, size, "%s", fake.lsm_list);
	return 0;
}

/* The fake kernel's own types: what the tests' objects attach to, and one function for each way. */
struct btf *__wrap_btf__load_vmlinux_btf(void);
struct btf *__wrap_btf__load_vmlinux_btf(void)
{
	static const char *const functions[] = {
		"bpf_lsm_file_open", "bpf_lsm_file_permission", "bpf_lsm_inode_mkdir", "bpf_lsm_inode_mknod",
		"bpf_lsm_socket_create", "bpf_lsm_task_getpgid", "security_file_open", "security_inode_mkdir",
		"bpf_iter_task", "bpf_iter_bpf_map",
	};
	struct btf *btf;
	int type, proto;
	size_t i;

	if (FAKE_CALLED())
		return NULL;
	btf = btf__new_empty();
	if (!btf)
		return NULL;
	type = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	proto = btf__add_func_proto(btf, type);
	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		btf__add_func(btf, functions[i], BTF_FUNC_STATIC, proto);
	btf__add_typedef(btf, "btf_trace_sched_process_fork", type);
	btf__add_typedef(btf, "btf_trace_sched_process_exec", type);
	return btf;
}
