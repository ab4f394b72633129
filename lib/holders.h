/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Who has what an attempt to attach was refused for, put into words. */
#ifndef KRSI_PRIV_HOLDERS_H
#define KRSI_PRIV_HOLDERS_H

#include <stddef.h>
#include <stdint.h>

struct krsi_ctx;

/*
 * The programs on a kernel function: "38 programs: 37 of agent[812] (mkdir_check), 1 of nobody (file_open, pinned as
 * /sys/fs/bpf/x)". Where the kernel does not tell, a sentence that says so. The error of `ctx` is left as it was.
 */
void krsi_priv_holders_explain(const char *function, char *text, size_t size);

/* The same of one program, by the kernel's number for it: who holds its link. "" when none is to be seen. */
void krsi_priv_holders_of_program(uint32_t program_id, char *text, size_t size);

#endif
