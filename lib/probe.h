/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Inside of a probe. probe.c has the table of questions; they are in probe_system.c (what
 * the machine allows), probe_attach.c (programs and whether they are called), probe_map.c,
 * probe_call.c (helpers and kfuncs), and probe_additions.c (what is not mainline). probe_try.c is what
 * they share.
 *
 * A question may rest on the answer of another one, which then is asked first: see
 * krsi_priv_probe_needs(). Each is asked once.
 */
#ifndef KRSI_PRIV_PROBE_H
#define KRSI_PRIV_PROBE_H

#include <stdbool.h>
#include <sys/utsname.h>
#include <linux/bpf.h>
#include <libkrsi/probe.h>

#include "additions.h"
#include "ctx.h"

struct btf;

struct krsi_priv_answer {
	const struct krsi_priv_question *question;
	bool asked;
	bool available;
	uint32_t reason;	/* enum krsi_reason */
	uint32_t origin;	/* enum krsi_origin */
	char *sentence;
	char *fix;		/* NULL for none */
};

struct krsi_priv_question {
	const char *name;
	const char *what;	/* begins a sentence: "BPF ring buffers" */
	unsigned int since;	/* KRSI_PRIV_KERNEL() that brought it, to explain a no; 0: not a matter of age */
	void (*ask)(struct krsi_probe *probe, struct krsi_priv_answer *answer);
};

struct krsi_probe {
	struct krsi_ctx *ctx;
	struct btf *btf;	/* the kernel's; NULL when it has none, and after the last question */
	bool no_memory;
	struct utsname system;
	char lsm_list[512];
	char boot_line[512];
	struct krsi_additions additions;
	bool additions_read;
	char additions_why[512];	/* they could not be read; "" when they could */
	char log[8192];		/* what the verifier wrote about the last program */
	struct krsi_priv_answer answers[KRSI_FEATURE_COUNT];
};

/* A program to be loaded. `target` is the kernel function it belongs to, NULL for none. */
struct krsi_priv_try {
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
	uint32_t flags;
	const char *target;
	const struct bpf_insn *insns;
	size_t count;
	int btf_fd;		/* types of its functions and what they are, for programs with more than one */
	const struct bpf_func_info *functions;
	uint32_t function_count;
	const int *btf_fds;		/* types of modules that it calls functions of */
};

/* The answers. A question gives exactly one. `fix` may be NULL. */
void krsi_priv_probe_yes(struct krsi_probe *probe, struct krsi_priv_answer *answer,
			 const char *fmt, ...) KRSI_PRIV_PRINTF(3, 4);
void krsi_priv_probe_no(struct krsi_probe *probe, struct krsi_priv_answer *answer, uint32_t reason,
			const char *fix, const char *fmt, ...) KRSI_PRIV_PRINTF(5, 6);

/* No, because of what the kernel said when `deed` was tried: -errno, and probe->log for programs. */
void krsi_priv_probe_failed(struct krsi_probe *probe, struct krsi_priv_answer *answer, int err,
			    const char *deed);

/* Whether `feature` is available. If not, that is the answer. */
bool krsi_priv_probe_needs(struct krsi_probe *probe, struct krsi_priv_answer *answer,
			   uint32_t feature);

/* Whether `feature` is available, asking it now if need be. */
bool krsi_priv_probe_ask(struct krsi_probe *probe, uint32_t feature);

/* The BTF id of a kernel function, or 0. */
uint32_t krsi_priv_probe_function(const struct krsi_probe *probe, const char *name);

/* The BTF id of a kernel struct, or 0. */
uint32_t krsi_priv_probe_struct(const struct krsi_probe *probe, const char *name);

/* Where a member of a kernel struct lies, in bytes; members of unnamed members count. -1: no such member. */
int krsi_priv_probe_offset(const struct krsi_probe *probe, const char *structure,
			   const char *member);

/* Load a program: its descriptor or -errno, with probe->log set. */
int krsi_priv_probe_load(struct krsi_probe *probe, const struct krsi_priv_try *try);

/* Load a program and let go of it. If it is refused, that is the answer: `name` is what it is called. */
bool krsi_priv_probe_loads(struct krsi_probe *probe, struct krsi_priv_answer *answer,
			   const struct krsi_priv_try *try, const char *name);

/*
 * Make it a program that policies could have on file_open, by whichever backend: argument 0 is
 * struct file. Whether there is one; if not, that is the answer.
 */
bool krsi_priv_probe_file_hook(struct krsi_probe *probe, struct krsi_priv_answer *answer,
			       struct krsi_priv_try *try);

/* Create a map: its descriptor or -errno. Storage maps need types, which this takes care of. */
int krsi_priv_probe_map(enum bpf_map_type type, uint32_t key_size, uint32_t value_size,
			uint32_t entries, uint32_t flags);

/* BPF_MAP_TYPE_CGRP_STORAGE, which Debian 12's headers do not have. */
#define KRSI_PRIV_PROBE_CGRP_STORAGE ((enum bpf_map_type)32)

/* Types for the map above and for programs of several functions; what has which number. */
enum {
	KRSI_PRIV_PROBE_TYPE_INT = 1,
	KRSI_PRIV_PROBE_TYPE_PROTO,	/* int (void) */
	KRSI_PRIV_PROBE_TYPE_MAIN,	/* a function of it */
	KRSI_PRIV_PROBE_TYPE_CALLBACK,	/* another one */
};
int krsi_priv_probe_types(void);

/* The questions. */
void krsi_priv_probe_capabilities(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_lockdown(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_securityfs(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_lsm_syscalls(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_btf(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_jit(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_lsm_active(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_trampoline(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_lsm_built(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_lsm_runs(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_fmod_ret_runs(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_lsm_sleepable(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_lsm_cgroup(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_ringbuf(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_task_storage(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_inode_storage(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_sk_storage(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_cgrp_storage(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_bpf_loop(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_bpf_for(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_rdonly_cast(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_d_path(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_path_d_path(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_task_exe_file(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_file_xattr(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_dentry_xattr(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_fsverity(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_ima_hash(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_argv(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_seal(struct krsi_probe *probe, struct krsi_priv_answer *answer);
/* Whether programs that do not sleep can have audit records written, without a probe. */
bool krsi_priv_probe_audits_anywhere(struct krsi_ctx *ctx);

void krsi_priv_probe_audit_record(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_hooks_view(struct krsi_probe *probe, struct krsi_priv_answer *answer);
void krsi_priv_probe_enforce_switch(struct krsi_probe *probe, struct krsi_priv_answer *answer);

#endif
