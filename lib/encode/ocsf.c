/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Events in the Open Cybersecurity Schema Framework, with the profiles host, security_control and container. The subject is
 * the actor. What a class has no attribute for is in `unmapped`, under its own name. docs/events.md has the table.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "mapped.h"

#define VERSION "1.5.0"
#define REST "unmapped."
#define OTHER 99

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum class { BASE = 0, FILE_SYSTEM = 1001, KERNEL = 1003, PROCESS = 1007, NETWORK = 4001 };

/* --- classes and activities ----------------------------------------------------------------- */

struct activity {
	const char *operation;
	enum class class;
	int id;
	const char *name;
};

static const struct activity activities[] = {
	{ "process.exec", PROCESS, 1, "Launch" },
	{ "process.fork", PROCESS, 1, "Launch" },
	{ "process.exit", PROCESS, 2, "Terminate" },
	{ "process.ptrace", PROCESS, 3, "Open" },
	{ "process.memory_write", PROCESS, 4, "Inject" },
	{ "process.setuid", PROCESS, 5, "Set User ID" },
	{ "process.identity", PROCESS, 5, "Set User ID" },
	{ "process.", PROCESS, OTHER, NULL },
	{ "file.create", FILE_SYSTEM, 1, "Create" },
	{ "file.link", FILE_SYSTEM, 1, "Create" },
	{ "file.symlink", FILE_SYSTEM, 1, "Create" },
	{ "file.mkdir", FILE_SYSTEM, 1, "Create" },
	{ "file.mknod", FILE_SYSTEM, 1, "Create" },
	{ "file.read", FILE_SYSTEM, 2, "Read" },
	{ "file.write", FILE_SYSTEM, 3, "Update" },
	{ "file.append", FILE_SYSTEM, 3, "Update" },
	{ "file.truncate", FILE_SYSTEM, 3, "Update" },
	{ "file.unlink", FILE_SYSTEM, 4, "Delete" },
	{ "file.rmdir", FILE_SYSTEM, 4, "Delete" },
	{ "file.rename", FILE_SYSTEM, 5, "Rename" },
	{ "file.setxattr", FILE_SYSTEM, 6, "Set Attributes" },
	{ "file.chmod", FILE_SYSTEM, 7, "Set Security" },
	{ "file.chown", FILE_SYSTEM, 7, "Set Security" },
	{ "mount.mount", FILE_SYSTEM, 12, "Mount" },
	{ "mount.umount", FILE_SYSTEM, 13, "Unmount" },
	{ "file.open", FILE_SYSTEM, 14, "Open" },
	{ "file.", FILE_SYSTEM, OTHER, NULL },
	{ "mount.", FILE_SYSTEM, OTHER, NULL },
	{ "network.connect", NETWORK, 1, "Open" },
	{ "network.accept", NETWORK, 1, "Open" },
	{ "network.send", NETWORK, 6, "Traffic" },
	{ "network.listen", NETWORK, 7, "Listen" },
	{ "network.", NETWORK, OTHER, NULL },
	{ "kernel.", KERNEL, 4, "Invoke" },
	{ "", BASE, OTHER, NULL },
};

static const struct activity *activity_find(const char *operation)
{
	size_t i;

	/* The last one is the beginning of every word. */
	for (i = 0; strncmp(operation, activities[i].operation, strlen(activities[i].operation)) != 0; i++)
		;
	return &activities[i];
}

static const char *class_name(enum class class)
{
	switch (class) {
	case FILE_SYSTEM:
		return "File System Activity";
	case KERNEL:
		return "Kernel Activity";
	case PROCESS:
		return "Process Activity";
	case NETWORK:
		return "Network Activity";
	default:
		return "Base Event";
	}
}

