/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* From what libbpf and the kernel return to what libkrsi promises in libkrsi/error.h. */
#ifndef KRSI_PRIV_ERRORS_H
#define KRSI_PRIV_ERRORS_H

/* A negative errno of the closed set: `err` itself when it is in it, else -EIO. */
int krsi_priv_error_close(int err);

/* The kernel's own number as text for a detail: "ENOTSUPP (524)", "EINVAL". */
const char *krsi_priv_errno_name(int err);

#endif
