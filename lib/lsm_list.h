/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which security modules are active: a hint on whether the kernel would call an lsm program. */
#ifndef KRSI_PRIV_LSM_LIST_H
#define KRSI_PRIV_LSM_LIST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The active modules in their order, separated by commas, from securityfs or else from
 * lsm_list_modules(2). 0, or -errno when neither can be had.
 */
int krsi_priv_lsm_list(char *text, size_t size);

bool krsi_priv_lsm_list_has(const char *list, const char *module);

/*
 * The boot argument that keeps the modules of `list` and adds bpf: "lsm=lockdown,yama,bpf".
 * "capability" is left out, because it is always there; "integrity" is put in where the kernel has
 * it and does not list it. "" when bpf is in the list already.
 */
void krsi_priv_lsm_boot_line(const char *list, char *text, size_t size);

#endif
