/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The operations: what they are called, what can be said of their objects, and what else their word
 * means. Which hooks are behind each differs by kernel and is not told here.
 */
#include <stdio.h>
#include <string.h>

#include "language.h"

#define BIT(operation) KRSI_PRIV_OP_BIT(KRSI_PRIV_OP_##operation)
#define KEY(key) KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_##key)

#define FILE_KEYS (KEY(PATH) | KEY(IDENTITY) | KEY(TYPE) | KEY(OWNER) | KEY(MODE) | KEY(FILESYSTEM) | \
		   KEY(FACTS) | KEY(XATTR) | KEY(DIGEST_IMA) | KEY(DIGEST_FSVERITY))
#define ADDRESS_KEYS (KEY(FAMILY) | KEY(ADDRESS) | KEY(PORT) | KEY(UNIX_PATH))

/* Another name, under which a rule on the path would not find the file. */
#define ALIASES (BIT(FILE_RENAME) | BIT(FILE_LINK) | BIT(MOUNT_MOUNT) | BIT(MOUNT_MOVE))

/* Every way to change what a path leads to: its content, its attributes, or the path itself. */
#define CHANGES (ALIASES | BIT(FILE_APPEND) | BIT(FILE_CREATE) | BIT(FILE_UNLINK) | BIT(FILE_SYMLINK) | \
		 BIT(FILE_MKDIR) | BIT(FILE_RMDIR) | BIT(FILE_MKNOD) | BIT(FILE_TRUNCATE) | \
		 BIT(FILE_CHMOD) | BIT(FILE_CHOWN) | BIT(FILE_SETXATTR))

