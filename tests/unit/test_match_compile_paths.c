/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Keys whose values are paths, texts and identities: the hash table, the filter and the automaton. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_match_compile.h"

#define HEAD "version: 1\nname: x\nrules:\n"
#define KEY(key) KRSI_PRIV_KEY_##key

static const char *literal(const struct compiled *c, const char *path, unsigned int role)
{
	return image_hit(&c->image, image_find(&c->image, IMAGE_KIND_LITERAL, path_value(path)), role);
}

static const char *subtree(const struct compiled *c, const char *path, unsigned int role)
{
	return image_hit(&c->image, image_find(&c->image, IMAGE_KIND_SUBTREE, path_value(path)), role);
}

static const char *text(const struct compiled *c, unsigned int key, const char *of)
{
	return image_hit(&c->image, image_find(&c->image, IMAGE_KIND_KEY + key, name_hash(of)), IMAGE_ROLE_TEXT);
}

static const char *glob(const struct compiled *c, unsigned int group, const char *of, unsigned int role)
{
	return image_hit(&c->image, image_glob(&c->image, group, of), role);
}

static const char *identity(const struct compiled *c, unsigned int kind, uint32_t device, uint64_t inode, unsigned int role)
{
	uint32_t ref = image_find(&c->image, kind, match_identity(device, inode));

	if (ref)
		assert_true(image_filter(&c->image, match_identity_filter(SECRET, inode)));
	return image_hit(&c->image, ref, role);
}

static void test_literals_and_subtrees(void **state)
{
	struct compiled c;

	compiled_one(*state, &c, HEAD
		     "  - { name: r0, on: file.open, object: { path: [/etc/shadow, \"/etc/**\", \"!/etc/ssl/**\"] }, action: deny }\n"
		     "  - { name: r1, on: file.open, subject: { exe: [/etc/shadow, \"!/bin/{a,b}\"], script: /s }, object: { path: /etc }, action: deny }\n"
		     "  - { name: r2, on: file.open, object: { path: [\"/**\", /] }, action: deny }\n"
		     "  - { name: r3, on: mount.mount, object: { target: /mnt, source: [/dev/x, tmpfs] }, action: deny }\n"
		     "  - { name: r4, on: network.bind, object: { unix_path: [/run/x, \"@name\"] }, action: deny }\n");
	assert_string_equal(literal(&c, "/etc/shadow", IMAGE_ROLE_PATH), "64");
	assert_string_equal(literal(&c, "/etc/shadow", IMAGE_ROLE_EXE), "65");
	assert_string_equal(literal(&c, "/etc/shadow", IMAGE_ROLE_SCRIPT), "");
	assert_string_equal(literal(&c, "/etc/shadow-", IMAGE_ROLE_PATH), "");
	assert_string_equal(literal(&c, "/shadow/etc", IMAGE_ROLE_PATH), "");
	assert_string_equal(literal(&c, "/etc", IMAGE_ROLE_PATH), "65");
	assert_string_equal(literal(&c, "/bin/a", IMAGE_ROLE_EXE), "!65");
	assert_string_equal(literal(&c, "/bin/b", IMAGE_ROLE_EXE), "!65");
	assert_string_equal(literal(&c, "/s", IMAGE_ROLE_SCRIPT), "65");
	assert_string_equal(literal(&c, "/", IMAGE_ROLE_PATH), "66");
	assert_string_equal(literal(&c, "/mnt", IMAGE_ROLE_TARGET), "67");
	assert_string_equal(literal(&c, "/dev/x", IMAGE_ROLE_SOURCE), "67");
	assert_string_equal(literal(&c, "/run/x", IMAGE_ROLE_UNIX_PATH), "68");
	assert_string_equal(subtree(&c, "/etc", IMAGE_ROLE_PATH), "64");
	assert_string_equal(subtree(&c, "/etc/ssl", IMAGE_ROLE_PATH), "!64");
	assert_string_equal(subtree(&c, "/", IMAGE_ROLE_PATH), "66");
	assert_string_equal(text(&c, KEY(MOUNT_SOURCE), "tmpfs"), "67");
	assert_string_equal(text(&c, KEY(UNIX_PATH), "name"), "68");
	assert_true(image_filter(&c.image, name_hash("shadow")));
	assert_true(image_filter(&c.image, name_hash("etc")));
	assert_true(image_filter(&c.image, name_hash("ssl")));
	assert_true(image_filter(&c.image, 0));	/* the root directory has no name */
	assert_false(image_filter(&c.image, name_hash("dev")));
	assert_int_equal(c.image.subtrees, 3);
	assert_int_equal(c.image.globs, 0);
	assert_int_equal(c.image.identities, 0);
	assert_int_equal(image_header(&c.image)->dfa_rows, 0);
	compiled_free(&c);
}

