/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* One set of policies in the kernel: an image in an array map of pages, and the names that belong to it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <libkrsi/map.h>

#include "../caps.h"
#include "../ctx.h"
#include "engine.h"

static void names_free(struct krsi_priv_generation *generation)
{
	uint32_t i, j;

	for (i = 0; i < generation->policy_count; i++) {
		for (j = 0; j < generation->policies[i].rule_count; j++)
			free(generation->policies[i].rules[j]);
		free(generation->policies[i].rules);
		free(generation->policies[i].clauses);
		free(generation->policies[i].audits);
		free(generation->policies[i].name);
	}
	free(generation->policies);
	generation->policies = NULL;
	generation->policy_count = 0;
}

static int names_copy(struct krsi_priv_generation *generation, struct krsi_policy *const *policies, size_t count)
{
	size_t i, j, rules;

	generation->policies = calloc(count ? count : 1, sizeof(*generation->policies));
	if (!generation->policies)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		struct krsi_priv_policy_names *names = &generation->policies[i];

		generation->policy_count = (uint32_t)i + 1;
		rules = krsi_policy_rule_count(policies[i]);
		names->name = strdup(krsi_policy_name(policies[i]));
		names->rules = calloc(rules ? rules : 1, sizeof(*names->rules));
		names->clauses = calloc(rules ? rules : 1, sizeof(*names->clauses));
		names->audits = calloc(rules ? rules : 1, sizeof(*names->audits));
		if (!names->name || !names->rules || !names->clauses || !names->audits)
			return -ENOMEM;
		for (j = 0; j < rules; j++) {
			names->rules[j] = strdup(krsi_policy_rule_name(policies[i], j));
			if (!names->rules[j])
				return -ENOMEM;
			names->rule_count = (uint32_t)j + 1;
			names->audits[j] = policies[i]->rules[j].audit;
			generation->audits |= names->audits[j];
		}
		generation->rule_count += (uint32_t)rules;
	}
	return 0;
}

/* Where the image counts what rules do, so that nobody has to look for it each time. */
static void clauses_find(struct krsi_priv_generation *generation, const struct krsi_priv_image *image)
{
	const struct image_header *header = (const struct image_header *)image->units;
	const struct image_clause *clause;
	uint32_t i;

	for (i = 0; i < generation->policy_count; i++)
		memset(generation->policies[i].clauses, 0xff, generation->policies[i].rule_count * sizeof(*generation->policies[i].clauses));
	for (i = header->clauses; i-- > 0;) {
		clause = (const struct image_clause *)&image->units[header->clause_table + i];
		if (clause->kind == IMAGE_RULE)
			generation->policies[clause->policy].clauses[clause->rule] = i;
	}
}

/* An array of pages that can be mapped, with the image in it. */
static int image_load(struct krsi_ctx *ctx, struct krsi_priv_generation *generation,
		      const struct krsi_priv_image *image)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	size_t size = (size_t)image->pages * IMAGE_PAGE;
	void *memory;

	generation->map_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "image", sizeof(uint32_t), IMAGE_PAGE, image->pages, &opts);
	if (generation->map_fd < 0) {
		char why[256];

		if (errno == ENOMEM)
			return krsi_priv_fail(ctx, -ENOMEM, "engine: no kernel memory for %zu bytes of policies", size);
		krsi_priv_eperm_explain(why, sizeof(why));
		return krsi_priv_fail(ctx, errno == EPERM ? -EPERM : errno == EMFILE ? -EMFILE : -EIO,
				      "engine: cannot make a map for the policies: %s", errno == EPERM ? why : strerror(errno));
	}
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, generation->map_fd, 0);
	if (memory == MAP_FAILED)
		return krsi_priv_fail(ctx, errno == ENOMEM ? -ENOMEM : -EIO, "engine: cannot map the policies' map: %s", strerror(errno));
	generation->units = memory;
	generation->pages = image->pages;
	memcpy(memory, image->units, size);
	return 0;
}

static int bits_copy(struct krsi_priv_bits *into, const struct krsi_priv_bits *from)
{
	size_t i;

	for (i = 0; i < 64; i++) {
		if (!from->names[i])
			continue;
		into->names[i] = strdup(from->names[i]);
		if (!into->names[i])
			return -ENOMEM;
	}
	return 0;
}

/* The bits of processes go on from the generation in force. */
static int bits_begin(const struct krsi_engine *engine, struct krsi_priv_generation *generation)
{
	const struct krsi_priv_generation *before = krsi_priv_generation_find(engine, engine->current);
	int err = 0;

	if (before) {
		err = bits_copy(&generation->tags, &before->tags);
		if (!err)
			err = bits_copy(&generation->predicates, &before->predicates);
	}
	return err;
}

