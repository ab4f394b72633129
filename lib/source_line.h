/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Where in its source an instruction comes from, which verifiers before Linux 6.8 do not say. */
#ifndef KRSI_PRIV_SOURCE_LINE_H
#define KRSI_PRIV_SOURCE_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct btf;

/*
 * "exec-log.bpf.c:31" for an instruction of a program as the verifier counts them. False when the object has no lines,
 * or the instruction is of a function that the program calls. `btf` is the object's own.
 */
bool krsi_priv_source_line(const void *data, size_t data_size, const struct btf *btf, const char *program,
			   unsigned long instruction, char *text, size_t size);

#endif
