/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the machine allows before any hook comes into it. */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "caps.h"
#include "errors.h"
#include "insn.h"
#include "lsm_list.h"
#include "probe.h"
#include "text.h"

#define SECURITYFS "/sys/kernel/security"
#define KERNEL_BTF "/sys/kernel/btf/vmlinux"
#define JIT_SYSCTL "/proc/sys/net/core/bpf_jit_enable"

/* Debian 12's headers are older than the call. The number is the same on every architecture. */
#ifndef SYS_lsm_list_modules
#define SYS_lsm_list_modules 461
#endif

/* A program of a kind that takes both capabilities to load and nothing else of the kernel. */
static int plain_load(struct krsi_probe *probe)
{
	const struct bpf_insn insns[] = {
		INSN_SET(BPF_REG_0, 0),
		INSN_RETURN(),
	};
	const struct krsi_priv_try try = {
		.type = BPF_PROG_TYPE_RAW_TRACEPOINT, .insns = insns, .count = INSN_COUNT(insns),
	};

	return krsi_priv_probe_load(probe, &try);
}

void krsi_priv_probe_capabilities(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	static const char fix[] = "run as root, or give the program CAP_BPF and CAP_PERFMON";
	char why[256];
	int fd = -EPERM;

	/* What is sure to be refused is not tried: it would only make noise in audit logs. */
	if (krsi_priv_caps_suffice())
		fd = plain_load(probe);
	if (fd >= 0) {
		close(fd);
		krsi_priv_probe_yes(probe, answer, "a program could be loaded");
	} else if (fd == -EPERM) {
		krsi_priv_eperm_explain(why, sizeof(why));
		krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_PERMITTED, krsi_priv_caps_suffice() ? "" : fix,
				   "this process may not load BPF programs: %s", why);
	} else if (fd == -ENOSYS) {
		krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_BUILT, "boot a kernel with CONFIG_BPF_SYSCALL=y",
				   "the system call bpf(2) gave ENOSYS: this kernel was built without it");
	} else {
		krsi_priv_probe_failed(probe, answer, fd, "loading a program of two instructions");
	}
}

/*
 * Lockdown's integrity mode forbids programs to write the memory of processes, which policies do
 * not do. Its confidentiality mode takes away every helper that reads kernel memory; programs then
 * still load if they follow typed pointers only.
 */
static int reading_load(struct krsi_probe *probe)
{
	const struct bpf_insn insns[] = {
		INSN_COPY(BPF_REG_1, BPF_REG_10),
		INSN_ADD(BPF_REG_1, -8),
		INSN_SET(BPF_REG_2, 8),
		INSN_SET(BPF_REG_3, 0),
		INSN_CALL(BPF_FUNC_probe_read_kernel),
		INSN_SET(BPF_REG_0, 0),
		INSN_RETURN(),
	};
	const struct krsi_priv_try try = {
		.type = BPF_PROG_TYPE_RAW_TRACEPOINT, .insns = insns, .count = INSN_COUNT(insns),
	};

	return krsi_priv_probe_load(probe, &try);
}

void krsi_priv_probe_lockdown(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	bool may_try = krsi_priv_probe_ask(probe, KRSI_FEATURE_CAPABILITIES), confidential;
	char mode[32];
	int fd = -EPERM;

	krsi_priv_lockdown_read(mode, sizeof(mode));
	confidential = strcmp(mode, "confidentiality") == 0;
	if (may_try)
		fd = reading_load(probe);
	if (fd >= 0)
		close(fd);
	if (fd < 0 && confidential)
		krsi_priv_probe_no(probe, answer, KRSI_REASON_LOCKED_DOWN,
				   "boot with lockdown=integrity; a running kernel's lockdown cannot be loosened",
				   "kernel lockdown is in confidentiality mode: programs that read kernel memory "
				   "(bpf_probe_read_kernel) are refused%s%s", may_try ? ", as was the one tried: " : "",
				   may_try ? krsi_priv_errno_name(fd) : "");
	else if (fd < 0 && may_try)
		krsi_priv_probe_failed(probe, answer, fd, "loading a program that calls bpf_probe_read_kernel");
	else if (strcmp(mode, "integrity") == 0)
		krsi_priv_probe_yes(probe, answer, "kernel lockdown is in integrity mode, which only stops programs from "
				    "writing the memory of processes");
	else if (*mode)
		krsi_priv_probe_yes(probe, answer, "kernel lockdown is in mode %s", mode);
	else if (may_try)
		krsi_priv_probe_yes(probe, answer, "a program that reads kernel memory could be loaded");
	else
		krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_CAPABILITIES);
}

static bool kernel_has_filesystem(const char *name)
{
	char list[4096], line[64];

	if (krsi_priv_file_read("/proc/filesystems", list, sizeof(list)) < 0)
		return true;	/* it would show a kernel without; nothing shows one */
	snprintf(line, sizeof(line), "\t%s", name);
	return strstr(list, line);
}

