/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief Asking policies what they say of an operation, without a kernel.
 *
 *     krsi_matcher_new(ctx, &policy, 1, NULL, &matcher);
 *     krsi_question_new(ctx, "file.read", &question);
 *     krsi_question_set(question, "subject.exe", "/usr/bin/cat");
 *     krsi_question_set(question, "object.path", "/etc/shadow");
 *     krsi_matcher_decide(matcher, question, &decision);      // decision.word is "deny"
 *
 * A matcher compiles policies as the engine does, and decides by the same code that the kernel's
 * programs are made of. It needs no privilege, and changes nothing.
 *
 * A question is one operation: who does what to what. What it does not say is not known, and what is not known
 * fits no entry of a policy: a condition on it holds only when it asks for nothing (`"!x"` alone). That is true
 * of the user as well: a process whose `uid` is not said is nobody's. Only `login_uid` is `unset`.
 *
 * Some system calls are several operations: the kernel asks of opening a file first `file.open`, then
 * `file.read` or `file.write`. Here each is a question of its own.
 *
 * Threads: as in libkrsi/ctx.h.
 */
#ifndef LIBKRSI_MATCHER_H
#define LIBKRSI_MATCHER_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/ctx.h>
#include <libkrsi/event.h>
#include <libkrsi/macros.h>
#include <libkrsi/policy.h>

KRSI_BEGIN_DECLS

struct krsi_matcher;
struct krsi_question;
struct krsi_processes;

/** How a matcher is made. */
enum krsi_matcher_flags {
	/**
	 * Look at this machine: paths of the policies are looked up, so that files are found by their identity
	 * as well, and `host` is the namespaces of the first process. Without it the answers are the same
	 * on every machine.
	 */
	KRSI_MATCHER_RESOLVE = 1,
};

/** Wishes for a matcher. */
struct krsi_matcher_opts {
	size_t sz;		/**< sizeof(struct krsi_matcher_opts), set by the caller */
	uint32_t flags;		/**< bitwise OR of enum krsi_matcher_flags */
	uint32_t reserved;	/**< must be 0 */
};

/** What the policies say of a question. All texts are valid as long as the matcher, the tags until it decides again. */
struct krsi_decision_info {
	size_t sz;		/**< sizeof(struct krsi_decision_info), set by the caller */
	/**
	 * "allow", "audit", "deny", "kill" or "signal", as in a policy's actions; with KRSI_EVENT_WOULD what it
	 * would be if the rule were enforced. "audit": it is allowed, and told.
	 */
	const char *word;
	const char *policy;	/**< that the rule is in; NULL when no rule decides and none tells */
	const char *rule;	/**< that decides; of an audit the first that tells; "default" for the policy's default; or NULL */
	uint32_t verdict;	/**< enum krsi_event_verdict of the word */
	uint32_t flags;		/**< bits of enum krsi_event_flags */
	uint32_t error;		/**< positive errno of the refusal, also of one that is not carried out; 0 when there is none */
	uint32_t signal;	/**< that the subject is sent, or would be; 0 when there is none */
	uint32_t report_count;	/**< events that would be told: see krsi_matcher_report() */
	uint32_t tag_count;	/**< tags that were put on the subject: see krsi_matcher_tag() */
};

/** One event that a question would make. */
struct krsi_report_info {
	size_t sz;		/**< sizeof(struct krsi_report_info), set by the caller */
	const char *policy;	/**< that the rule is in */
	const char *rule;	/**< "default" for the policy's default */
	uint32_t verdict;	/**< enum krsi_event_verdict */
	uint32_t flags;		/**< bits of enum krsi_event_flags */
	uint32_t error;		/**< positive errno of a refusal; 0 when it is none */
	uint32_t signal;	/**< that the subject is sent; 0 when there is none */
};

/**
 * @brief Make a matcher of policies, which are asked in their order.
 *
 * The policies may be freed afterwards.
 *
 * @param ctx       context the matcher belongs to
 * @param policies  frozen policies with names that differ; the strictest of their verdicts wins
 * @param count     how many, at most 64
 * @param opts      options, or NULL for all defaults
 * @param ret       receives the matcher, to free with krsi_matcher_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL      an argument is NULL, two policies have one name, `opts->sz` not set, or a flag unknown
 * @retval -EBADFD      a policy is not frozen
 * @retval -E2BIG       more than the engine has room for, or `opts` has a member that this library does not know
 * @retval -EOPNOTSUPP  a rule wants what the engine does not have; the detail names it and the fix
 * @retval -ENOMEM      no memory
 * @retval -EIO         there are no random numbers
 * @since 1.0
 */
KRSI_API int krsi_matcher_new(struct krsi_ctx *ctx, struct krsi_policy *const *policies, size_t count,
			      const struct krsi_matcher_opts *opts, struct krsi_matcher **ret);

/**
 * @brief Free a matcher.
 * @param matcher  the matcher, or NULL
 * @since 1.0
 */
KRSI_API void krsi_matcher_free(struct krsi_matcher *matcher);

