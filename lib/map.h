/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Inside of a map handle, shared by the files map*.c. */
#ifndef KRSI_PRIV_MAP_H
#define KRSI_PRIV_MAP_H

#include <stdbool.h>
#include <libkrsi/map.h>

struct krsi_map {
	struct krsi_ctx *ctx;
	char *name;
	int fd;
	struct krsi_map_info info;
	bool has_batch;
};

bool krsi_priv_map_type_is_outer(uint32_t type);

/* 0 when the caller's sizes are the map's; else -EMSGSIZE with the right ones told. */
int krsi_priv_map_key_check(const struct krsi_map *map, size_t key_size);
int krsi_priv_map_value_check(const struct krsi_map *map, size_t value_size);

/* Tell why the kernel refused to `deed` ("look up", "update") an entry; `err` is its negative errno. */
int krsi_priv_map_fail(const struct krsi_map *map, const char *deed, int err);

#endif
