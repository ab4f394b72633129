/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* From instructions to lines of tests/vm/bpf/refused.bpf.c, where `good` begins at line 11 and `bad` at line 17. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "source_line.h"

struct object {
	char *bytes;
	size_t size;
	struct btf *btf;
};

static struct object object_read(const char *name)
{
	struct object object = { .btf = NULL };

	object.bytes = unit_object_bytes(name, &object.size);
	object.btf = btf__parse(unit_object_path(name), NULL);
	return object;
}

static void object_free(struct object *object)
{
	btf__free(object->btf);
	free(object->bytes);
}

/* 0: none */
static int line_of(const struct object *object, const char *program, unsigned long instruction)
{
	char text[64] = "";
	int line = 0;

	if (!krsi_priv_source_line(object->bytes, object->size, object->btf, program, instruction, text, sizeof(text)))
		return 0;
	if (sscanf(text, "refused.bpf.c:%d", &line) != 1)
		fail_msg("%s", text);
	return line;
}

static void test_instructions_have_lines_of_their_function(void **state)
{
	struct object object = object_read("refused.bpf.o");
	unsigned long i;
	int line, last = 0;

	(void)state;
	assert_int_equal(line_of(&object, "good", 0), 11);
	assert_int_equal(line_of(&object, "bad", 0), 17);
	for (i = 0; (line = line_of(&object, "bad", i)); i++) {
		assert_in_range(line, 17, 22);
		last = line > last ? line : last;
	}
	assert_int_equal(last, 22);	/* what it reads there */
	assert_in_range(i, 4, 40);
	object_free(&object);
}

static void test_what_is_not_there_has_no_line(void **state)
{
	struct object object = object_read("refused.bpf.o"), without = object_read("no_btf.bpf.o");
	struct btf *none = NULL;

	(void)state;
	assert_int_equal(line_of(&object, "ugly", 0), 0);
	assert_int_equal(line_of(&object, "bad", 100000), 0);
	assert_int_equal(line_of(&object, "LICENSE", 0), 0);
	assert_false(krsi_priv_source_line(object.bytes, object.size, none, "bad", 0, (char[8]){ 0 }, 8));
	without.btf = btf__new_empty();
	assert_int_equal(line_of(&without, "no_btf", 0), 0);
	object_free(&object);
	object_free(&without);
}

/* Whatever comes of it: nothing may be read that is not there. */
static void test_damaged_objects_are_survived(void **state)
{
	struct object object = object_read("refused.bpf.o");
	size_t size = object.size, i;
	char text[64];

	(void)state;
	for (object.size = 0; object.size < size; object.size += 7)
		krsi_priv_source_line(object.bytes, object.size, object.btf, "bad", 3, text, sizeof(text));
	object.size = size;
	for (i = 64; i < size; i++) {
		object.bytes[i] ^= 0x7f;
		krsi_priv_source_line(object.bytes, object.size, object.btf, "bad", 3, text, sizeof(text));
		object.bytes[i] ^= 0x7f;
	}
	object_free(&object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_instructions_have_lines_of_their_function),
		ctx_test(test_what_is_not_there_has_no_line),
		ctx_test(test_damaged_objects_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
