/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What this process may do, asked of the kernel and put into words for a refusal. */
#ifndef KRSI_PRIV_CAPS_H
#define KRSI_PRIV_CAPS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a capability of linux/capability.h is in the effective set of the calling thread. */
bool krsi_priv_cap_held(int cap);

/* Whether the calling thread holds what loading and attaching LSM programs takes. */
bool krsi_priv_caps_suffice(void);

/*
 * Why the kernel may have said -EPERM to a BPF call: the capabilities that are missing, a user namespace in
 * which they do not count, the memlock limit of kernels before 5.11, kernel lockdown, or seccomp. Always a sentence.
 */
void krsi_priv_eperm_explain(char *text, size_t size);

/* The same of a call that only CAP_SYS_ADMIN is allowed, as those are that list what others have loaded. */
void krsi_priv_eperm_admin_explain(char *text, size_t size);

/*
 * The words of /sys/kernel/security/lockdown without the brackets: "none", "integrity",
 * "confidentiality"; "" when the file cannot be read.
 */
void krsi_priv_lockdown_read(char *mode, size_t size);

#endif
