/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The values that a question has for each key, as the image knows them. */
#include <string.h>

#include "user.h"

static uint32_t find(struct krsi_priv_decision *at, uint32_t kind, uint64_t value)
{
	return match_find(at, match_key(match_header(at->image)->key, kind, value));
}

/* --- texts --------------------------------------------------------------- */

/* The state of the automaton behind these bytes. */
static uint32_t automaton_go(const struct krsi_priv_image *image, uint32_t state, const unsigned char *bytes, size_t size)
{
	const struct image_header *header = match_header(image);
	const unsigned char *classes = (const void *)match_unit(image, header->dfa_classes);
	const uint16_t *rows = (const void *)match_unit(image, header->dfa_rows);
	size_t i;

	for (i = 0; i < size && state; i++)
		state = rows[(size_t)state << header->dfa_row_shift | classes[bytes[i]]];
	return state;
}

/* Run the automaton over a text: the hit of the globs that match it, or 0. */
static uint32_t automaton_run(const struct krsi_priv_image *image, enum match_group group,
			      const unsigned char *bytes, size_t size)
{
	const struct image_header *header = match_header(image);
	const uint32_t *starts = (const void *)match_unit(image, IMAGE_REF_STARTS);
	const uint32_t *accepts = (const void *)match_unit(image, header->dfa_accepts);
	uint32_t state = automaton_go(image, starts[group], bytes, size);

	return state ? accepts[state] : 0;
}

/* Put in what a hit means as a text of the key at hand. */
static void text_hit(struct krsi_priv_decision *at, uint32_t ref)
{
	const struct image_hit *hit = ref ? (const void *)match_pair_of_units(at->image, ref) : NULL;

	if (hit)
		match_pair(at, at->image, hit->pairs[IMAGE_ROLE_TEXT]);
}

/* The value of a text that only this key has: as a whole, and by the globs that match it. */
static void text_value(struct krsi_priv_decision *at, uint32_t key, enum match_group group, const void *bytes, size_t size)
{
	if (!bytes)
		return;
	text_hit(at, find(at, IMAGE_KIND_KEY + key, krsi_priv_text_hash(match_header(at->image)->key, bytes, size)));
	text_hit(at, automaton_run(at->image, group, bytes, size));
}

/* Of a string of an execve(): the first = of a variable is a NUL, as compile_strings.c has it. */
static void string_value(struct krsi_priv_decision *at, enum match_group group, const struct krsi_priv_bytes *string)
{
	const unsigned char *bytes = string->at;
	const unsigned char *equals = group == MATCH_GROUP_ENV ? memchr(bytes, '=', string->size) : NULL;
	const struct image_header *header = match_header(at->image);
	const uint32_t *accepts = (const void *)match_unit(at->image, header->dfa_accepts);
	uint32_t state = ((const uint32_t *)(const void *)match_unit(at->image, IMAGE_REF_STARTS))[group];

	if (group == MATCH_GROUP_ENV) {
		state = automaton_go(at->image, state, bytes, equals ? (size_t)(equals - bytes) : string->size);
		state = automaton_go(at->image, state, (const unsigned char *)"", 1);
		bytes = equals ? equals + 1 : bytes + string->size;
	}
	state = automaton_go(at->image, state, bytes, string->size - (size_t)(bytes - (const unsigned char *)string->at));
	text_hit(at, state ? accepts[state] : 0);
}

static void strings_values(struct krsi_priv_decision *at, enum match_group group, const struct krsi_priv_bytes *strings, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		string_value(at, group, &strings[i]);
}

static void name_value(struct krsi_priv_decision *at, uint32_t key, const char *name)
{
	if (name)
		match_exact(at, at->image, key, krsi_priv_text_hash(match_header(at->image)->key, name, strlen(name)));
}

/* --- paths --------------------------------------------------------------- */

/* A walk from the root directory down, one name each step. */
struct walk {
	const unsigned char *path;	/* behind the first slash */
	size_t size, at;
	uint64_t name;			/* hash of the last name */
	uint64_t value;			/* of the path so far; 0: the root directory */
};

