/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Evasion by descriptors from before the policy, and by those of somebody else: rules with already_open. */
#include "evasion.h"

#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define OPENED(operations, object) "  - { name: r, on: " operations ", object: { " object " }, already_open: true, " DENY
#define OPENED_SECRET(operations) OPENED(operations, "path: " SECRET)

/* --- uses ---------------------------------------------------------------- */

static int pread_one(int fd)
{
	char byte;

	return tried((int)pread(fd, &byte, 1, 0));
}

static int pwrite_one(int fd)
{
	return tried((int)pwrite(fd, "x", 1, 0));
}

static int readv_one(int fd)
{
	char byte;
	const struct iovec io = { .iov_base = &byte, .iov_len = 1 };

	return tried((int)readv(fd, &io, 1));
}

static int writev_one(int fd)
{
	char byte = 'x';
	const struct iovec io = { .iov_base = &byte, .iov_len = 1 };

	return tried((int)writev(fd, &io, 1));
}

/* From one to the other in the kernel, each call that does so. */
static int sends_file(int from, int to)
{
	off_t at = 0;

	return tried((int)sendfile(to, from, &at, 1));
}

static int copies_range(int from, int to)
{
	off_t at = 0, into = 0;

	return tried((int)copy_file_range(from, &at, to, &into, 1, 0));
}

static int splices_from(int fd)
{
	int ends[2], err;
	off_t at = 0;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	err = tried((int)splice(fd, &at, ends[1], NULL, 1, 0));
	close(ends[0]);
	close(ends[1]);
	return err;
}

static int splices_into(int fd)
{
	int ends[2], err;
	off_t at = 0;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	err = tried((int)splice(ends[0], NULL, fd, &at, 1, 0));
	close(ends[0]);
	close(ends[1]);
	return err;
}

static int allocates(int fd)
{
	return tried((int)syscall(SYS_fallocate, fd, 0, 0L, 64L));
}

static int maps(int fd, int prot, int flags)
{
	void *at = mmap(NULL, 4096, prot, flags, fd, 0);

	if (at == MAP_FAILED)
		return errno;
	munmap(at, 4096);
	return 0;
}

static int lists(int fd)
{
	char entries[512];

	return tried((int)syscall(SYS_getdents64, fd, entries, sizeof(entries)));
}

struct pair {
	int secret, neighbour;
};

static struct pair pair_open(int flags)
{
	const struct pair pair = { open(SECRET, flags | O_CLOEXEC), open(NEIGHBOUR, flags | O_CLOEXEC) };

	assert_true(pair.secret >= 0 && pair.neighbour >= 0);
	return pair;
}

static void pair_close(struct pair pair)
{
	close(pair.secret);
	close(pair.neighbour);
}

