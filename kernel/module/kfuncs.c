// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions for BPF LSM programs. See krsi.h for why nothing but forward declarations may
 * be seen here.
 */
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/module.h>

#include "compat.h"
#include "krsi.h"

__bpf_kfunc_start_defs();

/**
 * bpf_bprm_arg - one argument of the program that is about to start
 * @bprm: the hook's argument
 * @index: 0 is argv[0]
 * @buf: receives the argument, with a NUL
 * @buf__sz: size of @buf
 *
 * For hooks from bprm_creds_for_exec to bprm_committed_creds. Nobody but the kernel can
 * change the strings before the hook's verdict. For a script, bprm_check_security is called
 * once more for the interpreter, whose arguments these are then.
 *
 * Return: length with the NUL; -ENOENT past the last one; -E2BIG when @buf holds but its
 * beginning; -EINTR when the process is being killed; other errors of reading its memory.
 */
__bpf_kfunc int bpf_bprm_arg(struct linux_binprm *bprm, u32 index, char *buf, u32 buf__sz)
{
	return krsi_bprm_arg(bprm, index, buf, buf__sz);
}

/**
 * bpf_bprm_env - an environment variable of the program that is about to start
 * @bprm: the hook's argument
 * @name: its name, with a NUL
 * @name__sz: size of @name, not less than its length with the NUL
 * @buf: receives the value that getenv(3) would give, the first one, with a NUL
 * @buf__sz: size of @buf
 *
 * Return: how often it is set in the upper 32 bits, the first value's length with the NUL
 * in the lower ones; -ENOENT when it is not set; errors as of bpf_bprm_arg().
 */
__bpf_kfunc s64 bpf_bprm_env(struct linux_binprm *bprm, const char *name, u32 name__sz,
			     char *buf, u32 buf__sz)
{
	return krsi_bprm_env(bprm, name, name__sz, buf, buf__sz);
}

/**
 * bpf_lsm_audit - write an audit record
 * @msg: up to 1024 bytes, with a NUL
 * @msg__sz: size of @msg, not less than its length with the NUL
 *
 * The record is of type AUDIT_BPF, with op=lsm. The kernel itself adds which program
 * called, and for which process. The message is one field, in hexadecimal when it is not
 * plain, so it cannot look like another.
 *
 * Return: 0; -EOPNOTSUPP while audit is off; -EINVAL for an empty or endless message;
 * -EBUSY in an NMI; -ENOMEM when audit takes no record, for the lack of memory or because
 * its rules exclude this type.
 */
__bpf_kfunc int bpf_lsm_audit(const char *msg, u32 msg__sz)
{
	return krsi_audit(msg, msg__sz, _RET_IP_);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(krsi_kfunc_ids)
BTF_ID_FLAGS(func, bpf_bprm_arg, KF_SLEEPABLE | KRSI_KF_TRUSTED)
BTF_ID_FLAGS(func, bpf_bprm_env, KF_SLEEPABLE | KRSI_KF_TRUSTED)
BTF_ID_FLAGS(func, bpf_lsm_audit, KRSI_KF_ANYWHERE)
BTF_KFUNCS_END(krsi_kfunc_ids)

#ifdef KRSI_KFUNC_FILTER
static int kfunc_filter(const struct bpf_prog *prog, u32 id)
{
	if (krsi_prog_is_lsm(prog))
		return 0;
#ifndef MODULE
	/* The kernel asks about each of its own kfuncs. */
	if (!btf_id_set8_contains(&krsi_kfunc_ids, id))
		return 0;
#endif
	/*
	 * About a module's own kfuncs alone it asks the module, by numbers that are not
	 * always those of the set: types of a module's BTF are renumbered when it is
	 * loaded.
	 */
	return -EACCES;
}
#endif

static const struct btf_kfunc_id_set krsi_kfunc_set = {
	.owner = THIS_MODULE,
	.set = &krsi_kfunc_ids,
#ifdef KRSI_KFUNC_FILTER
	.filter = kfunc_filter,
#endif
};

int krsi_kfuncs_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_LSM, &krsi_kfunc_set);
}
