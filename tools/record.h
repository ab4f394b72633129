/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The policy that `krsi record` has in itself, which `krsi learn` knows again in a recording. */
#ifndef KRSI_TOOL_RECORD_H
#define KRSI_TOOL_RECORD_H

#define RECORD_POLICY "krsi-record"
#define RECORD_RULE_ALL "all"		/* the operations below */
#define RECORD_RULE_CHOSEN "chosen"	/* those of --on */

/*
 * What a program is likely to be judged by. Opening is told by file.read and file.write as well, and file.ioctl is each
 * call on a terminal.
 */
#define RECORD_OPERATIONS "process", "file", "!file.open", "!file.ioctl", "network", "mount", "kernel"

struct krsi_policy;
struct run;

/* It, without what this kernel has no hook for, which is told. */
int record_policy_make(const struct run *run, struct krsi_policy **ret);

#endif
