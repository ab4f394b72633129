/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Evasion by descriptors that are open already, without opening at all, and through overlayfs. */
#include "evasion.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <utime.h>

#define FILES_RULE(operations) RULE(operations, "path: " SECRET)

/* --- what was open before the policy ------------------------------------- */

static int reads_from(int fd)
{
	char byte;

	return tried((int)pread(fd, &byte, 1, 0));
}

static void test_descriptor_from_before_the_policy_is_open(void **state)
{
	int fd = open(SECRET, O_RDWR | O_CLOEXEC), out = open(OPEN "/copy", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	off_t from = 0;
	char *memory;

	(void)state;
	assert_true(fd >= 0 && out >= 0);
	policy_start(GROUPS_SECRET);
	prove_reads();
	/* Rules are about opening, but for those with already_open (evasion_opened.c); what was opened can be used. */
	allowed(reads_from(fd));
	allowed(tried((int)pwrite(fd, "S", 1, 0)));
	allowed(tried((int)sendfile(out, fd, &from, 1)));
	from = 0;
	allowed(tried((int)copy_file_range(fd, &from, out, NULL, 1, 0)));
	allowed(tried((int)syscall(SYS_fallocate, fd, 0, 0L, 8192L)));
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(memory != MAP_FAILED);
	memory[0] = 's';
	munmap(memory, 4096);
	close(fd);
	close(out);
}

/* These ask again, whatever the descriptor was opened for. */
static void test_changing_attributes_by_an_older_descriptor_is_denied(void **state)
{
	int fd = open(SECRET, O_RDWR | O_CLOEXEC), innocent = open(NEIGHBOUR, O_RDWR | O_CLOEXEC);

	(void)state;
	policy_start(FILES_RULE("file.write"));
	denied(writes(SECRET));
	allowed(writes(NEIGHBOUR));
	denied(tried(ftruncate(fd, 0)));
	denied(tried(fchmod(fd, 0666)));
	denied(tried(fchown(fd, 1, 1)));
	denied(tried(fsetxattr(fd, "security.krsi", "x", 1, 0)));
	denied(tried(fremovexattr(fd, "security.krsi")));
	allowed(tried(ftruncate(innocent, 1)));
	allowed(tried(fchmod(innocent, 0666)));
	allowed(tried(fchown(innocent, 1, 1)));
	allowed(tried(fsetxattr(innocent, "security.krsi", "x", 1, 0)));
	close(fd);
	close(innocent);
}

static void test_writing_anywhere_by_a_descriptor_to_append_is_denied(void **state)
{
	int fd, innocent;

	(void)state;
	policy_start(RULE("[file.write, \"!file.append\"]", "path: " SECRET));
	denied(writes(SECRET));
	allowed(writes(NEIGHBOUR));
	fd = open(SECRET, O_WRONLY | O_APPEND | O_CLOEXEC);
	innocent = open(NEIGHBOUR, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(fd >= 0 && innocent >= 0);
	denied(tried(fcntl(fd, F_SETFL, 0)));
	allowed(tried(fcntl(innocent, F_SETFL, 0)));
	denied(opened(open(SECRET, O_WRONLY | O_APPEND | O_TRUNC | O_CLOEXEC)));
	close(fd);
	close(innocent);
}

static int sends(int by, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return tried((int)sendmsg(by, &message, 0));
}

/* Somebody who may read it passes it on. */
static void test_descriptor_passed_on_by_who_may_open_it_is_open(void **state)
{
	int pair[2], fd = open(SECRET, O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	policy_start(GROUPS_SECRET);
	prove_reads();
	allowed(sends(pair[0], fd));
	close(fd);
	close(pair[0]);
	close(pair[1]);
}

/* --- without opening ----------------------------------------------------- */

static void test_changing_without_opening_is_denied(void **state)
{
	char byte;

	(void)state;
	policy_start(FILES_RULE("file.write"));
	denied(writes(SECRET));
	allowed(reads(SECRET));
	denied(tried(truncate(SECRET, 0)));
	denied(opened(open(SECRET, O_RDONLY | O_TRUNC | O_CLOEXEC)));
	denied(opened(open(SECRET, O_WRONLY | O_TRUNC | O_CLOEXEC)));
	denied(opened(creat(SECRET, 0600)));
	denied(tried(chmod(SECRET, 0666)));
	denied(tried(chown(SECRET, 1, 1)));
	denied(tried(lchown(SECRET, 1, 1)));
	denied(tried(setxattr(SECRET, "security.krsi", "x", 1, 0)));
	denied(tried(removexattr(SECRET, "security.krsi")));
	denied(tried(setxattr(SECRET, "system.posix_acl_access", "\2\0\0\0", 4, 0)));
	denied(tried(unlink(SECRET)));
	assert_int_equal(getxattr(SECRET, "security.krsi", &byte, 1), -1);
	allowed(tried(truncate(NEIGHBOUR, 1)));
	allowed(tried(chmod(NEIGHBOUR, 0666)));
	allowed(tried(chown(NEIGHBOUR, 1, 1)));
	allowed(tried(setxattr(NEIGHBOUR, "security.krsi", "x", 1, 0)));
}

static void test_changing_by_a_hard_link_is_denied(void **state)
{
	(void)state;
	allowed(tried(link(SECRET, OPEN "/alias")));
	policy_start(FILES_RULE("file.write"));
	denied(writes(SECRET));
	denied(tried(truncate(OPEN "/alias", 0)));
	denied(tried(chmod(OPEN "/alias", 0666)));
	denied(tried(chown(OPEN "/alias", 1, 1)));
	denied(tried(setxattr(OPEN "/alias", "security.krsi", "x", 1, 0)));
	allowed(tried(truncate(OPEN "/file", 1)));
}

/* Times are attributes that no operation of the language is about. */
static void test_setting_times_is_open(void **state)
{
	const struct utimbuf times = { 1, 1 };

	(void)state;
	policy_start(FILES_RULE("file"));
	denied(writes(SECRET));
	allowed(utime(SECRET, &times));
}

/* --- overlayfs ----------------------------------------------------------- */

static void overlay_need(void)
{
	int fd = open("/test/overlay.ko", O_RDONLY | O_CLOEXEC), known = 0;
	char line[128];
	FILE *list;

	if (fd >= 0) {
		syscall(SYS_finit_module, fd, "", 0);
		close(fd);
	}
	list = fopen("/proc/filesystems", "r");
	assert_non_null(list);
	while (fgets(line, sizeof(line), list))
		known |= strstr(line, "\toverlay") != NULL;
	fclose(list);
	if (!known)
		skip_because("no overlayfs: on this kernel it is a module; scripts/kernels fetches it, and tests/vm/suite takes it along with -f overlay.ko");
}

/* /tmp/evasion/merged of the vault and a writable layer. */
static void overlay_mount(void)
{
	must(mkdir(OPEN "/upper", 0700) == 0 && mkdir(OPEN "/work", 0700) == 0 && mkdir(OPEN "/merged", 0700) == 0);
	must(mount("overlay", OPEN "/merged", "overlay", 0,
		   "lowerdir=" VAULT ",upperdir=" OPEN "/upper,workdir=" OPEN "/work") == 0);
}

static const char *overlay_file;

static int overlay_reads(void)
{
	overlay_mount();
	return reads(overlay_file);
}

/* Opening to write copies it up first. */
static int overlay_writes(void)
{
	overlay_mount();
	return writes(overlay_file);
}

static int overlay_renames(void)
{
	int err;

	overlay_mount();
	err = tried(rename(overlay_file, OPEN "/merged/renamed"));
	return err ? err : reads(OPEN "/merged/renamed");
}

static int overlay_truncates(void)
{
	overlay_mount();
	return tried(truncate(overlay_file, 1));
}

static void overlay_clean(void)
{
	assert_int_equal(chdir("/"), 0);
	assert_int_not_equal(system("rm -rf " OPEN "/upper " OPEN "/work " OPEN "/merged"), -1);
}

static int overlay_try(int (*act)(void), const char *file)
{
	int result;

	overlay_file = file;
	result = attempt_in_namespace(act);
	overlay_clean();
	return result;
}

static void test_object_below_an_overlay_is_denied(void **state)
{
	(void)state;
	overlay_need();
	policy_start(OPEN_SECRET);
	prove_reads();
	allowed(overlay_try(overlay_reads, OPEN "/merged/sub/deep"));
	denied(overlay_try(overlay_reads, OPEN "/merged/secret"));
	denied(overlay_try(overlay_writes, OPEN "/merged/secret"));
	denied(overlay_try(overlay_truncates, OPEN "/merged/secret"));
	denied(overlay_try(overlay_renames, OPEN "/merged/secret"));
}

static void test_directory_below_an_overlay_is_denied(void **state)
{
	(void)state;
	overlay_need();
	policy_start(OPEN_VAULT);
	prove_deep();
	denied(overlay_try(overlay_reads, OPEN "/merged/sub/deep"));
	denied(overlay_try(overlay_writes, OPEN "/merged/sub/deep"));
	denied(overlay_try(overlay_truncates, OPEN "/merged/secret"));
}

/* Names with wildcards are those of the layer, under which nobody looks for the file here. */
static void test_wildcard_does_not_reach_below_an_overlay(void **state)
{
	(void)state;
	overlay_need();
	policy_start(RULE("file.open", "path: \"" VAULT "/s*t\""));
	prove_reads();
	allowed(overlay_try(overlay_reads, OPEN "/merged/secret"));
	policy_start(RULE("file.open", "path: \"" VAULT "/s*t\"")
		     "  - { name: m, on: mount.mount, object: { fstype: overlay }, " DENY);
	assert_int_equal(mkdir(OPEN "/merged", 0700), 0);
	denied(tried(mount("overlay", OPEN "/merged", "overlay", 0, "lowerdir=" VAULT ":" OPEN)));
	allowed(tried(mount("none", OPEN "/merged", "tmpfs", 0, NULL)));
	assert_int_equal(umount(OPEN "/merged"), 0);
}

/* Rules for what is in the overlay, as for a container's files. Copied up, it is of another layer. */
static void test_copied_up_object_of_an_overlay_is_denied(void **state)
{
	(void)state;
	overlay_need();
	overlay_mount();
	policy_start(RULE("file.open", "path: " OPEN "/merged/secret"));
	denied(reads(OPEN "/merged/secret"));
	allowed(reads(OPEN "/merged/sub/deep"));
	allowed(tried(chmod(OPEN "/merged/secret", 0600)));
	denied(reads(OPEN "/merged/secret"));
	allowed(tried(rename(OPEN "/merged/secret", OPEN "/merged/renamed")));
	denied(reads(OPEN "/merged/renamed"));
	policy_start(RULE("[file.read, file.write]", "path: \"" OPEN "/merged/sub/**\""));
	denied(writes(OPEN "/merged/sub/deep"));
	denied(tried(rename(OPEN "/merged/sub/deep", OPEN "/merged/renamed2")));
	denied(tried(link(OPEN "/merged/renamed", OPEN "/merged/sub/new")));
	assert_int_equal(umount(OPEN "/merged"), 0);
}

/* The layer that it was copied up to is a directory like others. */
static void test_upper_layer_of_an_overlay_is_open_where_only_the_overlay_is_named(void **state)
{
	(void)state;
	overlay_need();
	overlay_mount();
	allowed(tried(chmod(OPEN "/merged/secret", 0600)));
	policy_start(RULE("file.open", "path: " OPEN "/merged/secret"));
	denied(reads(OPEN "/merged/secret"));
	allowed(reads(OPEN "/upper/secret"));
	policy_start(RULE("file.open", "path: [ " OPEN "/merged/secret, " OPEN "/upper/secret ]"));
	denied(reads(OPEN "/upper/secret"));
	assert_int_equal(umount(OPEN "/merged"), 0);
}

int part_evasion_files(void)
{
	const struct CMUnitTest tests[] = {
		evasion_test(test_descriptor_from_before_the_policy_is_open),
		evasion_test(test_changing_attributes_by_an_older_descriptor_is_denied),
		evasion_test(test_writing_anywhere_by_a_descriptor_to_append_is_denied),
		evasion_test(test_descriptor_passed_on_by_who_may_open_it_is_open),
		evasion_test(test_changing_without_opening_is_denied),
		evasion_test(test_changing_by_a_hard_link_is_denied),
		evasion_test(test_setting_times_is_open),
		evasion_test(test_object_below_an_overlay_is_denied),
		evasion_test(test_directory_below_an_overlay_is_denied),
		evasion_test(test_wildcard_does_not_reach_below_an_overlay),
		evasion_test(test_copied_up_object_of_an_overlay_is_denied),
		evasion_test(test_upper_layer_of_an_overlay_is_open_where_only_the_overlay_is_named),
	};

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}
