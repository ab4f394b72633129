/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctx.h"
#include "opts.h"

struct krsi_ctx {
	unsigned int refs;	/* one of the caller's, one of each handle made from it */
	int log_level;
	krsi_log_fn log;
	void *log_data;
	char *detail;		/* NULL until something fails */
};

static bool level_exists(int level)
{
	return level >= KRSI_LOG_ERROR && level <= KRSI_LOG_DEBUG;
}

int krsi_ctx_new(const struct krsi_ctx_opts *opts, struct krsi_ctx **ret)
{
	struct krsi_ctx_opts o;
	struct krsi_ctx *ctx;
	int err;

	if (!ret)
		return -EINVAL;
	err = KRSI_PRIV_OPTS_READ(NULL, &o, opts, "krsi_ctx_opts");
	if (err)
		return err;
	if (o.reserved || (o.log_level && !level_exists((int)o.log_level)))
		return -EINVAL;

	ctx = calloc(1, sizeof(*ctx));
	if (!ctx)
		return -ENOMEM;
	ctx->refs = 1;
	ctx->log = o.log;
	ctx->log_data = o.log_data;
	ctx->log_level = o.log_level ? (int)o.log_level : KRSI_LOG_WARN;
	*ret = ctx;
	return 0;
}

struct krsi_ctx *krsi_priv_ctx_ref(struct krsi_ctx *ctx)
{
	ctx->refs++;
	return ctx;
}

void krsi_ctx_free(struct krsi_ctx *ctx)
{
	if (!ctx || --ctx->refs)
		return;
	free(ctx->detail);
	free(ctx);
}

const char *krsi_ctx_error_detail(const struct krsi_ctx *ctx)
{
	return ctx && ctx->detail ? ctx->detail : "";
}

int krsi_ctx_set_log(struct krsi_ctx *ctx, krsi_log_fn log, int level, void *data)
{
	if (!ctx)
		return -EINVAL;
	if (!level_exists(level))
		return krsi_priv_fail(ctx, -EINVAL, "log level %d does not exist; use KRSI_LOG_*", level);
	ctx->log = log;
	ctx->log_level = level;
	ctx->log_data = data;
	return 0;
}

int krsi_priv_fail(struct krsi_ctx *ctx, int err, const char *fmt, ...)
{
	va_list args;
	char *text;

	if (!ctx)
		return err;
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;	/* the number still tells the truth; an older story would not */
	va_end(args);
	free(ctx->detail);
	ctx->detail = text;
	if (text)
		krsi_priv_log(ctx, KRSI_LOG_ERROR, "%s", text);
	return err;
}

int krsi_ctx_fail(struct krsi_ctx *ctx, int err, const char *text)
{
	return krsi_priv_fail(ctx, err, "%s", text ? text : "");
}

void krsi_priv_log(struct krsi_ctx *ctx, int level, const char *fmt, ...)
{
	char line[1024];
	va_list args;
	char *c;

	if (!ctx->log || level > ctx->log_level)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	for (c = line; *c; c++)
		if (*c == '\n')
			*c = ' ';
	ctx->log(ctx->log_data, level, line);
}
