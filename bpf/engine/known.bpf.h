/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Identities that have changed since the policies were applied.
 *
 * Threat: a policy names a file that is not there yet, or is replaced tomorrow, as each update of a package
 * does. Its name is known; who makes it reachable by another name (a link, a bind mount, a rename of a
 * directory above it) would have it without a rule. So what gets a name of the policies is known by device
 * and inode from then on, beside what the image knows from when it was made. And what is gone is
 * forgotten, as its number goes to a file that is made later: whoever gets the number of the old
 * passwd(1) would be passwd(1) to the policies.
 *
 * The programs that keep this up to date are in hooks_identity.bpf.h.
 */
#ifndef KRSI_ENGINE_KNOWN_BPF_H
#define KRSI_ENGINE_KNOWN_BPF_H

#include "state.bpf.h"

#define KNOWN_MAX 16384

/* A full map: the identity is not known, but the name is; counted in known_lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, KNOWN_MAX);
	__type(key, struct known_key);
	__type(value, struct known);
} known SEC(".maps");

__u32 known_any;	/* something is in it */
__u64 known_lost;	/* identities that could not be found out or kept */

/* If an identity is in there: add what it means to the hits. Returns whether it is. */
MATCH_FN int known_find(__u32 at, __u64 key)
{
	struct engine_slot *slot = slot_get(at);
	const struct known *entry;
	int i;

	if (!slot)
		return 0;
	slot->walk.known.key = key;
	slot->walk.known.generation = slot->match.generation;
	slot->walk.known.reserved = 0;
	entry = bpf_map_lookup_elem(&known, &slot->walk.known);
	if (!entry)
		return 0;
	for (i = 0; i < KNOWN_REFS; i++)
		match_hit_add(&slot->match, entry->refs[i], slot->walk.roles);
	return 1;
}

#endif
