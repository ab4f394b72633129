/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The words of the language: tables that the reader, the printer, the checks and the test of
 * docs/policy.md go by. A word that is not in one of them does not exist.
 */
#ifndef KRSI_PRIV_POLICY_LANGUAGE_H
#define KRSI_PRIV_POLICY_LANGUAGE_H

#include <stdio.h>

#include "node.h"
#include "policy.h"

/* --- operations (operations.c) ------------------------------------------- */

enum krsi_priv_operation_flags {
	KRSI_PRIV_OP_NO_DENY = 1,	/* no kernel asks before it happens */
	KRSI_PRIV_OP_STAYS_OPEN = 2,	/* what it opened can be used later: already_open */
};

struct krsi_priv_operation {
	const char *name;
	uint64_t also;		/* operations that its word means as well: other ways to the same end */
	uint64_t keys;		/* of objects: what makes sense for it */
	uint8_t flags;
};

/* `number` is an enum krsi_priv_operation_number. */
const struct krsi_priv_operation *krsi_priv_operation(unsigned int number);

/*
 * The words of `on` and `default`: operations by their number, then groups. A word is known by its
 * place among them. NULL past the end; the first, which is no operation, is "".
 */
const char *krsi_priv_operation_word(size_t word);
bool krsi_priv_operation_find(const char *name, size_t *word);
struct krsi_priv_hint krsi_priv_operation_hint(const char *wrong);

/* All operations that a word means. */
uint64_t krsi_priv_operation_mask(size_t word);

/* "a, b, c and 5 more": names of operations for messages, cut to fit. */
struct krsi_priv_names {
	char text[256];
};
struct krsi_priv_names krsi_priv_operation_names(uint64_t mask);

/* --- words that stand for numbers (words.c) ------------------------------ */

struct krsi_priv_word {
	const char *name;	/* NULL ends a table */
	uint32_t number;
};

extern const struct krsi_priv_word krsi_priv_words_type[];		/* S_IFREG, ... */
extern const struct krsi_priv_word krsi_priv_words_facts[];		/* enum krsi_priv_fact */
extern const struct krsi_priv_word krsi_priv_words_family[];		/* AF_INET, ... */
extern const struct krsi_priv_word krsi_priv_words_capability[];	/* CAP_CHOWN, ... */
extern const struct krsi_priv_word krsi_priv_words_algorithm[];		/* HASH_ALGO_SHA256, ... */
extern const struct krsi_priv_word krsi_priv_words_action[];		/* enum krsi_priv_verdict; kill is KRSI_PRIV_SIGNAL */
extern const struct krsi_priv_word krsi_priv_words_mode[];		/* enum krsi_policy_mode */
extern const struct krsi_priv_word krsi_priv_words_unresolved[];	/* enum krsi_priv_verdict */
extern const struct krsi_priv_word krsi_priv_words_boolean[];
extern const struct krsi_priv_word krsi_priv_words_report[];		/* enum krsi_priv_report_word */

/* What a rule makes besides its verdict. */
enum krsi_priv_report_word {
	KRSI_PRIV_REPORT_NONE,
	KRSI_PRIV_REPORT_EVENT,
	KRSI_PRIV_REPORT_AUDIT,		/* an event, and a record of the kernel's audit system */
};

/* What is known of a file besides its name. Numbers are ABI: new ones go at the end. */
enum krsi_priv_fact {
	KRSI_PRIV_FACT_MEMFD = 0,	/* made by memfd_create(2) */
	KRSI_PRIV_FACT_UNLINKED = 1,	/* no name is left */
	KRSI_PRIV_FACT_RUNNING = 2,	/* some process executes it */
	KRSI_PRIV_FACT_SETUID = 3,	/* executing it changes the user or, as setgid, the group */
	KRSI_PRIV_FACT_TMPFS = 4,	/* on a file system in memory */
	KRSI_PRIV_FACT_OVERLAY_UPPER = 5,	/* on the writable layer of an overlay */
};

bool krsi_priv_word_find(const struct krsi_priv_word *words, const char *name, uint32_t *number);
const char *krsi_priv_word_name(const struct krsi_priv_word *words, uint32_t number);
struct krsi_priv_hint krsi_priv_word_hint(const struct krsi_priv_word *words, const char *wrong);

