/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Helpers and kfuncs: for each a program that makes one right call of it, and so passes the
 * verifier only if this kernel lets a policy do the same. BTF alone would not prove that: it lists
 * a kfunc even where this kind of program may not call it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "errors.h"
#include "insn.h"
#include "probe.h"
#include "text.h"

#define ARG(n) ((n) * 8)

/* --- bpf_loop ------------------------------------------------------------ */

/*
 *	u64 c[2] = { 0, 0 };
 *	bpf_loop(2, callback, c, 0);	callback: if (c[0] == 1) c[1] = 1; c[0] = 1;
 *	return c[1];
 *
 * It returns 1: the second turn sees what the first one wrote. A verifier that judges a callback by
 * its first turn only, as Linux 6.1.192's, takes the comparison for always false, removes what it
 * guards, and 0 comes out. It would do the same to the body of any loop of ours, in silence.
 */
static int loop_load(struct krsi_probe *probe, int types)
{
	const struct bpf_insn insns[] = {
		INSN_WRITE(BPF_REG_10, -16, 0),
		INSN_WRITE(BPF_REG_10, -8, 0),
		INSN_SET(BPF_REG_1, 2),
		INSN_SET_FUNCTION(BPF_REG_2, 7),
		INSN_COPY(BPF_REG_3, BPF_REG_10),
		INSN_ADD(BPF_REG_3, -16),
		INSN_SET(BPF_REG_4, 0),
		INSN_CALL(BPF_FUNC_loop),
		INSN_READ(BPF_REG_0, BPF_REG_10, -8),
		INSN_RETURN(),
		/* 11: callback(index, c) */
		INSN_READ(BPF_REG_1, BPF_REG_2, 0),
		INSN_IF_NOT(BPF_REG_1, 1, 1),
		INSN_WRITE(BPF_REG_2, 8, 1),
		INSN_WRITE(BPF_REG_2, 0, 1),
		INSN_SET(BPF_REG_0, 0),
		INSN_RETURN(),
	};
	const struct bpf_func_info functions[] = {
		{ .insn_off = 0, .type_id = KRSI_PRIV_PROBE_TYPE_MAIN },
		{ .insn_off = 11, .type_id = KRSI_PRIV_PROBE_TYPE_CALLBACK },
	};
	/* A kind that bpf_prog_test_run runs without any input. */
	const struct krsi_priv_try try = {
		.type = BPF_PROG_TYPE_SYSCALL, .flags = BPF_F_SLEEPABLE, .insns = insns, .count = INSN_COUNT(insns),
		.btf_fd = types, .functions = functions, .function_count = 2,
	};

	return krsi_priv_probe_load(probe, &try);
}

static void loop_judge(struct krsi_probe *probe, struct krsi_priv_answer *answer, int program)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	int err = bpf_prog_test_run_opts(program, &run);

	if (err)
		krsi_priv_probe_failed(probe, answer, err, "running a program that calls bpf_loop");
	else if (run.retval == 1)
		krsi_priv_probe_yes(probe, answer, "a bpf_loop body saw in its second turn what its first one wrote");
	else
		krsi_priv_probe_no(probe, answer, KRSI_REASON_UNSOUND, "boot a newer kernel; plain loops and bpf_for() are not affected",
				   "bpf_loop exists, and this kernel's verifier judges its body by the first turn only: it removed "
				   "instructions that the second turn needs, so a loop can silently do nothing");
}

void krsi_priv_probe_bpf_loop(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	int types, program;

	if (!krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_CAPABILITIES))
		return;
	types = krsi_priv_probe_types();
	if (types < 0) {
		krsi_priv_probe_failed(probe, answer, types, "loading type information");
		return;
	}
	program = loop_load(probe, types);
	close(types);
	if (program < 0) {
		krsi_priv_probe_failed(probe, answer, program, "loading a program that calls bpf_loop");
		return;
	}
	loop_judge(probe, answer, program);
	close(program);
}

/* --- helpers ------------------------------------------------------------- */

void krsi_priv_probe_d_path(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	const struct bpf_insn insns[] = {
		INSN_READ(BPF_REG_1, BPF_REG_1, ARG(0)),
		INSN_ADD(BPF_REG_1, krsi_priv_probe_offset(probe, "file", "f_path")),
		INSN_COPY(BPF_REG_2, BPF_REG_10),
		INSN_ADD(BPF_REG_2, -16),
		INSN_SET(BPF_REG_3, 16),
		INSN_CALL(BPF_FUNC_d_path),
		INSN_SET(BPF_REG_0, 0),
		INSN_RETURN(),
	};
	const struct krsi_priv_try try = {
		.type = BPF_PROG_TYPE_LSM, .attach_type = BPF_LSM_MAC, .flags = BPF_F_SLEEPABLE,
		.target = "bpf_lsm_file_open", .insns = insns, .count = INSN_COUNT(insns),
	};

	if (krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_LSM_BUILT) &&
	    krsi_priv_probe_loads(probe, answer, &try, "lsm.s/file_open that calls bpf_d_path"))
		krsi_priv_probe_yes(probe, answer, "lsm.s/file_open that calls bpf_d_path could be loaded");
}

