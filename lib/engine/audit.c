/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Audit records from user space: of each event whose rule asks for it, as the event is read. They are of the type
 * USER_AVC, which the kernel takes also while audit is off, and then logs.
 */
#include <errno.h>
#include <libaudit.h>
#include <stdio.h>
#include <string.h>

#include "../ctx.h"
#include "../errors.h"
#include "../event/event.h"
#include "audit.h"
#include "engine.h"

static int no_system(char *why, size_t size)
{
	snprintf(why, size, "this kernel has no audit system (CONFIG_AUDIT), or it is off until the next boot: boot without audit=0");
	return -EOPNOTSUPP;
}

static int state_try(int fd, char *why, size_t size)
{
	switch (audit_is_enabled(fd)) {
	case 0:
		snprintf(why, size, "audit is off, so records are in the kernel's log only, where many at once are left out; turn it on with auditctl -e 1");
		return -ESHUTDOWN;
	case -1:
		/* Who may not ask may be allowed to write. */
		snprintf(why, size, "records of the type USER_AVC; whether audit is on could not be asked");
		return 0;
	default:
		snprintf(why, size, "records of the type USER_AVC");
		return 0;
	}
}

int krsi_priv_audit_try(int *fd, char *why, size_t size)
{
	*fd = audit_open();
	if (*fd >= 0)
		return state_try(*fd, why, size);
	if (errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT || errno == EINVAL)
		return no_system(why, size);
	snprintf(why, size, "the kernel's audit system cannot be reached: %s", strerror(errno));
	return -errno;
}

void krsi_priv_audit_begin(struct krsi_engine *engine, const struct krsi_priv_generation *generation)
{
	char why[256];
	int err;

	if (engine->audit.fd >= 0 || !generation->audits)
		return;
	if (engine->audit.here)
		krsi_priv_log(engine->ctx, KRSI_LOG_INFO, "engine: report: audit: the kernel writes records at the verdict");
	err = krsi_priv_audit_try(&engine->audit.fd, why, sizeof(why));
	krsi_priv_log(engine->ctx, err ? KRSI_LOG_WARN : KRSI_LOG_INFO, "engine: report: audit: %s", why);
}

static bool is_wanted(const struct krsi_engine *engine, const struct krsi_event *event)
{
	const struct event_head *head = event->head;
	const struct krsi_priv_generation *generation;

	if (head->kind != KRSI_EVENT_KIND_RULE || head->rule == UINT32_MAX || head->audited)
		return false;
	generation = krsi_priv_generation_find(engine, head->generation);
	return generation && head->policy < generation->policy_count && head->rule < generation->policies[head->policy].rule_count &&
	       generation->policies[head->policy].audits[head->rule];
}

/* Once for each time that it begins: a flood of events must not make one of messages. */
static void failure_tell(struct krsi_engine *engine, int err)
{
	engine->audit.failed++;
	if (engine->audit.failing)
		return;
	engine->audit.failing = true;
	krsi_priv_log(engine->ctx, KRSI_LOG_WARN, "engine: report: audit: the kernel does not take a record: %s%s; events are told all the same",
		      err ? krsi_priv_errno_name(err) : "it has no audit system, or was booted with audit=0", err == -EPERM ? ", it needs CAP_AUDIT_WRITE" : "");
}

void krsi_priv_audit_send(struct krsi_engine *engine, const struct krsi_event *event)
{
	char text[KRSI_PRIV_AUDIT_SIZE];
	uint64_t login;
	int sent;

	if (engine->audit.fd < 0 || !is_wanted(engine, event))
		return;
	krsi_priv_audit_record(event, text, sizeof(text));
	if (krsi_event_number(event, KRSI_EVENT_LOGIN_UID, &login))
		login = (uid_t)-1;
	sent = audit_log_user_avc_message(engine->audit.fd, AUDIT_USER_AVC, text, NULL, NULL, NULL, (uid_t)login);
	if (sent <= 0) {
		failure_tell(engine, sent == -1 && errno > 0 ? -errno : sent);
		return;
	}
	if (engine->audit.failing)
		krsi_priv_log(engine->ctx, KRSI_LOG_WARN, "engine: report: audit: the kernel takes records again; %llu are missing",
			      (unsigned long long)engine->audit.failed);
	engine->audit.failing = false;
	engine->audit.failed = 0;
}

void krsi_priv_audit_close(int fd)
{
	if (fd >= 0)
		audit_close(fd);
}

void krsi_priv_audit_end(struct krsi_engine *engine)
{
	krsi_priv_audit_close(engine->audit.fd);
	engine->audit.fd = -1;
}
