/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Loading an object, and finding out who is to blame when that fails.
 *
 * libbpf loads all or nothing and explains on stderr. So the first try is libbpf's own, and costs
 * nothing extra. When it fails, everything is tried alone with fresh handles: no program at all
 * (then a map or a symbol is to blame), then each program by itself, with a log buffer of its own.
 * Optional programs that fail alone are left out, and the rest is loaded in one piece.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "caps.h"
#include "ctx.h"
#include "elf_file.h"
#include "errors.h"
#include "kernel_btf.h"
#include "object.h"
#include "source_line.h"
#include "text.h"
#include "verifier_hint.h"
#include "verifier_log.h"

/* The verifier's log without its traces: errors, and statistics. BPF_LOG_STATS of the kernel. */
#define LOG_ERRORS 4
#define LOG_TRACE 1
#define LOG_ERRORS_SIZE (64u << 10)
#define LOG_TRACE_SIZE (4u << 20)
/* Traces of larger programs take long, and say no more about the place of the error. */
#define TRACE_WORTHWHILE 20000ul

#define REASON_SIZE 2048

/*
 * bpf_object__load() of a fresh handle with one program (NULL: none), or one map created, at most.
 * What came of it is `*result`; the return value tells whether it could be tried at all.
 */
static int load_alone(struct krsi_object *object, const struct krsi_priv_program *only,
		      const char *only_map, unsigned int level, char *log, size_t log_size, int *result)
{
	struct bpf_program *program;
	struct bpf_object *bpf;
	struct bpf_map *map;
	int err;

	log[0] = '\0';		/* what an earlier try left there is not about this one */
	err = krsi_priv_object_reopen(object, &bpf);
	if (err)
		return err;
	bpf_object__for_each_program(program, bpf) {
		bool wanted = only && strcmp(bpf_program__name(program), only->name) == 0;

		bpf_program__set_autoload(program, wanted);
		if (wanted) {
			bpf_program__set_log_level(program, level);
			bpf_program__set_log_buf(program, log, log_size);
		}
	}
	if (only_map) {
		bpf_object__for_each_map(map, bpf)
			bpf_map__set_autocreate(map, strcmp(bpf_map__name(map), only_map) == 0);
	}
	*result = krsi_priv_targets_apply(object, bpf);
	if (!*result)
		*result = bpf_object__load(bpf);
	bpf_object__close(bpf);
	return 0;
}

static int permission_fail(struct krsi_object *object, const char *what, const char *name)
{
	char why[512];

	krsi_priv_eperm_explain(why, sizeof(why));
	return krsi_priv_fail(object->ctx, -EPERM, "%s %s: the kernel does not permit loading it: %s", what, name, why);
}

/* The externs that no kernel type information has. */
struct missing {
	const struct btf *btf;
	char names[512];
	size_t used;
};

static void missing_collect(void *arg, const char *name, bool weak)
{
	struct missing *missing = arg;

	if (weak || strncmp(name, "CONFIG_", 7) == 0 || strncmp(name, "LINUX_", 6) == 0)
		return;	/* of .kconfig */
	if (btf__find_by_name_kind(missing->btf, name, BTF_KIND_FUNC) > 0 ||
	    btf__find_by_name_kind(missing->btf, name, BTF_KIND_VAR) > 0 ||
	    missing->used >= sizeof(missing->names))
		return;
	missing->used += (size_t)snprintf(missing->names + missing->used, sizeof(missing->names) - missing->used,
					  "%s%s", missing->used ? ", " : "", name);
}

/* Of weak ones libbpf takes a missing line for "no", but it wants the text all the same. */
static void kconfig_count(void *arg, const char *name, bool weak)
{
	(void)weak;
	*(unsigned int *)arg += strncmp(name, "CONFIG_", 7) == 0;
}

/* No program and no map is to blame: the object's externs, then. */
static int externs_fail(struct krsi_object *object, int err)
{
	struct missing missing = { .used = 0 };
	unsigned int kconfig = 0;
	struct btf *btf;

	btf = krsi_priv_kernel_btf(object->ctx);
	if (!btf)
		return -EOPNOTSUPP;
	missing.btf = btf;
	krsi_priv_elf_externs(object->data, object->size, missing_collect, &missing);
	btf__free(btf);
	if (missing.used)
		return krsi_priv_fail(object->ctx, -ENOENT,
				      "object %s: this kernel lacks %s, which the object cannot do without (declare it __weak to make it optional)",
				      object->name, missing.names);
	krsi_priv_elf_externs(object->data, object->size, kconfig_count, &kconfig);
	if (kconfig)
		return krsi_priv_fail(object->ctx, -ENOENT,
				      "object %s: it reads the kernel's configuration, and this machine has no file with it or a line is missing; "
				      "give the text in krsi_object_opts.kconfig", object->name);
	return krsi_priv_fail(object->ctx, krsi_priv_error_close(err), "object %s: libbpf cannot prepare it: %s",
			      object->name, krsi_priv_errno_name(err));
}

