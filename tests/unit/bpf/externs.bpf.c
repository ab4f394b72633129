/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What an object can want from the kernel, with and without insisting. Never loaded. */
#include <libkrsi/bpf/krsi.bpf.h>

extern int strong_function(int) __ksym;
extern int weak_function(int) __ksym __weak;
extern const int strong_variable __ksym;
extern const int weak_variable __ksym __weak;
extern _Bool CONFIG_STRONG __kconfig;
extern _Bool CONFIG_WEAK __kconfig __weak;
extern int LINUX_KERNEL_VERSION __kconfig;

/* Symbols of the object itself are none of these. */
int global_variable;
static volatile int local_variable;

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("lsm/file_open")
int wants_much(void *ctx)
{
	int sum = local_variable + strong_function(1) + CONFIG_STRONG + LINUX_KERNEL_VERSION + *(volatile int *)&strong_variable;

	if (weak_function)
		sum += weak_function(2);
	if (&weak_variable)
		sum += *(volatile int *)&weak_variable;
	global_variable = sum;
	return CONFIG_WEAK ? -1 : 0;
}
