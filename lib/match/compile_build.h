/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The steps of krsi_priv_image_compile(), and what one gives to the next:
 *
 *	compile_check.c		limits, and what the engine does not have
 *	compile_bits.c		names of tags and predicates -> bits that stay the same
 *	compile_predicates.c	what is said of other processes -> a text that names it
 *	compile_clauses.c	policies -> clauses with numbers, operations, sets of each key
 *	compile_keys.c		conditions -> tables of numbers, or postings
 *	compile_paths.c		patterns -> postings, globs and anchors
 *	compile_strings.c	arguments and environment -> globs
 *	compile_ranges.c	intervals that overlap -> intervals that do not
 *	compile_dfa.c		globs -> the automaton
 *	compile_hash.c		postings -> hits, the hash table and the filter
 *	compile_units.c		memory of the image; equal things are kept once
 */
#ifndef KRSI_PRIV_MATCH_COMPILE_BUILD_H
#define KRSI_PRIV_MATCH_COMPILE_BUILD_H

#include "../policy/arena.h"
#include "compile.h"

/* --- memory of the image: compile_units.c --------------------------------- */

struct krsi_priv_intern;

struct krsi_priv_units {
	struct image_unit *at;
	uint32_t count, capacity, max;
	struct krsi_priv_intern *slots;	/* a hash table of what must be kept once */
	uint32_t slot_count, slot_used;
};

/*
 * A number of zeroed units. `align` is a power of two, in units; what is `whole` does not cross a
 * page. These return 0, -ENOMEM, or -ENOSPC when the image would have more than `max` units.
 */
int krsi_priv_units_init(struct krsi_priv_units *units, uint32_t count, uint32_t max);
int krsi_priv_units_alloc(struct krsi_priv_units *units, uint32_t count, uint32_t align, bool whole, uint32_t *ref);
void krsi_priv_units_free(struct krsi_priv_units *units);

/* What is at a ref, until the next of these calls. */
static inline void *krsi_priv_units_at(const struct krsi_priv_units *units, uint32_t ref)
{
	return &units->at[ref];
}

/* A set of clauses as it is put together. Bits of a block that is not in the summary are 0. */
struct krsi_priv_set {
	uint64_t summary;
	uint64_t bits[IMAGE_BLOCKS * 2];
};

static inline void krsi_priv_set_add(struct krsi_priv_set *set, uint32_t clause)
{
	set->summary |= 1ULL << clause / IMAGE_BLOCK;
	set->bits[clause / 64] |= 1ULL << clause % 64;
}

/* A clause less. */
void krsi_priv_set_remove(struct krsi_priv_set *set, uint32_t clause);
void krsi_priv_set_clear(struct krsi_priv_set *set);

/* The ref of the one that is equal, or of a new one; 0 for what is empty. Errors as above. */
int krsi_priv_units_set(struct krsi_priv_units *units, const struct krsi_priv_set *set, uint32_t *ref);
int krsi_priv_units_pair(struct krsi_priv_units *units, const struct krsi_priv_set *with,
			 const struct krsi_priv_set *without, uint32_t *ref);
int krsi_priv_units_hit(struct krsi_priv_units *units, const struct image_hit *hit, uint32_t *ref);

/* --- bits with names: compile_bits.c ---------------------------------------- */

/* Names that need a bit, each once, and, when all are known, which one each has. */
struct krsi_priv_wanted {
	char *names[64];	/* owned */
	uint8_t bits[64];
	uint32_t count;
};

/* Its place among them: 0, -ENOMEM, or -E2BIG when it is the 65th. */
int krsi_priv_wanted_add(struct krsi_priv_wanted *wanted, const char *name, uint32_t *index);

/* Give everyone a bit: the one that it had before, or one that was not used when there is such a one. */
int krsi_priv_wanted_assign(struct krsi_priv_wanted *wanted, const struct krsi_priv_bits *before,
			    struct krsi_priv_bits *after);

/* The bit of a name, which must be among them. */
uint8_t krsi_priv_wanted_bit(const struct krsi_priv_wanted *wanted, const char *name);
void krsi_priv_wanted_free(struct krsi_priv_wanted *wanted);

/* --- the work ------------------------------------------------------------- */

