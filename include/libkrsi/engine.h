/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief The engine: policies that the kernel carries out.
 *
 *     krsi_ctx_new(NULL, &ctx);
 *     krsi_policy_open(ctx, "web.yaml", NULL, &policy);
 *     krsi_engine_new(ctx, NULL, &engine);
 *     krsi_engine_apply(engine, &policy, 1);          // from here on it is in force
 *     krsi_engine_dispatch(engine, 0, NULL);          // whenever krsi_engine_fd() is readable
 *
 * An engine has all of its policies in force at once, and changes from one set of them to the next
 * with one write: an operation meets the old ones or the new ones, never both and never neither.
 * What it needs of the kernel is loaded and attached when a policy needs it. Freeing it, or the end of
 * the process, ends enforcement.
 *
 * Verdicts do not depend on anybody reading events: what finds no room in the ring is counted.
 *
 * It needs Linux 5.10; docs/backends.md tells what is weaker there than on 6.1. Where bpf is not among the active security modules it works in another way: enum krsi_engine_backend.
 *
 * Threads: as in libkrsi/ctx.h.
 */
#ifndef LIBKRSI_ENGINE_H
#define LIBKRSI_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/ctx.h>
#include <libkrsi/macros.h>
#include <libkrsi/policy.h>

KRSI_BEGIN_DECLS

struct krsi_engine;
struct krsi_event;

/** How an engine works. */
enum krsi_engine_flags {
	KRSI_ENGINE_PERMISSIVE = 1,	/**< nothing is carried out, whatever policies and rules say: all is only reported */
	KRSI_ENGINE_ENVIRONMENT = 2,	/**< events of executions have the whole environment, which may hold secrets: KRSI_EVENT_ENV */
	KRSI_ENGINE_PROCESSES = 4,	/**< events of every fork, execution and end, without a rule: libkrsi/process.h */
	/**
	 * Events of executions have digests of the file, as far as the kernel computes any: KRSI_EVENT_DIGEST,
	 * KRSI_EVENT_VERITY_DIGEST. For the first the kernel reads the whole file in the way of each execve(2) that is
	 * told of.
	 */
	KRSI_ENGINE_DIGESTS = 8,
};

/** How the programs of an engine sit on the kernel's security hooks. Numbers are ABI. docs/backends.md compares them. */
enum krsi_engine_backend {
	KRSI_ENGINE_AUTO = 0,		/**< KRSI_ENGINE_LSM where the kernel calls such programs, else KRSI_ENGINE_FMOD_RET */
	KRSI_ENGINE_LSM = 1,		/**< as programs of a security module: bpf has to be among the active ones */
	/**
	 * In front of the functions that call all security modules, which any kernel with BPF trampolines does, without
	 * a reboot. The kernel leaves such a program out while the same one is preempted on this CPU:
	 * krsi_engine_program_info.missed counts that.
	 */
	KRSI_ENGINE_FMOD_RET = 2,
};

/** Wishes for an engine. */
struct krsi_engine_opts {
	size_t sz;		/**< sizeof(struct krsi_engine_opts), set by the caller */
	uint32_t ring_size;	/**< bytes of the ring of events, a power of two of at least a page; 0 means 1 MiB for each two CPUs, at most 16 MiB */
	uint32_t flags;		/**< bitwise OR of enum krsi_engine_flags */
	/**
	 * Bytes of a ring of their own for what was refused, a power of two of at least a page; 0 means 256 KiB. What
	 * finds no room there goes into the other one.
	 */
	uint32_t denial_ring_size;
	/**
	 * The longest time in ms that an event lies unread while less than `wake_bytes` are there; 0 means 100. Of no
	 * meaning when that is 0.
	 */
	uint32_t wake_ms;
	/**
	 * Bytes of events that krsi_engine_fd() becomes readable for, at most half of the ring; 0 means whenever one
	 * comes and all before it were read. Refusals always do that.
	 */
	uint64_t wake_bytes;
	uint32_t backend;	/**< enum krsi_engine_backend; krsi_engine_info() tells what became of it */
	uint32_t reserved;	/**< 0 */
	/**
	 * Variables of the environment that events of executions have, and no others: names such as "LD_PRELOAD", or what
	 * names begin with and a star, "LD_*"; at most 256. NULL: none, or all with KRSI_ENGINE_ENVIRONMENT, with which it
	 * cannot be combined. Borrowed for the call.
	 */
	const char *const *environment;
	uint64_t environment_count;	/**< how many names these are */
};

