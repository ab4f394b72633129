/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels these files are built for, 6.1 to 7.3.
 */
#ifndef KRSI_COMPAT_H
#define KRSI_COMPAT_H

#include <linux/version.h>

#ifndef __bpf_kfunc
#define __bpf_kfunc __used noinline
#endif

#ifndef __bpf_kfunc_start_defs
#define __bpf_kfunc_start_defs()					\
	__diag_push();							\
	__diag_ignore_all("-Wmissing-prototypes", "kfuncs are found through BTF")
#define __bpf_kfunc_end_defs() __diag_pop()
#endif

#ifndef BTF_KFUNCS_START
#define BTF_KFUNCS_START(name) BTF_SET8_START(name)
#define BTF_KFUNCS_END(name) BTF_SET8_END(name)
#endif

/*
 * "The pointer is the hook's own argument": a flag from 6.3 on, understood from 7.0 on.
 * Before 6.3 the flag meant "reference counted" and refused just these arguments.
 */
#if defined(KF_TRUSTED_ARGS) && LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define KRSI_KF_TRUSTED KF_TRUSTED_ARGS
#else
#define KRSI_KF_TRUSTED 0
#endif

/*
 * From 6.5 on a set of kfuncs can be kept for one type of program. Before, every tracing
 * program may call them, under locks that the callee wants to take too; a sleepable program
 * holds none.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define KRSI_KFUNC_FILTER 1
#define KRSI_KF_ANYWHERE 0
#else
#define KRSI_KF_ANYWHERE KF_SLEEPABLE
#endif

#endif