enum krsi_priv_relative {
	KRSI_PRIV_RELATIVE_PARENT,
	KRSI_PRIV_RELATIVE_DESCENDANT_OF,
	KRSI_PRIV_RELATIVE_TARGET,
	KRSI_PRIV_RELATIVES
};

struct krsi_priv_clause {
	struct image_clause image;
	const struct krsi_policy *policy;	/* of a predicate: the first that has it */
	const struct krsi_priv_rule *rule;	/* NULL: none */
	const struct krsi_priv_conditions *sides[2];	/* of the subject, of the object; NULL: none */
	uint64_t operations, keys;
	uint32_t features;			/* of its conditions on objects */
	uint8_t predicates[KRSI_PRIV_RELATIVES];	/* which each of these keys wants: index in `predicates`, later its bit */
};

/* That a value is an entry of a clause's condition. Sorted, those of one value stand together. */
struct krsi_priv_posting {
	uint64_t value;
	uint64_t meaning;	/* KRSI_PRIV_MEANING(), and the kind in front */
};

#define KRSI_PRIV_MEANING(role, negated, clause) ((uint64_t)(role) << 32 | (uint64_t)(negated) << 16 | (clause))
#define KRSI_PRIV_MEANING_KIND(meaning) ((uint32_t)((meaning) >> 48))
#define KRSI_PRIV_MEANING_ROLE(meaning) ((uint32_t)((meaning) >> 32) & 0xffff)
#define KRSI_PRIV_MEANING_NEGATED(meaning) ((meaning) >> 16 & 1)
#define KRSI_PRIV_MEANING_CLAUSE(meaning) ((uint32_t)((meaning) & 0xffff))
#define KRSI_PRIV_NO_GLOB UINT32_MAX
#define KRSI_PRIV_ROLE_NONE IMAGE_ROLES	/* the table's value is no hit but a pair, or with anchors 1 */

/* A path that has an identity, if it is there. */
struct krsi_priv_name {
	uint64_t value;
	uint32_t kind;		/* IMAGE_KIND_LITERAL or _SUBTREE */
	const struct krsi_priv_alternative *alternative;
};

/* Where a glob is from, for messages. */
struct krsi_priv_glob_origin {
	const struct krsi_priv_pattern *pattern;
	uint32_t clause;
};

/* An array that grows: `at` is of some type, `count` entries of it are used. */
struct krsi_priv_array {
	void *at;
	size_t count, capacity;
};

struct krsi_priv_build {
	struct krsi_ctx *ctx;
	const struct krsi_policy *const *policies;
	size_t policy_count;
	const struct krsi_priv_compile *compile;
	struct krsi_priv_units units;
	struct krsi_priv_wanted tags, predicates;
	const struct krsi_priv_conditions *predicate_conditions[IMAGE_PREDICATES_MAX];	/* by index */
	struct {
		const struct krsi_policy *policy;
		const struct krsi_priv_rule *rule;
	} predicate_users[IMAGE_PREDICATES_MAX];	/* who said it first */
	struct krsi_priv_bits tag_bits, predicate_bits;
	struct krsi_priv_clause *clauses;	/* IMAGE_CLAUSES_MAX + 1 */
	uint32_t clause_count;
	uint64_t dims[KRSI_PRIV_OP_BITS];
	uint32_t features[KRSI_PRIV_OP_BITS];
	uint32_t all_features;
	uint32_t filter_units;
	struct krsi_priv_set *scratch;		/* 2 * 64 empty sets: of what is, and of what is not */

	struct krsi_priv_array postings;	/* struct krsi_priv_posting */
	struct krsi_priv_array names;		/* struct krsi_priv_name; when there is somebody to ask */
	struct krsi_priv_array filter;		/* uint64_t: hashes that it must let pass */
	struct krsi_priv_array globs;		/* struct krsi_priv_glob */
	struct krsi_priv_array origins;		/* struct krsi_priv_glob_origin: of each glob */
	uint32_t glob_ids[2][2];		/* of the condition at hand: of texts and paths, of what is and is not; or NO_GLOB */
	uint32_t glob_clause, glob_key;		/* which condition that is */
	struct krsi_priv_array glob_meanings;	/* uint64_t: KRSI_PRIV_MEANING() by the glob's id */
	struct krsi_priv_arena arena;		/* what globs are made of that no policy has */
	struct krsi_priv_image image;		/* what is counted on the way */
};

