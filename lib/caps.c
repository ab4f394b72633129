/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "text.h"

/* Kernels charge BPF memory to the cgroup, not to memlock, since 5.11 (commit 97306be45fbe and its series). */
#define MEMLOCK_UNUSED_SINCE KRSI_PRIV_KERNEL(5, 11)

bool krsi_priv_cap_held(int cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &head, data) < 0)
		return false;
	return data[cap / 32].effective & (1u << (cap % 32));
}

bool krsi_priv_caps_suffice(void)
{
	return krsi_priv_cap_held(CAP_SYS_ADMIN) ||
	       (krsi_priv_cap_held(CAP_BPF) && krsi_priv_cap_held(CAP_PERFMON));
}

void krsi_priv_lockdown_read(char *mode, size_t size)
{
	char text[128], *open, *close;

	mode[0] = '\0';
	if (krsi_priv_file_read("/sys/kernel/security/lockdown", text, sizeof(text)) < 0)
		return;
	open = strchr(text, '[');
	close = open ? strchr(open, ']') : NULL;
	if (!close)
		return;
	*close = '\0';
	snprintf(mode, size, "%s", open + 1);
}

/* Whether it is not the first user namespace: capabilities of others do not count for bpf(2). */
static bool user_namespace_is_nested(void)
{
	unsigned int inner, outer, count;
	char text[128];

	if (krsi_priv_file_read("/proc/self/uid_map", text, sizeof(text)) < 0 ||
	    sscanf(text, "%u %u %u", &inner, &outer, &count) != 3)
		return false;
	return inner != 0 || outer != 0 || count != UINT32_MAX;
}

static bool seccomp_filters(void)
{
	char text[4096], *line;

	if (krsi_priv_file_read("/proc/self/status", text, sizeof(text)) < 0)
		return false;
	line = strstr(text, "\nSeccomp:\t");
	return line && line[strlen("\nSeccomp:\t")] == '2';
}

static bool memlock_explain(char *text, size_t size)
{
	struct rlimit memlock;

	if (krsi_priv_kernel_version() >= MEMLOCK_UNUSED_SINCE || getrlimit(RLIMIT_MEMLOCK, &memlock) != 0 ||
	    memlock.rlim_cur == RLIM_INFINITY)
		return false;
	snprintf(text, size, "this kernel counts BPF memory against RLIMIT_MEMLOCK, which is %llu bytes; "
		 "raise it (ulimit -l unlimited, LimitMEMLOCK=infinity) or hold CAP_SYS_RESOURCE",
		 (unsigned long long)memlock.rlim_cur);
	return true;
}

/* Reasons that have nothing to do with which capabilities are held. */
static void held_explain(char *text, size_t size)
{
	char lockdown[32];

	if (user_namespace_is_nested()) {
		snprintf(text, size, "this process is in a user namespace of its own, whose capabilities do not count for bpf(2); "
			 "run it in the first one (a privileged container without user namespaces)");
		return;
	}
	if (memlock_explain(text, size))
		return;
	krsi_priv_lockdown_read(lockdown, sizeof(lockdown));
	if (lockdown[0] && strcmp(lockdown, "none") != 0)
		snprintf(text, size, "kernel lockdown is in %s mode", lockdown);
	else if (seccomp_filters())
		snprintf(text, size, "a seccomp filter is in force for this process, as container engines put one on that forbids bpf(2); "
			 "allow it there (SystemCallFilter= of systemd, --security-opt seccomp= of Docker and Podman)");
	else
		snprintf(text, size, "the kernel gave no reason; another security module, a user namespace or seccomp may forbid bpf(2)");
}

void krsi_priv_eperm_explain(char *text, size_t size)
{
	static const char sysctl[] = "/proc/sys/kernel/unprivileged_bpf_disabled";
	char disabled[16];
	int used;

	if (krsi_priv_caps_suffice()) {
		held_explain(text, size);
		return;
	}
	used = snprintf(text, size, "it needs CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN); missing: %s%s%s",
			krsi_priv_cap_held(CAP_BPF) ? "" : "CAP_BPF",
			!krsi_priv_cap_held(CAP_BPF) && !krsi_priv_cap_held(CAP_PERFMON) ? ", " : "",
			krsi_priv_cap_held(CAP_PERFMON) ? "" : "CAP_PERFMON");
	if ((size_t)used < size && krsi_priv_file_read(sysctl, disabled, sizeof(disabled)) > 0 && strcmp(disabled, "0") != 0)
		snprintf(text + used, size - (size_t)used, "; kernel.unprivileged_bpf_disabled is %s, and no value of it makes up for them", disabled);
}

void krsi_priv_eperm_admin_explain(char *text, size_t size)
{
	if (krsi_priv_cap_held(CAP_SYS_ADMIN))
		held_explain(text, size);
	else
		snprintf(text, size, "it needs CAP_SYS_ADMIN, which is missing");
}
