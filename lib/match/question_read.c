/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* From words to a question: which keys there are, which can have several values, and where each value goes. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "question_build.h"

#define BIT KRSI_PRIV_KEY_BIT

/* What of the language the engine does not look at yet. */
#define NOT_YET (BIT(KRSI_PRIV_KEY_XATTR) | BIT(KRSI_PRIV_KEY_DIGEST_IMA) | BIT(KRSI_PRIV_KEY_DIGEST_FSVERITY))

static const char unresolved_word[] = "unresolved";

/* Whose keys are read: a process's, or the object's of the question. */
struct side {
	struct krsi_priv_asked *process;	/* NULL: the object */
	uint64_t mask;				/* the keys that it has */
	bool can_be_unresolved;
};

/* --- finding a key ------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The key of that name below `below`, which may be NULL, or KRSI_PRIV_KEY_END. */
static unsigned int key_find(uint64_t mask, const char *below, const char *name)
{
	const struct krsi_priv_key_info *info;
	unsigned int key;

	for (key = 0; key < KRSI_PRIV_KEY_END; key++) {
		info = krsi_priv_key_info(key);
		if (mask & BIT(key) && same(info->below, below) && strcmp(info->name, name) == 0)
			break;
	}
	return key;
}

static bool has_keys_below(uint64_t mask, const char *name)
{
	unsigned int key;

	for (key = 0; key < KRSI_PRIV_KEY_END; key++)
		if (mask & BIT(key) && same(krsi_priv_key_info(key)->below, name))
			return true;
	return false;
}

/* The words of one level, for hints. */
struct level {
	const struct side *side;
	const char *below;
};

static const char *level_word(const void *list, size_t i)
{
	const struct level *level = list;
	const struct krsi_priv_key_info *info;
	const char *group = NULL;
	unsigned int key;

	if (level->side->can_be_unresolved && !level->below && i-- == 0)
		return unresolved_word;
	for (key = 0; key < KRSI_PRIV_KEY_END; key++) {
		info = krsi_priv_key_info(key);
		if (!(level->side->mask & BIT(key)))
			continue;
		if (same(info->below, level->below) && i-- == 0)
			return info->name;
		if (!level->below && info->below && !same(group, info->below) && i-- == 0)
			return info->below;
		if (info->below)
			group = info->below;
	}
	return NULL;
}

/* All operations that know a key of objects. */
static struct krsi_priv_names operations_with(unsigned int key)
{
	uint64_t mask = 0;
	unsigned int i;

	for (i = 1; i < KRSI_PRIV_OP_END; i++)
		if (krsi_priv_operation(i)->keys & BIT(key))
			mask |= KRSI_PRIV_OP_BIT(i);
	return krsi_priv_operation_names(mask);
}

static bool key_unknown(struct krsi_priv_asking *a, const struct side *side, const char *below, const struct krsi_priv_node *node)
{
	const char *operation = krsi_priv_operation(a->question->operation)->name, *word = node->key;
	struct level level = { side, below };
	unsigned int elsewhere = KRSI_PRIV_KEY_END;

	if (side->process && !below) {
		elsewhere = key_find(KRSI_PRIV_KEYS_OBJECT, NULL, word);
		if (elsewhere != KRSI_PRIV_KEY_END)
			return krsi_priv_wrong(&a->r, node->key_place, "%s is no key of a process but of the object", word);
		return krsi_priv_wrong(&a->r, node->key_place, "a process has no key %s%s", krsi_priv_quote(word).text,
				       krsi_priv_hint(word, level_word, &level).text);
	}
	if (!side->process)
		elsewhere = key_find(KRSI_PRIV_KEYS_OBJECT, below, word);
	if (elsewhere != KRSI_PRIV_KEY_END)
		return krsi_priv_wrong(&a->r, node->key_place, "%s makes no sense for %s; it is for %s", word, operation, operations_with(elsewhere).text);
	if (!side->process && !below && key_find(KRSI_PRIV_KEYS_SUBJECT, NULL, word) != KRSI_PRIV_KEY_END)
		return krsi_priv_wrong(&a->r, node->key_place, "%s is no key of the object but of the subject", word);
	if (below)
		return krsi_priv_wrong(&a->r, node->key_place, "%s has no key %s%s", below, krsi_priv_quote(word).text,
				       krsi_priv_hint(word, level_word, &level).text);
	return krsi_priv_wrong(&a->r, node->key_place, "the object of %s has no key %s%s", operation, krsi_priv_quote(word).text,
			       krsi_priv_hint(word, level_word, &level).text);
}

