/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Operations on sockets, each with an address that a rule is about and with one that none is. Addresses
 * are texts, as in policies:
 *   127.0.0.1:4711   [::1]:4711   /path   @abstract   netlink
 */
#include "operation.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#define CLOSED VAULT "/socket"
#define FREE OPEN "/socket"

/* What a rule says of IP, and for each kind of address one that it is about, one of another port, one of another address. */
#define ADDRESSES "address: [127.0.0.0/8, \"::1\"], port: 4700-4711"
static const struct kind {
	const char *closed, *other_port, *other_address;
} kinds[] = {
	{ "127.0.0.1:4711", "127.0.0.1:4712", "0.0.0.0:4711" },
	{ "[::1]:4711", "[::1]:4712", "[::]:4711" },
	{ "[::ffff:127.0.0.1]:4711", "[::ffff:127.0.0.1]:4712", "[::ffff:0.0.0.0]:4711" },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* The same for unix sockets. */
#define NAMES "unix_path: [" CLOSED ", \"@closed/*\"]"
static const struct name {
	const char *closed, *other;
} names[] = {
	{ CLOSED, FREE },
	{ "@closed/socket", "@free/socket" },
};
#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

/* --- sockets and their addresses ----------------------------------------- */

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
		struct sockaddr_nl nl;
	};
	socklen_t size;
};

static void ip_parse(const char *text, struct address *address)
{
	char host[64];
	unsigned int port;

	if (text[0] == '[') {
		must(sscanf(text, "[%63[^]]]:%u", host, &port) == 2);
		address->in6.sin6_family = AF_INET6;
		address->in6.sin6_port = htons((uint16_t)port);
		must(inet_pton(AF_INET6, host, &address->in6.sin6_addr) == 1);
		address->size = sizeof(address->in6);
	} else {
		must(sscanf(text, "%63[^:]:%u", host, &port) == 2);
		address->in.sin_family = AF_INET;
		address->in.sin_port = htons((uint16_t)port);
		must(inet_pton(AF_INET, host, &address->in.sin_addr) == 1);
		address->size = sizeof(address->in);
	}
}

static struct address address_of(const char *text)
{
	struct address address = { .size = sizeof(address.nl) };

	if (strcmp(text, "netlink") == 0) {
		address.nl.nl_family = AF_NETLINK;
	} else if (text[0] == '/' || text[0] == '@') {
		address.un.sun_family = AF_UNIX;
		memcpy(address.un.sun_path, text, strlen(text));
		if (text[0] == '@')
			address.un.sun_path[0] = '\0';
		address.size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(text));
	} else {
		ip_parse(text, &address);
	}
	return address;
}

static int made(const struct address *address, int type)
{
	int fd = socket(address->any.sa_family, type | SOCK_CLOEXEC, 0), one = 1;

	must(fd >= 0);
	must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0);
	return fd;
}

/* A socket that has an address. */
static int bound(const char *text, int type)
{
	struct address address = address_of(text);
	int fd = made(&address, type);

	if (text[0] == '/')
		unlink(text);
	must(bind(fd, &address.any, address.size) == 0);
	return fd;
}

static int listening(const char *text)
{
	int fd = bound(text, SOCK_STREAM);

	must(listen(fd, 8) == 0);
	return fd;
}

/* --- acts ---------------------------------------------------------------- */

static int binds(const char *text)
{
	struct address address = address_of(text);
	int fd = made(&address, address.any.sa_family == AF_NETLINK ? SOCK_RAW : SOCK_STREAM);
	int err = tried(bind(fd, &address.any, address.size));

	close(fd);
	return err;
}

static int connects(const char *text, int type)
{
	struct address address = address_of(text);
	int fd = made(&address, type), err = tried(connect(fd, &address.any, address.size));

	close(fd);
	return err;
}

static int sends(const char *text)
{
	struct address address = address_of(text);
	int fd = made(&address, SOCK_DGRAM), err = tried((int)sendto(fd, "x", 1, 0, &address.any, address.size));

	close(fd);
	return err;
}

static int listens(const char *text)
{
	int fd = bound(text, SOCK_STREAM), err = tried(listen(fd, 8));

	close(fd);
	return err;
}

/* A socket listens, another one connects to it, and then accepting is tried. */
static int accepts(const char *text)
{
	struct address address = address_of(text);
	int server = listening(text), client = made(&address, SOCK_STREAM), err;

	must(connect(client, &address.any, address.size) == 0);
	err = opened(accept4(server, NULL, NULL, SOCK_CLOEXEC));
	close(client);
	close(server);
	return err;
}

/* --- making -------------------------------------------------------------- */

