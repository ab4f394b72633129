/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Inside of the list of hooks: hook.c answers, hook_list.c reads it out of BTF, hook_function.c knows who calls hooks,
 * hook_config.c without which of them kernels are built.
 */
#ifndef KRSI_PRIV_HOOK_H
#define KRSI_PRIV_HOOK_H

#include <stdbool.h>
#include <libkrsi/hook.h>

#include "text.h"

struct btf;
struct btf_type;

struct krsi_priv_hook_arg {
	char *name;
	char *type;
};

struct krsi_priv_hook {
	char *name;
	char *prototype;
	struct krsi_priv_hook_arg *args;
	uint32_t arg_count;
	bool can_deny;
	uint32_t lsm_id;	/* BTF id of bpf_lsm_NAME */
	uint32_t security_id;	/* BTF id of the function that calls its programs; 0 when the kernel has none that is known */
	char *function;		/* that function's name, or NULL */
	bool function_fits;	/* it takes the arguments that the hook takes */
};

struct krsi_hooks {
	struct krsi_ctx *ctx;
	struct krsi_priv_hook *hooks;	/* by name */
	size_t count;
	bool running;			/* the running kernel's, so its BTF ids mean something */
};

/* The kernel's option that `hook` comes with, when the list of hooks has none of its family; NULL otherwise. */
const char *krsi_priv_hook_option(const char *hook, krsi_priv_name_fn name, const void *list);

/* Why the list lacks `hook`: that option, or ", did you mean ...?", or "". */
void krsi_priv_hook_missing_explain(const char *hook, krsi_priv_name_fn name, const void *list, char *text, size_t size);

/* The i-th hook's name, for these. */
const char *krsi_priv_hook_name(const void *hooks, size_t i);

/* A BTF file, raw or a section of an ELF file. NULL with the failure told, its number in `err`. */
struct btf *krsi_priv_btf_open(struct krsi_ctx *ctx, const char *path, int *err);

/* Whether security_FUNCTION() is what calls the programs of the hook (hook_function.c). */
bool krsi_priv_hook_is_called_by(const char *hook, const char *function);

/* The hook that security_FUNCTION() calls, as far as it is known: otherwise what is named like it. */
void krsi_priv_hook_of_function(const char *function, char *hook, size_t size);

/* Whether two prototypes have the same arguments and results. */
bool krsi_priv_hook_arguments_agree(const struct btf *btf, const struct btf_type *hook, const struct btf_type *function);

/*
 * Fill an empty list from `btf`; `where` names it in messages. On failure the list may be partly
 * filled: free it.
 */
int krsi_priv_hooks_read(struct krsi_hooks *hooks, const struct btf *btf, const char *where);

#endif
