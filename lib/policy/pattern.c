/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* From the text of a pattern to its tokens. {} is expanded before, in pattern_braces.c. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "encoding.h"
#include "pattern.h"
#include "report.h"

#define SET_WORDS 4

struct parser {
	struct krsi_priv_arena *arena;
	struct krsi_priv_pattern_error *error;
	enum krsi_priv_pattern_kind kind;
	bool no_memory;
	bool braced;		/* it has several alternatives, so messages say which */
	struct krsi_priv_alternative *alternatives;
	size_t alternative_count;
	/* Of the alternative at hand. Scratch is as large as the whole pattern, which is enough. */
	const char *text;
	size_t at;
	struct krsi_priv_component *components;
	size_t component_count;
	struct krsi_priv_token *tokens;
	size_t token_count;
	size_t token_begin;	/* of the component at hand */
	unsigned char *bytes;
	size_t byte_count;
};

#define fail(p, ...) (krsi_priv_pattern_error_set((p)->error, __VA_ARGS__), false)

static bool no_memory(struct parser *p)
{
	p->no_memory = true;
	return false;
}

static void set_add(uint64_t *set, unsigned char byte)
{
	set[byte / 64] |= 1ULL << (byte % 64);
}

static struct krsi_priv_token *token_add(struct parser *p, enum krsi_priv_token_kind kind)
{
	struct krsi_priv_token *token = &p->tokens[p->token_count++];

	*token = (struct krsi_priv_token){ .kind = (uint8_t)kind };
	return token;
}

static void byte_add(struct parser *p, unsigned char byte)
{
	struct krsi_priv_token *last = p->token_count > p->token_begin ? &p->tokens[p->token_count - 1] : NULL;

	if (!last || last->kind != KRSI_PRIV_TOKEN_BYTES) {
		last = token_add(p, KRSI_PRIV_TOKEN_BYTES);
		last->bytes = p->bytes + p->byte_count;
	}
	p->bytes[p->byte_count++] = byte;
	last->size++;
}

static bool hex_escape(struct parser *p, unsigned char *byte)
{
	char digits[3] = { 0 };

	if (isxdigit((unsigned char)p->text[p->at + 2]))
		memcpy(digits, p->text + p->at + 2, 2);
	if (!isxdigit((unsigned char)digits[1]))
		return fail(p, "\\x at byte %zu wants two hexadecimal digits, as in \\x0a", p->at + 1);
	*byte = (unsigned char)strtoul(digits, NULL, 16);
	p->at += 4;
	if (*byte == '/' && p->kind == KRSI_PRIV_PATTERN_PATH)
		return fail(p, "a slash cannot be escaped, no name has one in it; leave the escape out");
	if (!*byte && p->kind != KRSI_PRIV_PATTERN_BINARY)
		return fail(p, "\\x00 matches nothing, there are no NUL bytes in it; leave it out");
	return true;
}

/* The byte that a backslash stands for; past it afterwards. */
static bool escape(struct parser *p, unsigned char *byte)
{
	unsigned char c = (unsigned char)p->text[p->at + 1];

	if (c == 'x')
		return hex_escape(p, byte);
	if (!c)
		return fail(p, "it ends in a backslash; write \\\\ for the character");
	if (c == '/' && p->kind == KRSI_PRIV_PATTERN_PATH)
		return fail(p, "a slash cannot be escaped, no name has one in it; leave the backslash out");
	if (isalnum(c))
		return fail(p, "\\%c at byte %zu means nothing; write \\\\ for a backslash, \\x0a for a line feed", c, p->at + 1);
	if (c < 0x20 || c >= 0x7f)
		return fail(p, "the backslash at byte %zu protects nothing; leave it out", p->at + 1);
	*byte = c;
	p->at += 2;
	return true;
}

