/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Clauses, operations, and keys whose values are numbers, words and other processes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_match_compile.h"

#define HEAD "version: 1\nname: x\nrules:\n"
#define KEY(key) KRSI_PRIV_KEY_##key
#define OP(operation) KRSI_PRIV_OP_##operation

static void test_labels_of_rules_that_have_audit_records(void **state)
{
	const struct image_header *header;
	struct compiled c;

	compiled_init(&c);
	compiled_one(*state, &c, HEAD "  - { name: r0, on: file.open, action: audit }\n");
	assert_int_equal(image_header(&c.image)->labels, 0);
	assert_int_equal(image_header(&c.image)->operation_names, 0);
	compiled_free(&c);
	compiled_init(&c);
	compiled_one(*state, &c, HEAD
		     "  - { name: r0, on: file.open, action: audit }\n"
		     "  - { name: r123456789012345678901234567890123456789012345678901234567890, on: file.open, action: audit, report: audit }\n");
	header = image_header(&c.image);
	assert_int_equal(image_clause(&c.image, 64)->flags, IMAGE_REPORT);
	assert_int_equal(image_clause(&c.image, 65)->flags, IMAGE_REPORT | IMAGE_AUDIT);
	assert_int_equal(header->labels % IMAGE_LABEL_UNITS, 0);
	assert_string_equal(image_at(&c.image, header->labels + 65 * IMAGE_LABEL_UNITS),
			    "x/r123456789012345678901234567890123456789012345678901234567890");
	assert_string_equal(image_at(&c.image, header->operation_names + OP(FILE_OPEN) * IMAGE_NAME_UNITS), "file.open");
	assert_string_equal(image_at(&c.image, header->operation_names + OP(PROCESS_MEMORY_WRITE) * IMAGE_NAME_UNITS), "process.memory_write");
	compiled_free(&c);
}

static void test_clauses_are_numbered_in_the_order_of_asking(void **state)
{
	const struct image_policy *policy;
	const struct image_clause *clause;
	struct compiled c;

	compiled_init(&c);
	compiled_add(*state, &c,
		     "version: 1\nname: a\nscope: { uid: 1000 }\non_unresolved: audit\nmode: permissive\n"
		     "default: { network: { deny: EACCES }, file.open: deny, kernel.bpf: deny, network.send: allow }\n"
		     "rules:\n"
		     "  - { name: r0, on: process.exec, object: { path: /a }, unless: { uid: 0, path: /b }, action: { deny: EACCES } }\n"
		     "  - { name: r1, on: file.open, action: { tag: t, tree: true }, mode: enforce }\n");
	compiled_add(*state, &c,
		     HEAD "  - { name: r0, on: [file.open, process.exec], action: { signal: TERM, limit: 7/m }, report: true, mode: permissive }\n");
	compiled_make(*state, &c);

	assert_int_equal(c.image.clauses, 71);
	assert_int_equal(image_header(&c.image)->policies, 2);
	assert_string_equal(image_op(&c.image, OP(PROCESS_EXEC)), "64 65 66 70");
	assert_string_equal(image_op(&c.image, OP(FILE_OPEN)), "64 67 68 70");
	assert_string_equal(image_op(&c.image, OP(KERNEL_BPF)), "64 68");
	assert_string_equal(image_op(&c.image, OP(NETWORK_CONNECT)), "64 69");
	assert_string_equal(image_op(&c.image, OP(NETWORK_SEND)), "");
	assert_string_equal(image_op(&c.image, OP(NONE)), "");

	assert_int_equal(image_clause(&c.image, 64)->kind, IMAGE_SCOPE);
	assert_int_equal(image_clause(&c.image, 65)->kind, IMAGE_EXCEPTION);
	clause = image_clause(&c.image, 66);
	assert_int_equal(clause->kind, IMAGE_RULE);
	assert_int_equal(clause->verdict, KRSI_PRIV_DENY);
	assert_int_equal(clause->error, EACCES);
	assert_int_equal(clause->flags, IMAGE_REPORT | IMAGE_ON_PATH);
	clause = image_clause(&c.image, 67);
	assert_int_equal(clause->verdict, KRSI_PRIV_TAG);
	assert_int_equal(clause->rule, 1);
	assert_int_equal(clause->flags, IMAGE_TREE | IMAGE_ENFORCE);
	assert_string_equal(c.tags.names[clause->tag], "t");
	clause = image_clause(&c.image, 68);
	assert_int_equal(clause->kind, IMAGE_DEFAULT);
	assert_int_equal(clause->verdict, KRSI_PRIV_DENY);
	assert_int_equal(clause->error, EPERM);
	assert_int_equal(image_clause(&c.image, 69)->error, EACCES);
	clause = image_clause(&c.image, 70);
	assert_int_equal(clause->policy, 1);
	assert_int_equal(clause->rule, 0);
	assert_int_equal(clause->verdict, KRSI_PRIV_SIGNAL);
	assert_int_equal(clause->signal, 15);
	assert_int_equal(clause->limit, 7);
	assert_int_equal(clause->limit_seconds, 60);
	assert_int_equal(clause->flags, IMAGE_REPORT | IMAGE_PERMISSIVE);

	policy = image_at(&c.image, IMAGE_REF_POLICIES);
	assert_int_equal(policy[0].mode, KRSI_POLICY_PERMISSIVE);
	assert_int_equal(policy[0].on_unresolved, KRSI_PRIV_AUDIT);
	assert_int_equal(policy[0].has_scope, 1);
	assert_int_equal(policy[1].mode, KRSI_POLICY_ENFORCE);
	assert_int_equal(policy[1].on_unresolved, KRSI_PRIV_DENY);
	assert_int_equal(policy[1].has_scope, 0);
	compiled_free(&c);
}

