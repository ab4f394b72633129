/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The keys of subjects and objects: what each is called, how its entries are written, where it may stand. */
#include <string.h>

#include "language.h"

#define SCOPE KRSI_PRIV_IN_SCOPE
#define RELATIVE KRSI_PRIV_IN_RELATIVE

static const struct krsi_priv_key_info keys[KRSI_PRIV_KEY_END] = {
	[KRSI_PRIV_KEY_EXE] = { "exe", NULL, &krsi_priv_value_program, RELATIVE },
	[KRSI_PRIV_KEY_SCRIPT] = { "script", NULL, &krsi_priv_value_path, RELATIVE },
	[KRSI_PRIV_KEY_UID] = { "uid", NULL, &krsi_priv_value_user, RELATIVE | SCOPE },
	[KRSI_PRIV_KEY_GID] = { "gid", NULL, &krsi_priv_value_group, RELATIVE },
	[KRSI_PRIV_KEY_LOGIN_UID] = { "login_uid", NULL, &krsi_priv_value_login, RELATIVE },
	[KRSI_PRIV_KEY_CAPABILITIES] = { "capabilities", NULL, &krsi_priv_value_capability, RELATIVE },
	[KRSI_PRIV_KEY_CGROUP] = { "cgroup", NULL, &krsi_priv_value_path, RELATIVE | SCOPE },
	[KRSI_PRIV_KEY_CONTAINER] = { "container", NULL, &krsi_priv_value_text, RELATIVE | SCOPE },
	[KRSI_PRIV_KEY_NS_CGROUP] = { "cgroup", "namespaces", &krsi_priv_value_namespace, RELATIVE },
	[KRSI_PRIV_KEY_NS_IPC] = { "ipc", "namespaces", &krsi_priv_value_namespace, RELATIVE },
	[KRSI_PRIV_KEY_NS_MNT] = { "mnt", "namespaces", &krsi_priv_value_namespace, RELATIVE },
	[KRSI_PRIV_KEY_NS_NET] = { "net", "namespaces", &krsi_priv_value_namespace, RELATIVE },
	[KRSI_PRIV_KEY_NS_PID] = { "pid", "namespaces", &krsi_priv_value_namespace, RELATIVE },
	[KRSI_PRIV_KEY_NS_TIME] = { "time", "namespaces", &krsi_priv_value_namespace, RELATIVE },
	[KRSI_PRIV_KEY_NS_USER] = { "user", "namespaces", &krsi_priv_value_namespace, RELATIVE },
	[KRSI_PRIV_KEY_NS_UTS] = { "uts", "namespaces", &krsi_priv_value_namespace, RELATIVE },
	[KRSI_PRIV_KEY_TAG] = { "tag", NULL, &krsi_priv_value_tag, RELATIVE },
	[KRSI_PRIV_KEY_PARENT] = { "parent", NULL, &krsi_priv_value_relative, 0 },
	[KRSI_PRIV_KEY_DESCENDANT_OF] = { "descendant_of", NULL, &krsi_priv_value_relative, 0 },
	[KRSI_PRIV_KEY_PATH] = { "path", NULL, &krsi_priv_value_path, 0 },
	[KRSI_PRIV_KEY_IDENTITY] = { "identity", NULL, &krsi_priv_value_identity, 0 },
	[KRSI_PRIV_KEY_TYPE] = { "type", NULL, &krsi_priv_value_type, 0 },
	[KRSI_PRIV_KEY_OWNER] = { "owner", NULL, &krsi_priv_value_user, 0 },
	[KRSI_PRIV_KEY_MODE] = { "mode", NULL, &krsi_priv_value_mode, 0 },
	[KRSI_PRIV_KEY_FILESYSTEM] = { "filesystem", NULL, &krsi_priv_value_filesystem, 0 },
	[KRSI_PRIV_KEY_FACTS] = { "facts", NULL, &krsi_priv_value_facts, 0 },
	[KRSI_PRIV_KEY_XATTR] = { "xattr", NULL, &krsi_priv_value_xattr, 0 },
	[KRSI_PRIV_KEY_DIGEST_IMA] = { "ima", "digest", &krsi_priv_value_ima, 0 },
	[KRSI_PRIV_KEY_DIGEST_FSVERITY] = { "fsverity", "digest", &krsi_priv_value_fsverity, 0 },
	[KRSI_PRIV_KEY_ADDRESS] = { "address", NULL, &krsi_priv_value_address, 0 },
	[KRSI_PRIV_KEY_PORT] = { "port", NULL, &krsi_priv_value_port, 0 },
	[KRSI_PRIV_KEY_FAMILY] = { "family", NULL, &krsi_priv_value_family, 0 },
	[KRSI_PRIV_KEY_UNIX_PATH] = { "unix_path", NULL, &krsi_priv_value_unix_path, 0 },
	[KRSI_PRIV_KEY_ARGV] = { "argv", NULL, &krsi_priv_value_text, 0 },
	[KRSI_PRIV_KEY_ENV] = { "env", NULL, &krsi_priv_value_env, 0 },
	[KRSI_PRIV_KEY_TARGET] = { "target", NULL, &krsi_priv_value_subject, 0 },
	[KRSI_PRIV_KEY_SIGNAL] = { "signal", NULL, &krsi_priv_value_signal, 0 },
	[KRSI_PRIV_KEY_CAPABILITY] = { "capability", NULL, &krsi_priv_value_capability, 0 },
	[KRSI_PRIV_KEY_MODULE] = { "module", NULL, &krsi_priv_value_text, 0 },
	[KRSI_PRIV_KEY_MOUNT_SOURCE] = { "source", NULL, &krsi_priv_value_source, 0 },
	[KRSI_PRIV_KEY_MOUNT_TARGET] = { "target", NULL, &krsi_priv_value_path, 0 },
	[KRSI_PRIV_KEY_FSTYPE] = { "fstype", NULL, &krsi_priv_value_filesystem, 0 },
};