/* A member of a set, as one byte. */
static bool set_member(struct parser *p, unsigned char *byte)
{
	unsigned char c = (unsigned char)p->text[p->at];

	if (c == '\\')
		return escape(p, byte);
	if (c == '/' && p->kind == KRSI_PRIV_PATTERN_PATH)
		return fail(p, "a / inside of [] at byte %zu; no name has one in it, leave it out", p->at + 1);
	if (c >= 0x80)
		return fail(p, "[] holds single bytes, the character at byte %zu has several; use {a,b}", p->at + 1);
	if (c == '[' && (p->text[p->at + 1] == ':' || p->text[p->at + 1] == '.' || p->text[p->at + 1] == '='))
		return fail(p, "classes such as [:alpha:] are not known; write a-z, or \\[ for the character");
	*byte = c;
	p->at++;
	return true;
}

static bool set_range(struct parser *p, size_t end, uint64_t *set)
{
	size_t begin = p->at;
	unsigned char low, high;
	unsigned int byte;

	if (!set_member(p, &low))
		return false;
	high = low;
	if (p->text[p->at] == '-' && p->at + 1 < end) {
		p->at++;
		if (!set_member(p, &high))
			return false;
	}
	if (high < low)
		return fail(p, "the range at byte %zu runs backwards; write its smaller end first", begin + 1);
	for (byte = low; byte <= high; byte++)
		set_add(set, (unsigned char)byte);
	return true;
}

static void set_negate(const struct parser *p, uint64_t *set)
{
	uint64_t never[SET_WORDS] = { 0 };
	size_t i;

	if (p->kind != KRSI_PRIV_PATTERN_BINARY)
		set_add(never, '\0');
	if (p->kind == KRSI_PRIV_PATTERN_PATH)
		set_add(never, '/');
	for (i = 0; i < SET_WORDS; i++)
		set[i] = ~set[i] & ~never[i];
}

static bool set_read(struct parser *p)
{
	size_t begin = p->at, end = krsi_priv_set_end(p->text, p->at);
	uint64_t *set = krsi_priv_arena_array(p->arena, SET_WORDS, sizeof(*set));
	bool negated;

	if (!set)
		return no_memory(p);
	p->at++;
	negated = p->text[p->at] == '!';
	p->at += negated;
	if (p->text[p->at] == '^')
		return fail(p, "[^ at byte %zu is doubtful; write [! to exclude, or \\^ for the character", begin + 1);
	if (p->at == end)
		return fail(p, "the [] at byte %zu is empty; write \\] for the character", begin + 1);
	while (p->at < end)
		if (!set_range(p, end, set))
			return false;
	p->at++;
	if (negated)
		set_negate(p, set);
	if (!set[0] && !set[1] && !set[2] && !set[3])
		return fail(p, "the [] at byte %zu leaves no character", begin + 1);
	token_add(p, KRSI_PRIV_TOKEN_SET)->set = set;
	return true;
}

/* At a *: one, or the two of a ** that is a component. */
static bool star_read(struct parser *p)
{
	const char *rest = p->text + p->at;

	if (rest[1] != '*') {
		token_add(p, KRSI_PRIV_TOKEN_STAR);
		p->at++;
		return true;
	}
	if (p->kind != KRSI_PRIV_PATTERN_PATH)
		return fail(p, "** is for paths; one * stands for any text here");
	if (p->token_count > p->token_begin || (rest[2] && rest[2] != '/'))
		return fail(p, "** must be a component of its own, as in /a/**/b; write one * within a name");
	p->components[p->component_count].any_depth = true;
	p->at += 2;
	return true;
}

static bool token_read(struct parser *p)
{
	unsigned char byte;

	switch (p->text[p->at]) {
	case '?':
		token_add(p, KRSI_PRIV_TOKEN_ANY);
		p->at++;
		return true;
	case '*':
		return star_read(p);
	case '[':
		return set_read(p);
	case '\\':
		if (!escape(p, &byte))
			return false;
		byte_add(p, byte);
		return true;
	default:
		byte_add(p, (unsigned char)p->text[p->at++]);
		return true;
	}
}

/* How many bytes a name has at least that this matches. */
static size_t component_least(const struct krsi_priv_component *component)
{
	size_t least = 0;
	uint32_t i;

	for (i = 0; i < component->count; i++) {
		if (component->tokens[i].kind == KRSI_PRIV_TOKEN_BYTES)
			least += component->tokens[i].size;
		else if (component->tokens[i].kind != KRSI_PRIV_TOKEN_STAR)
			least++;
	}
	return least;
}

