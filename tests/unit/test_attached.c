/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The list of programs on hooks against a kernel made up of two tables. Descriptors are of /dev/null, and remembered.
 * Numbers are beyond what a real kernel has given out, as the real /proc is looked at as well.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "alloc/inject.h"
#include "attached.h"
#include "bpffs.h"
#include "caps.h"
#include "holders.h"

#define BASE 4000000000u
#define ENGINE_MAP (BASE + 77)
#define PROGRAM_BTF (BASE + 88)

/* The kernel's types: their numbers, which follow from the order in __wrap_btf__load_vmlinux_btf(). */
enum { FILE_OPEN = 3, INODE_MKDIR, SECURITY_FILE_OPEN, DO_EXIT };

/* The kernel's BTF is not the first one, as on a machine where somebody loaded types before it read its own. */
enum { OTHER_BTF = 1, KERNEL_BTF = 2 };

struct link {
	uint32_t id, type, attach_type, object, target;
	bool gone;
	struct bpf_prog_info program;
};

static struct link links[8];
static size_t link_count;
static int next_err;		/* what bpf(2) says past the last link */
static bool admin;
static const char *pinned;	/* what stands for the first link in a file system */

enum kind { LINK = 1, PROGRAM, MAP, BTF };
static struct { enum kind kind; uint32_t id; } descriptors[1024];

static int descriptor_new(enum kind kind, uint32_t id)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && fd < (int)ARRAY_SIZE(descriptors));
	descriptors[fd].kind = kind;
	descriptors[fd].id = id;
	return fd;
}

/* --- the kernel ------------------------------------------------------------ */

static int id_next(uint32_t after, uint32_t *next)
{
	size_t i;

	if (!admin)
		return -EPERM;
	for (i = 0; i < link_count; i++) {
		if (links[i].id <= after)
			continue;
		*next = links[i].id;
		return 0;
	}
	return next_err;
}

int __wrap_bpf_link_get_next_id(uint32_t after, uint32_t *next);
int __wrap_bpf_link_get_next_id(uint32_t after, uint32_t *next)
{
	return id_next(after, next);
}

int __wrap_bpf_btf_get_next_id(uint32_t after, uint32_t *next);
int __wrap_bpf_btf_get_next_id(uint32_t after, uint32_t *next)
{
	*next = after + 1;
	return after < KERNEL_BTF ? 0 : -ENOENT;
}

int __wrap_bpf_btf_get_fd_by_id(uint32_t id);
int __wrap_bpf_btf_get_fd_by_id(uint32_t id)
{
	return descriptor_new(BTF, id);
}

static struct link *link_find(enum kind kind, uint32_t id)
{
	size_t i;

	for (i = 0; i < link_count; i++)
		if (!links[i].gone && (kind == LINK ? links[i].id : links[i].program.id) == id)
			return &links[i];
	return NULL;
}

int __wrap_bpf_link_get_fd_by_id(uint32_t id);
int __wrap_bpf_link_get_fd_by_id(uint32_t id)
{
	return link_find(LINK, id) ? descriptor_new(LINK, id) : -ENOENT;
}

int __wrap_bpf_prog_get_fd_by_id(uint32_t id);
int __wrap_bpf_prog_get_fd_by_id(uint32_t id)
{
	return link_find(PROGRAM, id) ? descriptor_new(PROGRAM, id) : -ENOENT;
}

int __wrap_bpf_map_get_fd_by_id(uint32_t id);
int __wrap_bpf_map_get_fd_by_id(uint32_t id)
{
	return descriptor_new(MAP, id);
}

static void program_tell(const struct link *link, struct bpf_prog_info *info)
{
	struct bpf_prog_info asked = *info;

	assert_int_equal(asked.func_info_rec_size, sizeof(struct bpf_func_info));
	*info = link->program;
	info->nr_map_ids = link->program.nr_map_ids;
	if (info->nr_map_ids)
		*(uint32_t *)(uintptr_t)asked.map_ids = (uint32_t)link->program.map_ids;
	if (info->btf_id)
		((struct bpf_func_info *)(uintptr_t)asked.func_info)->type_id = 3;
}

