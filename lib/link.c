/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <libkrsi/link.h>

#include "bpffs.h"
#include "ctx.h"
#include "errors.h"
#include "opts.h"

struct krsi_link {
	struct krsi_ctx *ctx;
	char *path;		/* NULL once it is unpinned */
	ino_t inode;		/* of the pin, so that another file there is not taken for it */
	int fd;
	struct bpf_link_info info;
};

static int link_read(struct krsi_link *link, const char *path)
{
	uint32_t size = sizeof(link->info);
	struct stat st;

	if (bpf_obj_get_info_by_fd(link->fd, &link->info, &size) < 0)
		return krsi_priv_fail(link->ctx, krsi_priv_error_close(-errno), "link %s: %s", path, krsi_priv_errno_name(errno));
	if (stat(path, &st) < 0)
		return krsi_priv_fail(link->ctx, krsi_priv_error_close(-errno), "link %s: %s", path, strerror(errno));
	link->inode = st.st_ino;
	return 0;
}

int krsi_link_open_pin(struct krsi_ctx *ctx, const char *path, struct krsi_link **ret)
{
	struct krsi_link *link;
	int err;

	if (!ctx || !path || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_link_open_pin: an argument is NULL");
	link = calloc(1, sizeof(*link));
	if (!link)
		return krsi_priv_fail(ctx, -ENOMEM, "link %s: no memory", path);
	link->ctx = krsi_priv_ctx_ref(ctx);
	link->fd = krsi_priv_bpffs_open(ctx, path, "link");
	err = link->fd < 0 ? link->fd : 0;
	if (err)
		goto out;
	if (!krsi_priv_fd_is(link->fd, "bpf-link")) {
		err = krsi_priv_fail(ctx, -EINVAL, "link %s: what is pinned there is no link", path);
		goto out;
	}
	err = link_read(link, path);
	if (err)
		goto out;
	link->path = strdup(path);
	if (!link->path) {
		err = krsi_priv_fail(ctx, -ENOMEM, "link %s: no memory", path);
		goto out;
	}
	*ret = link;
	return 0;
out:
	krsi_link_free(link);
	return err;
}

void krsi_link_free(struct krsi_link *link)
{
	if (!link)
		return;
	if (link->fd >= 0)
		close(link->fd);
	free(link->path);
	krsi_ctx_free(link->ctx);
	free(link);
}

int krsi_link_info(const struct krsi_link *link, struct krsi_link_info *info)
{
	struct krsi_link_info all = { .sz = sizeof(all) };

	if (!link || !info)
		return -EINVAL;
	all.id = link->info.id;
	all.type = link->info.type;
	all.program_id = link->info.prog_id;
	if (link->info.type == BPF_LINK_TYPE_TRACING)
		all.attach_type = link->info.tracing.attach_type;
	else if (link->info.type == BPF_LINK_TYPE_CGROUP)
		all.attach_type = link->info.cgroup.attach_type;
	return KRSI_PRIV_INFO_WRITE(link->ctx, info, &all, "krsi_link_info");
}

int krsi_link_fd(const struct krsi_link *link)
{
	return link ? link->fd : -EINVAL;
}

int krsi_link_unpin(struct krsi_link *link)
{
	struct stat st;

	if (!link)
		return -EINVAL;
	if (!link->path)
		return krsi_priv_fail(link->ctx, -EALREADY, "link %u: it was unpinned before", link->info.id);
	if (stat(link->path, &st) < 0 || st.st_ino != link->inode)
		return krsi_priv_fail(link->ctx, -ENOENT, "link %u: %s is gone, or something else", link->info.id, link->path);
	if (unlink(link->path) < 0)
		return krsi_priv_fail(link->ctx, krsi_priv_error_close(-errno), "link %u: cannot unpin %s: %s", link->info.id, link->path,
				      strerror(errno));
	free(link->path);
	link->path = NULL;
	return 0;
}
