/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Digests of what is executed: what of it this kernel has, and the room that they take. */
#include <errno.h>

#include <libkrsi/object.h>
#include <libkrsi/probe.h>

#include "../ctx.h"
#include "engine.h"
#include "programs.h"

#define TASKS 1024		/* that execute something at once, and have failed to lately */

/* As enum digest_source of bpf/engine/digest.bpf.h. */
enum source {
	SOURCE_IMA = 1,
	SOURCE_VERITY = 2,
};

static const char *why_not(const struct krsi_probe *probe, uint32_t feature, struct krsi_feature_info *info)
{
	return krsi_probe_feature(probe, feature, info) == 0 && info->sentence ? info->sentence : "not known why";
}

int krsi_priv_digests_probe(struct krsi_engine *engine)
{
	struct krsi_feature_info ima = { .sz = sizeof(ima) }, verity = { .sz = sizeof(verity) };
	struct krsi_probe *probe;
	int err;

	if (!(engine->opts.flags & KRSI_ENGINE_DIGESTS))
		return 0;
	if (engine->backend != KRSI_ENGINE_LSM)
		return krsi_priv_fail(engine->ctx, -EOPNOTSUPP, "engine: digests are computed by programs that sleep, which the backend fmod_ret cannot have; "
				      "leave out KRSI_ENGINE_DIGESTS, or boot with bpf among the active security modules");
	err = krsi_probe_new(engine->ctx, &probe);
	if (err)
		return err;
	engine->digest_sources = (krsi_probe_has(probe, KRSI_FEATURE_IMA_HASH) ? SOURCE_IMA : 0) |
				 (krsi_probe_has(probe, KRSI_FEATURE_FSVERITY) ? SOURCE_VERITY : 0);
	if (!engine->digest_sources)
		err = krsi_priv_fail(engine->ctx, -EOPNOTSUPP, "engine: this kernel has no digests of files (%s; %s); leave out KRSI_ENGINE_DIGESTS",
				     why_not(probe, KRSI_FEATURE_IMA_HASH, &ima), why_not(probe, KRSI_FEATURE_FSVERITY, &verity));
	krsi_probe_free(probe);
	return err;
}

int krsi_priv_digests_set(const struct krsi_engine *engine, struct krsi_object *object)
{
	int err;

	if (!engine->digest_sources)
		return 0;
	err = krsi_object_set_variable(object, "digest_sources", &engine->digest_sources, sizeof(engine->digest_sources));
	return err ? err : krsi_object_set_map_size(object, "digests", TASKS);
}
