/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Policies of files, as check, test and run have them. */
#ifndef KRSI_TOOL_POLICIES_H
#define KRSI_TOOL_POLICIES_H

#include <stddef.h>
#include <stdint.h>

struct krsi_ctx;
struct krsi_policy;

struct policies {
	struct krsi_policy **list;
	size_t count;
};

/*
 * Read all files, so that one run shows the errors of all, and see that no two policies have one
 * name. `flags` is enum krsi_policy_flags. Returns enum tool_exit, with what is wrong told; free them
 * in any case.
 */
int policies_read(struct krsi_ctx *ctx, char *const *paths, size_t count, uint32_t flags, struct policies *policies);

void policies_free(struct policies *policies);

/* The exit code for what is wrong with policies, or with this machine. */
int policies_exit(int err);

#endif
