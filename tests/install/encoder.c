/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A program with an encoder, against what is installed. */
#include <stdio.h>

#include <libkrsi/encode.h>
#include <libkrsi/krsi.h>

int main(void)
{
	struct krsi_encoder_opts opts = { sizeof(opts), KRSI_ENCODE_JSON, 0, NULL, NULL, NULL, NULL, NULL };
	struct krsi_encoder *encoder = NULL;
	struct krsi_ctx *ctx = NULL;
	const char *text = NULL;

	if (krsi_ctx_new(NULL, &ctx) || krsi_encoder_new(ctx, &opts, &encoder) || krsi_encoder_lost(encoder, 3, 5, &text, NULL)) {
		fprintf(stderr, "%s\n", krsi_ctx_error_detail(ctx));
		return 1;
	}
	printf("%s\n", text);
	krsi_encoder_free(encoder);
	krsi_ctx_free(ctx);
	return 0;
}
