/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <libkrsi/krsi.h>

int main(void)
{
	struct krsi_object *object;
	struct krsi_ctx *ctx;

	if (krsi_ctx_new(NULL, &ctx) != 0 || strcmp(krsi_version(), KRSI_VERSION) != 0)
		return 1;
	if (krsi_object_open(ctx, "/nonexistent.bpf.o", NULL, &object) != -ENOENT)
		return 2;
	puts(krsi_ctx_error_detail(ctx));
	krsi_ctx_free(ctx);
	return 0;
}
