/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief What the running kernel can do for a policy, and why not.
 *
 * Answers come from doing: a tiny program is loaded, attached and run. Version numbers, config
 * files and the list of security modules only serve to explain a "no". Every "no" carries a
 * reason, a sentence, and the fix.
 *
 * Threads: as in libkrsi/ctx.h. A probe never changes once it is made.
 */
#ifndef LIBKRSI_PROBE_H
#define LIBKRSI_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/ctx.h>
#include <libkrsi/macros.h>

KRSI_BEGIN_DECLS

struct krsi_probe;

/** What can be asked. Numbers are ABI: new ones go at the end. */
enum krsi_feature {
	KRSI_FEATURE_CAPABILITIES = 0,	/**< this process may load and attach: CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN */
	KRSI_FEATURE_LOCKDOWN = 1,	/**< kernel lockdown does not stand in the way */
	KRSI_FEATURE_SECURITYFS = 2,	/**< /sys/kernel/security is mounted, so the LSM list can be read */
	KRSI_FEATURE_LSM_SYSCALLS = 3,	/**< lsm_list_modules(2), Linux 6.8 */
	KRSI_FEATURE_BTF = 4,		/**< the kernel describes its own types */
	KRSI_FEATURE_JIT = 5,		/**< programs are compiled to machine code; trampolines need it */
	KRSI_FEATURE_TRAMPOLINE = 6,	/**< fentry programs attach to kernel functions */
	KRSI_FEATURE_LSM_BUILT = 7,	/**< CONFIG_BPF_LSM: `lsm/` programs load; the sentence says when those on `path_*` do not */
	KRSI_FEATURE_LSM_ACTIVE = 8,	/**< "bpf" stands in the active LSM list */
	KRSI_FEATURE_LSM_RUNS = 9,	/**< an `lsm/` program was attached and the kernel called it */
	KRSI_FEATURE_FMOD_RET_RUNS = 10, /**< an `fmod_ret/security_*` program was attached and the kernel called it */
	KRSI_FEATURE_LSM_SLEEPABLE = 11, /**< `lsm.s/` programs load on file_open, not only on bprm_committed_creds */
	KRSI_FEATURE_LSM_CGROUP = 12,	/**< `lsm_cgroup/` programs load, Linux 6.0 */
	KRSI_FEATURE_RINGBUF = 13,	/**< BPF ring buffers, Linux 5.8 */
	KRSI_FEATURE_TASK_STORAGE = 14,	/**< per-process storage, Linux 5.11 */
	KRSI_FEATURE_INODE_STORAGE = 15, /**< per-inode storage that is safe: needs bpf in the active LSM list */
	KRSI_FEATURE_SK_STORAGE = 16,	/**< per-socket storage in `lsm/` programs */
	KRSI_FEATURE_CGRP_STORAGE = 17,	/**< per-cgroup storage, Linux 6.2 */
	KRSI_FEATURE_BPF_LOOP = 18,	/**< the bpf_loop helper exists, and the verifier judges its body soundly */
	KRSI_FEATURE_BPF_FOR = 19,	/**< the number iterator kfuncs behind bpf_for(), Linux 6.4 */
	KRSI_FEATURE_RDONLY_CAST = 20,	/**< the kfunc bpf_rdonly_cast, Linux 6.2 */
	KRSI_FEATURE_D_PATH = 21,	/**< the helper bpf_d_path in `lsm.s/file_open` */
	KRSI_FEATURE_PATH_D_PATH = 22,	/**< the kfunc bpf_path_d_path in `lsm.s/` programs, Linux 6.12 */
	KRSI_FEATURE_TASK_EXE_FILE = 23, /**< the kfunc bpf_get_task_exe_file, Linux 6.12 */
	KRSI_FEATURE_FILE_XATTR = 24,	/**< the kfunc bpf_get_file_xattr, Linux 6.8 */
	KRSI_FEATURE_DENTRY_XATTR = 25,	/**< the kfunc bpf_get_dentry_xattr, Linux 6.12 */
	KRSI_FEATURE_FSVERITY = 26,	/**< the kfunc bpf_get_fsverity_digest, Linux 6.8, with CONFIG_FS_VERITY */
	KRSI_FEATURE_IMA_HASH = 27,	/**< the helper bpf_ima_file_hash, Linux 5.18 */
	KRSI_FEATURE_ARGV = 28,		/**< the kfuncs bpf_bprm_arg and bpf_bprm_env; this and what follows: libkrsi/additions.h */
	KRSI_FEATURE_SEAL = 29,		/**< krsi_engine_seal() */
	KRSI_FEATURE_AUDIT_RECORD = 30,	/**< the kfunc bpf_lsm_audit */
	KRSI_FEATURE_HOOKS_VIEW = 31,	/**< the programs on each hook can be listed */
	KRSI_FEATURE_ENFORCE_SWITCH = 32, /**< the kernel can be booted permissive */
	KRSI_FEATURE_COUNT		/**< how many this header knows; krsi_probe_count() may say more */
};

