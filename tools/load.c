/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi load: put anybody's BPF object on its hooks, or check whether that would work. */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <libkrsi/krsi.h>
#include <linux/magic.h>

#include "term.h"
#include "tool.h"

/* Debian's largest /boot/config-* has 0.3 MB. */
#define KCONFIG_SIZE_MAX (16u << 20)

struct request {
	const struct tool_command *self;
	struct wish_list wishes;
	const char *cgroup;
	const char *pin_dir;
	const char *btf;
	const char *kconfig_file;
	char *kconfig;			/* its text */
	int log_level;
	bool all_optional;
	bool check;
	bool verbose;
	bool decode;
	bool json;
	struct load_object *objects;
	size_t count;
};

/* How many programs there were, over all objects. */
struct tally {
	size_t wanted;		/* that were not left out */
	size_t attached;
};

/* --- reporting ------------------------------------------------------------- */

static const char *state_word(uint32_t state, enum term_color *color)
{
	switch (state) {
	case KRSI_PROGRAM_ATTACHED:
		*color = TERM_GOOD;
		return "attached";
	case KRSI_PROGRAM_LOADED:
		*color = TERM_DOUBTFUL;
		return "loaded";
	case KRSI_PROGRAM_SKIPPED:
		*color = TERM_PLAIN;
		return "skipped";
	default:
		*color = TERM_BAD;
		return "refused";
	}
}

/* One line, whose five fields are an interface: see krsi(1). */
static void line_print(const char *path, const char *program, const char *section, uint32_t state,
		       const char *reason)
{
	enum term_color color;
	const char *word = state_word(state, &color);

	term_text(stdout, path);
	printf("\t");
	term_text(stdout, program);
	printf("\t");
	term_text(stdout, section);
	printf("\t");
	term_cell(color, word, 0);
	printf("\t");
	term_text(stdout, reason);
	printf("\n");
}

/* What the verifier wrote, on stderr: stdout is for lines of programs. */
static void log_print(const struct krsi_program_info *info)
{
	if (info->state != KRSI_PROGRAM_REFUSED || !*info->log)
		return;
	tool_error("program %s: the verifier wrote:", info->name);
	tool_error("%s", info->log);
}

/* The library speaks to programmers; where it names something of its interface we name our option. */
static const struct {
	const char *theirs, *ours;
} words[] = {
	{ "give the text in krsi_object_opts.kconfig", "give its text with --kconfig FILE" },
	{ "krsi_attach_opts.cgroup_fd, a descriptor of a cgroup's directory", "--cgroup DIR, a cgroup's directory" },
	{ "; use its descriptor", "" },
	{ "say so with krsi_object_set_map_size()", "say so with --map-size MAP=N" },
};

/* A text of the library in our words, to free. NULL when there is no memory. */
static char *words_change(const char *text)
{
	char *copy = strdup(text), *changed, *found;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]) && copy; i++) {
		found = strstr(copy, words[i].theirs);
		if (!found)
			continue;
		*found = '\0';
		if (asprintf(&changed, "%s%s%s", copy, words[i].ours, found + strlen(words[i].theirs)) < 0)
			changed = NULL;
		free(copy);
		copy = changed;
	}
	return copy;
}

static int fail(const struct krsi_ctx *ctx)
{
	char *text = words_change(krsi_ctx_error_detail(ctx));

	tool_error("%s", text ? text : "no memory");
	free(text);
	return TOOL_FAILED;
}

/* A program that was not even tried shares the fate of its object. */
static void programs_print(const struct request *request, const struct load_object *entry, struct tally *tally)
{
	size_t i;

	for (i = 0; i < krsi_object_program_count(entry->object); i++) {
		struct krsi_program_info info = { .sz = sizeof(info) };
		char *reason;

		krsi_object_program_info(entry->object, i, &info);
		tally->wanted += info.state != KRSI_PROGRAM_SKIPPED;
		tally->attached += info.state == KRSI_PROGRAM_ATTACHED;
		reason = words_change(info.state == KRSI_PROGRAM_OPEN && entry->failure ? entry->failure : info.reason);
		line_print(entry->path, info.name, info.section, info.state, reason ? reason : "no memory");
		free(reason);
		if (request->verbose)
			log_print(&info);
	}
}