/* Signals and errors by libc's tables. Numbers or NULL for what has no name. */
bool krsi_priv_signal_find(const char *name, uint32_t *number);
const char *krsi_priv_signal_name(uint32_t number);	/* without SIG */
struct krsi_priv_hint krsi_priv_signal_hint(const char *wrong);
bool krsi_priv_errno_find(const char *name, uint32_t *number);
struct krsi_priv_hint krsi_priv_errno_hint(const char *wrong);

/* --- reading (read.c has the root) --------------------------------------- */

struct krsi_priv_reader {
	struct krsi_policy *policy;
	struct krsi_priv_report *report;
	struct krsi_priv_arena *arena;		/* the policy's */
	/* Counted to the end, so that a message can say how far above the limit the policy is. */
	size_t patterns, pattern_bytes, entries;
	struct krsi_priv_place patterns_place, entries_place;	/* where the limit was passed */
};

/*
 * Everything that reads returns false after it reported what is wrong. One mistake does not stop
 * the others from being found.
 */
#define krsi_priv_wrong(r, place, ...) (krsi_priv_report_error((r)->report, (place), __VA_ARGS__), false)

/* A map's keys, each with what reads it. A table ends with a name that is NULL. */
struct krsi_priv_field {
	const char *name;
	bool (*read)(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into);
	bool required;
};

/* Read each key of a map. `what` is what has the keys, for messages: "a rule". */
bool krsi_priv_fields_read(struct krsi_priv_reader *r, const struct krsi_priv_node *map,
			   const struct krsi_priv_field *fields, const char *what, void *into);

/* The one value of a key, or NULL with a message: "`mode` wants WHAT, not a list". */
const char *krsi_priv_scalar(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			     const char *what);

/* The one value of a key, one of a table's words. */
bool krsi_priv_scalar_word(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			   const struct krsi_priv_word *words, const char *what, uint32_t *number);

/* The name of a policy, a rule or a tag: copied, or NULL with a message. */
const char *krsi_priv_name_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
				const char *text);

const char *krsi_priv_copy(struct krsi_priv_reader *r, const char *text);

extern const struct krsi_priv_field krsi_priv_policy_fields[];
extern const struct krsi_priv_field krsi_priv_rule_fields[];
extern const struct krsi_priv_field krsi_priv_action_fields[];
extern const struct krsi_priv_field krsi_priv_identity_fields[];
bool krsi_priv_rules_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *policy);
bool krsi_priv_defaults_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *policy);

/* --- conditions (conditions.c) ------------------------------------------- */

/* How the entries of a key are written: value_*.c */
struct krsi_priv_value {
	const char *what;	/* ends "wants ...": "a path pattern" */
	/* `text` is without the "!". Sets all of the entry but `negated` and `place`. NULL: only keys. */
	bool (*read)(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
		     struct krsi_priv_entry *entry);
	/* The same written as keys of its own; NULL when it cannot be. */
	bool (*read_map)(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			 struct krsi_priv_entry *entry);
	/* What `read` takes; NULL for FORM_SUBJECT, which is printed as keys. */
	void (*print)(FILE *file, const struct krsi_priv_entry *entry);
};

extern const struct krsi_priv_value krsi_priv_value_program, krsi_priv_value_path, krsi_priv_value_text,
	krsi_priv_value_unix_path, krsi_priv_value_source, krsi_priv_value_env, krsi_priv_value_xattr,
	krsi_priv_value_user, krsi_priv_value_group, krsi_priv_value_login, krsi_priv_value_port,
	krsi_priv_value_namespace, krsi_priv_value_mode, krsi_priv_value_type, krsi_priv_value_facts,
	krsi_priv_value_family, krsi_priv_value_signal, krsi_priv_value_capability, krsi_priv_value_tag,
	krsi_priv_value_filesystem, krsi_priv_value_identity, krsi_priv_value_address,
	krsi_priv_value_ima, krsi_priv_value_fsverity, krsi_priv_value_subject, krsi_priv_value_relative;

/* Where else than in a rule's subject or object a key may stand. */
enum krsi_priv_place_of_key {
	KRSI_PRIV_IN_SCOPE = 1,		/* `scope` of a policy */
	KRSI_PRIV_IN_RELATIVE = 2,	/* `parent` and `descendant_of` */
};

