/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Made-up machines for tests of the probe: every question that would go to the kernel is answered here, and what stands
 * in /sys/kernel/security/krsi comes from a directory of the test's.
 */
#ifndef KRSI_TESTS_PROBE_MACHINE_H
#define KRSI_TESTS_PROBE_MACHINE_H

#include "unit.h"
#include "text.h"

#define MODULES "lockdown,capability,yama,apparmor"

/* The machine that the probe sees. A fresh one has everything. */
extern struct machine {
	bool real_caps;			/* ask the kernel what this process may do */
	bool no_caps;
	bool no_btf;
	bool no_kfuncs;
	bool no_path_hooks;
	bool no_module_types;		/* of krsi.ko */
	bool no_sysadmin;		/* CAP_SYS_ADMIN */
	int seal_errno;			/* what the seal file says to a descriptor that is none; 0: it takes it */
	bool never_calls;		/* what is attached is not called */
	bool not_compiled;
	unsigned int version;
	const char *modules;
	const char *lockdown;
	int load_error;			/* of every program */
	int attach_error;
	int refused_helper;		/* programs that call it do not load */
	uint32_t refused_flags;		/* programs with these flags do not load */
	int refused_map;
	unsigned int loop_result;
	/* what it has seen */
	int loads, maps[64], attached, other_calls;
	int seals;
	int module_calls;		/* programs that call functions of a module */
} machine;

/* cmocka's setup and teardown of a case. */
int machine_setup(void **state);
int machine_teardown(void **state);

/* Write a file of the additions' directory. */
void addition_make(const char *name, const char *text);

/* What the module has there, and a patched kernel, with what its file enforce says. */
void module_make(void);
void patches_make(const char *enforce);

/* A probe of the machine, and one of its answers. */
struct krsi_probe *machine_probe(struct krsi_ctx *ctx);
struct krsi_feature_info machine_feature(const struct krsi_probe *probe, uint32_t number);
void machine_assert_no(const struct krsi_probe *probe, uint32_t number, uint32_t reason, const char *words);

#endif
