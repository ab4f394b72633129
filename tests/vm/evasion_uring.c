/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Evasion by io_uring, which does what system calls do without making them. */
#include "evasion.h"

#include <arpa/inet.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

/* Newer than the headers may be. */
#define OP_FTRUNCATE 55		/* 6.9 */
#define OP_BIND 56		/* 6.11 */
#define OP_LISTEN 57

/* --- a ring of one operation at a time ----------------------------------- */

struct ring {
	int fd;
	unsigned int flags;		/* of struct io_uring_params */
	unsigned int *sq_tail, *sq_mask, *sq_array, *sq_flags, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	void *memory[3];
	size_t size[3];
};

static void *ring_map(struct ring *ring, int i, size_t size, off_t at)
{
	ring->size[i] = size;
	ring->memory[i] = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, at);
	must(ring->memory[i] != MAP_FAILED);
	return ring->memory[i];
}

static struct ring ring_open(unsigned int flags)
{
	struct io_uring_params params = { .flags = flags, .sq_thread_idle = 1000 };
	struct ring ring = { .flags = flags };
	char *sq, *cq;

	ring.fd = (int)syscall(SYS_io_uring_setup, 4, &params);
	if (ring.fd < 0 && (errno == ENOSYS || errno == EPERM))
		skip_because("no io_uring: %s", strerror(errno));
	must(ring.fd >= 0);
	sq = ring_map(&ring, 0, params.sq_off.array + params.sq_entries * sizeof(unsigned int), IORING_OFF_SQ_RING);
	cq = ring_map(&ring, 1, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	ring.sqes = ring_map(&ring, 2, params.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	ring.sq_tail = (unsigned int *)(sq + params.sq_off.tail);
	ring.sq_mask = (unsigned int *)(sq + params.sq_off.ring_mask);
	ring.sq_flags = (unsigned int *)(sq + params.sq_off.flags);
	ring.sq_array = (unsigned int *)(sq + params.sq_off.array);
	ring.cq_head = (unsigned int *)(cq + params.cq_off.head);
	ring.cq_tail = (unsigned int *)(cq + params.cq_off.tail);
	ring.cq_mask = (unsigned int *)(cq + params.cq_off.ring_mask);
	ring.cqes = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
	return ring;
}

static void ring_close(struct ring *ring)
{
	int i;

	for (i = 0; i < 3; i++)
		munmap(ring->memory[i], ring->size[i]);
	close(ring->fd);
}

/* Its result, as a system call returns it with errno set. */
static int ring_do(struct ring *ring, const struct io_uring_sqe *sqe)
{
	unsigned int tail = *ring->sq_tail, at = tail & *ring->sq_mask, head, waited;
	struct timespec pause = { .tv_nsec = 1000 * 1000 };
	int result;

	ring->sqes[at] = *sqe;
	ring->sq_array[at] = at;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
	if (ring->flags & IORING_SETUP_SQPOLL) {
		if (__atomic_load_n(ring->sq_flags, __ATOMIC_SEQ_CST) & IORING_SQ_NEED_WAKEUP)
			must(syscall(SYS_io_uring_enter, ring->fd, 1, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0) >= 0);
		for (waited = 0; __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) == *ring->cq_head; waited++) {
			must(waited < 20000);
			nanosleep(&pause, NULL);
		}
	} else {
		must(syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1);
	}
	head = *ring->cq_head;
	must(__atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) != head);
	result = ring->cqes[head & *ring->cq_mask].res;
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}

