/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the paths of a policy lead to now, so that the objects are found under other names as well. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "engine.h"

/*
 * Symbolic links are followed: "/bin/sh" means the shell. The device is what stat(2) says, which on
 * btrfs and for some objects on overlayfs is not what the kernel has in its inode: there the name alone
 * counts.
 */
bool krsi_priv_resolve_path(void *data, const char *path, struct krsi_priv_resolved *ret)
{
	struct stat st;

	(void)data;
	if (stat(*path ? path : "/", &st) < 0)
		return false;
	ret->device = (uint32_t)major(st.st_dev) << 20 | (uint32_t)minor(st.st_dev);
	ret->inode = st.st_ino;
	ret->is_directory = S_ISDIR(st.st_mode);
	return true;
}

/* --- looked at again once the policies are in force ------------------------ */

bool krsi_priv_resolve_noting(void *data, const char *path, struct krsi_priv_resolved *ret)
{
	struct krsi_priv_resolutions *resolutions = data;
	size_t capacity = resolutions->capacity ? 2 * resolutions->capacity : 64;
	struct krsi_priv_resolution *at;

	if (resolutions->count == resolutions->capacity) {
		at = reallocarray(resolutions->at, capacity, sizeof(*at));
		if (!at) {
			resolutions->no_memory = true;
			return false;
		}
		resolutions->at = at;
		resolutions->capacity = capacity;
	}
	at = &resolutions->at[resolutions->count];
	*at = (struct krsi_priv_resolution){ .path = strdup(path) };
	if (!at->path) {
		resolutions->no_memory = true;
		return false;
	}
	resolutions->count++;
	at->found = krsi_priv_resolve_path(NULL, path, &at->resolved);
	*ret = at->resolved;
	return at->found;
}

void krsi_priv_resolutions_free(struct krsi_priv_resolutions *resolutions)
{
	while (resolutions->count)
		free(resolutions->at[--resolutions->count].path);
	free(resolutions->at);
	*resolutions = (struct krsi_priv_resolutions){ .at = NULL };
}

void krsi_priv_host_namespaces(uint64_t numbers[8])
{
	static const char *const names[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };
	char path[64];
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "/proc/1/ns/%s", names[i]);
		numbers[i] = stat(path, &st) == 0 ? st.st_ino : 0;
	}
}
