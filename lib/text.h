/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Small things about text that several files need. */
#ifndef KRSI_PRIV_TEXT_H
#define KRSI_PRIV_TEXT_H

#include <stddef.h>
#include <sys/types.h>

#define KRSI_PRIV_KERNEL(major, minor) ((unsigned int)(major) << 8 | (unsigned int)(minor))

/* The running kernel's version, comparable with KRSI_PRIV_KERNEL(). Only for explanations. */
unsigned int krsi_priv_kernel_version(void);

/* Read a small file of /proc or /sys as text, cut to fit, without its last line feed. Bytes, or -errno. */
ssize_t krsi_priv_file_read(const char *path, char *text, size_t size);

/* Read a whole file. `*data` has a NUL behind its last byte and is the caller's to free. 0 or -errno. */
int krsi_priv_file_load(const char *path, char **data, size_t *size);

/* The i-th name of a list, or NULL past its end. */
typedef const char *(*krsi_priv_name_fn)(const void *list, size_t i);

/*
 * ", did you mean A, B or C?" with the names nearest to `wrong`, or "" when none is near.
 */
void krsi_priv_suggest(const char *wrong, krsi_priv_name_fn name, const void *list, char *text,
		       size_t size);

#endif