/** Why events were lost. Numbers are ABI: new ones go at the end. */
enum krsi_engine_lost_cause {
	KRSI_ENGINE_LOST_ANY = 0,	/**< all of them */
	KRSI_ENGINE_LOST_RING = 1,	/**< the ring was full */
	KRSI_ENGINE_LOST_DENIALS = 2,	/**< a refusal, and both rings were full */
	KRSI_ENGINE_LOST_PLACE = 3,	/**< more events at once than there are places to put them together in */
};

/** What krsi_engine_info() tells. */
struct krsi_engine_info {
	size_t sz;		/**< sizeof(struct krsi_engine_info), set by the caller */
	uint64_t generation;	/**< of the policies in force; 0: none were applied yet */
	uint64_t events;	/**< handed to the callback so far */
	uint64_t lost;		/**< events that were made and not delivered: krsi_engine_lost() has the causes */
	uint64_t memory;	/**< bytes of kernel memory in maps: the policies', the places to work in, the ring */
	uint64_t policy_memory;	/**< of these, what the policies in force take */
	uint32_t policies;	/**< in force */
	uint32_t rules;		/**< of all of them */
	uint32_t programs;	/**< attached */
	uint32_t reserved;	/**< 0 */
	/**
	 * Files that got a name of the policies after these were applied, and are known by that name only: there
	 * was no room to keep their identity (16,384), or it could not be found out.
	 */
	uint64_t identities_lost;
	uint64_t missed;	/**< sum of krsi_engine_program_info.missed of the programs that are attached */
	uint32_t backend;	/**< KRSI_ENGINE_LSM or KRSI_ENGINE_FMOD_RET */
	uint32_t reserved2;	/**< 0 */
};

/** What krsi_engine_rule_info() tells. */
struct krsi_engine_rule_info {
	size_t sz;		/**< sizeof(struct krsi_engine_rule_info), set by the caller */
	uint64_t hits;		/**< operations to which the rule applied since its policy was applied */
	uint64_t suppressed;	/**< events that its limit swallowed */
};

/** What krsi_engine_program_info() tells. */
struct krsi_engine_program_info {
	size_t sz;		/**< sizeof(struct krsi_engine_program_info), set by the caller */
	const char *name;	/**< as krsi_engine_program() has it; valid for ever */
	uint64_t runs;		/**< how often it ran while the kernel counted */
	uint64_t run_time;	/**< ns that it ran then */
	uint32_t id;		/**< the kernel's number for it, as bpftool(8) shows it */
	uint32_t reserved;	/**< 0 */
	/**
	 * How often the kernel did not run it because it was running already on that CPU, preempted by the process that
	 * came here now: an operation went undecided (KRSI_ENGINE_FMOD_RET), or an event of a process was not told. It never
	 * happens to the programs of KRSI_ENGINE_LSM that decide. Where there is a second copy of the program, no more than so many.
	 */
	uint64_t missed;
};

/**
 * @brief Receives an event. It must not free the engine, apply policies, or dispatch.
 *
 * @param data   as given to krsi_engine_set_event()
 * @param event  valid during the call; see libkrsi/event.h
 * @return 0 to go on; anything else ends the dispatch after this event, which counts as read
 */
typedef int (*krsi_event_fn)(void *data, const struct krsi_event *event);

/**
 * @brief Make an engine. Its maps are made and the programs loaded that nearly every policy needs; none is attached,
 *        but for KRSI_ENGINE_PROCESSES.
 *
 * @param ctx   context the engine belongs to
 * @param opts  options, or NULL for all defaults
 * @param ret   receives the engine, to free with krsi_engine_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL      an argument is NULL, `opts->sz` not set, the ring's size no power of two, a flag or the backend unknown,
 *                      or a name of a variable none; the detail has the name
 * @retval -E2BIG       `opts` has a member that this library does not know
 * @retval -EOPNOTSUPP  this kernel cannot do it, for example as KRSI_ENGINE_LSM was asked for and bpf is not among its
 *                      active security modules, or it has no digests of files; the detail has the reason and the fix
 * @retval -ENOMEM      no memory
 * @since 1.0
 */
KRSI_API int krsi_engine_new(struct krsi_ctx *ctx, const struct krsi_engine_opts *opts,
			     struct krsi_engine **ret);

/**
 * @brief Detach everything and free the engine. Events that nobody read are gone.
 * @param engine  the engine, or NULL
 * @since 1.0
 */
KRSI_API void krsi_engine_free(struct krsi_engine *engine);

