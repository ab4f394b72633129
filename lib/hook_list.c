/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reading the hooks out of a kernel's BTF.
 *
 * The kernel has a function bpf_lsm_NAME for each hook, which is what programs attach to. Some
 * functions of that name are no hooks (bpf_lsm_verify_prog); the members of
 * union security_list_options tell them apart, and also have some that are no hooks
 * (lsm_func_addr). What stands in both lists is a hook.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "btf_c.h"
#include "ctx.h"
#include "elf_file.h"
#include "errors.h"
#include "hook.h"
#include "text.h"

#define LSM_PREFIX "bpf_lsm_"
#define SECURITY_PREFIX "security_"
#define BTF_MAGIC_ANY(a, b) (((a) == 0x9f && (b) == 0xeb) || ((a) == 0xeb && (b) == 0x9f))

/* --- opening a file ------------------------------------------------------ */

/* btf__parse() could do this, but prints to stderr when it does not like the file. */
static struct btf *elf_btf(char *data, size_t size)
{
	struct btf *btf = NULL;
	Elf_Data *bytes = NULL;
	Elf_Scn *section;
	GElf_Shdr header;
	Elf *elf;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return NULL;
	elf = elf_memory(data, size);
	section = elf ? krsi_priv_elf_section(elf, ".BTF", &header) : NULL;
	if (section && header.sh_type != SHT_NOBITS)
		bytes = elf_rawdata(section, NULL);
	if (bytes && bytes->d_buf)
		btf = btf__new(bytes->d_buf, (uint32_t)bytes->d_size);
	elf_end(elf);
	return btf;
}

static int read_fail(struct krsi_ctx *ctx, const char *path, int err)
{
	switch (err) {
	case -ENOENT:
	case -ENOTDIR:
		return krsi_priv_fail(ctx, -ENOENT, "%s: no such file", path);
	case -EACCES:
	case -EPERM:
		return krsi_priv_fail(ctx, -EACCES, "%s: cannot be read: permission denied", path);
	case -EBADMSG:
		return krsi_priv_fail(ctx, -EBADMSG, "%s: not a regular file, or far too large for BTF", path);
	default:
		return krsi_priv_fail(ctx, krsi_priv_error_close(err), "%s: cannot be read: %s", path, krsi_priv_errno_name(err));
	}
}

struct btf *krsi_priv_btf_open(struct krsi_ctx *ctx, const char *path, int *err)
{
	struct btf *btf = NULL;
	unsigned char *bytes;
	size_t size;
	char *data;

	*err = krsi_priv_file_load(path, &data, &size);
	if (*err) {
		*err = read_fail(ctx, path, *err);
		return NULL;
	}
	bytes = (unsigned char *)data;
	if (size > sizeof(struct btf_header) && BTF_MAGIC_ANY(bytes[0], bytes[1]))
		btf = btf__new(data, (uint32_t)size);
	else if (size > EI_NIDENT && memcmp(data, ELFMAG, SELFMAG) == 0)
		btf = elf_btf(data, size);
	if (!btf)
		*err = krsi_priv_fail(ctx, -EBADMSG, "%s: neither BTF nor an ELF file with a section .BTF; give it a copy of "
				      "/sys/kernel/btf/vmlinux, or an unpacked vmlinux of a kernel with CONFIG_DEBUG_INFO_BTF=y",
				      path);
	free(data);
	return btf;
}

/* --- hooks --------------------------------------------------------------- */

/* Functions bpf_lsm_* that are no hooks, for a kernel whose BTF lacks the union. */
static const char *const not_hooks[] = {
	"find_cgroup_shim", "func_proto", "get_retval_range", "has_d_inode_locked", "hook_returns_errno",
	"init", "is_sleepable_hook", "is_trusted", "verify_prog",
};

static bool is_hook(const struct btf *btf, const struct btf_type *members, const char *name)
{
	const char *member;
	uint32_t i;

	for (i = 0; !members && i < sizeof(not_hooks) / sizeof(not_hooks[0]); i++)
		if (strcmp(not_hooks[i], name) == 0)
			return false;
	for (i = 0; members && i < btf_vlen(members); i++) {
		member = btf__name_by_offset(btf, btf_members(members)[i].name_off);
		if (member && strcmp(member, name) == 0)
			return true;
	}
	return !members;
}

/* The prototype of a function of this prefix, with the rest of its name; NULL for any other type. */
static const struct btf_type *function_parse(const struct btf *btf, uint32_t id, const char *prefix,
					     const char **rest)
{
	const struct btf_type *type = btf__type_by_id(btf, id);
	const char *name;

	if (!btf_is_func(type))
		return NULL;
	name = btf__name_by_offset(btf, type->name_off);
	if (!name || strncmp(name, prefix, strlen(prefix)) != 0)
		return NULL;
	*rest = name + strlen(prefix);
	return btf__type_by_id(btf, type->type);
}

