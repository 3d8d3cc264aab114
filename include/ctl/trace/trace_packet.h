/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a captured frame says about TCP, fragments and path MTUs. Reads headers only, so frames may
 * be snapped; sizes are those that the headers tell. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"

#define TRACE_SACK_MAX 4 /* blocks that fit into the options */
#define TRACE_ETHERNET_MTU 1500

enum { TRACE_FIN = 0x01, TRACE_SYN = 0x02, TRACE_RST = 0x04, TRACE_ACK = 0x10 };

/* Both ends of a flow. */
struct trace_ends {
	enum family family;
	uint8_t source[16], destination[16]; /* IPv4: 4 bytes, then zeros */
	uint16_t sport, dport;
};

struct trace_tcp {
	uint32_t seq, ack;
	uint32_t payload_len; /* bytes, by the IP header */
	uint16_t window, mss; /* as they stand; mss 0: no option */
	bool has_mss;
	uint8_t flags;
	uint8_t header_len;
	uint8_t sack_count;
	uint32_t sack[TRACE_SACK_MAX][2]; /* first and one behind the last */
};

struct trace_packet {
	uint32_t outer_len;  /* bytes of the outermost IP packet */
	bool fragment;       /* of any IP packet in it */
	bool in_tunnel;      /* what follows was found inside of another IP packet */
	bool before, after;  /* the file says that it is as it came to this host, or as it left */
	/* the innermost IP packet: */
	uint32_t ip_len;     /* bytes */
	uint8_t hop_limit;
	uint16_t ident;      /* of IPv4 */
	bool is_tcp, is_udp; /* whole ones: of a fragment nobody knows */
	struct trace_ends ends; /* ports with is_tcp alone */
	struct trace_tcp tcp;
	/* an ICMP message "fragmentation needed" or "packet too big": */
	bool is_too_big;
	uint32_t too_big_mtu;       /* bytes, as it says */
	struct trace_ends too_big_for; /* the packet it is about */
};

/* Whether we know where IP starts in frames of that link type. */
bool trace_link_is_known(uint32_t link_type);

/* Reads one frame. len: bytes captured; original_len: on the wire.
 * Looks into IPIP, 6in4, GRE, VXLAN, Geneve and PPPoE, and into the first fragment of a tunnel's
 * packet. Returns false where there is no IP packet, or not enough of one; then *ret is not
 * written. */
bool trace_packet_read(uint32_t link_type, const uint8_t *frame, size_t len, size_t original_len,
		       struct trace_packet *ret);
