/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * From YAML to a tree, through libyaml's events: nothing is allocated for a document that is too
 * deep or too large. Of YAML we take lists, maps and values on one line. Aliases, anchors, tags,
 * several documents and values over several lines are refused: each is a way to write something
 * that reads as something else.
 */
#include <string.h>
#include <yaml.h>

#include "encoding.h"
#include "node.h"

struct level {
	struct krsi_priv_node *node;	/* a list or a map */
	const char *key;		/* in a map: whose value comes next */
	struct krsi_priv_place key_place;
	bool discard;			/* the key was refused, so its value goes nowhere */
};

struct reader {
	struct krsi_priv_report *report;
	struct krsi_priv_arena *arena;
	struct krsi_priv_node *root;
	struct level levels[KRSI_PRIV_DEPTH_MAX];
	size_t depth;
	size_t nodes;
	size_t documents;
	bool done;
};

static struct krsi_priv_place place_of(yaml_mark_t mark)
{
	return (struct krsi_priv_place){ .line = (uint32_t)mark.line + 1, .column = (uint32_t)mark.column + 1 };
}

/* What usually lies behind an error of libyaml. Found by a piece of its problem or its context. */
static const char *syntax_hint(const char *problem, const char *context)
{
	static const struct {
		const char *words, *hint;
	} hints[] = {
		{ "a tag", "; to exclude a value put it in quotes: \"!value\"" },
		{ "an alias", "; put a value that begins with * in quotes" },
		{ "an anchor", "; put a value that begins with & in quotes" },
		{ "cannot start any token", "; put a value that begins with @, %, ` or a tab in quotes" },
		{ "expected ',' or", "; put a value that has { } [ ] or a comma in it in quotes: \"/{bin,sbin}/*\"" },
		{ "mapping values are not allowed", "; is the line indented as the one above it? A value that has \": \" in it goes in quotes" },
		{ "expected ':'", "; a key is followed by a colon and a space" },
		{ "unknown escape", "; in double quotes \\ belongs to YAML: write \\\\, or use single quotes" },
		{ "expected key", "; is the line indented as the one above it?" },
		{ "expected '-'", "; is the line indented as the one above it?" },
		{ "end of stream", "; a quote or a bracket is not closed" },
		{ "expected <document start>", "; is the line indented as the first one?" },
	};
	size_t i;

	for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (strstr(problem, hints[i].words) || strstr(context, hints[i].words))
			return hints[i].hint;
	return "";
}

static void syntax_error(struct reader *r, const yaml_parser_t *parser)
{
	const char *problem = parser->problem ? parser->problem : "it cannot be read";
	const char *context = parser->context ? parser->context : "";

	if (parser->error == YAML_MEMORY_ERROR) {
		krsi_priv_report_no_memory(r->report);
		return;
	}
	krsi_priv_report_error(r->report, place_of(parser->problem_mark), "not YAML: %s%s%s%s", problem,
			       *context ? " " : "", context, syntax_hint(problem, context));
}

/* Anchors and tags. False when one was reported. */
static bool properties_check(struct reader *r, const yaml_char_t *anchor, const yaml_char_t *tag,
			     struct krsi_priv_place place)
{
	if (anchor)
		krsi_priv_report_error(r->report, place, "anchors (&name) are not used here; put a value that begins with & in quotes");
	if (tag)
		krsi_priv_report_error(r->report, place, "tags (!name) are not used here; to exclude a value put it in quotes: \"!value\"");
	return !anchor && !tag;
}

/* Where the next value would go: the innermost list or map; NULL for the root. */
static struct level *top(struct reader *r)
{
	return r->depth ? &r->levels[r->depth - 1] : NULL;
}

static bool expects_key(struct reader *r)
{
	return r->depth && top(r)->node->kind == KRSI_PRIV_NODE_MAP && !top(r)->key;
}

/* `key` is NULL when the key itself was refused: then its value goes nowhere. */
static bool key_take(struct reader *r, const char *key, struct krsi_priv_place place)
{
	struct level *level = top(r);

	level->key = key ? key : "";
	level->key_place = place;
	level->discard = !key;
	if (!key)
		return true;
	if (level->node->count == KRSI_PRIV_KEYS_MAX) {
		krsi_priv_report_error(r->report, place, "more than %d keys in one place", KRSI_PRIV_KEYS_MAX);
		return false;
	}
	level->discard = krsi_priv_node_find(level->node, key);
	if (level->discard)
		krsi_priv_report_error(r->report, place, "the key %s stands here twice; make it one", krsi_priv_quote(key).text);
	return true;
}

/* Put a node where it belongs. False: there is no point in going on. */
static bool value_take(struct reader *r, struct krsi_priv_node *node)
{
	struct level *level = top(r);

	if (!node)
		return krsi_priv_report_no_memory(r->report);
	if (!level) {
		r->root = node;
		return true;
	}
	if (level->node->kind == KRSI_PRIV_NODE_MAP) {
		node->key = level->key;
		node->key_place = level->key_place;
		level->key = NULL;
	}
	if (!level->discard)
		krsi_priv_node_append(level->node, node);
	level->discard = false;
	return true;
}

static struct krsi_priv_node *node_make(struct reader *r, enum krsi_priv_node_kind kind,
					struct krsi_priv_place place)
{
	return krsi_priv_node_new(r->arena, kind, place);
}

