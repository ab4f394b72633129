/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Each value is printed from the bytes that it has according to its type, as far as they are there.
 * Types come from files of unknown origin: the members of a struct may lie outside of it, over each
 * other, and be larger than it is. So every read asks `end`, and every value costs one of a budget.
 */
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <bpf/btf.h>

#include "btf_print.h"

/* Values in one record, as members of members double what is printed with each level. */
#define VALUES_MAX 65536

struct printer {
	const struct btf *btf;
	const unsigned char *end;	/* of the bytes */
	bool json;
	unsigned int values;
	int err;
	FILE *out;
};

/* Where a value lies. Bits are counted from the lowest of the first byte, also for whole bytes. */
struct place {
	const unsigned char *bytes;
	unsigned int bit, bits;		/* of a bit field; 0 bits for none */
};

static void print(struct printer *printer, uint32_t id, struct place place);

static bool fail(struct printer *printer)
{
	printer->err = -EMSGSIZE;
	return false;
}

static bool are_there(struct printer *printer, const unsigned char *bytes, size_t size)
{
	return (bytes <= printer->end && size <= (size_t)(printer->end - bytes)) || fail(printer);
}

/* --- texts ----------------------------------------------------------------- */

/* Bytes in quotes. In JSON each that is not ASCII becomes the character of its number, so that it can be had back. */
static void print_quoted(struct printer *printer, const unsigned char *bytes, size_t size)
{
	size_t i;

	fputc('"', printer->out);
	for (i = 0; i < size; i++) {
		if (bytes[i] == '"' || bytes[i] == '\\')
			fprintf(printer->out, "\\%c", bytes[i]);
		else if (bytes[i] >= ' ' && bytes[i] < 0x7f)
			fputc(bytes[i], printer->out);
		else
			fprintf(printer->out, printer->json ? "\\u%04x" : "\\x%02x", bytes[i]);
	}
	fputc('"', printer->out);
}

static void print_name(struct printer *printer, uint32_t offset)
{
	const char *name = btf__name_by_offset(printer->btf, offset);

	name = name ? name : "";
	if (printer->json)
		print_quoted(printer, (const unsigned char *)name, strlen(name));
	else
		for (; *name; name++)	/* no compiler writes others */
			fputc(*name > ' ' && *name < 0x7f ? *name : '?', printer->out);
}

/* --- numbers --------------------------------------------------------------- */

/* Up to 64 bits of the bytes. False when they are not there. */
static bool bits_read(struct printer *printer, struct place place, unsigned int bits, uint64_t *number)
{
	unsigned int i, bit;

	if (bits > 64)
		return fail(printer);
	if (!are_there(printer, place.bytes, (place.bit + bits + 7) / 8))
		return false;
	*number = 0;
	for (i = 0; i < bits; i++) {
		bit = place.bit + i;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		*number |= (uint64_t)(place.bytes[bit / 8] >> bit % 8 & 1) << i;
#else
		*number = *number << 1 | (place.bytes[bit / 8] >> (7 - bit % 8) & 1);
#endif
	}
	return true;
}

static bool number_read(struct printer *printer, struct place place, size_t size, bool is_signed, uint64_t *number)
{
	unsigned int bits = place.bits ? place.bits : (unsigned int)size * 8;

	if (size > sizeof(*number) || !bits || !bits_read(printer, place, bits, number))
		return fail(printer);
	if (is_signed && bits < 64 && *number >> (bits - 1) & 1)
		*number |= UINT64_MAX << bits;
	return true;
}

/* Integers of 16 bytes, which C has no format for. */
static void print_wide(struct printer *printer, struct place place, size_t size)
{
	const char *quote = printer->json ? "\"" : "";
	size_t i;

	if (!are_there(printer, place.bytes, size))
		return;
	fprintf(printer->out, "%s0x", quote);
	for (i = 0; i < size; i++)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		fprintf(printer->out, "%02x", place.bytes[size - 1 - i]);
#else
		fprintf(printer->out, "%02x", place.bytes[i]);
#endif
	fputs(quote, printer->out);
}

