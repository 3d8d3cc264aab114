/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/prefix/prefix.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"

static int socket_family(enum family family)
{
	return family == FAMILY_IPV4 ? AF_INET : AF_INET6;
}

int address_compare(const void *a, const void *b)
{
	const struct address *x = a, *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return memcmp(x->bytes, y->bytes, ADDRESS_MAX);
}

struct address address_from_bytes(enum family family, const uint8_t *bytes)
{
	struct address address = { .family = family };

	memcpy(address.bytes, bytes, address_bytes(family));
	return address;
}

int address_parse(const char *text, struct address *ret_address)
{
	struct address address = { .family = strchr(text, ':') ? FAMILY_IPV6 : FAMILY_IPV4 };

	if (inet_pton(socket_family(address.family), text, address.bytes) != 1)
		return -EINVAL;
	*ret_address = address;
	return 0;
}

int prefix_parse(const char *text, struct prefix *ret_prefix)
{
	const char *slash = strchr(text, '/');
	char address_text[PREFIX_TEXT_MAX];
	size_t address_len = slash ? (size_t)(slash - text) : strlen(text);
	struct address address;
	struct prefix prefix;
	uint64_t length;
	int r;

	if (address_len >= sizeof(address_text))
		return -EINVAL;
	memcpy(address_text, text, address_len);
	address_text[address_len] = '\0';
	r = address_parse(address_text, &address);
	if (r < 0)
		return r;

	length = address_bits(address.family);
	if (slash && text_parse_u64(slash + 1, 0, length, &length) < 0)
		return -EINVAL;
	prefix = prefix_make(&address, (uint8_t)length);
	if (memcmp(prefix.address.bytes, address.bytes, ADDRESS_MAX) != 0)
		return -EINVAL;
	*ret_prefix = prefix;
	return 0;
}

/* The bits of the byte that a prefix ends in: 3 of them are 0xe0. */
static uint8_t leading_bits(unsigned int bits)
{
	return (uint8_t)(0xff00u >> bits);
}

struct prefix prefix_make(const struct address *address, uint8_t length)
{
	struct prefix prefix = { .address = { .family = address->family }, .length = length };
	size_t whole = length / 8;

	assert(length <= address_bits(address->family));
	memcpy(prefix.address.bytes, address->bytes, whole);
	if (length % 8)
		prefix.address.bytes[whole] = address->bytes[whole] & leading_bits(length % 8);
	return prefix;
}

struct address prefix_first_host(const struct prefix *prefix)
{
	struct address address = prefix->address;

	if (prefix->length < address_bits(address.family))
		address.bytes[address_bytes(address.family) - 1] |= 1;
	return address;
}

/* Writes a number below 1000 without leading zeros. Returns what is behind it. */
static char *write_number(char *text, unsigned int number)
{
	if (number >= 100)
		*text++ = (char)('0' + number / 100);
	if (number >= 10)
		*text++ = (char)('0' + number / 10 % 10);
	*text++ = (char)('0' + number % 10);
	return text;
}

/* Ten thousand peers have forty thousand addresses: inet_ntop takes five times as long for
 * these. */
static void format_v4(const uint8_t *bytes, char *text)
{
	for (size_t i = 0; i < 4; i++) {
		if (i > 0)
			*text++ = '.';
		text = write_number(text, bytes[i]);
	}
	*text = '\0';
}

const char *address_format(const struct address *address, char text[PREFIX_TEXT_MAX])
{
	const char *done;

	if (address->family == FAMILY_IPV4) {
		format_v4(address->bytes, text);
		return text;
	}
	done = inet_ntop(AF_INET6, address->bytes, text, PREFIX_TEXT_MAX);
	assert(done);
	return done;
}

const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_MAX])
{
	char *end = text + strlen(address_format(&prefix->address, text));

	*end++ = '/';
	*write_number(end, prefix->length) = '\0';
	return text;
}

bool prefix_contains(const struct prefix *prefix, const uint8_t *address)
{
	size_t whole = prefix->length / 8;
	uint8_t rest = leading_bits(prefix->length % 8);

	if (memcmp(prefix->address.bytes, address, whole) != 0)
		return false;
	return rest == 0 || ((prefix->address.bytes[whole] ^ address[whole]) & rest) == 0;
}

bool prefix_covers(const struct prefix *outer, const struct prefix *inner)
{
	return outer->address.family == inner->address.family && outer->length <= inner->length &&
	       prefix_contains(outer, inner->address.bytes);
}

int prefix_compare(const struct prefix *a, const struct prefix *b)
{
	int order;

	if (a->address.family != b->address.family)
		return a->address.family < b->address.family ? -1 : 1;
	order = memcmp(a->address.bytes, b->address.bytes, address_bytes(a->address.family));
	if (order != 0)
		return order;
	return (int)a->length - (int)b->length;
}
