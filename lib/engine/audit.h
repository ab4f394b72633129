/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Records of the kernel's audit system, of rules with `report: audit`. audit_kernel.c knows whether programs write them
 * (bpf/engine/audit.bpf.h). What these did not write audit.c sends, in the words of audit_record.c; audit_absent.c
 * stands in for both where libaudit was not there when this library was built.
 */
#ifndef KRSI_PRIV_AUDIT_H
#define KRSI_PRIV_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct krsi_engine;
struct krsi_event;
struct krsi_object;
struct krsi_priv_generation;

/* Bytes of a record. The kernel takes 8560, and libaudit adds the sender. */
#define KRSI_PRIV_AUDIT_SIZE 7800

struct krsi_priv_audit {
	bool here;		/* programs have records written themselves, at the verdict: those of bpf/engine_audit.bpf.c */
	int fd;			/* to the kernel; -1: none */
	bool failing;		/* and that was told */
	uint64_t failed;	/* records that the kernel did not take */
};

/* Find out whether programs can have records written (audit_kernel.c). */
void krsi_priv_audit_find(struct krsi_engine *engine);

/* Whether they most likely can, as the kernel tells, without loading anything. */
bool krsi_priv_audit_is_told(const struct krsi_engine *engine);

/* Make room for them in an object that is not loaded yet. */
int krsi_priv_audit_set(const struct krsi_engine *engine, struct krsi_object *object);

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
