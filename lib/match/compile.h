/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * From policies to an image (bpf/image.h), which the kernel's programs and the matcher in user
 * space decide by. Nothing here asks anything of a kernel.
 *
 * What the values of a key are looked up in (match.h has the functions):
 *
 *	match_range	uid, gid, login_uid, namespaces.*, type, owner, port, family, signal
 *	match_range128	address: IPv4 as ::ffff:a.b.c.d, which no network of IPv6 covers
 *	match_bits	capabilities, capability, facts: by their numbers; tag: by `tags`;
 *			parent, descendant_of, target (a process): by `predicates`
 *	match_masks	mode
 *	match_exact	filesystem, fstype: by the hash of the text
 *	match_hits	exe, script, path, source and target of a mount, unix_path: by paths, which are in
 *			IMAGE_KIND_LITERAL, _SUBTREE, and the automaton's MATCH_GROUP_PATH, and by what
 *			the paths are now, in IMAGE_KIND_IDENTITY and _DIRECTORY. exe and identity: by what
 *			the policy says, in IMAGE_KIND_IDENTITY
 *	the same, with	container, module, source, abstract unix_path: by the hash of the text in
 *	ROLE_TEXT	IMAGE_KIND_KEY + key, and the automaton's group for them
 *			cgroup: by the value of its path and of each above it, up to 0 for the root, in
 *			IMAGE_KIND_KEY + key, and by MATCH_GROUP_CGROUP, which knows of those above itself
 *
 * The filter is asked before IMAGE_KIND_LITERAL, _SUBTREE and _ANCHOR by the hash of the last name
 * (0 for the root directory), before _IDENTITY and _DIRECTORY by match_identity_filter(); it knows nothing of others.
 */
#ifndef KRSI_PRIV_MATCH_COMPILE_H
#define KRSI_PRIV_MATCH_COMPILE_H

#include "../../bpf/image.h"
#include "../policy/policy.h"

#define KRSI_PRIV_IMAGE_PAGES_MAX 1024	/* of an image: 64 MiB */

/* What a literal or the directory of a subtree is now. False when there is nothing of that name. */
struct krsi_priv_resolved {
	uint32_t device;	/* as the kernel's s_dev has it: major << 20 | minor */
	uint64_t inode;
	bool is_directory;
};
typedef bool (*krsi_priv_resolve_fn)(void *data, const char *path, struct krsi_priv_resolved *ret);

/* Names that have a bit: it stays the same from one generation to the next, as processes carry it. */
struct krsi_priv_bits {
	char *names[64];	/* owned; NULL: free */
	uint64_t kept;		/* bits that meant the same in the generation before */
};

struct krsi_priv_compile {
	uint64_t generation;
	uint64_t secret;		/* of the hashes */
	krsi_priv_resolve_fn resolve;	/* NULL: nothing has an identity but what the policy gives one */
	void *resolve_data;
	uint64_t host_namespaces[8];	/* inode numbers, in the order of KRSI_PRIV_KEY_NS_* */
	size_t pages_max;		/* 0: as much as the language's limits allow */
	/* In: of the generation before. Out: of this one. Untouched on failure. */
	struct krsi_priv_bits *tags;
	struct krsi_priv_bits *predicates;	/* named by their conditions, a line for each entry; either may be NULL */
};

struct krsi_priv_image {
	struct image_unit *units;	/* IMAGE_PAGE aligned, whole pages, to free with krsi_priv_image_free() */
	uint32_t pages;
	uint32_t clauses;		/* rules, exceptions, scopes, defaults and predicates */
	uint64_t operations;		/* that some clause is about: KRSI_PRIV_OP_BIT() */
	uint64_t dims;			/* all keys that some clause looks at, of any operation: KRSI_PRIV_KEY_BIT() */
	uint64_t predicate_dims;	/* keys that descriptions of other processes look at */
	uint32_t literals, subtrees, globs, identities;	/* how many of them are in it */
	uint32_t dfa_states;
	uint32_t paths;			/* without wildcards, or DIR/ **: what has these names is known by identity as well */
};

/*
 * Compile. Whatever fails is told with krsi_priv_fail(), naming policy and rule and the place where
 * there is one, and leaves everything untouched. 0, or:
 * -EOPNOTSUPP  a rule wants what the engine does not have
 * -E2BIG       a limit was passed
 * -EBADFD      a policy is not frozen
 * -EIO         two names have the same hash, which another secret mends
 * -ENOMEM      no memory
 */
int krsi_priv_image_compile(struct krsi_ctx *ctx, const struct krsi_policy *const *policies, size_t count,
			    struct krsi_priv_compile *compile, struct krsi_priv_image *ret);

/* What the limits are of (compile_check.c). */
struct krsi_priv_totals {
	size_t rules, patterns, entries, clauses;
};
void krsi_priv_totals_count(const struct krsi_policy *const *policies, size_t count, struct krsi_priv_totals *ret);

/* What a rule wants and the engine does not have, one at each index. False past the last one. */
struct krsi_priv_missing {
	char text[160];
	struct krsi_priv_place place;
};
bool krsi_priv_rule_missing(const struct krsi_priv_rule *rule, size_t index, struct krsi_priv_missing *ret);

void krsi_priv_image_free(struct krsi_priv_image *image);
void krsi_priv_bits_free(struct krsi_priv_bits *bits);

#endif