/* KRSI_ENGINE_PERMISSIVE: no clause is carried out, whatever mode it has or its policy is given later. */
static void permissive_make(const struct krsi_priv_image *image)
{
	const struct image_header *header = (const struct image_header *)image->units;
	struct image_clause *clause;
	uint32_t i;

	for (i = 0; i < header->clauses; i++) {
		clause = (struct image_clause *)&image->units[header->clause_table + i];
		clause->flags = (uint8_t)((clause->flags & ~IMAGE_ENFORCE) | IMAGE_PERMISSIVE);
	}
}

/*
 * The next number whose place in the map is neither that of the image in force nor of the one to go back to,
 * and whose lowest bit is not that of the one in force: by it, processes keep two views of themselves
 * apart (struct process_view of bpf/engine/state.bpf.h).
 */
static uint32_t next_number(const struct krsi_engine *engine)
{
	uint32_t number = engine->last_number + 1;

	while (number == 0 || number % KRSI_PRIV_GENERATIONS == engine->current % KRSI_PRIV_GENERATIONS ||
	       (engine->previous && number % KRSI_PRIV_GENERATIONS == engine->previous % KRSI_PRIV_GENERATIONS) ||
	       (engine->current && number % 2 == engine->current % 2))
		number++;
	return number;
}

int krsi_priv_generation_make(struct krsi_engine *engine, struct krsi_policy *const *policies, size_t count,
			      struct krsi_priv_generation *ret)
{
	struct krsi_priv_generation generation = { .number = next_number(engine), .map_fd = -1 };
	struct krsi_priv_image image = { 0 };
	struct krsi_priv_compile compile = {
		.generation = generation.number,
		.secret = engine->secret,
		.resolve = krsi_priv_resolve_noting,
		.resolve_data = &generation.resolutions,
		.tags = &generation.tags,
		.predicates = &generation.predicates,
	};
	int err;

	memcpy(compile.host_namespaces, engine->host_namespaces, sizeof(compile.host_namespaces));
	err = bits_begin(engine, &generation);
	if (!err)
		err = krsi_priv_image_compile(engine->ctx, (const struct krsi_policy *const *)policies, count, &compile, &image);
	if (!err && generation.resolutions.no_memory)
		err = -ENOMEM;
	if (!err)
		err = krsi_priv_strings_check(engine, image.dims);
	if (!err)
		err = names_copy(&generation, policies, count);
	if (!err)
		clauses_find(&generation, &image);
	if (!err && engine->opts.flags & KRSI_ENGINE_PERMISSIVE)
		permissive_make(&image);
	if (!err)
		err = image_load(engine->ctx, &generation, &image);
	generation.operations = image.operations;
	generation.dims = image.dims;
	generation.predicate_dims = image.predicate_dims;
	generation.paths = image.paths;
	krsi_priv_image_free(&image);
	if (err) {
		krsi_priv_generation_free(engine, &generation);
		return err == -ENOMEM ? krsi_priv_fail(engine->ctx, -ENOMEM, "engine: no memory for the policies") : err;
	}
	*ret = generation;
	return 0;
}

void krsi_priv_generation_unload(struct krsi_engine *engine, struct krsi_priv_generation *generation)
{
	uint32_t index = generation->number % KRSI_PRIV_GENERATIONS;

	krsi_priv_resolutions_free(&generation->resolutions);
	if (generation->map_fd < 0)
		return;
	/* Its place may be another's already, when it was never put there itself. */
	if (generation->number && engine->kernel.images && krsi_priv_generation_find(engine, generation->number))
		bpf_map_delete_elem(krsi_map_fd(engine->kernel.images), &index);
	if (generation->units)
		munmap(generation->units, (size_t)generation->pages * IMAGE_PAGE);
	generation->units = NULL;
	close(generation->map_fd);
	generation->map_fd = -1;
}

void krsi_priv_generation_free(struct krsi_engine *engine, struct krsi_priv_generation *generation)
{
	krsi_priv_generation_unload(engine, generation);
	krsi_priv_bits_free(&generation->tags);
	krsi_priv_bits_free(&generation->predicates);
	names_free(generation);
	*generation = (struct krsi_priv_generation){ .map_fd = -1 };
}

struct krsi_priv_generation *krsi_priv_generation_find(const struct krsi_engine *engine, uint32_t number)
{
	const struct krsi_priv_generation *generation = &engine->generations[number % KRSI_PRIV_GENERATIONS];

	return number && generation->number == number ? (struct krsi_priv_generation *)generation : NULL;
}