/* --- forgetting ------------------------------------------------------------ */

static void process_forget(struct krsi_priv_asked *asked, unsigned int key)
{
	struct krsi_priv_process *process = &asked->process;

	switch (key) {
	case KRSI_PRIV_KEY_EXE:
		process->exe = (struct krsi_priv_location){ .directory_count = 0 };
		break;
	case KRSI_PRIV_KEY_SCRIPT:
		process->script = (struct krsi_priv_location){ .directory_count = 0 };
		break;
	case KRSI_PRIV_KEY_GID:
		process->gid = UINT32_MAX;
		process->group_count = 0;
		break;
	case KRSI_PRIV_KEY_CAPABILITIES:
		process->capabilities = 0;
		break;
	case KRSI_PRIV_KEY_TAG:
		process->tag_count = 0;
		break;
	default:
		break;	/* has one value, which the new one takes the place of */
	}
	asked->said &= ~BIT(key);
}

static void object_forget(struct krsi_question *question, unsigned int key)
{
	switch (key) {
	case KRSI_PRIV_KEY_PATH:
		question->path_count = 0;
		break;
	case KRSI_PRIV_KEY_IDENTITY:
		question->id_count = 0;
		break;
	case KRSI_PRIV_KEY_FACTS:
		question->facts = 0;
		break;
	case KRSI_PRIV_KEY_CAPABILITY:
		question->object.wanted_capabilities = 0;
		break;
	case KRSI_PRIV_KEY_UNIX_PATH:
		question->object.unix_path = question->object.abstract = (struct krsi_priv_bytes){ NULL, 0 };
		break;
	case KRSI_PRIV_KEY_ARGV:
		question->argv.count = 0;
		break;
	case KRSI_PRIV_KEY_ENV:
		question->env.count = 0;
		break;
	case KRSI_PRIV_KEY_MOUNT_SOURCE:
		question->object.source = question->mount_source = (struct krsi_priv_bytes){ NULL, 0 };
		break;
	default:
		break;
	}
	question->said &= ~BIT(key);
}

/* --- taking ---------------------------------------------------------------- */

static bool has_one_only(struct krsi_priv_asking *a, const struct krsi_priv_node *node)
{
	a->err = -EEXIST;
	return krsi_priv_wrong(&a->r, node->place, "it has a value already, and can have one only");
}

static bool too_many_files(struct krsi_priv_asking *a, const struct krsi_priv_node *node)
{
	a->err = -E2BIG;
	return krsi_priv_wrong(&a->r, node->place, "an operation is about %d files at most", KRSI_PRIV_FILES_MAX);
}

static bool location_take(struct krsi_priv_asking *a, const struct krsi_priv_node *node, struct krsi_priv_location *location,
			  const struct krsi_priv_said *said)
{
	const struct krsi_priv_identity *identity = &said->entry.identity;

	if (said->entry.form != KRSI_PRIV_FORM_IDENTITY) {
		if (location->path.at)
			return has_one_only(a, node);
		location->path = said->bytes;
		return true;
	}
	if (location->id.inode)
		return has_one_only(a, node);
	location->id = (struct krsi_priv_object_id){ identity->major << 20 | identity->minor, identity->inode };
	return true;
}

