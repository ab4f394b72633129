/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Entries that say which file it is whatever its name: device and inode, and digests of its content. */
#include <ctype.h>
#include <linux/hash_info.h>
#include <string.h>

#include "language.h"

/* What a device number has room for in the kernel. */
#define MAJOR_MAX 4095
#define MINOR_MAX 1048575

/* Take the digits up to the next colon, or to the end, off the text. */
static const char *field_take(const char *text, char *field, size_t size)
{
	size_t length = strcspn(text, ":");

	snprintf(field, size, "%.*s", (int)(length < size ? length : size - 1), text);
	text += length;
	return *text ? text + 1 : text;
}

static bool device_parse(struct krsi_priv_reader *r, struct krsi_priv_place place, const char **text,
			 struct krsi_priv_identity *identity)
{
	uint64_t major, minor;
	char field[32];

	*text = field_take(*text, field, sizeof(field));
	if (!krsi_priv_number_read(r, place, field, "a device's major number", MAJOR_MAX, &major))
		return false;
	*text = field_take(*text, field, sizeof(field));
	if (!krsi_priv_number_read(r, place, field, "a device's minor number", MINOR_MAX, &minor))
		return false;
	identity->major = (uint32_t)major;
	identity->minor = (uint32_t)minor;
	return true;
}

static size_t colons(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == ':';
	return n;
}

bool krsi_priv_identity_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			     const char *text, struct krsi_priv_entry *entry)
{
	entry->form = KRSI_PRIV_FORM_IDENTITY;
	if (colons(text) != 2)
		return krsi_priv_wrong(r, node->place, "%s is no identity; write MAJOR:MINOR:INODE, such as 8:1:1234, or the keys device and inode",
				       krsi_priv_quote(text).text);
	return device_parse(r, node->place, &text, &entry->identity) &&
	       krsi_priv_number_read(r, node->place, text, "an inode", UINT64_MAX, &entry->identity.inode);
}

static bool device_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	const char *text = krsi_priv_scalar(r, node, "MAJOR:MINOR, such as 8:1");

	if (!text)
		return false;
	if (colons(text) != 1)
		return krsi_priv_wrong(r, node->place, "%s is no device; write MAJOR:MINOR, such as 8:1", krsi_priv_quote(text).text);
	return device_parse(r, node->place, &text, into);
}

static bool inode_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	const char *text = krsi_priv_scalar(r, node, "a number");
	struct krsi_priv_identity *identity = into;

	return text && krsi_priv_number_read(r, node->place, text, "an inode", UINT64_MAX, &identity->inode);
}

const struct krsi_priv_field krsi_priv_identity_fields[] = {
	{ "device", device_read, true },
	{ "inode", inode_read, true },
	{ NULL, NULL, false },
};

bool krsi_priv_identity_read_map(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
				 struct krsi_priv_entry *entry)
{
	entry->form = KRSI_PRIV_FORM_IDENTITY;
	return krsi_priv_fields_read(r, node, krsi_priv_identity_fields, "an identity", &entry->identity);
}

void krsi_priv_identity_print(FILE *file, const struct krsi_priv_entry *entry)
{
	fprintf(file, "%u:%u:%llu", entry->identity.major, entry->identity.minor, (unsigned long long)entry->identity.inode);
}

static uint8_t digest_size(uint32_t algorithm)
{
	switch (algorithm) {
	case HASH_ALGO_SHA1:
		return 20;
	case HASH_ALGO_SHA256:
		return 32;
	case HASH_ALGO_SHA384:
		return 48;
	default:
		return 64;
	}
}

static uint8_t digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

static bool digits_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
			const char *name, struct krsi_priv_digest *digest)
{
	size_t length = strlen(text), i;

	for (i = 0; i < length; i++)
		if (!isxdigit((unsigned char)text[i]))
			return krsi_priv_wrong(r, node->place, "%s has something else than hexadecimal digits in it", krsi_priv_quote(text).text);
	if (length != 2u * digest->size)
		return krsi_priv_wrong(r, node->place, "a digest of %zu digits; %s makes %u", length, name, 2u * digest->size);
	for (i = 0; i < digest->size; i++)
		digest->bytes[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
	return true;
}

static bool digest_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
			struct krsi_priv_entry *entry)
{
	struct krsi_priv_digest *digest;
	uint32_t algorithm;
	char name[16];

	if (!strchr(text, ':'))
		return krsi_priv_wrong(r, node->place, "%s does not say how it was made; write sha256: and the digits", krsi_priv_quote(text).text);
	field_take(text, name, sizeof(name));
	if (!krsi_priv_word_find(krsi_priv_words_algorithm, name, &algorithm))
		return krsi_priv_wrong(r, node->place, "%s is not an algorithm that is known%s", krsi_priv_quote(name).text,
				       krsi_priv_word_hint(krsi_priv_words_algorithm, name).text);
	digest = krsi_priv_arena_alloc(r->arena, sizeof(*digest));
	if (!digest)
		return krsi_priv_report_no_memory(r->report);
	digest->algorithm = (uint8_t)algorithm;
	digest->size = digest_size(algorithm);
	entry->form = KRSI_PRIV_FORM_DIGEST;
	entry->digest = digest;
	return digits_read(r, node, strchr(text, ':') + 1, name, digest);
}

static bool fsverity_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
			  struct krsi_priv_entry *entry)
{
	if (!digest_read(r, node, text, entry))
		return false;
	if (entry->digest->algorithm == HASH_ALGO_SHA256 || entry->digest->algorithm == HASH_ALGO_SHA512)
		return true;
	return krsi_priv_wrong(r, node->place, "fs-verity has no such digests; it knows sha256 and sha512");
}

static void digest_print(FILE *file, const struct krsi_priv_entry *entry)
{
	const struct krsi_priv_digest *digest = entry->digest;
	uint8_t i;

	fprintf(file, "%s:", krsi_priv_word_name(krsi_priv_words_algorithm, digest->algorithm));
	for (i = 0; i < digest->size; i++)
		fprintf(file, "%02x", digest->bytes[i]);
}

const struct krsi_priv_value krsi_priv_value_identity = {
	.what = "MAJOR:MINOR:INODE, or the keys device and inode",
	.read = krsi_priv_identity_read, .read_map = krsi_priv_identity_read_map, .print = krsi_priv_identity_print,
};
const struct krsi_priv_value krsi_priv_value_ima = {
	.what = "a digest, such as sha256: and 64 digits", .read = digest_read, .print = digest_print,
};
const struct krsi_priv_value krsi_priv_value_fsverity = {
	.what = "a digest, such as sha256: and 64 digits", .read = fsverity_read, .print = digest_print,
};
