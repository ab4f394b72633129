/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a section .BTF.ext says: the accesses to types that are fitted to the kernel (CO-RE). */
#ifndef KRSI_PRIV_BTF_EXT_H
#define KRSI_PRIV_BTF_EXT_H

#include <stddef.h>
#include <stdint.h>

/* Called with the type of each access, which is fitted to the kernel's type of that name. */
typedef void (*krsi_priv_access_fn)(void *arg, uint32_t type);

/* What is damaged in the ELF file is not there. */
void krsi_priv_btf_accesses(const void *data, size_t size, krsi_priv_access_fn fn, void *arg);

#endif
