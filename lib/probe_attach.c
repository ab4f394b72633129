/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Programs on kernel functions and security hooks: do they load, and are they called. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "insn.h"
#include "lsm_list.h"
#include "probe.h"
#include "text.h"

#define ARG(n) ((n) * 8)	/* in the context of a program on a function */

/* What became of a program that was attached to see whether it is called. */
struct trial {
	int err;
	const char *deed;	/* what gave `err` */
	uint64_t calls;
};

static int called_load(struct krsi_probe *probe, struct krsi_priv_try *try, int counter, uint64_t token)
{
	/* file_fcntl(file, cmd, arg) and security_file_fcntl of the same arguments */
	const struct bpf_insn insns[] = {
		INSN_READ(BPF_REG_2, BPF_REG_1, ARG(2)),
		INSN_SET_WIDE(BPF_REG_3, token),
		INSN_IF_DIFFER(BPF_REG_2, BPF_REG_3, 4),
		INSN_SET_MAP_VALUE(BPF_REG_1, counter),
		INSN_SET(BPF_REG_2, 1),
		INSN_ATOMIC_ADD(BPF_REG_1, 0, BPF_REG_2),
		INSN_SET(BPF_REG_0, 0),
		INSN_RETURN(),
	};

	try->insns = insns;
	try->count = INSN_COUNT(insns);
	return krsi_priv_probe_load(probe, try);
}

/*
 * Attach a program to what fcntl(2) calls, call fcntl, and see whether the program counted it.
 *
 * For a moment every fcntl of the machine passes through it, and gets 0: no objection. It counts
 * only the one with our token as argument, which F_GETFD ignores; that works in a PID namespace
 * too, where a process does not know the number by which the kernel calls it.
 */
static struct trial trial_run(struct krsi_probe *probe, struct krsi_priv_try try)
{
	struct trial trial = { .deed = "creating a map of one number" };
	int counter, program = -1, link = -1;
	unsigned long token = 0;
	uint32_t key = 0;

	counter = krsi_priv_probe_map(BPF_MAP_TYPE_ARRAY, sizeof(key), sizeof(trial.calls), 1, 0);
	if (counter < 0) {
		trial.err = counter;
		return trial;
	}
	if (getrandom(&token, sizeof(token), GRND_NONBLOCK) != sizeof(token))
		token = (unsigned long)(uintptr_t)&trial;	/* another process would have to want to be counted */
	trial.deed = "loading the program";
	trial.err = program = called_load(probe, &try, counter, token);
	if (program >= 0) {
		trial.deed = "attaching the program";
		trial.err = link = bpf_raw_tracepoint_open(NULL, program);
	}
	if (link >= 0) {
		fcntl(counter, F_GETFD, token);
		trial.deed = "reading what the program counted";
		trial.err = bpf_map_lookup_elem(counter, &key, &trial.calls);
		close(link);
	}
	if (program >= 0)
		close(program);
	close(counter);
	return trial;
}

/* A trial that could not be made, with the section the program would have had. */
static void trial_failed(struct krsi_probe *probe, struct krsi_priv_answer *answer,
			 const struct trial *trial, const char *section)
{
	char deed[128];

	if (trial->err == -E2BIG || trial->err == -EBUSY) {
		krsi_priv_probe_no(probe, answer, KRSI_REASON_UNKNOWN, "detach some of the programs on this hook (bpftool link)",
				   "%s %s gave %s: the hook holds as many programs as the kernel allows", trial->deed, section,
				   trial->err == -E2BIG ? "E2BIG" : "EBUSY");
		return;
	}
	snprintf(deed, sizeof(deed), "%s %s", trial->deed, section);
	krsi_priv_probe_failed(probe, answer, trial->err, deed);
}

void krsi_priv_probe_trampoline(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	const struct krsi_priv_try try = {
		.type = BPF_PROG_TYPE_TRACING, .attach_type = BPF_TRACE_FENTRY, .target = "security_file_fcntl",
	};
	struct trial trial;

	if (!krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_CAPABILITIES) ||
	    !krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_BTF) ||
	    !krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_JIT))
		return;
	trial = trial_run(probe, try);
	if (trial.err < 0)
		trial_failed(probe, answer, &trial, "fentry/security_file_fcntl");
	else if (trial.calls)
		krsi_priv_probe_yes(probe, answer, "fentry/security_file_fcntl was attached and the kernel called it");
	else
		krsi_priv_probe_no(probe, answer, KRSI_REASON_UNKNOWN, "",
				   "fentry/security_file_fcntl was attached and the kernel did not call it");
}

/* The hooks of paths are an option of their own. */
static bool has_path_hooks(const struct krsi_probe *probe)
{
	return btf__find_by_name_kind(probe->btf, "bpf_lsm_path_unlink", BTF_KIND_FUNC) > 0;
}

