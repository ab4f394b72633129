/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi ps: the processes that run, with what an engine knows of them. */
#include "ps.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/encode.h>
#include <libkrsi/krsi.h>

#include "policies.h"
#include "stats_socket.h"
#include "tool.h"

#define LIMIT (UINT32_C(1) << 22)	/* PIDs that Linux has */
#define ID_SHOWN 12			/* letters of a container's id, as its runtime shows it */

struct ps {
	pid_t pid;		/* 0: all */
	bool json;
	struct krsi_ctx *ctx;
	struct krsi_processes *table;
	struct krsi_encoder *encoder;
	struct ps_processes found;
	size_t room;
};

/* --- one process ------------------------------------------------------------------ */

/* A formatted text to free; NULL: no memory. */
static char *text_make(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static char *text_make(const char *fmt, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	return n < 0 ? NULL : text;
}

static char *text_of(const struct krsi_event *process, uint32_t field)
{
	size_t size;
	const char *text = krsi_event_text(process, field, &size, NULL);

	return text ? strndup(text, size) : NULL;
}

/* The user's name, or the number where there is none. */
static char *user_of(const struct krsi_event *process, uint32_t field)
{
	const struct passwd *user;
	uint64_t uid;

	if (krsi_event_number(process, field, &uid))
		return NULL;
	user = getpwuid((uid_t)uid);
	return user ? strdup(user->pw_name) : text_make("%llu", (unsigned long long)uid);
}

static char *program_of(const struct krsi_event *process)
{
	char *exe = text_of(process, KRSI_EVENT_EXE), *comm, *name;

	if (exe)
		return exe;
	comm = text_of(process, KRSI_EVENT_COMM);
	name = comm ? text_make("[%s]", comm) : NULL;
	free(comm);
	return name;
}

static char *container_of(const struct krsi_event *process)
{
	char *id = text_of(process, KRSI_EVENT_CONTAINER_ID), *runtime = text_of(process, KRSI_EVENT_CONTAINER_RUNTIME), *name;

	name = id ? text_make("%s:%.*s", runtime ? runtime : "?", ID_SHOWN, id) : NULL;
	free(id);
	free(runtime);
	return name;
}

/* --- all of them -------------------------------------------------------------------- */

/* Room for one more, or NULL. */
static struct ps_process *process_add(struct ps *ps)
{
	size_t room = ps->room ? ps->room * 2 : 256;
	struct ps_process *more;

	if (ps->found.count == ps->room) {
		more = reallocarray(ps->found.list, room, sizeof(*more));
		if (!more)
			return NULL;
		ps->found.list = more;
		ps->room = room;
	}
	more = &ps->found.list[ps->found.count++];
	*more = (struct ps_process){ .pid = 0 };
	return more;
}

static int take(void *data, const struct krsi_event *event)
{
	struct ps *ps = data;
	struct ps_process *process = process_add(ps);
	const char *line;
	uint64_t pid = 0;

	if (!process)
		return -ENOMEM;
	krsi_event_number(event, KRSI_EVENT_PID, &pid);
	krsi_event_number(event, KRSI_EVENT_COOKIE, &process->cookie);
	krsi_event_number(event, KRSI_EVENT_PARENT_COOKIE, &process->parent);
	process->pid = (uint32_t)pid;
	if (ps->json) {
		if (krsi_encoder_event(ps->encoder, event, &line, NULL))
			return -ENOMEM;
		process->line = strdup(line);
		return process->line ? 0 : -ENOMEM;
	}
	process->user = user_of(event, KRSI_EVENT_UID);
	process->login = user_of(event, KRSI_EVENT_LOGIN_UID);
	process->program = program_of(event);
	process->container = container_of(event);
	process->cgroup = text_of(event, KRSI_EVENT_CGROUP);
	return 0;
}

static int print(struct ps *ps)
{
	if (krsi_processes_each(ps->table, take, ps)) {
		tool_error("no memory for the processes");
		return TOOL_FAILED;
	}
	if (!ps_tree_make(&ps->found, ps->pid)) {
		if (ps->pid)
			tool_error("there is no process %d", (int)ps->pid);
		else
			tool_error("no memory for the processes");
		return TOOL_FAILED;
	}
	if (ps->json)
		ps_lines_print(&ps->found);
	else
		ps_tree_print(&ps->found);
	return TOOL_OK;
}

static int fail(const struct ps *ps, int err)
{
	tool_fail(ps->ctx);
	return policies_exit(err);
}

/* The engine is needed as long as it looks. */
static int look(struct ps *ps)
{
	const struct krsi_engine_opts opts = { .sz = sizeof(opts), .flags = KRSI_ENGINE_PROCESSES };
	struct krsi_engine *engine;
	int err;

	err = krsi_engine_new(ps->ctx, &opts, &engine);
	if (err)
		return fail(ps, err);
	err = krsi_engine_processes(engine, ps->table);
	krsi_engine_free(engine);
	return err ? fail(ps, err) : TOOL_OK;
}

static int run(struct ps *ps)
{
	const struct krsi_encoder_opts encoder = { .sz = sizeof(encoder), .format = KRSI_ENCODE_JSON, .flags = KRSI_ENCODE_NAMES };
	const struct krsi_processes_opts table = { .sz = sizeof(table), .limit = LIMIT };
	int code = TOOL_FAILED;

	ps->ctx = tool_ctx_new(KRSI_LOG_WARN);
	if (!ps->ctx)
		return TOOL_FAILED;
	if (krsi_encoder_new(ps->ctx, &encoder, &ps->encoder) || krsi_processes_new(ps->ctx, &table, &ps->table))
		tool_fail(ps->ctx);
	else
		code = look(ps);
	if (!code)
		code = print(ps);
	ps_free(&ps->found);
	krsi_processes_free(ps->table);
	krsi_encoder_free(ps->encoder);
	krsi_ctx_free(ps->ctx);
	return code;
}

static int ps_run(const struct tool_command *self, int argc, char **argv)
{
	enum { OPTION_JSON = TOOL_OPTION_FIRST_FREE };
	static const struct option options[] = {
		TOOL_OPTIONS,
		{ "json", no_argument, NULL, OPTION_JSON },
		{ 0 },
	};
	struct ps ps = { .pid = 0 };
	int c, code;

	tool_options_begin();
	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		ps.json |= c == OPTION_JSON;
		if (c == OPTION_JSON)
			continue;
		code = tool_common_option(self, c, argv);
		if (code >= 0)
			return code;
	}
	if (argc - optind > 1)
		return tool_usage(self, "ps takes one process, but got %s as well", argv[optind + 1]);
	if (optind < argc && !(ps.pid = stats_pid(argv[optind])))
		return tool_usage(self, "\"%s\" is not the number of a process", argv[optind]);
	return run(&ps);
}

const struct tool_command tool_ps = {
	.name = "ps",
	.brief = "the processes that run, as policies see them",
	.help = "usage: krsi ps [--json] [PID]\n"
		"\n"
		"The tree of processes, from whom each descends, with its user, the user who\n"
		"logged in, its container, program and cgroup, as the kernel side of libkrsi sees\n"
		"them: nothing of it is read from /proc. With a PID, this process with its\n"
		"ancestors and descendants. Nothing is denied or audited meanwhile.\n"
		"\n"
		"  --json        all that is known, a line with an object for each process\n"
		"  --color=WHEN  auto, always, never\n"
		"\n"
		"Columns: PID, user, login, container as RUNTIME:ID, program and cgroup. What\n"
		"has no program, such as threads of the kernel, has its name in brackets.\n"
		"\n"
		"exit codes: 0 done; 1 failed, or there is no such process; 2 wrong usage;\n"
		"4 this kernel cannot do it\n",
	.run = ps_run,
};
