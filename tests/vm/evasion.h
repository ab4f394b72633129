/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the evasion suite shares. Each case is an attempt to reach an object or to do an act in spite
 * of a rule. It proves first that the plain act is denied and an innocent one is not; then it tries
 * the other way, and asserts what whoever wrote the rule would expect. docs/bypasses.md lists the
 * attempts; one that is open there is asserted to be so, that it be noticed when this changes.
 *
 * The cases of single operations share it as well: operation.h.
 */
#ifndef KRSI_TESTS_VM_EVASION_H
#define KRSI_TESTS_VM_EVASION_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "engine.h"
#include "policies.h"

/*
 * Made afresh for each case:
 *   vault/secret, vault/sub/deep   what rules protect
 *   open/neighbour, open/file      what no rule is about, and a place for whoever evades
 */
#define DIR "/tmp/evasion"
#define VAULT DIR "/vault"
#define SECRET VAULT "/secret"
#define DEEP VAULT "/sub/deep"
#define OPEN DIR "/open"
#define NEIGHBOUR OPEN "/neighbour"

/* No system call gives this error by itself, so it is from the rule. */
#define DENIED EKEYREJECTED
#define DENY "action: { deny: EKEYREJECTED } }\n"

/* A rule on `operations`, and on the paths that are meant most. */
#define RULE(operations, object) "  - { name: r, on: " operations ", object: { " object " }, " DENY
#define OPEN_SECRET RULE("file.open", "path: " SECRET)
#define GROUPS_SECRET RULE("[file.read, file.write]", "path: " SECRET)
#define OPEN_VAULT RULE("file.open", "path: \"" VAULT "/**\"")
#define GROUPS_VAULT RULE("[file.read, file.write]", "path: \"" VAULT "/**\"")

#define evasion_test(name) cmocka_unit_test_setup_teardown(name, evasion_setup, evasion_teardown)

/* cmocka's setup of a part: the engine that all share, with all its programs unless PARTS names some. */
int evasion_group_setup(void **state);
/* Of a case: the files. Teardown ends what policy is in force. */
int evasion_setup(void **state);
int evasion_teardown(void **state);

/* Bring these rules into force, in place of others. */
void policy_start(const char *rules);
void policy_stop(void);

/* 0, or the errno of a call that returned a negative number. */
#define tried(call) ((call) < 0 ? errno : 0)
/* The same for one that returns a descriptor, which is closed. */
int opened(int fd);

int reads(const char *path);		/* open and read it */
int writes(const char *path);
int reads_at(int dir, const char *name);

#define denied(result) assert_int_equal((result), DENIED)
#define allowed(result) assert_int_equal((result), 0)

/* Most cases begin with this: SECRET is denied, NEIGHBOUR is not. */
void prove_reads(void);
void prove_deep(void);

void file_make(const char *path, const char *text);
/*
 * A program to execute: a copy of the running one. victim_main() at the beginning of main() makes it do
 * what the variable VICTIM of its environment says, and ends it:
 *   run          nothing
 *   read PATH
 *   exec PATH    execute OTHER_PROGRAM to do that
 *   thread PATH  the same, from a thread that is not the first
 *   child PATH   have a child read it
 *   wait ...     any of these, but not before waits_end()
 */
#define OTHER_PROGRAM OPEN "/program"
void program_make(const char *path);
void file_copy(const char *from, const char *to);
void victim_main(void);
void *victim_executes(void *victim);	/* become OTHER_PROGRAM with this VICTIM; a function for threads */

/*
 * Execute a file with these arguments (NULL: only its name) and VICTIM. 0 when it ran and was allowed
 * what it did; an errno when it could not be executed, or by which it was refused; EXITED + its
 * exit code when it ended in another way; SIGNALED + a signal.
 */
#define EXITED 1000
#define SIGNALED 2000
int executes(const char *path, const char *const *argv, const char *victim);
int executes_fd(int fd, const char *victim);	/* by execveat(2) of the descriptor itself */
/* What the two give when the victim is executed in this process. */
int outcome(int status);

/* A process of that program, which is in its main() when this returns; what it does then is its outcome. */
struct waiting {
	pid_t pid;
	int go;
};
struct waiting waits_start(const char *path, const char *victim);
int waits_end(struct waiting *waiting);

/*
 * Do something in a child, whose files, root and namespaces are its own business: what it returns, 0
 * or an errno. must() in it ends it, and fails the case.
 */
int attempt(int (*act)(void));
int attempt_in_namespace(int (*act)(void));	/* with mounts of its own */
int attempt_after(void (*before)(void), int (*act)(void));
#define must(condition) ((condition) ? (void)0 : must_fail(#condition, __FILE__, __LINE__))
void must_fail(const char *what, const char *file, int line) __attribute__((noreturn));

/* Mounts of its own for this process from here on, of which nobody else sees anything. */
void namespace_leave(void);

/* All of it into the file: for /proc files. */
int text_write(const char *path, const char *text);

#endif
