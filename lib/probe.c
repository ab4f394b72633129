/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The table of questions, and how an answer is put into words. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "caps.h"
#include "errors.h"
#include "lsm_list.h"
#include "opts.h"
#include "probe.h"
#include "text.h"
#include "verifier_log.h"

/* In the order of enum krsi_feature. Names and numbers are ABI. */
static const struct krsi_priv_question questions[] = {
	[KRSI_FEATURE_CAPABILITIES] = { "capabilities", "loading BPF programs", 0, krsi_priv_probe_capabilities },
	[KRSI_FEATURE_LOCKDOWN] = { "lockdown", "reading kernel memory under lockdown", 0, krsi_priv_probe_lockdown },
	[KRSI_FEATURE_SECURITYFS] = { "securityfs", "securityfs", 0, krsi_priv_probe_securityfs },
	[KRSI_FEATURE_LSM_SYSCALLS] = { "lsm-syscalls", "lsm_list_modules(2)", KRSI_PRIV_KERNEL(6, 8),
		krsi_priv_probe_lsm_syscalls },
	[KRSI_FEATURE_BTF] = { "btf", "type information (BTF)", 0, krsi_priv_probe_btf },
	[KRSI_FEATURE_JIT] = { "jit", "the BPF compiler (JIT)", 0, krsi_priv_probe_jit },
	[KRSI_FEATURE_TRAMPOLINE] = { "trampoline", "fentry programs", KRSI_PRIV_KERNEL(5, 5), krsi_priv_probe_trampoline },
	[KRSI_FEATURE_LSM_BUILT] = { "lsm-built", "lsm/ programs", KRSI_PRIV_KERNEL(5, 7), krsi_priv_probe_lsm_built },
	[KRSI_FEATURE_LSM_ACTIVE] = { "lsm-active", "bpf among the active security modules", 0, krsi_priv_probe_lsm_active },
	[KRSI_FEATURE_LSM_RUNS] = { "lsm-runs", "calling lsm/ programs", KRSI_PRIV_KERNEL(5, 7), krsi_priv_probe_lsm_runs },
	[KRSI_FEATURE_FMOD_RET_RUNS] = { "fmod-ret-runs", "calling fmod_ret programs", KRSI_PRIV_KERNEL(5, 7),
		krsi_priv_probe_fmod_ret_runs },
	[KRSI_FEATURE_LSM_SLEEPABLE] = { "lsm-sleepable", "lsm.s/file_open programs", KRSI_PRIV_KERNEL(5, 11),
		krsi_priv_probe_lsm_sleepable },
	[KRSI_FEATURE_LSM_CGROUP] = { "lsm-cgroup", "lsm_cgroup/ programs", KRSI_PRIV_KERNEL(6, 0), krsi_priv_probe_lsm_cgroup },
	[KRSI_FEATURE_RINGBUF] = { "ringbuf", "BPF ring buffers", KRSI_PRIV_KERNEL(5, 8), krsi_priv_probe_ringbuf },
	[KRSI_FEATURE_TASK_STORAGE] = { "task-storage", "per-process storage", KRSI_PRIV_KERNEL(5, 11),
		krsi_priv_probe_task_storage },
	[KRSI_FEATURE_INODE_STORAGE] = { "inode-storage", "per-inode storage", KRSI_PRIV_KERNEL(5, 10),
		krsi_priv_probe_inode_storage },
	[KRSI_FEATURE_SK_STORAGE] = { "sk-storage", "per-socket storage", KRSI_PRIV_KERNEL(5, 10), krsi_priv_probe_sk_storage },
	[KRSI_FEATURE_CGRP_STORAGE] = { "cgrp-storage", "per-cgroup storage", KRSI_PRIV_KERNEL(6, 2),
		krsi_priv_probe_cgrp_storage },
	[KRSI_FEATURE_BPF_LOOP] = { "bpf-loop", "the helper bpf_loop", KRSI_PRIV_KERNEL(5, 17), krsi_priv_probe_bpf_loop },
	[KRSI_FEATURE_BPF_FOR] = { "bpf-for", "bpf_for() loops (the kfuncs bpf_iter_num_*)", KRSI_PRIV_KERNEL(6, 4),
		krsi_priv_probe_bpf_for },
	[KRSI_FEATURE_RDONLY_CAST] = { "rdonly-cast", "the kfunc bpf_rdonly_cast", KRSI_PRIV_KERNEL(6, 2),
		krsi_priv_probe_rdonly_cast },
	[KRSI_FEATURE_D_PATH] = { "d-path", "the helper bpf_d_path in lsm.s/file_open", KRSI_PRIV_KERNEL(5, 11),
		krsi_priv_probe_d_path },
	[KRSI_FEATURE_PATH_D_PATH] = { "path-d-path", "the kfunc bpf_path_d_path", KRSI_PRIV_KERNEL(6, 12),
		krsi_priv_probe_path_d_path },
	[KRSI_FEATURE_TASK_EXE_FILE] = { "task-exe-file", "the kfunc bpf_get_task_exe_file", KRSI_PRIV_KERNEL(6, 12),
		krsi_priv_probe_task_exe_file },
	[KRSI_FEATURE_FILE_XATTR] = { "file-xattr", "the kfunc bpf_get_file_xattr", KRSI_PRIV_KERNEL(6, 8),
		krsi_priv_probe_file_xattr },
	[KRSI_FEATURE_DENTRY_XATTR] = { "dentry-xattr", "the kfunc bpf_get_dentry_xattr", KRSI_PRIV_KERNEL(6, 12),
		krsi_priv_probe_dentry_xattr },
	[KRSI_FEATURE_FSVERITY] = { "fsverity", "the kfunc bpf_get_fsverity_digest", KRSI_PRIV_KERNEL(6, 8),
		krsi_priv_probe_fsverity },
	[KRSI_FEATURE_IMA_HASH] = { "ima-hash", "the helper bpf_ima_file_hash", KRSI_PRIV_KERNEL(5, 18),
		krsi_priv_probe_ima_hash },
	[KRSI_FEATURE_ARGV] = { "argv", "arguments and environment before the verdict (the kfuncs bpf_bprm_arg, bpf_bprm_env)", 0,
		krsi_priv_probe_argv },
	[KRSI_FEATURE_SEAL] = { "seal", "sealing links until the next boot", 0, krsi_priv_probe_seal },
	[KRSI_FEATURE_AUDIT_RECORD] = { "audit-record", "the kfunc bpf_lsm_audit", 0, krsi_priv_probe_audit_record },
	[KRSI_FEATURE_HOOKS_VIEW] = { "hooks-view", "the view of hooks", 0, krsi_priv_probe_hooks_view },
	[KRSI_FEATURE_ENFORCE_SWITCH] = { "enforce-switch", "the switch between enforcing and permissive", 0,
		krsi_priv_probe_enforce_switch },
};