/* What the kernel does on its way from a file up to the root. */
static void test_values_of_directories_on_the_way_up(void **state)
{
	const char *names[] = { "shadow", "ssl", "etc" };
	uint64_t sum = 0, below = 0, power = 1, inverse = 1;
	size_t i;

	(void)state;
	assert_int_equal((uint64_t)(MATCH_BASE * MATCH_BASE_INVERSE), 1);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		sum += name_hash(names[i]) * power;
		if (i == 0)
			below = sum;
		power *= MATCH_BASE;
	}
	inverse *= MATCH_BASE_INVERSE;
	assert_int_equal(sum, path_value("/etc/ssl/shadow"));
	assert_int_equal((sum - below) * inverse, path_value("/etc/ssl"));
	assert_int_equal(path_value("/"), 0);
	assert_int_not_equal(name_hash("a"), name_hash("b"));
	assert_int_not_equal(name_hash("12345678"), name_hash("123456780"));
}

static void test_equal_meanings_are_kept_once(void **state)
{
	uint32_t one, other, third;
	struct compiled c;

	compiled_one(*state, &c, HEAD
		     "  - { name: r0, on: file.open, object: { path: [/a, /b, /c] }, action: deny }\n"
		     "  - { name: r1, on: file.open, subject: { exe: /c }, action: deny }\n");
	one = image_find(&c.image, IMAGE_KIND_LITERAL, path_value("/a"));
	other = image_find(&c.image, IMAGE_KIND_LITERAL, path_value("/b"));
	third = image_find(&c.image, IMAGE_KIND_LITERAL, path_value("/c"));
	assert_int_not_equal(one, 0);
	assert_int_equal(one, other);
	assert_int_not_equal(one, third);
	assert_int_equal(((const struct image_hit *)image_at(&c.image, one))->pairs[IMAGE_ROLE_PATH],
			 ((const struct image_hit *)image_at(&c.image, third))->pairs[IMAGE_ROLE_PATH]);
	compiled_free(&c);
}

