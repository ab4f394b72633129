/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The kernel and the matcher in user space give one answer: random policies, and each of a few files opened
 * in each way by two users, in fact and in question. And used by descriptors that were opened before: then only
 * rules with already_open count, and those that allow, so these are asked of a matcher that has no others.
 *
 * KRSI_SEED in the environment repeats a run; the seed is printed.
 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 40
#define TOP "/tmp/property"

static const char *const names[] = { "a", "b", "ab", "conf", "a-name-of-more-than-forty-bytes-to-be-read-elsewhere" };
#define NAMES (sizeof(names) / sizeof(names[0]))

static char *files[64];
static int descriptors[64][2];	/* O_RDWR, and O_WRONLY with O_APPEND */
static size_t file_count;
static uint64_t random_state;

static uint32_t below(uint32_t end)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(random_state >> 33) % end;
}

static void file_make(const char *path)
{
	int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0666);

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0666), 0);
	files[file_count] = strdup(path);
	descriptors[file_count][0] = fd;
	descriptors[file_count][1] = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	file_count++;
}

static void files_make(void)
{
	char path[512];
	size_t i, j;

	mkdir(TOP, 0777);
	for (i = 0; i < NAMES; i++) {
		snprintf(path, sizeof(path), TOP "/%s", names[i]);
		mkdir(path, 0777);
		for (j = 0; j < NAMES; j++) {
			snprintf(path, sizeof(path), TOP "/%s/%s.d", names[i], names[j]);
			mkdir(path, 0777);
			snprintf(path, sizeof(path), TOP "/%s/%s.d/%s", names[i], names[j], names[(i + j) % NAMES]);
			file_make(path);
			snprintf(path, sizeof(path), TOP "/%s/%s", names[i], names[j]);
			file_make(path);
		}
	}
}

/* --- policies -------------------------------------------------------------- */

struct text {
	char at[65536];
	size_t size;
};

static void __attribute__((format(printf, 2, 3))) add(struct text *text, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	text->size += (size_t)vsnprintf(text->at + text->size, sizeof(text->at) - text->size, fmt, args);
	va_end(args);
	assert_true(text->size < sizeof(text->at));
}

static void add_pattern(struct text *text)
{
	const char *one = names[below(NAMES)], *two = names[below(NAMES)];

	add(text, "\"%s", below(6) ? "" : "!");
	switch (below(8)) {
	case 0: add(text, "%s", files[below((uint32_t)file_count)]); break;
	case 1: add(text, TOP "/%s/**", one); break;
	case 2: add(text, TOP "/%s/%s.d/**", one, two); break;
	case 3: add(text, TOP "/*/%s", one); break;
	case 4: add(text, TOP "/**/%s", one); break;
	case 5: add(text, TOP "/%s/*.d/?", one); break;
	case 6: add(text, TOP "/{%s,%s}/[ab]*", one, two); break;
	case 7: add(text, "/**"); break;
	}
	add(text, "\"");
}

static void add_object(struct text *text)
{
	uint32_t count = 1 + below(3), i;

	add(text, "path: [");
	for (i = 0; i < count; i++) {
		add(text, i ? ", " : "");
		add_pattern(text);
	}
	add(text, "]");
}

/* Two of them: `opened` has only what is asked when a file is used that is open. */
struct texts {
	struct text all, opened;
};

