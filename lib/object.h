/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Inside of an object, shared by the files object*.c.
 *
 * libbpf loads an object once: after a failure its handle is spent. So the ELF bytes and every
 * setting are kept here, and a fresh libbpf handle can be made and set up again at any time. That
 * is what makes optional programs, diagnosis and a second try possible.
 */
#ifndef KRSI_PRIV_OBJECT_H
#define KRSI_PRIV_OBJECT_H

#include <stdbool.h>
#include <libkrsi/object.h>

struct bpf_link;
struct bpf_map;
struct bpf_object;
struct bpf_program;

/* What kind of thing a section name attaches to. */
enum krsi_priv_kind {
	KRSI_PRIV_KIND_OTHER,		/* libbpf knows how, or the program is not attached by its section */
	KRSI_PRIV_KIND_LSM,
	KRSI_PRIV_KIND_LSM_CGROUP,
	KRSI_PRIV_KIND_FUNCTION,	/* fentry, fexit, fmod_ret */
	KRSI_PRIV_KIND_TP_BTF,
	KRSI_PRIV_KIND_ITER,
	KRSI_PRIV_KIND_KPROBE,
	KRSI_PRIV_KIND_KRETPROBE,
	KRSI_PRIV_KIND_TRACEPOINT,	/* target is "category/name" */
	KRSI_PRIV_KIND_RAW_TP,
};

struct krsi_priv_program {
	char *name;
	char *section;
	char *target;		/* what it attaches to, "" when its section names none */
	char *reason;		/* NULL for none */
	char *log;		/* NULL for none */
	struct bpf_link *link;	/* NULL while it is not attached */
	enum krsi_priv_kind kind;
	bool retargeted;	/* `target` is the caller's, not the section's */
	char *hook;		/* that an lsm program was to sit on, while it is put on the function that calls it; else NULL */
	bool hook_was_chosen;	/* by the caller, not by the section */
	bool is_void;		/* `hook`: that returns nothing */
	bool pinned;		/* `link` is pinned: letting go of it must not detach it */
	uint32_t state;		/* enum krsi_program_state */
	uint32_t flags;		/* enum krsi_program_flags */
	uint32_t id;
	int error;
};

/* A wish of the caller that every fresh libbpf handle has to be told again. */
struct krsi_priv_setting {
	struct krsi_priv_setting *next;
	int (*apply)(struct krsi_object *object, struct bpf_object *bpf,
		     const struct krsi_priv_setting *setting);
	char *name;		/* of the program, map or variable */
	void *value;
	size_t size;
	uint32_t number;
	int fd;			/* -1 for none */
};

struct krsi_object {
	struct krsi_ctx *ctx;
	char *name;
	char *data;		/* the ELF file */
	size_t size;
	char *btf_path;
	char *kconfig;
	uint32_t verifier_log;
	bool loaded;
	struct bpf_object *bpf;
	struct krsi_priv_program *programs;
	size_t program_count;
	struct krsi_priv_setting *settings;
};

/* The kind of a section, and where its target begins ("" when it has none). */
enum krsi_priv_kind krsi_priv_section_parse(const char *section, const char **target);

/* Whether the target is chosen when a program is attached, not when it is loaded. */
bool krsi_priv_target_is_of_attach(enum krsi_priv_kind kind);

/* Give the callers' targets to a handle that is loaded next. 0 or what libbpf said. */
int krsi_priv_targets_apply(const struct krsi_object *object, struct bpf_object *bpf);

/*
 * Before load: put an lsm program on `function`, which calls the programs of its hook and takes the same arguments:
 * as fmod_ret, or as fentry when it returns nothing. 0 or -ENOMEM. (object_function.c)
 */
int krsi_priv_program_on_function(struct krsi_priv_program *program, const char *function, bool is_void);

/* Before load: back to the hook that it was to sit on. */
void krsi_priv_program_on_hook(struct krsi_priv_program *program);

/* Do what KRSI_PROGRAM_FMOD_RET says. 0 or an error that was told. */
int krsi_priv_program_fmod_ret(struct krsi_object *object, struct krsi_priv_program *program);

/* Tell a handle that is loaded next; its target is set as that of others. */
void krsi_priv_function_apply(const struct krsi_priv_program *program, struct bpf_program *handle);

/* A fresh libbpf handle with every setting applied. */
int krsi_priv_object_reopen(struct krsi_object *object, struct bpf_object **ret);

void krsi_priv_settings_free(struct krsi_object *object);

/* The program by name, or NULL with the failure told. */
struct krsi_priv_program *krsi_priv_program_find(const struct krsi_object *object,
						 const char *name);

/* The map by name, or NULL with the failure told. */
struct bpf_map *krsi_priv_object_map_find(const struct krsi_object *object, const char *name);

/* The name of a map as its source has it: ".rodata", where libbpf prefixes the object's name. */
const char *krsi_priv_map_source_name(const struct bpf_map *map);

struct bpf_program *krsi_priv_program_bpf(const struct krsi_object *object,
					  const struct krsi_priv_program *program);

/* Set the fate of a program. The texts are copied; a NULL leaves none. */
void krsi_priv_program_set(struct krsi_priv_program *program, uint32_t state, int error,
			   const char *reason, const char *log);

/* Close the link of a program, if it has one. What is pinned stays attached. */
void krsi_priv_program_detach(struct krsi_priv_program *program);

#endif
