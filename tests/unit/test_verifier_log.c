/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Finding the line that counts in what verifiers of all ages write. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier_log.h"

static const struct {
	const char *what;
	const char *log;
	const char *want;	/* NULL: there is no message */
	unsigned long processed;
} logs[] = {
	{ "nothing at all", "", NULL, 0 },
	{ "statistics alone (5.10)",
	  "processed 12 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 1\n", NULL, 12 },
	{ "statistics alone (6.x)",
	  "verification time 1234 usec\nstack depth 24+0\n"
	  "processed 1053 insns (limit 1000000) max_states_per_insn 4 total_states 60 peak_states 60 mark_read 11\n", NULL, 1053 },
	{ "a program that was taken, traced",
	  "func#0 @0\n0: R1=ctx(off=0,imm=0) R10=fp0\n; return ret; @ good.bpf.c:12\n"
	  "0: (79) r0 = *(u64 *)(r1 +8)          ; R0_w=scalar() R1=ctx(off=0,imm=0)\n1: (95) exit\n"
	  "processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n", NULL, 2 },
	{ "5.10, errors only",
	  "R0 invalid mem access 'inv'\n"
	  "processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n",
	  "R0 invalid mem access 'inv'", 3 },
	{ "5.10, with statistics of its level",
	  "R0 invalid mem access 'inv'\nverification time 87 usec\nstack depth 0\n"
	  "processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n",
	  "R0 invalid mem access 'inv'", 3 },
	{ "5.10, traced",
	  "; int BPF_PROG(bad, struct file *file, int ret)\n0: (79) r6 = *(u64 *)(r1 +8)\n"
	  "; volatile __u64 *wild = (void *)(long)bpf_get_prandom_u32();\n1: (85) call bpf_get_prandom_u32#7\n"
	  "\nfrom 1 to 2: R0_w=inv(id=0) R6_w=inv(id=0) R10=fp0\n"
	  "; return *wild == 1 ? ret : 0;\n2: (79) r1 = *(u64 *)(r0 +0)\nR0 invalid mem access 'inv'\n"
	  "processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n",
	  "R0 invalid mem access 'inv'\n  at instruction 2: (79) r1 = *(u64 *)(r0 +0)\n"
	  "  compiled from: return *wild == 1 ? ret : 0;", 3 },
	{ "6.1, with a remark before the trace",
	  "reg type unsupported for arg#0 function bad#22\n0: R1=ctx(off=0,imm=0) R10=fp0\n"
	  "; int BPF_PROG(bad, struct file *file, int ret)\n"
	  "0: (79) r6 = *(u64 *)(r1 +8)          ; R1=ctx(off=0,imm=0) R6_w=scalar()\n"
	  "; volatile __u64 *wild = (void *)(long)bpf_get_prandom_u32();\n"
	  "1: (85) call bpf_get_prandom_u32#7    ; R0_w=scalar()\n"
	  "; return *wild == 1 ? ret : 0;\n2: (79) r1 = *(u64 *)(r0 +0)\nR0 invalid mem access 'scalar'\n"
	  "processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n",
	  "R0 invalid mem access 'scalar'\n  at instruction 2: (79) r1 = *(u64 *)(r0 +0)\n"
	  "  compiled from: return *wild == 1 ? ret : 0;", 3 },
	{ "6.12, with the place in the source",
	  "Live regs before insn:\n"
	  "  0: .1........ (79) r6 = *(u64 *)(r1 +8)\n"
	  "0: R1=ctx() R10=fp0\n; return *wild == 1 ? ret : 0; @ refused.bpf.c:22\n"
	  "2: (79) r1 = *(u64 *)(r0 +0)\nR0 invalid mem access 'scalar'\n"
	  "processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n",
	  "R0 invalid mem access 'scalar'\n  at instruction 2: (79) r1 = *(u64 *)(r0 +0)\n"
	  "  compiled from: return *wild == 1 ? ret : 0; @ refused.bpf.c:22", 3 },
	{ "a remark alone is no refusal",
	  "reg type unsupported for arg#0 function kind_lsm#33\n"
	  "processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n", NULL, 9 },
	{ "an older kernel's remark alone",
	  "arg#0 reference type('UNKNOWN ') size cannot be determined: -22\nprocessed 9 insns (limit 1000000) mark_read 0\n", NULL, 9 },
	{ "the same words of a kernel function's argument",
	  "reg type unsupported for arg#0 kernel function bpf_read_minds#1234\nprocessed 4 insns (limit 1000000)\n",
	  "reg type unsupported for arg#0 kernel function bpf_read_minds#1234", 4 },
	{ "a type that CO-RE could not find, as libbpf rewrites it",
	  "0: R1=ctx() R10=fp0\n; sink = task->shoe_size;\n"
	  "1: <invalid CO-RE relocation>\n"
	  "failed to resolve CO-RE relocation <byte_off> [13] struct task_struct.shoe_size (0:0 @ offset 0)\n"
	  "processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n",
	  "failed to resolve CO-RE relocation <byte_off> [13] struct task_struct.shoe_size (0:0 @ offset 0)\n"
	  "  at instruction 1: <invalid CO-RE relocation>\n  compiled from: sink = task->shoe_size;", 2 },
	{ "the same without the trace that libbpf would need",
	  "invalid func unknown#195896080\nprocessed 2 insns (limit 1000000)\n", "invalid func unknown#195896080", 2 },
	{ "the second line of two says what was wrong",
	  "invalid access to map value, value_size=8 off=8 size=8\nR0 min value is outside of the allowed memory range\n"
	  "processed 10 insns (limit 1000000)\n", "R0 min value is outside of the allowed memory range", 10 },
	{ "traces of precision behind the last instruction",
	  "; buf[len] = 0;\n15: (73) *(u8 *)(r1 +0) = r2\n"
	  "mark_precise: frame0: last_idx 15 first_idx 9 subseq_idx -1\n"
	  "mark_precise: frame0: regs=r1 stack= before 14: (0f) r1 += r0\n"
	  "last_idx 15 first_idx 9\nregs=1 stack=0 before 14: (0f) r1 += r0\n"
	  "parent didn't have regs=1 stack=0 marks\n"
	  "invalid access to map value, value_size=16 off=255 size=1\n"
	  "verification time 210 usec\nstack depth 32\nprocessed 16 insns (limit 1000000)\n",
	  "invalid access to map value, value_size=16 off=255 size=1\n  at instruction 15: (73) *(u8 *)(r1 +0) = r2\n"
	  "  compiled from: buf[len] = 0;", 16 },
	{ "a loop, with the two states (6.7)",
	  "; while (x) @ loop.bpf.c:9\n262: (15) if r1 == 0x0 goto pc+1\n"
	  "infinite loop detected at insn 262\n"
	  "cur state: R0=0 R1_w=scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff)) R10=fp0\n"
	  "old state: R0=0 R1_rw=scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff)) R10=fp0\n"
	  "processed 266 insns (limit 1000000)\n",
	  "infinite loop detected at insn 262\n  at instruction 262: (15) if r1 == 0x0 goto pc+1\n"
	  "  compiled from: while (x) @ loop.bpf.c:9", 266 },
	{ "too large",
	  "BPF program is too large. Processed 1000001 insn\nverification time 812000 usec\nstack depth 448\n"
	  "processed 1000001 insns (limit 1000000) max_states_per_insn 38 total_states 12345 peak_states 999 mark_read 77\n",
	  "BPF program is too large. Processed 1000001 insn", 1000001 },
	{ "a value that a hook must not return (6.12)",
	  "At program exit the register R0 has smin=1 smax=1 should have been in [-4095, 0]\nprocessed 2 insns (limit 1000000)\n",
	  "At program exit the register R0 has smin=1 smax=1 should have been in [-4095, 0]", 2 },
	{ "a helper that is not for this kind of program",
	  "0: R1=ctx(off=0,imm=0) R10=fp0\n; bpf_d_path(&file->f_path, path, sizeof(path));\n7: (85) call bpf_d_path#147\n"
	  "helper call is not allowed in probe\nprocessed 8 insns (limit 1000000)\n",
	  "helper call is not allowed in probe\n  at instruction 7: (85) call bpf_d_path#147\n"
	  "  compiled from: bpf_d_path(&file->f_path, path, sizeof(path));", 8 },
	{ "refused before the first instruction", "number of funcs in func_info doesn't match number of subprogs\n",
	  "number of funcs in func_info doesn't match number of subprogs", 0 },
	{ "cut at the end of the buffer", "R0 invalid mem acc", "R0 invalid mem acc", 0 },
	{ "a call with frames",
	  "caller:\n frame1: R1=fp0 R10=fp0\ncallee:\n frame1: R1=ctx() R10=fp0\n; f(x);\n3: (85) call pc+4\n"
	  "Func#1 is global and valid. Skipping.\nreturning from callee:\n R0=scalar()\nto caller at 4:\n R0=scalar()\n"
	  "; return p->x;\n5: (61) r0 = *(u32 *)(r6 +0)\nR6 !read_ok\nprocessed 9 insns (limit 1000000)\n",
	  "R6 !read_ok\n  at instruction 5: (61) r0 = *(u32 *)(r6 +0)\n  compiled from: return p->x;", 9 },
	{ "a report behind the message (7.3)",
	  "; return *wild == 1 ? ret : 0; @ refused.bpf.c:22\n4: (79) r1 = *(u64 *)(r0 +0)\nR0 invalid mem access 'scalar'\n\n"
	  "Verification failed: Register Type Safety: Invalid dereference\n\nReason:\n  R0 is an integer scalar here.\n\n"
	  "At:\n  bad @ refused.bpf.c:22:9\n  Source context:\n  >>> 22 |         return *wild == 1 ? ret : 0;\n\n"
	  "Suggestion:\n  Preserve a pointer-valued register where needed, or reload\n  the pointer.\n\n"
	  "processed 5 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n",
	  "R0 invalid mem access 'scalar'\n  at instruction 4: (79) r1 = *(u64 *)(r0 +0)\n"
	  "  compiled from: return *wild == 1 ? ret : 0; @ refused.bpf.c:22", 5 },
	{ "a report alone", "Verification failed: Policy: Operation is not allowed\n\nReason:\n  It is not.\n\nprocessed 5 insns (limit 1000000)\n",
	  "Policy: Operation is not allowed", 5 },
	{ "a program that speaks of such a report", "; say(\"Verification failed: no\");\n3: (79) r1 = *(u64 *)(r0 +0)\nR0 !read_ok\nprocessed 5 insns\n",
	  "R0 !read_ok\n  at instruction 3: (79) r1 = *(u64 *)(r0 +0)\n  compiled from: say(\"Verification failed: no\");", 5 },
	{ "empty lines", "\n\n\nR1 !read_ok\n\n\n", "R1 !read_ok", 0 },
};

