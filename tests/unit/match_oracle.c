/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "match_oracle.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "policy_tools.h"

/* As enum match_outcome has them. */
#define WOULD 1
#define UNRESOLVED 2

/* Whether something holds; maybe: that hangs on a path which could not be found out. */
enum answer {
	NO,
	MAYBE,
	YES,
};

struct asked {
	const struct oracle_world *world;
	const struct krsi_priv_question *question;
	const struct krsi_priv_process *process;
};

/* --- files --------------------------------------------------------------- */

bool oracle_resolve(void *data, const char *path, struct krsi_priv_resolved *ret)
{
	const struct oracle_world *world = data;
	size_t i;

	for (i = 0; i < world->file_count; i++) {
		if (strcmp(world->files[i].path, path) != 0)
			continue;
		*ret = (struct krsi_priv_resolved){
			.device = world->files[i].id.device, .inode = world->files[i].id.inode,
			.is_directory = world->files[i].is_directory,
		};
		return true;
	}
	return false;
}

/* The text of an alternative's first components, which have no wildcards. */
static void literal_text(const struct krsi_priv_alternative *alternative, uint32_t count, char *text, size_t size)
{
	const struct krsi_priv_component *component;
	size_t used = 0;
	uint32_t i;

	strcpy(text, "/");
	for (i = 0; i < count; i++) {
		component = &alternative->components[i];
		assert_int_equal(component->count, 1);
		assert_int_equal(component->tokens[0].kind, KRSI_PRIV_TOKEN_BYTES);
		assert_true(used + 1 + component->tokens[0].size < size);
		text[used++] = '/';
		memcpy(text + used, component->tokens[0].bytes, component->tokens[0].size);
		used += component->tokens[0].size;
		text[used] = '\0';
	}
}

static bool same_id(const struct krsi_priv_object_id *id, const struct krsi_priv_resolved *other)
{
	return id->inode && id->inode == other->inode && id->device == other->device;
}

/* "What is written without wildcards, and DIR/ **, also finds the file by its identity when it has another name." */
static bool alternative_is_identity_of(const struct asked *asked, const struct krsi_priv_alternative *alternative,
				       const struct krsi_priv_location *location)
{
	struct krsi_priv_resolved resolved;
	char text[KRSI_PRIV_PATH_MAX + 1];
	size_t i;

	if (alternative->shape == KRSI_PRIV_SHAPE_GLOB)
		return false;
	literal_text(alternative, alternative->count - (alternative->shape == KRSI_PRIV_SHAPE_SUBTREE), text, sizeof(text));
	if (!oracle_resolve((void *)(uintptr_t)asked->world, text, &resolved))
		return false;
	if (alternative->shape == KRSI_PRIV_SHAPE_LITERAL)
		return same_id(&location->id, &resolved);
	for (i = 0; resolved.is_directory && i < location->directory_count; i++)
		if (same_id(&location->directories[i], &resolved))
			return true;
	return false;
}

static bool bytes_match(const struct krsi_priv_pattern *pattern, const struct krsi_priv_bytes *bytes)
{
	return bytes->at && krsi_priv_pattern_matches(pattern, bytes->at, bytes->size);
}

static bool location_fits(const struct asked *asked, const struct krsi_priv_pattern *pattern,
			  const struct krsi_priv_location *location)
{
	uint32_t i;

	if (pattern->kind != KRSI_PRIV_PATTERN_PATH)
		return false;
	if (bytes_match(pattern, &location->path))
		return true;
	for (i = 0; i < pattern->count; i++)
		if (alternative_is_identity_of(asked, &pattern->alternatives[i], location))
			return true;
	return false;
}

static bool identity_fits(const struct krsi_priv_identity *identity, const struct krsi_priv_object_id *id)
{
	struct krsi_priv_resolved wanted = { .device = identity->major << 20 | identity->minor, .inode = identity->inode };

	return same_id(id, &wanted);
}

/* Some file that has the role is at such a place. */
static bool files_fit(const struct asked *asked, const struct krsi_priv_pattern *pattern, enum image_role role)
{
	const struct krsi_priv_file *file;
	size_t i;

	for (i = 0; i < asked->question->file_count; i++) {
		file = &asked->question->files[i];
		if ((file->roles >> role & 1) && location_fits(asked, pattern, &file->location))
			return true;
	}
	return false;
}

static bool in_range(const struct krsi_priv_entry *entry, uint64_t value)
{
	return value >= entry->range.min && value <= entry->range.max;
}

