/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Rules that never come to decide, because an earlier rule decides whenever they would. It is
 * looked for rule by rule and entry by entry, and not beyond: two rules that together leave nothing
 * to a third one are not found. What is found is certain.
 */
#include "language.h"

/* Comparisons for the whole policy: well below a second. */
#define WORK_MAX 10000000

static bool conditions_are_same(const struct krsi_priv_conditions *a, const struct krsi_priv_conditions *b, size_t *work)
{
	return krsi_priv_conditions_cover(a, b, work) && krsi_priv_conditions_cover(b, a, work);
}

/* Where the earlier rule makes an exception the later one may still decide, unless it makes the same. */
static bool exception_is_within(const struct krsi_priv_rule *earlier, const struct krsi_priv_rule *later, size_t *work)
{
	if (!earlier->has_exception)
		return true;
	return later->has_exception && conditions_are_same(&earlier->except_subject, &later->except_subject, work) &&
	       conditions_are_same(&earlier->except_object, &later->except_object, work);
}

static uint8_t mode_of(const struct krsi_policy *policy, const struct krsi_priv_rule *rule)
{
	return rule->mode ? rule->mode : policy->mode;
}

static bool shadows(const struct krsi_policy *policy, const struct krsi_priv_rule *earlier,
		    const struct krsi_priv_rule *later, size_t *work)
{
	if (!krsi_priv_action_decides(&earlier->action) || (later->operations & ~earlier->operations))
		return false;
	/* A verdict that is only reported does not end the search for one that is carried out. */
	if (mode_of(policy, earlier) == KRSI_POLICY_PERMISSIVE && mode_of(policy, later) != KRSI_POLICY_PERMISSIVE)
		return false;
	/* What allows needs no already_open: lib/match/compile_clauses.c. */
	if (later->already_open && !earlier->already_open && earlier->action.verdict != KRSI_PRIV_ALLOW)
		return false;
	return exception_is_within(earlier, later, work) && krsi_priv_conditions_cover(&earlier->subject, &later->subject, work) &&
	       krsi_priv_conditions_cover(&earlier->object, &later->object, work);
}

void krsi_priv_shadow_check(struct krsi_priv_reader *r)
{
	const struct krsi_policy *policy = r->policy;
	size_t work = WORK_MAX;
	uint32_t i, k;

	for (i = 1; i < policy->rule_count && work; i++) {
		for (k = 0; k < i && work > 1; k++) {
			work--;
			if (!shadows(policy, &policy->rules[k], &policy->rules[i], &work))
				continue;
			krsi_priv_report_warning(r->report, policy->rules[i].place, "the rule %s never applies, as %s in front of it decides all that it matches; change their order, or leave it out",
						 policy->rules[i].name, policy->rules[k].name);
			break;
		}
	}
	if (work <= 1)
		krsi_priv_report_warning(r->report, policy->rules[policy->rule_count - 1].place, "not all rules were compared with each other, there is too much in them");
}
