/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A question as it is put together, word by word. question_read.c takes the words, from calls
 * (question_build.c) or from YAML (cases.c), and knows not which; question_make.c makes of it what
 * krsi_priv_match() is asked.
 */
#ifndef KRSI_PRIV_MATCH_QUESTION_BUILD_H
#define KRSI_PRIV_MATCH_QUESTION_BUILD_H

#include <libkrsi/matcher.h>

#include "../policy/language.h"
#include "question.h"

/* A process, with the processes that it hangs on. */
struct krsi_priv_asked {
	struct krsi_priv_process process;	/* its parent and its host's namespaces are put in at the end */
	struct krsi_priv_asked *parent;
	struct krsi_priv_asked *ancestor;	/* descendant_of: somewhere above the parents that are known */
	uint64_t said;				/* KRSI_PRIV_KEY_BIT() */
	uint32_t hosts;				/* bit n: namespace n is the first process's */
	uint32_t *groups;
	const char **tags;
	size_t group_capacity, tag_capacity;
};

/* Arguments, or variables of the environment. */
struct krsi_priv_asked_strings {
	struct krsi_priv_bytes *at;
	size_t count, capacity;
};

struct krsi_question {
	struct krsi_ctx *ctx;
	struct krsi_priv_arena arena;	/* everything below */
	uint32_t operation;		/* enum krsi_priv_operation_number */
	struct krsi_priv_asked *subject;
	struct krsi_priv_asked *target;	/* NULL: not known */
	uint64_t said;			/* keys of the object */
	uint64_t unknown;		/* keys of both that its event would have had to tell, and did not */
	struct krsi_priv_question object;	/* what is no file and no process */

	struct krsi_priv_bytes paths[KRSI_PRIV_FILES_MAX];
	struct krsi_priv_object_id ids[KRSI_PRIV_FILES_MAX];
	size_t path_count, id_count;
	struct krsi_priv_bytes mount_source, mount_target;	/* paths */
	struct krsi_priv_asked_strings argv, env;
	uint32_t type, mode, owner, facts;
	const char *filesystem;
	bool unresolved;
};

/* Who reads, how, and what came of it. */
struct krsi_priv_asking {
	struct krsi_priv_reader r;
	struct krsi_question *question;
	bool add;			/* to what was said, instead of in its place */
	const struct krsi_priv_bytes *raw;	/* the value, instead of the text of the node; or NULL */
	struct krsi_priv_asked **made;	/* the first process that was made on the way, or NULL */
	int err;			/* why it failed, when that is more than a wrong word; 0 */
};

/* Nothing is known of it. NULL: no memory. */
struct krsi_priv_asked *krsi_priv_asked_new(struct krsi_priv_arena *arena);

/* A question of an operation that is known, without a context. NULL: no memory. */
struct krsi_question *krsi_priv_question_new(uint32_t operation);

/* The operation of that name. False with the reason reported. */
bool krsi_priv_question_operation(struct krsi_priv_reader *r, struct krsi_priv_place place, const char *text,
				  uint32_t *operation);

/* Read what is said of the subject, or of the object: a map of keys. False with the reason reported. */
bool krsi_priv_question_subject(struct krsi_priv_asking *a, const struct krsi_priv_node *map);
bool krsi_priv_question_object(struct krsi_priv_asking *a, const struct krsi_priv_node *map);

/* One value, read: what of these it is the key tells. */
struct krsi_priv_said {
	struct krsi_priv_entry entry;
	struct krsi_priv_bytes bytes;	/* of paths and texts */
	bool is_path;			/* of keys that have both */
};

/* Read a value of a key (question_value.c). False with the reason reported. */
bool krsi_priv_said_read(struct krsi_priv_asking *a, const struct krsi_priv_node *node, unsigned int key,
			 struct krsi_priv_said *said);

/*
 * What krsi_priv_match() is asked, in `arena`. `hosts` are the namespaces that `host` means.
 * 0 or -ENOMEM.
 */
int krsi_priv_question_make(const struct krsi_question *question, struct krsi_priv_arena *arena,
			    const uint64_t hosts[KRSI_PRIV_NAMESPACES], struct krsi_priv_question *ret);

#endif
