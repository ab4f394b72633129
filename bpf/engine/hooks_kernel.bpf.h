/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The kernel itself: modules, kexec, BPF, perf, the clock.
 *
 * The name of a module is what can be known of it before it is loaded: that of its file, up to the
 * first dot and with _ for -, or what the kernel asks for when it wants one by itself (an alias, such
 * as net-pf-10: then the process that made it want one is the subject). What init_module(2) loads has none.
 */
#ifndef KRSI_ENGINE_HOOKS_KERNEL_BPF_H
#define KRSI_ENGINE_HOOKS_KERNEL_BPF_H

#include "act.bpf.h"

enum kernel_read_file_id {
	READING_MODULE = 2,
	READING_KEXEC_IMAGE,
	READING_KEXEC_INITRAMFS,
	READING_MODULE_COMPRESSED = 7,
};

enum kernel_load_data_id {
	LOADING_MODULE = 2,
	LOADING_KEXEC_IMAGE,
	LOADING_KEXEC_INITRAMFS,
	LOADING_MODULE_COMPRESSED = 7,
};

/* Whether an ID is the one of that name, where the kernel has it, whatever its number. */
#define id_is(type, id, name) \
	(bpf_core_enum_value_exists(enum type, name) && (id) == bpf_core_enum_value(enum type, name))

static __always_inline int reading_module(__u32 id)
{
	return id_is(kernel_read_file_id, id, READING_MODULE) || id_is(kernel_read_file_id, id, READING_MODULE_COMPRESSED);
}

static __always_inline int reading_kexec(__u32 id)
{
	return id_is(kernel_read_file_id, id, READING_KEXEC_IMAGE) || id_is(kernel_read_file_id, id, READING_KEXEC_INITRAMFS);
}

static __always_inline int loading_module(__u32 id)
{
	return id_is(kernel_load_data_id, id, LOADING_MODULE) || id_is(kernel_load_data_id, id, LOADING_MODULE_COMPRESSED);
}

static __always_inline int loading_kexec(__u32 id)
{
	return id_is(kernel_load_data_id, id, LOADING_KEXEC_IMAGE) || id_is(kernel_load_data_id, id, LOADING_KEXEC_INITRAMFS);
}

/* Make the name of the file that is the text that of the module: how many bytes of it. */
MATCH_FN __u32 module_name_cut(__u32 at)
{
	struct engine_slot *slot = slot_get(at);
	__u32 other, i;
	__u8 *byte;

	if (!slot)
		return 0;
	for (i = 0; i < TEXT_SIZE; i++) {
		byte = (__u8 *)slot->walk.name + i;
		if (i >= process_once(slot->walk.chunk.len) || *byte == '.')
			return i;
		/* Without a branch, whose two ways the verifier would go in each turn. */
		other = *byte ^ '-';
		asm volatile("" : "+r"(other));
		*byte += ((other - 1) >> 31) * ('_' - '-');
	}
	return i;
}

/* The name of the module in a file. */
MATCH_FN int module_file_name(__u32 at, __u64 dentry)
{
	struct engine_slot *slot = slot_get(at);
	__u64 name = 0;
	__u32 size = 0;

	if (!slot)
		return 0;
	bpf_core_read(&size, sizeof(size), &((struct dentry *)dentry)->d_name.len);
	bpf_core_read(&name, sizeof(name), &((struct dentry *)dentry)->d_name.name);
	if (text_read(slot, name, size))
		return 0;
	slot->walk.chunk.len = module_name_cut(at);
	text_hits(at, KRSI_PRIV_KEY_MODULE, MATCH_GROUP_MODULE);
	return 0;
}

MATCH_FN int module_request_name(__u32 at, __u64 name)
{
	struct engine_slot *slot = slot_get(at);

	if (slot && text_read_string(slot, name) == 0)
		text_hits(at, KRSI_PRIV_KEY_MODULE, MATCH_GROUP_MODULE);
	return 0;
}

