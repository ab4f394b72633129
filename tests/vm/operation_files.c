/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Operations on files, each denied on one and allowed on another. */
#include "operation.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define NEW VAULT "/new"	/* that rules are about, to be made */
#define OPEN_NEW OPEN "/new"
#define VIEW OPEN "/view"	/* the vault, through another mount */

static int opens(const char *path, int flags)
{
	return opened(open(path, flags | O_CLOEXEC, 0600));
}

static void view_make(void)
{
	must(mkdir(VIEW, 0700) == 0);
	must(mount(VAULT, VIEW, NULL, MS_BIND, NULL) == 0);
}

/* --- opening ------------------------------------------------------------- */

static void test_opening_is_denied_whatever_for(void **state)
{
	(void)state;
	policy_start(RULE("file.open", "path: " SECRET));
	denied(opens(SECRET, O_RDONLY));
	denied(opens(SECRET, O_WRONLY));
	denied(opens(SECRET, O_RDWR));
	denied(opens(SECRET, O_WRONLY | O_APPEND));
	allowed(opens(NEIGHBOUR, O_RDONLY));
	allowed(opens(NEIGHBOUR, O_RDWR));
}

static void test_reading_is_denied_and_writing_is_not(void **state)
{
	(void)state;
	policy_start(RULE("file.read", "path: " SECRET));
	denied(opens(SECRET, O_RDONLY));
	denied(opens(SECRET, O_RDWR));
	allowed(opens(SECRET, O_WRONLY));
	allowed(opens(NEIGHBOUR, O_RDONLY));
}

static void test_writing_is_denied_and_reading_is_not(void **state)
{
	(void)state;
	policy_start(RULE("file.write", "path: " SECRET));
	denied(opens(SECRET, O_WRONLY));
	denied(opens(SECRET, O_RDWR));
	denied(opens(SECRET, O_WRONLY | O_APPEND));
	allowed(opens(SECRET, O_RDONLY));
	allowed(opens(NEIGHBOUR, O_WRONLY));
}

static void test_taking_append_away_is_denied_as_writing(void **state)
{
	int secret = open(SECRET, O_WRONLY | O_APPEND | O_CLOEXEC), neighbour = open(NEIGHBOUR, O_WRONLY | O_APPEND | O_CLOEXEC);

	(void)state;
	policy_start(RULE("file.write", "path: " SECRET));
	denied(tried(fcntl(secret, F_SETFL, 0)));
	allowed(tried(fcntl(secret, F_SETFL, O_APPEND | O_NONBLOCK)));
	allowed(tried(fcntl(neighbour, F_SETFL, 0)));
	close(secret);
	close(neighbour);
}

static void test_appending_is_denied_and_writing_anywhere_is_not(void **state)
{
	(void)state;
	policy_start(RULE("file.append", "path: " SECRET));
	denied(opens(SECRET, O_WRONLY | O_APPEND));
	denied(opens(SECRET, O_RDWR | O_APPEND));
	allowed(opens(SECRET, O_WRONLY));
	allowed(opens(SECRET, O_RDONLY | O_APPEND));
	allowed(opens(NEIGHBOUR, O_WRONLY | O_APPEND));
}

/* --- code ---------------------------------------------------------------- */

static int maps(const char *path, int prot)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	void *at = mmap(NULL, 4096, prot, MAP_PRIVATE, fd, 0);

	if (at == MAP_FAILED)
		err = errno;
	else
		munmap(at, 4096);
	close(fd);
	return err;
}

/* Of a descriptor, which is closed; -1: memory without a file. */
static int becomes_code(int fd)
{
	void *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
	int err;

	must(at != MAP_FAILED);
	err = tried(mprotect(at, 4096, PROT_READ | PROT_EXEC));
	munmap(at, 4096);
	close(fd);
	return err;
}

static void test_mapping_as_code_is_denied_and_as_data_is_not(void **state)
{
	(void)state;
	policy_start(RULE("file.exec_mmap", "path: " SECRET));
	denied(maps(SECRET, PROT_READ | PROT_EXEC));
	allowed(maps(SECRET, PROT_READ));
	allowed(maps(NEIGHBOUR, PROT_READ | PROT_EXEC));
}

static void test_making_code_of_a_mapping_is_denied_by_its_file(void **state)
{
	(void)state;
	policy_start(RULE("file.mprotect_exec", "path: " SECRET));
	denied(becomes_code(open(SECRET, O_RDONLY | O_CLOEXEC)));
	allowed(becomes_code(open(NEIGHBOUR, O_RDONLY | O_CLOEXEC)));
	allowed(becomes_code(-1));
}

