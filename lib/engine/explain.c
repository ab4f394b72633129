/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What an engine would do with policies, without one: the kernel is asked what it has, the policies are compiled as for
 * it, and nothing is loaded.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libkrsi/hook.h>
#include <libkrsi/object.h>

#include "../ctx.h"
#include "../match/dfa.h"
#include "explain.h"
#include "programs.h"

void krsi_priv_explain_tell(struct krsi_priv_explain *explain, struct krsi_explain_item item, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	int size;

	if (explain->stopped)
		return;
	va_start(args, fmt);
	size = vasprintf(&text, fmt, args);
	va_end(args);
	item.sz = sizeof(item);
	item.policy = explain->policy ? explain->policy->name : NULL;
	item.rule = explain->rule;
	item.text = size < 0 ? "no memory" : text;
	if (item.level == KRSI_LOG_ERROR && !explain->unsupported) {
		explain->unsupported = true;
		snprintf(explain->first, sizeof(explain->first), "%s%s%s%s%s%s", item.policy ? "policy " : "", item.policy ? item.policy : "",
			 item.rule ? ", rule " : "", item.rule ? item.rule : "", item.policy ? ": " : "", item.text);
	}
	explain->stopped = explain->fn(explain->data, &item) != 0;
	if (size >= 0)
		free(text);
}

/* --- the kernel ------------------------------------------------------------------------ */

/* An answer of the kernel's: what is wrong is in the context's detail. */
static void kernel_tell(struct krsi_priv_explain *explain, int err, const char *fine)
{
	struct krsi_explain_item item = { .kind = KRSI_EXPLAIN_KERNEL, .level = err ? KRSI_LOG_ERROR : KRSI_LOG_INFO };
	char text[1024];

	/* The detail may move when the callback is unkind. */
	snprintf(text, sizeof(text), "%s", err ? krsi_ctx_error_detail(explain->ctx) : fine);
	krsi_priv_explain_tell(explain, item, "%s", text);
}

static void backend_explain(struct krsi_priv_explain *explain)
{
	char why[700];

	kernel_tell(explain, krsi_priv_backend_check(explain->ctx, KRSI_ENGINE_AUTO, &explain->engine->backend, why, sizeof(why)), why);
}

static int kernel_explain(struct krsi_priv_explain *explain)
{
	struct krsi_engine *engine = explain->engine;
	int err;

	backend_explain(explain);
	err = krsi_hooks_new(explain->ctx, NULL, &engine->kernel.hooks);
	if (err == -ENOMEM)
		return err;
	explain->has_hooks = err == 0;
	if (err)
		kernel_tell(explain, err, "");
	else
		krsi_priv_variant_choose(engine);
	if (!err)
		kernel_tell(explain, krsi_priv_kernel_layout_check(explain->ctx), "type information: the kernel's structures are as the programs expect");
	return krsi_priv_kernel_survey(engine, &explain->object);
}

/* --- programs ---------------------------------------------------------------------------- */

static bool is_absent(const struct krsi_priv_explain *explain, size_t i)
{
	return explain->has_hooks && explain->engine->kernel.links[i].absent;
}

struct krsi_priv_program_names krsi_priv_explain_programs(const struct krsi_priv_explain *explain, uint64_t operations)
{
	struct krsi_priv_program_names ret = { .count = 0 };
	size_t used = 0, i;

	for (i = 0; i < krsi_priv_engine_program_count; i++) {
		if (!(krsi_priv_engine_programs[i].operations & operations))
			continue;
		ret.known++;
		if (is_absent(explain, i)) {
			ret.option = explain->engine->kernel.links[i].option;
			continue;
		}
		if (used < sizeof(ret.text))
			used += (size_t)snprintf(ret.text + used, sizeof(ret.text) - used, "%s%s", ret.count ? ", " : "", krsi_priv_engine_programs[i].name);
		ret.count++;
	}
	return ret;
}

/* The program that stands in for one whose hook is not there, or NULL. */
static const char *stand_in(const struct krsi_priv_explain *explain, size_t of)
{
	size_t i;

	for (i = 0; i < krsi_priv_engine_program_count; i++)
		if (krsi_priv_engine_programs[of].group && krsi_priv_engine_programs[i].group == krsi_priv_engine_programs[of].group && !is_absent(explain, i))
			return krsi_priv_engine_programs[i].name;
	return NULL;
}

