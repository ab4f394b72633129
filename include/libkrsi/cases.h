/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief Test cases for policies: questions with the answers that they shall have, read from YAML.
 *
 * docs/testing-policies.md has the format. `krsi test` is a loop over krsi_cases_run().
 *
 * Threads: as in libkrsi/ctx.h.
 */
#ifndef LIBKRSI_CASES_H
#define LIBKRSI_CASES_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/ctx.h>
#include <libkrsi/macros.h>
#include <libkrsi/matcher.h>

KRSI_BEGIN_DECLS

struct krsi_cases;

/** Wishes for reading cases. */
struct krsi_cases_opts {
	size_t sz;		/**< sizeof(struct krsi_cases_opts), set by the caller */
	const char *file_name;	/**< for messages; NULL: the path as given, or "cases". Borrowed for the call. */
};

/** What krsi_cases_run() tells. Texts are valid until the next run of a case of the same file. */
struct krsi_case_info {
	size_t sz;		/**< sizeof(struct krsi_case_info), set by the caller */
	const char *name;	/**< the case's */
	const char *operation;	/**< such as "file.open" */
	const char *expected;	/**< as in a cases file, such as "deny: EACCES by rule web/shadow" */
	const char *got;	/**< the same of the answer, with the rule where one decides or tells */
	uint32_t passed;	/**< 1 when they agree */
	uint32_t line;		/**< where the case begins, from 1 */
	uint32_t column;	/**< in characters, from 1 */
	uint32_t reserved;	/**< 0 */
};

/**
 * @brief Read cases from a file.
 *
 * Up to 20 errors are reported at once, in krsi_ctx_error_detail() one per line:
 * "cases.yaml:7:5: what is wrong; how to mend it".
 *
 * @param ctx   context the cases belong to
 * @param path  the file, at most 16 MiB of UTF-8; not a symbolic link
 * @param opts  options, or NULL for all defaults
 * @param ret   receives the cases, to free with krsi_cases_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL   an argument is NULL or `opts->sz` not set
 * @retval -E2BIG    `opts` has a member that this library does not know
 * @retval -ENOENT   no such file
 * @retval -EACCES   the file cannot be read, or is a symbolic link
 * @retval -EBADMSG  not a regular file, too large, or not a list of cases
 * @retval -EMFILE   no file descriptor left
 * @retval -ENOMEM   no memory
 * @retval -EIO      reading failed, or the file changed meanwhile
 * @since 1.0
 */
KRSI_API int krsi_cases_open(struct krsi_ctx *ctx, const char *path, const struct krsi_cases_opts *opts,
			     struct krsi_cases **ret);

/**
 * @brief Read cases from memory.
 *
 * @param ctx   context the cases belong to
 * @param text  YAML in UTF-8; copied, needs no NUL at its end
 * @param size  how many bytes, at most 16 MiB
 * @param opts  options, or NULL for all defaults
 * @param ret   receives the cases, to free with krsi_cases_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL   an argument is NULL or `opts->sz` not set
 * @retval -E2BIG    `opts` has a member that this library does not know
 * @retval -EBADMSG  not a list of cases; the detail has all errors
 * @retval -ENOMEM   no memory
 * @since 1.0
 */
KRSI_API int krsi_cases_parse(struct krsi_ctx *ctx, const char *text, size_t size,
			      const struct krsi_cases_opts *opts, struct krsi_cases **ret);

/**
 * @brief Free cases.
 * @param cases  the cases, or NULL
 * @since 1.0
 */
KRSI_API void krsi_cases_free(struct krsi_cases *cases);

/**
 * @brief How many there are.
 * @param cases  the cases
 * @return the number; they are numbered from 0 in their order
 * @since 1.0
 */
KRSI_API size_t krsi_cases_count(const struct krsi_cases *cases);

/**
 * @brief Ask a case's question, and compare the answer with what the case expects.
 *
 * That the answer is another one is no failure of this function.
 *
 * @param cases    the cases
 * @param index    number of the case
 * @param matcher  of the policies that are tested
 * @param info     filled, at most `info->sz` bytes of it
 * @return 0 when it was asked, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @retval -ENOENT  `index` is past the end
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_cases_run(struct krsi_cases *cases, size_t index, struct krsi_matcher *matcher,
			    struct krsi_case_info *info);

KRSI_END_DECLS

#endif
