/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the tests of the compiler share: reading an image as its matchers do, but slowly and with a
 * check of everything on the way.
 */
#ifndef KRSI_TESTS_MATCH_COMPILE_H
#define KRSI_TESTS_MATCH_COMPILE_H

#include "policy_tools.h"

#include "match/compile.h"
#include "match/hash.h"

#define SECRET 0x0123456789abcdefULL

/* Policies, compiled. */
struct compiled {
	struct krsi_policy *policies[80];
	size_t count;
	struct krsi_priv_compile compile;
	struct krsi_priv_bits tags, predicates;
	struct krsi_priv_image image;
};

void compiled_init(struct compiled *c);
void compiled_add(struct krsi_ctx *ctx, struct compiled *c, const char *text);

/* Compile what was added and check the image from end to end. */
void compiled_make(struct krsi_ctx *ctx, struct compiled *c);

/* The same of one policy. */
void compiled_one(struct krsi_ctx *ctx, struct compiled *c, const char *text);

/* It must be refused, with these words. */
void compiled_refuse(struct krsi_ctx *ctx, struct compiled *c, int err, const char *words);
void compiled_free(struct compiled *c);

const struct image_header *image_header(const struct krsi_priv_image *image);
const void *image_at(const struct krsi_priv_image *image, uint32_t ref);

/* Everything that can be reached is where and what it should be. */
void image_check(const struct krsi_priv_image *image);

/* The members of a set: "64 66"; "" for none. In a buffer that the eighth call from now uses again. */
const char *image_set(const struct krsi_priv_image *image, uint32_t ref);

/* "64 66" or "64 66 !70": those of a pair. */
const char *image_pair(const struct krsi_priv_image *image, uint32_t ref);
const char *image_op(const struct krsi_priv_image *image, unsigned int operation);
const char *image_free(const struct krsi_priv_image *image, unsigned int key);
const char *image_excluding(const struct krsi_priv_image *image, unsigned int key);
const struct image_clause *image_clause(const struct krsi_priv_image *image, uint32_t number);

/* What a value of a key means, by the kind of its table. */
const char *image_range(const struct krsi_priv_image *image, unsigned int key, uint64_t value);
const char *image_address(const struct krsi_priv_image *image, const char *address);
const char *image_bit(const struct krsi_priv_image *image, unsigned int key, unsigned int bit);
const char *image_mode(const struct krsi_priv_image *image, uint64_t mask);
const char *image_exact(const struct krsi_priv_image *image, unsigned int key, const char *text);

/* The ref that the hash table has for a key, or 0. */
uint32_t image_find(const struct krsi_priv_image *image, uint32_t kind, uint64_t value);
uint64_t path_value(const char *path);
uint64_t name_hash(const char *name);

/* What a hit means in a role. */
const char *image_hit(const struct krsi_priv_image *image, uint32_t ref, unsigned int role);

/* Run the automaton of a group: the ref of a hit, or 0. */
uint32_t image_glob(const struct krsi_priv_image *image, unsigned int group, const char *text);
bool image_filter(const struct krsi_priv_image *image, uint64_t hash);

#endif
