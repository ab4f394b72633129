/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* From policies to clauses: their numbers, the operations that they are about, and what each key leaves open. */
#include <errno.h>
#include <stdlib.h>

#include "compile_build.h"

static const uint8_t relative_keys[KRSI_PRIV_RELATIVES] = {
	[KRSI_PRIV_RELATIVE_PARENT] = KRSI_PRIV_KEY_PARENT,
	[KRSI_PRIV_RELATIVE_DESCENDANT_OF] = KRSI_PRIV_KEY_DESCENDANT_OF,
	[KRSI_PRIV_RELATIVE_TARGET] = KRSI_PRIV_KEY_TARGET,
};

/* --- what conditions refer to by name ------------------------------------ */

static int tag_want(struct krsi_priv_build *build, const struct krsi_policy *policy, const struct krsi_priv_rule *rule,
		    const char *tag, struct krsi_priv_place place)
{
	uint32_t index;
	int err = krsi_priv_wanted_add(&build->tags, tag, &index);

	if (err != -E2BIG)
		return err;
	return krsi_priv_fail(build->ctx, -E2BIG, "%s: %s is the %dth tag, at most %d are allowed in all policies together",
			      krsi_priv_where(policy, rule, place).text, krsi_priv_quote(tag).text, IMAGE_TAGS_MAX + 1, IMAGE_TAGS_MAX);
}

static int tags_want(struct krsi_priv_build *build, const struct krsi_priv_clause *clause, const struct krsi_priv_condition *condition)
{
	uint32_t i;
	int err = 0;

	for (i = 0; i < condition->count && !err; i++)
		err = tag_want(build, clause->policy, clause->rule, condition->entries[i].name, condition->entries[i].place);
	return err;
}

/* The keys that the clause has conditions on, and the names that are in them. */
static int clause_scan(struct krsi_priv_build *build, struct krsi_priv_clause *clause)
{
	const struct krsi_priv_condition *condition;
	uint32_t i, index;
	int side, r, err = 0;

	for (side = 0; side < 2 && !err; side++) {
		for (i = 0; clause->sides[side] && i < clause->sides[side]->count && !err; i++) {
			condition = &clause->sides[side]->conditions[i];
			clause->keys |= KRSI_PRIV_KEY_BIT(condition->key);
			if (condition->key == KRSI_PRIV_KEY_TAG)
				err = tags_want(build, clause, condition);
			for (r = 0; r < KRSI_PRIV_RELATIVES && !err; r++) {
				if (condition->key != relative_keys[r])
					continue;
				err = krsi_priv_compile_predicate(build, clause, &condition->entries[0], &index);
				clause->predicates[r] = (uint8_t)index;
			}
		}
	}
	return err;
}

/* --- clauses ------------------------------------------------------------- */

static struct krsi_priv_clause *clause_add(struct krsi_priv_build *build, enum image_clause_kind kind, size_t policy)
{
	struct krsi_priv_clause *clause = &build->clauses[build->clause_count++];

	clause->policy = build->policies[policy];
	clause->image.kind = (uint8_t)kind;
	clause->image.policy = (uint8_t)policy;
	return clause;
}

static const uint64_t unresolvable = KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_PATH) | KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_MOUNT_SOURCE) |
				     KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_MOUNT_TARGET);

static uint8_t rule_flags(const struct krsi_priv_rule *rule, const struct krsi_priv_clause *clause)
{
	unsigned int flags = 0;

	if (rule->report)
		flags |= IMAGE_REPORT;
	if (rule->audit)
		flags |= IMAGE_AUDIT;
	if (rule->action.tree)
		flags |= IMAGE_TREE;
	if (rule->mode == KRSI_POLICY_ENFORCE)
		flags |= IMAGE_ENFORCE;
	if (rule->mode == KRSI_POLICY_PERMISSIVE)
		flags |= IMAGE_PERMISSIVE;
	if (clause->keys & unresolvable)
		flags |= IMAGE_ON_PATH;
	return (uint8_t)flags;
}

/* What rules of a policy with already_open are about, of the use of what was opened earlier. */
static uint64_t policy_opened(const struct krsi_policy *policy)
{
	uint64_t opened = 0;
	uint32_t i;

	for (i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].already_open)
			opened |= KRSI_PRIV_OPS_OPENED(policy->rules[i].operations);
	return opened;
}

/*
 * Who may open a file may use it: rules that allow count at the use as well, without already_open, or what they
 * let be opened would be refused there by a rule behind them.
 */
static uint64_t rule_operations(const struct krsi_priv_rule *rule, uint64_t opened)
{
	if (rule->already_open || rule->action.verdict == KRSI_PRIV_ALLOW)
		return rule->operations | (KRSI_PRIV_OPS_OPENED(rule->operations) & opened);
	return rule->operations;
}

