/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The way of the events, from two rings to one callback. The ring of audited operations is read in place.
 * Denials are few: each is copied out of its own ring, and waits until the other ring has come to its number.
 * So the order is that of the kernel's numbers, but for what two CPUs did in the same moment.
 *
 * What is lost is told by counters, never by numbers that are missing: those only say where to look. So what is
 * delivered and what is told to be lost are together what was produced, exactly.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <libkrsi/map.h>
#include <libkrsi/stream.h>

#include "../ctx.h"
#include "../errors.h"
#include "../event/event.h"
#include "../policy/language.h"
#include "engine.h"

#define OPERATIONS 64		/* that events_lost of bpf/engine/state.bpf.h tells apart */
#define CAUSES 4		/* EVENT_LOST_CAUSES there */

/* --- handing out ----------------------------------------------------------- */

static const char *name_of_policy(const void *data, uint32_t number, uint32_t policy)
{
	const struct krsi_priv_generation *generation = krsi_priv_generation_find(data, number);

	return generation && policy < generation->policy_count ? generation->policies[policy].name : NULL;
}

static const char *name_of_rule(const void *data, uint32_t number, uint32_t policy, uint32_t rule)
{
	const struct krsi_priv_generation *generation = krsi_priv_generation_find(data, number);

	if (!generation || policy >= generation->policy_count)
		return NULL;
	if (rule == UINT32_MAX)
		return "default";
	return rule < generation->policies[policy].rule_count ? generation->policies[policy].rules[rule] : NULL;
}

static void hand_out(struct krsi_engine *engine, const void *bytes, size_t size)
{
	const struct krsi_priv_event_names names = { name_of_policy, name_of_rule, engine };
	struct krsi_priv_events *events = &engine->events;
	struct krsi_event event;

	if (!krsi_priv_event_read(bytes, size, &event)) {
		events->damaged++;
		return;
	}
	event.names = &names;
	event.wall = events->wall;
	event.environment = krsi_priv_environment_is_told(engine);
	krsi_priv_audit_send(engine, &event);
	if (!krsi_priv_environment_filter(engine, &event)) {
		events->damaged++;
		return;
	}
	if (events->fn && events->fn(events->data, &event))
		events->stopped = true;
}

/* --- what is lost ---------------------------------------------------------- */

static uint64_t lost_sum(const struct krsi_engine *engine, uint32_t operation, uint32_t cause)
{
	uint32_t key = operation * CAUSES + cause;
	uint64_t sum = 0;

	krsi_map_sum(engine->kernel.lost, &key, sizeof(key), 0, &sum);
	return sum;
}

static uint64_t lost_of(const struct krsi_engine *engine, uint32_t operation)
{
	uint64_t sum = 0;
	uint32_t cause;

	for (cause = 0; cause < CAUSES; cause++)
		sum += lost_sum(engine, operation, cause);
	return sum;
}

static uint64_t lost_total(const struct krsi_engine *engine)
{
	return __atomic_load_n(engine->kernel.globals.events_lost_total, __ATOMIC_ACQUIRE);
}

/* One event that tells of `count` that are not there. */
static void lost_tell(struct krsi_engine *engine, uint32_t operation, uint64_t count)
{
	struct event_head head = {
		.kind = KRSI_EVENT_KIND_LOST, .operation = (uint16_t)operation, .sequence = engine->events.next,
	};
	struct krsi_priv_event_record record;
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	head.time = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	krsi_priv_event_begin(&record, &head);
	krsi_priv_event_put_number(&record, KRSI_EVENT_LOST_COUNT, count);
	if (!krsi_priv_event_end(&record))
		return;		/* it is told with the next ones, as it is not noted as told */
	engine->events.lost[operation] += count;
	engine->events.lost_told += count;
	hand_out(engine, record.bytes, record.size);
	free(record.bytes);
}

/* Tell of everything that was lost and that nobody was told of. */
static void lost_look(struct krsi_engine *engine)
{
	struct krsi_priv_events *events = &engine->events;
	uint64_t count;
	uint32_t i;

	if (lost_total(engine) == events->lost_told)
		return;
	for (i = 0; i < OPERATIONS && !events->stopped; i++) {
		count = lost_of(engine, i) - events->lost[i];
		if (count)
			lost_tell(engine, i, count);
	}
}

