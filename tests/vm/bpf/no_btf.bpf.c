/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Compiled without -g. */
char LICENSE[] __attribute__((section("license"), used)) = "Dual BSD/GPL";

__attribute__((section("lsm/file_open"), used))
int no_types(void *ctx)
{
	(void)ctx;
	return 0;
}
