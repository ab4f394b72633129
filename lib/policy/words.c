/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Words that stand for numbers, ours and the kernel's. */
#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/hash_info.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "language.h"

#define ERRNO_END 256		/* no errno of any architecture's table is above it but MIPS's EDQUOT, 1133 */
#define SIGNAL_NAMED_END 32	/* signals from here on are for real time, and have numbers only */

const struct krsi_priv_word krsi_priv_words_type[] = {
	{ "regular", S_IFREG },
	{ "directory", S_IFDIR },
	{ "symlink", S_IFLNK },
	{ "block", S_IFBLK },
	{ "char", S_IFCHR },
	{ "fifo", S_IFIFO },
	{ "socket", S_IFSOCK },
	{ NULL, 0 },
};

const struct krsi_priv_word krsi_priv_words_facts[] = {
	{ "memfd", KRSI_PRIV_FACT_MEMFD },
	{ "unlinked", KRSI_PRIV_FACT_UNLINKED },
	{ "running", KRSI_PRIV_FACT_RUNNING },
	{ "setuid", KRSI_PRIV_FACT_SETUID },
	{ "tmpfs", KRSI_PRIV_FACT_TMPFS },
	{ "overlay-upper", KRSI_PRIV_FACT_OVERLAY_UPPER },
	{ NULL, 0 },
};

const struct krsi_priv_word krsi_priv_words_family[] = {
	{ "unix", AF_UNIX },
	{ "inet", AF_INET },
	{ "inet6", AF_INET6 },
	{ "netlink", AF_NETLINK },
	{ "packet", AF_PACKET },
	{ "vsock", AF_VSOCK },
	{ "alg", AF_ALG },
	{ "bluetooth", AF_BLUETOOTH },
	{ "can", AF_CAN },
	{ "key", AF_KEY },
	{ "rds", AF_RDS },
	{ "tipc", AF_TIPC },
	{ "xdp", AF_XDP },
	{ NULL, 0 },
};