/* False: it is no path, or not known. */
static bool walk_begin(struct walk *walk, const struct krsi_priv_bytes *path)
{
	if (!path->at || !path->size || *(const unsigned char *)path->at != '/')
		return false;
	*walk = (struct walk){ .path = (const unsigned char *)path->at + 1, .size = path->size - 1 };
	return true;
}

static bool walk_is_done(const struct walk *walk)
{
	return walk->at >= walk->size;
}

static void walk_step(struct walk *walk, const struct krsi_priv_image *image)
{
	const unsigned char *name = walk->path + walk->at;
	const unsigned char *slash = memchr(name, '/', walk->size - walk->at);
	size_t size = slash ? (size_t)(slash - name) : walk->size - walk->at;

	walk->name = krsi_priv_text_hash(match_header(image)->key, name, size);
	walk->value = krsi_priv_path_value_add(walk->value, walk->name);
	walk->at += size + 1;
}

/* The automaton calls the root directory "". */
static uint32_t path_run(const struct krsi_priv_image *image, enum match_group group, const struct krsi_priv_bytes *path)
{
	return automaton_run(image, group, path->at, path->size > 1 ? path->size : 0);
}

/* What a path means, with its directories and by globs. What does not pass the filter is not looked up, as in the kernel. */
static void path_hits(struct krsi_priv_decision *at, const struct krsi_priv_bytes *path, uint32_t roles)
{
	const struct image_header *header = match_header(at->image);
	bool run = header->features & IMAGE_HAS_GLOBS, passes;
	struct walk walk;

	if (!walk_begin(&walk, path))
		return;
	for (passes = match_filter(header, 0);; passes = match_filter(header, walk.name)) {
		if (passes)
			match_hit_add(&at->slot, find(at, walk_is_done(&walk) ? IMAGE_KIND_LITERAL : IMAGE_KIND_SUBTREE, walk.value), roles);
		if (passes && walk.at && (header->features & IMAGE_HAS_ANCHORS))
			run = run || find(at, IMAGE_KIND_ANCHOR, walk.name);
		if (walk_is_done(&walk))
			break;
		walk_step(&walk, at->image);
	}
	if (run)
		match_hit_add(&at->slot, path_run(at->image, MATCH_GROUP_PATH, path), roles);
}

static void identity_hit(struct krsi_priv_decision *at, uint32_t kind, const struct krsi_priv_object_id *id, uint32_t roles)
{
	const struct image_header *header = match_header(at->image);

	if (id->inode && match_filter(header, match_identity_filter(header->key, id->inode)))
		match_hit_add(&at->slot, find(at, kind, match_identity(id->device, id->inode)), roles);
}

/* `roles` are of the paths, `own_roles` of the identity alone. */
static void location_hits(struct krsi_priv_decision *at, const struct krsi_priv_location *location, uint32_t roles, uint32_t own_roles)
{
	size_t i;

	path_hits(at, &location->path, roles);
	identity_hit(at, IMAGE_KIND_IDENTITY, &location->id, roles | own_roles);
	for (i = 0; i < location->directory_count; i++)
		identity_hit(at, IMAGE_KIND_DIRECTORY, &location->directories[i], roles);
}

/* match_hit_add() says that there was no room by making the slot unresolved. */
static bool hits_end(struct krsi_priv_decision *at, uint32_t unresolved)
{
	bool ok = !at->slot.unresolved;

	at->slot.unresolved |= unresolved;
	return ok;
}

static uint32_t hits_begin(struct krsi_priv_decision *at)
{
	uint32_t unresolved = at->slot.unresolved;

	at->slot.unresolved = 0;
	return unresolved;
}

bool krsi_priv_match_process_hits(struct krsi_priv_decision *at)
{
	uint32_t unresolved = hits_begin(at);

	location_hits(at, &at->process->exe, 1u << IMAGE_ROLE_EXE, 0);
	location_hits(at, &at->process->script, 1u << IMAGE_ROLE_SCRIPT, 0);
	return hits_end(at, unresolved);
}

static bool file_is_object(const struct krsi_priv_file *file)
{
	return file->roles & 1u << IMAGE_ROLE_PATH;
}