static bool component_is_literal(const struct krsi_priv_component *component)
{
	return !component->any_depth &&
	       (component->count == 0 || (component->count == 1 && component->tokens[0].kind == KRSI_PRIV_TOKEN_BYTES));
}

static bool name_check(struct parser *p, const struct krsi_priv_component *component)
{
	const struct krsi_priv_token *token = component->tokens;

	if (component->any_depth) {
		if (p->component_count && p->components[p->component_count - 1].any_depth)
			return fail(p, "** twice in a row; one says the same");
		return true;
	}
	if (!component->count)
		return fail(p, "an empty component (//); leave one slash out");
	if (component_is_literal(component) && token->size <= 2 && memcmp(token->bytes, "..", token->size) == 0)
		return fail(p, "a component \"%.*s\"; write the path that it leads to", (int)token->size, (const char *)token->bytes);
	if (component_least(component) > KRSI_PRIV_COMPONENT_MAX)
		return fail(p, "a component of %zu bytes; no file's name has more than %d", component_least(component), KRSI_PRIV_COMPONENT_MAX);
	return true;
}

/* Up to the next slash or the end. */
static bool component_read(struct parser *p)
{
	bool is_path = p->kind == KRSI_PRIV_PATTERN_PATH;

	struct krsi_priv_component *component = &p->components[p->component_count];

	*component = (struct krsi_priv_component){ .tokens = p->tokens + p->token_count };
	p->token_begin = p->token_count;
	while (p->text[p->at] && !(is_path && p->text[p->at] == '/'))
		if (!token_read(p))
			return false;
	component->count = (uint32_t)(p->token_count - p->token_begin);
	if (is_path && !name_check(p, component))
		return false;
	p->component_count++;
	return true;
}

static bool path_read(struct parser *p, size_t size)
{
	size_t least = 0, i;

	if (p->text[0] != '/')
		return fail(p, "it does not begin with a slash; write the whole path, or **/ behind a first slash for any directory");
	if (size > 1 && p->text[size - 1] == '/' && p->text[size - 2] != '/')
		return fail(p, "it ends in a slash; leave that out for the directory itself, or put ** behind it for all below");
	while (p->text[p->at] == '/' && size > 1) {
		p->at++;
		if (!component_read(p))
			return false;
	}
	for (i = 0; i < p->component_count; i++)
		least += 1 + component_least(&p->components[i]);
	if (least > KRSI_PRIV_PATH_MAX)
		return fail(p, "it matches paths of %zu bytes and more; no path has more than %d", least, KRSI_PRIV_PATH_MAX);
	return true;
}

static enum krsi_priv_shape shape_of(const struct parser *p)
{
	size_t i;

	for (i = 0; i < p->component_count; i++)
		if (!component_is_literal(&p->components[i]))
			break;
	if (i == p->component_count)
		return KRSI_PRIV_SHAPE_LITERAL;
	if (i + 1 == p->component_count && p->components[i].any_depth)
		return KRSI_PRIV_SHAPE_SUBTREE;
	return KRSI_PRIV_SHAPE_GLOB;
}

/* Move the alternative out of the scratch. */
static bool alternative_keep(struct parser *p)
{
	struct krsi_priv_alternative *alternative = &p->alternatives[p->alternative_count++];
	struct krsi_priv_component *components;
	struct krsi_priv_token *tokens;
	const unsigned char *bytes;
	size_t i;

	components = krsi_priv_arena_array(p->arena, p->component_count, sizeof(*components));
	tokens = krsi_priv_arena_array(p->arena, p->token_count, sizeof(*tokens));
	bytes = (unsigned char *)krsi_priv_arena_text(p->arena, (const char *)p->bytes, p->byte_count);
	if (!components || !tokens || !bytes)
		return no_memory(p);
	for (i = 0; i < p->token_count; i++) {
		tokens[i] = p->tokens[i];
		if (tokens[i].kind == KRSI_PRIV_TOKEN_BYTES)
			tokens[i].bytes = bytes + (p->tokens[i].bytes - p->bytes);
	}
	for (i = 0; i < p->component_count; i++) {
		components[i] = p->components[i];
		components[i].tokens = tokens + (p->components[i].tokens - p->tokens);
	}
	alternative->components = components;
	alternative->count = (uint32_t)p->component_count;
	alternative->shape = (uint8_t)shape_of(p);
	return true;
}

