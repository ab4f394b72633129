/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Inside of the context: what every other file uses to fail, to log, and to hold on to it. */
#ifndef KRSI_PRIV_CTX_H
#define KRSI_PRIV_CTX_H

#include <stdbool.h>
#include <libkrsi/ctx.h>

#define KRSI_PRIV_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Handles keep their context alive, so that freeing in any order is safe. */
struct krsi_ctx *krsi_priv_ctx_ref(struct krsi_ctx *ctx);

/*
 * Keep the text for krsi_ctx_error_detail(), log it, and return `err`, which must be one of the
 * values in libkrsi/error.h. `ctx` may be NULL: then only the number remains.
 */
int krsi_priv_fail(struct krsi_ctx *ctx, int err, const char *fmt, ...) KRSI_PRIV_PRINTF(3, 4);

void krsi_priv_log(struct krsi_ctx *ctx, int level, const char *fmt, ...) KRSI_PRIV_PRINTF(3, 4);

#endif
