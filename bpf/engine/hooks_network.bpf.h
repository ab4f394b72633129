/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Sockets.
 *
 * IP. The address is the one that the kernel will use, which need not say what it is: with AF_UNSPEC
 * some kinds of sockets take it as one of their own family. TCP connects by sending as well (Fast
 * Open): that is network.connect.
 *
 * Unix sockets. What is written in an address may be relative, a symbolic link, or seen from a chroot.
 * So the hooks decide that have the socket on the other side, whose path is walked as that of any
 * file: unix_stream_connect() for streams, unix_may_send() for datagrams. That one is asked at
 * connect(2) and for each datagram, and does not say which: the hooks before it leave word with the thread.
 * A name in the file system is bound by making it, which path_mknod() sees.
 */
#ifndef KRSI_ENGINE_HOOKS_NETWORK_BPF_H
#define KRSI_ENGINE_HOOKS_NETWORK_BPF_H

#include "act.bpf.h"

#define SOCKADDR_IN_SIZE 8	/* up to the end of the address */
#define SOCKADDR_IN6_SIZE 24
#define SUN_PATH 2		/* where it begins */
#define SUN_SIZE 110

static __always_inline void net_family(__u32 at, __u32 family)
{
	struct engine_slot *slot = slot_get(at);

	if (!slot)
		return;
	slot->act.family = family;
	slot->act.has |= ACT_FAMILY;
}

static __always_inline void net_inet(struct engine_slot *slot, __u32 address, __u32 port)
{
	slot->act.address_high = 0;
	slot->act.address_low = 0xffffULL << 32 | __builtin_bswap32(address);
	slot->act.port = port;
	slot->act.has |= ACT_ADDRESS | ACT_PORT;
}

static __always_inline void net_inet6(struct engine_slot *slot, const __u64 address[2], __u32 port)
{
	slot->act.address_high = __builtin_bswap64(address[0]);
	slot->act.address_low = __builtin_bswap64(address[1]);
	slot->act.port = port;
	slot->act.has |= ACT_ADDRESS | ACT_PORT;
}

/*
 * An address that the process gave, by now in the kernel's memory. `family` is the socket's, and how
 * AF_UNSPEC is read; with AF_UNSPEC itself it is not.
 */
MATCH_FN int net_address(__u32 at, __u64 address, __u32 size, __u32 family)
{
	struct engine_slot *slot = slot_get(at);
	__u16 said = 0, port = 0;
	__u64 bytes[2] = {};
	__u32 word = 0;

	if (!slot || !address || size < sizeof(said))
		return 0;
	if (bpf_probe_read_kernel(&said, sizeof(said), (void *)address))
		return 0;
	if (said == AF_UNSPEC)
		said = family;
	if (said == AF_INET && size >= SOCKADDR_IN_SIZE) {
		bpf_probe_read_kernel(&port, sizeof(port), (void *)address + 2);
		bpf_probe_read_kernel(&word, sizeof(word), (void *)address + 4);
		net_inet(slot, word, __builtin_bswap16(port));
	} else if (said == AF_INET6 && size >= SOCKADDR_IN6_SIZE) {
		bpf_probe_read_kernel(&port, sizeof(port), (void *)address + 2);
		bpf_probe_read_kernel(bytes, sizeof(bytes), (void *)address + 8);
		net_inet6(slot, bytes, __builtin_bswap16(port));
	}
	return 0;
}

/* A unix address without a file: what is behind the NUL. */
MATCH_FN int net_abstract(__u32 at, __u64 address, __u32 size)
{
	struct engine_slot *slot = slot_get(at);
	__u8 first = 1;

	if (!slot || !address || size <= SUN_PATH + 1 || size > SUN_SIZE)
		return 0;
	if (bpf_probe_read_kernel(&first, sizeof(first), (void *)address + SUN_PATH) || first)
		return 0;
	if (text_read(slot, address + SUN_PATH + 1, size - SUN_PATH - 1))
		return 0;
	text_hits(at, KRSI_PRIV_KEY_UNIX_PATH, MATCH_GROUP_ABSTRACT);
	return 0;
}

/* The address that a unix socket has, as a file or without one. */
static __always_inline void net_unix(__u32 at, __u64 sk)
{
	struct unix_address *address = 0;
	__u64 mnt = 0, dentry = 0, inode = 0;
	int size = 0;

	net_family(at, AF_UNIX);
	bpf_core_read(&dentry, sizeof(dentry), &((struct unix_sock *)sk)->path.dentry);
	if (dentry) {
		bpf_core_read(&mnt, sizeof(mnt), &((struct unix_sock *)sk)->path.mnt);
		bpf_core_read(&inode, sizeof(inode), &((struct dentry *)dentry)->d_inode);
		act_path(at, mnt, dentry, inode, 1U << IMAGE_ROLE_UNIX_PATH);
		return;
	}
	bpf_core_read(&address, sizeof(address), &((struct unix_sock *)sk)->addr);
	if (!address || bpf_core_read(&size, sizeof(size), &address->len))
		return;
	net_abstract(at, (__u64)address + bpf_core_field_offset(struct unix_address, name), size);
}