/* --- denials that wait ------------------------------------------------------ */

static void waiting_swap(struct krsi_priv_events *events, size_t a, size_t b)
{
	struct krsi_priv_waiting one = events->waiting[a];

	events->waiting[a] = events->waiting[b];
	events->waiting[b] = one;
}

static bool waiting_add(struct krsi_priv_events *events, const void *bytes, size_t size)
{
	size_t capacity = events->waiting_capacity ? events->waiting_capacity * 2 : 64, i, up;
	struct krsi_priv_waiting *more;
	char *copy = malloc(size);

	if (!copy)
		return false;
	if (events->waiting_count == events->waiting_capacity) {
		more = reallocarray(events->waiting, capacity, sizeof(*more));
		if (!more) {
			free(copy);
			return false;
		}
		events->waiting = more;
		events->waiting_capacity = capacity;
	}
	memcpy(copy, bytes, size);
	events->waiting_bytes += size;
	i = events->waiting_count++;
	events->waiting[i] = (struct krsi_priv_waiting){ copy, size, ((const struct event_head *)bytes)->sequence };
	for (; i && events->waiting[i].sequence < events->waiting[(i - 1) / 2].sequence; i = up) {
		up = (i - 1) / 2;
		waiting_swap(events, i, up);
	}
	return true;
}

/* Take the first one; its bytes are to be freed. */
static struct krsi_priv_waiting waiting_take(struct krsi_priv_events *events)
{
	struct krsi_priv_waiting first = events->waiting[0];
	size_t i = 0, next;

	events->waiting_bytes -= first.size;
	events->waiting[0] = events->waiting[--events->waiting_count];
	for (;; i = next) {
		next = 2 * i + 1;
		if (next + 1 < events->waiting_count && events->waiting[next + 1].sequence < events->waiting[next].sequence)
			next++;
		if (next >= events->waiting_count || events->waiting[i].sequence <= events->waiting[next].sequence)
			return first;
		waiting_swap(events, i, next);
	}
}

static void deliver(struct krsi_engine *engine, const void *bytes, size_t size)
{
	struct krsi_priv_events *events = &engine->events;
	uint64_t sequence = ((const struct event_head *)bytes)->sequence;

	if (sequence > events->next)
		lost_look(engine);
	/* Who was told of a loss and wants no more gets this one next time. */
	if (events->stopped && waiting_add(events, bytes, size))
		return;
	if (sequence >= events->next)
		events->next = sequence + 1;
	events->count++;
	events->handed++;
	events->left -= events->left > 0;
	hand_out(engine, bytes, size);
}

static void deliver_waiting(struct krsi_engine *engine, uint64_t below)
{
	struct krsi_priv_events *events = &engine->events;
	struct krsi_priv_waiting first;

	while (events->waiting_count && events->waiting[0].sequence < below && events->left && !events->stopped) {
		first = waiting_take(events);
		deliver(engine, first.bytes, first.size);
		free(first.bytes);
	}
}

/* --- rings ------------------------------------------------------------------ */

static int denial_read(void *data, const void *bytes, size_t size)
{
	struct krsi_engine *engine = data;

	if (size < sizeof(struct event_head))
		engine->events.damaged++;
	else if (!waiting_add(&engine->events, bytes, size))
		deliver(engine, bytes, size);	/* no memory: too early is better than never */
	return 0;
}

/*
 * Take what was refused out of its ring. While as much as that ring holds waits already it stays there: a reader
 * that takes few at a time must not make us keep all that are ever made.
 */
static int denials_take(struct krsi_engine *engine)
{
	if (engine->events.waiting_bytes >= engine->opts.denial_ring_size)
		return 0;
	return krsi_stream_dispatch(engine->events.denials, 0, NULL);
}