/* Room for one entry more, zeroed, or NULL. */
void *krsi_priv_array_add(struct krsi_priv_array *array, size_t entry);

/* "policy a, rule b (line 1, column 2)", or less where there is less. */
struct krsi_priv_where {
	char text[320];
};
struct krsi_priv_where krsi_priv_where(const struct krsi_policy *policy, const struct krsi_priv_rule *rule,
				       struct krsi_priv_place place);

/*
 * Each returns 0, -EOPNOTSUPP or -E2BIG, which were told, or -ENOMEM or -ENOSPC (the image is too
 * large), which krsi_priv_image_compile() tells.
 */
int krsi_priv_compile_check(struct krsi_priv_build *build);
int krsi_priv_compile_clauses(struct krsi_priv_build *build);
uint32_t krsi_priv_clauses_of(const struct krsi_policy *policy);	/* how many clauses it needs */
/* The predicate of an entry that is a process: its index in build->predicates. */
int krsi_priv_compile_predicate(struct krsi_priv_build *build, const struct krsi_priv_clause *user,
				const struct krsi_priv_entry *entry, uint32_t *index);

/* Whether a clause cannot apply, or does nothing, when no path and no identity means anything. */
bool krsi_priv_clause_needs_hit(const struct krsi_priv_clause *clause);

int krsi_priv_compile_operations(struct krsi_priv_build *build);
int krsi_priv_compile_keys(struct krsi_priv_build *build);
int krsi_priv_compile_pattern(struct krsi_priv_build *build, uint32_t clause, unsigned int key,
			      const struct krsi_priv_entry *entry, void *data);
/* One alternative of a text of `key`, as a glob whether it has wildcards or not; `pattern` is for messages. */
int krsi_priv_compile_text_glob(struct krsi_priv_build *build, uint32_t clause, unsigned int key, const struct krsi_priv_entry *entry,
				const struct krsi_priv_pattern *pattern, const struct krsi_priv_alternative *alternative);
int krsi_priv_compile_string(struct krsi_priv_build *build, uint32_t clause, unsigned int key, const struct krsi_priv_entry *entry);
int krsi_priv_compile_identity(struct krsi_priv_build *build, uint32_t kind, uint32_t device, uint64_t inode,
			       uint64_t meaning);
int krsi_priv_compile_posting(struct krsi_priv_build *build, uint32_t kind, uint64_t value, uint64_t meaning);
int krsi_priv_compile_filter(struct krsi_priv_build *build, uint64_t hash);
uint32_t krsi_priv_compile_filter_units(struct krsi_priv_build *build);	/* how many the filter will take */
int krsi_priv_compile_resolve(struct krsi_priv_build *build);
int krsi_priv_compile_range(struct krsi_priv_build *build, unsigned int key);
int krsi_priv_compile_dfa(struct krsi_priv_build *build);
int krsi_priv_compile_hash(struct krsi_priv_build *build);

/* Call with each entry of the conditions on a key, clause by clause, until it fails. */
typedef int (*krsi_priv_entry_fn)(struct krsi_priv_build *build, uint32_t clause, unsigned int key,
				  const struct krsi_priv_entry *entry, void *data);
int krsi_priv_compile_each(struct krsi_priv_build *build, unsigned int key, krsi_priv_entry_fn fn, void *data);

/* Collect what one thing means; then take it out as its hit, or as the pair of ROLE_NONE. */
static inline void krsi_priv_meaning_add(struct krsi_priv_build *build, uint64_t meaning)
{
	krsi_priv_set_add(&build->scratch[2 * KRSI_PRIV_MEANING_ROLE(meaning) + KRSI_PRIV_MEANING_NEGATED(meaning)],
			  KRSI_PRIV_MEANING_CLAUSE(meaning));
}

int krsi_priv_hit_take(struct krsi_priv_build *build, uint32_t *ref);
int krsi_priv_pair_take(struct krsi_priv_build *build, unsigned int place, uint32_t *ref);

#endif
