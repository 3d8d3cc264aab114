/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/packet.h"

#include "core/wire.h"

enum {
	PROTO_HOP_BY_HOP = 0,
	PROTO_TCP = 6,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_AH = 51,
	PROTO_DESTINATION = 60,
};

#define EXTENSION_HEADERS_MAX 8
#define IPV4_FRAGMENT_MASK 0x3fff /* more fragments, and the offset; not DF */

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04

static const char *const result_names[SYN_RESULT_COUNT] = {
	[SYN_CLAMPED] = "clamped",
	[SYN_INSERTED] = "inserted",
	[SYN_RAISED] = "raised",
	[SYN_DROPPED] = "dropped",
	[SYN_ALREADY_SMALL] = "already_small",
	[SYN_NO_MSS] = "no_mss",
	[SYN_NO_LIMIT] = "no_limit",
	[SYN_NOT_IP] = "not_ip",
	[SYN_IP_HEADER] = "ip_header",
	[SYN_IP_TRUNCATED] = "ip_truncated",
	[SYN_FRAGMENT] = "fragment",
	[SYN_JUMBO] = "jumbo",
	[SYN_AH] = "ah",
	[SYN_EXTENSION_HEADER] = "extension_header",
	[SYN_NOT_TCP] = "not_tcp",
	[SYN_TCP_TRUNCATED] = "tcp_truncated",
	[SYN_TCP_HEADER] = "tcp_header",
	[SYN_NOT_SYN] = "not_syn",
	[SYN_MALFORMED_OPTION] = "malformed_option",
	[SYN_TCP_AO] = "tcp_ao",
	[SYN_TRUNCATED_COPY] = "truncated_copy",
	[SYN_BRIDGE] = "bridge",
	[SYN_USERNS] = "userns",
};

const char *syn_result_name(enum syn_result result)
{
	return result < SYN_RESULT_COUNT ? result_names[result] : "unknown";
}

/* Finds the transport header of an IPv4 packet. SYN_UNDECIDED: there it is. */
static enum syn_result find_ipv4(uint8_t *packet, size_t len, struct syn *syn)
{
	size_t header_len, ip_len;

	if (len < IPV4_HEADER_MIN)
		return SYN_IP_TRUNCATED;
	header_len = (size_t)(packet[0] & 0x0f) * 4;
	ip_len = wire_get16(packet + 2);
	if (header_len < IPV4_HEADER_MIN || ip_len < header_len)
		return SYN_IP_HEADER;
	if (ip_len > len)
		return SYN_IP_TRUNCATED;
	if (wire_get16(packet + 6) & IPV4_FRAGMENT_MASK)
		return SYN_FRAGMENT;
	if (packet[9] != PROTO_TCP)
		return SYN_NOT_TCP;
	syn->ip_len = ip_len;
	syn->tcp = packet + header_len;
	syn->source = packet + 12;
	syn->destination = packet + 16;
	return SYN_UNDECIDED;
}

/* Walks the extension headers from the fixed header on (RFC 8200 section 4). *at is left at the TCP
 * header. */
static enum syn_result walk_extensions(const uint8_t *packet, size_t ip_len, size_t *at)
{
	uint8_t next = packet[6];
	size_t header_len;
	int walked;

	for (walked = 0; next != PROTO_TCP; walked++) {
		switch (next) {
		case PROTO_FRAGMENT:
			return SYN_FRAGMENT;
		case PROTO_AH:
			return SYN_AH;
		case PROTO_HOP_BY_HOP:
			if (walked > 0)
				return SYN_EXTENSION_HEADER;
			break;
		case PROTO_ROUTING:
		case PROTO_DESTINATION:
			break;
		default:
			return SYN_NOT_TCP;
		}
		if (walked == EXTENSION_HEADERS_MAX || ip_len - *at < 8)
			return SYN_EXTENSION_HEADER;
		header_len = ((size_t)packet[*at + 1] + 1) * 8;
		if (header_len > ip_len - *at)
			return SYN_EXTENSION_HEADER;
		next = packet[*at];
		*at += header_len;
	}
	return SYN_UNDECIDED;
}

static enum syn_result find_ipv6(uint8_t *packet, size_t len, struct syn *syn)
{
	size_t payload_len, at = IPV6_HEADER_LEN;
	enum syn_result reason;

	if (len < IPV6_HEADER_LEN)
		return SYN_IP_TRUNCATED;
	payload_len = wire_get16(packet + 4);
	if (payload_len == 0)
		return SYN_JUMBO;
	if (payload_len > len - IPV6_HEADER_LEN)
		return SYN_IP_TRUNCATED;
	syn->ip_len = IPV6_HEADER_LEN + payload_len;
	reason = walk_extensions(packet, syn->ip_len, &at);
	if (reason != SYN_UNDECIDED)
		return reason;
	syn->tcp = packet + at;
	syn->source = packet + 8;
	syn->destination = packet + 24;
	return SYN_UNDECIDED;
}

/* Point 5 of the contract: a whole header of a segment that opens a connection. */
static enum syn_result check_tcp(struct syn *syn)
{
	syn->segment_len = syn->ip_len - (size_t)(syn->tcp - syn->ip);
	if (syn->segment_len < TCP_HEADER_MIN)
		return SYN_TCP_TRUNCATED;
	syn->tcp_header_len = (size_t)(syn->tcp[12] >> 4) * 4;
	if (syn->tcp_header_len < TCP_HEADER_MIN || syn->tcp_header_len > syn->segment_len)
		return SYN_TCP_HEADER;
	if ((syn->tcp[13] & (TCP_SYN | TCP_FIN | TCP_RST)) != TCP_SYN)
		return SYN_NOT_SYN;
	return SYN_UNDECIDED;
}

bool packet_find_syn(uint8_t *packet, size_t len, enum family *ret_family, struct syn *ret_syn,
		     enum syn_result *ret_reason)
{
	struct syn syn = { .ip = packet };
	enum syn_result reason;

	switch (len > 0 ? packet[0] >> 4 : 0) {
	case 4:
		syn.family = FAMILY_IPV4;
		reason = find_ipv4(packet, len, &syn);
		break;
	case 6:
		syn.family = FAMILY_IPV6;
		reason = find_ipv6(packet, len, &syn);
		break;
	default:
		*ret_reason = SYN_NOT_IP;
		return false;
	}
	*ret_family = syn.family;
	if (reason == SYN_UNDECIDED)
		reason = check_tcp(&syn);
	if (reason != SYN_UNDECIDED) {
		*ret_reason = reason;
		return false;
	}
	*ret_syn = syn;
	return true;
}