static void rule_make(struct text *text, uint32_t number, const char *action, bool already_open)
{
	static const char *const on[] = { "file.open", "file.read", "file.write", "file.append" };

	/* Only what open(2) is: their words mean more. */
	add(text, "  - { name: r%u, on: [%s, \"!file.link\", \"!file.rename\", \"!mount.mount\", \"!mount.move\"", number, on[below(4)]);
	add(text, ", \"!file.create\", \"!file.unlink\", \"!file.symlink\", \"!file.mkdir\", \"!file.rmdir\", \"!file.mknod\""
		  ", \"!file.truncate\", \"!file.chmod\", \"!file.chown\", \"!file.setxattr\"]");
	if (!below(3))
		add(text, ", subject: { uid: %s }", below(2) ? "\"!0\"" : "[0, 500-999]");
	if (below(5) || already_open) {
		add(text, ", object: { ");
		add_object(text);
		add(text, " }");
	}
	if (!below(4)) {
		add(text, ", unless: { ");
		add_object(text);
		add(text, " }");
	}
	if (!below(6))
		add(text, ", mode: %s", below(2) ? "enforce" : "permissive");
	if (already_open)
		add(text, ", already_open: true");
	/* Events are not read here, but an audit rule has to make them. */
	add(text, "%s, action: %s }\n", strcmp(action, "allow") == 0 ? "" : ", limit: 1/h", action);
}

static void policy_make(struct texts *texts, int number)
{
	static const char *const actions[] = { "allow", "allow", "audit", "deny", "{ deny: EACCES }", "{ deny: EROFS }" };
	uint32_t rules = 1 + below(8), i;
	struct text *text = &texts->all;
	const char *action;
	bool already_open;
	size_t begin;

	text->size = texts->opened.size = 0;
	add(text, "version: 1\nname: p%d\n%s", number, below(5) ? "" : "mode: permissive\n");
	if (!below(4))
		add(text, "scope: { uid: %s }\n", below(2) ? "0" : "1-2000");
	add(&texts->opened, "%srules:\n  - { name: none, on: kernel.settime, action: audit }\n", text->at);
	if (!below(4))
		add(text, "default: { %s: { deny: ENOSPC } }\n", below(2) ? "file.open" : "file.read");
	add(text, "rules:\n");
	for (i = 0; i < rules; i++) {
		action = actions[below(6)];
		already_open = !below(3);
		begin = text->size;
		rule_make(text, i, action, already_open);
		if (already_open || strcmp(action, "allow") == 0)
			add(&texts->opened, "%s", text->at + begin);
	}
}

/* --- both answers ---------------------------------------------------------- */

static struct krsi_ctx *ctx;

static int ask(struct krsi_matcher *matcher, const char *operation, const char *path, unsigned int uid)
{
	struct krsi_decision_info info = { .sz = sizeof(info) };
	struct krsi_question *question;
	char number[16];

	snprintf(number, sizeof(number), "%u", uid);
	assert_ok(ctx, krsi_question_new(ctx, operation, &question));
	assert_ok(ctx, krsi_question_set(question, "subject.uid", number));
	assert_ok(ctx, krsi_question_set(question, "object.path", path));
	assert_ok(ctx, krsi_matcher_decide(matcher, question, &info));
	krsi_question_free(question);
	return info.flags & KRSI_EVENT_WOULD ? 0 : (int)info.error;
}

/* What the call is refused with: the operations that it is, in the order in which the kernel decides them. */
static int ask_all(struct krsi_matcher *matcher, const char *path, int flags, unsigned int uid)
{
	int mode = flags & O_ACCMODE, err;

	err = ask(matcher, "file.open", path, uid);
	if (!err && mode != O_WRONLY)
		err = ask(matcher, "file.read", path, uid);
	if (!err && mode != O_RDONLY)
		err = ask(matcher, flags & O_APPEND ? "file.append" : "file.write", path, uid);
	return err;
}

#define WAYS 7		/* four to open, three to use */

static const int ways[WAYS] = { O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_APPEND, O_RDONLY, O_WRONLY, O_WRONLY | O_APPEND };
static const unsigned int users[] = { 0, 777 };
static int said[2][64][WAYS];		/* by the kernel, to each user, about each file */
static unsigned int decisions;

