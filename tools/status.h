/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the two files of krsi status share. */
#ifndef KRSI_TOOL_STATUS_H
#define KRSI_TOOL_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>
#include <libkrsi/additions.h>

/* A stable word for enum krsi_origin. */
const char *status_origin(uint32_t origin);

struct krsi_additions_info status_additions(const struct krsi_additions *additions);

/* Lines for what there is, none on a kernel without additions. `all`: with the programs on each hook. */
void status_additions_print(const struct krsi_additions *additions, bool all);

json_t *status_additions_json(const struct krsi_additions *additions);

#endif