static void test_making_code_of_memory_without_a_name_is_denied_by_its_facts(void **state)
{
	(void)state;
	policy_start(RULE("file.mprotect_exec", "facts: memfd"));
	denied(becomes_code(memfd_create("code", MFD_CLOEXEC)));
	allowed(becomes_code(open(SECRET, O_RDONLY | O_CLOEXEC)));
	allowed(becomes_code(-1));
	policy_start("  - { name: r, on: file.mprotect_exec, " DENY);
	denied(becomes_code(-1));
}

/* --- names --------------------------------------------------------------- */

static void test_creating_is_denied_by_every_call_and_opening_what_is_there_is_not(void **state)
{
	(void)state;
	policy_start(RULE("file.create", "path: \"" VAULT "/**\", type: regular"));
	denied(opens(NEW, O_WRONLY | O_CREAT));
	denied(opens(NEW, O_WRONLY | O_CREAT | O_EXCL));
	denied(opened(creat(NEW, 0600)));
	denied(tried(mknod(NEW, S_IFREG | 0600, 0)));
	denied(tried(mknod(NEW, 0600, 0)));
	assert_int_equal(opens(NEW, O_RDONLY), ENOENT);
	allowed(opens(SECRET, O_WRONLY | O_CREAT));
	allowed(opens(OPEN_NEW, O_WRONLY | O_CREAT | O_EXCL));
	allowed(tried(mknod(OPEN "/node", S_IFREG | 0600, 0)));
}

static int unlinks_through_a_bind(void)
{
	view_make();
	must(unlink(VIEW "/sub/deep") == 0);
	return tried(unlink(VIEW "/secret"));
}

static void test_unlinking_is_denied_by_name_and_through_a_bind(void **state)
{
	(void)state;
	policy_start(RULE("file.unlink", "path: " SECRET));
	denied(tried(unlink(SECRET)));
	denied(attempt_in_namespace(unlinks_through_a_bind));
	allowed(opens(SECRET, O_RDONLY));
	allowed(tried(unlink(NEIGHBOUR)));
}

static void test_renaming_is_denied_by_either_name(void **state)
{
	(void)state;
	policy_start(RULE("file.rename", "path: [" SECRET ", " NEW "]"));
	denied(tried(rename(SECRET, OPEN_NEW)));
	denied(tried(rename(NEIGHBOUR, NEW)));
	denied(tried(renameat2(AT_FDCWD, NEIGHBOUR, AT_FDCWD, NEW, RENAME_NOREPLACE)));
	allowed(tried(rename(NEIGHBOUR, VAULT "/another")));
	allowed(tried(renameat2(AT_FDCWD, OPEN "/file", AT_FDCWD, OPEN_NEW, RENAME_NOREPLACE)));
}

static void test_renaming_and_exchanging_are_denied_by_what_has_the_new_name(void **state)
{
	(void)state;
	allowed(tried(chown(SECRET, 1234, 0)));
	policy_start(RULE("file.rename", "owner: 1234"));
	denied(tried(rename(SECRET, OPEN_NEW)));
	denied(tried(rename(NEIGHBOUR, SECRET)));
	denied(tried(renameat2(AT_FDCWD, NEIGHBOUR, AT_FDCWD, SECRET, RENAME_EXCHANGE)));
	denied(tried(renameat2(AT_FDCWD, SECRET, AT_FDCWD, NEIGHBOUR, RENAME_EXCHANGE)));
	allowed(tried(renameat2(AT_FDCWD, NEIGHBOUR, AT_FDCWD, OPEN "/file", RENAME_EXCHANGE)));
	allowed(tried(rename(NEIGHBOUR, OPEN "/file")));
}

static void test_linking_is_denied_by_either_name(void **state)
{
	(void)state;
	policy_start(RULE("file.link", "path: [" SECRET ", " NEW "]"));
	denied(tried(link(SECRET, OPEN_NEW)));
	denied(tried(link(NEIGHBOUR, NEW)));
	allowed(tried(link(NEIGHBOUR, OPEN_NEW)));
}