_Static_assert(sizeof(questions) / sizeof(questions[0]) == KRSI_FEATURE_COUNT, "a feature without a question");

/* --- answers ------------------------------------------------------------- */

/* Of what is there. Additions say it themselves; else what is newer than the kernel was brought back to it. */
static uint32_t origin_of(const struct krsi_priv_question *question)
{
	return krsi_priv_kernel_version() < question->since ? KRSI_ORIGIN_PATCH : KRSI_ORIGIN_MAINLINE;
}

static void answer_set(struct krsi_probe *probe, struct krsi_priv_answer *answer, bool available,
		       uint32_t reason, const char *fix, const char *fmt, va_list args)
{
	answer->available = available;
	answer->reason = reason;
	answer->origin = available ? origin_of(answer->question) : KRSI_ORIGIN_ABSENT;
	if (vasprintf(&answer->sentence, fmt, args) < 0)
		answer->sentence = NULL;
	answer->fix = fix && *fix ? strdup(fix) : NULL;
	if (!answer->sentence || (fix && *fix && !answer->fix))
		probe->no_memory = true;
}

void krsi_priv_probe_yes(struct krsi_probe *probe, struct krsi_priv_answer *answer, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	answer_set(probe, answer, true, KRSI_REASON_NONE, NULL, fmt, args);
	va_end(args);
}

void krsi_priv_probe_no(struct krsi_probe *probe, struct krsi_priv_answer *answer, uint32_t reason,
			const char *fix, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	answer_set(probe, answer, false, reason, fix, fmt, args);
	va_end(args);
}

void krsi_priv_probe_failed(struct krsi_probe *probe, struct krsi_priv_answer *answer, int err,
			    const char *deed)
{
	const struct krsi_priv_question *question = answer->question;
	unsigned int since = question->since;
	char why[256];

	if (err == -EPERM) {
		krsi_priv_eperm_explain(why, sizeof(why));
		krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_PERMITTED, "", "%s gave EPERM: %s", deed, why);
	} else if (krsi_priv_kernel_version() < since) {
		krsi_priv_probe_no(probe, answer, KRSI_REASON_TOO_OLD, "boot a newer kernel",
				   "%s gave %s; %s came with Linux %u.%u, and this is %s", deed, krsi_priv_errno_name(err),
				   question->what, since >> 8, since & 0xff, probe->system.release);
	} else {
		if (!krsi_priv_verifier_message(probe->log, why, sizeof(why)))
			snprintf(why, sizeof(why), "the kernel gave no reason");
		krsi_priv_probe_no(probe, answer, KRSI_REASON_UNKNOWN, "", "%s gave %s: %s", deed,
				   krsi_priv_errno_name(err), why);
	}
}

