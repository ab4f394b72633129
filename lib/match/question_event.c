/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The question that an event was the answer to, as far as the event tells. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <libkrsi/matcher.h>
#include <libkrsi/process.h>

#include "../ctx.h"
#include "question_build.h"

#define ANCESTORS_MAX 64	/* levels of descendants that are told */
#define FIRST_PIDS 2		/* the first process and the first thread of the kernel, whom nobody made */

#define BIT(key) KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_##key)

/* What no event tells. */
#define NEVER_TOLD (BIT(SCRIPT) | BIT(GID) | BIT(TAG) | BIT(FILESYSTEM) | BIT(XATTR) | BIT(DIGEST_IMA) | BIT(DIGEST_FSVERITY) | \
		    BIT(CAPABILITY) | BIT(MODULE) | BIT(MOUNT_SOURCE) | BIT(MOUNT_TARGET) | BIT(FSTYPE))

/* What is being asked: after the first error nothing is added. */
struct asking {
	struct krsi_question *question;
	const struct krsi_event *event;
	uint64_t keys;			/* that the operation knows */
	uint64_t unknown;		/* that something could be said of, and is not */
	int err;
};

/* --- values ------------------------------------------------------------------- */

static void add(struct asking *a, const char *key, const char *value)
{
	if (!a->err)
		a->err = krsi_question_add(a->question, key, value);
}

static void add_number(struct asking *a, const char *key, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	add(a, key, text);
}

static void add_bytes(struct asking *a, const char *key, const char *bytes, size_t size)
{
	/* Longer ones are not known: the engine takes no more than a path may have. */
	if (!a->err && size && size < 4096)
		a->err = krsi_question_add_bytes(a->question, key, bytes, size);
}

static bool number_get(const struct krsi_event *event, uint32_t field, uint64_t *ret)
{
	return krsi_event_number(event, field, ret) == 0;
}

/* The words of the bits that are set. */
static void add_words(struct asking *a, const char *key, const struct krsi_priv_word *words, uint64_t bits)
{
	for (; words->name; words++)
		if (words->number < 64 && bits >> words->number & 1)
			add(a, key, words->name);
}

/* A path that is whole, and of the subject's mount namespace. Everything else is no path to a policy. */
static bool path_get(const struct krsi_event *event, uint32_t field, const char **path, size_t *size)
{
	uint32_t flags = 0;

	*path = krsi_event_text(event, field, size, &flags);
	return *path && *size && !flags;
}

/* --- a process ------------------------------------------------------------------ */

/* `prefix` is "subject", "object.target", "subject.parent" and so on; `event` is of that process. */
static void add_process(struct asking *a, const char *prefix, const struct krsi_event *event)
{
	static const struct {
		const char *key;
		uint32_t field;
	} numbers[] = {
		{ "uid", KRSI_EVENT_UID }, { "gid", KRSI_EVENT_GID }, { "login_uid", KRSI_EVENT_LOGIN_UID },
		{ "namespaces.cgroup", KRSI_EVENT_NS_CGROUP }, { "namespaces.ipc", KRSI_EVENT_NS_IPC }, { "namespaces.mnt", KRSI_EVENT_NS_MNT },
		{ "namespaces.net", KRSI_EVENT_NS_NET }, { "namespaces.pid", KRSI_EVENT_NS_PID }, { "namespaces.time", KRSI_EVENT_NS_TIME },
		{ "namespaces.user", KRSI_EVENT_NS_USER }, { "namespaces.uts", KRSI_EVENT_NS_UTS },
	};
	char key[512];
	const char *path;
	size_t size, i;
	uint64_t number;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		snprintf(key, sizeof(key), "%s.%s", prefix, numbers[i].key);
		if (number_get(event, numbers[i].field, &number))
			add_number(a, key, number);
	}
	snprintf(key, sizeof(key), "%s.capabilities", prefix);
	if (number_get(event, KRSI_EVENT_CAP_EFFECTIVE, &number))
		add_words(a, key, krsi_priv_words_capability, number);
	snprintf(key, sizeof(key), "%s.exe", prefix);
	if (path_get(event, KRSI_EVENT_EXE, &path, &size))
		add_bytes(a, key, path, size);
	snprintf(key, sizeof(key), "%s.cgroup", prefix);
	if (path_get(event, KRSI_EVENT_CGROUP, &path, &size))
		add_bytes(a, key, path, size);
	snprintf(key, sizeof(key), "%s.container", prefix);
	if (path_get(event, KRSI_EVENT_CONTAINER_ID, &path, &size))
		add_bytes(a, key, path, size);
}