/* The address that an IP socket has on this machine. */
MATCH_FN int net_own(__u32 at, __u64 sk, __u32 family)
{
	struct engine_slot *slot = slot_get(at);
	__u64 bytes[2] = {};
	__u32 word = 0;
	__u16 port = 0;

	if (!slot)
		return 0;
	bpf_core_read(&port, sizeof(port), &((struct sock *)sk)->__sk_common.skc_num);
	if (family == AF_INET) {
		bpf_core_read(&word, sizeof(word), &((struct sock *)sk)->__sk_common.skc_rcv_saddr);
		net_inet(slot, word, port);
	} else if (family == AF_INET6) {
		bpf_core_read(bytes, sizeof(bytes), &((struct sock *)sk)->__sk_common.skc_v6_rcv_saddr);
		net_inet6(slot, bytes, port);
	}
	return 0;
}

struct net_socket {
	__u64 sk;
	__u16 family, protocol;
	short type;
};

static __always_inline struct net_socket net_socket(struct socket *sock)
{
	struct net_socket socket = {};
	struct sock *sk = 0;

	bpf_core_read(&socket.type, sizeof(socket.type), &sock->type);
	bpf_core_read(&sk, sizeof(sk), &sock->sk);
	bpf_core_read(&socket.family, sizeof(socket.family), &sk->__sk_common.skc_family);
	bpf_core_read(&socket.protocol, sizeof(socket.protocol), &sk->sk_protocol);
	socket.sk = (__u64)sk;
	return socket;
}

/* What this thread is about to do with a unix socket, for unix_may_send(). */
static __always_inline void net_unix_call(__u32 operation)
{
	struct process *process = process_get(task_here());

	if (process)
		process->unix_call = operation;
}

SEC("lsm/socket_create")
HOOK(socket_create, int family, int type, int protocol, int kern, long ret)
{
	int at;

	if (ret || kern)
		return ret;
	at = act_begin(OP(NETWORK_SOCKET));
	if (at < 0)
		return act_none(at);
	net_family(at, family);
	act_decide(at, KRSI_PRIV_OP_NETWORK_SOCKET);
	return act_end(at);
}

SEC("lsm/socket_bind")
HOOK(socket_bind, struct socket *sock, struct sockaddr *address, int size, long ret)
{
	struct net_socket socket = net_socket(sock);
	__u64 where = act_argument(ctx, 1);
	__u8 first = 0;
	int at;

	if (ret)
		return ret;
	if (socket.family == AF_UNIX && size > SUN_PATH) {
		bpf_probe_read_kernel(&first, sizeof(first), (void *)where + SUN_PATH);
		if (first)
			return 0;	/* a file: see unix_bind */
	}
	at = act_begin(OP(NETWORK_BIND));
	if (at < 0)
		return act_none(at);
	net_family(at, socket.family);
	if (socket.family == AF_UNIX)
		net_abstract(at, where, size);
	else
		net_address(at, where, size, socket.family);
	act_decide(at, KRSI_PRIV_OP_NETWORK_BIND);
	return act_end(at);
}

/* A name of a socket is made in the file system, mostly by bind(2). */
SEC("lsm/path_mknod")
HOOK(unix_bind, const struct path *dir, struct dentry *dentry, unsigned short mode, unsigned int dev, long ret)
{
	__u64 mnt = 0;
	int at;

	if (ret)
		return ret;
	if ((mode & S_IFMT) != S_IFSOCK)
		return 0;
	at = act_begin(OP(NETWORK_BIND));
	if (at < 0)
		return act_none(at);
	net_family(at, AF_UNIX);
	bpf_core_read(&mnt, sizeof(mnt), &dir->mnt);
	act_path(at, mnt, act_argument(ctx, 1), 0, 1U << IMAGE_ROLE_UNIX_PATH);
	act_decide(at, KRSI_PRIV_OP_NETWORK_BIND);
	return act_end(at);
}

SEC("lsm/socket_connect")
HOOK(socket_connect, struct socket *sock, struct sockaddr *address, int size, long ret)
{
	struct net_socket socket = net_socket(sock);
	__u64 where = act_argument(ctx, 1);
	__u16 said = 0;
	int at;

	if (ret)
		return ret;
	if (!(operations & (OP(NETWORK_CONNECT) | OP(NETWORK_SEND))))
		return 0;
	if (socket.family == AF_UNIX) {
		if (socket.type != SOCK_STREAM)
			net_unix_call(KRSI_PRIV_OP_NETWORK_CONNECT);
		return 0;
	}
	/* A connection is given up. */
	if (size >= (int)sizeof(said) && !bpf_probe_read_kernel(&said, sizeof(said), (void *)where) && said == AF_UNSPEC)
		return 0;
	at = act_begin(OP(NETWORK_CONNECT));
	if (at < 0)
		return act_none(at);
	net_family(at, socket.family);
	net_address(at, where, size, AF_UNSPEC);
	act_decide(at, KRSI_PRIV_OP_NETWORK_CONNECT);
	return act_end(at);
}