const struct krsi_priv_key_info *krsi_priv_key_info(enum krsi_priv_key key)
{
	return &keys[key];
}

static uint64_t keys_at(uint8_t place)
{
	uint64_t mask = 0;
	unsigned int i;

	for (i = 0; i < KRSI_PRIV_KEY_END; i++)
		if (keys[i].places & place)
			mask |= KRSI_PRIV_KEY_BIT(i);
	return mask;
}

uint64_t krsi_priv_keys_scope(void)
{
	return keys_at(SCOPE);
}

uint64_t krsi_priv_keys_relative(void)
{
	return keys_at(RELATIVE);
}

const struct krsi_priv_condition *krsi_priv_conditions_find(const struct krsi_priv_conditions *of,
							    enum krsi_priv_key key)
{
	uint32_t i;

	for (i = 0; i < of->count; i++)
		if (of->conditions[i].key == key)
			return &of->conditions[i];
	return NULL;
}

/* --- finding a key ------------------------------------------------------- */

/* Keys of one level: those below `below`, or with NULL the top ones, in which "namespaces" stands for its keys. */
struct level {
	uint64_t mask;
	const char *below;
};

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The word under which a key is found on a level, or NULL. */
static const char *level_word(const struct level *level, unsigned int key)
{
	if (!(level->mask & KRSI_PRIV_KEY_BIT(key)))
		return NULL;
	if (same(level->below, keys[key].below))
		return keys[key].name;
	return level->below ? NULL : keys[key].below;
}

static bool level_has_before(const struct level *level, unsigned int end, const char *word)
{
	unsigned int key;

	for (key = 0; key < end; key++)
		if (same(level_word(level, key), word))
			return true;
	return false;
}

/* The i-th of a level's words, each once. */
static const char *level_word_at(const void *list, size_t i)
{
	const struct level *level = list;
	const char *word;
	unsigned int key;

	for (key = 0; key < KRSI_PRIV_KEY_END; key++) {
		word = level_word(level, key);
		if (word && !level_has_before(level, key, word) && i-- == 0)
			return word;
	}
	return NULL;
}

/*
 * The key of that name on a level, or KRSI_PRIV_KEY_END. `target` is a process when it has keys of
 * its own, a path otherwise: which of them the operation takes is looked at later.
 */
static unsigned int key_find(const struct level *level, const struct krsi_priv_node *node)
{
	bool has_keys = node->kind == KRSI_PRIV_NODE_MAP;
	unsigned int key, found = KRSI_PRIV_KEY_END;

	for (key = 0; key < KRSI_PRIV_KEY_END; key++) {
		if (!(level->mask & KRSI_PRIV_KEY_BIT(key)) || !same(level->below, keys[key].below) ||
		    strcmp(keys[key].name, node->key) != 0)
			continue;
		found = key;
		if (has_keys == !keys[key].value->read)
			break;
	}
	return found;
}

/* Whether keys stand below that word. */
static bool is_group(const struct level *level, const char *word)
{
	unsigned int key;

	for (key = 0; key < KRSI_PRIV_KEY_END && !level->below; key++)
		if ((level->mask & KRSI_PRIV_KEY_BIT(key)) && same(keys[key].below, word))
			return true;
	return false;
}

/* --- reading ------------------------------------------------------------- */

struct collection {
	uint64_t mask;
	struct krsi_priv_condition conditions[KRSI_PRIV_KEY_END];
};

