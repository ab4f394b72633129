/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Ring buffers, and storage that is tied to a kernel object. A storage map can often be created
 * where no program of ours may use it, so each is also given to a program.
 */
#include <errno.h>
#include <unistd.h>

#include "insn.h"
#include "probe.h"

#define ARG(n) ((n) * 8)
#define CGRP_STORAGE_GET 210	/* BPF_FUNC_cgrp_storage_get, which Debian 12's headers do not have */

void krsi_priv_probe_ringbuf(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	int fd;

	if (!krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_CAPABILITIES))
		return;
	fd = krsi_priv_probe_map(BPF_MAP_TYPE_RINGBUF, 0, 0, (uint32_t)sysconf(_SC_PAGESIZE), 0);
	if (fd < 0) {
		krsi_priv_probe_failed(probe, answer, fd, "creating a ring buffer");
		return;
	}
	close(fd);
	krsi_priv_probe_yes(probe, answer, "a ring buffer could be created");
}

/* The descriptor of a storage map, or -1 when that is the answer. */
static int storage_map(struct krsi_probe *probe, struct krsi_priv_answer *answer, enum bpf_map_type type)
{
	int fd = krsi_priv_probe_map(type, sizeof(int), sizeof(int), 0, BPF_F_NO_PREALLOC);

	if (fd >= 0)
		return fd;
	krsi_priv_probe_failed(probe, answer, fd, "creating a map for it");
	return -1;
}

/* Whether a program that uses the map loads; if so, the answer is yes. */
static void storage_use(struct krsi_probe *probe, struct krsi_priv_answer *answer, struct krsi_priv_try *try,
			const struct bpf_insn *insns, size_t count)
{
	try->insns = insns;
	try->count = count;
	if (krsi_priv_probe_loads(probe, answer, try, "a program that uses it"))
		krsi_priv_probe_yes(probe, answer, "a map for %s could be created, and a program that uses it loaded",
				    answer->question->what);
}

/*
 * Linux 5.11 kept it in the security blob, where without bpf in the list there is no room for it:
 * reading or writing one then hits another module's memory. Later kernels have a pointer of its own
 * in struct task_struct.
 */
static bool task_storage_is_safe(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	return krsi_priv_probe_offset(probe, "task_struct", "bpf_storage") >= 0 ||
	       krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_LSM_ACTIVE);
}

void krsi_priv_probe_task_storage(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	struct krsi_priv_try try = { 0 };
	int fd;

	if (!krsi_priv_probe_file_hook(probe, answer, &try))
		return;
	fd = storage_map(probe, answer, BPF_MAP_TYPE_TASK_STORAGE);
	if (fd < 0)
		return;
	if (task_storage_is_safe(probe, answer)) {
		const struct bpf_insn insns[] = {
			INSN_CALL(BPF_FUNC_get_current_task_btf),
			INSN_SET_MAP(BPF_REG_1, fd),
			INSN_COPY(BPF_REG_2, BPF_REG_0),
			INSN_SET(BPF_REG_3, 0),
			INSN_SET(BPF_REG_4, BPF_LOCAL_STORAGE_GET_F_CREATE),
			INSN_CALL(BPF_FUNC_task_storage_get),
			INSN_SET(BPF_REG_0, 0),
			INSN_RETURN(),
		};

		storage_use(probe, answer, &try, insns, INSN_COUNT(insns));
	}
	close(fd);
}

/*
 * It lives in the inode's security blob, which has room for it only with bpf in the active list.
 * Later kernels refuse the map otherwise. Linux 5.10 creates it and writes into the memory of
 * another security module: so not even the map is tried there.
 */
void krsi_priv_probe_inode_storage(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	struct krsi_priv_try try = {
		.type = BPF_PROG_TYPE_LSM, .attach_type = BPF_LSM_MAC, .target = "bpf_lsm_inode_unlink",
	};
	int fd;

	if (!krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_LSM_BUILT) ||
	    !krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_LSM_ACTIVE))
		return;
	fd = storage_map(probe, answer, BPF_MAP_TYPE_INODE_STORAGE);
	if (fd >= 0) {
		const struct bpf_insn insns[] = {
			INSN_READ(BPF_REG_2, BPF_REG_1, ARG(0)),	/* the directory's inode */
			INSN_SET_MAP(BPF_REG_1, fd),
			INSN_SET(BPF_REG_3, 0),
			INSN_SET(BPF_REG_4, BPF_LOCAL_STORAGE_GET_F_CREATE),
			INSN_CALL(BPF_FUNC_inode_storage_get),
			INSN_SET(BPF_REG_0, 0),
			INSN_RETURN(),
		};

		storage_use(probe, answer, &try, insns, INSN_COUNT(insns));
		close(fd);
	}
}

void krsi_priv_probe_sk_storage(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	struct krsi_priv_try try = {
		.type = BPF_PROG_TYPE_LSM, .attach_type = BPF_LSM_MAC, .target = "bpf_lsm_socket_connect",
	};
	int fd, sk;

	if (!krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_LSM_BUILT))
		return;
	sk = krsi_priv_probe_offset(probe, "socket", "sk");
	fd = storage_map(probe, answer, BPF_MAP_TYPE_SK_STORAGE);
	if (fd >= 0) {
		const struct bpf_insn insns[] = {
			INSN_READ(BPF_REG_1, BPF_REG_1, ARG(0)),
			INSN_READ(BPF_REG_2, BPF_REG_1, (short)sk),
			INSN_IF_ZERO(BPF_REG_2, 5),
			INSN_SET_MAP(BPF_REG_1, fd),
			INSN_SET(BPF_REG_3, 0),
			INSN_SET(BPF_REG_4, BPF_LOCAL_STORAGE_GET_F_CREATE),
			INSN_CALL(BPF_FUNC_sk_storage_get),
			INSN_SET(BPF_REG_0, 0),
			INSN_RETURN(),
		};

		storage_use(probe, answer, &try, insns, INSN_COUNT(insns));
		close(fd);
	}
}

void krsi_priv_probe_cgrp_storage(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	struct krsi_priv_try try = { 0 };
	int fd, cgroups, dfl_cgrp;

	if (!krsi_priv_probe_file_hook(probe, answer, &try))
		return;
	cgroups = krsi_priv_probe_offset(probe, "task_struct", "cgroups");
	dfl_cgrp = krsi_priv_probe_offset(probe, "css_set", "dfl_cgrp");
	fd = storage_map(probe, answer, KRSI_PRIV_PROBE_CGRP_STORAGE);
	if (fd >= 0) {
		const struct bpf_insn insns[] = {
			INSN_CALL(BPF_FUNC_get_current_task_btf),
			INSN_READ(BPF_REG_1, BPF_REG_0, (short)cgroups),
			INSN_READ(BPF_REG_2, BPF_REG_1, (short)dfl_cgrp),
			INSN_IF_ZERO(BPF_REG_2, 5),
			INSN_SET_MAP(BPF_REG_1, fd),
			INSN_SET(BPF_REG_3, 0),
			INSN_SET(BPF_REG_4, BPF_LOCAL_STORAGE_GET_F_CREATE),
			INSN_CALL(CGRP_STORAGE_GET),
			INSN_SET(BPF_REG_0, 0),
			INSN_RETURN(),
		};

		storage_use(probe, answer, &try, insns, INSN_COUNT(insns));
		close(fd);
	}
}