static void test_globs(void **state)
{
	struct compiled c;

	compiled_one(*state, &c, HEAD
		     "  - { name: r0, on: file.open, object: { path: [\"/home/*/.ssh/**\", \"!/home/*/.ssh/*.pub\"] }, action: deny }\n"
		     "  - { name: r1, on: file.chmod, subject: { exe: \"/usr/*/x*\" }, object: { path: \"/*/*\" }, action: deny }\n"
		     "  - { name: r2, on: kernel.module_load, subject: { container: \"[0-9a-f]*\" }, object: { module: \"nf_*\" }, action: deny }\n"
		     "  - { name: r3, on: network.bind, object: { unix_path: [\"/run/*.sock\", \"@X*\"] }, action: deny }\n"
		     "  - { name: r4, on: mount.mount, object: { source: \"fuse*\" }, action: deny }\n");
	assert_string_equal(glob(&c, MATCH_GROUP_PATH, "/home/me/.ssh/id", IMAGE_ROLE_PATH), "64");
	assert_string_equal(glob(&c, MATCH_GROUP_PATH, "/home/me/.ssh/id.pub", IMAGE_ROLE_PATH), "64 !64");
	assert_string_equal(glob(&c, MATCH_GROUP_PATH, "/home/me", IMAGE_ROLE_PATH), "65");
	assert_string_equal(glob(&c, MATCH_GROUP_PATH, "/home/me", IMAGE_ROLE_EXE), "");
	assert_string_equal(glob(&c, MATCH_GROUP_PATH, "/usr/bin/xterm", IMAGE_ROLE_EXE), "65");
	assert_string_equal(glob(&c, MATCH_GROUP_PATH, "/run/a.sock", IMAGE_ROLE_UNIX_PATH), "67");
	assert_string_equal(glob(&c, MATCH_GROUP_PATH, "/run/a.sock", IMAGE_ROLE_PATH), "65");
	assert_string_equal(glob(&c, MATCH_GROUP_ABSTRACT, "X11", IMAGE_ROLE_TEXT), "67");
	assert_string_equal(glob(&c, MATCH_GROUP_CONTAINER, "0abc", IMAGE_ROLE_TEXT), "66");
	assert_string_equal(glob(&c, MATCH_GROUP_MODULE, "nf_tables", IMAGE_ROLE_TEXT), "66");
	assert_string_equal(glob(&c, MATCH_GROUP_MODULE, "0abc", IMAGE_ROLE_TEXT), "");
	assert_string_equal(glob(&c, MATCH_GROUP_SOURCE, "fuse.x", IMAGE_ROLE_TEXT), "68");
	assert_string_equal(glob(&c, MATCH_GROUP_CGROUP, "/x", IMAGE_ROLE_TEXT), "");
	/* The longest name, of two the later one. */
	assert_int_equal(image_find(&c.image, IMAGE_KIND_ANCHOR, name_hash(".ssh")), 1);
	assert_int_equal(image_find(&c.image, IMAGE_KIND_ANCHOR, name_hash("home")), 0);
	assert_int_equal(image_find(&c.image, IMAGE_KIND_ANCHOR, name_hash("usr")), 1);
	assert_int_equal(image_find(&c.image, IMAGE_KIND_ANCHOR, name_hash("run")), 1);
	assert_true(image_filter(&c.image, name_hash(".ssh")));
	assert_int_equal(image_header(&c.image)->features, IMAGE_HAS_SUBTREES | IMAGE_HAS_ANCHORS | IMAGE_HAS_GLOBS);
	assert_int_equal(c.image.globs, 9);
	compiled_free(&c);
}

static void test_cgroups_mean_what_is_below_as_well(void **state)
{
	struct compiled c;

	compiled_one(*state, &c,
		     "version: 1\nname: x\nscope: { cgroup: /system.slice }\nrules:\n"
		     "  - { name: r0, on: file.open, subject: { cgroup: [\"/a/*.service\", \"/b/**\", \"!/\"] }, action: deny }\n");
	assert_string_equal(image_hit(&c.image, image_find(&c.image, IMAGE_KIND_KEY + KEY(CGROUP), path_value("/system.slice")), IMAGE_ROLE_TEXT), "64");
	assert_string_equal(image_hit(&c.image, image_find(&c.image, IMAGE_KIND_KEY + KEY(CGROUP), 0), IMAGE_ROLE_TEXT), "!65");
	assert_string_equal(glob(&c, MATCH_GROUP_CGROUP, "/a/x.service", IMAGE_ROLE_TEXT), "65");
	assert_string_equal(glob(&c, MATCH_GROUP_CGROUP, "/a/x.service/y/z", IMAGE_ROLE_TEXT), "65");
	assert_string_equal(glob(&c, MATCH_GROUP_CGROUP, "/a", IMAGE_ROLE_TEXT), "");
	assert_string_equal(glob(&c, MATCH_GROUP_CGROUP, "/b", IMAGE_ROLE_TEXT), "");
	assert_string_equal(glob(&c, MATCH_GROUP_CGROUP, "/b/c", IMAGE_ROLE_TEXT), "65");
	assert_int_equal(image_header(&c.image)->features, 0);
	compiled_free(&c);
}

/* --- identities ---------------------------------------------------------- */

static unsigned int resolved;
static char known_data[1];

static bool resolve(void *data, const char *path, struct krsi_priv_resolved *ret)
{
	static const struct {
		const char *path;
		struct krsi_priv_resolved is;
	} known[] = {
		{ "/etc/shadow", { 8 << 20 | 1, 100, false } },
		{ "/etc/passwd", { 8 << 20 | 1, 101, false } },
		{ "/link/to/shadow", { 8 << 20 | 1, 100, false } },
		{ "/srv", { 8 << 20 | 1, 200, true } },
		{ "/", { 8 << 20 | 1, 2, true } },
	};
	size_t i;

	assert_ptr_equal(data, known_data);
	resolved++;
	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(known[i].path, path) != 0)
			continue;
		*ret = known[i].is;
		return true;
	}
	return false;
}

