/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Words and names of what an event has as numbers. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/hash_info.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "encode.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- outcomes -------------------------------------------------------------------- */

static enum krsi_priv_outcome signal_outcome(const struct krsi_event *event, bool would)
{
	uint64_t number;
	bool kills = krsi_event_number(event, KRSI_EVENT_SENT_SIGNAL, &number) == 0 && number == SIGKILL;

	if (kills)
		return would ? KRSI_PRIV_OUTCOME_WOULD_KILL : KRSI_PRIV_OUTCOME_KILLED;
	return would ? KRSI_PRIV_OUTCOME_WOULD_SIGNAL : KRSI_PRIV_OUTCOME_SIGNALLED;
}

static enum krsi_priv_outcome rule_outcome(const struct krsi_event *event)
{
	bool would = krsi_event_flags(event) & KRSI_EVENT_WOULD;

	switch (krsi_event_verdict(event)) {
	case KRSI_EVENT_ALLOW:
		return KRSI_PRIV_OUTCOME_ALLOWED;
	case KRSI_EVENT_AUDIT:
		return KRSI_PRIV_OUTCOME_AUDITED;
	case KRSI_EVENT_DENY:
		return would ? KRSI_PRIV_OUTCOME_WOULD_DENY : KRSI_PRIV_OUTCOME_DENIED;
	case KRSI_EVENT_SIGNAL:
		return signal_outcome(event, would);
	case KRSI_EVENT_TAG:
		return would ? KRSI_PRIV_OUTCOME_WOULD_TAG : KRSI_PRIV_OUTCOME_TAGGED;
	default:
		return KRSI_PRIV_OUTCOME_UNKNOWN;
	}
}

enum krsi_priv_outcome krsi_priv_outcome(const struct krsi_event *event)
{
	switch (krsi_event_kind(event)) {
	case KRSI_EVENT_KIND_RULE:
		return rule_outcome(event);
	case KRSI_EVENT_KIND_FORK:
		return KRSI_PRIV_OUTCOME_FORK;
	case KRSI_EVENT_KIND_EXEC:
		return KRSI_PRIV_OUTCOME_EXEC;
	case KRSI_EVENT_KIND_EXIT:
		return KRSI_PRIV_OUTCOME_EXIT;
	case KRSI_EVENT_KIND_IDENTITY:
		return KRSI_PRIV_OUTCOME_IDENTITY;
	default:
		return KRSI_PRIV_OUTCOME_UNKNOWN;
	}
}

const char *krsi_priv_outcome_word(enum krsi_priv_outcome outcome)
{
	static const char *const words[KRSI_PRIV_OUTCOME_END] = {
		[KRSI_PRIV_OUTCOME_UNKNOWN] = "unknown", [KRSI_PRIV_OUTCOME_ALLOWED] = "allowed",
		[KRSI_PRIV_OUTCOME_AUDITED] = "audited", [KRSI_PRIV_OUTCOME_DENIED] = "denied",
		[KRSI_PRIV_OUTCOME_KILLED] = "killed", [KRSI_PRIV_OUTCOME_SIGNALLED] = "signalled",
		[KRSI_PRIV_OUTCOME_TAGGED] = "tagged", [KRSI_PRIV_OUTCOME_WOULD_DENY] = "would_deny",
		[KRSI_PRIV_OUTCOME_WOULD_KILL] = "would_kill", [KRSI_PRIV_OUTCOME_WOULD_SIGNAL] = "would_signal",
		[KRSI_PRIV_OUTCOME_WOULD_TAG] = "would_tag", [KRSI_PRIV_OUTCOME_FORK] = "", [KRSI_PRIV_OUTCOME_EXEC] = "",
		[KRSI_PRIV_OUTCOME_EXIT] = "", [KRSI_PRIV_OUTCOME_IDENTITY] = "",
	};

	return words[outcome];
}

const char *krsi_priv_verdict_word(const struct krsi_event *event)
{
	static const char *const words[] = {
		[KRSI_EVENT_ALLOW] = "allow", [KRSI_EVENT_AUDIT] = "audit", [KRSI_EVENT_DENY] = "deny",
		[KRSI_EVENT_SIGNAL] = "signal", [KRSI_EVENT_TAG] = "tag",
	};
	uint32_t verdict = krsi_event_verdict(event);

	return verdict < COUNT(words) && words[verdict] ? words[verdict] : "unknown";
}

struct krsi_priv_said krsi_priv_said(const struct krsi_event *event)
{
	struct krsi_priv_said said = { .outcome = krsi_priv_outcome(event), .verdict = krsi_priv_verdict_word(event) };

	said.policy = krsi_priv_policy_name(event, &said.policy_size);
	said.rule = krsi_priv_rule_name(event, &said.rule_size);
	krsi_event_number(event, KRSI_EVENT_ERROR, &said.error);
	krsi_event_number(event, KRSI_EVENT_SENT_SIGNAL, &said.signal);
	return said;
}

