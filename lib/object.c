/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Objects: opening, describing, freeing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <libkrsi/bpf.h>

#include "ctx.h"
#include "elf_file.h"
#include "errors.h"
#include "hook.h"
#include "object.h"
#include "opts.h"
#include "text.h"

static const struct {
	const char *prefix;
	enum krsi_priv_kind kind;
} sections[] = {
	{ "lsm", KRSI_PRIV_KIND_LSM },
	{ "lsm.s", KRSI_PRIV_KIND_LSM },
	{ "lsm_cgroup", KRSI_PRIV_KIND_LSM_CGROUP },
	{ "fentry", KRSI_PRIV_KIND_FUNCTION },
	{ "fentry.s", KRSI_PRIV_KIND_FUNCTION },
	{ "fexit", KRSI_PRIV_KIND_FUNCTION },
	{ "fexit.s", KRSI_PRIV_KIND_FUNCTION },
	{ "fmod_ret", KRSI_PRIV_KIND_FUNCTION },
	{ "fmod_ret.s", KRSI_PRIV_KIND_FUNCTION },
	{ "tp_btf", KRSI_PRIV_KIND_TP_BTF },
	{ "iter", KRSI_PRIV_KIND_ITER },
	{ "iter.s", KRSI_PRIV_KIND_ITER },
	{ "kprobe", KRSI_PRIV_KIND_KPROBE },
	{ "kretprobe", KRSI_PRIV_KIND_KRETPROBE },
	{ "tracepoint", KRSI_PRIV_KIND_TRACEPOINT },
	{ "tp", KRSI_PRIV_KIND_TRACEPOINT },
	{ "raw_tracepoint", KRSI_PRIV_KIND_RAW_TP },
	{ "raw_tp", KRSI_PRIV_KIND_RAW_TP },
};

enum krsi_priv_kind krsi_priv_section_parse(const char *section, const char **target)
{
	size_t i, len;

	if (*section == '?')	/* libbpf's mark for "not loaded unless asked for" */
		section++;
	len = strcspn(section, "/");
	*target = section[len] ? section + len + 1 : "";
	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (strlen(sections[i].prefix) == len && strncmp(section, sections[i].prefix, len) == 0)
			return sections[i].kind;
	return KRSI_PRIV_KIND_OTHER;
}

bool krsi_priv_target_is_of_attach(enum krsi_priv_kind kind)
{
	return kind == KRSI_PRIV_KIND_KPROBE || kind == KRSI_PRIV_KIND_KRETPROBE ||
	       kind == KRSI_PRIV_KIND_TRACEPOINT || kind == KRSI_PRIV_KIND_RAW_TP;
}

static int bpf_open(const struct krsi_object *object, struct bpf_object **ret)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts,
		.object_name = object->name,
		.btf_custom_path = object->btf_path,
		.kconfig = object->kconfig,
	);
	struct bpf_object *bpf;

	bpf = bpf_object__open_mem(object->data, object->size, &opts);
	if (!bpf)
		return errno ? -errno : -EIO;
	*ret = bpf;
	return 0;
}

int krsi_priv_object_reopen(struct krsi_object *object, struct bpf_object **ret)
{
	const struct krsi_priv_setting *setting;
	struct bpf_object *bpf;
	int err;

	err = bpf_open(object, &bpf);
	if (err)
		return krsi_priv_fail(object->ctx, krsi_priv_error_close(err),
				      "object %s: cannot be opened again: %s", object->name,
				      krsi_priv_errno_name(err));
	for (setting = object->settings; setting; setting = setting->next) {
		err = setting->apply(object, bpf, setting);
		if (err) {
			bpf_object__close(bpf);
			return err;
		}
	}
	*ret = bpf;
	return 0;
}

static int program_init(struct krsi_priv_program *program, const struct bpf_program *bpf)
{
	const char *target;

	program->section = strdup(bpf_program__section_name(bpf));
	program->name = strdup(bpf_program__name(bpf));
	if (!program->section || !program->name)
		return -ENOMEM;
	program->kind = krsi_priv_section_parse(program->section, &target);
	program->target = strdup(target);
	if (!program->target)
		return -ENOMEM;
	if (!bpf_program__autoload(bpf)) {
		program->flags = KRSI_PROGRAM_SKIP;
		krsi_priv_program_set(program, KRSI_PROGRAM_SKIPPED, 0,
				      "its section is marked ?, so it is loaded only when asked for", NULL);
	}
	return 0;
}

static int programs_init(struct krsi_object *object)
{
	struct bpf_program *bpf;
	size_t n = 0;
	int err;

	bpf_object__for_each_program(bpf, object->bpf)
		n++;
	object->programs = calloc(n ? n : 1, sizeof(*object->programs));
	if (!object->programs)
		return -ENOMEM;
	bpf_object__for_each_program(bpf, object->bpf) {
		err = program_init(&object->programs[object->program_count++], bpf);
		if (err)
			return err;
	}
	return 0;
}

/* "dir/exec_log.bpf.o" is called "exec_log" */
static char *name_from_path(const char *path)
{
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	return *base == '.' ? strdup("object") : strndup(base, strcspn(base, "."));
}

