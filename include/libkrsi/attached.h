/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief The programs that sit on security hooks at this moment, ours and others', and who holds them there.
 *
 * A hook takes 36 to 40 programs, depending on the kernel, and other products have theirs. The list is what the
 * kernel tells of its links, joined with the processes that hold them (/proc) and the files they are pinned as.
 * It is a look at one moment: it does not change when programs come and go.
 *
 * The kernel asks the program that was attached last first. What it refuses is refused with its error, and those that
 * were attached before are not asked.
 *
 * Threads: as in libkrsi/ctx.h.
 */
#ifndef LIBKRSI_ATTACHED_H
#define LIBKRSI_ATTACHED_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/ctx.h>
#include <libkrsi/macros.h>

KRSI_BEGIN_DECLS

struct krsi_attached;

/** Wishes for krsi_attached_new(). */
struct krsi_attached_opts {
	size_t sz;		/**< sizeof(struct krsi_attached_opts), set by the caller */
	const char *hook;	/**< only programs on this hook, such as "file_open"; NULL: on all of them; borrowed for the call */
};

/** What krsi_attached_info() tells of a program on a hook. */
struct krsi_attached_info {
	size_t sz;		/**< sizeof(struct krsi_attached_info), set by the caller */
	const char *hook;	/**< such as "file_open"; "" when the kernel does not tell, as before Linux 5.13; valid as long as the list */
	const char *way;	/**< how it sits there: "lsm", "lsm_cgroup", "fmod_ret", "fentry" or "fexit"; valid for ever */
	const char *program;	/**< its name, longer than the kernel's 15 letters where its types tell; valid as long as the list */
	const char *pin;	/**< a file of a BPF file system that keeps it attached; "" for none that can be seen; valid as long as the list */
	uint32_t program_id;	/**< the kernel's number for the program */
	uint32_t link_id;	/**< the kernel's number for the link that holds it to the hook: what came later has a higher one */
	uint32_t uid;		/**< user who loaded it */
	uint32_t engine;	/**< 1 when it belongs to a krsi_engine, of whichever process; 0 when not */
	uint64_t loaded;	/**< when it was loaded, in nanoseconds since boot */
	uint64_t runs;		/**< how often it ran while somebody had the kernel count, as the sysctl kernel.bpf_stats_enabled does */
	uint64_t run_time;	/**< nanoseconds of these runs together */
	uint64_t missed;	/**< how often the kernel passed it over because it was running on that CPU already */
	uint32_t owner_count;	/**< processes that krsi_attached_owner() can name */
	uint32_t reserved;	/**< 0 */
};

/** What krsi_attached_owner() tells of a process. */
struct krsi_attached_owner_info {
	size_t sz;		/**< sizeof(struct krsi_attached_owner_info), set by the caller */
	int32_t pid;		/**< as this process's PID namespace has it */
	uint32_t holds_link;	/**< 1 when it holds the link, and so keeps the program attached; 0 when it has only loaded or opened the program */
	const char *comm;	/**< its name, as /proc has it, of any bytes; valid as long as the list */
};

/**
 * @brief List the programs that sit on security hooks: `lsm` and `lsm_cgroup` ones, and those on the functions of a hook.
 *
 * Nothing is loaded or attached. Programs on a cgroup that were attached without a link are not in the list. Owners are
 * those that this process may see: of its own PID namespace, and with CAP_SYS_PTRACE of other users as well.
 *
 * @param ctx   context the list belongs to
 * @param opts  options, or NULL for all defaults; borrowed for the call
 * @param ret   receives the list, to free with krsi_attached_free(); untouched on failure
 * @return 0 on success, even when there is none, or
 * @retval -EINVAL      `ctx` or `ret` is NULL, or `opts->sz` is not set
 * @retval -E2BIG       `opts` has a member that this library does not know
 * @retval -EPERM       the kernel lists links for CAP_SYS_ADMIN only
 * @retval -EOPNOTSUPP  this kernel has no BTF, so it has no such programs either, or no list of links (Linux 5.8)
 * @retval -ENOMEM      no memory
 * @since 1.0
 */
KRSI_API int krsi_attached_new(struct krsi_ctx *ctx, const struct krsi_attached_opts *opts, struct krsi_attached **ret);

/**
 * @brief Free a list and all strings that came from it.
 * @param attached  the list, or NULL
 * @since 1.0
 */
KRSI_API void krsi_attached_free(struct krsi_attached *attached);

/**
 * @brief How many programs are in the list.
 * @param attached  the list
 * @return the number; programs are sorted by hook, those of a hook as the kernel asks them, and numbered from 0
 * @since 1.0
 */
KRSI_API size_t krsi_attached_count(const struct krsi_attached *attached);

/**
 * @brief Describe a program on a hook.
 *
 * @param attached  the list
 * @param index     number of the program
 * @param info      filled, at most `info->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @retval -ENOENT  `index` is past the end
 * @since 1.0
 */
KRSI_API int krsi_attached_info(const struct krsi_attached *attached, size_t index, struct krsi_attached_info *info);

/**
 * @brief Name a process that holds a program to its hook.
 *
 * Where nobody holds the link, and a pin keeps the program attached, it is who has the program open, if anybody.
 *
 * @param attached  the list
 * @param index     number of the program
 * @param owner     number of the process, from 0
 * @param info      filled, at most `info->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @retval -ENOENT  `index` or `owner` is past the end
 * @since 1.0
 */
KRSI_API int krsi_attached_owner(const struct krsi_attached *attached, size_t index, size_t owner,
				 struct krsi_attached_owner_info *info);

KRSI_END_DECLS

#endif
