/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decision and the edit of one SYN: points 6 to 11 of the packet contract (doc/design.md). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"

/* What becomes of a SYN with a tiny MSS: who obeys it sends many small segments (CVE-2019-11477 to
 * 11479). */
enum low_mss_action { LOW_MSS_PASS, LOW_MSS_RAISE, LOW_MSS_DROP };

struct clamp_options {
	bool insert_missing; /* add an MSS option where there is none */
	bool clamp_tcp_ao;   /* lower it beside TCP-AO too; its MAC then fails with keys */
	enum low_mss_action low_mss;
	/* Bytes: an MSS below is tiny where it is below the limit too; 0: none is. */
	uint16_t low_mss_below[FAMILY_COUNT];
};

struct clamp_outcome {
	enum syn_result result;
	bool changed;       /* bytes of the packet are different now */
	bool drop;          /* the packet is to be dropped: nothing else is done to it */
	uint32_t mss_before; /* last MSS option found: bytes, 0 where there was none */
	uint32_t mss_after;  /* the same after the edit; the inserted value; 0 where dropped */
	bool has_mss;        /* there was an MSS option of length 4 */
	bool nft_alike;      /* changed, and nft's "tcp option maxseg size set" would make the same
			      * bytes of it (net/netfilter/nft_exthdr.c) */
	size_t len;          /* bytes of the buffer after the edit: len, or len + 4 */
};

#define CLAMP_INSERT_LEN 4 /* bytes an inserted option adds */

/* Lowers every MSS option of a SYN above limit, or adds one, in place. One that is tiny is raised
 * to low_mss_below, or to the limit where that is less, or the SYN is to be dropped: of several
 * options one is enough.
 * syn       as packet_find_syn filled it; its pointers into the packet stay valid
 * len       bytes in the buffer from syn->ip on; what lies behind the IP packet moves along
 * capacity  bytes of the buffer; an option is added only where len + 4 fits
 * limit     bytes, host order, 1 to 65535; 0 (MSS_NONE of core/mss.h): nothing is lowered or
 *           added
 * The TCP checksum follows by RFC 1624: a wrong one stays exactly as wrong. */
struct clamp_outcome clamp_syn(const struct syn *syn, size_t len, size_t capacity, uint32_t limit,
			       const struct clamp_options *options);

/* What clamp_syn would answer, without touching a byte (audit mode): result and mss_after tell. */
struct clamp_outcome clamp_audit(const struct syn *syn, size_t len, size_t capacity, uint32_t limit,
				 const struct clamp_options *options);

/* packet_find_syn and clamp_syn in one: a whole IP packet with a limit for each family. */
struct clamp_outcome clamp_packet(uint8_t *packet, size_t len, size_t capacity,
				  const uint32_t limit[FAMILY_COUNT],
				  const struct clamp_options *options);

/* Turns the checksum of a SYN that the kernel left unfinished (NFQA_SKB_CSUMNOTREADY: the field
 * holds the folded sum of the pseudo header, not complemented) into a whole one, from that very
 * sum: so it is right behind source routes and routing headers too. */
void clamp_finish_checksum(const struct syn *syn);
