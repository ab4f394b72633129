/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Recordings that nobody made, for libFuzzer: they are read to their end or their damage, and each event of them is taken
 * in by a table of processes, asked again, and recorded. What is recorded has to be read as the same.
 *
 *   CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
 *   ninja -C build-fuzz tests/fuzz/fuzz_recording
 *   build-fuzz/tests/fuzz/fuzz_recording NEW tests/fuzz/corpus/recording
 *
 * An input is a recording. Its checksums are put right first, as hardly any input would get past them.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libkrsi/krsi.h>
#include <zlib.h>

#include "record/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* --- input ------------------------------------------------------------------- */

static void checksums_mend(uint8_t *bytes, size_t size)
{
	struct record_frame frame;
	struct record_head head;
	size_t at;

	if (size < sizeof(head))
		return;
	memcpy(&head, bytes, sizeof(head));
	head.checksum = (uint32_t)crc32(0, (const Bytef *)&head, offsetof(struct record_head, checksum));
	memcpy(bytes, &head, sizeof(head));
	for (at = head.head_size; at + sizeof(frame) <= size && at >= sizeof(head); at += sizeof(frame) + frame.size) {
		memcpy(&frame, bytes + at, sizeof(frame));
		if (frame.size > size - at - sizeof(frame))
			return;
		frame.checksum = (uint32_t)crc32(crc32(0, (const Bytef *)&frame.size, sizeof(frame.size)), bytes + at + sizeof(frame), frame.size);
		memcpy(bytes + at, &frame, sizeof(frame));
	}
}

static int file_of(const void *bytes, size_t size)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);

	must(fd >= 0 && (!size || write(fd, bytes, size) == (ssize_t)size) && lseek(fd, 0, SEEK_SET) == 0, "no file");
	return fd;
}

/* --- events ------------------------------------------------------------------ */

static void event_ask(struct krsi_ctx *ctx, struct krsi_matcher *matcher, const struct krsi_event *event, struct krsi_processes *processes)
{
	struct krsi_decision_info decision = { .sz = sizeof(decision) };
	struct krsi_question *question;

	if (krsi_question_event(ctx, event, processes, &question))
		return;
	must(krsi_matcher_decide(matcher, question, &decision) == 0, "it cannot be decided");
	krsi_matcher_unknown(matcher, question, 0);
	krsi_question_free(question);
}

/* Read all there is. Returns how many events. */
static unsigned int read_all(struct krsi_ctx *ctx, int fd, struct krsi_matcher *matcher, struct krsi_recorder *recorder)
{
	struct krsi_recording *recording;
	struct krsi_processes *processes;
	const struct krsi_event *event;
	unsigned int count = 0;

	if (krsi_recording_new(ctx, fd, &recording))
		return 0;
	must(krsi_processes_new(ctx, NULL, &processes) == 0, "no table");
	while (krsi_recording_next(recording, &event) == 0 && event) {
		krsi_processes_event(processes, event);
		event_ask(ctx, matcher, event, processes);
		if (!recorder || krsi_recorder_event(recorder, event) == 0)
			count++;
	}
	krsi_processes_free(processes);
	krsi_recording_free(recording);
	return count;
}

static struct krsi_matcher *matcher_make(struct krsi_ctx *ctx)
{
	static const char text[] = "version: 1\nname: p\nrules:\n"
				   "  - { name: a, on: file.read, subject: { parent: { exe: /bin/sh }, tag: x }, object: { path: \"/etc/**\" }, action: deny }\n"
				   "  - { name: b, on: process.signal, object: { target: { uid: 0 } }, action: kill }\n"
				   "  - { name: c, on: process.exec, object: { argv: x }, action: audit }\n"
				   "  - { name: d, on: network.connect, object: { unix_path: \"@*\" }, action: deny }\n";
	struct krsi_matcher *matcher;
	struct krsi_policy *policy;

	must(krsi_policy_parse(ctx, text, sizeof(text) - 1, NULL, &policy) == 0, "no policy");
	must(krsi_matcher_new(ctx, &policy, 1, NULL, &matcher) == 0, "no matcher");
	krsi_policy_free(policy);
	return matcher;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct krsi_ctx *ctx;
	static struct krsi_matcher *matcher;
	uint8_t *bytes = malloc(size + 1);
	struct krsi_recorder *recorder;
	unsigned int count;
	int in, out;

	if (!ctx) {
		must(krsi_ctx_new(NULL, &ctx) == 0, "no context");
		matcher = matcher_make(ctx);
	}
	must(bytes != NULL, "no memory");
	if (size)
		memcpy(bytes, data, size);
	checksums_mend(bytes, size);
	in = file_of(bytes, size);
	out = file_of(NULL, 0);
	must(krsi_recorder_new(ctx, out, &recorder) == 0, "no recorder");
	count = read_all(ctx, in, matcher, recorder);
	must(krsi_recorder_flush(recorder) == 0, "it cannot be flushed");
	krsi_recorder_free(recorder);
	must(lseek(out, 0, SEEK_SET) == 0 && read_all(ctx, out, matcher, NULL) == count, "what was recorded is not what is read");
	close(in);
	close(out);
	free(bytes);
	return 0;
}
