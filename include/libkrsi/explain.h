/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief What an engine would do with policies on this machine, piece by piece and in words.
 *
 * Nothing is loaded and nothing attached, and no privilege is needed; without it some files and namespaces cannot
 * be looked at, and are told so. `krsi check` prints what comes out of this.
 *
 * Threads: as in libkrsi/ctx.h.
 */
#ifndef LIBKRSI_EXPLAIN_H
#define LIBKRSI_EXPLAIN_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/ctx.h>
#include <libkrsi/macros.h>
#include <libkrsi/policy.h>

KRSI_BEGIN_DECLS

/** What an item is about. Numbers are ABI: new ones go at the end. */
enum krsi_explain_kind {
	KRSI_EXPLAIN_KERNEL = 1,	/**< what the engine needs of the kernel whatever the policies say */
	KRSI_EXPLAIN_POLICY = 2,	/**< a policy; its items follow */
	KRSI_EXPLAIN_WARNING = 3,	/**< what krsi_policy_warning() has */
	KRSI_EXPLAIN_RULE = 4,		/**< a rule, or the policy's default; its items follow */
	KRSI_EXPLAIN_OPERATION = 5,	/**< an operation of the rule, with the programs behind it */
	KRSI_EXPLAIN_PLACE = 6,		/**< how a path is found, and whether it can be */
	KRSI_EXPLAIN_NEED = 7,		/**< what the rule makes necessary beyond the look-up of a name, or leaves open */
	KRSI_EXPLAIN_MISSING = 8,	/**< what the rule wants and this engine does not have */
	KRSI_EXPLAIN_PROGRAM = 9,	/**< a program that would be attached, and its hook */
	KRSI_EXPLAIN_LIMIT = 10,	/**< how much of a limit the policies use together */
	KRSI_EXPLAIN_SIZE = 11,		/**< how large something is that is made of them */
};

/** One item. All texts are valid during the callback. */
struct krsi_explain_item {
	size_t sz;		/**< sizeof(struct krsi_explain_item), set by the library */
	uint32_t kind;		/**< enum krsi_explain_kind */
	int32_t level;		/**< KRSI_LOG_INFO; KRSI_LOG_WARN: hardly meant; KRSI_LOG_ERROR: it cannot be carried out here */
	const char *policy;	/**< name of the policy, or NULL */
	const char *rule;	/**< name of the rule, "default" for the policy's default, or NULL */
	const char *operation;	/**< such as "file.open", or NULL */
	const char *program;	/**< name of a program of the engine; of an operation all of them, ", " between them; or NULL */
	const char *hook;	/**< that the program sits on, or NULL */
	const char *text;	/**< one line for people, never NULL */
	uint64_t value;		/**< of limits and sizes */
	uint64_t limit;		/**< what the value may be at most; 0 when there is no limit */
};

/**
 * @brief Receives an item. It must not call back into the same context.
 *
 * @param data  as given to krsi_engine_explain()
 * @param item  valid during the call
 * @return 0 to go on; anything else ends it
 */
typedef int (*krsi_explain_fn)(void *data, const struct krsi_explain_item *item);

/**
 * @brief Explain policies: what each rule needs, whether this kernel has it, and what it costs.
 *
 * Everything is told, also when something cannot be carried out.
 *
 * @param ctx       context
 * @param policies  frozen policies with names that differ, as for krsi_engine_apply()
 * @param count     how many
 * @param fn        receives the items, in the order of the policies
 * @param data      handed to `fn`
 * @return 0 when krsi_engine_new() and krsi_engine_apply() would likely work for a process with the privilege, or
 * @retval -EINVAL      an argument is NULL, or two policies have one name
 * @retval -EBADFD      a policy is not frozen
 * @retval -E2BIG       the policies pass a limit; the detail has the numbers
 * @retval -EOPNOTSUPP  this kernel or this engine cannot carry something out: items with KRSI_LOG_ERROR say what
 * @retval -ECANCELED   the callback ended it
 * @retval -ENOMEM      no memory
 * @retval -EIO         the engine's programs cannot be read
 * @since 1.0
 */
KRSI_API int krsi_engine_explain(struct krsi_ctx *ctx, struct krsi_policy *const *policies, size_t count,
				 krsi_explain_fn fn, void *data);

KRSI_END_DECLS

#endif
