/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief A table of processes: who runs, what it is, and whom it descends from.
 *
 *     opts.flags = KRSI_ENGINE_PROCESSES;
 *     krsi_engine_new(ctx, &opts, &engine);
 *     krsi_processes_new(ctx, NULL, &processes);
 *     krsi_engine_processes(engine, processes);       // those that are there already
 *     krsi_processes_event(processes, event);         // in the callback, with each event
 *
 * The engine tells of every fork, execution and end from krsi_engine_new() on, so what happens while
 * krsi_engine_processes() looks is told too, and the table is whole. A process is an event of its own here: its
 * fields are read as those of any other. Who has ended stays until the room is needed, so that the ancestors of
 * what goes on are known; processes that had to make room are counted.
 *
 * Threads: as in libkrsi/ctx.h.
 */
#ifndef LIBKRSI_PROCESS_H
#define LIBKRSI_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/ctx.h>
#include <libkrsi/engine.h>
#include <libkrsi/event.h>
#include <libkrsi/macros.h>

KRSI_BEGIN_DECLS

struct krsi_processes;

/** Wishes for a table of processes. */
struct krsi_processes_opts {
	size_t sz;		/**< sizeof(struct krsi_processes_opts), set by the caller */
	uint32_t limit;		/**< at most so many processes, those that have ended included; 0 means 65,536 */
	uint32_t reserved;	/**< 0 */
};

/** What krsi_processes_info() tells. */
struct krsi_processes_info {
	size_t sz;		/**< sizeof(struct krsi_processes_info), set by the caller */
	uint64_t running;	/**< processes in the table that have not ended */
	uint64_t ended;		/**< processes in the table that have */
	uint64_t evicted;	/**< processes that had ended and made room for others */
	uint64_t refused;	/**< processes there was no room for, as none had ended, or no memory */
	uint64_t bytes;		/**< memory of the table */
};

/**
 * @brief Make a table. It is empty.
 *
 * @param ctx   context the table belongs to
 * @param opts  options, or NULL for all defaults
 * @param ret   receives the table, to free with krsi_processes_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL, or `opts->sz` not set
 * @retval -E2BIG   `opts` has a member that this library does not know
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_processes_new(struct krsi_ctx *ctx, const struct krsi_processes_opts *opts, struct krsi_processes **ret);

/**
 * @brief Free a table.
 * @param processes  the table, or NULL
 * @since 1.0
 */
KRSI_API void krsi_processes_free(struct krsi_processes *processes);

/**
 * @brief Take in all processes that run now.
 *
 * @param engine     an engine with KRSI_ENGINE_PROCESSES, whose events go to the same table
 * @param processes  the table
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL, or the engine was made without KRSI_ENGINE_PROCESSES
 * @retval -EBUSY   called from the callback of an event
 * @retval -EIO     the kernel cannot be asked
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_engine_processes(struct krsi_engine *engine, struct krsi_processes *processes);

/**
 * @brief Take in what an event tells of its processes.
 *
 * @param processes  the table
 * @param event      of any kind
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL
 * @retval -ENOSPC  there is no room for the process, which is counted
 * @retval -ENOMEM  no memory for it, which is counted as well
 * @since 1.0
 */
KRSI_API int krsi_processes_event(struct krsi_processes *processes, const struct krsi_event *event);

/**
 * @brief Look a process up.
 *
 * @param processes  the table
 * @param cookie     of the process: KRSI_EVENT_COOKIE, krsi_process_cookie()
 * @return the process as an event with the fields of a subject, and those of its end when it has ended;
 *         valid until the next call with this table. NULL: it is not there
 * @since 1.0
 */
KRSI_API const struct krsi_event *krsi_processes_find(struct krsi_processes *processes, uint64_t cookie);

/**
 * @brief The running process that has a PID.
 *
 * @param processes  the table
 * @param pid        in the first PID namespace
 * @return its cookie; 0: there is none
 * @since 1.0
 */
KRSI_API uint64_t krsi_processes_pid(const struct krsi_processes *processes, uint32_t pid);

/**
 * @brief The process that made a process.
 *
 * @param processes  the table
 * @param cookie     of the process
 * @return the cookie of its creator, which may not be in the table; 0: `cookie` is not there, or nobody made it
 * @since 1.0
 */
KRSI_API uint64_t krsi_processes_parent(const struct krsi_processes *processes, uint64_t cookie);

/**
 * @brief Receives a process.
 * @param data     as given to krsi_processes_each()
 * @param process  as from krsi_processes_find(), valid during the call
 * @return 0 to go on; anything else ends it
 */
typedef int (*krsi_process_fn)(void *data, const struct krsi_event *process);

/**
 * @brief Hand out all processes, in the order in which they came to be known.
 *
 * @param processes  the table; it must not be changed meanwhile
 * @param fn         is called with each
 * @param data       handed to `fn`
 * @return 0, or what `fn` returned
 * @since 1.0
 */
KRSI_API int krsi_processes_each(struct krsi_processes *processes, krsi_process_fn fn, void *data);

/**
 * @brief Count.
 * @param processes  the table
 * @param info       receives it; `sz` set by the caller
 * @return 0, or
 * @retval -EINVAL  an argument is NULL, or `info->sz` not set
 * @since 1.0
 */
KRSI_API int krsi_processes_info(const struct krsi_processes *processes, struct krsi_processes_info *info);

KRSI_END_DECLS

#endif
