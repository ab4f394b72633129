/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a caller can change in an object before it is loaded. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "ctx.h"
#include "errors.h"
#include "kernel_btf.h"
#include "map.h"
#include "object.h"
#include "text.h"

static void setting_free(struct krsi_priv_setting *setting)
{
	if (!setting)
		return;
	if (setting->fd >= 0)
		close(setting->fd);
	free(setting->name);
	free(setting->value);
	free(setting);
}

void krsi_priv_settings_free(struct krsi_object *object)
{
	struct krsi_priv_setting *setting;

	while ((setting = object->settings)) {
		object->settings = setting->next;
		setting_free(setting);
	}
}

static struct krsi_priv_setting *setting_new(const char *name, const void *value, size_t size)
{
	struct krsi_priv_setting *setting = calloc(1, sizeof(*setting));

	if (!setting)
		return NULL;
	setting->fd = -1;
	setting->size = size;
	setting->name = strdup(name);
	setting->value = malloc(size ? size : 1);
	if (!setting->name || !setting->value) {
		setting_free(setting);
		return NULL;
	}
	if (size)
		memcpy(setting->value, value, size);
	return setting;
}

/* Apply a setting now, so that the caller learns what is wrong with it, and keep it. Takes it over. */
static int setting_add(struct krsi_object *object, struct krsi_priv_setting *setting)
{
	struct krsi_priv_setting **last = &object->settings;
	int err;

	err = setting->apply(object, object->bpf, setting);
	if (err) {
		setting_free(setting);
		return err;
	}
	while (*last)
		last = &(*last)->next;
	*last = setting;
	return 0;
}

static int changeable(const struct krsi_object *object, const char *name)
{
	if (object->loaded)
		return krsi_priv_fail(object->ctx, -EBADFD, "object %s: %s can be set only before the object is loaded",
				      object->name, name);
	return 0;
}

static int no_memory(const struct krsi_object *object, const char *name)
{
	return krsi_priv_fail(object->ctx, -ENOMEM, "object %s: no memory to set %s", object->name, name);
}

static int program_apply(struct krsi_object *object, struct bpf_object *bpf,
			 const struct krsi_priv_setting *setting)
{
	struct bpf_program *program = bpf_object__find_program_by_name(bpf, setting->name);

	(void)object;
	bpf_program__set_autoload(program, !(setting->number & KRSI_PROGRAM_SKIP));
	return 0;
}

int krsi_object_set_program(struct krsi_object *object, const char *name, uint32_t flags)
{
	struct krsi_priv_program *program;
	struct krsi_priv_setting *setting;
	int err;

	if (!object || !name)
		return krsi_priv_fail(object ? object->ctx : NULL, -EINVAL, "krsi_object_set_program: an argument is NULL");
	err = changeable(object, name);
	if (err)
		return err;
	if (flags & ~(uint32_t)(KRSI_PROGRAM_SKIP | KRSI_PROGRAM_OPTIONAL | KRSI_PROGRAM_FMOD_RET))
		return krsi_priv_fail(object->ctx, -EINVAL, "program %s: unknown flags 0x%x", name, flags);
	program = krsi_priv_program_find(object, name);
	if (!program)
		return -ENOENT;
	setting = setting_new(name, NULL, 0);
	if (!setting)
		return no_memory(object, name);
	if (flags & KRSI_PROGRAM_FMOD_RET)
		err = krsi_priv_program_fmod_ret(object, program);
	else
		krsi_priv_program_on_hook(program);
	if (err) {
		setting_free(setting);
		return err;
	}
	setting->number = flags;
	setting->apply = program_apply;
	err = setting_add(object, setting);
	if (err)
		return err;
	program->flags = flags;
	if (flags & KRSI_PROGRAM_SKIP)
		krsi_priv_program_set(program, KRSI_PROGRAM_SKIPPED, 0, "left out by the caller", NULL);
	else
		krsi_priv_program_set(program, KRSI_PROGRAM_OPEN, 0, NULL, NULL);
	return 0;
}