static void test_keys_of_operations(void **state)
{
	const struct image_op *op;
	struct compiled c;

	compiled_one(*state, &c, HEAD
		     "  - { name: r0, on: process.exec, subject: { uid: 0 }, object: { path: /a }, unless: { gid: 5 }, action: deny }\n"
		     "  - { name: r1, on: file.open, subject: { parent: { exe: \"/usr/*\" } }, object: { path: '/b/**' }, action: deny }\n"
		     "  - { name: r2, on: network.socket, action: deny }\n"
		     "  - { name: r3, on: file.chmod, object: { path: '/usr/*/x' }, action: deny }\n"
		     "  - { name: r4, on: file.chown, object: { path: '/**/*.so' }, action: deny }\n");
	op = image_at(&c.image, IMAGE_REF_OPS);
	assert_int_equal(op[OP(PROCESS_EXEC)].dims, KRSI_PRIV_KEY_BIT(KEY(UID)) | KRSI_PRIV_KEY_BIT(KEY(GID)) | KRSI_PRIV_KEY_BIT(KEY(PATH)));
	assert_int_equal(op[OP(PROCESS_EXEC)].features, IMAGE_ONLY_BY_HIT);
	assert_int_equal(op[OP(FILE_OPEN)].dims, KRSI_PRIV_KEY_BIT(KEY(PARENT)) | KRSI_PRIV_KEY_BIT(KEY(PATH)));
	assert_int_equal(op[OP(FILE_OPEN)].features, IMAGE_HAS_SUBTREES | IMAGE_ONLY_BY_HIT);
	assert_int_equal(op[OP(NETWORK_SOCKET)].features, 0);
	assert_int_equal(op[OP(NETWORK_SOCKET)].dims, 0);
	assert_int_equal(op[OP(NONE)].dims, KRSI_PRIV_KEY_BIT(KEY(EXE)));
	assert_int_equal(op[OP(NONE)].features, 0);
	assert_int_equal(op[OP(FILE_CHMOD)].features, IMAGE_HAS_SUBTREES | IMAGE_HAS_ANCHORS | IMAGE_ONLY_BY_HIT);
	assert_int_equal(op[OP(FILE_CHOWN)].features, IMAGE_HAS_SUBTREES | IMAGE_HAS_GLOBS | IMAGE_ONLY_BY_HIT);
	assert_int_equal(image_header(&c.image)->features, IMAGE_HAS_SUBTREES | IMAGE_HAS_ANCHORS | IMAGE_HAS_GLOBS);
	assert_int_equal(c.image.dims, op[OP(PROCESS_EXEC)].dims | op[OP(FILE_OPEN)].dims | op[OP(NONE)].dims);
	assert_int_equal(c.image.predicate_dims, op[OP(NONE)].dims);
	/* What asks for a value, and what does not: one predicate, clauses 64 to 69. */
	assert_string_equal(image_free(&c.image, KEY(UID)), "0 64 66 67 68 69");
	assert_string_equal(image_free(&c.image, KEY(PATH)), "0 64 67");
	assert_string_equal(image_free(&c.image, KEY(EXE)), "64 65 66 67 68 69");
	assert_string_equal(image_free(&c.image, KEY(PORT)), "0 64 65 66 67 68 69");
	compiled_free(&c);
}