/**
 * @brief Put policies in force, in place of all that were.
 *
 * They are compiled, loaded beside those in force, and published with one write. When anything
 * fails, what was in force stays in force, as it was. The policies may be freed afterwards.
 *
 * @param engine    the engine
 * @param policies  frozen policies with names that differ; the strictest of their verdicts wins
 * @param count     how many, at most 64; 0 takes all out of force and detaches all programs
 * @return 0 on success, or
 * @retval -EINVAL      an argument is NULL, or two policies have one name
 * @retval -EBADFD      a policy is not frozen
 * @retval -E2BIG       more than 64 policies, 4,096 rules or 65,536 patterns, or patterns whose automaton
 *                      would be too large; the detail has the numbers
 * @retval -EOPNOTSUPP  a rule wants what this kernel or this library cannot do; the detail names both
 * @retval -EPERM       a capability is missing, or lockdown forbids it
 * @retval -EUSERS      a hook holds as many programs as the kernel allows; the detail has whose they are
 * @retval -ENOEXEC     the verifier refused a program
 * @retval -ENOMEM      no memory
 * @retval -EMFILE      no file descriptor left
 * @retval -EBUSY       called from the callback of an event
 * @since 1.0
 */
KRSI_API int krsi_engine_apply(struct krsi_engine *engine, struct krsi_policy *const *policies, size_t count);

/**
 * @brief Do now what krsi_engine_apply() of these policies would have to wait for, and put nothing in force.
 *
 * They are compiled and forgotten again, and the programs that they need are loaded; that the verifier reads
 * those takes nearly all the time of a first krsi_engine_apply(). Programs stay loaded as long as the engine
 * lives. An agent prepares what it may come to need while nothing depends on it; what is applied later may
 * have other rules, as long as they are about the same operations. It also says beforehand whether these
 * policies could be applied, but for what is only found out by attaching programs.
 *
 * @param engine    the engine
 * @param policies  as for krsi_engine_apply()
 * @param count     how many
 * @return 0 on success, or what krsi_engine_apply() returns, but -EUSERS
 * @since 1.0
 */
KRSI_API int krsi_engine_prepare(struct krsi_engine *engine, struct krsi_policy *const *policies, size_t count);

/**
 * @brief Put the policies in force again that were before the last krsi_engine_apply().
 *
 * They come back as they were compiled then. Done twice, it is undone.
 *
 * @param engine  the engine
 * @return 0 on success, or
 * @retval -EINVAL  `engine` is NULL
 * @retval -ENOENT  nothing was applied before the present ones
 * @retval -EBUSY   called from the callback of an event
 * @since 1.0
 */
KRSI_API int krsi_engine_rollback(struct krsi_engine *engine);

/**
 * @brief Keep the programs that are attached now on their hooks until the next boot.
 *
 * Nobody can take them off then, root included. When this process ends, or the engine is freed, the policies in
 * force stay in force, and what they refuse stays refused; nobody reads their events any more. It cannot be
 * undone. Until then the engine can be used as before: other policies can be applied, and what they need in
 * addition is attached and not sealed. A rule about `kernel.bpf` does not hold back the process that made the
 * engine, and holds back everybody after its end.
 *
 * The programs are sealed, not their memory: a process with CAP_SYS_ADMIN that may call bpf(2) can still write
 * to the maps that policies are in. A rule about `kernel.bpf` is against that, as is kernel lockdown against
 * writing to the kernel's memory.
 *
 * It needs libkrsi's module krsi.ko or libkrsi's patches in the kernel (docs/kernel.md), and CAP_MAC_ADMIN.
 *
 * @param engine  the engine
 * @return 0 on success, also when all of them were sealed before, or
 * @retval -EINVAL      `engine` is NULL
 * @retval -EOPNOTSUPP  this kernel cannot seal links, or in a way of a later version; the detail has the fix
 * @retval -EBADFD      no program is attached: apply policies first
 * @retval -EPERM       this process may not: it needs root and CAP_MAC_ADMIN
 * @retval -ENOMEM      no memory
 * @retval -EIO         the kernel refused a link, or its files cannot be understood; links that the kernel took before
 *                      are sealed
 * @since 1.0
 */
KRSI_API int krsi_engine_seal(struct krsi_engine *engine);

/**
 * @brief Change the mode of a policy in force, without loading it again.
 *
 * Rules with a mode of their own keep it.
 *
 * @param engine  the engine
 * @param policy  name of the policy
 * @param mode    enum krsi_policy_mode
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL, or no such mode
 * @retval -ENOENT  no policy in force has that name
 * @since 1.0
 */
KRSI_API int krsi_engine_set_mode(struct krsi_engine *engine, const char *policy, uint32_t mode);

/**
 * @brief Who receives the events. Without a callback they are read and dropped.
 * @param engine  the engine
 * @param fn      the callback, or NULL
 * @param data    handed to `fn`
 * @since 1.0
 */