static bool bit_is_set(const struct krsi_priv_entry *entry, uint64_t bits)
{
	return entry->range.min < 64 && (bits >> entry->range.min & 1);
}

static bool same_name(const struct krsi_priv_entry *entry, const char *name)
{
	return name && strcmp(entry->name, name) == 0;
}

static bool file_fits(const struct krsi_priv_file *file, unsigned int key, const struct krsi_priv_entry *entry)
{
	if (!(file->roles >> IMAGE_ROLE_PATH & 1))
		return false;
	if (key == KRSI_PRIV_KEY_IDENTITY)
		return identity_fits(&entry->identity, &file->location.id);
	if (!file->has_attributes)
		return false;
	switch (key) {
	case KRSI_PRIV_KEY_TYPE:
		return in_range(entry, file->mode & S_IFMT);
	case KRSI_PRIV_KEY_OWNER:
		return in_range(entry, file->owner);
	case KRSI_PRIV_KEY_MODE:
		return (file->mode & entry->mask) == entry->mask;
	case KRSI_PRIV_KEY_FILESYSTEM:
		return same_name(entry, file->filesystem);
	default:
		assert_int_equal(key, KRSI_PRIV_KEY_FACTS);
		return bit_is_set(entry, file->facts);
	}
}

/* --- processes ----------------------------------------------------------- */

static enum answer conditions_hold(const struct asked *asked, const struct krsi_priv_conditions *conditions);

static bool process_fits(const struct asked *asked, const struct krsi_priv_conditions *conditions,
			 const struct krsi_priv_process *process)
{
	struct asked other = { asked->world, asked->question, process };

	return process && conditions_hold(&other, conditions) == YES;
}

static bool ancestor_fits(const struct asked *asked, const struct krsi_priv_conditions *conditions)
{
	const struct krsi_priv_process *process;

	for (process = asked->process->parent; process; process = process->parent)
		if (process_fits(asked, conditions, process))
			return true;
	return false;
}

static bool group_fits(const struct krsi_priv_process *process, const struct krsi_priv_entry *entry)
{
	size_t i;

	for (i = 0; i < process->group_count; i++)
		if (in_range(entry, process->groups[i]))
			return true;
	return in_range(entry, process->gid);
}

/* "It or one above it." */
static bool cgroup_fits(const struct krsi_priv_process *process, const struct krsi_priv_pattern *pattern)
{
	size_t size;

	if (!process->cgroup)
		return false;
	for (size = strlen(process->cgroup); size > 1;) {
		if (krsi_priv_pattern_matches(pattern, process->cgroup, size))
			return true;
		do
			size--;
		while (size && process->cgroup[size] != '/');
	}
	return krsi_priv_pattern_matches(pattern, "/", 1);
}

static bool tag_fits(const struct krsi_priv_process *process, const struct krsi_priv_entry *entry)
{
	size_t i;

	for (i = 0; i < process->tag_count; i++)
		if (same_name(entry, process->tags[i]))
			return true;
	return false;
}

static bool namespace_fits(const struct asked *asked, unsigned int ns, const struct krsi_priv_entry *entry)
{
	uint64_t value = asked->process->namespaces[ns];

	if (!value)
		return false;
	return entry->form == KRSI_PRIV_FORM_HOST ? value == asked->world->host_namespaces[ns] : in_range(entry, value);
}

static bool exe_fits(const struct asked *asked, const struct krsi_priv_entry *entry)
{
	if (entry->form == KRSI_PRIV_FORM_IDENTITY)
		return identity_fits(&entry->identity, &asked->process->exe.id);
	return location_fits(asked, entry->pattern, &asked->process->exe);
}

static bool subject_fits(const struct asked *asked, unsigned int key, const struct krsi_priv_entry *entry)
{
	const struct krsi_priv_process *process = asked->process;

	switch (key) {
	case KRSI_PRIV_KEY_EXE:
		return exe_fits(asked, entry);
	case KRSI_PRIV_KEY_SCRIPT:
		return location_fits(asked, entry->pattern, &process->script);
	case KRSI_PRIV_KEY_UID:
		return in_range(entry, process->uid);
	case KRSI_PRIV_KEY_GID:
		return group_fits(process, entry);
	case KRSI_PRIV_KEY_LOGIN_UID:
		return in_range(entry, process->login_uid);
	case KRSI_PRIV_KEY_CAPABILITIES:
		return bit_is_set(entry, process->capabilities);
	case KRSI_PRIV_KEY_CGROUP:
		return cgroup_fits(process, entry->pattern);
	case KRSI_PRIV_KEY_CONTAINER:
		return process->container && krsi_priv_pattern_matches(entry->pattern, process->container, strlen(process->container));
	case KRSI_PRIV_KEY_TAG:
		return tag_fits(process, entry);
	case KRSI_PRIV_KEY_PARENT:
		return process_fits(asked, entry->subject, process->parent);
	case KRSI_PRIV_KEY_DESCENDANT_OF:
		return ancestor_fits(asked, entry->subject);
	default:
		return namespace_fits(asked, key - KRSI_PRIV_KEY_NS_CGROUP, entry);
	}
}