static void test_linking_a_file_without_a_name_is_denied_by_the_new_one(void **state)
{
	int fd = open(OPEN, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char path[64];

	(void)state;
	assert_true(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	policy_start(RULE("file.link", "path: " NEW));
	denied(tried(linkat(AT_FDCWD, path, AT_FDCWD, NEW, AT_SYMLINK_FOLLOW)));
	allowed(tried(linkat(AT_FDCWD, path, AT_FDCWD, OPEN_NEW, AT_SYMLINK_FOLLOW)));
	close(fd);
}

static void test_making_a_symbolic_link_is_denied_by_its_name_and_not_by_its_text(void **state)
{
	(void)state;
	policy_start(RULE("file.symlink", "path: [" NEW ", " SECRET "], type: symlink, filesystem: tmpfs"));
	denied(tried(symlink(NEIGHBOUR, NEW)));
	allowed(tried(symlink(NEW, OPEN_NEW)));
	allowed(tried(symlink(SECRET, OPEN "/link")));
}

static void test_making_a_directory_is_denied_by_its_name_and_mode(void **state)
{
	(void)state;
	policy_start(RULE("file.mkdir", "path: " NEW ", type: directory, mode: \"0700\""));
	denied(tried(mkdir(NEW, 0755)));
	allowed(tried(mkdir(OPEN_NEW, 0755)));
	allowed(tried(mkdir(NEW, 0600)));
}

static void test_removing_a_directory_is_denied(void **state)
{
	(void)state;
	allowed(tried(mkdir(NEW, 0700)));
	allowed(tried(mkdir(OPEN_NEW, 0700)));
	policy_start(RULE("file.rmdir", "path: " NEW));
	denied(tried(rmdir(NEW)));
	denied(tried(unlinkat(AT_FDCWD, NEW, AT_REMOVEDIR)));
	allowed(tried(rmdir(OPEN_NEW)));
}

static void test_making_a_node_is_denied_by_its_type(void **state)
{
	(void)state;
	policy_start(RULE("file.mknod", "path: \"" VAULT "/**\", type: [fifo, char, block]"));
	denied(tried(mkfifo(NEW, 0600)));
	denied(tried(mknod(NEW, S_IFCHR | 0600, makedev(1, 3))));
	denied(tried(mknod(NEW, S_IFBLK | 0600, makedev(1, 0))));
	allowed(tried(mknod(NEW, S_IFSOCK | 0600, 0)));
	allowed(tried(mkfifo(OPEN_NEW, 0600)));
}

/* --- contents and attributes --------------------------------------------- */

/* How to do one thing to a path, and to a descriptor of it from before the policy. */
struct both {
	int (*by_path)(const char *path);
	int (*by_fd)(int fd);
};

static void prove_both(const char *rule, const struct both *ways, size_t count)
{
	int secret = open(SECRET, O_RDWR | O_CLOEXEC), neighbour = open(NEIGHBOUR, O_RDWR | O_CLOEXEC);
	size_t i;

	policy_start(rule);
	for (i = 0; i < count; i++) {
		denied(ways[i].by_path(SECRET));
		allowed(ways[i].by_path(NEIGHBOUR));
		denied(ways[i].by_fd(secret));
		allowed(ways[i].by_fd(neighbour));
	}
	close(secret);
	close(neighbour);
}

static int cuts(const char *path)
{
	return tried(truncate(path, 1));
}

static int cuts_fd(int fd)
{
	return tried(ftruncate(fd, 0));
}

static void test_truncating_is_denied_by_path_by_descriptor_and_by_opening(void **state)
{
	const struct both ways[] = { { cuts, cuts_fd } };

	(void)state;
	prove_both(RULE("file.truncate", "path: " SECRET), ways, 1);
	denied(opens(SECRET, O_WRONLY | O_TRUNC));
	denied(opens(SECRET, O_WRONLY | O_CREAT | O_TRUNC));
	allowed(opens(SECRET, O_WRONLY));
	allowed(opens(NEIGHBOUR, O_WRONLY | O_TRUNC));
}

static int changes_mode(const char *path)
{
	return tried(chmod(path, 0600));
}

static int changes_mode_fd(int fd)
{
	return tried(fchmod(fd, 0640));
}

static void test_changing_the_mode_is_denied_by_path_and_by_descriptor(void **state)
{
	const struct both ways[] = { { changes_mode, changes_mode_fd } };

	(void)state;
	prove_both(RULE("file.chmod", "path: " SECRET), ways, 1);
	allowed(tried(chown(SECRET, 1, 1)));
}

static int changes_owner(const char *path)
{
	return tried(chown(path, 1, (gid_t)-1));
}

static int changes_group(const char *path)
{
	return tried(lchown(path, (uid_t)-1, 1));
}

static int changes_owner_fd(int fd)
{
	return tried(fchown(fd, 2, 2));
}

static void test_changing_the_owner_or_the_group_is_denied_by_every_call(void **state)
{
	const struct both ways[] = { { changes_owner, changes_owner_fd }, { changes_group, changes_owner_fd } };

	(void)state;
	prove_both(RULE("file.chown", "path: " SECRET), ways, 2);
	allowed(tried(chmod(SECRET, 0600)));
}

static int sets(const char *path)
{
	return tried(setxattr(path, "trusted.krsi", "x", 1, 0));
}

static int sets_fd(int fd)
{
	return tried(fsetxattr(fd, "trusted.krsi", "y", 1, XATTR_REPLACE));
}

static int removes(const char *path)
{
	return tried(removexattr(path, "trusted.krsi"));
}

static int removes_fd(int fd)
{
	return tried(fremovexattr(fd, "trusted.other"));
}

static void test_setting_and_removing_attributes_is_denied(void **state)
{
	const struct both ways[] = { { sets, sets_fd }, { removes, removes_fd } };

	(void)state;
	allowed(tried(setxattr(SECRET, "trusted.krsi", "x", 1, 0)));
	allowed(tried(setxattr(SECRET, "trusted.other", "x", 1, 0)));
	allowed(tried(setxattr(NEIGHBOUR, "trusted.other", "x", 1, 0)));
	prove_both(RULE("file.setxattr", "path: " SECRET), ways, 2);
}

static int sets_through_a_bind(void)
{
	view_make();
	must(sets(VIEW "/sub/deep") == 0);
	return sets(VIEW "/secret");
}

/* No hook on attributes knows the mount: all names that the file has in the namespace are looked at. */
static void test_attributes_are_denied_by_a_pattern_and_through_a_bind(void **state)
{
	(void)state;
	policy_start(RULE("file.setxattr", "path: " SECRET));
	denied(sets(SECRET));
	denied(attempt_in_namespace(sets_through_a_bind));
	allowed(tried(rmdir(VIEW)));
	policy_start(RULE("file.setxattr", "path: \"" VAULT "/s*t\""));
	denied(sets(SECRET));
	allowed(sets(DEEP));
	denied(attempt_in_namespace(sets_through_a_bind));
	allowed(tried(rmdir(VIEW)));
	/* The name that the other mount gives it. */
	policy_start(RULE("file.setxattr", "path: \"" VIEW "/se?ret\""));
	denied(attempt_in_namespace(sets_through_a_bind));
	allowed(sets(SECRET));
}

/* struct posix_acl_xattr_header and its entries: the owner may read and write, others may read. */
static const unsigned char access_list[] = {
	2, 0, 0, 0,
	1, 0, 6, 0, 255, 255, 255, 255,
	4, 0, 4, 0, 255, 255, 255, 255,
	32, 0, 4, 0, 255, 255, 255, 255,
};
#define ACCESS_LIST "system.posix_acl_access"

static void test_setting_and_removing_access_lists_is_denied(void **state)
{
	(void)state;
	policy_start(RULE("file.setxattr", "path: " SECRET));
	denied(tried(setxattr(SECRET, ACCESS_LIST, access_list, sizeof(access_list), 0)));
	denied(tried(removexattr(SECRET, ACCESS_LIST)));
	allowed(tried(setxattr(NEIGHBOUR, ACCESS_LIST, access_list, sizeof(access_list), 0)));
	allowed(tried(removexattr(NEIGHBOUR, ACCESS_LIST)));
}

static void test_ioctl_is_denied_on_what_is_open_already(void **state)
{
	int secret = open(SECRET, O_RDONLY | O_CLOEXEC), neighbour = open(NEIGHBOUR, O_RDONLY | O_CLOEXEC), size = 0;

	(void)state;
	policy_start(RULE("file.ioctl", "path: " SECRET));
	denied(tried(ioctl(secret, FIONREAD, &size)));
	allowed(tried(ioctl(neighbour, FIONREAD, &size)));
	allowed(tried((int)read(secret, &size, 1)));
	close(secret);
	close(neighbour);
}

int part_operation_files(void)
{
	const struct CMUnitTest tests[] = { FILE_OPERATIONS(OPERATION_TEST) };

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}