void krsi_priv_probe_lsm_built(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	const struct bpf_insn insns[] = {
		INSN_SET(BPF_REG_0, 0),
		INSN_RETURN(),
	};
	const struct krsi_priv_try try = {
		.type = BPF_PROG_TYPE_LSM, .attach_type = BPF_LSM_MAC, .target = "bpf_lsm_file_open",
		.insns = insns, .count = INSN_COUNT(insns),
	};
	int fd;

	if (!krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_CAPABILITIES) ||
	    !krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_BTF))
		return;
	fd = krsi_priv_probe_load(probe, &try);
	if (fd >= 0) {
		close(fd);
		krsi_priv_probe_yes(probe, answer, "lsm/file_open could be loaded%s", has_path_hooks(probe) ? "" :
				    "; lsm/path_* cannot be, as this kernel was built without CONFIG_SECURITY_PATH");
	} else if (fd == -ENOENT && krsi_priv_kernel_version() >= answer->question->since) {
		krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_BUILT, "boot a kernel with CONFIG_BPF_LSM=y",
				   "this kernel was built without the BPF security module: it has no function %s", try.target);
	} else {
		krsi_priv_probe_failed(probe, answer, fd, "loading lsm/file_open");
	}
}

static void lsm_not_called(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	static const char found[] = "lsm/file_fcntl was attached and the kernel did not call it";
	char fix[sizeof(probe->boot_line) + 16];

	if (krsi_priv_lsm_list_has(probe->lsm_list, "bpf")) {
		krsi_priv_probe_no(probe, answer, KRSI_REASON_UNKNOWN, "", "%s, although bpf is among the active security modules (%s)",
				   found, probe->lsm_list);
		return;
	}
	if (probe->lsm_list[0])
		snprintf(fix, sizeof(fix), "boot with %s", probe->boot_line);
	else
		snprintf(fix, sizeof(fix), "add bpf to lsm= on the boot line");
	krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_BOOTED, fix, "%s: bpf is not among the active security modules (%s)",
			   found, probe->lsm_list[0] ? probe->lsm_list : "the list could not be read");
}

void krsi_priv_probe_lsm_runs(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	const struct krsi_priv_try try = {
		.type = BPF_PROG_TYPE_LSM, .attach_type = BPF_LSM_MAC, .target = "bpf_lsm_file_fcntl",
	};
	struct trial trial;

	if (!krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_LSM_BUILT) ||
	    !krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_JIT))
		return;
	trial = trial_run(probe, try);
	if (trial.err < 0)
		trial_failed(probe, answer, &trial, "lsm/file_fcntl");
	else if (trial.calls)
		krsi_priv_probe_yes(probe, answer, "lsm/file_fcntl was attached and the kernel called it");
	else
		lsm_not_called(probe, answer);
}

void krsi_priv_probe_fmod_ret_runs(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	const struct krsi_priv_try try = {
		.type = BPF_PROG_TYPE_TRACING, .attach_type = BPF_MODIFY_RETURN, .target = "security_file_fcntl",
	};
	struct trial trial;

	if (!krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_TRAMPOLINE))
		return;
	trial = trial_run(probe, try);
	if (trial.err < 0)
		trial_failed(probe, answer, &trial, "fmod_ret/security_file_fcntl");
	else if (trial.calls)
		krsi_priv_probe_yes(probe, answer, "fmod_ret/security_file_fcntl was attached and the kernel called it");
	else
		krsi_priv_probe_no(probe, answer, KRSI_REASON_UNKNOWN, "",
				   "fmod_ret/security_file_fcntl was attached and the kernel did not call it");
}

void krsi_priv_probe_lsm_sleepable(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	const struct bpf_insn insns[] = {
		INSN_SET(BPF_REG_0, 0),
		INSN_RETURN(),
	};
	const struct krsi_priv_try try = {
		.type = BPF_PROG_TYPE_LSM, .attach_type = BPF_LSM_MAC, .flags = BPF_F_SLEEPABLE,
		.target = "bpf_lsm_file_open", .insns = insns, .count = INSN_COUNT(insns),
	};

	if (krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_LSM_BUILT) &&
	    krsi_priv_probe_loads(probe, answer, &try, "lsm.s/file_open"))
		krsi_priv_probe_yes(probe, answer, "lsm.s/file_open could be loaded");
}

void krsi_priv_probe_lsm_cgroup(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	const struct bpf_insn insns[] = {
		INSN_SET(BPF_REG_0, 1),	/* go on, in the language of cgroup programs */
		INSN_RETURN(),
	};
	const struct krsi_priv_try try = {
		.type = BPF_PROG_TYPE_LSM, .attach_type = BPF_LSM_CGROUP, .target = "bpf_lsm_socket_bind",
		.insns = insns, .count = INSN_COUNT(insns),
	};
	int fd;

	if (!krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_LSM_BUILT))
		return;
	fd = krsi_priv_probe_load(probe, &try);
	if (fd >= 0) {
		close(fd);
		krsi_priv_probe_yes(probe, answer, "lsm_cgroup/socket_bind could be loaded");
	} else if (krsi_priv_kernel_version() >= answer->question->since &&
		   !krsi_priv_probe_function(probe, "bpf_trampoline_link_cgroup_shim")) {
		krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_BUILT, "boot a kernel with CONFIG_CGROUP_BPF=y",
				   "this kernel was built without programs on cgroups");
	} else {
		krsi_priv_probe_failed(probe, answer, fd, "loading lsm_cgroup/socket_bind");
	}
}
