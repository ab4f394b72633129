/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The function of the kernel that calls a hook's programs, where fmod_ret programs sit.
 *
 * It is security_NAME for most hooks. The others are named by nobody but security/security.c; which they are was
 * found by comparing the two lists of Linux 5.10 to 7.3, and tests/vm/hook.c does that again on every kernel.
 */
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>

#include "hook.h"

#define SUFFIX "_security"

static const struct {
	const char *hook, *function;
} others[] = {
	{ "cred_prepare", "prepare_creds" },
	{ "cred_transfer", "transfer_creds" },
	{ "sb_free_mnt_opts", "free_mnt_opts" },
	{ "settime", "settime64" },
	{ "sk_getsecid", "sk_classify_flow" },
	{ "socket_sock_rcv_skb", "sock_rcv_skb" },
	{ "userns_create", "create_user_ns" },
	{ "vm_enough_memory", "vm_enough_memory_mm" },
};

/* Hooks with the suffix whose functions have none, of Linux 5.10 to 7.3: for the way back. */
static const char *const shortened[] = {
	"bdev_alloc", "bdev_free", "bpf_map_alloc", "bpf_map_free", "bpf_prog_alloc", "bpf_prog_free", "bprm_check", "file_alloc",
	"file_free", "inode_alloc", "inode_free", "msg_msg_alloc", "msg_msg_free", "msg_queue_alloc", "msg_queue_free", "sb_alloc",
	"sb_free", "sem_alloc", "sem_free", "shm_alloc", "shm_free", "sk_alloc", "sk_clone", "sk_free", "xfrm_policy_alloc",
	"xfrm_policy_clone", "xfrm_policy_delete", "xfrm_policy_free", "xfrm_state_delete", "xfrm_state_free",
};

/* bprm_check_security is called by security_bprm_check(), but tun_dev_alloc_security by a function of that whole name. */
static bool is_without_suffix(const char *hook, const char *function)
{
	size_t length = strlen(hook), suffix = strlen(SUFFIX);

	return length > suffix && strcmp(hook + length - suffix, SUFFIX) == 0 && strlen(function) == length - suffix &&
	       strncmp(hook, function, length - suffix) == 0;
}

bool krsi_priv_hook_is_called_by(const char *hook, const char *function)
{
	size_t i;

	if (strcmp(hook, function) == 0 || is_without_suffix(hook, function))
		return true;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i].hook, hook) == 0)
			return strcmp(others[i].function, function) == 0;
	return false;
}

void krsi_priv_hook_of_function(const char *function, char *hook, size_t size)
{
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(others[i].function, function) == 0) {
			snprintf(hook, size, "%s", others[i].hook);
			return;
		}
	}
	for (i = 0; i < sizeof(shortened) / sizeof(shortened[0]) && strcmp(shortened[i], function) != 0; i++)
		;
	snprintf(hook, size, "%s%s", function, i < sizeof(shortened) / sizeof(shortened[0]) ? SUFFIX : "");
}

static const struct btf_type *type_plain(const struct btf *btf, uint32_t *id)
{
	const struct btf_type *type = btf__type_by_id(btf, *id);

	while (type && (btf_is_mod(type) || btf_is_typedef(type) || btf_is_type_tag(type))) {
		*id = type->type;
		type = btf__type_by_id(btf, *id);
	}
	return type;
}

static bool types_agree(const struct btf *btf, uint32_t a, uint32_t b)
{
	const struct btf_type *first = type_plain(btf, &a), *second = type_plain(btf, &b);

	while (first && second && btf_is_ptr(first) && btf_is_ptr(second)) {
		a = first->type;
		b = second->type;
		first = type_plain(btf, &a);
		second = type_plain(btf, &b);
	}
	return a == b;
}

bool krsi_priv_hook_arguments_agree(const struct btf *btf, const struct btf_type *hook, const struct btf_type *function)
{
	uint32_t i;

	if (btf_vlen(hook) != btf_vlen(function) || !types_agree(btf, hook->type, function->type))
		return false;
	for (i = 0; i < btf_vlen(hook); i++)
		if (!types_agree(btf, btf_params(hook)[i].type, btf_params(function)[i].type))
			return false;
	return true;
}
