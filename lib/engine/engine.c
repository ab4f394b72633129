/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The life of an engine, and the exchange of the policies in force. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <libkrsi/map.h>
#include <libkrsi/stream.h>

#include "../ctx.h"
#include "../opts.h"
#include "engine.h"
#include "programs.h"

#define RING_OF_TWO_CPUS ((uint32_t)1 << 20)
#define RING_MAX ((uint32_t)16 << 20)
#define DENIAL_RING ((uint32_t)256 << 10)
#define WAKE_MS 100

/* --- making and freeing --------------------------------------------------- */

static uint32_t ring_size_default(void)
{
	int cpus = libbpf_num_possible_cpus();
	uint32_t size = RING_OF_TWO_CPUS;

	while (cpus > 2 && size < RING_MAX) {
		cpus = (cpus + 1) / 2;
		size *= 2;
	}
	return size;
}

static int ring_size_check(struct krsi_engine *engine, uint32_t size)
{
	uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);

	if (size >= page && (size & (size - 1)) == 0)
		return 0;
	return krsi_priv_fail(engine->ctx, -EINVAL, "krsi_engine_new: the size of a ring is %u bytes; it must be a power of two, and %u at least", size, page);
}

static int opts_read(struct krsi_engine *engine, const struct krsi_engine_opts *opts)
{
	const uint32_t flags = KRSI_ENGINE_PERMISSIVE | KRSI_ENGINE_ENVIRONMENT | KRSI_ENGINE_PROCESSES | KRSI_ENGINE_DIGESTS;
	struct krsi_engine_opts *have = &engine->opts;
	int err = KRSI_PRIV_OPTS_READ(engine->ctx, have, opts, "krsi_engine_opts");

	if (err)
		return err;
	if (have->flags & ~flags)
		return krsi_priv_fail(engine->ctx, -EINVAL, "krsi_engine_new: unknown flags %#x", have->flags);
	if (have->backend > KRSI_ENGINE_FMOD_RET || have->reserved)
		return krsi_priv_fail(engine->ctx, -EINVAL, "krsi_engine_new: unknown backend %u, or reserved is not 0", have->backend);
	if (have->ring_size == 0)
		have->ring_size = ring_size_default();
	if (have->denial_ring_size == 0)
		have->denial_ring_size = DENIAL_RING;
	if (have->wake_ms == 0)
		have->wake_ms = WAKE_MS;
	if (have->wake_bytes > have->ring_size / 2)
		return krsi_priv_fail(engine->ctx, -EINVAL, "krsi_engine_new: wake_bytes is %llu; more than half of the ring, %u bytes, would leave no time to read it",
				      (unsigned long long)have->wake_bytes, have->ring_size / 2);
	err = ring_size_check(engine, have->ring_size);
	if (!err)
		err = ring_size_check(engine, have->denial_ring_size);
	return err ? err : krsi_priv_environment_read(engine);
}

