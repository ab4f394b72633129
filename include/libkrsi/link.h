/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief Links that an earlier process pinned: what still holds a program to its hook.
 *
 * Threads: as in libkrsi/ctx.h.
 */
#ifndef LIBKRSI_LINK_H
#define LIBKRSI_LINK_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/ctx.h>
#include <libkrsi/macros.h>

KRSI_BEGIN_DECLS

struct krsi_link;

/** What krsi_link_info() tells. */
struct krsi_link_info {
	size_t sz;		/**< sizeof(struct krsi_link_info), set by the caller */
	uint32_t id;		/**< the kernel's number for the link */
	uint32_t type;		/**< enum bpf_link_type of linux/bpf.h */
	uint32_t program_id;	/**< the kernel's number for the program */
	uint32_t attach_type;	/**< enum bpf_attach_type of linux/bpf.h; 0 when the kernel does not tell */
};

/**
 * @brief Open a pinned link.
 *
 * @param ctx   context the link belongs to
 * @param path  a file of a BPF file system, as krsi_object_pin() makes it: `DIR/link_PROGRAM`
 * @param ret   receives the link, to free with krsi_link_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL      an argument is NULL, or what is pinned there is no link
 * @retval -ENOENT      no such file
 * @retval -EXDEV       it is not on a BPF file system
 * @retval -EACCES      it may not be opened
 * @retval -EPERM       a capability is missing
 * @retval -ENOMEM      no memory
 * @since 1.0
 */
KRSI_API int krsi_link_open_pin(struct krsi_ctx *ctx, const char *path, struct krsi_link **ret);

/**
 * @brief Let go of a link. Its pin, if it has one still, keeps the program attached.
 * @param link  the link, or NULL
 * @since 1.0
 */
KRSI_API void krsi_link_free(struct krsi_link *link);

/**
 * @brief Describe a link.
 *
 * @param link  the link
 * @param info  filled, at most `info->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @since 1.0
 */
KRSI_API int krsi_link_info(const struct krsi_link *link, struct krsi_link_info *info);

/**
 * @brief File descriptor of a link.
 * @param link  the link
 * @return the descriptor; the link keeps it; -EINVAL when `link` is NULL
 * @since 1.0
 */
KRSI_API int krsi_link_fd(const struct krsi_link *link);

/**
 * @brief Remove the pin. When nobody else holds the link, its program is detached at krsi_link_free().
 *
 * @param link  the link
 * @return 0 on success, or
 * @retval -EINVAL    `link` is NULL
 * @retval -EALREADY  it was unpinned before
 * @retval -ENOENT    somebody else removed the pin, or another file stands there now
 * @retval -EACCES    the directory may not be written
 * @since 1.0
 */
KRSI_API int krsi_link_unpin(struct krsi_link *link);

KRSI_END_DECLS

#endif
