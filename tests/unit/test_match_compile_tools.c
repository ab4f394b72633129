/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "test_match_compile.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void compiled_init(struct compiled *c)
{
	memset(c, 0, sizeof(*c));
	c->compile.secret = SECRET;
	c->compile.tags = &c->tags;
	c->compile.predicates = &c->predicates;
}

void compiled_add(struct krsi_ctx *ctx, struct compiled *c, const char *text)
{
	assert_true(c->count < ARRAY_SIZE(c->policies));
	c->policies[c->count++] = policy_parse(ctx, text);
}

static int compile(struct krsi_ctx *ctx, struct compiled *c)
{
	krsi_priv_image_free(&c->image);
	return krsi_priv_image_compile(ctx, (const struct krsi_policy *const *)c->policies, c->count, &c->compile, &c->image);
}

void compiled_make(struct krsi_ctx *ctx, struct compiled *c)
{
	c->compile.generation++;
	assert_ok(ctx, compile(ctx, c));
	image_check(&c->image);
}

void compiled_one(struct krsi_ctx *ctx, struct compiled *c, const char *text)
{
	compiled_init(c);
	compiled_add(ctx, c, text);
	compiled_make(ctx, c);
}

void compiled_refuse(struct krsi_ctx *ctx, struct compiled *c, int err, const char *words)
{
	assert_int_equal(compile(ctx, c), err);
	assert_null(c->image.units);
	assert_detail(ctx, words);
}

void compiled_free(struct compiled *c)
{
	while (c->count)
		krsi_policy_free(c->policies[--c->count]);
	krsi_priv_image_free(&c->image);
	krsi_priv_bits_free(&c->tags);
	krsi_priv_bits_free(&c->predicates);
}

const void *image_at(const struct krsi_priv_image *image, uint32_t ref)
{
	assert_true(ref < image->pages * IMAGE_PAGE_UNITS);
	return &image->units[ref];
}

const struct image_header *image_header(const struct krsi_priv_image *image)
{
	return image_at(image, 0);
}

const struct image_clause *image_clause(const struct krsi_priv_image *image, uint32_t number)
{
	assert_true(number < image_header(image)->clauses);
	return image_at(image, image_header(image)->clause_table + number);
}

/* --- sets ---------------------------------------------------------------- */

static char *buffer(void)
{
	static char buffers[8][8192 * 5];
	static int next;
	char *ret = buffers[next++ % 8];

	ret[0] = '\0';
	return ret;
}

/* Write the members behind `text`, each with `mark` in front, and check the set. */
static void set_read(const struct krsi_priv_image *image, uint32_t ref, const char *mark, char *text)
{
	const struct image_set *set;
	const struct image_unit *unit;
	size_t used = strlen(text);
	uint32_t at = ref, count = 0;
	unsigned int block, bit;

	if (!ref)
		return;
	set = image_at(image, ref);
	assert_true(set->summary != 0);
	assert_true(ref % IMAGE_PAGE_UNITS + 1 + (unsigned int)__builtin_popcountll(set->summary) <= IMAGE_PAGE_UNITS);
	for (block = 0; block < IMAGE_BLOCKS; block++) {
		if (!(set->summary >> block & 1))
			continue;
		unit = image_at(image, ++at);
		assert_true((unit->a | unit->b) != 0);
		for (bit = 0; bit < IMAGE_BLOCK; bit++) {
			if (!((bit < 64 ? unit->a : unit->b) >> bit % 64 & 1))
				continue;
			assert_int_not_equal(image_clause(image, block * IMAGE_BLOCK + bit)->kind, IMAGE_NOTHING);
			used += (size_t)sprintf(text + used, "%s%s%u", used ? " " : "", mark, block * IMAGE_BLOCK + bit);
			count++;
		}
	}
	assert_int_equal(set->count, count);
}

const char *image_set(const struct krsi_priv_image *image, uint32_t ref)
{
	char *text = buffer();

	set_read(image, ref, "", text);
	return text;
}

const char *image_pair(const struct krsi_priv_image *image, uint32_t ref)
{
	const struct image_pair *pair;
	char *text = buffer();

	if (!ref)
		return text;
	pair = image_at(image, ref);
	assert_true(pair->with || pair->without);
	set_read(image, pair->with, "", text);
	set_read(image, pair->without, "!", text);
	return text;
}

const char *image_op(const struct krsi_priv_image *image, unsigned int operation)
{
	const struct image_op *op = image_at(image, IMAGE_REF_OPS + operation);

	return image_set(image, op->set);
}

