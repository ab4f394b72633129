/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Compiled twice: with the kernel's own headers, and behind a vmlinux.h. */
#ifdef WITH_VMLINUX
#include "vmlinux.h"
#endif
#include <libkrsi/bpf/krsi.bpf.h>

KRSI_RING(events, 4096);

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("lsm/file_open")
int note(void *ctx)
{
	__u64 *record = krsi_ring_reserve(events, sizeof(*record));
	__u64 number = 7;

	if (record) {
		*record = number;
		bpf_ringbuf_submit(record, 0);
	}
	krsi_ring_output(events, &number, sizeof(number));
	return 0;
}