/* What of the subject is missing that a whole event has. */
static uint64_t subject_unknown(const struct krsi_event *event)
{
	uint64_t unknown = 0, number;
	const char *path;
	size_t size;

	if (!number_get(event, KRSI_EVENT_UID, &number))
		unknown |= BIT(UID);
	if (!number_get(event, KRSI_EVENT_CAP_EFFECTIVE, &number))
		unknown |= BIT(CAPABILITIES);
	/* A thread of the kernel has none, but then nothing is cut off either. */
	if (krsi_event_text(event, KRSI_EVENT_EXE, NULL, NULL) && !path_get(event, KRSI_EVENT_EXE, &path, &size))
		unknown |= BIT(EXE);
	if (!path_get(event, KRSI_EVENT_CGROUP, &path, &size))
		unknown |= BIT(CGROUP) | BIT(CONTAINER);
	return unknown;
}

/* Whom it descends from, one level after the other, as far as the table has them. */
static void add_ancestors(struct asking *a, struct krsi_processes *processes, uint64_t cookie, uint64_t pid)
{
	char prefix[512] = "subject";
	const struct krsi_event *process;
	int level;

	for (level = 0; pid > FIRST_PIDS && level < ANCESTORS_MAX && strlen(prefix) + 40 < sizeof(prefix); level++) {
		cookie = krsi_processes_parent(processes, cookie);
		process = cookie ? krsi_processes_find(processes, cookie) : NULL;
		if (!process || !number_get(process, KRSI_EVENT_PID, &pid)) {
			a->unknown |= BIT(DESCENDANT_OF) | (level ? 0 : BIT(PARENT));
			return;
		}
		strcat(prefix, ".parent");
		add_process(a, prefix, process);
	}
}

/* --- the object ------------------------------------------------------------------ */

static bool knows(const struct asking *a, enum krsi_priv_key key)
{
	return a->keys & KRSI_PRIV_KEY_BIT(key);
}

static void add_file(struct asking *a)
{
	static const uint32_t fields[] = { KRSI_EVENT_PATH, KRSI_EVENT_PATH2 };
	uint64_t number, device;
	const char *path;
	char text[64];
	size_t size, i;

	for (i = 0; i < 2; i++)
		if (path_get(a->event, fields[i], &path, &size))
			add_bytes(a, "object.path", path, size);
	if (krsi_event_flags(a->event) & KRSI_EVENT_UNRESOLVED || (krsi_event_text(a->event, KRSI_EVENT_PATH, &size, NULL) && !path_get(a->event, KRSI_EVENT_PATH, &path, &size)))
		add(a, "object.unresolved", "true");
	if (number_get(a->event, KRSI_EVENT_INODE, &number) && number_get(a->event, KRSI_EVENT_DEVICE, &device)) {
		snprintf(text, sizeof(text), "%llu:%llu:%llu", (unsigned long long)(device >> 20), (unsigned long long)(device & 0xfffff), (unsigned long long)number);
		add(a, "object.identity", text);
	}
	if (number_get(a->event, KRSI_EVENT_MODE, &number)) {
		if (krsi_priv_word_name(krsi_priv_words_type, number & S_IFMT))
			add(a, "object.type", krsi_priv_word_name(krsi_priv_words_type, number & S_IFMT));
		snprintf(text, sizeof(text), "%04o", (unsigned int)number & 07777);
		add(a, "object.mode", text);
	}
	if (number_get(a->event, KRSI_EVENT_OWNER, &number))
		add_number(a, "object.owner", number);
	if (number_get(a->event, KRSI_EVENT_FACTS, &number))
		add_words(a, "object.facts", krsi_priv_words_facts, number);
}

