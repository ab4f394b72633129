/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Map handles: opening, describing, single entries. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpffs.h"
#include "caps.h"
#include "ctx.h"
#include "errors.h"
#include "map.h"
#include "object.h"
#include "opts.h"
#include "text.h"

/* The kernel's own errno for "maps of this type cannot do that", in no libc header. */
#define KERNEL_ENOTSUPP 524

static bool type_is_percpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

bool krsi_priv_map_type_is_outer(uint32_t type)
{
	return type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

/* Arrays of descriptors take a descriptor and give an id, both of 4 bytes, whatever they hold. */
static uint32_t buffer_size(uint32_t type, uint32_t value_size, uint32_t cpus)
{
	return type_is_percpu(type) ? (value_size + 7) / 8 * 8 * cpus : value_size;
}

static int info_fill(struct krsi_map *map, const char *name)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	int cpus = libbpf_num_possible_cpus();

	if (bpf_obj_get_info_by_fd(map->fd, &info, &size) < 0)
		return -errno;
	if (cpus < 0)
		return cpus;
	map->name = strdup(name ? name : info.name);
	if (!map->name)
		return -ENOMEM;
	map->info = (struct krsi_map_info){
		.sz = sizeof(map->info),
		.name = map->name,
		.type = info.type,
		.key_size = info.key_size,
		.value_size = info.value_size,
		.max_entries = info.max_entries,
		.flags = info.map_flags,
		.id = info.id,
		.cpu_count = type_is_percpu(info.type) ? (uint32_t)cpus : 1,
		.buffer_size = buffer_size(info.type, info.value_size, (uint32_t)cpus),
	};
	return 0;
}

/*
 * Kernels have batch calls per type of map: asking for a batch of nothing tells, without touching
 * an entry. A type without them says ENOTSUPP, a kernel without the command EINVAL.
 */
static bool batch_try(int fd)
{
	uint32_t count = 0;

	return bpf_map_update_batch(fd, NULL, NULL, &count, NULL) == 0;
}

/* Takes over `fd`, also on failure. `name` is NULL to take the kernel's. */
static int map_from_fd(struct krsi_ctx *ctx, int fd, const char *name, struct krsi_map **ret)
{
	struct krsi_map *map;
	int err;

	map = calloc(1, sizeof(*map));
	if (!map) {
		close(fd);
		return krsi_priv_fail(ctx, -ENOMEM, "map: no memory");
	}
	map->ctx = krsi_priv_ctx_ref(ctx);
	map->fd = fd;
	if (!krsi_priv_fd_is(fd, "bpf-map")) {
		err = krsi_priv_fail(ctx, -EINVAL, "map: descriptor %d is no map", fd);
	} else {
		err = info_fill(map, name);
		if (err)
			err = krsi_priv_fail(ctx, krsi_priv_error_close(err), "map: the kernel does not describe it: %s",
					     krsi_priv_errno_name(err));
	}
	if (err) {
		krsi_map_free(map);
		return err;
	}
	map->has_batch = !type_is_percpu(map->info.type) && batch_try(fd);
	*ret = map;
	return 0;
}

