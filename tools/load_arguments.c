/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The command line of `krsi load`. */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/krsi.h>

#include "tool.h"

static int log_level_read(const char *word)
{
	static const char *const levels[] = {
		[KRSI_LOG_ERROR] = "error", [KRSI_LOG_WARN] = "warn", [KRSI_LOG_INFO] = "info", [KRSI_LOG_DEBUG] = "debug",
	};
	int level;

	for (level = KRSI_LOG_ERROR; level <= KRSI_LOG_DEBUG; level++)
		if (strcmp(levels[level], word) == 0)
			return level;
	return -1;
}

enum load_option {
	OPTION_CHECK = TOOL_OPTION_FIRST_FREE,
	OPTION_WITHOUT,
	OPTION_WITH,
	OPTION_FMOD_RET,
	OPTION_OPTIONAL,
	OPTION_TARGET,
	OPTION_SET,
	OPTION_MAP_SIZE,
	OPTION_PERF_PAGES,
	OPTION_CGROUP,
	OPTION_PIN,
	OPTION_BTF,
	OPTION_KCONFIG,
	OPTION_LOG,
	OPTION_DECODE,
	OPTION_TYPE,
	OPTION_JSON,
};

static const struct option options[] = {
	TOOL_OPTIONS,
	{ "btf", required_argument, NULL, OPTION_BTF },
	{ "cgroup", required_argument, NULL, OPTION_CGROUP },
	{ "check", no_argument, NULL, OPTION_CHECK },
	{ "decode", no_argument, NULL, OPTION_DECODE },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "kconfig", required_argument, NULL, OPTION_KCONFIG },
	{ "log", required_argument, NULL, OPTION_LOG },
	{ "map-size", required_argument, NULL, OPTION_MAP_SIZE },
	{ "fmod-ret", required_argument, NULL, OPTION_FMOD_RET },
	{ "optional", required_argument, NULL, OPTION_OPTIONAL },
	{ "perf-pages", required_argument, NULL, OPTION_PERF_PAGES },
	{ "pin", required_argument, NULL, OPTION_PIN },
	{ "set", required_argument, NULL, OPTION_SET },
	{ "target", required_argument, NULL, OPTION_TARGET },
	{ "type", required_argument, NULL, OPTION_TYPE },
	{ "verbose", no_argument, NULL, 'v' },
	{ "with", required_argument, NULL, OPTION_WITH },
	{ "without", required_argument, NULL, OPTION_WITHOUT },
	{ 0 },
};

static int wish_read(struct load_request *request, enum wish_kind kind)
{
	const char *problem;

	if (wish_add(&request->wishes, kind, optarg, &problem) == 0)
		return -1;
	return tool_usage(request->self, "\"%s\": %s", optarg, problem);
}

static int pages_read(struct load_request *request)
{
	unsigned long pages;
	char *end;

	errno = 0;
	pages = strtoul(optarg, &end, 10);
	if (errno || *end || *optarg == '-' || !pages || pages > UINT32_MAX || (pages & (pages - 1)))
		return tool_usage(request->self, "--perf-pages is a power of two, such as 64, not \"%s\"", optarg);
	request->perf_pages = (uint32_t)pages;
	return -1;
}

/* -1 to go on, otherwise the exit code. */
static int option_read(struct load_request *request, int c, char **argv)
{
	switch (c) {
	case OPTION_CHECK:
		request->check = true;
		return -1;
	case OPTION_WITHOUT:
		return wish_read(request, WISH_WITHOUT);
	case OPTION_WITH:
		return wish_read(request, WISH_WITH);
	case OPTION_FMOD_RET:
		if (strcmp(optarg, "all") != 0)
			return wish_read(request, WISH_FMOD_RET);
		request->wishes.all_fmod_ret = true;
		return -1;
	case OPTION_OPTIONAL:
		if (strcmp(optarg, "all") != 0)
			return wish_read(request, WISH_OPTIONAL);
		request->all_optional = true;
		return -1;
	case OPTION_TARGET:
		return wish_read(request, WISH_TARGET);
	case OPTION_SET:
		return wish_read(request, WISH_VARIABLE);
	case OPTION_MAP_SIZE:
		return wish_read(request, WISH_MAP_SIZE);
	case OPTION_PERF_PAGES:
		return pages_read(request);
	case OPTION_CGROUP:
		request->cgroup = optarg;
		return -1;
	case OPTION_PIN:
		request->pin_dir = optarg;
		return -1;
	case OPTION_BTF:
		request->btf = optarg;
		return -1;
	case OPTION_KCONFIG:
		request->kconfig_file = optarg;
		return -1;
	case OPTION_JSON:
		request->json = true;
		request->decode = true;
		return -1;
	case OPTION_TYPE:
		request->decode = true;
		return wish_read(request, WISH_TYPE);
	case OPTION_DECODE:
		request->decode = true;
		return -1;
	case OPTION_LOG:
		request->log_level = log_level_read(optarg);
		if (request->log_level < 0)
			return tool_usage(request->self, "--log is error, warn, info or debug, not \"%s\"", optarg);
		return -1;
	case 'v':
		request->verbose = true;
		return -1;
	default:
		return tool_common_option(request->self, c, argv);
	}
}

static int objects_read(struct load_request *request, int count, char **paths)
{
	int i;

	if (count == 0)
		return tool_usage(request->self, "load needs an object: krsi load OBJ.bpf.o");
	if (request->check && request->pin_dir)
		return tool_usage(request->self, "--check leaves nothing behind, so it cannot be used with --pin");
	if (request->decode && (request->check || request->pin_dir))
		return tool_usage(request->self, "no records are read with --check or --pin, so there is nothing for --decode, --type and --json");
	if (request->pin_dir && count > 1)
		return tool_usage(request->self, "--pin takes one object; run krsi load once for each, with a directory of its own");
	request->objects = calloc((size_t)count, sizeof(*request->objects));
	if (!request->objects) {
		tool_error("no memory");
		return TOOL_FAILED;
	}
	request->count = (size_t)count;
	for (i = 0; i < count; i++)
		request->objects[i].path = paths[i];
	return -1;
}

int load_arguments_read(struct load_request *request, int argc, char **argv)
{
	int c, code;

	tool_options_begin();
	while ((c = getopt_long(argc, argv, ":hv", options, NULL)) != -1) {
		code = option_read(request, c, argv);
		if (code >= 0)
			return code;
	}
	return objects_read(request, argc - optind, argv + optind);
}
