/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * vm_policies: all cases that prove what policies do, in one program, as loading what the engine has
 * takes longer than they do. Each part is a file, and tests/vm/suite tells its cases from the others'
 * as those of a program of that name. A part that breaks off leaves the others as they are: they go on
 * in a new process with a new engine. So they do after a part in which a case failed.
 *
 * PARTS="evasion_exec engine" in the environment has only these run (tests/vm/suite -e).
 */
#ifndef KRSI_TESTS_VM_POLICIES_H
#define KRSI_TESTS_VM_POLICIES_H

/* What the guest calls the program, for rules on who acts. */
#define TEST_PROGRAM "/test/vm_policies"

/* In the order in which they run. */
#define POLICY_PARTS(X) \
	X(evasion_exec) \
	X(evasion_files) \
	X(evasion_later) \
	X(evasion_mounts) \
	X(evasion_names) \
	X(evasion_network) \
	X(evasion_opened) \
	X(evasion_paths) \
	X(evasion_process) \
	X(evasion_stale) \
	X(evasion_subject) \
	X(evasion_target) \
	X(evasion_uring) \
	X(operation_files) \
	X(operation_kernel) \
	X(operation_mounts) \
	X(operation_network) \
	X(operation_process) \
	X(operation_subjects) \
	X(engine) \
	X(engine_strings)

/* Each runs its cases, and returns how many failed. */
#define POLICY_PART(name) int part_##name(void);
POLICY_PARTS(POLICY_PART)
#undef POLICY_PART

/* Before anything else: what a case executes a copy of this program for. They return when it is for nothing of theirs. */
void orphan_main(void);		/* evasion_process.c */
void pretender_main(void);	/* evasion_subject.c */

#endif