/* `opened`: what policy_opened() says. */
static int rule_add(struct krsi_priv_build *build, size_t policy, uint16_t number, uint64_t opened)
{
	const struct krsi_priv_rule *rule = &build->policies[policy]->rules[number];
	uint64_t operations = rule_operations(rule, opened);
	struct krsi_priv_clause *clause;
	int err = 0;

	if (rule->has_exception) {
		clause = clause_add(build, IMAGE_EXCEPTION, policy);
		clause->rule = rule;
		clause->image.rule = number;
		clause->operations = operations;
		clause->sides[0] = &rule->except_subject;
		clause->sides[1] = &rule->except_object;
		err = clause_scan(build, clause);
		if (clause->keys & unresolvable)
			clause->image.flags = IMAGE_ON_PATH;
	}
	if (err)
		return err;
	clause = clause_add(build, IMAGE_RULE, policy);
	clause->rule = rule;
	clause->operations = operations;
	clause->sides[0] = &rule->subject;
	clause->sides[1] = &rule->object;
	err = clause_scan(build, clause);
	clause->image.verdict = rule->action.verdict;
	clause->image.signal = rule->action.signal;
	clause->image.flags = rule_flags(rule, clause);
	clause->image.error = rule->action.error;
	clause->image.rule = number;
	clause->image.limit = rule->limit.count;
	clause->image.limit_seconds = (uint16_t)rule->limit.seconds;
	if (!err && rule->action.verdict == KRSI_PRIV_TAG)
		err = tag_want(build, clause->policy, rule, rule->action.tag, rule->action_place);
	return err;
}

/* The operations that the default refuses with an error, or 0 when an operation before it has the same. */
static uint64_t default_operations(const struct krsi_policy *policy, unsigned int operation)
{
	uint16_t error = policy->defaults[operation].error;
	uint64_t mask = 0;
	unsigned int i;

	for (i = 1; i < KRSI_PRIV_OP_END; i++) {
		if (!error || policy->defaults[i].error != error)
			continue;
		if (i < operation)
			return 0;
		mask |= KRSI_PRIV_OP_BIT(i);
	}
	return mask;
}

uint32_t krsi_priv_clauses_of(const struct krsi_policy *policy)
{
	uint32_t count = policy->rule_count + (policy->scope.count != 0), i;

	for (i = 0; i < policy->rule_count; i++)
		count += policy->rules[i].has_exception;
	for (i = 1; i < KRSI_PRIV_OP_END; i++)
		count += default_operations(policy, i) != 0;
	return count;
}

static void defaults_add(struct krsi_priv_build *build, size_t policy)
{
	struct krsi_priv_clause *clause;
	uint64_t operations;
	unsigned int i;

	for (i = 1; i < KRSI_PRIV_OP_END; i++) {
		operations = default_operations(build->policies[policy], i);
		if (!operations)
			continue;
		clause = clause_add(build, IMAGE_DEFAULT, policy);
		clause->operations = operations;
		clause->image.verdict = KRSI_PRIV_DENY;
		clause->image.flags = IMAGE_REPORT;
		clause->image.error = build->policies[policy]->defaults[i].error;
	}
}

static int policy_add(struct krsi_priv_build *build, size_t policy)
{
	const struct krsi_policy *of = build->policies[policy];
	struct krsi_priv_clause *scope = NULL;
	uint64_t opened = policy_opened(of);
	uint32_t begin, i;
	int err = 0;

	if (of->scope.count) {
		scope = clause_add(build, IMAGE_SCOPE, policy);
		scope->sides[0] = &of->scope;
		err = clause_scan(build, scope);
	}
	begin = build->clause_count;
	for (i = 0; i < of->rule_count && !err; i++)
		err = rule_add(build, policy, (uint16_t)i, opened);
	defaults_add(build, policy);
	for (i = begin; scope && i < build->clause_count; i++)
		scope->operations |= build->clauses[i].operations;
	return err;
}

/* Put the predicates where their bits are. Describing one may want others: they come behind it. */
static int predicates_add(struct krsi_priv_build *build)
{
	struct krsi_priv_clause found[IMAGE_PREDICATES_MAX] = { { .operations = 0 } };
	uint32_t i;
	int err = 0;

	for (i = 0; i < build->predicates.count && !err; i++) {
		found[i].policy = build->predicate_users[i].policy;
		found[i].rule = build->predicate_users[i].rule;
		found[i].image.kind = IMAGE_PREDICATE;
		found[i].operations = KRSI_PRIV_OP_BIT(KRSI_PRIV_OP_NONE);
		found[i].sides[0] = build->predicate_conditions[i];
		err = clause_scan(build, &found[i]);
	}
	if (!err)
		err = krsi_priv_wanted_assign(&build->predicates, build->compile->predicates, &build->predicate_bits);
	for (i = 0; i < build->predicates.count && !err; i++)
		build->clauses[build->predicates.bits[i]] = found[i];
	return err;
}

/* From places in the lists of names to bits. */
static void bits_translate(struct krsi_priv_build *build)
{
	struct krsi_priv_clause *clause;
	uint32_t i;
	int r;

	for (i = 0; i < build->clause_count; i++) {
		clause = &build->clauses[i];
		for (r = 0; r < KRSI_PRIV_RELATIVES; r++)
			clause->predicates[r] = build->predicates.bits[clause->predicates[r]];
		if (clause->image.kind == IMAGE_RULE && clause->rule->action.verdict == KRSI_PRIV_TAG)
			clause->image.tag = krsi_priv_wanted_bit(&build->tags, clause->rule->action.tag);
	}
}

