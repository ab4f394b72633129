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

void krsi_priv_eperm_explain(char *text, size_t size)
{
	struct rlimit memlock;
	char lockdown[32];

	if (!krsi_priv_caps_suffice()) {
		snprintf(text, size, "it needs CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN); missing: %s%s%s",
			 krsi_priv_cap_held(CAP_BPF) ? "" : "CAP_BPF",
			 !krsi_priv_cap_held(CAP_BPF) && !krsi_priv_cap_held(CAP_PERFMON) ? ", " : "",
			 krsi_priv_cap_held(CAP_PERFMON) ? "" : "CAP_PERFMON");
		return;
	}
	if (krsi_priv_kernel_version() < MEMLOCK_UNUSED_SINCE &&
	    getrlimit(RLIMIT_MEMLOCK, &memlock) == 0 && memlock.rlim_cur != RLIM_INFINITY) {
		snprintf(text, size, "this kernel counts BPF memory against RLIMIT_MEMLOCK, which is %llu bytes; "
			 "raise it (ulimit -l unlimited, LimitMEMLOCK=infinity) or hold CAP_SYS_RESOURCE",
			 (unsigned long long)memlock.rlim_cur);
		return;
	}
	krsi_priv_lockdown_read(lockdown, sizeof(lockdown));
	if (lockdown[0] && strcmp(lockdown, "none") != 0) {
		snprintf(text, size, "kernel lockdown is in %s mode", lockdown);
		return;
	}
	snprintf(text, size, "the kernel gave no reason; another security module, a user namespace or seccomp may forbid bpf(2)");
}
