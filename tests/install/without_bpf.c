/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* without_bpf PROGRAM [ARG...] - run a program that bpf(2) kills. */
#include <stdio.h>
#include <unistd.h>

#include "../unit/forbid_bpf.h"

int main(int argc, char **argv)
{
	if (argc < 2 || forbid_bpf() != 0) {
		fprintf(stderr, "without_bpf: no program, or no seccomp\n");
		return 126;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
