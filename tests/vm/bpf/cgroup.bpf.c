/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Refuses sockets to the processes of one cgroup. */
#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_tracing.h>

SEC("lsm_cgroup/socket_create")
int BPF_PROG(no_sockets, int family, int type, int protocol, int kern)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