#define denied_of_pair(act, pair, ...)						\
	do {									\
		denied(act((pair).secret, ##__VA_ARGS__));			\
		allowed(act((pair).neighbour, ##__VA_ARGS__));			\
	} while (0)

/* --- reading and writing ------------------------------------------------- */

static void test_reading_what_was_open_is_denied_in_each_way(void **state)
{
	struct pair pair = pair_open(O_RDWR);
	int out = open(OPEN "/copy", O_RDWR | O_CREAT | O_CLOEXEC, 0600), copy = dup(pair.secret);

	(void)state;
	policy_start(RULE("file.read", "path: " SECRET));
	allowed(pread_one(pair.secret));
	policy_start(OPENED_SECRET("file.read"));
	prove_reads();
	denied_of_pair(pread_one, pair);
	denied_of_pair(readv_one, pair);
	denied_of_pair(sends_file, pair, out);
	denied_of_pair(copies_range, pair, out);
	denied_of_pair(splices_from, pair);
	denied(pread_one(copy));
	/* It is a rule on reading. */
	allowed(pwrite_one(pair.secret));
	allowed(allocates(pair.secret));
	policy_stop();
	allowed(pread_one(pair.secret));
	pair_close(pair);
	close(out);
	close(copy);
}

static void test_writing_what_was_open_is_denied_in_each_way(void **state)
{
	struct pair pair = pair_open(O_RDWR), append = pair_open(O_WRONLY | O_APPEND);
	int in = open(OPEN "/file", O_RDWR | O_CLOEXEC);

	(void)state;
	policy_start(RULE("file.write", "path: " SECRET));
	allowed(pwrite_one(pair.secret));
	policy_start(OPENED_SECRET("file.write"));
	denied(writes(SECRET));
	allowed(writes(NEIGHBOUR));
	denied_of_pair(pwrite_one, pair);
	denied_of_pair(writev_one, pair);
	denied_of_pair(writev_one, append);
	denied_of_pair(splices_into, pair);
	denied_of_pair(allocates, pair);
	denied(sends_file(in, pair.secret));
	allowed(sends_file(in, pair.neighbour));
	denied(copies_range(in, pair.secret));
	allowed(copies_range(in, pair.neighbour));
	allowed(pread_one(pair.secret));
	pair_close(pair);
	pair_close(append);
	close(in);
}

static void test_appending_to_what_was_open_is_denied(void **state)
{
	struct pair pair = pair_open(O_RDWR), append = pair_open(O_WRONLY | O_APPEND);

	(void)state;
	policy_start(OPENED_SECRET("file.append"));
	denied_of_pair(writev_one, append);
	allowed(writev_one(pair.secret));
	policy_start(OPENED_SECRET("[file.write, \"!file.append\"]"));
	denied_of_pair(writev_one, pair);
	allowed(writev_one(append.secret));
	pair_close(pair);
	pair_close(append);
}

static void test_any_use_of_what_was_open_is_denied_by_a_rule_on_opening(void **state)
{
	struct pair pair = pair_open(O_RDWR);

	(void)state;
	policy_start(OPEN_SECRET);
	allowed(pread_one(pair.secret));
	policy_start(OPENED_SECRET("file.open"));
	denied_of_pair(pread_one, pair);
	denied_of_pair(pwrite_one, pair);
	denied_of_pair(maps, pair, PROT_READ, MAP_PRIVATE);
	pair_close(pair);
}

static void test_listing_an_open_directory_is_denied(void **state)
{
	int vault = open(VAULT, O_RDONLY | O_DIRECTORY | O_CLOEXEC), out = open(OPEN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(vault >= 0 && out >= 0);
	policy_start(OPENED("file.read", "path: " VAULT));
	denied(lists(vault));
	allowed(lists(out));
	close(vault);
	close(out);
}

/* By its identity, or by where it was: as at opening. */
static void test_what_was_open_is_denied_by_any_of_its_names(void **state)
{
	struct pair pair = pair_open(O_RDONLY);

	(void)state;
	policy_start(OPENED("file.read", "path: \"" VAULT "/**\""));
	denied_of_pair(pread_one, pair);
	policy_start(OPENED("file.read", "path: \"" DIR "/v*/s?cret\""));
	denied_of_pair(pread_one, pair);
	policy_start(OPENED_SECRET("file.read"));
	denied_of_pair(pread_one, pair);
	policy_stop();
	assert_int_equal(rename(SECRET, OPEN "/renamed"), 0);
	assert_int_equal(link(OPEN "/renamed", SECRET), 0);
	policy_start(OPENED_SECRET("file.read"));
	denied_of_pair(pread_one, pair);
	pair_close(pair);
}

/* It has no path any more, so `on_unresolved` decides where only a path is known. */
static void test_what_was_open_and_has_no_path_is_unresolved(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(mkdir(OPEN "/mount", 0700), 0);
	assert_int_equal(mount("none", OPEN "/mount", "tmpfs", 0, NULL), 0);
	file_make(OPEN "/mount/secret", "x");
	fd = open(OPEN "/mount/secret", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(umount2(OPEN "/mount", MNT_DETACH), 0);
	policy_start(OPENED_SECRET("file.write"));
	allowed(pread_one(fd));
	policy_start(OPENED_SECRET("file.read"));
	denied(pread_one(fd));
	policy_start(OPENED_SECRET("file.read") "on_unresolved: allow\n");
	allowed(pread_one(fd));
	close(fd);
}

/* --- mapping ------------------------------------------------------------- */

static void test_mapping_what_was_open_is_denied(void **state)
{
	struct pair pair = pair_open(O_RDWR);

	(void)state;
	policy_start(RULE("[file.read, file.write]", "path: " SECRET));
	allowed(maps(pair.secret, PROT_READ | PROT_WRITE, MAP_SHARED));
	policy_start(OPENED_SECRET("file.read"));
	denied_of_pair(maps, pair, PROT_READ, MAP_PRIVATE);
	denied_of_pair(maps, pair, PROT_READ, MAP_SHARED);
	denied_of_pair(maps, pair, PROT_WRITE, MAP_SHARED);
	denied_of_pair(maps, pair, PROT_EXEC, MAP_PRIVATE);
	policy_start(OPENED_SECRET("file.write"));
	denied_of_pair(maps, pair, PROT_READ | PROT_WRITE, MAP_SHARED);
	allowed(maps(pair.secret, PROT_READ, MAP_SHARED));
	/* What is written there does not come to the file. */
	allowed(maps(pair.secret, PROT_READ | PROT_WRITE, MAP_PRIVATE));
	pair_close(pair);
}

static int gets_rights(char *memory, int prot)
{
	return tried(mprotect(memory, 4096, prot));
}

static void test_giving_a_mapping_of_what_was_open_more_rights_is_denied(void **state)
{
	struct pair pair = pair_open(O_RDWR);
	char *none[2], *reading[2], *own;

	(void)state;
	none[0] = mmap(NULL, 4096, PROT_NONE, MAP_SHARED, pair.secret, 0);
	none[1] = mmap(NULL, 4096, PROT_NONE, MAP_SHARED, pair.neighbour, 0);
	reading[0] = mmap(NULL, 4096, PROT_READ, MAP_SHARED, pair.secret, 0);
	reading[1] = mmap(NULL, 4096, PROT_READ, MAP_SHARED, pair.neighbour, 0);
	own = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, pair.secret, 0);
	assert_true(none[0] != MAP_FAILED && none[1] != MAP_FAILED && reading[0] != MAP_FAILED && reading[1] != MAP_FAILED && own != MAP_FAILED);
	policy_start(OPENED_SECRET("[file.read, file.write]"));
	denied(gets_rights(none[0], PROT_READ));
	denied(gets_rights(none[0], PROT_WRITE));
	denied(gets_rights(reading[0], PROT_READ | PROT_WRITE));
	allowed(gets_rights(own, PROT_READ | PROT_WRITE));
	allowed(gets_rights(none[1], PROT_READ | PROT_WRITE));
	allowed(gets_rights(reading[1], PROT_READ | PROT_WRITE));
	policy_start(OPENED_SECRET("file.write"));
	allowed(gets_rights(none[0], PROT_READ));
	denied(gets_rights(none[0], PROT_READ | PROT_WRITE));
	munmap(none[0], 4096);
	munmap(none[1], 4096);
	munmap(reading[0], 4096);
	munmap(reading[1], 4096);
	munmap(own, 4096);
	pair_close(pair);
}

/* Nobody asks when memory is read. */
static void test_mapping_from_before_the_policy_is_open(void **state)
{
	struct pair pair = pair_open(O_RDWR);
	volatile char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, pair.secret, 0);

	(void)state;
	assert_true(memory != MAP_FAILED);
	policy_start(OPENED_SECRET("[file.read, file.write]"));
	denied(pread_one(pair.secret));
	memory[0] = (char)(memory[0] + 1);
	allowed(gets_rights((char *)memory, PROT_READ));
	munmap((char *)memory, 4096);
	pair_close(pair);
}

/* --- passing on ---------------------------------------------------------- */

/* 0 when the descriptor came out at the other end, ECANCELED when only the message did. */
static int passes(int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	int ends[2], got;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	assert_int_equal(sendmsg(ends[0], &message, 0), 1);
	memset(control, 0, sizeof(control));
	message.msg_controllen = sizeof(control);
	assert_int_equal(recvmsg(ends[1], &message, MSG_CMSG_CLOEXEC), 1);
	close(ends[0]);
	close(ends[1]);
	head = CMSG_FIRSTHDR(&message);
	if (!head || head->cmsg_len < CMSG_LEN(sizeof(int)))
		return message.msg_flags & MSG_CTRUNC ? ECANCELED : EIO;
	memcpy(&got, CMSG_DATA(head), sizeof(got));
	close(got);
	return 0;
}

static int takes(int fd)
{
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0), err;

	assert_true(self >= 0);
	err = opened((int)syscall(SYS_pidfd_getfd, self, fd, 0));
	close(self);
	return err;
}

static void test_passing_on_what_was_open_is_denied(void **state)
{
	struct pair reading = pair_open(O_RDONLY), writing = pair_open(O_WRONLY), path = pair_open(O_PATH);

	(void)state;
	policy_start(RULE("[file.read, file.write]", "path: " SECRET));
	allowed(passes(reading.secret));
	policy_start(OPENED_SECRET("file.read"));
	assert_int_equal(passes(reading.secret), ECANCELED);
	allowed(passes(reading.neighbour));
	allowed(passes(writing.secret));
	allowed(passes(path.secret));
	denied_of_pair(takes, reading);
	policy_start(OPENED_SECRET("file.write"));
	assert_int_equal(passes(writing.secret), ECANCELED);
	allowed(passes(reading.secret));
	denied_of_pair(takes, writing);
	policy_start(OPENED_SECRET("file.open"));
	denied_of_pair(takes, reading);
	allowed(takes(path.secret));
	pair_close(reading);
	pair_close(writing);
	pair_close(path);
}

static int inherited;

static int inherited_reads(void)
{
	must(seteuid(4711) == 0);
	return pread_one(inherited);
}

/* Who may open it opens it after the policy, and a child that may not has it. */
static void test_what_somebody_else_may_open_is_denied(void **state)
{
	struct pair pair;

	(void)state;
	policy_start("  - { name: r, on: file.read, object: { path: " SECRET " }, subject: { uid: 4711 }, already_open: true, " DENY);
	pair = pair_open(O_RDONLY);
	allowed(pread_one(pair.secret));
	inherited = pair.secret;
	denied(attempt(inherited_reads));
	inherited = pair.neighbour;
	allowed(attempt(inherited_reads));
	policy_start("  - { name: r, on: file.read, object: { path: " SECRET " }, subject: { uid: 4711 }, " DENY);
	inherited = pair.secret;
	allowed(attempt(inherited_reads));
	pair_close(pair);
}

/* --- what is left alone -------------------------------------------------- */

static void test_exceptions_hold_for_what_was_open(void **state)
{
	struct pair pair = pair_open(O_RDONLY);

	(void)state;
	policy_start("  - { name: r, on: file.read, object: { path: " SECRET " }, unless: { uid: 0 }, already_open: true, " DENY);
	allowed(pread_one(pair.secret));
	inherited = pair.secret;
	denied(attempt(inherited_reads));
	/* A rule that allows, without already_open as well: what it lets be opened can be read. */
	policy_start("  - { name: a, on: file.read, subject: { uid: 0 }, action: allow }\n" OPENED_SECRET("file.read"));
	allowed(reads(SECRET));
	allowed(pread_one(pair.secret));
	denied(attempt(inherited_reads));
	/* One that does not allow that. */
	policy_start("  - { name: a, on: [file.write], subject: { uid: 0 }, action: allow }\n" OPENED_SECRET("file.read"));
	denied(pread_one(pair.secret));
	pair_close(pair);
}

static void test_defaults_are_not_for_what_was_open(void **state)
{
	struct pair pair = pair_open(O_RDONLY);
	int err, plain;

	(void)state;
	policy_start(OPENED_SECRET("file.read") "default: { file.read: { deny: EKEYREJECTED } }\n");
	plain = reads(NEIGHBOUR);
	err = pread_one(pair.neighbour);
	policy_stop();
	denied(plain);
	allowed(err);
	pair_close(pair);
}

/* Pipes, sockets and memfds: a rule on whatever somebody reads and writes is about files. */
static int pseudo_use(void)
{
	int ends[2], pair[2], memory = (int)syscall(SYS_memfd_create, "m", 0), err;
	char byte;

	must(pipe(ends) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && memory >= 0);
	must(seteuid(4711) == 0);
	err = tried((int)write(ends[1], "x", 1));
	err = err ? err : tried((int)read(ends[0], &byte, 1));
	err = err ? err : tried((int)write(pair[1], "x", 1));
	err = err ? err : tried((int)read(pair[0], &byte, 1));
	err = err ? err : pwrite_one(memory);
	err = err ? err : pread_one(memory);
	err = err ? err : maps(memory, PROT_READ | PROT_WRITE, MAP_SHARED);
	must(seteuid(0) == 0);
	return err;
}

static void test_what_nobody_opened_is_left_alone(void **state)
{
	int fd = open(SECRET, O_RDONLY | O_CLOEXEC);

	(void)state;
	policy_start("  - { name: r, on: [file.open, file.read, file.write], subject: { uid: 4711 }, already_open: true, " DENY);
	inherited = fd;
	denied(attempt(inherited_reads));
	allowed(attempt(pseudo_use));
	close(fd);
}

/* That is process.exec. */
static void test_executing_is_not_reading(void **state)
{
	int fd;

	(void)state;
	program_make(OTHER_PROGRAM);
	fd = open(OTHER_PROGRAM, O_RDONLY | O_CLOEXEC);
	policy_start(OPENED("[file.read]", "path: " OTHER_PROGRAM));
	denied(pread_one(fd));
	allowed(executes(OTHER_PROGRAM, NULL, "run"));
	close(fd);
	assert_int_equal(unlink(OTHER_PROGRAM), 0);
}

/* --- what is told, and what it costs ------------------------------------- */

static void test_event_tells_the_operation_that_opened_it(void **state)
{
	static const char rules[] =
		"  - { name: r, on: file.read, object: { path: " SECRET " }, already_open: true, action: audit }\n"
		"  - { name: w, on: file.write, object: { path: " SECRET " }, already_open: true, " DENY
		"  - { name: a, on: file.append, object: { path: " NEIGHBOUR " }, already_open: true, action: audit }\n"
		"  - { name: o, on: file.open, object: { path: " OPEN "/file }, already_open: true, action: audit }\n";
	struct pair pair = pair_open(O_RDWR), append = pair_open(O_WRONLY | O_APPEND);
	int file = open(OPEN "/file", O_RDONLY | O_CLOEXEC);
	struct seen seen;

	(void)state;
	policy_start(rules);
	engine_events_drain(&policy_engine);
	allowed(pread_one(pair.secret));
	seen = engine_event(&policy_engine);
	assert_string_equal(seen.operation, "file.read");
	assert_string_equal(seen.rule, "r");
	assert_string_equal(seen.path, SECRET);
	assert_int_equal(seen.pid, getpid());
	assert_int_equal(seen.verdict, KRSI_EVENT_AUDIT);
	denied(pwrite_one(pair.secret));
	seen = engine_event(&policy_engine);
	assert_string_equal(seen.operation, "file.write");
	assert_string_equal(seen.rule, "w");
	assert_int_equal(seen.error, DENIED);
	allowed(writev_one(append.neighbour));
	seen = engine_event(&policy_engine);
	assert_string_equal(seen.operation, "file.append");
	assert_string_equal(seen.path, NEIGHBOUR);
	allowed(pread_one(file));
	seen = engine_event(&policy_engine);
	assert_string_equal(seen.operation, "file.open");
	assert_string_equal(seen.rule, "o");
	/* None of what no rule is about. */
	allowed(pread_one(pair.neighbour));
	assert_int_equal(engine_events_drain(&policy_engine), 0);
	pair_close(pair);
	pair_close(append);
	close(file);
}

static bool is_attached(const char *program)
{
	const char *name;
	size_t i;

	for (i = 0; (name = krsi_engine_program(policy_engine.engine, i)); i++)
		if (strcmp(name, program) == 0)
			return true;
	return false;
}

static void test_programs_are_attached_for_such_rules_only(void **state)
{
	const char *const programs[] = { "file_use", "file_receive", vm_bpf_is_active() ? "file_mmap" : "file_mmap_asked", "file_mprotect" };
	size_t i;

	(void)state;
	if (!vm_kernel_at_least(5, 13))
		skip_because("before Linux 5.13 programs stay where they are");
	policy_start(OPEN_SECRET);
	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		assert_false(is_attached(programs[i]));
	policy_start(OPENED_SECRET("file.read"));
	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		assert_true(is_attached(programs[i]));
	assert_ok(policy_engine.ctx, krsi_engine_rollback(policy_engine.engine));
	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		assert_false(is_attached(programs[i]));
	denied(reads(SECRET));
}

int part_evasion_opened(void)
{
	const struct CMUnitTest tests[] = {
		evasion_test(test_reading_what_was_open_is_denied_in_each_way),
		evasion_test(test_writing_what_was_open_is_denied_in_each_way),
		evasion_test(test_appending_to_what_was_open_is_denied),
		evasion_test(test_any_use_of_what_was_open_is_denied_by_a_rule_on_opening),
		evasion_test(test_listing_an_open_directory_is_denied),
		evasion_test(test_what_was_open_is_denied_by_any_of_its_names),
		evasion_test(test_what_was_open_and_has_no_path_is_unresolved),
		evasion_test(test_mapping_what_was_open_is_denied),
		evasion_test(test_giving_a_mapping_of_what_was_open_more_rights_is_denied),
		evasion_test(test_mapping_from_before_the_policy_is_open),
		evasion_test(test_passing_on_what_was_open_is_denied),
		evasion_test(test_what_somebody_else_may_open_is_denied),
		evasion_test(test_exceptions_hold_for_what_was_open),
		evasion_test(test_defaults_are_not_for_what_was_open),
		evasion_test(test_what_nobody_opened_is_left_alone),
		evasion_test(test_executing_is_not_reading),
		evasion_test(test_event_tells_the_operation_that_opened_it),
		evasion_test(test_programs_are_attached_for_such_rules_only),
	};

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}