int krsi_priv_compile_clauses(struct krsi_priv_build *build)
{
	size_t i;
	int err = 0;

	build->clauses = calloc(IMAGE_CLAUSES_MAX, sizeof(*build->clauses));
	if (!build->clauses)
		return -ENOMEM;
	build->clause_count = IMAGE_PREDICATES_MAX;
	for (i = 0; i < build->policy_count && !err; i++)
		err = policy_add(build, i);
	if (!err)
		err = predicates_add(build);
	if (!err)
		err = krsi_priv_wanted_assign(&build->tags, build->compile->tags, &build->tag_bits);
	if (!err)
		bits_translate(build);
	return err;
}

/* --- operations and keys ------------------------------------------------- */

/* Whether some entry of the clause's condition on a key is negated, or some is not. */
static bool clause_has_entry(const struct krsi_priv_clause *clause, unsigned int key, bool negated)
{
	const struct krsi_priv_condition *condition = NULL;
	uint32_t i;
	int side;

	if (!(clause->keys & KRSI_PRIV_KEY_BIT(key)))
		return false;
	for (side = 0; side < 2 && !condition; side++)
		if (clause->sides[side])
			condition = krsi_priv_conditions_find(clause->sides[side], key);
	for (i = 0; condition && i < condition->count; i++)
		if (condition->entries[i].negated == negated)
			return true;
	return false;
}

/* Keys whose values are hits: without any they have none. */
static const uint8_t hit_keys[] = {
	KRSI_PRIV_KEY_PATH, KRSI_PRIV_KEY_IDENTITY, KRSI_PRIV_KEY_MOUNT_SOURCE, KRSI_PRIV_KEY_MOUNT_TARGET, KRSI_PRIV_KEY_UNIX_PATH,
};

bool krsi_priv_clause_needs_hit(const struct krsi_priv_clause *clause)
{
	size_t i;

	/* Scopes and exceptions do nothing by themselves. */
	if (clause->image.kind != IMAGE_RULE && clause->image.kind != IMAGE_DEFAULT)
		return true;
	for (i = 0; i < sizeof(hit_keys); i++)
		if (clause->keys & KRSI_PRIV_KEY_BIT(hit_keys[i]) && clause_has_entry(clause, hit_keys[i], false))
			return true;
	return false;
}

/* Clauses that ask for no value of a key, and those that exclude one. `free` and `excluding` are empty, before and after. */
static int key_sets(struct krsi_priv_build *build, unsigned int key, struct krsi_priv_set *free, struct krsi_priv_set *excluding)
{
	const struct krsi_priv_clause *clause;
	uint32_t i, free_ref, excluding_ref;
	struct image_dim *dim;
	int err;

	for (i = 0; i < build->clause_count; i++) {
		clause = &build->clauses[i];
		if (clause->image.kind != IMAGE_NOTHING && !clause_has_entry(clause, key, false))
			krsi_priv_set_add(free, i);
		if (clause_has_entry(clause, key, true))
			krsi_priv_set_add(excluding, i);
	}
	err = krsi_priv_units_set(&build->units, free, &free_ref);
	if (!err)
		err = krsi_priv_units_set(&build->units, excluding, &excluding_ref);
	krsi_priv_set_clear(free);
	krsi_priv_set_clear(excluding);
	if (err)
		return err;
	dim = krsi_priv_units_at(&build->units, IMAGE_REF_DIMS + key);
	dim->free = free_ref;
	dim->excluding = excluding_ref;
	return 0;
}

int krsi_priv_compile_operations(struct krsi_priv_build *build)
{
	struct krsi_priv_set *sets = build->scratch;
	struct image_op *op;
	uint64_t left;
	uint32_t i, ref;
	unsigned int n;
	int err;

	for (i = 0; i < build->clause_count; i++) {
		for (left = build->clauses[i].operations; left; left &= left - 1) {
			n = (unsigned int)__builtin_ctzll(left);
			krsi_priv_set_add(&sets[n], i);
			build->dims[n] |= build->clauses[i].keys;
		}
	}
	for (n = 0; n < KRSI_PRIV_OP_BITS; n++) {
		err = krsi_priv_units_set(&build->units, &sets[n], &ref);
		if (err)
			return err;
		op = krsi_priv_units_at(&build->units, IMAGE_REF_OPS + n);
		op->set = ref;
		op->dims = build->dims[n];
		krsi_priv_set_clear(&sets[n]);
		build->image.dims |= build->dims[n];
		if (n && ref)
			build->image.operations |= KRSI_PRIV_OP_BIT(n);
	}
	build->image.predicate_dims = build->dims[KRSI_PRIV_OP_NONE];
	for (n = 0; n < KRSI_PRIV_KEY_END; n++) {
		err = key_sets(build, n, &sets[0], &sets[1]);
		if (err)
			return err;
	}
	return 0;
}