/** Why a feature is absent. Numbers are ABI: new ones go at the end. */
enum krsi_reason {
	KRSI_REASON_NONE = 0,		/**< nothing is missing */
	KRSI_REASON_TOO_OLD = 1,	/**< this kernel is older than the feature */
	KRSI_REASON_NOT_BUILT = 2,	/**< left out when this kernel was configured */
	KRSI_REASON_NOT_BOOTED = 3,	/**< the boot line leaves it off */
	KRSI_REASON_NOT_PERMITTED = 4,	/**< this process lacks a capability */
	KRSI_REASON_LOCKED_DOWN = 5,	/**< kernel lockdown forbids it */
	KRSI_REASON_SWITCHED_OFF = 6,	/**< a sysctl or a mount is missing */
	KRSI_REASON_UNSOUND = 7,	/**< it exists, and was found to give wrong results */
	KRSI_REASON_DEPENDS = 8,	/**< something that it rests on is missing */
	KRSI_REASON_UNKNOWN = 9,	/**< it failed for a reason that was not recognised; the sentence has the errno */
	KRSI_REASON_NOT_MAINLINE = 10,	/**< Linux itself does not have it: libkrsi's module or patches would bring it */
};

/** Where a feature comes from. Numbers are ABI: new ones go at the end. */
enum krsi_origin {
	KRSI_ORIGIN_ABSENT = 0,		/**< it is not there */
	KRSI_ORIGIN_MAINLINE = 1,	/**< Linux has it */
	KRSI_ORIGIN_PATCH = 2,		/**< this kernel was built with it: with libkrsi's patches, or a backport to an older kernel */
	KRSI_ORIGIN_MODULE = 3,		/**< libkrsi's module krsi.ko */
};

/** One answer. */
struct krsi_feature_info {
	size_t sz;		/**< sizeof(struct krsi_feature_info), set by the caller */
	uint32_t available;	/**< 1 or 0 */
	uint32_t reason;	/**< enum krsi_reason; KRSI_REASON_NONE when available */
	const char *name;	/**< short and stable, such as "lsm-active"; valid as long as the probe */
	const char *sentence;	/**< what was found; valid as long as the probe */
	const char *fix;	/**< what would help, "" when available or nothing would; valid as long as the probe */
	uint32_t origin;	/**< enum krsi_origin */
	uint32_t reserved;	/**< 0 */
};

/**
 * @brief Ask the running kernel everything in enum krsi_feature.
 *
 * It loads about thirty tiny programs and maps, attaches three for a moment, and leaves nothing
 * behind. None of them ever refuses anything. Without the capabilities it still succeeds: the
 * answers then say what could not be tried.
 *
 * @param ctx  context the probe belongs to
 * @param ret  receives the probe, to free with krsi_probe_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  `ctx` or `ret` is NULL
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_probe_new(struct krsi_ctx *ctx, struct krsi_probe **ret);

/**
 * @brief Free a probe and all strings that came from it.
 * @param probe  the probe, or NULL
 * @since 1.0
 */
KRSI_API void krsi_probe_free(struct krsi_probe *probe);

/**
 * @brief How many features this library knows.
 * @param probe  the probe
 * @return the number; features are numbered from 0
 * @since 1.0
 */
KRSI_API size_t krsi_probe_count(const struct krsi_probe *probe);

/**
 * @brief One answer.
 *
 * @param probe    the probe
 * @param feature  enum krsi_feature
 * @param info     filled, at most `info->sz` bytes of it
 * @return 0 on success, whether or not the feature is available, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @retval -ENOENT  this library does not know the feature
 * @since 1.0
 */
KRSI_API int krsi_probe_feature(const struct krsi_probe *probe, uint32_t feature,
				struct krsi_feature_info *info);

/**
 * @brief Short question for the impatient.
 *
 * @param probe    the probe
 * @param feature  enum krsi_feature
 * @return 1 when available; 0 when not, or when the library does not know it
 * @since 1.0
 */
KRSI_API int krsi_probe_has(const struct krsi_probe *probe, uint32_t feature);

/**
 * @brief The running kernel's release, as uname(2) gives it.
 * @param probe  the probe
 * @return text such as "6.1.0-37-amd64"; valid as long as the probe
 * @since 1.0
 */
KRSI_API const char *krsi_probe_kernel(const struct krsi_probe *probe);

/**
 * @brief The active security modules in their order, separated by commas.
 *
 * @param probe  the probe
 * @return text such as "lockdown,capability,yama,apparmor,bpf"; "" when it could not be read;
 *         valid as long as the probe
 * @since 1.0
 */
KRSI_API const char *krsi_probe_lsm_list(const struct krsi_probe *probe);

/**
 * @brief The argument for the kernel's boot line that keeps the present security modules and adds bpf.
 *
 * @param probe  the probe
 * @return text such as "lsm=lockdown,yama,apparmor,bpf"; "" when bpf is active already or the
 *         present list could not be read; valid as long as the probe
 * @since 1.0
 */
KRSI_API const char *krsi_probe_lsm_boot_line(const struct krsi_probe *probe);

KRSI_END_DECLS

#endif
