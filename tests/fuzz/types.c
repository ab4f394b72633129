/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Types that no compiler writes, for libFuzzer: what passes the check is opened by libbpf, and a record is printed as a
 * value of each type. Nothing outside of the types and of the record may be read, and what is JSON has to be read by a
 * parser.
 *
 *   CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
 *   ninja -C build-fuzz tests/fuzz/fuzz_types tests/unit/types.bpf.o
 *   mkdir corpus && llvm-objcopy -O binary --only-section=.BTF --set-section-flags .BTF=alloc build-fuzz/tests/unit/types.bpf.o corpus/types
 *   build-fuzz/tests/fuzz/fuzz_types corpus
 *
 * An input is a section .BTF. Its header is put right first, as hardly any input would get past that: the names are the
 * last quarter.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>
#include <jansson.h>
#include <libkrsi/bpf.h>

#include "btf_check.h"
#include "btf_print.h"

#define RECORD_SIZE 96

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(const struct btf *btf, uint32_t id, const char *record, bool json)
{
	json_error_t error;
	char *text = NULL;
	size_t length;
	json_t *value;
	FILE *out;
	int err;

	out = open_memstream(&text, &length);
	if (!out)
		abort();
	err = krsi_priv_btf_print(btf, id, record, RECORD_SIZE, json, out);
	fclose(out);
	if (!err && json) {
		/* Integers that jansson has no type for are numbers all the same. */
		value = json_loads(text, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &error);
		if (!value) {
			fprintf(stderr, "no JSON (%s): %s\n", error.text, text);
			abort();
		}
		json_decref(value);
	}
	free(text);
}

static void header_repair(char *bytes, size_t size)
{
	struct btf_header header = { .magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof(header) };
	size_t left = size - sizeof(header), names = left / 4;

	header.str_len = (uint32_t)(left - (left - names) / 4 * 4);
	header.str_off = header.type_len = (uint32_t)left - header.str_len;
	memcpy(bytes, &header, sizeof(header));
	bytes[size - header.str_len] = '\0';
	bytes[size - 1] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes, *record;
	const char *problem;
	struct btf *btf = NULL;
	uint32_t id;
	size_t i;

	if (size < sizeof(struct btf_header) + 8)
		return 0;
	krsi_bpf_silence();
	bytes = malloc(size);		/* of their own, with the sanitizer's marks around them */
	record = malloc(RECORD_SIZE);
	if (!bytes || !record)
		abort();
	memcpy(bytes, data, size);
	for (i = 0; i < RECORD_SIZE; i++)
		record[i] = (char)data[i % size];
	if (size % 2)
		header_repair(bytes, size);
	if (krsi_priv_btf_check(bytes, size, &problem) == 0)
		btf = btf__new(bytes, (uint32_t)size);
	for (id = 1; btf && id < btf__type_cnt(btf); id++) {
		print(btf, id, record, false);
		print(btf, id, record, true);
	}
	btf__free(btf);
	free(record);
	free(bytes);
	return 0;
}