/* `other` names an activity that the class has no number for. */
static void class_put(struct krsi_priv_mapped *map, const struct activity *activity, const char *other)
{
	krsi_priv_mapped_integer(map, "category_uid", activity->class / 1000);
	krsi_priv_mapped_integer(map, "class_uid", activity->class);
	krsi_priv_mapped_string(map, "class_name", class_name(activity->class));
	krsi_priv_mapped_integer(map, "activity_id", activity->id);
	krsi_priv_mapped_string(map, "activity_name", activity->name ? activity->name : other);
	krsi_priv_mapped_integer(map, "type_uid", (int64_t)activity->class * 100 + activity->id);
}

static void severity_put(struct krsi_priv_mapped *map, int severity)
{
	static const char *const names[] = { "Unknown", "Informational", "Low", "Medium", "High" };

	krsi_priv_mapped_integer(map, "severity_id", severity);
	krsi_priv_mapped_string(map, "severity", names[severity]);
}

/* --- about the event ---------------------------------------------------------------------------- */

static void metadata_put(struct krsi_priv_mapped *map, enum class class, const char *code)
{
	static const char *const profiles[] = { "host", "security_control", "container" };
	const struct krsi_encoder *encoder = map->encoder;
	json_t *array = json_array();
	size_t i;

	krsi_priv_mapped_string(map, "metadata.version", VERSION);
	krsi_priv_mapped_string(map, "metadata.product.name", encoder->product_name);
	krsi_priv_mapped_string(map, "metadata.product.vendor_name", encoder->product_vendor);
	krsi_priv_mapped_string(map, "metadata.product.version", encoder->product_version);
	if (*code)
		krsi_priv_mapped_string(map, "metadata.event_code", code);
	for (i = 0; i < (class == BASE ? 1 : COUNT(profiles)); i++)
		krsi_priv_json_add(&array, json_string(profiles[i]));
	krsi_priv_json_put(&map->root, "metadata.profiles", array);
	krsi_priv_mapped_string(map, "device.hostname", encoder->host_name);
	krsi_priv_mapped_string(map, "device.uid", encoder->host_id);
	krsi_priv_mapped_integer(map, "device.type_id", 0);
	krsi_priv_mapped_string(map, "device.os.name", "Linux");
	krsi_priv_mapped_integer(map, "device.os.type_id", 200);
}

/* What the control did, and what came of it. */
static void control_put(struct krsi_priv_mapped *map)
{
	static const struct {
		int action, disposition;
		const char *name;
	} dispositions[KRSI_PRIV_OUTCOME_END] = {
		[KRSI_PRIV_OUTCOME_UNKNOWN] = { 0, 0, "Unknown" },
		[KRSI_PRIV_OUTCOME_ALLOWED] = { 1, 1, "Allowed" },
		[KRSI_PRIV_OUTCOME_AUDITED] = { 1, 17, "Logged" },
		[KRSI_PRIV_OUTCOME_DENIED] = { 2, 2, "Blocked" },
		[KRSI_PRIV_OUTCOME_KILLED] = { 2, 2, "Blocked" },
		[KRSI_PRIV_OUTCOME_SIGNALLED] = { 2, 2, "Blocked" },
		[KRSI_PRIV_OUTCOME_TAGGED] = { 1, 18, "Tagged" },
		[KRSI_PRIV_OUTCOME_WOULD_DENY] = { 1, 15, "Detected" },
		[KRSI_PRIV_OUTCOME_WOULD_KILL] = { 1, 15, "Detected" },
		[KRSI_PRIV_OUTCOME_WOULD_SIGNAL] = { 1, 15, "Detected" },
		[KRSI_PRIV_OUTCOME_WOULD_TAG] = { 1, 15, "Detected" },
	};
	static const char *const actions[] = { "Unknown", "Allowed", "Denied" };
	enum krsi_priv_outcome outcome = krsi_priv_outcome(map->event);
	bool denied = krsi_priv_outcome_is_denied(outcome);

	krsi_priv_mapped_integer(map, "action_id", dispositions[outcome].action);
	krsi_priv_mapped_string(map, "action", actions[dispositions[outcome].action]);
	krsi_priv_mapped_integer(map, "disposition_id", dispositions[outcome].disposition);
	krsi_priv_mapped_string(map, "disposition", dispositions[outcome].name);
	krsi_priv_json_put(&map->root, "is_alert", json_boolean(denied));
	/* A rule that does not refuse does not know what others say. */
	krsi_priv_mapped_integer(map, "status_id", denied ? 2 : 0);
	krsi_priv_mapped_string(map, "status", denied ? "Failure" : "Unknown");
}

