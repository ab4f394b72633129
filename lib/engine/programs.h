/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The programs of bpf/engine.bpf.c: which operations need which, and how kernels differ. This is the
 * one table of that.
 */
#ifndef KRSI_PRIV_ENGINE_PROGRAMS_H
#define KRSI_PRIV_ENGINE_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a program keeps up to date, beside deciding operations. */
enum krsi_priv_program_duty {
	KRSI_PRIV_DUTY_VIEWS = 1,	/* what is known of processes: exe, script, tag, parent, descendant_of, target */
	KRSI_PRIV_DUTY_IDENTITIES = 2,	/* which inodes have the names that policies name */
	KRSI_PRIV_DUTY_PROCESSES = 4,	/* telling of forks, executions and ends */
	KRSI_PRIV_DUTY_DIGESTS = 8,	/* of what is executed, when that is told */
	KRSI_PRIV_DUTY_FORGET = 16,	/* taking ended processes out of a map, where there is no task storage */
};

struct krsi_priv_engine_program {
	const char *name;		/* of the function, 15 letters at most */
	uint64_t operations;		/* KRSI_PRIV_OP_BIT(): it is attached when a policy is about one of them */
	uint32_t duties;		/* enum krsi_priv_program_duty: or when one of these is needed */
	/*
	 * Programs of one group stand in for each other: of those whose hook the kernel has with
	 * `args` arguments (0: any number, the verdict so far not counted) the first is taken. 0: no group.
	 */
	uint8_t group;
	uint8_t args;
	uint8_t backend;		/* of enum krsi_engine_backend, that it is written for; 0: any */
	/* It decides and is a tracing program with every backend: it calls no functions that are for security modules. */
	bool traced;
	/* The kernel may lack the hook: without it the operations are covered as far as the others go. */
	bool optional;
};

extern const struct krsi_priv_engine_program krsi_priv_engine_programs[];
extern const size_t krsi_priv_engine_program_count;

/* Whether program `i` has a part in one of these operations or duties. */
bool krsi_priv_program_is_needed(size_t i, uint64_t operations, uint32_t duties);

#endif
