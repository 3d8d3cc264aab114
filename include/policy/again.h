/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which SYNs were there before: somebody sent one, got no answer, and sent it again (RFC 6298). The
 * last few thousand of one worker are remembered by a number each; no address is kept. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/packet.h"

/* 64 KiB. A SYN is sent again after a second: more SYNs a second than this, and some of those sent
 * again are not known any more. */
#define AGAIN_SYNS 16384
#define AGAIN_SHIFT 50 /* the upper 14 bits are the place */
_Static_assert(AGAIN_SYNS == 1u << (64 - AGAIN_SHIFT), "a place for each value");

#define AGAIN_MIX 0x9e3779b97f4a7c15u /* 2^64 / golden ratio: mixes upwards (Knuth 6.4) */

struct again {
	uint32_t numbers[AGAIN_SYNS]; /* by a mixture of what makes a SYN out; 0: none */
};

/* As it lies there: what the bytes mean does not matter. Of IPv6 the end, which tells hosts of one
 * net apart. */
static inline uint32_t again_address(const uint8_t *address, enum family family)
{
	uint32_t end;

	memcpy(&end, address + (family == FAMILY_IPV6) * 12, sizeof(end));
	return end;
}

/* hook: of netfilter, below 16: a SYN of this host to itself passes two and is sent once. Returns
 * whether the same SYN (addresses, ports, sequence number) was there, and remembers this one. */
static inline bool again_note(struct again *again, const struct syn *syn, unsigned int hook)
{
	uint64_t ends = (uint64_t)again_address(syn->destination, syn->family) << 32 |
			again_address(syn->source, syn->family);
	uint64_t ports_and_sequence, mixed;
	uint32_t number, *place;
	bool known;

	memcpy(&ports_and_sequence, syn->tcp, sizeof(ports_and_sequence));
	mixed = (ports_and_sequence ^ ends ^ (uint64_t)hook << 60) * AGAIN_MIX;
	number = (uint32_t)(mixed >> 18) | 1; /* bits that the place has not */
	place = &again->numbers[mixed >> AGAIN_SHIFT];
	known = *place == number;
	*place = number;
	return known;
}