/* Room for one entry more. NULL with the want of memory reported. */
static void *grow(struct krsi_priv_asking *a, const void *old, size_t count, size_t *capacity, size_t entry)
{
	void *more;

	if (count < *capacity)
		return (void *)(uintptr_t)old;
	more = krsi_priv_arena_array(a->r.arena, *capacity * 2 + 4, entry);
	if (!more) {
		krsi_priv_report_no_memory(a->r.report);
		return NULL;
	}
	if (count)
		memcpy(more, old, count * entry);
	*capacity = *capacity * 2 + 4;
	return more;
}

/* The first one is the effective group. */
static bool group_take(struct krsi_priv_asking *a, struct krsi_priv_asked *asked, uint32_t gid)
{
	struct krsi_priv_process *process = &asked->process;
	uint32_t *groups;

	if (!(asked->said & BIT(KRSI_PRIV_KEY_GID))) {
		process->gid = gid;
		return true;
	}
	groups = grow(a, asked->groups, process->group_count, &asked->group_capacity, sizeof(*groups));
	if (!groups)
		return false;
	groups[process->group_count++] = gid;
	process->groups = asked->groups = groups;
	return true;
}

static bool tag_take(struct krsi_priv_asking *a, struct krsi_priv_asked *asked, const char *tag)
{
	struct krsi_priv_process *process = &asked->process;
	const char **tags = grow(a, asked->tags, process->tag_count, &asked->tag_capacity, sizeof(*tags));

	if (!tags)
		return false;
	tags[process->tag_count++] = tag;
	process->tags = asked->tags = tags;
	return true;
}

static void namespace_take(struct krsi_priv_asked *asked, unsigned int number, const struct krsi_priv_entry *entry)
{
	bool host = entry->form == KRSI_PRIV_FORM_HOST;

	asked->hosts = host ? asked->hosts | 1u << number : asked->hosts & ~(1u << number);
	asked->process.namespaces[number] = host ? 0 : entry->range.min;
}

static bool process_take(struct krsi_priv_asking *a, const struct krsi_priv_node *node, struct krsi_priv_asked *asked,
			 unsigned int key, const struct krsi_priv_said *said)
{
	struct krsi_priv_process *process = &asked->process;
	const struct krsi_priv_range *range = &said->entry.range;
	const char *text = said->bytes.at;

	switch (key) {
	case KRSI_PRIV_KEY_EXE:
		return location_take(a, node, &process->exe, said);
	case KRSI_PRIV_KEY_SCRIPT:
		return location_take(a, node, &process->script, said);
	case KRSI_PRIV_KEY_GID:
		return group_take(a, asked, (uint32_t)range->min);
	case KRSI_PRIV_KEY_CAPABILITIES:
		process->capabilities |= 1ULL << (range->min & 63);
		return true;
	case KRSI_PRIV_KEY_TAG:
		return tag_take(a, asked, said->entry.name);
	default:
		break;
	}
	if (asked->said & BIT(key))
		return has_one_only(a, node);
	switch (key) {
	case KRSI_PRIV_KEY_UID:
		process->uid = (uint32_t)range->min;
		break;
	case KRSI_PRIV_KEY_LOGIN_UID:
		process->login_uid = (uint32_t)range->min;
		break;
	case KRSI_PRIV_KEY_CGROUP:
		process->cgroup = said->bytes.size == 1 ? "" : text;
		break;
	case KRSI_PRIV_KEY_CONTAINER:
		process->container = text;
		break;
	default:
		namespace_take(asked, key - KRSI_PRIV_KEY_NS_CGROUP, &said->entry);
	}
	return true;
}

