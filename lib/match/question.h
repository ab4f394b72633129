/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * One operation as the matcher in user space sees it, and what all policies together say of it. The
 * kernel's programs get the same from the kernel; here `krsi test` has it from written cases, and
 * `krsi replay` from recorded events.
 *
 * Everything is borrowed for the call. All zeroes mean that nothing is known, and what is not known
 * has no value: it fits no entry, so that a condition holds only when it asks for none.
 */
#ifndef KRSI_PRIV_MATCH_QUESTION_H
#define KRSI_PRIV_MATCH_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compile.h"

#define KRSI_PRIV_NAMESPACES 8		/* in the order of KRSI_PRIV_KEY_NS_* */
#define KRSI_PRIV_FILES_MAX 4		/* of one operation */

/* Bytes of any value, without a NUL at the end. NULL: not known. */
struct krsi_priv_bytes {
	const void *at;
	size_t size;
};

/* A file, whatever it is called. Inode 0: not known. */
struct krsi_priv_object_id {
	uint32_t device;	/* as the kernel's s_dev has it: major << 20 | minor */
	uint64_t inode;
};

/*
 * Where a file is. The path is absolute, without "." and "..", and "/" for the root directory. The
 * directories are all that are above it, in any order; with a link or a mount they need not be those of the path.
 */
struct krsi_priv_location {
	struct krsi_priv_bytes path;
	struct krsi_priv_object_id id;
	const struct krsi_priv_object_id *directories;
	size_t directory_count;
};

struct krsi_priv_process {
	struct krsi_priv_location exe, script;
	uint32_t uid, gid;		/* effective */
	const uint32_t *groups;		/* supplementary */
	size_t group_count;
	uint32_t login_uid;		/* UINT32_MAX: unset */
	uint64_t capabilities;		/* effective: bit n is capability n */
	const char *cgroup;		/* "/a/b", "" is the root of the hierarchy; NULL: not known */
	const char *container;		/* NULL: in none */
	uint64_t namespaces[KRSI_PRIV_NAMESPACES];	/* inode numbers; 0: not known */
	const char *const *tags;
	size_t tag_count;
	const struct krsi_priv_process *parent;	/* and so on, up to the first; NULL: not known, or none */
};

struct krsi_priv_file {
	struct krsi_priv_location location;
	bool unresolved;		/* where it is could not be found out */
	bool has_attributes;		/* those below are known */
	uint32_t roles;			/* bits of enum image_role: PATH, SOURCE, TARGET; all but the paths are asked of PATH */
	uint32_t mode;			/* with the type, as in stat(2) */
	uint32_t owner;
	uint32_t facts;			/* bits of enum krsi_priv_fact */
	const char *filesystem;		/* NULL: not known */
};

struct krsi_priv_question {
	uint32_t operation;		/* enum krsi_priv_operation_number; those without a word as well */
	const struct krsi_priv_process *subject;
	struct krsi_priv_file files[KRSI_PRIV_FILES_MAX];
	size_t file_count;

	bool has_address, has_port, has_family, has_signal;
	uint8_t address[16];		/* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
	uint16_t family;
	struct krsi_priv_bytes unix_path;	/* of a unix socket with a file */
	struct krsi_priv_bytes abstract;	/* of one without, the NUL in front left out */

	const struct krsi_priv_process *target;	/* the process that is acted on; NULL: none */
	uint32_t signal;
	uint64_t wanted_capabilities;		/* process.capset */
	struct krsi_priv_bytes module;
	const struct krsi_priv_bytes *argv, *env;	/* process.exec: each argument, each NAME=VALUE */
	size_t argv_count, env_count;
	struct krsi_priv_bytes source;		/* of a mount, when it is no file; its path otherwise is that of a file */
	const char *fstype;			/* that is mounted; NULL: not known */

	const struct krsi_priv_bits *tag_bits;	/* as krsi_priv_image_compile() left them; NULL: nobody has a tag */
};

/* A clause that applied and is reported. */
struct krsi_priv_told {
	uint8_t kind;			/* enum image_clause_kind: a rule or a default */
	uint8_t outcome;		/* bits of enum match_outcome */
	uint16_t policy;		/* by their order when they were compiled */
	uint16_t rule;			/* by its order in the policy; 0 for a default */
};

struct krsi_priv_answer {
	int error;			/* a positive errno to refuse with; 0: allowed */
	uint32_t signal;		/* to be sent to the subject; 0: none */
	bool has_too_many_hits;		/* more meanings than there is room for: it was taken for unresolved */
	struct krsi_priv_told by;	/* what refuses; its kind is 0 when nothing does */
	struct krsi_priv_told allowed_by;	/* the first rule that decided to allow it; it may be refused by another policy */
	struct krsi_priv_told *told;	/* in the order in which they were asked */
	size_t told_count;
	uint64_t tags;			/* that were put on the subject: bits of `tag_bits` */
	uint64_t tree_tags;		/* those of them that its descendants get */
};

/*
 * Ask. Limits of events are not looked at: each question stands for itself.
 *
 * 0, or with `ret` untouched: -EINVAL: no such operation, or no subject, -ENOMEM.
 */
int krsi_priv_match(const struct krsi_priv_image *image, const struct krsi_priv_question *question,
		    struct krsi_priv_answer *ret);

/* Free what is in it, not `answer` itself. All zeroes are fine. */
void krsi_priv_answer_free(struct krsi_priv_answer *answer);

#endif
