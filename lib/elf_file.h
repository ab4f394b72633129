/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What an ELF file says before libbpf has a look, so that a wrong file gets a clear answer. */
#ifndef KRSI_PRIV_ELF_FILE_H
#define KRSI_PRIV_ELF_FILE_H

#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct krsi_ctx;

/* -EBADMSG with the story when the bytes are no BPF object with BTF for this machine's byte order. */
int krsi_priv_elf_check(struct krsi_ctx *ctx, const char *name, const void *data, size_t size);

/* The section of that name, with its header, or NULL. */
Elf_Scn *krsi_priv_elf_section(Elf *elf, const char *wanted, GElf_Shdr *header);

/* Called for each symbol that the object wants from the kernel; a weak one it can do without. */
typedef void (*krsi_priv_extern_fn)(void *arg, const char *name, bool weak);

void krsi_priv_elf_externs(const void *data, size_t size, krsi_priv_extern_fn fn, void *arg);

/* A function of the object: its section, and where in it. */
struct krsi_priv_elf_function {
	char section[128];
	uint64_t start, size;	/* bytes */
};

bool krsi_priv_elf_function(const void *data, size_t size, const char *wanted, struct krsi_priv_elf_function *ret);

#endif
