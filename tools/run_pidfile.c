/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The pidfile of `krsi run`. Readers see it whole or not at all. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"
#include "tool.h"

#define TRIES 10

/* What a pidfile says: a number, 0 for an empty file or none, -1 for anything else, which is told. */
static pid_t pid_read(const char *path)
{
	char text[32], *end;
	ssize_t n;
	long pid;
	int fd;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0) {
		tool_error("pidfile %s: cannot be read: %s", path, errno == ELOOP ? "it is a symbolic link" : strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	text[n] = '\0';
	if (!n)
		return 0;	/* what a crash of the machine can leave of one */
	errno = 0;
	pid = strtol(text, &end, 10);
	if (isdigit((unsigned char)*text) && !errno && pid > 0 && pid <= INT32_MAX && (!*end || strcmp(end, "\n") == 0))
		return (pid_t)pid;
	tool_error("pidfile %s: is not a pidfile, so it is left alone; name another file", path);
	return -1;
}

int pidfile_check(const struct pidfile *pidfile)
{
	pid_t pid;

	if (!pidfile->path)
		return 0;
	pid = pid_read(pidfile->path);
	if (pid < 0)
		return -1;
	/* In a container numbers come again: ours is not somebody else's. */
	if (!pid || pid == getpid() || (kill(pid, 0) < 0 && errno == ESRCH))
		return 0;
	tool_error("pidfile %s: process %d is running already", pidfile->path, (int)pid);
	return -1;
}

/* Give the temporary file its name, which must not be taken by anybody alive. */
static int name_take(const struct pidfile *pidfile, const char *temporary)
{
	bool cannot;
	int i;

	for (i = 0; i < TRIES; i++) {
		if (renameat2(AT_FDCWD, temporary, AT_FDCWD, pidfile->path, RENAME_NOREPLACE) == 0)
			return 0;
		cannot = errno == EINVAL;
		if (!cannot && errno != EEXIST)
			return -1;
		if (pidfile_check(pidfile)) {
			errno = 0;	/* it is told */
			return -1;
		}
		if (cannot)	/* as this file system knows nothing like it */
			return rename(temporary, pidfile->path);
		if (unlink(pidfile->path) < 0 && errno != ENOENT)
			return -1;
	}
	errno = EBUSY;
	return -1;
}

int pidfile_write(struct pidfile *pidfile)
{
	char *temporary = NULL;
	int fd = -1, err = -1;

	if (!pidfile->path)
		return 0;
	errno = ENOMEM;
	if (asprintf(&temporary, "%s.XXXXXX", pidfile->path) < 0)
		temporary = NULL;
	else
		fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		goto out;
	if (dprintf(fd, "%d\n", (int)getpid()) > 0 && fchmod(fd, 0644) == 0 && fstat(fd, &pidfile->written) == 0)
		err = name_take(pidfile, temporary);
	if (err) {
		int saved = errno;

		unlink(temporary);
		pidfile->written.st_ino = 0;
		errno = saved;
	}
out:
	if (err && errno)
		tool_error("pidfile %s: cannot be written: %s", pidfile->path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(temporary);
	return err;
}

void pidfile_remove(const struct pidfile *pidfile)
{
	struct stat st;

	if (!pidfile->path || !pidfile->written.st_ino || lstat(pidfile->path, &st) < 0)
		return;
	/* The time too: inode numbers come again. */
	if (st.st_ino == pidfile->written.st_ino && st.st_dev == pidfile->written.st_dev &&
	    st.st_mtim.tv_sec == pidfile->written.st_mtim.tv_sec && st.st_mtim.tv_nsec == pidfile->written.st_mtim.tv_nsec)
		unlink(pidfile->path);
}
