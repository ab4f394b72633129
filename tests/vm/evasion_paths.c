/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Evasion by the way a path is said, and by names that are hard to say. */
#include "evasion.h"

#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

/* --- the same file, said in another way ---------------------------------- */

static int relatively(void)
{
	must(chdir(VAULT) == 0);
	must(reads("../open/neighbour") == 0);
	return reads("secret");
}

static void test_relative_path_is_denied(void **state)
{
	int dir = open(VAULT, O_PATH | O_DIRECTORY | O_CLOEXEC), outside = open(OPEN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	denied(attempt(relatively));
	denied(reads_at(dir, "secret"));
	denied(reads_at(dir, "./sub/../secret"));
	denied(reads_at(outside, "../vault/secret"));
	denied(reads("/tmp/../tmp//evasion/./vault///secret"));
	allowed(reads_at(outside, "neighbour"));
	policy_start(OPEN_VAULT);
	denied(reads_at(dir, "secret"));
	denied(reads_at(dir, "./sub/../secret"));
	close(dir);
	close(outside);
}

static int openat2_reads(int dir, const char *name, uint64_t resolve)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC, .resolve = resolve };

	return opened((int)syscall(SYS_openat2, dir, name, &how, sizeof(how)));
}

static void test_openat2_is_denied(void **state)
{
	int dir = open(VAULT, O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	allowed(openat2_reads(dir, "sub/deep", RESOLVE_BENEATH));
	denied(openat2_reads(dir, "secret", RESOLVE_BENEATH));
	denied(openat2_reads(dir, "/../secret", RESOLVE_IN_ROOT));
	denied(openat2_reads(dir, "secret", RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS));
	denied(openat2_reads(AT_FDCWD, SECRET, 0));
	policy_start(OPEN_VAULT);
	denied(openat2_reads(dir, "/sub/deep", RESOLVE_IN_ROOT));
	close(dir);
}

static int by_own_directory(void)
{
	must(chdir(VAULT) == 0);
	return reads("/proc/self/cwd/secret");
}

static void test_links_of_proc_are_denied(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	allowed(reads("/proc/self/root" NEIGHBOUR));
	denied(reads("/proc/self/root" SECRET));
	denied(reads("/proc/thread-self/root" SECRET));
	denied(reads("/proc/1/root" SECRET));
	denied(attempt(by_own_directory));
}

static void test_opening_a_descriptor_again_is_denied(void **state)
{
	int path = open(SECRET, O_PATH | O_CLOEXEC), before = open(SECRET, O_RDONLY | O_CLOEXEC);
	int innocent = open(NEIGHBOUR, O_PATH | O_CLOEXEC);
	char name[64];

	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	snprintf(name, sizeof(name), "/proc/self/fd/%d", innocent);
	allowed(reads(name));
	/* O_PATH gives no access by itself, and asks nobody. */
	snprintf(name, sizeof(name), "/proc/self/fd/%d", path);
	denied(reads(name));
	denied(writes(name));
	snprintf(name, sizeof(name), "/dev/fd/%d", before);
	denied(reads(name));
	denied(writes(name));
	close(path);
	close(before);
	close(innocent);
}

/* The other side of it: these are in no directory, and no rule on paths may take them for unresolved. */
static void test_files_of_the_kernel_are_nobodys_business(void **state)
{
	int memory = (int)syscall(SYS_memfd_create, "x", 1 /* MFD_CLOEXEC */), pair[2];
	char name[64];

	(void)state;
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	policy_start(OPEN_VAULT);
	prove_deep();
	allowed(opened(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", memory);
	allowed(opened(open(name, O_RDWR | O_CLOEXEC)));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", pair[0]);
	allowed(opened(open(name, O_RDWR | O_CLOEXEC)));
	policy_start(RULE("file.open", "path: \"" VAULT "/**/d*p\""));
	allowed(opened(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)));
	allowed(opened(open(name, O_RDWR | O_CLOEXEC)));
	close(memory);
	close(pair[0]);
	close(pair[1]);
}

static void test_mapped_file_of_proc_is_denied(void **state)
{
	int fd = open(SECRET, O_RDONLY | O_CLOEXEC);
	char name[96];
	void *memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	(void)state;
	assert_true(memory != MAP_FAILED);
	close(fd);
	policy_start(OPEN_SECRET);
	prove_reads();
	snprintf(name, sizeof(name), "/proc/self/map_files/%lx-%lx", (unsigned long)memory, (unsigned long)memory + 4096);
	denied(reads(name));
	munmap(memory, 4096);
}

static int by_handle(const char *path)
{
	char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	struct file_handle *handle = (struct file_handle *)room;
	int mount_id, top, fd;

	handle->handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(AT_FDCWD, path, handle, &mount_id, 0) < 0)
		return errno;
	top = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Whoever has nothing but the handle: no name of the file is in memory any more, where that can be. */
	text_write("/proc/sys/vm/drop_caches", "2");
	fd = open_by_handle_at(top, handle, O_RDONLY | O_CLOEXEC);
	close(top);
	return opened(fd);
}

static void test_open_by_handle_is_denied(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	if (by_handle(NEIGHBOUR) == EOPNOTSUPP)
		skip_because("tmpfs has no file handles on this kernel");
	prove_reads();
	allowed(by_handle(NEIGHBOUR));
	denied(by_handle(SECRET));
	policy_start(OPEN_VAULT);
	denied(by_handle(DEEP));
}

static void test_file_without_a_name_is_denied(void **state)
{
	int fd = open(SECRET, O_PATH | O_CLOEXEC);
	char name[64];

	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	allowed(tried(unlink(SECRET)));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	denied(reads(name));
	close(fd);
}

/* --- long paths ---------------------------------------------------------- */

/* Go down `levels` directories called "d". */
static void descend(int levels)
{
	for (; levels > 0; levels--) {
		must(mkdir("d", 0700) == 0 || errno == EEXIST);
		must(chdir("d") == 0);
	}
}

static int depth;
static const char *deep_top;

static int far_down(void)
{
	must(chdir(deep_top) == 0);
	descend(depth);
	return opened(open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

/* And up again, so that the next case finds nothing that no path can say. */
static int climb_and_remove(void)
{
	int i;

	must(chdir(deep_top) == 0);
	for (i = 0; i < depth; i++)
		must(chdir("d") == 0);
	for (i = 0; i < depth; i++) {
		unlink("file");
		must(chdir("..") == 0 && rmdir("d") == 0);
	}
	return 0;
}

static int deep_in(const char *top, int levels)
{
	depth = levels;
	deep_top = top;
	return attempt(far_down);
}

static void test_path_of_300_components_is_denied(void **state)
{
	(void)state;
	policy_start(OPEN_VAULT);
	prove_deep();
	allowed(deep_in(OPEN, 300));
	denied(deep_in(VAULT, 300));
}

static void test_path_longer_than_path_max_is_denied(void **state)
{
	(void)state;
	policy_start(OPEN_VAULT);
	prove_deep();
	/* Of 2,300 components: longer than open(2) takes, not too long to climb. */
	denied(deep_in(VAULT, 2300));
	policy_stop();
	allowed(attempt(climb_and_remove));
}

/* So deep that it is not looked at to the end: denied, as it might be in the vault, and it is. */
static void test_path_too_deep_to_look_at_is_denied(void **state)
{
	(void)state;
	policy_start(OPEN_VAULT);
	prove_deep();
	denied(deep_in(VAULT, 4000));
	policy_stop();
	allowed(attempt(climb_and_remove));
}

/* The price: what is that deep elsewhere is denied as well, unless the policy says what to do then. */
static void test_on_unresolved_decides_on_what_is_too_deep(void **state)
{
	(void)state;
	policy_start(OPEN_VAULT);
	prove_deep();
	denied(deep_in(OPEN, 4000));
	policy_start(OPEN_VAULT "on_unresolved: allow\n");
	allowed(deep_in(OPEN, 4000));
	denied(reads(DEEP));
	policy_stop();
	allowed(attempt(climb_and_remove));
}

static void test_wildcards_see_a_long_path_or_deny_it(void **state)
{
	(void)state;
	policy_start(RULE("file.open", "path: \"" VAULT "/**/fi*e\""));
	allowed(reads(DEEP));
	denied(deep_in(VAULT, 300));
	denied(deep_in(VAULT, 2300));
	policy_stop();
	allowed(attempt(climb_and_remove));
}

/* --- names --------------------------------------------------------------- */

static void test_names_that_are_hard_to_say_are_denied(void **state)
{
	/* The name, and how a policy says it. */
	static const struct {
		const char *name, *said;
	} names[] = {
		{ "line\nfeed", "line\\x0afeed" },
		{ "\"double\" and 'single'", "\\x22double\\x22 and \\x27single\\x27" },
		{ "\xff\xfe\x80 is not UTF-8", "\\xff\\xfe\\x80 is not UTF-8" },
		{ "file (deleted)", "file (deleted)" },
		{ "back\\slash*", "back\\\\slash\\*" },
		{ " ", "\\x20" },
		{ "...", "..." },
		{ "caf\xc3\xa9", "caf\\xc3\\xa9" },
	};
	char path[256], rules[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), OPEN "/%s", names[i].name);
		/* The file is made when the rule is there: it is known by its name alone. */
		snprintf(rules, sizeof(rules), RULE("file.open", "path: '" OPEN "/%s'"), names[i].said);
		policy_start(rules);
		allowed(reads(NEIGHBOUR));
		if (opened(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) != DENIED)
			fail_msg("the name %s was not denied", names[i].said);
		/* And by its inode. */
		policy_start(rules);
		allowed(tried(rename(path, OPEN "/renamed")));
		denied(reads(OPEN "/renamed"));
		allowed(tried(unlink(OPEN "/renamed")));
	}
}

static void test_literal_deleted_is_not_a_deleted_file(void **state)
{
	int fd = open(SECRET, O_PATH | O_CLOEXEC);
	char name[64];

	(void)state;
	file_make(VAULT "/secret (deleted)", "x");
	policy_start(OPEN_SECRET);
	prove_reads();
	allowed(reads(VAULT "/secret (deleted)"));
	policy_start(RULE("file.open", "path: \"" VAULT "/secret (deleted)\""));
	denied(reads(VAULT "/secret (deleted)"));
	/* Its text in /proc would be the other's name. */
	allowed(tried(unlink(SECRET)));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	allowed(reads(name));
	close(fd);
}

/* Where a name is kept, and how it is read, depends on how long it is. */
static void test_names_of_every_length_are_denied(void **state)
{
	static const unsigned int lengths[] = { 1, 7, 8, 9, 15, 16, 31, 32, 33, 35, 36, 38, 39, 40, 41, 64, 127, 128, 200, 254, 255 };
	char name[256], path[512], rules[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(name, 'n', sizeof(name));
		name[lengths[i]] = '\0';
		snprintf(path, sizeof(path), OPEN "/%s", name);
		snprintf(rules, sizeof(rules), RULE("file.open", "path: " OPEN "/%s"), name);
		policy_start(rules);
		if (opened(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) != DENIED)
			fail_msg("a name of %u bytes was not denied", lengths[i]);
		path[strlen(path) - 1] = 'x';
		allowed(opened(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)));
		/* As a directory. */
		snprintf(path, sizeof(path), OPEN "/%s", name);
		unlink(path);
		snprintf(rules, sizeof(rules), RULE("file.open", "path: \"" OPEN "/%s/**\""), name);
		policy_start(rules);
		assert_int_equal(mkdir(path, 0700), 0);
		strcat(path, "/x");
		if (opened(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) != DENIED)
			fail_msg("a directory of %u bytes was not denied", lengths[i]);
	}
}

