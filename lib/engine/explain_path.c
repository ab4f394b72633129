/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* How the paths of a policy are found on this machine: by name, by identity, by the automaton, or never. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "explain.h"

/* A condition's entry at hand. */
struct at {
	struct krsi_priv_explain *explain;
	uint64_t operations;
	char label[1024];	/* "file.open of ", or "exe " */
	char who[600];		/* "program file_open: ", where it is one */
};

static bool is_plain(const struct krsi_priv_component *component)
{
	return !component->any_depth && component->count <= 1 &&
	       (component->count == 0 || component->tokens[0].kind == KRSI_PRIV_TOKEN_BYTES);
}

/* The path of the first components that have no wildcard; "/" when the first one has. How many they are. */
static uint32_t plain_path(const struct krsi_priv_alternative *alternative, char path[PATH_MAX])
{
	const struct krsi_priv_token *token;
	size_t used = 0;
	uint32_t i;

	for (i = 0; i < alternative->count && is_plain(&alternative->components[i]); i++) {
		token = alternative->components[i].tokens;
		if (!alternative->components[i].count || used + 1 + token->size >= PATH_MAX)
			break;
		path[used++] = '/';
		memcpy(path + used, token->bytes, token->size);
		used += token->size;
	}
	if (!used)
		path[used++] = '/';
	path[used] = '\0';
	return i;
}

/* Where symbolic links on the way lead to, when that is elsewhere. */
static bool leads_elsewhere(const char *path, char real[PATH_MAX])
{
	return realpath(path, real) && strcmp(path, real) != 0;
}

static void tell(const struct at *at, int32_t level, const char *path, const char *how)
{
	struct krsi_explain_item item = { .kind = KRSI_EXPLAIN_PLACE, .level = level };

	krsi_priv_explain_tell(at->explain, item, "%s%s: %s%s", at->label, path, at->who, how);
}

static void literal_explain(const struct at *at, const struct krsi_priv_alternative *alternative, unsigned int key)
{
	bool subtree = alternative->shape == KRSI_PRIV_SHAPE_SUBTREE, is_program = key == KRSI_PRIV_KEY_EXE || key == KRSI_PRIV_KEY_SCRIPT;
	char path[PATH_MAX], shown[PATH_MAX + 4], real[PATH_MAX], how[PATH_MAX + 256];
	const char *what = subtree ? "its directory is looked up" : "looked up";
	struct krsi_priv_resolved resolved;

	plain_path(alternative, path);
	snprintf(shown, sizeof(shown), "%s%s", path, !subtree ? "" : path[1] ? "/**" : "**");
	errno = 0;
	if (!krsi_priv_resolve_path(NULL, path, &resolved)) {
		snprintf(how, sizeof(how), "%s by name only, as %s", what,
			 errno == EACCES ? "this user may not look at it; root takes its identity as well" : "nothing is there now");
		tell(at, KRSI_LOG_INFO, shown, how);
		return;
	}
	if (subtree && !resolved.is_directory) {
		tell(at, KRSI_LOG_WARN, shown, "never matches, as it is no directory; leave out /**");
		return;
	}
	if (is_program && !subtree && resolved.is_directory) {
		tell(at, KRSI_LOG_WARN, shown, "never matches, as it is a directory, and no program; write /** behind it for what is in it");
		return;
	}
	if (leads_elsewhere(path, real))
		snprintf(how, sizeof(how), "%s by identity (%u:%u:%llu), as a symbolic link leads to %s", what, resolved.device >> 20,
			 resolved.device & 0xfffff, (unsigned long long)resolved.inode, real);
	else
		snprintf(how, sizeof(how), "%s by name and identity (%u:%u:%llu)", what, resolved.device >> 20, resolved.device & 0xfffff,
			 (unsigned long long)resolved.inode);
	tell(at, KRSI_LOG_INFO, shown, how);
}

/* The name without which none of these paths can be, as lib/match/compile_paths.c chooses it. */
static const struct krsi_priv_component *anchor_find(const struct krsi_priv_alternative *alternative)
{
	const struct krsi_priv_component *component, *best = NULL;
	uint32_t i;

	for (i = 0; i < alternative->count; i++) {
		component = &alternative->components[i];
		if (is_plain(component) && component->count && (!best || component->tokens[0].size >= best->tokens[0].size))
			best = component;
	}
	return best;
}

/* Patterns are compared with real paths: one that begins with a symbolic link is in vain. */
static bool glob_is_in_vain(const struct at *at, const struct krsi_priv_pattern *pattern, const struct krsi_priv_alternative *alternative)
{
	char path[PATH_MAX], real[PATH_MAX], how[2 * PATH_MAX + 256];

	if (!plain_path(alternative, path) || !leads_elsewhere(path, real))
		return false;
	snprintf(how, sizeof(how), "never matches on this machine, as a symbolic link on the way to %s leads to %s, and files are known by their real paths", path, real);
	tell(at, KRSI_LOG_WARN, pattern->text, how);
	return true;
}