void krsi_priv_probe_ima_hash(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	const struct bpf_insn insns[] = {
		INSN_READ(BPF_REG_1, BPF_REG_1, ARG(0)),
		INSN_COPY(BPF_REG_2, BPF_REG_10),
		INSN_ADD(BPF_REG_2, -64),
		INSN_SET(BPF_REG_3, 64),
		INSN_CALL(BPF_FUNC_ima_file_hash),
		INSN_SET(BPF_REG_0, 0),
		INSN_RETURN(),
	};
	const struct krsi_priv_try try = {
		.type = BPF_PROG_TYPE_LSM, .attach_type = BPF_LSM_MAC, .flags = BPF_F_SLEEPABLE,
		.target = "bpf_lsm_file_open", .insns = insns, .count = INSN_COUNT(insns),
	};

	if (!krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_LSM_BUILT) ||
	    !krsi_priv_probe_loads(probe, answer, &try, "lsm.s/file_open that calls bpf_ima_file_hash"))
		return;
	/* The helper is there without IMA as well, and then always fails. */
	if (krsi_priv_probe_function(probe, "ima_file_hash"))
		krsi_priv_probe_yes(probe, answer, "lsm.s/file_open that calls bpf_ima_file_hash could be loaded");
	else
		krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_BUILT, "boot a kernel with CONFIG_IMA=y",
				   "the helper bpf_ima_file_hash exists, but this kernel was built without IMA, which it asks");
}

/* --- kfuncs -------------------------------------------------------------- */

/* The kfunc's BTF id, or 0 when its absence is the answer. */
static uint32_t kfunc_find(struct krsi_probe *probe, struct krsi_priv_answer *answer, const char *name,
			   const char *config)
{
	uint32_t id = krsi_priv_probe_function(probe, name);
	unsigned int since = answer->question->since;
	char fix[96] = "";

	if (id || !krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_BTF))
		return id;
	if (krsi_priv_kernel_version() < since) {
		krsi_priv_probe_no(probe, answer, KRSI_REASON_TOO_OLD, "boot a newer kernel",
				   "this kernel has no kfunc %s: it came with Linux %u.%u, and this is %s", name, since >> 8,
				   since & 0xff, probe->system.release);
		return 0;
	}
	if (*config)
		snprintf(fix, sizeof(fix), "boot a kernel with %s=y", config);
	krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_BUILT, fix,
			   "this kernel has no kfunc %s, which Linux %u.%u brought: it was left out when this kernel was built",
			   name, since >> 8, since & 0xff);
	return 0;
}

static void kfunc_judge(struct krsi_probe *probe, struct krsi_priv_answer *answer, struct krsi_priv_try *try,
			const struct bpf_insn *insns, size_t count, const char *name)
{
	char program[64];

	try->insns = insns;
	try->count = count;
	snprintf(program, sizeof(program), "a program that calls %s", name);
	if (krsi_priv_probe_loads(probe, answer, try, program))
		krsi_priv_probe_yes(probe, answer, "%s could be loaded", program);
}

/* A program on a hook that a sleepable kfunc may be called from. False when that is the answer. */
static bool sleepable_hook(struct krsi_probe *probe, struct krsi_priv_answer *answer,
			   struct krsi_priv_try *try, const char *target)
{
	*try = (struct krsi_priv_try){
		.type = BPF_PROG_TYPE_LSM, .attach_type = BPF_LSM_MAC, .flags = BPF_F_SLEEPABLE, .target = target,
	};
	return krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_LSM_SLEEPABLE);
}

