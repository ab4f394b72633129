/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Words and names of what an event has as numbers. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <libkrsi/event.h>

#include "event.h"

#define NS_PER_SECOND INT64_C(1000000000)

static enum event_outcome signal_outcome(const struct krsi_event *event, bool would)
{
	uint64_t number;
	bool kills = krsi_event_number(event, KRSI_EVENT_SENT_SIGNAL, &number) == 0 && number == SIGKILL;

	if (kills)
		return would ? EVENT_WOULD_KILL : EVENT_KILLED;
	return would ? EVENT_WOULD_SIGNAL : EVENT_SIGNALLED;
}

enum event_outcome event_outcome(const struct krsi_event *event)
{
	bool would = krsi_event_flags(event) & KRSI_EVENT_WOULD;

	switch (krsi_event_verdict(event)) {
	case KRSI_EVENT_ALLOW:
		return EVENT_ALLOWED;
	case KRSI_EVENT_AUDIT:
		return EVENT_AUDITED;
	case KRSI_EVENT_DENY:
		return would ? EVENT_WOULD_DENY : EVENT_DENIED;
	case KRSI_EVENT_SIGNAL:
		return signal_outcome(event, would);
	case KRSI_EVENT_TAG:
		return would ? EVENT_WOULD_TAG : EVENT_TAGGED;
	default:
		return EVENT_UNKNOWN;
	}
}

const char *event_verdict_word(const struct krsi_event *event)
{
	static const char *const words[] = {
		[KRSI_EVENT_ALLOW] = "allow", [KRSI_EVENT_AUDIT] = "audit", [KRSI_EVENT_DENY] = "deny",
		[KRSI_EVENT_SIGNAL] = "signal", [KRSI_EVENT_TAG] = "tag",
	};
	uint32_t verdict = krsi_event_verdict(event);

	if (verdict >= sizeof(words) / sizeof(words[0]) || !words[verdict])
		return "unknown";
	return words[verdict];
}

static const char *number_name(uint64_t number, char word[EVENT_WORD_SIZE])
{
	snprintf(word, EVENT_WORD_SIZE, "%" PRIu64, number);
	return word;
}

const char *event_error_name(uint64_t error, char word[EVENT_WORD_SIZE])
{
	const char *name = error <= INT32_MAX ? strerrorname_np((int)error) : NULL;

	return name ? name : number_name(error, word);
}

const char *event_signal_name(uint64_t signal, char word[EVENT_WORD_SIZE])
{
	const char *name = signal <= INT32_MAX ? sigabbrev_np((int)signal) : NULL;

	if (!name)
		return number_name(signal, word);
	snprintf(word, EVENT_WORD_SIZE, "SIG%s", name);
	return word;
}

const char *event_family_name(uint64_t family, char word[EVENT_WORD_SIZE])
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

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i].family == family)
			return families[i].name;
	return number_name(family, word);
}

const char *event_device_name(uint64_t device, char word[EVENT_WORD_SIZE])
{
	snprintf(word, EVENT_WORD_SIZE, "%" PRIu64 ":%" PRIu64, device >> 20, device & 0xfffff);
	return word;
}

const char *event_address_name(const uint8_t address[16], char word[EVENT_WORD_SIZE], bool *v6)
{
	static const uint8_t mapped[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	bool is_v4 = memcmp(address, mapped, sizeof(mapped)) == 0;

	if (v6)
		*v6 = !is_v4;
	return is_v4 ? inet_ntop(AF_INET, address + sizeof(mapped), word, EVENT_WORD_SIZE) :
		       inet_ntop(AF_INET6, address, word, EVENT_WORD_SIZE);
}

const char *event_time(int64_t realtime, int digits, char word[EVENT_WORD_SIZE])
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
	size = strftime(word, EVENT_WORD_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(word + size, EVENT_WORD_SIZE - size, ".%0*" PRId64 "Z", digits, ns);
	return word;
}
