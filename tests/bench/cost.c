/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the engine costs, in instructions. Run by tests/bench/run in a virtual machine that counts them:
 * a nanosecond is one. Prints lines "WHAT<tab>CONFIGURATION<tab>INSTRUCTIONS", of one operation each.
 *
 * Policies have no rule that matches what is done: nearly all that happens on a machine is nobody's
 * business, and this is its price. Of their patterns six in ten are plain paths, three directories with
 * all below them, one has wildcards.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libkrsi/bpf.h>
#include <libkrsi/krsi.h>

#include "tools.h"

#define RULES_MAX 2500

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* --- what is done --------------------------------------------------------- */

static const char *shallow = "/tmp/bench/one/file";
static const char *deep = "/tmp/bench/1/2/3/4/5/6/7/8/9/file";

static void open_one(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		die(path);
	close(fd);
}

static void do_open(void) { open_one(shallow); }
static void do_open_deep(void) { open_one(deep); }

static void do_exec(void)
{
	pid_t child = vfork();

	if (child == 0) {
		execl("/tmp/bench/one/true", "true", (char *)NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
}

static int udp;
static void do_connect(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(udp, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
}

static const struct act {
	const char *name;
	void (*run)(void);
	int rounds;
} acts[] = {
	{ "open", do_open, 20000 },
	{ "open-deep", do_open_deep, 20000 },
	{ "exec", do_exec, 300 },
	{ "connect", do_connect, 20000 },
};

static void measure(const char *configuration)
{
	size_t i;
	int n;

	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		uint64_t start;

		for (n = 0; n < acts[i].rounds / 20 + 1; n++)
			acts[i].run();
		start = now();
		for (n = 0; n < acts[i].rounds; n++)
			acts[i].run();
		printf("%s\t%s\t%llu\n", acts[i].name, configuration, (unsigned long long)((now() - start) / (uint64_t)acts[i].rounds));
		fflush(stdout);
	}
}

/* --- policies ------------------------------------------------------------- */

struct text {
	char *at;
	size_t size, room;
};

static void __attribute__((format(printf, 2, 3))) add(struct text *text, const char *fmt, ...)
{
	va_list args;
	int n;

	if (text->room - text->size < 4096) {
		text->room = text->room * 2 + 65536;
		text->at = realloc(text->at, text->room);
	}
	va_start(args, fmt);
	n = vsnprintf(text->at + text->size, text->room - text->size, fmt, args);
	va_end(args);
	text->size += (size_t)n;
}

static void add_path(struct text *text, int i)
{
	if (i % 10 < 6)
		add(text, "\"/srv/app-%d/etc/settings-%d.conf\"", i / 7, i);
	else if (i % 10 < 9)
		add(text, "\"/srv/app-%d/data-%d/**\"", i / 7, i);
	else
		add(text, "\"/srv/app-%d/log/*-%d.log\"", i / 7, i);
}

static void add_address(struct text *text, int i)
{
	add(text, "\"10.%d.%d.0/24\"", i / 250 % 250, i % 250);
}

/* A policy whose `count` entries are spread over as many rules as there may be. */
static char *policy(const char *on, const char *key, void (*entry)(struct text *, int), int count)
{
	int rules = count < RULES_MAX ? count : RULES_MAX, each = count / rules, i, j;
	struct text text = { 0 };

	add(&text, "version: 1\nname: bench\nrules:\n");
	for (i = 0; i < rules; i++) {
		add(&text, "  - { name: r%d, on: %s, action: deny, object: { %s: [", i, on, key);
		for (j = 0; j < each; j++) {
			add(&text, j ? ", " : "");
			entry(&text, i * each + j);
		}
		add(&text, "] } }\n");
	}
	return text.at;
}

static struct krsi_ctx *ctx;
static struct krsi_engine *engine;

static void check(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "cost: %s: %s\n", what, krsi_ctx_error_detail(ctx));
	exit(1);
}

static void with_policy(const char *configuration, char *text)
{
	struct krsi_engine_info info = { .sz = sizeof(info) };
	struct krsi_policy *p;
	uint64_t start;

	check(krsi_policy_parse(ctx, text, strlen(text), NULL, &p), "policy");
	start = now();
	check(krsi_engine_apply(engine, &p, 1), "apply");
	printf("apply\t%s\t%llu\n", configuration, (unsigned long long)(now() - start));
	/* Once more: what programs need to be loaded is loaded. */
	start = now();
	check(krsi_engine_apply(engine, &p, 1), "apply");
	printf("apply-again\t%s\t%llu\n", configuration, (unsigned long long)(now() - start));
	krsi_policy_free(p);
	free(text);
	check(krsi_engine_info(engine, &info), "info");
	printf("policy-bytes\t%s\t%llu\n", configuration, (unsigned long long)info.policy_memory);
	printf("all-bytes\t%s\t%llu\n", configuration, (unsigned long long)info.memory);
	measure(configuration);
}

/* --- main ----------------------------------------------------------------- */

static void files_make(void)
{
	char path[128] = "/tmp/bench";
	int i;

	mkdir(path, 0755);
	mkdir("/tmp/bench/one", 0755);
	close(open(shallow, O_RDWR | O_CREAT, 0644));
	for (i = 1; i <= 9; i++) {
		snprintf(path + strlen(path), sizeof(path) - strlen(path), "/%d", i);
		mkdir(path, 0755);
	}
	close(open(deep, O_RDWR | O_CREAT, 0644));
	copy("/bin/busybox", "/tmp/bench/one/true");
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	if (udp < 0)
		die("socket");
}

int main(int argc, char **argv)
{
	static const int sizes[] = { 10, 100, 1000, 10000 };
	char name[64];
	size_t i;

	files_make();
	if (argc > 1) {		/* somebody else's policy is in force */
		measure(argv[1]);
		return 0;
	}
	measure("bare");
	krsi_bpf_silence();
	check(krsi_ctx_new(NULL, &ctx), "context");
	check(krsi_engine_new(ctx, NULL, &engine), "engine");
	measure("engine, no policy");
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(name, sizeof(name), "file.open, %d paths", sizes[i]);
		with_policy(name, policy("file.open", "path", add_path, sizes[i]));
	}
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(name, sizeof(name), "process.exec, %d paths", sizes[i]);
		with_policy(name, policy("process.exec", "path", add_path, sizes[i]));
	}
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i += 3) {
		snprintf(name, sizeof(name), "network.connect, %d addresses", sizes[i]);
		with_policy(name, policy("network.connect", "address", add_address, sizes[i]));
	}
	krsi_engine_free(engine);
	krsi_ctx_free(ctx);
	return 0;
}
