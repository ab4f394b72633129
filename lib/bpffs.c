/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/stat.h>
#include <linux/magic.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bpffs.h"
#include "caps.h"
#include "ctx.h"
#include "errors.h"

int krsi_priv_bpffs_check(struct krsi_ctx *ctx, const char *path)
{
	struct statfs fs;
	char *copy;
	int err;

	err = statfs(path, &fs) < 0 ? -errno : 0;
	if (err == -ENOENT) {
		copy = strdup(path);
		if (!copy)
			return krsi_priv_fail(ctx, -ENOMEM, "pin %s: no memory", path);
		err = statfs(dirname(copy), &fs) < 0 ? -errno : 0;
		free(copy);
	}
	if (err)
		return krsi_priv_fail(ctx, krsi_priv_error_close(err), "pin %s: its directory cannot be used: %s", path, strerror(-err));
	if (fs.f_type != BPF_FS_MAGIC)
		return krsi_priv_fail(ctx, -EXDEV, "pin %s: not on a BPF file system; use a path below /sys/fs/bpf, "
				      "or mount one: mount -t bpf bpf DIRECTORY", path);
	return 0;
}

int krsi_priv_bpffs_pin(struct krsi_ctx *ctx, int fd, const char *path, const char *what)
{
	char why[512];
	int err;

	err = krsi_priv_bpffs_check(ctx, path);
	if (err)
		return err;
	if (bpf_obj_pin(fd, path) == 0)
		return 0;
	err = -errno;
	if (err == -EEXIST)
		return krsi_priv_fail(ctx, err, "%s: cannot be pinned: %s exists; remove it, or pin elsewhere", what, path);
	if (err == -EPERM) {
		krsi_priv_eperm_explain(why, sizeof(why));
		return krsi_priv_fail(ctx, err, "%s: cannot be pinned as %s (names there must not have a dot): %s", what, path, why);
	}
	return krsi_priv_fail(ctx, krsi_priv_error_close(err), "%s: cannot be pinned as %s: %s", what, path, strerror(-err));
}

int krsi_priv_bpffs_open(struct krsi_ctx *ctx, const char *path, const char *what)
{
	char why[512];
	struct stat st;
	int fd, err;

	if (stat(path, &st) < 0)
		return krsi_priv_fail(ctx, krsi_priv_error_close(-errno), "%s %s: cannot be opened: %s", what, path, strerror(errno));
	err = krsi_priv_bpffs_check(ctx, path);
	if (err)
		return err;
	fd = bpf_obj_get(path);
	if (fd >= 0)
		return fd;
	err = -errno;
	if (err == -EPERM) {
		krsi_priv_eperm_explain(why, sizeof(why));
		return krsi_priv_fail(ctx, err, "%s %s: cannot be opened: %s", what, path, why);
	}
	return krsi_priv_fail(ctx, krsi_priv_error_close(err), "%s %s: cannot be opened: %s", what, path, strerror(-err));
}

bool krsi_priv_fd_is(int fd, const char *kind)
{
	char link[64], name[64], *c;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, sizeof(name) - 1);
	if (n < 0)
		return true;	/* no /proc: the kernel will refuse what does not fit */
	name[n] = '\0';
	for (c = name; *c; c++)	/* links are "bpf_link" or "bpf-link", depending on how they were opened */
		if (*c == '_')
			*c = '-';
	return strncmp(name, "anon-inode:", 11) == 0 && strcmp(name + 11, kind) == 0;
}
