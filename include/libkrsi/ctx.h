/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief The context: where errors are explained and messages go.
 *
 * Everything else is made from a context. There are no globals: two contexts in one process know
 * nothing of each other.
 *
 * Threads: a context and everything made from it belong to one thread at a time. Separate contexts
 * are independent. After fork() the child owns copies of the same file descriptors: it may free
 * its handles without disturbing the parent, and what is attached stays attached until both let go.
 *
 * libkrsi prints nothing. libbpf, on which it rests, prints warnings to stderr until the program
 * tells it otherwise; that choice is the program's, see krsi_bpf_silence() in libkrsi/bpf.h.
 */
#ifndef LIBKRSI_CTX_H
#define LIBKRSI_CTX_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/macros.h>

KRSI_BEGIN_DECLS

struct krsi_ctx;

/** How much a message matters. A callback with level L receives the messages of L and below. */
enum krsi_log_level {
	KRSI_LOG_ERROR = 1,	/**< a call failed; the same text as krsi_ctx_error_detail() */
	KRSI_LOG_WARN = 2,	/**< it works, though not as one would expect */
	KRSI_LOG_INFO = 3,	/**< a deed: loaded, attached, detached */
	KRSI_LOG_DEBUG = 4,	/**< how it was done */
};

/**
 * @brief Receives one message.
 *
 * It runs in the thread that called the library, in the middle of that call, and must not call
 * back into the same context.
 *
 * @param data   as given to krsi_ctx_set_log()
 * @param level  an enum krsi_log_level
 * @param text   one line without a line feed, valid during the call only
 */
typedef void (*krsi_log_fn)(void *data, int level, const char *text);

/** Wishes for a new context. */
struct krsi_ctx_opts {
	size_t sz;		/**< sizeof(struct krsi_ctx_opts), set by the caller */
	krsi_log_fn log;	/**< receives messages; NULL for silence */
	void *log_data;		/**< handed to `log`; not touched by the library */
	uint32_t log_level;	/**< enum krsi_log_level; 0 means KRSI_LOG_WARN */
	uint32_t reserved;	/**< must be 0 */
};

/**
 * @brief Make a context.
 *
 * It asks nothing of the kernel and needs no privilege.
 *
 * @param opts  options, or NULL for all defaults; borrowed for the call
 * @param ret   receives the context, to free with krsi_ctx_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  `ret` is NULL, `opts->sz` is not set, or the log level does not exist
 * @retval -E2BIG   `opts` has a member that this library does not know
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_ctx_new(const struct krsi_ctx_opts *opts, struct krsi_ctx **ret);

/**
 * @brief Let go of a context.
 *
 * Handles made from it may be freed before or after; its memory goes with the last of them.
 *
 * @param ctx  the context, or NULL
 * @since 1.0
 */
KRSI_API void krsi_ctx_free(struct krsi_ctx *ctx);

/**
 * @brief Why the last failed call on this context, or on anything made from it, failed.
 *
 * It names the object and the deed, and the fix where there is one, for example the `lsm=` line to
 * boot with. A call that succeeds leaves it as it was.
 *
 * @param ctx  the context
 * @return text, possibly of several lines, "" when nothing failed yet; valid until the next failure
 * @since 1.0
 */
KRSI_API const char *krsi_ctx_error_detail(const struct krsi_ctx *ctx);

/**
 * @brief Say why something failed, for libraries on top of libkrsi.
 *
 * The text is what krsi_ctx_error_detail() returns from now on, and a message of level KRSI_LOG_ERROR.
 *
 * @param ctx   the context, or NULL: then nothing happens
 * @param err   what the failing function is going to return
 * @param text  why; copied
 * @return `err`
 * @since 1.0
 */
KRSI_API int krsi_ctx_fail(struct krsi_ctx *ctx, int err, const char *text);

/**
 * @brief Say where messages go from now on.
 *
 * @param ctx    the context
 * @param log    receives messages; NULL for silence
 * @param level  enum krsi_log_level; messages above it are not even formatted
 * @param data   handed to `log`; not touched by the library
 * @return 0 on success, or
 * @retval -EINVAL  `ctx` is NULL, or the log level does not exist
 * @since 1.0
 */
KRSI_API int krsi_ctx_set_log(struct krsi_ctx *ctx, krsi_log_fn log, int level, void *data);

KRSI_END_DECLS

#endif