static void program_explain(struct krsi_priv_explain *explain, size_t i)
{
	const struct krsi_priv_engine_program *program = &krsi_priv_engine_programs[i];
	struct krsi_explain_item item = { .kind = KRSI_EXPLAIN_PROGRAM, .level = KRSI_LOG_INFO, .program = program->name };
	struct krsi_program_info info = { .sz = sizeof(info) };
	const char *hook = "its hook", *other = stand_in(explain, i);
	size_t at;

	if (explain->object && krsi_object_find_program(explain->object, program->name, &at) == 0 &&
	    krsi_object_program_info(explain->object, at, &info) == 0 && info.target && *info.target)
		item.hook = hook = info.target;
	if (!explain->has_hooks) {
		krsi_priv_explain_tell(explain, item, "program %s on %s", program->name, hook);
	} else if (!is_absent(explain, i)) {
		krsi_priv_explain_tell(explain, item, "program %s on %s: this kernel has it", program->name, hook);
	} else if (other) {
		krsi_priv_explain_tell(explain, item, "program %s on %s: not on this kernel; program %s is taken instead", program->name, hook, other);
	} else if (program->optional) {
		item.level = KRSI_LOG_WARN;
		krsi_priv_explain_tell(explain, item, "program %s on %s: this kernel does not have it; its operations are covered as far as the other programs go", program->name, hook);
	} else if (explain->engine->kernel.links[i].option) {
		item.level = KRSI_LOG_ERROR;
		krsi_priv_explain_tell(explain, item, "program %s on %s: this kernel was built without %s and does not have it, and the policies need it; "
				       "use another kernel", program->name, hook, explain->engine->kernel.links[i].option);
	} else {
		item.level = KRSI_LOG_ERROR;
		krsi_priv_explain_tell(explain, item, "program %s on %s: this kernel does not have it, and the policies need it; use a newer kernel", program->name, hook);
	}
}

static void programs_explain(struct krsi_priv_explain *explain)
{
	uint32_t duties = (explain->keys & KRSI_PRIV_VIEW_KEYS ? KRSI_PRIV_DUTY_VIEWS : 0) | (explain->paths ? KRSI_PRIV_DUTY_IDENTITIES : 0);
	size_t i;

	for (i = 0; i < krsi_priv_engine_program_count && !explain->stopped; i++)
		if (krsi_priv_engine_programs[i].operations & explain->operations || krsi_priv_engine_programs[i].duties & duties)
			program_explain(explain, i);
}

/* --- limits and sizes ------------------------------------------------------------------------ */

static void number_explain(struct krsi_priv_explain *explain, uint32_t kind, const char *what, uint64_t value, uint64_t limit)
{
	struct krsi_explain_item item = { .kind = kind, .level = value > limit && limit ? KRSI_LOG_ERROR : KRSI_LOG_INFO, .value = value, .limit = limit };

	if (limit)
		krsi_priv_explain_tell(explain, item, "%s: %llu of %llu", what, (unsigned long long)value, (unsigned long long)limit);
	else
		krsi_priv_explain_tell(explain, item, "%s: %llu", what, (unsigned long long)value);
}

static void totals_explain(struct krsi_priv_explain *explain, const struct krsi_policy *const *policies, size_t count)
{
	struct krsi_priv_totals totals;

	krsi_priv_totals_count(policies, count, &totals);
	number_explain(explain, KRSI_EXPLAIN_LIMIT, "policies", count, IMAGE_POLICIES_MAX);
	number_explain(explain, KRSI_EXPLAIN_LIMIT, "rules", totals.rules, KRSI_PRIV_RULES_MAX);
	number_explain(explain, KRSI_EXPLAIN_LIMIT, "patterns", totals.patterns, KRSI_PRIV_PATTERNS_MAX);
	number_explain(explain, KRSI_EXPLAIN_LIMIT, "addresses, numbers and names", totals.entries, KRSI_PRIV_ENTRIES_MAX);
	number_explain(explain, KRSI_EXPLAIN_LIMIT, "clauses (rules, exceptions, scopes, defaults, and 64)", totals.clauses, IMAGE_CLAUSES_MAX);
}

static size_t bits_count(const struct krsi_priv_bits *bits)
{
	size_t count = 0, i;

	for (i = 0; i < 64; i++)
		count += bits->names[i] != NULL;
	return count;
}

static void image_explain(struct krsi_priv_explain *explain, const struct krsi_priv_image *image, const struct krsi_priv_bits *tags,
			  const struct krsi_priv_bits *predicates)
{
	number_explain(explain, KRSI_EXPLAIN_LIMIT, "descriptions of other processes", bits_count(predicates), IMAGE_PREDICATES_MAX);
	number_explain(explain, KRSI_EXPLAIN_LIMIT, "tags", bits_count(tags), IMAGE_TAGS_MAX);
	number_explain(explain, KRSI_EXPLAIN_LIMIT, "states of the automaton", image->dfa_states, KRSI_PRIV_DFA_STATES_MAX);
	number_explain(explain, KRSI_EXPLAIN_LIMIT, "bytes of the image in the kernel", (uint64_t)image->pages * IMAGE_PAGE, (uint64_t)KRSI_PRIV_IMAGE_PAGES_MAX * IMAGE_PAGE);
	number_explain(explain, KRSI_EXPLAIN_SIZE, "paths without wildcards", image->literals, 0);
	number_explain(explain, KRSI_EXPLAIN_SIZE, "directories with all below", image->subtrees, 0);
	number_explain(explain, KRSI_EXPLAIN_SIZE, "patterns in the automaton", image->globs, 0);
	number_explain(explain, KRSI_EXPLAIN_SIZE, "identities", image->identities, 0);
}

