// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit records of BPF LSM programs. Whoever reads them must be able to trust every field,
 * so what a program or a process chose is quoted as audit quotes untrusted strings, and the
 * kernel finds out itself which program it was: by the address the kfunc returns to.
 */
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/kallsyms.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "compat.h"
#include "krsi.h"

#define MSG_MAX 1024
#define HEX_MAX 64	/* what one %*ph takes */
#define TAG_HEX (2 * BPF_TAG_SIZE)

/* audit_log_untrustedstring() is not there for modules. */
static void log_untrusted(struct audit_buffer *ab, const char *text, size_t len)
{
	bool plain = true;
	size_t i;

	for (i = 0; i < len; i++)
		plain &= text[i] > 0x20 && text[i] < 0x7f && text[i] != '"';
	if (plain) {
		audit_log_format(ab, "\"%.*s\"", (int)len, text);
		return;
	}
	for (i = 0; i < len; i += HEX_MAX)
		audit_log_format(ab, "%*phN", (int)min_t(size_t, len - i, HEX_MAX), text + i);
}

static void log_prog_id(struct audit_buffer *ab, unsigned long caller)
{
#ifndef MODULE
	struct bpf_prog *prog;
	u32 id = 0;

	rcu_read_lock();
	prog = bpf_prog_ksym_find(caller);
	if (prog)
		id = prog->aux->id;
	rcu_read_unlock();
	/* A function of a program, other than its first, has no number. */
	if (id)
		audit_log_format(ab, " prog-id=%u", id);
#endif
}

/* Programs are symbols, bpf_prog_TAG_NAME: the same tag means the same instructions. */
static void log_prog(struct audit_buffer *ab, unsigned long caller)
{
	static const char prefix[] = "bpf_prog_";
	char symbol[KSYM_SYMBOL_LEN];
	char *tag, *name, *end;

	sprint_symbol_no_offset(symbol, caller);
	if (strncmp(symbol, prefix, sizeof(prefix) - 1))
		return;
	tag = symbol + sizeof(prefix) - 1;
	/* " [bpf]" follows it. */
	end = strchrnul(tag, ' ');
	if (end - tag < TAG_HEX)
		return;
	log_prog_id(ab, caller);
	audit_log_format(ab, " prog-tag=%.*s", TAG_HEX, tag);
	name = tag + TAG_HEX;
	if (*name != '_')
		return;
	audit_log_format(ab, " prog=");
	log_untrusted(ab, name + 1, end - name - 1);
}

/* A hook that runs in an interrupt has nothing to do with the process it interrupted. */
static void log_process(struct audit_buffer *ab)
{
	char comm[TASK_COMM_LEN];

	if (!in_task())
		return;
	get_task_comm(comm, current);
	audit_log_format(ab, " pid=%d uid=%u auid=%u ses=%u comm=", task_tgid_nr(current),
			 from_kuid(&init_user_ns, current_uid()),
			 from_kuid(&init_user_ns, audit_get_loginuid(current)),
			 audit_get_sessionid(current));
	log_untrusted(ab, comm, strlen(comm));
}

int krsi_audit(const char *msg, u32 size, unsigned long caller)
{
	u32 len = strnlen(msg, size);
	struct audit_buffer *ab;

	if (!len || len == size || len > MSG_MAX)
		return -EINVAL;
	if (in_nmi())
		return -EBUSY;
	if (audit_enabled == AUDIT_OFF)
		return -EOPNOTSUPP;
	ab = audit_log_start(in_task() ? audit_context() : NULL, GFP_ATOMIC | __GFP_NOWARN,
			     AUDIT_BPF);
	if (!ab)
		return -ENOMEM;
	audit_log_format(ab, "op=lsm");
	log_prog(ab, caller);
	log_process(ab);
	audit_log_format(ab, " msg=");
	log_untrusted(ab, msg, len);
	audit_log_end(ab);
	return 0;
}