const struct krsi_priv_word krsi_priv_words_capability[] = {
	{ "CAP_CHOWN", CAP_CHOWN },
	{ "CAP_DAC_OVERRIDE", CAP_DAC_OVERRIDE },
	{ "CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH },
	{ "CAP_FOWNER", CAP_FOWNER },
	{ "CAP_FSETID", CAP_FSETID },
	{ "CAP_KILL", CAP_KILL },
	{ "CAP_SETGID", CAP_SETGID },
	{ "CAP_SETUID", CAP_SETUID },
	{ "CAP_SETPCAP", CAP_SETPCAP },
	{ "CAP_LINUX_IMMUTABLE", CAP_LINUX_IMMUTABLE },
	{ "CAP_NET_BIND_SERVICE", CAP_NET_BIND_SERVICE },
	{ "CAP_NET_BROADCAST", CAP_NET_BROADCAST },
	{ "CAP_NET_ADMIN", CAP_NET_ADMIN },
	{ "CAP_NET_RAW", CAP_NET_RAW },
	{ "CAP_IPC_LOCK", CAP_IPC_LOCK },
	{ "CAP_IPC_OWNER", CAP_IPC_OWNER },
	{ "CAP_SYS_MODULE", CAP_SYS_MODULE },
	{ "CAP_SYS_RAWIO", CAP_SYS_RAWIO },
	{ "CAP_SYS_CHROOT", CAP_SYS_CHROOT },
	{ "CAP_SYS_PTRACE", CAP_SYS_PTRACE },
	{ "CAP_SYS_PACCT", CAP_SYS_PACCT },
	{ "CAP_SYS_ADMIN", CAP_SYS_ADMIN },
	{ "CAP_SYS_BOOT", CAP_SYS_BOOT },
	{ "CAP_SYS_NICE", CAP_SYS_NICE },
	{ "CAP_SYS_RESOURCE", CAP_SYS_RESOURCE },
	{ "CAP_SYS_TIME", CAP_SYS_TIME },
	{ "CAP_SYS_TTY_CONFIG", CAP_SYS_TTY_CONFIG },
	{ "CAP_MKNOD", CAP_MKNOD },
	{ "CAP_LEASE", CAP_LEASE },
	{ "CAP_AUDIT_WRITE", CAP_AUDIT_WRITE },
	{ "CAP_AUDIT_CONTROL", CAP_AUDIT_CONTROL },
	{ "CAP_SETFCAP", CAP_SETFCAP },
	{ "CAP_MAC_OVERRIDE", CAP_MAC_OVERRIDE },
	{ "CAP_MAC_ADMIN", CAP_MAC_ADMIN },
	{ "CAP_SYSLOG", CAP_SYSLOG },
	{ "CAP_WAKE_ALARM", CAP_WAKE_ALARM },
	{ "CAP_BLOCK_SUSPEND", CAP_BLOCK_SUSPEND },
	{ "CAP_AUDIT_READ", CAP_AUDIT_READ },
	{ "CAP_PERFMON", CAP_PERFMON },
	{ "CAP_BPF", CAP_BPF },
	{ "CAP_CHECKPOINT_RESTORE", CAP_CHECKPOINT_RESTORE },
	{ NULL, 0 },
};

const struct krsi_priv_word krsi_priv_words_algorithm[] = {
	{ "sha1", HASH_ALGO_SHA1 },
	{ "sha256", HASH_ALGO_SHA256 },
	{ "sha384", HASH_ALGO_SHA384 },
	{ "sha512", HASH_ALGO_SHA512 },
	{ NULL, 0 },
};

const struct krsi_priv_word krsi_priv_words_action[] = {
	{ "allow", KRSI_PRIV_ALLOW },
	{ "audit", KRSI_PRIV_AUDIT },
	{ "deny", KRSI_PRIV_DENY },
	{ "kill", KRSI_PRIV_SIGNAL },
	{ NULL, 0 },
};

const struct krsi_priv_word krsi_priv_words_mode[] = {
	{ "enforce", KRSI_POLICY_ENFORCE },
	{ "permissive", KRSI_POLICY_PERMISSIVE },
	{ NULL, 0 },
};

const struct krsi_priv_word krsi_priv_words_unresolved[] = {
	{ "deny", KRSI_PRIV_DENY },
	{ "audit", KRSI_PRIV_AUDIT },
	{ "allow", KRSI_PRIV_ALLOW },
	{ NULL, 0 },
};

const struct krsi_priv_word krsi_priv_words_boolean[] = {
	{ "true", 1 },
	{ "false", 0 },
	{ NULL, 0 },
};

const struct krsi_priv_word krsi_priv_words_report[] = {
	{ "true", KRSI_PRIV_REPORT_EVENT },
	{ "false", KRSI_PRIV_REPORT_NONE },
	{ "audit", KRSI_PRIV_REPORT_AUDIT },
	{ NULL, 0 },
};

bool krsi_priv_word_find(const struct krsi_priv_word *words, const char *name, uint32_t *number)
{
	for (; words->name; words++) {
		if (strcmp(words->name, name) != 0)
			continue;
		*number = words->number;
		return true;
	}
	return false;
}

const char *krsi_priv_word_name(const struct krsi_priv_word *words, uint32_t number)
{
	for (; words->name; words++)
		if (words->number == number)
			return words->name;
	return NULL;
}

static const char *word_at(const void *list, size_t i)
{
	const struct krsi_priv_word *words = list;

	return words[i].name;
}

struct krsi_priv_hint krsi_priv_word_hint(const struct krsi_priv_word *words, const char *wrong)
{
	return krsi_priv_hint(wrong, word_at, words);
}

bool krsi_priv_signal_find(const char *name, uint32_t *number)
{
	const char *known;
	uint32_t i;

	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (i = 1; i < SIGNAL_NAMED_END; i++) {
		known = krsi_priv_signal_name(i);
		if (!known || strcasecmp(known, name) != 0)
			continue;
		*number = i;
		return true;
	}
	return false;
}

const char *krsi_priv_signal_name(uint32_t number)
{
	return number && number < SIGNAL_NAMED_END ? sigabbrev_np((int)number) : NULL;
}

static const char *signal_at(const void *list, size_t i)
{
	(void)list;
	/* Every number up to the end has a name; should one have none, the list ends there. */
	return krsi_priv_signal_name((uint32_t)i + 1);
}

struct krsi_priv_hint krsi_priv_signal_hint(const char *wrong)
{
	return krsi_priv_hint(strncasecmp(wrong, "SIG", 3) == 0 ? wrong + 3 : wrong, signal_at, NULL);
}

bool krsi_priv_errno_find(const char *name, uint32_t *number)
{
	const char *known;
	int i;

	for (i = 1; i < ERRNO_END; i++) {
		known = strerrorname_np(i);
		if (!known || strcmp(known, name) != 0)
			continue;
		*number = (uint32_t)i;
		return true;
	}
	return false;
}

static const char *errno_at(const void *list, size_t i)
{
	int number;

	(void)list;
	for (number = 1; number < ERRNO_END; number++)
		if (strerrorname_np(number) && i-- == 0)
			return strerrorname_np(number);
	return NULL;
}

struct krsi_priv_hint krsi_priv_errno_hint(const char *wrong)
{
	return krsi_priv_hint(wrong, errno_at, NULL);
}