/* Streams and packets in order. */
SEC("lsm/unix_stream_connect")
HOOK(unix_connect, struct sock *sock, struct sock *other, struct sock *newsk, long ret)
{
	int at;

	if (ret)
		return ret;
	at = act_begin(OP(NETWORK_CONNECT));
	if (at < 0)
		return act_none(at);
	net_unix(at, act_argument(ctx, 1));
	act_decide(at, KRSI_PRIV_OP_NETWORK_CONNECT);
	return act_end(at);
}

/* Datagrams. To the socket that it is connected to a socket may send: that was decided. */
SEC("lsm/unix_may_send")
HOOK(unix_send, struct socket *sock, struct socket *other, long ret)
{
	__u64 mask = OP(NETWORK_SEND) | OP(NETWORK_CONNECT), sk = 0, peer = 0, now = 0;
	struct process *process;
	int at;

	if (ret)
		return ret;
	if (!(operations & mask))
		return 0;
	bpf_core_read(&sk, sizeof(sk), &sock->sk);
	bpf_core_read(&peer, sizeof(peer), &other->sk);
	bpf_core_read(&now, sizeof(now), &((struct unix_sock *)sk)->peer);
	process = process_get(task_here());
	/* Not known is either of them. */
	if (process && process->unix_call)
		mask &= KRSI_PRIV_OP_BIT(process->unix_call & 63);
	if (process)
		process->unix_call = KRSI_PRIV_OP_NETWORK_SEND;
	if (peer == now && !(mask & OP(NETWORK_CONNECT)))
		return 0;
	at = act_begin(mask);
	if (at < 0)
		return act_none(at);
	net_unix(at, peer);
	if (mask & OP(NETWORK_CONNECT))
		act_decide(at, KRSI_PRIV_OP_NETWORK_CONNECT);
	if (mask & OP(NETWORK_SEND))
		act_decide(at, KRSI_PRIV_OP_NETWORK_SEND);
	return act_end(at);
}

SEC("lsm/socket_listen")
HOOK(socket_listen, struct socket *sock, int backlog, long ret)
{
	struct net_socket socket;
	int at;

	if (ret)
		return ret;
	at = act_begin(OP(NETWORK_LISTEN));
	if (at < 0)
		return act_none(at);
	socket = net_socket(sock);
	net_family(at, socket.family);
	if (socket.family == AF_UNIX)
		net_unix(at, socket.sk);
	else
		net_own(at, socket.sk, socket.family);
	act_decide(at, KRSI_PRIV_OP_NETWORK_LISTEN);
	return act_end(at);
}

SEC("lsm/socket_accept")
HOOK(socket_accept, struct socket *sock, struct socket *newsock, long ret)
{
	struct net_socket socket;
	int at;

	if (ret)
		return ret;
	at = act_begin(OP(NETWORK_ACCEPT));
	if (at < 0)
		return act_none(at);
	socket = net_socket(sock);
	net_family(at, socket.family);
	if (socket.family == AF_UNIX)
		net_unix(at, socket.sk);
	else
		net_own(at, socket.sk, socket.family);
	act_decide(at, KRSI_PRIV_OP_NETWORK_ACCEPT);
	return act_end(at);
}

/* Only what has an address: without one it goes where a connection was made to. */
SEC("lsm/socket_sendmsg")
HOOK(socket_sendmsg, struct socket *sock, struct msghdr *msg, int size, long ret)
{
	__u32 operation = KRSI_PRIV_OP_NETWORK_SEND, flags = 0, length = 0;
	struct net_socket socket;
	__u64 address = 0;
	int at;

	if (ret)
		return ret;
	if (!(operations & (OP(NETWORK_SEND) | OP(NETWORK_CONNECT))))
		return 0;
	bpf_core_read(&address, sizeof(address), &msg->msg_name);
	if (!address)
		return 0;
	socket = net_socket(sock);
	if (socket.family == AF_UNIX) {
		if (socket.type != SOCK_STREAM)
			net_unix_call(KRSI_PRIV_OP_NETWORK_SEND);
		return 0;
	}
	bpf_core_read(&flags, sizeof(flags), &msg->msg_flags);
	bpf_core_read(&length, sizeof(length), &msg->msg_namelen);
	if (socket.type == SOCK_STREAM && socket.protocol != IPPROTO_SCTP) {
		if (!(flags & MSG_FASTOPEN))
			return 0;	/* a connection goes where it goes, whatever is said */
		operation = KRSI_PRIV_OP_NETWORK_CONNECT;
	}
	at = act_begin(KRSI_PRIV_OP_BIT(operation));
	if (at < 0)
		return act_none(at);
	net_family(at, socket.family);
	/* As IP does. Datagrams of IPv6 take it for "no address": then the connection's counts. */
	net_address(at, address, length, socket.family);
	if (operation == KRSI_PRIV_OP_NETWORK_CONNECT)
		act_decide(at, KRSI_PRIV_OP_NETWORK_CONNECT);
	else
		act_decide(at, KRSI_PRIV_OP_NETWORK_SEND);
	return act_end(at);
}

#endif
