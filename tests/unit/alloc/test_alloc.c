/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Every allocation fails in turn, on the fake kernel. */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "../fake.h"
#include "acts.h"

static char dir[64];

/* As libbpf does when an object wants a symbol that the kernel lacks. */
static int lacks_symbol(struct bpf_object *object)
{
	(void)object;
	return -ESRCH;
}

static int lacks_ring_buffers(struct bpf_object *object)
{
	return bpf_map__autocreate(bpf_object__find_map_by_name(object, "events")) ? -EINVAL : 0;
}

static void ready(const char *act)
{
	fake_reset();
	fake.bpffs = dir;
	fake.refused = "bad";
	if (strcmp(act, "test_load_that_lacks_a_symbol") == 0) {
		fake.judge = lacks_symbol;
	} else if (strcmp(act, "test_load_that_lacks_a_map") == 0) {
		fake.judge = lacks_ring_buffers;
		fake.no_map_type = BPF_MAP_TYPE_RINGBUF;
	}
}

static void record(void)
{
	fake_ring_put(0, "x", 1);
}

int main(void)
{
	static char pins[80], objects[512], btf[512];
	const struct acts_stage stage = { .objects = objects, .pins = pins, .btf = btf, .ready = ready, .record = record };
	int failed;

	snprintf(dir, sizeof(dir), "%s", unit_dir_make());
	snprintf(pins, sizeof(pins), "%s/pins", dir);
	snprintf(objects, sizeof(objects), "%s", unit_object_path("mkdir.bpf.o"));
	*strrchr(objects, '/') = '\0';
	snprintf(btf, sizeof(btf), "%s", unit_object_path("hooks.bpf.o"));
	failed = acts_run(&stage);
	fake_reset();
	unit_dir_remove(dir);
	return failed;
}
