/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The matcher in user space: from a question to an answer.
 *
 * What other processes are (`parent`, `descendant_of`, `target`) is decided first, for each of them
 * in a slot of its own, and comes in as bits; from the oldest ancestor down, as each one's answer
 * hangs on those above it.
 */
#include <errno.h>
#include <stdlib.h>

#include "user.h"

/* --- the answer ---------------------------------------------------------- */

static struct krsi_priv_told told_make(const struct krsi_priv_image *image, uint32_t number, uint32_t outcome)
{
	const struct image_header *header = match_header(image);
	const struct image_clause *clause = (const void *)match_unit(image, header->clause_table + number);

	return (struct krsi_priv_told){ .kind = clause->kind, .outcome = (uint8_t)outcome, .policy = clause->policy,
					.rule = clause->kind == IMAGE_RULE ? clause->rule : 0 };
}

void krsi_priv_match_report(struct krsi_priv_decision *at, uint32_t number, uint32_t outcome)
{
	struct krsi_priv_answer *answer = &at->answer;
	struct krsi_priv_told *told;

	if (answer->told_count == at->told_capacity) {
		told = reallocarray(answer->told, at->told_capacity * 2 + 4, sizeof(*told));
		if (!told) {
			at->no_memory = true;
			return;
		}
		answer->told = told;
		at->told_capacity = at->told_capacity * 2 + 4;
	}
	answer->told[answer->told_count++] = told_make(at->image, number, outcome);
}

void krsi_priv_match_tag(struct krsi_priv_decision *at, uint32_t bit, uint32_t tree)
{
	uint64_t tag = 1ULL << (bit & 63);

	at->answer.tags |= tag;
	if (tree)
		at->answer.tree_tags |= tag;
}

/* Who allows is told to nobody in the kernel. A permissive rule that does ends the search of its policy as well. */
void krsi_priv_match_applied(struct krsi_priv_decision *at, uint32_t number)
{
	const struct image_header *header = match_header(at->image);
	const struct image_clause *clause = (const void *)match_unit(at->image, header->clause_table + number);

	if (clause->verdict == MATCH_ALLOW && !at->answer.allowed_by.kind)
		at->answer.allowed_by = told_make(at->image, number, MATCH_CARRIED_OUT);
}

/* --- other processes ----------------------------------------------------- */

/* The predicates that a process fulfils. */
static uint64_t process_predicates(struct krsi_priv_decision *from, const struct krsi_priv_process *process,
				   const struct krsi_priv_relations *relations)
{
	const struct image_op *op = (const void *)match_unit(from->image, IMAGE_REF_OPS);
	struct krsi_priv_decision at = {
		.image = from->image, .question = from->question, .process = process, .relations = *relations,
	};

	if (op->set == 0)
		return 0;
	from->answer.has_too_many_hits |= !krsi_priv_match_process_hits(&at);
	match_intersect(&at, op->dims, op->set);
	return at.slot.now.summary & 1 ? at.slot.now.bits[0] : 0;
}

static size_t ancestor_count(const struct krsi_priv_process *process)
{
	size_t count = 0;

	while ((process = process->parent))
		count++;
	return count;
}

/* What those above a process fulfil. */
static int relations_find(struct krsi_priv_decision *from, const struct krsi_priv_process *process,
			  struct krsi_priv_relations *ret)
{
	size_t count = ancestor_count(process), i;
	const struct krsi_priv_process **ancestors = calloc(count + 1, sizeof(*ancestors));
	struct krsi_priv_relations relations = { 0 };

	if (!ancestors)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		ancestors[i] = process = process->parent;
	while (count--) {
		relations.parent = process_predicates(from, ancestors[count], &relations);
		relations.ancestors |= relations.parent;
	}
	free(ancestors);
	*ret = relations;
	return 0;
}

static int target_find(struct krsi_priv_decision *from, const struct krsi_priv_process *target, uint64_t *ret)
{
	struct krsi_priv_relations relations;
	int err;

	if (!target)
		return 0;
	err = relations_find(from, target, &relations);
	if (!err)
		*ret = process_predicates(from, target, &relations);
	return err;
}

static void decide(struct krsi_priv_decision *at)
{
	struct krsi_priv_answer *answer = &at->answer;

	answer->has_too_many_hits |= !krsi_priv_match_object_hits(at);
	answer->has_too_many_hits |= !krsi_priv_match_process_hits(at);
	answer->error = match_decide(at, at->question->operation);
	answer->signal = at->slot.signal;
	if (at->slot.outcome_clause)
		answer->by = told_make(at->image, at->slot.outcome_clause, MATCH_CARRIED_OUT);
}

int krsi_priv_match(const struct krsi_priv_image *image, const struct krsi_priv_question *question,
		    struct krsi_priv_answer *ret)
{
	struct krsi_priv_decision at = { .image = image, .question = question, .process = question->subject };
	int err;

	if (question->operation == KRSI_PRIV_OP_NONE || question->operation >= KRSI_PRIV_OP_BITS || KRSI_PRIV_OP_TOLD(question->operation) >= KRSI_PRIV_OP_END ||
	    !question->subject || question->file_count > KRSI_PRIV_FILES_MAX)
		return -EINVAL;
	err = relations_find(&at, question->subject, &at.relations);
	if (!err)
		err = target_find(&at, question->target, &at.relations.target);
	if (err)
		return err;
	decide(&at);
	if (at.no_memory) {
		krsi_priv_answer_free(&at.answer);
		return -ENOMEM;
	}
	*ret = at.answer;
	return 0;
}

void krsi_priv_answer_free(struct krsi_priv_answer *answer)
{
	free(answer->told);
	*answer = (struct krsi_priv_answer){ 0 };
}
