/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi run: put policies in force, and tell what they do. */
#include "run.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libkrsi/encode.h>
#include <libkrsi/krsi.h>

#include "stats_socket.h"
#include "term.h"
#include "tool.h"

/* --- policies -------------------------------------------------------------- */

static void warnings_print(const struct krsi_policy *policy)
{
	const char *warning;
	size_t i;

	for (i = 0; (warning = krsi_policy_warning(policy, i)); i++)
		tool_error("warning: %s", warning);
}

static int fail(const struct run *run, int err)
{
	tool_fail(run->ctx);
	return policies_exit(err);
}

/* Nothing here asks anything of the kernel. 0, or enum tool_exit with nothing left to free. */
static int policies_take(const struct run *run, struct policies *policies)
{
	int code = policies_read(run->ctx, run->paths, run->path_count, KRSI_POLICY_TRUSTED_FILE, policies), err;
	size_t i;

	if (!code && !run->path_count && run->policy_make) {
		err = run->policy_make(run, &policies->list[0]);	/* there is room for one more */
		code = err ? fail(run, err) : TOOL_OK;
		policies->count = !err;
	}
	for (i = 0; i < policies->count; i++)
		warnings_print(policies->list[i]);
	if (code)
		policies_free(policies);
	return code;
}

/* Put policies in force in place of those that were, and take them over. 0, or enum tool_exit: then nothing changed. */
static int policies_apply(struct run *run, struct policies *policies)
{
	int err = krsi_engine_apply(run->engine, policies->list, policies->count);

	if (err) {
		policies_free(policies);
		return fail(run, err);
	}
	policies_free(&run->policies);
	run->policies = *policies;
	return TOOL_OK;
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void parts_print(const struct run *run)
{
	const char *program;
	size_t i;

	for (i = 0; i < run->policies.count; i++) {
		const struct krsi_policy *policy = run->policies.list[i];
		size_t rules = krsi_policy_rule_count(policy);

		tool_error("policy %s: %zu rule%s, %s", krsi_policy_name(policy), rules, plural(rules),
			   krsi_policy_mode(policy) == KRSI_POLICY_PERMISSIVE ? "permissive" : "enforce");
	}
	for (i = 0; (program = krsi_engine_program(run->engine, i)); i++)
		tool_error("program %s: attached", program);
}

static void in_force_print(const struct run *run)
{
	struct krsi_engine_info info = { .sz = sizeof(info) };

	if (run->verbose)
		parts_print(run);
	krsi_engine_info(run->engine, &info);
	tool_error("in force: %" PRIu32 " polic%s, %" PRIu32 " rule%s, %" PRIu32 " program%s%s", info.policies,
		   info.policies == 1 ? "y" : "ies", info.rules, plural(info.rules), info.programs, plural(info.programs),
		   run->permissive ? "; permissive: nothing is refused" : run->sealed ? "; sealed until the next boot" : "");
}

void run_reload(struct run *run)
{
	struct policies policies;

	if (run->sealed) {
		tool_error("the policies are sealed: SIGHUP does not read them again; they change at the next boot");
		return;
	}
	if (policies_take(run, &policies) || policies_apply(run, &policies))
		tool_error("the policies in force stay as they were");
	else
		in_force_print(run);
}

/* --- from the first policy to the summary ------------------------------------ */

/* All is in force: tell everybody who waits for it. What can fail comes before the seal, which nothing breaks. */
static int ready_tell(struct run *run)
{
	int code;

	if (pidfile_write(&run->pidfile))
		return TOOL_FAILED;
	code = run_seal(run);
	if (code)
		return code;
	in_force_print(run);
	if (run->ready_fd < 0)
		return TOOL_OK;
	/* Who does not wait any more has not asked us to end. */
	if (write(run->ready_fd, "\n", 1) != 1)
		tool_error("--ready-fd %d: cannot be written: %s", run->ready_fd, strerror(errno));
	close(run->ready_fd);
	return TOOL_OK;
}

static void rules_print(const struct run *run)
{
	size_t i, k;

	for (i = 0; i < run->policies.count; i++) {
		const struct krsi_policy *policy = run->policies.list[i];

		for (k = 0; k < krsi_policy_rule_count(policy); k++) {
			struct krsi_engine_rule_info info = { .sz = sizeof(info) };

			if (krsi_engine_rule_at(run->engine, krsi_policy_name(policy), k, &info))
				continue;
			tool_error("rule %s/%s: %" PRIu64 " hit%s, %" PRIu64 " event%s kept back by its limit", krsi_policy_name(policy),
				   krsi_policy_rule_name(policy, k), info.hits, plural(info.hits), info.suppressed,
				   plural(info.suppressed));
		}
	}
}

/* Out of force first, so that the events have an end; what is sealed stays in force. */
static int end(struct run *run, int ended_by)
{
	struct krsi_engine_info info = { .sz = sizeof(info) };
	struct sink_count count;
	int code = TOOL_OK;

	if (run->verbose)
		rules_print(run);
	if (!run->sealed && krsi_engine_apply(run->engine, NULL, 0))
		code = tool_fail(run->ctx);
	if (run_drain(run))
		code = TOOL_FAILED;
	krsi_engine_info(run->engine, &info);
	count = run->sink->count(run);
	tool_error("ended by SIG%s: %" PRIu64 " event%s, %" PRIu64 " lost, %" PRIu64 " not written", sigabbrev_np(ended_by),
		   info.events, plural(info.events), info.lost, count.dropped);
	if (count.not_rotated)
		tool_error("%s: could not be rotated %" PRIu64 " time%s", run->output_path, count.not_rotated, plural(count.not_rotated));
	if (info.missed)
		tool_error("%" PRIu64 " time%s at most, the kernel did not show an operation or the change of a process to the programs: see backends.md of the documentation",
			   info.missed, plural(info.missed));
	if (info.identities_lost)
		tool_error("%" PRIu64 " file%s got a name of the policies meanwhile and could not be followed: only the name was denied, not what leads to the same file", info.identities_lost,
			   plural(info.identities_lost));
	if (run->sealed)
		tool_error("sealed: the policies stay in force until the next boot, and nobody reads their events any more");
	return code;
}

static void stats_open(struct run *run)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	run->start_time = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
	if (!run->no_stats)
		run->stats = stats_server_open(STATS_DIR, run_figures_text, run);
}

