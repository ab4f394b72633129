/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One operation, from the hook to the verdict. A hook says
 *
 *     int at = act_begin(KRSI_PRIV_OP_BIT(...));	// -1: no policy is about it
 *     if (at < 0)
 *             return 0;
 *     act_path(at, ...);				// what it is about
 *     act_decide(at, KRSI_PRIV_OP_...);		// once for each operation that it is
 *     return act_end(at);
 */
#ifndef KRSI_ENGINE_ACT_BPF_H
#define KRSI_ENGINE_ACT_BPF_H

#include "copy.bpf.h"
#include "event.bpf.h"


/* Operations that some clause of the image in force is about, published with it. */
__u64 operations;

/* A clause puts a tag on the subject. When it cannot be remembered, the operation is refused. */
int match_tag(match_at at, __u32 bit, __u32 tree)
{
	struct task_struct *leader = task_get(task_here(), group_leader);
	struct engine_slot *slot = slot_get(at);
	__u64 tags = 1ULL << (bit & 63);
	struct process *process;

	if (!slot || !leader)
		return 0;
	slot->view.tags |= tags;
	if (slot->act.other_subject) {
		/* Only the program has the pointer that this takes. */
		slot->act.tags |= tags;
		if (tree)
			slot->act.tree_tags |= tags;
		return 0;
	}
	process = process_get(leader);
	if (!process || !process_tag(process, slot->match.generation, tags, tree ? tags : 0)) {
		slot->match.error = EPERM;
		return 0;
	}
	if (process_once(process->moving))
		process_tag_late(slot, tags, tree ? tags : 0);
	return 0;
}

static __always_inline void act_fstype_value(match_at at, struct engine_slot *slot)
{
	match_image image = match_image_open(&slot->match);

	if (image && slot->act.fstype)
		match_exact(at, image, KRSI_PRIV_KEY_FSTYPE, slot->act.fstype);
}

int match_values(match_at at, __u32 key)
{
	struct engine_slot *slot = slot_get(at);

	if (!slot)
		return 0;
	if (key < KRSI_PRIV_KEY_SUBJECT_END) {
		subject_values(at, slot, key);
		return 0;
	}
	switch (key) {
	case KRSI_PRIV_KEY_PATH:
		match_hits(at, IMAGE_ROLE_PATH);
		break;
	case KRSI_PRIV_KEY_IDENTITY:
		match_hits(at, IMAGE_ROLE_IDENTITY);
		break;
	case KRSI_PRIV_KEY_MOUNT_SOURCE:
		match_hits(at, IMAGE_ROLE_SOURCE);
		match_hits(at, IMAGE_ROLE_TEXT);
		break;
	case KRSI_PRIV_KEY_MOUNT_TARGET:
		match_hits(at, IMAGE_ROLE_TARGET);
		break;
	case KRSI_PRIV_KEY_UNIX_PATH:
		match_hits(at, IMAGE_ROLE_UNIX_PATH);
		match_hits(at, IMAGE_ROLE_TEXT);
		break;
	case KRSI_PRIV_KEY_MODULE:
		match_hits(at, IMAGE_ROLE_TEXT);
		break;
	case KRSI_PRIV_KEY_TYPE:
	case KRSI_PRIV_KEY_OWNER:
	case KRSI_PRIV_KEY_MODE:
	case KRSI_PRIV_KEY_FILESYSTEM:
	case KRSI_PRIV_KEY_FACTS:
		object_values(at, slot, key);
		break;
	case KRSI_PRIV_KEY_FSTYPE:
		if (slot->act.has & ACT_FSTYPE)
			act_fstype_value(at, slot);
		break;
	case KRSI_PRIV_KEY_ADDRESS:
		if (slot->act.has & ACT_ADDRESS)
			match_range128(at, key, slot->act.address_high, slot->act.address_low);
		break;
	case KRSI_PRIV_KEY_PORT:
		if (slot->act.has & ACT_PORT)
			match_range(at, key, slot->act.port);
		break;
	case KRSI_PRIV_KEY_FAMILY:
		if (slot->act.has & ACT_FAMILY)
			match_range(at, key, slot->act.family);
		break;
	case KRSI_PRIV_KEY_SIGNAL:
		if (slot->act.has & ACT_SIGNAL)
			match_range(at, key, slot->act.signal);
		break;
	case KRSI_PRIV_KEY_CAPABILITY:
		if (slot->act.has & ACT_CAPABILITY)
			match_bits(at, key, slot->act.capabilities);
		break;
	case KRSI_PRIV_KEY_ARGV:
	case KRSI_PRIV_KEY_ENV:
		strings_values(at, key);
		break;
	case KRSI_PRIV_KEY_TARGET:
		if (slot->act.has & ACT_TARGET)
			match_bits(at, key, slot->act.target);
		break;
	default:
		break;
	}
	return 0;
}

