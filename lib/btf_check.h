/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Whether a section .BTF keeps what its readers take for granted. */
#ifndef KRSI_PRIV_BTF_CHECK_H
#define KRSI_PRIV_BTF_CHECK_H

#include <stddef.h>

/*
 * -EBADMSG when a type has a name outside of the section's names, refers to a type that is not
 * there or that makes no sense in its place, or contains itself; `*problem` is then a sentence
 * about it. What libbpf looks at itself (the header, the sizes of the parts) is left to it, and so
 * are types of kinds that are not known here. -ENOMEM without memory.
 */
int krsi_priv_btf_check(const void *data, size_t size, const char **problem);

#endif
