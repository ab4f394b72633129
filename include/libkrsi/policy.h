/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief Policies: rules in words, read from YAML or built call by call, checked as a whole.
 *
 * A policy says which operations of which processes on which objects are allowed, reported,
 * refused or punished. docs/policy.md is the reference of the language. The calls that build one
 * take the same words as the file does, so what is written `object: { path: /etc/shadow }` there is
 * krsi_rule_add(rule, "object.path", "/etc/shadow") here.
 *
 * A policy is open while it is built, and frozen once it is checked; only a frozen one can be used,
 * and it never changes again. What was parsed is frozen. Nothing here asks anything of the kernel or
 * needs privilege; names of users and groups are looked up in the system's databases.
 *
 * Threads: as in libkrsi/ctx.h.
 */
#ifndef LIBKRSI_POLICY_H
#define LIBKRSI_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/ctx.h>
#include <libkrsi/macros.h>

KRSI_BEGIN_DECLS

struct krsi_policy;
struct krsi_rule;

/** What becomes of a verdict. Numbers are ABI: new ones go at the end. */
enum krsi_policy_mode {
	KRSI_POLICY_ENFORCE = 1,	/**< it is carried out */
	KRSI_POLICY_PERMISSIVE = 2,	/**< it is only reported */
};

/** How to read a policy. */
enum krsi_policy_flags {
	/**
	 * Refuse a file that somebody else could have written: one that its group or others may
	 * write, or that belongs neither to root nor to the effective user of this process.
	 */
	KRSI_POLICY_TRUSTED_FILE = 1,
};

/**
 * @brief Receives one remark on a policy: what krsi_ctx_error_detail() has in one text, piece by piece.
 *
 * It runs in the middle of the call that reads or freezes the policy, in the order of the lines,
 * and must not call back into the same context.
 *
 * @param data    as given in the options
 * @param level   KRSI_LOG_ERROR or KRSI_LOG_WARN
 * @param line    from 1; 0 for a policy that was built call by call
 * @param column  in characters, from 1; 0 for a policy that was built call by call
 * @param text    what is wrong and how to mend it, one line, valid during the call only
 */
typedef void (*krsi_policy_message_fn)(void *data, int level, uint32_t line, uint32_t column,
				       const char *text);

/** Wishes for reading a policy. All pointers are borrowed for the call. */
struct krsi_policy_opts {
	size_t sz;			/**< sizeof(struct krsi_policy_opts), set by the caller */
	const char *file_name;		/**< for messages; NULL: the path as given, or "policy" */
	krsi_policy_message_fn message;	/**< receives each error and warning; NULL for none */
	void *message_data;		/**< handed to `message`; not touched by the library */
	uint32_t flags;			/**< bitwise OR of enum krsi_policy_flags */
	uint32_t reserved;		/**< must be 0 */
};

/**
 * @brief Read a policy from a file.
 *
 * The file itself must be named, not a symbolic link to it. It is read once, and may be replaced
 * afterwards. Up to 20 errors are reported at once, in krsi_ctx_error_detail() one per line:
 * "web.yaml:7:5: what is wrong; how to mend it".
 *
 * @param ctx   context the policy belongs to
 * @param path  the file, at most 16 MiB of UTF-8
 * @param opts  options, or NULL for all defaults
 * @param ret   receives the policy, frozen, to free with krsi_policy_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL   an argument is NULL, `opts->sz` not set, or a flag unknown
 * @retval -E2BIG    `opts` has a member that this library does not know
 * @retval -ENOENT   no such file
 * @retval -EACCES   the file cannot be read, is a symbolic link, or is not to be trusted
 * @retval -EBADMSG  not a regular file, too large, or not a policy
 * @retval -EMFILE   no file descriptor left
 * @retval -ENOMEM   no memory
 * @retval -EIO      reading failed, or the file changed meanwhile
 * @since 1.0
 */
