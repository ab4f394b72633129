/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The policy engine, kernel side.
 *
 * Threat: a process, root included, that does what a policy forbids, by whatever name and way it
 * finds. All hooks come to one place, match_decide() of decide.h, with what the operation is about; no
 * hook has an opinion of its own.
 *
 * engine/word		words that several CPUs change
 * engine/task		the thread that runs
 * engine/state	what is kept, and where
 * engine/walk		from a file to what the image says of it
 * engine/known		identities that have changed since then
 * engine/subject	processes
 * engine/object	objects: attributes, and names of what has no path
 * engine/strings	arguments and environment of what is executed
 * engine/digest	digests of what is executed
 * engine/audit		what the kernel's audit system is told
 * engine/event		what is told
 * engine/copy		programs that take each other's place
 * engine/act		one operation, from the hook to the verdict
 * engine/hooks_*	the hooks
 *
 * A verdict that somebody gave before us is returned as it is. When a place to decide in cannot be
 * had, the operation is refused: what cannot be looked at is not allowed.
 */
#include "engine/act.bpf.h"
#include "engine/hooks_file.bpf.h"
#include "engine/hooks_name.bpf.h"
#include "engine/hooks_identity.bpf.h"
#include "engine/hooks_mount.bpf.h"
#include "engine/hooks_process.bpf.h"
#include "engine/hooks_network.bpf.h"
#include "engine/hooks_kernel.bpf.h"
#include "engine/hooks_watch.bpf.h"
#ifndef ENGINE_BEFORE_5_12
#include "engine/hooks_digest.bpf.h"
#endif

char LICENSE[] SEC("license") = "Dual BSD/GPL";