static void stats_close(struct run *run)
{
	stats_server_close(run->stats);
	busy_free(&run->busy);
}

static int run_engine(struct run *run)
{
	struct krsi_engine_opts opts = {
		.sz = sizeof(opts),
		.ring_size = run->ring_size,
		.denial_ring_size = run->denial_ring_size,
		.backend = run->backend,
		.flags = run->engine_flags | (run->permissive ? KRSI_ENGINE_PERMISSIVE : 0),
		.environment = run->environment,
		.environment_count = run->environment_count,
	};
	struct policies policies;
	int err, code, ended_by = 0;

	code = policies_take(run, &policies);
	if (code)
		return code;
	code = run_seal_check(run);
	if (code) {
		policies_free(&policies);
		return code;
	}
	err = krsi_engine_new(run->ctx, &opts, &run->engine);
	if (err) {
		policies_free(&policies);
		return fail(run, err);
	}
	krsi_engine_set_event(run->engine, run_event, run);
	stats_open(run);	/* before policies can refuse it */
	code = policies_apply(run, &policies);
	if (!code && run->sink->start && run->sink->start(run))
		code = TOOL_FAILED;
	if (!code)
		code = ready_tell(run);
	if (!code)
		code = run_loop(run, &ended_by);
	if (!code)
		code = end(run, ended_by);
	stats_close(run);
	krsi_engine_free(run->engine);
	return code;
}

int run_all(struct run *run)
{
	int code;

	/* Before anything is attached, so that no signal can end us in the middle. */
	run->signals = tool_signals_take();
	if (run->signals < 0)
		return TOOL_FAILED;
	signal(SIGPIPE, SIG_IGN);	/* a reader may go, the policies stay */
	signal(SIGXFSZ, SIG_IGN);
	run->ctx = tool_ctx_new(run->verbose ? KRSI_LOG_INFO : KRSI_LOG_WARN);
	if (!run->ctx) {
		close(run->signals);
		return TOOL_FAILED;
	}
	code = TOOL_FAILED;
	if (pidfile_check(&run->pidfile) == 0 && run->sink->open(run) == 0) {
		code = run_engine(run);
		run->sink->close(run);
		pidfile_remove(&run->pidfile);
	}
	policies_free(&run->policies);
	krsi_ctx_free(run->ctx);
	close(run->signals);
	return code;
}

/* --- arguments --------------------------------------------------------------- */

enum {
	OPTION_ANCESTORS = RUN_OPTION_FIRST_FREE,
	OPTION_ECS,
	OPTION_JSON,
	OPTION_OCSF,
	OPTION_OUTPUT,
	OPTION_SEAL,
};

static const struct option options[] = {
	RUN_OPTIONS,
	{ "ancestors", no_argument, NULL, OPTION_ANCESTORS },
	{ "ecs", no_argument, NULL, OPTION_ECS },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "ocsf", no_argument, NULL, OPTION_OCSF },
	{ "output", required_argument, NULL, OPTION_OUTPUT },
	{ "seal", no_argument, NULL, OPTION_SEAL },
	{ 0 },
};

static int format_read(const struct tool_command *self, struct run *run, uint32_t format)
{
	if (run->format != KRSI_ENCODE_TEXT && run->format != format)
		return tool_usage(self, "--json, --ecs and --ocsf exclude one another");
	run->format = format;
	return -1;
}