/* --- what else is acted on ----------------------------------------------- */

static bool prefix_is(const uint8_t *bytes, const struct krsi_priv_network *network)
{
	unsigned int bit;

	for (bit = 0; bit < network->prefix; bit++)
		if ((bytes[bit / 8] ^ network->bytes[bit / 8]) >> (7 - bit % 8) & 1)
			return false;
	return true;
}

/* "IPv4 also means its form in IPv6, and ::/0 means no IPv4." */
static bool address_fits(const struct krsi_priv_question *question, const struct krsi_priv_network *network)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool is_mapped = memcmp(question->address, mapped, sizeof(mapped)) == 0;

	if (!question->has_address || is_mapped != (network->family == AF_INET))
		return false;
	return prefix_is(question->address + (is_mapped ? sizeof(mapped) : 0), network);
}

static bool unix_fits(const struct krsi_priv_question *question, const struct krsi_priv_entry *entry)
{
	return bytes_match(entry->pattern, entry->form == KRSI_PRIV_FORM_ABSTRACT ? &question->abstract : &question->unix_path);
}

static bool source_fits(const struct asked *asked, const struct krsi_priv_pattern *pattern)
{
	if (pattern->kind == KRSI_PRIV_PATTERN_PATH)
		return files_fit(asked, pattern, IMAGE_ROLE_SOURCE);
	return bytes_match(pattern, &asked->question->source);
}

/* NAME=VALUE, or a NAME that has an empty value. */
static bool variable_fits(const struct krsi_priv_entry *entry, const struct krsi_priv_bytes *variable)
{
	const char *text = variable->at, *equals = memchr(text, '=', variable->size), *value = equals ? equals + 1 : text + variable->size;

	return krsi_priv_pattern_matches(entry->pair.name, text, equals ? (size_t)(equals - text) : variable->size) &&
	       (!entry->pair.value || krsi_priv_pattern_matches(entry->pair.value, value, (size_t)(text + variable->size - value)));
}

static bool strings_fit(const struct krsi_priv_question *question, const struct krsi_priv_entry *entry)
{
	size_t i;

	if (entry->form != KRSI_PRIV_FORM_PAIR) {
		for (i = 0; i < question->argv_count; i++)
			if (bytes_match(entry->pattern, &question->argv[i]))
				return true;
		return false;
	}
	for (i = 0; i < question->env_count; i++)
		if (variable_fits(entry, &question->env[i]))
			return true;
	return false;
}

static bool object_fits(const struct asked *asked, unsigned int key, const struct krsi_priv_entry *entry)
{
	const struct krsi_priv_question *question = asked->question;
	size_t i;

	switch (key) {
	case KRSI_PRIV_KEY_PATH:
		return files_fit(asked, entry->pattern, IMAGE_ROLE_PATH);
	case KRSI_PRIV_KEY_ADDRESS:
		return address_fits(question, &entry->network);
	case KRSI_PRIV_KEY_PORT:
		return question->has_port && in_range(entry, question->port);
	case KRSI_PRIV_KEY_FAMILY:
		return question->has_family && in_range(entry, question->family);
	case KRSI_PRIV_KEY_UNIX_PATH:
		return unix_fits(question, entry);
	case KRSI_PRIV_KEY_TARGET:
		return process_fits(asked, entry->subject, question->target);
	case KRSI_PRIV_KEY_SIGNAL:
		return question->has_signal && in_range(entry, question->signal);
	case KRSI_PRIV_KEY_CAPABILITY:
		return bit_is_set(entry, question->wanted_capabilities);
	case KRSI_PRIV_KEY_MODULE:
		return bytes_match(entry->pattern, &question->module);
	case KRSI_PRIV_KEY_ARGV:
	case KRSI_PRIV_KEY_ENV:
		return strings_fit(question, entry);
	case KRSI_PRIV_KEY_MOUNT_SOURCE:
		return source_fits(asked, entry->pattern);
	case KRSI_PRIV_KEY_MOUNT_TARGET:
		return files_fit(asked, entry->pattern, IMAGE_ROLE_TARGET);
	case KRSI_PRIV_KEY_FSTYPE:
		return same_name(entry, question->fstype);
	}
	for (i = 0; i < question->file_count; i++)
		if (file_fits(&question->files[i], key, entry))
			return true;
	return false;
}