static const struct image_dim *dim_of(const struct krsi_priv_image *image, unsigned int key)
{
	return image_at(image, IMAGE_REF_DIMS + key);
}

const char *image_free(const struct krsi_priv_image *image, unsigned int key)
{
	return image_set(image, dim_of(image, key)->free);
}

const char *image_excluding(const struct krsi_priv_image *image, unsigned int key)
{
	return image_set(image, dim_of(image, key)->excluding);
}

/* --- tables -------------------------------------------------------------- */

const char *image_range(const struct krsi_priv_image *image, unsigned int key, uint64_t value)
{
	const struct image_dim *dim = dim_of(image, key);
	const struct image_range *range, *found = NULL;
	uint32_t i;

	assert_true(dim->count > 0);
	for (i = 0; i < dim->count; i++) {
		range = image_at(image, dim->table + i);
		assert_true(i == 0 ? range->min == 0 : range->min > range[-1].min && range->pair != range[-1].pair);
		if (range->min <= value)
			found = range;
	}
	return image_pair(image, found->pair);
}

static uint64_t half(const uint8_t *bytes)
{
	uint64_t value = 0;
	int i;

	for (i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	return value;
}

const char *image_address(const struct krsi_priv_image *image, const char *address)
{
	const struct image_dim *dim = dim_of(image, KRSI_PRIV_KEY_ADDRESS);
	const struct image_range128 *page, *range, *last = NULL, *found = NULL;
	uint8_t bytes[16] = { [10] = 0xff, [11] = 0xff };
	uint64_t high, low;
	uint32_t i, k;

	if (strchr(address, ':'))
		assert_int_equal(inet_pton(AF_INET6, address, bytes), 1);
	else
		assert_int_equal(inet_pton(AF_INET, address, bytes + 12), 1);
	high = half(bytes);
	low = half(bytes + 8);
	assert_int_equal(dim->table % 2, 0);
	for (i = 0; i < dim->count; i++) {
		page = image_at(image, dim->table + 2 * i);
		assert_int_equal(page->pair / IMAGE_PAGE_UNITS, (page->pair + 2 * page->count - 1) / IMAGE_PAGE_UNITS);
		for (k = 0; k < page->count; k++, last = range) {
			range = image_at(image, page->pair + 2 * k);
			if (k == 0)
				assert_true(range->high == page->high && range->low == page->low);
			if (!last)
				assert_true(range->high == 0 && range->low == 0);
			else
				assert_true(range->high > last->high || (range->high == last->high && range->low > last->low));
			if (range->high < high || (range->high == high && range->low <= low))
				found = range;
		}
	}
	return image_pair(image, found->pair);
}

const char *image_bit(const struct krsi_priv_image *image, unsigned int key, unsigned int bit)
{
	const struct image_dim *dim = dim_of(image, key);
	const struct image_bits *bits = image_at(image, dim->table);
	const uint32_t *pairs = image_at(image, dim->table + 1);

	assert_int_not_equal(dim->table, 0);
	assert_int_equal(pairs[bit] != 0, bits->mask >> bit & 1);
	return image_pair(image, pairs[bit]);
}

const char *image_mode(const struct krsi_priv_image *image, uint64_t mask)
{
	const struct image_dim *dim = dim_of(image, KRSI_PRIV_KEY_MODE);
	const struct image_mask *entry;
	uint32_t i;

	for (i = 0; i < dim->count; i++) {
		entry = image_at(image, dim->table + i);
		if (entry->mask == mask)
			return image_pair(image, entry->pair);
	}
	return "";
}

uint64_t name_hash(const char *name)
{
	return krsi_priv_text_hash(SECRET, name, strlen(name));
}

uint64_t path_value(const char *path)
{
	return krsi_priv_path_value(SECRET, path, strlen(path));
}

uint32_t image_find(const struct krsi_priv_image *image, uint32_t kind, uint64_t value)
{
	const struct image_header *header = image_header(image);
	uint64_t key = match_key(header->key, kind, value);
	const struct image_entry *entry;
	uint32_t i;

	for (i = 0; i < IMAGE_PROBES_MAX; i++) {
		entry = image_at(image, header->hash + (uint32_t)(key >> header->hash_shift) + i);
		if (entry->key == key)
			return entry->value;
		if (!entry->key)
			break;
	}
	return 0;
}

const char *image_exact(const struct krsi_priv_image *image, unsigned int key, const char *text)
{
	return image_pair(image, image_find(image, IMAGE_KIND_KEY + key, name_hash(text)));
}

const char *image_hit(const struct krsi_priv_image *image, uint32_t ref, unsigned int role)
{
	const struct image_hit *hit = image_at(image, ref);

	if (!ref)
		return "";
	assert_int_equal(ref % 2, 0);
	return image_pair(image, hit->pairs[role]);
}

uint32_t image_glob(const struct krsi_priv_image *image, unsigned int group, const char *text)
{
	const struct image_header *header = image_header(image);
	const uint32_t *starts = image_at(image, IMAGE_REF_STARTS);
	uint32_t state = starts[group];
	const uint8_t *classes;
	const uint16_t *rows;
	const uint32_t *accepts;

	if (!state)
		return 0;
	classes = image_at(image, header->dfa_classes);
	rows = image_at(image, header->dfa_rows);
	accepts = image_at(image, header->dfa_accepts);
	assert_true(header->dfa_classes % IMAGE_PAGE_UNITS + 256 / IMAGE_UNIT <= IMAGE_PAGE_UNITS);
	assert_int_equal(((uint64_t)header->dfa_rows * IMAGE_UNIT) % (2ULL << header->dfa_row_shift), 0);
	for (; *text; text++)
		state = rows[(size_t)state << header->dfa_row_shift | classes[(unsigned char)*text]];
	return accepts[state];
}

bool image_filter(const struct krsi_priv_image *image, uint64_t hash)
{
	const struct image_header *header = image_header(image);
	uint64_t bit = match_filter_bit(header->filter_bits, hash);
	const struct image_unit *unit = image_at(image, IMAGE_REF_FILTER + (uint32_t)(bit / 128));

	return (bit & 64 ? unit->b : unit->a) >> bit % 64 & 1;
}

/* --- the whole ----------------------------------------------------------- */

static void hit_check(const struct krsi_priv_image *image, uint32_t ref)
{
	unsigned int role;

	for (role = 0; role < IMAGE_ROLES; role++)
		image_hit(image, ref, role);
}

static void table_check(const struct krsi_priv_image *image)
{
	const struct image_header *header = image_header(image);
	uint32_t places = 1U << (64 - header->hash_shift), i, first;
	const struct image_entry *entry;

	assert_true(header->hash + places + IMAGE_PROBES_MAX <= image->pages * IMAGE_PAGE_UNITS);
	for (i = 0; i < places + IMAGE_PROBES_MAX; i++) {
		entry = image_at(image, header->hash + i);
		if (!entry->key)
			continue;
		first = (uint32_t)(entry->key >> header->hash_shift);
		assert_true(first <= i && i - first < IMAGE_PROBES_MAX);
		for (; first < i; first++)
			assert_true(((const struct image_entry *)image_at(image, header->hash + first))->key != 0);
		assert_int_not_equal(entry->value, 0);
		/* An anchor has 1; what a key has for itself is a pair or a hit, which only the key can tell. */
		if (entry->value != 1)
			image_at(image, entry->value);
	}
}

void image_check(const struct krsi_priv_image *image)
{
	const struct image_header *header = image_header(image);
	const uint32_t *accepts;
	uint32_t i;

	assert_int_equal((uintptr_t)image->units % IMAGE_PAGE, 0);
	assert_int_equal(header->magic, IMAGE_MAGIC);
	assert_int_equal(header->version, IMAGE_VERSION);
	assert_int_equal(header->pages, image->pages);
	assert_int_equal(header->clauses, image->clauses);
	assert_true(header->clauses >= IMAGE_PREDICATES_MAX && header->clauses <= IMAGE_CLAUSES_MAX);
	assert_true(header->clause_table >= IMAGE_REF_FILTER + header->filter_bits / 128 && header->clause_table + header->clauses <= image->pages * IMAGE_PAGE_UNITS);
	assert_int_equal(header->counter_table % 2, 0);
	assert_true(header->counter_table + 2 * header->clauses <= image->pages * IMAGE_PAGE_UNITS);
	for (i = 0; i < KRSI_PRIV_OP_BITS; i++)
		assert_int_equal(i && image_op(image, i)[0] != '\0', image->operations >> i & 1);
	for (i = 0; i < KRSI_PRIV_KEY_END; i++) {
		image_free(image, i);
		image_excluding(image, i);
	}
	for (i = 0; i < header->clauses; i++)
		assert_true(image_clause(image, i)->kind == IMAGE_NOTHING || image_clause(image, i)->policy < header->policies);
	accepts = image->dfa_states ? image_at(image, header->dfa_accepts) : NULL;
	for (i = 0; i < image->dfa_states; i++)
		hit_check(image, accepts[i]);
	table_check(image);
}
