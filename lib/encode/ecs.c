/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Events in the Elastic Common Schema. The subject is `process`, the object `file` or one end of a connection. What the
 * schema has no field for is in `labels`, with krsi_ in front of its name. docs/events.md has the table.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "mapped.h"

#define VERSION "8.11.0"
#define REST "labels.krsi_"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- what kind of thing happened --------------------------------------------------------- */

static const struct {
	const char *operation, *category, *type;
} operations[] = {
	{ "process.exec", "process", "start" },
	{ "process.fork", "process", "start" },
	{ "process.exit", "process", "end" },
	{ "process.", "process", "change" },
	{ "file.open", "file", "access" },
	{ "file.read", "file", "access" },
	{ "file.ioctl", "file", "access" },
	{ "file.exec_mmap", "file", "access" },
	{ "file.mprotect_exec", "file", "access" },
	{ "file.create", "file", "creation" },
	{ "file.link", "file", "creation" },
	{ "file.symlink", "file", "creation" },
	{ "file.mkdir", "file", "creation" },
	{ "file.mknod", "file", "creation" },
	{ "file.unlink", "file", "deletion" },
	{ "file.rmdir", "file", "deletion" },
	{ "file.", "file", "change" },
	{ "network.connect", "network", "connection" },
	{ "network.accept", "network", "connection" },
	{ "network.send", "network", "connection" },
	{ "network.", "network", "start" },
	{ "kernel.module_load", "driver", "start" },
	{ "kernel.settime", "configuration", "change" },
	{ "", "host", "change" },
};

static json_t *words_make(const char *one, const char *other)
{
	json_t *array = json_array();

	krsi_priv_json_add(&array, json_string(one));
	if (other)
		krsi_priv_json_add(&array, json_string(other));
	return array;
}

static void event_put(struct krsi_priv_mapped *map)
{
	enum krsi_priv_outcome outcome = krsi_priv_outcome(map->event);
	const char *operation = krsi_event_operation(map->event);
	bool rule = krsi_event_kind(map->event) == KRSI_EVENT_KIND_RULE, denied = krsi_priv_outcome_is_denied(outcome);
	size_t i;

	/* The last one is the beginning of every word. */
	for (i = 0; strncmp(operation, operations[i].operation, strlen(operations[i].operation)) != 0; i++)
		;
	krsi_priv_mapped_string(map, "event.kind", denied ? "alert" : "event");
	krsi_priv_json_put(&map->root, "event.category", words_make(operations[i].category, rule ? "intrusion_detection" : NULL));
	krsi_priv_json_put(&map->root, "event.type",
			   words_make(operations[i].type, denied ? "denied" : outcome == KRSI_PRIV_OUTCOME_ALLOWED ? "allowed" : NULL));
	if (*operation)
		krsi_priv_mapped_string(map, "event.action", operation);
	/* A rule that does not refuse does not know what others say. */
	krsi_priv_mapped_string(map, "event.outcome", denied ? "failure" : rule ? "unknown" : "success");
	krsi_priv_mapped_integer(map, "event.severity", krsi_priv_severity(outcome));
}

/* --- the subject ---------------------------------------------------------------------------- */