static void test_already_open_adds_the_use_of_what_is_open(void **state)
{
	const struct image_op *op;
	struct compiled c;

	compiled_one(*state, &c, "version: 1\nname: x\nscope: { uid: 5 }\ndefault: { file.read: deny }\nrules:\n"
		     "  - { name: r0, on: [file.open, file.read, file.write], subject: { gid: 1 }, action: allow }\n"
		     "  - { name: r1, on: file.read, object: { path: /a }, action: deny }\n"
		     "  - { name: r2, on: file.read, object: { path: '/b/**' }, unless: { uid: 6 }, already_open: true, action: deny }\n"
		     "  - { name: r3, on: [file.exec_mmap, file.append], object: { path: /c }, already_open: true, action: audit }\n");
	assert_string_equal(image_op(&c.image, OP(FILE_READ)), "64 65 66 67 68 70");
	/* The scope, who allows, and the rule with its exception: no other rule, and no default. */
	assert_string_equal(image_op(&c.image, OP(FILE_READ_OPENED)), "64 65 67 68");
	assert_string_equal(image_op(&c.image, OP(FILE_APPEND_OPENED)), "64 65 69");
	/* Nothing but what such a rule is about. */
	assert_string_equal(image_op(&c.image, OP(FILE_OPEN_OPENED)), "");
	assert_string_equal(image_op(&c.image, OP(FILE_WRITE_OPENED)), "");
	assert_true(c.image.operations & KRSI_PRIV_OP_BIT(OP(FILE_READ_OPENED)));
	op = image_at(&c.image, IMAGE_REF_OPS);
	assert_int_equal(op[OP(FILE_READ_OPENED)].features, IMAGE_HAS_SUBTREES);
	assert_int_equal(op[OP(FILE_APPEND_OPENED)].dims, KRSI_PRIV_KEY_BIT(KEY(UID)) | KRSI_PRIV_KEY_BIT(KEY(GID)) | KRSI_PRIV_KEY_BIT(KEY(PATH)));
	compiled_free(&c);

	/* Without such a rule nothing is added. */
	compiled_one(*state, &c, HEAD "  - { name: r0, on: file, action: allow }\n  - { name: r1, on: file, object: { path: /a }, action: audit }\n");
	assert_int_equal(c.image.operations & KRSI_PRIV_OPS_OPENED(KRSI_PRIV_OPS_OPENING), 0);
	compiled_free(&c);
}

