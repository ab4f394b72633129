/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What questions are made of: finding things in the kernel's BTF, loading programs, creating maps. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "probe.h"

static uint32_t find(const struct krsi_probe *probe, const char *name, uint32_t kind)
{
	int id = probe->btf ? btf__find_by_name_kind(probe->btf, name, kind) : 0;

	return id > 0 ? (uint32_t)id : 0;
}

uint32_t krsi_priv_probe_function(const struct krsi_probe *probe, const char *name)
{
	return find(probe, name, BTF_KIND_FUNC);
}

uint32_t krsi_priv_probe_struct(const struct krsi_probe *probe, const char *name)
{
	return find(probe, name, BTF_KIND_STRUCT);
}

static int offset_in(const struct btf *btf, const struct btf_type *type, const char *wanted)
{
	const struct btf_member *member = btf_members(type);
	const struct btf_type *inner;
	const char *name;
	uint32_t i;
	int offset;

	for (i = 0; i < btf_vlen(type); i++, member++) {
		name = btf__name_by_offset(btf, member->name_off);
		inner = btf__type_by_id(btf, member->type);
		if (name && strcmp(name, wanted) == 0)
			return (int)(btf_member_bit_offset(type, i) / 8);
		if (!name || *name || !inner || !btf_is_composite(inner))
			continue;
		offset = offset_in(btf, inner, wanted);
		if (offset >= 0)
			return offset + (int)(btf_member_bit_offset(type, i) / 8);
	}
	return -1;
}

int krsi_priv_probe_offset(const struct krsi_probe *probe, const char *structure, const char *member)
{
	uint32_t id = krsi_priv_probe_struct(probe, structure);

	return id ? offset_in(probe->btf, btf__type_by_id(probe->btf, id), member) : -1;
}

int krsi_priv_probe_load(struct krsi_probe *probe, const struct krsi_priv_try *try)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		.expected_attach_type = try->attach_type,
		.prog_flags = try->flags,
		.attach_btf_id = try->target ? krsi_priv_probe_function(probe, try->target) : 0,
		.prog_btf_fd = (uint32_t)try->btf_fd,
		.func_info = try->functions,
		.func_info_cnt = try->function_count,
		.func_info_rec_size = try->functions ? sizeof(*try->functions) : 0,
		.fd_array = try->btf_fds,
		/* Given a buffer, libbpf asks for the log when the load fails, and prints nothing. */
		.log_buf = probe->log,
		.log_size = sizeof(probe->log));

	probe->log[0] = '\0';
	if (try->target && !opts.attach_btf_id) {
		snprintf(probe->log, sizeof(probe->log), "this kernel has no function %s\n", try->target);
		return -ENOENT;
	}
	return bpf_prog_load(try->type, "krsi_probe", "Dual BSD/GPL", try->insns, try->count, &opts);
}

bool krsi_priv_probe_loads(struct krsi_probe *probe, struct krsi_priv_answer *answer,
			   const struct krsi_priv_try *try, const char *name)
{
	int fd = krsi_priv_probe_load(probe, try);
	char deed[128];

	if (fd >= 0) {
		close(fd);
		return true;
	}
	snprintf(deed, sizeof(deed), "loading %s", name);
	krsi_priv_probe_failed(probe, answer, fd, deed);
	return false;
}

bool krsi_priv_probe_file_hook(struct krsi_probe *probe, struct krsi_priv_answer *answer,
			       struct krsi_priv_try *try)
{
	if (!krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_CAPABILITIES))
		return false;
	if (krsi_priv_probe_ask(probe, KRSI_FEATURE_LSM_BUILT)) {
		try->type = BPF_PROG_TYPE_LSM;
		try->attach_type = BPF_LSM_MAC;
		try->target = "bpf_lsm_file_open";
		return true;
	}
	try->type = BPF_PROG_TYPE_TRACING;
	try->attach_type = BPF_MODIFY_RETURN;
	try->target = "security_file_open";
	return krsi_priv_probe_needs(probe, answer, KRSI_FEATURE_FMOD_RET_RUNS);
}

int krsi_priv_probe_types(void)
{
	struct btf *btf = btf__new_empty();
	const void *data;
	uint32_t size;
	int fd = -ENOMEM;

	if (!btf)
		return -ENOMEM;
	/* The order makes the numbers of KRSI_PRIV_PROBE_TYPE_*. */
	if (btf__add_int(btf, "int", 4, BTF_INT_SIGNED) == KRSI_PRIV_PROBE_TYPE_INT &&
	    btf__add_func_proto(btf, KRSI_PRIV_PROBE_TYPE_INT) == KRSI_PRIV_PROBE_TYPE_PROTO &&
	    btf__add_func(btf, "main", BTF_FUNC_STATIC, KRSI_PRIV_PROBE_TYPE_PROTO) == KRSI_PRIV_PROBE_TYPE_MAIN &&
	    btf__add_func(btf, "callback", BTF_FUNC_STATIC, KRSI_PRIV_PROBE_TYPE_PROTO) == KRSI_PRIV_PROBE_TYPE_CALLBACK) {
		data = btf__raw_data(btf, &size);
		if (data)
			fd = bpf_btf_load(data, size, NULL);
	}
	btf__free(btf);
	return fd;
}

static bool is_storage(enum bpf_map_type type)
{
	return type == BPF_MAP_TYPE_TASK_STORAGE || type == BPF_MAP_TYPE_INODE_STORAGE ||
	       type == BPF_MAP_TYPE_SK_STORAGE || type == KRSI_PRIV_PROBE_CGRP_STORAGE;
}

int krsi_priv_probe_map(enum bpf_map_type type, uint32_t key_size, uint32_t value_size,
			uint32_t entries, uint32_t flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags);
	int btf_fd = -1, fd;

	if (is_storage(type)) {
		btf_fd = krsi_priv_probe_types();
		if (btf_fd < 0)
			return btf_fd;
		opts.btf_fd = (uint32_t)btf_fd;
		opts.btf_key_type_id = KRSI_PRIV_PROBE_TYPE_INT;
		opts.btf_value_type_id = KRSI_PRIV_PROBE_TYPE_INT;
	}
	fd = bpf_map_create(type, "krsi_probe", key_size, value_size, entries, &opts);
	if (btf_fd >= 0)
		close(btf_fd);
	return fd;
}
