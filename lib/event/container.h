/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The container that a cgroup belongs to. */
#ifndef KRSI_PRIV_CONTAINER_H
#define KRSI_PRIV_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

struct krsi_priv_container {
	const char *id;		/* within the cgroup's text, not terminated */
	size_t size;
	const char *runtime;	/* valid for ever; NULL: the path does not tell */
};

/* Whether the cgroup of this path, or one above it, is that of a container. */
bool krsi_priv_container_find(const char *cgroup, size_t size, struct krsi_priv_container *ret);

#endif
