/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Types of BTF as C writes them. */
#ifndef KRSI_PRIV_BTF_C_H
#define KRSI_PRIV_BTF_C_H

#include <stdint.h>

struct btf;

/*
 * Declare `name`, which may be "", to be of a type: "struct file *file". Types without a name are
 * written "struct {...}". `*ret` is the caller's to free. 0, -ENOMEM, or -EBADMSG when the type
 * makes no sense: it refers to one that is not there, or to itself.
 *
 * libbpf has btf_dump__emit_type_decl() for this. It trusts its input, writing past its arrays where
 * a damaged file refers to a type that is not there, and calls the second type of one name NAME___2.
 */
int krsi_priv_btf_declare(const struct btf *btf, uint32_t id, const char *name, char **ret);

#endif
