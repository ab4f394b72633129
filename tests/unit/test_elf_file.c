/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What is said of a file before libbpf sees it. */
#include "unit.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf_file.h"

/* Check a copy that is exactly as long, so that one byte too many being read is seen. */
static int check(struct krsi_ctx *ctx, const void *bytes, size_t size)
{
	char *copy = malloc(size ? size : 1);
	int err;

	memcpy(copy, bytes, size);
	err = krsi_priv_elf_check(ctx, "x.bpf.o", copy, size);
	free(copy);
	return err;
}

static int check_object(struct krsi_ctx *ctx, const char *name)
{
	size_t size;
	char *bytes = unit_object_bytes(name, &size);
	int err = check(ctx, bytes, size);

	free(bytes);
	return err;
}

static void test_bpf_objects_pass(void **state)
{
	assert_ok(*state, check_object(*state, "externs.bpf.o"));
	assert_ok(*state, check_object(*state, "mkdir.bpf.o"));
	assert_ok(*state, check_object(*state, "maps.bpf.o"));
}

static void test_what_is_no_elf_file_is_told(void **state)
{
	static const struct {
		const char *what;
		const char *bytes;
		size_t size;
	} variants[] = {
		{ "empty", "", 0 },
		{ "one byte", "\x7f", 1 },
		{ "the magic alone", "\x7f" "ELF", 4 },
		{ "one byte short of an identification", "\x7f" "ELF\2\1\1\0\0\0\0\0\0\0\0", 15 },
		{ "a script", "#!/bin/sh\nexit 0\n", 17 },
		{ "a source file", "#include <libkrsi/bpf/krsi.bpf.h>\n", 35 },
		{ "an archive", "!<arch>\n/               0           ", 36 },
		{ "LLVM bitcode", "BC\xc0\xde\x35\x14\0\0\5\0\0\0\x62\x0c\x30\x24\0\0\0\0", 20 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		if (check(*state, variants[i].bytes, variants[i].size) != -EBADMSG)
			fail_msg("%s was taken", variants[i].what);
		assert_detail(*state, "object x.bpf.o: not an ELF file; compile with clang -target bpf -g -c");
	}
}

static void test_native_object_is_told_apart(void **state)
{
	assert_int_equal(check_object(*state, "native.o"), -EBADMSG);
	assert_detail(*state, "not for BPF (247)");
}

static void test_other_byte_order_is_told_apart(void **state)
{
	assert_int_equal(check_object(*state, "other_order.bpf.o"), -EBADMSG);
	assert_detail(*state, "the other byte order");
}

static void test_object_without_types_names_the_flag(void **state)
{
	assert_int_equal(check_object(*state, "no_btf.bpf.o"), -EBADMSG);
	assert_detail(*state, "no type information (section .BTF)");
	assert_detail(*state, "compile with -g");
}

static void test_identification_alone_is_damaged(void **state)
{
	size_t size;
	char *bytes = unit_object_bytes("mkdir.bpf.o", &size);

	assert_int_equal(check(*state, bytes, EI_NIDENT), -EBADMSG);
	assert_detail(*state, "a damaged ELF file");
	bytes[EI_CLASS] = ELFCLASSNONE;
	assert_int_equal(check(*state, bytes, size), -EBADMSG);
	free(bytes);
}

static void ignore_name(void *arg, const char *name, bool weak)
{
	(void)weak;
	*(size_t *)arg += strlen(name);
}

/* Every length near the header, then every seventh up to the whole. */
static void test_object_cut_anywhere_is_refused(void **state)
{
	size_t size, cut, letters = 0;
	char *bytes = unit_object_bytes("externs.bpf.o", &size);

	for (cut = 0; cut < size; cut += cut < 200 ? 1 : 7) {
		char *copy = malloc(cut ? cut : 1);

		memcpy(copy, bytes, cut);
		if (krsi_priv_elf_check(*state, "x.bpf.o", copy, cut) != -EBADMSG)
			fail_msg("%zu of %zu bytes passed", cut, size);
		krsi_priv_elf_externs(copy, cut, ignore_name, &letters);
		free(copy);
	}
	free(bytes);
}

/* Any answer will do, as long as it is one. */
static void test_object_with_a_wrong_byte_in_its_tables_gets_an_answer(void **state)
{
	size_t size, i, letters = 0;
	char *bytes = unit_object_bytes("externs.bpf.o", &size);
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)bytes;
	size_t sections = header->e_shoff;

	for (i = 0; i < size; i += i + 1 == sizeof(*header) && sections > i ? sections - i : 1) {
		static const unsigned char values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
		char old = bytes[i];
		size_t k;

		for (k = 0; k < ARRAY_SIZE(values); k++) {
			bytes[i] = (char)values[k];
			if (check(*state, bytes, size) == 0)
				krsi_priv_elf_externs(bytes, size, ignore_name, &letters);
		}
		bytes[i] = old;
	}
	free(bytes);
}

static void collect(void *arg, const char *name, bool weak)
{
	strcat(arg, weak ? "(" : "");
	strcat(arg, name);
	strcat(arg, weak ? ") " : " ");
}

static void test_externs_are_strong_or_weak(void **state)
{
	size_t size;
	char *bytes = unit_object_bytes("externs.bpf.o", &size);
	char names[512] = "";

	(void)state;
	krsi_priv_elf_externs(bytes, size, collect, names);
	assert_words(names, "strong_function ");
	assert_words(names, "strong_variable ");
	assert_words(names, "CONFIG_STRONG ");
	assert_words(names, "LINUX_KERNEL_VERSION ");
	assert_words(names, "(weak_function) ");
	assert_words(names, "(weak_variable) ");
	assert_words(names, "(CONFIG_WEAK) ");
	assert_null(strstr(names, "global_variable"));
	assert_null(strstr(names, "local_variable"));
	assert_null(strstr(names, "wants_much"));
	assert_null(strstr(names, "LICENSE"));
	free(bytes);
}

static void test_object_without_externs_wants_nothing(void **state)
{
	size_t size;
	char *bytes = unit_object_bytes("mkdir.bpf.o", &size);
	char names[512] = "";

	(void)state;
	krsi_priv_elf_externs(bytes, size, collect, names);
	assert_string_equal(names, "");
	krsi_priv_elf_externs("no ELF file at all", 18, collect, names);
	assert_string_equal(names, "");
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_bpf_objects_pass),
		ctx_test(test_what_is_no_elf_file_is_told),
		ctx_test(test_native_object_is_told_apart),
		ctx_test(test_other_byte_order_is_told_apart),
		ctx_test(test_object_without_types_names_the_flag),
		ctx_test(test_identification_alone_is_damaged),
		ctx_test(test_object_cut_anywhere_is_refused),
		ctx_test(test_object_with_a_wrong_byte_in_its_tables_gets_an_answer),
		ctx_test(test_externs_are_strong_or_weak),
		ctx_test(test_object_without_externs_wants_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
