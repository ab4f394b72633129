/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a kernel has to be for an engine. */
#include <errno.h>
#include <string.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <libkrsi/hook.h>

#include "../caps.h"
#include "../ctx.h"
#include "../kernel_btf.h"
#include "engine.h"

/* Offset of a member, which may be in an anonymous union, as d_name is since Linux 6.17; -1: there is none. */
static int offset_in(const struct btf *btf, const struct btf_type *t, const char *member)
{
	const struct btf_member *m = btf_members(t);
	const struct btf_type *inner;
	const char *name;
	int i, offset;

	for (i = 0; i < btf_vlen(t); i++, m++) {
		name = btf__name_by_offset(btf, m->name_off);
		if (strcmp(name, member) == 0)
			return (int)btf_member_bit_offset(t, (uint32_t)i) / 8;
		inner = btf__type_by_id(btf, m->type);
		if (*name || !btf_is_composite(inner))
			continue;
		offset = offset_in(btf, inner, member);
		if (offset >= 0)
			return (int)btf_member_bit_offset(t, (uint32_t)i) / 8 + offset;
	}
	return -1;
}

static int offset_of(const struct btf *btf, const char *type, const char *member)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT);

	return id < 0 ? -1 : offset_in(btf, btf__type_by_id(btf, (uint32_t)id), member);
}

/* bpf/engine/event.bpf.h reads these members of struct cred in two pieces. */
static bool cred_is_known(const struct btf *btf)
{
	static const char *const ids[] = { "uid", "gid", "suid", "sgid", "euid", "egid", "fsuid", "fsgid" };
	static const char *const caps[] = { "cap_inheritable", "cap_permitted", "cap_effective" };
	int first = offset_of(btf, "cred", ids[0]), i;
	bool is_known = first >= 0;

	for (i = 0; i < 8; i++)
		is_known = is_known && offset_of(btf, "cred", ids[i]) == first + 4 * i;
	first = offset_of(btf, "cred", caps[0]);
	for (i = 0; i < 3; i++)
		is_known = is_known && offset_of(btf, "cred", caps[i]) == first + 8 * i;
	return is_known;
}

/* bpf/engine/walk.bpf.h reads these members of struct dentry and of struct mount in one piece. */
int krsi_priv_kernel_layout_check(struct krsi_ctx *ctx)
{
	struct btf *btf = krsi_priv_kernel_btf(ctx);
	int parent, name, inode, up, place;
	bool cred;

	if (!btf)
		return -EOPNOTSUPP;
	parent = offset_of(btf, "dentry", "d_parent");
	name = offset_of(btf, "dentry", "d_name");
	inode = offset_of(btf, "dentry", "d_inode");
	up = offset_of(btf, "mount", "mnt_parent");
	place = offset_of(btf, "mount", "mnt_mountpoint");
	cred = cred_is_known(btf);
	btf__free(btf);
	if (!cred)
		return krsi_priv_fail(ctx, -EOPNOTSUPP, "engine: this kernel's struct cred is laid out in another way; kernels with randomised structures are not supported");
	if (parent >= 0 && name == parent + 8 && inode == parent + 24 && up >= 0 && place == up + 8)
		return 0;
	return krsi_priv_fail(ctx, -EOPNOTSUPP, "engine: this kernel's structures are laid out in another way (d_parent at %d, d_name at %d, d_inode at %d, "
			      "mnt_parent at %d, mnt_mountpoint at %d); kernels with randomised structures are not supported",
			      parent, name, inode, up, place);
}

/* Events go through ring buffers (Linux 5.8). */
static int maps_check(struct krsi_ctx *ctx)
{
	int has = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL);
	char why[256];

	if (has == 1)
		return 0;
	if (has == -EPERM || !krsi_priv_caps_suffice()) {
		krsi_priv_eperm_explain(why, sizeof(why));
		return krsi_priv_fail(ctx, -EPERM, "engine: the kernel does not permit making maps: %s", why);
	}
	return krsi_priv_fail(ctx, -EOPNOTSUPP, "engine: this kernel has no ring buffers; the engine needs Linux 5.10 or newer");
}

int krsi_priv_kernel_check(struct krsi_engine *engine)
{
	int err = krsi_priv_backend_choose(engine);

	if (!err)
		err = maps_check(engine->ctx);
	if (!err)
		err = krsi_priv_kernel_layout_check(engine->ctx);
	if (err)
		return err;
	krsi_priv_variant_choose(engine);
	err = krsi_priv_symbols_read(engine);
	if (!err)
		err = krsi_hooks_new(engine->ctx, NULL, &engine->kernel.hooks);
	return err;
}