/* The parent, as far as the image asks: its predicates, found in the sets before they are used. */
MATCH_FN int subject_parent(__u32 at)
{
	struct task_struct *parent, *leader;
	struct engine_slot *slot = slot_get(at);

	if (!slot)
		return 0;
	slot->parents = 0;
	parent = task_get(task_here(), real_parent);
	if (!parent)
		return 0;
	leader = task_get(parent, group_leader);
	if (!leader)
		return 0;
	bpf_core_read(&slot->task, sizeof(slot->task), &((struct task_struct *)bpf_get_current_task())->real_parent);
	process_load(at, slot, leader, slot->task);
	predicates_find(at, slot);
	slot->parents = slot->view.predicates;
	slot->task = bpf_get_current_task();
	return 0;
}

#define SUBJECT_VIEW_KEYS \
	(KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_EXE) | KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_SCRIPT) | \
	 KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_TAG) | KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_DESCENDANT_OF))

/*
 * By itself, so that the verifier forgets which place it is: newer ones know the numbers of the CPUs, and
 * would look at the whole program once for each place.
 */
MATCH_FN int slot_take(void)
{
	return place_take(&slots_taken, slot_count, SLOT_TRIES);
}

/* Take a place to work in with a generation: its number, or -1. */
static __always_inline int slot_begin(__u32 number)
{
	struct engine_slot *slot;
	int at;

	at = slot_take();
	if (at < 0)
		return -1;
	slot = slot_get(at);
	if (!slot)
		return -1;
	slot->match.generation = number;
	slot->match.hit_count = 0;
	slot->match.unresolved = 0;
	slot->match.error = 0;
	slot->match.signal = 0;
	slot->match.outcome_clause = 0;
	slot->act.has = 0;
	slot->act.paths = 0;
	slot->act.objects = 0;
	slot->act.late = 0;
	slot->act.subject_loaded = 0;
	slot->act.only_by_hit = 0;
	slot->act.other_subject = 0;
	slot->act.tags = 0;
	slot->act.tree_tags = 0;
	slot->task = bpf_get_current_task();
	slot->walk.namespace = task_namespace();
	return at;
}

/* Take a place for an operation that is one of `mask`: its number, or -1 when no policy is about any. */
static __always_inline int act_begin(__u64 mask)
{
	struct engine_slot *slot;
	__u32 number;
	__u64 known;
	int at;

	/* User space widens `operations` before it changes the generation, and narrows it afterwards. */
	number = *(volatile __u32 *)&generation;
	known = *(volatile __u64 *)&operations;
	if (*(volatile __u32 *)&generation != number) {
		number = *(volatile __u32 *)&generation;
		known = ~0ULL;
	}
	if (!number || !(known & mask))
		return -1;
	at = slot_begin(number);
	if (at < 0)
		return -2;
	slot = slot_get(at);
	if (slot)
		slot->act.operations = known;
	return at;
}

/* Remember a path for events; returns the features that paths of objects need, above the roles. */
static __always_inline __u32 act_path_add(struct engine_slot *slot, const struct image_header *header, __u64 mnt, __u64 dentry)
{
	__u32 n = slot->act.paths;

	if (n < 2) {
		slot->act.path_mount[n] = mnt;
		slot->act.path_dentry[n] = dentry;
		slot->act.paths = n + 1;
	}
	return header->object_features << 16;
}

/* Add a file to what the operation is about. `inode` may be 0. */
MATCH_FN int act_path(__u32 at, __u64 mnt, __u64 dentry, __u64 inode, __u32 roles)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	match_image image;

	if (!slot)
		return 0;
	image = match_image_open(&slot->match);
	header = image ? match_header(image) : 0;
	if (!header)
		return 0;
	return walk_file(at, mnt, dentry, inode, roles | act_path_add(slot, header, mnt, dentry));
}

