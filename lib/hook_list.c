/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reading the hooks out of a kernel's BTF.
 *
 * The kernel has a function bpf_lsm_NAME for each hook, which is what programs attach to. Some
 * functions of that name are no hooks (bpf_lsm_verify_prog); the members of
 * union security_list_options tell them apart, and also have some that are no hooks
 * (lsm_func_addr). What stands in both lists is a hook.
 */
#include <ctype.h>
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "ctx.h"
#include "errors.h"
#include "hook.h"
#include "text.h"

#define LSM_PREFIX "bpf_lsm_"
#define SECURITY_PREFIX "security_"
#define BTF_MAGIC_ANY(a, b) (((a) == 0x9f && (b) == 0xeb) || ((a) == 0xeb && (b) == 0x9f))

/* No type of a hook's argument nests deeper; what does is a loop in a damaged file. */
#define TYPE_DEPTH_MAX 32

/* --- opening a file ------------------------------------------------------ */

static Elf_Data *elf_btf_section(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	const char *name;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header))
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (name && strcmp(name, ".BTF") == 0 && header.sh_type != SHT_NOBITS)
			return elf_rawdata(section, NULL);
	}
	return NULL;
}

/* btf__parse() could do this, but prints to stderr when it does not like the file. */
static struct btf *elf_btf(char *data, size_t size)
{
	struct btf *btf = NULL;
	Elf_Data *section;
	Elf *elf;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return NULL;
	elf = elf_memory(data, size);
	section = elf ? elf_btf_section(elf) : NULL;
	if (section && section->d_buf)
		btf = btf__new(section->d_buf, (uint32_t)section->d_size);
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

/* --- types in C ---------------------------------------------------------- */

/*
 * Whether the type can be printed: libbpf's printer follows the file's numbers without a check, and
 * a damaged file would crash it or keep it for ever.
 */
static bool type_is_sane(const struct btf *btf, uint32_t id, int depth)
{
	const struct btf_type *type = btf__type_by_id(btf, id);
	uint32_t i;

	if (!type || depth > TYPE_DEPTH_MAX || !btf__name_by_offset(btf, type->name_off))
		return false;
	switch (btf_kind(type)) {
	case BTF_KIND_PTR:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		return type_is_sane(btf, type->type, depth + 1);
	case BTF_KIND_ARRAY:
		return type_is_sane(btf, btf_array(type)->type, depth + 1);
	case BTF_KIND_FUNC_PROTO:
		for (i = 0; i < btf_vlen(type); i++)
			if (!btf__name_by_offset(btf, btf_params(type)[i].name_off) ||
			    !type_is_sane(btf, btf_params(type)[i].type, depth + 1))
				return false;
		return type_is_sane(btf, type->type, depth + 1);
	case BTF_KIND_UNKN:	/* void */
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FWD:
		/* Printed by name alone. Without one the whole definition would have to be printed. */
		return id == 0 || type->name_off;
	default:
		return false;
	}
}

struct printer {
	struct btf_dump *dump;
	FILE *stream;		/* while a type is printed */
};

static void emit(void *printer, const char *fmt, va_list args)
{
	vfprintf(((struct printer *)printer)->stream, fmt, args);
}

/*
 * BTF may have two different types of one name, say a struct and what another file saw of it.
 * libbpf calls the second one NAME___2, which is right for a header and wrong for people.
 */
static void numbers_strip(char *text)
{
	char *from = text, *to = text;

	while (*from) {
		if (strncmp(from, "___", 3) == 0 && isdigit((unsigned char)from[3])) {
			from += 3;
			from += strspn(from, "0123456789");
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

/* The type with `name` where C puts it; NULL without memory. */
static char *type_text(struct printer *printer, uint32_t id, const char *name)
{
	LIBBPF_OPTS(btf_dump_emit_type_decl_opts, opts, .field_name = name);
	char *text = NULL;
	size_t size;
	int err;

	printer->stream = open_memstream(&text, &size);
	if (!printer->stream)
		return NULL;
	err = btf_dump__emit_type_decl(printer->dump, id, &opts);
	if (fclose(printer->stream) != 0 || err) {
		free(text);
		return NULL;
	}
	numbers_strip(text);
	return text;
}

static char *prototype_text(struct printer *printer, uint32_t id, const char *name)
{
	char *text = type_text(printer, id, name), *full = NULL;
	size_t len = text ? strlen(text) : 0;

	if (len < 2 || strcmp(text + len - 2, "()") != 0)
		return text;
	/* To C before C23 that is a function of unknown arguments. */
	if (asprintf(&full, "%.*s(void)", (int)(len - 2), text) < 0)
		full = NULL;
	free(text);
	return full;
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

/* Where fmod_ret programs would sit: the function that calls all security modules. */
static void security_functions_find(struct krsi_hooks *hooks, const struct btf *btf)
{
	struct krsi_priv_hook key, *hook;
	const char *name;
	uint32_t id;

	for (id = 1; id < btf__type_cnt(btf); id++) {
		if (!function_parse(btf, id, SECURITY_PREFIX, &name))
			continue;
		key.name = (char *)name;
		hook = bsearch(&key, hooks->hooks, hooks->count, sizeof(key), hook_order);
		if (hook)
			hook->security_id = id;
	}
}

static int hook_describe(struct krsi_priv_hook *hook, const struct btf *btf, struct printer *printer)
{
	const struct btf_type *function = btf__type_by_id(btf, hook->lsm_id);
	const struct btf_type *proto = btf__type_by_id(btf, function->type);
	const struct btf_param *params;
	uint32_t i;

	if (!proto || !btf_is_func_proto(proto) || !type_is_sane(btf, function->type, 0))
		return -EBADMSG;
	hook->can_deny = proto->type != 0;
	params = btf_params(proto);
	hook->args = calloc(btf_vlen(proto) + 1u, sizeof(*hook->args));
	if (!hook->args)
		return -ENOMEM;
	for (i = 0; i < btf_vlen(proto); i++) {
		hook->arg_count = i + 1;
		hook->args[i].name = strdup(btf__name_by_offset(btf, params[i].name_off));
		hook->args[i].type = type_text(printer, params[i].type, "");
		if (!hook->args[i].name || !hook->args[i].type)
			return -ENOMEM;
	}
	hook->prototype = prototype_text(printer, function->type, hook->name);
	return hook->prototype ? 0 : -ENOMEM;
}

static int hooks_describe(struct krsi_hooks *hooks, const struct btf *btf)
{
	struct printer printer = { NULL, NULL };
	int err = 0;
	size_t i;

	printer.dump = btf_dump__new(btf, emit, &printer, NULL);
	if (!printer.dump)
		return -ENOMEM;
	for (i = 0; i < hooks->count && !err; i++)
		err = hook_describe(&hooks->hooks[i], btf, &printer);
	btf_dump__free(printer.dump);
	return err;
}

int krsi_priv_hooks_read(struct krsi_hooks *hooks, const struct btf *btf, const char *where)
{
	int err;

	err = hooks_collect(hooks, btf);
	if (!err && !hooks->count)
		return krsi_priv_fail(hooks->ctx, hooks->running ? -EOPNOTSUPP : -EBADMSG,
				      "%s: its type information has no security hooks; the kernel was built without CONFIG_BPF_LSM",
				      where);
	security_functions_find(hooks, btf);
	if (!err)
		err = hooks_describe(hooks, btf);
	if (err == -EBADMSG)
		return krsi_priv_fail(hooks->ctx, -EBADMSG, "%s: its type information is damaged", where);
	if (err)
		return krsi_priv_fail(hooks->ctx, err, "%s: no memory for its list of hooks", where);
	return 0;
}
