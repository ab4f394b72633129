/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Evasion of rules on addresses. All of it on the loopback device. */
#include "evasion.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif
#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT 30
#endif
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

#define PORT 4711	/* that rules are about */
#define INNOCENT 4712
#define CONNECT_LOOPBACK RULE("network.connect", "address: 127.0.0.0/8, port: 4711")
#define CONNECT_AND_SEND RULE("[network.connect, network.send]", "address: 127.0.0.0/8, port: 4711")

/* --- addresses ----------------------------------------------------------- */

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static union address v4(const char *text, uint16_t port)
{
	union address address = { .in = { .sin_family = AF_INET, .sin_port = htons(port) } };

	must(inet_pton(AF_INET, text, &address.in.sin_addr) == 1);
	return address;
}

static union address v6(const char *text, uint16_t port)
{
	union address address = { .in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) } };

	must(inet_pton(AF_INET6, text, &address.in6.sin6_addr) == 1);
	return address;
}

static socklen_t size_of(const union address *address)
{
	return address->any.sa_family == AF_INET6 ? sizeof(address->in6) : sizeof(address->in);
}

static int connects_by(int family, int type, int protocol, union address address)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol), err;

	if (fd < 0)
		return errno;
	err = tried(connect(fd, &address.any, size_of(&address)));
	close(fd);
	return err;
}

static int connects(union address address)
{
	return connects_by(address.any.sa_family, SOCK_STREAM, 0, address);
}

/* In one datagram, or with the first bytes of a connection. */
static int sends_by(int family, int type, int flags, union address address)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return errno;
	err = tried((int)sendto(fd, "x", 1, flags | MSG_NOSIGNAL, &address.any, size_of(&address)));
	close(fd);
	return err;
}

/* --- connecting ---------------------------------------------------------- */

/* Nobody listens: what is let through is refused by the other side. */
static void prove_connects(void)
{
	denied(connects(v4("127.0.0.1", PORT)));
	assert_int_equal(connects(v4("127.0.0.1", INNOCENT)), ECONNREFUSED);
}

static void test_v4_address_in_v6_is_denied(void **state)
{
	(void)state;
	policy_start(CONNECT_LOOPBACK);
	prove_connects();
	denied(connects(v6("::ffff:127.0.0.1", PORT)));
	denied(connects(v6("::ffff:127.1.2.3", PORT)));
	assert_int_equal(connects(v6("::ffff:127.0.0.1", INNOCENT)), ECONNREFUSED);
	denied(connects_by(AF_INET6, SOCK_DGRAM, 0, v6("::ffff:127.0.0.1", PORT)));
	/* A datagram socket of IPv6 takes an address of IPv4 as it is. */
	denied(connects_by(AF_INET6, SOCK_DGRAM, 0, v4("127.0.0.1", PORT)));
	allowed(connects_by(AF_INET6, SOCK_DGRAM, 0, v4("127.0.0.1", INNOCENT)));
}

/* The kernel takes no address for this machine. Rules see what the program said. */
static void test_unspecified_address_is_not_loopback_to_a_rule(void **state)
{
	(void)state;
	policy_start(CONNECT_LOOPBACK);
	prove_connects();
	assert_int_equal(connects(v4("0.0.0.0", PORT)), ECONNREFUSED);
	assert_int_equal(connects(v6("::", PORT)), ECONNREFUSED);
	assert_int_equal(connects(v6("::1", PORT)), ECONNREFUSED);
	policy_start(RULE("network.connect", "address: [ 127.0.0.0/8, 0.0.0.0, \"::1\", \"::\" ], port: 4711"));
	prove_connects();
	denied(connects(v4("0.0.0.0", PORT)));
	denied(connects(v6("::", PORT)));
	denied(connects(v6("::1", PORT)));
	denied(connects(v6("::ffff:0.0.0.0", PORT)));
}

static void test_fast_open_is_denied(void **state)
{
	int fd, one = 1;
	union address address = v4("127.0.0.1", PORT);

	(void)state;
	text_write("/proc/sys/net/ipv4/tcp_fastopen", "1");
	policy_start(CONNECT_LOOPBACK);
	prove_connects();
	assert_int_equal(sends_by(AF_INET, SOCK_STREAM, MSG_FASTOPEN, v4("127.0.0.1", INNOCENT)), ECONNREFUSED);
	denied(sends_by(AF_INET, SOCK_STREAM, MSG_FASTOPEN, address));
	denied(sends_by(AF_INET6, SOCK_STREAM, MSG_FASTOPEN, v6("::ffff:127.0.0.1", PORT)));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one)), 0);
	denied(tried(connect(fd, &address.any, sizeof(address.in))));
	close(fd);
}

