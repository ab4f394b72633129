/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Files of a BPF file system: where they may be, and opening what is pinned there. */
#ifndef KRSI_PRIV_BPFFS_H
#define KRSI_PRIV_BPFFS_H

#include <stdbool.h>

struct krsi_ctx;

/* 0 when `path`, or the directory it would be made in, is on a BPF file system; else told. */
int krsi_priv_bpffs_check(struct krsi_ctx *ctx, const char *path);

/* Pin `fd` as `path`, which must not exist. `what` names the thing in the error text. */
int krsi_priv_bpffs_pin(struct krsi_ctx *ctx, int fd, const char *path, const char *what);

/* Open what is pinned at `path`: a descriptor, or a negative errno with the failure told. */
int krsi_priv_bpffs_open(struct krsi_ctx *ctx, const char *path, const char *what);

/*
 * Whether a descriptor is a "bpf-map", "bpf-prog" or "bpf-link", by the name that the kernel gives
 * it in /proc. BPF_OBJ_GET_INFO_BY_FD fills as much as fits for any kind, so a program would pass
 * for a map.
 */
bool krsi_priv_fd_is(int fd, const char *kind);

#endif