static void subject_put(struct krsi_priv_mapped *map)
{
	static const struct krsi_priv_mapped_number numbers[] = {
		{ KRSI_EVENT_PID, KRSI_PRIV_MAPPED_LONG, "process.pid" },
		{ KRSI_EVENT_NS_TGID, KRSI_PRIV_MAPPED_LONG, "process.vpid" },
		{ KRSI_EVENT_TID, KRSI_PRIV_MAPPED_LONG, "process.thread.id" },
		{ KRSI_EVENT_COOKIE, KRSI_PRIV_MAPPED_WORD, "process.entity_id" },
		{ KRSI_EVENT_START_TIME, KRSI_PRIV_MAPPED_DATE, "process.start" },
		{ KRSI_EVENT_PPID, KRSI_PRIV_MAPPED_LONG, "process.parent.pid" },
		{ KRSI_EVENT_PARENT_COOKIE, KRSI_PRIV_MAPPED_WORD, "process.parent.entity_id" },
		{ KRSI_EVENT_PARENT_START_TIME, KRSI_PRIV_MAPPED_DATE, "process.parent.start" },
		{ KRSI_EVENT_UID, KRSI_PRIV_MAPPED_DIGITS, "process.user.id" },
		{ KRSI_EVENT_UID, KRSI_PRIV_MAPPED_DIGITS, "user.id" },
		{ KRSI_EVENT_GID, KRSI_PRIV_MAPPED_DIGITS, "process.group.id" },
		{ KRSI_EVENT_GID, KRSI_PRIV_MAPPED_DIGITS, "user.group.id" },
		{ KRSI_EVENT_REAL_UID, KRSI_PRIV_MAPPED_DIGITS, "process.real_user.id" },
		{ KRSI_EVENT_REAL_GID, KRSI_PRIV_MAPPED_DIGITS, "process.real_group.id" },
		{ KRSI_EVENT_SAVED_UID, KRSI_PRIV_MAPPED_DIGITS, "process.saved_user.id" },
		{ KRSI_EVENT_SAVED_GID, KRSI_PRIV_MAPPED_DIGITS, "process.saved_group.id" },
		{ KRSI_EVENT_CAP_EFFECTIVE, KRSI_PRIV_MAPPED_CAPABILITIES, "process.thread.capabilities.effective" },
		{ KRSI_EVENT_CAP_PERMITTED, KRSI_PRIV_MAPPED_CAPABILITIES, "process.thread.capabilities.permitted" },
		{ KRSI_EVENT_EXIT_CODE, KRSI_PRIV_MAPPED_LONG, "process.exit_code" },
		{ KRSI_EVENT_ARGC, KRSI_PRIV_MAPPED_LONG, "process.args_count" },
	};

	krsi_priv_mapped_numbers(map, numbers, COUNT(numbers));
	krsi_priv_mapped_text(map, KRSI_EVENT_COMM, "process.thread.name");
	krsi_priv_mapped_text(map, KRSI_EVENT_CWD, "process.working_directory");
	krsi_priv_mapped_user_name(map, KRSI_EVENT_UID, "process.user.name");
	krsi_priv_mapped_user_name(map, KRSI_EVENT_UID, "user.name");
	krsi_priv_mapped_group_name(map, KRSI_EVENT_GID, "process.group.name");
	krsi_priv_mapped_group_name(map, KRSI_EVENT_GID, "user.group.name");
	krsi_priv_mapped_user_name(map, KRSI_EVENT_REAL_UID, "process.real_user.name");
	krsi_priv_mapped_user_name(map, KRSI_EVENT_SAVED_UID, "process.saved_user.name");
	krsi_priv_mapped_group_name(map, KRSI_EVENT_REAL_GID, "process.real_group.name");
	krsi_priv_mapped_group_name(map, KRSI_EVENT_SAVED_GID, "process.saved_group.name");
	krsi_priv_mapped_text(map, KRSI_EVENT_CONTAINER_ID, "container.id");
	krsi_priv_mapped_text(map, KRSI_EVENT_CONTAINER_RUNTIME, "container.runtime");
}

struct parents {
	struct krsi_priv_mapped *map;
	struct krsi_priv_out names;	/* with a space between them */
};

/* The schema knows the parent, and nobody above it. */
static void parent_put(void *data, const struct krsi_event *ancestor)
{
	struct parents *parents = data;
	struct krsi_priv_mapped map = { .encoder = parents->map->encoder, .event = ancestor, .root = parents->map->root, .rest = REST, .strings = true };
	size_t size = 0;
	const char *name = krsi_priv_program_name(ancestor, &size);

	/* That bytes are not exact is told for the subject only. */
	map.done[KRSI_EVENT_EXE] = map.done[KRSI_EVENT_COMM] = true;
	if (!parents->names.size) {
		krsi_priv_mapped_text(&map, KRSI_EVENT_EXE, "process.parent.executable");
		krsi_priv_mapped_base(&map, KRSI_EVENT_EXE, "process.parent.name");
		krsi_priv_mapped_text(&map, KRSI_EVENT_COMM, "process.parent.thread.name");
		parents->map->root = map.root;
	}
	if (parents->names.size)
		krsi_priv_out_string(&parents->names, " ");
	krsi_priv_out_bytes(&parents->names, name ? name : "-", name ? size : 1);
}

static void parents_put(struct krsi_priv_mapped *map)
{
	struct parents parents = { .map = map };

	krsi_priv_ancestors(map->encoder, map->event, parent_put, &parents);
	if (parents.names.no_memory)
		krsi_priv_json_put(&map->root, "labels.krsi_ancestors", NULL);	/* the whole fails */
	else if (parents.names.size)
		krsi_priv_mapped_bytes(map, "labels.krsi_ancestors", parents.names.text, parents.names.size);
	krsi_priv_out_free(&parents.names);
}

