/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Words that several CPUs change at once.
 *
 * Before Linux 5.12 programs have one atomic instruction, an addition that does not say what was there, and tracing
 * programs have no spin locks. What the kernel does for them in one piece is to put something into a hash table if it is
 * not there yet: that is the lock. All who change one word take the same; who only reads it takes none, as words are
 * written whole. Who holds a lock is done after a few instructions. Should it not be (an interrupt, a virtual CPU that
 * is taken away), the others stop waiting after WORD_TRIES and go on without, as a process that hangs is worse. Who puts a
 * tag on a process then is refused what it was about to do: the tag may be lost.
 */
#ifndef KRSI_ENGINE_WORD_BPF_H
#define KRSI_ENGINE_WORD_BPF_H

#include "../kernel.bpf.h"

enum word_lock { WORD_LOCK_TAGS, WORD_LOCK_VIEW, WORD_LOCK_KNOWN, WORD_LOCK_MEMO, WORD_LOCK_SEQUENCE, WORD_LOCKS };

#define word_increment(pointer) ((void)__sync_fetch_and_add((pointer), 1))
#define word_volatile(pointer) (*(volatile __typeof__(*(pointer)) *)(pointer))

#ifdef ENGINE_BEFORE_5_12

#define WORD_TRIES 2048

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WORD_LOCKS);
	__type(key, __u32);
	__type(value, __u32);
} word_locks SEC(".maps");

/* By itself: the verifier would look at each try again for all who wait. */
__attribute__((noinline)) int word_lock(__u32 number)
{
	int i;

	for (i = 0; i < WORD_TRIES; i++)
		if (bpf_map_update_elem(&word_locks, &number, &number, BPF_NOEXIST) == 0)
			return 1;
	return 0;
}

static __always_inline void word_unlock(__u32 number)
{
	bpf_map_delete_elem(&word_locks, &number);
}

#define WORD_LOCKED(number, statement)							\
	do {										\
		int locked_ = word_lock(number);					\
											\
		statement;								\
		if (locked_)								\
			word_unlock(number);						\
	} while (0)

/* Put bits into a word; most often they are there. 0: it had to be done without the lock. */
static __always_inline int word_or(__u32 lock, __u64 *word, __u64 bits)
{
	int locked;

	if (!(bits & ~word_volatile(word)))
		return 1;
	locked = word_lock(lock);
	word_volatile(word) |= bits;
	if (locked)
		word_unlock(lock);
	return locked;
}

/* Whether the word was `from`, and is `to` now. */
#define word_change(lock, pointer, from, to)						\
	({										\
		__typeof__(*(pointer)) from_ = (from), to_ = (to);			\
		int changed_ = 0;							\
											\
		WORD_LOCKED(lock, if (word_volatile(pointer) == from_) { word_volatile(pointer) = to_; changed_ = 1; });	\
		changed_;								\
	})

/* What the word was before it was made one more. */
#define word_next(lock, pointer)							\
	({										\
		__typeof__(*(pointer)) was_ = 0;					\
											\
		WORD_LOCKED(lock, was_ = word_volatile(pointer); word_volatile(pointer) = was_ + 1);	\
		was_;									\
	})

/* Give a word a value before all that follows, or read it after all that was before: x86 keeps that order of reads by itself. */
static __always_inline void word_set(__u32 *word, __u32 value)
{
	word_volatile(word) = value;
	/* Written out, as the compiler makes something else of an addition of nothing. */
	asm volatile("lock *(u32 *)(%0 + 0) += %1" : : "r"(word), "r"(0ULL) : "memory");
}

#define word_get(pointer) word_volatile(pointer)

#else

static __always_inline int word_or(__u32 lock, __u64 *word, __u64 bits)
{
	__sync_fetch_and_or(word, bits);
	return 1;
}

#define word_change(lock, pointer, from, to) (__sync_val_compare_and_swap((pointer), (from), (to)) == (from))
#define word_next(lock, pointer) __sync_fetch_and_add((pointer), 1)
#define word_set(pointer, value) ((void)__sync_lock_test_and_set((pointer), (value)))
#define word_get(pointer) __sync_fetch_and_add((pointer), 0)

#endif

#endif
