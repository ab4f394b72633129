/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <string.h>

#include "btf_check.h"
#include "ctx.h"
#include "elf_file.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HOST_DATA ELFDATA2LSB
#else
#define HOST_DATA ELFDATA2MSB
#endif

/* libelf does not write through the pointer in this mode, its prototype only does not say so. */
static Elf *elf_open(const void *data, size_t size)
{
	if (elf_version(EV_CURRENT) == EV_NONE)
		return NULL;
	return elf_memory((char *)data, size);
}

Elf_Scn *krsi_priv_elf_section(Elf *elf, const char *wanted, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	const char *name;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, header))
			continue;
		name = elf_strptr(elf, names, header->sh_name);
		if (name && strcmp(name, wanted) == 0)
			return section;
	}
	return NULL;
}

/* Look at the types of an object. Which machine it is for is known by now. */
static int types_check(struct krsi_ctx *ctx, const char *name, Elf *elf)
{
	const char *problem = NULL;
	GElf_Shdr header;
	Elf_Scn *section;
	Elf_Data *types;
	int err;

	section = krsi_priv_elf_section(elf, ".BTF", &header);
	if (!section)
		return krsi_priv_fail(ctx, -EBADMSG, "object %s: it has no type information (section .BTF), without which it fits one kernel only; "
				      "compile with -g", name);
	types = elf_getdata(section, NULL);
	if (!types || !types->d_buf)
		return krsi_priv_fail(ctx, -EBADMSG, "object %s: a damaged ELF file: its type information (section .BTF) cannot be read", name);
	err = krsi_priv_btf_check(types->d_buf, types->d_size, &problem);
	if (err == -ENOMEM)
		return krsi_priv_fail(ctx, -ENOMEM, "object %s: no memory to look at its type information", name);
	if (err)
		return krsi_priv_fail(ctx, -EBADMSG, "object %s: its type information (section .BTF) is damaged: %s; compile it anew", name, problem);
	return 0;
}

int krsi_priv_elf_check(struct krsi_ctx *ctx, const char *name, const void *data, size_t size)
{
	const unsigned char *ident = data;
	GElf_Ehdr header;
	int err = 0;
	Elf *elf;

	if (size < EI_NIDENT || memcmp(ident, ELFMAG, SELFMAG) != 0)
		return krsi_priv_fail(ctx, -EBADMSG, "object %s: not an ELF file; compile with clang -target bpf -g -c", name);
	if (ident[EI_DATA] != HOST_DATA)
		return krsi_priv_fail(ctx, -EBADMSG, "object %s: compiled for the other byte order; compile with clang -target bpf", name);
	elf = elf_open(data, size);
	if (!elf || !gelf_getehdr(elf, &header)) {
		elf_end(elf);
		return krsi_priv_fail(ctx, -EBADMSG, "object %s: a damaged ELF file", name);
	}
	if (header.e_machine != EM_BPF)
		err = krsi_priv_fail(ctx, -EBADMSG, "object %s: an ELF file for machine %u, not for BPF (%u); compile with clang -target bpf",
				     name, header.e_machine, EM_BPF);
	if (!err)
		err = types_check(ctx, name, elf);
	elf_end(elf);
	return err;
}

void krsi_priv_elf_externs(const void *data, size_t size, krsi_priv_extern_fn fn, void *arg)
{
	Elf_Data *symbols = NULL;
	Elf_Scn *section;
	GElf_Shdr header;
	const char *name;
	GElf_Sym symbol;
	Elf *elf;
	int i;

	elf = elf_open(data, size);
	if (!elf)
		return;
	section = krsi_priv_elf_section(elf, ".symtab", &header);
	if (section)
		symbols = elf_getdata(section, NULL);
	for (i = 1; symbols && gelf_getsym(symbols, i, &symbol); i++) {
		name = elf_strptr(elf, header.sh_link, symbol.st_name);
		if (name && *name && symbol.st_shndx == SHN_UNDEF)
			fn(arg, name, GELF_ST_BIND(symbol.st_info) == STB_WEAK);
	}
	elf_end(elf);
}

/* Fill in what a symbol says of a function. */
static bool function_read(Elf *elf, const GElf_Sym *symbol, struct krsi_priv_elf_function *ret)
{
	Elf_Scn *section = elf_getscn(elf, symbol->st_shndx);
	const char *name = NULL;
	GElf_Shdr header;
	size_t names;

	if (section && gelf_getshdr(section, &header) && elf_getshdrstrndx(elf, &names) == 0)
		name = elf_strptr(elf, names, header.sh_name);
	if (!name)
		return false;
	snprintf(ret->section, sizeof(ret->section), "%s", name);
	ret->start = symbol->st_value;
	ret->size = symbol->st_size;
	return true;
}

bool krsi_priv_elf_function(const void *data, size_t size, const char *wanted, struct krsi_priv_elf_function *ret)
{
	Elf_Data *symbols = NULL;
	Elf_Scn *section;
	GElf_Shdr header;
	const char *name;
	GElf_Sym symbol;
	bool found = false;
	Elf *elf;
	int i;

	elf = elf_open(data, size);
	if (!elf)
		return false;
	section = krsi_priv_elf_section(elf, ".symtab", &header);
	if (section)
		symbols = elf_getdata(section, NULL);
	for (i = 1; !found && symbols && gelf_getsym(symbols, i, &symbol); i++) {
		name = elf_strptr(elf, header.sh_link, symbol.st_name);
		if (name && strcmp(name, wanted) == 0 && GELF_ST_TYPE(symbol.st_info) == STT_FUNC)
			found = function_read(elf, &symbol, ret);
	}
	elf_end(elf);
	return found;
}