/* --- conditions ---------------------------------------------------------- */

static bool hangs_on_path(const struct asked *asked, unsigned int key)
{
	size_t i;

	if (key != KRSI_PRIV_KEY_PATH && key != KRSI_PRIV_KEY_MOUNT_SOURCE && key != KRSI_PRIV_KEY_MOUNT_TARGET)
		return false;
	for (i = 0; i < asked->question->file_count; i++)
		if (asked->question->files[i].unresolved)
			return true;
	return false;
}

/*
 * "It holds when there are no positive entries or one of them fits, and none of the negated ones does."
 * Of an object that could not be found, what is known may fit, but nothing is certain to be excluded or not.
 */
static enum answer condition_holds(const struct asked *asked, const struct krsi_priv_condition *condition)
{
	bool asks = false, excludes = false, one_fits = false, one_is_excluded = false, fits;
	const struct krsi_priv_entry *entry;

	for (entry = condition->entries; entry < condition->entries + condition->count; entry++) {
		fits = condition->key < KRSI_PRIV_KEY_SUBJECT_END ? subject_fits(asked, condition->key, entry)
								   : object_fits(asked, condition->key, entry);
		if (entry->negated) {
			excludes = true;
			one_is_excluded |= fits;
		} else {
			asks = true;
			one_fits |= fits;
		}
	}
	if (hangs_on_path(asked, condition->key))
		return one_fits && !excludes ? YES : MAYBE;
	return (one_fits || !asks) && !one_is_excluded ? YES : NO;
}

static enum answer conditions_hold(const struct asked *asked, const struct krsi_priv_conditions *conditions)
{
	enum answer all = YES, one;
	uint32_t i;

	for (i = 0; i < conditions->count; i++) {
		one = condition_holds(asked, &conditions->conditions[i]);
		if (one < all)
			all = one;
	}
	return all;
}

static enum answer both_hold(const struct asked *asked, const struct krsi_priv_conditions *subject,
			     const struct krsi_priv_conditions *object)
{
	enum answer one = conditions_hold(asked, subject), other = conditions_hold(asked, object);

	return one < other ? one : other;
}

static bool is_opened(const struct asked *asked)
{
	return asked->question->operation >= KRSI_PRIV_OP_OPENED;
}

/*
 * "The rule also meets files that were open before the policy." "Rules that allow need no already_open", and do nothing
 * where no rule of the policy has it.
 */
static bool rule_is_about(const struct asked *asked, const struct krsi_policy *policy, const struct krsi_priv_rule *rule)
{
	uint64_t bit = KRSI_PRIV_OP_BIT(KRSI_PRIV_OP_TOLD(asked->question->operation));
	bool some = false;
	uint32_t i;

	if (!(rule->operations & bit))
		return false;
	if (!is_opened(asked) || rule->already_open)
		return true;
	for (i = 0; i < policy->rule_count; i++)
		some |= policy->rules[i].already_open && policy->rules[i].operations & bit;
	return some && rule->action.verdict == KRSI_PRIV_ALLOW;
}

static enum answer rule_applies(const struct asked *asked, const struct krsi_policy *policy, const struct krsi_priv_rule *rule)
{
	if (!rule_is_about(asked, policy, rule))
		return NO;
	if (rule->has_exception && both_hold(asked, &rule->except_subject, &rule->except_object) == YES)
		return NO;
	return both_hold(asked, &rule->subject, &rule->object);
}

/* --- policies ------------------------------------------------------------ */

static void tell(struct oracle_answer *answer, const struct krsi_priv_told *told)
{
	assert_true(answer->told_count < ORACLE_TOLD_MAX);
	answer->told[answer->told_count++] = *told;
}

static void tag(struct oracle_answer *answer, const struct krsi_priv_action *action)
{
	assert_true(answer->tag_count < ORACLE_TAGS_MAX);
	answer->tags[answer->tag_count].name = action->tag;
	answer->tags[answer->tag_count++].tree = action->tree;
}