/* finit_module(2), kexec_file_load(2). */
SEC("lsm/kernel_read_file")
HOOK(read_file, struct file *file, enum kernel_read_file_id id, bool contents, long ret)
{
	__u64 dentry = 0;
	int at;

	if (ret)
		return ret;
	if (!reading_kexec(id) && !reading_module(id))
		return 0;
	at = act_begin(reading_kexec(id) ? OP(KERNEL_KEXEC) : OP(KERNEL_MODULE_LOAD));
	if (at < 0)
		return act_none(at);
	if (act_argument(ctx, 0)) {
		act_file(at, file, PATH_ROLES);
		bpf_core_read(&dentry, sizeof(dentry), &file->f_path.dentry);
		if (reading_module(id))
			module_file_name(at, dentry);
	}
	if (reading_kexec(id))
		act_decide(at, KRSI_PRIV_OP_KERNEL_KEXEC);
	else
		act_decide(at, KRSI_PRIV_OP_KERNEL_MODULE_LOAD);
	return act_end(at);
}

/* init_module(2), kexec_load(2). */
SEC("lsm/kernel_load_data")
HOOK(load_data, enum kernel_load_data_id id, bool contents, long ret)
{
	int at;

	if (ret)
		return ret;
	if (loading_kexec(id)) {
		at = act_begin(OP(KERNEL_KEXEC));
		if (at < 0)
			return act_none(at);
		act_decide(at, KRSI_PRIV_OP_KERNEL_KEXEC);
		return act_end(at);
	}
	if (!loading_module(id))
		return 0;
	at = act_begin(OP(KERNEL_MODULE_LOAD));
	if (at < 0)
		return act_none(at);
	act_decide(at, KRSI_PRIV_OP_KERNEL_MODULE_LOAD);
	return act_end(at);
}

SEC("lsm/kernel_module_request")
HOOK(module_request, char *name, long ret)
{
	int at;

	if (ret)
		return ret;
	at = act_begin(OP(KERNEL_MODULE_LOAD));
	if (at < 0)
		return act_none(at);
	module_request_name(at, act_argument(ctx, 0));
	act_decide(at, KRSI_PRIV_OP_KERNEL_MODULE_LOAD);
	return act_end(at);
}

/*
 * Whoever loads policies is never kept from it: a rule that it cannot take back would last until the
 * next boot. `owner_start` is when it was started, so that nobody who gets its number later is taken
 * for it; the first that comes is remembered.
 */
__u32 owner_tgid;
__u64 owner_start;

static __always_inline int is_owner(void)
{
	struct task_struct *leader = 0;
	__u64 start = 0;

	if (!owner_tgid || bpf_get_current_pid_tgid() >> 32 != owner_tgid)
		return 0;
	bpf_core_read(&leader, sizeof(leader), &task_current()->group_leader);
	if (bpf_core_read(&start, sizeof(start), &leader->start_boottime) || !start)
		return 0;
	if (owner_start == 0)
		(void)word_change(WORD_LOCK_SEQUENCE, &owner_start, 0, start);
	return owner_start == start;
}

static __always_inline long bpf_act(void)
{
	return is_owner() ? 0 : act_plain(KRSI_PRIV_OP_KERNEL_BPF);
}

SEC("lsm/bpf")
HOOK(bpf_call, int cmd, union bpf_attr *attr, unsigned int size, long ret)
{
	return ret ? ret : bpf_act();
}

/* From 6.15 on: with `kernel` the kernel calls itself. */
SEC("lsm/bpf")
HOOK(bpf_call4, int cmd, union bpf_attr *attr, unsigned int size, bool kernel, long ret)
{
	if (ret || kernel)
		return ret;
	return bpf_act();
}

SEC("lsm/perf_event_open")
HOOK(perf_open, void *attr, int type, long ret)
{
	return ret ? ret : act_plain(KRSI_PRIV_OP_KERNEL_PERF);
}

/* From 6.15 on. */
SEC("lsm/perf_event_open")
HOOK(perf_open1, int type, long ret)
{
	return ret ? ret : act_plain(KRSI_PRIV_OP_KERNEL_PERF);
}

SEC("lsm/settime")
HOOK(settime, const void *ts, const void *tz, long ret)
{
	return ret ? ret : act_plain(KRSI_PRIV_OP_KERNEL_SETTIME);
}

#endif
