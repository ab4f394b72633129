/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Audit records where this library was built without libaudit: none, which is told. */
#include <errno.h>
#include <stdio.h>

#include "../ctx.h"
#include "audit.h"
#include "engine.h"

int krsi_priv_audit_try(int *fd, char *why, size_t size)
{
	*fd = -1;
	snprintf(why, size, "no records: this libkrsi was built without libaudit");
	return -EOPNOTSUPP;
}

void krsi_priv_audit_close(int fd)
{
	(void)fd;
}

void krsi_priv_audit_begin(struct krsi_engine *engine, const struct krsi_priv_generation *generation)
{
	char why[256];
	int fd;

	if (!generation->audits)
		return;
	krsi_priv_audit_try(&fd, why, sizeof(why));
	krsi_priv_log(engine->ctx, KRSI_LOG_WARN, "engine: report: audit: %s; events are told all the same", why);
}

void krsi_priv_audit_send(struct krsi_engine *engine, const struct krsi_event *event)
{
	(void)engine;
	(void)event;
}

void krsi_priv_audit_end(struct krsi_engine *engine)
{
	(void)engine;
}