static bool file_take(struct krsi_priv_asking *a, const struct krsi_priv_node *node, unsigned int key,
		      const struct krsi_priv_said *said)
{
	const struct krsi_priv_identity *identity = &said->entry.identity;
	struct krsi_question *question = a->question;
	size_t others = !!question->mount_source.at + !!question->mount_target.at;

	if (key == KRSI_PRIV_KEY_PATH) {
		if (question->path_count + others == KRSI_PRIV_FILES_MAX)
			return too_many_files(a, node);
		question->paths[question->path_count++] = said->bytes;
		return true;
	}
	if (question->id_count == KRSI_PRIV_FILES_MAX)
		return too_many_files(a, node);
	question->ids[question->id_count++] = (struct krsi_priv_object_id){ identity->major << 20 | identity->minor, identity->inode };
	return true;
}

static void address_take(struct krsi_priv_asking *a, const struct krsi_priv_node *node, const struct krsi_priv_network *network)
{
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff };
	struct krsi_priv_question *object = &a->question->object;
	bool v4 = network->family == AF_INET;

	memcpy(object->address, v4 ? mapped : network->bytes, 16);
	if (v4)
		memcpy(object->address + 12, network->bytes, 4);
	object->has_address = true;
	if (!(a->question->said & BIT(KRSI_PRIV_KEY_FAMILY)))
		object->family = strchr(node->text, ':') ? AF_INET6 : AF_INET;
	object->has_family = true;
}

static void unix_take(struct krsi_priv_asking *a, const struct krsi_priv_said *said)
{
	struct krsi_priv_question *object = &a->question->object;

	object->unix_path = object->abstract = (struct krsi_priv_bytes){ NULL, 0 };
	if (said->entry.form == KRSI_PRIV_FORM_ABSTRACT)
		object->abstract = said->bytes;
	else
		object->unix_path = said->bytes;
	if (!(a->question->said & BIT(KRSI_PRIV_KEY_FAMILY)))
		object->family = AF_UNIX;
	object->has_family = true;
}

static bool mount_take(struct krsi_priv_asking *a, const struct krsi_priv_node *node, unsigned int key,
		       const struct krsi_priv_said *said)
{
	struct krsi_question *question = a->question;
	struct krsi_priv_bytes *file = key == KRSI_PRIV_KEY_MOUNT_TARGET ? &question->mount_target : &question->mount_source;

	if (!said->is_path) {
		question->object.source = said->bytes;
		return true;
	}
	if (question->path_count + !!question->mount_source.at + !!question->mount_target.at - !!file->at == KRSI_PRIV_FILES_MAX)
		return too_many_files(a, node);
	*file = said->bytes;
	return true;
}

/* Values that a key has one of. */
static bool one_take(struct krsi_priv_asking *a, const struct krsi_priv_node *node, unsigned int key,
		     const struct krsi_priv_said *said)
{
	struct krsi_question *question = a->question;
	uint32_t number = (uint32_t)said->entry.range.min;

	switch (key) {
	case KRSI_PRIV_KEY_TYPE:
		question->type = number;
		break;
	case KRSI_PRIV_KEY_OWNER:
		question->owner = number;
		break;
	case KRSI_PRIV_KEY_MODE:
		question->mode = said->entry.mask;
		break;
	case KRSI_PRIV_KEY_FILESYSTEM:
		question->filesystem = said->entry.name;
		break;
	case KRSI_PRIV_KEY_ADDRESS:
		address_take(a, node, &said->entry.network);
		break;
	case KRSI_PRIV_KEY_PORT:
		question->object.port = (uint16_t)number;
		question->object.has_port = true;
		break;
	case KRSI_PRIV_KEY_FAMILY:
		question->object.family = (uint16_t)number;
		question->object.has_family = true;
		break;
	case KRSI_PRIV_KEY_UNIX_PATH:
		unix_take(a, said);
		break;
	case KRSI_PRIV_KEY_SIGNAL:
		question->object.signal = number;
		question->object.has_signal = true;
		break;
	case KRSI_PRIV_KEY_MODULE:
		question->object.module = said->bytes;
		break;
	case KRSI_PRIV_KEY_FSTYPE:
		question->object.fstype = said->entry.name;
		break;
	default:
		return mount_take(a, node, key, said);
	}
	return true;
}