/* The device itself, by a node of one's own, which no rule on paths can know. */
static void test_another_node_of_a_device_is_denied_by_its_type_only(void **state)
{
	(void)state;
	policy_start(RULE("file.open", "path: /dev/zero"));
	denied(reads("/dev/zero"));
	allowed(reads("/dev/null"));
	if (mknod("/dev/shm/zero", S_IFCHR | 0600, makedev(1, 5)) < 0)
		fail_msg("no node can be made");
	allowed(reads("/dev/shm/zero"));
	unlink("/dev/shm/zero");
	policy_start("  - { name: r, on: file.mknod, object: { type: [char, block] }, " DENY);
	denied(tried(mknod("/dev/shm/zero", S_IFCHR | 0600, makedev(1, 5))));
	allowed(tried(mknod(OPEN "/fifo", S_IFIFO | 0600, 0)));
}

int part_evasion_paths(void)
{
	const struct CMUnitTest tests[] = {
		evasion_test(test_relative_path_is_denied),
		evasion_test(test_openat2_is_denied),
		evasion_test(test_links_of_proc_are_denied),
		evasion_test(test_opening_a_descriptor_again_is_denied),
		evasion_test(test_files_of_the_kernel_are_nobodys_business),
		evasion_test(test_mapped_file_of_proc_is_denied),
		evasion_test(test_open_by_handle_is_denied),
		evasion_test(test_file_without_a_name_is_denied),
		evasion_test(test_path_of_300_components_is_denied),
		evasion_test(test_path_longer_than_path_max_is_denied),
		evasion_test(test_path_too_deep_to_look_at_is_denied),
		evasion_test(test_on_unresolved_decides_on_what_is_too_deep),
		evasion_test(test_wildcards_see_a_long_path_or_deny_it),
		evasion_test(test_names_that_are_hard_to_say_are_denied),
		evasion_test(test_literal_deleted_is_not_a_deleted_file),
		evasion_test(test_names_of_every_length_are_denied),
		evasion_test(test_another_node_of_a_device_is_denied_by_its_type_only),
	};

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}
