/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief Events: what the engine tells of an operation to which a rule applied.
 *
 * An event is read where it lies, in the kernel's ring; nothing is copied. What an event does not
 * have is absent, which is a value: NULL for texts, -ENOENT from functions that return numbers through
 * a pointer. Paths are bytes of a file system, any but NUL; they are not terminated.
 *
 * Threads: as in libkrsi/ctx.h.
 */
#ifndef LIBKRSI_EVENT_H
#define LIBKRSI_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/macros.h>

KRSI_BEGIN_DECLS

struct krsi_event;

/** What the rule's action is. Numbers are ABI: new ones go at the end. */
enum krsi_event_verdict {
	KRSI_EVENT_ALLOW = 1,	/**< decided: allowed */
	KRSI_EVENT_AUDIT = 2,	/**< only reported */
	KRSI_EVENT_DENY = 3,	/**< refused with an error */
	KRSI_EVENT_SIGNAL = 4,	/**< refused, and a signal was sent to the subject */
	KRSI_EVENT_TAG = 5,	/**< a tag was put on the subject */
};

/** What else is to be said of the verdict: bits. */
enum krsi_event_flags {
	KRSI_EVENT_WOULD = 1,		/**< permissive: it was not carried out */
	KRSI_EVENT_UNRESOLVED = 2,	/**< the object could not be identified, and the rule might have applied */
};

/** Numbers of an event. They are ABI: new ones go at the end. */
enum krsi_event_number {
	KRSI_EVENT_SEQUENCE = 1,	/**< counts all events of the engine, the lost ones too */
	KRSI_EVENT_TIME = 2,		/**< ns of CLOCK_MONOTONIC */
	KRSI_EVENT_GENERATION = 3,	/**< of the policies that were in force */
	KRSI_EVENT_PID = 4,		/**< process, in the first PID namespace */
	KRSI_EVENT_TID = 5,		/**< thread */
	KRSI_EVENT_PPID = 6,		/**< its parent */
	KRSI_EVENT_UID = 7,		/**< effective user */
	KRSI_EVENT_GID = 8,		/**< effective group */
	KRSI_EVENT_START_TIME = 9,	/**< of the process, ns of CLOCK_BOOTTIME */
	KRSI_EVENT_ERROR = 10,		/**< positive errno of a refusal */
	KRSI_EVENT_SENT_SIGNAL = 11,	/**< signal that the rule sends to the subject */
	KRSI_EVENT_INODE = 12,		/**< of the object */
	KRSI_EVENT_DEVICE = 13,		/**< of the object's file system: major << 20 | minor */
	KRSI_EVENT_MODE = 14,		/**< of the object, as in stat(2) */
	KRSI_EVENT_FAMILY = 15,		/**< of the socket */
	KRSI_EVENT_PORT = 16,		/**< of the address */
	KRSI_EVENT_TARGET_PID = 17,	/**< process that is acted on */
	KRSI_EVENT_SIGNAL_NUMBER = 18,	/**< signal that the subject sends */
};

/** Texts of an event. Numbers are ABI: new ones go at the end. */
enum krsi_event_text {
	KRSI_EVENT_PATH = 1,		/**< of the object */
	KRSI_EVENT_PATH2 = 2,		/**< of the second object, such as the new name of a rename */
	KRSI_EVENT_EXE = 3,		/**< program of the subject */
	KRSI_EVENT_UNIX_ADDRESS = 4,	/**< address of a unix socket; abstract ones begin with '@' */
	KRSI_EVENT_COMM = 5,		/**< the subject's name for itself */
};

/** How a text is to be understood: bits. */
enum krsi_event_text_flags {
	KRSI_EVENT_TEXT_CUT = 1,	/**< it was longer; its end is there */
	KRSI_EVENT_TEXT_FOREIGN = 2,	/**< a path of another mount namespace than the subject's */
	KRSI_EVENT_TEXT_DETACHED = 4,	/**< a path in a tree that is mounted nowhere, from that tree's root */
};

/**
 * @brief The operation's word, such as "file.open".
 * @param event  the event
 * @return the word, valid for ever
 * @since 1.0
 */
KRSI_API const char *krsi_event_operation(const struct krsi_event *event);

/**
 * @brief What the rule says.
 * @param event  the event
 * @return enum krsi_event_verdict
 * @since 1.0
 */
KRSI_API uint32_t krsi_event_verdict(const struct krsi_event *event);

/**
 * @brief Whether it was carried out, and what is known of the object.
 * @param event  the event
 * @return bits of enum krsi_event_flags
 * @since 1.0
 */
KRSI_API uint32_t krsi_event_flags(const struct krsi_event *event);

/**
 * @brief The policy that the rule is in.
 * @param event  the event
 * @return its name, valid during the callback; NULL when that policy is gone too long
 * @since 1.0
 */
KRSI_API const char *krsi_event_policy(const struct krsi_event *event);

/**
 * @brief The rule.
 * @param event  the event
 * @return its name, valid during the callback; "default" for the policy's default; NULL as for krsi_event_policy()
 * @since 1.0
 */
KRSI_API const char *krsi_event_rule(const struct krsi_event *event);

/**
 * @brief A number of the event.
 *
 * @param event   the event
 * @param number  enum krsi_event_number
 * @param ret     receives it; untouched when it is absent
 * @return 0, or
 * @retval -ENOENT  the event does not have it
 * @retval -EINVAL  no such number, or `ret` is NULL
 * @since 1.0
 */
KRSI_API int krsi_event_number(const struct krsi_event *event, uint32_t number, uint64_t *ret);

/**
 * @brief A text of the event.
 *
 * @param event  the event
 * @param text   enum krsi_event_text
 * @param size   receives its size in bytes; may be NULL
 * @param flags  receives bits of enum krsi_event_text_flags; may be NULL
 * @return the bytes, not terminated, valid during the callback; NULL when it is absent
 * @since 1.0
 */
KRSI_API const char *krsi_event_text(const struct krsi_event *event, uint32_t text, size_t *size,
				     uint32_t *flags);

/**
 * @brief The address of a socket's other side, or of its own, as the operation has it.
 * @param event  the event
 * @return 16 bytes, IPv4 as the v4-mapped address of RFC 4291, valid during the callback; NULL when it is absent
 * @since 1.0
 */
KRSI_API const uint8_t *krsi_event_address(const struct krsi_event *event);

KRSI_END_DECLS

#endif
