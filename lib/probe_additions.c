/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What Linux itself does not have: libkrsi's patches or its module bring it, and tell of it in
 * /sys/kernel/security/krsi. That a word stands there is not believed: functions are called by a program that
 * is loaded, and the seal file is asked to seal what is no link.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "caps.h"
#include "errors.h"
#include "insn.h"
#include "probe.h"
#include "text.h"

/* Older kernels have no functions for LSM programs that a module could add to. */
#define SINCE KRSI_PRIV_KERNEL(6, 1)

/* --- what there is -------------------------------------------------------- */

static const struct krsi_additions_info *additions(struct krsi_probe *probe)
{
	int err = 0;

	if (!probe->additions_read)
		err = krsi_priv_additions_read(&probe->additions, probe->additions_why, sizeof(probe->additions_why));
	probe->additions_read = true;
	probe->no_memory |= err == -ENOMEM;
	return &probe->additions.info;
}

/* Nothing of it is there, or not this. `bit`: enum krsi_addition. */
static void absent(struct krsi_probe *probe, struct krsi_priv_answer *answer, uint32_t bit)
{
	bool module_has = bit & (KRSI_ADDITION_SEAL | KRSI_ADDITION_ARGV | KRSI_ADDITION_AUDIT);
	const char *what = answer->question->what;

	if (*probe->additions_why)
		krsi_priv_probe_no(probe, answer, KRSI_REASON_UNKNOWN, "", "%s could not be tried: %s", what, probe->additions_why);
	else if (krsi_priv_kernel_version() < SINCE)
		krsi_priv_probe_no(probe, answer, KRSI_REASON_TOO_OLD, "boot Linux 6.1 or newer",
				   "%s: libkrsi's module and patches need Linux 6.1, and this is %s", what, probe->system.release);
	else if (module_has)
		krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_MAINLINE, "load libkrsi's module krsi.ko (docs/kernel.md), as root",
				   "Linux does not have it: %s", what);
	else
		krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_MAINLINE, "boot a kernel that was built with libkrsi's patches (docs/kernel.md)",
				   "Linux does not have it, and no module can bring it: %s", what);
}

/* Whether the kernel says that it has it; if not, that is the answer. */
static bool has(struct krsi_probe *probe, struct krsi_priv_answer *answer, uint32_t bit)
{
	if (additions(probe)->features & bit)
		return true;
	absent(probe, answer, bit);
	return false;
}

/* The same for what not everybody may read. */
static bool has_readable(struct krsi_probe *probe, struct krsi_priv_answer *answer, uint32_t bit)
{
	if (!has(probe, answer, bit))
		return false;
	if (additions(probe)->readable & bit)
		return true;
	krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_PERMITTED, "run as root", "%s: only root may read its files in %s",
			   answer->question->what, krsi_priv_additions_dir);
	return false;
}

static const char *origin_word(const struct krsi_probe *probe)
{
	return probe->additions.info.origin == KRSI_ORIGIN_MODULE ? "krsi.ko" : "this kernel's patches";
}

/* Call after the answer was given. */
static void origin_set(const struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	if (answer->available)
		answer->origin = probe->additions.info.origin;
}

/* --- functions ------------------------------------------------------------ */

/* Functions of one place: the kernel itself, or the module. */
struct functions {
	struct btf *module;	/* NULL: the kernel's own */
	int fds[2];		/* the second are the module's types */
};

/* A descriptor of the types of a module, or -errno. It takes CAP_SYS_ADMIN. */
static int module_btf_open(const char *module)
{
	struct bpf_btf_info info;
	char name[64];
	uint32_t id = 0, size;
	int fd;

	while (bpf_btf_get_next_id(id, &id) == 0) {
		fd = bpf_btf_get_fd_by_id(id);
		if (fd == -ENOENT)
			continue;
		if (fd < 0)
			return fd;
		info = (struct bpf_btf_info){ .name = (uintptr_t)name, .name_len = sizeof(name) };
		size = sizeof(info);
		if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.kernel_btf && strcmp(name, module) == 0)
			return fd;
		close(fd);
	}
	return errno == ENOENT ? -ENOENT : -errno;
}

static void functions_close(struct functions *functions)
{
	btf__free(functions->module);
	if (functions->fds[1] >= 0)
		close(functions->fds[1]);
}