static void rule_put(struct krsi_priv_mapped *map)
{
	char word[KRSI_PRIV_WORD_SIZE];
	size_t size = 0;
	const char *name;
	uint64_t error;

	control_put(map);
	name = krsi_priv_policy_name(map->event, &size);
	if (name)
		krsi_priv_mapped_bytes(map, "policy.name", name, size);
	name = krsi_priv_rule_name(map->event, &size);
	if (name)
		krsi_priv_mapped_bytes(map, REST "rule", name, size);
	map->done[KRSI_EVENT_RULE] = map->done[KRSI_EVENT_POLICY] = true;
	if (krsi_event_number(map->event, KRSI_EVENT_ERROR, &error) == 0)
		krsi_priv_mapped_string(map, "status_code", krsi_priv_error_word(error, word));
	map->done[KRSI_EVENT_ERROR] = true;
}

/* --- processes ------------------------------------------------------------------------------------ */

static void actor_put(struct krsi_priv_mapped *map)
{
	static const struct krsi_priv_mapped_number numbers[] = {
		{ KRSI_EVENT_PID, KRSI_PRIV_MAPPED_INTEGER, "actor.process.pid" },
		{ KRSI_EVENT_TID, KRSI_PRIV_MAPPED_INTEGER, "actor.process.tid" },
		{ KRSI_EVENT_NS_TGID, KRSI_PRIV_MAPPED_INTEGER, "actor.process.namespace_pid" },
		{ KRSI_EVENT_COOKIE, KRSI_PRIV_MAPPED_WORD, "actor.process.uid" },
		{ KRSI_EVENT_START_TIME, KRSI_PRIV_MAPPED_MILLISECONDS, "actor.process.created_time" },
		{ KRSI_EVENT_PPID, KRSI_PRIV_MAPPED_INTEGER, "actor.process.parent_process.pid" },
		{ KRSI_EVENT_PARENT_COOKIE, KRSI_PRIV_MAPPED_WORD, "actor.process.parent_process.uid" },
		{ KRSI_EVENT_PARENT_START_TIME, KRSI_PRIV_MAPPED_MILLISECONDS, "actor.process.parent_process.created_time" },
		{ KRSI_EVENT_UID, KRSI_PRIV_MAPPED_DIGITS, "actor.user.uid" },
	};

	krsi_priv_mapped_numbers(map, numbers, COUNT(numbers));
	map->done[KRSI_EVENT_START_TIME] = map->done[KRSI_EVENT_PARENT_START_TIME] = false;	/* ms are not exact */
	krsi_priv_mapped_user_name(map, KRSI_EVENT_UID, "actor.user.name");
	krsi_priv_mapped_text(map, KRSI_EVENT_COMM, "actor.process.name");
	krsi_priv_mapped_text(map, KRSI_EVENT_CWD, "actor.process.working_directory");
	krsi_priv_mapped_text(map, KRSI_EVENT_CONTAINER_ID, "actor.process.container.uid");
	krsi_priv_mapped_text(map, KRSI_EVENT_CONTAINER_RUNTIME, "actor.process.container.runtime");
	if (!krsi_priv_mapped_has(map, KRSI_EVENT_EXE))
		return;
	krsi_priv_mapped_text(map, KRSI_EVENT_EXE, "actor.process.file.path");
	krsi_priv_mapped_base(map, KRSI_EVENT_EXE, "actor.process.file.name");
	krsi_priv_mapped_integer(map, "actor.process.file.type_id", 1);
}

