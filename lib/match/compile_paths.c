/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Patterns. What is written without wildcards is looked up by its hash, a subtree by that of its
 * directory; the rest goes into the automaton, which runs for files only when a name on the way is
 * one that a glob cannot do without, its anchor.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../policy/language.h"
#include "compile_build.h"
#include "dfa.h"
#include "hash.h"

/* How the patterns of a key are meant. */
struct use {
	uint8_t role;		/* enum image_role */
	uint8_t group;		/* enum match_group */
	bool is_file;		/* the path of a file, found by name and identity */
	bool is_path;
	bool or_below;
};

static const struct use file_uses[KRSI_PRIV_KEY_END] = {
	[KRSI_PRIV_KEY_EXE] = { IMAGE_ROLE_EXE, MATCH_GROUP_PATH, true, true, false },
	[KRSI_PRIV_KEY_SCRIPT] = { IMAGE_ROLE_SCRIPT, MATCH_GROUP_PATH, true, true, false },
	[KRSI_PRIV_KEY_PATH] = { IMAGE_ROLE_PATH, MATCH_GROUP_PATH, true, true, false },
	[KRSI_PRIV_KEY_UNIX_PATH] = { IMAGE_ROLE_UNIX_PATH, MATCH_GROUP_PATH, true, true, false },
	[KRSI_PRIV_KEY_MOUNT_SOURCE] = { IMAGE_ROLE_SOURCE, MATCH_GROUP_PATH, true, true, false },
	[KRSI_PRIV_KEY_MOUNT_TARGET] = { IMAGE_ROLE_TARGET, MATCH_GROUP_PATH, true, true, false },
};
static const struct use text_uses[KRSI_PRIV_KEY_END] = {
	[KRSI_PRIV_KEY_CGROUP] = { IMAGE_ROLE_TEXT, MATCH_GROUP_CGROUP, false, true, true },
	[KRSI_PRIV_KEY_CONTAINER] = { IMAGE_ROLE_TEXT, MATCH_GROUP_CONTAINER, false, false, false },
	[KRSI_PRIV_KEY_UNIX_PATH] = { IMAGE_ROLE_TEXT, MATCH_GROUP_ABSTRACT, false, false, false },
	[KRSI_PRIV_KEY_MODULE] = { IMAGE_ROLE_TEXT, MATCH_GROUP_MODULE, false, false, false },
	[KRSI_PRIV_KEY_MOUNT_SOURCE] = { IMAGE_ROLE_TEXT, MATCH_GROUP_SOURCE, false, false, false },
	[KRSI_PRIV_KEY_ARGV] = { IMAGE_ROLE_TEXT, MATCH_GROUP_ARGV, false, false, false },
	[KRSI_PRIV_KEY_ENV] = { IMAGE_ROLE_TEXT, MATCH_GROUP_ENV, false, false, false },
};

/* A condition's entry, while it is compiled. */
struct at {
	struct krsi_priv_build *build;
	const struct krsi_priv_entry *entry;
	const struct krsi_priv_pattern *pattern;	/* of the entry */
	const struct use *use;
	uint32_t clause;
	unsigned int key;
	uint64_t meaning;
};

static const struct use *use_of(unsigned int key, const struct krsi_priv_entry *entry)
{
	bool is_file = entry->form == KRSI_PRIV_FORM_PATTERN && entry->pattern->kind == KRSI_PRIV_PATTERN_PATH;

	return is_file && file_uses[key].is_file ? &file_uses[key] : &text_uses[key];
}

static void feature_add(const struct at *at, uint32_t features)
{
	at->build->all_features |= features;
	if (at->key >= KRSI_PRIV_KEY_SUBJECT_END)
		at->build->clauses[at->clause].features |= features;
}

int krsi_priv_compile_filter(struct krsi_priv_build *build, uint64_t hash)
{
	uint64_t *hashes = krsi_priv_array_add(&build->filter, sizeof(*hashes));

	if (!hashes)
		return -ENOMEM;
	*hashes = hash;
	return 0;
}

/* A component without wildcards is one token, or none when it is empty. */
static bool is_plain(const struct krsi_priv_component *component)
{
	return !component->any_depth && component->count <= 1 &&
	       (component->count == 0 || component->tokens[0].kind == KRSI_PRIV_TOKEN_BYTES);
}

static uint64_t plain_hash(const struct at *at, const struct krsi_priv_component *component)
{
	const struct krsi_priv_token *token = component->tokens;

	return krsi_priv_text_hash(at->build->compile->secret, component->count ? token->bytes : (const unsigned char *)"",
				   component->count ? token->size : 0);
}

/* --- paths without wildcards, or with nothing but ** at the end ------------ */