KRSI_API int krsi_policy_open(struct krsi_ctx *ctx, const char *path,
			      const struct krsi_policy_opts *opts, struct krsi_policy **ret);

/**
 * @brief Read a policy from memory.
 *
 * @param ctx   context the policy belongs to
 * @param text  YAML in UTF-8; copied, needs no NUL at its end
 * @param size  how many bytes, at most 16 MiB
 * @param opts  options, or NULL for all defaults; KRSI_POLICY_TRUSTED_FILE means nothing here and is refused
 * @param ret   receives the policy, frozen, to free with krsi_policy_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL   an argument is NULL, `opts->sz` not set, or a flag unknown
 * @retval -E2BIG    `opts` has a member that this library does not know
 * @retval -EBADMSG  not a policy; the detail has all errors
 * @retval -ENOMEM   no memory
 * @since 1.0
 */
KRSI_API int krsi_policy_parse(struct krsi_ctx *ctx, const char *text, size_t size,
			       const struct krsi_policy_opts *opts, struct krsi_policy **ret);

/**
 * @brief Begin a policy without a file. It is open, and has no rules yet.
 *
 * @param ctx   context the policy belongs to
 * @param name  its name; checked with everything else by krsi_policy_freeze()
 * @param ret   receives the policy, to free with krsi_policy_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_policy_new(struct krsi_ctx *ctx, const char *name, struct krsi_policy **ret);

/**
 * @brief Give a key of an open policy one value, in place of what it had.
 *
 * @param policy  the policy
 * @param key     as in the file, levels joined by dots: "mode", "on_unresolved", "scope.cgroup",
 *                "default.network.connect", "default.file.write.deny"
 * @param value   as in the file, without YAML's quotes: "permissive"; copied
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL, or the key cannot be one: it has an empty level or too many,
 *                  or it is `rules`, for which there is krsi_policy_add_rule()
 * @retval -EEXIST  the key has keys of its own already, or the one above it a value of its own
 * @retval -EBADFD  the policy is frozen
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_policy_set(struct krsi_policy *policy, const char *key, const char *value);

/**
 * @brief Add a value to the list of a key of an open policy, such as "scope.uid".
 *
 * @param policy  the policy
 * @param key     as for krsi_policy_set()
 * @param value   as for krsi_policy_set(); "!" in front of it excludes it
 * @return 0 on success, or as krsi_policy_set()
 * @retval -EINVAL  an argument is NULL, or the key cannot be one
 * @retval -EEXIST  the key has keys of its own already, or the one above it a value of its own
 * @retval -EBADFD  the policy is frozen
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_policy_add(struct krsi_policy *policy, const char *key, const char *value);

/**
 * @brief Add a rule to the end of an open policy. The first rule that decides wins.
 *
 * @param policy  the policy
 * @param name    its name, which events and messages carry; must differ from the other rules' names
 * @param ret     receives the rule, which belongs to the policy: it is not freed, and is not to be used
 *                after the policy; untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL
 * @retval -EBADFD  the policy is frozen
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_policy_add_rule(struct krsi_policy *policy, const char *name,
				  struct krsi_rule **ret);

/**
 * @brief Give a key of a rule one value, in place of what it had.
 *
 * @param rule   the rule
 * @param key    as in the file, levels joined by dots: "on", "action", "action.deny", "limit",
 *               "subject.parent.exe"
 * @param value  as in the file, without YAML's quotes: "EACCES"; copied
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL, or the key cannot be one: it has an empty level or too many
 * @retval -EEXIST  the key has keys of its own already, or the one above it a value of its own
 * @retval -EBADFD  the policy is frozen
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_rule_set(struct krsi_rule *rule, const char *key, const char *value);

/**
 * @brief Add a value to the list of a key of a rule, such as "object.path".
 *
 * @param rule   the rule
 * @param key    as for krsi_rule_set()
 * @param value  as for krsi_rule_set(); "!" in front of it excludes it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL, or the key cannot be one
 * @retval -EEXIST  the key has keys of its own already, or the one above it a value of its own
 * @retval -EBADFD  the policy is frozen
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_rule_add(struct krsi_rule *rule, const char *key, const char *value);

/**
 * @brief Check a policy as a whole, and close it to changes.
 *
 * Up to 20 errors are reported at once, in krsi_ctx_error_detail() one per line:
 * "web: rule no-tmp: object.path: what is wrong; how to mend it". A policy that is refused stays
 * open, and can be changed and frozen again.
 *
 * @param policy  the policy
 * @return 0 on success, or
 * @retval -EINVAL    `policy` is NULL
 * @retval -EALREADY  it is frozen
 * @retval -EBADMSG   it is no policy; the detail has all errors
 * @retval -ENOMEM    no memory
 * @since 1.0
 */