static int opts_take(struct krsi_object *object, const char *path,
		     const struct krsi_object_opts *opts)
{
	const char *name = opts->name ? opts->name : "object";

	object->name = opts->name || !path ? strdup(name) : name_from_path(path);
	object->btf_path = opts->btf_path ? strdup(opts->btf_path) : NULL;
	object->kconfig = opts->kconfig ? strdup(opts->kconfig) : NULL;
	object->verifier_log = opts->verifier_log;
	if (!object->name || (opts->btf_path && !object->btf_path) ||
	    (opts->kconfig && !object->kconfig))
		return -ENOMEM;
	return 0;
}

/* libbpf opens it only while loading, and says no more then than that loading failed. */
static int btf_check(struct krsi_ctx *ctx, const char *path)
{
	struct btf *btf;
	int err;

	btf = krsi_priv_btf_open(ctx, path, &err);
	if (!btf)
		return err;
	btf__free(btf);
	return 0;
}

/* Takes over `data`, also on failure. `path` is NULL for an object from memory. */
static int object_open(struct krsi_ctx *ctx, const char *path, char *data, size_t size,
		       const struct krsi_object_opts *opts, struct krsi_object **ret)
{
	struct krsi_object *object;
	int err;

	object = calloc(1, sizeof(*object));
	if (!object) {
		free(data);
		return krsi_priv_fail(ctx, -ENOMEM, "object: no memory");
	}
	object->ctx = krsi_priv_ctx_ref(ctx);
	object->data = data;
	object->size = size;
	err = opts_take(object, path, opts);
	if (err) {
		krsi_priv_fail(ctx, err, "object: no memory");
		goto out;
	}
	err = krsi_priv_elf_check(ctx, path ? path : object->name, data, size);
	if (!err && object->btf_path)
		err = btf_check(ctx, object->btf_path);
	if (err)
		goto out;
	err = bpf_open(object, &object->bpf);
	if (err) {
		err = krsi_priv_fail(ctx, err == -ENOMEM ? -ENOMEM : -EBADMSG,
				     "object %s: libbpf does not understand it (%s); it must be compiled with clang -target bpf -g, "
				     "for libbpf 1.0 or newer", path ? path : object->name,
				     krsi_priv_errno_name(err));
		goto out;
	}
	err = programs_init(object);
	if (err) {
		krsi_priv_fail(ctx, err, "object %s: no memory", object->name);
		goto out;
	}
	*ret = object;
	return 0;
out:
	krsi_object_free(object);
	return err;
}

static int opts_read(struct krsi_ctx *ctx, const struct krsi_object_opts *opts,
		     struct krsi_object_opts *o)
{
	int err = KRSI_PRIV_OPTS_READ(ctx, o, opts, "krsi_object_opts");

	if (!err && o->flags)
		err = krsi_priv_fail(ctx, -EINVAL, "krsi_object_opts: flags must be 0");
	return err;
}

int krsi_object_open(struct krsi_ctx *ctx, const char *path, const struct krsi_object_opts *opts,
		     struct krsi_object **ret)
{
	struct krsi_object_opts o;
	size_t size;
	char *data;
	int err;