static enum krsi_priv_outcome asked_outcome(const struct krsi_decision_info *decision)
{
	switch (decision->verdict) {
	case KRSI_EVENT_ALLOW:
		return KRSI_PRIV_OUTCOME_ALLOWED;
	case KRSI_EVENT_AUDIT:
		return KRSI_PRIV_OUTCOME_AUDITED;
	case KRSI_EVENT_DENY:
		return KRSI_PRIV_OUTCOME_WOULD_DENY;
	case KRSI_EVENT_SIGNAL:
		return decision->signal == SIGKILL ? KRSI_PRIV_OUTCOME_WOULD_KILL : KRSI_PRIV_OUTCOME_WOULD_SIGNAL;
	default:
		return KRSI_PRIV_OUTCOME_UNKNOWN;
	}
}

struct krsi_priv_said krsi_priv_said_asked(const struct krsi_decision_info *decision, bool unsure)
{
	return (struct krsi_priv_said){
		.outcome = asked_outcome(decision), .verdict = decision->word ? decision->word : "unknown",
		.policy = decision->policy, .policy_size = decision->policy ? strlen(decision->policy) : 0,
		.rule = decision->rule, .rule_size = decision->rule ? strlen(decision->rule) : 0,
		.error = decision->error, .signal = decision->signal, .asked = true, .unsure = unsure,
	};
}

/* --- names of numbers --------------------------------------------------------------- */

static const char *number_word(uint64_t number, char word[KRSI_PRIV_WORD_SIZE])
{
	snprintf(word, KRSI_PRIV_WORD_SIZE, "%" PRIu64, number);
	return word;
}

const char *krsi_priv_error_word(uint64_t error, char word[KRSI_PRIV_WORD_SIZE])
{
	const char *name = error <= INT32_MAX ? strerrorname_np((int)error) : NULL;

	return name ? name : number_word(error, word);
}

const char *krsi_priv_signal_word(uint64_t signal, char word[KRSI_PRIV_WORD_SIZE])
{
	const char *name = signal <= INT32_MAX ? sigabbrev_np((int)signal) : NULL;

	if (!name)
		return number_word(signal, word);
	snprintf(word, KRSI_PRIV_WORD_SIZE, "SIG%s", name);
	return word;
}

const char *krsi_priv_family_word(uint64_t family, char word[KRSI_PRIV_WORD_SIZE])
{
	static const struct {
		unsigned int family;
		const char *name;
	} families[] = {
		{ AF_UNIX, "unix" }, { AF_INET, "inet" }, { AF_INET6, "inet6" }, { AF_NETLINK, "netlink" },
		{ AF_PACKET, "packet" }, { AF_VSOCK, "vsock" }, { AF_ALG, "alg" }, { AF_BLUETOOTH, "bluetooth" },
		{ AF_CAN, "can" }, { AF_KEY, "key" }, { AF_RDS, "rds" }, { AF_TIPC, "tipc" }, { AF_XDP, "xdp" },
	};
	size_t i;

	for (i = 0; i < COUNT(families); i++)
		if (families[i].family == family)
			return families[i].name;
	return number_word(family, word);
}

const char *krsi_priv_hash_word(uint64_t algorithm, char word[KRSI_PRIV_WORD_SIZE])
{
	static const char *const names[] = {
		[HASH_ALGO_MD5] = "md5", [HASH_ALGO_SHA1] = "sha1", [HASH_ALGO_SHA256] = "sha256", [HASH_ALGO_SHA384] = "sha384",
		[HASH_ALGO_SHA512] = "sha512", [HASH_ALGO_SHA224] = "sha224", [HASH_ALGO_SM3_256] = "sm3",
	};

	return algorithm < COUNT(names) && names[algorithm] ? names[algorithm] : number_word(algorithm, word);
}

const char *krsi_priv_capability_word(unsigned int capability, char word[KRSI_PRIV_WORD_SIZE])
{
	static const char *const names[] = {
		"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
		"LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
		"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
		"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
		"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
		"CHECKPOINT_RESTORE",
	};

	if (capability >= COUNT(names))
		return number_word(capability, word);
	snprintf(word, KRSI_PRIV_WORD_SIZE, "CAP_%s", names[capability]);
	return word;
}

const char *krsi_priv_fact_word(unsigned int bit, char word[KRSI_PRIV_WORD_SIZE])
{
	static const char *const words[] = { "memfd", "unlinked", "running", "setuid", "tmpfs", "overlay-upper" };

	if (bit < COUNT(words))
		return words[bit];
	snprintf(word, KRSI_PRIV_WORD_SIZE, "bit-%u", bit);
	return word;
}

const char *krsi_priv_device_word(uint64_t device, char word[KRSI_PRIV_WORD_SIZE])
{
	snprintf(word, KRSI_PRIV_WORD_SIZE, "%" PRIu64 ":%" PRIu64, device >> 20, device & 0xfffff);
	return word;
}