static bool entry_text_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			    const struct krsi_priv_key_info *info, struct krsi_priv_entry *entry)
{
	const char *text = node->text;

	if (!text[0])
		return krsi_priv_wrong(r, node->place, "%s wants %s, not %s", info->name, info->value->what,
				       node->is_plain ? "nothing" : "an empty text");
	if (!info->value->read)
		return krsi_priv_wrong(r, node->place, "%s wants %s, not %s", info->name, info->value->what, krsi_priv_quote(text).text);
	entry->negated = text[0] == '!';
	text += entry->negated;
	if (entry->negated && (!text[0] || text[0] == '!'))
		return krsi_priv_wrong(r, node->place, "%s excludes nothing; write one ! and the value behind it", krsi_priv_quote(text - 1).text);
	return info->value->read(r, node, text, entry);
}

static bool entry_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
		       const struct krsi_priv_key_info *info, struct krsi_priv_entry *entry)
{
	bool ok;

	entry->place = node->place;
	if (node->kind == KRSI_PRIV_NODE_BAD)
		return false;
	if (node->kind == KRSI_PRIV_NODE_LIST)
		return krsi_priv_wrong(r, node->place, "a list inside of a list; make it one");
	if (node->kind == KRSI_PRIV_NODE_MAP && !info->value->read_map)
		return krsi_priv_wrong(r, node->place, "%s wants %s, not keys of its own; put a value that has { } or \": \" in it in quotes",
				       info->name, info->value->what);
	ok = node->kind == KRSI_PRIV_NODE_MAP ? info->value->read_map(r, node, entry) : entry_text_read(r, node, info, entry);
	if (ok && entry->form != KRSI_PRIV_FORM_PATTERN && entry->form != KRSI_PRIV_FORM_ABSTRACT &&
	    entry->form != KRSI_PRIV_FORM_PAIR && ++r->entries == KRSI_PRIV_ENTRIES_MAX + 1)
		r->entries_place = node->place;
	return ok;
}

static bool condition_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			   unsigned int key, struct krsi_priv_condition *condition)
{
	bool is_list = node->kind == KRSI_PRIV_NODE_LIST, ok = true;
	const struct krsi_priv_node *one;
	uint32_t i = 0;

	if (is_list && !node->count)
		return krsi_priv_wrong(r, node->place, "an empty list; leave %s out if anything may match", node->key);
	if (is_list && !keys[key].value->read && node->count > 1)
		return krsi_priv_wrong(r, node->place, "%s wants %s, not a list of several", node->key, keys[key].value->what);
	condition->key = (uint8_t)key;
	condition->place = node->key_place;
	condition->count = is_list ? node->count : 1;
	condition->entries = krsi_priv_arena_array(r->arena, condition->count, sizeof(*condition->entries));
	if (!condition->entries)
		return krsi_priv_report_no_memory(r->report);
	for (one = is_list ? node->first : node; one && i < condition->count && !krsi_priv_report_is_full(r->report); one = one->next)
		ok &= entry_read(r, one, &keys[key], &condition->entries[i++]);
	return ok && krsi_priv_condition_check(r, condition);
}

/* A word that does not stand on this level: perhaps on the other side, perhaps it is misspelt. */
static bool key_unknown(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			const struct level *level, const char *what)
{
	struct level subject = { KRSI_PRIV_KEYS_SUBJECT, NULL }, object = { KRSI_PRIV_KEYS_OBJECT, NULL };
	const char *word = node->key, *elsewhere = NULL;

	if (!level->below && (key_find(&subject, node) != KRSI_PRIV_KEY_END || is_group(&subject, word)))
		elsewhere = "subject";
	else if (!level->below && (key_find(&object, node) != KRSI_PRIV_KEY_END || is_group(&object, word)))
		elsewhere = "object";
	if (elsewhere)
		return krsi_priv_wrong(r, node->key_place, "%s cannot have the key %s; it is a key of a rule's %s", what, word, elsewhere);
	return krsi_priv_wrong(r, node->key_place, "%s has no key %s%s", what, krsi_priv_quote(word).text,
			       krsi_priv_hint(word, level_word_at, level).text);
}

static bool collect(struct krsi_priv_reader *r, const struct krsi_priv_node *map,
		    const struct level *level, const char *what, struct collection *into);

static bool collect_one(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			const struct level *level, const char *what, struct collection *into)
{
	struct level inner = { level->mask, node->key };
	unsigned int key;

	if (node->kind == KRSI_PRIV_NODE_BAD)
		return false;
	key = key_find(level, node);
	if (key == KRSI_PRIV_KEY_END && is_group(level, node->key))
		return collect(r, node, &inner, node->key, into);
	if (key == KRSI_PRIV_KEY_END)
		return key_unknown(r, node, level, what);
	if (into->mask & KRSI_PRIV_KEY_BIT(key))
		return krsi_priv_wrong(r, node->key_place, "%s stands here twice, once below %s; make it one",
				       node->key, key < KRSI_PRIV_KEY_SUBJECT_END ? "subject" : "object");
	into->mask |= KRSI_PRIV_KEY_BIT(key);
	return condition_read(r, node, key, &into->conditions[key]);
}

