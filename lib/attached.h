/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Inside of the list of attached programs: attached.c answers, attached_links.c asks the kernel for links and
 * programs, attached_owners.c looks for the processes that hold them, attached_pins.c for their files, and holders.c
 * makes a sentence of it for who was turned away.
 */
#ifndef KRSI_PRIV_ATTACHED_H
#define KRSI_PRIV_ATTACHED_H

#include <stdbool.h>
#include <libkrsi/attached.h>

struct krsi_priv_owner {
	int pid;
	bool holds_link;
	char comm[64];		/* of a kernel thread it can be longer than a program's 15 letters */
};

struct krsi_priv_attached {
	char *function;		/* of the kernel, such as "bpf_lsm_file_open"; "" when the kernel does not tell */
	char hook[64];		/* that this is the function of; "": as above */
	char *program;
	char *pin;		/* NULL for none */
	const char *way;
	uint32_t link_id, program_id, uid;
	bool engine;
	uint64_t loaded, runs, run_time, missed;
	struct krsi_priv_owner *owners;
	size_t owner_count;
};

struct krsi_attached {
	struct krsi_ctx *ctx;
	struct krsi_priv_attached *programs;
	size_t count, capacity;
};

/*
 * Fill an empty list with every program that sits on a kernel function of that name, or with NULL on any
 * function of a hook. 0, or a negative errno with the failure told.
 */
int krsi_priv_attached_read(struct krsi_attached *attached, const char *function);

/* Put in who holds them, as far as `proc`, which is "/proc" outside of tests, shows it. -ENOMEM or 0. */
int krsi_priv_attached_owners(struct krsi_attached *attached, const char *proc);

/* Put in the files that links are pinned as, on every BPF file system of the list of mounts. -ENOMEM or 0. */
int krsi_priv_attached_pins(struct krsi_attached *attached, const char *mounts);

/* Let go of what is in the list. */
void krsi_priv_attached_clear(struct krsi_attached *attached);

#endif