static const struct krsi_priv_operation operations[KRSI_PRIV_OP_END] = {
	[KRSI_PRIV_OP_NONE] = { .name = "" },
	[KRSI_PRIV_OP_PROCESS_EXEC] = { .name = "process.exec", .keys = FILE_KEYS | KEY(ARGV) | KEY(ENV) },
	[KRSI_PRIV_OP_PROCESS_SIGNAL] = { .name = "process.signal", .keys = KEY(TARGET) | KEY(SIGNAL) },
	[KRSI_PRIV_OP_PROCESS_PTRACE] = { .name = "process.ptrace", .keys = KEY(TARGET) },
	[KRSI_PRIV_OP_PROCESS_MEMORY_WRITE] = { .name = "process.memory_write", .keys = KEY(TARGET) },
	[KRSI_PRIV_OP_PROCESS_SETUID] = { .name = "process.setuid" },
	[KRSI_PRIV_OP_PROCESS_SETGID] = { .name = "process.setgid" },
	[KRSI_PRIV_OP_PROCESS_CAPSET] = { .name = "process.capset", .keys = KEY(CAPABILITY) },
	[KRSI_PRIV_OP_PROCESS_UNSHARE] = { .name = "process.unshare" },
	[KRSI_PRIV_OP_PROCESS_SETNS] = { .name = "process.setns", .flags = KRSI_PRIV_OP_NO_DENY },
	[KRSI_PRIV_OP_FILE_OPEN] = { .name = "file.open", .keys = FILE_KEYS, .flags = KRSI_PRIV_OP_STAYS_OPEN },
	[KRSI_PRIV_OP_FILE_READ] = { .name = "file.read", .keys = FILE_KEYS, .also = ALIASES, .flags = KRSI_PRIV_OP_STAYS_OPEN },
	[KRSI_PRIV_OP_FILE_WRITE] = { .name = "file.write", .keys = FILE_KEYS, .also = CHANGES, .flags = KRSI_PRIV_OP_STAYS_OPEN },
	[KRSI_PRIV_OP_FILE_APPEND] = { .name = "file.append", .keys = FILE_KEYS, .flags = KRSI_PRIV_OP_STAYS_OPEN },
	[KRSI_PRIV_OP_FILE_EXEC_MMAP] = { .name = "file.exec_mmap", .keys = FILE_KEYS, .flags = KRSI_PRIV_OP_STAYS_OPEN },
	[KRSI_PRIV_OP_FILE_MPROTECT_EXEC] = { .name = "file.mprotect_exec", .keys = FILE_KEYS },
	[KRSI_PRIV_OP_FILE_CREATE] = { .name = "file.create", .keys = FILE_KEYS },
	[KRSI_PRIV_OP_FILE_UNLINK] = { .name = "file.unlink", .keys = FILE_KEYS },
	[KRSI_PRIV_OP_FILE_RENAME] = { .name = "file.rename", .keys = FILE_KEYS },
	[KRSI_PRIV_OP_FILE_LINK] = { .name = "file.link", .keys = FILE_KEYS },
	[KRSI_PRIV_OP_FILE_SYMLINK] = { .name = "file.symlink", .keys = FILE_KEYS },
	[KRSI_PRIV_OP_FILE_MKDIR] = { .name = "file.mkdir", .keys = FILE_KEYS },
	[KRSI_PRIV_OP_FILE_RMDIR] = { .name = "file.rmdir", .keys = FILE_KEYS },
	[KRSI_PRIV_OP_FILE_MKNOD] = { .name = "file.mknod", .keys = FILE_KEYS },
	[KRSI_PRIV_OP_FILE_TRUNCATE] = { .name = "file.truncate", .keys = FILE_KEYS },
	[KRSI_PRIV_OP_FILE_CHMOD] = { .name = "file.chmod", .keys = FILE_KEYS },
	[KRSI_PRIV_OP_FILE_CHOWN] = { .name = "file.chown", .keys = FILE_KEYS },
	[KRSI_PRIV_OP_FILE_SETXATTR] = { .name = "file.setxattr", .keys = FILE_KEYS },
	[KRSI_PRIV_OP_FILE_IOCTL] = { .name = "file.ioctl", .keys = FILE_KEYS },
	[KRSI_PRIV_OP_NETWORK_SOCKET] = { .name = "network.socket", .keys = KEY(FAMILY) },
	[KRSI_PRIV_OP_NETWORK_BIND] = { .name = "network.bind", .keys = ADDRESS_KEYS },
	[KRSI_PRIV_OP_NETWORK_CONNECT] = { .name = "network.connect", .keys = ADDRESS_KEYS },
	[KRSI_PRIV_OP_NETWORK_LISTEN] = { .name = "network.listen", .keys = ADDRESS_KEYS },
	[KRSI_PRIV_OP_NETWORK_ACCEPT] = { .name = "network.accept", .keys = ADDRESS_KEYS },
	[KRSI_PRIV_OP_NETWORK_SEND] = { .name = "network.send", .keys = ADDRESS_KEYS },
	[KRSI_PRIV_OP_MOUNT_MOUNT] = { .name = "mount.mount", .keys = FILE_KEYS | KEY(MOUNT_SOURCE) | KEY(MOUNT_TARGET) | KEY(FSTYPE) },
	[KRSI_PRIV_OP_MOUNT_UMOUNT] = { .name = "mount.umount", .keys = FILE_KEYS | KEY(MOUNT_TARGET) | KEY(FSTYPE) },
	[KRSI_PRIV_OP_MOUNT_MOVE] = { .name = "mount.move", .keys = FILE_KEYS | KEY(MOUNT_SOURCE) | KEY(MOUNT_TARGET) | KEY(FSTYPE) },
	[KRSI_PRIV_OP_MOUNT_PIVOT_ROOT] = { .name = "mount.pivot_root", .keys = FILE_KEYS },
	[KRSI_PRIV_OP_MOUNT_REMOUNT] = { .name = "mount.remount", .keys = FILE_KEYS | KEY(MOUNT_TARGET) | KEY(FSTYPE) },
	[KRSI_PRIV_OP_KERNEL_MODULE_LOAD] = { .name = "kernel.module_load", .keys = FILE_KEYS | KEY(MODULE) },
	[KRSI_PRIV_OP_KERNEL_KEXEC] = { .name = "kernel.kexec", .keys = FILE_KEYS },
	[KRSI_PRIV_OP_KERNEL_BPF] = { .name = "kernel.bpf" },
	[KRSI_PRIV_OP_KERNEL_PERF] = { .name = "kernel.perf" },
	[KRSI_PRIV_OP_KERNEL_SETTIME] = { .name = "kernel.settime" },
};

