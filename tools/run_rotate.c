/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Files that become too large get another name: FILE becomes FILE.1, which becomes FILE.2, up to FILE.N. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "run.h"

#define NUMBER_ROOM 12	/* ".4294967295" */

static void name_make(char *name, size_t size, const char *path, uint32_t number)
{
	if (number)
		snprintf(name, size, "%s.%" PRIu32, path, number);
	else
		snprintf(name, size, "%s", path);
}

/* The oldest first, so that nothing is overwritten but what is one too many. */
static int names_move(const char *path, uint32_t count)
{
	char from[PATH_MAX + NUMBER_ROOM], to[PATH_MAX + NUMBER_ROOM];
	uint32_t number;
	int err;

	for (number = count; number > 0; number--) {
		name_make(from, sizeof(from), path, number - 1);
		name_make(to, sizeof(to), path, number);
		if (rename(from, to) == 0 || errno == ENOENT)
			continue;
		err = errno;
		tool_error("%s: cannot become %s: %s; it goes on growing", from, to, strerror(err));
		return -1;
	}
	return 0;
}

bool rotation_is_due(const struct rotation *rotation, uint64_t size)
{
	return rotation->size && size >= (rotation->retry_at ? rotation->retry_at : rotation->size);
}

int rotation_move(struct rotation *rotation, const char *path, int fd)
{
	struct stat ours, named;

	/* Somebody else moved it, or we could not make a new one the last time: the names are as they should be. */
	if (fstat(fd, &ours) == 0 && (lstat(path, &named) < 0 || named.st_ino != ours.st_ino || named.st_dev != ours.st_dev))
		return 0;
	return names_move(path, rotation->count ? rotation->count : ROTATE_COUNT_DEFAULT);
}

void rotation_done(struct rotation *rotation, bool succeeded, uint64_t size)
{
	rotation->retry_at = succeeded ? 0 : size + rotation->size;
	rotation->failed += !succeeded;
}
