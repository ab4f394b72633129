/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The running kernel's type information, asked to explain why something cannot be attached. */
#ifndef KRSI_PRIV_KERNEL_BTF_H
#define KRSI_PRIV_KERNEL_BTF_H

#include <stdbool.h>

#include "object.h"

struct btf;
struct krsi_ctx;
struct krsi_priv_program;

/* The kernel's BTF, to free with btf__free(). NULL with the failure told: -EOPNOTSUPP. */
struct btf *krsi_priv_kernel_btf(struct krsi_ctx *ctx);

/* Whether it has `target` for programs of this kind. Needs a BTF that was loaded, as one search after another does. */
bool krsi_priv_target_exists(const struct btf *btf, enum krsi_priv_kind kind, const char *target);

/*
 * Tell why `program` cannot be put on `target`, after libbpf or the kernel said `err` without a
 * word: no BTF, a kernel without the BPF LSM, or no such hook, with the nearest names. Returns the
 * public error.
 */
int krsi_priv_target_fail(struct krsi_ctx *ctx, int err, const struct krsi_priv_program *program,
			  const char *target);

/*
 * 0 when the kernel's BTF has `target` for a program of this kind, or when BTF cannot tell: a
 * function may be a module's. Otherwise told as above.
 */
int krsi_priv_target_check(struct krsi_ctx *ctx, const struct krsi_priv_program *program,
			   const char *target);

#endif