/* --- deeds ----------------------------------------------------------------- */

static int cgroup_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0) {
		tool_error("cgroup %s: cannot be opened: %s", path, strerror(errno));
		return -1;
	}
	if (fstatfs(fd, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
		return fd;
	tool_error("cgroup %s: not a cgroup of version 2; name a directory in a cgroup2 file system, such as /sys/fs/cgroup", path);
	close(fd);
	return -1;
}

/* Open every object. Under --check one that cannot be opened is noted, and the others go on. */
static int objects_open(const struct request *request, struct krsi_ctx *ctx)
{
	struct krsi_object_opts opts = {
		.sz = sizeof(opts),
		.btf_path = request->btf,
		.kconfig = request->kconfig,
		.verifier_log = request->verbose,
	};
	size_t i;

	for (i = 0; i < request->count; i++) {
		struct load_object *entry = &request->objects[i];

		if (!krsi_object_open(ctx, entry->path, &opts, &entry->object))
			continue;
		fail(ctx);
		if (!request->check)
			return TOOL_FAILED;
		entry->failure = strdup(krsi_ctx_error_detail(ctx));
	}
	return wishes_apply(&request->wishes, request->all_optional || request->check, ctx, request->objects,
			    request->count);
}

static void object_check(const struct request *request, struct krsi_ctx *ctx, const struct krsi_attach_opts *attach,
			 struct load_object *entry, struct tally *tally)
{
	int err;

	if (!entry->object) {
		tally->wanted++;
		line_print(entry->path, "-", "-", KRSI_PROGRAM_REFUSED, entry->failure ? entry->failure : "");
		return;
	}
	err = krsi_object_load(entry->object);
	if (!err)
		err = krsi_object_attach(entry->object, attach);
	/* Nothing left to attach: then each program has a reason of its own. */
	if (err && err != -EALREADY)
		entry->failure = strdup(krsi_ctx_error_detail(ctx));
	programs_print(request, entry, tally);
	/* Now, not at the end: programs of one object must not make those of the next one fail. */
	krsi_object_free(entry->object);
	entry->object = NULL;
	fflush(stdout);
}

static int check(const struct request *request, struct krsi_ctx *ctx, const struct krsi_attach_opts *attach)
{
	/* Lines wait here while programs are attached, some of which refuse every write(2). */
	static char lines[1u << 20];
	struct tally tally = { 0, 0 };
	size_t i;
	int code;

	setvbuf(stdout, lines, _IOFBF, sizeof(lines));
	code = objects_open(request, ctx);
	if (code)
		return code;
	for (i = 0; i < request->count; i++)
		object_check(request, ctx, attach, &request->objects[i], &tally);
	if (!tally.wanted)
		tool_error("nothing was checked: every program is left out, or there is none; --with PROG asks for one whose section is marked ?");
	if (!tally.attached)
		return TOOL_FAILED;
	return tally.attached == tally.wanted ? TOOL_OK : TOOL_PARTLY;
}

static void logs_print(const struct load_object *entry)
{
	size_t i;

	for (i = 0; i < krsi_object_program_count(entry->object); i++) {
		struct krsi_program_info info = { .sz = sizeof(info) };

		krsi_object_program_info(entry->object, i, &info);
		log_print(&info);
	}
}

/* Load and attach one object. What fails leaves nothing behind: freeing the objects detaches all. */
static int object_run(const struct request *request, struct krsi_ctx *ctx, const struct krsi_attach_opts *attach,
		      const struct load_object *entry)
{
	struct tally tally = { 0, 0 };
	int err;

	err = krsi_object_load(entry->object);
	if (!err)
		err = krsi_object_attach(entry->object, attach);
	if (err) {
		fail(ctx);
		if (request->verbose)
			logs_print(entry);
		return TOOL_FAILED;
	}
	programs_print(request, entry, &tally);
	if (tally.attached)
		return 0;
	tool_error("%s: none of its programs is attached", entry->path);
	return TOOL_FAILED;
}

/* From here on our own lines go to stderr, so that what we return has records only. NULL with the failure told. */
static FILE *json_open(void)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (!out || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		tool_error("cannot write JSON: %s", strerror(errno));
	return out;
}

static int rings_show(const struct request *request, struct krsi_ctx *ctx, int signals)
{
	struct load_output output = { .wishes = &request->wishes, .decode = request->decode, .verbose = request->verbose };
	int code;

	if (request->json && !(output.json = json_open()))
		return TOOL_FAILED;
	code = rings_run(ctx, request->objects, request->count, signals, &output);
	if (output.json && fclose(output.json) != 0) {
		tool_error("cannot write the output: %s", strerror(errno));
		code = TOOL_FAILED;
	}
	return code;
}

static int run(const struct request *request, struct krsi_ctx *ctx, const struct krsi_attach_opts *attach)
{
	int code, signals;
	size_t i;

	/* Before anything is attached, so that no signal can end us between attaching and counting. */
	signals = rings_signals_take();
	if (signals < 0)
		return TOOL_FAILED;
	code = objects_open(request, ctx);
	for (i = 0; i < request->count && !code; i++)
		code = object_run(request, ctx, attach, &request->objects[i]);
	if (!code && request->pin_dir) {
		code = krsi_object_pin(request->objects[0].object, request->pin_dir) ? fail(ctx) : TOOL_OK;
		if (!code) {
			printf("pinned\t");
			term_text(stdout, request->pin_dir);
			printf("\n");
		}
	} else if (!code) {
		code = rings_show(request, ctx, signals);
	}
	close(signals);
	return code;
}

/* --- arguments ------------------------------------------------------------- */

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

/* Read a whole file as text. NULL with the failure told. */
static char *text_read(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = file ? malloc(KCONFIG_SIZE_MAX + 1) : NULL;
	size_t size;

	if (!file) {
		tool_error("%s: cannot be opened: %s", path, strerror(errno));
		return NULL;
	}
	if (!text) {
		tool_error("no memory");
		goto out;
	}
	size = fread(text, 1, KCONFIG_SIZE_MAX + 1, file);
	if (ferror(file) || size > KCONFIG_SIZE_MAX || memchr(text, '\0', size)) {
		tool_error("%s: cannot be read as a kernel's config (text with lines CONFIG_X=y); unpack it if it is compressed", path);
		free(text);
		text = NULL;
		goto out;
	}
	text[size] = '\0';
out:
	fclose(file);
	return text;
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
	{ "pin", required_argument, NULL, OPTION_PIN },
	{ "set", required_argument, NULL, OPTION_SET },
	{ "target", required_argument, NULL, OPTION_TARGET },
	{ "type", required_argument, NULL, OPTION_TYPE },
	{ "verbose", no_argument, NULL, 'v' },
	{ "with", required_argument, NULL, OPTION_WITH },
	{ "without", required_argument, NULL, OPTION_WITHOUT },
	{ 0 },
};

static int wish_read(struct request *request, enum wish_kind kind)
{
	const char *problem;

	if (wish_add(&request->wishes, kind, optarg, &problem) == 0)
		return -1;
	return tool_usage(request->self, "\"%s\": %s", optarg, problem);
}

/* -1 to go on, otherwise the exit code. */
static int option_read(struct request *request, int c, char **argv)
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

static int objects_read(struct request *request, int count, char **paths)
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

static int arguments_read(struct request *request, int argc, char **argv)
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

static int load(struct request *request)
{
	struct krsi_attach_opts attach = { .sz = sizeof(attach) };
	struct krsi_ctx *ctx;
	int code;

	if (request->kconfig_file) {
		request->kconfig = text_read(request->kconfig_file);
		if (!request->kconfig)
			return TOOL_FAILED;
	}
	if (request->cgroup) {
		attach.cgroup_fd = cgroup_open(request->cgroup);
		if (attach.cgroup_fd < 0)
			return TOOL_FAILED;
	}
	ctx = tool_ctx_new(request->log_level);
	if (!ctx)
		return TOOL_FAILED;
	code = request->check ? check(request, ctx, &attach) : run(request, ctx, &attach);
	krsi_ctx_free(ctx);
	return code;
}

static int load_run(const struct tool_command *self, int argc, char **argv)
{
	struct request request = { .self = self, .log_level = KRSI_LOG_WARN };
	size_t i;
	int code;

	code = arguments_read(&request, argc, argv);
	if (code < 0)
		code = load(&request);
	for (i = 0; i < request.count; i++) {
		krsi_object_free(request.objects[i].object);
		free(request.objects[i].failure);
	}
	free(request.objects);
	free(request.kconfig);
	wish_list_free(&request.wishes);
	return code;
}

const struct tool_command tool_load = {
	.name = "load",
	.brief = "load and attach BPF objects, or check whether that would work",
	.help = "usage: krsi load [OPTION...] OBJ.bpf.o...\n"
		"\n"
		"Loads BPF objects, attaches their programs, prints one line for each of them\n"
		"and \"ready\", and stays in the foreground counting the records of all ring\n"
		"buffers. SIGINT, SIGTERM or SIGHUP ends it: all is detached, the counts are\n"
		"printed. A program that cannot be loaded or attached fails the whole, and\n"
		"leaves nothing behind, unless it is optional.\n"
		"\n"
		"  --check            load, attach and detach each object, and say what became of\n"
		"                     each program, the others notwithstanding. While they are\n"
		"                     attached, programs that deny do deny\n"
		"  --without PROG     leave a program out\n"
		"  --with PROG        take one whose section is marked ? and so is left out\n"
		"  --optional PROG    this one may fail alone; \"all\": each may\n"
		"  --fmod-ret PROG    attach it in front of the function that calls its hook, where\n"
		"                     bpf is no active security module; \"all\": each that can be\n"
		"  --target PROG=HOOK attach it to another hook, function or tracepoint\n"
		"  --set VAR=VALUE    set a global variable, a number of 1, 2, 4 or 8 bytes\n"
		"  --map-size MAP=N   set how many entries a map has, or bytes of a ring buffer;\n"
		"                     N may end in K, M or G\n"
		"  --cgroup DIR       cgroup to attach lsm_cgroup programs to\n"
		"  --pin DIR          pin maps and links below a directory of a BPF file system\n"
		"                     and exit: the programs stay attached until it is removed\n"
		"  --btf FILE         the kernel's type information, where it has none itself\n"
		"  --kconfig FILE     the kernel's configuration, for __kconfig variables\n"
		"  --decode           show each record through the object's own types: that of its\n"
		"                     size, when there is one\n"
		"  --type MAP=TYPE    the records of this ring buffer are of this type\n"
		"  --json             records as JSON, one object per line, and all else on stderr\n"
		"  --log LEVEL        messages of the library: error, warn (default), info, debug\n"
		"  -v, --verbose      the verifier's words on programs that it refuses, and the\n"
		"                     first 32 bytes of each record\n"
		"  --color=WHEN       auto, always, never\n"
		"\n"
		"Each line has five fields, separated by tabs: object, program, section, one of\n"
		"attached, skipped, refused, loaded, and the reason.\n"
		"\n"
		"exit codes: 0 done; 1 failed; 2 wrong usage. With --check: 0 every program that\n"
		"was not left out attached, 3 some did, 1 none did\n",
	.run = load_run,
};
