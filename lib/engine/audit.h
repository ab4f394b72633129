/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Records of the kernel's audit system, of rules with `report: audit`. audit.c sends them, in the words of
 * audit_record.c; audit_absent.c stands in for both where libaudit was not there when this library was built.
 */
#ifndef KRSI_PRIV_AUDIT_H
#define KRSI_PRIV_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct krsi_engine;
struct krsi_event;
struct krsi_priv_generation;

/* Bytes of a record. The kernel takes 8560, and libaudit adds the sender. */
#define KRSI_PRIV_AUDIT_SIZE 7800

struct krsi_priv_audit {
	int fd;			/* to the kernel; -1: none */
	bool failing;		/* and that was told */
	uint64_t failed;	/* records that the kernel did not take */
};

/* Whether this process can have records written, now: 0, or a negative errno; and how, or why not, in a sentence. */
int krsi_priv_audit_try(int *fd, char *why, size_t size);
void krsi_priv_audit_close(int fd);

/* Policies come into force: when one asks for records, tell what keeps them from being written. */
void krsi_priv_audit_begin(struct krsi_engine *engine, const struct krsi_priv_generation *generation);

/* An event of a rule: have its record written when the rule asks for it. */
void krsi_priv_audit_send(struct krsi_engine *engine, const struct krsi_event *event);

void krsi_priv_audit_end(struct krsi_engine *engine);

/* The event in words. `size` is at least KRSI_PRIV_AUDIT_SIZE. */
void krsi_priv_audit_record(const struct krsi_event *event, char *text, size_t size);

#endif
