/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * How many events per second come through, none lost, with a ring of the default size. Run by tests/bench/events
 * in a virtual machine with two CPUs.
 *
 * A producer on each CPU opens a file that a rule audits, at a pace that is raised until events are lost or the
 * producers cannot keep it; the reader shares the CPUs with them and does nothing with the events. Prints lines
 * "WHAT<tab>WHO<tab>NUMBER". An emulated CPU is slow, and as slow as the machine is busy: what the figure is good for
 * is to be compared with others of the same run.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libkrsi/bpf.h>
#include <libkrsi/krsi.h>

#include "tools.h"

#define PRODUCERS 2
#define SECONDS 3		/* of each pace */
#define PACE_FIRST 500		/* events per second of all producers */
#define BATCH_NS 10000000	/* so often they do what is due */

static const char *file = "/tmp/bench-file";
static struct krsi_ctx *ctx;

struct producer {
	pthread_t thread;
	int cpu;
	uint64_t pace;		/* opens per second */
	uint64_t time;		/* ns that it took */
	atomic_int *running;
};

static void refuse(const char *why)
{
	fprintf(stderr, "event_rate: %s\n", why);
	exit(1);
}

static void check(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "event_rate: %s: %s\n", what, krsi_ctx_error_detail(ctx));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void *produce(void *data)
{
	struct producer *producer = data;
	uint64_t start, wanted = producer->pace * SECONDS, done = 0, due;
	struct timespec next;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(producer->cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	start = now();
	for (due = start; done < wanted; due += BATCH_NS) {
		uint64_t until = (due - start + BATCH_NS) * producer->pace / 1000000000;

		for (; done < until && done < wanted; done++)
			close(open(file, O_RDONLY));
		next = (struct timespec){ (time_t)((due + BATCH_NS) / 1000000000), (long)((due + BATCH_NS) % 1000000000) };
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	producer->time = now() - start;
	atomic_fetch_sub(producer->running, 1);
	return NULL;
}

static uint64_t lost_now(const struct krsi_engine *engine)
{
	uint64_t lost;

	check(krsi_engine_lost(engine, NULL, KRSI_ENGINE_LOST_ANY, &lost), "lost");
	return lost;
}

/* One pace. Returns the events per second that came through; `*lost` receives how many did not. */
static uint64_t run_pace(struct krsi_engine *engine, uint64_t pace, uint64_t *lost)
{
	struct pollfd ready = { .fd = krsi_engine_fd(engine), .events = POLLIN };
	struct producer producers[PRODUCERS];
	atomic_int running = PRODUCERS;
	uint64_t events = 0, time = 0;
	uint32_t count;
	int i;

	*lost = lost_now(engine);
	for (i = 0; i < PRODUCERS; i++) {
		producers[i] = (struct producer){ .cpu = i, .pace = pace / PRODUCERS, .running = &running };
		errno = pthread_create(&producers[i].thread, NULL, produce, &producers[i]);
		if (errno)
			die("thread");
	}
	do {
		if (poll(&ready, 1, 10) < 0)
			die("poll");
		check(krsi_engine_dispatch(engine, 0, &count), "dispatch");
		events += count;
	} while (atomic_load(&running) || count);
	for (i = 0; i < PRODUCERS; i++) {
		pthread_join(producers[i].thread, NULL);
		time = producers[i].time > time ? producers[i].time : time;
	}
	*lost = lost_now(engine) - *lost;
	if (events + *lost != pace / PRODUCERS * PRODUCERS * SECONDS)
		refuse("events are neither there nor counted as lost");
	return events * 1000000000 / time;
}

static void rate_measure(struct krsi_engine *engine)
{
	uint64_t pace, rate, best = 0, lost = 0;

	for (pace = PACE_FIRST; !lost; pace += pace / 4 / PRODUCERS * PRODUCERS) {
		rate = run_pace(engine, pace, &lost);
		fprintf(stderr, "event_rate: asked for %llu/s, came through %llu/s, lost %llu\n", (unsigned long long)pace,
			(unsigned long long)rate, (unsigned long long)lost);
		if (!lost && rate > best)
			best = rate;
		if (rate < pace * 3 / 4)
			break;
	}
	printf("rate: events per second, none lost\tlibkrsi\t%llu\n", (unsigned long long)best);
	printf("rate: %s\tlibkrsi\t%llu\n", lost ? "events lost at the next pace" : "pace that the producers could not keep",
	       (unsigned long long)(lost ? lost : pace));
}

static const char text[] = "version: 1\nname: bench\nrules:\n  - { name: file, on: file.open, object: { path: /tmp/bench-file }, action: audit }\n";

int main(void)
{
	struct krsi_policy *policy;
	struct krsi_engine *engine;

	close(open(file, O_RDWR | O_CREAT, 0644));
	krsi_bpf_silence();
	check(krsi_ctx_new(NULL, &ctx), "context");
	check(krsi_engine_new(ctx, NULL, &engine), "engine");
	check(krsi_policy_parse(ctx, text, strlen(text), NULL, &policy), "policy");
	check(krsi_engine_apply(engine, &policy, 1), "apply");
	krsi_policy_free(policy);
	rate_measure(engine);
	krsi_engine_free(engine);
	krsi_ctx_free(ctx);
	return 0;
}
