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

#include <libkrsi/event_fields.h>
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

/** What KRSI_EVENT_LOST_CAUSE says. Numbers are ABI: new ones go at the end. */
enum krsi_event_lost_cause {
	KRSI_EVENT_LOST_KERNEL = 1,	/**< no room in the kernel: krsi_engine_lost() */
	KRSI_EVENT_LOST_OUTPUT = 2,	/**< they could not be written to the recording, or krsi_recorder_lost() told so */
};

/** Bits of KRSI_EVENT_FACTS. Numbers are ABI: new ones go at the end. */
enum krsi_event_fact {
	KRSI_EVENT_FACT_MEMFD = 1,		/**< made by memfd_create(2) */
	KRSI_EVENT_FACT_UNLINKED = 2,		/**< no name is left */
	KRSI_EVENT_FACT_RUNNING = 4,		/**< some process executes it */
	KRSI_EVENT_FACT_SETUID = 8,		/**< executing it changes the user or, as setgid, the group */
	KRSI_EVENT_FACT_TMPFS = 16,		/**< on a file system in memory */
	KRSI_EVENT_FACT_OVERLAY_UPPER = 32,	/**< on the writable layer of an overlay */
};

/** What krsi_event_field_info() tells of a field. */
struct krsi_event_field_info {
	size_t sz;		/**< sizeof(struct krsi_event_field_info), set by the caller */
	const char *name;	/**< word of its own, such as "pid"; valid for ever */
	const char *meaning;	/**< one line; valid for ever */
	uint32_t type;		/**< enum krsi_event_field_type */
	uint32_t reserved;	/**< 0 */
};

/**
 * @brief Name, type and meaning of a field.
 * @param field  enum krsi_event_field
 * @param info   receives it; `sz` set by the caller
 * @return 0, or
 * @retval -ENOENT  no field of this library has that number
 * @retval -EINVAL  `info` is NULL or its `sz` not set
 * @since 1.0
 */
KRSI_API int krsi_event_field_info(uint32_t field, struct krsi_event_field_info *info);

/**
 * @brief The number that processes are told apart by, of a process and no other until the next boot.
 *
 * It is made of the two numbers alone, so that whoever knows them comes to the same: the agent before and after
 * it was started again, and another agent. The mixing function is the finaliser of MurmurHash3 (Appleby, public
 * domain). Two processes share a cookie as seldom as they would share a random number of 64 bits.
 *
 * @param pid         of the process, in the first PID namespace
 * @param start_time  when it started, ns of CLOCK_BOOTTIME
 * @return the cookie, never 0
 * @since 1.0
 */
KRSI_API uint64_t krsi_process_cookie(uint32_t pid, uint64_t start_time);

/**
 * @brief What the event is of.
 * @param event  the event
 * @return enum krsi_event_kind; a number above those for a kind that came later
 * @since 1.0
 */
KRSI_API uint32_t krsi_event_kind(const struct krsi_event *event);

/**
 * @brief The operation's word, such as "file.open".
 * @param event  the event
 * @return the word, valid for ever; "" when this library does not know it; "process.fork" and "process.exit" for
 *         events of these kinds
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
 * @param event  the event
 * @param field  enum krsi_event_field of type KRSI_EVENT_TYPE_NUMBER
 * @param ret    receives it; untouched when it is absent
 * @return 0, or
 * @retval -ENOENT  the event does not have it
 * @retval -EINVAL  no field of this type, or `ret` is NULL
 * @since 1.0
 */
KRSI_API int krsi_event_number(const struct krsi_event *event, uint32_t field, uint64_t *ret);

/**
 * @brief A text, a list or bytes of the event.
 *
 * @param event  the event
 * @param field  enum krsi_event_field of type KRSI_EVENT_TYPE_TEXT, KRSI_EVENT_TYPE_LIST or KRSI_EVENT_TYPE_BYTES
 * @param size   receives its size in bytes; may be NULL
 * @param flags  receives bits of enum krsi_event_text_flags; may be NULL
 * @return the bytes, not terminated, valid during the callback; NULL when it is absent, or no field of this type
 * @since 1.0
 */
KRSI_API const char *krsi_event_text(const struct krsi_event *event, uint32_t field, size_t *size,
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
