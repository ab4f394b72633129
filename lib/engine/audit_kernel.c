/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Audit records that the programs have written themselves, by a function of libkrsi's module or patches. Linux before
 * 6.5 has it for programs that sleep only, which those that decide do not, and no kernel for fmod_ret programs.
 */
#include <linux/capability.h>

#include <libkrsi/engine.h>
#include <libkrsi/object.h>

#include "../additions.h"
#include "../caps.h"
#include "../probe.h"
#include "../text.h"
#include "engine.h"

#define SLOTS 16		/* EVENT_SLOTS of bpf/engine/state.bpf.h */

void krsi_priv_audit_find(struct krsi_engine *engine)
{
	engine->audit.here = engine->backend == KRSI_ENGINE_LSM && krsi_priv_cap_held(CAP_SYS_ADMIN) && krsi_priv_probe_audits_anywhere(engine->ctx);
}

bool krsi_priv_audit_is_told(const struct krsi_engine *engine)
{
	struct krsi_additions additions = { 0 };
	char why[512];
	bool has;

	krsi_priv_additions_read(&additions, why, sizeof(why));
	has = additions.info.features & KRSI_ADDITION_AUDIT;
	krsi_priv_additions_clear(&additions);
	return has && engine->backend == KRSI_ENGINE_LSM && krsi_priv_kernel_version() >= KRSI_PRIV_KERNEL(6, 5);
}

int krsi_priv_audit_set(const struct krsi_engine *engine, struct krsi_object *object)
{
	return engine->audit.here ? krsi_object_set_map_size(object, "audit_slots", SLOTS) : 0;
}