static int audit_read(void *data, const void *bytes, size_t size)
{
	struct krsi_engine *engine = data;
	struct krsi_priv_events *events = &engine->events;
	uint64_t sequence;

	if (size < sizeof(struct event_head)) {
		events->damaged++;
		return 0;
	}
	sequence = ((const struct event_head *)bytes)->sequence;
	/* Should a denial be in front of it, it may have come after we looked. */
	if (sequence > events->next)
		denials_take(engine);
	deliver_waiting(engine, sequence);
	if ((!events->left || events->stopped) && waiting_add(events, bytes, size))
		return events->stopped;
	deliver(engine, bytes, size);
	return events->stopped;
}

static int dispatch(struct krsi_engine *engine)
{
	struct krsi_priv_events *events = &engine->events;
	int err = denials_take(engine);

	if (!err && !events->stopped)
		err = krsi_stream_dispatch(events->audits, events->left, NULL);
	if (err && !events->stopped)
		return err;
	deliver_waiting(engine, UINT64_MAX);
	if (!events->stopped)
		lost_look(engine);
	if (!events->stopped)
		return 0;
	return krsi_priv_fail(engine->ctx, -ECANCELED, "krsi_engine_dispatch: the callback ended it after %u events", events->handed);
}

/* CLOCK_REALTIME less CLOCK_BOOTTIME, as it is now. */
static int64_t wall_now(void)
{
	struct timespec real, boot;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (real.tv_sec - boot.tv_sec) * INT64_C(1000000000) + (real.tv_nsec - boot.tv_nsec);
}

int krsi_engine_dispatch(struct krsi_engine *engine, uint32_t budget, uint32_t *count)
{
	struct krsi_priv_events *events;
	uint64_t ticks, one = 1;
	int err;

	if (!engine)
		return krsi_priv_fail(NULL, -EINVAL, "krsi_engine_dispatch: engine is NULL");
	if (engine->dispatching)
		return krsi_priv_fail(engine->ctx, -EBUSY, "krsi_engine_dispatch: called from the callback of an event");
	events = &engine->events;
	events->wall = wall_now();
	events->left = budget ? budget : UINT32_MAX;
	events->handed = 0;
	events->stopped = false;
	if (events->timer_fd >= 0 && read(events->timer_fd, &ticks, sizeof(ticks)) < 0)
		ticks = 0;	/* it has not run out, which is as good */
	engine->dispatching = true;
	err = dispatch(engine);
	engine->dispatching = false;
	/* What waits in here makes the descriptor readable as what waits in a ring does. */
	if (events->waiting_count ? write(events->more_fd, &one, sizeof(one)) < 0 : read(events->more_fd, &ticks, sizeof(ticks)) < 0)
		ticks = 0;	/* it was so already */
	if (count)
		*count = events->handed;
	return err;
}

/* --- beginning and end ------------------------------------------------------ */

