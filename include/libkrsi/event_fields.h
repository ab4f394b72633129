/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief The kinds of events, and their fields.
 *
 * Nothing but numbers: the programs in the kernel include this file as well. krsi_event_field_info() has the
 * same at run time, and a test keeps both and docs/events.md equal.
 */
#ifndef LIBKRSI_EVENT_FIELDS_H
#define LIBKRSI_EVENT_FIELDS_H

/** What an event is of. Numbers are ABI: new ones go at the end. */
enum krsi_event_kind {
	KRSI_EVENT_KIND_RULE = 1,	/**< a rule applied to an operation, or a policy's default did */
	KRSI_EVENT_KIND_LOST = 2,	/**< events are missing here: KRSI_EVENT_LOST_COUNT of this operation */
	KRSI_EVENT_KIND_FORK = 3,	/**< a process was made; it is the target */
	KRSI_EVENT_KIND_EXEC = 4,	/**< the subject runs another program now */
	KRSI_EVENT_KIND_EXIT = 5,	/**< the subject has ended */
	KRSI_EVENT_KIND_PROCESS = 6,	/**< a process that was there when a table of them was begun: krsi_engine_processes() */
	KRSI_EVENT_KIND_IDENTITY = 7,	/**< the subject has other users, groups or capabilities, those of the event, from now on */
};

/** What a field is. Numbers are ABI. */
enum krsi_event_field_type {
	KRSI_EVENT_TYPE_NUMBER = 1,	/**< 64 bits without a sign, in the byte order of the machine: krsi_event_number() */
	KRSI_EVENT_TYPE_TEXT = 2,	/**< bytes, not terminated: krsi_event_text() */
	KRSI_EVENT_TYPE_LIST = 3,	/**< strings of bytes, each with a NUL behind it: krsi_event_text() */
	KRSI_EVENT_TYPE_ADDRESS = 4,	/**< 16 bytes, IPv4 as the v4-mapped address of RFC 4291: krsi_event_address() */
	KRSI_EVENT_TYPE_BYTES = 5,	/**< bytes that are no text: krsi_event_text() */
};

/** Fields of an event. Numbers are ABI: a field that is added gets a new one. */
enum krsi_event_field {
	/* of the event */
	KRSI_EVENT_SEQUENCE = 1,	/**< counts all events of the engine, the lost ones too */
	KRSI_EVENT_TIME = 2,		/**< when it happened, ns of CLOCK_BOOTTIME */
	KRSI_EVENT_WALL_TIME = 3,	/**< the same, ns since 1970-01-01 in UTC, by the clock as it is when the event is read */
	KRSI_EVENT_CPU = 4,		/**< CPU that it happened on */
	KRSI_EVENT_GENERATION = 5,	/**< of the policies that were in force */
	KRSI_EVENT_ERROR = 6,		/**< positive errno of a refusal */
	KRSI_EVENT_SENT_SIGNAL = 7,	/**< signal that the rule sends to the subject */

	/* of the subject */
	KRSI_EVENT_PID = 10,		/**< process, in the first PID namespace */
	KRSI_EVENT_TID = 11,		/**< thread */
	KRSI_EVENT_START_TIME = 12,	/**< start of the process, ns of CLOCK_BOOTTIME */
	KRSI_EVENT_COOKIE = 13,		/**< of the process and no other until the next boot: krsi_process_cookie() */
	KRSI_EVENT_PPID = 14,		/**< its parent */
	KRSI_EVENT_PARENT_START_TIME = 15,	/**< start of the parent, ns of CLOCK_BOOTTIME */
	KRSI_EVENT_PARENT_COOKIE = 16,	/**< of the parent */
	KRSI_EVENT_UID = 17,		/**< effective user */
	KRSI_EVENT_GID = 18,		/**< effective group */
	KRSI_EVENT_REAL_UID = 19,	/**< real user */
	KRSI_EVENT_REAL_GID = 20,	/**< real group */
	KRSI_EVENT_SAVED_UID = 21,	/**< saved set-user-ID */
	KRSI_EVENT_SAVED_GID = 22,	/**< saved set-group-ID */
	KRSI_EVENT_FS_UID = 23,		/**< user for file systems */
	KRSI_EVENT_FS_GID = 24,		/**< group for file systems */
	KRSI_EVENT_LOGIN_UID = 25,	/**< user who logged in; absent when nobody did */
	KRSI_EVENT_CAP_EFFECTIVE = 27,	/**< effective capabilities, bits */
	KRSI_EVENT_CAP_PERMITTED = 28,	/**< permitted capabilities, bits */
	KRSI_EVENT_CAP_INHERITABLE = 29,	/**< inheritable capabilities, bits */
	KRSI_EVENT_CGROUP_ID = 30,	/**< of the cgroup in the unified hierarchy, its inode number */
	KRSI_EVENT_NS_CGROUP = 31,	/**< cgroup namespace, its inode number */
	KRSI_EVENT_NS_IPC = 32,		/**< IPC namespace, its inode number */
	KRSI_EVENT_NS_MNT = 33,		/**< mount namespace, its inode number */
	KRSI_EVENT_NS_NET = 34,		/**< network namespace, its inode number */
	KRSI_EVENT_NS_PID = 35,		/**< PID namespace, its inode number */
	KRSI_EVENT_NS_TIME = 36,	/**< time namespace, its inode number */
	KRSI_EVENT_NS_USER = 37,	/**< user namespace, its inode number */
	KRSI_EVENT_NS_UTS = 38,		/**< UTS namespace, its inode number */
	KRSI_EVENT_NS_TGID = 39,	/**< process, in its own PID namespace */

