/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief What a negative return value means.
 *
 * Every function that can fail returns 0 or one of these negative errno values, one for each cause
 * that a caller can act on. The story behind the number (the verifier's line, the missing
 * capability, the line to boot with) is text: krsi_ctx_error_detail(). `errno` is no part of the
 * contract. A cause that is not listed leaves the library as -EIO.
 *
 * | value          | cause                                                                        |
 * |----------------|------------------------------------------------------------------------------|
 * | -EINVAL        | an argument is not usable: NULL, a malformed name, `sz` of a struct not set   |
 * | -E2BIG         | an options struct has a non-zero byte that this library does not know         |
 * | -ENOMEM        | no memory                                                                    |
 * | -ENOENT        | no such file, program, map, variable, key or hook                            |
 * | -EEXIST        | the key or the pin is there already                                          |
 * | -EBADMSG       | the input is not what it should be: not an ELF file, no policy, damaged       |
 * | -ENOEXEC       | the kernel's verifier refused a program                                      |
 * | -EPERM         | a capability is missing, or lockdown or a sysctl forbids it                   |
 * | -EACCES        | file permissions, or the map is read-only                                    |
 * | -EOPNOTSUPP    | this kernel, as it was built and booted, cannot do it                         |
 * | -EBADFD        | the handle is in the wrong state: attach before load, set after load          |
 * | -EALREADY      | it was done before: load, attach, detach twice                                |
 * | -EMSGSIZE      | a key or value has not the map's size, or a record not its type's            |
 * | -ENOSPC        | the map is full, or the caller's buffer too small                            |
 * | -EUSERS        | the hook holds as many programs as the kernel allows                          |
 * | -EBUSY         | the kernel says that somebody else holds it                                  |
 * | -EXDEV         | a pin path that is not on a BPF file system                                  |
 * | -ECANCELED     | a callback of the caller stopped the work                                    |
 * | -EMFILE        | no file descriptor left                                                      |
 * | -EIO           | anything else; the detail text names the kernel's own error                   |
 *
 * Functions without a context are safe in any thread.
 */
#ifndef LIBKRSI_ERROR_H
#define LIBKRSI_ERROR_H

#include <libkrsi/macros.h>

KRSI_BEGIN_DECLS

/**
 * @brief One sentence on what a returned value means in libkrsi.
 *
 * Unlike strerror() it speaks of this library: "the kernel's verifier refused a program" where
 * strerror() has "Exec format error".
 *
 * @param err  what a function returned; 0, negative, or the same value made positive
 * @return text, never NULL, valid for ever; not translated
 * @since 1.0
 */
KRSI_API const char *krsi_strerror(int err);

/**
 * @brief The name of a returned value, such as "ENOEXEC".
 *
 * @param err  what a function returned; the sign does not matter
 * @return the name; "0" for 0 and "EIO" for anything this library does not return; valid for ever
 * @since 1.0
 */
KRSI_API const char *krsi_error_name(int err);

KRSI_END_DECLS

#endif
