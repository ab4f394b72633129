/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Have the kernel compute digests of what is executed. Attached only when the engine was asked for it. Nothing is decided
 * here.
 *
 * digest_begin		the file that execve(2) was called for, before anybody is asked about it
 * digest_end		the file that runs, when that is another one: the interpreter of a script
 *
 * The kernel lets nobody write to either of them from before the first hook to the end of the program.
 */
#ifndef KRSI_ENGINE_HOOKS_DIGEST_BPF_H
#define KRSI_ENGINE_HOOKS_DIGEST_BPF_H

#include "act.bpf.h"

extern int bpf_get_fsverity_digest(struct file *file, struct bpf_dynptr *digest) __ksym __weak;

/* What fs-verity writes to has to be in a map. Taken for the moment of the call. */
#define VERITY_SLOTS 16

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VERITY_SLOTS);
	__type(key, __u32);
	__type(value, struct digest_bytes);
} verity_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VERITY_SLOTS);
	__type(key, __u32);
	__type(value, __u32);
} verity_slots_taken SEC(".maps");

enum hash { HASH_MD5 = 1, HASH_SHA1 = 2, HASH_SHA256 = 4, HASH_SHA384 = 5, HASH_SHA512 = 6, HASH_SM3 = 17 };

static __always_inline __u32 hash_size(long hash)
{
	switch (hash) {
	case HASH_MD5:
		return 16;
	case HASH_SHA1:
		return 20;
	case HASH_SHA256:
	case HASH_SM3:
		return 32;
	case HASH_SHA384:
		return 48;
	case HASH_SHA512:
		return 64;
	default:
		return 0;
	}
}

static __always_inline void digest_ima(struct digest_bytes *digest, struct file *file)
{
	long hash = bpf_ima_file_hash(file, digest->bytes, sizeof(digest->bytes));

	digest->size = hash_size(hash);
	digest->algorithm = hash;
}

/* fs-verity has numbers of its own. */
static __always_inline void digest_verity(struct digest_bytes *digest, struct file *file)
{
	int index = place_take(&verity_slots_taken, VERITY_SLOTS, VERITY_SLOTS);
	struct digest_bytes *slot;
	struct bpf_dynptr place;

	slot = index < 0 ? 0 : bpf_map_lookup_elem(&verity_slots, &index);
	if (!slot)
		return;
	bpf_dynptr_from_mem(slot, sizeof(*slot), 0, &place);
	if (bpf_get_fsverity_digest(file, &place) == 0) {
		*digest = *slot;
		digest->algorithm = slot->algorithm == 1 ? HASH_SHA256 : HASH_SHA512;
		if (digest->size != hash_size(digest->algorithm))
			digest->size = 0;
	}
	place_give(&verity_slots_taken, index);
}

static __always_inline void digests_take(struct linux_binprm *bprm)
{
	struct digests has = { .task = bpf_get_current_task() };
	struct file *file = bprm->file;

	if (!file)
		return;
	bpf_core_read(&has.file, sizeof(has.file), &bprm->file);
	if (digest_sources & DIGEST_IMA)
		digest_ima(&has.ima, file);
	if (digest_sources & DIGEST_VERITY)
		digest_verity(&has.verity, file);
	bpf_map_update_elem(&digests, &has.task, &has, BPF_ANY);
}

SEC("lsm.s/bprm_creds_for_exec")
HOOK(digest_begin, struct linux_binprm *bprm, long ret)
{
	if (ret)
		return ret;
	digests_take(bprm);
	return 0;
}

SEC("lsm.s/bprm_committed_creds")
HOOK(digest_end, struct linux_binprm *bprm)
{
	__u64 task = bpf_get_current_task(), file = 0;
	struct digests *has = bpf_map_lookup_elem(&digests, &task);

	bpf_core_read(&file, sizeof(file), &bprm->file);
	if (!has || has->file != file)
		digests_take(bprm);
	return 0;
}

#endif
