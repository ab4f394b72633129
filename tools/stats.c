/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi stats: what running `krsi run`s have done until now. */
#include "stats.h"

#include <stdbool.h>

#include "json.h"
#include "stats_socket.h"
#include "tool.h"

enum stats_option {
	OPTION_JSON = TOOL_OPTION_FIRST_FREE,
	OPTION_PID,
	OPTION_PROMETHEUS,
};

static const struct option options[] = {
	TOOL_OPTIONS,
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "pid", required_argument, NULL, OPTION_PID },
	{ "prometheus", no_argument, NULL, OPTION_PROMETHEUS },
	{ 0 },
};

static json_t *json_make(const struct figures *figures)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < figures->count; i++)
		json_add(&list, json_incref(figures->list[i]));
	return list;
}

static int print(const struct figures *figures, bool json, bool prometheus)
{
	size_t i;

	if (json)
		return json_print(json_make(figures));
	if (prometheus)
		stats_prometheus_print(stdout, figures);
	for (i = 0; !prometheus && i < figures->count; i++) {
		if (i)
			printf("\n");
		stats_text_print(figures->list[i]);
	}
	return TOOL_OK;
}

static int stats_run(const struct tool_command *self, int argc, char **argv)
{
	bool json = false, prometheus = false;
	struct figures figures;
	pid_t pid = 0;
	int c, code;

	tool_options_begin();
	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		json |= c == OPTION_JSON;
		prometheus |= c == OPTION_PROMETHEUS;
		if (c == OPTION_PID && !(pid = stats_pid(optarg)))
			return tool_usage(self, "--pid is the number of a process, not \"%s\"", optarg);
		if (c == OPTION_JSON || c == OPTION_PROMETHEUS || c == OPTION_PID)
			continue;
		code = tool_common_option(self, c, argv);
		if (code >= 0)
			return code;
	}
	if (optind < argc)
		return tool_usage(self, "stats takes no argument, but got %s; a process is named by --pid", argv[optind]);
	if (json && prometheus)
		return tool_usage(self, "--json and --prometheus exclude one another");
	code = figures_fetch(STATS_DIR, pid, &figures);
	if (!code)
		code = print(&figures, json, prometheus);
	figures_free(&figures);
	return code;
}

const struct tool_command tool_stats = {
	.name = "stats",
	.brief = "what running policies have done until now",
	.help = "usage: krsi stats [--pid PID] [--json | --prometheus]\n"
		"\n"
		"Asks each krsi run on this machine, through its socket " STATS_DIR "/PID.sock, how\n"
		"often its rules applied and refused, how many events were delivered and lost,\n"
		"what its programs cost, and which processes most events are of. Only root may\n"
		"ask.\n"
		"\n"
		"  --pid PID     of this krsi run only\n"
		"  --json        an array with an object for each krsi run\n"
		"  --prometheus  the text format that Prometheus reads, with the label pid\n"
		"  --color=WHEN  auto, always, never\n"
		"\n"
		"exit codes: 0 some krsi run answered; 1 none is there, or none answered;\n"
		"2 wrong usage\n",
	.run = stats_run,
};
