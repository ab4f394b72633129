/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Every allocation of compiling fails in turn: it says so, changes nothing, and succeeds the next time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/inject.h"
#include "test_match_compile.h"

static const char everything[] =
	"version: 1\nname: x\nscope: { cgroup: \"/a/*\" }\ndefault: { network: deny }\nrules:\n"
	"  - { name: r0, on: file.open, subject: { parent: { exe: /a, tag: t } }, object: { path: [/b, \"/c/**\", \"/d/*/e\"] }, action: deny }\n"
	"  - { name: r1, on: file.open, subject: { uid: 1-5 }, object: { mode: 4000, facts: memfd, filesystem: nfs, identity: \"8:1:2\" }, action: { tag: t } }\n"
	"  - { name: r2, on: network.connect, object: { address: \"::/0\", port: [1-5, 3-9] }, action: kill }\n";

static bool fail_aligned;

void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size)
{
	return fail_aligned ? NULL : __real_aligned_alloc(align, size);
}

static bool resolve(void *data, const char *path, struct krsi_priv_resolved *ret)
{
	(void)data;
	*ret = (struct krsi_priv_resolved){ .device = 1, .inode = strlen(path), .is_directory = true };
	return true;
}

static int compile(struct krsi_ctx *ctx, struct compiled *c)
{
	return krsi_priv_image_compile(ctx, (const struct krsi_policy *const *)c->policies, c->count, &c->compile, &c->image);
}

/* As if it had never been compiled. */
static void compiled_clear(struct compiled *c)
{
	krsi_priv_image_free(&c->image);
	krsi_priv_bits_free(&c->tags);
	krsi_priv_bits_free(&c->predicates);
}

static void test_every_allocation(void **state)
{
	unsigned int nth, failed = 1, tolerated = 0;
	struct compiled c;
	int err, all;

	for (all = 0; all < 2; all++) {
		compiled_init(&c);
		c.compile.resolve = resolve;
		compiled_add(*state, &c, everything);
		for (nth = 1, failed = 1; failed; nth++) {
			inject_start(nth, all);
			err = compile(*state, &c);
			failed = inject_stop();
			if (!failed)
				break;
			if (!err) {	/* it can do without: memory that was to become smaller stays as it is */
				compiled_clear(&c);
				tolerated++;
				continue;
			}
			assert_int_equal(err, -ENOMEM);
			assert_null(c.image.units);
			assert_null(c.tags.names[0]);
			assert_null(c.predicates.names[0]);
		}
		assert_true(tolerated <= 4);
		assert_ok(*state, err);
		image_check(&c.image);
		assert_true(nth > 30);
		compiled_free(&c);
	}
}

static void test_the_image_itself(void **state)
{
	struct compiled c;

	compiled_init(&c);
	compiled_add(*state, &c, everything);
	fail_aligned = true;
	assert_int_equal(compile(*state, &c), -ENOMEM);
	fail_aligned = false;
	assert_detail(*state, "no memory to compile the policies");
	assert_null(c.image.units);
	assert_null(c.tags.names[0]);
	assert_ok(*state, compile(*state, &c));
	compiled_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_every_allocation),
		ctx_test(test_the_image_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