	/* of the object */
	KRSI_EVENT_INODE = 50,		/**< of the object */
	KRSI_EVENT_DEVICE = 51,		/**< of the object's file system: major << 20 | minor */
	KRSI_EVENT_MODE = 52,		/**< of the object, as in stat(2) */
	KRSI_EVENT_OWNER = 53,		/**< user who owns the object */
	KRSI_EVENT_FACTS = 54,		/**< bits of enum krsi_event_fact */
	KRSI_EVENT_FAMILY = 55,		/**< of the socket */
	KRSI_EVENT_PORT = 56,		/**< of the address */
	KRSI_EVENT_TARGET_PID = 57,	/**< process that is acted on */
	KRSI_EVENT_TARGET_START_TIME = 58,	/**< its start, ns of CLOCK_BOOTTIME */
	KRSI_EVENT_TARGET_COOKIE = 59,	/**< its cookie */
	KRSI_EVENT_SIGNAL_NUMBER = 60,	/**< signal that the subject sends */
	KRSI_EVENT_DIGEST_ALGORITHM = 61,	/**< algorithm of the digest, a number of linux/hash_info.h: 4 is SHA-256 */
	KRSI_EVENT_VERITY_ALGORITHM = 62,	/**< that of the digest of fs-verity, likewise */

	/* of an end, and of what is not there */
	KRSI_EVENT_EXIT_CODE = 70,	/**< as given to exit(2); absent when a signal ended it */
	KRSI_EVENT_EXIT_SIGNAL = 71,	/**< signal that ended it */
	KRSI_EVENT_RUN_TIME = 72,	/**< ns from its start to its end */
	KRSI_EVENT_ARGC = 73,		/**< how many strings of KRSI_EVENT_STRINGS are arguments */
	KRSI_EVENT_LOST_COUNT = 75,	/**< events that are missing here */
	KRSI_EVENT_LOST_CAUSE = 76,	/**< why they are: 1, or absent: no room in the kernel; 2: they could not be written to the recording */

	/* texts */
	KRSI_EVENT_PATH = 80,		/**< of the object */
	KRSI_EVENT_PATH2 = 81,		/**< of the second object, such as the new name of a rename */
	KRSI_EVENT_EXE = 82,		/**< program of the subject */
	KRSI_EVENT_UNIX_ADDRESS = 83,	/**< address of a unix socket; abstract ones begin with '@' */
	KRSI_EVENT_COMM = 84,		/**< the subject's name for itself */
	KRSI_EVENT_CWD = 85,		/**< working directory of the subject */
	KRSI_EVENT_CGROUP = 86,		/**< path of the cgroup in the unified hierarchy */
	KRSI_EVENT_POLICY = 87,		/**< name of the policy; in recordings only, elsewhere krsi_event_policy() */
	KRSI_EVENT_RULE = 88,		/**< name of the rule, likewise */
	KRSI_EVENT_CONTAINER_ID = 89,	/**< of the container, as its runtime names it; taken from the cgroup's path */
	KRSI_EVENT_CONTAINER_RUNTIME = 90,	/**< "docker", "containerd", "cri-o", "podman" or "systemd", from the same */
	KRSI_EVENT_SCRIPT = 91,		/**< script that the new program interprets, as execve(2) had it; absent when it interprets none */

	/* lists */
	KRSI_EVENT_ARGV = 100,		/**< arguments of the program that is executed; those that are whole when the list is cut */
	KRSI_EVENT_ENV = 101,		/**< what was asked for of its environment, likewise; absent when nothing was: see struct krsi_engine_opts */

	KRSI_EVENT_STRINGS = 102,	/**< both, one behind the other, as far as 8,192 bytes hold them */

	/* addresses */
	KRSI_EVENT_ADDRESS = 110,	/**< of a socket's other side, or of its own, as the operation has it */

	/* bytes */
	KRSI_EVENT_DIGEST = 115,	/**< digest of the executed file's content, as IMA computes it */
	KRSI_EVENT_VERITY_DIGEST = 116,	/**< its digest as fs-verity guarantees it: of a tree over the content, not of that itself */

	KRSI_EVENT_FIELD_END = 128	/**< no field of this version has a number like this or above */
};

/** What is to be said of a field: bits. */
enum krsi_event_text_flags {
	KRSI_EVENT_TEXT_CUT = 1,	/**< it was longer; of paths the end is there, of everything else the beginning */
	KRSI_EVENT_TEXT_FOREIGN = 2,	/**< a path of another mount namespace than the subject's */
	KRSI_EVENT_TEXT_DETACHED = 4,	/**< a path in a tree that is mounted nowhere, from that tree's root */
};

#endif
