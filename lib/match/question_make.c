/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* From a question in words to what krsi_priv_match() is asked. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "question_build.h"

#define PATH_ROLE (1u << IMAGE_ROLE_PATH)
#define ATTRIBUTES (KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_TYPE) | KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_OWNER) | \
		    KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_MODE) | KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_FILESYSTEM) | \
		    KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_FACTS))

struct krsi_priv_asked *krsi_priv_asked_new(struct krsi_priv_arena *arena)
{
	struct krsi_priv_asked *asked = krsi_priv_arena_alloc(arena, sizeof(*asked));

	/* No policy can name this user or this group. */
	if (asked)
		asked->process.uid = asked->process.gid = asked->process.login_uid = UINT32_MAX;
	return asked;
}

struct krsi_question *krsi_priv_question_new(uint32_t operation)
{
	struct krsi_question *question = calloc(1, sizeof(*question));

	if (!question)
		return NULL;
	question->operation = operation;
	question->owner = UINT32_MAX;
	question->subject = krsi_priv_asked_new(&question->arena);
	if (question->subject)
		return question;
	krsi_priv_arena_free(&question->arena);
	free(question);
	return NULL;
}

/* --- processes --------------------------------------------------------------- */

/*
 * The process, with what is above it: its parents as far as they are known, then its ancestor, then
 * `above`. What is in between and not known stands for itself, so that nobody is taken for a parent who is only an ancestor.
 */
static struct krsi_priv_process *process_make(struct krsi_priv_arena *arena, const struct krsi_priv_asked *asked, const uint64_t *hosts,
					      const struct krsi_priv_process *above)
{
	struct krsi_priv_asked *between;
	struct krsi_priv_process *process;
	size_t i;

	if (asked->ancestor) {
		above = process_make(arena, asked->ancestor, hosts, above);
		if (!above)
			return NULL;
	}
	process = krsi_priv_arena_alloc(arena, sizeof(*process));
	if (!process)
		return NULL;
	*process = asked->process;
	for (i = 0; i < KRSI_PRIV_NAMESPACES; i++)
		if (asked->hosts >> i & 1)
			process->namespaces[i] = hosts[i];
	if (asked->parent) {
		process->parent = process_make(arena, asked->parent, hosts, above);
		return process->parent ? process : NULL;
	}
	if (!above)
		return process;
	between = krsi_priv_asked_new(arena);
	if (!between)
		return NULL;
	between->process.parent = above;
	process->parent = &between->process;
	return process;
}

/* --- files --------------------------------------------------------------------- */

static void file_add(struct krsi_priv_question *ret, const struct krsi_priv_bytes *path, uint32_t roles)
{
	if (!path->at || ret->file_count == KRSI_PRIV_FILES_MAX)
		return;
	ret->files[ret->file_count++] = (struct krsi_priv_file){ .location.path = *path, .roles = roles | PATH_ROLE };
}

static void files_make(const struct krsi_question *question, struct krsi_priv_question *ret)
{
	bool has_attributes = question->said & ATTRIBUTES;
	size_t i;

	file_add(ret, &question->mount_target, 1u << IMAGE_ROLE_TARGET);
	file_add(ret, &question->mount_source, 1u << IMAGE_ROLE_SOURCE);
	for (i = 0; i < question->path_count; i++)
		file_add(ret, &question->paths[i], 0);
	/* What has no name may have an identity or attributes nevertheless. */
	while (ret->file_count < question->id_count || (!ret->file_count && (has_attributes || question->unresolved)))
		ret->files[ret->file_count++].roles = PATH_ROLE;
	for (i = 0; i < question->id_count; i++)
		ret->files[i].location.id = question->ids[i];
	if (!ret->file_count)
		return;
	ret->files[0].unresolved = question->unresolved;
	ret->files[0].has_attributes = has_attributes;
	ret->files[0].mode = question->type | question->mode;
	ret->files[0].owner = question->owner;
	ret->files[0].facts = question->facts;
	ret->files[0].filesystem = question->filesystem;
}

int krsi_priv_question_make(const struct krsi_question *question, struct krsi_priv_arena *arena,
			    const uint64_t hosts[KRSI_PRIV_NAMESPACES], struct krsi_priv_question *ret)
{
	*ret = question->object;
	ret->operation = question->operation;
	ret->argv = question->argv.at;
	ret->argv_count = question->argv.count;
	ret->env = question->env.at;
	ret->env_count = question->env.count;
	ret->subject = process_make(arena, question->subject, hosts, NULL);
	if (ret->subject && question->target)
		ret->target = process_make(arena, question->target, hosts, NULL);
	if (!ret->subject || (question->target && !ret->target))
		return -ENOMEM;
	files_make(question, ret);
	return 0;
}
