/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The policy engine, as it is where the kernel has bpf_lsm_audit(): engine/audit.bpf.h. It is apart, as libbpf looks for
 * a function that may be a module's in all modules, for which it needs CAP_SYS_ADMIN, before it finds that there is none.
 * Objects of both share their maps and variables, which are the same.
 */
#define ENGINE_AUDIT
#include "engine.bpf.c"