/* The schema has a member for each of these algorithms; those of others go to the rest. */
static void digest_put(struct krsi_priv_mapped *map)
{
	static const char *const known[] = { "md5", "sha1", "sha256", "sha384", "sha512" };
	char word[KRSI_PRIV_WORD_SIZE], path[KRSI_PRIV_WORD_SIZE];
	const char *name;
	uint64_t algorithm;
	size_t i;

	if (krsi_event_number(map->event, KRSI_EVENT_DIGEST_ALGORITHM, &algorithm))
		return;
	name = krsi_priv_hash_word(algorithm, word);
	for (i = 0; i < COUNT(known) && strcmp(known[i], name) != 0; i++)
		;
	snprintf(path, sizeof(path), "process.hash.%s", name);
	if (i < COUNT(known) && krsi_priv_mapped_hex(map, KRSI_EVENT_DIGEST, path))
		map->done[KRSI_EVENT_DIGEST_ALGORITHM] = true;
}

/* The program: of an exec the one that is started, as the arguments are its own. */
static void program_put(struct krsi_priv_mapped *map)
{
	bool exec = strcmp(krsi_event_operation(map->event), "process.exec") == 0 && krsi_priv_mapped_has(map, KRSI_EVENT_PATH);
	uint32_t field = exec ? KRSI_EVENT_PATH : KRSI_EVENT_EXE;

	krsi_priv_mapped_text(map, field, "process.executable");
	krsi_priv_mapped_base(map, field, "process.name");
	if (exec)
		krsi_priv_mapped_text(map, KRSI_EVENT_EXE, "process.previous.executable");
	digest_put(map);
	krsi_priv_mapped_list(map, KRSI_EVENT_ARGV, "process.args");
	krsi_priv_mapped_joined(map, KRSI_EVENT_ARGV, "process.command_line");
	krsi_priv_mapped_list(map, KRSI_EVENT_ENV, "process.env_vars");
}

/* --- the object ------------------------------------------------------------------------------ */

static const char *type_word(uint64_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "dir";
	case S_IFLNK:
		return "symlink";
	case S_IFCHR:
	case S_IFBLK:
		return "device";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	default:
		return NULL;
	}
}

static void file_put(struct krsi_priv_mapped *map)
{
	static const struct krsi_priv_mapped_number numbers[] = {
		{ KRSI_EVENT_INODE, KRSI_PRIV_MAPPED_DIGITS, "file.inode" },
		{ KRSI_EVENT_DEVICE, KRSI_PRIV_MAPPED_WORD, "file.device" },
		{ KRSI_EVENT_OWNER, KRSI_PRIV_MAPPED_DIGITS, "file.uid" },
	};
	uint64_t mode;

	krsi_priv_mapped_text(map, KRSI_EVENT_PATH, "file.path");
	krsi_priv_mapped_base(map, KRSI_EVENT_PATH, "file.name");
	krsi_priv_mapped_directory(map, KRSI_EVENT_PATH, "file.directory");
	krsi_priv_mapped_numbers(map, numbers, COUNT(numbers));
	krsi_priv_mapped_user_name(map, KRSI_EVENT_OWNER, "file.owner");
	if (krsi_event_number(map->event, KRSI_EVENT_MODE, &mode))
		return;
	krsi_priv_json_put(&map->root, "file.mode", json_sprintf("%04llo", (unsigned long long)(mode & 07777)));
	krsi_priv_mapped_string(map, "file.type", type_word(mode));
	map->done[KRSI_EVENT_MODE] = true;
}

/* The end of the connection that the event has the address of. */
static void network_put(struct krsi_priv_mapped *map)
{
	const char *operation = krsi_event_operation(map->event);
	bool own = strcmp(operation, "network.bind") == 0, v6 = false;
	const struct krsi_priv_mapped_number port = { KRSI_EVENT_PORT, KRSI_PRIV_MAPPED_LONG, own ? "source.port" : "destination.port" };
	const uint8_t *address = krsi_event_address(map->event);
	char word[KRSI_PRIV_WORD_SIZE];

	if (strncmp(operation, "network.", 8) != 0)
		return;
	krsi_priv_mapped_numbers(map, &port, 1);
	krsi_priv_mapped_text(map, KRSI_EVENT_UNIX_ADDRESS, own ? "source.address" : "destination.address");
	if (strcmp(operation, "network.accept") == 0)
		krsi_priv_mapped_string(map, "network.direction", "ingress");
	else if (strcmp(operation, "network.connect") == 0 || strcmp(operation, "network.send") == 0)
		krsi_priv_mapped_string(map, "network.direction", "egress");
	if (!address)
		return;
	krsi_priv_address_word(address, word, &v6);
	krsi_priv_mapped_string(map, own ? "source.ip" : "destination.ip", word);
	krsi_priv_mapped_string(map, own ? "source.address" : "destination.address", word);
	krsi_priv_mapped_string(map, "network.type", v6 ? "ipv6" : "ipv4");
	map->done[KRSI_EVENT_ADDRESS] = true;
}