bool oracle_has_tag(const struct oracle_answer *answer, const char *name, bool tree)
{
	size_t i;

	for (i = 0; i < answer->tag_count; i++)
		if (strcmp(answer->tags[i].name, name) == 0 && (answer->tags[i].tree || !tree))
			return true;
	return false;
}

/* The strictest wins: a signal, KILL before others, then an error; of equals the first. */
static unsigned int severity(int error, uint32_t signal)
{
	return signal == SIGKILL ? 3 : signal ? 2 : error ? 1 : 0;
}

static void refuse(struct oracle_answer *answer, const struct krsi_priv_told *told, int error, uint32_t signal)
{
	if (severity(error, signal) <= severity(answer->error, answer->signal))
		return;
	answer->error = error;
	answer->signal = signal;
	answer->by = (struct krsi_priv_told){ .kind = told->kind, .policy = told->policy, .rule = told->rule };
}

/* Where one is in a policy: whether it has decided, and whether its permissive rules would have. */
struct state {
	const struct krsi_policy *policy;
	bool decided, would;
};

/* A rule that applies for certain. */
static void rule_act(struct state *state, const struct krsi_priv_rule *rule, struct krsi_priv_told told, bool permissive,
		     struct oracle_answer *answer)
{
	bool decides = krsi_priv_action_decides(&rule->action);

	told.outcome |= permissive ? WOULD : 0;
	if (rule->report || (told.outcome & UNRESOLVED))
		tell(answer, &told);
	if (permissive) {
		state->would |= decides;
		return;
	}
	state->decided = decides;
	if (rule->action.verdict == KRSI_PRIV_TAG)
		tag(answer, &rule->action);
	else if (decides)
		refuse(answer, &told, rule->action.error, rule->action.signal);
}

static void rule_ask(const struct asked *asked, struct state *state, const struct krsi_priv_rule *rule,
		     struct krsi_priv_told told, struct oracle_answer *answer)
{
	bool permissive = (rule->mode ? rule->mode : state->policy->mode) == KRSI_POLICY_PERMISSIVE;
	bool refuses = rule->action.verdict == KRSI_PRIV_DENY || rule->action.verdict == KRSI_PRIV_SIGNAL;
	enum answer applies = rule_applies(asked, state->policy, rule);

	if (applies == NO || (permissive && state->would))
		return;
	if (applies == YES) {
		rule_act(state, rule, told, permissive, answer);
		return;
	}
	told.outcome = UNRESOLVED;
	if (!refuses || state->policy->on_unresolved == KRSI_PRIV_ALLOW)
		return;
	if (state->policy->on_unresolved == KRSI_PRIV_DENY) {
		rule_act(state, rule, told, permissive, answer);
		return;
	}
	told.outcome |= WOULD;
	tell(answer, &told);
}

static void default_ask(const struct asked *asked, const struct state *state, struct krsi_priv_told told,
			struct oracle_answer *answer)
{
	const struct krsi_priv_default *fallback = &state->policy->defaults[KRSI_PRIV_OP_TOLD(asked->question->operation)];
	bool permissive = state->policy->mode == KRSI_POLICY_PERMISSIVE;

	if (is_opened(asked) || !fallback->error || (permissive && state->would))
		return;
	told.outcome = permissive ? WOULD : 0;
	tell(answer, &told);
	if (!permissive)
		refuse(answer, &told, fallback->error, 0);
}

static void policy_ask(const struct asked *asked, const struct krsi_policy *policy, uint16_t number,
		       struct oracle_answer *answer)
{
	struct krsi_priv_told told = { .kind = IMAGE_RULE, .policy = number };
	struct state state = { .policy = policy };

	if (conditions_hold(asked, &policy->scope) != YES)
		return;
	for (; told.rule < policy->rule_count && !state.decided; told.rule++)
		rule_ask(asked, &state, &policy->rules[told.rule], told, answer);
	if (!state.decided)
		default_ask(asked, &state, (struct krsi_priv_told){ .kind = IMAGE_DEFAULT, .policy = number }, answer);
}

void oracle_ask(const struct krsi_policy *const *policies, size_t count, const struct oracle_world *world,
		const struct krsi_priv_question *question, struct oracle_answer *answer)
{
	struct asked asked = { world, question, question->subject };
	size_t i;

	memset(answer, 0, sizeof(*answer));
	for (i = 0; i < count; i++)
		policy_ask(&asked, policies[i], (uint16_t)i, answer);
}
