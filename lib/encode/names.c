/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Names of users and groups, kept for a while: asking for one may take a server's answer. */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "encode.h"

#define ENTRIES 256
#define NAME_SIZE 64		/* a longer one is not told */
#define SECONDS 60		/* that a name is kept */
#define ANSWER_SIZE 16384	/* members of a group are in an answer too; what does not fit has no name */

struct entry {
	bool has;
	uint32_t id;
	time_t until;
	char name[NAME_SIZE];	/* "": none */
};

struct krsi_priv_names {
	struct entry users[ENTRIES], groups[ENTRIES];
	char answer[ANSWER_SIZE];
};

struct krsi_priv_names *krsi_priv_names_new(void)
{
	return calloc(1, sizeof(struct krsi_priv_names));
}

void krsi_priv_names_free(struct krsi_priv_names *names)
{
	free(names);
}

static const char *user_ask(struct krsi_priv_names *names, uint32_t uid)
{
	struct passwd user, *found = NULL;

	return getpwuid_r(uid, &user, names->answer, sizeof(names->answer), &found) || !found ? NULL : found->pw_name;
}

static const char *group_ask(struct krsi_priv_names *names, uint32_t gid)
{
	struct group group, *found = NULL;

	return getgrgid_r(gid, &group, names->answer, sizeof(names->answer), &found) || !found ? NULL : found->gr_name;
}

static const char *find(struct krsi_priv_names *names, struct entry *entries, uint64_t id,
			const char *(*ask)(struct krsi_priv_names *names, uint32_t id))
{
	struct entry *entry = &entries[id % ENTRIES];
	struct timespec now;
	const char *name;

	if (id >= UINT32_MAX)
		return NULL;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!entry->has || entry->id != id || now.tv_sec >= entry->until) {
		name = ask(names, (uint32_t)id);
		*entry = (struct entry){ .has = true, .id = (uint32_t)id, .until = now.tv_sec + SECONDS };
		if (name && strlen(name) < NAME_SIZE)
			strcpy(entry->name, name);
	}
	return entry->name[0] ? entry->name : NULL;
}

const char *krsi_priv_user_name(struct krsi_priv_names *names, uint64_t uid)
{
	return names ? find(names, names->users, uid, user_ask) : NULL;
}

const char *krsi_priv_group_name(struct krsi_priv_names *names, uint64_t gid)
{
	return names ? find(names, names->groups, gid, group_ask) : NULL;
}