static void test_multipath_tcp_is_denied(void **state)
{
	int err;

	(void)state;
	policy_start(CONNECT_LOOPBACK);
	prove_connects();
	err = connects_by(AF_INET, SOCK_STREAM, IPPROTO_MPTCP, v4("127.0.0.1", INNOCENT));
	if (err != ECONNREFUSED)
		skip_because("no multipath TCP: %s", strerror(err));
	denied(connects_by(AF_INET, SOCK_STREAM, IPPROTO_MPTCP, v4("127.0.0.1", PORT)));
	denied(connects_by(AF_INET6, SOCK_STREAM, IPPROTO_MPTCP, v6("::ffff:127.0.0.1", PORT)));
}

/* An address that calls itself unspecified is taken for IPv4 where the family is known. */
static void test_address_without_a_family_is_denied(void **state)
{
	union address address = v4("127.0.0.1", PORT), innocent = v4("127.0.0.1", INNOCENT);

	(void)state;
	address.any.sa_family = innocent.any.sa_family = AF_UNSPEC;
	policy_start(CONNECT_AND_SEND);
	prove_connects();
	allowed(sends_by(AF_INET, SOCK_DGRAM, 0, innocent));
	denied(sends_by(AF_INET, SOCK_DGRAM, 0, address));
}

/* --- datagrams ----------------------------------------------------------- */

static void test_sending_without_connecting_is_denied(void **state)
{
	union address address = v4("127.0.0.1", PORT);
	struct iovec io = { .iov_base = (char[]){ 'x' }, .iov_len = 1 };
	struct mmsghdr many = { .msg_hdr = { .msg_name = &address, .msg_namelen = sizeof(address.in), .msg_iov = &io, .msg_iovlen = 1 } };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	policy_start(CONNECT_AND_SEND);
	prove_connects();
	allowed(sends_by(AF_INET, SOCK_DGRAM, 0, v4("127.0.0.1", INNOCENT)));
	denied(sends_by(AF_INET, SOCK_DGRAM, 0, address));
	denied(sends_by(AF_INET6, SOCK_DGRAM, 0, v6("::ffff:127.0.0.1", PORT)));
	denied(sends_by(AF_INET6, SOCK_DGRAM, 0, address));
	denied(tried((int)sendmsg(fd, &many.msg_hdr, 0)));
	denied(tried(sendmmsg(fd, &many, 1, 0)));
	/* Connected to somebody else. */
	address = v4("127.0.0.1", INNOCENT);
	assert_int_equal(connect(fd, &address.any, sizeof(address.in)), 0);
	address = v4("127.0.0.1", PORT);
	denied(tried((int)sendmsg(fd, &many.msg_hdr, 0)));
	close(fd);
}

static void test_sending_is_open_to_a_rule_on_connecting(void **state)
{
	(void)state;
	policy_start(CONNECT_LOOPBACK);
	prove_connects();
	denied(connects_by(AF_INET, SOCK_DGRAM, 0, v4("127.0.0.1", PORT)));
	allowed(sends_by(AF_INET, SOCK_DGRAM, 0, v4("127.0.0.1", PORT)));
}

/* Packets of one's own making have an address that is only data. */
static void test_raw_sockets_are_denied_by_their_family_or_capability(void **state)
{
	int fd;

	(void)state;
	policy_start(CONNECT_AND_SEND);
	prove_connects();
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	close(fd);
	policy_start(RULE("network.socket", "family: packet"));
	denied(opened(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)));
	allowed(opened(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
}

/* --- listening ----------------------------------------------------------- */

static int listens(const union address *address)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), err = 0;

	if (address)
		err = tried(bind(fd, &address->any, size_of(address)));
	if (!err)
		err = tried(listen(fd, 1));
	close(fd);
	return err;
}

static void test_listening_without_an_address_is_denied(void **state)
{
	union address address = v4("127.0.0.1", PORT), innocent = v4("127.0.0.1", INNOCENT);

	(void)state;
	policy_start(RULE("network.bind", "port: 4711"));
	denied(listens(&address));
	allowed(listens(&innocent));
	/* The kernel picks a port, and asks nobody but for listening. */
	allowed(listens(NULL));
	policy_start(RULE("[network.bind, network.listen]", "port: \"!4712\""));
	denied(listens(&address));
	allowed(listens(&innocent));
	denied(listens(NULL));
}

/* --- unix sockets -------------------------------------------------------- */

#define SOCKET VAULT "/socket"

static int unix_server(const char *name, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	must(bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))) == 0);
	must(type == SOCK_DGRAM || listen(fd, 8) == 0);
	return fd;
}