static uint32_t globs_explain(const struct at *at, const struct krsi_priv_pattern *pattern)
{
	const struct krsi_priv_component *anchor = NULL;
	const struct krsi_priv_alternative *alternative;
	bool always = false, in_vain = false;
	uint32_t i, count = 0;
	char how[512];

	for (i = 0; i < pattern->count; i++) {
		alternative = &pattern->alternatives[i];
		if (alternative->shape != KRSI_PRIV_SHAPE_GLOB)
			continue;
		count++;
		in_vain |= glob_is_in_vain(at, pattern, alternative);
		anchor = anchor_find(alternative);
		always |= !anchor;
	}
	if (!count)
		return 0;
	if (always)
		snprintf(how, sizeof(how), "compared by the automaton, for every path, as no name in it is without wildcards");
	else if (count == 1)
		snprintf(how, sizeof(how), "compared by the automaton, where \"%.*s\" is on the path", (int)anchor->tokens[0].size, (const char *)anchor->tokens[0].bytes);
	else
		snprintf(how, sizeof(how), "compared by the automaton, where a name of it is on the path");
	if (!in_vain)
		tell(at, KRSI_LOG_INFO, pattern->text, how);
	return IMAGE_HAS_SUBTREES | (always ? IMAGE_HAS_GLOBS : IMAGE_HAS_ANCHORS);
}

static uint32_t pattern_explain(const struct at *at, const struct krsi_priv_pattern *pattern, unsigned int key)
{
	uint32_t features = globs_explain(at, pattern), i;

	for (i = 0; i < pattern->count && !at->explain->stopped; i++) {
		if (pattern->alternatives[i].shape == KRSI_PRIV_SHAPE_GLOB)
			continue;
		literal_explain(at, &pattern->alternatives[i], key);
		if (pattern->alternatives[i].shape == KRSI_PRIV_SHAPE_SUBTREE)
			features |= IMAGE_HAS_SUBTREES;
	}
	return features;
}

static bool is_file_key(unsigned int key)
{
	return key == KRSI_PRIV_KEY_EXE || key == KRSI_PRIV_KEY_SCRIPT || key == KRSI_PRIV_KEY_PATH || key == KRSI_PRIV_KEY_UNIX_PATH ||
	       key == KRSI_PRIV_KEY_MOUNT_SOURCE || key == KRSI_PRIV_KEY_MOUNT_TARGET;
}

/* "file.open of /etc/shadow: program file_open: ...": who looks for it, where that is one program. */
static void label_make(struct at *at, unsigned int key, const char *below, bool negated)
{
	struct krsi_priv_names operations = krsi_priv_operation_names(at->operations);
	struct krsi_priv_program_names programs = krsi_priv_explain_programs(at->explain, at->operations);

	at->who[0] = '\0';
	if (programs.count == 1 && key >= KRSI_PRIV_KEY_SUBJECT_END && !below)
		snprintf(at->who, sizeof(at->who), "program %s: ", programs.text);
	if (key == KRSI_PRIV_KEY_PATH && !below)
		snprintf(at->label, sizeof(at->label), "%s of %s", operations.text, negated ? "anything but " : "");
	else
		snprintf(at->label, sizeof(at->label), "%s%s%s %s", below ? below : "", below ? "." : "", krsi_priv_key_info(key)->name, negated ? "other than " : "");
}

static uint32_t condition_explain(struct krsi_priv_explain *explain, const struct krsi_priv_condition *condition, uint64_t operations,
				  const char *below)
{
	struct at at = { .explain = explain, .operations = operations };
	const struct krsi_priv_entry *entry;
	uint32_t features = 0, one, i;
	char path[128];

	for (i = 0; i < condition->count && !explain->stopped; i++) {
		entry = &condition->entries[i];
		if (entry->form == KRSI_PRIV_FORM_SUBJECT) {
			snprintf(path, sizeof(path), "%s%s%s", below ? below : "", below ? "." : "", krsi_priv_key_info(condition->key)->name);
			krsi_priv_explain_paths(explain, entry->subject, operations, path);
			continue;
		}
		if (!is_file_key(condition->key) || entry->form != KRSI_PRIV_FORM_PATTERN || entry->pattern->kind != KRSI_PRIV_PATTERN_PATH)
			continue;
		label_make(&at, condition->key, below, entry->negated);
		one = pattern_explain(&at, entry->pattern, condition->key);
		if (condition->key >= KRSI_PRIV_KEY_SUBJECT_END)
			features |= one;
		else
			features |= one & (IMAGE_HAS_GLOBS | IMAGE_HAS_ANCHORS);
	}
	return features;
}

uint32_t krsi_priv_explain_paths(struct krsi_priv_explain *explain, const struct krsi_priv_conditions *conditions,
				 uint64_t operations, const char *below)
{
	uint32_t features = 0, i;

	for (i = 0; i < conditions->count && !explain->stopped; i++)
		features |= condition_explain(explain, &conditions->conditions[i], operations, below);
	return features;
}
