/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief The way out for programs that use libbpf as well.
 *
 * Threads: as in libkrsi/ctx.h, but for krsi_bpf_silence().
 */
#ifndef LIBKRSI_BPF_H
#define LIBKRSI_BPF_H

#include <libkrsi/macros.h>

KRSI_BEGIN_DECLS

struct bpf_object;
struct krsi_object;

/**
 * @brief libbpf's own handle of an object.
 *
 * libkrsi keeps owning it. krsi_object_load() may replace it: ask again after each load.
 *
 * @param object  the object
 * @return libbpf's handle; NULL when `object` is NULL
 * @since 1.0
 */
KRSI_API struct bpf_object *krsi_object_bpf(struct krsi_object *object);

/**
 * @brief Stop libbpf from printing warnings to stderr, in the whole process.
 *
 * libbpf has one print function for the process, which belongs to the program and not to a
 * library: libkrsi never touches it otherwise. A program that shows krsi_ctx_error_detail() to its
 * users calls this once at its start. The same as libbpf_set_print(NULL); call that again with
 * another function to undo it.
 *
 * @since 1.0
 */
KRSI_API void krsi_bpf_silence(void);

KRSI_END_DECLS

#endif
