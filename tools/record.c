/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi record: as krsi run, but events go into a recording; and without a policy all is reported. */
#include "record.h"

#include <libkrsi/krsi.h>

#include "run.h"
#include "term.h"

/* --- arguments --------------------------------------------------------------- */

enum {
	OPTION_ON = RUN_OPTION_FIRST_FREE,
};

static const struct option options[] = {
	RUN_OPTIONS,
	{ "on", required_argument, NULL, OPTION_ON },
	{ 0 },
};

static int option_read(const struct tool_command *self, struct run *run, int c, char **argv)
{
	switch (c) {
	case OPTION_ON:
		run->operations = optarg;
		return -1;
	default:
		return run_option_read(self, run, c, argv);
	}
}

static int record_run(const struct tool_command *self, int argc, char **argv)
{
	struct run all = {
		.sink = &record_sink, .policy_make = record_policy_make, .engine_flags = KRSI_ENGINE_PROCESSES, .ready_fd = -1, .signals = -1,
	};
	int c, code;

	tool_options_begin();
	while ((c = getopt_long(argc, argv, ":hv", options, NULL)) != -1) {
		code = option_read(self, &all, c, argv);
		if (code >= 0)
			return code;
	}
	if (optind == argc)
		return tool_usage(self, "record needs a file to record in: krsi record FILE");
	all.output_path = argv[optind++];
	code = run_options_check(self, &all);
	if (code >= 0)
		return code;
	if (all.operations && optind < argc)
		return tool_usage(self, "--on is for recording without a policy; policies say for themselves what they report");
	all.paths = argv + optind;
	all.path_count = (size_t)(argc - optind);
	term_color_set("never");
	return run_all(&all);
}

const struct tool_command tool_record = {
	.name = "record",
	.brief = "record what happens, for replay and learn",
	.help = "usage: krsi record [OPTION...] FILE [POLICY...]\n"
		"\n"
		"As krsi run, but events go into a recording, for krsi replay and krsi learn. Without\n"
		"a policy nothing is refused, and every operation is reported but file.open (told by\n"
		"file.read and file.write as well), file.ioctl, and what the kernel has no hook for.\n"
		"The processes that run, and each fork, execution and end, are recorded as well. FILE\n"
		"must not be there, or be empty. SIGHUP begins it again when it was moved, SIGINT or\n"
		"SIGTERM ends it. Meanwhile it answers krsi stats and krsi top.\n"
		"\n"
		"  --on OPERATION[,OPERATION...]  report these instead: operations or groups, and \"!x\"\n"
		"                     for what is not meant\n"
		"  --rotate-size BYTES  when FILE has so many, call it FILE.1, FILE.1 FILE.2 and\n"
		"                     so on, and begin a new one; also when FILE is there at the start\n"
		"  --rotate-count N   keep so many of them beside it; the default is 5\n"
		"  --backend BACKEND, --digests, --environment none|all|NAME,..., --no-stats,\n"
		"  --permissive, --pidfile FILE, --ready-fd N, --ring-size BYTES,\n"
		"  --denial-ring-size BYTES  as for krsi run\n"
		"  -v, --verbose      on stderr the policies and programs, messages of the library,\n"
		"                     and at the end how often each rule applied\n"
		"  --color=WHEN       auto, always, never\n"
		"\n"
		"exit codes: 0 a signal ended it; 1 failed; 2 wrong usage; 3 a policy is wrong, or --on;\n"
		"4 this kernel cannot do it\n",
	.run = record_run,
};
