/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Numbers and addresses: from intervals that overlap to intervals side by side. We go along the line
 * once, from one place where an interval begins or ends to the next, and know at each which clauses'
 * intervals we are in.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "compile_build.h"

struct point {
	uint64_t high, low;
};

struct event {
	struct point at;
	uint16_t clause;
	uint8_t negated;
	bool ends;		/* an interval ended in front of it, otherwise it begins at it */
};

struct interval {
	struct point min;
	uint32_t pair;
};

struct sweep {
	struct krsi_priv_build *build;
	uint32_t *depth;		/* of each clause, what is not and what is negated: intervals that we are in */
	struct krsi_priv_array events;
	struct krsi_priv_array intervals;
};

static int interval_add(struct sweep *sweep, uint32_t clause, bool negated, struct point min, struct point max)
{
	struct event *event = krsi_priv_array_add(&sweep->events, sizeof(*event));

	if (!event)
		return -ENOMEM;
	*event = (struct event){ .at = min, .clause = (uint16_t)clause, .negated = negated };
	if (max.high == UINT64_MAX && max.low == UINT64_MAX)
		return 0;
	event = krsi_priv_array_add(&sweep->events, sizeof(*event));
	if (!event)
		return -ENOMEM;
	max.low++;
	max.high += max.low == 0;
	*event = (struct event){ .at = max, .clause = (uint16_t)clause, .negated = negated, .ends = true };
	return 0;
}

/* --- what an entry covers ------------------------------------------------ */

static int number_add(struct krsi_priv_build *build, uint32_t clause, unsigned int key, const struct krsi_priv_entry *entry, void *data)
{
	struct point min = { 0, entry->range.min }, max = { 0, entry->range.max };

	if (entry->form == KRSI_PRIV_FORM_HOST)
		min.low = max.low = build->compile->host_namespaces[key - KRSI_PRIV_KEY_NS_CGROUP];
	if (max.low == UINT64_MAX)
		max.high = UINT64_MAX;	/* nothing is behind it */
	return interval_add(data, clause, entry->negated, min, max);
}