/**
 * @brief Begin a question. Nothing is known yet but the operation.
 *
 * @param ctx        context the question belongs to
 * @param operation  one operation, such as "file.open"; groups are several
 * @param ret        receives the question, to free with krsi_question_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL, or there is no such operation; the detail has the nearest
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_question_new(struct krsi_ctx *ctx, const char *operation, struct krsi_question **ret);

/**
 * @brief Say one thing of the operation, in place of what was said of it.
 *
 * Keys are those of the policy language, "subject." or "object." in front: "subject.exe", "subject.uid",
 * "subject.namespaces.mnt", "object.path", "object.port". Values are written as there, but are one thing, no
 * pattern, network or range: in paths and other texts a backslash stands before `* ? [ {` and itself.
 *
 * `subject.parent` is the process that started it, and has a `parent` again, and so on;
 * `subject.descendant_of` is one further up. The first `subject.gid` is the effective group, others are supplementary.
 * `object.unresolved` is `true` for a file that could not be identified. Of an operation on two files the attributes
 * are those of the first.
 *
 * @param question  the question
 * @param key       the key
 * @param value     the value
 * @return 0 on success, or, with nothing changed,
 * @retval -EINVAL      an argument is NULL, no such key, the operation does not know it, or the value is no
 *                      such thing; the detail says which, and the nearest words
 * @retval -EOPNOTSUPP  the key is of the language, but the engine does not look at it yet
 * @retval -ENOMEM      no memory
 * @since 1.0
 */
KRSI_API int krsi_question_set(struct krsi_question *question, const char *key, const char *value);

/**
 * @brief Say one more thing of a key that can have several values.
 *
 * They are: `gid`, `capabilities` and `tag` of a process, `path` (the two names of a rename),
 * `identity` (of the files in that order), `facts` and `capability`; and `exe` and `script`, which can have a path
 * and an identity.
 *
 * @param question  the question
 * @param key       as for krsi_question_set()
 * @param value     as for krsi_question_set()
 * @return 0 on success, or, with nothing changed,
 * @retval -EINVAL      as krsi_question_set()
 * @retval -EEXIST      the key has a value and can have one only
 * @retval -E2BIG       an operation is about four files at most
 * @retval -EOPNOTSUPP  as krsi_question_set()
 * @retval -ENOMEM      no memory
 * @since 1.0
 */
KRSI_API int krsi_question_add(struct krsi_question *question, const char *key, const char *value);

/**
 * @brief The same for a path or another text as it is, byte by byte, without any backslash having a meaning.
 *
 * Paths are absolute here as well, and without `.`, `..` and `//`.
 *
 * @param question  the question
 * @param key       a key whose values are paths or texts
 * @param bytes     the bytes; copied
 * @param size      how many, at most 4095
 * @return 0 on success, or as krsi_question_add()
 * @retval -EINVAL      as krsi_question_add(), or the key has other values
 * @retval -EEXIST      as krsi_question_add()
 * @retval -E2BIG       as krsi_question_add()
 * @retval -EOPNOTSUPP  as krsi_question_add()
 * @retval -ENOMEM      no memory
 * @since 1.0
 */
KRSI_API int krsi_question_add_bytes(struct krsi_question *question, const char *key, const void *bytes,
				     size_t size);

/**
 * @brief Ask again what was answered by an event, of other policies perhaps.
 *
 * The question knows what the event does: not the supplementary groups, tags, scripts, types of file systems, names of
 * modules and places of mounts. What has no whole path is unresolved, as it was then.
 *
 * @param ctx        context the question belongs to
 * @param event      of KRSI_EVENT_KIND_RULE, from an engine or from a recording
 * @param processes  table of the processes at that time, for whom the subject descends from, and for targets; NULL: these are not known
 * @param ret        receives the question, to free with krsi_question_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL, or the event has a value that no operation can have
 * @retval -ENOENT  the event is of no operation
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_question_event(struct krsi_ctx *ctx, const struct krsi_event *event, struct krsi_processes *processes,
				 struct krsi_question **ret);

/**
 * @brief Free a question.
 * @param question  the question, or NULL
 * @since 1.0
 */
KRSI_API void krsi_question_free(struct krsi_question *question);

/**
 * @brief Ask.
 *
 * Each question stands for itself: limits of events swallow nothing, and tags that a rule puts on the subject are
 * told but not remembered.
 *
 * @param matcher   the matcher; it keeps the reports of this question until the next one
 * @param question  the question; it can be asked again
 * @param info      filled, at most `info->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_matcher_decide(struct krsi_matcher *matcher, const struct krsi_question *question,
				 struct krsi_decision_info *info);

/**
 * @brief An event that the last question would make.
 *
 * @param matcher  the matcher
 * @param index    from 0, in the order in which the rules are asked
 * @param info     filled, at most `info->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @retval -ENOENT  there are not so many
 * @since 1.0
 */
KRSI_API int krsi_matcher_report(const struct krsi_matcher *matcher, size_t index, struct krsi_report_info *info);

/**
 * @brief What the policies look at for an operation, and the event that a question was made of does not tell.
 *
 * As long as there is anything, a kernel that knew it could have decided otherwise. It is never more than the keys
 * of rules that name the operation, whether these rules came to be asked or not.
 *
 * @param matcher   the matcher
 * @param question  from krsi_question_event(); of others nothing is missing, as what they do not say is not so
 * @param index     from 0
 * @return a key as of krsi_question_set(), such as "subject.tag", valid until the next such call; NULL past the last one, or
 *         an argument is NULL
 * @since 1.0
 */
KRSI_API const char *krsi_matcher_unknown(struct krsi_matcher *matcher, const struct krsi_question *question, size_t index);

/**
 * @brief A tag that the last question put on the subject.
 * @param matcher  the matcher
 * @param index    from 0
 * @return its name, valid until the matcher is asked again; NULL past the last one
 * @since 1.0
 */
KRSI_API const char *krsi_matcher_tag(const struct krsi_matcher *matcher, size_t index);

KRSI_END_DECLS

#endif