int __wrap_bpf_obj_get_info_by_fd(int fd, void *info, uint32_t *size);
int __wrap_bpf_obj_get_info_by_fd(int fd, void *info, uint32_t *size)
{
	struct bpf_link_info *link_info = info;
	struct bpf_btf_info *btf = info;
	const struct link *link;

	assert_true(*size > 0);
	switch (descriptors[fd].kind) {
	case LINK:
		link = link_find(LINK, descriptors[fd].id);
		link_info->type = link->type;
		link_info->id = link->id;
		link_info->prog_id = link->program.id;
		if (link->type == BPF_LINK_TYPE_CGROUP) {
			link_info->cgroup.attach_type = link->attach_type;
		} else {
			link_info->tracing.attach_type = link->attach_type;
			link_info->tracing.target_obj_id = link->object;
			link_info->tracing.target_btf_id = link->target;
		}
		return 0;
	case PROGRAM:
		program_tell(link_find(PROGRAM, descriptors[fd].id), info);
		return 0;
	case MAP:
		strcpy(((struct bpf_map_info *)info)->name, descriptors[fd].id == ENGINE_MAP ? "krsi.bss" : "other.bss");
		return 0;
	case BTF:
		btf->kernel_btf = descriptors[fd].id == KERNEL_BTF;
		strcpy((char *)(uintptr_t)btf->name, btf->kernel_btf ? "vmlinux" : "vmlinux2");
		return 0;
	}
	return -EBADF;
}

static struct btf *types_make(const char *const *functions, size_t count)
{
	struct btf *btf = btf__new_empty();
	int type = btf__add_int(btf, "int", 4, BTF_INT_SIGNED), proto = btf__add_func_proto(btf, type);
	size_t i;

	for (i = 0; i < count; i++)
		btf__add_func(btf, functions[i], BTF_FUNC_STATIC, proto);
	return btf;
}

struct btf *__wrap_btf__load_vmlinux_btf(void);
struct btf *__wrap_btf__load_vmlinux_btf(void)
{
	static const char *const functions[] = { "bpf_lsm_file_open", "bpf_lsm_inode_mkdir", "security_file_open", "do_exit" };

	return types_make(functions, ARRAY_SIZE(functions));
}

struct btf *__wrap_btf__load_from_kernel_by_id(uint32_t id);
struct btf *__wrap_btf__load_from_kernel_by_id(uint32_t id)
{
	static const char *const functions[] = { "restrict_filesystems" };

	return id == PROGRAM_BTF ? types_make(functions, 1) : NULL;
}

int __wrap_bpf_obj_get(const char *path);
int __wrap_bpf_obj_get(const char *path)
{
	if (!strstr(path, pinned))
		return -EPERM;
	return descriptor_new(LINK, links[0].id);
}

bool __wrap_krsi_priv_fd_is(int fd, const char *kind);
bool __wrap_krsi_priv_fd_is(int fd, const char *kind)
{
	return descriptors[fd].kind == LINK && strcmp(kind, "bpf-link") == 0;
}

void __wrap_krsi_priv_eperm_admin_explain(char *text, size_t size);
void __wrap_krsi_priv_eperm_admin_explain(char *text, size_t size)
{
	snprintf(text, size, "(why)");
}

/* --- tests ------------------------------------------------------------------ */

static int setup(void **state)
{
	memset(links, 0, sizeof(links));
	link_count = 0;
	next_err = -ENOENT;
	admin = true;
	pinned = "nothing is";
	return unit_setup(state);
}

/* A link of a program of its own, on one of the kernel's functions. */
static struct link *link_new(uint32_t attach_type, uint32_t target, const char *name)
{
	struct link *link = &links[link_count];

	*link = (struct link){
		.id = BASE + 10 * (uint32_t)++link_count, .type = BPF_LINK_TYPE_TRACING, .attach_type = attach_type,
		.object = KERNEL_BTF, .target = target,
	};
	link->program.id = link->id + 1;
	link->program.attach_btf_obj_id = KERNEL_BTF;
	link->program.attach_btf_id = target;
	memcpy(link->program.name, name, strlen(name) + 1);
	return link;
}

static struct krsi_attached *list_new(struct krsi_ctx *ctx, const char *hook)
{
	struct krsi_attached_opts opts = { .sz = sizeof(opts), .hook = hook };
	struct krsi_attached *attached = NULL;

	assert_ok(ctx, krsi_attached_new(ctx, &opts, &attached));
	return attached;
}

static struct krsi_attached_info info_get(const struct krsi_attached *attached, size_t index)
{
	struct krsi_attached_info info = { .sz = sizeof(info) };

	assert_int_equal(krsi_attached_info(attached, index, &info), 0);
	return info;
}