static uint64_t big_endian(const uint8_t *bytes, int size)
{
	uint64_t value = 0;
	int i;

	for (i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* All addresses with these bits in front. */
static struct point network_end(struct point min, unsigned int prefix)
{
	if (prefix <= 64)
		min.low = UINT64_MAX;
	else if (prefix < 128)
		min.low |= UINT64_MAX >> (prefix - 64);
	if (prefix < 64)
		min.high |= prefix ? UINT64_MAX >> prefix : UINT64_MAX;
	return min;
}

#define MAPPED 0xffff00000000ULL	/* low half of ::ffff:0:0 */

static int network_add(struct krsi_priv_build *build, uint32_t clause, unsigned int key, const struct krsi_priv_entry *entry, void *data)
{
	const struct krsi_priv_network *network = &entry->network;
	struct point min, max;
	int err;

	(void)build;
	(void)key;
	if (network->family == AF_INET) {
		min = (struct point){ 0, MAPPED | big_endian(network->bytes, 4) };
		return interval_add(data, clause, entry->negated, min, network_end(min, 96U + network->prefix));
	}
	min = (struct point){ big_endian(network->bytes, 8), big_endian(network->bytes + 8, 8) };
	max = network_end(min, network->prefix);
	if (min.high || min.low > MAPPED || (max.high == 0 && max.low < MAPPED))
		return interval_add(data, clause, entry->negated, min, max);
	/* A network of IPv6 in which the addresses of IPv4 happen to be means none of these. */
	err = min.low == MAPPED ? 0 : interval_add(data, clause, entry->negated, min, (struct point){ 0, MAPPED - 1 });
	if (err)
		return err;
	return interval_add(data, clause, entry->negated, (struct point){ 0, MAPPED + (1ULL << 32) }, max);
}

/* --- the line ------------------------------------------------------------ */

static int point_order(struct point a, struct point b)
{
	if (a.high != b.high)
		return a.high < b.high ? -1 : 1;
	return a.low < b.low ? -1 : a.low > b.low;
}

static int event_order(const void *a, const void *b)
{
	const struct event *one = a, *other = b;

	return point_order(one->at, other->at);
}

static void event_apply(struct sweep *sweep, const struct event *event)
{
	struct krsi_priv_set *set = &sweep->build->scratch[event->negated];
	uint32_t *depth = &sweep->depth[2 * event->clause + event->negated];

	/* At one place some may end before they began; in unsigned numbers the sum comes out right. */
	*depth += event->ends ? UINT32_MAX : 1;
	if (*depth)
		krsi_priv_set_add(set, event->clause);
	else
		krsi_priv_set_remove(set, event->clause);
}

static int interval_begin(struct sweep *sweep, struct point at)
{
	struct interval *intervals = sweep->intervals.at, *interval;
	uint32_t pair;
	int err;

	err = krsi_priv_units_pair(&sweep->build->units, &sweep->build->scratch[0], &sweep->build->scratch[1], &pair);
	if (err || (sweep->intervals.count && intervals[sweep->intervals.count - 1].pair == pair))
		return err;
	interval = krsi_priv_array_add(&sweep->intervals, sizeof(*interval));
	if (!interval)
		return -ENOMEM;
	*interval = (struct interval){ at, pair };
	return 0;
}

static int sweep_run(struct sweep *sweep)
{
	const struct event *events = sweep->events.at;
	size_t i = 0;
	int err = 0;

	if (sweep->events.count)
		qsort(sweep->events.at, sweep->events.count, sizeof(*events), event_order);
	if (!sweep->events.count || events[0].at.high || events[0].at.low)
		err = interval_begin(sweep, (struct point){ 0, 0 });
	while (i < sweep->events.count && !err) {
		struct point at = events[i].at;

		for (; i < sweep->events.count && point_order(events[i].at, at) == 0; i++)
			event_apply(sweep, &events[i]);
		err = interval_begin(sweep, at);
	}
	krsi_priv_set_clear(&sweep->build->scratch[0]);
	krsi_priv_set_clear(&sweep->build->scratch[1]);
	return err;
}

/* Room for a table, and its place in the key's description. */
static int table_alloc(struct krsi_priv_units *units, unsigned int key, uint32_t count, uint32_t step, bool whole, uint32_t *ref)
{
	struct image_dim *dim;
	int err = krsi_priv_units_alloc(units, count * step, step, whole, ref);

	if (err)
		return err;
	dim = krsi_priv_units_at(units, IMAGE_REF_DIMS + key);
	dim->table = *ref;
	dim->count = count;
	return 0;
}

static int numbers_make(struct krsi_priv_units *units, const struct interval *intervals, uint32_t count, unsigned int key)
{
	struct image_range *range;
	uint32_t ref, i;
	int err = table_alloc(units, key, count, 1, false, &ref);

	for (i = 0; i < count && !err; i++) {
		range = krsi_priv_units_at(units, ref + i);
		range->min = intervals[i].min.low;
		range->pair = intervals[i].pair;
	}
	return err;
}

/* The table of an address's pages: `first` is the ref of the intervals. */
static int pages_make(struct krsi_priv_units *units, const struct interval *intervals, uint32_t count, uint32_t first, unsigned int key)
{
	uint32_t pages = (first + 2 * count - 1) / IMAGE_PAGE_UNITS - first / IMAGE_PAGE_UNITS + 1, ref, i, done = 0;
	struct image_range128 *page;
	int err = table_alloc(units, key, pages, 2, true, &ref);

	for (i = 0; i < pages && !err; i++) {
		page = krsi_priv_units_at(units, ref + 2 * i);
		page->high = intervals[done].min.high;
		page->low = intervals[done].min.low;
		page->pair = first + 2 * done;
		page->count = (IMAGE_PAGE_UNITS - page->pair % IMAGE_PAGE_UNITS) / 2;
		if (page->count > count - done)
			page->count = count - done;
		done += page->count;
	}
	return err;
}

static int addresses_make(struct krsi_priv_units *units, const struct interval *intervals, uint32_t count, unsigned int key)
{
	struct image_range128 *range;
	uint32_t ref, i;
	int err = krsi_priv_units_alloc(units, 2 * count, 2, false, &ref);

	for (i = 0; i < count && !err; i++) {
		range = krsi_priv_units_at(units, ref + 2 * i);
		range->high = intervals[i].min.high;
		range->low = intervals[i].min.low;
		range->pair = intervals[i].pair;
	}
	return err ? err : pages_make(units, intervals, count, ref, key);
}

int krsi_priv_compile_range(struct krsi_priv_build *build, unsigned int key)
{
	struct sweep sweep = { .build = build };
	int err = -ENOMEM;

	sweep.depth = calloc(2 * (size_t)build->clause_count, sizeof(*sweep.depth));
	if (sweep.depth)
		err = krsi_priv_compile_each(build, key, key == KRSI_PRIV_KEY_ADDRESS ? network_add : number_add, &sweep);
	if (!err)
		err = sweep_run(&sweep);
	if (!err)
		err = (key == KRSI_PRIV_KEY_ADDRESS ? addresses_make : numbers_make)(&build->units, sweep.intervals.at,
										    (uint32_t)sweep.intervals.count, key);
	free(sweep.depth);
	free(sweep.events.at);
	free(sweep.intervals.at);
	return err;
}

_Static_assert(sizeof(struct image_range) == IMAGE_UNIT && sizeof(struct image_range128) == 2 * IMAGE_UNIT, "units");