static void print_int(struct printer *printer, const struct btf_type *type, struct place place)
{
	bool is_signed = btf_int_encoding(type) & BTF_INT_SIGNED;
	uint64_t number;

	/* Compilers of old put bit fields into a type of their own. */
	if (!place.bits && (btf_int_offset(type) || btf_int_bits(type) != type->size * 8)) {
		place.bit += btf_int_offset(type);
		place.bits = btf_int_bits(type);
	}
	if (!place.bits && type->size > sizeof(number))
		print_wide(printer, place, type->size);
	else if (!number_read(printer, place, place.bits ? sizeof(number) : type->size, is_signed, &number))
		return;
	else if (btf_int_encoding(type) & BTF_INT_BOOL)
		fputs(number ? "true" : "false", printer->out);
	else if (is_signed)
		fprintf(printer->out, "%" PRId64, (int64_t)number);
	else
		fprintf(printer->out, "%" PRIu64, number);
}

/* The name of a value of an enum, as an offset; 0 when it has none. */
static uint32_t enum_name(const struct btf_type *type, uint64_t number)
{
	uint32_t i;

	for (i = 0; i < btf_vlen(type); i++) {
		if (btf_is_enum(type) && (uint32_t)btf_enum(type)[i].val == (uint32_t)number)
			return btf_enum(type)[i].name_off;
		if (!btf_is_enum(type) && btf_enum64_value(&btf_enum64(type)[i]) == number)
			return btf_enum64(type)[i].name_off;
	}
	return 0;
}

static void print_enum(struct printer *printer, const struct btf_type *type, struct place place)
{
	uint32_t name;
	uint64_t number;

	if (!number_read(printer, place, type->size, btf_kflag(type), &number))
		return;
	name = enum_name(type, number);
	if (name)
		print_name(printer, name);
	else if (btf_kflag(type))
		fprintf(printer->out, "%" PRId64, (int64_t)number);
	else
		fprintf(printer->out, "%" PRIu64, number);
}

static void print_pointer(struct printer *printer, struct place place)
{
	uint64_t number;

	if (number_read(printer, place, sizeof(number), false, &number))
		fprintf(printer->out, printer->json ? "\"0x%" PRIx64 "\"" : "0x%" PRIx64, number);
}

static void print_float(struct printer *printer, const struct btf_type *type, struct place place)
{
	double number;
	float narrow;

	if (!are_there(printer, place.bytes, type->size))
		return;
	if (type->size == sizeof(narrow)) {
		memcpy(&narrow, place.bytes, sizeof(narrow));
		number = (double)narrow;
	} else if (type->size == sizeof(number)) {
		memcpy(&number, place.bytes, sizeof(number));
	} else {
		print_wide(printer, place, type->size);
		return;
	}
	if (printer->json && !isfinite(number))
		fputs("null", printer->out);
	else
		fprintf(printer->out, "%.*g", type->size == sizeof(narrow) ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG, number);
}

/* --- what is made of others ------------------------------------------------ */

static const struct btf_type *plain_type(const struct btf *btf, uint32_t *id)
{
	const struct btf_type *type = btf__type_by_id(btf, *id);

	while (type && (btf_is_mod(type) || btf_is_typedef(type))) {
		*id = type->type;
		type = btf__type_by_id(btf, *id);
	}
	return type;
}

/* Whether the elements are what C programs keep texts in: char, not unsigned char. */
static bool is_text(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = plain_type(btf, &id);
	const char *name;

	if (!type || !btf_is_int(type) || type->size != 1)
		return false;
	name = btf__name_by_offset(btf, type->name_off);
	return name && strcmp(name, "char") == 0;
}

static void print_elements(struct printer *printer, uint32_t id, const unsigned char *bytes, size_t size, size_t count)
{
	size_t i;

	fputc('[', printer->out);
	for (i = 0; i < count && size && !printer->err; i++) {
		if (i)
			fputs(printer->json ? "," : " ", printer->out);
		print(printer, id, (struct place){ .bytes = bytes + i * size });
	}
	fputc(']', printer->out);
}

