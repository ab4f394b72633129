/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The arguments and the environment of a program that is about to be executed.
 *
 * Threat: whoever starts a program may change what the strings of execve() say while it is looked at, so
 * the caller's memory proves nothing. The kernel copies them into the memory of the new program before
 * it asks anybody, and what is read there is what the program gets. That memory is nobody's address
 * space yet: the helpers read the kernel's own and the caller's, not this. So its page tables are gone down
 * here, and its pages are read where the kernel has all memory mapped, which says as much of the
 * machine as the two variables below (x86-64, four or five levels; the loader checks).
 *
 * Nobody else reaches this memory, and it was written a moment ago. A page that is not there any
 * more, and strings of more than STRINGS_PAGES pages, make what is asked of them unresolved.
 *
 * Every string goes through the automaton as it is read, byte for byte: none has to be kept whole, but
 * what it means. Of a variable the first = is a NUL to the automaton (lib/match/compile_strings.c).
 */
#ifndef KRSI_ENGINE_STRINGS_BPF_H
#define KRSI_ENGINE_STRINGS_BPF_H

#include "object.bpf.h"

#define STRINGS_PAGE 4096UL
#define STRINGS_PAGES 128		/* 512 KiB */
#define STRINGS_PART 256		/* bytes that are read at once: they are put into walk.name */

/* Where the kernel has physical memory mapped, what of an entry is an address, and how many levels there are. */
const volatile __u64 page_offset_base_address;
const volatile __u64 physical_mask_address;
const volatile __u64 pgdir_shift_address;

#define PGDIR_SHIFT_4_LEVELS 39	/* of kernels that can have no others, and have no such variable */
#define PAGE_PRESENT 1UL
#define PAGE_HUGE 0x80UL
#define PAGE_ADDRESS 0x000ffffffffff000UL

static __always_inline __u64 strings_variable(__u64 address, __u32 size)
{
	__u64 value = 0;

	if (bpf_probe_read_kernel(&value, size, (void *)address))
		return 0;
	return value;
}

/* The page with this address of the new program, as an address of the kernel's; 0: it is not there. */
MATCH_FN __u64 strings_page(__u32 at, __u64 address)
{
	__u64 base = strings_variable(page_offset_base_address, 8), mask = strings_variable(physical_mask_address, 8) & PAGE_ADDRESS, table, entry;
	__u32 shift = pgdir_shift_address ? strings_variable(pgdir_shift_address, 4) : PGDIR_SHIFT_4_LEVELS;
	struct engine_slot *slot = slot_get(at);
	int i;

	if (!slot || !base || !mask)
		return 0;
	table = slot->act.strings.tables;
	for (i = 0; i < 5; i++) {
		entry = 0;
		bpf_probe_read_kernel(&entry, sizeof(entry), (void *)(table + (address >> (shift & 63) & 511) * 8));
		if (!(entry & PAGE_PRESENT))
			return 0;
		table = base + (entry & mask);
		if (shift == 12)
			return table;
		if (entry & PAGE_HUGE)
			return 0;
		shift -= 9;
	}
	return 0;
}

/* A string begins. */
static __always_inline void string_begin(struct engine_slot *slot)
{
	slot->act.strings.is_env = slot->act.strings.number >= slot->act.strings.argc;
	slot->act.strings.state = slot->act.strings.starts[slot->act.strings.is_env & 1];
	slot->act.strings.named = 0;
}

/* The automaton reads one byte. */
static __always_inline void string_byte(struct engine_slot *slot, match_image image, const struct image_header *header, __u32 byte)
{
	const __u8 *classes = match_unit(image, header->dfa_classes + (byte & 255) / IMAGE_UNIT);
	const __u16 *row;
	__u32 where;

	if (!classes)
		return;
	where = (slot->act.strings.state << (header->dfa_row_shift & 15)) + classes[byte % IMAGE_UNIT];
	row = match_unit(image, header->dfa_rows + where / 8);
	slot->act.strings.state = row ? row[where % 8] : 0;
}

/* A string is over: remember what it means, once. */
MATCH_FN int string_end(__u32 at)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	const __u32 *accepts;
	match_image image;
	__u32 ref, i, *refs;

	if (!slot)
		return 0;
	image = match_image_open(&slot->match);
	header = image ? match_header(image) : 0;
	if (!header)
		return 0;
	accepts = match_unit(image, header->dfa_accepts + slot->act.strings.state / 4);
	ref = accepts ? accepts[slot->act.strings.state & 3] : 0;
	if (!ref)
		return 0;
	refs = slot->act.strings.refs[slot->act.strings.is_env & 1];
	for (i = 0; i < STRINGS_REFS; i++) {
		if (refs[i] == ref)
			return 0;
		if (refs[i] == 0) {
			refs[i] = ref;
			return 0;
		}
	}
	slot->match.unresolved |= MATCH_UNKNOWN_STRINGS;
	return 0;
}

