/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Events in ECS and OCSF: a table of events with all operations and all kinds, with much and with nothing in them, against
 * the published fields in data/, by another parser (check_encoded).
 */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <jansson.h>
#include <libkrsi/encode.h>

#include "event_tools.h"
#include "policy/language.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct krsi_encoder *encoder;

static void encoder_begin(uint32_t format, uint32_t flags)
{
	struct krsi_encoder_opts opts = {
		.sz = sizeof(opts), .format = format, .flags = flags, .host_name = "web-1", .host_id = "0123abcd",
		.product_vendor = "Example", .product_name = "guard", .product_version = "2.0",
	};

	krsi_encoder_free(encoder);
	assert_int_equal(krsi_encoder_new(NULL, &opts, &encoder), 0);
}

static int teardown(void **state)
{
	(void)state;
	krsi_encoder_free(encoder);
	encoder = NULL;
	return 0;
}

/* --- the events ---------------------------------------------------------------------- */

static void subject_put(struct event_made *made)
{
	static const struct {
		uint32_t field;
		uint64_t number;
	} numbers[] = {
		{ KRSI_EVENT_CPU, 3 }, { KRSI_EVENT_PID, 812 }, { KRSI_EVENT_TID, 813 }, { KRSI_EVENT_START_TIME, 100000000 },
		{ KRSI_EVENT_PPID, 1 }, { KRSI_EVENT_PARENT_START_TIME, 5000000 }, { KRSI_EVENT_UID, 0 }, { KRSI_EVENT_GID, 0 },
		{ KRSI_EVENT_REAL_UID, 1000 }, { KRSI_EVENT_REAL_GID, 1000 }, { KRSI_EVENT_SAVED_UID, 0 }, { KRSI_EVENT_SAVED_GID, 0 },
		{ KRSI_EVENT_FS_UID, 0 }, { KRSI_EVENT_FS_GID, 0 }, { KRSI_EVENT_LOGIN_UID, 1000 },
		{ KRSI_EVENT_CAP_EFFECTIVE, 0x1ffffffffff }, { KRSI_EVENT_CAP_PERMITTED, 0x1ffffffffff }, { KRSI_EVENT_CAP_INHERITABLE, 0 },
		{ KRSI_EVENT_CGROUP_ID, 4711 }, { KRSI_EVENT_NS_CGROUP, 4026531835 }, { KRSI_EVENT_NS_IPC, 4026531839 },
		{ KRSI_EVENT_NS_MNT, 4026531841 }, { KRSI_EVENT_NS_NET, 4026531840 }, { KRSI_EVENT_NS_PID, 4026531836 },
		{ KRSI_EVENT_NS_TIME, 4026531834 }, { KRSI_EVENT_NS_USER, 4026531837 }, { KRSI_EVENT_NS_UTS, 4026531838 },
		{ KRSI_EVENT_NS_TGID, 12 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		event_number_put(made, numbers[i].field, numbers[i].number);
	event_string_put(made, KRSI_EVENT_EXE, "/usr/bin/cat");
	event_string_put(made, KRSI_EVENT_COMM, "cat");
	event_string_put(made, KRSI_EVENT_CWD, "/root");
	event_string_put(made, KRSI_EVENT_CGROUP, "/system.slice/docker-" ID ".scope");
}

static void object_put(struct event_made *made)
{
	event_string_put(made, KRSI_EVENT_PATH, "/etc/shadow");
	event_number_put(made, KRSI_EVENT_INODE, 99);
	event_number_put(made, KRSI_EVENT_DEVICE, 8 << 20 | 1);
	event_number_put(made, KRSI_EVENT_MODE, S_IFREG | 0640);
	event_number_put(made, KRSI_EVENT_OWNER, 0);
	event_number_put(made, KRSI_EVENT_FACTS, KRSI_EVENT_FACT_UNLINKED);
}

static void exec_put(struct event_made *made)
{
	event_number_put(made, KRSI_EVENT_ARGC, 2);
	event_text_put(made, KRSI_EVENT_STRINGS, "cat\0/etc/shadow\0LANG=C\0", 23, 0);
	event_number_put(made, KRSI_EVENT_DIGEST_ALGORITHM, 4);
	event_string_put(made, KRSI_EVENT_DIGEST, "\x01\xff");
	event_number_put(made, KRSI_EVENT_VERITY_ALGORITHM, 6);
	event_string_put(made, KRSI_EVENT_VERITY_DIGEST, "\xee");
}

/* All that fields can have, of objects of every kind, however little sense it makes. */
static void everything_put(struct event_made *made)
{
	subject_put(made);
	object_put(made);
	exec_put(made);
	event_string_put(made, KRSI_EVENT_PATH2, "/etc/passwd");
	event_number_put(made, KRSI_EVENT_ERROR, EACCES);
	event_number_put(made, KRSI_EVENT_SENT_SIGNAL, SIGKILL);
	event_number_put(made, KRSI_EVENT_FAMILY, 2);
	event_number_put(made, KRSI_EVENT_PORT, 443);
	event_text_put(made, KRSI_EVENT_ADDRESS, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", 16, 0);
	event_string_put(made, KRSI_EVENT_UNIX_ADDRESS, "@abstract");
	event_number_put(made, KRSI_EVENT_TARGET_PID, 900);
	event_number_put(made, KRSI_EVENT_TARGET_START_TIME, 200000000);
	event_number_put(made, KRSI_EVENT_SIGNAL_NUMBER, SIGTERM);
	event_number_put(made, KRSI_EVENT_EXIT_CODE, 1);
	event_number_put(made, KRSI_EVENT_EXIT_SIGNAL, SIGSEGV);
	event_number_put(made, KRSI_EVENT_RUN_TIME, 5000);
}

/* Numbers as large as can be: none may come out of the schema's types. */
static void largest_put(struct event_made *made)
{
	struct krsi_event_field_info info = { .sz = sizeof(info) };
	uint32_t field;

	for (field = 1; field < KRSI_EVENT_FIELD_END; field++)
		if (krsi_event_field_info(field, &info) == 0 && info.type == KRSI_EVENT_TYPE_NUMBER && field != KRSI_EVENT_WALL_TIME &&
		    field != KRSI_EVENT_TIME)
			event_number_put(made, field, UINT64_MAX);
}

static void (*const contents[])(struct event_made *made) = { NULL, subject_put, everything_put, largest_put };

static void line_write(FILE *check, struct event_made *made)
{
	const char *line;

	event_end(made);
	assert_int_equal(krsi_encoder_event(encoder, &made->event, &line, NULL), 0);
	fprintf(check, "%s\n", line);
	event_free(made);
}

static void operations_write(FILE *check)
{
	uint32_t operation, verdict;
	struct event_made made;
	size_t i;

	for (operation = 1; operation < KRSI_PRIV_OP_END; operation++)
		for (i = 0; i < ARRAY_SIZE(contents); i++)
			for (verdict = KRSI_EVENT_ALLOW; verdict <= 2 * KRSI_EVENT_TAG + 2; verdict++) {
				event_begin(&made, krsi_priv_operation(operation)->name);
				made.head.verdict = (uint8_t)(verdict > KRSI_EVENT_TAG + 1 ? verdict - KRSI_EVENT_TAG - 1 : verdict);
				made.head.outcome = verdict > KRSI_EVENT_TAG + 1 ? KRSI_EVENT_WOULD | KRSI_EVENT_UNRESOLVED : 0;
				if (verdict % 2)
					made.policy = made.rule = NULL;
				if (contents[i])
					contents[i](&made);
				line_write(check, &made);
			}
}

static void kinds_write(FILE *check)
{
	static const struct {
		uint8_t kind;
		const char *operation;
	} kinds[] = {
		{ KRSI_EVENT_KIND_FORK, "" }, { KRSI_EVENT_KIND_EXEC, "process.exec" }, { KRSI_EVENT_KIND_EXIT, "" },
		{ KRSI_EVENT_KIND_LOST, "file.open" }, { KRSI_EVENT_KIND_LOST, "" }, { 77, "" },
	};
	struct event_made made;
	const char *line;
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		for (k = 0; k < ARRAY_SIZE(contents); k++) {
			event_begin(&made, kinds[i].operation);
			made.head.kind = kinds[i].kind;
			if (contents[k])
				contents[k](&made);
			event_number_put(&made, KRSI_EVENT_LOST_COUNT, 17);
			line_write(check, &made);
		}
	assert_int_equal(krsi_encoder_lost(encoder, 5, UINT64_MAX, &line, NULL), 0);
	fprintf(check, "%s\n", line);
	assert_int_equal(krsi_encoder_lost(encoder, UINT64_MAX, UINT64_MAX, &line, NULL), 0);
	fprintf(check, "%s\n", line);
}

static void schema_check(uint32_t format, uint32_t flags, const char *command)
{
	FILE *check = popen(command, "w");

	assert_non_null(check);
	encoder_begin(format, flags);
	operations_write(check);
	kinds_write(check);
	assert_int_equal(pclose(check), 0);
}

static void test_ecs_has_published_fields_only(void **state)
{
	(void)state;
	schema_check(KRSI_ENCODE_ECS, 0, UNIT_CHECK " --fields " UNIT_DATA "/ecs-fields.tsv");
	schema_check(KRSI_ENCODE_ECS, KRSI_ENCODE_NAMES, UNIT_CHECK " --fields " UNIT_DATA "/ecs-fields.tsv");
}

static void test_ocsf_has_published_attributes_only(void **state)
{
	(void)state;
	schema_check(KRSI_ENCODE_OCSF, 0, UNIT_CHECK " --fields " UNIT_DATA "/ocsf-fields.tsv");
	schema_check(KRSI_ENCODE_OCSF, KRSI_ENCODE_NAMES, UNIT_CHECK " --fields " UNIT_DATA "/ocsf-fields.tsv");
}

/* --- what some of them say ---------------------------------------------------------------- */

/* The member that a path with dots leads to, as text. */
static const char *member(const json_t *object, const char *path, char text[256])
{
	char copy[128], *rest = copy, *name;

	snprintf(copy, sizeof(copy), "%s", path);
	while ((name = strsep(&rest, ".")))
		object = json_is_array(object) ? json_array_get(object, (size_t)atoi(name)) : json_object_get(object, name);
	if (json_is_string(object))
		snprintf(text, 256, "%s", json_string_value(object));
	else if (json_is_integer(object))
		snprintf(text, 256, "%" JSON_INTEGER_FORMAT, json_integer_value(object));
	else
		snprintf(text, 256, "%s", !object ? "absent" : json_is_true(object) ? "true" : json_is_false(object) ? "false" : "?");
	return text;
}

struct wish {
	const char *path, *value;
};

static void wishes_check(struct event_made *made, const struct wish *wishes, size_t count)
{
	const char *line;
	json_t *object;
	char text[256];
	size_t i;

	event_end(made);
	assert_int_equal(krsi_encoder_event(encoder, &made->event, &line, NULL), 0);
	object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(object);
	for (i = 0; i < count; i++)
		if (strcmp(member(object, wishes[i].path, text), wishes[i].value) != 0)
			fail_msg("%s is %s, not %s: %s", wishes[i].path, text, wishes[i].value, line);
	json_decref(object);
	event_free(made);
}

#define CHECK(made, ...) \
	wishes_check((made), (const struct wish[]){ __VA_ARGS__ }, sizeof((const struct wish[]){ __VA_ARGS__ }) / sizeof(struct wish))

static void test_ecs_of_a_denied_open(void **state)
{
	struct event_made made;

	(void)state;
	encoder_begin(KRSI_ENCODE_ECS, 0);
	event_begin(&made, "file.open");
	subject_put(&made);
	object_put(&made);
	event_number_put(&made, KRSI_EVENT_ERROR, EACCES);
	CHECK(&made,
		{ "@timestamp", "2026-11-26T22:14:03.123456789Z" }, { "ecs.version", "8.11.0" }, { "event.kind", "alert" },
		{ "event.category.0", "file" }, { "event.type.0", "access" }, { "event.type.1", "denied" },
		{ "event.action", "file.open" }, { "event.outcome", "failure" }, { "event.severity", "3" }, { "event.sequence", "7" },
		{ "message", "DENIED       file.open        /usr/bin/cat[812] /etc/shadow web/shadow EACCES" },
		{ "rule.name", "shadow" }, { "rule.ruleset", "web" }, { "error.code", "EACCES" },
		{ "process.pid", "812" }, { "process.executable", "/usr/bin/cat" }, { "process.name", "cat" },
		{ "process.start", "2026-11-26T22:14:03.100000000Z" }, { "process.user.id", "0" }, { "process.real_user.id", "1000" },
		{ "process.thread.capabilities.effective.21", "CAP_SYS_ADMIN" }, { "process.parent.pid", "1" },
		{ "file.path", "/etc/shadow" }, { "file.name", "shadow" }, { "file.directory", "/etc" }, { "file.mode", "0640" },
		{ "file.type", "file" }, { "file.inode", "99" }, { "file.device", "8:1" },
		{ "container.id", ID }, { "container.runtime", "docker" }, { "host.name", "web-1" }, { "agent.type", "guard" },
		{ "labels.krsi_login_uid", "1000" }, { "labels.krsi_facts", "unlinked" }, { "labels.krsi_outcome", "denied" },
		{ "labels.krsi_time", "123456789" }, { "labels.krsi_pid", "absent" });
}

static void test_ecs_of_an_exec(void **state)
{
	struct event_made made;

	(void)state;
	encoder_begin(KRSI_ENCODE_ECS, 0);
	event_begin(&made, "process.exec");
	made.head.verdict = KRSI_EVENT_AUDIT;
	event_string_put(&made, KRSI_EVENT_EXE, "/bin/sh");
	event_string_put(&made, KRSI_EVENT_PATH, "/usr/bin/cat");
	exec_put(&made);
	CHECK(&made,
		{ "event.kind", "event" }, { "event.category.0", "process" }, { "event.type.0", "start" }, { "event.outcome", "unknown" },
		{ "process.executable", "/usr/bin/cat" }, { "process.previous.executable", "/bin/sh" }, { "process.args.1", "/etc/shadow" },
		{ "process.args_count", "2" }, { "process.command_line", "cat /etc/shadow" }, { "process.env_vars.0", "LANG=C" },
		{ "file.path", "/usr/bin/cat" }, { "process.hash.sha256", "01ff" }, { "labels.krsi_digest", "absent" },
		{ "labels.krsi_verity_digest", "ee" }, { "labels.krsi_verity_algorithm", "6" });
	/* Of an algorithm that the schema does not know. */
	event_begin(&made, "process.exec");
	event_number_put(&made, KRSI_EVENT_DIGEST_ALGORITHM, 17);
	event_string_put(&made, KRSI_EVENT_DIGEST, "\x01\xff");
	CHECK(&made, { "process.hash", "absent" }, { "labels.krsi_digest", "01ff" }, { "labels.krsi_digest_algorithm", "17" });
}

static void test_ocsf_of_a_denied_open(void **state)
{
	struct event_made made;

	(void)state;
	encoder_begin(KRSI_ENCODE_OCSF, 0);
	event_begin(&made, "file.open");
	subject_put(&made);
	object_put(&made);
	event_number_put(&made, KRSI_EVENT_ERROR, EACCES);
	CHECK(&made,
		{ "time", "1795731243123" }, { "class_uid", "1001" }, { "category_uid", "1" }, { "activity_id", "14" },
		{ "type_uid", "100114" }, { "severity_id", "3" }, { "action_id", "2" }, { "disposition_id", "2" },
		{ "status_id", "2" }, { "status_code", "EACCES" }, { "is_alert", "true" }, { "metadata.version", "1.5.0" },
		{ "metadata.product.name", "guard" }, { "metadata.event_code", "file.open" }, { "metadata.sequence", "7" },
		{ "policy.name", "web" }, { "unmapped.rule", "shadow" }, { "actor.process.pid", "812" },
		{ "actor.process.file.path", "/usr/bin/cat" }, { "actor.process.container.uid", ID }, { "actor.user.uid", "0" },
		{ "file.path", "/etc/shadow" }, { "file.type_id", "1" }, { "file.uid", "99" }, { "file.is_deleted", "true" },
		{ "device.hostname", "web-1" }, { "unmapped.cap_effective", "000001ffffffffff" }, { "unmapped.start_time", "100000000" });
}

static void test_ocsf_of_processes_and_sockets(void **state)
{
	struct event_made made;

	(void)state;
	encoder_begin(KRSI_ENCODE_OCSF, 0);
	event_begin(&made, "process.exec");
	made.head.verdict = KRSI_EVENT_DENY;
	made.head.outcome = KRSI_EVENT_WOULD;
	event_number_put(&made, KRSI_EVENT_PID, 812);
	event_string_put(&made, KRSI_EVENT_EXE, "/bin/sh");
	event_string_put(&made, KRSI_EVENT_PATH, "/usr/bin/cat");
	exec_put(&made);
	CHECK(&made,
		{ "class_uid", "1007" }, { "activity_id", "1" }, { "action_id", "1" }, { "disposition", "Detected" },
		{ "process.file.hashes.0.algorithm", "SHA-256" }, { "process.file.hashes.0.algorithm_id", "3" },
		{ "process.file.hashes.0.value", "01ff" }, { "unmapped.digest", "absent" }, { "unmapped.verity_digest", "ee" },
		{ "actor.process.file.path", "/bin/sh" }, { "process.file.path", "/usr/bin/cat" }, { "process.pid", "812" },
		{ "process.cmd_line", "cat /etc/shadow" }, { "unmapped.argv.1", "/etc/shadow" }, { "unmapped.env.0", "LANG=C" });
	event_begin(&made, "");
	made.head.kind = KRSI_EVENT_KIND_EXIT;
	subject_put(&made);
	event_number_put(&made, KRSI_EVENT_EXIT_CODE, 3);
	CHECK(&made,
		{ "class_uid", "1007" }, { "activity_id", "2" }, { "exit_code", "3" }, { "process.terminated_time", "1795731243123" },
		{ "status_id", "1" }, { "action_id", "absent" });
	event_begin(&made, "network.connect");
	everything_put(&made);
	CHECK(&made,
		{ "class_uid", "4001" }, { "category_uid", "4" }, { "activity_id", "1" }, { "dst_endpoint.ip", "192.0.2.1" },
		{ "dst_endpoint.port", "443" }, { "connection_info.direction_id", "2" }, { "connection_info.protocol_ver_id", "4" },
		{ "unmapped.family", "2" });
	event_begin(&made, "kernel.bpf");
	subject_put(&made);
	CHECK(&made, { "class_uid", "1003" }, { "kernel.name", "bpf" }, { "kernel.type_id", "2" });
	event_begin(&made, "file.open");
	made.head.kind = KRSI_EVENT_KIND_LOST;
	event_number_put(&made, KRSI_EVENT_LOST_COUNT, 17);
	CHECK(&made, { "class_uid", "0" }, { "activity_name", "Events Lost" }, { "count", "17" }, { "unmapped.total", "17" });
}

/* --- docs/events.md ------------------------------------------------------------------------------ */

static char *file_text(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t size = 1 << 20;
	char *text = calloc(1, size);

	assert_non_null(file);
	assert_non_null(text);
	assert_true(fread(text, 1, size - 1, file) > 0);
	fclose(file);
	return text;
}

/* Whether it is a field of the file, and no object that has fields. */
static bool is_field(const char *fields, const char *name)
{
	char line[144];

	snprintf(line, sizeof(line), "\n%s\t", name);
	return strstr(fields, line);
}

/* Each field of the file is told on the page, between quotes of code. */
static void fields_are_told(const char *fields, const char *page)
{
	char name[96], kind[16], code[128];

	while ((fields = strchr(fields, '\n')) && fields[1]) {
		fields++;
		if (*fields == '#' || sscanf(fields, "%95[^\t]\t%15[a-z]", name, kind) != 2 || strcmp(kind, "object") == 0 ||
		    strcmp(kind, "flat") == 0 || strcmp(kind, "any") == 0)
			continue;
		snprintf(code, sizeof(code), "`%s`", name);
		if (!strstr(page, code))
			fail_msg("%s is not told in docs/events.md", name);
	}
}

/* Every name of a column of the table is a field of the file. */
static void column_check(const char *page, int column, const char *fields)
{
	const char *row = strstr(page, "| of the event | ECS | OCSF |"), *at, *end;
	char name[128];
	size_t rows = 0;
	int i;

	assert_non_null(row);
	for (row = strchr(row, '\n') + 1; *row == '|'; row = strchr(row, '\n') + 1, rows++) {
		for (at = row, i = 0; i < column; i++)
			at = strchr(at + 1, '|');
		for (end = strchr(at + 1, '|'); (at = strchr(at, '`')) && at < end; at += strlen(name) + 2) {
			assert_int_equal(sscanf(at, "`%127[^`]`", name), 1);
			if (!is_field(fields, name))
				fail_msg("%s is on the page only", name);
		}
	}
	assert_true(rows > 30);
}

static void test_the_page_maps_as_the_encoders_do(void **state)
{
	char *page = file_text(UNIT_EVENT_PAGE), *ecs = file_text(UNIT_DATA "/ecs-fields.tsv"), *ocsf = file_text(UNIT_DATA "/ocsf-fields.tsv");

	(void)state;
	fields_are_told(ecs, strstr(page, "## ECS and OCSF"));
	fields_are_told(ocsf, strstr(page, "## ECS and OCSF"));
	column_check(page, 1, ecs);
	column_check(page, 2, ocsf);
	free(page);
	free(ecs);
	free(ocsf);
}

/* --- bytes ------------------------------------------------------------------------------------ */

/* Texts of random bytes, with where they and their hexadecimal forms are. */
static void chance_check(const char *command, const char *const places[][2], const uint32_t *fields, size_t count)
{
	unsigned int seed = (unsigned int)time(NULL), n;
	FILE *check = popen(command, "w");
	struct event_made made;
	char bytes[64], wishes[8][256];
	const char *line;
	size_t i, k, size;

	assert_non_null(check);
	print_message("# seed %u\n", seed);
	srandom(seed);
	for (n = 0; n < 500; n++) {
		event_begin(&made, "file.rename");
		for (i = 0; i < count; i++) {
			size = 1 + (size_t)random() % (sizeof(bytes) - 1);
			for (k = 0; k < size; k++)
				bytes[k] = (char)(random() % (n % 2 ? 256 : 128));
			event_text_put(&made, fields[i], bytes, size, 0);
			snprintf(wishes[i], sizeof(wishes[i]), "\t%s,%s=", places[i][0], places[i][1]);
			for (k = 0; k < size; k++)
				snprintf(wishes[i] + strlen(wishes[i]), 3, "%02x", (unsigned char)bytes[k]);
		}
		event_end(&made);
		assert_int_equal(krsi_encoder_event(encoder, &made.event, &line, NULL), 0);
		fputs(line, check);
		for (i = 0; i < count; i++)
			fputs(wishes[i], check);
		fputc('\n', check);
		event_free(&made);
	}
	assert_int_equal(pclose(check), 0);
}

static const uint32_t chance_fields[] = { KRSI_EVENT_PATH, KRSI_EVENT_PATH2, KRSI_EVENT_EXE, KRSI_EVENT_CWD };

static void test_ecs_gives_the_same_bytes_back(void **state)
{
	static const char *const places[][2] = {
		{ "file.path", "labels.krsi_path_hex" }, { "labels.krsi_path2", "labels.krsi_path2_hex" },
		{ "process.executable", "labels.krsi_exe_hex" }, { "process.working_directory", "labels.krsi_cwd_hex" },
	};

	(void)state;
	encoder_begin(KRSI_ENCODE_ECS, 0);
	chance_check(UNIT_CHECK " --fields " UNIT_DATA "/ecs-fields.tsv", places, chance_fields, ARRAY_SIZE(chance_fields));
}

static void test_ocsf_gives_the_same_bytes_back(void **state)
{
	static const char *const places[][2] = {
		{ "file.path", "unmapped.path_hex" }, { "file_result.path", "unmapped.path2_hex" },
		{ "actor.process.file.path", "unmapped.exe_hex" }, { "actor.process.working_directory", "unmapped.cwd_hex" },
	};

	(void)state;
	encoder_begin(KRSI_ENCODE_OCSF, 0);
	chance_check(UNIT_CHECK " --fields " UNIT_DATA "/ocsf-fields.tsv", places, chance_fields, ARRAY_SIZE(chance_fields));
}

#define schema_test(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		schema_test(test_ecs_has_published_fields_only),
		schema_test(test_ocsf_has_published_attributes_only),
		schema_test(test_ecs_of_a_denied_open),
		schema_test(test_ecs_of_an_exec),
		schema_test(test_ocsf_of_a_denied_open),
		schema_test(test_ocsf_of_processes_and_sockets),
		schema_test(test_the_page_maps_as_the_encoders_do),
		schema_test(test_ecs_gives_the_same_bytes_back),
		schema_test(test_ocsf_gives_the_same_bytes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