bool krsi_priv_match_object_hits(struct krsi_priv_decision *at)
{
	const struct krsi_priv_question *question = at->question;
	uint32_t unresolved = hits_begin(at);
	const struct krsi_priv_file *file;

	for (file = question->files; file < question->files + question->file_count; file++) {
		unresolved |= file->unresolved;
		location_hits(at, &file->location, file->roles, file_is_object(file) ? 1u << IMAGE_ROLE_IDENTITY : 0);
	}
	path_hits(at, &question->unix_path, 1u << IMAGE_ROLE_UNIX_PATH);
	return hits_end(at, unresolved);
}

/* --- values -------------------------------------------------------------- */

/* The cgroup and those above it, up to the root of the hierarchy. */
static void cgroup_values(struct krsi_priv_decision *at, const char *cgroup)
{
	struct krsi_priv_bytes path = { cgroup, cgroup ? strlen(cgroup) : 0 };
	uint32_t kind = IMAGE_KIND_KEY + KRSI_PRIV_KEY_CGROUP;
	struct walk walk = { 0 };

	if (!cgroup || (path.size && !walk_begin(&walk, &path)))
		return;
	text_hit(at, find(at, kind, 0));
	while (!walk_is_done(&walk)) {
		walk_step(&walk, at->image);
		text_hit(at, find(at, kind, walk.value));
	}
	text_hit(at, path_run(at->image, MATCH_GROUP_CGROUP, &path));
}

static uint64_t tag_bits(const struct krsi_priv_bits *bits, const struct krsi_priv_process *process)
{
	uint64_t values = 0;
	size_t i, k;

	for (i = 0; bits && i < process->tag_count; i++)
		for (k = 0; k < IMAGE_TAGS_MAX; k++)
			if (bits->names[k] && strcmp(bits->names[k], process->tags[i]) == 0)
				values |= 1ULL << k;
	return values;
}

static void group_values(struct krsi_priv_decision *at, const struct krsi_priv_process *process)
{
	size_t i;

	match_range(at, KRSI_PRIV_KEY_GID, process->gid);
	for (i = 0; i < process->group_count; i++)
		match_range(at, KRSI_PRIV_KEY_GID, process->groups[i]);
}

static void subject_values(struct krsi_priv_decision *at, uint32_t key)
{
	const struct krsi_priv_process *process = at->process;

	switch (key) {
	case KRSI_PRIV_KEY_EXE:
		match_hits(at, IMAGE_ROLE_EXE);
		break;
	case KRSI_PRIV_KEY_SCRIPT:
		match_hits(at, IMAGE_ROLE_SCRIPT);
		break;
	case KRSI_PRIV_KEY_UID:
		match_range(at, key, process->uid);
		break;
	case KRSI_PRIV_KEY_GID:
		group_values(at, process);
		break;
	case KRSI_PRIV_KEY_LOGIN_UID:
		match_range(at, key, process->login_uid);
		break;
	case KRSI_PRIV_KEY_CAPABILITIES:
		match_bits(at, key, process->capabilities);
		break;
	case KRSI_PRIV_KEY_CGROUP:
		cgroup_values(at, process->cgroup);
		break;
	case KRSI_PRIV_KEY_CONTAINER:
		text_value(at, key, MATCH_GROUP_CONTAINER, process->container, process->container ? strlen(process->container) : 0);
		break;
	case KRSI_PRIV_KEY_TAG:
		match_bits(at, key, tag_bits(at->question->tag_bits, process));
		break;
	case KRSI_PRIV_KEY_PARENT:
		match_bits(at, key, at->relations.parent);
		break;
	case KRSI_PRIV_KEY_DESCENDANT_OF:
		match_bits(at, key, at->relations.ancestors);
		break;
	default:
		if (process->namespaces[key - KRSI_PRIV_KEY_NS_CGROUP])
			match_range(at, key, process->namespaces[key - KRSI_PRIV_KEY_NS_CGROUP]);
	}
}