bool krsi_priv_probe_ask(struct krsi_probe *probe, uint32_t feature)
{
	struct krsi_priv_answer *answer = &probe->answers[feature];

	if (!answer->asked) {
		answer->asked = true;	/* first: a question that rests on itself would never end */
		answer->question = &questions[feature];
		probe->log[0] = '\0';
		answer->question->ask(probe, answer);
	}
	return answer->available;
}

bool krsi_priv_probe_needs(struct krsi_probe *probe, struct krsi_priv_answer *answer, uint32_t feature)
{
	const struct krsi_priv_answer *other = &probe->answers[feature];
	bool permitted;

	if (krsi_priv_probe_ask(probe, feature))
		return true;
	permitted = other->reason != KRSI_REASON_NOT_PERMITTED;
	krsi_priv_probe_no(probe, answer, permitted ? KRSI_REASON_DEPENDS : KRSI_REASON_NOT_PERMITTED, other->fix,
			   "%s could not be tried: %s", answer->question->what, other->sentence ? other->sentence : "");
	return false;
}

/* --- the handle ---------------------------------------------------------- */

int krsi_probe_new(struct krsi_ctx *ctx, struct krsi_probe **ret)
{
	struct krsi_probe *probe;
	uint32_t feature;

	if (!ctx || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_probe_new: an argument is NULL");
	probe = calloc(1, sizeof(*probe));
	if (!probe)
		return krsi_priv_fail(ctx, -ENOMEM, "probe: no memory");
	probe->ctx = krsi_priv_ctx_ref(ctx);
	uname(&probe->system);
	if (krsi_priv_lsm_list(probe->lsm_list, sizeof(probe->lsm_list)) < 0)
		probe->lsm_list[0] = '\0';
	krsi_priv_lsm_boot_line(probe->lsm_list, probe->boot_line, sizeof(probe->boot_line));

	for (feature = 0; feature < KRSI_FEATURE_COUNT; feature++)
		krsi_priv_probe_ask(probe, feature);
	btf__free(probe->btf);
	probe->btf = NULL;
	krsi_priv_additions_clear(&probe->additions);
	if (probe->no_memory) {
		krsi_probe_free(probe);
		return krsi_priv_fail(ctx, -ENOMEM, "probe: no memory");
	}
	*ret = probe;
	return 0;
}

void krsi_probe_free(struct krsi_probe *probe)
{
	size_t i;

	if (!probe)
		return;
	for (i = 0; i < KRSI_FEATURE_COUNT; i++) {
		free(probe->answers[i].sentence);
		free(probe->answers[i].fix);
	}
	krsi_ctx_free(probe->ctx);
	free(probe);
}

size_t krsi_probe_count(const struct krsi_probe *probe)
{
	return probe ? KRSI_FEATURE_COUNT : 0;
}

int krsi_probe_feature(const struct krsi_probe *probe, uint32_t feature, struct krsi_feature_info *info)
{
	struct krsi_feature_info mine = { .sz = sizeof(mine) };
	const struct krsi_priv_answer *answer;

	if (!probe || !info)
		return krsi_priv_fail(probe ? probe->ctx : NULL, -EINVAL, "krsi_probe_feature: an argument is NULL");
	if (feature >= KRSI_FEATURE_COUNT)
		return krsi_priv_fail(probe->ctx, -ENOENT, "feature %u: this libkrsi knows only 0 to %u", feature,
				      KRSI_FEATURE_COUNT - 1);
	answer = &probe->answers[feature];
	mine.available = answer->available;
	mine.reason = answer->reason;
	mine.name = answer->question->name;
	mine.sentence = answer->sentence;
	mine.fix = answer->fix ? answer->fix : "";
	mine.origin = answer->origin;
	return KRSI_PRIV_INFO_WRITE(probe->ctx, info, &mine, "krsi_feature_info");
}

int krsi_probe_has(const struct krsi_probe *probe, uint32_t feature)
{
	return probe && feature < KRSI_FEATURE_COUNT && probe->answers[feature].available;
}

const char *krsi_probe_kernel(const struct krsi_probe *probe)
{
	return probe ? probe->system.release : "";
}

const char *krsi_probe_lsm_list(const struct krsi_probe *probe)
{
	return probe ? probe->lsm_list : "";
}

const char *krsi_probe_lsm_boot_line(const struct krsi_probe *probe)
{
	return probe ? probe->boot_line : "";
}