_Static_assert(KRSI_PRIV_OP_END <= KRSI_PRIV_OP_OPENED, "a set of operations is one word, with the use of what they opened");
_Static_assert(KRSI_PRIV_OPS_OPENED(BIT(FILE_OPEN)) == BIT(FILE_OPEN_OPENED) && KRSI_PRIV_OPS_OPENED(BIT(FILE_READ)) == BIT(FILE_READ_OPENED) &&
	       KRSI_PRIV_OPS_OPENED(BIT(FILE_WRITE)) == BIT(FILE_WRITE_OPENED) && KRSI_PRIV_OPS_OPENED(BIT(FILE_APPEND)) == BIT(FILE_APPEND_OPENED),
	       "the use of what an operation opened is as far away for each");
_Static_assert(KRSI_PRIV_KEY_END <= 64, "a set of keys is one word");

/* All operations of that beginning, and what they mean as well. */
static const char *const groups[] = { "process", "file", "network", "mount", "kernel" };
#define GROUP_COUNT (sizeof(groups) / sizeof(groups[0]))

const struct krsi_priv_operation *krsi_priv_operation(unsigned int number)
{
	return &operations[number];
}

const char *krsi_priv_operation_word(size_t word)
{
	if (word < KRSI_PRIV_OP_END)
		return operations[word].name;
	word -= KRSI_PRIV_OP_END;
	return word < GROUP_COUNT ? groups[word] : NULL;
}

static const char *word_name(const void *list, size_t i)
{
	(void)list;
	return krsi_priv_operation_word(i + 1);
}

bool krsi_priv_operation_find(const char *name, size_t *word)
{
	const char *known;
	size_t i;

	for (i = 1; (known = krsi_priv_operation_word(i)); i++) {
		if (strcmp(known, name) != 0)
			continue;
		*word = i;
		return true;
	}
	return false;
}

struct krsi_priv_hint krsi_priv_operation_hint(const char *wrong)
{
	return krsi_priv_hint(wrong, word_name, NULL);
}

uint64_t krsi_priv_operation_mask(size_t word)
{
	const char *name = krsi_priv_operation_word(word);
	size_t size = strlen(name), i;
	uint64_t mask = 0;

	if (word < KRSI_PRIV_OP_END)
		return KRSI_PRIV_OP_BIT(word) | operations[word].also;
	for (i = 1; i < KRSI_PRIV_OP_END; i++)
		if (strncmp(operations[i].name, name, size) == 0 && operations[i].name[size] == '.')
			mask |= KRSI_PRIV_OP_BIT(i) | operations[i].also;
	return mask;
}

struct krsi_priv_names krsi_priv_operation_names(uint64_t mask)
{
	struct krsi_priv_names ret = { "" };
	size_t used = 0, left = (size_t)__builtin_popcountll(mask), told = 0, i;

	for (i = 1; i < KRSI_PRIV_OP_END && left; i++) {
		if (!(mask & KRSI_PRIV_OP_BIT(i)))
			continue;
		if (told == 4 && left > 1)
			break;
		used += (size_t)snprintf(ret.text + used, sizeof(ret.text) - used, "%s%s",
					 told == 0 ? "" : left == 1 ? " and " : ", ", operations[i].name);
		told++;
		left--;
	}
	if (left)
		snprintf(ret.text + used, sizeof(ret.text) - used, " and %zu more", left);
	return ret;
}