static void test_programs_of_all_ways_are_listed(void **state)
{
	struct krsi_attached *attached;
	struct link *link;

	link_new(BPF_LSM_MAC, INODE_MKDIR, "mkdir_check");
	link_new(BPF_MODIFY_RETURN, SECURITY_FILE_OPEN, "open_check");
	link_new(BPF_TRACE_FEXIT, FILE_OPEN, "open_watch");
	link = link_new(BPF_LSM_CGROUP, INODE_MKDIR, "in_cgroup");
	link->type = BPF_LINK_TYPE_CGROUP;
	attached = list_new(*state, NULL);
	assert_int_equal(krsi_attached_count(attached), 4);
	assert_string_equal(info_get(attached, 0).hook, "file_open");
	assert_string_equal(info_get(attached, 0).way, "fexit");
	assert_string_equal(info_get(attached, 1).hook, "file_open");
	assert_string_equal(info_get(attached, 1).way, "fmod_ret");
	assert_string_equal(info_get(attached, 2).program, "in_cgroup");
	assert_string_equal(info_get(attached, 2).way, "lsm_cgroup");
	assert_string_equal(info_get(attached, 3).hook, "inode_mkdir");
	assert_string_equal(info_get(attached, 3).way, "lsm");
	assert_int_equal(info_get(attached, 3).link_id, links[0].id);
	assert_int_equal(info_get(attached, 3).program_id, links[0].program.id);
	krsi_attached_free(attached);
}

static void test_what_is_on_no_hook_is_not_listed(void **state)
{
	struct krsi_attached *attached;

	link_new(BPF_TRACE_FENTRY, DO_EXIT, "on_exit");
	link_new(BPF_TRACE_ITER, FILE_OPEN, "an_iterator");
	/* On a function of another program, or of a module, that happens to have the number of a hook. */
	link_new(BPF_TRACE_FENTRY, FILE_OPEN, "elsewhere")->program.attach_btf_obj_id = OTHER_BTF;
	link_new(BPF_LSM_MAC, FILE_OPEN, "raw")->type = BPF_LINK_TYPE_RAW_TRACEPOINT;
	link_new(BPF_LSM_MAC, FILE_OPEN, "has_gone")->gone = true;
	attached = list_new(*state, NULL);
	assert_int_equal(krsi_attached_count(attached), 0);
	krsi_attached_free(attached);
}

static void test_last_one_attached_is_first(void **state)
{
	struct krsi_attached *attached;

	link_new(BPF_LSM_MAC, FILE_OPEN, "first");
	link_new(BPF_LSM_MAC, INODE_MKDIR, "other");
	link_new(BPF_LSM_MAC, FILE_OPEN, "last");
	attached = list_new(*state, "file_open");
	assert_int_equal(krsi_attached_count(attached), 2);
	assert_string_equal(info_get(attached, 0).program, "last");
	assert_string_equal(info_get(attached, 1).program, "first");
	krsi_attached_free(attached);
}

static void test_older_kernels_tell_less(void **state)
{
	struct krsi_attached *attached;
	struct link *link;

	link = link_new(BPF_LSM_MAC, FILE_OPEN, "of_5_13");
	link->program.attach_btf_id = link->program.attach_btf_obj_id = 0;
	link = link_new(BPF_LSM_MAC, 0, "of_5_10");
	link->object = link->program.attach_btf_id = link->program.attach_btf_obj_id = 0;
	link = link_new(BPF_TRACE_FENTRY, 0, "anywhere");	/* not known to be on a hook */
	link->object = link->program.attach_btf_id = link->program.attach_btf_obj_id = 0;
	attached = list_new(*state, NULL);
	assert_int_equal(krsi_attached_count(attached), 2);
	assert_string_equal(info_get(attached, 0).program, "of_5_10");
	assert_string_equal(info_get(attached, 0).hook, "");
	assert_string_equal(info_get(attached, 1).program, "of_5_13");
	assert_string_equal(info_get(attached, 1).hook, "file_open");
	krsi_attached_free(attached);
}

static void test_name_that_the_kernel_cut_is_whole_again(void **state)
{
	struct krsi_attached *attached;

	link_new(BPF_LSM_MAC, FILE_OPEN, "restrict_filesy")->program.btf_id = PROGRAM_BTF;
	link_new(BPF_LSM_MAC, FILE_OPEN, "short")->program.btf_id = PROGRAM_BTF;
	link_new(BPF_LSM_MAC, FILE_OPEN, "no_types_at_all");
	attached = list_new(*state, NULL);
	assert_string_equal(info_get(attached, 2).program, "restrict_filesystems");
	assert_string_equal(info_get(attached, 1).program, "short");
	assert_string_equal(info_get(attached, 0).program, "no_types_at_all");
	krsi_attached_free(attached);
}

