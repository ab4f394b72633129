/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the measuring programs share. */
#ifndef KRSI_BENCH_TOOLS_H
#define KRSI_BENCH_TOOLS_H

/* End with the reason that is in errno. */
void die(const char *what) __attribute__((noreturn));

/* Copy a program. */
void copy(const char *from, const char *to);

#endif