struct ancestry {
	struct krsi_priv_mapped *map;
	json_t *list;
};

/* All of them are in the list, and the first one is the parent as well. */
static void ancestor_put(void *data, const struct krsi_event *ancestor)
{
	static const struct krsi_priv_mapped_number numbers[] = {
		{ KRSI_EVENT_PID, KRSI_PRIV_MAPPED_INTEGER, "pid" },
		{ KRSI_EVENT_COOKIE, KRSI_PRIV_MAPPED_WORD, "uid" },
		{ KRSI_EVENT_START_TIME, KRSI_PRIV_MAPPED_MILLISECONDS, "created_time" },
	};
	struct ancestry *ancestry = data;
	struct krsi_priv_mapped *whole = ancestry->map;
	struct krsi_priv_mapped parent = { .encoder = whole->encoder, .event = ancestor, .root = whole->root, .rest = REST };
	struct krsi_priv_mapped entity = { .encoder = whole->encoder, .event = ancestor, .root = json_object(), .rest = REST };

	/* That bytes are not exact is told for the subject only. */
	parent.done[KRSI_EVENT_COMM] = parent.done[KRSI_EVENT_EXE] = true;
	entity.done[KRSI_EVENT_COMM] = entity.done[KRSI_EVENT_EXE] = true;
	if (ancestry->list && json_array_size(ancestry->list) == 0) {
		krsi_priv_mapped_text(&parent, KRSI_EVENT_COMM, "actor.process.parent_process.name");
		krsi_priv_mapped_text(&parent, KRSI_EVENT_EXE, "actor.process.parent_process.path");
		whole->root = parent.root;
	}
	krsi_priv_mapped_numbers(&entity, numbers, COUNT(numbers));
	krsi_priv_mapped_text(&entity, KRSI_EVENT_COMM, "name");
	krsi_priv_mapped_text(&entity, KRSI_EVENT_EXE, "path");
	krsi_priv_json_add(&ancestry->list, entity.root);
}

static void ancestry_put(struct krsi_priv_mapped *map)
{
	struct ancestry ancestry = { map, json_array() };

	krsi_priv_ancestors(map->encoder, map->event, ancestor_put, &ancestry);
	if (ancestry.list && json_array_size(ancestry.list) == 0)
		json_decref(ancestry.list);
	else
		krsi_priv_json_put(&map->root, "actor.process.ancestry", ancestry.list);
}

/* The only one of them. */
static void digest_put(struct krsi_priv_mapped *map)
{
	static const struct {
		const char *word, *name;
		int id;
	} known[] = { { "md5", "MD5", 1 }, { "sha1", "SHA-1", 2 }, { "sha256", "SHA-256", 3 }, { "sha512", "SHA-512", 4 } };
	json_t *hashes = json_array(), *hash = json_object();
	char word[KRSI_PRIV_WORD_SIZE];
	uint64_t algorithm = 0;
	const char *name, *bytes;
	size_t size = 0, i;

	krsi_event_number(map->event, KRSI_EVENT_DIGEST_ALGORITHM, &algorithm);
	bytes = krsi_event_text(map->event, KRSI_EVENT_DIGEST, &size, NULL);
	name = krsi_priv_hash_word(algorithm, word);
	for (i = 0; i < COUNT(known) && strcmp(known[i].word, name) != 0; i++)
		;
	krsi_priv_json_put(&hash, "algorithm", json_string(i < COUNT(known) ? known[i].name : name));
	krsi_priv_json_put(&hash, "algorithm_id", json_integer(i < COUNT(known) ? known[i].id : OTHER));
	krsi_priv_json_put(&hash, "value", krsi_priv_json_hex(bytes, size));
	krsi_priv_json_add(&hashes, hash);
	krsi_priv_json_put(&map->root, "process.file.hashes", hashes);
	map->done[KRSI_EVENT_DIGEST] = map->done[KRSI_EVENT_DIGEST_ALGORITHM] = true;
}

