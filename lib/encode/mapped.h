/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What ECS and OCSF have in common: fields of an event go to members of other names, and what has no member there goes
 * to a place for the rest, under its own name. So nothing gets lost on the way.
 */
#ifndef KRSI_PRIV_ENCODE_MAPPED_H
#define KRSI_PRIV_ENCODE_MAPPED_H

#include "json.h"

struct krsi_priv_mapped {
	struct krsi_encoder *encoder;
	const struct krsi_event *event;
	json_t *root;
	const char *rest;		/* in front of names there */
	bool strings;			/* values there are strings only */
	bool done[KRSI_EVENT_FIELD_END];	/* has a member, or is not to have one */
};

/* How a number is written. What does not fit goes to the rest. */
enum krsi_priv_mapped_how {
	KRSI_PRIV_MAPPED_LONG,		/* 63 bits */
	KRSI_PRIV_MAPPED_INTEGER,	/* 31 bits */
	KRSI_PRIV_MAPPED_DIGITS,	/* a string of digits */
	KRSI_PRIV_MAPPED_WORD,		/* a string, as native JSON has it */
	KRSI_PRIV_MAPPED_DATE,		/* of CLOCK_BOOTTIME: RFC 3339 */
	KRSI_PRIV_MAPPED_MILLISECONDS,	/* of CLOCK_BOOTTIME: since 1970 */
	KRSI_PRIV_MAPPED_CAPABILITIES,	/* an array of names */
};

struct krsi_priv_mapped_number {
	uint32_t field;
	enum krsi_priv_mapped_how how;
	const char *path;
};

/* Put constants and the like in. */
void krsi_priv_mapped_string(struct krsi_priv_mapped *map, const char *path, const char *string);
void krsi_priv_mapped_integer(struct krsi_priv_mapped *map, const char *path, int64_t integer);

/* Fields of the event, where it has them. */
void krsi_priv_mapped_numbers(struct krsi_priv_mapped *map, const struct krsi_priv_mapped_number *numbers, size_t count);
void krsi_priv_mapped_text(struct krsi_priv_mapped *map, uint32_t field, const char *path);
void krsi_priv_mapped_list(struct krsi_priv_mapped *map, uint32_t field, const char *path);

/* Bytes in hexadecimal. False: the event does not have them. */
bool krsi_priv_mapped_hex(struct krsi_priv_mapped *map, uint32_t field, const char *path);

/* Parts of a text: what is behind its last slash, and what is in front of that. */
void krsi_priv_mapped_base(struct krsi_priv_mapped *map, uint32_t field, const char *path);
void krsi_priv_mapped_directory(struct krsi_priv_mapped *map, uint32_t field, const char *path);

/* The strings of a list with a space between them. */
void krsi_priv_mapped_joined(struct krsi_priv_mapped *map, uint32_t field, const char *path);

/* The names of a user and a group, when they are asked for. */
void krsi_priv_mapped_user_name(struct krsi_priv_mapped *map, uint32_t field, const char *path);
void krsi_priv_mapped_group_name(struct krsi_priv_mapped *map, uint32_t field, const char *path);

/* Bytes that are no field, and bytes that are never wrong. */
void krsi_priv_mapped_bytes(struct krsi_priv_mapped *map, const char *path, const char *bytes, size_t size);

/* Whether the event has the field. */
bool krsi_priv_mapped_has(const struct krsi_priv_mapped *map, uint32_t field);

/* "message": the line for people, of the event, or of what the caller lost when that is not NULL. */
void krsi_priv_mapped_message(struct krsi_priv_mapped *map, const struct krsi_priv_lost *lost);

/* Everything that has no member goes to the rest. */
void krsi_priv_mapped_rest(struct krsi_priv_mapped *map);

/* From 1, for information, to 4. */
int krsi_priv_severity(enum krsi_priv_outcome outcome);

/* It was refused. */
bool krsi_priv_outcome_is_denied(enum krsi_priv_outcome outcome);

#endif