/* `rest` says that an array without a size takes all bytes that are left. */
static void print_array(struct printer *printer, const struct btf_type *type, const unsigned char *bytes, bool rest)
{
	const struct btf_array *array = btf_array(type);
	int64_t size = btf__resolve_size(printer->btf, array->type);
	size_t count = array->nelems;

	if (size < 0 || !are_there(printer, bytes, 0)) {
		fail(printer);
		return;
	}
	if (!count && rest && size)
		count = (size_t)(printer->end - bytes) / (size_t)size;
	if (size && count > (size_t)(printer->end - bytes) / (size_t)size)
		fail(printer);
	else if (is_text(printer->btf, array->type))
		print_quoted(printer, bytes, strnlen((const char *)bytes, count));
	else
		print_elements(printer, array->type, bytes, (size_t)size, count);
}

/* One member, without what stands between members. */
static void print_member(struct printer *printer, const struct btf_type *type, uint32_t i, const unsigned char *bytes)
{
	uint32_t offset = btf_member_bit_offset(type, i), id = btf_members(type)[i].type;
	struct place place = { .bits = btf_member_bitfield_size(type, i) };
	const struct btf_type *member = plain_type(printer->btf, &id);

	if (!are_there(printer, bytes, offset / 8))
		return;
	place.bytes = bytes + offset / 8;
	place.bit = offset % 8;
	if (member && btf_is_array(member))
		print_array(printer, member, place.bytes, i + 1 == btf_vlen(type));
	else
		print(printer, id, place);
}

/* The members of a struct or union. Those of a member without a name are printed as its own. */
static void print_members(struct printer *printer, const struct btf_type *type, const unsigned char *bytes, bool *first)
{
	const struct btf_member *member = btf_members(type);
	uint32_t i;

	for (i = 0; i < btf_vlen(type) && !printer->err; i++, member++) {
		uint32_t id = member->type;
		const struct btf_type *inner = plain_type(printer->btf, &id);

		if (!member->name_off && inner && btf_is_composite(inner)) {
			if (++printer->values > VALUES_MAX || !are_there(printer, bytes, btf_member_bit_offset(type, i) / 8))
				fail(printer);
			else
				print_members(printer, inner, bytes + btf_member_bit_offset(type, i) / 8, first);
			continue;
		}
		if (!*first)
			fputs(printer->json ? "," : " ", printer->out);
		*first = false;
		print_name(printer, member->name_off);
		fputc(printer->json ? ':' : '=', printer->out);
		print_member(printer, type, i, bytes);
	}
}

static void print(struct printer *printer, uint32_t id, struct place place)
{
	const struct btf_type *type = plain_type(printer->btf, &id);
	bool first = true;

	if (!type || ++printer->values > VALUES_MAX) {
		fail(printer);
		return;
	}
	switch (btf_kind(type)) {
	case BTF_KIND_INT:
		print_int(printer, type, place);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		print_enum(printer, type, place);
		break;
	case BTF_KIND_PTR:
		print_pointer(printer, place);
		break;
	case BTF_KIND_FLOAT:
		print_float(printer, type, place);
		break;
	case BTF_KIND_ARRAY:
		print_array(printer, type, place.bytes, false);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		if (!are_there(printer, place.bytes, type->size))
			break;
		fputc('{', printer->out);
		print_members(printer, type, place.bytes, &first);
		fputc('}', printer->out);
		break;
	default:	/* a struct that is only declared, a function: no bytes are of such a type */
		fail(printer);
	}
}

int krsi_priv_btf_print(const struct btf *btf, uint32_t id, const void *data, size_t size, bool json, FILE *out)
{
	struct printer printer = {
		.btf = btf, .end = (const unsigned char *)data + size, .json = json, .out = out,
	};

	print(&printer, id, (struct place){ .bytes = data });
	return printer.err;
}