/* The arguments and the environment are of the program that is started. */
static void launched_put(struct krsi_priv_mapped *map)
{
	uint32_t program = krsi_priv_mapped_has(map, KRSI_EVENT_PATH) ? KRSI_EVENT_PATH : KRSI_EVENT_EXE;

	if (krsi_priv_mapped_has(map, program)) {
		krsi_priv_mapped_text(map, program, "process.file.path");
		krsi_priv_mapped_base(map, program, "process.file.name");
		krsi_priv_mapped_integer(map, "process.file.type_id", 1);
		if (krsi_priv_mapped_has(map, KRSI_EVENT_DIGEST) && krsi_priv_mapped_has(map, KRSI_EVENT_DIGEST_ALGORITHM))
			digest_put(map);
	}
	/* The line does not tell where an argument ends, so the list is in the rest. */
	krsi_priv_mapped_joined(map, KRSI_EVENT_ARGV, "process.cmd_line");
}

/* The process that it happens to: another one, or the subject itself. */
static void process_put(struct krsi_priv_mapped *map)
{
	static const struct krsi_priv_mapped_number target[] = {
		{ KRSI_EVENT_TARGET_PID, KRSI_PRIV_MAPPED_INTEGER, "process.pid" },
		{ KRSI_EVENT_TARGET_COOKIE, KRSI_PRIV_MAPPED_WORD, "process.uid" },
		{ KRSI_EVENT_TARGET_START_TIME, KRSI_PRIV_MAPPED_MILLISECONDS, "process.created_time" },
	};
	static const struct krsi_priv_mapped_number subject[] = {
		{ KRSI_EVENT_PID, KRSI_PRIV_MAPPED_INTEGER, "process.pid" },
		{ KRSI_EVENT_COOKIE, KRSI_PRIV_MAPPED_WORD, "process.uid" },
		{ KRSI_EVENT_START_TIME, KRSI_PRIV_MAPPED_MILLISECONDS, "process.created_time" },
	};
	static const struct krsi_priv_mapped_number end[] = {
		{ KRSI_EVENT_EXIT_CODE, KRSI_PRIV_MAPPED_INTEGER, "exit_code" },
		{ KRSI_EVENT_TIME, KRSI_PRIV_MAPPED_MILLISECONDS, "process.terminated_time" },
	};
	const char *operation = krsi_event_operation(map->event);

	krsi_priv_json_put(&map->root, "process", json_object());
	if (krsi_priv_mapped_has(map, KRSI_EVENT_TARGET_PID))
		krsi_priv_mapped_numbers(map, target, COUNT(target));
	else
		krsi_priv_mapped_numbers(map, subject, COUNT(subject));
	map->done[KRSI_EVENT_START_TIME] = map->done[KRSI_EVENT_TARGET_START_TIME] = false;
	if (strcmp(operation, "process.exec") == 0)
		launched_put(map);
	if (krsi_event_kind(map->event) == KRSI_EVENT_KIND_EXIT)
		krsi_priv_mapped_numbers(map, end, COUNT(end));
	if (strcmp(operation, "process.memory_write") == 0) {
		krsi_priv_mapped_integer(map, "injection_type_id", OTHER);
		krsi_priv_mapped_string(map, "injection_type", "Memory Write");
	}
}

/* --- files ------------------------------------------------------------------------------------------- */

static int file_type(const struct krsi_priv_mapped *map)
{
	uint64_t mode;

	if (krsi_event_number(map->event, KRSI_EVENT_MODE, &mode))
		return 0;
	switch (mode & S_IFMT) {
	case S_IFREG:
		return 1;
	case S_IFDIR:
		return 2;
	case S_IFCHR:
		return 3;
	case S_IFBLK:
		return 4;
	case S_IFSOCK:
		return 5;
	case S_IFIFO:
		return 6;
	case S_IFLNK:
		return 7;
	default:
		return 0;
	}
}

