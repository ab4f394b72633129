/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Pinning what an object has in the kernel, so that it outlives the process. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpffs.h"
#include "ctx.h"
#include "errors.h"
#include "object.h"

/*
 * "DIR/KIND_NAME" into a buffer of PATH_MAX bytes: taking pins back after a failure must not want
 * memory. Dots become underscores: a BPF file system refuses them.
 */
static int pin_path(const struct krsi_object *object, char *path, const char *dir, const char *kind,
		    const char *name)
{
	char *c;

	if (snprintf(path, PATH_MAX, "%s/%s_%s", dir, kind, name) >= PATH_MAX)
		return krsi_priv_fail(object->ctx, -EINVAL, "object %s: the path %s/%s_%s is too long", object->name, dir, kind, name);
	for (c = path + strlen(dir) + 1; *c; c++)
		if (*c == '.')
			*c = '_';
	return 0;
}

/* Called with each path that an object pins, and the descriptor behind it (-1 when there is none). */
typedef int (*pin_fn)(struct krsi_object *object, const char *path, const char *name, int fd);

static int each_pin(struct krsi_object *object, const char *dir, pin_fn fn)
{
	char path[PATH_MAX];
	struct bpf_map *map;
	size_t i;
	int err;

	bpf_object__for_each_map(map, object->bpf) {
		err = pin_path(object, path, dir, "map", krsi_priv_map_source_name(map));
		if (!err)
			err = fn(object, path, bpf_map__name(map), bpf_map__fd(map));
		if (err)
			return err;
	}
	for (i = 0; i < object->program_count; i++) {
		struct krsi_priv_program *program = &object->programs[i];

		err = pin_path(object, path, dir, "link", program->name);
		if (!err)
			err = fn(object, path, program->name, program->link ? bpf_link__fd(program->link) : -1);
		if (err)
			return err;
	}
	return 0;
}

static int pin_refuse_existing(struct krsi_object *object, const char *path, const char *name, int fd)
{
	struct stat st;

	if (fd < 0 || lstat(path, &st) < 0)
		return 0;
	return krsi_priv_fail(object->ctx, -EEXIST, "%s: cannot be pinned: %s exists; remove it, or pin elsewhere", name, path);
}

static int pin_make(struct krsi_object *object, const char *path, const char *name, int fd)
{
	return fd < 0 ? 0 : krsi_priv_bpffs_pin(object->ctx, fd, path, name);
}

/* Nothing of these names was there before, so what is there now is what this call made. */
static int pin_undo(struct krsi_object *object, const char *path, const char *name, int fd)
{
	(void)object;
	(void)name;
	if (fd >= 0)
		unlink(path);
	return 0;
}

static int pin_remove(struct krsi_object *object, const char *path, const char *name, int fd)
{
	(void)fd;
	if (unlink(path) < 0 && errno != ENOENT)
		return krsi_priv_fail(object->ctx, krsi_priv_error_close(-errno), "%s: cannot be unpinned: %s: %s", name, path,
				      strerror(errno));
	return 0;
}

int krsi_object_pin(struct krsi_object *object, const char *dir)
{
	bool made;
	size_t i;
	int err;

	if (!object || !dir)
		return krsi_priv_fail(object ? object->ctx : NULL, -EINVAL, "krsi_object_pin: an argument is NULL");
	if (!object->loaded)
		return krsi_priv_fail(object->ctx, -EBADFD, "object %s: load it before pinning it", object->name);
	err = krsi_priv_bpffs_check(object->ctx, dir);
	if (err)
		return err;
	made = mkdir(dir, 0700) == 0;
	if (!made && errno != EEXIST)
		return krsi_priv_fail(object->ctx, krsi_priv_error_close(-errno), "object %s: cannot make %s: %s", object->name, dir,
				      strerror(errno));
	err = each_pin(object, dir, pin_refuse_existing);
	if (!err) {
		err = each_pin(object, dir, pin_make);
		if (err)
			each_pin(object, dir, pin_undo);
	}
	if (err) {
		if (made)
			rmdir(dir);
		return err;
	}
	for (i = 0; i < object->program_count; i++)
		object->programs[i].pinned = object->programs[i].link != NULL;
	krsi_priv_log(object->ctx, KRSI_LOG_INFO, "object %s: pinned below %s", object->name, dir);
	return 0;
}

int krsi_object_unpin(struct krsi_object *object, const char *dir)
{
	struct stat st;
	size_t i;
	int err;

	if (!object || !dir)
		return krsi_priv_fail(object ? object->ctx : NULL, -EINVAL, "krsi_object_unpin: an argument is NULL");
	if (stat(dir, &st) < 0)
		return krsi_priv_fail(object->ctx, krsi_priv_error_close(-errno), "object %s: cannot unpin below %s: %s", object->name, dir,
				      strerror(errno));
	err = krsi_priv_bpffs_check(object->ctx, dir);
	if (!err)
		err = each_pin(object, dir, pin_remove);
	if (err)
		return err;
	rmdir(dir);	/* stays when it holds something of others */
	for (i = 0; i < object->program_count; i++)
		object->programs[i].pinned = false;
	return 0;
}