int krsi_engine_new(struct krsi_ctx *ctx, const struct krsi_engine_opts *opts, struct krsi_engine **ret)
{
	struct krsi_engine *engine;
	size_t i;
	int err;

	if (!ctx || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_engine_new: an argument is NULL");
	engine = calloc(1, sizeof(*engine));
	if (!engine)
		return krsi_priv_fail(ctx, -ENOMEM, "krsi_engine_new: no memory");
	engine->ctx = krsi_priv_ctx_ref(ctx);
	for (i = 0; i < KRSI_PRIV_GENERATIONS; i++)
		engine->generations[i].map_fd = -1;
	engine->events.epoll_fd = engine->events.more_fd = engine->events.timer_fd = -1;
	engine->audit.fd = -1;
	krsi_priv_host_namespaces(engine->host_namespaces);
	err = opts_read(engine, opts);
	engine->duties = (engine->opts.flags & KRSI_ENGINE_PROCESSES ? KRSI_PRIV_DUTY_PROCESSES : 0) |
			 (engine->opts.flags & KRSI_ENGINE_DIGESTS ? KRSI_PRIV_DUTY_DIGESTS : 0);
	if (!err && getrandom(&engine->secret, sizeof(engine->secret), 0) != sizeof(engine->secret))
		err = krsi_priv_fail(ctx, -EIO, "krsi_engine_new: no random numbers: %s", strerror(errno));
	if (!err)
		err = krsi_priv_kernel_check(engine);
	if (!err)
		err = krsi_priv_digests_probe(engine);
	if (!err)
		krsi_priv_audit_find(engine);
	/* The maps now, so that there is a descriptor to wait on; programs when a policy needs them. */
	if (!err)
		err = krsi_priv_kernel_need(engine, 0, 0);
	if (err) {
		krsi_engine_free(engine);
		return err;
	}
	*ret = engine;
	return 0;
}

void krsi_engine_free(struct krsi_engine *engine)
{
	size_t i;

	if (!engine)
		return;
	krsi_priv_kernel_free(engine);
	for (i = 0; i < KRSI_PRIV_GENERATIONS; i++)
		krsi_priv_generation_free(engine, &engine->generations[i]);
	krsi_priv_environment_free(&engine->environment);
	krsi_priv_audit_end(engine);
	krsi_ctx_free(engine->ctx);
	free(engine);
}

/* --- exchange ------------------------------------------------------------- */

static uint32_t duties_of(const struct krsi_priv_generation *generation)
{
	return ((generation->dims | generation->predicate_dims) & KRSI_PRIV_VIEW_KEYS ? KRSI_PRIV_DUTY_VIEWS : 0) |
	       (generation->paths ? KRSI_PRIV_DUTY_IDENTITIES : 0);
}

static uint64_t operations_of(const struct krsi_priv_generation *generation)
{
	return generation ? generation->operations : 0;
}

/* Make what is of the present generation what the programs go by. `operations` is wide while they change. */
static void publish(struct krsi_engine *engine, const struct krsi_priv_generation *generation)
{
	struct krsi_priv_engine_globals *globals = &engine->kernel.globals;
	const struct krsi_priv_generation *before = krsi_priv_generation_find(engine, engine->current);
	uint32_t duties = duties_of(generation) | (before ? duties_of(before) : 0);
	bool predicates = generation->predicate_dims || (before && before->predicate_dims);

	__atomic_store_n(globals->operations, operations_of(before) | operations_of(generation), __ATOMIC_SEQ_CST);
	/*
	 * These stay as wide as both need: unlike `operations` they are not kept from the beginning of an
	 * operation on, and one that began under the generation before may still look at them.
	 */
	__atomic_store_n(globals->want_views, duties & KRSI_PRIV_DUTY_VIEWS, __ATOMIC_SEQ_CST);
	__atomic_store_n(globals->want_predicates, predicates, __ATOMIC_SEQ_CST);
	__atomic_store_n(globals->generation, generation->number, __ATOMIC_SEQ_CST);
	__atomic_store_n(globals->operations, operations_of(generation), __ATOMIC_SEQ_CST);
	__atomic_store_n(globals->seed_generation, 0, __ATOMIC_SEQ_CST);
}

/*
 * Let go of what is neither in force nor the way back. Taking an entry out of a map of maps waits in
 * the kernel until no program runs that could still see it.
 */
static void forget(struct krsi_engine *engine)
{
	size_t i;

	for (i = 0; i < KRSI_PRIV_GENERATIONS; i++) {
		struct krsi_priv_generation *generation = &engine->generations[i];

		if (generation->number != engine->current && generation->number != engine->previous)
			krsi_priv_generation_unload(engine, generation);
	}
	krsi_priv_identities_forget(engine);
}

/* Tell that nothing has changed, before what the kernel had against it. */
static int not_applied(struct krsi_engine *engine, int err, bool others_stay)
{
	return krsi_priv_fail(engine->ctx, err, "engine: the policies cannot be applied%s: %s",
			      others_stay ? ", and those in force stay" : "", krsi_ctx_error_detail(engine->ctx));
}

/* Exchange what is in force for `generation`, whose image is in its place already. */
static int bring_into_force(struct krsi_engine *engine, struct krsi_priv_generation *generation)
{
	const struct krsi_priv_generation *before = krsi_priv_generation_find(engine, engine->current);
	uint32_t duties = duties_of(generation) | (before ? duties_of(before) : 0);
	int err;

	err = krsi_priv_kernel_need(engine, operations_of(generation) | operations_of(before), duties);
	if (!err && duties_of(generation) & KRSI_PRIV_DUTY_VIEWS)
		err = krsi_priv_seed(engine, generation->number);
	if (err) {
		err = not_applied(engine, err, before != NULL);
		if (before)
			krsi_priv_kernel_drop(engine, operations_of(before), duties_of(before));
		else
			krsi_priv_kernel_drop(engine, 0, 0);
		return err;
	}
	krsi_priv_audit_begin(engine, generation);
	publish(engine, generation);
	engine->previous = engine->current;
	engine->current = generation->number;
	forget(engine);
	krsi_priv_kernel_drop(engine, operations_of(generation), duties_of(generation));
	krsi_priv_identities_again(engine, generation);
	return 0;
}

/* `what` is the function that was called. */
static int policies_check(struct krsi_engine *engine, const char *what, struct krsi_policy *const *policies, size_t count)
{
	size_t i, j;

	if (!engine || (count && !policies))
		return krsi_priv_fail(engine ? engine->ctx : NULL, -EINVAL, "%s: an argument is NULL", what);
	if (engine->dispatching)
		return krsi_priv_fail(engine->ctx, -EBUSY, "%s: called from the callback of an event", what);
	for (i = 0; i < count; i++) {
		if (!policies[i])
			return krsi_priv_fail(engine->ctx, -EINVAL, "%s: policy %zu is NULL", what, i);
		if (!policies[i]->frozen)
			return krsi_priv_fail(engine->ctx, -EBADFD, "%s: policy %s is not frozen", what, krsi_policy_name(policies[i]));
		for (j = 0; j < i; j++)
			if (strcmp(krsi_policy_name(policies[i]), krsi_policy_name(policies[j])) == 0)
				return krsi_priv_fail(engine->ctx, -EINVAL, "%s: two policies are called %s; give one of them another name",
						      what, krsi_policy_name(policies[i]));
	}
	return 0;
}

int krsi_engine_prepare(struct krsi_engine *engine, struct krsi_policy *const *policies, size_t count)
{
	struct krsi_priv_generation made;
	int err = policies_check(engine, "krsi_engine_prepare", policies, count);

	if (!err)
		err = krsi_priv_generation_make(engine, policies, count, &made);
	if (err)
		return err;
	err = krsi_priv_kernel_prepare(engine, made.operations, duties_of(&made));
	krsi_priv_generation_free(engine, &made);
	return err;
}

int krsi_engine_apply(struct krsi_engine *engine, struct krsi_policy *const *policies, size_t count)
{
	struct krsi_priv_generation made, *place;
	uint32_t index;
	int err, fd;

	err = policies_check(engine, "krsi_engine_apply", policies, count);
	if (!err)
		err = krsi_priv_generation_make(engine, policies, count, &made);
	if (err)
		return err;
	index = made.number % KRSI_PRIV_GENERATIONS;
	place = &engine->generations[index];
	/* Whose it was is neither in force nor the way back: next_number() sees to it. */
	krsi_priv_generation_free(engine, place);
	fd = made.map_fd;
	err = krsi_map_update(engine->kernel.images, &index, sizeof(index), &fd, sizeof(fd), 0);
	if (err) {
		krsi_priv_generation_free(engine, &made);
		return err;
	}
	*place = made;
	engine->last_number = made.number;
	err = bring_into_force(engine, place);
	if (err)
		krsi_priv_generation_free(engine, place);
	return err;
}

int krsi_engine_rollback(struct krsi_engine *engine)
{
	struct krsi_priv_generation *generation;

	if (!engine)
		return krsi_priv_fail(NULL, -EINVAL, "krsi_engine_rollback: engine is NULL");
	if (engine->dispatching)
		return krsi_priv_fail(engine->ctx, -EBUSY, "krsi_engine_rollback: called from the callback of an event");
	generation = krsi_priv_generation_find(engine, engine->previous);
	if (!generation)
		return krsi_priv_fail(engine->ctx, -ENOENT, "krsi_engine_rollback: no policies were applied before those in force");
	return bring_into_force(engine, generation);
}

/* --- what is in force ----------------------------------------------------- */

static int policy_find(const struct krsi_engine *engine, const char *name, struct krsi_priv_generation **ret,
		       uint32_t *index)
{
	struct krsi_priv_generation *generation = krsi_priv_generation_find(engine, engine->current);
	uint32_t i;

	for (i = 0; generation && i < generation->policy_count; i++) {
		if (strcmp(generation->policies[i].name, name) != 0)
			continue;
		*ret = generation;
		*index = i;
		return 0;
	}
	return krsi_priv_fail(engine->ctx, -ENOENT, "engine: no policy in force is called %s", name);
}

int krsi_engine_set_mode(struct krsi_engine *engine, const char *policy, uint32_t mode)
{
	struct krsi_priv_generation *generation;
	struct image_policy *image;
	uint32_t index;
	int err;

	if (!engine || !policy)
		return krsi_priv_fail(engine ? engine->ctx : NULL, -EINVAL, "krsi_engine_set_mode: an argument is NULL");
	if (mode != KRSI_POLICY_ENFORCE && mode != KRSI_POLICY_PERMISSIVE)
		return krsi_priv_fail(engine->ctx, -EINVAL, "krsi_engine_set_mode: there is no mode %u", mode);
	err = policy_find(engine, policy, &generation, &index);
	if (err)
		return err;
	image = (struct image_policy *)&generation->units[IMAGE_REF_POLICIES + index];
	__atomic_store_n(&image->mode, mode, __ATOMIC_SEQ_CST);
	return 0;
}

/* What a rule has done, into whatever the caller of `what` has. */
static int rule_tell(const struct krsi_engine *engine, const struct krsi_priv_generation *generation, uint32_t clause,
		     struct krsi_engine_rule_info *info, const char *what)
{
	const struct image_header *header = (const struct image_header *)generation->units;
	struct krsi_engine_rule_info have = { .sz = sizeof(have) };
	const struct image_counter *counter;

	if (clause != UINT32_MAX) {
		counter = (const struct image_counter *)&generation->units[header->counter_table + 2 * clause];
		have.hits = __atomic_load_n(&counter->hits, __ATOMIC_RELAXED);
		have.suppressed = __atomic_load_n(&counter->suppressed, __ATOMIC_RELAXED);
	}
	return KRSI_PRIV_INFO_WRITE(engine->ctx, info, &have, what);
}

int krsi_engine_rule_info(const struct krsi_engine *engine, const char *policy, const char *rule,
			  struct krsi_engine_rule_info *info)
{
	const struct krsi_priv_policy_names *names;
	struct krsi_priv_generation *generation;
	uint32_t index, number;
	int err;

	if (!engine || !policy || !rule || !info)
		return krsi_priv_fail(engine ? engine->ctx : NULL, -EINVAL, "krsi_engine_rule_info: an argument is NULL");
	err = policy_find(engine, policy, &generation, &index);
	if (err)
		return err;
	names = &generation->policies[index];
	for (number = 0; number < names->rule_count; number++)
		if (strcmp(names->rules[number], rule) == 0)
			return rule_tell(engine, generation, names->clauses[number], info, "krsi_engine_rule_info");
	return krsi_priv_fail(engine->ctx, -ENOENT, "engine: policy %s has no rule %s", policy, rule);
}

int krsi_engine_rule_at(const struct krsi_engine *engine, const char *policy, size_t index, struct krsi_engine_rule_info *info)
{
	struct krsi_priv_generation *generation;
	uint32_t at;
	int err;

	if (!engine || !policy || !info)
		return krsi_priv_fail(engine ? engine->ctx : NULL, -EINVAL, "krsi_engine_rule_at: an argument is NULL");
	err = policy_find(engine, policy, &generation, &at);
	if (err)
		return err;
	if (index >= generation->policies[at].rule_count)
		return krsi_priv_fail(engine->ctx, -ENOENT, "engine: policy %s has no rule number %zu; it has %u", policy, index,
				      generation->policies[at].rule_count);
	return rule_tell(engine, generation, generation->policies[at].clauses[index], info, "krsi_engine_rule_at");
}

int krsi_engine_info(const struct krsi_engine *engine, struct krsi_engine_info *info)
{
	struct krsi_engine_program_info program = { .sz = sizeof(program) };
	struct krsi_engine_info have = { .sz = sizeof(have) };
	const struct krsi_priv_generation *generation;
	size_t i;

	if (!engine || !info)
		return krsi_priv_fail(engine ? engine->ctx : NULL, -EINVAL, "krsi_engine_info: an argument is NULL");
	generation = krsi_priv_generation_find(engine, engine->current);
	have.events = engine->events.count;
	have.lost = krsi_priv_events_lost(engine);
	have.identities_lost = __atomic_load_n(engine->kernel.globals.known_lost, __ATOMIC_RELAXED);
	have.memory = engine->kernel.map_bytes;
	for (i = 0; i < KRSI_PRIV_GENERATIONS; i++)
		if (engine->generations[i].map_fd >= 0)
			have.memory += (uint64_t)engine->generations[i].pages * IMAGE_PAGE;
	if (generation) {
		have.generation = generation->number;
		have.policy_memory = (uint64_t)generation->pages * IMAGE_PAGE;
		have.policies = generation->policy_count;
		have.rules = generation->rule_count;
	}
	for (; krsi_engine_program(engine, have.programs); have.programs++)
		if (krsi_engine_program_info(engine, have.programs, &program) == 0)
			have.missed += program.missed;
	have.backend = engine->backend;
	return KRSI_PRIV_INFO_WRITE(engine->ctx, info, &have, "krsi_engine_info");
}