static void file_put(struct krsi_priv_mapped *map)
{
	static const struct krsi_priv_mapped_number numbers[] = {
		{ KRSI_EVENT_INODE, KRSI_PRIV_MAPPED_DIGITS, "file.uid" },
		{ KRSI_EVENT_OWNER, KRSI_PRIV_MAPPED_DIGITS, "file.owner.uid" },
	};
	uint64_t facts;

	krsi_priv_mapped_string(map, "file.name", "unknown");	/* required, also where the kernel could not tell it */
	krsi_priv_mapped_base(map, KRSI_EVENT_PATH, "file.name");
	krsi_priv_mapped_text(map, KRSI_EVENT_PATH, "file.path");
	krsi_priv_mapped_directory(map, KRSI_EVENT_PATH, "file.parent_folder");
	krsi_priv_mapped_integer(map, "file.type_id", file_type(map));
	krsi_priv_mapped_numbers(map, numbers, COUNT(numbers));
	krsi_priv_mapped_user_name(map, KRSI_EVENT_OWNER, "file.owner.name");
	if (krsi_event_number(map->event, KRSI_EVENT_FACTS, &facts) == 0)
		krsi_priv_json_put(&map->root, "file.is_deleted", json_boolean(facts & KRSI_EVENT_FACT_UNLINKED));
	if (!krsi_priv_mapped_has(map, KRSI_EVENT_PATH2))
		return;
	krsi_priv_mapped_text(map, KRSI_EVENT_PATH2, "file_result.path");
	krsi_priv_mapped_base(map, KRSI_EVENT_PATH2, "file_result.name");
	krsi_priv_mapped_integer(map, "file_result.type_id", file_type(map));
}

/* --- network and kernel --------------------------------------------------------------------------------- */

/* The end of the connection that the event has the address of. */
static void network_put(struct krsi_priv_mapped *map)
{
	const char *operation = krsi_event_operation(map->event);
	bool own = strcmp(operation, "network.bind") == 0 || strcmp(operation, "network.socket") == 0, v6 = false;
	const struct krsi_priv_mapped_number port = {
		KRSI_EVENT_PORT, KRSI_PRIV_MAPPED_INTEGER, own ? "src_endpoint.port" : "dst_endpoint.port",
	};
	bool inbound = strcmp(operation, "network.accept") == 0;
	bool outbound = strcmp(operation, "network.connect") == 0 || strcmp(operation, "network.send") == 0;
	const uint8_t *address = krsi_event_address(map->event);
	char word[KRSI_PRIV_WORD_SIZE];

	krsi_priv_json_put(&map->root, own ? "src_endpoint" : "dst_endpoint", json_object());
	krsi_priv_mapped_numbers(map, &port, 1);
	krsi_priv_mapped_text(map, KRSI_EVENT_UNIX_ADDRESS, own ? "src_endpoint.name" : "dst_endpoint.name");
	krsi_priv_mapped_integer(map, "connection_info.direction_id", inbound ? 1 : outbound ? 2 : 0);
	if (!address)
		return;
	krsi_priv_address_word(address, word, &v6);
	krsi_priv_mapped_string(map, own ? "src_endpoint.ip" : "dst_endpoint.ip", word);
	krsi_priv_mapped_integer(map, "connection_info.protocol_ver_id", v6 ? 6 : 4);
	map->done[KRSI_EVENT_ADDRESS] = true;
}

