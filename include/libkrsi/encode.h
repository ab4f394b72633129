/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief Encoders: events as lines of text, for people and for other programs.
 *
 * They are a library of their own, libkrsi-encode (pkg-config libkrsi-encode), so that a program which reads events
 * itself does not carry them. They rest on what libkrsi/event.h gives to everybody.
 *
 * **Bytes.** JSON knows text, and a path is bytes. Where the bytes of a text are not UTF-8, or have a NUL, a member NAME
 * has U+FFFD for each byte that is no part of a character, and a member NAME_hex has all bytes in hexadecimal. Without
 * NAME_hex the text is the bytes. krsi_encode_bytes() gives them back. Where each format has NAME_hex is told in
 * docs/events.md, with the names of all members.
 *
 * Lines are ASCII, unless KRSI_ENCODE_UTF8 asks for more, and end without a line feed.
 *
 * Threads: an encoder belongs to one thread at a time; separate encoders are independent.
 */
#ifndef LIBKRSI_ENCODE_H
#define LIBKRSI_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/ctx.h>
#include <libkrsi/event.h>
#include <libkrsi/macros.h>
#include <libkrsi/matcher.h>

KRSI_BEGIN_DECLS

struct krsi_encoder;
struct krsi_processes;

/** What an event becomes. Numbers are ABI: new ones go at the end. */
enum krsi_encode_format {
	KRSI_ENCODE_TEXT = 1,	/**< a line for people */
	KRSI_ENCODE_JSON = 2,	/**< an object with every field under its own name */
	KRSI_ENCODE_ECS = 3,	/**< an object of the Elastic Common Schema, version 8 */
	KRSI_ENCODE_OCSF = 4,	/**< an object of the Open Cybersecurity Schema Framework, version 1.5 */
};

/** Wishes for an encoder: bits. */
enum krsi_encode_flags {
	KRSI_ENCODE_COLOR = 1,		/**< text: the outcome has colour, by escape sequences of terminals */
	KRSI_ENCODE_UTF8 = 2,		/**< text: characters beyond ASCII stay as they are */
	KRSI_ENCODE_DETAILS = 4,	/**< text: below the line every field, in indented lines of their own */
	KRSI_ENCODE_NAMES = 8,		/**< names of users and groups are looked up, see krsi_encoder_event() */
};

/** What is to be said of a decision: bits. */
enum krsi_encode_decision_flags {
	KRSI_ENCODE_UNSURE = 1,		/**< the event does not tell all that the policies look at: krsi_matcher_unknown() */
};

/** Wishes for a new encoder. All texts are copied. */
struct krsi_encoder_opts {
	size_t sz;		/**< sizeof(struct krsi_encoder_opts), set by the caller */
	uint32_t format;	/**< enum krsi_encode_format; 0 means KRSI_ENCODE_TEXT */
	uint32_t flags;		/**< bits of enum krsi_encode_flags */
	const char *host_name;	/**< this machine's name, for ECS and OCSF; NULL leaves it out */
	const char *host_id;	/**< what tells it from others, such as its machine-id(5), likewise */
	const char *product_vendor;	/**< who makes the program, for OCSF; NULL means "libkrsi" */
	const char *product_name;	/**< the program's name, for ECS and OCSF; NULL means "libkrsi" */
	const char *product_version;	/**< its version, likewise; NULL means libkrsi's own */
};

/**
 * @brief Make an encoder.
 *
 * @param ctx   context that explains a failure; used for the call alone
 * @param opts  options, or NULL for all defaults; borrowed for the call
 * @param ret   receives the encoder, to free with krsi_encoder_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  `ret` is NULL, `opts->sz` is not set, there is no such format, or a text is not UTF-8
 * @retval -E2BIG   `opts` has a member or a flag that this library does not know
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_encoder_new(struct krsi_ctx *ctx, const struct krsi_encoder_opts *opts, struct krsi_encoder **ret);

/**
 * @brief Let go of an encoder, and of its last text.
 * @param encoder  the encoder, or NULL
 * @since 1.0
 */