static int unix_tries(const char *name, int type, int sends)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0), err;
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));

	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	if (sends)
		err = tried((int)sendto(fd, "x", 1, 0, (struct sockaddr *)&address, size));
	else
		err = tried(connect(fd, (struct sockaddr *)&address, size));
	close(fd);
	return err;
}

static int unix_connects(const char *name)
{
	return unix_tries(name, SOCK_STREAM, 0);
}

static int from_its_directory(void)
{
	must(chdir(VAULT) == 0);
	return unix_connects("socket");
}

static int from_another_root(void)
{
	must(chroot(VAULT) == 0);
	return unix_connects("/socket");
}

static int under_another_mount(void)
{
	must(mkdir(OPEN "/view", 0700) == 0);
	must(mount(VAULT, OPEN "/view", NULL, MS_BIND, NULL) == 0);
	return unix_connects(OPEN "/view/socket");
}

static void test_unix_socket_by_another_name_is_denied(void **state)
{
	int server = unix_server(SOCKET, SOCK_STREAM), innocent = unix_server(OPEN "/socket", SOCK_STREAM);

	(void)state;
	allowed(tried(link(SOCKET, OPEN "/before")));
	allowed(tried(symlink(SOCKET, OPEN "/symlink")));
	policy_start(RULE("network.connect", "unix_path: " SOCKET));
	denied(unix_connects(SOCKET));
	allowed(unix_connects(OPEN "/socket"));
	denied(attempt(from_its_directory));
	denied(attempt(from_another_root));
	denied(attempt_in_namespace(under_another_mount));
	denied(unix_connects(OPEN "/symlink"));
	denied(unix_connects(OPEN "/before"));
	denied(unix_connects("/proc/self/root" SOCKET));
	denied(unix_connects(OPEN "//.././vault/socket"));
	allowed(tried(rename(SOCKET, OPEN "/renamed")));
	denied(unix_connects(OPEN "/renamed"));
	close(server);
	close(innocent);
}

static void test_datagram_to_a_unix_socket_is_denied(void **state)
{
	int server = unix_server(SOCKET, SOCK_DGRAM), innocent = unix_server(OPEN "/socket", SOCK_DGRAM);

	(void)state;
	policy_start(RULE("[network.connect, network.send]", "unix_path: " SOCKET));
	denied(unix_tries(SOCKET, SOCK_DGRAM, 0));
	denied(unix_tries(SOCKET, SOCK_DGRAM, 1));
	allowed(unix_tries(OPEN "/socket", SOCK_DGRAM, 0));
	allowed(unix_tries(OPEN "/socket", SOCK_DGRAM, 1));
	close(server);
	close(innocent);
}

static void test_abstract_name_is_denied(void **state)
{
	int server = unix_server("@evasion/secret", SOCK_STREAM), innocent = unix_server("@evasion/open", SOCK_STREAM);

	(void)state;
	policy_start(RULE("network.connect", "unix_path: \"@evasion/s*\""));
	denied(unix_connects("@evasion/secret"));
	allowed(unix_connects("@evasion/open"));
	policy_start(RULE("network.connect", "unix_path: \"@evasion/secret\""));
	denied(unix_connects("@evasion/secret"));
	allowed(unix_connects("@evasion/open"));
	/* A rule on paths says nothing of them, whatever they are called. */
	policy_start(RULE("network.connect", "unix_path: /evasion/secret"));
	allowed(unix_connects("@evasion/secret"));
	close(server);
	close(innocent);
}

static int in_another_network(void)
{
	must(unshare(CLONE_NEWNET) == 0);
	return connects(v4("127.0.0.1", PORT));
}

static void test_another_network_namespace_is_denied(void **state)
{
	(void)state;
	policy_start(CONNECT_LOOPBACK);
	prove_connects();
	denied(attempt(in_another_network));
}

int part_evasion_network(void)
{
	const struct CMUnitTest tests[] = {
		evasion_test(test_v4_address_in_v6_is_denied),
		evasion_test(test_unspecified_address_is_not_loopback_to_a_rule),
		evasion_test(test_fast_open_is_denied),
		evasion_test(test_multipath_tcp_is_denied),
		evasion_test(test_address_without_a_family_is_denied),
		evasion_test(test_sending_without_connecting_is_denied),
		evasion_test(test_sending_is_open_to_a_rule_on_connecting),
		evasion_test(test_raw_sockets_are_denied_by_their_family_or_capability),
		evasion_test(test_listening_without_an_address_is_denied),
		evasion_test(test_unix_socket_by_another_name_is_denied),
		evasion_test(test_datagram_to_a_unix_socket_is_denied),
		evasion_test(test_abstract_name_is_denied),
		evasion_test(test_another_network_namespace_is_denied),
	};

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}
