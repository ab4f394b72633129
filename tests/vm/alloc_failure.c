/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Every allocation of the library fails in turn, with libbpf and a kernel that are real. Linked
 * statically with the library, so that its allocations alone can be made to fail.
 */
#include "vm.h"

#include <stdio.h>

#include "../unit/alloc/acts.h"

static void record(void)
{
	vm_mkdir("recorded");
}

int main(void)
{
	const struct acts_stage stage = {
		.objects = "/test/bpf",
		.pins = "/sys/fs/bpf/alloc_failure",
		.btf = "/test/bpf/mkdir.bpf.o",
		.record = record,
	};

	if (!vm_bpf_is_active()) {
		printf("bpf is not in the active LSM list of this boot, so most of this could not be attached\n");
		return 77;
	}
	return acts_run(&stage);
}