static int name_add(const struct at *at, uint32_t kind, uint64_t value, const struct krsi_priv_alternative *alternative)
{
	struct krsi_priv_name *name;

	if (!at->build->compile->resolve)
		return 0;
	name = krsi_priv_array_add(&at->build->names, sizeof(*name));
	if (!name)
		return -ENOMEM;
	name->kind = kind;
	name->value = value;
	name->alternative = alternative;
	return 0;
}

static int path_add(const struct at *at, uint32_t kind, const struct krsi_priv_alternative *alternative)
{
	uint32_t count = alternative->count - (kind == IMAGE_KIND_SUBTREE), i;
	uint64_t value = 0, last = 0;	/* the filter is asked for the root directory by 0 */
	int err;

	for (i = 0; i < count; i++) {
		last = plain_hash(at, &alternative->components[i]);
		value = krsi_priv_path_value_add(value, last);
	}
	err = krsi_priv_compile_posting(at->build, kind, value, at->meaning);
	if (err || kind >= IMAGE_KIND_KEY)
		return err;
	if (count == 0)
		at->build->all_features |= IMAGE_HAS_ROOT;
	err = krsi_priv_compile_filter(at->build, last);
	return err ? err : name_add(at, kind, value, alternative);
}

/* --- globs --------------------------------------------------------------- */

static int glob_id(const struct at *at, uint32_t *id)
{
	struct krsi_priv_build *build = at->build;
	uint32_t *known;
	uint64_t *meaning;

	if (build->glob_clause != at->clause || build->glob_key != at->key) {
		memset(build->glob_ids, 0xff, sizeof(build->glob_ids));
		build->glob_clause = at->clause;
		build->glob_key = at->key;
	}
	known = &build->glob_ids[at->use->is_file][at->entry->negated];
	if (*known == KRSI_PRIV_NO_GLOB) {
		meaning = krsi_priv_array_add(&build->glob_meanings, sizeof(*meaning));
		if (!meaning)
			return -ENOMEM;
		*meaning = at->meaning;
		*known = (uint32_t)build->glob_meanings.count - 1;
	}
	*id = *known;
	return 0;
}

static int anchor_add(const struct at *at, const struct krsi_priv_alternative *alternative)
{
	const struct krsi_priv_component *component, *best = NULL;
	uint64_t hash;
	uint32_t i;
	int err;

	for (i = 0; i < alternative->count; i++) {
		component = &alternative->components[i];
		/* Of two of a size the later one: what is near the file is more special. */
		if (is_plain(component) && component->count && (!best || component->tokens[0].size >= best->tokens[0].size))
			best = component;
	}
	feature_add(at, IMAGE_HAS_SUBTREES | (best ? IMAGE_HAS_ANCHORS : IMAGE_HAS_GLOBS));
	if (!best)
		return 0;
	hash = plain_hash(at, best);
	err = krsi_priv_compile_posting(at->build, IMAGE_KIND_ANCHOR, hash, KRSI_PRIV_MEANING(KRSI_PRIV_ROLE_NONE, 0, 0));
	return err ? err : krsi_priv_compile_filter(at->build, hash);
}

static int glob_add(const struct at *at, const struct krsi_priv_alternative *alternative)
{
	struct krsi_priv_glob_origin *origin;
	struct krsi_priv_glob *glob;
	uint32_t id;
	int err;

	err = glob_id(at, &id);
	if (err)
		return err;
	glob = krsi_priv_array_add(&at->build->globs, sizeof(*glob));
	origin = krsi_priv_array_add(&at->build->origins, sizeof(*origin));
	if (!glob || !origin)
		return -ENOMEM;
	*glob = (struct krsi_priv_glob){
		.alternative = alternative, .is_path = at->use->is_path, .or_below = at->use->or_below,
		.group = at->use->group, .id = id,
	};
	*origin = (struct krsi_priv_glob_origin){ at->pattern, at->clause };
	return at->use->is_file ? anchor_add(at, alternative) : 0;
}

/* --- the whole ----------------------------------------------------------- */

static int alternative_add(const struct at *at, const struct krsi_priv_alternative *alternative)
{
	if (alternative->shape == KRSI_PRIV_SHAPE_GLOB)
		return glob_add(at, alternative);
	if (alternative->shape == KRSI_PRIV_SHAPE_SUBTREE) {
		if (!at->use->is_file)
			return glob_add(at, alternative);
		feature_add(at, IMAGE_HAS_SUBTREES);
		return path_add(at, IMAGE_KIND_SUBTREE, alternative);
	}
	if (at->use->is_file)
		return path_add(at, IMAGE_KIND_LITERAL, alternative);
	if (at->use->is_path)
		return path_add(at, IMAGE_KIND_KEY + at->key, alternative);
	return krsi_priv_compile_posting(at->build, IMAGE_KIND_KEY + at->key, plain_hash(at, &alternative->components[0]), at->meaning);
}

