/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of this directory share. The same files are krsi.ko and, in a patched kernel,
 * security/bpf/krsi/.
 *
 * Structures stay forward declarations here. A module that is built by another compiler
 * than its kernel would get its own copy of struct linux_binprm into its BTF, and the
 * verifier would then refuse the kernel's as an argument of a kfunc. So kfuncs.c sees no
 * more than this, and the files that look inside are built without debug information.
 */
#ifndef KRSI_H
#define KRSI_H

#include <linux/types.h>

struct bpf_link;
struct bpf_prog;
struct dentry;
struct linux_binprm;

/* The first line of krsi/features. It moves when something listed there changes its meaning. */
#define KRSI_ABI 1

int krsi_bprm_arg(struct linux_binprm *bprm, u32 index, char *buf, u32 size);
s64 krsi_bprm_env(struct linux_binprm *bprm, const char *name, u32 name_size, char *buf, u32 size);
int krsi_audit(const char *msg, u32 size, unsigned long caller);

int krsi_kfuncs_init(void);
bool krsi_prog_is_lsm(const struct bpf_prog *prog);

int krsi_seal_init(struct dentry *dir);
void krsi_seal_exit(void);
bool krsi_link_is_sealed(const struct bpf_link *link);

#endif