static int map_fail(struct krsi_object *object, const struct bpf_map *map, int err)
{
	const char *name = krsi_priv_map_source_name(map);

	if (err == -EPERM)
		return permission_fail(object, "map", name);
	if (err == -EINVAL && libbpf_probe_bpf_map_type(bpf_map__type(map), NULL) <= 0)
		return krsi_priv_fail(object->ctx, -EOPNOTSUPP, "map %s: this kernel has no maps of type %s", name,
				      libbpf_bpf_map_type_str(bpf_map__type(map)));
	if (err == -EINVAL && !bpf_map__max_entries(map))
		return krsi_priv_fail(object->ctx, -EINVAL, "map %s: the object leaves it to its loader how large it is; "
				      "say so with krsi_object_set_map_size()", name);
	if (err == -E2BIG)	/* the kernel's word for "more memory than there is" */
		err = -ENOMEM;
	return krsi_priv_fail(object->ctx, krsi_priv_error_close(err),
			      "map %s: the kernel does not make it (type %s, key %u, value %u bytes, %u entries): %s", name,
			      libbpf_bpf_map_type_str(bpf_map__type(map)), bpf_map__key_size(map), bpf_map__value_size(map),
			      bpf_map__max_entries(map), krsi_priv_errno_name(err));
}

/* Loading failed even without any program. */
static int base_fail(struct krsi_object *object, int base_err)
{
	char log[1];
	struct bpf_map *map;
	int err, map_err, none_err;

	if (!krsi_priv_caps_suffice())
		return permission_fail(object, "object", object->name);
	bpf_object__for_each_map(map, object->bpf) {
		if (!bpf_map__autocreate(map))
			continue;
		err = load_alone(object, NULL, bpf_map__name(map), 0, log, sizeof(log), &map_err);
		if (err)
			return err;
		if (map_err)
			break;
	}
	/* Nothing is created for an extern that is missing, so the first map fails as well as no map. */
	err = map ? load_alone(object, NULL, "", 0, log, sizeof(log), &none_err) : 0;
	if (err)
		return err;
	if (map && !none_err)
		return map_fail(object, map, map_err);
	if (base_err == -EPERM)
		return permission_fail(object, "object", object->name);
	return externs_fail(object, base_err);
}

/* Add the place in the source, where the verifier is too old to name it, and what helps. `log` is what the message is from. */
static void message_complete(const struct krsi_object *object, const struct krsi_priv_program *program, const char *log,
			     char *message, size_t size)
{
	static const char at[] = "\n  at instruction ";
	const char *instruction = strstr(message, at), *hint;
	size_t used = strlen(message);
	char place[256], lockdown[32], suggestion[512];

	if (instruction && !strstr(instruction, " @ ") &&
	    krsi_priv_source_line(object->data, object->size, bpf_object__btf(object->bpf), program->name,
				  strtoul(instruction + strlen(at), NULL, 10), place, sizeof(place)))
		used += (size_t)snprintf(message + used, size - used, "%s%s",
					 strstr(instruction, "\n  compiled from: ") ? " @ " : "\n  compiled from: ", place);
	krsi_priv_lockdown_read(lockdown, sizeof(lockdown));
	hint = krsi_priv_verifier_hint(message, lockdown);
	if (!hint && krsi_priv_verifier_suggestion(log, suggestion, sizeof(suggestion)))
		hint = suggestion;
	if (hint && used < size)
		snprintf(message + used, size - used, "\n  fix: %s", hint);
}

/* Why a program failed alone: keep its fate. */
static void program_fail(struct krsi_object *object, struct krsi_priv_program *program, int err,
			char *log)
{
	char message[REASON_SIZE];
	const char *said = log;
	char *trace;

	if (krsi_priv_verifier_message(log, message, sizeof(message))) {
		trace = krsi_priv_verifier_processed(log) < TRACE_WORTHWHILE ? malloc(LOG_TRACE_SIZE) : NULL;
		if (trace && load_alone(object, program, NULL, LOG_TRACE, trace, LOG_TRACE_SIZE, &err) == 0 && err &&
		    krsi_priv_verifier_message(trace, message, sizeof(message)))
			said = trace;
		message_complete(object, program, said, message, sizeof(message));
		free(trace);
		err = krsi_priv_fail(object->ctx, -ENOEXEC, "program %s: the verifier refused it: %s", program->name, message);
	} else if (err == -EPERM) {
		err = permission_fail(object, "program", program->name);
	} else if (err == -ENOMEM) {
		err = krsi_priv_fail(object->ctx, -ENOMEM, "program %s: no memory", program->name);
	} else {
		err = krsi_priv_target_fail(object->ctx, err, program, program->target);
	}
	krsi_priv_program_set(program, KRSI_PROGRAM_REFUSED, err, krsi_ctx_error_detail(object->ctx), log);
}

/*
 * Try every program alone and keep its fate. 0 when the culprits are known and all optional;
 * the first required one's error otherwise.
 */