static bool string_take(struct krsi_priv_asking *a, struct krsi_priv_asked_strings *strings, const struct krsi_priv_said *said)
{
	struct krsi_priv_bytes *at = grow(a, strings->at, strings->count, &strings->capacity, sizeof(*at));

	if (!at)
		return false;
	at[strings->count++] = said->bytes;
	strings->at = at;
	return true;
}

static bool object_take(struct krsi_priv_asking *a, const struct krsi_priv_node *node, unsigned int key,
			const struct krsi_priv_said *said)
{
	struct krsi_question *question = a->question;

	switch (key) {
	case KRSI_PRIV_KEY_PATH:
	case KRSI_PRIV_KEY_IDENTITY:
		return file_take(a, node, key, said);
	case KRSI_PRIV_KEY_ARGV:
		return string_take(a, &question->argv, said);
	case KRSI_PRIV_KEY_ENV:
		return string_take(a, &question->env, said);
	case KRSI_PRIV_KEY_FACTS:
		question->facts |= 1u << said->entry.range.min;
		return true;
	case KRSI_PRIV_KEY_CAPABILITY:
		question->object.wanted_capabilities |= 1ULL << (said->entry.range.min & 63);
		return true;
	default:
		return question->said & BIT(key) ? has_one_only(a, node) : one_take(a, node, key, said);
	}
}

/* --- reading ----------------------------------------------------------------- */

static bool value_read(struct krsi_priv_asking *a, const struct krsi_priv_node *node, const struct side *side,
		       unsigned int key, bool add)
{
	struct krsi_priv_said said;
	bool ok;

	if (!krsi_priv_said_read(a, node, key, &said))
		return false;
	if (side->process) {
		if (!add)
			process_forget(side->process, key);
		ok = process_take(a, node, side->process, key, &said);
		if (ok)
			side->process->said |= BIT(key);
		return ok;
	}
	if (!add)
		object_forget(a->question, key);
	ok = object_take(a, node, key, &said);
	if (ok)
		a->question->said |= BIT(key);
	return ok;
}

static bool values_read(struct krsi_priv_asking *a, const struct krsi_priv_node *node, const struct side *side, unsigned int key)
{
	const struct krsi_priv_node *one;
	bool ok = true, add = a->add;

	if (BIT(key) & NOT_YET) {
		a->err = -EOPNOTSUPP;
		return krsi_priv_wrong(&a->r, node->key_place, "%s is not in the engine yet, so no policy that is carried out can ask for it; leave it out", node->key);
	}
	if (node->kind != KRSI_PRIV_NODE_LIST)
		return value_read(a, node, side, key, add);
	if (!node->count)
		return krsi_priv_wrong(&a->r, node->place, "an empty list; leave %s out if it is not known", node->key);
	for (one = node->first; one && !krsi_priv_report_is_full(a->r.report); one = one->next, add = true)
		ok &= value_read(a, one, side, key, add);
	return ok;
}

static bool side_read(struct krsi_priv_asking *a, const struct krsi_priv_node *map, const struct side *side, const char *below);

/* Another process: made when it is not there, and nothing is known of it then. */
static bool other_read(struct krsi_priv_asking *a, const struct krsi_priv_node *node, struct krsi_priv_asked **place)
{
	struct side side = { .mask = KRSI_PRIV_KEYS_SUBJECT };

	if (node->kind != KRSI_PRIV_NODE_MAP)
		return krsi_priv_wrong(&a->r, node->place, "%s wants keys that say which process (exe, uid, ...), not %s", node->key, krsi_priv_node_kind_name(node));
	if (!*place) {
		*place = krsi_priv_asked_new(a->r.arena);
		if (!*place)
			return krsi_priv_report_no_memory(a->r.report);
		if (!a->made)
			a->made = place;
	}
	side.process = *place;
	return side_read(a, node, &side, NULL);
}