int krsi_priv_compile_pattern(struct krsi_priv_build *build, uint32_t clause, unsigned int key,
			      const struct krsi_priv_entry *entry, void *data)
{
	struct at at = {
		.build = build, .entry = entry, .pattern = entry->pattern, .use = use_of(key, entry), .clause = clause, .key = key,
	};
	uint32_t i;
	int err = 0;

	(void)data;
	at.meaning = KRSI_PRIV_MEANING(at.use->role, entry->negated, clause);
	for (i = 0; i < entry->pattern->count && !err; i++)
		err = alternative_add(&at, &entry->pattern->alternatives[i]);
	return err;
}

int krsi_priv_compile_text_glob(struct krsi_priv_build *build, uint32_t clause, unsigned int key, const struct krsi_priv_entry *entry,
				const struct krsi_priv_pattern *pattern, const struct krsi_priv_alternative *alternative)
{
	struct at at = {
		.build = build, .entry = entry, .pattern = pattern, .use = &text_uses[key], .clause = clause, .key = key,
	};

	at.meaning = KRSI_PRIV_MEANING(at.use->role, entry->negated, clause);
	return glob_add(&at, alternative);
}

/* --- what has an identity ------------------------------------------------ */

static int name_order(const void *a, const void *b)
{
	const struct krsi_priv_name *one = a, *other = b;

	if (one->value != other->value)
		return one->value < other->value ? -1 : 1;
	return (one->kind > other->kind) - (one->kind < other->kind);
}

static int posting_find_order(const void *a, const void *b)
{
	const struct krsi_priv_name *name = a;
	const struct krsi_priv_posting *posting = b;
	uint32_t kind = KRSI_PRIV_MEANING_KIND(posting->meaning);

	if (name->value != posting->value)
		return name->value < posting->value ? -1 : 1;
	return (name->kind > kind) - (name->kind < kind);
}

/* "/a/b" of the alternative's components but a ** at its end. The language allows PATH_MAX bytes. */
static void name_text(const struct krsi_priv_name *name, char text[KRSI_PRIV_PATH_MAX + 1])
{
	const struct krsi_priv_alternative *alternative = name->alternative;
	uint32_t i, count = alternative->count - (name->kind == IMAGE_KIND_SUBTREE);
	const struct krsi_priv_token *token;
	size_t used = 0;

	for (i = 0; i < count; i++) {
		token = alternative->components[i].tokens;
		if (used + 1 + token->size > KRSI_PRIV_PATH_MAX)
			break;
		text[used++] = '/';
		memcpy(text + used, token->bytes, token->size);
		used += token->size;
	}
	if (!used)
		text[used++] = '/';
	text[used] = '\0';
}

/* All that the name means, its identity means as well. `sorted` ends in front of what we add. */
static int name_resolve(struct krsi_priv_build *build, const struct krsi_priv_name *name, size_t sorted)
{
	char text[KRSI_PRIV_PATH_MAX + 1];
	struct krsi_priv_posting *postings = build->postings.at, *found;
	struct krsi_priv_resolved resolved;
	uint32_t kind = name->kind == IMAGE_KIND_SUBTREE ? IMAGE_KIND_DIRECTORY : IMAGE_KIND_IDENTITY;
	size_t i;
	int err = 0;

	name_text(name, text);
	if (!build->compile->resolve(build->compile->resolve_data, text, &resolved))
		return 0;
	if (kind == IMAGE_KIND_DIRECTORY && !resolved.is_directory)
		return 0;
	found = bsearch(name, postings, sorted, sizeof(*postings), posting_find_order);
	for (i = (size_t)(found - postings); i > 0 && posting_find_order(name, &postings[i - 1]) == 0;)
		i--;
	for (; i < sorted && !err; i++) {
		postings = build->postings.at;
		if (posting_find_order(name, &postings[i]) != 0)
			break;
		err = krsi_priv_compile_identity(build, kind, resolved.device, resolved.inode,
						 postings[i].meaning & 0xffffffffffffULL);
	}
	return err;
}

int krsi_priv_compile_resolve(struct krsi_priv_build *build)
{
	struct krsi_priv_name *names = build->names.at;
	size_t sorted = build->postings.count, i;
	int err = 0;

	build->image.paths = (uint32_t)build->names.count;
	if (!build->names.count)
		return 0;
	qsort(names, build->names.count, sizeof(*names), name_order);
	for (i = 0; i < build->names.count && !err; i++)
		if (i == 0 || name_order(&names[i - 1], &names[i]) != 0)
			err = name_resolve(build, &names[i], sorted);
	return err;
}