static bool functions_open(struct krsi_probe *probe, struct krsi_priv_answer *answer, struct functions *functions)
{
	*functions = (struct functions){ .fds = { -1, -1 } };
	if (probe->additions.info.origin != KRSI_ORIGIN_MODULE)
		return true;
	if (!krsi_priv_cap_held(CAP_SYS_ADMIN)) {
		krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_PERMITTED, "run as root, or give the program CAP_SYS_ADMIN",
				   "%s: programs that call functions of a module can be loaded with CAP_SYS_ADMIN only", answer->question->what);
		return false;
	}
	functions->module = btf__load_module_btf("krsi", probe->btf);
	functions->fds[1] = functions->module ? module_btf_open("krsi") : -errno;
	if (functions->fds[1] >= 0)
		return true;
	krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_BUILT, "build krsi.ko where the kernel's headers have a file vmlinux: docs/kernel.md",
			   "%s: krsi.ko has no type information: %s", answer->question->what, krsi_priv_errno_name(functions->fds[1]));
	btf__free(functions->module);
	return false;
}

static uint32_t function_find(const struct krsi_probe *probe, const struct functions *functions, const char *name)
{
	int id;

	if (!functions->module)
		return krsi_priv_probe_function(probe, name);
	id = btf__find_by_name_kind(functions->module, name, BTF_KIND_FUNC);
	return id > 0 ? (uint32_t)id : 0;
}

/* A program on the hook of an execution that calls functions of `functions`. */
static struct krsi_priv_try functions_try(const struct functions *functions, const struct bpf_insn *insns, size_t count, uint32_t flags)
{
	return (struct krsi_priv_try){
		.type = BPF_PROG_TYPE_LSM, .attach_type = BPF_LSM_MAC, .flags = flags,
		.target = "bpf_lsm_bprm_check_security", .insns = insns, .count = count,
		.btf_fds = functions->module ? functions->fds : NULL,
	};
}

/* Load such a program. */
static void functions_judge(struct krsi_probe *probe, struct krsi_priv_answer *answer, const struct functions *functions,
			    const struct bpf_insn *insns, size_t count, const char *what)
{
	const struct krsi_priv_try try = functions_try(functions, insns, count, BPF_F_SLEEPABLE);
	char program[96];

	snprintf(program, sizeof(program), "a program that calls %s", what);
	if (krsi_priv_probe_loads(probe, answer, &try, program))
		krsi_priv_probe_yes(probe, answer, "%s of %s could be loaded", program, origin_word(probe));
	origin_set(probe, answer);
}

/* Whether functions can be tried at all; if not, that is the answer. Ends with functions_close(). */
static bool functions_begin(struct krsi_probe *probe, struct krsi_priv_answer *answer, uint32_t bit, struct functions *functions)
{
	return has(probe, answer, bit) && krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_LSM_SLEEPABLE) &&
	       functions_open(probe, answer, functions);
}

void krsi_priv_probe_argv(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	struct functions functions;

	if (!functions_begin(probe, answer, KRSI_ADDITION_ARGV, &functions))
		return;
	/* Argument 0, and the variable "A", to eight bytes of the stack; the name is on it too. */
	const short place = functions.module ? 1 : 0;
	const struct bpf_insn insns[] = {
		INSN_READ(BPF_REG_6, BPF_REG_1, 0),
		INSN_WRITE(BPF_REG_10, -8, 0),
		INSN_WRITE(BPF_REG_10, -16, 'A'),
		INSN_COPY(BPF_REG_1, BPF_REG_6),
		INSN_SET(BPF_REG_2, 0),
		INSN_COPY(BPF_REG_3, BPF_REG_10),
		INSN_ADD(BPF_REG_3, -8),
		INSN_SET(BPF_REG_4, 8),
		INSN_CALL_KFUNC_OF(function_find(probe, &functions, "bpf_bprm_arg"), place),
		INSN_COPY(BPF_REG_1, BPF_REG_6),
		INSN_COPY(BPF_REG_2, BPF_REG_10),
		INSN_ADD(BPF_REG_2, -16),
		INSN_SET(BPF_REG_3, 8),
		INSN_COPY(BPF_REG_4, BPF_REG_10),
		INSN_ADD(BPF_REG_4, -8),
		INSN_SET(BPF_REG_5, 8),
		INSN_CALL_KFUNC_OF(function_find(probe, &functions, "bpf_bprm_env"), place),
		INSN_SET(BPF_REG_0, 0),
		INSN_RETURN(),
	};

	functions_judge(probe, answer, &functions, insns, INSN_COUNT(insns), "bpf_bprm_arg and bpf_bprm_env");
	functions_close(&functions);
}