static void test_making_a_socket_is_denied_by_its_family(void **state)
{
	int pair[2];

	(void)state;
	policy_start(RULE("network.socket", "family: [packet, inet6]"));
	denied(opened(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)));
	denied(opened(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)));
	denied(opened(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
	allowed(opened(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
	allowed(opened(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0)));
	policy_start(RULE("network.socket", "family: unix"));
	denied(tried(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)));
	denied(opened(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
	allowed(opened(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)));
}

/* --- IP ------------------------------------------------------------------ */

static void test_binding_is_denied_by_address_and_port(void **state)
{
	size_t i;

	(void)state;
	policy_start(RULE("network.bind", ADDRESSES));
	for (i = 0; i < KINDS; i++) {
		denied(binds(kinds[i].closed));
		allowed(binds(kinds[i].other_port));
		allowed(binds(kinds[i].other_address));
	}
}

/* Nobody listens: what is let through is refused by the other side. */
static void test_connecting_is_denied_by_address_and_port(void **state)
{
	size_t i;

	(void)state;
	policy_start(RULE("network.connect", ADDRESSES));
	for (i = 0; i < KINDS; i++) {
		denied(connects(kinds[i].closed, SOCK_STREAM));
		assert_int_equal(connects(kinds[i].other_port, SOCK_STREAM), ECONNREFUSED);
		assert_int_equal(connects(kinds[i].other_address, SOCK_STREAM), ECONNREFUSED);
		denied(connects(kinds[i].closed, SOCK_DGRAM));
		allowed(connects(kinds[i].other_port, SOCK_DGRAM));
	}
}

static void test_listening_is_denied_by_address_and_port(void **state)
{
	size_t i;

	(void)state;
	policy_start(RULE("network.listen", ADDRESSES));
	for (i = 0; i < KINDS; i++) {
		denied(listens(kinds[i].closed));
		allowed(listens(kinds[i].other_port));
		allowed(listens(kinds[i].other_address));
	}
}

static void test_accepting_is_denied_by_address_and_port(void **state)
{
	size_t i;

	(void)state;
	policy_start(RULE("network.accept", ADDRESSES));
	for (i = 0; i < KINDS; i++) {
		denied(accepts(kinds[i].closed));
		allowed(accepts(kinds[i].other_port));
		allowed(accepts(kinds[i].other_address));
	}
}

static void test_sending_is_denied_by_address_and_port(void **state)
{
	size_t i;

	(void)state;
	policy_start(RULE("network.send", ADDRESSES));
	for (i = 0; i < KINDS; i++) {
		denied(sends(kinds[i].closed));
		allowed(sends(kinds[i].other_port));
		allowed(connects(kinds[i].closed, SOCK_DGRAM));
	}
}

/* --- unix sockets -------------------------------------------------------- */

static void test_binding_is_denied_by_unix_path_and_abstract_name(void **state)
{
	size_t i;

	(void)state;
	policy_start(RULE("network.bind", NAMES));
	for (i = 0; i < NAME_COUNT; i++) {
		denied(binds(names[i].closed));
		allowed(binds(names[i].other));
	}
}

static void test_connecting_is_denied_by_unix_path_and_abstract_name(void **state)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };
	int closed, other;
	size_t i, j;

	(void)state;
	for (i = 0; i < NAME_COUNT; i++) {
		for (j = 0; j < sizeof(types) / sizeof(types[0]); j++) {
			policy_stop();
			closed = bound(names[i].closed, types[j]);
			other = bound(names[i].other, types[j]);
			must(types[j] == SOCK_DGRAM || (listen(closed, 8) == 0 && listen(other, 8) == 0));
			policy_start(RULE("network.connect", NAMES));
			denied(connects(names[i].closed, types[j]));
			allowed(connects(names[i].other, types[j]));
			close(closed);
			close(other);
		}
	}
}

static void test_listening_is_denied_by_unix_path_and_abstract_name(void **state)
{
	size_t i;

	(void)state;
	policy_start(RULE("network.listen", NAMES));
	for (i = 0; i < NAME_COUNT; i++) {
		denied(listens(names[i].closed));
		allowed(listens(names[i].other));
	}
}

static void test_accepting_is_denied_by_unix_path_and_abstract_name(void **state)
{
	size_t i;

	(void)state;
	policy_start(RULE("network.accept", NAMES));
	for (i = 0; i < NAME_COUNT; i++) {
		denied(accepts(names[i].closed));
		allowed(accepts(names[i].other));
	}
}

static void test_sending_is_denied_by_unix_path_and_abstract_name(void **state)
{
	int closed, other;
	size_t i;

	(void)state;
	policy_start(RULE("network.send", NAMES));
	for (i = 0; i < NAME_COUNT; i++) {
		closed = bound(names[i].closed, SOCK_DGRAM);
		other = bound(names[i].other, SOCK_DGRAM);
		denied(sends(names[i].closed));
		allowed(sends(names[i].other));
		allowed(connects(names[i].closed, SOCK_DGRAM));
		close(closed);
		close(other);
	}
}

/* --- netlink ------------------------------------------------------------- */

static void test_binding_netlink_is_denied_by_its_family(void **state)
{
	(void)state;
	policy_start(RULE("network.bind", "family: netlink"));
	denied(binds("netlink"));
	allowed(binds("127.0.0.1:4711"));
	policy_start(RULE("network.bind", "family: [inet, unix]"));
	allowed(binds("netlink"));
	denied(binds("127.0.0.1:4711"));
	denied(binds(FREE));
}

static void test_connecting_netlink_is_denied_by_its_family(void **state)
{
	(void)state;
	policy_start(RULE("network.connect", "family: netlink"));
	denied(connects("netlink", SOCK_RAW));
	allowed(connects("127.0.0.1:4711", SOCK_DGRAM));
	policy_start(RULE("network.connect", "family: inet"));
	allowed(connects("netlink", SOCK_RAW));
	denied(connects("127.0.0.1:4711", SOCK_DGRAM));
}

static void test_sending_by_netlink_is_denied_by_its_family(void **state)
{
	(void)state;
	policy_start(RULE("network.send", "family: netlink"));
	denied(sends("netlink"));
	allowed(sends("127.0.0.1:4711"));
	policy_start(RULE("network.send", "family: inet"));
	allowed(sends("netlink"));
	denied(sends("127.0.0.1:4711"));
}

int part_operation_network(void)
{
	const struct CMUnitTest tests[] = { NETWORK_OPERATIONS(OPERATION_TEST) };

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}