static void add_socket(struct asking *a)
{
	const uint8_t *address = krsi_event_address(a->event);
	char text[INET6_ADDRSTRLEN];
	const char *path;
	uint64_t number;
	size_t size;

	if (number_get(a->event, KRSI_EVENT_FAMILY, &number))
		add_number(a, "object.family", number);
	if (address && knows(a, KRSI_PRIV_KEY_ADDRESS) && inet_ntop(AF_INET6, address, text, sizeof(text)))
		add(a, "object.address", text);
	if (knows(a, KRSI_PRIV_KEY_PORT) && number_get(a->event, KRSI_EVENT_PORT, &number))
		add_number(a, "object.port", number);
	if (!knows(a, KRSI_PRIV_KEY_UNIX_PATH))
		return;
	if (path_get(a->event, KRSI_EVENT_UNIX_ADDRESS, &path, &size) || path_get(a->event, KRSI_EVENT_PATH, &path, &size))
		add_bytes(a, "object.unix_path", path, size);
}

/* Each string of a list by itself. */
static void add_strings(struct asking *a, const char *key, uint32_t field)
{
	size_t size = 0, at, one;
	uint32_t flags = 0;
	const char *list = krsi_event_text(a->event, field, &size, &flags);

	if (!list || flags & KRSI_EVENT_TEXT_CUT)
		a->unknown |= field == KRSI_EVENT_ARGV ? BIT(ARGV) : BIT(ENV);
	for (at = 0; list && at < size; at += one + 1) {
		one = strnlen(list + at, size - at);
		add_bytes(a, key, list + at, one);
	}
}

static void add_target(struct asking *a, struct krsi_processes *processes)
{
	const struct krsi_event *target;
	uint64_t cookie;

	target = processes && number_get(a->event, KRSI_EVENT_TARGET_COOKIE, &cookie) ? krsi_processes_find(processes, cookie) : NULL;
	if (target)
		add_process(a, "object.target", target);
	else
		a->unknown |= BIT(TARGET);
}

static void add_object(struct asking *a, struct krsi_processes *processes)
{
	uint64_t number;

	if (knows(a, KRSI_PRIV_KEY_PATH))
		add_file(a);
	if (knows(a, KRSI_PRIV_KEY_FAMILY))
		add_socket(a);
	if (knows(a, KRSI_PRIV_KEY_ARGV)) {
		add_strings(a, "object.argv", KRSI_EVENT_ARGV);
		add_strings(a, "object.env", KRSI_EVENT_ENV);
	}
	if (knows(a, KRSI_PRIV_KEY_TARGET))
		add_target(a, processes);
	if (knows(a, KRSI_PRIV_KEY_SIGNAL) && number_get(a->event, KRSI_EVENT_SIGNAL_NUMBER, &number))
		add_number(a, "object.signal", number);
}

/* --- the question ------------------------------------------------------------------ */

int krsi_question_event(struct krsi_ctx *ctx, const struct krsi_event *event, struct krsi_processes *processes, struct krsi_question **ret)
{
	struct asking a = { .event = event, .unknown = NEVER_TOLD };
	uint64_t cookie, pid;

	if (!ctx || !event || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_question_event: an argument is NULL");
	if (krsi_event_kind(event) != KRSI_EVENT_KIND_RULE || !*krsi_event_operation(event))
		return krsi_priv_fail(ctx, -ENOENT, "krsi_question_event: the event is of no operation that policies are about");
	a.err = krsi_question_new(ctx, krsi_event_operation(event), &a.question);
	if (a.err)
		return a.err;
	a.keys = krsi_priv_operation(a.question->operation)->keys;
	add_process(&a, "subject", event);
	a.unknown |= subject_unknown(event);
	if (processes && number_get(event, KRSI_EVENT_COOKIE, &cookie) && number_get(event, KRSI_EVENT_PID, &pid))
		add_ancestors(&a, processes, cookie, pid);
	else
		a.unknown |= BIT(PARENT) | BIT(DESCENDANT_OF);
	add_object(&a, processes);
	if (a.err) {
		krsi_question_free(a.question);
		return a.err;
	}
	a.question->unknown = a.unknown & (KRSI_PRIV_KEYS_SUBJECT | a.keys);
	*ret = a.question;
	return 0;
}
