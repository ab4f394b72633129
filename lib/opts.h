/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The one reader and the one writer of structs that carry their own size.
 *
 * Callers are compiled against older or newer headers than the library. An older caller's struct
 * is shorter: what it lacks reads as zero, which always means "as before". A newer caller's is
 * longer: a byte that is set beyond what we know is a wish we would not carry out, and so refused.
 */
#ifndef KRSI_PRIV_OPTS_H
#define KRSI_PRIV_OPTS_H

#include <stddef.h>

struct krsi_ctx;

/*
 * Copy the caller's options into `dst`, which is `size` bytes and starts with a size_t as well.
 * `src` may be NULL for all defaults. `what` names the struct in the error text.
 */
int krsi_priv_opts_read(struct krsi_ctx *ctx, void *dst, size_t size, const void *src,
			const char *what);

/*
 * Fill the caller's struct from ours: at most as many bytes as it has, zeros where it is longer,
 * and its own `sz` as it was.
 */
int krsi_priv_info_write(struct krsi_ctx *ctx, void *dst, const void *src, size_t size,
			 const char *what);

#define KRSI_PRIV_OPTS_READ(ctx, dst, src, what) \
	krsi_priv_opts_read((ctx), (dst), sizeof(*(dst)), (src), (what))
#define KRSI_PRIV_INFO_WRITE(ctx, dst, src, what) \
	krsi_priv_info_write((ctx), (dst), (src), sizeof(*(src)), (what))

#endif
