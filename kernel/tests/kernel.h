/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What test_kernel.c and its programs tell each other. */
#ifndef KRSI_KERNEL_TESTS_KERNEL_H
#define KRSI_KERNEL_TESTS_KERNEL_H

#define NAME_SIZE 32
#define BUF_SIZE 4096
#define CUT_SIZE 4
#define MSG_SIZE 1100
#define SLOW_ROUNDS 4000

struct wish {
	unsigned int target;		/* process */
	unsigned int arg;		/* which argument to read */
	unsigned int deny_env;		/* refuse when `name` is set */
	unsigned int deny_arg;		/* refuse when the argument is --evil */
	char name[NAME_SIZE];		/* environment variable */
	char deny[NAME_SIZE];		/* refuse to make what begins so; empty: nothing */
	char msg[MSG_SIZE];		/* for the audit record */
};

struct seen {
	long long env_result, late_env_result, cut_env_result;
	int arg_result, late_arg_result, cut_arg_result;
	int slow_result, audit_result, path_result;
	unsigned int execs, rounds;
	char cut_arg[CUT_SIZE], cut_env[CUT_SIZE], path[NAME_SIZE];
	char arg[BUF_SIZE], late_arg[BUF_SIZE], env[BUF_SIZE], late_env[BUF_SIZE];
};

#endif