static bool alternative_read(void *data, const char *text, size_t size)
{
	struct parser *p = data;
	struct krsi_priv_pattern_error inner;
	bool ok;

	p->text = text;
	p->at = 0;
	p->component_count = 0;
	p->token_count = 0;
	p->byte_count = 0;
	ok = p->kind == KRSI_PRIV_PATTERN_PATH ? path_read(p, size) : component_read(p);
	if (ok)
		return alternative_keep(p);
	if (p->braced && !p->no_memory) {
		inner = *p->error;
		krsi_priv_pattern_error_set(p->error, "%.250s (in %s, which its {} make)", inner.text, krsi_priv_quote(text).text);
	}
	return false;
}

/* How many bytes of `text` can be shown as they are, up to the first one that cannot. */
static size_t shown_size(const char *text, size_t size)
{
	size_t done = 0, length;

	while ((length = krsi_priv_utf8_printable(text + done, size - done)))
		done += length;
	return done;
}

/* The text again, with an escape for each byte that cannot be shown. */
static const char *text_show(struct krsi_priv_arena *arena, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	size_t left = strlen(text), used = 0, length = shown_size(text, left);
	char *copy;

	if (length == left)
		return krsi_priv_arena_text(arena, text, left);
	copy = krsi_priv_arena_alloc(arena, left * 4 + 1);
	while (copy && left) {
		length = krsi_priv_utf8_printable(text, left);
		if (length) {
			memcpy(copy + used, text, length);
			used += length;
		} else {
			length = 1;
			copy[used++] = '\\';
			copy[used++] = 'x';
			copy[used++] = digits[(unsigned char)*text >> 4];
			copy[used++] = digits[(unsigned char)*text & 15];
		}
		text += length;
		left -= length;
	}
	return copy;
}

static bool scratch_make(struct parser *p, size_t size, size_t alternatives)
{
	p->components = calloc(size + 1, sizeof(*p->components));
	p->tokens = calloc(size + 1, sizeof(*p->tokens));
	p->bytes = malloc(size + 1);
	p->alternatives = krsi_priv_arena_array(p->arena, alternatives, sizeof(*p->alternatives));
	return p->components && p->tokens && p->bytes && p->alternatives;
}

struct krsi_priv_pattern *krsi_priv_pattern_parse(struct krsi_priv_arena *arena, const char *text,
						  enum krsi_priv_pattern_kind kind,
						  struct krsi_priv_pattern_error *error)
{
	struct parser p = { .arena = arena, .error = error, .kind = kind };
	struct krsi_priv_pattern *pattern = NULL;
	size_t count, bytes;
	bool ok;

	if (!krsi_priv_pattern_cost(text, &count, &bytes, error))
		return NULL;
	p.braced = count > 1;
	ok = scratch_make(&p, strlen(text), count);
	if (ok && krsi_priv_braces_expand(text, alternative_read, &p, &p.no_memory)) {
		pattern = krsi_priv_arena_alloc(arena, sizeof(*pattern));
		if (pattern) {
			pattern->text = text_show(arena, text);
			pattern->kind = (uint8_t)kind;
			pattern->count = (uint32_t)count;
			pattern->alternatives = p.alternatives;
		}
	}
	if (!ok || p.no_memory || (pattern && !pattern->text))
		error->text[0] = '\0';
	free(p.components);
	free(p.tokens);
	free(p.bytes);
	return pattern && pattern->text ? pattern : NULL;
}

bool krsi_priv_pattern_is_literal(const struct krsi_priv_pattern *pattern)
{
	return pattern->count == 1 && pattern->alternatives[0].shape == KRSI_PRIV_SHAPE_LITERAL;
}