void krsi_priv_probe_bpf_for(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	struct krsi_priv_try try = { 0 };
	uint32_t start;

	if (!krsi_priv_probe_file_hook(probe, answer, &try))
		return;
	start = kfunc_find(probe, answer, "bpf_iter_num_new", "");
	if (start) {
		/* for (i = 0; i < 1; ...) without the jump back: begin, step, end. */
		const struct bpf_insn insns[] = {
			INSN_COPY(BPF_REG_1, BPF_REG_10),
			INSN_ADD(BPF_REG_1, -8),
			INSN_SET(BPF_REG_2, 0),
			INSN_SET(BPF_REG_3, 1),
			INSN_CALL_KFUNC(start),
			INSN_COPY(BPF_REG_1, BPF_REG_10),
			INSN_ADD(BPF_REG_1, -8),
			INSN_CALL_KFUNC(krsi_priv_probe_function(probe, "bpf_iter_num_next")),
			INSN_COPY(BPF_REG_1, BPF_REG_10),
			INSN_ADD(BPF_REG_1, -8),
			INSN_CALL_KFUNC(krsi_priv_probe_function(probe, "bpf_iter_num_destroy")),
			INSN_SET(BPF_REG_0, 0),
			INSN_RETURN(),
		};

		kfunc_judge(probe, answer, &try, insns, INSN_COUNT(insns), "bpf_iter_num_new");
	}
}

void krsi_priv_probe_rdonly_cast(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	struct krsi_priv_try try = { 0 };
	uint32_t cast;

	if (!krsi_priv_probe_file_hook(probe, answer, &try))
		return;
	cast = kfunc_find(probe, answer, "bpf_rdonly_cast", "");
	if (cast) {
		/* Cast a file to a file, and read through the result. */
		const struct bpf_insn insns[] = {
			INSN_READ(BPF_REG_1, BPF_REG_1, ARG(0)),
			INSN_SET(BPF_REG_2, (int)krsi_priv_probe_struct(probe, "file")),
			INSN_CALL_KFUNC(cast),
			INSN_READ(BPF_REG_0, BPF_REG_0, (short)krsi_priv_probe_offset(probe, "file", "f_inode")),
			INSN_SET(BPF_REG_0, 0),
			INSN_RETURN(),
		};

		kfunc_judge(probe, answer, &try, insns, INSN_COUNT(insns), "bpf_rdonly_cast");
	}
}

void krsi_priv_probe_path_d_path(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	struct krsi_priv_try try;
	uint32_t d_path;

	if (!krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_LSM_BUILT))
		return;
	d_path = kfunc_find(probe, answer, "bpf_path_d_path", "");
	/* Where it was brought back to 6.1 programs that do not sleep may not call it. */
	if (d_path && sleepable_hook(probe, answer, &try, "bpf_lsm_file_open")) {
		const struct bpf_insn insns[] = {
			INSN_READ(BPF_REG_1, BPF_REG_1, ARG(0)),
			INSN_ADD(BPF_REG_1, krsi_priv_probe_offset(probe, "file", "f_path")),
			INSN_COPY(BPF_REG_2, BPF_REG_10),
			INSN_ADD(BPF_REG_2, -8),
			INSN_WRITE(BPF_REG_2, 0, 0),
			INSN_SET(BPF_REG_3, 8),
			INSN_CALL_KFUNC(d_path),
			INSN_SET(BPF_REG_0, 0),
			INSN_RETURN(),
		};

		kfunc_judge(probe, answer, &try, insns, INSN_COUNT(insns), "bpf_path_d_path");
	}
}

void krsi_priv_probe_task_exe_file(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	struct krsi_priv_try try = {
		.type = BPF_PROG_TYPE_LSM, .attach_type = BPF_LSM_MAC, .target = "bpf_lsm_file_open",
	};
	uint32_t exe_file;

	if (!krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_LSM_BUILT))
		return;
	exe_file = kfunc_find(probe, answer, "bpf_get_task_exe_file", "");
	if (exe_file) {
		const struct bpf_insn insns[] = {
			INSN_CALL(BPF_FUNC_get_current_task_btf),
			INSN_COPY(BPF_REG_1, BPF_REG_0),
			INSN_CALL_KFUNC(exe_file),
			INSN_IF_ZERO(BPF_REG_0, 2),
			INSN_COPY(BPF_REG_1, BPF_REG_0),
			INSN_CALL_KFUNC(krsi_priv_probe_function(probe, "bpf_put_file")),
			INSN_SET(BPF_REG_0, 0),
			INSN_RETURN(),
		};

		kfunc_judge(probe, answer, &try, insns, INSN_COUNT(insns), "bpf_get_task_exe_file");
	}
}

/* --- kfuncs that fill a dynptr ------------------------------------------- */

