/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <stdbool.h>
#include <string.h>

#include <bpf/btf.h>
#include <linux/bpf.h>

#include "btf_ext.h"
#include "elf_file.h"

/* Its header, as far as it is read here. Offsets count from the header's end. */
struct ext_header {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t size;
	uint32_t functions_at, functions_size, lines_at, lines_size, accesses_at, accesses_size;
};

/* Accesses come in groups, one for each section of code: a head, and `count` of them. */
struct ext_group {
	uint32_t section_name, count;
};

/* Copies, as a damaged file has them anywhere. */
static bool take(const char **at, size_t *left, void *to, size_t size)
{
	if (*left < size)
		return false;
	memcpy(to, *at, size);
	*at += size;
	*left -= size;
	return true;
}

/* Where the accesses are, or NULL. */
static const char *accesses_find(const char *data, size_t size, size_t *left)
{
	struct ext_header header;

	if (size < sizeof(header))
		return NULL;
	memcpy(&header, data, sizeof(header));
	if (header.magic != BTF_MAGIC || header.size < sizeof(header) || header.size > size ||
	    header.accesses_at > size - header.size || header.accesses_size > size - header.size - header.accesses_at)
		return NULL;
	*left = header.accesses_size;
	return data + header.size + header.accesses_at;
}

static void accesses_walk(const char *at, size_t left, krsi_priv_access_fn fn, void *arg)
{
	struct bpf_core_relo access;
	struct ext_group group;
	uint32_t size;

	if (!take(&at, &left, &size, sizeof(size)) || size != sizeof(access))
		return;
	while (take(&at, &left, &group, sizeof(group)))
		while (group.count-- && take(&at, &left, &access, sizeof(access)))
			fn(arg, access.type_id);
}

void krsi_priv_btf_accesses(const void *data, size_t size, krsi_priv_access_fn fn, void *arg)
{
	Elf_Data *section_data = NULL;
	const char *accesses = NULL;
	Elf_Scn *section;
	GElf_Shdr header;
	size_t left = 0;
	Elf *elf;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return;
	elf = elf_memory((char *)data, size);	/* it does not write in this mode */
	section = elf ? krsi_priv_elf_section(elf, ".BTF.ext", &header) : NULL;
	if (section)
		section_data = elf_getdata(section, NULL);
	if (section_data && section_data->d_buf)
		accesses = accesses_find(section_data->d_buf, section_data->d_size, &left);
	if (accesses)
		accesses_walk(accesses, left, fn, arg);
	elf_end(elf);
}
