/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The same engine for Linux 5.10 and 5.11, whose programs have neither task storage nor atomic instructions, do not know
 * the type of the thread that runs, and cannot sleep to read a file for its digest.
 */
#define ENGINE_BEFORE_5_12
#include "engine.bpf.c"
