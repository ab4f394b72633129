/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What krsi status says of the programs on security hooks. */
#ifndef KRSI_STATUS_H
#define KRSI_STATUS_H

#include "json.h"

struct krsi_ctx;

/* As lines with columns, behind one that says how many there are, or why that cannot be told. */
void status_programs_print(struct krsi_ctx *ctx);

/* As an array, or JSON's null when it cannot be told. NULL: no memory. */
json_t *status_programs_json(struct krsi_ctx *ctx);

#endif