struct krsi_priv_key_info {
	const char *name;		/* "path" */
	const char *below;		/* the key above it: "namespaces" for namespaces.mnt; else NULL */
	const struct krsi_priv_value *value;
	uint8_t places;			/* bitwise OR of enum krsi_priv_place_of_key */
};

const struct krsi_priv_key_info *krsi_priv_key_info(enum krsi_priv_key key);

/* The keys that make sense in one place, as a mask. */
#define KRSI_PRIV_KEYS_SUBJECT (KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_SUBJECT_END) - 1)
#define KRSI_PRIV_KEYS_OBJECT ((KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_END) - 1) & ~KRSI_PRIV_KEYS_SUBJECT)
uint64_t krsi_priv_keys_scope(void);
uint64_t krsi_priv_keys_relative(void);

/* Read a map of conditions. `what` is what the map is, for messages: "subject". */
bool krsi_priv_conditions_read(struct krsi_priv_reader *r, const struct krsi_priv_node *map,
			       uint64_t keys, const char *what, struct krsi_priv_conditions *into);

/* The same for `unless`, whose keys are those of both sides, under `subject` and `object` or not. */
bool krsi_priv_exception_read(struct krsi_priv_reader *r, const struct krsi_priv_node *map,
			      struct krsi_priv_conditions *subject,
			      struct krsi_priv_conditions *object);

/* --- values that several files need -------------------------------------- */

/* Digits only. False and a message that says "a number" is wanted, or that it is above `max`. */
bool krsi_priv_number_read(struct krsi_priv_reader *r, struct krsi_priv_place place, const char *text,
			   const char *what, uint64_t max, uint64_t *number);

/* Count a pattern against the limits and parse it. NULL with a message, or past the limit without. */
bool krsi_priv_pattern_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			    const char *text, enum krsi_priv_pattern_kind kind,
			    const struct krsi_priv_pattern **pattern);

bool krsi_priv_identity_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			     const char *text, struct krsi_priv_entry *entry);
bool krsi_priv_identity_read_map(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
				 struct krsi_priv_entry *entry);
void krsi_priv_identity_print(FILE *file, const struct krsi_priv_entry *entry);

/* A total order of entries of one key, negation aside: 0 when they mean the same. */
int krsi_priv_entry_compare(const struct krsi_priv_entry *a, const struct krsi_priv_entry *b);

/*
 * Whether `wide` fits whenever `narrow` does; false when that is not plain to see. Negation aside.
 * `*work` counts down with each comparison; what is asked past 0 is answered with false.
 */
bool krsi_priv_entry_covers(const struct krsi_priv_entry *wide, const struct krsi_priv_entry *narrow,
			    size_t *work);

/* --- the whole ----------------------------------------------------------- */

/* From a tree to a policy, all checks made. False with something reported. */
bool krsi_priv_policy_read(struct krsi_policy *policy, struct krsi_priv_report *report,
			   const struct krsi_priv_node *root);

/* The same, telling what was reported: 0, or a negative errno with the policy as it was before. */
int krsi_priv_policy_fill(struct krsi_policy *policy, struct krsi_priv_report *report,
			  const struct krsi_priv_node *root);

/* What can only be told of all conditions, or all rules, together. */
bool krsi_priv_rule_check(struct krsi_priv_reader *r, const struct krsi_priv_rule *rule);
bool krsi_priv_condition_check(struct krsi_priv_reader *r, const struct krsi_priv_condition *condition);
bool krsi_priv_policy_check(struct krsi_priv_reader *r);

/* Warn of rules that never decide (shadow.c). */
void krsi_priv_shadow_check(struct krsi_priv_reader *r);

/* The same for all conditions together. */
bool krsi_priv_conditions_cover(const struct krsi_priv_conditions *wide,
				const struct krsi_priv_conditions *narrow, size_t *work);

/* Read a file as krsi_policy_open() promises: 0 or a negative errno with the detail set. */
int krsi_priv_policy_file_load(struct krsi_ctx *ctx, const char *path, uint32_t flags, char **text,
			       size_t *size);

#endif
