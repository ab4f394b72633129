/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Records that no kernel would write, for libFuzzer: all accessors are asked for everything, and nothing outside of the
 * record may be read. What they return has to lie within it. Then it is encoded in every format, and what is JSON has
 * to be read by a parser.
 *
 *   CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
 *   ninja -C build-fuzz tests/fuzz/fuzz_event
 *   build-fuzz/tests/fuzz/fuzz_event NEW tests/fuzz/corpus/event
 *
 * An input is a record. Its size is put right first, as hardly any input would get past that.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <libkrsi/encode.h>

#include "event/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* Read every byte, so that the sanitizer sees each. */
static void bytes_read(const struct krsi_event *event, uint32_t field, const char *bytes, size_t size)
{
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < size; i++)
		sum += (unsigned char)bytes[i];
	must(size || !sum, "nothing has a sum");
	if (field != KRSI_EVENT_CONTAINER_RUNTIME)
		must(bytes >= event->bytes && bytes + size <= event->bytes + event->head->size, "a text is not in the record");
}

static void fields_read(const struct krsi_event *event)
{
	uint32_t field, flags;
	const char *text;
	uint64_t number;
	size_t size;

	for (field = 0; field < KRSI_EVENT_FIELD_END + 2; field++) {
		text = krsi_event_text(event, field, &size, &flags);
		if (text)
			bytes_read(event, field, text, size);
		must(!text || krsi_event_number(event, field, &number) != 0, "a field is of two types");
		krsi_event_number(event, field, &number);
	}
	if (krsi_event_address(event))
		bytes_read(event, KRSI_EVENT_ADDRESS, (const char *)krsi_event_address(event), 16);
	must(krsi_event_operation(event) != NULL, "the operation's word is NULL");
	krsi_event_kind(event);
	krsi_event_verdict(event);
	krsi_event_flags(event);
	must(!krsi_event_policy(event) && !krsi_event_rule(event), "a name comes from nowhere");
}

static void encode(const struct krsi_event *event)
{
	struct krsi_encoder_opts opts = { .sz = sizeof(opts), .flags = KRSI_ENCODE_DETAILS | KRSI_ENCODE_UTF8 };
	struct krsi_encoder *encoder;
	const char *text;
	json_t *object;
	size_t size;

	for (opts.format = KRSI_ENCODE_TEXT; opts.format <= KRSI_ENCODE_OCSF; opts.format++) {
		must(krsi_encoder_new(NULL, &opts, &encoder) == 0, "no encoder");
		must(krsi_encoder_event(encoder, event, &text, &size) == 0, "it cannot be encoded");
		must(strlen(text) == size, "a text has a NUL");
		object = opts.format == KRSI_ENCODE_TEXT ? NULL : json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		must(object || opts.format == KRSI_ENCODE_TEXT, "it is no JSON");
		json_decref(object);
		krsi_encoder_free(encoder);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct krsi_event event;
	char *bytes = malloc(size ? size : 1);	/* of its own, with the sanitizer's marks around it */

	must(bytes != NULL, "no memory");
	if (size)
		memcpy(bytes, data, size);
	if (size >= sizeof(struct event_head) && size % 2)
		((struct event_head *)bytes)->size = (uint32_t)(size & ~(size_t)7);
	if (krsi_priv_event_read(bytes, size, &event)) {
		event.wall = 1;
		event.environment = true;
		fields_read(&event);
		encode(&event);
		event.environment = false;
		fields_read(&event);
	}
	free(bytes);
	return 0;
}