static int diagnose(struct krsi_object *object, int load_err)
{
	unsigned int level = object->verifier_log ? object->verifier_log : LOG_ERRORS;
	size_t log_size = object->verifier_log ? LOG_TRACE_SIZE : LOG_ERRORS_SIZE;
	struct krsi_priv_program *blamed = NULL;
	size_t i, culprits = 0;
	int err, ret = 0;
	char *log;

	log = malloc(log_size);
	if (!log)
		return krsi_priv_fail(object->ctx, -ENOMEM, "object %s: no memory for the verifier's log", object->name);
	ret = load_alone(object, NULL, NULL, 0, log, log_size, &err);
	if (!ret && err)
		ret = base_fail(object, err);
	if (ret)
		goto out;
	for (i = 0; i < object->program_count; i++) {
		struct krsi_priv_program *program = &object->programs[i];

		if (program->state == KRSI_PROGRAM_SKIPPED)
			continue;
		ret = load_alone(object, program, NULL, level, log, log_size, &err);
		if (ret)
			goto out;
		if (!err)
			continue;
		culprits++;
		program_fail(object, program, err, log);
		if (!blamed && !(program->flags & KRSI_PROGRAM_OPTIONAL))
			blamed = program;
	}
	if (blamed)	/* a later program's story may have replaced the one that counts */
		ret = krsi_priv_fail(object->ctx, blamed->error, "object %s: not loaded: %s", object->name,
				     blamed->reason ? blamed->reason : krsi_priv_errno_name(blamed->error));
	else if (!culprits)
		ret = krsi_priv_fail(object->ctx, krsi_priv_error_close(load_err),
				     "object %s: each program loads alone, but not all together: %s", object->name,
				     krsi_priv_errno_name(load_err));
out:
	free(log);
	return ret;
}

static void program_loaded(const struct krsi_object *object, struct krsi_priv_program *program)
{
	int fd = bpf_program__fd(krsi_priv_program_bpf(object, program));
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	krsi_priv_program_set(program, KRSI_PROGRAM_LOADED, 0, NULL, NULL);
	program->id = bpf_obj_get_info_by_fd(fd, &info, &size) < 0 ? 0 : info.id;
}

/* Load what is not skipped or refused, all at once. `log` stays in use until the handle is closed or loaded. */
static int load_together(struct krsi_object *object, char *log, size_t log_size)
{
	size_t i;
	int err;

	for (i = 0; i < object->program_count; i++) {
		struct krsi_priv_program *program = &object->programs[i];
		struct bpf_program *bpf = krsi_priv_program_bpf(object, program);

		if (program->state == KRSI_PROGRAM_REFUSED)
			bpf_program__set_autoload(bpf, false);
		/* Only a buffer of ours keeps libbpf from printing the verifier's log to stderr. */
		bpf_program__set_log_buf(bpf, log, log_size);
	}
	err = krsi_priv_targets_apply(object, object->bpf);
	if (!err)
		err = bpf_object__load(object->bpf);
	for (i = 0; i < object->program_count; i++)
		bpf_program__set_log_buf(krsi_priv_program_bpf(object, &object->programs[i]), NULL, 0);
	return err;
}

/* A handle that failed to load is spent: take a fresh one. */
static int handle_renew(struct krsi_object *object)
{
	struct bpf_object *fresh;
	int err = krsi_priv_object_reopen(object, &fresh);

	if (err)
		return err;
	bpf_object__close(object->bpf);
	object->bpf = fresh;
	return 0;
}

/* What is left without the optional programs that were refused. All of it was loaded alone before. */
static int load_rest(struct krsi_object *object, char *log)
{
	int err = load_together(object, log, LOG_ERRORS_SIZE);

	if (!err)
		return 0;
	handle_renew(object);
	return krsi_priv_fail(object->ctx, krsi_priv_error_close(err), "object %s: it does not load without the programs that were refused either: %s",
			      object->name, krsi_priv_errno_name(err));
}

static void fates_reset(struct krsi_object *object)
{
	size_t i;

	for (i = 0; i < object->program_count; i++)
		if (object->programs[i].state != KRSI_PROGRAM_SKIPPED)
			krsi_priv_program_set(&object->programs[i], KRSI_PROGRAM_OPEN, 0, NULL, NULL);
}

int krsi_object_load(struct krsi_object *object)
{
	char *log;
	size_t i;
	int err;

	if (!object)
		return -EINVAL;
	if (object->loaded)
		return krsi_priv_fail(object->ctx, -EALREADY, "object %s: it is loaded already", object->name);
	log = malloc(LOG_ERRORS_SIZE);
	if (!log)
		return krsi_priv_fail(object->ctx, -ENOMEM, "object %s: no memory for the verifier's log", object->name);
	fates_reset(object);
	err = handle_renew(object);
	if (err)
		goto out;
	err = load_together(object, log, LOG_ERRORS_SIZE);
	if (err) {
		int load_err = err;

		err = handle_renew(object);
		if (!err)
			err = diagnose(object, load_err);
		if (!err)
			err = load_rest(object, log);
		if (err)
			goto out;
	}
	object->loaded = true;
	for (i = 0; i < object->program_count; i++)
		if (object->programs[i].state == KRSI_PROGRAM_OPEN)
			program_loaded(object, &object->programs[i]);
	krsi_priv_log(object->ctx, KRSI_LOG_INFO, "object %s: loaded", object->name);
out:
	free(log);
	return err;
}
