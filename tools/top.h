/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Inside of `krsi top`: top.c waits and asks, top_table.c prints. */
#ifndef KRSI_TOOL_TOP_H
#define KRSI_TOOL_TOP_H

#include <stdbool.h>

#include "stats.h"

/*
 * A table for each process, with what changed since `before`; NULL: there is nothing before it. On a terminal it
 * takes the place of what is there, and as many lines as fit.
 */
void top_print(const struct figures *now, const struct figures *before, bool in_place);

#endif