static int uses(size_t file, int way)
{
	char byte = 'x';

	if (ways[way] & O_APPEND)
		return write(descriptors[file][1], &byte, 1) < 0 ? errno : 0;
	if (ways[way] == O_WRONLY)
		return pwrite(descriptors[file][0], &byte, 1, 0) < 0 ? errno : 0;
	return pread(descriptors[file][0], &byte, 1, 0) < 0 ? errno : 0;
}

/* Nothing is printed here, as that may be refused. */
static void kernel_ask(void)
{
	size_t i, k;
	int way;

	for (k = 0; k < 2; k++) {
		assert_int_equal(seteuid(users[k]), 0);
		for (i = 0; i < file_count; i++)
			for (way = 0; way < WAYS; way++)
				said[k][i][way] = way < 4 ? try_open(files[i], ways[way]) : uses(i, way);
		assert_int_equal(seteuid(0), 0);
	}
}

static void compare(struct krsi_matcher *matcher, struct krsi_matcher *opened, const char *policies)
{
	int asked, way;
	size_t i, k;

	for (k = 0; k < 2; k++) {
		for (i = 0; i < file_count; i++) {
			for (way = 0; way < WAYS; way++) {
				asked = ask_all(way < 4 ? matcher : opened, files[i], ways[way], users[k]);
				decisions++;
				if (asked != said[k][i][way])
					print_message("# %s\n# %s, %s, flags %#o, user %u: the kernel says %d, the matcher %d\n", policies, files[i],
						      way < 4 ? "opened" : "used", ways[way], users[k], said[k][i][way], asked);
				assert_int_equal(asked, said[k][i][way]);
			}
		}
	}
}

/* False for what contradicts itself, which chance writes as well. */
static bool parses(const struct text *text, struct krsi_policy **ret)
{
	int err = krsi_policy_parse(ctx, text->at, text->size, NULL, ret);

	if (err != -EBADMSG)
		assert_ok(ctx, err);
	return err == 0;
}

static void policies_free(struct krsi_policy **policies, int count)
{
	while (count--)
		krsi_policy_free(policies[count]);
}

static void test_the_kernel_decides_as_the_matcher_does(void **state)
{
	const struct krsi_matcher_opts opts = { .sz = sizeof(opts), .flags = KRSI_MATCHER_RESOLVE };
	struct krsi_policy *policies[2], *opened[2];
	struct krsi_matcher *matcher, *opened_matcher;
	static struct texts texts[2];
	struct krsi_engine *engine;
	int round, i, count;

	ctx = *state;
	random_state = getenv("KRSI_SEED") ? strtoull(getenv("KRSI_SEED"), NULL, 0) : (uint64_t)time(NULL);
	print_message("# KRSI_SEED=%llu\n", (unsigned long long)random_state);
	files_make();
	assert_ok(ctx, krsi_engine_new(ctx, NULL, &engine));
	for (round = 0; round < ROUNDS; round++) {
		count = 1 + (int)below(2);
		for (i = 0; i < count; i++) {
			do
				policy_make(&texts[i], i);
			while (!parses(&texts[i].all, &policies[i]));
			assert_true(parses(&texts[i].opened, &opened[i]));
		}
		assert_ok(ctx, krsi_matcher_new(ctx, policies, (size_t)count, &opts, &matcher));
		assert_ok(ctx, krsi_matcher_new(ctx, opened, (size_t)count, &opts, &opened_matcher));
		assert_ok(ctx, krsi_engine_apply(engine, policies, (size_t)count));
		kernel_ask();
		/* What a default refuses is refused to us as well, with all that we read on the way. */
		assert_ok(ctx, krsi_engine_apply(engine, NULL, 0));
		compare(matcher, opened_matcher, texts[0].all.at);
		krsi_matcher_free(matcher);
		krsi_matcher_free(opened_matcher);
		policies_free(policies, count);
		policies_free(opened, count);
	}
	krsi_engine_free(engine);
	print_message("# %u decisions\n", decisions);
	assert_true(decisions >= 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = { vm_test(test_the_kernel_decides_as_the_matcher_does) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
