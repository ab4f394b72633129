/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * krsi run --seal: what is in force stays in force until the next boot. What would take it out of force again by way
 * of this process, its end and SIGHUP, then does not: or root would be held back by nothing.
 */
#include <libkrsi/krsi.h>

#include "run.h"
#include "tool.h"

int run_seal_check(const struct run *run)
{
	struct krsi_additions_info info = { .sz = sizeof(info) };
	struct krsi_additions *additions;
	int err;

	if (!run->seal)
		return TOOL_OK;
	err = krsi_additions_new(run->ctx, &additions);
	if (err) {
		tool_fail(run->ctx);
		return policies_exit(err);
	}
	krsi_additions_info(additions, &info);
	krsi_additions_free(additions);
	if (info.features & KRSI_ADDITION_SEAL)
		return TOOL_OK;
	tool_error("--seal: Linux has nothing to seal programs with; load libkrsi's module krsi.ko, or boot a kernel with libkrsi's patches: "
		   "see kernel.md of the documentation");
	return TOOL_UNSUPPORTED;
}

int run_seal(struct run *run)
{
	int err;

	if (!run->seal)
		return TOOL_OK;
	err = krsi_engine_seal(run->engine);
	if (!err) {
		run->sealed = true;
		return TOOL_OK;
	}
	tool_fail(run->ctx);
	/* Programs that are sealed already stay, and must not go on with half of a policy. */
	if (krsi_engine_apply(run->engine, NULL, 0))
		tool_fail(run->ctx);
	return policies_exit(err);
}
