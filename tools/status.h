/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the files of krsi status share. */
#ifndef KRSI_TOOL_STATUS_H
#define KRSI_TOOL_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include <libkrsi/additions.h>

#include "json.h"

struct krsi_ctx;

/* --- programs on hooks (status_programs.c) -------------------------------- */

/* As lines with columns, behind one that says how many there are, or why that cannot be told. */
void status_programs_print(struct krsi_ctx *ctx);

/* As an array, or JSON's null when it cannot be told. NULL: no memory. */
json_t *status_programs_json(struct krsi_ctx *ctx);

/* --- what libkrsi's module or patches add (status_additions.c) ------------- */

/* A stable word for enum krsi_origin. */
const char *status_origin(uint32_t origin);

struct krsi_additions_info status_additions(const struct krsi_additions *additions);

/* Lines for what there is, none on a kernel without additions. `all`: with the programs on each hook. */
void status_additions_print(const struct krsi_additions *additions, bool all);

json_t *status_additions_json(const struct krsi_additions *additions);

#endif