/* -1 to go on, otherwise the exit code. */
static int option_read(const struct tool_command *self, struct run *run, int c, char **argv)
{
	switch (c) {
	case OPTION_ANCESTORS:
		run->ancestors = true;
		run->engine_flags |= KRSI_ENGINE_PROCESSES;
		return -1;
	case OPTION_ECS:
		return format_read(self, run, KRSI_ENCODE_ECS);
	case OPTION_JSON:
		return format_read(self, run, KRSI_ENCODE_JSON);
	case OPTION_OCSF:
		return format_read(self, run, KRSI_ENCODE_OCSF);
	case OPTION_OUTPUT:
		run->output_path = optarg;
		return -1;
	case OPTION_SEAL:
		run->seal = true;
		return -1;
	default:
		return run_option_read(self, run, c, argv);
	}
}

static int run_run(const struct tool_command *self, int argc, char **argv)
{
	struct run all = { .sink = &run_lines, .format = KRSI_ENCODE_TEXT, .ready_fd = -1, .signals = -1 };
	int c, code;

	tool_options_begin();
	while ((c = getopt_long(argc, argv, ":hv", options, NULL)) != -1) {
		code = option_read(self, &all, c, argv);
		if (code >= 0)
			return code;
	}
	code = run_options_check(self, &all);
	if (code >= 0)
		return code;
	if (all.seal && all.permissive)
		return tool_usage(self, "--permissive refuses nothing, so that --seal has nothing to keep; try the policies without --seal first");
	if (optind == argc)
		return tool_usage(self, "run needs a policy: krsi run POLICY.yaml");
	all.paths = argv + optind;
	all.path_count = (size_t)(argc - optind);
	if (all.output_path)
		term_color_set("never");	/* "auto" looked at stdout, which is another file */
	return run_all(&all);
}

const struct tool_command tool_run = {
	.name = "run",
	.brief = "put policies in force, and tell what they do",
	.help = "usage: krsi run [OPTION...] POLICY...\n"
		"\n"
		"Puts policies in force, says so on stderr when all of it is, and stays in the\n"
		"foreground telling events, one per line, on stdout. SIGHUP reads the policies\n"
		"again, and the old ones stay when anything is wrong with the new ones. SIGINT\n"
		"or SIGTERM takes all out of force, and prints a summary on stderr. A policy's\n"
		"file must belong to root or to the user, and be writable by nobody else.\n"
		"\n"
		"  --json             events as JSON, one object per line\n"
		"  --ecs              the same in the Elastic Common Schema\n"
		"  --ocsf             the same in the Open Cybersecurity Schema Framework\n"
		"  --ancestors        tell whom the process descends from: with --json, --ecs, --ocsf\n"
		"                     and -v\n"
		"  --output FILE      append events to a file, which is made with mode 0600;\n"
		"                     SIGHUP opens it again\n"
		"  --digests          tell the digest of each file that is executed, where the kernel\n"
		"                     computes it; it reads the whole file for that\n"
		"  --environment none|all|NAME,...  tell this of the environment of executions,\n"
		"                     which may hold secrets: LD_PRELOAD, or LD_* for all that begin\n"
		"                     so; the default is none\n"
		"  --no-stats         do not listen for krsi stats and krsi top\n"
		"  --permissive       refuse nothing, whatever the policies say; only tell\n"
		"  --pidfile FILE     write the number of this process there once all is in\n"
		"                     force; when it names a process that runs, do nothing\n"
		"  --ready-fd N       write a line feed to this descriptor once all is in\n"
		"                     force, and close it\n"
		"  --rotate-size BYTES  when FILE has so many, call it FILE.1, FILE.1 FILE.2 and\n"
		"                     so on, and begin a new one; K, M or G as below\n"
		"  --rotate-count N   keep so many of them beside it; the default is 5\n"
		"  --ring-size BYTES  room for events that wait, a power of two; K, M or G may\n"
		"                     stand behind the number\n"
		"  --denial-ring-size BYTES  room of their own for refusals that wait, likewise\n"
		"  --backend BACKEND  how programs sit on the kernel's hooks: lsm, fmod_ret, or auto,\n"
		"                     which is lsm where bpf is among the active security modules\n"
		"  --seal             keep the policies in force until the next boot: nobody takes them\n"
		"                     out, root included, also when this process ends; it needs\n"
		"                     libkrsi's module krsi.ko or libkrsi's patches in the kernel\n"
		"  -v, --verbose      below each line all that is known of the event, in indented\n"
		"                     lines; and on stderr the policies and programs, messages of\n"
		"                     the library, and at the end how often each rule applied\n"
		"  --color=WHEN       auto, always, never\n"
		"\n"
		"A line of an event: time, outcome, operation, program[process], object,\n"
		"policy/rule, error or -. The object may be of several words. In paths, what is\n"
		"not printable is \\xHH, and so are spaces.\n"
		"\n"
		"exit codes: 0 a signal ended it; 1 failed; 2 wrong usage; 3 a policy is wrong;\n"
		"4 this kernel cannot do it\n",
	.run = run_run,
};