static void test_facts_of_the_program_are_told(void **state)
{
	struct krsi_attached *attached;
	struct krsi_attached_info info;
	struct link *link = link_new(BPF_LSM_MAC, FILE_OPEN, "file_open");

	link->program.nr_map_ids = 1;
	link->program.map_ids = ENGINE_MAP;
	link->program.created_by_uid = 1001;
	link->program.load_time = 5000000000;
	link->program.run_cnt = 7;
	link->program.run_time_ns = 700;
	link->program.recursion_misses = 2;
	link = link_new(BPF_LSM_MAC, FILE_OPEN, "of_another");
	link->program.nr_map_ids = 1;
	link->program.map_ids = ENGINE_MAP + 1;
	attached = list_new(*state, NULL);
	info = info_get(attached, 1);
	assert_int_equal(info.engine, 1);
	assert_int_equal(info.uid, 1001);
	assert_int_equal(info.loaded, 5000000000);
	assert_int_equal(info.runs, 7);
	assert_int_equal(info.run_time, 700);
	assert_int_equal(info.missed, 2);
	assert_int_equal(info.owner_count, 0);
	assert_string_equal(info.pin, "");
	assert_int_equal(info_get(attached, 0).engine, 0);
	krsi_attached_free(attached);
}

static void test_refusals_of_the_kernel_have_their_meaning(void **state)
{
	struct krsi_attached *attached = NULL;

	next_err = -EINVAL;
	assert_int_equal(krsi_attached_new(*state, NULL, &attached), -EOPNOTSUPP);
	assert_detail(*state, "no list of links (Linux 5.8 has)");
	next_err = -EPROTO;
	assert_int_equal(krsi_attached_new(*state, NULL, &attached), -EIO);
	assert_detail(*state, "EPROTO");
	admin = false;
	assert_int_equal(krsi_attached_new(*state, NULL, &attached), -EPERM);
	assert_detail(*state, "the kernel does not permit listing them: (why)");
	assert_null(attached);
}

static void test_arguments_are_checked(void **state)
{
	struct { struct krsi_attached_opts opts; uint64_t added; } newer = { { .sz = sizeof(newer) }, 1 };
	struct krsi_attached_owner_info owner = { .sz = sizeof(owner) };
	struct krsi_attached_info info = { .sz = sizeof(info) };
	struct krsi_attached *attached = NULL;

	assert_int_equal(krsi_attached_new(NULL, NULL, &attached), -EINVAL);
	assert_int_equal(krsi_attached_new(*state, NULL, NULL), -EINVAL);
	assert_int_equal(krsi_attached_new(*state, &newer.opts, &attached), -E2BIG);
	assert_null(attached);
	link_new(BPF_LSM_MAC, FILE_OPEN, "one");
	attached = list_new(*state, NULL);
	assert_int_equal(krsi_attached_info(attached, 1, &info), -ENOENT);
	assert_int_equal(krsi_attached_info(attached, 0, NULL), -EINVAL);
	assert_int_equal(krsi_attached_info(NULL, 0, &info), -EINVAL);
	assert_int_equal(krsi_attached_owner(attached, 1, 0, &owner), -ENOENT);
	assert_int_equal(krsi_attached_owner(attached, 0, 0, &owner), -ENOENT);
	assert_detail(*state, "no owner 0, only 0 of them");
	info.sz = 0;
	assert_int_equal(krsi_attached_info(attached, 0, &info), -EINVAL);
	assert_int_equal(krsi_attached_count(NULL), 0);
	krsi_attached_free(attached);
	krsi_attached_free(NULL);
}

/* --- processes and pins ------------------------------------------------------ */

static char proc[128];

static void file_make(const char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void file_make(const char *text, const char *fmt, ...)
{
	char path[256];
	va_list args;
	FILE *file;
	int n;

	n = snprintf(path, sizeof(path), "%s/", proc);
	va_start(args, fmt);
	vsnprintf(path + n, sizeof(path) - (size_t)n, fmt, args);
	va_end(args);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void process_make(int pid, const char *comm)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%d", proc, pid);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/%d/fd", proc, pid);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/%d/fdinfo", proc, pid);
	assert_int_equal(mkdir(path, 0700), 0);
	file_make(comm, "%d/comm", pid);
}

