/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Policies and questions by chance, of so few words that they meet often: a small file system, some
 * users, ports and tags.
 */
#ifndef KRSI_TESTS_MATCH_RANDOM_H
#define KRSI_TESTS_MATCH_RANDOM_H

#include "match_oracle.h"
#include "policy_tools.h"

#define RANDOM_PROCESSES 24
#define RANDOM_DIRECTORIES 8	/* above a file */

/* The files that are there, each with an identity of its own but for those that are links. */
struct oracle_world random_world(void);

/* A policy of so many rules, called p and its number. */
struct krsi_policy *random_policy(struct policy_random *random, struct krsi_ctx *ctx, unsigned int number, unsigned int rules);

/* Processes, each started by one before it, for questions to be about. */
struct random_processes {
	struct krsi_priv_process processes[RANDOM_PROCESSES];
	struct krsi_priv_object_id directories[RANDOM_PROCESSES][2][RANDOM_DIRECTORIES];
	uint32_t groups[RANDOM_PROCESSES][2];
	const char *tags[RANDOM_PROCESSES][2];
};
void random_processes(struct policy_random *random, struct random_processes *processes);

#define RANDOM_STRINGS 4

struct random_question {
	struct krsi_priv_question question;
	struct krsi_priv_object_id directories[KRSI_PRIV_FILES_MAX][RANDOM_DIRECTORIES];
	struct krsi_priv_bytes argv[RANDOM_STRINGS], env[RANDOM_STRINGS];
};

/* A question about one of `operations`, mostly, and of some process to another one. */
void random_question(struct policy_random *random, uint64_t operations, const struct random_processes *processes,
		     struct random_question *question);

/* What a question is, for whoever has to find out why it is answered as it is. */
void random_question_print(const struct krsi_priv_question *question);

#endif