/* How operations are made: at once, by a worker, or by the kernel's thread that reads the ring. */
static const struct way {
	unsigned int setup;
	uint8_t flags;
} ways[] = {
	{ 0, 0 },
	{ 0, IOSQE_ASYNC },
	{ IORING_SETUP_SQPOLL, 0 },
	{ IORING_SETUP_SQPOLL, IOSQE_ASYNC },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* The kernel of a VM may be without an operation that the headers have. */
static int supported(int result)
{
	if (result == EINVAL || result == EOPNOTSUPP)
		skip_because("this kernel's io_uring cannot do that");
	return result;
}

/* --- files --------------------------------------------------------------- */

static int ring_opens(struct ring *ring, uint8_t flags, const char *path, int how)
{
	const struct io_uring_sqe sqe = { .opcode = IORING_OP_OPENAT, .flags = flags, .fd = AT_FDCWD, .addr = (uintptr_t)path,
					  .open_flags = (unsigned int)how, .len = 0600 };

	return opened(ring_do(ring, &sqe));
}

static int ring_opens2(struct ring *ring, uint8_t flags, const char *path)
{
	const struct open_how how = { .flags = O_RDONLY };
	const struct io_uring_sqe sqe = { .opcode = IORING_OP_OPENAT2, .flags = flags, .fd = AT_FDCWD, .addr = (uintptr_t)path,
					  .off = (uintptr_t)&how, .len = sizeof(how) };

	return opened(ring_do(ring, &sqe));
}

static void test_opening_is_denied(void **state)
{
	struct ring ring;
	size_t i;

	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	for (i = 0; i < WAYS; i++) {
		ring = ring_open(ways[i].setup);
		denied(ring_opens(&ring, ways[i].flags, SECRET, O_RDONLY));
		denied(ring_opens(&ring, ways[i].flags, SECRET, O_WRONLY));
		denied(ring_opens2(&ring, ways[i].flags, SECRET));
		allowed(ring_opens(&ring, ways[i].flags, NEIGHBOUR, O_RDONLY));
		allowed(ring_opens2(&ring, ways[i].flags, NEIGHBOUR));
		ring_close(&ring);
	}
}

/* The worker is a thread of the process, and is taken for it. */
static void test_worker_is_its_process(void **state)
{
	struct ring ring;
	size_t i;

	(void)state;
	policy_start("  - { name: r, on: file.open, object: { path: " SECRET " }, subject: { exe: " TEST_PROGRAM ", uid: 0 }, " DENY
		     "  - { name: s, on: file.open, object: { path: " NEIGHBOUR " }, unless: { exe: " TEST_PROGRAM " }, " DENY);
	prove_reads();
	for (i = 0; i < WAYS; i++) {
		ring = ring_open(ways[i].setup);
		denied(ring_opens(&ring, ways[i].flags, SECRET, O_RDONLY));
		allowed(ring_opens(&ring, ways[i].flags, NEIGHBOUR, O_RDONLY));
		ring_close(&ring);
	}
}

static int ring_names(struct ring *ring, uint8_t flags, uint8_t opcode, const char *a, const char *b)
{
	struct io_uring_sqe sqe = { .opcode = opcode, .flags = flags, .fd = AT_FDCWD, .addr = (uintptr_t)a, .off = (uintptr_t)b };

	if (opcode == IORING_OP_RENAMEAT || opcode == IORING_OP_LINKAT)
		sqe.len = (unsigned int)AT_FDCWD;
	if (opcode == IORING_OP_MKDIRAT)
		sqe.len = 0700;
	if (opcode == IORING_OP_SYMLINKAT)
		sqe.addr2 = (uintptr_t)b;
	return supported(tried(ring_do(ring, &sqe)));
}

static void names_by(struct ring *ring, uint8_t flags)
{
	denied(ring_names(ring, flags, IORING_OP_UNLINKAT, SECRET, NULL));
	denied(ring_names(ring, flags, IORING_OP_RENAMEAT, SECRET, OPEN "/new"));
	denied(ring_names(ring, flags, IORING_OP_RENAMEAT, OPEN "/file", SECRET));
	allowed(ring_names(ring, flags, IORING_OP_RENAMEAT, OPEN "/file", OPEN "/renamed"));
	allowed(ring_names(ring, flags, IORING_OP_UNLINKAT, OPEN "/renamed", NULL));
	denied(ring_names(ring, flags, IORING_OP_LINKAT, SECRET, OPEN "/new"));
	denied(ring_names(ring, flags, IORING_OP_LINKAT, NEIGHBOUR, VAULT "/new"));
	denied(ring_names(ring, flags, IORING_OP_MKDIRAT, VAULT "/new", NULL));
	denied(ring_names(ring, flags, IORING_OP_SYMLINKAT, NEIGHBOUR, VAULT "/new"));
	allowed(ring_names(ring, flags, IORING_OP_LINKAT, NEIGHBOUR, OPEN "/file"));
}

static void test_unlinking_renaming_and_linking_are_denied(void **state)
{
	struct ring ring;
	size_t i;

	(void)state;
	policy_start(GROUPS_VAULT);
	prove_reads();
	for (i = 0; i < WAYS; i++) {
		ring = ring_open(ways[i].setup);
		names_by(&ring, ways[i].flags);
		ring_close(&ring);
	}
}

static void test_setting_attributes_is_denied(void **state)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_SETXATTR, .fd = -1, .addr = (uintptr_t)"security.krsi", .off = (uintptr_t)"x",
				    .addr3 = (uintptr_t)SECRET, .len = 1 };
	struct ring ring = ring_open(0);

	(void)state;
	policy_start(RULE("file.write", "path: " SECRET));
	denied(writes(SECRET));
	denied(supported(tried(ring_do(&ring, &sqe))));
	sqe.addr3 = (uintptr_t)NEIGHBOUR;
	allowed(tried(ring_do(&ring, &sqe)));
	ring_close(&ring);
}

