/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which files links are pinned as: the kernel does not tell, so every file of every BPF file system is opened. */
#include <errno.h>
#include <fts.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "attached.h"
#include "bpffs.h"

static int file_look(struct krsi_attached *attached, const char *path)
{
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);
	int fd, err;
	size_t i;

	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	err = krsi_priv_fd_is(fd, "bpf-link") ? bpf_obj_get_info_by_fd(fd, &info, &size) : -EINVAL;
	close(fd);
	for (i = 0; !err && i < attached->count; i++) {
		struct krsi_priv_attached *program = &attached->programs[i];

		if (program->link_id != info.id || program->pin)
			continue;
		program->pin = strdup(path);
		if (!program->pin)
			return -ENOMEM;
	}
	return 0;
}

static int file_system_look(struct krsi_attached *attached, char *root)
{
	char *const roots[] = { root, NULL };
	FTSENT *entry;
	int err = 0;
	FTS *walk;

	walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	if (!walk)
		return errno == ENOMEM ? -ENOMEM : 0;
	while (!err && (entry = fts_read(walk)))
		if (entry->fts_info == FTS_F || entry->fts_info == FTS_DEFAULT)
			err = file_look(attached, entry->fts_path);
	fts_close(walk);
	return err;
}

int krsi_priv_attached_pins(struct krsi_attached *attached, const char *mounts)
{
	struct mntent mount;
	char text[4096];
	int err = 0;
	FILE *list;

	list = attached->count ? setmntent(mounts, "re") : NULL;
	if (!list)
		return 0;
	while (!err && getmntent_r(list, &mount, text, sizeof(text)))
		if (strcmp(mount.mnt_type, "bpf") == 0)
			err = file_system_look(attached, mount.mnt_dir);
	endmntent(list);
	return err;
}