/* What a file is, whatever it is called. */
static void file_value(struct krsi_priv_decision *at, uint32_t key, const struct krsi_priv_file *file)
{
	switch (key) {
	case KRSI_PRIV_KEY_TYPE:
		match_range(at, key, file->mode & 0170000);
		break;
	case KRSI_PRIV_KEY_OWNER:
		match_range(at, key, file->owner);
		break;
	case KRSI_PRIV_KEY_MODE:
		match_masks(at, key, file->mode & 07777);
		break;
	case KRSI_PRIV_KEY_FILESYSTEM:
		name_value(at, key, file->filesystem);
		break;
	case KRSI_PRIV_KEY_FACTS:
		match_bits(at, key, file->facts);
		break;
	}
}

static void file_values(struct krsi_priv_decision *at, uint32_t key)
{
	const struct krsi_priv_question *question = at->question;
	const struct krsi_priv_file *file;

	for (file = question->files; file < question->files + question->file_count; file++)
		if (file->has_attributes && file_is_object(file))
			file_value(at, key, file);
}

static void address_value(struct krsi_priv_decision *at, const uint8_t *bytes)
{
	uint64_t words[2] = { 0, 0 };
	size_t i;

	for (i = 0; i < 16; i++)
		words[i / 8] = words[i / 8] << 8 | bytes[i];
	match_range128(at, KRSI_PRIV_KEY_ADDRESS, words[0], words[1]);
}

static void network_values(struct krsi_priv_decision *at, uint32_t key)
{
	const struct krsi_priv_question *question = at->question;

	if (key == KRSI_PRIV_KEY_ADDRESS && question->has_address)
		address_value(at, question->address);
	if (key == KRSI_PRIV_KEY_PORT && question->has_port)
		match_range(at, key, question->port);
	if (key == KRSI_PRIV_KEY_FAMILY && question->has_family)
		match_range(at, key, question->family);
	if (key == KRSI_PRIV_KEY_UNIX_PATH) {
		match_hits(at, IMAGE_ROLE_UNIX_PATH);
		text_value(at, key, MATCH_GROUP_ABSTRACT, question->abstract.at, question->abstract.size);
	}
}

static void object_values(struct krsi_priv_decision *at, uint32_t key)
{
	const struct krsi_priv_question *question = at->question;

	switch (key) {
	case KRSI_PRIV_KEY_PATH:
		match_hits(at, IMAGE_ROLE_PATH);
		break;
	case KRSI_PRIV_KEY_IDENTITY:
		match_hits(at, IMAGE_ROLE_IDENTITY);
		break;
	case KRSI_PRIV_KEY_ADDRESS:
	case KRSI_PRIV_KEY_PORT:
	case KRSI_PRIV_KEY_FAMILY:
	case KRSI_PRIV_KEY_UNIX_PATH:
		network_values(at, key);
		break;
	case KRSI_PRIV_KEY_TARGET:
		match_bits(at, key, at->relations.target);
		break;
	case KRSI_PRIV_KEY_SIGNAL:
		if (question->has_signal)
			match_range(at, key, question->signal);
		break;
	case KRSI_PRIV_KEY_CAPABILITY:
		match_bits(at, key, question->wanted_capabilities);
		break;
	case KRSI_PRIV_KEY_ARGV:
		strings_values(at, MATCH_GROUP_ARGV, question->argv, question->argv_count);
		break;
	case KRSI_PRIV_KEY_ENV:
		strings_values(at, MATCH_GROUP_ENV, question->env, question->env_count);
		break;
	case KRSI_PRIV_KEY_MODULE:
		text_value(at, key, MATCH_GROUP_MODULE, question->module.at, question->module.size);
		break;
	case KRSI_PRIV_KEY_MOUNT_SOURCE:
		match_hits(at, IMAGE_ROLE_SOURCE);
		text_value(at, key, MATCH_GROUP_SOURCE, question->source.at, question->source.size);
		break;
	case KRSI_PRIV_KEY_MOUNT_TARGET:
		match_hits(at, IMAGE_ROLE_TARGET);
		break;
	case KRSI_PRIV_KEY_FSTYPE:
		name_value(at, key, question->fstype);
		break;
	default:
		file_values(at, key);
	}
}

void krsi_priv_match_values(struct krsi_priv_decision *at, uint32_t key)
{
	if (key < KRSI_PRIV_KEY_SUBJECT_END)
		subject_values(at, key);
	else
		object_values(at, key);
}