KRSI_API void krsi_engine_set_event(struct krsi_engine *engine, krsi_event_fn fn, void *data);

/**
 * @brief Count what was lost. The callback is told of all of it too, by events of KRSI_EVENT_KIND_LOST.
 *
 * @param engine     the engine
 * @param operation  of these only, such as "file.open"; NULL for all
 * @param cause      enum krsi_engine_lost_cause
 * @param ret        receives how many events, since the engine was made
 * @return 0, or
 * @retval -EINVAL  an argument is NULL, or there is no such cause
 * @retval -ENOENT  there is no such operation
 * @since 1.0
 */
KRSI_API int krsi_engine_lost(const struct krsi_engine *engine, const char *operation, uint32_t cause, uint64_t *ret);

/**
 * @brief Count what was lost on one CPU: whose events are too many for the reader.
 *
 * The sum over all CPUs is what krsi_engine_lost() tells of all operations.
 *
 * @param engine  the engine
 * @param cpu     number of the CPU, from 0, as in KRSI_EVENT_CPU
 * @param cause   enum krsi_engine_lost_cause
 * @param ret     receives how many events, since the engine was made; untouched on failure
 * @return 0, or
 * @retval -EINVAL  an argument is NULL, or there is no such cause
 * @retval -ENOENT  this machine can have no such CPU; so CPUs can be counted up to here
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_engine_lost_cpu(const struct krsi_engine *engine, uint32_t cpu, uint32_t cause, uint64_t *ret);

/**
 * @brief The descriptor to wait on with poll(2) or epoll(7): readable while events are waiting.
 * @param engine  the engine
 * @return the descriptor, the engine's own, the same as long as the engine lives; -EINVAL when `engine` is NULL
 * @since 1.0
 */
KRSI_API int krsi_engine_fd(const struct krsi_engine *engine);

/**
 * @brief Hand waiting events to the callback, and return when there are none left. Never waits.
 *
 * @param engine  the engine
 * @param budget  at most so many events, those that tell of losses not counted; 0 means no limit
 * @param count   receives how many were handed out, also on failure; may be NULL
 * @return 0 on success, or
 * @retval -EINVAL     `engine` is NULL
 * @retval -EBUSY      called from the callback of an event
 * @retval -ECANCELED  the callback ended it
 * @since 1.0
 */
KRSI_API int krsi_engine_dispatch(struct krsi_engine *engine, uint32_t budget, uint32_t *count);

/**
 * @brief What the engine is and has done.
 *
 * @param engine  the engine
 * @param info    filled, at most `info->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @since 1.0
 */
KRSI_API int krsi_engine_info(const struct krsi_engine *engine, struct krsi_engine_info *info);

/**
 * @brief What a rule of a policy in force has done.
 *
 * @param engine  the engine
 * @param policy  name of the policy
 * @param rule    name of the rule
 * @param info    filled, at most `info->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @retval -ENOENT  no policy in force has that name, or it has no such rule
 * @since 1.0
 */
KRSI_API int krsi_engine_rule_info(const struct krsi_engine *engine, const char *policy, const char *rule,
				   struct krsi_engine_rule_info *info);

/**
 * @brief The same by the rule's number, for who asks about all of them: it is not looked for.
 *
 * @param engine  the engine
 * @param policy  name of the policy
 * @param index   of the rule in its policy, as for krsi_policy_rule_name()
 * @param info    filled, at most `info->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @retval -ENOENT  no policy in force has that name, or it has not so many rules
 * @since 1.0
 */
KRSI_API int krsi_engine_rule_at(const struct krsi_engine *engine, const char *policy, size_t index,
				 struct krsi_engine_rule_info *info);

/**
 * @brief A program of the engine that is attached now, by number.
 * @param engine  the engine
 * @param index   from 0
 * @return its name, valid until policies are applied; NULL past the last one
 * @since 1.0
 */
KRSI_API const char *krsi_engine_program(const struct krsi_engine *engine, size_t index);

/**
 * @brief The same with its number in the kernel, and what it cost.
 *
 * The kernel counts runs while the sysctl kernel.bpf_stats_enabled is 1, and otherwise not: then the numbers stand
 * still.
 *
 * @param engine  the engine
 * @param index   from 0
 * @param info    filled, at most `info->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @retval -ENOENT  so many programs are not attached
 * @retval -EIO     the kernel does not tell
 * @since 1.0
 */
KRSI_API int krsi_engine_program_info(const struct krsi_engine *engine, size_t index, struct krsi_engine_program_info *info);

KRSI_END_DECLS

#endif