MATCH_FN int act_match(__u32 at, __u32 operation)
{
	return match_decide(at, operation);
}

/* Decide one operation. The strictest verdict of all that are decided for one call wins. */
static __always_inline void act_decide(__u32 at, __u32 operation)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_op *op;
	match_image image;
	__u64 dims;

	if (!slot || !(slot->act.operations & KRSI_PRIV_OP_BIT(operation)))
		return;
	/* Most files are nobody's business: often told without another look at the image. */
	if (slot->act.only_by_hit & KRSI_PRIV_OP_BIT(operation) && !slot->match.hit_count && !slot->match.unresolved)
		return;
	image = match_image_open(&slot->match);
	op = image ? match_unit(image, IMAGE_REF_OPS + (operation & 63)) : 0;
	if (!op) {
		slot->match.error = EPERM;	/* no image, no decision: refused */
		return;
	}
	if (!op->set)
		return;
	if (op->features & IMAGE_ONLY_BY_HIT && !slot->match.hit_count && !slot->match.unresolved)
		return;
	if (slot->act.late)
		objects_settle(at, slot);
	/* From here and not from further in, as calls cannot be nested any deeper. */
	dims = op->dims;
	if (!slot->act.subject_loaded && dims & (SUBJECT_VIEW_KEYS | KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_PARENT))) {
		if (dims & KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_PARENT))
			subject_parent(at);
		subject_load_current(at);
	}
	act_match(at, operation);
}

/* Give the place back, and return what the hook has to. */
static __always_inline long act_end(__u32 at)
{
	struct engine_slot *slot = slot_get(at);
	__u64 error = 0, signal = 0;
	long result = 0;

	if (slot) {
		error = slot->match.error;
		signal = slot->match.signal;
	}
	place_give(&slots_taken, at);
	if (signal)
		bpf_send_signal(signal);
	if (error > 4095)
		error = EPERM;
	/* Negation the verifier of 6.12 does not follow; subtraction it does. */
	asm volatile("%0 -= %1" : "+r"(result) : "r"(error));
	return result;
}

/* --- for hooks ----------------------------------------------------------- */

#define OP(name) KRSI_PRIV_OP_BIT(KRSI_PRIV_OP_##name)
#define PATH_ROLES (1U << IMAGE_ROLE_PATH | 1U << IMAGE_ROLE_IDENTITY)

/* What a hook returns when act_begin() gave no place. */
#define act_none(at) ((at) == -1 ? 0L : (long)-EPERM)

/*
 * As BPF_PROG() of libbpf, but what it returns is 64 bits wide. Linux 6.12 wants to see that the whole
 * register is an error or 0; an int is moved by half of it, and the upper half becomes 0. Of the copies
 * that there may be (copy.bpf.h), one does it.
 */
