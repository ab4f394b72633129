/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Entries that are network addresses. An IPv4 address and its v4-mapped IPv6 form are the same
 * machine, so both are kept as IPv4: otherwise a rule on one would be evaded through the other.
 */
#include <arpa/inet.h>
#include <string.h>

#include "language.h"

#define MAPPED_BITS 96

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static uint8_t family_bits(const struct krsi_priv_network *network)
{
	return network->family == AF_INET ? 32 : 128;
}

static bool bit_get(const struct krsi_priv_network *network, unsigned int bit)
{
	return network->bytes[bit / 8] >> (7 - bit % 8) & 1;
}

/* Clear the bits behind the prefix. Whether there were any. */
static bool host_bits_clear(struct krsi_priv_network *network)
{
	unsigned int bit;
	bool found = false;

	for (bit = network->prefix; bit < family_bits(network); bit++) {
		found |= bit_get(network, bit);
		network->bytes[bit / 8] &= (uint8_t)~(1u << (7 - bit % 8));
	}
	return found;
}

static void mapped_resolve(struct krsi_priv_network *network)
{
	if (network->family != AF_INET6 || network->prefix < MAPPED_BITS || memcmp(network->bytes, mapped, sizeof(mapped)) != 0)
		return;
	network->family = AF_INET;
	network->prefix = (uint8_t)(network->prefix - MAPPED_BITS);
	memmove(network->bytes, network->bytes + sizeof(mapped), 4);
	memset(network->bytes + 4, 0, sizeof(network->bytes) - 4);
}

static void network_format(const struct krsi_priv_network *network, char *text, size_t size)
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(network->family, network->bytes, address, sizeof(address));
	if (network->prefix == family_bits(network))
		snprintf(text, size, "%s", address);
	else
		snprintf(text, size, "%s/%u", address, network->prefix);
}

static bool address_parse(const char *text, struct krsi_priv_network *network)
{
	memset(network, 0, sizeof(*network));
	network->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(network->family, text, network->bytes) == 1;
}

static bool address_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
			 struct krsi_priv_entry *entry)
{
	struct krsi_priv_network *network = &entry->network;
	char address[INET6_ADDRSTRLEN + 1], shown[64];
	size_t length = strcspn(text, "/");
	uint64_t prefix;

	entry->form = KRSI_PRIV_FORM_NETWORK;
	snprintf(address, sizeof(address), "%.*s", (int)(length < sizeof(address) ? length : sizeof(address) - 1), text);
	if (!address_parse(address, network))
		return krsi_priv_wrong(r, node->place, "%s is no address; write one such as 10.0.0.1, or a network such as 10.0.0.0/8 or 2001:db8::/32",
				       krsi_priv_quote(text).text);
	prefix = family_bits(network);
	if (text[length] && !krsi_priv_number_read(r, node->place, text + length + 1, "a prefix of this family", prefix, &prefix))
		return false;
	network->prefix = (uint8_t)prefix;
	if (host_bits_clear(network)) {
		network_format(network, shown, sizeof(shown));
		return krsi_priv_wrong(r, node->place, "%s has bits behind its prefix; write %s for the network, or %s alone for the address",
				       krsi_priv_quote(text).text, shown, address);
	}
	mapped_resolve(network);
	return true;
}

static void address_print(FILE *file, const struct krsi_priv_entry *entry)
{
	char text[64];

	network_format(&entry->network, text, sizeof(text));
	fputs(text, file);
}

const struct krsi_priv_value krsi_priv_value_address = {
	.what = "an address such as 10.0.0.1, or a network such as 10.0.0.0/8", .read = address_read, .print = address_print,
};
