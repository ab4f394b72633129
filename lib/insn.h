/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * BPF instructions by name, for programs so small that compiling an object for them would be more
 * code than they are. Loading them by bpf_prog_load() also keeps libbpf from printing to stderr,
 * which it does when an object is refused.
 */
#ifndef KRSI_PRIV_INSN_H
#define KRSI_PRIV_INSN_H

#include <linux/bpf.h>

/* Whatever the headers we are compiled with know of it. */
#ifndef BPF_PSEUDO_MAP_VALUE
#define BPF_PSEUDO_MAP_VALUE 2
#endif
#ifndef BPF_PSEUDO_KFUNC_CALL
#define BPF_PSEUDO_KFUNC_CALL 2
#endif
#ifndef BPF_PSEUDO_FUNC
#define BPF_PSEUDO_FUNC 4
#endif

#define INSN_(op, dst, src, offset, number) \
	{ .code = (op), .dst_reg = (dst), .src_reg = (src), .off = (offset), .imm = (number) }

#define INSN_SET(dst, number)		INSN_(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, number)
#define INSN_COPY(dst, src)		INSN_(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define INSN_ADD(dst, number)		INSN_(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, number)
/* dst = *(u64 *)(src + offset), and the other direction for a constant */
#define INSN_READ(dst, src, offset)	INSN_(BPF_LDX | BPF_MEM | BPF_DW, dst, src, offset, 0)
#define INSN_WRITE(dst, offset, number)	INSN_(BPF_ST | BPF_MEM | BPF_DW, dst, 0, offset, number)
#define INSN_ATOMIC_ADD(dst, offset, src) INSN_(BPF_STX | 0xc0 /* BPF_ATOMIC */ | BPF_DW, dst, src, offset, BPF_ADD)
/* Jumps skip `offset` instructions; the ones with 64-bit constants count twice. */
#define INSN_IF_ZERO(dst, offset)	INSN_(BPF_JMP | BPF_JEQ | BPF_K, dst, 0, offset, 0)
#define INSN_IF_NOT(dst, number, offset) INSN_(BPF_JMP | BPF_JNE | BPF_K, dst, 0, offset, number)
#define INSN_IF_DIFFER(dst, src, offset) INSN_(BPF_JMP | BPF_JNE | BPF_X, dst, src, offset, 0)
#define INSN_CALL(helper)		INSN_(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define INSN_CALL_KFUNC(btf_id)		INSN_(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, (int)(btf_id))
/* One of a module's, whose types are at that place of bpf_prog_load_opts.fd_array; 0: the kernel's own. */
#define INSN_CALL_KFUNC_OF(btf_id, place) INSN_(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, place, (int)(btf_id))
#define INSN_RETURN()			INSN_(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* These take two places each. */
#define INSN_WIDE_(dst, src, low, high)	INSN_(BPF_LD | BPF_IMM | BPF_DW, dst, src, 0, low), INSN_(0, 0, 0, 0, high)
#define INSN_SET_WIDE(dst, number)	INSN_WIDE_(dst, 0, (int)(__u32)(number), (int)((__u64)(number) >> 32))
#define INSN_SET_MAP(dst, fd)		INSN_WIDE_(dst, BPF_PSEUDO_MAP_FD, fd, 0)
#define INSN_SET_MAP_VALUE(dst, fd)	INSN_WIDE_(dst, BPF_PSEUDO_MAP_VALUE, fd, 0)	/* of key 0 of an array */
#define INSN_SET_FUNCTION(dst, offset)	INSN_WIDE_(dst, BPF_PSEUDO_FUNC, offset, 0)	/* as a jump from the first place */

#define INSN_COUNT(insns) (sizeof(insns) / sizeof((insns)[0]))

#endif
