/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each kind of tunnel adds to a packet: one table, for the daemon, calc and the manual. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"
#include "policy/overhead/encap.h"

#define OVERHEAD_STEPS_MAX 24 /* of one layer; no kind needs more */
#define OVERHEAD_WHAT_MAX 96

/* One line of the sum. */
struct overhead_step {
	char what[OVERHEAD_WHAT_MAX]; /* "IPv6 header", "round down to 16: WireGuard pads ..." */
	uint32_t bytes; /* that it takes off */
	bool header;    /* a header, a trailer or a part of one; else padding or a limit */
	uint32_t left;  /* what is left behind it: the largest packet inside so far, bytes */
};

struct overhead_steps {
	struct overhead_step list[OVERHEAD_STEPS_MAX];
	size_t count;
};

struct overhead {
	uint32_t inner_mtu; /* largest IP packet inside that leaves whole: bytes, 0: none does */
	uint32_t fixed;     /* headers and trailers, without padding and interface limits: bytes */
	bool stream;        /* carried in a TCP stream: the path sets no limit. inner_mtu is IFMTU
			     * then, or without it the largest packet that one segment holds */
	bool carries[FAMILY_COUNT]; /* whether such a tunnel can carry the family */
};

/* IP version of the header that the layer puts around its packets: 4 or 6; 0 where it adds none. */
unsigned int overhead_outer_version(const struct encap *encap);

/* What overhead_apply takes for granted at this layer, one line at a time: the text of that index
 * from 0, or NULL behind the last. */
const char *overhead_assumes(const struct encap *encap, size_t index);

/* One layer: outer_mtu is the largest IP packet (for layers below IP: the largest payload of the
 * frame) that the path takes, in bytes. steps may be NULL; it is overwritten.
 * ENCAP_NONE leaves the MTU as it is. Never fails: the table knows a default for every key. */
struct overhead overhead_apply(const struct encap *encap, uint32_t outer_mtu,
			       struct overhead_steps *steps);
