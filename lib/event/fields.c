/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The table of the fields. A test compares it with libkrsi/event_fields.h, which is for compilers, and with
 * docs/events.md, which is for people.
 */
#include <errno.h>

#include "../opts.h"
#include "event.h"

#define NUMBER KRSI_EVENT_TYPE_NUMBER
#define TEXT KRSI_EVENT_TYPE_TEXT
#define LIST KRSI_EVENT_TYPE_LIST
#define ADDRESS KRSI_EVENT_TYPE_ADDRESS
#define BYTES KRSI_EVENT_TYPE_BYTES

static const struct {
	const char *name;
	uint32_t type;
	const char *meaning;
} fields[KRSI_EVENT_FIELD_END] = {
	[KRSI_EVENT_SEQUENCE] = { "sequence", NUMBER, "counts all events of the engine, the lost ones too" },
	[KRSI_EVENT_TIME] = { "time", NUMBER, "when it happened, ns of CLOCK_BOOTTIME" },
	[KRSI_EVENT_WALL_TIME] = { "wall_time", NUMBER, "the same, ns since 1970-01-01 in UTC, by the clock as it is when the event is read" },
	[KRSI_EVENT_CPU] = { "cpu", NUMBER, "CPU that it happened on" },
	[KRSI_EVENT_GENERATION] = { "generation", NUMBER, "of the policies that were in force" },
	[KRSI_EVENT_ERROR] = { "error", NUMBER, "positive errno of a refusal" },
	[KRSI_EVENT_SENT_SIGNAL] = { "sent_signal", NUMBER, "signal that the rule sends to the subject" },
	[KRSI_EVENT_PID] = { "pid", NUMBER, "process, in the first PID namespace" },
	[KRSI_EVENT_TID] = { "tid", NUMBER, "thread" },
	[KRSI_EVENT_START_TIME] = { "start_time", NUMBER, "start of the process, ns of CLOCK_BOOTTIME" },
	[KRSI_EVENT_COOKIE] = { "cookie", NUMBER, "of the process and no other until the next boot: krsi_process_cookie()" },
	[KRSI_EVENT_PPID] = { "ppid", NUMBER, "its parent" },
	[KRSI_EVENT_PARENT_START_TIME] = { "parent_start_time", NUMBER, "start of the parent, ns of CLOCK_BOOTTIME" },
	[KRSI_EVENT_PARENT_COOKIE] = { "parent_cookie", NUMBER, "of the parent" },
	[KRSI_EVENT_UID] = { "uid", NUMBER, "effective user" },
	[KRSI_EVENT_GID] = { "gid", NUMBER, "effective group" },
	[KRSI_EVENT_REAL_UID] = { "real_uid", NUMBER, "real user" },
	[KRSI_EVENT_REAL_GID] = { "real_gid", NUMBER, "real group" },
	[KRSI_EVENT_SAVED_UID] = { "saved_uid", NUMBER, "saved set-user-ID" },
	[KRSI_EVENT_SAVED_GID] = { "saved_gid", NUMBER, "saved set-group-ID" },
	[KRSI_EVENT_FS_UID] = { "fs_uid", NUMBER, "user for file systems" },
	[KRSI_EVENT_FS_GID] = { "fs_gid", NUMBER, "group for file systems" },
	[KRSI_EVENT_LOGIN_UID] = { "login_uid", NUMBER, "user who logged in; absent when nobody did" },
	[KRSI_EVENT_CAP_EFFECTIVE] = { "cap_effective", NUMBER, "effective capabilities, bits" },
	[KRSI_EVENT_CAP_PERMITTED] = { "cap_permitted", NUMBER, "permitted capabilities, bits" },
	[KRSI_EVENT_CAP_INHERITABLE] = { "cap_inheritable", NUMBER, "inheritable capabilities, bits" },
	[KRSI_EVENT_CGROUP_ID] = { "cgroup_id", NUMBER, "of the cgroup in the unified hierarchy, its inode number" },
	[KRSI_EVENT_NS_CGROUP] = { "ns_cgroup", NUMBER, "cgroup namespace, its inode number" },
	[KRSI_EVENT_NS_IPC] = { "ns_ipc", NUMBER, "IPC namespace, its inode number" },
	[KRSI_EVENT_NS_MNT] = { "ns_mnt", NUMBER, "mount namespace, its inode number" },
	[KRSI_EVENT_NS_NET] = { "ns_net", NUMBER, "network namespace, its inode number" },
	[KRSI_EVENT_NS_PID] = { "ns_pid", NUMBER, "PID namespace, its inode number" },
	[KRSI_EVENT_NS_TIME] = { "ns_time", NUMBER, "time namespace, its inode number" },
	[KRSI_EVENT_NS_USER] = { "ns_user", NUMBER, "user namespace, its inode number" },
	[KRSI_EVENT_NS_UTS] = { "ns_uts", NUMBER, "UTS namespace, its inode number" },
	[KRSI_EVENT_NS_TGID] = { "ns_tgid", NUMBER, "process, in its own PID namespace" },
	[KRSI_EVENT_INODE] = { "inode", NUMBER, "of the object" },
	[KRSI_EVENT_DEVICE] = { "device", NUMBER, "of the object's file system: major << 20 | minor" },
	[KRSI_EVENT_MODE] = { "mode", NUMBER, "of the object, as in stat(2)" },
	[KRSI_EVENT_OWNER] = { "owner", NUMBER, "user who owns the object" },
	[KRSI_EVENT_FACTS] = { "facts", NUMBER, "bits of enum krsi_event_fact" },
	[KRSI_EVENT_FAMILY] = { "family", NUMBER, "of the socket" },
	[KRSI_EVENT_PORT] = { "port", NUMBER, "of the address" },
	[KRSI_EVENT_TARGET_PID] = { "target_pid", NUMBER, "process that is acted on" },
	[KRSI_EVENT_TARGET_START_TIME] = { "target_start_time", NUMBER, "its start, ns of CLOCK_BOOTTIME" },
	[KRSI_EVENT_TARGET_COOKIE] = { "target_cookie", NUMBER, "its cookie" },
	[KRSI_EVENT_SIGNAL_NUMBER] = { "signal_number", NUMBER, "signal that the subject sends" },
	[KRSI_EVENT_DIGEST_ALGORITHM] = { "digest_algorithm", NUMBER, "algorithm of the digest, a number of linux/hash_info.h: 4 is SHA-256" },
	[KRSI_EVENT_VERITY_ALGORITHM] = { "verity_algorithm", NUMBER, "that of the digest of fs-verity, likewise" },
	[KRSI_EVENT_EXIT_CODE] = { "exit_code", NUMBER, "as given to exit(2); absent when a signal ended it" },
	[KRSI_EVENT_EXIT_SIGNAL] = { "exit_signal", NUMBER, "signal that ended it" },
	[KRSI_EVENT_RUN_TIME] = { "run_time", NUMBER, "ns from its start to its end" },
	[KRSI_EVENT_ARGC] = { "argc", NUMBER, "how many strings of KRSI_EVENT_STRINGS are arguments" },
	[KRSI_EVENT_LOST_COUNT] = { "lost_count", NUMBER, "events that are missing here" },
	[KRSI_EVENT_LOST_CAUSE] = { "lost_cause", NUMBER, "why they are: 1, or absent: no room in the kernel; 2: they could not be written to the recording" },
	[KRSI_EVENT_PATH] = { "path", TEXT, "of the object" },
	[KRSI_EVENT_PATH2] = { "path2", TEXT, "of the second object, such as the new name of a rename" },
	[KRSI_EVENT_EXE] = { "exe", TEXT, "program of the subject" },
	[KRSI_EVENT_UNIX_ADDRESS] = { "unix_address", TEXT, "address of a unix socket; abstract ones begin with '@'" },
	[KRSI_EVENT_COMM] = { "comm", TEXT, "the subject's name for itself" },
	[KRSI_EVENT_CWD] = { "cwd", TEXT, "working directory of the subject" },
	[KRSI_EVENT_CGROUP] = { "cgroup", TEXT, "path of the cgroup in the unified hierarchy" },
	[KRSI_EVENT_POLICY] = { "policy", TEXT, "name of the policy; in recordings only, elsewhere krsi_event_policy()" },
	[KRSI_EVENT_RULE] = { "rule", TEXT, "name of the rule, likewise" },
	[KRSI_EVENT_CONTAINER_ID] = { "container_id", TEXT, "of the container, as its runtime names it; taken from the cgroup's path" },
	[KRSI_EVENT_CONTAINER_RUNTIME] = { "container_runtime", TEXT, "\"docker\", \"containerd\", \"cri-o\", \"podman\" or \"systemd\", from the same" },
	[KRSI_EVENT_SCRIPT] = { "script", TEXT, "script that the new program interprets, as execve(2) had it; absent when it interprets none" },
	[KRSI_EVENT_ARGV] = { "argv", LIST, "arguments of the program that is executed; those that are whole when the list is cut" },
	[KRSI_EVENT_ENV] = { "env", LIST, "what was asked for of its environment, likewise; absent when nothing was: see struct krsi_engine_opts" },
	[KRSI_EVENT_STRINGS] = { "strings", LIST, "both, one behind the other, as far as 8,192 bytes hold them" },
	[KRSI_EVENT_ADDRESS] = { "address", ADDRESS, "of a socket's other side, or of its own, as the operation has it" },
	[KRSI_EVENT_DIGEST] = { "digest", BYTES, "digest of the executed file's content, as IMA computes it" },
	[KRSI_EVENT_VERITY_DIGEST] = { "verity_digest", BYTES, "its digest as fs-verity guarantees it: of a tree over the content, not of that itself" },
};

uint32_t krsi_priv_event_type(uint32_t field)
{
	return field < KRSI_EVENT_FIELD_END ? fields[field].type : 0;
}

int krsi_event_field_info(uint32_t field, struct krsi_event_field_info *info)
{
	struct krsi_event_field_info have = { .sz = sizeof(have) };

	if (!info)
		return -EINVAL;
	if (!krsi_priv_event_type(field))
		return -ENOENT;
	have.name = fields[field].name;
	have.meaning = fields[field].meaning;
	have.type = fields[field].type;
	return KRSI_PRIV_INFO_WRITE(NULL, info, &have, "krsi_event_field_info");
}
