/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief The security hooks that a kernel has, as its own type information (BTF) lists them.
 *
 * Hook names carry no prefix: `file_open`, not `bpf_lsm_file_open`. Hooks come, go and change
 * arguments between kernels; this list is the kernel's own, so it is right on each of them.
 *
 * Threads: as in libkrsi/ctx.h.
 */
#ifndef LIBKRSI_HOOK_H
#define LIBKRSI_HOOK_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/ctx.h>
#include <libkrsi/macros.h>

KRSI_BEGIN_DECLS

struct krsi_hooks;

/** Wishes for krsi_hooks_new(). */
struct krsi_hooks_opts {
	size_t sz;		/**< sizeof(struct krsi_hooks_opts), set by the caller */
	const char *btf_path;	/**< BTF to read, raw or inside an ELF file; NULL: the running kernel's */
};

/** What krsi_hook_info() tells of a hook. */
struct krsi_hook_info {
	size_t sz;		/**< sizeof(struct krsi_hook_info), set by the caller */
	const char *name;	/**< such as "file_open"; valid as long as the list */
	const char *prototype;	/**< in C, such as "int file_open(struct file *file)"; valid as long as the list */
	uint32_t arg_count;	/**< arguments of the hook */
	uint32_t can_deny;	/**< 1 when it returns int, so that a program can refuse; 0 for a void hook */
	/**
	 * The function that calls the hook's programs, where `fmod_ret/` ones can sit when bpf is not among the active
	 * security modules: such as "security_file_open"; "" when the kernel has none that is known. Valid as long as the list.
	 */
	const char *function;
	uint32_t function_fits;	/**< 1 when that function takes the same arguments and returns the same */
	uint32_t reserved;	/**< 0 */
};

/** What krsi_hook_arg() tells of an argument. */
struct krsi_hook_arg_info {
	size_t sz;		/**< sizeof(struct krsi_hook_arg_info), set by the caller */
	const char *name;	/**< such as "file"; "" when the BTF has none; valid as long as the list */
	const char *type;	/**< in C, such as "struct file *"; valid as long as the list */
};

/** How programs can sit on a hook of the running kernel: for each way 0 or the negative errno of the attempt. */
struct krsi_hook_support_info {
	size_t sz;		/**< sizeof(struct krsi_hook_support_info), set by the caller */
	int32_t lsm;		/**< `lsm/HOOK` loads. Whether it runs depends on the boot line: KRSI_FEATURE_LSM_RUNS */
	int32_t lsm_sleepable;	/**< `lsm.s/HOOK` loads */
	int32_t lsm_cgroup;	/**< `lsm_cgroup/HOOK` loads */
	int32_t fmod_ret;	/**< `fmod_ret/` loads on krsi_hook_info.function */
};

/**
 * @brief List a kernel's hooks.
 *
 * @param ctx   context the list belongs to
 * @param opts  options, or NULL for all defaults; borrowed for the call
 * @param ret   receives the list, to free with krsi_hooks_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL      `ctx` or `ret` is NULL, or `opts->sz` is not set
 * @retval -E2BIG       `opts` has a member that this library does not know
 * @retval -ENOENT      `btf_path` does not exist
 * @retval -EACCES      `btf_path` cannot be read
 * @retval -EBADMSG     `btf_path` is not BTF, or has no security hooks in it
 * @retval -EOPNOTSUPP  the running kernel has no BTF (CONFIG_DEBUG_INFO_BTF)
 * @retval -ENOMEM      no memory
 * @since 1.0
 */
KRSI_API int krsi_hooks_new(struct krsi_ctx *ctx, const struct krsi_hooks_opts *opts,
			    struct krsi_hooks **ret);

/**
 * @brief Free a list and all strings that came from it.
 * @param hooks  the list, or NULL
 * @since 1.0
 */
KRSI_API void krsi_hooks_free(struct krsi_hooks *hooks);

/**
 * @brief How many hooks there are.
 * @param hooks  the list
 * @return the number; hooks are sorted by name and numbered from 0
 * @since 1.0
 */
KRSI_API size_t krsi_hooks_count(const struct krsi_hooks *hooks);

/**
 * @brief Find a hook by name.
 *
 * @param hooks  the list
 * @param name   such as "file_open"
 * @param index  receives the number, for the other calls; untouched on failure; may be NULL
 * @return 0 on success, or
 * @retval -EINVAL  `hooks` or `name` is NULL
 * @retval -ENOENT  no such hook; the detail has the nearest names
 * @since 1.0
 */
KRSI_API int krsi_hooks_find(const struct krsi_hooks *hooks, const char *name, size_t *index);

/**
 * @brief Describe a hook.
 *
 * @param hooks  the list
 * @param index  number of the hook
 * @param info   filled, at most `info->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @retval -ENOENT  `index` is past the end
 * @since 1.0
 */
KRSI_API int krsi_hook_info(const struct krsi_hooks *hooks, size_t index,
			    struct krsi_hook_info *info);

/**
 * @brief Describe an argument of a hook.
 *
 * @param hooks  the list
 * @param index  number of the hook
 * @param arg    number of the argument, from 0
 * @param info   filled, at most `info->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @retval -ENOENT  `index` or `arg` is past the end
 * @since 1.0
 */
KRSI_API int krsi_hook_arg(const struct krsi_hooks *hooks, size_t index, size_t arg,
			   struct krsi_hook_arg_info *info);

/**
 * @brief Try how programs can sit on a hook of the running kernel, by loading one of two instructions each way.
 *
 * Nothing is attached. Needs CAP_BPF and CAP_PERFMON.
 *
 * @param hooks    the list; it must be the running kernel's, not one made from a `btf_path`
 * @param index    number of the hook
 * @param support  filled, at most `support->sz` bytes of it
 * @return 0 when the attempts were made, whatever they gave, or
 * @retval -EINVAL  an argument is NULL or `support->sz` not set
 * @retval -ENOENT  `index` is past the end
 * @retval -EBADFD  the list was made from a `btf_path`
 * @retval -EPERM   this process may not load BPF programs, so nothing can be said
 * @since 1.0
 */
KRSI_API int krsi_hook_try(const struct krsi_hooks *hooks, size_t index,
			   struct krsi_hook_support_info *support);

KRSI_END_DECLS

#endif
