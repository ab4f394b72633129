/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Families of hooks that a kernel can be built without, and the option that brings them. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hook.h"

static const struct {
	const char *prefix, *option;
} families[] = {
	{ "path_", "CONFIG_SECURITY_PATH" },
	{ "socket_", "CONFIG_SECURITY_NETWORK" },
	{ "unix_", "CONFIG_SECURITY_NETWORK" },
	{ "xfrm_", "CONFIG_SECURITY_NETWORK_XFRM" },
	{ "ib_", "CONFIG_SECURITY_INFINIBAND" },
	{ "key_", "CONFIG_KEYS" },
	{ "uring_", "CONFIG_IO_URING" },
};

static bool has_family(const char *prefix, krsi_priv_name_fn name, const void *list)
{
	const char *hook;
	size_t i;

	for (i = 0; (hook = name(list, i)); i++)
		if (strncmp(hook, prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

const char *krsi_priv_hook_option(const char *hook, krsi_priv_name_fn name, const void *list)
{
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (strncmp(hook, families[i].prefix, strlen(families[i].prefix)) == 0)
			return has_family(families[i].prefix, name, list) ? NULL : families[i].option;
	return NULL;
}

void krsi_priv_hook_missing_explain(const char *hook, krsi_priv_name_fn name, const void *list, char *text, size_t size)
{
	const char *option = krsi_priv_hook_option(hook, name, list);

	if (option)
		snprintf(text, size, ", nor any of its kind: they come with %s=y, without which it was built", option);
	else
		krsi_priv_suggest(hook, name, list, text, size);
}