#define AUDIT_INSNS(probe, functions) {											\
	INSN_WRITE(BPF_REG_10, -8, 'A'),											\
	INSN_COPY(BPF_REG_1, BPF_REG_10),											\
	INSN_ADD(BPF_REG_1, -8),												\
	INSN_SET(BPF_REG_2, 8),													\
	INSN_CALL_KFUNC_OF(function_find((probe), (functions), "bpf_lsm_audit"), (functions)->module ? 1 : 0),			\
	INSN_SET(BPF_REG_0, 0),													\
	INSN_RETURN(),														\
}

void krsi_priv_probe_audit_record(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	struct functions functions;

	if (!functions_begin(probe, answer, KRSI_ADDITION_AUDIT, &functions))
		return;
	const struct bpf_insn insns[] = AUDIT_INSNS(probe, &functions);

	functions_judge(probe, answer, &functions, insns, INSN_COUNT(insns), "bpf_lsm_audit");
	functions_close(&functions);
}

static bool audits_anywhere(struct krsi_probe *probe)
{
	static const struct krsi_priv_question question = { .what = "audit records" };
	struct krsi_priv_answer answer = { .question = &question };
	struct functions functions;
	int fd = -1;

	probe->btf = btf__load_vmlinux_btf();
	if (functions_open(probe, &answer, &functions)) {
		const struct bpf_insn insns[] = AUDIT_INSNS(probe, &functions);
		const struct krsi_priv_try try = functions_try(&functions, insns, INSN_COUNT(insns), 0);

		fd = krsi_priv_probe_load(probe, &try);
		functions_close(&functions);
	}
	if (fd >= 0)
		close(fd);
	free(answer.sentence);
	free(answer.fix);
	btf__free(probe->btf);
	return fd >= 0;
}

bool krsi_priv_probe_audits_anywhere(struct krsi_ctx *ctx)
{
	struct krsi_probe *probe = calloc(1, sizeof(*probe));
	bool ret = false;

	if (!probe)
		return false;
	probe->ctx = ctx;
	if (additions(probe)->features & KRSI_ADDITION_AUDIT)
		ret = audits_anywhere(probe);
	krsi_priv_additions_clear(&probe->additions);
	free(probe);
	return ret;
}

/* --- files ---------------------------------------------------------------- */

/* Ask the seal file to seal descriptor -1: 0 when it says that there is none, or -errno. */
static int seal_try(void)
{
	char path[512];
	int fd, err;

	snprintf(path, sizeof(path), "%s/seal", krsi_priv_additions_dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = write(fd, "-1", 2) < 0 ? -errno : -EIO;
	close(fd);
	return err == -EBADF ? 0 : err;
}

void krsi_priv_probe_seal(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	int err;

	if (!has(probe, answer, KRSI_ADDITION_SEAL))
		return;
	err = seal_try();
	if (!err)
		krsi_priv_probe_yes(probe, answer, "%s can seal links, and %u are sealed", origin_word(probe), probe->additions.info.sealed);
	else if (err == -EACCES || err == -EPERM)
		krsi_priv_probe_no(probe, answer, KRSI_REASON_NOT_PERMITTED, "run as root with CAP_MAC_ADMIN",
				   "this process may not write to %s/seal: %s", krsi_priv_additions_dir, krsi_priv_errno_name(err));
	else
		krsi_priv_probe_failed(probe, answer, err, "writing a descriptor that is none to the seal file");
	origin_set(probe, answer);
}

void krsi_priv_probe_hooks_view(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	if (has_readable(probe, answer, KRSI_ADDITION_HOOKS))
		krsi_priv_probe_yes(probe, answer, "%s/hooks lists %u programs", krsi_priv_additions_dir, probe->additions.info.programs);
	origin_set(probe, answer);
}

void krsi_priv_probe_enforce_switch(struct krsi_probe *probe, struct krsi_priv_answer *answer)
{
	const struct krsi_additions_info *info = additions(probe);

	if (!has_readable(probe, answer, KRSI_ADDITION_ENFORCE))
		return;
	if (info->enforcing == KRSI_SWITCH_PERMISSIVE)
		krsi_priv_probe_yes(probe, answer, "the kernel is permissive: %llu refusals of programs were counted and not carried out",
				    (unsigned long long)info->denials);
	else
		krsi_priv_probe_yes(probe, answer, "the kernel is enforcing: what programs refuse is refused");
	origin_set(probe, answer);
}
