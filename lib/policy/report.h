/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What is wrong with a policy, collected while it is read, and told at once in the order of the file.
 *
 * Whoever finds a mistake reports it and goes on, so that the user hears of all of them. Want of
 * memory is no mistake of the user's: it is noted, and nothing else is told then.
 */
#ifndef KRSI_PRIV_POLICY_REPORT_H
#define KRSI_PRIV_POLICY_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libkrsi/policy.h>

#include "../ctx.h"
#include "../text.h"
#include "arena.h"

#define KRSI_PRIV_ERRORS_MAX 20
#define KRSI_PRIV_WARNINGS_MAX 100

/* Where something stands: in a file, or, when it was built in C, under which key of which rule. */
struct krsi_priv_place {
	uint32_t line, column;	/* from 1; 0 when it was built in C */
	const char *path;	/* "rule web: object.path"; NULL when it was read from a text */
};

struct krsi_priv_remark {
	struct krsi_priv_place place;
	char *text;
};

struct krsi_priv_report {
	struct krsi_ctx *ctx;
	const char *source;	/* file name, or name of the policy; begins each line */
	krsi_policy_message_fn message;	/* may be NULL */
	void *message_data;
	struct krsi_priv_arena arena;
	struct krsi_priv_remark errors[KRSI_PRIV_ERRORS_MAX];
	struct krsi_priv_remark warnings[KRSI_PRIV_WARNINGS_MAX];
	size_t error_count, warning_count;
	bool stopped;		/* there was no room for another error */
	bool no_memory;
};

void krsi_priv_report_error(struct krsi_priv_report *report, struct krsi_priv_place place,
			    const char *fmt, ...) KRSI_PRIV_PRINTF(3, 4);
void krsi_priv_report_warning(struct krsi_priv_report *report, struct krsi_priv_place place,
			      const char *fmt, ...) KRSI_PRIV_PRINTF(3, 4);

/* Note that there is no memory. Always false, for the caller to return. */
bool krsi_priv_report_no_memory(struct krsi_priv_report *report);

/* Whether it is pointless to go on: the table of errors is full, or there is no memory. */
bool krsi_priv_report_is_full(const struct krsi_priv_report *report);

/* Nothing was reported but warnings. */
bool krsi_priv_report_is_clean(const struct krsi_priv_report *report);

/* Put errors and warnings into the order of the file. */
void krsi_priv_report_sort(struct krsi_priv_report *report);

/* Tell everything: 0, -EBADMSG or -ENOMEM with the context's detail set. */
int krsi_priv_report_tell(struct krsi_priv_report *report);

/* The line that a remark makes: "web.yaml:3:5: text". Cut to fit. */
void krsi_priv_remark_format(const struct krsi_priv_report *report,
			     const struct krsi_priv_remark *remark, char *line, size_t size);

void krsi_priv_report_free(struct krsi_priv_report *report);

/* Text of the user, between quotes, with escapes for what is not printable, and cut when it is long. */
struct krsi_priv_quoted {
	char text[96];
};
struct krsi_priv_quoted krsi_priv_quote(const char *text);

/* The end of a message: ", did you mean A?" or nothing. */
struct krsi_priv_hint {
	char text[256];
};
struct krsi_priv_hint krsi_priv_hint(const char *wrong, krsi_priv_name_fn name, const void *list);


#endif