/* What comes of compiling. */
struct compiled {
	struct krsi_priv_bits tags, predicates;
	struct krsi_priv_image image;
	int err;
};

static void compile(struct krsi_priv_explain *explain, const struct krsi_policy *const *policies, size_t count, struct compiled *ret)
{
	struct krsi_priv_compile how = {
		.generation = 1, .secret = 0x9e3779b97f4a7c15ULL, .resolve = krsi_priv_resolve_path, .tags = &ret->tags, .predicates = &ret->predicates,
	};

	memcpy(how.host_namespaces, explain->engine->host_namespaces, sizeof(how.host_namespaces));
	ret->err = krsi_priv_image_compile(explain->ctx, policies, count, &how, &ret->image);
	explain->paths = ret->image.paths;
}

static void compiled_free(struct compiled *compiled)
{
	krsi_priv_image_free(&compiled->image);
	krsi_priv_bits_free(&compiled->tags);
	krsi_priv_bits_free(&compiled->predicates);
}

/* --- the whole ------------------------------------------------------------------------------- */

static void policy_explain(struct krsi_priv_explain *explain, const struct krsi_policy *policy)
{
	struct krsi_explain_item item = { .kind = KRSI_EXPLAIN_POLICY, .level = KRSI_LOG_INFO };
	size_t i;

	explain->policy = policy;
	krsi_priv_explain_tell(explain, item, "%u rule%s, %s", policy->rule_count, policy->rule_count == 1 ? "" : "s",
			       policy->mode == KRSI_POLICY_PERMISSIVE ? "permissive" : "enforce");
	item = (struct krsi_explain_item){ .kind = KRSI_EXPLAIN_WARNING, .level = KRSI_LOG_WARN };
	for (i = 0; i < policy->warning_count; i++)
		krsi_priv_explain_tell(explain, item, "%s", policy->warnings[i]);
	for (i = 0; i < policy->rule_count && !explain->stopped; i++)
		krsi_priv_explain_rule(explain, &policy->rules[i]);
	krsi_priv_explain_default(explain);
	explain->policy = NULL;
}

static int steps(struct krsi_priv_explain *explain, const struct krsi_policy *const *policies, size_t count)
{
	struct compiled compiled = { .err = 0 };
	int err = kernel_explain(explain);
	size_t i;

	if (err)
		return err;
	for (i = 0; i < count && !explain->stopped; i++)
		policy_explain(explain, policies[i]);
	compile(explain, policies, count, &compiled);
	programs_explain(explain);
	totals_explain(explain, policies, count);
	err = compiled.err;
	if (!err)
		image_explain(explain, &compiled.image, &compiled.tags, &compiled.predicates);
	compiled_free(&compiled);
	if (explain->stopped)
		return krsi_priv_fail(explain->ctx, -ECANCELED, "krsi_engine_explain: the callback ended it");
	if (err && err != -EOPNOTSUPP)
		return err;
	return err || explain->unsupported ? krsi_priv_fail(explain->ctx, -EOPNOTSUPP, "%s", explain->first) : 0;
}

static int policies_check(struct krsi_ctx *ctx, struct krsi_policy *const *policies, size_t count)
{
	size_t i, k;

	for (i = 0; i < count; i++) {
		if (!policies[i])
			return krsi_priv_fail(ctx, -EINVAL, "krsi_engine_explain: policy %zu is NULL", i);
		if (!policies[i]->frozen)
			return krsi_priv_fail(ctx, -EBADFD, "krsi_engine_explain: policy %s is not frozen", krsi_policy_name(policies[i]));
		for (k = 0; k < i; k++)
			if (strcmp(policies[i]->name, policies[k]->name) == 0)
				return krsi_priv_fail(ctx, -EINVAL, "krsi_engine_explain: two policies are called %s; give one of them another name", policies[i]->name);
	}
	return 0;
}

int krsi_engine_explain(struct krsi_ctx *ctx, struct krsi_policy *const *policies, size_t count, krsi_explain_fn fn,
			void *data)
{
	struct krsi_priv_explain explain = { .ctx = ctx, .fn = fn, .data = data };
	int err;

	if (!ctx || !fn || (count && !policies))
		return krsi_priv_fail(ctx, -EINVAL, "krsi_engine_explain: an argument is NULL");
	err = policies_check(ctx, policies, count);
	if (err)
		return err;
	explain.engine = calloc(1, sizeof(*explain.engine));
	if (!explain.engine)
		return krsi_priv_fail(ctx, -ENOMEM, "krsi_engine_explain: no memory");
	explain.engine->ctx = ctx;
	explain.engine->opts.ring_size = explain.engine->opts.denial_ring_size = (uint32_t)sysconf(_SC_PAGESIZE);
	krsi_priv_host_namespaces(explain.engine->host_namespaces);
	err = steps(&explain, (const struct krsi_policy *const *)policies, count);
	krsi_object_free(explain.object);
	krsi_hooks_free(explain.engine->kernel.hooks);
	free(explain.engine);
	return err;
}
