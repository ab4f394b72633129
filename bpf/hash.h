/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The hashes by which an image is looked up (image.h). They are keyed with a secret, as whoever makes
 * files chooses their names. No libc in here: the kernel's programs and the compiler include it.
 */
#ifndef KRSI_HASH_H
#define KRSI_HASH_H

#include <linux/types.h>

#define MATCH_BASE 0x9e3779b97f4a7c15ULL	/* any odd number */
#define MATCH_BASE_INVERSE 0xf1de83e19937733dULL	/* their product is 1 (mod 2^64) */

/* Multiply and shift, keyed by what `hash` begins with. */
static __always_inline __u64 match_mix(__u64 hash, __u64 value)
{
	hash = (hash ^ value) * 0xff51afd7ed558ccdULL;
	return hash ^ hash >> 32;
}

static __always_inline __u64 match_finish(__u64 hash)
{
	hash *= 0xc4ceb9fe1a85ec53ULL;
	return hash ^ hash >> 29;
}

/* Never 0, which is a free place. */
static __always_inline __u64 match_key(__u64 secret, __u32 kind, __u64 value)
{
	return match_finish(match_mix(match_mix(secret, kind), value)) | 1;
}

/*
 * Of a text: begin with its size, add its bytes eight at a time with zeros behind the last, finish. Not a sum: the
 * verifier of 6.19 takes what was once added to a number for the offset of a pointer that the number is added to.
 */
static __always_inline __u64 match_text_begin(__u64 secret, __u32 size)
{
	return match_mix(secret, 0x7465787400000000ULL | size);
}

static __always_inline __u64 match_identity(__u32 device, __u64 inode)
{
	return match_mix(device * MATCH_BASE, inode);
}

/* The bit of a filter of so many bits that a hash has. */
static __always_inline __u64 match_filter_bit(__u32 bits, __u64 hash)
{
	return (hash >> 32) * bits >> 32;
}

/* The filter is asked for identities by this, as the device of a directory takes longer to find. */
static __always_inline __u64 match_identity_filter(__u64 secret, __u64 inode)
{
	return match_finish(match_mix(secret, inode));
}

/*
 * The value of a path is the sum of hash(name) * BASE^i, i from 0 for the last name: a walk from the
 * file up to the root adds one name at a time, and has the value of each directory on the way at its
 * end: (sum - sum below the directory) * BASE^-i. The root directory has the value 0.
 */

#endif