static void descriptor_make(int pid, int number, const char *what, const char *info)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%d/fd/%d", proc, pid, number);
	assert_int_equal(symlink(what, path), 0);
	file_make(info, "%d/fdinfo/%d", pid, number);
}

static const char *link_text(const struct link *link)
{
	static char text[256];

	snprintf(text, sizeof(text), "pos:\t0\nflags:\t02000000\nlink_type:\ttracing\nlink_id:\t%u\nprog_tag:\tcafe\nprog_id:\t%u\n",
		 link->id, link->program.id);
	return text;
}

static const char *program_text(const struct link *link)
{
	static char text[256];

	snprintf(text, sizeof(text), "pos:\t0\nprog_type:\t29\nmemlock:\t4096\nprog_id:\t%u\nrun_cnt:\t0\n", link->program.id);
	return text;
}

/* An agent that holds the first link, by two descriptors; a tracer that has both programs open; and bystanders. */
static void processes_make(void)
{
	snprintf(proc, sizeof(proc), "%s", unit_dir_make());
	process_make(812, "agent\n");
	descriptor_make(812, 3, "anon_inode:bpf-link", link_text(&links[0]));
	descriptor_make(812, 4, "anon_inode:bpf_link", link_text(&links[0]));
	descriptor_make(812, 5, "anon_inode:bpf-prog", program_text(&links[0]));
	process_make(813, "tracer\n");
	descriptor_make(813, 3, "anon_inode:bpf-prog", program_text(&links[0]));
	descriptor_make(813, 4, "anon_inode:bpf-prog", program_text(&links[1]));
	process_make(814, "bystander\n");
	descriptor_make(814, 3, "/tmp/bpf-link", link_text(&links[0]));	/* a file that says the same */
	descriptor_make(814, 4, "anon_inode:bpf-map", "map_type:\t1\nmap_id:\t7\n");
	file_make("", "meminfo");
}

