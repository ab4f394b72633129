/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What krsi status says of libkrsi's module or patches in the kernel: the switch, sealed links, programs on hooks. */
#include <stdio.h>

#include <libkrsi/krsi.h>

#include "json.h"
#include "status.h"
#include "term.h"

static const struct {
	const char *word;
	uint32_t bit;
} words[] = {
	{ "hooks", KRSI_ADDITION_HOOKS }, { "enforce", KRSI_ADDITION_ENFORCE }, { "seal", KRSI_ADDITION_SEAL },
	{ "argv", KRSI_ADDITION_ARGV }, { "audit", KRSI_ADDITION_AUDIT },
};

#define WORD_COUNT (sizeof(words) / sizeof(words[0]))

const char *status_origin(uint32_t origin)
{
	static const char *const origins[] = {
		[KRSI_ORIGIN_ABSENT] = "absent",
		[KRSI_ORIGIN_MAINLINE] = "mainline",
		[KRSI_ORIGIN_PATCH] = "patch",
		[KRSI_ORIGIN_MODULE] = "module",
	};

	return origin < sizeof(origins) / sizeof(origins[0]) ? origins[origin] : "unknown";
}

struct krsi_additions_info status_additions(const struct krsi_additions *additions)
{
	struct krsi_additions_info info = { .sz = sizeof(info) };

	krsi_additions_info(additions, &info);
	return info;
}

static const char *switch_word(uint32_t enforcing)
{
	switch (enforcing) {
	case KRSI_SWITCH_ENFORCING:
		return "enforcing";
	case KRSI_SWITCH_PERMISSIVE:
		return "permissive";
	default:
		return "unknown";
	}
}

/* --- text ----------------------------------------------------------------- */

static void program_print(const struct krsi_additions *additions, size_t i)
{
	struct krsi_additions_program program = { .sz = sizeof(program) };

	if (krsi_additions_program(additions, i, &program))
		return;
	printf("  ");
	term_text(stdout, program.hook);
	printf("  ");
	term_text(stdout, program.name);
	printf(" prog=%u link=%u tag=", program.id, program.link);
	term_text(stdout, program.tag);
	printf("%s%s\n", program.cgroup ? " cgroup" : "", program.sealed ? " sealed" : "");
}

void status_additions_print(const struct krsi_additions *additions, bool all)
{
	struct krsi_additions_info info = status_additions(additions);
	size_t i;

	if (info.origin == KRSI_ORIGIN_ABSENT)
		return;
	printf("additions         by %s:", status_origin(info.origin));
	for (i = 0; i < WORD_COUNT; i++)
		if (info.features & words[i].bit)
			printf(" %s", words[i].word);
	printf("\n");
	if (info.features & KRSI_ADDITION_ENFORCE) {
		printf("enforce switch    %s", switch_word(info.enforcing));
		if (info.enforcing == KRSI_SWITCH_PERMISSIVE)
			printf(", %llu refusals were not carried out", (unsigned long long)info.denials);
		printf("\n");
	}
	if (info.readable & KRSI_ADDITION_SEAL) {
		printf("sealed links      %s", info.sealed ? "" : "none");
		for (i = 0; i < info.sealed; i++)
			printf("%s%u", i ? ", " : "", krsi_additions_sealed(additions, i));
		printf("\n");
	}
	if (!(info.readable & KRSI_ADDITION_HOOKS))
		return;
	printf("programs on hooks %u%s\n", info.programs, all || !info.programs ? "" : " (krsi status -v lists them)");
	for (i = 0; all && i < info.programs; i++)
		program_print(additions, i);
}

/* --- JSON ----------------------------------------------------------------- */

static json_t *json_words(const struct krsi_additions_info *info)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < WORD_COUNT; i++)
		if (info->features & words[i].bit)
			json_add(&array, json_text(words[i].word));
	return array;
}

/* null when this process may not read it. */
static json_t *json_sealed(const struct krsi_additions *additions, const struct krsi_additions_info *info)
{
	json_t *array = info->readable & KRSI_ADDITION_SEAL ? json_array() : json_null();
	size_t i;

	for (i = 0; i < info->sealed; i++)
		json_add(&array, json_integer(krsi_additions_sealed(additions, i)));
	return array;
}

static json_t *json_programs(const struct krsi_additions *additions, const struct krsi_additions_info *info)
{
	json_t *array = info->readable & KRSI_ADDITION_HOOKS ? json_array() : json_null();
	struct krsi_additions_program program = { .sz = sizeof(program) };
	size_t i;

	for (i = 0; krsi_additions_program(additions, i, &program) == 0; i++)
		json_add(&array, json_pack("{s:o, s:o, s:o, s:i, s:i, s:b, s:b}", "hook", json_text(program.hook),
					   "name", json_text(program.name), "tag", json_text(program.tag),
					   "id", (int)program.id, "link", (int)program.link,
					   "cgroup", (int)program.cgroup, "sealed", (int)program.sealed));
	return array;
}

json_t *status_additions_json(const struct krsi_additions *additions)
{
	struct krsi_additions_info info = status_additions(additions);
	bool has_switch = info.enforcing != KRSI_SWITCH_UNKNOWN;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "origin", json_text(status_origin(info.origin)),
			 "features", json_words(&info),
			 "enforce", has_switch ? json_text(switch_word(info.enforcing)) : json_null(),
			 "denials", has_switch ? json_integer((json_int_t)info.denials) : json_null(),
			 "sealed", json_sealed(additions, &info), "programs", json_programs(additions, &info));
}