KRSI_API int krsi_policy_freeze(struct krsi_policy *policy);

/**
 * @brief Free a policy and its rules.
 * @param policy  the policy, or NULL
 * @since 1.0
 */
KRSI_API void krsi_policy_free(struct krsi_policy *policy);

/**
 * @brief The policy's name.
 * @param policy  the policy, open or frozen
 * @return the name, valid as long as the policy
 * @since 1.0
 */
KRSI_API const char *krsi_policy_name(const struct krsi_policy *policy);

/**
 * @brief What becomes of its verdicts, unless a rule says otherwise.
 * @param policy  the policy
 * @return enum krsi_policy_mode; 0 while the policy is open
 * @since 1.0
 */
KRSI_API uint32_t krsi_policy_mode(const struct krsi_policy *policy);

/**
 * @brief How many rules it has.
 * @param policy  the policy
 * @return the number, 0 while the policy is open; rules are numbered from 0 in their order
 * @since 1.0
 */
KRSI_API size_t krsi_policy_rule_count(const struct krsi_policy *policy);

/**
 * @brief The name of a rule.
 * @param policy  the policy
 * @param index   number of the rule
 * @return the name, valid as long as the policy; NULL past the last one
 * @since 1.0
 */
KRSI_API const char *krsi_policy_rule_name(const struct krsi_policy *policy, size_t index);

/** What krsi_policy_rule_info() tells. Strings are valid as long as the policy. */
struct krsi_policy_rule_info {
	size_t sz;		/**< sizeof(struct krsi_policy_rule_info), set by the caller */
	const char *name;	/**< as krsi_policy_rule_name() has it */
	const char *action;	/**< "allow", "audit", "deny", "kill", "signal" (another one than kill) or "tag" */
	uint32_t mode;		/**< enum krsi_policy_mode: the rule's own, or else the policy's */
	uint32_t error;		/**< positive errno that it denies with, else 0 */
	uint32_t signal;	/**< signal that it sends, else 0 */
	uint32_t reserved;	/**< 0 */
};

/**
 * @brief What a rule does.
 *
 * @param policy  the policy, frozen
 * @param index   number of the rule
 * @param info    filled, at most `info->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @retval -ENOENT  it has no such rule, or is open
 * @since 1.0
 */
KRSI_API int krsi_policy_rule_info(const struct krsi_policy *policy, size_t index, struct krsi_policy_rule_info *info);

/**
 * @brief What is allowed, but likely not meant: rules that never decide, entries that stand twice.
 * @param policy  the policy, frozen
 * @param index   number of the warning, from 0
 * @return one line such as "web.yaml:7:5: ...", valid as long as the policy; NULL past the last one
 * @since 1.0
 */
KRSI_API const char *krsi_policy_warning(const struct krsi_policy *policy, size_t index);

/**
 * @brief Print a policy as YAML, one way of writing it for each meaning.
 *
 * Comments and the order of keys are not kept, the order of rules and of lists is. Reading the text gives an equal policy.
 *
 * @param policy  the policy, frozen
 * @param text    receives the text, to free with free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL
 * @retval -EBADFD  the policy is open
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_policy_print(const struct krsi_policy *policy, char **text);

KRSI_END_DECLS

#endif
