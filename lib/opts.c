/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "ctx.h"
#include "opts.h"

/* A struct that claims to be larger than this has an `sz` that was never set. */
#define SIZE_SANE 4096

static int size_check(struct krsi_ctx *ctx, size_t sz, const char *what)
{
	if (sz < sizeof(size_t) || sz > SIZE_SANE)
		return krsi_priv_fail(ctx, -EINVAL, "%s: sz is %zu; set it to sizeof(struct %s)",
				      what, sz, what);
	return 0;
}

int krsi_priv_opts_read(struct krsi_ctx *ctx, void *dst, size_t size, const void *src,
			const char *what)
{
	const unsigned char *bytes = src;
	size_t sz, i;
	int err;

	memset(dst, 0, size);
	if (!src) {
		memcpy(dst, &size, sizeof(size));
		return 0;
	}
	memcpy(&sz, src, sizeof(sz));
	err = size_check(ctx, sz, what);
	if (err)
		return err;
	for (i = size; i < sz; i++)
		if (bytes[i])
			return krsi_priv_fail(ctx, -E2BIG,
					      "%s: the byte at offset %zu is set, but this libkrsi knows only %zu bytes; "
					      "a newer libkrsi is needed", what, i, size);
	memcpy(dst, src, sz < size ? sz : size);
	memcpy(dst, &size, sizeof(size));
	return 0;
}

int krsi_priv_info_write(struct krsi_ctx *ctx, void *dst, const void *src, size_t size,
			 const char *what)
{
	size_t sz, end;
	int err;

	memcpy(&sz, dst, sizeof(sz));
	err = size_check(ctx, sz, what);
	if (err)
		return err;
	end = sz < size ? sz : size;
	memcpy((char *)dst + sizeof(sz), (const char *)src + sizeof(sz), end - sizeof(sz));
	memset((char *)dst + end, 0, sz - end);
	return 0;
}