static int watch(struct krsi_engine *engine, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (fd >= 0 && epoll_ctl(engine->events.epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	return krsi_priv_fail(engine->ctx, krsi_priv_error_close(-errno), "engine: cannot wait for events: %s", strerror(errno));
}

/* Records do not lie longer than `wake_ms` unseen. */
static int timer_start(struct krsi_engine *engine)
{
	uint32_t ms = engine->opts.wake_ms;
	struct itimerspec every = { .it_interval = { ms / 1000, (long)(ms % 1000) * 1000000 } };

	if (!engine->opts.wake_bytes)
		return 0;
	every.it_value = every.it_interval;
	engine->events.timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (engine->events.timer_fd >= 0)
		timerfd_settime(engine->events.timer_fd, 0, &every, NULL);
	return watch(engine, engine->events.timer_fd);
}

int krsi_priv_events_start(struct krsi_engine *engine)
{
	struct krsi_priv_events *events = &engine->events;
	int err;

	err = krsi_stream_new(engine->ctx, &events->audits);
	if (!err)
		err = krsi_stream_add(events->audits, engine->kernel.events, NULL, audit_read, engine);
	if (!err)
		err = krsi_stream_new(engine->ctx, &events->denials);
	if (!err)
		err = krsi_stream_add(events->denials, engine->kernel.denials, NULL, denial_read, engine);
	if (err)
		return err;
	events->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	events->more_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = watch(engine, krsi_stream_fd(events->audits));
	if (!err)
		err = watch(engine, krsi_stream_fd(events->denials));
	if (!err)
		err = watch(engine, events->more_fd);
	if (!err)
		err = timer_start(engine);
	return err;
}

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void krsi_priv_events_stop(struct krsi_engine *engine)
{
	struct krsi_priv_events *events = &engine->events;

	fd_close(&events->epoll_fd);
	fd_close(&events->more_fd);
	fd_close(&events->timer_fd);
	krsi_stream_free(events->audits);
	krsi_stream_free(events->denials);
	events->audits = events->denials = NULL;
	while (events->waiting_count)
		free(waiting_take(events).bytes);
	free(events->waiting);
	events->waiting = NULL;
	events->waiting_capacity = 0;
}

void krsi_engine_set_event(struct krsi_engine *engine, krsi_event_fn fn, void *data)
{
	if (!engine)
		return;
	engine->events.fn = fn;
	engine->events.data = data;
}

int krsi_engine_fd(const struct krsi_engine *engine)
{
	return engine ? engine->events.epoll_fd : -EINVAL;
}

/* --- counters --------------------------------------------------------------- */

uint64_t krsi_priv_events_lost(const struct krsi_engine *engine)
{
	return lost_total(engine) + engine->events.damaged;
}

static uint32_t operation_number(const char *word)
{
	uint32_t i;

	for (i = 1; i < KRSI_PRIV_OP_END; i++)
		if (strcmp(krsi_priv_operation(i)->name, word) == 0)
			return i;
	return 0;
}

int krsi_engine_lost(const struct krsi_engine *engine, const char *operation, uint32_t cause, uint64_t *ret)
{
	uint32_t number = 0, i, k;
	uint64_t sum = 0;

	if (!engine || !ret || cause > KRSI_ENGINE_LOST_PLACE)
		return krsi_priv_fail(engine ? engine->ctx : NULL, -EINVAL, "krsi_engine_lost: an argument is NULL, or there is no such cause");
	if (operation) {
		number = operation_number(operation);
		if (!number)
			return krsi_priv_fail(engine->ctx, -ENOENT, "krsi_engine_lost: there is no operation %s", operation);
	}
	for (i = operation ? number : 0; i < (operation ? number + 1 : OPERATIONS); i++)
		for (k = 0; k < CAUSES; k++)
			if (!cause || cause == k + 1)
				sum += lost_sum(engine, i, k);
	*ret = sum;
	return 0;
}

int krsi_engine_lost_cpu(const struct krsi_engine *engine, uint32_t cpu, uint32_t cause, uint64_t *ret)
{
	struct krsi_map_info info = { .sz = sizeof(info) };
	uint64_t *counts, sum = 0;
	uint32_t key;
	int err = 0;

	if (!engine || !ret || cause > KRSI_ENGINE_LOST_PLACE)
		return krsi_priv_fail(engine ? engine->ctx : NULL, -EINVAL, "krsi_engine_lost_cpu: an argument is NULL, or there is no such cause");
	krsi_map_info(engine->kernel.lost, &info);
	if (cpu >= info.cpu_count)
		return krsi_priv_fail(engine->ctx, -ENOENT, "krsi_engine_lost_cpu: there is no CPU %u; the last one that this machine can have is %u",
				      cpu, info.cpu_count - 1);
	counts = calloc(info.cpu_count, sizeof(*counts));
	if (!counts)
		return krsi_priv_fail(engine->ctx, -ENOMEM, "krsi_engine_lost_cpu: no memory");
	for (key = 0; key < OPERATIONS * CAUSES && !err; key++) {
		if (cause && cause != key % CAUSES + 1)
			continue;
		err = krsi_map_lookup(engine->kernel.lost, &key, sizeof(key), counts, info.buffer_size);
		sum += err ? 0 : counts[cpu];
	}
	free(counts);
	if (!err)
		*ret = sum;
	return err;
}