const char *krsi_priv_address_word(const uint8_t address[16], char word[KRSI_PRIV_WORD_SIZE], bool *v6)
{
	static const uint8_t mapped[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	bool is_v4 = memcmp(address, mapped, sizeof(mapped)) == 0;

	if (v6)
		*v6 = !is_v4;
	return is_v4 ? inet_ntop(AF_INET, address + sizeof(mapped), word, KRSI_PRIV_WORD_SIZE) :
		       inet_ntop(AF_INET6, address, word, KRSI_PRIV_WORD_SIZE);
}

const char *krsi_priv_time_word(int64_t realtime, int digits, char word[KRSI_PRIV_WORD_SIZE])
{
	int64_t ns = realtime % NS_PER_SECOND;
	time_t second = (time_t)(realtime / NS_PER_SECOND);
	struct tm parts;
	size_t size;
	int i;

	if (ns < 0) {
		ns += NS_PER_SECOND;
		second--;
	}
	for (i = digits; i < 9; i++)
		ns /= 10;
	gmtime_r(&second, &parts);	/* any ns of 64 bits lies between the years 1677 and 2262 */
	size = strftime(word, KRSI_PRIV_WORD_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(word + size, KRSI_PRIV_WORD_SIZE - size, ".%0*" PRId64 "Z", digits, ns);
	return word;
}

enum krsi_priv_number_kind krsi_priv_number_kind(uint32_t field)
{
	switch (field) {
	case KRSI_EVENT_ERROR:
		return KRSI_PRIV_NUMBER_ERROR;
	case KRSI_EVENT_SENT_SIGNAL:
	case KRSI_EVENT_SIGNAL_NUMBER:
	case KRSI_EVENT_EXIT_SIGNAL:
		return KRSI_PRIV_NUMBER_SIGNAL;
	case KRSI_EVENT_FAMILY:
		return KRSI_PRIV_NUMBER_FAMILY;
	case KRSI_EVENT_DIGEST_ALGORITHM:
	case KRSI_EVENT_VERITY_ALGORITHM:
		return KRSI_PRIV_NUMBER_HASH;
	case KRSI_EVENT_UID:
	case KRSI_EVENT_REAL_UID:
	case KRSI_EVENT_SAVED_UID:
	case KRSI_EVENT_FS_UID:
	case KRSI_EVENT_LOGIN_UID:
	case KRSI_EVENT_OWNER:
		return KRSI_PRIV_NUMBER_USER;
	case KRSI_EVENT_GID:
	case KRSI_EVENT_REAL_GID:
	case KRSI_EVENT_SAVED_GID:
	case KRSI_EVENT_FS_GID:
		return KRSI_PRIV_NUMBER_GROUP;
	case KRSI_EVENT_DEVICE:
		return KRSI_PRIV_NUMBER_DEVICE;
	case KRSI_EVENT_MODE:
		return KRSI_PRIV_NUMBER_MODE;
	case KRSI_EVENT_COOKIE:
	case KRSI_EVENT_PARENT_COOKIE:
	case KRSI_EVENT_TARGET_COOKIE:
	case KRSI_EVENT_CAP_EFFECTIVE:
	case KRSI_EVENT_CAP_PERMITTED:
	case KRSI_EVENT_CAP_INHERITABLE:
		return KRSI_PRIV_NUMBER_BITS;
	case KRSI_EVENT_FACTS:
		return KRSI_PRIV_NUMBER_FACTS;
	default:
		return KRSI_PRIV_NUMBER_PLAIN;
	}
}

/* --- of the event -------------------------------------------------------------------- */

const char *krsi_priv_policy_name(const struct krsi_event *event, size_t *size)
{
	const char *name = krsi_event_policy(event);

	if (!name)
		return krsi_event_text(event, KRSI_EVENT_POLICY, size, NULL);
	*size = strlen(name);
	return name;
}

const char *krsi_priv_rule_name(const struct krsi_event *event, size_t *size)
{
	const char *name = krsi_event_rule(event);

	if (!name)
		return krsi_event_text(event, KRSI_EVENT_RULE, size, NULL);
	*size = strlen(name);
	return name;
}

const char *krsi_priv_list_next(const char **at, const char *end, size_t *size)
{
	const char *string = *at, *nul;

	if (string >= end)
		return NULL;
	nul = memchr(string, 0, (size_t)(end - string));
	*size = (size_t)((nul ? nul : end) - string);
	*at = nul ? nul + 1 : end;
	return string;
}

bool krsi_priv_wall(const struct krsi_event *event, uint64_t boot, int64_t *ret)
{
	uint64_t time, wall;

	if (krsi_event_number(event, KRSI_EVENT_TIME, &time) || krsi_event_number(event, KRSI_EVENT_WALL_TIME, &wall))
		return false;
	*ret = (int64_t)(wall + (boot - time));		/* without a sign, as damaged records may overflow */
	return true;
}
