/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An address and a prefix length of either family. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/packet.h"

#define ADDRESS_MAX 16
#define PREFIX_TEXT_MAX 50 /* "ffff:...:255.255.255.255/128" and its end */

struct address {
	enum family family;
	uint8_t bytes[ADDRESS_MAX]; /* network order; IPv4 uses the first 4, the rest is 0 */
};

struct prefix {
	struct address address; /* bits behind length are 0 */
	uint8_t length;         /* bits: 0 to 32, 0 to 128 */
};

static inline uint8_t address_bits(enum family family)
{
	return family == FAMILY_IPV4 ? 32 : 128;
}

static inline uint8_t address_bytes(enum family family)
{
	return family == FAMILY_IPV4 ? 4 : 16;
}

static inline bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, ADDRESS_MAX) == 0;
}

/* By family, then bytes: for qsort and bsearch. */
int address_compare(const void *a, const void *b);

struct address address_from_bytes(enum family family, const uint8_t *bytes);

/* "10.9.0.0/16", "2001:db8::/32", or an address alone (all bits count). Returns 0 or -EINVAL: no
 * such address, a length out of range, or bits set behind the length. */
int prefix_parse(const char *text, struct prefix *ret_prefix);
int address_parse(const char *text, struct address *ret_address);

/* Sets the bits behind length to 0. */
struct prefix prefix_make(const struct address *address, uint8_t length);

/* An address inside that can be asked about: the host of a full length, else the one behind the
 * network's own address. */
struct address prefix_first_host(const struct prefix *prefix);

/* Writes "10.9.0.0/16"; text has PREFIX_TEXT_MAX bytes. Return text. */
const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_MAX]);
const char *address_format(const struct address *address, char text[PREFIX_TEXT_MAX]);

/* Whether the address (4 or 16 bytes of the prefix's family) lies inside. */
bool prefix_contains(const struct prefix *prefix, const uint8_t *address);

/* Whether all of inner lies inside of outer, as it does where they are equal. */
bool prefix_covers(const struct prefix *outer, const struct prefix *inner);

/* By family, then address, then length: a prefix comes before all it contains. */
int prefix_compare(const struct prefix *a, const struct prefix *b);