static void test_identities(void **state)
{
	struct compiled c;

	compiled_init(&c);
	c.compile.resolve = resolve;
	c.compile.resolve_data = known_data;
	resolved = 0;
	compiled_add(*state, &c, HEAD
		     "  - { name: r0, on: file.open, object: { path: [/etc/shadow, \"/srv/**\", \"!/gone\"] }, action: deny }\n"
		     "  - { name: r1, on: file.open, object: { path: [/link/to/shadow, \"!/srv\"] }, action: deny }\n"
		     "  - { name: r2, on: file.open, subject: { exe: [/etc/shadow, \"8:1:300\"] }, object: { identity: [\"8:1:100\", \"!8:2:7\"] }, action: deny }\n"
		     "  - { name: r3, on: file.open, object: { path: [\"/etc/passwd/**\", \"/**\"] }, action: deny }\n");
	compiled_make(*state, &c);
	assert_string_equal(identity(&c, IMAGE_KIND_IDENTITY, 8 << 20 | 1, 100, IMAGE_ROLE_PATH), "64 65");
	assert_string_equal(identity(&c, IMAGE_KIND_IDENTITY, 8 << 20 | 1, 100, IMAGE_ROLE_EXE), "66");
	assert_string_equal(identity(&c, IMAGE_KIND_IDENTITY, 8 << 20 | 1, 100, IMAGE_ROLE_IDENTITY), "66");
	assert_string_equal(identity(&c, IMAGE_KIND_IDENTITY, 8 << 20 | 1, 300, IMAGE_ROLE_EXE), "66");
	assert_string_equal(identity(&c, IMAGE_KIND_IDENTITY, 8 << 20 | 2, 7, IMAGE_ROLE_IDENTITY), "!66");
	assert_string_equal(identity(&c, IMAGE_KIND_IDENTITY, 8 << 20 | 1, 200, IMAGE_ROLE_PATH), "!65");
	assert_string_equal(identity(&c, IMAGE_KIND_DIRECTORY, 8 << 20 | 1, 200, IMAGE_ROLE_PATH), "64");
	assert_string_equal(identity(&c, IMAGE_KIND_DIRECTORY, 8 << 20 | 1, 2, IMAGE_ROLE_PATH), "67");
	assert_string_equal(identity(&c, IMAGE_KIND_DIRECTORY, 8 << 20 | 1, 101, IMAGE_ROLE_PATH), "");
	/* Each path is asked for once: shadow, its link, gone, srv twice, passwd and the root. */
	assert_int_equal(resolved, 7);
	assert_int_equal(c.image.identities, 6);
	/* By its path, no more than was written. */
	assert_string_equal(literal(&c, "/etc/shadow", IMAGE_ROLE_PATH), "64");
	compiled_free(&c);
}

static void test_an_automaton_that_is_too_large_is_refused(void **state)
{
	struct policy_text many = { 0 };
	struct compiled c;
	int i;

	policy_text_add(&many, HEAD);
	for (i = 0; i < 40; i++)
		policy_text_add(&many, "  - { name: r%d, on: file.open, object: { path: \"/**/*%c%c*/**/*%c?*\" }, action: deny }\n",
				i, 'a' + i % 26, 'a' + i / 26, 'a' + (i * 7) % 26);
	compiled_init(&c);
	compiled_add(*state, &c, many.text);
	compiled_refuse(*state, &c, -E2BIG, "40 patterns with wildcards together make an automaton of more ");
	assert_detail(*state, "such as \"/**/*");
	assert_detail(*state, "of policy x, rule r");
	policy_text_free(&many);
	compiled_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_literals_and_subtrees),
		ctx_test(test_values_of_directories_on_the_way_up),
		ctx_test(test_equal_meanings_are_kept_once),
		ctx_test(test_globs),
		ctx_test(test_cgroups_mean_what_is_below_as_well),
		ctx_test(test_identities),
		ctx_test(test_an_automaton_that_is_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
