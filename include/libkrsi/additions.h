/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief What libkrsi's patches or its module add to a kernel, and what is going on there.
 *
 * It is read from /sys/kernel/security/krsi, which docs/kernel.md describes. A kernel without it has no
 * additions, which is no failure.
 *
 * Threads: as in libkrsi/ctx.h. Additions never change once they are read.
 */
#ifndef LIBKRSI_ADDITIONS_H
#define LIBKRSI_ADDITIONS_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/ctx.h>
#include <libkrsi/macros.h>
#include <libkrsi/probe.h>

KRSI_BEGIN_DECLS

struct krsi_additions;

/** What there can be. Numbers are ABI. */
enum krsi_addition {
	KRSI_ADDITION_HOOKS = 1,	/**< the programs on each hook can be listed */
	KRSI_ADDITION_ENFORCE = 2,	/**< the kernel can be booted permissive, with bpf_lsm.enforce=0 */
	KRSI_ADDITION_SEAL = 4,		/**< links can be sealed until the next boot: krsi_engine_seal() */
	KRSI_ADDITION_ARGV = 8,		/**< the kfuncs bpf_bprm_arg and bpf_bprm_env */
	KRSI_ADDITION_AUDIT = 16,	/**< the kfunc bpf_lsm_audit */
};

/** Whether refusals of BPF programs are carried out. Numbers are ABI. */
enum krsi_switch {
	KRSI_SWITCH_UNKNOWN = 0,	/**< there is no switch, so they are, or this process may not look */
	KRSI_SWITCH_ENFORCING = 1,	/**< they are */
	KRSI_SWITCH_PERMISSIVE = 2,	/**< they are only counted */
};

/** What krsi_additions_info() tells. */
struct krsi_additions_info {
	size_t sz;		/**< sizeof(struct krsi_additions_info), set by the caller */
	uint32_t origin;	/**< KRSI_ORIGIN_PATCH, KRSI_ORIGIN_MODULE, or KRSI_ORIGIN_ABSENT */
	uint32_t features;	/**< bitwise OR of enum krsi_addition */
	uint32_t readable;	/**< those of HOOKS, ENFORCE and SEAL whose files this process could read */
	uint32_t enforcing;	/**< enum krsi_switch */
	uint64_t denials;	/**< refusals that were counted and not carried out since the boot */
	uint32_t sealed;	/**< links that are sealed */
	uint32_t programs;	/**< programs on hooks */
};

/** A program on a hook, of anybody's. */
struct krsi_additions_program {
	size_t sz;		/**< sizeof(struct krsi_additions_program), set by the caller */
	const char *hook;	/**< such as "file_open"; valid as long as the additions, as the next two */
	const char *name;	/**< the program's, at most 15 characters; "-" for none */
	const char *tag;	/**< 16 hexadecimal digits: the same for the same instructions */
	uint32_t id;		/**< the kernel's number for the program, as bpftool(8) shows it */
	uint32_t link;		/**< and for the link that holds it */
	uint32_t sealed;	/**< 1: it stays until the next boot */
	uint32_t cgroup;	/**< 1: it is for processes of some cgroup only */
};

/**
 * @brief Read what there is now.
 *
 * What only root may read is left out for others: krsi_additions_info.readable says so.
 *
 * @param ctx  context the additions belong to
 * @param ret  receives them, to free with krsi_additions_free(); untouched on failure
 * @return 0 on success, also when this kernel has none, or
 * @retval -EINVAL      an argument is NULL
 * @retval -EOPNOTSUPP  they are of a later version than this library knows
 * @retval -EIO         a file there cannot be understood; the detail has its name
 * @retval -ENOMEM      no memory
 * @since 1.0
 */
KRSI_API int krsi_additions_new(struct krsi_ctx *ctx, struct krsi_additions **ret);

/**
 * @brief Free them and all strings that came from them.
 * @param additions  the additions, or NULL
 * @since 1.0
 */
KRSI_API void krsi_additions_free(struct krsi_additions *additions);

/**
 * @brief What there is.
 *
 * @param additions  the additions
 * @param info       filled, at most `info->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @since 1.0
 */
KRSI_API int krsi_additions_info(const struct krsi_additions *additions, struct krsi_additions_info *info);

/**
 * @brief A sealed link, by number, in the order of sealing.
 *
 * @param additions  the additions
 * @param index      from 0
 * @return the kernel's number for the link, which is never 0; 0 past the last one
 * @since 1.0
 */
KRSI_API uint32_t krsi_additions_sealed(const struct krsi_additions *additions, size_t index);

/**
 * @brief A program on a hook, by number, in the order of the hooks' names.
 *
 * @param additions  the additions
 * @param index      from 0
 * @param program    filled, at most `program->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `program->sz` not set
 * @retval -ENOENT  so many programs are not there
 * @since 1.0
 */
KRSI_API int krsi_additions_program(const struct krsi_additions *additions, size_t index,
				    struct krsi_additions_program *program);

KRSI_END_DECLS

#endif