static bool unresolved_read(struct krsi_priv_asking *a, const struct krsi_priv_node *node)
{
	uint32_t value;

	if (a->raw || !krsi_priv_scalar_word(&a->r, node, krsi_priv_words_boolean, "true or false", &value))
		return false;
	a->question->unresolved = value;
	return true;
}

static bool key_read(struct krsi_priv_asking *a, const struct krsi_priv_node *node, const struct side *side, const char *below)
{
	unsigned int key = key_find(side->mask, below, node->key);

	if (node->kind == KRSI_PRIV_NODE_BAD)
		return false;
	if (key == KRSI_PRIV_KEY_PARENT)
		return other_read(a, node, &side->process->parent);
	if (key == KRSI_PRIV_KEY_DESCENDANT_OF)
		return other_read(a, node, &side->process->ancestor);
	if (key == KRSI_PRIV_KEY_TARGET)
		return other_read(a, node, &a->question->target);
	if (key != KRSI_PRIV_KEY_END)
		return values_read(a, node, side, key);
	if (!below && side->can_be_unresolved && strcmp(node->key, unresolved_word) == 0)
		return unresolved_read(a, node);
	if (!below && has_keys_below(side->mask, node->key)) {
		if (node->kind == KRSI_PRIV_NODE_MAP)
			return side_read(a, node, side, node->key);
		return krsi_priv_wrong(&a->r, node->place, "%s has keys of its own, not %s", node->key, krsi_priv_node_kind_name(node));
	}
	return key_unknown(a, side, below, node);
}

static bool side_read(struct krsi_priv_asking *a, const struct krsi_priv_node *map, const struct side *side, const char *below)
{
	const struct krsi_priv_node *node;
	bool ok = true;

	for (node = map->first; node && !krsi_priv_report_is_full(a->r.report); node = node->next)
		ok &= key_read(a, node, side, below);
	return ok;
}

static bool map_check(struct krsi_priv_asking *a, const struct krsi_priv_node *map, const char *what, const char *example)
{
	if (map->kind == KRSI_PRIV_NODE_BAD)
		return false;
	return map->kind == KRSI_PRIV_NODE_MAP ||
	       krsi_priv_wrong(&a->r, map->place, "%s is made of keys (%s, ...), not of %s", what, example, krsi_priv_node_kind_name(map));
}

bool krsi_priv_question_subject(struct krsi_priv_asking *a, const struct krsi_priv_node *map)
{
	struct side side = { .process = a->question->subject, .mask = KRSI_PRIV_KEYS_SUBJECT };

	return map_check(a, map, "subject", "exe, uid") && side_read(a, map, &side, NULL);
}

bool krsi_priv_question_object(struct krsi_priv_asking *a, const struct krsi_priv_node *map)
{
	struct side side = { .mask = krsi_priv_operation(a->question->operation)->keys };

	side.can_be_unresolved = side.mask & BIT(KRSI_PRIV_KEY_PATH);
	return map_check(a, map, "object", "path, owner") && side_read(a, map, &side, NULL);
}

bool krsi_priv_question_operation(struct krsi_priv_reader *r, struct krsi_priv_place place, const char *text,
				  uint32_t *operation)
{
	size_t word;

	if (!krsi_priv_operation_find(text, &word))
		return krsi_priv_wrong(r, place, "%s is no operation%s", krsi_priv_quote(text).text, krsi_priv_operation_hint(text).text);
	if (word >= KRSI_PRIV_OP_END)
		return krsi_priv_wrong(r, place, "%s is a group; a question is about one operation, such as %s", text,
				       krsi_priv_operation((unsigned int)__builtin_ctzll(krsi_priv_operation_mask(word)))->name);
	*operation = (uint32_t)word;
	return true;
}
