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

/* Records come in groups, one for each section of code: a head, and `count` of them. */
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

enum part { LINES, ACCESSES };

/* What is left to read of a part. */
struct records {
	const char *at;
	size_t left;
};

static bool records_find(const char *data, size_t size, enum part part, struct records *ret)
{
	struct ext_header header;
	uint32_t at, part_size;

	if (size < sizeof(header))
		return false;
	memcpy(&header, data, sizeof(header));
	at = part == LINES ? header.lines_at : header.accesses_at;
	part_size = part == LINES ? header.lines_size : header.accesses_size;
	if (header.magic != BTF_MAGIC || header.size < sizeof(header) || header.size > size ||
	    at > size - header.size || part_size > size - header.size - at)
		return false;
	ret->at = data + header.size + at;
	ret->left = part_size;
	return true;
}

/* The file with the records of one part, to end with elf_end(). Without that part there are none. */
static Elf *records_open(const void *data, size_t size, enum part part, struct records *ret)
{
	Elf_Data *section_data = NULL;
	Elf_Scn *section;
	GElf_Shdr header;
	Elf *elf;

	*ret = (struct records){ NULL, 0 };
	if (elf_version(EV_CURRENT) == EV_NONE)
		return NULL;
	elf = elf_memory((char *)data, size);	/* it does not write in this mode */
	section = elf ? krsi_priv_elf_section(elf, ".BTF.ext", &header) : NULL;
	if (section)
		section_data = elf_getdata(section, NULL);
	if (section_data && section_data->d_buf && !records_find(section_data->d_buf, section_data->d_size, part, ret))
		*ret = (struct records){ NULL, 0 };
	return elf;
}

void krsi_priv_btf_accesses(const void *data, size_t size, krsi_priv_access_fn fn, void *arg)
{
	struct bpf_core_relo access;
	struct records records;
	struct ext_group group;
	uint32_t record_size;
	Elf *elf = records_open(data, size, ACCESSES, &records);

	if (take(&records.at, &records.left, &record_size, sizeof(record_size)) && record_size == sizeof(access))
		while (take(&records.at, &records.left, &group, sizeof(group)))
			while (group.count-- && take(&records.at, &records.left, &access, sizeof(access)))
				fn(arg, access.type_id);
	elf_end(elf);
}

void krsi_priv_btf_lines(const void *data, size_t size, krsi_priv_line_fn fn, void *arg)
{
	struct bpf_line_info line;
	struct records records;
	struct ext_group group;
	uint32_t record_size;
	Elf *elf = records_open(data, size, LINES, &records);

	if (take(&records.at, &records.left, &record_size, sizeof(record_size)) && record_size == sizeof(line))
		while (take(&records.at, &records.left, &group, sizeof(group)))
			while (group.count-- && take(&records.at, &records.left, &line, sizeof(line)))
				fn(arg, group.section_name, &line);
	elf_end(elf);
}
