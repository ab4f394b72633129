/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "verifier_hint.h"

/* Words of the verifier, the more particular ones first, and what an author can do. */
static const struct {
	const char *words;
	const char *hint;
} hints[] = {
	/* 6.12 and later want to see that an LSM hook gets an errno; what lsm_cgroup programs return is no errno at all. */
	{ "should have been in [-4095, 0]",
	  "since Linux 6.12 a program on a security hook must be seen to return 0 or a negative errno; limit what comes from a map or a "
	  "call before it is returned: if (ret < -4095 || ret > 0) ret = -EPERM;" },
	{ "should have been in [0, 1]",
	  "return 1 or 0: an lsm_cgroup program allows with 1, and refuses with 0 (bpf_set_retval() says with which error); a hook that "
	  "returns bool has no other values" },
	{ "should have been in (0x0; 0x1)",
	  "return 1 or 0: an lsm_cgroup program allows with 1, and refuses with 0 (bpf_set_retval() says with which error)" },
	{ "should have been in (0x1; 0x1)", "return 1: this hook cannot refuse" },
	{ "should have been in [1, 1]", "return 1: this hook cannot refuse" },
	{ "should have been in", "return a value of this range; compare before you return what the verifier cannot foresee" },

	{ "points to disabled hook", "this kernel lets no program onto the hook; krsi hooks --try tells which ones it does" },
	{ "is not sleepable", "programs on this hook may not sleep in this kernel; use the section lsm/ in place of lsm.s/" },
	{ "Sleepable programs can only use", "use one of these kinds of maps, or the section lsm/ in place of lsm.s/" },
	{ "helper call might sleep", "use the section lsm.s/ in place of lsm/, where the hook allows it (krsi hooks --try)" },
	{ "must have a GPL compatible license", "char LICENSE[] SEC(\"license\") = \"Dual BSD/GPL\";" },
	{ "from non-GPL compatible program", "char LICENSE[] SEC(\"license\") = \"Dual BSD/GPL\";" },
	{ "calling kernel function", "this kernel does not let programs of this kind call it; declare it __ksym __weak and ask bpf_ksym_exists()" },
	{ "cannot use helper", "this kernel has no such helper for programs of this kind; bpftool feature lists those it has" },
	{ "unknown func", "this kernel has no such helper for programs of this kind; bpftool feature lists those it has" },
	{ "failed to resolve CO-RE relocation", "this kernel's type is another one; ask bpf_core_field_exists() or bpf_core_type_exists() before it is read" },

	{ "map_value_or_null", "a look-up may find nothing: compare with NULL first" },
	{ "ptr_or_null_", "it may be NULL in this kernel, even where older ones did not say so: compare with NULL first" },
	{ "ossibly NULL pointer", "compare with NULL first" },
	{ "invalid mem access 'scalar'", "it is a number to the verifier: read the kernel's memory by bpf_probe_read_kernel() or BPF_CORE_READ()" },
	{ "invalid mem access 'inv'", "it is a number to the verifier: read the kernel's memory by bpf_probe_read_kernel() or BPF_CORE_READ()" },
	{ "infinite loop detected", "give the loop an end that the verifier can count to" },
	{ "back-edge from insn", "this kernel wants loops unrolled: #pragma unroll" },
	{ "BPF program is too large", "the verifier has followed too many ways through the program: fewer branches in loops, or functions of their own "
	  "that are not static" },
	{ "too complex", "the verifier has followed too many ways through the program: fewer branches in loops, or functions of their own "
	  "that are not static" },
	{ "combined stack size", "all functions on the way down share 512 bytes: put large variables into a map" },
};

static const char *const readers[] = { "bpf_probe_read_kernel", "bpf_probe_read_kernel_str", "bpf_probe_read" };

static bool has(const char *line, size_t length, const char *words)
{
	return memmem(line, length, words, strlen(words));
}

/* Under this lockdown the helpers that read the kernel's memory are as good as not there. */
static bool is_locked_down(const char *line, size_t length, const char *lockdown)
{
	size_t i;

	if (strcmp(lockdown, "confidentiality") != 0 ||
	    (!has(line, length, "unknown func") && !has(line, length, "cannot use helper")))
		return false;
	for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (has(line, length, readers[i]))
			return true;
	return false;
}

const char *krsi_priv_verifier_hint(const char *message, const char *lockdown)
{
	size_t length = strcspn(message, "\n"), i;

	if (is_locked_down(message, length, lockdown))
		return "kernel lockdown is in confidentiality mode, in which programs may not read kernel memory; boot with lockdown=integrity, "
		       "as a running kernel's lockdown cannot be loosened";
	for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (has(message, length, hints[i].words))
			return hints[i].hint;
	return NULL;
}
