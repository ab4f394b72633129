/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <bpf/libbpf.h>
#include <libkrsi/bpf.h>

void krsi_bpf_silence(void)
{
	libbpf_set_print(NULL);
}