	if (!ctx || !path || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_object_open: an argument is NULL");
	err = opts_read(ctx, opts, &o);
	if (err)
		return err;
	err = krsi_priv_file_load(path, &data, &size);
	if (err)
		return krsi_priv_fail(ctx, krsi_priv_error_close(err), "object %s: cannot be read: %s",
				      path, err == -EBADMSG ? "not a regular file, or larger than 256 MiB" : strerror(-err));
	return object_open(ctx, path, data, size, &o, ret);
}

int krsi_object_open_memory(struct krsi_ctx *ctx, const void *data, size_t size,
			    const struct krsi_object_opts *opts, struct krsi_object **ret)
{
	struct krsi_object_opts o;
	char *copy;
	int err;

	if (!ctx || !data || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_object_open_memory: an argument is NULL");
	err = opts_read(ctx, opts, &o);
	if (err)
		return err;
	copy = malloc(size ? size : 1);
	if (!copy)
		return krsi_priv_fail(ctx, -ENOMEM, "object: no memory for a copy of %zu bytes", size);
	memcpy(copy, data, size);
	return object_open(ctx, NULL, copy, size, &o, ret);
}

void krsi_object_free(struct krsi_object *object)
{
	size_t i;

	if (!object)
		return;
	for (i = 0; i < object->program_count; i++) {
		struct krsi_priv_program *program = &object->programs[i];

		krsi_priv_program_detach(program);
		free(program->name);
		free(program->section);
		free(program->target);
		free(program->hook);
		free(program->reason);
		free(program->log);
	}
	free(object->programs);
	krsi_priv_settings_free(object);
	bpf_object__close(object->bpf);
	free(object->name);
	free(object->data);
	free(object->btf_path);
	free(object->kconfig);
	krsi_ctx_free(object->ctx);
	free(object);
}

const char *krsi_object_name(const struct krsi_object *object)
{
	return object ? object->name : "";
}

struct bpf_object *krsi_object_bpf(struct krsi_object *object)
{
	return object ? object->bpf : NULL;
}

size_t krsi_object_program_count(const struct krsi_object *object)
{
	return object ? object->program_count : 0;
}

static const char *program_name(const void *list, size_t i)
{
	const struct krsi_object *object = list;

	return i < object->program_count ? object->programs[i].name : NULL;
}

struct krsi_priv_program *krsi_priv_program_find(const struct krsi_object *object, const char *name)
{
	char hint[256];
	size_t i;

	for (i = 0; i < object->program_count; i++)
		if (strcmp(object->programs[i].name, name) == 0)
			return &object->programs[i];
	krsi_priv_suggest(name, program_name, object, hint, sizeof(hint));
	krsi_priv_fail(object->ctx, -ENOENT, "object %s: it has no program %s%s", object->name, name, hint);
	return NULL;
}

struct bpf_program *krsi_priv_program_bpf(const struct krsi_object *object,
					  const struct krsi_priv_program *program)
{
	return bpf_object__find_program_by_name(object->bpf, program->name);
}

int krsi_object_find_program(const struct krsi_object *object, const char *name, size_t *index)
{
	struct krsi_priv_program *program;

	if (!object || !name)
		return -EINVAL;
	program = krsi_priv_program_find(object, name);
	if (!program)
		return -ENOENT;
	if (index)
		*index = (size_t)(program - object->programs);
	return 0;
}

int krsi_object_program_info(const struct krsi_object *object, size_t index,
			     struct krsi_program_info *info)
{
	const struct krsi_priv_program *program;
	struct krsi_program_info all = { .sz = sizeof(all) };

	if (!object || !info)
		return -EINVAL;
	if (index >= object->program_count)
		return krsi_priv_fail(object->ctx, -ENOENT, "object %s: it has %zu programs, so there is no number %zu",
				      object->name, object->program_count, index);
	program = &object->programs[index];
	all.name = program->name;
	all.section = program->section;
	all.target = program->target;
	all.reason = program->reason ? program->reason : "";
	all.log = program->log ? program->log : "";
	all.state = program->state;
	all.error = program->error;
	all.flags = program->flags;
	all.id = program->id;
	return KRSI_PRIV_INFO_WRITE(object->ctx, info, &all, "krsi_program_info");
}

size_t krsi_object_map_count(const struct krsi_object *object)
{
	const struct bpf_map *map;
	size_t n = 0;

	if (!object)
		return 0;
	bpf_object__for_each_map(map, object->bpf)
		n++;
	return n;
}

const char *krsi_priv_map_source_name(const struct bpf_map *map)
{
	const char *name = bpf_map__name(map);
	const char *dot;

	if (!bpf_map__is_internal(map) || *name == '.')
		return name;
	dot = strrchr(name, '.');
	return dot ? dot : name;
}

static const struct bpf_map *map_at(const struct krsi_object *object, size_t index)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, object->bpf)
		if (index-- == 0)
			return map;
	return NULL;
}

static const char *map_name(const void *list, size_t i)
{
	const struct bpf_map *map = map_at(list, i);

	return map ? krsi_priv_map_source_name(map) : NULL;
}

struct bpf_map *krsi_priv_object_map_find(const struct krsi_object *object, const char *name)
{
	struct bpf_map *map;
	char hint[256];

	bpf_object__for_each_map(map, object->bpf)
		if (strcmp(krsi_priv_map_source_name(map), name) == 0)
			return map;
	krsi_priv_suggest(name, map_name, object, hint, sizeof(hint));
	krsi_priv_fail(object->ctx, -ENOENT, "object %s: it has no map %s%s", object->name, name, hint);
	return NULL;
}

static uint32_t map_id(const struct bpf_map *map)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (bpf_map__fd(map) < 0 || bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &size) < 0)
		return 0;
	return info.id;
}

int krsi_object_map_info(const struct krsi_object *object, size_t index,
			 struct krsi_object_map_info *info)
{
	struct krsi_object_map_info all = { .sz = sizeof(all) };
	const struct bpf_map *map;

	if (!object || !info)
		return -EINVAL;
	map = map_at(object, index);
	if (!map)
		return krsi_priv_fail(object->ctx, -ENOENT, "object %s: it has %zu maps, so there is no number %zu",
				      object->name, krsi_object_map_count(object), index);
	all.name = krsi_priv_map_source_name(map);
	all.type = bpf_map__type(map);
	all.key_size = bpf_map__key_size(map);
	all.value_size = bpf_map__value_size(map);
	all.max_entries = bpf_map__max_entries(map);
	all.id = map_id(map);
	return KRSI_PRIV_INFO_WRITE(object->ctx, info, &all, "krsi_object_map_info");
}

void krsi_priv_program_set(struct krsi_priv_program *program, uint32_t state, int error,
			   const char *reason, const char *log)
{
	free(program->reason);
	free(program->log);
	program->state = state;
	program->error = error;
	program->reason = reason && *reason ? strdup(reason) : NULL;
	program->log = log && *log ? strdup(log) : NULL;
}