void krsi_priv_probe_securityfs(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	struct statfs fs;

	if (statfs(SECURITYFS, &fs) == 0 && fs.f_type == SECURITYFS_MAGIC) {
		if (access(SECURITYFS "/lsm", R_OK) == 0)
			krsi_priv_probe_yes(probe, answer, SECURITYFS " is mounted");
		else
			krsi_priv_probe_no(probe, answer, KRSI_REASON_UNKNOWN, "", SECURITYFS "/lsm cannot be read: %s",
					   krsi_priv_errno_name(errno));
	} else if (!kernel_has_filesystem("securityfs")) {
		krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_BUILT, "boot a kernel with CONFIG_SECURITYFS=y",
				   "this kernel has no securityfs");
	} else {
		krsi_priv_probe_no(probe, answer, KRSI_REASON_SWITCHED_OFF, "mount -t securityfs securityfs " SECURITYFS,
				   "securityfs is not mounted on " SECURITYFS);
	}
}

void krsi_priv_probe_lsm_syscalls(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	uint32_t bytes = 0;

	/* No room for an answer: a kernel that has the call says E2BIG. */
	if (syscall(SYS_lsm_list_modules, NULL, &bytes, 0) >= 0 || errno == E2BIG)
		krsi_priv_probe_yes(probe, answer, "lsm_list_modules(2) answers");
	else if (errno == ENOSYS && krsi_priv_kernel_version() >= answer->question->since)
		krsi_priv_probe_no(probe, answer, KRSI_REASON_UNKNOWN, "", "lsm_list_modules(2) gave ENOSYS on Linux %s, which has it: "
				   "a container's seccomp filter may hide it", probe->system.release);
	else
		krsi_priv_probe_failed(probe, answer, -errno, "lsm_list_modules(2)");
}

void krsi_priv_probe_btf(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	/* libbpf would look for other files too, and print to stderr; programs that attach need this one. */
	if (access(KERNEL_BTF, R_OK) != 0) {
		krsi_priv_probe_no(probe, answer, errno == ENOENT ? KRSI_REASON_NOT_BUILT : KRSI_REASON_UNKNOWN,
				   errno == ENOENT ? "boot a kernel with CONFIG_DEBUG_INFO_BTF=y" : "",
				   KERNEL_BTF " cannot be read: %s", krsi_priv_errno_name(errno));
		return;
	}
	probe->btf = btf__load_vmlinux_btf();
	if (probe->btf)
		krsi_priv_probe_yes(probe, answer, KERNEL_BTF " describes %u types", btf__type_cnt(probe->btf));
	else
		krsi_priv_probe_no(probe, answer, KRSI_REASON_UNKNOWN, "use a newer libbpf",
				   KERNEL_BTF " is not understood by libbpf: %s", krsi_priv_errno_name(errno));
}

void krsi_priv_probe_jit(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);
	char sysctl[16];
	int fd, err;

	if (!krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_CAPABILITIES))
		return;
	fd = plain_load(probe);
	err = fd < 0 ? fd : bpf_obj_get_info_by_fd(fd, &info, &size);
	if (fd >= 0)
		close(fd);
	if (err)
		krsi_priv_probe_failed(probe, answer, err, "loading a program and asking for its machine code");
	else if (info.jited_prog_len)
		krsi_priv_probe_yes(probe, answer, "a program was compiled to %u bytes of machine code", info.jited_prog_len);
	else if (krsi_priv_file_read(JIT_SYSCTL, sysctl, sizeof(sysctl)) > 0)
		krsi_priv_probe_no(probe, answer, KRSI_REASON_SWITCHED_OFF, "sysctl -w net.core.bpf_jit_enable=1",
				   "a program was loaded and not compiled; net.core.bpf_jit_enable is %s", sysctl);
	else
		krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_BUILT, "boot a kernel with CONFIG_BPF_JIT=y",
				   "a program was loaded and not compiled: this kernel has no BPF compiler");
}

void krsi_priv_probe_lsm_active(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	char fix[sizeof(probe->boot_line) + 16];

	if (krsi_priv_lsm_list_has(probe->lsm_list, "bpf")) {
		krsi_priv_probe_yes(probe, answer, "bpf is among the active security modules (%s)", probe->lsm_list);
	} else if (probe->lsm_list[0]) {
		snprintf(fix, sizeof(fix), "boot with %s", probe->boot_line);
		krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_BOOTED, fix,
				   "bpf is not among the active security modules (%s), so lsm/ programs would load and never be called",
				   probe->lsm_list);
	} else if (krsi_priv_probe_ask(probe, KRSI_FEATURE_LSM_RUNS)) {
		krsi_priv_probe_yes(probe, answer, "the list of security modules could not be read, but an lsm/ program was called");
	} else {
		krsi_priv_probe_no(probe, answer, KRSI_REASON_UNKNOWN, "mount -t securityfs securityfs " SECURITYFS,
				   "the list of active security modules could not be read");
	}
}
