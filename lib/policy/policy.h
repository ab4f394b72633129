/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A policy as the rest of the library sees it: what the compiler to kernel maps and the matcher in
 * user space are written against. It is complete and consistent, as it was checked before it came
 * to be (read.c, check.c), and it never changes.
 *
 * A rule applies to an operation when the operation is in its mask, the conditions on its subject
 * and on its object hold, and not all of its exception's do. A condition is a key with a list of entries: it holds when there are no positive entries or one of
 * them fits, and none of the negated ones does. Where the thing has several values (the names of a
 * rename, the arguments of an exec), an entry fits when it fits one of them.
 */
#ifndef KRSI_PRIV_POLICY_H
#define KRSI_PRIV_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libkrsi/policy.h>

#include "arena.h"
#include "keys.h"
#include "operations.h"
#include "pattern.h"
#include "report.h"

#define KRSI_PRIV_RULES_MAX 4096
#define KRSI_PRIV_PATTERNS_MAX 65536			/* after {} is expanded */
#define KRSI_PRIV_PATTERN_BYTES_MAX ((size_t)8 << 20)	/* after {} is expanded */
#define KRSI_PRIV_ENTRIES_MAX 65536			/* addresses, digests, numbers, names */
#define KRSI_PRIV_NAME_MAX 63				/* bytes of the names of policies, rules and tags */

struct krsi_priv_conditions;

/* Both ends belong to it. A name that was written for a number is kept for printing. */
struct krsi_priv_range {
	uint64_t min, max;
	const char *name;	/* of a user or a group; NULL when it was a number */
};

struct krsi_priv_identity {
	uint32_t major, minor;	/* of the file system's device */
	uint64_t inode;
};

/* An IPv4 address stands in the first four bytes, and also means its v4-mapped IPv6 form. */
struct krsi_priv_network {
	uint8_t family;		/* AF_INET or AF_INET6 */
	uint8_t prefix;		/* bits; those behind them are 0 */
	uint8_t bytes[16];
};

struct krsi_priv_digest {
	uint8_t algorithm;	/* HASH_ALGO_* of linux/hash_info.h */
	uint8_t size;
	uint8_t bytes[64];
};

/* NAME or NAME=VALUE */
struct krsi_priv_pair {
	const struct krsi_priv_pattern *name;
	const struct krsi_priv_pattern *value;	/* NULL: any */
};

/* Which member of an entry's union is set. A key may have entries of two forms (exe, unix_path). */
enum krsi_priv_form {
	KRSI_PRIV_FORM_PATTERN = 1,	/* pattern */
	KRSI_PRIV_FORM_ABSTRACT,	/* pattern: a unix address without a file, the @ left out */
	KRSI_PRIV_FORM_RANGE,		/* range: numbers and words, whose numbers are in words.h */
	KRSI_PRIV_FORM_HOST,		/* nothing: the namespace of the first process */
	KRSI_PRIV_FORM_MASK,		/* mask: all these bits are set */
	KRSI_PRIV_FORM_NAME,		/* name: exactly this text */
	KRSI_PRIV_FORM_IDENTITY,	/* identity */
	KRSI_PRIV_FORM_NETWORK,		/* network */
	KRSI_PRIV_FORM_DIGEST,		/* digest */
	KRSI_PRIV_FORM_PAIR,		/* pair */
	KRSI_PRIV_FORM_SUBJECT,		/* subject: a process for which all of this holds */
};

struct krsi_priv_entry {
	uint8_t form;		/* enum krsi_priv_form */
	bool negated;
	struct krsi_priv_place place;
	union {
		const struct krsi_priv_pattern *pattern;
		struct krsi_priv_range range;
		uint32_t mask;
		const char *name;
		struct krsi_priv_identity identity;
		struct krsi_priv_network network;
		const struct krsi_priv_digest *digest;
		struct krsi_priv_pair pair;
		const struct krsi_priv_conditions *subject;
	};
};

struct krsi_priv_condition {
	uint8_t key;		/* enum krsi_priv_key */
	uint32_t count;		/* at least one */
	struct krsi_priv_place place;
	struct krsi_priv_entry *entries;
};

/* All must hold. No two have the same key; they are sorted by it. None: anything will do. */
struct krsi_priv_conditions {
	uint32_t count;
	struct krsi_priv_condition *conditions;
};

enum krsi_priv_verdict {
	KRSI_PRIV_ALLOW = 1,	/* decides */
	KRSI_PRIV_AUDIT,	/* reports and goes on */
	KRSI_PRIV_DENY,		/* decides: `error` */
	KRSI_PRIV_SIGNAL,	/* decides: refuses with EPERM and sends `signal` to the subject; kill is SIGKILL */
	KRSI_PRIV_TAG,		/* puts `tag` on the subject and goes on */
};

struct krsi_priv_action {
	uint8_t verdict;	/* enum krsi_priv_verdict */
	uint8_t signal;
	uint16_t error;		/* a positive errno */
	bool tree;		/* the tag also goes to all that descend from the subject later */
	const char *tag;	/* NULL when it is no tag */
};

/* At most `count` events in that time; count 0: all of them. */
struct krsi_priv_limit {
	uint32_t count, seconds;
};

/* A word of `on`, for printing: krsi_priv_operation_word() */
struct krsi_priv_on {
	uint16_t word;
	bool negated;
};

struct krsi_priv_rule {
	const char *name;
	struct krsi_priv_place place, on_place, action_place;
	uint64_t operations;	/* KRSI_PRIV_OP_BIT() */
	struct krsi_priv_on *on;
	uint32_t on_count;
	struct krsi_priv_conditions subject, object;
	bool has_exception;
	struct krsi_priv_conditions except_subject, except_object;	/* all must hold for the rule not to apply */
	struct krsi_priv_action action;
	struct krsi_priv_limit limit;
	uint8_t mode;		/* enum krsi_policy_mode; 0: the policy's */
	bool already_open;
	bool report;		/* an event is made of it, */
	bool audit;		/* and a record of the kernel's audit system */
};

/* What becomes of an operation that no rule decides. */
struct krsi_priv_default {
	uint16_t error;		/* a positive errno to refuse it with; 0: allow */
	uint16_t word;		/* under which word it stands, for messages */
	bool is_set;
};

/* A word of `default`, for printing. */
struct krsi_priv_default_word {
	uint16_t word;
	uint16_t error;
	struct krsi_priv_place place;
};

struct krsi_policy {
	struct krsi_ctx *ctx;
	struct krsi_priv_arena arena;	/* everything below */
	bool frozen;
	const char *name;
	uint8_t mode;			/* enum krsi_policy_mode */
	uint8_t on_unresolved;		/* KRSI_PRIV_DENY, _AUDIT or _ALLOW */
	struct krsi_priv_conditions scope;	/* a subject outside of it is none of this policy's business */
	struct krsi_priv_default defaults[KRSI_PRIV_OP_END];
	struct krsi_priv_default_word *default_words;
	uint32_t default_word_count;
	struct krsi_priv_rule *rules;
	uint32_t rule_count;
	const char **warnings;
	size_t warning_count;

	/* Of a policy that is built in C: what it was built of. */
	struct krsi_priv_arena built;
	struct krsi_priv_node *root;	/* NULL when it was parsed */
};

/* Whether a rule of that action ends the search for a verdict. */
bool krsi_priv_action_decides(const struct krsi_priv_action *action);

/* The condition on a key, or NULL. */
const struct krsi_priv_condition *krsi_priv_conditions_find(const struct krsi_priv_conditions *of,
							    enum krsi_priv_key key);

#endif