static void test_removing_a_directory_is_denied(void **state)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = (uintptr_t)(VAULT "/empty"), .unlink_flags = AT_REMOVEDIR };
	struct ring ring = ring_open(0);

	(void)state;
	assert_int_equal(mkdir(VAULT "/empty", 0700) || mkdir(OPEN "/empty", 0700), 0);
	policy_start(RULE("file.rmdir", "path: " VAULT "/empty"));
	denied(supported(tried(ring_do(&ring, &sqe))));
	sqe.addr = (uintptr_t)(OPEN "/empty");
	allowed(tried(ring_do(&ring, &sqe)));
	ring_close(&ring);
}

static void test_truncating_is_denied(void **state)
{
	struct io_uring_sqe sqe = { .opcode = OP_FTRUNCATE, .fd = open(SECRET, O_WRONLY | O_CLOEXEC), .off = 1 };
	struct ring ring = ring_open(0);

	(void)state;
	policy_start(RULE("file.truncate", "path: " SECRET));
	denied(supported(tried(ring_do(&ring, &sqe))));
	close(sqe.fd);
	sqe.fd = open(NEIGHBOUR, O_WRONLY | O_CLOEXEC);
	allowed(tried(ring_do(&ring, &sqe)));
	close(sqe.fd);
	ring_close(&ring);
}

/* --- files that are open ------------------------------------------------- */

static int ring_uses(struct ring *ring, uint8_t flags, uint8_t opcode, int fd)
{
	char byte = 'x';
	struct iovec io = { .iov_base = &byte, .iov_len = 1 };
	struct io_uring_sqe sqe = { .opcode = opcode, .flags = flags, .fd = fd, .addr = (uintptr_t)&byte, .len = 1 };

	if (opcode == IORING_OP_READV || opcode == IORING_OP_WRITEV)
		sqe.addr = (uintptr_t)&io;
	return tried(ring_do(ring, &sqe));
}

/* Without a descriptor of the process: the file is the ring's own. */
static int ring_reads_registered(struct ring *ring, uint8_t flags, int fd)
{
	int err;

	must(syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_FILES, &fd, 1) == 0);
	err = ring_uses(ring, flags | IOSQE_FIXED_FILE, IORING_OP_READ, 0);
	must(syscall(SYS_io_uring_register, ring->fd, IORING_UNREGISTER_FILES, NULL, 0) == 0);
	return err;
}

static int ring_splices(struct ring *ring, uint8_t flags, int fd)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_SPLICE, .flags = flags, .splice_fd_in = fd, .off = (uint64_t)-1, .len = 1 };
	int ends[2], err;

	must(pipe2(ends, O_CLOEXEC) == 0);
	sqe.fd = ends[1];
	err = tried(ring_do(ring, &sqe));
	close(ends[0]);
	close(ends[1]);
	return err;
}

static void test_using_what_was_open_is_denied(void **state)
{
	static const uint8_t opcodes[] = { IORING_OP_READ, IORING_OP_READV, IORING_OP_WRITE, IORING_OP_WRITEV };
	int secret = open(SECRET, O_RDWR | O_CLOEXEC), neighbour = open(NEIGHBOUR, O_RDWR | O_CLOEXEC);
	struct ring ring;
	size_t i, k;

	(void)state;
	assert_true(secret >= 0 && neighbour >= 0);
	policy_start(GROUPS_SECRET);
	ring = ring_open(0);
	allowed(ring_uses(&ring, 0, IORING_OP_READ, secret));
	ring_close(&ring);
	policy_start("  - { name: r, on: [file.read, file.write], object: { path: " SECRET " }, already_open: true, " DENY);
	prove_reads();
	for (i = 0; i < WAYS; i++) {
		ring = ring_open(ways[i].setup);
		for (k = 0; k < sizeof(opcodes); k++) {
			denied(ring_uses(&ring, ways[i].flags, opcodes[k], secret));
			allowed(ring_uses(&ring, ways[i].flags, opcodes[k], neighbour));
		}
		denied(ring_reads_registered(&ring, ways[i].flags, secret));
		allowed(ring_reads_registered(&ring, ways[i].flags, neighbour));
		denied(ring_splices(&ring, ways[i].flags, secret));
		allowed(ring_splices(&ring, ways[i].flags, neighbour));
		ring_close(&ring);
	}
	close(secret);
	close(neighbour);
}

/* --- sockets ------------------------------------------------------------- */

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int ring_connects(struct ring *ring, uint8_t flags, uint16_t port)
{
	struct sockaddr_in address = loopback(port);
	struct io_uring_sqe sqe = { .opcode = IORING_OP_CONNECT, .flags = flags, .addr = (uintptr_t)&address, .off = sizeof(address) };
	int err;

	sqe.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(sqe.fd >= 0);
	err = tried(ring_do(ring, &sqe));
	close(sqe.fd);
	return err;
}

