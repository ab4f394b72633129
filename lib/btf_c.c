/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * C declarations read from the inside out, and BTF refers from the outside in: so the text grows
 * round the name while we follow the references. Of `const char *(*names)[4]` the stages are names,
 * (*names), (*names)[4], *(*names)[4], const char *(*names)[4].
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "btf_c.h"
#include "ctx.h"

/* References followed for one declaration. What needs more is a loop. */
#define STEPS_MAX 500

struct printer {
	const struct btf *btf;
	int steps;
	int err;
};

static char *declare(struct printer *printer, uint32_t id, char *inner);

/* Like asprintf, and frees `old`. NULL without memory, which the printer then remembers. */
static char *text_new(struct printer *printer, char *old, const char *fmt, ...) KRSI_PRIV_PRINTF(3, 4);

static char *text_new(struct printer *printer, char *old, const char *fmt, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	free(old);
	if (len >= 0)
		return text;
	printer->err = -ENOMEM;
	return NULL;
}

static char *damaged(struct printer *printer, char *inner)
{
	free(inner);
	printer->err = -EBADMSG;
	return NULL;
}

static const char *type_name(struct printer *printer, const struct btf_type *type)
{
	const char *name = btf__name_by_offset(printer->btf, type->name_off);

	return name && *name ? name : "{...}";
}

/* "KEYWORD NAME INNER"; the keyword is "" where C has none. */
static char *declare_named(struct printer *printer, const struct btf_type *type, const char *keyword,
			   char *inner)
{
	return text_new(printer, inner, "%s%s%s%s%s", keyword, *keyword ? " " : "", type_name(printer, type),
			*inner ? " " : "", inner);
}

static char *declare_pointer(struct printer *printer, const struct btf_type *type, char *inner)
{
	const struct btf_type *target = btf__type_by_id(printer->btf, type->type);

	if (target && (btf_is_array(target) || btf_is_func_proto(target)))
		inner = text_new(printer, inner, "(*%s)", inner);
	else
		inner = text_new(printer, inner, "*%s", inner);
	return declare(printer, type->type, inner);
}

/* A qualified pointer has the word behind its star, anything else in front of all. */
static char *declare_qualified(struct printer *printer, const struct btf_type *type, const char *word,
			       char *inner)
{
	const struct btf_type *target = btf__type_by_id(printer->btf, type->type);

	if (target && btf_is_ptr(target)) {
		inner = text_new(printer, inner, "%s%s%s", word, *inner ? " " : "", inner);
		return declare(printer, type->type, inner);
	}
	inner = declare(printer, type->type, inner);
	return inner ? text_new(printer, inner, "%s %s", word, inner) : NULL;
}

static char *declare_argument(struct printer *printer, const struct btf_param *param, bool last)
{
	const char *name = btf__name_by_offset(printer->btf, param->name_off);
	char *inner;

	if (last && param->type == 0)
		return text_new(printer, NULL, "...");
	inner = text_new(printer, NULL, "%s", name ? name : "");
	return declare(printer, param->type, inner);
}

static char *declare_function(struct printer *printer, const struct btf_type *type, char *inner)
{
	const struct btf_param *params = btf_params(type);
	uint32_t i, count = btf_vlen(type);
	char *argument, *text;

	text = text_new(printer, inner, "%s(%s", inner, count ? "" : "void");
	for (i = 0; text && i < count; i++) {
		argument = declare_argument(printer, &params[i], i > 0 && i + 1 == count);
		if (!argument) {
			free(text);
			return NULL;
		}
		text = text_new(printer, text, "%s%s%s", text, i ? ", " : "", argument);
		free(argument);
	}
	if (text)
		text = text_new(printer, text, "%s)", text);
	return declare(printer, type->type, text);
}

/* Takes `inner` over, which is NULL when a step before this one failed. */
static char *declare(struct printer *printer, uint32_t id, char *inner)
{
	const struct btf_type *type = btf__type_by_id(printer->btf, id);

	if (!inner)
		return NULL;
	if (!type || ++printer->steps > STEPS_MAX)
		return damaged(printer, inner);
	if (id == 0)
		return text_new(printer, inner, "void%s%s", *inner ? " " : "", inner);
	switch (btf_kind(type)) {
	case BTF_KIND_PTR:
		return declare_pointer(printer, type, inner);
	case BTF_KIND_ARRAY:
		inner = text_new(printer, inner, "%s[%u]", inner, btf_array(type)->nelems);
		return declare(printer, btf_array(type)->type, inner);
	case BTF_KIND_FUNC_PROTO:
		return declare_function(printer, type, inner);
	case BTF_KIND_CONST:
		return declare_qualified(printer, type, "const", inner);
	case BTF_KIND_VOLATILE:
		return declare_qualified(printer, type, "volatile", inner);
	case BTF_KIND_RESTRICT:
		return declare_qualified(printer, type, "restrict", inner);
	case BTF_KIND_TYPE_TAG:	/* an annotation such as __user, which C does not print */
		return declare(printer, type->type, inner);
	case BTF_KIND_STRUCT:
		return declare_named(printer, type, "struct", inner);
	case BTF_KIND_UNION:
		return declare_named(printer, type, "union", inner);
	case BTF_KIND_FWD:
		return declare_named(printer, type, btf_kflag(type) ? "union" : "struct", inner);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return declare_named(printer, type, "enum", inner);
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPEDEF:
		return declare_named(printer, type, "", inner);
	default:
		return damaged(printer, inner);
	}
}

int krsi_priv_btf_declare(const struct btf *btf, uint32_t id, const char *name, char **ret)
{
	struct printer printer = { .btf = btf };
	char *text;

	text = text_new(&printer, NULL, "%s", name);
	text = declare(&printer, id, text);
	if (!text)
		return printer.err;
	*ret = text;
	return 0;
}