/*
 * Only kept, and given to libbpf right before it loads: telling libbpf makes it read the kernel's
 * BTF, some megabytes, which libbpf 1.1 frees in its load and nowhere else.
 */
int krsi_object_set_target(struct krsi_object *object, const char *name, const char *target)
{
	struct krsi_priv_program *program;
	char *copy;
	int err;

	if (!object || !name || !target)
		return krsi_priv_fail(object ? object->ctx : NULL, -EINVAL, "krsi_object_set_target: an argument is NULL");
	err = changeable(object, name);
	if (err)
		return err;
	program = krsi_priv_program_find(object, name);
	if (!program)
		return -ENOENT;
	if (program->kind == KRSI_PRIV_KIND_OTHER)
		return krsi_priv_fail(object->ctx, -EINVAL, "program %s: section %s has no target to choose", name, program->section);
	err = krsi_priv_target_check(object->ctx, program, target);
	if (err)
		return err;
	copy = strdup(target);
	if (!copy)
		return no_memory(object, name);
	free(program->target);
	program->target = copy;
	program->retargeted = true;
	return 0;
}

int krsi_priv_targets_apply(const struct krsi_object *object, struct bpf_object *bpf)
{
	size_t i;
	int err;

	for (i = 0; i < object->program_count; i++) {
		const struct krsi_priv_program *program = &object->programs[i];
		struct bpf_program *handle = bpf_object__find_program_by_name(bpf, program->name);

		if (!program->retargeted || !bpf_program__autoload(handle) || krsi_priv_target_is_of_attach(program->kind))
			continue;
		if (program->hook)
			krsi_priv_function_apply(program, handle);
		err = bpf_program__set_attach_target(handle, 0, program->target);
		if (err)
			return err;
	}
	return 0;
}

static int map_size_apply(struct krsi_object *object, struct bpf_object *bpf,
			  const struct krsi_priv_setting *setting)
{
	struct bpf_map *map = bpf_object__find_map_by_name(bpf, setting->name);
	int err = bpf_map__set_max_entries(map, setting->number);

	if (err)
		return krsi_priv_fail(object->ctx, krsi_priv_error_close(err), "map %s: cannot have %u entries: %s",
				      setting->name, setting->number, krsi_priv_errno_name(err));
	return 0;
}

/* A ring buffer is a power of two and whole pages; 0 when there is none as large. */
static uint32_t ring_size(uint32_t bytes)
{
	uint32_t size = (uint32_t)sysconf(_SC_PAGESIZE);

	while (size && size < bytes)
		size <<= 1;
	return size;
}

/* The beginning that all changes of a map share: the map, or NULL with `*err` set. */
static struct bpf_map *map_to_change(struct krsi_object *object, const char *name, int *err)
{
	struct bpf_map *map;

	*err = changeable(object, name);
	if (*err)
		return NULL;
	map = krsi_priv_object_map_find(object, name);
	if (!map)
		*err = -ENOENT;
	return map;
}

int krsi_object_set_map_size(struct krsi_object *object, const char *name, uint32_t entries)
{
	struct krsi_priv_setting *setting;
	struct bpf_map *map;
	int err;

	if (!object || !name)
		return krsi_priv_fail(object ? object->ctx : NULL, -EINVAL, "krsi_object_set_map_size: an argument is NULL");
	map = map_to_change(object, name, &err);
	if (!map)
		return err;
	if (!entries)
		return krsi_priv_fail(object->ctx, -EINVAL, "map %s: a map has at least one entry", name);
	if (bpf_map__is_internal(map))
		return krsi_priv_fail(object->ctx, -EINVAL, "map %s: a section of variables has the size of its variables", name);
	if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF) {
		if (!ring_size(entries))
			return krsi_priv_fail(object->ctx, -EINVAL, "map %s: there is no ring buffer of %u bytes", name, entries);
		entries = ring_size(entries);
	}
	setting = setting_new(name, NULL, 0);
	if (!setting)
		return no_memory(object, name);
	setting->number = entries;
	setting->apply = map_size_apply;
	return setting_add(object, setting);
}

