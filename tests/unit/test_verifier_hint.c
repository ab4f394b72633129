/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What an author is told to do, for messages as kernels write them. */
#include "unit.h"

#include <string.h>

#include "verifier_hint.h"

static const struct {
	const char *message;
	const char *lockdown;
	const char *want;	/* NULL: there is nothing to say */
} messages[] = {
	{ "At program exit the register R0 has unknown scalar value should have been in [-4095, 0]", "none", "must be seen to return 0 or a negative errno" },
	{ "At program exit the register R0 has smin=0 smax=7 should have been in [-4095, 0]\n  at instruction 4: (95) exit", "none", "limit what comes" },
	{ "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]", "none", "bpf_set_retval()" },
	{ "At program exit the register R0 has value (0x2; 0x0) should have been in (0x0; 0x1)", "none", "lsm_cgroup program allows with 1" },
	{ "At program exit the register R0 has value (0x0; 0x0) should have been in (0x1; 0x1)", "none", "cannot refuse" },
	{ "At program exit the register R0 has smin=5 smax=5 should have been in [0, 0]", "none", "return a value of this range" },
	{ "attach_btf_id 12345 points to disabled hook bpf_lsm_vm_enough_memory", "none", "krsi hooks --try" },
	{ "bpf_lsm_path_mkdir is not sleepable", "none", "lsm/ in place of lsm.s/" },
	{ "Sleepable programs can only use array, hash, and ringbuf maps", "none", "one of these kinds" },
	{ "helper call might sleep in a non-sleepable prog", "none", "lsm.s/ in place of lsm/" },
	{ "LSM programs must have a GPL compatible license", "none", "SEC(\"license\")" },
	{ "unknown func bpf_probe_read_kernel_str#115", "none", "no such helper" },
	{ "unknown func bpf_probe_read_kernel_str#115", "integrity", "no such helper" },
	{ "unknown func bpf_probe_read_kernel_str#115", "confidentiality", "boot with lockdown=integrity" },
	{ "program of this type cannot use helper bpf_probe_read_kernel#113", "confidentiality", "boot with lockdown=integrity" },
	{ "unknown func bpf_d_path#147", "confidentiality", "no such helper" },
	{ "calling kernel function bpf_read_minds is not allowed", "none", "bpf_ksym_exists()" },
	{ "failed to resolve CO-RE relocation <byte_off> [13] struct task_struct.shoe_size (0:0 @ offset 0)", "none", "bpf_core_field_exists()" },
	{ "R0 invalid mem access 'map_value_or_null'", "none", "a look-up may find nothing" },
	{ "R1 invalid mem access 'trusted_ptr_or_null_'", "none", "may be NULL in this kernel" },
	{ "Possibly NULL pointer passed to trusted arg0", "none", "compare with NULL" },
	{ "R0 invalid mem access 'scalar'", "none", "BPF_CORE_READ()" },
	{ "R0 invalid mem access 'inv'", "none", "BPF_CORE_READ()" },
	{ "infinite loop detected at insn 4", "none", "an end" },
	{ "BPF program is too large. Processed 1000001 insn", "none", "too many ways" },
	{ "combined stack size of 3 calls is 544. Too large", "none", "512 bytes" },
	{ "R1 type=scalar expected=fp", "none", NULL },
	/* Only what the verifier says counts, not the source. */
	{ "R1 type=scalar expected=fp\n  compiled from: /* should have been in [0, 1] */", "none", NULL },
	{ "", "none", NULL },
};

static void test_messages_have_their_hint(void **state)
{
	const char *hint;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(messages); i++) {
		hint = krsi_priv_verifier_hint(messages[i].message, messages[i].lockdown);
		if (!hint != !messages[i].want || (hint && !strstr(hint, messages[i].want)))
			fail_msg("%s: %s", messages[i].message, hint ? hint : "nothing");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { ctx_test(test_messages_have_their_hint) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