static int ring_sends(struct ring *ring, uint8_t flags, uint16_t port)
{
	struct sockaddr_in address = loopback(port);
	char byte = 'x';
	struct iovec io = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_name = &address, .msg_namelen = sizeof(address), .msg_iov = &io, .msg_iovlen = 1 };
	struct io_uring_sqe sqe = { .opcode = IORING_OP_SENDMSG, .flags = flags, .addr = (uintptr_t)&message, .len = 1 };
	int err;

	sqe.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	must(sqe.fd >= 0);
	err = tried(ring_do(ring, &sqe));
	close(sqe.fd);
	return err;
}

static void test_connecting_and_sending_are_denied(void **state)
{
	struct ring ring;
	size_t i;

	(void)state;
	policy_start(RULE("[network.connect, network.send]", "port: 4711"));
	for (i = 0; i < WAYS; i++) {
		ring = ring_open(ways[i].setup);
		denied(ring_connects(&ring, ways[i].flags, 4711));
		assert_int_equal(ring_connects(&ring, ways[i].flags, 4712), ECONNREFUSED);
		denied(ring_sends(&ring, ways[i].flags, 4711));
		allowed(ring_sends(&ring, ways[i].flags, 4712));
		ring_close(&ring);
	}
}

static void test_sending_with_an_address_is_denied(void **state)
{
	struct sockaddr_in address = loopback(4711);
	struct io_uring_sqe sqe = { .opcode = IORING_OP_SEND, .addr = (uintptr_t)"x", .len = 1, .addr2 = (uintptr_t)&address, .addr_len = sizeof(address) };
	struct ring ring = ring_open(0);

	(void)state;
	sqe.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	policy_start(RULE("network.send", "port: 4711"));
	denied(supported(tried(ring_do(&ring, &sqe))));
	address = loopback(4712);
	allowed(tried(ring_do(&ring, &sqe)));
	close(sqe.fd);
	ring_close(&ring);
}

static void test_making_a_socket_is_denied(void **state)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_SOCKET, .fd = AF_INET, .off = SOCK_DGRAM };
	struct ring ring = ring_open(0);

	(void)state;
	policy_start(RULE("network.socket", "family: inet"));
	denied(supported(opened(ring_do(&ring, &sqe))));
	sqe.fd = AF_UNIX;
	allowed(opened(ring_do(&ring, &sqe)));
	ring_close(&ring);
}

/* A socket with an address, and somebody who connects. */
static int listener_make(uint16_t port, int *client)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
	struct sockaddr_in address = loopback(port);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	*client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(*client, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void test_accepting_is_denied(void **state)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_ACCEPT };
	struct ring ring = ring_open(0);
	int client;

	(void)state;
	policy_start(RULE("network.accept", "port: 4711"));
	sqe.fd = listener_make(4711, &client);
	denied(opened(ring_do(&ring, &sqe)));
	close(client);
	close(sqe.fd);
	sqe.fd = listener_make(4712, &client);
	allowed(opened(ring_do(&ring, &sqe)));
	close(client);
	close(sqe.fd);
	ring_close(&ring);
}

static void test_binding_and_listening_are_denied(void **state)
{
	struct sockaddr_in address = loopback(4721);
	struct io_uring_sqe binds = { .opcode = OP_BIND, .addr = (uintptr_t)&address, .addr2 = sizeof(address) }, listens = { .opcode = OP_LISTEN, .len = 1 };
	struct ring ring = ring_open(0);

	(void)state;
	binds.fd = listens.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	policy_start(RULE("network.bind", "port: 4721") "  - { name: l, on: network.listen, object: { port: 4723 }, " DENY);
	denied(supported(tried(ring_do(&ring, &binds))));
	address = loopback(4723);
	allowed(tried(ring_do(&ring, &binds)));
	denied(tried(ring_do(&ring, &listens)));
	close(binds.fd);
	binds.fd = listens.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	address = loopback(4722);
	allowed(tried(ring_do(&ring, &binds)));
	allowed(tried(ring_do(&ring, &listens)));
	close(binds.fd);
	ring_close(&ring);
}

int part_evasion_uring(void)
{
	const struct CMUnitTest tests[] = {
		evasion_test(test_opening_is_denied),
		evasion_test(test_worker_is_its_process),
		evasion_test(test_unlinking_renaming_and_linking_are_denied),
		evasion_test(test_setting_attributes_is_denied),
		evasion_test(test_connecting_and_sending_are_denied),
		evasion_test(test_removing_a_directory_is_denied),
		evasion_test(test_truncating_is_denied),
		evasion_test(test_using_what_was_open_is_denied),
		evasion_test(test_sending_with_an_address_is_denied),
		evasion_test(test_making_a_socket_is_denied),
		evasion_test(test_accepting_is_denied),
		evasion_test(test_binding_and_listening_are_denied),
	};

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}