KRSI_API void krsi_encoder_free(struct krsi_encoder *encoder);

/**
 * @brief Have events tell whom their subjects descend from, as far as a table of processes knows it: the parent first,
 *        and 16 at most.
 *
 * Text has them with KRSI_ENCODE_DETAILS, JSON as `ancestors`, ECS as members of `process.parent` and as
 * `labels.krsi_ancestors`, OCSF as members of `parent_process` and as `ancestry` of the actor's process.
 *
 * @param encoder    the encoder
 * @param processes  a table that the caller keeps up to date and that lives as long as the encoder; NULL: tell none any more
 * @return 0 on success, or
 * @retval -EINVAL  `encoder` is NULL
 * @since 1.0
 */
KRSI_API int krsi_encoder_set_processes(struct krsi_encoder *encoder, struct krsi_processes *processes);

/**
 * @brief Encode an event.
 *
 * Nothing waits in here, but for KRSI_ENCODE_NAMES: names may come from another machine. Those that were looked up within
 * a minute are not asked for again, at most 256 users and as many groups. A name of a user is that of this machine, also
 * where the subject lives in a container that has other names.
 *
 * @param encoder  the encoder
 * @param event    the event, of any kind
 * @param text     receives the text, terminated; it belongs to the encoder and is valid until the next call
 * @param size     receives its size in bytes; may be NULL
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL
 * @retval -ENOMEM  no memory; nothing is encoded in part
 * @since 1.0
 */
KRSI_API int krsi_encoder_event(struct krsi_encoder *encoder, const struct krsi_event *event, const char **text, size_t *size);

/**
 * @brief Encode an event with what policies would have said of it, as krsi_matcher_decide() tells.
 *
 * In text it stands in place of what was said: the outcome, such as WOULD-DENY, policy and rule, and the error. JSON has
 * it in a member of its own, `replay`. Other formats have no place for it.
 *
 * @param encoder   the encoder
 * @param event     the event that the question was made of: krsi_question_event()
 * @param decision  the answer
 * @param flags     bits of enum krsi_encode_decision_flags
 * @param text      as for krsi_encoder_event()
 * @param size      likewise
 * @return 0 on success, or
 * @retval -EINVAL      an argument is NULL, or `decision->sz` not set
 * @retval -E2BIG       `decision` has a member, or `flags` a bit, that this library does not know
 * @retval -EOPNOTSUPP  the encoder's format is neither text nor JSON
 * @retval -ENOMEM      no memory; nothing is encoded in part
 * @since 1.0
 */
KRSI_API int krsi_encoder_decision(struct krsi_encoder *encoder, const struct krsi_event *event,
				   const struct krsi_decision_info *decision, uint32_t flags, const char **text, size_t *size);

/**
 * @brief Encode that events could not be passed on by the caller, as where a disk is full.
 *
 * It is the line that stands where they would have been. What the kernel lost has events of its own.
 *
 * @param encoder  the encoder
 * @param count    how many
 * @param total    how many since the caller's start, these included
 * @param text     as for krsi_encoder_event()
 * @param size     likewise
 * @return as krsi_encoder_event()
 * @since 1.0
 */
KRSI_API int krsi_encoder_lost(struct krsi_encoder *encoder, uint64_t count, uint64_t total, const char **text,
			       size_t *size);

/**
 * @brief The bytes that an encoded text stands for.
 *
 * @param text   value of the member NAME, as a reader of JSON returns it
 * @param hex    value of NAME_hex, or NULL where there is none
 * @param bytes  receives them, not terminated; may be NULL when `*size` is 0
 * @param size   room in `bytes`; receives how many they are, also when there is no room
 * @return 0 on success, or
 * @retval -EINVAL   `text` or `size` is NULL
 * @retval -EBADMSG  `hex` is not pairs of hexadecimal digits
 * @retval -ENOSPC   they do not fit
 * @since 1.0
 */
KRSI_API int krsi_encode_bytes(const char *text, const char *hex, void *bytes, size_t *size);

KRSI_END_DECLS

#endif