/* Text of a scalar that we can take, or NULL with the reason reported. */
static const char *scalar_text(struct reader *r, const yaml_event_t *event, struct krsi_priv_place place)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t size = event->data.scalar.length;
	const char *copy;

	if (!properties_check(r, event->data.scalar.anchor, event->data.scalar.tag, place))
		return NULL;
	if (event->start_mark.line != event->end_mark.line) {
		krsi_priv_report_error(r->report, place, "a value over several lines; write it on one, and a list with - in front of each value");
		return NULL;
	}
	if (size > KRSI_PRIV_SCALAR_MAX) {
		krsi_priv_report_error(r->report, place, "a value of %zu bytes, at most %d are allowed", size, KRSI_PRIV_SCALAR_MAX);
		return NULL;
	}
	if (strlen(text) != size) {
		krsi_priv_report_error(r->report, place, "a NUL byte in a value; write \\x00 with single quotes around it where one is allowed");
		return NULL;
	}
	copy = krsi_priv_arena_text(r->arena, text, size);
	if (!copy)
		krsi_priv_report_no_memory(r->report);
	return copy;
}

static bool scalar(struct reader *r, const yaml_event_t *event)
{
	struct krsi_priv_place place = place_of(event->start_mark);
	const char *text = scalar_text(r, event, place);
	struct krsi_priv_node *node;

	if (r->report->no_memory)
		return false;
	if (expects_key(r))
		return key_take(r, text, place);
	node = node_make(r, text ? KRSI_PRIV_NODE_SCALAR : KRSI_PRIV_NODE_BAD, place);
	if (node) {
		node->text = text;
		node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	}
	return value_take(r, node);
}

static bool alias(struct reader *r, const yaml_event_t *event)
{
	struct krsi_priv_place place = place_of(event->start_mark);

	krsi_priv_report_error(r->report, place,
			       "aliases (*name) are not used here; put a value that begins with * in quotes, or repeat what the alias stands for");
	return expects_key(r) ? key_take(r, NULL, place) : value_take(r, node_make(r, KRSI_PRIV_NODE_BAD, place));
}

static bool open_level(struct reader *r, enum krsi_priv_node_kind kind, struct krsi_priv_place place)
{
	struct krsi_priv_node *node;

	if (expects_key(r)) {
		krsi_priv_report_error(r->report, place, "a key must be a word; is a colon or a bracket too many?");
		return false;
	}
	if (r->depth == KRSI_PRIV_DEPTH_MAX) {
		krsi_priv_report_error(r->report, place, "more than %d levels of lists and keys; a policy needs 8", KRSI_PRIV_DEPTH_MAX);
		return false;
	}
	node = node_make(r, kind, place);
	if (!value_take(r, node))
		return false;
	r->levels[r->depth++] = (struct level){ .node = node };
	return true;
}

static bool document(struct reader *r, const yaml_event_t *event)
{
	if (r->documents++ == 0)
		return true;
	krsi_priv_report_error(r->report, place_of(event->start_mark), "a second document (---); write one policy per file");
	return false;
}

/* False: there is no point in going on. */
static bool take(struct reader *r, const yaml_event_t *event)
{
	struct krsi_priv_place place = place_of(event->start_mark);

	if (r->nodes++ > KRSI_PRIV_NODES_MAX) {
		krsi_priv_report_error(r->report, place, "more than %d values; split the policy", KRSI_PRIV_NODES_MAX);
		return false;
	}
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return document(r, event);
	case YAML_ALIAS_EVENT:
		return alias(r, event);
	case YAML_SCALAR_EVENT:
		return scalar(r, event);
	case YAML_SEQUENCE_START_EVENT:
		properties_check(r, event->data.sequence_start.anchor, event->data.sequence_start.tag, place);
		return open_level(r, KRSI_PRIV_NODE_LIST, place);
	case YAML_MAPPING_START_EVENT:
		properties_check(r, event->data.mapping_start.anchor, event->data.mapping_start.tag, place);
		return open_level(r, KRSI_PRIV_NODE_MAP, place);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		r->depth--;
		return true;
	case YAML_STREAM_END_EVENT:
		r->done = true;
		return true;
	default:
		return true;
	}
}

static bool events_read(struct reader *r, yaml_parser_t *parser)
{
	yaml_event_t event;
	bool go_on = true;

	while (go_on && !r->done) {
		if (!yaml_parser_parse(parser, &event)) {
			syntax_error(r, parser);
			return false;
		}
		go_on = take(r, &event) && !krsi_priv_report_is_full(r->report);
		yaml_event_delete(&event);
	}
	return go_on;
}

bool krsi_priv_yaml_tree(struct krsi_priv_report *report, struct krsi_priv_arena *arena, const char *text, size_t size,
			 struct krsi_priv_node **root)
{
	struct reader r = { .report = report, .arena = arena };
	yaml_parser_t parser;
	bool ok;

	if (!krsi_priv_encoding_check(report, text, size))
		return false;
	if (!yaml_parser_initialize(&parser))
		return krsi_priv_report_no_memory(report);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	ok = events_read(&r, &parser);
	yaml_parser_delete(&parser);
	*root = r.root;
	return ok && !(r.root && r.root->kind == KRSI_PRIV_NODE_BAD);
}

struct krsi_priv_node *krsi_priv_yaml_read(struct krsi_priv_report *report,
					   struct krsi_priv_arena *arena, const char *text,
					   size_t size)
{
	static const struct krsi_priv_place begin = { .line = 1, .column = 1 };
	struct krsi_priv_node *root = NULL;

	if (!krsi_priv_yaml_tree(report, arena, text, size, &root))
		return NULL;
	if (root && root->kind == KRSI_PRIV_NODE_MAP)
		return root;
	krsi_priv_report_error(report, root ? root->place : begin,
			       "a policy is made of keys (version, name, rules), and this is %s; docs/policy.md has an example",
			       root ? krsi_priv_node_kind_name(root) : "empty");
	return NULL;
}
