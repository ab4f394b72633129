/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The image: all policies that are in force, compiled to flat memory. The kernel programs and the
 * matcher in user space read the same bytes; lib/match/ writes them. No libc in here.
 *
 * An image is an array of units of 16 bytes, which the kernel has as an array map of pages. A `ref`
 * is the number of a unit; 0 (the image's own header) stands for "none". What takes several units
 * never crosses a page, but for tables, whose elements are addressed one by one.
 *
 * Clauses. Everything that conditions can be put on is a clause: a rule, its exception, a policy's
 * scope, its default, and what is said of another process (parent, descendant_of, target). Clauses
 * are numbered through all policies in the order in which they are asked, so a set of clauses is a
 * set of bits, a key's value stands for the set of clauses whose condition on that key it fulfils, and
 * the clauses that apply are the intersection over all keys.
 *
 *     0 .. 63     descriptions of other processes (IMAGE_PREDICATE), bit n is predicate n
 *     64 ..       per policy: its scope, then per rule [its exception,] the rule, then its default
 */
#ifndef KRSI_IMAGE_H
#define KRSI_IMAGE_H

#include <linux/types.h>

#define IMAGE_MAGIC 0x4b525349U		/* "KRSI" */
#define IMAGE_VERSION 1
#define IMAGE_PAGE 65536			/* a page of the array, whatever the machine's pages are */
#define IMAGE_UNIT 16
#define IMAGE_PAGE_UNITS (IMAGE_PAGE / IMAGE_UNIT)
#define IMAGE_CLAUSES_MAX 8192
#define IMAGE_BLOCK 128			/* clauses of one unit of a set */
#define IMAGE_BLOCKS (IMAGE_CLAUSES_MAX / IMAGE_BLOCK)
#define IMAGE_PREDICATES_MAX 64
#define IMAGE_TAGS_MAX 64
#define IMAGE_POLICIES_MAX 64
#define IMAGE_GROUPS 16
#define IMAGE_LABEL_UNITS 8		/* two names and what is between them */
#define IMAGE_NAME_UNITS 2
#define IMAGE_PROBES_MAX 16		/* units that a look-up in the hash table may touch */

/* Where the fixed parts of the first page are. */
#define IMAGE_REF_OPS 16		/* struct image_op, by operation number; 0 are the predicates */
#define IMAGE_REF_DIMS 80		/* struct image_dim, by key number */
#define IMAGE_REF_STARTS 144		/* __u32 for each group: where the automaton begins, 0: nowhere */
#define IMAGE_REF_POLICIES 148		/* struct image_policy, by number */
#define IMAGE_REF_FILTER 212		/* a table of bits, 128 to the unit; what follows is of no fixed size */
#define IMAGE_FILTER_MAX 3840		/* units, so that it is in the first page */

struct image_unit {
	__u64 a, b;
};

struct image_header {
	__u32 magic;
	__u32 version;
	__u64 generation;
	__u64 key;		/* of the hashes: secret, as names come from whoever makes files */
	__u32 pages;
	__u32 clauses;		/* one past the last */
	__u32 policies;
	__u32 filter_bits;	/* of the filter: the number of a bit is such a part of them as the hash is of all hashes */
	__u32 hash;		/* ref of the hash table, a struct image_entry each */
	__u32 hash_shift;	/* the first place of a key is the key shifted right by this */
	__u32 clause_table;	/* ref; struct image_clause each */
	__u32 counter_table;	/* ref; struct image_counter each */
	__u32 dfa_classes;	/* ref of 256 bytes: byte to class */
	__u32 dfa_rows;		/* ref; __u16 dfa_rows[state << dfa_row_shift | class] */
	__u32 dfa_row_shift;
	__u32 dfa_accepts;	/* ref; __u32 by state: ref of a struct image_hit, or 0 */
	__u32 features;		/* enum image_feature: what paths of subjects and objects make necessary */
	__u32 object_features;	/* the same of objects only */
	__u64 predicates_kept;	/* predicates that meant the same in the generation before */
	__u64 tags_kept;	/* tags that meant the same there */
	__u64 only_by_hit;	/* operations with IMAGE_ONLY_BY_HIT: KRSI_PRIV_OP_BIT() */
	__u32 labels;		/* ref of "POLICY/RULE" of each clause, with a NUL; 0: no rule has IMAGE_AUDIT */
	__u32 operation_names;	/* likewise, of each operation number */
};

enum image_feature {
	IMAGE_HAS_GLOBS = 1,		/* some glob cannot be excluded by an anchor: always run the automaton */
	IMAGE_HAS_ANCHORS = 2,		/* there are globs; a name on the path may be an anchor of one */
	IMAGE_HAS_ROOT = 16,		/* the root directory is something that is looked for */
	IMAGE_ONLY_BY_HIT = 8,		/* of an operation: no clause of it applies unless a path or an identity means something */
	IMAGE_HAS_SUBTREES = 4,		/* directories are looked up, so the whole way up must be walked */
};

/* A set of clauses: this unit, then one unit (128 bits) for each bit of `summary`, in order. */
struct image_set {
	__u64 summary;		/* bit n: some clause of 128 n to 128 n + 127 is in it */
	__u64 count;		/* clauses in it */
};

/* An operation. */
struct image_op {
	__u64 dims;		/* keys that some clause of it has a condition on */
	__u32 set;		/* clauses that are about it; 0: none, it is not looked at */
	__u32 features;		/* enum image_feature: what its conditions on paths make necessary */
};

/* A key. */
struct image_dim {
	__u32 free;		/* set: clauses that ask for no value of it; exclusions still count */
	__u32 table;		/* what values are looked up in; depends on the key, see match.h */
	__u32 count;		/* elements of the table */
	__u32 excluding;	/* set: clauses that exclude some value of it */
};

/* What a value means: the clauses of which it is an entry, and those that exclude it. */
struct image_pair {
	__u32 with;		/* set */
	__u32 without;		/* set */
	__u64 reserved;
};

/* Texts that are told apart: the groups of the automaton, with a start each. */
enum match_group {
	MATCH_GROUP_PATH = 0,		/* files' paths, and file-system paths of unix sockets */
	MATCH_GROUP_CGROUP = 1,		/* paths from the root of the hierarchy */
	MATCH_GROUP_CONTAINER = 2,
	MATCH_GROUP_ABSTRACT = 3,	/* unix addresses without a file, the NUL in front left out */
	MATCH_GROUP_MODULE = 4,
	MATCH_GROUP_SOURCE = 5,		/* of a mount, as text */
	MATCH_GROUP_ARGV = 6,
	MATCH_GROUP_ENV = 7,		/* NAME=VALUE */
};

/* What a text or an identity means; it may be an entry of several keys. */
enum image_role {
	IMAGE_ROLE_PATH,
	IMAGE_ROLE_EXE,
	IMAGE_ROLE_SCRIPT,
	IMAGE_ROLE_IDENTITY,
	IMAGE_ROLE_SOURCE,
	IMAGE_ROLE_TARGET,
	IMAGE_ROLE_UNIX_PATH,
	IMAGE_ROLE_TEXT,		/* any key whose texts are its own: cgroup, container, module, ... */
	IMAGE_ROLES
};

struct image_hit {		/* two units, in one page */
	__u32 pairs[IMAGE_ROLES];
};

/* The kinds of things that are looked up in the hash table, mixed into the key. */
enum image_kind {
	IMAGE_KIND_LITERAL = 1,		/* value of a whole path -> hit */
	IMAGE_KIND_SUBTREE = 2,		/* value of a directory's path, for what is below it -> hit */
	IMAGE_KIND_ANCHOR = 3,		/* hash of a name that a glob has in it -> 1 */
	IMAGE_KIND_IDENTITY = 4,	/* device and inode of the object -> hit */
	IMAGE_KIND_DIRECTORY = 5,	/* device and inode of a directory above the object -> hit */
	IMAGE_KIND_KEY = 64,		/* + key: a text or a number that only this key has -> hit or pair */
};

struct image_entry {
	__u64 key;		/* 0: free */
	__u32 value;
	__u32 reserved;
};

/* Tables of numbers: intervals without gaps, by their lower ends; the first begins at 0. */
struct image_range {
	__u64 min;
	__u32 pair;		/* 0: nothing is said of it */
	__u32 reserved;
};

/*
 * The same for addresses, as numbers of 128 bits: IPv4 as ::ffff:a.b.c.d. Two units, in one page. The
 * table of the key has one for each page that the intervals take, for where they begin in it.
 */
struct image_range128 {
	__u64 high, low;
	__u32 pair;		/* in the table of the key: ref of the first interval of a page */
	__u32 count;		/* in the table of the key: intervals of that page */
	__u32 reserved[2];
};

/* Tables of bits: first a unit with the mask of the bits that mean something, then __u32 pairs[64]. */
struct image_bits {
	__u64 mask;
	__u64 reserved;
};

/* Tables of masks: an entry fits a value that has all its bits. */
struct image_mask {
	__u64 mask;
	__u32 pair;
	__u32 reserved;
};

enum image_clause_kind {
	IMAGE_NOTHING,
	IMAGE_PREDICATE,
	IMAGE_SCOPE,		/* of the policy: without it none of the policy's clauses counts */
	IMAGE_EXCEPTION,	/* of the next clause, which then does not count */
	IMAGE_RULE,
	IMAGE_DEFAULT,		/* decides when nothing else did */
};

enum image_clause_flags {
	IMAGE_REPORT = 1,
	IMAGE_TREE = 2,			/* of a tag */
	IMAGE_ENFORCE = 4,		/* mode of the rule; neither: the policy's */
	IMAGE_PERMISSIVE = 8,
	IMAGE_ON_PATH = 16,		/* has a condition on a path that may be unresolved */
	IMAGE_AUDIT = 32,		/* its events are audit records as well */
};

/* `verdict` is an enum krsi_priv_verdict of lib/policy/policy.h. */
struct image_clause {
	__u8 kind;		/* enum image_clause_kind */
	__u8 verdict;
	__u8 signal;
	__u8 flags;		/* enum image_clause_flags */
	__u16 error;		/* a positive errno */
	__u8 policy;
	__u8 tag;		/* number of the bit */
	__u16 rule;		/* its number in the policy */
	__u16 limit_seconds;
	__u32 limit;		/* events in that time; 0: all */
};

/* Written by the programs, without order. Two units, in one page. */
struct image_counter {
	__u64 hits;		/* operations to which it applied and was not overruled by a clause before it */
	__u64 suppressed;	/* events that its limit swallowed */
	__u64 window;		/* when the time of the limit began, in ns of CLOCK_MONOTONIC */
	__u64 events;		/* in that time */
};

struct image_policy {
	__u32 mode;		/* enum krsi_policy_mode; may be changed at any time */
	__u32 on_unresolved;	/* enum krsi_priv_verdict: deny, audit or allow */
	__u32 has_scope;
	__u32 reserved;
};

#endif