static bool collect(struct krsi_priv_reader *r, const struct krsi_priv_node *map,
		    const struct level *level, const char *what, struct collection *into)
{
	const struct krsi_priv_node *node;
	bool ok = true;

	if (map->kind == KRSI_PRIV_NODE_BAD)
		return false;
	if (map->kind != KRSI_PRIV_NODE_MAP)
		return krsi_priv_wrong(r, map->place, "%s is made of keys (%s, %s, ...), not of %s", what, level_word_at(level, 0),
				       level_word_at(level, 1), krsi_priv_node_kind_name(map));
	if (!map->count)
		return krsi_priv_wrong(r, map->place, "%s has no keys; leave it out if anything may match", what);
	for (node = map->first; node && !krsi_priv_report_is_full(r->report); node = node->next)
		ok &= collect_one(r, node, level, what, into);
	return ok;
}

/* The conditions on `keys` that were found, in their order. */
static bool conditions_make(struct krsi_priv_reader *r, const struct collection *from, uint64_t mask,
			    struct krsi_priv_conditions *into)
{
	unsigned int key, i = 0;

	mask &= from->mask;
	into->count = (uint32_t)__builtin_popcountll(mask);
	into->conditions = krsi_priv_arena_array(r->arena, into->count, sizeof(*into->conditions));
	if (!into->conditions)
		return krsi_priv_report_no_memory(r->report);
	for (key = 0; key < KRSI_PRIV_KEY_END; key++)
		if (mask & KRSI_PRIV_KEY_BIT(key))
			into->conditions[i++] = from->conditions[key];
	return true;
}

bool krsi_priv_conditions_read(struct krsi_priv_reader *r, const struct krsi_priv_node *map,
			       uint64_t mask, const char *what, struct krsi_priv_conditions *into)
{
	struct level level = { mask, NULL };
	struct collection found;

	found.mask = 0;
	return collect(r, map, &level, what, &found) && conditions_make(r, &found, mask, into);
}

bool krsi_priv_exception_read(struct krsi_priv_reader *r, const struct krsi_priv_node *map,
			      struct krsi_priv_conditions *subject,
			      struct krsi_priv_conditions *object)
{
	static const struct level both = { KRSI_PRIV_KEYS_SUBJECT | KRSI_PRIV_KEYS_OBJECT, NULL };
	static const struct level subjects = { KRSI_PRIV_KEYS_SUBJECT, NULL };
	static const struct level objects = { KRSI_PRIV_KEYS_OBJECT, NULL };
	const struct krsi_priv_node *node;
	struct collection found;
	bool ok = true;

	found.mask = 0;
	if (map->kind != KRSI_PRIV_NODE_MAP || !map->count)
		return collect(r, map, &both, "unless", &found);
	for (node = map->first; node && !krsi_priv_report_is_full(r->report); node = node->next) {
		if (strcmp(node->key, "subject") == 0)
			ok &= collect(r, node, &subjects, "subject", &found);
		else if (strcmp(node->key, "object") == 0)
			ok &= collect(r, node, &objects, "object", &found);
		else
			ok &= collect_one(r, node, &both, "unless", &found);
	}
	return ok && conditions_make(r, &found, KRSI_PRIV_KEYS_SUBJECT, subject) &&
	       conditions_make(r, &found, KRSI_PRIV_KEYS_OBJECT, object);
}

/* --- a process as a value ------------------------------------------------ */

static bool subject_read_keys(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			      uint64_t mask, struct krsi_priv_entry *entry)
{
	struct krsi_priv_conditions *process = krsi_priv_arena_alloc(r->arena, sizeof(*process));

	if (!process)
		return krsi_priv_report_no_memory(r->report);
	entry->form = KRSI_PRIV_FORM_SUBJECT;
	entry->subject = process;
	return krsi_priv_conditions_read(r, node, mask, node->key ? node->key : "a process", process);
}

static bool subject_read_map(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			     struct krsi_priv_entry *entry)
{
	return subject_read_keys(r, node, KRSI_PRIV_KEYS_SUBJECT, entry);
}

static bool relative_read_map(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			      struct krsi_priv_entry *entry)
{
	return subject_read_keys(r, node, krsi_priv_keys_relative(), entry);
}

const struct krsi_priv_value krsi_priv_value_subject = {
	.what = "keys that say which process (exe, uid, ...)",
	.read_map = subject_read_map,
};
const struct krsi_priv_value krsi_priv_value_relative = {
	.what = "keys that say which process (exe, uid, ...)",
	.read_map = relative_read_map,
};
