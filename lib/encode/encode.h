/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Inside of encoders. encoder.c is the interface; text.c, native.c, ecs.c and ocsf.c are one format each; json.c is what
 * the last three add to jansson, mapped.c what the last two share; ancestors.c looks for whom subjects descend from; words.c has words for numbers, names.c asks for users and groups, utf8.c knows what
 * may go to a terminal.
 */
#ifndef KRSI_PRIV_ENCODE_H
#define KRSI_PRIV_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libkrsi/encode.h>

/* --- text that grows ---------------------------------------------------------- */

struct krsi_priv_out {
	char *text;		/* terminated */
	size_t size, capacity;
	bool no_memory;
};

void krsi_priv_out_begin(struct krsi_priv_out *out);
void krsi_priv_out_free(struct krsi_priv_out *out);
void krsi_priv_out_bytes(struct krsi_priv_out *out, const char *bytes, size_t size);
void krsi_priv_out_string(struct krsi_priv_out *out, const char *string);
void krsi_priv_out_print(struct krsi_priv_out *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- what is said of events ---------------------------------------------------- */

/* What happened. */
enum krsi_priv_outcome {
	KRSI_PRIV_OUTCOME_UNKNOWN,	/* a verdict or a kind that came after this was written */
	KRSI_PRIV_OUTCOME_ALLOWED,
	KRSI_PRIV_OUTCOME_AUDITED,
	KRSI_PRIV_OUTCOME_DENIED,
	KRSI_PRIV_OUTCOME_KILLED,
	KRSI_PRIV_OUTCOME_SIGNALLED,
	KRSI_PRIV_OUTCOME_TAGGED,
	KRSI_PRIV_OUTCOME_WOULD_DENY,
	KRSI_PRIV_OUTCOME_WOULD_KILL,
	KRSI_PRIV_OUTCOME_WOULD_SIGNAL,
	KRSI_PRIV_OUTCOME_WOULD_TAG,
	KRSI_PRIV_OUTCOME_FORK,
	KRSI_PRIV_OUTCOME_EXEC,
	KRSI_PRIV_OUTCOME_EXIT,
	KRSI_PRIV_OUTCOME_IDENTITY,
	KRSI_PRIV_OUTCOME_END,
};

/* What is said of an event: by its rule, or by policies that were asked. */
struct krsi_priv_said {
	enum krsi_priv_outcome outcome;
	const char *verdict;
	const char *policy, *rule;	/* NULL: not known */
	size_t policy_size, rule_size;
	uint64_t error, signal;		/* 0: none */
	bool asked;			/* it did not happen */
	bool unsure;			/* of what was asked */
};

/* --- the encoder --------------------------------------------------------------- */

enum krsi_priv_lost_cause {
	KRSI_PRIV_LOST_RING,	/* by the kernel */
	KRSI_PRIV_LOST_OUTPUT,	/* by the caller */
};

struct krsi_encoder {
	uint32_t format, flags;
	char *host_name, *host_id, *product_vendor, *product_name, *product_version;
	struct krsi_priv_names *names;		/* NULL: they are not asked for */
	struct krsi_processes *processes;	/* the caller's; NULL: ancestors are not told */
	uint64_t lost[2];			/* by enum krsi_priv_lost_cause, as far as it was encoded */
	struct krsi_priv_out out;
};

/* Events that are not there. */
struct krsi_priv_lost {
	enum krsi_priv_lost_cause cause;
	uint64_t count, total;
	const char *operation;		/* "": not known */
	bool has_time;
	int64_t wall, boot;		/* when it was found, ns */
};

/* One format: they write to encoder->out. Those that have a place for what was asked take it. */
void krsi_priv_encode_text(struct krsi_encoder *encoder, const struct krsi_event *event, const struct krsi_priv_said *said);
void krsi_priv_encode_text_lost(struct krsi_encoder *encoder, const struct krsi_priv_lost *lost);
void krsi_priv_encode_native(struct krsi_encoder *encoder, const struct krsi_event *event, const struct krsi_priv_said *said);
void krsi_priv_encode_native_lost(struct krsi_encoder *encoder, const struct krsi_priv_lost *lost);

void krsi_priv_encode_ecs(struct krsi_encoder *encoder, const struct krsi_event *event);
void krsi_priv_encode_ecs_lost(struct krsi_encoder *encoder, const struct krsi_priv_lost *lost);
void krsi_priv_encode_ocsf(struct krsi_encoder *encoder, const struct krsi_event *event);
void krsi_priv_encode_ocsf_lost(struct krsi_encoder *encoder, const struct krsi_priv_lost *lost);

/* The line for people without its time and without colour, as the message of other formats. */
void krsi_priv_encode_message(struct krsi_priv_out *out, const struct krsi_event *event);
void krsi_priv_encode_message_lost(struct krsi_priv_out *out, const struct krsi_priv_lost *lost);

/* --- ancestors (ancestors.c) -------------------------------------------------------- */

/* Call `fn` with each known ancestor of the subject, the parent first; valid during the call. */
void krsi_priv_ancestors(const struct krsi_encoder *encoder, const struct krsi_event *event,
			 void (*fn)(void *data, const struct krsi_event *ancestor), void *data);

/* What a process runs, or else what it calls itself. NULL: neither is known. */
const char *krsi_priv_program_name(const struct krsi_event *process, size_t *size);

/* --- words (words.c) ------------------------------------------------------------- */

enum krsi_priv_outcome krsi_priv_outcome(const struct krsi_event *event);

/* What the event's rule says, and what policies would have said. */
struct krsi_priv_said krsi_priv_said(const struct krsi_event *event);
struct krsi_priv_said krsi_priv_said_asked(const struct krsi_decision_info *decision, bool unsure);

/* "denied", "would_deny", ...; "" for kinds that have none. */
const char *krsi_priv_outcome_word(enum krsi_priv_outcome outcome);

/* The rule's verdict, "unknown" for one that came later. */
const char *krsi_priv_verdict_word(const struct krsi_event *event);

#define KRSI_PRIV_WORD_SIZE 64

/* Names of numbers, or the number itself where it has no name: "EPERM", "SIGTERM", "inet", "sha256". */
const char *krsi_priv_error_word(uint64_t error, char word[KRSI_PRIV_WORD_SIZE]);
const char *krsi_priv_signal_word(uint64_t signal, char word[KRSI_PRIV_WORD_SIZE]);
const char *krsi_priv_family_word(uint64_t family, char word[KRSI_PRIV_WORD_SIZE]);
const char *krsi_priv_hash_word(uint64_t algorithm, char word[KRSI_PRIV_WORD_SIZE]);
const char *krsi_priv_capability_word(unsigned int capability, char word[KRSI_PRIV_WORD_SIZE]);

/* Word of one bit of KRSI_EVENT_FACTS, as policies have it. */
const char *krsi_priv_fact_word(unsigned int bit, char word[KRSI_PRIV_WORD_SIZE]);

/* "8:1", as in a policy. */
const char *krsi_priv_device_word(uint64_t device, char word[KRSI_PRIV_WORD_SIZE]);

/* "192.0.2.1" or "2001:db8::1". `*v6` may be NULL. */
const char *krsi_priv_address_word(const uint8_t address[16], char word[KRSI_PRIV_WORD_SIZE], bool *v6);

/* RFC 3339 in UTC, with so many digits behind the second. */
const char *krsi_priv_time_word(int64_t realtime, int digits, char word[KRSI_PRIV_WORD_SIZE]);

/* How a number is shown that is no plain one. */
enum krsi_priv_number_kind {
	KRSI_PRIV_NUMBER_PLAIN,
	KRSI_PRIV_NUMBER_ERROR,
	KRSI_PRIV_NUMBER_SIGNAL,
	KRSI_PRIV_NUMBER_FAMILY,
	KRSI_PRIV_NUMBER_HASH,
	KRSI_PRIV_NUMBER_USER,
	KRSI_PRIV_NUMBER_GROUP,
	KRSI_PRIV_NUMBER_DEVICE,	/* 8:1 */
	KRSI_PRIV_NUMBER_MODE,		/* in octal */
	KRSI_PRIV_NUMBER_BITS,		/* in hexadecimal, 16 digits: all of 64 bits may be set */
	KRSI_PRIV_NUMBER_FACTS,
};

enum krsi_priv_number_kind krsi_priv_number_kind(uint32_t field);

/* The policy's and the rule's name, of the engine or of the recording. NULL: not known. */
const char *krsi_priv_policy_name(const struct krsi_event *event, size_t *size);
const char *krsi_priv_rule_name(const struct krsi_event *event, size_t *size);

/* The next string of a list that goes from `*at` to `end`. NULL: no more. */
const char *krsi_priv_list_next(const char **at, const char *end, size_t *size);

/* A time of CLOCK_BOOTTIME by the clock on the wall. False: the event does not tell both. */
bool krsi_priv_wall(const struct krsi_event *event, uint64_t boot, int64_t *ret);

/* --- users and groups (names.c) ----------------------------------------------------- */

struct krsi_priv_names;

struct krsi_priv_names *krsi_priv_names_new(void);
void krsi_priv_names_free(struct krsi_priv_names *names);

/* NULL: there is none of that number, or `names` is NULL. Valid until the next call. */
const char *krsi_priv_user_name(struct krsi_priv_names *names, uint64_t uid);
const char *krsi_priv_group_name(struct krsi_priv_names *names, uint64_t gid);

#endif
