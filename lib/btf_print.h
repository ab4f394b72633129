/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Values of types that BTF describes, as text or JSON. */
#ifndef KRSI_PRIV_BTF_PRINT_H
#define KRSI_PRIV_BTF_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct btf;

/*
 * Print a value of type `id`, for which there are `size` bytes. Nothing behind them is read, whatever
 * the type says of itself; types must have passed krsi_priv_btf_check(). A last member that is an
 * array without a size takes the bytes that are left. All that is printed is ASCII.
 *
 * 0; -EMSGSIZE when there are fewer bytes than the type has, or when it is made of more values than
 * anybody would read.
 *
 * libbpf has btf_dump__dump_type_data() for this. It writes past its arrays where a damaged file
 * refers to a type that is not there.
 */
int krsi_priv_btf_print(const struct btf *btf, uint32_t id, const void *data, size_t size, bool json, FILE *out);

#endif
