/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>
#include <linux/bpf.h>

#include "btf_ext.h"
#include "elf_file.h"
#include "source_line.h"

/* The nearest line before an instruction, as far as the walk has come. */
struct search {
	const struct btf *btf;
	struct krsi_priv_elf_function function;
	uint64_t at;		/* bytes into the section */
	struct bpf_line_info line;
	bool found;
};

static void line_look(void *arg, uint32_t section_name, const struct bpf_line_info *line)
{
	struct search *search = arg;
	const char *section = btf__name_by_offset(search->btf, section_name);

	if (!section || strcmp(section, search->function.section) != 0)
		return;
	if (line->insn_off < search->function.start || line->insn_off > search->at)
		return;
	if (search->found && line->insn_off < search->line.insn_off)
		return;
	search->line = *line;
	search->found = true;
}

bool krsi_priv_source_line(const void *data, size_t data_size, const struct btf *btf, const char *program,
			   unsigned long instruction, char *text, size_t size)
{
	struct search search = { .btf = btf };
	const char *file, *slash;

	if (!btf || !krsi_priv_elf_function(data, data_size, program, &search.function) ||
	    instruction >= search.function.size / sizeof(struct bpf_insn))
		return false;
	search.at = search.function.start + instruction * sizeof(struct bpf_insn);
	krsi_priv_btf_lines(data, data_size, line_look, &search);
	file = search.found ? btf__name_by_offset(btf, search.line.file_name_off) : NULL;
	if (!file || !*file)
		return false;
	slash = strrchr(file, '/');
	snprintf(text, size, "%s:%u", slash ? slash + 1 : file, BPF_LINE_INFO_LINE_NUM(search.line.line_col));
	return true;
}