static int hook_order(const void *a, const void *b)
{
	return strcmp(((const struct krsi_priv_hook *)a)->name, ((const struct krsi_priv_hook *)b)->name);
}

static int hook_add(struct krsi_hooks *hooks, const char *name, uint32_t id)
{
	struct krsi_priv_hook *more;

	more = reallocarray(hooks->hooks, hooks->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	hooks->hooks = more;
	more[hooks->count] = (struct krsi_priv_hook){ .lsm_id = id, .name = strdup(name) };
	if (!more[hooks->count].name)
		return -ENOMEM;
	hooks->count++;
	return 0;
}

static int hooks_collect(struct krsi_hooks *hooks, const struct btf *btf)
{
	int union_id = btf__find_by_name_kind(btf, "security_list_options", BTF_KIND_UNION);
	const struct btf_type *members = union_id > 0 ? btf__type_by_id(btf, (uint32_t)union_id) : NULL;
	const char *name;
	uint32_t id;
	int err;

	for (id = 1; id < btf__type_cnt(btf); id++) {
		if (!function_parse(btf, id, LSM_PREFIX, &name) || !is_hook(btf, members, name))
			continue;
		err = hook_add(hooks, name, id);
		if (err)
			return err;
	}
	if (hooks->count)
		qsort(hooks->hooks, hooks->count, sizeof(*hooks->hooks), hook_order);
	return 0;
}

/* A function of the hook's whole name is preferred. */
static void security_function_offer(struct krsi_priv_hook *hook, uint32_t id, const char *name)
{
	if (krsi_priv_hook_is_called_by(hook->name, name) && (!hook->security_id || strcmp(hook->name, name) == 0))
		hook->security_id = id;
}

/* Where fmod_ret programs would sit: the function that calls all security modules. */
static void security_functions_find(struct krsi_hooks *hooks, const struct btf *btf)
{
	const char *name;
	uint32_t id;
	size_t i;

	for (id = 1; id < btf__type_cnt(btf); id++) {
		if (!function_parse(btf, id, SECURITY_PREFIX, &name))
			continue;
		for (i = 0; i < hooks->count; i++)
			security_function_offer(&hooks->hooks[i], id, name);
	}
}

static int function_describe(struct krsi_priv_hook *hook, const struct btf *btf, const struct btf_type *proto)
{
	const struct btf_type *function = btf__type_by_id(btf, hook->security_id), *its;

	if (!hook->security_id)
		return 0;
	its = btf__type_by_id(btf, function->type);
	hook->function_fits = its && btf_is_func_proto(its) && krsi_priv_hook_arguments_agree(btf, proto, its);
	hook->function = strdup(btf__name_by_offset(btf, function->name_off));
	return hook->function ? 0 : -ENOMEM;
}

static int arg_describe(struct krsi_priv_hook_arg *arg, const struct btf *btf, const struct btf_param *param)
{
	const char *name = btf__name_by_offset(btf, param->name_off);

	arg->name = strdup(name ? name : "");
	return arg->name ? krsi_priv_btf_declare(btf, param->type, "", &arg->type) : -ENOMEM;
}

static int hook_describe(struct krsi_priv_hook *hook, const struct btf *btf)
{
	const struct btf_type *function = btf__type_by_id(btf, hook->lsm_id);
	const struct btf_type *proto = btf__type_by_id(btf, function->type);
	const struct btf_param *params;
	uint32_t i;
	int err;

	if (!proto || !btf_is_func_proto(proto))
		return -EBADMSG;
	hook->can_deny = proto->type != 0;
	params = btf_params(proto);
	hook->args = calloc(btf_vlen(proto) + 1u, sizeof(*hook->args));
	if (!hook->args)
		return -ENOMEM;
	hook->arg_count = btf_vlen(proto);
	for (i = 0; i < hook->arg_count; i++) {
		err = arg_describe(&hook->args[i], btf, &params[i]);
		if (err)
			return err;
	}
	err = function_describe(hook, btf, proto);
	return err ? err : krsi_priv_btf_declare(btf, function->type, hook->name, &hook->prototype);
}

int krsi_priv_hooks_read(struct krsi_hooks *hooks, const struct btf *btf, const char *where)
{
	size_t i;
	int err;

	err = hooks_collect(hooks, btf);
	if (!err && !hooks->count)
		return krsi_priv_fail(hooks->ctx, hooks->running ? -EOPNOTSUPP : -EBADMSG,
				      "%s: its type information has no security hooks; the kernel was built without CONFIG_BPF_LSM",
				      where);
	if (!err)
		security_functions_find(hooks, btf);
	for (i = 0; i < hooks->count && !err; i++)
		err = hook_describe(&hooks->hooks[i], btf);
	if (err == -EBADMSG)
		return krsi_priv_fail(hooks->ctx, -EBADMSG, "%s: its type information is damaged", where);
	if (err)
		return krsi_priv_fail(hooks->ctx, err, "%s: no memory for its list of hooks", where);
	return 0;
}