static void proc_remove(void)
{
	char *const roots[] = { proc, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	assert_non_null(walk);
	while ((entry = fts_read(walk)))
		if (entry->fts_info != FTS_D)
			assert_int_equal(remove(entry->fts_path), 0);
	fts_close(walk);
}

static void test_owners_are_who_holds_the_link(void **state)
{
	struct krsi_attached_owner_info owner = { .sz = sizeof(owner) };
	struct krsi_attached *attached;

	link_new(BPF_LSM_MAC, FILE_OPEN, "held");
	link_new(BPF_LSM_MAC, INODE_MKDIR, "pinned");
	processes_make();
	attached = list_new(*state, NULL);
	assert_int_equal(krsi_priv_attached_owners(attached, proc), 0);
	assert_int_equal(info_get(attached, 0).owner_count, 1);
	assert_int_equal(krsi_attached_owner(attached, 0, 0, &owner), 0);
	assert_int_equal(owner.pid, 812);
	assert_int_equal(owner.holds_link, 1);
	assert_string_equal(owner.comm, "agent");
	/* Nobody holds the other link: then it is who has the program open. */
	assert_int_equal(info_get(attached, 1).owner_count, 1);
	assert_int_equal(krsi_attached_owner(attached, 1, 0, &owner), 0);
	assert_int_equal(owner.pid, 813);
	assert_int_equal(owner.holds_link, 0);
	krsi_attached_free(attached);
	proc_remove();
}

static void test_pins_are_found_on_every_bpf_file_system(void **state)
{
	struct krsi_attached *attached;
	char mounts[256], path[256];

	link_new(BPF_LSM_MAC, FILE_OPEN, "one");
	link_new(BPF_LSM_MAC, INODE_MKDIR, "two");
	snprintf(proc, sizeof(proc), "%s", unit_dir_make());
	snprintf(path, sizeof(path), "%s/deep", proc);
	assert_int_equal(mkdir(path, 0700), 0);
	file_make("", "deep/link_one");
	file_make("", "deep/map_of_one");
	snprintf(mounts, sizeof(mounts), "proc /proc proc rw 0 0\nnone %s bpf rw,mode=700 0 0\n", proc);
	file_make(mounts, "mounts");
	snprintf(mounts, sizeof(mounts), "%s/mounts", proc);
	snprintf(path, sizeof(path), "%s/deep/link_one", proc);
	pinned = "/link_one";
	attached = list_new(*state, NULL);
	assert_int_equal(krsi_priv_attached_pins(attached, mounts), 0);
	assert_string_equal(info_get(attached, 0).pin, path);
	assert_string_equal(info_get(attached, 1).pin, "");
	assert_int_equal(krsi_priv_attached_pins(attached, "/no/such/list"), 0);
	krsi_attached_free(attached);
	proc_remove();
}

/* The whole way of a list, with owners and pins that there are. */
static int list_all(struct krsi_ctx *ctx, const char *mounts)
{
	struct krsi_attached *attached;
	int err = krsi_attached_new(ctx, NULL, &attached);

	if (err)
		return err;
	err = krsi_priv_attached_owners(attached, proc);
	if (!err)
		err = krsi_priv_attached_pins(attached, mounts);
	krsi_attached_free(attached);
	return err;
}

static void test_every_allocation_may_fail(void **state)
{
	unsigned int i, failed = 1;
	char mounts[256];
	int err;

	for (i = 0; i < 2; i++)
		link_new(BPF_LSM_MAC, FILE_OPEN, "file_check");
	processes_make();
	snprintf(mounts, sizeof(mounts), "none %s bpf rw 0 0\n", proc);
	file_make(mounts, "mounts");
	snprintf(mounts, sizeof(mounts), "%s/mounts", proc);
	pinned = "/mounts";
	for (i = 1; failed; i++) {
		inject_start(i, false);
		err = list_all(*state, mounts);
		failed = inject_stop();
		if (err != (failed ? -ENOMEM : 0))
			fail_msg("allocation %u: %d", i, err);
	}
	assert_true(i > 8);
	proc_remove();
}

/* --- the sentence ------------------------------------------------------------- */

static void test_who_fills_a_function_is_told_in_a_sentence(void **state)
{
	char text[512];
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		link_new(BPF_LSM_MAC, FILE_OPEN, "file_check");
	link_new(BPF_LSM_MAC, FILE_OPEN, "a");
	link_new(BPF_LSM_MAC, FILE_OPEN, "b");
	link_new(BPF_LSM_MAC, FILE_OPEN, "c");
	link_new(BPF_MODIFY_RETURN, SECURITY_FILE_OPEN, "on_the_other");	/* another function of the same hook */
	krsi_priv_holders_explain("bpf_lsm_file_open", text, sizeof(text));
	assert_string_equal(text, "6 programs: 6 that no process holds which can be seen (file_check, a, b and 1 more)");
	krsi_priv_holders_explain("security_file_open", text, sizeof(text));
	assert_words(text, "1 programs: 1 that no process holds which can be seen (on_the_other)");
	krsi_priv_holders_explain("bpf_lsm_task_kill", text, sizeof(text));
	assert_words(text, "this kernel does not tell");
	admin = false;
	krsi_priv_holders_explain("bpf_lsm_file_open", text, sizeof(text));
	assert_words(text, "tells CAP_SYS_ADMIN only");
	krsi_priv_holders_of_program(links[0].program.id, text, sizeof(text));
	assert_string_equal(text, "");
}

static void test_sentence_is_cut_to_any_buffer(void **state)
{
	size_t size;

	(void)state;
	link_new(BPF_LSM_MAC, FILE_OPEN, "file_check");
	for (size = 1; size < 40; size++) {
		char *text = malloc(size);

		krsi_priv_holders_explain("bpf_lsm_file_open", text, size);
		assert_int_equal(strlen(text), size - 1);
		free(text);
	}
}

#define attached_test(name) cmocka_unit_test_setup_teardown(name, setup, unit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		attached_test(test_programs_of_all_ways_are_listed),
		attached_test(test_what_is_on_no_hook_is_not_listed),
		attached_test(test_last_one_attached_is_first),
		attached_test(test_older_kernels_tell_less),
		attached_test(test_name_that_the_kernel_cut_is_whole_again),
		attached_test(test_facts_of_the_program_are_told),
		attached_test(test_refusals_of_the_kernel_have_their_meaning),
		attached_test(test_arguments_are_checked),
		attached_test(test_owners_are_who_holds_the_link),
		attached_test(test_pins_are_found_on_every_bpf_file_system),
		attached_test(test_every_allocation_may_fail),
		attached_test(test_who_fills_a_function_is_told_in_a_sentence),
		attached_test(test_sentence_is_cut_to_any_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