/* A frozen map with an attribute's name: the verifier wants names where nobody can change them. */
static int name_map(const char *name)
{
	char value[32] = { 0 };
	uint32_t key = 0;
	int fd, err;

	fd = krsi_priv_probe_map(BPF_MAP_TYPE_ARRAY, sizeof(key), sizeof(value), 1, BPF_F_RDONLY_PROG);
	if (fd < 0)
		return fd;
	strncpy(value, name, sizeof(value) - 1);
	err = bpf_map_update_elem(fd, &key, value, 0);
	if (!err)
		err = bpf_map_freeze(fd);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* The maps of a program that wants bytes: where they go, and an attribute's name. */
struct byte_maps {
	int bytes, name;
};

static bool byte_maps_new(struct krsi_probe *probe, struct krsi_priv_answer *answer, struct byte_maps *maps)
{
	maps->name = -1;
	maps->bytes = krsi_priv_probe_map(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), 64, 1, 0);
	if (maps->bytes >= 0)
		maps->name = name_map("user.krsi_probe");
	if (maps->name >= 0)
		return true;
	krsi_priv_probe_failed(probe, answer, maps->bytes < 0 ? maps->bytes : maps->name, "creating maps for the call");
	if (maps->bytes >= 0)
		close(maps->bytes);
	return false;
}

/* kfunc(argument `arg` of the hook, name, dynptr of a map's value) */
static void xattr_judge(struct krsi_probe *probe, struct krsi_priv_answer *answer, const char *kfunc,
			const char *target, int arg)
{
	struct krsi_priv_try try;
	struct byte_maps maps;
	uint32_t id = kfunc_find(probe, answer, kfunc, "");

	if (!id || !sleepable_hook(probe, answer, &try, target) || !byte_maps_new(probe, answer, &maps))
		return;
	const struct bpf_insn insns[] = {
		INSN_READ(BPF_REG_6, BPF_REG_1, (short)ARG(arg)),
		INSN_SET_MAP_VALUE(BPF_REG_1, maps.bytes),
		INSN_SET(BPF_REG_2, 64),
		INSN_SET(BPF_REG_3, 0),
		INSN_COPY(BPF_REG_4, BPF_REG_10),
		INSN_ADD(BPF_REG_4, -16),
		INSN_CALL(BPF_FUNC_dynptr_from_mem),
		INSN_COPY(BPF_REG_1, BPF_REG_6),
		INSN_SET_MAP_VALUE(BPF_REG_2, maps.name),
		INSN_COPY(BPF_REG_3, BPF_REG_10),
		INSN_ADD(BPF_REG_3, -16),
		INSN_CALL_KFUNC(id),
		INSN_SET(BPF_REG_0, 0),
		INSN_RETURN(),
	};

	kfunc_judge(probe, answer, &try, insns, INSN_COUNT(insns), kfunc);
	close(maps.bytes);
	close(maps.name);
}

void krsi_priv_probe_file_xattr(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	if (krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_CAPABILITIES))
		xattr_judge(probe, answer, "bpf_get_file_xattr", "bpf_lsm_file_open", 0);
}

void krsi_priv_probe_dentry_xattr(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	if (krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_CAPABILITIES))
		xattr_judge(probe, answer, "bpf_get_dentry_xattr", "bpf_lsm_inode_unlink", 1);
}

void krsi_priv_probe_fsverity(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	struct krsi_priv_try try;
	uint32_t digest;
	int bytes;

	if (!krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_CAPABILITIES))
		return;
	digest = kfunc_find(probe, answer, "bpf_get_fsverity_digest", "CONFIG_FS_VERITY");
	if (!digest || !sleepable_hook(probe, answer, &try, "bpf_lsm_file_open"))
		return;
	bytes = krsi_priv_probe_map(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), 64, 1, 0);
	if (bytes < 0) {
		krsi_priv_probe_failed(probe, answer, bytes, "creating a map for the call");
		return;
	}
	const struct bpf_insn insns[] = {
		INSN_READ(BPF_REG_6, BPF_REG_1, ARG(0)),
		INSN_SET_MAP_VALUE(BPF_REG_1, bytes),
		INSN_SET(BPF_REG_2, 64),
		INSN_SET(BPF_REG_3, 0),
		INSN_COPY(BPF_REG_4, BPF_REG_10),
		INSN_ADD(BPF_REG_4, -16),
		INSN_CALL(BPF_FUNC_dynptr_from_mem),
		INSN_COPY(BPF_REG_1, BPF_REG_6),
		INSN_COPY(BPF_REG_2, BPF_REG_10),
		INSN_ADD(BPF_REG_2, -16),
		INSN_CALL_KFUNC(digest),
		INSN_SET(BPF_REG_0, 0),
		INSN_RETURN(),
	};

	kfunc_judge(probe, answer, &try, insns, INSN_COUNT(insns), "bpf_get_fsverity_digest");
	close(bytes);
}