/* Read up to STRINGS_PART bytes that are in the kernel's memory at `address`. */
MATCH_FN int strings_part(__u32 at, __u64 address, __u32 size)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	match_image image;
	__u32 byte, i;
	__u8 *text;

	if (!slot)
		return 0;
	image = match_image_open(&slot->match);
	header = image ? match_header(image) : 0;
	if (!header)
		return 0;
	slot->act.strings.left = size;
	text = (void *)slot->walk.name;
	asm volatile("%0 &= 511" : "+r"(size));		/* 2 * STRINGS_PART - 1 */
	if (bpf_probe_read_kernel(text, size, (void *)address))
		slot->match.unresolved |= MATCH_UNKNOWN_STRINGS;
	for (i = 0; i < STRINGS_PART; i++) {
		if (i >= slot->act.strings.left)
			break;
		byte = text[i];
		if (byte && !slot->act.strings.state)
			continue;
		if (slot->act.strings.is_env && !slot->act.strings.named && (byte == '=' || byte == 0)) {
			slot->act.strings.named = 1;
			string_byte(slot, image, header, 0);
		} else if (byte) {
			string_byte(slot, image, header, byte);
		}
		if (byte)
			continue;
		if (slot->act.strings.state)
			string_end(at);
		slot->act.strings.number++;
		string_begin(slot);
	}
	return 0;
}

/* Read what is of the strings in one page, from `next` on. Returns 0 when the page is not there. */
MATCH_FN int strings_page_read(__u32 at)
{
	struct engine_slot *slot = slot_get(at);
	__u64 page, next, size;
	__u32 i;

	if (!slot)
		return 0;
	page = strings_page(at, slot->act.strings.next);
	if (!page)
		return 0;
	for (i = 0; i < STRINGS_PAGE / STRINGS_PART; i++) {
		next = slot->act.strings.next;
		if (next >= slot->act.strings.end)
			break;
		size = STRINGS_PART - next % STRINGS_PART;
		if (size > slot->act.strings.end - next)
			size = slot->act.strings.end - next;
		slot->act.strings.next = next + size;
		strings_part(at, page + next % STRINGS_PAGE, size);
		if ((next + size) % STRINGS_PAGE == 0)
			break;
	}
	return 1;
}

/* What the arguments and the environment mean: all strings, from the first byte to the last. */
MATCH_FN int strings_read(__u32 at)
{
	struct engine_slot *slot = slot_get(at);
	match_image image;
	__u32 i;

	if (!slot)
		return 0;
	image = match_image_open(&slot->match);
	if (!image)
		return 0;
	slot->act.strings.starts[0] = text_glob_start(image, MATCH_GROUP_ARGV);
	slot->act.strings.starts[1] = text_glob_start(image, MATCH_GROUP_ENV);
	slot->act.strings.number = 0;
	string_begin(slot);
	for (i = 0; i < STRINGS_REFS; i++)
		slot->act.strings.refs[0][i] = slot->act.strings.refs[1][i] = 0;
	for (i = 0; i < STRINGS_PAGES; i++) {
		if (slot->act.strings.next >= slot->act.strings.end)
			return 0;
		if (!strings_page_read(at))
			break;
	}
	if (slot->act.strings.next < slot->act.strings.end)
		slot->match.unresolved |= MATCH_UNKNOWN_STRINGS;
	return 0;
}

/*
 * The strings that a program is executed with: behind p, and in front of its name at exec. They are read when a
 * policy asks for them.
 */
static __always_inline void act_strings(__u32 at, struct linux_binprm *bprm)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_op *op;
	match_image image;

	if (!slot)
		return;
	bpf_core_read(&slot->act.strings.tables, sizeof(__u64), &bprm->mm->pgd);
	bpf_core_read(&slot->act.strings.file, sizeof(__u64), &bprm->file);
	slot->act.strings.begin = slot->act.strings.next = bprm->p;
	slot->act.strings.end = bprm->exec;
	slot->act.strings.argc = bprm->argc;
	slot->act.has |= ACT_PROGRAM;
	image = match_image_open(&slot->match);
	op = image ? match_unit(image, IMAGE_REF_OPS + KRSI_PRIV_OP_PROCESS_EXEC) : 0;
	if (!op || !(op->dims & (KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_ARGV) | KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_ENV))))
		return;
	slot->act.has |= ACT_STRINGS;
	strings_read(at);
}

/* The values of argv or env. */
MATCH_FN int strings_values(__u32 at, __u32 key)
{
	struct engine_slot *slot = slot_get(at);
	match_image image;
	__u32 i, n, ref;

	if (!slot || !(slot->act.has & ACT_STRINGS))
		return 0;
	image = match_image_open(&slot->match);
	if (!image)
		return 0;
	/* The number is kept in the slot, so that the turns stay turns: side by side they would take a quarter of the stack. */
	slot->act.strings.left = 0;
	for (i = 0; i < STRINGS_REFS; i++) {
		n = slot->act.strings.left;
		if (n >= STRINGS_REFS)
			break;
		ref = slot->act.strings.refs[key == KRSI_PRIV_KEY_ENV][n];
		if (!ref)
			break;
		slot->act.strings.left = n + 1;
		text_pair(at, image, ref);
	}
	return 0;
}

#endif