static void test_message_is_the_line_that_counts(void **state)
{
	char text[1024];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(logs); i++) {
		bool found = krsi_priv_verifier_message(logs[i].log, text, sizeof(text));

		if (found != !!logs[i].want)
			fail_msg("%s: %s", logs[i].what, found ? text : "no message");
		if (found && strcmp(text, logs[i].want) != 0)
			fail_msg("%s: \"%s\"", logs[i].what, text);
	}
}

static void test_suggestion_of_a_report_is_one_line(void **state)
{
	char text[128] = "old";
	size_t i, found = 0;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(logs); i++) {
		if (!krsi_priv_verifier_suggestion(logs[i].log, text, sizeof(text))) {
			assert_string_equal(text, "");
			continue;
		}
		assert_string_equal(text, "Preserve a pointer-valued register where needed, or reload the pointer.");
		assert_true(krsi_priv_verifier_suggestion(logs[i].log, text, 10));
		assert_string_equal(text, "Preserve ");
		found++;
	}
	assert_int_equal(found, 1);
	/* Words of the program's are none of the verifier's. */
	assert_false(krsi_priv_verifier_suggestion("; \nSuggestion:\n  none\nR0 !read_ok\n", text, sizeof(text)));
}

static void test_instructions_are_counted(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(logs); i++)
		if (krsi_priv_verifier_processed(logs[i].log) != logs[i].processed)
			fail_msg("%s: %lu", logs[i].what, krsi_priv_verifier_processed(logs[i].log));
}

