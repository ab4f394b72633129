/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a section .BTF.ext says: the accesses to types that are fitted to the kernel (CO-RE), and lines of the source. */
#ifndef KRSI_PRIV_BTF_EXT_H
#define KRSI_PRIV_BTF_EXT_H

#include <stddef.h>
#include <stdint.h>

struct bpf_line_info;

/* Called with the type of each access, which is fitted to the kernel's type of that name. */
typedef void (*krsi_priv_access_fn)(void *arg, uint32_t type);

/* What is damaged in the ELF file is not there. */
void krsi_priv_btf_accesses(const void *data, size_t size, krsi_priv_access_fn fn, void *arg);

/* Called with each line, and with the section of code that its instruction is in, as a name of the object's types. */
typedef void (*krsi_priv_line_fn)(void *arg, uint32_t section_name, const struct bpf_line_info *line);

void krsi_priv_btf_lines(const void *data, size_t size, krsi_priv_line_fn fn, void *arg);

#endif