static void kernel_put(struct krsi_priv_mapped *map)
{
	static const struct {
		const char *operation, *call;
	} calls[] = {
		{ "kernel.module_load", "init_module" }, { "kernel.kexec", "kexec_load" }, { "kernel.bpf", "bpf" },
		{ "kernel.perf", "perf_event_open" }, { "kernel.settime", "clock_settime" },
	};
	const char *operation = krsi_event_operation(map->event), *call = operation;
	size_t i;

	for (i = 0; i < COUNT(calls); i++)
		if (strcmp(calls[i].operation, operation) == 0)
			call = calls[i].call;
	krsi_priv_mapped_string(map, "kernel.name", call);
	krsi_priv_mapped_integer(map, "kernel.type_id", 2);
	krsi_priv_mapped_string(map, "kernel.type", "System Call");
	krsi_priv_mapped_string(map, "kernel.system_call", call);
	krsi_priv_mapped_text(map, KRSI_EVENT_PATH, "kernel.path");
}

/* --- a line ------------------------------------------------------------------------------------------------ */

static void object_put(struct krsi_priv_mapped *map, enum class class)
{
	switch (class) {
	case FILE_SYSTEM:
		file_put(map);
		break;
	case KERNEL:
		kernel_put(map);
		break;
	case PROCESS:
		process_put(map);
		break;
	case NETWORK:
		network_put(map);
		break;
	default:
		break;
	}
}

void krsi_priv_encode_ocsf(struct krsi_encoder *encoder, const struct krsi_event *event)
{
	static const struct krsi_priv_mapped_number sequence = { KRSI_EVENT_SEQUENCE, KRSI_PRIV_MAPPED_INTEGER, "metadata.sequence" };
	struct krsi_priv_mapped map = { .encoder = encoder, .event = event, .root = json_object(), .rest = REST };
	const char *operation = krsi_event_operation(event);
	const struct activity *activity = activity_find(operation);
	uint64_t wall = 0;

	/* The schema does not know events without a time. */
	krsi_event_number(event, KRSI_EVENT_WALL_TIME, &wall);
	krsi_priv_mapped_integer(&map, "time", (int64_t)wall / 1000000);
	class_put(&map, activity, *operation ? operation : "Unknown");
	severity_put(&map, krsi_priv_severity(krsi_priv_outcome(event)));
	metadata_put(&map, activity->class, operation);
	krsi_priv_mapped_numbers(&map, &sequence, 1);
	krsi_priv_mapped_message(&map, NULL);
	if (krsi_event_kind(event) == KRSI_EVENT_KIND_RULE && activity->class != BASE) {
		rule_put(&map);
	} else {
		krsi_priv_mapped_integer(&map, "status_id", activity->class == BASE ? 0 : 1);
		krsi_priv_mapped_string(&map, "status", activity->class == BASE ? "Unknown" : "Success");
	}
	krsi_priv_json_put(&map.root, "actor", json_object());
	actor_put(&map);
	if (encoder->processes)
		ancestry_put(&map);
	object_put(&map, activity->class);
	map.done[KRSI_EVENT_TIME] = false;	/* ms are not exact */
	krsi_priv_mapped_rest(&map);
	krsi_priv_json_write(map.root, &encoder->out);
}

void krsi_priv_encode_ocsf_lost(struct krsi_encoder *encoder, const struct krsi_priv_lost *lost)
{
	struct krsi_priv_mapped map = { .encoder = encoder, .root = json_object(), .rest = REST };

	krsi_priv_mapped_integer(&map, "time", lost->wall / 1000000);
	class_put(&map, activity_find(""), "Events Lost");
	severity_put(&map, 3);
	metadata_put(&map, BASE, "events-lost");
	krsi_priv_mapped_message(&map, lost);
	if (lost->count <= INT32_MAX)
		krsi_priv_mapped_integer(&map, "count", (int64_t)lost->count);
	else
		krsi_priv_json_put(&map.root, REST "count", krsi_priv_json_number(lost->count));
	if (lost->operation[0])
		krsi_priv_mapped_string(&map, REST "operation", lost->operation);
	krsi_priv_mapped_string(&map, REST "cause", lost->cause == KRSI_PRIV_LOST_RING ? "ring" : "output");
	krsi_priv_json_put(&map.root, REST "total", krsi_priv_json_number(lost->total));
	krsi_priv_json_write(map.root, &encoder->out);
}