static void test_message_is_cut_to_any_buffer(void **state)
{
	char whole[1024];
	size_t i, size;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(logs); i++) {
		if (!krsi_priv_verifier_message(logs[i].log, whole, sizeof(whole)))
			continue;
		for (size = 1; size <= strlen(whole) + 1; size++) {
			char *text = malloc(size);

			assert_true(krsi_priv_verifier_message(logs[i].log, text, size));
			assert_int_equal(strlen(text), size - 1);
			assert_memory_equal(text, whole, size - 1);
			free(text);
		}
	}
}

/* A log is the kernel's, but what it quotes is the program's: anything may stand in it, and it may end anywhere. */
static void test_any_beginning_of_a_log_is_read(void **state)
{
	char text[1024];
	size_t i, len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(logs); i++) {
		for (len = 0; len <= strlen(logs[i].log); len++) {
			char *log = strndup(logs[i].log, len);

			krsi_priv_verifier_message(log, text, sizeof(text));
			krsi_priv_verifier_suggestion(log, text, sizeof(text));
			krsi_priv_verifier_processed(log);
			free(log);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_message_is_the_line_that_counts),
		ctx_test(test_suggestion_of_a_report_is_one_line),
		ctx_test(test_instructions_are_counted),
		ctx_test(test_message_is_cut_to_any_buffer),
		ctx_test(test_any_beginning_of_a_log_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