static void test_numbers_that_overlap(void **state)
{
	const struct image_dim *dim;
	struct compiled c;

	compiled_one(*state, &c, HEAD
		     "  - { name: r0, on: network.connect, object: { port: 1-1023 }, action: deny }\n"
		     "  - { name: r1, on: network.connect, object: { port: [443, 1000-2000, 1500-3000] }, action: deny }\n"
		     "  - { name: r2, on: network.connect, object: { port: \"!443\" }, action: deny }\n"
		     "  - { name: r3, on: network.connect, object: { port: [0-65535, \"!80-90\"] }, action: deny }\n"
		     "  - { name: r4, on: network.connect, subject: { login_uid: [unset, 5] }, action: deny }\n");
	assert_string_equal(image_range(&c.image, KEY(PORT), 0), "67");
	assert_string_equal(image_range(&c.image, KEY(PORT), 1), "64 67");
	assert_string_equal(image_range(&c.image, KEY(PORT), 79), "64 67");
	assert_string_equal(image_range(&c.image, KEY(PORT), 80), "64 67 !67");
	assert_string_equal(image_range(&c.image, KEY(PORT), 90), "64 67 !67");
	assert_string_equal(image_range(&c.image, KEY(PORT), 91), "64 67");
	assert_string_equal(image_range(&c.image, KEY(PORT), 443), "64 65 67 !66");
	assert_string_equal(image_range(&c.image, KEY(PORT), 999), "64 67");
	assert_string_equal(image_range(&c.image, KEY(PORT), 1023), "64 65 67");
	assert_string_equal(image_range(&c.image, KEY(PORT), 1024), "65 67");
	assert_string_equal(image_range(&c.image, KEY(PORT), 3000), "65 67");
	assert_string_equal(image_range(&c.image, KEY(PORT), 3001), "67");
	assert_string_equal(image_range(&c.image, KEY(PORT), 65536), "");
	/* 0, 1, 80, 91, 443, 444, 1000, 1024, 3001, 65536: neighbours that mean the same are one. */
	dim = image_at(&c.image, IMAGE_REF_DIMS + KEY(PORT));
	assert_int_equal(dim->count, 10);
	assert_string_equal(image_range(&c.image, KEY(LOGIN_UID), 5), "68");
	assert_string_equal(image_range(&c.image, KEY(LOGIN_UID), 6), "");
	assert_string_equal(image_range(&c.image, KEY(LOGIN_UID), 4294967295), "68");
	assert_string_equal(image_free(&c.image, KEY(PORT)), "66 68");
	assert_string_equal(image_excluding(&c.image, KEY(PORT)), "66 67");
	assert_string_equal(image_excluding(&c.image, KEY(LOGIN_UID)), "");
	compiled_free(&c);
}

static void test_words_and_numbers(void **state)
{
	struct compiled c;

	compiled_init(&c);
	c.compile.host_namespaces[KEY(NS_MNT) - KEY(NS_CGROUP)] = 4026531841;
	compiled_add(*state, &c, HEAD
		     "  - { name: r0, on: file.open, object: { type: [block, char], owner: \"!0\", facts: [memfd, \"!setuid\"] }, action: deny }\n"
		     "  - { name: r1, on: file.open, object: { mode: [4000, 0002, \"!2000\"], filesystem: [nfs, \"!ext4\"] }, action: deny }\n"
		     "  - { name: r2, on: file.open, subject: { namespaces: { mnt: \"!host\", net: 77 } }, action: deny }\n"
		     "  - { name: r3, on: mount.mount, subject: { capabilities: [CAP_SYS_ADMIN, 1] }, object: { fstype: [nfs, overlay], filesystem: nfs }, action: deny }\n"
		     "  - { name: r4, on: network.socket, object: { family: inet6 }, action: deny }\n"
		     "  - { name: r5, on: process.signal, object: { signal: [KILL, \"!0\"] }, action: deny }\n"
		     "  - { name: r6, on: process.capset, subject: { gid: 7 }, object: { capability: CAP_NET_RAW }, action: deny }\n");
	compiled_make(*state, &c);
	assert_string_equal(image_range(&c.image, KEY(TYPE), 0060000), "64");
	assert_string_equal(image_range(&c.image, KEY(TYPE), 0020000), "64");
	assert_string_equal(image_range(&c.image, KEY(TYPE), 0100000), "");
	assert_string_equal(image_range(&c.image, KEY(OWNER), 0), "!64");
	assert_string_equal(image_bit(&c.image, KEY(FACTS), KRSI_PRIV_FACT_MEMFD), "64");
	assert_string_equal(image_bit(&c.image, KEY(FACTS), KRSI_PRIV_FACT_SETUID), "!64");
	assert_string_equal(image_bit(&c.image, KEY(FACTS), KRSI_PRIV_FACT_RUNNING), "");
	assert_string_equal(image_mode(&c.image, 04000), "65");
	assert_string_equal(image_mode(&c.image, 0002), "65");
	assert_string_equal(image_mode(&c.image, 02000), "!65");
	assert_string_equal(image_exact(&c.image, KEY(FILESYSTEM), "nfs"), "65 67");
	assert_string_equal(image_exact(&c.image, KEY(FILESYSTEM), "ext4"), "!65");
	assert_string_equal(image_exact(&c.image, KEY(FSTYPE), "nfs"), "67");
	assert_string_equal(image_exact(&c.image, KEY(FSTYPE), "overlay"), "67");
	assert_string_equal(image_exact(&c.image, KEY(FSTYPE), "nf"), "");
	assert_string_equal(image_range(&c.image, KEY(NS_MNT), 4026531841), "!66");
	assert_string_equal(image_range(&c.image, KEY(NS_MNT), 0), "");
	assert_string_equal(image_range(&c.image, KEY(NS_NET), 77), "66");
	assert_string_equal(image_bit(&c.image, KEY(CAPABILITIES), 21), "67");
	assert_string_equal(image_bit(&c.image, KEY(CAPABILITIES), 1), "67");
	assert_string_equal(image_range(&c.image, KEY(FAMILY), 10), "68");
	assert_string_equal(image_range(&c.image, KEY(SIGNAL), 9), "69");
	assert_string_equal(image_range(&c.image, KEY(SIGNAL), 0), "!69");
	assert_string_equal(image_bit(&c.image, KEY(CAPABILITY), 13), "70");
	assert_string_equal(image_range(&c.image, KEY(GID), 7), "70");
	compiled_free(&c);
}

