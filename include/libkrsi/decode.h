/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief Records of anybody's object, made readable through the types that the object brings along.
 *
 * A record in a ring buffer or perf buffer is bytes. The object that wrote it describes its own types (BTF), if it
 * was compiled with -g and the type is used by a variable, a map or an argument: a local variable
 * alone leaves nothing behind. Authors put
 *
 *     const struct event *unused __attribute__((unused));
 *
 * into their source for that.
 *
 * Threads: as in libkrsi/ctx.h.
 */
#ifndef LIBKRSI_DECODE_H
#define LIBKRSI_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/macros.h>

KRSI_BEGIN_DECLS

struct krsi_object;

/** How krsi_object_decode() writes. Numbers are ABI: new ones go at the end. */
enum krsi_decode_format {
	KRSI_DECODE_TEXT = 0,	/**< `{pid=1 comm="init"}`: one line of printable ASCII */
	KRSI_DECODE_JSON = 1,	/**< `{"pid":1,"comm":"init"}`: the same, valid JSON */
};

/**
 * @brief Find a type of the object by name.
 *
 * @param object  the object
 * @param name    "event" or "struct event"; also a union, enum or typedef
 * @param type    receives its number, never 0; untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL
 * @retval -ENOENT  the object describes no such type; the detail has the nearest names
 * @since 1.0
 */
KRSI_API int krsi_object_find_type(const struct krsi_object *object, const char *name, uint32_t *type);

/**
 * @brief Guess the type of a record by its size.
 *
 * Structs of just that size are candidates, but for keys and values of maps, and for those of the
 * kernel (which the object reads by CO-RE). It is a guess: where the type is known, name it.
 *
 * @param object  the object
 * @param size    bytes of the record
 * @param type    receives the type's number when there is just one candidate; untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL
 * @retval -ENOENT  there is none, or more than one; the detail names them
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_object_guess_type(const struct krsi_object *object, size_t size, uint32_t *type);

/**
 * @brief Guess the type of a record of a perf buffer.
 *
 * As krsi_object_guess_type(), but the kernel makes such a record up to 7 bytes longer than it was written, so that
 * structs of as many sizes are candidates.
 *
 * @param object  the object
 * @param size    bytes of the record, as the stream hands it out
 * @param type    receives the type's number when there is just one candidate; untouched on failure
 * @return as krsi_object_guess_type()
 * @since 1.0
 */
KRSI_API int krsi_object_guess_perf_type(const struct krsi_object *object, size_t size, uint32_t *type);

/**
 * @brief Name of a type of the object.
 *
 * @param object  the object
 * @param type    its number
 * @return the name without "struct", valid as long as the object and until its next load; NULL when there is no such type
 * @since 1.0
 */
KRSI_API const char *krsi_object_type_name(const struct krsi_object *object, uint32_t type);

/**
 * @brief Write a record as a value of a type.
 *
 * Arrays of char are texts that end at their first NUL, and are quoted; enums have their names, where they have one;
 * pointers are hexadecimal, which JSON has in quotes as well. In JSON a byte from 128 on is the
 * character of that number (\\u00ff), so that it can be had back. A last member `x[]` takes the bytes that are left;
 * what else is behind the type is not written.
 *
 * @param object  the object
 * @param type    number of the type
 * @param data    the record, borrowed for the call
 * @param size    its bytes
 * @param format  enum krsi_decode_format
 * @param text    receives the text, without a line feed, to free with free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL    an argument is NULL, or `format` unknown
 * @retval -ENOENT    no such type
 * @retval -EMSGSIZE  the record is smaller than the type, or has more than 65,536 values
 * @retval -ENOMEM    no memory
 * @since 1.0
 */
KRSI_API int krsi_object_decode(const struct krsi_object *object, uint32_t type, const void *data, size_t size,
				uint32_t format, char **text);

KRSI_END_DECLS

#endif
