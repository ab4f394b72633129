/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "policies.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/krsi.h>

#include "tool.h"

int policies_exit(int err)
{
	switch (err) {
	case -EBADMSG:
	case -E2BIG:
		return TOOL_POLICY;
	case -EOPNOTSUPP:
		return TOOL_UNSUPPORTED;
	default:
		return TOOL_FAILED;
	}
}

/* The library would say so too, but not in which files. */
static int names_check(char *const *paths, const struct policies *policies)
{
	size_t i, k;

	for (i = 0; i < policies->count; i++)
		for (k = 0; k < i; k++)
			if (strcmp(krsi_policy_name(policies->list[i]), krsi_policy_name(policies->list[k])) == 0) {
				tool_error("%s: its policy is called %s, as that of %s; give one of them another name", paths[i],
					   krsi_policy_name(policies->list[i]), paths[k]);
				return TOOL_POLICY;
			}
	return TOOL_OK;
}

int policies_read(struct krsi_ctx *ctx, char *const *paths, size_t count, uint32_t flags, struct policies *policies)
{
	const struct krsi_policy_opts opts = { .sz = sizeof(opts), .flags = flags };
	int code = TOOL_OK, err;
	size_t i;

	*policies = (struct policies){ .list = calloc(count + 1, sizeof(*policies->list)) };
	if (!policies->list) {
		tool_error("no memory");
		return TOOL_FAILED;
	}
	for (i = 0; i < count; i++) {
		err = krsi_policy_open(ctx, paths[i], &opts, &policies->list[policies->count]);
		if (!err) {
			policies->count++;
			continue;
		}
		tool_fail(ctx);
		/* That a file cannot be read counts more than what is wrong with another one. */
		if (code != TOOL_FAILED)
			code = policies_exit(err);
	}
	return code ? code : names_check(paths, policies);
}

void policies_free(struct policies *policies)
{
	while (policies->count)
		krsi_policy_free(policies->list[--policies->count]);
	free(policies->list);
	policies->list = NULL;
}
