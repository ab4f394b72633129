/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The kernel and the matcher in user space give one answer: random policies, and each of a few files opened
 * in each way by two users, in fact and in question.
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

#define ROUNDS 90
#define TOP "/tmp/property"

static const char *const names[] = { "a", "b", "ab", "conf", "a-name-of-more-than-forty-bytes-to-be-read-elsewhere" };
#define NAMES (sizeof(names) / sizeof(names[0]))

static char *files[64];
static size_t file_count;
static uint64_t random_state;

static uint32_t below(uint32_t end)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(random_state >> 33) % end;
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
			close(open(path, O_CREAT | O_RDWR, 0666));
			chmod(path, 0666);
			files[file_count++] = strdup(path);
			snprintf(path, sizeof(path), TOP "/%s/%s", names[i], names[j]);
			close(open(path, O_CREAT | O_RDWR, 0666));
			chmod(path, 0666);
			files[file_count++] = strdup(path);
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

static void policy_make(struct text *text, int number)
{
	static const char *const on[] = { "file.open", "file.read", "file.write", "file.append" };
	static const char *const actions[] = { "allow", "allow", "audit", "deny", "{ deny: EACCES }", "{ deny: EROFS }" };
	uint32_t rules = 1 + below(8), i;
	const char *action;

	text->size = 0;
	add(text, "version: 1\nname: p%d\n%s", number, below(5) ? "" : "mode: permissive\n");
	if (!below(4))
		add(text, "scope: { uid: %s }\n", below(2) ? "0" : "1-2000");
	if (!below(4))
		add(text, "default: { %s: { deny: ENOSPC } }\n", on[below(2)]);
	add(text, "rules:\n");
	for (i = 0; i < rules; i++) {
		/* Only what open(2) is: their words mean more. */
		add(text, "  - { name: r%u, on: [%s, \"!file.link\", \"!file.rename\", \"!mount.mount\", \"!mount.move\"", i, on[below(4)]);
		add(text, ", \"!file.create\", \"!file.unlink\", \"!file.symlink\", \"!file.mkdir\", \"!file.rmdir\", \"!file.mknod\""
			  ", \"!file.truncate\", \"!file.chmod\", \"!file.chown\", \"!file.setxattr\"]");
		if (!below(3))
			add(text, ", subject: { uid: %s }", below(2) ? "\"!0\"" : "[0, 500-999]");
		if (below(5)) {
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
		/* Events are not read here, but an audit rule has to make them. */
		action = actions[below(6)];
		add(text, "%s, action: %s }\n", strcmp(action, "allow") == 0 ? "" : ", limit: 1/h", action);
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

static unsigned int decisions;

static void compare(struct krsi_matcher *matcher, const char *policies)
{
	static const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_APPEND };
	static const unsigned int users[] = { 0, 777 };
	int kernel[64][4], asked;
	size_t i, j, k;

	for (k = 0; k < 2; k++) {
		assert_int_equal(seteuid(users[k]), 0);
		for (i = 0; i < file_count; i++)
			for (j = 0; j < 4; j++)
				kernel[i][j] = try_open(files[i], flags[j]);
		assert_int_equal(seteuid(0), 0);
		for (i = 0; i < file_count; i++) {
			for (j = 0; j < 4; j++) {
				asked = ask_all(matcher, files[i], flags[j], users[k]);
				decisions++;
				if (asked != kernel[i][j])
					print_message("# %s\n# %s, flags %#o, user %u: the kernel says %d, the matcher %d\n",
						      policies, files[i], flags[j], users[k], kernel[i][j], asked);
				assert_int_equal(asked, kernel[i][j]);
			}
		}
	}
}

static void test_the_kernel_decides_as_the_matcher_does(void **state)
{
	const struct krsi_matcher_opts opts = { .sz = sizeof(opts), .flags = KRSI_MATCHER_RESOLVE };
	static struct text texts[2];
	struct krsi_engine *engine;
	int round, i, count;

	ctx = *state;
	random_state = getenv("KRSI_SEED") ? strtoull(getenv("KRSI_SEED"), NULL, 0) : (uint64_t)time(NULL);
	print_message("# KRSI_SEED=%llu\n", (unsigned long long)random_state);
	files_make();
	assert_ok(ctx, krsi_engine_new(ctx, NULL, &engine));
	for (round = 0; round < ROUNDS; round++) {
		struct krsi_policy *policies[2];
		struct krsi_matcher *matcher;

		count = 1 + (int)below(2);
		for (i = 0; i < count; i++) {
			int err;

			/* Chance also writes what contradicts itself, which is refused. */
			do {
				policy_make(&texts[i], i);
				err = krsi_policy_parse(ctx, texts[i].at, texts[i].size, NULL, &policies[i]);
			} while (err == -EBADMSG);
			assert_ok(ctx, err);
		}
		assert_ok(ctx, krsi_matcher_new(ctx, policies, (size_t)count, &opts, &matcher));
		assert_ok(ctx, krsi_engine_apply(engine, policies, (size_t)count));
		compare(matcher, texts[0].at);
		/* What a default refuses is refused to us as well, with all that we read on the way. */
		assert_ok(ctx, krsi_engine_apply(engine, NULL, 0));
		krsi_matcher_free(matcher);
		for (i = 0; i < count; i++)
			krsi_policy_free(policies[i]);
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