/* --- a line ------------------------------------------------------------------------------------ */

static void machine_put(struct krsi_priv_mapped *map)
{
	const struct krsi_encoder *encoder = map->encoder;

	krsi_priv_mapped_string(map, "ecs.version", VERSION);
	krsi_priv_mapped_string(map, "event.module", "krsi");
	krsi_priv_mapped_string(map, "host.hostname", encoder->host_name);
	krsi_priv_mapped_string(map, "host.name", encoder->host_name);
	krsi_priv_mapped_string(map, "host.id", encoder->host_id);
	krsi_priv_mapped_string(map, "host.os.type", "linux");
	krsi_priv_mapped_string(map, "agent.type", encoder->product_name);
	krsi_priv_mapped_string(map, "agent.version", encoder->product_version);
}

static void rule_put(struct krsi_priv_mapped *map)
{
	char word[KRSI_PRIV_WORD_SIZE];
	size_t size = 0;
	const char *name;
	uint64_t error;

	name = krsi_priv_rule_name(map->event, &size);
	if (name)
		krsi_priv_mapped_bytes(map, "rule.name", name, size);
	name = krsi_priv_policy_name(map->event, &size);
	if (name)
		krsi_priv_mapped_bytes(map, "rule.ruleset", name, size);
	map->done[KRSI_EVENT_RULE] = map->done[KRSI_EVENT_POLICY] = true;
	if (krsi_event_number(map->event, KRSI_EVENT_ERROR, &error) == 0)
		krsi_priv_mapped_string(map, "error.code", krsi_priv_error_word(error, word));
	map->done[KRSI_EVENT_ERROR] = true;
}

void krsi_priv_encode_ecs(struct krsi_encoder *encoder, const struct krsi_event *event)
{
	static const struct krsi_priv_mapped_number sequence = { KRSI_EVENT_SEQUENCE, KRSI_PRIV_MAPPED_LONG, "event.sequence" };
	static const struct krsi_priv_mapped_number end = { KRSI_EVENT_TIME, KRSI_PRIV_MAPPED_DATE, "process.end" };
	struct krsi_priv_mapped map = { .encoder = encoder, .event = event, .root = json_object(), .rest = REST, .strings = true };
	char word[KRSI_PRIV_WORD_SIZE];
	uint64_t wall = 0;

	/* The schema does not know events without a time. */
	krsi_event_number(event, KRSI_EVENT_WALL_TIME, &wall);
	krsi_priv_mapped_string(&map, "@timestamp", krsi_priv_time_word((int64_t)wall, 9, word));
	machine_put(&map);
	event_put(&map);
	krsi_priv_mapped_numbers(&map, &sequence, 1);
	if (krsi_event_kind(event) == KRSI_EVENT_KIND_EXIT)
		krsi_priv_mapped_numbers(&map, &end, 1);
	map.done[KRSI_EVENT_TIME] = false;	/* the other clock has its use too */
	krsi_priv_mapped_message(&map, NULL);
	rule_put(&map);
	subject_put(&map);
	if (encoder->processes)
		parents_put(&map);
	program_put(&map);
	file_put(&map);
	network_put(&map);
	krsi_priv_mapped_rest(&map);
	krsi_priv_json_write(map.root, &encoder->out);
}

void krsi_priv_encode_ecs_lost(struct krsi_encoder *encoder, const struct krsi_priv_lost *lost)
{
	struct krsi_priv_mapped map = { .encoder = encoder, .root = json_object(), .rest = REST, .strings = true };
	char word[KRSI_PRIV_WORD_SIZE];

	krsi_priv_mapped_string(&map, "@timestamp", krsi_priv_time_word(lost->wall, 9, word));
	machine_put(&map);
	krsi_priv_mapped_string(&map, "event.kind", "metric");
	krsi_priv_json_put(&map.root, "event.category", words_make("host", NULL));
	krsi_priv_json_put(&map.root, "event.type", words_make("info", NULL));
	krsi_priv_mapped_string(&map, "event.action", "events-lost");
	krsi_priv_mapped_message(&map, lost);
	if (lost->operation[0])
		krsi_priv_mapped_string(&map, REST "operation", lost->operation);
	krsi_priv_mapped_string(&map, REST "cause", lost->cause == KRSI_PRIV_LOST_RING ? "ring" : "output");
	krsi_priv_json_put(&map.root, REST "count", krsi_priv_json_digits(lost->count));
	krsi_priv_json_put(&map.root, REST "total", krsi_priv_json_digits(lost->total));
	krsi_priv_json_write(map.root, &encoder->out);
}
