/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Inside of additions: for those who must not touch the context's last failure. */
#ifndef KRSI_PRIV_ADDITIONS_H
#define KRSI_PRIV_ADDITIONS_H

#include <stddef.h>
#include <stdint.h>
#include <libkrsi/additions.h>

struct krsi_ctx;

struct krsi_priv_hook_program {
	char *hook;
	char name[64], tag[17];
	uint32_t id, link, sealed, cgroup;
};

struct krsi_additions {
	struct krsi_ctx *ctx;		/* NULL when read for a probe */
	struct krsi_additions_info info;
	uint32_t *sealed;
	struct krsi_priv_hook_program *programs;
};

/* Where the kernel has them. Tests have them elsewhere. */
extern const char *krsi_priv_additions_dir;

/*
 * Read them. 0, or what krsi_additions_new() returns with a sentence in `why`. krsi_priv_additions_clear() frees
 * what was read, also after a failure.
 */
int krsi_priv_additions_read(struct krsi_additions *additions, char *why, size_t size);
void krsi_priv_additions_clear(struct krsi_additions *additions);

#endif
