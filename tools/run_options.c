/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Options of the commands that put policies in force. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libkrsi/engine.h>

#include "run.h"

#define RING_SIZE_MAX (UINT32_C(1) << 31)
#define ROTATE_SIZE_MIN 4096
#define ROTATE_COUNT_MAX 10000

/* A number, K, M or G behind it where `units` says so. -1 for anything else, or one above `max`. */
static int64_t number_read(const char *text, bool units, uint64_t max)
{
	unsigned long long number, factor = 1;
	char *end;

	if (!isdigit((unsigned char)*text))	/* strtoull() takes spaces and signs */
		return -1;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (units && *end && !end[1])
		factor = *end == 'K' ? 1u << 10 : *end == 'M' ? 1u << 20 : *end == 'G' ? 1u << 30 : 0;
	else if (*end)
		return -1;
	if (errno || !factor || number > max / factor)
		return -1;
	return (int64_t)(number * factor);
}

static int ring_size_read(const struct tool_command *self, const char *option, uint32_t *ret)
{
	int64_t size = number_read(optarg, true, RING_SIZE_MAX), page = sysconf(_SC_PAGESIZE);

	if (size < page || size & (size - 1))
		return tool_usage(self, "%s is a power of two from %d to 2G, not \"%s\"", option, (int)page, optarg);
	*ret = (uint32_t)size;
	return -1;
}

/* In the order of enum krsi_engine_backend. */
static const char *const backends[] = { "auto", "lsm", "fmod_ret" };

const char *run_backend_name(uint32_t backend)
{
	return backend < sizeof(backends) / sizeof(backends[0]) ? backends[backend] : "unknown";
}

static int backend_read(const struct tool_command *self, struct run *run)
{
	uint32_t i;

	for (i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
		if (strcmp(backends[i], optarg) == 0) {
			run->backend = i;
			return -1;
		}
	}
	return tool_usage(self, "--backend is auto, lsm or fmod_ret, not \"%s\"", optarg);
}

static int ready_fd_read(const struct tool_command *self, struct run *run)
{
	int64_t fd = number_read(optarg, false, INT32_MAX);
	int mode;

	if (fd <= STDERR_FILENO)
		return tool_usage(self, "--ready-fd is the number of a descriptor, from 3, not \"%s\"", optarg);
	mode = fcntl((int)fd, F_GETFL);
	if (mode < 0 || (mode & O_ACCMODE) == O_RDONLY)
		return tool_usage(self, "--ready-fd %s: %s", optarg, mode < 0 ? "this descriptor is not open" : "this descriptor cannot be written");
	fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	run->ready_fd = (int)fd;
	return -1;
}

static int rotate_size_read(const struct tool_command *self, struct run *run)
{
	int64_t size = number_read(optarg, true, INT64_MAX);

	if (size < ROTATE_SIZE_MIN)
		return tool_usage(self, "--rotate-size is a number of bytes from %d, such as 64M, not \"%s\"", ROTATE_SIZE_MIN, optarg);
	run->rotation.size = (uint64_t)size;
	return -1;
}

static int rotate_count_read(const struct tool_command *self, struct run *run)
{
	int64_t count = number_read(optarg, false, ROTATE_COUNT_MAX);

	if (count < 1)
		return tool_usage(self, "--rotate-count is a number of files from 1 to %d, not \"%s\"", ROTATE_COUNT_MAX, optarg);
	run->rotation.count = (uint32_t)count;
	return -1;
}

/* "LD_PRELOAD", or "LD_*". */
static bool is_variable(const char *word)
{
	size_t size = strcspn(word, "=*");

	return size && (!word[size] || strcmp(word + size, "*") == 0);
}

static int environment_read(const struct tool_command *self, struct run *run)
{
	char *rest = optarg, *word;

	run->engine_flags &= ~(uint32_t)KRSI_ENGINE_ENVIRONMENT;
	run->environment_count = 0;
	if (strcmp(optarg, "none") == 0)
		return -1;
	if (strcmp(optarg, "all") == 0) {
		run->engine_flags |= KRSI_ENGINE_ENVIRONMENT;
		return -1;
	}
	while ((word = strsep(&rest, ","))) {
		if (!is_variable(word))
			return tool_usage(self, "--environment is none, all, or names of variables such as LD_PRELOAD,LD_*, not \"%s\"", word);
		if (run->environment_count == ENVIRONMENT_MAX)
			return tool_usage(self, "--environment has more than %d names; NAME* stands for all that begin with NAME", ENVIRONMENT_MAX);
		run->environment[run->environment_count++] = word;
	}
	return -1;
}

int run_options_check(const struct tool_command *self, const struct run *run)
{
	if (run->rotation.count && !run->rotation.size)
		return tool_usage(self, "--rotate-count needs --rotate-size, which says when");
	if (run->rotation.size && !run->output_path)
		return tool_usage(self, "--rotate-size needs --output, a file to rotate");
	return -1;
}

int run_option_read(const struct tool_command *self, struct run *run, int c, char **argv)
{
	switch (c) {
	case RUN_OPTION_BACKEND:
		return backend_read(self, run);
	case RUN_OPTION_DENIAL_RING_SIZE:
		return ring_size_read(self, "--denial-ring-size", &run->denial_ring_size);
	case RUN_OPTION_DIGESTS:
		run->engine_flags |= KRSI_ENGINE_DIGESTS;
		return -1;
	case RUN_OPTION_ENVIRONMENT:
		return environment_read(self, run);
	case RUN_OPTION_NO_STATS:
		run->no_stats = true;
		return -1;
	case RUN_OPTION_PERMISSIVE:
		run->permissive = true;
		return -1;
	case RUN_OPTION_PIDFILE:
		run->pidfile.path = optarg;
		return -1;
	case RUN_OPTION_READY_FD:
		return ready_fd_read(self, run);
	case RUN_OPTION_RING_SIZE:
		return ring_size_read(self, "--ring-size", &run->ring_size);
	case RUN_OPTION_ROTATE_COUNT:
		return rotate_count_read(self, run);
	case RUN_OPTION_ROTATE_SIZE:
		return rotate_size_read(self, run);
	case 'v':
		run->verbose = true;
		return -1;
	default:
		return tool_common_option(self, c, argv);
	}
}