static int inner_map_apply(struct krsi_object *object, struct bpf_object *bpf,
			   const struct krsi_priv_setting *setting)
{
	struct bpf_map *map = bpf_object__find_map_by_name(bpf, setting->name);
	int err = bpf_map__set_inner_map_fd(map, setting->fd);	/* which stays ours to close */

	if (!err)
		return 0;
	return krsi_priv_fail(object->ctx, krsi_priv_error_close(err), "map %s: cannot take an inner map as pattern: %s%s",
			      setting->name, krsi_priv_errno_name(err),
			      err == -EINVAL ? "; its source has a pattern of its own (__array(values, ...)), remove that" : "");
}

int krsi_object_set_inner_map(struct krsi_object *object, const char *name,
			      const struct krsi_map *inner)
{
	struct krsi_priv_setting *setting;
	struct bpf_map *map;
	int err;

	if (!object || !name || !inner)
		return krsi_priv_fail(object ? object->ctx : NULL, -EINVAL, "krsi_object_set_inner_map: an argument is NULL");
	map = map_to_change(object, name, &err);
	if (!map)
		return err;
	if (!krsi_priv_map_type_is_outer(bpf_map__type(map)))
		return krsi_priv_fail(object->ctx, -EINVAL, "map %s: it is not a map of maps", name);
	setting = setting_new(name, NULL, 0);
	if (!setting)
		return no_memory(object, name);
	setting->fd = fcntl(krsi_map_fd(inner), F_DUPFD_CLOEXEC, 3);
	if (setting->fd < 0) {
		err = -errno;
		setting_free(setting);
		return krsi_priv_fail(object->ctx, krsi_priv_error_close(err), "map %s: cannot keep the inner map: %s",
				      name, krsi_priv_errno_name(err));
	}
	setting->apply = inner_map_apply;
	return setting_add(object, setting);
}

static int reuse_apply(struct krsi_object *object, struct bpf_object *bpf,
		       const struct krsi_priv_setting *setting)
{
	struct bpf_map *map = bpf_object__find_map_by_name(bpf, setting->name);
	int err = bpf_map__reuse_fd(map, setting->fd);

	if (err)
		return krsi_priv_fail(object->ctx, krsi_priv_error_close(err), "map %s: cannot be replaced by an existing one: %s",
				      setting->name, krsi_priv_errno_name(err));
	return 0;
}

int krsi_object_reuse_map(struct krsi_object *object, const char *name, const struct krsi_map *map)
{
	struct krsi_map_info have = { .sz = sizeof(have) };
	struct krsi_priv_setting *setting;
	struct bpf_map *want;
	int err;

	if (!object || !name || !map)
		return krsi_priv_fail(object ? object->ctx : NULL, -EINVAL, "krsi_object_reuse_map: an argument is NULL");
	want = map_to_change(object, name, &err);
	if (!want)
		return err;
	krsi_map_info(map, &have);
	if (have.type != bpf_map__type(want) || have.key_size != bpf_map__key_size(want) ||
	    have.value_size != bpf_map__value_size(want) || have.max_entries != bpf_map__max_entries(want))
		return krsi_priv_fail(object->ctx, -EMSGSIZE,
				      "map %s: type %u, key %u, value %u bytes, %u entries are wanted; the existing map has %u, %u, %u, %u",
				      name, bpf_map__type(want), bpf_map__key_size(want), bpf_map__value_size(want),
				      bpf_map__max_entries(want), have.type, have.key_size, have.value_size, have.max_entries);
	setting = setting_new(name, NULL, 0);
	if (!setting)
		return no_memory(object, name);
	setting->fd = fcntl(krsi_map_fd(map), F_DUPFD_CLOEXEC, 3);
	if (setting->fd < 0) {
		err = -errno;
		setting_free(setting);
		return krsi_priv_fail(object->ctx, krsi_priv_error_close(err), "map %s: cannot keep the existing map: %s",
				      name, krsi_priv_errno_name(err));
	}
	setting->apply = reuse_apply;
	return setting_add(object, setting);
}

