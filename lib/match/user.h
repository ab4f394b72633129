/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bpf/match.h and decide.h for user space: the same code as in the kernel's programs, with an image in memory, a
 * question instead of the kernel's structures, and an answer that is kept.
 */
#ifndef KRSI_PRIV_MATCH_USER_H
#define KRSI_PRIV_MATCH_USER_H

#include <sys/cdefs.h>

#include "hash.h"
#include "question.h"

/* Predicates that the processes around one fulfil. */
struct krsi_priv_relations {
	uint64_t parent, ancestors, target;
};

struct krsi_priv_decision;
struct match_slot;

#define MATCH_FN static __attribute__((unused))
#define match_at struct krsi_priv_decision *
#define match_image const struct krsi_priv_image *

static inline const struct image_unit *match_page(const struct krsi_priv_image *image, uint32_t ref)
{
	return ref < (uint64_t)image->pages * IMAGE_PAGE_UNITS ? &image->units[ref - ref % IMAGE_PAGE_UNITS] : NULL;
}

static inline const struct image_unit *match_unit(const struct krsi_priv_image *image, uint32_t ref)
{
	return ref < (uint64_t)image->pages * IMAGE_PAGE_UNITS ? &image->units[ref] : NULL;
}

/* An odd one could be at the end of a page, which the kernel does not read: an image that has one is not read here either. */
static inline const struct image_unit *match_pair_of_units(const struct krsi_priv_image *image, uint32_t ref)
{
	return ref % 2 == 0 && match_unit(image, ref + 1) ? match_unit(image, ref) : NULL;
}

static struct match_slot *match_slot_get(struct krsi_priv_decision *at);
static const struct krsi_priv_image *match_image_open(const struct match_slot *slot);

/*
 * A clock that stands still and counters that do not count: limits swallow nothing, and the image stays as it is. But
 * what is counted did apply.
 */
#define match_clock() 0ULL
#define match_count(counter) ((void)(counter), krsi_priv_match_applied(at, number))
void krsi_priv_match_applied(struct krsi_priv_decision *at, uint32_t number);

#define match_report krsi_priv_match_report
#define match_tag krsi_priv_match_tag
#define match_values krsi_priv_match_values
void krsi_priv_match_report(struct krsi_priv_decision *at, uint32_t number, uint32_t outcome);
void krsi_priv_match_tag(struct krsi_priv_decision *at, uint32_t bit, uint32_t tree);
void krsi_priv_match_values(struct krsi_priv_decision *at, uint32_t key);

#include "../../bpf/decide.h"

struct krsi_priv_decision {
	struct match_slot slot;		/* first, see match_image_open() */
	const struct krsi_priv_image *image;
	const struct krsi_priv_question *question;
	const struct krsi_priv_process *process;	/* whose values the keys of subjects have */
	struct krsi_priv_relations relations;
	struct krsi_priv_answer answer;
	size_t told_capacity;
	bool no_memory;
};

static inline struct match_slot *match_slot_get(struct krsi_priv_decision *at)
{
	return &at->slot;
}

static inline const struct krsi_priv_image *match_image_open(const struct match_slot *slot)
{
	return ((const struct krsi_priv_decision *)slot)->image;
}

/* Put in what the objects and the process mean by their names and identities. False: there was no room for all. */
bool krsi_priv_match_object_hits(struct krsi_priv_decision *at);
bool krsi_priv_match_process_hits(struct krsi_priv_decision *at);

#endif