static void test_addresses_of_both_families(void **state)
{
	struct compiled c;

	compiled_one(*state, &c, HEAD
		     "  - { name: r0, on: network.connect, object: { address: 10.0.0.0/8 }, action: deny }\n"
		     "  - { name: r1, on: network.connect, object: { address: [\"::/0\", \"!2001:db8::/32\"] }, action: deny }\n"
		     "  - { name: r2, on: network.connect, object: { address: [\"::ffff:10.1.0.0/112\", \"2001:db8::1\"] }, action: deny }\n"
		     "  - { name: r3, on: network.connect, object: { address: 0.0.0.0/0 }, action: deny }\n"
		     "  - { name: r4, on: network.connect, object: { address: [\"::/64\", \"8000::/1\", 255.255.255.255] }, action: deny }\n");
	assert_string_equal(image_address(&c.image, "10.0.0.0"), "64 67");
	assert_string_equal(image_address(&c.image, "10.1.0.0"), "64 66 67");
	assert_string_equal(image_address(&c.image, "10.1.255.255"), "64 66 67");
	assert_string_equal(image_address(&c.image, "10.2.0.0"), "64 67");
	assert_string_equal(image_address(&c.image, "10.255.255.255"), "64 67");
	assert_string_equal(image_address(&c.image, "11.0.0.0"), "67");
	assert_string_equal(image_address(&c.image, "9.255.255.255"), "67");
	assert_string_equal(image_address(&c.image, "0.0.0.0"), "67");
	assert_string_equal(image_address(&c.image, "255.255.255.255"), "67 68");
	assert_string_equal(image_address(&c.image, "::"), "65 68");
	assert_string_equal(image_address(&c.image, "::fffe:ffff:ffff"), "65 68");
	assert_string_equal(image_address(&c.image, "::1:0:0:0"), "65 68");
	assert_string_equal(image_address(&c.image, "::ffff:ffff:ffff:ffff"), "65 68");
	assert_string_equal(image_address(&c.image, "0:0:0:1::"), "65");
	assert_string_equal(image_address(&c.image, "2001:db8::"), "65 !65");
	assert_string_equal(image_address(&c.image, "2001:db8::1"), "65 66 !65");
	assert_string_equal(image_address(&c.image, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), "65 !65");
	assert_string_equal(image_address(&c.image, "2001:db9::"), "65");
	assert_string_equal(image_address(&c.image, "7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), "65");
	assert_string_equal(image_address(&c.image, "8000::"), "65 68");
	assert_string_equal(image_address(&c.image, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), "65 68");
	compiled_free(&c);
}

static void test_whoever_says_the_same_of_a_process_shares_a_predicate(void **state)
{
	const struct image_op *op;
	struct compiled c;

	compiled_one(*state, &c, HEAD
		     "  - { name: r0, on: file.open, subject: { descendant_of: { exe: [/a, /b], uid: 0 } }, action: deny }\n"
		     "  - { name: r1, on: file.open, subject: { parent: { uid: [root, 0-0], exe: [/b, /a] } }, action: deny }\n"
		     "  - { name: r2, on: process.signal, object: { target: { exe: [/a, \"!/b\"] } }, action: deny }\n"
		     "  - { name: r3, on: process.signal, object: { target: { parent: { exe: /c, tag: x } } }, action: deny }\n"
		     "  - { name: r4, on: process.exec, action: { tag: x } }\n");
	assert_string_equal(c.predicates.names[0], "exe: /a\nexe: /b\nuid: 0-0\n");
	assert_string_equal(c.predicates.names[1], "exe: /a\nexe: !/b\n");
	assert_string_equal(c.predicates.names[2], "parent: {\nexe: /c\ntag: x\n}\n");
	assert_string_equal(c.predicates.names[3], "exe: /c\ntag: x\n");
	assert_null(c.predicates.names[4]);
	assert_string_equal(image_op(&c.image, OP(NONE)), "0 1 2 3");
	assert_string_equal(image_bit(&c.image, KEY(DESCENDANT_OF), 0), "64");
	assert_string_equal(image_bit(&c.image, KEY(PARENT), 0), "65");
	assert_string_equal(image_bit(&c.image, KEY(TARGET), 1), "66");
	assert_string_equal(image_bit(&c.image, KEY(TARGET), 2), "67");
	assert_string_equal(image_bit(&c.image, KEY(PARENT), 3), "2");
	assert_string_equal(image_bit(&c.image, KEY(TAG), 0), "3");
	assert_string_equal(image_range(&c.image, KEY(UID), 0), "0");
	assert_int_equal(image_clause(&c.image, 3)->kind, IMAGE_PREDICATE);
	assert_int_equal(image_clause(&c.image, 4)->kind, IMAGE_NOTHING);
	op = image_at(&c.image, IMAGE_REF_OPS);
	assert_int_equal(op->dims, c.image.predicate_dims);
	compiled_free(&c);
}

#define TAGS(one, other) HEAD \
	"  - { name: r0, on: process.exec, action: { tag: " one " } }\n" \
	"  - { name: r1, on: file.open, subject: { tag: " other ", descendant_of: { exe: /" one " } }, action: deny }\n" \
	"  - { name: r2, on: process.exec, action: { tag: " other " } }\n" \
	"  - { name: r3, on: file.open, subject: { descendant_of: { exe: /" other " } }, action: deny }\n"

static void test_bits_stay_with_their_names(void **state)
{
	struct compiled c;

	compiled_one(*state, &c, TAGS("a", "b"));
	assert_string_equal(c.tags.names[0], "a");
	assert_string_equal(c.tags.names[1], "b");
	assert_int_equal(c.tags.kept, 0);
	krsi_policy_free(c.policies[--c.count]);

	compiled_add(*state, &c, TAGS("b", "c"));
	compiled_make(*state, &c);
	assert_null(c.tags.names[0]);
	assert_string_equal(c.tags.names[1], "b");
	assert_string_equal(c.tags.names[2], "c");	/* 0 was in use until now */
	assert_int_equal(c.tags.kept, 2);
	assert_string_equal(c.predicates.names[1], "exe: /b\n");
	assert_string_equal(c.predicates.names[2], "exe: /c\n");
	assert_int_equal(c.predicates.kept, 2);
	assert_int_equal(image_header(&c.image)->tags_kept, 2);
	assert_int_equal(image_header(&c.image)->predicates_kept, 2);
	assert_int_equal(image_header(&c.image)->generation, 2);
	assert_string_equal(image_op(&c.image, OP(NONE)), "1 2");
	assert_int_equal(image_clause(&c.image, 64)->tag, 1);
	assert_int_equal(image_clause(&c.image, 66)->tag, 2);
	krsi_policy_free(c.policies[--c.count]);

	compiled_add(*state, &c, TAGS("c", "d"));
	compiled_make(*state, &c);
	assert_string_equal(c.tags.names[0], "d");
	assert_string_equal(c.tags.names[2], "c");
	assert_int_equal(c.tags.kept, 4);

	/* What fails leaves them as they are. */
	compiled_add(*state, &c, HEAD "  - { name: r0, on: process.exec, object: { xattr: user.a }, action: { tag: e } }\n");
	compiled_refuse(*state, &c, -EOPNOTSUPP, "xattr");
	assert_string_equal(c.tags.names[0], "d");
	assert_null(c.tags.names[1]);
	compiled_free(&c);
}

static void test_what_the_engine_does_not_have_is_refused(void **state)
{
	static const struct {
		const char *rule, *words;
	} cases[] = {
		{ "on: file.open, object: { xattr: user.a }", "policy x, rule r (line 4, column 41): xattr is not in the engine yet; tell the file by path" },
		{ "on: file.open, object: { digest: { ima: \"sha1:0123456789abcdef0123456789abcdef01234567\" } }", "digest.ima is not in the engine yet" },
		{ "on: file.open, object: { digest: { fsverity: \"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\" } }", "digest.fsverity is not in" },
		{ "on: process.exec, unless: { xattr: user.a }", "xattr is not in the engine yet" },
	};
	struct compiled c;
	char text[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		compiled_init(&c);
		snprintf(text, sizeof(text), HEAD "  - { name: r, %s, action: deny }\n", cases[i].rule);
		compiled_add(*state, &c, text);
		compiled_refuse(*state, &c, -EOPNOTSUPP, cases[i].words);
		compiled_free(&c);
	}
}

/* A policy of `count` rules of that format, which gets a number. */
static void rules_add(struct krsi_ctx *ctx, struct compiled *c, const char *format, unsigned int begin, unsigned int count)
{
	struct policy_text text = { 0 };
	char rule[256];
	unsigned int i;

	policy_text_add(&text, HEAD);
	for (i = begin; i < begin + count; i++) {
		snprintf(rule, sizeof(rule), format, i);
		policy_text_add(&text, "  - { name: r%u, %s }\n", i, rule);
	}
	compiled_add(ctx, c, text.text);
	policy_text_free(&text);
}

static void test_limits(void **state)
{
	static const struct {
		const char *format;
		unsigned int policies, rules;	/* these are taken, one rule more is not */
		const char *words;
	} cases[] = {
		{ "on: file.open, action: deny", 64, 1, "65 policies, at most 64 are allowed" },
		{ "on: file.open, action: deny", 2, 2048, "the policies have 4097 rules together, at most 4096" },
		{ "on: file.open, object: { path: /%u }, unless: { uid: 1 }, action: deny", 2, 2032,
		  "the policies have 8194 rules, exceptions, scopes and defaults, each counted for itself and 64 for other processes, together, at most 8192" },
		{ "on: process.exec, action: { tag: t%u }", 2, 32, "policy x, rule r64 (line 4, column " },
		{ "on: process.exec, action: { tag: t%u }", 2, 32, "\"t64\" is the 65th tag, at most 64" },
		{ "on: file.open, subject: { parent: { uid: %u } }, action: deny", 2, 32, "this is the 65th different description of another process" },
		{ "on: file.open, object: { mode: %03o }, action: deny", 1, 64, "mode 0101 is the 65th mode, at most 64" },
		{ "on: file.open, object: { path: \"/{1,2}{3,4}{1,2}{3,4}{1,2}{3,4}{1,2}{3,4}{1,2}{3,4}\" }, action: deny", 2, 32,
		  "the policies have 66560 patterns, each alternative of {} counted, together, at most 65536" },
	};
	struct compiled c;
	unsigned int p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		compiled_init(&c);
		for (p = 0; p < cases[i].policies; p++)
			rules_add(*state, &c, cases[i].format, 1 + p * cases[i].rules - (i == 3 || i == 4), cases[i].rules);
		compiled_make(*state, &c);
		rules_add(*state, &c, cases[i].format, 1 + p * cases[i].rules - (i == 3 || i == 4), 1);
		compiled_refuse(*state, &c, -E2BIG, cases[i].words);
		compiled_free(&c);
	}
}

static void test_pages_are_limited(void **state)
{
	struct compiled c;

	struct policy_text text = { 0 };
	int i;

	/* Of more than one page. */
	policy_text_add(&text, "%s", HEAD);
	for (i = 0; i < 1000; i++)
		policy_text_add(&text, "  - { name: r%d, on: file.open, object: { path: /a/%d }, action: deny }\n", i, i);
	compiled_one(*state, &c, text.text);
	policy_text_free(&text);
	assert_true(c.image.pages > 1);
	c.compile.pages_max = c.image.pages;
	compiled_make(*state, &c);
	c.compile.pages_max--;
	compiled_refuse(*state, &c, -E2BIG, "the policies make an image of more than the");
	compiled_free(&c);
}

static void test_an_open_policy_is_refused(void **state)
{
	struct compiled c;

	compiled_init(&c);
	assert_ok(*state, krsi_policy_new(*state, "open", &c.policies[c.count++]));
	compiled_refuse(*state, &c, -EBADFD, "policy open: it is open; freeze it");
	compiled_free(&c);
}

static void test_bits_need_no_registry(void **state)
{
	struct compiled c;

	compiled_init(&c);
	c.compile.tags = NULL;
	c.compile.predicates = NULL;
	compiled_add(*state, &c, TAGS("a", "b"));
	compiled_make(*state, &c);
	assert_null(c.tags.names[0]);
	assert_string_equal(image_op(&c.image, OP(NONE)), "0 1");
	compiled_free(&c);
}

static void test_a_policy_built_in_c_is_told_by_its_keys(void **state)
{
	struct krsi_rule *rule;
	struct compiled c;

	compiled_init(&c);
	assert_ok(*state, krsi_policy_new(*state, "built", &c.policies[c.count++]));
	assert_ok(*state, krsi_policy_add_rule(c.policies[0], "one", &rule));
	assert_ok(*state, krsi_rule_set(rule, "on", "process.exec"));
	assert_ok(*state, krsi_rule_add(rule, "object.xattr", "user.x"));
	assert_ok(*state, krsi_rule_set(rule, "action", "deny"));
	assert_ok(*state, krsi_policy_freeze(c.policies[0]));
	compiled_refuse(*state, &c, -EOPNOTSUPP, "policy built, rule one (rule one: object.xattr): xattr is not in the engine yet");
	compiled_free(&c);
}

static void test_no_policy_is_an_image_as_well(void **state)
{
	struct compiled c;

	compiled_init(&c);
	compiled_make(*state, &c);
	assert_int_equal(c.image.operations, 0);
	assert_int_equal(c.image.clauses, 64);
	compiled_free(&c);
}

static void test_the_same_policies_make_the_same_image(void **state)
{
	struct compiled one, other;

	compiled_one(*state, &one, TAGS("a", "b"));
	compiled_one(*state, &other, TAGS("a", "b"));
	assert_int_equal(one.image.pages, other.image.pages);
	assert_memory_equal(one.image.units, other.image.units, (size_t)one.image.pages * IMAGE_PAGE);
	compiled_free(&one);
	compiled_free(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_clauses_are_numbered_in_the_order_of_asking),
		ctx_test(test_labels_of_rules_that_have_audit_records),
		ctx_test(test_keys_of_operations),
		ctx_test(test_already_open_adds_the_use_of_what_is_open),
		ctx_test(test_numbers_that_overlap),
		ctx_test(test_words_and_numbers),
		ctx_test(test_addresses_of_both_families),
		ctx_test(test_whoever_says_the_same_of_a_process_shares_a_predicate),
		ctx_test(test_bits_stay_with_their_names),
		ctx_test(test_what_the_engine_does_not_have_is_refused),
		ctx_test(test_limits),
		ctx_test(test_pages_are_limited),
		ctx_test(test_an_open_policy_is_refused),
		ctx_test(test_bits_need_no_registry),
		ctx_test(test_a_policy_built_in_c_is_told_by_its_keys),
		ctx_test(test_no_policy_is_an_image_as_well),
		ctx_test(test_the_same_policies_make_the_same_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