int krsi_map_open(struct krsi_object *object, const char *name, struct krsi_map **ret)
{
	struct bpf_map *bpf;
	int fd;

	if (!object || !name || !ret)
		return krsi_priv_fail(object ? object->ctx : NULL, -EINVAL, "krsi_map_open: an argument is NULL");
	bpf = krsi_priv_object_map_find(object, name);
	if (!bpf)
		return -ENOENT;
	if (bpf_map__fd(bpf) < 0 || !object->loaded)
		return krsi_priv_fail(object->ctx, -EBADFD, "map %s: load the object before opening it", name);
	fd = fcntl(bpf_map__fd(bpf), F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return krsi_priv_fail(object->ctx, krsi_priv_error_close(-errno), "map %s: %s", name, strerror(errno));
	return map_from_fd(object->ctx, fd, name, ret);
}

int krsi_map_open_pin(struct krsi_ctx *ctx, const char *path, struct krsi_map **ret)
{
	int fd;

	if (!ctx || !path || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_map_open_pin: an argument is NULL");
	fd = krsi_priv_bpffs_open(ctx, path, "map");
	if (fd < 0)
		return fd;
	return map_from_fd(ctx, fd, NULL, ret);
}

int krsi_map_open_fd(struct krsi_ctx *ctx, int fd, struct krsi_map **ret)
{
	int own;

	if (!ctx || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_map_open_fd: an argument is NULL");
	own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (own < 0)
		return krsi_priv_fail(ctx, errno == EMFILE ? -EMFILE : -EINVAL, "map: descriptor %d: %s", fd, strerror(errno));
	return map_from_fd(ctx, own, NULL, ret);
}

static int create_fail(struct krsi_ctx *ctx, const struct krsi_map_opts *o, int err)
{
	char why[512];

	if (err == -EPERM) {
		krsi_priv_eperm_explain(why, sizeof(why));
		return krsi_priv_fail(ctx, err, "map %s: the kernel does not permit making it: %s", o->name ? o->name : "", why);
	}
	if (err == -EINVAL && libbpf_probe_bpf_map_type(o->type, NULL) <= 0)
		err = -EOPNOTSUPP;
	else if (err == -E2BIG)		/* the kernel's word for "more memory than there is" */
		err = -ENOMEM;
	return krsi_priv_fail(ctx, krsi_priv_error_close(err),
			      "map %s: the kernel does not make it (type %u, key %u, value %u bytes, %u entries, flags 0x%x): %s",
			      o->name ? o->name : "", o->type, o->key_size, o->value_size, o->max_entries, o->flags,
			      krsi_priv_errno_name(err));
}

int krsi_map_new(struct krsi_ctx *ctx, const struct krsi_map_opts *opts, struct krsi_map **ret)
{
	LIBBPF_OPTS(bpf_map_create_opts, create);
	struct krsi_map_opts o;
	int fd, err;

	if (!ctx || !opts || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_map_new: an argument is NULL");
	err = KRSI_PRIV_OPTS_READ(ctx, &o, opts, "krsi_map_opts");
	if (err)
		return err;
	if (o.reserved)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_map_opts: reserved must be 0");
	create.map_flags = o.flags;
	fd = bpf_map_create(o.type, o.name, o.key_size, o.value_size, o.max_entries, &create);
	if (fd < 0)
		return create_fail(ctx, &o, -errno);
	return map_from_fd(ctx, fd, o.name, ret);
}

void krsi_map_free(struct krsi_map *map)
{
	if (!map)
		return;
	close(map->fd);
	free(map->name);
	krsi_ctx_free(map->ctx);
	free(map);
}

int krsi_map_info(const struct krsi_map *map, struct krsi_map_info *info)
{
	if (!map || !info)
		return -EINVAL;
	return KRSI_PRIV_INFO_WRITE(map->ctx, info, &map->info, "krsi_map_info");
}

int krsi_map_fd(const struct krsi_map *map)
{
	return map ? map->fd : -EINVAL;
}

int krsi_map_has_batch(const struct krsi_map *map)
{
	return map && map->has_batch;
}

int krsi_priv_map_key_check(const struct krsi_map *map, size_t key_size)
{
	if (key_size == map->info.key_size)
		return 0;
	return krsi_priv_fail(map->ctx, -EMSGSIZE, "map %s: its key has %u bytes, the caller's %zu", map->name,
			      map->info.key_size, key_size);
}

int krsi_priv_map_value_check(const struct krsi_map *map, size_t value_size)
{
	if (value_size == map->info.buffer_size)
		return 0;
	if (map->info.cpu_count > 1 || map->info.buffer_size != map->info.value_size)
		return krsi_priv_fail(map->ctx, -EMSGSIZE, "map %s: the values of all %u CPUs have %u bytes, the caller's %zu", map->name,
				      map->info.cpu_count, map->info.buffer_size, value_size);
	return krsi_priv_fail(map->ctx, -EMSGSIZE, "map %s: its value has %u bytes, the caller's %zu", map->name,
			      map->info.value_size, value_size);
}

int krsi_priv_map_fail(const struct krsi_map *map, const char *deed, int err)
{
	switch (err) {
	case -E2BIG:	/* a full hash, or past the end of an array */
		if (map->info.type == BPF_MAP_TYPE_ARRAY || map->info.type == BPF_MAP_TYPE_PERCPU_ARRAY ||
		    map->info.type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
			return krsi_priv_fail(map->ctx, -ENOENT, "map %s: it ends with number %u", map->name, map->info.max_entries - 1);
		return krsi_priv_fail(map->ctx, -ENOSPC, "map %s: it is full with %u entries", map->name, map->info.max_entries);
	case -ENOENT:
		return krsi_priv_fail(map->ctx, err, "map %s: no such key", map->name);
	case -EEXIST:
		return krsi_priv_fail(map->ctx, err, "map %s: the key is there already", map->name);
	case -EINVAL:
	case -EOPNOTSUPP:
	case -KERNEL_ENOTSUPP:
		return krsi_priv_fail(map->ctx, -EOPNOTSUPP, "map %s: a map of type %s does not let user space %s entries", map->name,
				      libbpf_bpf_map_type_str(map->info.type), deed);
	case -EPERM:
		return krsi_priv_fail(map->ctx, err, "map %s: cannot %s: it is frozen or read-only for user space", map->name, deed);
	default:
		return krsi_priv_fail(map->ctx, krsi_priv_error_close(err), "map %s: cannot %s: %s", map->name, deed,
				      krsi_priv_errno_name(err));
	}
}

int krsi_map_lookup(const struct krsi_map *map, const void *key, size_t key_size, void *value,
		    size_t value_size)
{
	int err;

	if (!map || !key || !value)
		return krsi_priv_fail(map ? map->ctx : NULL, -EINVAL, "krsi_map_lookup: an argument is NULL");
	err = krsi_priv_map_key_check(map, key_size);
	if (!err)
		err = krsi_priv_map_value_check(map, value_size);
	if (err)
		return err;
	if (bpf_map_lookup_elem(map->fd, key, value) < 0)
		return krsi_priv_map_fail(map, "look up", -errno);
	return 0;
}

int krsi_map_update(const struct krsi_map *map, const void *key, size_t key_size,
		    const void *value, size_t value_size, uint32_t flags)
{
	int err;

	if (!map || !key || !value)
		return krsi_priv_fail(map ? map->ctx : NULL, -EINVAL, "krsi_map_update: an argument is NULL");
	if (flags > KRSI_MAP_EXISTING)
		return krsi_priv_fail(map->ctx, -EINVAL, "map %s: unknown update flags 0x%x", map->name, flags);
	err = krsi_priv_map_key_check(map, key_size);
	if (!err)
		err = krsi_priv_map_value_check(map, value_size);
	if (err)
		return err;
	if (bpf_map_update_elem(map->fd, key, value, flags) < 0)
		return krsi_priv_map_fail(map, "update", -errno);
	return 0;
}

int krsi_map_delete(const struct krsi_map *map, const void *key, size_t key_size)
{
	int err;

	if (!map || !key)
		return krsi_priv_fail(map ? map->ctx : NULL, -EINVAL, "krsi_map_delete: an argument is NULL");
	err = krsi_priv_map_key_check(map, key_size);
	if (err)
		return err;
	if (bpf_map_delete_elem(map->fd, key) < 0)
		return krsi_priv_map_fail(map, "delete", -errno);
	return 0;
}

int krsi_map_set_inner(const struct krsi_map *outer, const void *key, size_t key_size,
		       const struct krsi_map *inner)
{
	int err;

	if (!outer || !key || !inner)
		return krsi_priv_fail(outer ? outer->ctx : NULL, -EINVAL, "krsi_map_set_inner: an argument is NULL");
	if (!krsi_priv_map_type_is_outer(outer->info.type))
		return krsi_priv_fail(outer->ctx, -EINVAL, "map %s: it is not a map of maps", outer->name);
	err = krsi_priv_map_key_check(outer, key_size);
	if (err)
		return err;
	if (bpf_map_update_elem(outer->fd, key, &inner->fd, BPF_ANY) == 0)
		return 0;
	if (errno == EINVAL)
		return krsi_priv_fail(outer->ctx, -EINVAL, "map %s: map %s differs from its pattern in type, key, value, entries or flags",
				      outer->name, inner->name);
	return krsi_priv_map_fail(outer, "update", -errno);
}

int krsi_map_get_inner(const struct krsi_map *outer, const void *key, size_t key_size,
		       struct krsi_map **ret)
{
	uint32_t id;
	int fd, err;

	if (!outer || !key || !ret)
		return krsi_priv_fail(outer ? outer->ctx : NULL, -EINVAL, "krsi_map_get_inner: an argument is NULL");
	if (!krsi_priv_map_type_is_outer(outer->info.type))
		return krsi_priv_fail(outer->ctx, -EINVAL, "map %s: it is not a map of maps", outer->name);
	err = krsi_map_lookup(outer, key, key_size, &id, sizeof(id));
	if (err)
		return err;
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0)
		return krsi_priv_fail(outer->ctx, krsi_priv_error_close(-errno), "map %s: its inner map %u cannot be opened: %s%s", outer->name,
				      id, krsi_priv_errno_name(errno), errno == EPERM ? " (needs CAP_SYS_ADMIN)" : "");
	return map_from_fd(outer->ctx, fd, NULL, ret);
}

/* Kernels differ in what they say to a second freeze, so ask before. */
static bool is_frozen(const struct krsi_map *map)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", map->fd);
	return krsi_priv_file_read(path, text, sizeof(text)) > 0 && strstr(text, "frozen:\t1");
}

int krsi_map_freeze(const struct krsi_map *map)
{
	if (!map)
		return -EINVAL;
	if (is_frozen(map))
		return krsi_priv_fail(map->ctx, -EALREADY, "map %s: it is frozen already", map->name);
	if (bpf_map_freeze(map->fd) < 0)
		return krsi_priv_fail(map->ctx, errno == KERNEL_ENOTSUPP ? -EOPNOTSUPP : krsi_priv_error_close(-errno),
				      "map %s: cannot be frozen: %s", map->name, krsi_priv_errno_name(errno));
	return 0;
}

int krsi_map_pin(const struct krsi_map *map, const char *path)
{
	if (!map || !path)
		return krsi_priv_fail(map ? map->ctx : NULL, -EINVAL, "krsi_map_pin: an argument is NULL");
	return krsi_priv_bpffs_pin(map->ctx, map->fd, path, map->name);
}
