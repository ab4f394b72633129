/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lsm_list.h"
#include "text.h"

/* Debian 12's headers are older than the call (Linux 6.8). The number is the same on every architecture. */
#ifndef SYS_lsm_list_modules
#define SYS_lsm_list_modules 461
#endif

#define MODULES_MAX 32

/* LSM_ID_* of linux/lsm.h, with the names that securityfs has for them. */
static const struct {
	uint64_t id;
	const char *name;
} modules[] = {
	{ 100, "capability" }, { 101, "selinux" }, { 102, "smack" }, { 103, "tomoyo" },
	{ 104, "apparmor" }, { 105, "yama" }, { 106, "loadpin" }, { 107, "safesetid" },
	{ 108, "lockdown" }, { 109, "bpf" }, { 110, "landlock" }, { 111, "ima" },
	{ 112, "evm" }, { 113, "ipe" },
};

static const char *module_name(uint64_t id)
{
	size_t i;

	for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (modules[i].id == id)
			return modules[i].name;
	return "unknown";
}

int krsi_priv_lsm_list(char *text, size_t size)
{
	uint32_t bytes = MODULES_MAX * sizeof(uint64_t);
	uint64_t ids[MODULES_MAX];
	size_t used = 0;
	long i, count;

	if (krsi_priv_file_read("/sys/kernel/security/lsm", text, size) > 0)
		return 0;
	text[0] = '\0';
	count = syscall(SYS_lsm_list_modules, ids, &bytes, 0);
	if (count < 0)
		return -errno;
	for (i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? "," : "", module_name(ids[i]));
	return 0;
}

bool krsi_priv_lsm_list_has(const char *list, const char *module)
{
	size_t len;

	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (strlen(module) == len && strncmp(list, module, len) == 0)
			return true;
	}
	return false;
}

/*
 * Kernels before 6.9 have a module "integrity" that is active without being in the list. A boot line
 * without it makes a machine with an IMA rule panic ("lsm=integrity required", seen on 6.1).
 */
static bool integrity_is_hidden(const char *list)
{
	return access("/sys/kernel/security/integrity", F_OK) == 0 && !krsi_priv_lsm_list_has(list, "integrity") &&
	       !krsi_priv_lsm_list_has(list, "ima") && !krsi_priv_lsm_list_has(list, "evm");
}

void krsi_priv_lsm_boot_line(const char *list, char *text, size_t size)
{
	const char *end = integrity_is_hidden(list) ? "integrity,bpf" : "bpf";
	size_t len, used;

	text[0] = '\0';
	if (!*list || krsi_priv_lsm_list_has(list, "bpf"))
		return;
	used = (size_t)snprintf(text, size, "lsm=");
	for (; *list && used < size; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (strncmp(list, "capability", len) != 0 || len != strlen("capability"))
			used += (size_t)snprintf(text + used, size - used, "%.*s,", (int)len, list);
	}
	if (used < size)
		snprintf(text + used, size - used, "%s", end);
}
