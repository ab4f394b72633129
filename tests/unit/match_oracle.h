/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What docs/policy.md says about a question, the slow and plain way: policy by policy, rule by rule,
 * condition by condition, from what was read and not from what was compiled.
 */
#ifndef KRSI_TESTS_MATCH_ORACLE_H
#define KRSI_TESTS_MATCH_ORACLE_H

#include "match/question.h"

#define ORACLE_TOLD_MAX 512
#define ORACLE_TAGS_MAX 64

/* A file that is there when policies are applied. */
struct oracle_file {
	const char *path;
	struct krsi_priv_object_id id;
	bool is_directory;
};

struct oracle_world {
	const struct oracle_file *files;
	size_t file_count;
	uint64_t host_namespaces[KRSI_PRIV_NAMESPACES];
};

struct oracle_answer {
	int error;
	uint32_t signal;
	struct krsi_priv_told by;
	struct krsi_priv_told told[ORACLE_TOLD_MAX];
	size_t told_count;
	struct {
		const char *name;
		bool tree;
	} tags[ORACLE_TAGS_MAX];
	size_t tag_count;
};

void oracle_ask(const struct krsi_policy *const *policies, size_t count, const struct oracle_world *world,
		const struct krsi_priv_question *question, struct oracle_answer *answer);

/* For krsi_priv_compile.resolve; `world` is a struct oracle_world. */
bool oracle_resolve(void *world, const char *path, struct krsi_priv_resolved *ret);

/* A tag that was put on the subject. */
bool oracle_has_tag(const struct oracle_answer *answer, const char *name, bool tree);

#endif
