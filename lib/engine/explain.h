/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Inside of krsi_engine_explain(): explain.c is the whole, explain_rule.c what a rule needs, explain_path.c how paths are found. */
#ifndef KRSI_PRIV_ENGINE_EXPLAIN_H
#define KRSI_PRIV_ENGINE_EXPLAIN_H

#include <libkrsi/explain.h>

#include "../policy/language.h"
#include "engine.h"

struct krsi_priv_explain {
	struct krsi_ctx *ctx;
	krsi_explain_fn fn;
	void *data;
	struct krsi_engine *engine;	/* nothing is loaded in it */
	struct krsi_object *object;	/* with the programs, to be asked for their hooks; NULL: none */
	bool has_hooks;			/* so that the engine's links say which programs are absent */

	/* At hand. */
	const struct krsi_policy *policy;
	const char *rule;

	/* What was found out so far. */
	uint64_t operations, keys;
	uint32_t paths;			/* that have an identity */
	bool unsupported, stopped;
	char first[512];		/* the first that cannot be carried out */
};

/* An item whose text is made here; the rest of it is in `item`. */
void krsi_priv_explain_tell(struct krsi_priv_explain *explain, struct krsi_explain_item item, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Programs of an operation that this kernel can have, ", " between them. */
struct krsi_priv_program_names {
	char text[512];
	size_t count;	/* of them */
	size_t known;	/* those that this kernel cannot have counted as well */
	const char *option;	/* of the kernel, that one of these came with; NULL: not known */
};
struct krsi_priv_program_names krsi_priv_explain_programs(const struct krsi_priv_explain *explain, uint64_t operations);

/* All items of a rule, and of the policy's default. */
void krsi_priv_explain_rule(struct krsi_priv_explain *explain, const struct krsi_priv_rule *rule);
void krsi_priv_explain_default(struct krsi_priv_explain *explain);

/* What the paths of conditions make necessary: bits of enum image_feature. */
uint32_t krsi_priv_explain_paths(struct krsi_priv_explain *explain, const struct krsi_priv_conditions *conditions,
				 uint64_t operations, const char *below);

#endif