/* Where a global variable lives: its section's map, and its place in it. */
struct variable {
	const char *section;
	uint32_t offset;
	size_t size;
};

/* The n-th global variable of the object's BTF. False past the last. */
static bool variable_at(const struct btf *btf, size_t n, const char **name, struct variable *ret)
{
	uint32_t id, count = btf__type_cnt(btf), i;

	for (id = 1; id < count; id++) {
		const struct btf_type *section = btf__type_by_id(btf, id);
		const struct btf_var_secinfo *place;
		const char *section_name;

		if (!btf_is_datasec(section))
			continue;
		section_name = btf__name_by_offset(btf, section->name_off);
		if (strncmp(section_name, ".rodata", 7) != 0 && strncmp(section_name, ".data", 5) != 0 &&
		    strncmp(section_name, ".bss", 4) != 0)
			continue;	/* .maps, .ksyms, license */
		place = btf_var_secinfos(section);
		for (i = 0; i < btf_vlen(section); i++, place++) {
			const struct btf_type *var = btf__type_by_id(btf, place->type);

			if (n-- > 0)
				continue;
			*name = btf__name_by_offset(btf, var->name_off);
			ret->section = section_name;
			ret->offset = place->offset;
			ret->size = place->size;
			return true;
		}
	}
	return false;
}

static const char *variable_name(const void *list, size_t i)
{
	struct variable place;
	const char *name;

	return variable_at(list, i, &name, &place) ? name : NULL;
}

static bool variable_find(const struct btf *btf, const char *wanted, struct variable *ret)
{
	const char *name;
	size_t i;

	for (i = 0; variable_at(btf, i, &name, ret); i++)
		if (strcmp(name, wanted) == 0)
			return true;
	return false;
}

static int variable_apply(struct krsi_object *object, struct bpf_object *bpf,
			  const struct krsi_priv_setting *setting)
{
	struct bpf_map *map;
	struct variable var;
	const void *old;
	size_t size;
	char *value;
	int err;

	variable_find(bpf_object__btf(bpf), setting->name, &var);
	map = bpf_object__find_map_by_name(bpf, var.section);
	old = map ? bpf_map__initial_value(map, &size) : NULL;
	if (!old || var.offset + setting->size > size)
		return krsi_priv_fail(object->ctx, -ENOENT, "variable %s: section %s has no place for it", setting->name, var.section);
	value = malloc(size);
	if (!value)
		return no_memory(object, setting->name);
	memcpy(value, old, size);
	memcpy(value + var.offset, setting->value, setting->size);
	err = bpf_map__set_initial_value(map, value, size);
	free(value);
	if (err)
		return krsi_priv_fail(object->ctx, krsi_priv_error_close(err), "variable %s: cannot be set: %s",
				      setting->name, krsi_priv_errno_name(err));
	return 0;
}

int krsi_object_set_variable(struct krsi_object *object, const char *name, const void *value,
			     size_t size)
{
	struct krsi_priv_setting *setting;
	const struct btf *btf;
	struct variable var;
	char hint[256];
	int err;

	if (!object || !name || !value)
		return krsi_priv_fail(object ? object->ctx : NULL, -EINVAL, "krsi_object_set_variable: an argument is NULL");
	err = changeable(object, name);
	if (err)
		return err;
	btf = bpf_object__btf(object->bpf);
	if (!variable_find(btf, name, &var)) {
		krsi_priv_suggest(name, variable_name, btf, hint, sizeof(hint));
		return krsi_priv_fail(object->ctx, -ENOENT, "object %s: it has no variable %s%s", object->name, name, hint);
	}
	if (size != var.size)
		return krsi_priv_fail(object->ctx, -EMSGSIZE, "variable %s: it has %zu bytes, not %zu", name, var.size, size);
	setting = setting_new(name, value, size);
	if (!setting)
		return no_memory(object, name);
	setting->apply = variable_apply;
	return setting_add(object, setting);
}