#define HOOK(name, args...)								\
	long name(unsigned long long *ctx);						\
	enum { number_of_##name = __COUNTER__ + 1 };					\
	static __always_inline long hook_##name(unsigned long long *ctx, ##args);	\
	long name(unsigned long long *ctx)						\
	{										\
		long verdict;								\
											\
		if (copy_was_asked(number_of_##name))					\
			return 0;							\
		_Pragma("GCC diagnostic push")						\
		_Pragma("GCC diagnostic ignored \"-Wint-conversion\"")			\
		verdict = hook_##name(___bpf_ctx_cast(args));				\
		_Pragma("GCC diagnostic pop")						\
		copy_note(number_of_##name, verdict);					\
		return verdict;								\
	}										\
	static __always_inline long hook_##name(unsigned long long *ctx, ##args)

struct dentry___alias { struct {} d_u; } __attribute__((preserve_access_index));
struct inode___alias { struct { void *first; } i_dentry; } __attribute__((preserve_access_index));

/*
 * Until 6.7 what overlayfs opens in its layers comes with the path of the overlay, and the inode of the
 * layer: which directories it is in is told by one of the inode's own names.
 */
static __always_inline void act_layer(__u32 at, struct engine_slot *slot, __u64 inode, __u32 roles)
{
	__u64 alias = 0;

	if (!bpf_core_field_exists(struct dentry___alias, d_u))
		return;
	bpf_core_read(&alias, sizeof(alias), &((struct inode___alias *)inode)->i_dentry.first);
	if (!alias || walk_nameless(at, alias - bpf_core_field_offset(struct dentry___alias, d_u), inode, roles) != PATH_OK)
		slot->match.unresolved |= MATCH_UNKNOWN_PATH;
}

static __always_inline void act_file(__u32 at, struct file *file, __u32 roles)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	volatile __u64 *numbers;
	__u64 dentry, inode, overlay;

	if (!slot)
		return;
	header = walk_header(slot);
	if (!header) {
		slot->match.unresolved |= MATCH_UNKNOWN_PATH;
		return;
	}
	/*
	 * The verifier lets no pointers into functions that it looks at by themselves. What comes back from
	 * a map is a number.
	 */
	numbers = slot->act.numbers;
	numbers[0] = (__u64)file->f_path.mnt;
	numbers[1] = (__u64)file->f_path.dentry;
	numbers[2] = (__u64)file->f_inode;
	numbers[3] = (__u64)file->f_path.dentry->d_inode;
	dentry = numbers[1];
	inode = numbers[2];
	overlay = numbers[3];
	roles |= act_path_add(slot, header, numbers[0], dentry);
	slot->act.only_by_hit = header->only_by_hit;
	if (roles >> 16) {
		walk_typed(at, slot, header, file, roles);
		walk_finish(at);
	} else {
		walk_file(at, numbers[0], dentry, inode, roles);
	}
	if (overlay != inode && inode)
		act_layer(at, slot, inode, roles & WALK_ROLES);
	object_add(at, dentry, inode);
}

/* A pointer that the verifier knows the type of, as a number. */
static __always_inline __u64 act_number(__u32 at, const void *pointer)
{
	struct engine_slot *slot = slot_get(at);
	volatile __u64 *numbers;

	if (!slot)
		return 0;
	numbers = slot->act.numbers;
	numbers[0] = (__u64)pointer;
	return numbers[0];
}

static __always_inline __u64 dentry_inode(__u64 dentry)
{
	__u64 inode = 0;

	bpf_core_read(&inode, sizeof(inode), &((struct dentry *)dentry)->d_inode);
	return inode;
}

/* A name, and what has it, if something does. */
static __always_inline void act_entry(__u32 at, __u64 mnt, __u64 dentry, __u32 roles)
{
	__u64 inode = dentry_inode(dentry);

	act_path(at, mnt, dentry, inode, roles);
	object_add(at, dentry, inode);
}

static __always_inline void act_struct_path(__u32 at, const struct path *path, __u32 roles)
{
	act_entry(at, act_number(at, path->mnt), act_number(at, path->dentry), roles);
}

/*
 * What a hook tells only the dentry of: by all names that it has in the subject's mount namespace.
 * `must`: there has to be one, unless only the kernel itself has it mounted. Returns how many.
 */
static __always_inline __u32 act_dentry(__u32 at, __u64 dentry, __u32 roles, int must)
{
	int result = mounts_find(at, dentry), first = 1;
	struct engine_slot *slot = slot_get(at);
	__u64 inode = dentry_inode(dentry);
	__u32 paths, names, i;

	if (!slot)
		return 0;
	names = slot->act.names;
	paths = slot->act.paths;
	for (i = 0; i < ACT_NAMES; i++) {
		if (i >= slot->act.names)
			break;
		act_path(at, slot->act.name_mount[i], dentry, first ? inode : 0, roles);
		first = 0;
	}
	if (names == 0)
		walk_nameless(at, dentry, inode, roles);
	else
		slot->act.paths = paths < 2 ? paths + 1 : 2;	/* events tell one of them */
	if (result != PATH_OK || (names == 0 && must && !slot->act.nowhere))
		slot->match.unresolved |= MATCH_UNKNOWN_PATH;
	object_add(at, dentry, inode);
	return names;
}

/* An argument of the hook as a number: pointers do not go into functions, nor out of what they are. */
static __always_inline __u64 act_argument(const void *ctx, __u32 number)
{
	__u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), (const __u64 *)ctx + number);
	return value;
}

/* An operation that is about nothing but the process itself. */
static __always_inline long act_plain(__u32 operation)
{
	int at = act_begin(KRSI_PRIV_OP_BIT(operation));

	if (at < 0)
		return act_none(at);
	act_decide(at, operation);
	return act_end(at);
}

#endif
