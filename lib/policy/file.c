/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Opening a policy file without being led elsewhere, and looking at who could have written it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../errors.h"
#include "language.h"

static int open_fail(struct krsi_ctx *ctx, const char *path, int err)
{
	switch (err) {
	case -ENOENT:
	case -ENOTDIR:
		return krsi_priv_fail(ctx, -ENOENT, "%s: no such file", path);
	case -ELOOP:
		return krsi_priv_fail(ctx, -EACCES, "%s: it is a symbolic link; name the file that it leads to", path);
	case -EACCES:
	case -EPERM:
		return krsi_priv_fail(ctx, -EACCES, "%s: cannot be read: permission denied", path);
	case -ENFILE:
	case -EMFILE:
		return krsi_priv_fail(ctx, -EMFILE, "%s: no file descriptor left", path);
	default:
		return krsi_priv_fail(ctx, krsi_priv_error_close(err), "%s: cannot be opened: %s", path, krsi_priv_errno_name(err));
	}
}

static int trust_check(struct krsi_ctx *ctx, const char *path, const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return krsi_priv_fail(ctx, -EACCES, "%s: it belongs to user %u, who could change it at will; give it to root with chown", path, st->st_uid);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return krsi_priv_fail(ctx, -EACCES, "%s: its mode %04o lets others write it; take that away with chmod go-w", path, st->st_mode & 07777);
	return 0;
}

static int file_check(struct krsi_ctx *ctx, const char *path, uint32_t flags, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return krsi_priv_fail(ctx, -EBADMSG, "%s: not a regular file", path);
	if ((unsigned long long)st->st_size > KRSI_PRIV_TEXT_SIZE_MAX)
		return krsi_priv_fail(ctx, -EBADMSG, "%s: %llu bytes, at most %zu are allowed", path, (unsigned long long)st->st_size, KRSI_PRIV_TEXT_SIZE_MAX);
	return flags & KRSI_POLICY_TRUSTED_FILE ? trust_check(ctx, path, st) : 0;
}

/* Read until the end, which must be where fstat(2) said: half a policy is another policy. */
static int bytes_read(int fd, char *bytes, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while ((n = read(fd, bytes + done, size + 1 - done)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
		if (done > size)
			break;
	}
	return done == size ? 0 : -ESTALE;
}

static int load(struct krsi_ctx *ctx, const char *path, int fd, const struct stat *st, char **text)
{
	size_t size = (size_t)st->st_size;
	char *bytes = malloc(size + 1);
	int err;

	if (!bytes)
		return krsi_priv_fail(ctx, -ENOMEM, "%s: no memory to read it", path);
	err = bytes_read(fd, bytes, size);
	if (!err) {
		*text = bytes;
		return 0;
	}
	free(bytes);
	if (err == -ESTALE)
		return krsi_priv_fail(ctx, -EIO, "%s: it changed while it was read; write a new file and rename it into place", path);
	return krsi_priv_fail(ctx, -EIO, "%s: cannot be read: %s", path, krsi_priv_errno_name(err));
}

int krsi_priv_policy_file_load(struct krsi_ctx *ctx, const char *path, uint32_t flags, char **text,
			       size_t *size)
{
	struct stat st;
	int fd, err;

	/* O_NONBLOCK: opening a fifo must not wait for its writer. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return open_fail(ctx, path, -errno);
	if (fstat(fd, &st) < 0)
		err = open_fail(ctx, path, -errno);
	else
		err = file_check(ctx, path, flags, &st);
	if (!err)
		err = load(ctx, path, fd, &st, text);
	close(fd);
	if (!err)
		*size = (size_t)st.st_size;
	return err;
}
