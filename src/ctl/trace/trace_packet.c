/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/trace_packet.h"

#include <string.h>

#include "core/tcpopt.h"
#include "core/wire.h"
#include "ctl/trace/linktype.h"

#define DEPTH_MAX 8       /* IP packets in each other that are looked into */
#define EXTENSIONS_MAX 8  /* IPv6 headers walked */
#define PPPOE_LEN 6       /* version, code, session, length (RFC 2516) */
#define VXLAN_LEN 8       /* RFC 7348 */
#define GENEVE_LEN 8      /* RFC 8926, without options */
#define UDP_LEN 8
#define ICMP_LEN 8        /* type, code, checksum, and the MTU in the rest */

enum {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_LOOP = 108,
	LOOP_LEN = 4, /* the address family, in some order: the version nibble tells as well */
	ETHER_ADDRESSES = 12,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_PPPOE = 0x8864,
	ETHERTYPE_BRIDGED = 0x6558, /* an Ethernet frame inside GRE or Geneve */
	ETHERTYPE_V4 = 0x0800,
	ETHERTYPE_V6 = 0x86dd,
	PPP_IPV4 = 0x0021,
	PPP_IPV6 = 0x0057,
	PROTO_HOP_BY_HOP = 0,
	PROTO_ICMP = 1,
	PROTO_IPIP = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_6IN4 = 41,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_GRE = 47,
	PROTO_ICMPV6 = 58,
	PROTO_DESTINATION = 60,
	PORT_VXLAN = 4789,
	PORT_GENEVE = 6081,
	OPTION_SACK = 5, /* RFC 2018 */
};

/* What lies in front of us of a packet; `len` is what was captured of it. */
struct view {
	const uint8_t *pos;
	size_t len;
	size_t real_len; /* by the headers around it */
};

/* Where an IP packet ends and what follows its headers. */
struct ip_head {
	struct trace_ends ends;
	uint32_t ip_len;
	uint16_t ident;
	uint8_t hop_limit, protocol;
	bool fragment, later; /* later: not the first, so no header follows */
	struct view rest;
};

static bool step(struct view *view, size_t by)
{
	if (by > view->len || by > view->real_len)
		return false;
	view->pos += by;
	view->len -= by;
	view->real_len -= by;
	return true;
}

static bool read_ipv4(struct view view, struct ip_head *head)
{
	const uint8_t *ip = view.pos;
	size_t header_len, total;

	if (view.len < IPV4_HEADER_MIN)
		return false;
	header_len = (size_t)(ip[0] & 15) * 4;
	total = wire_get16(ip + 2);
	if (total == 0) /* more than 64 KiB, before segmentation was offloaded */
		total = view.real_len;
	if (header_len < IPV4_HEADER_MIN || total < header_len)
		return false;
	*head = (struct ip_head){ .ends.family = FAMILY_IPV4, .ip_len = (uint32_t)total,
				  .ident = wire_get16(ip + 4), .hop_limit = ip[8],
				  .protocol = ip[9] };
	memcpy(head->ends.source, ip + 12, 4);
	memcpy(head->ends.destination, ip + 16, 4);
	head->later = (wire_get16(ip + 6) & 0x1fff) != 0;
	head->fragment = head->later || (wire_get16(ip + 6) & 0x2000);
	view.real_len = total;
	if (view.len > total)
		view.len = total;
	head->rest = view;
	return step(&head->rest, header_len);
}

/* Steps over one IPv6 extension header. False: none, or not enough of it. */
static bool step_extension(struct ip_head *head)
{
	const uint8_t *pos = head->rest.pos;
	uint16_t offset;

	if (head->rest.len < 8)
		return false;
	switch (head->protocol) {
	case PROTO_HOP_BY_HOP:
	case PROTO_ROUTING:
	case PROTO_DESTINATION:
		head->protocol = pos[0];
		return step(&head->rest, ((size_t)pos[1] + 1) * 8);
	case PROTO_FRAGMENT:
		offset = wire_get16(pos + 2);
		head->protocol = pos[0];
		head->fragment = head->fragment || (offset & 0xfff9);
		head->later = offset & 0xfff8;
		return step(&head->rest, 8) && !head->later;
	default:
		return false;
	}
}

static bool read_ipv6(struct view view, struct ip_head *head)
{
	const uint8_t *ip = view.pos;
	size_t total;

	if (view.len < IPV6_HEADER_LEN)
		return false;
	total = wire_get16(ip + 4) ? wire_get16(ip + 4) + (size_t)IPV6_HEADER_LEN : view.real_len;
	*head = (struct ip_head){ .ends.family = FAMILY_IPV6, .ip_len = (uint32_t)total,
				  .hop_limit = ip[7], .protocol = ip[6] };
	memcpy(head->ends.source, ip + 8, 16);
	memcpy(head->ends.destination, ip + 24, 16);
	view.real_len = total;
	if (view.len > total)
		view.len = total;
	head->rest = view;
	if (!step(&head->rest, IPV6_HEADER_LEN))
		return false;
	for (int i = 0; i < EXTENSIONS_MAX && step_extension(head); i++)
		;
	return true;
}

static bool read_ip(struct view view, struct ip_head *head)
{
	if (view.len == 0)
		return false;
	switch (view.pos[0] >> 4) {
	case 4:
		return read_ipv4(view, head);
	case 6:
		return read_ipv6(view, head);
	default:
		return false;
	}
}

static void read_sack(const uint8_t *pos, size_t len, struct trace_tcp *tcp)
{
	for (; len >= 8 && tcp->sack_count < TRACE_SACK_MAX; pos += 8, len -= 8) {
		tcp->sack[tcp->sack_count][0] = wire_get32(pos);
		tcp->sack[tcp->sack_count++][1] = wire_get32(pos + 4);
	}
}

/* header: what was captured of it, 20 to 60 bytes. */
static void read_options(const uint8_t *header, size_t len, struct trace_tcp *tcp)
{
	struct tcpopt options = tcpopt_walk(header, len);

	if (options.mss_count > 0) { /* receivers take the last */
		tcp->has_mss = true;
		tcp->mss = wire_get16(header + options.mss_at[options.mss_count - 1] + 2);
	}
	for (size_t at = TCP_HEADER_MIN; at + 1 < len && header[at] != TCPOPT_EOL;) {
		size_t size = header[at] == TCPOPT_NOP ? 1 : header[at + 1];

		if (size == 0 || size > len - at || (size < 2 && header[at] != TCPOPT_NOP))
			return;
		if (header[at] == OPTION_SACK)
			read_sack(header + at + 2, size - 2, tcp);
		at += size;
	}
}

static bool read_tcp(const struct ip_head *head, struct trace_packet *packet)
{
	struct trace_tcp tcp = { .seq = 0 };
	const uint8_t *pos = head->rest.pos;
	size_t len = head->rest.len;

	if (len < TCP_HEADER_MIN)
		return false;
	tcp.header_len = (uint8_t)((pos[12] >> 4) * 4);
	if (tcp.header_len < TCP_HEADER_MIN || tcp.header_len > head->rest.real_len)
		return false;
	tcp.seq = wire_get32(pos + 4);
	tcp.ack = wire_get32(pos + 8);
	tcp.flags = pos[13];
	tcp.window = wire_get16(pos + 14);
	tcp.payload_len = (uint32_t)(head->rest.real_len - tcp.header_len);
	read_options(pos, len < tcp.header_len ? len : tcp.header_len, &tcp);
	packet->is_tcp = true;
	packet->tcp = tcp;
	packet->ends.sport = wire_get16(pos);
	packet->ends.dport = wire_get16(pos + 2);
	return true;
}

static void read_icmp(const struct ip_head *head, struct trace_packet *packet)
{
	const uint8_t *pos = head->rest.pos;
	bool v4 = head->ends.family == FAMILY_IPV4;
	struct view about = head->rest;
	struct ip_head inner;

	if (head->rest.len < ICMP_LEN || pos[0] != (v4 ? 3 : 2) || (v4 && pos[1] != 4))
		return;
	if (!step(&about, ICMP_LEN))
		return;
	about.real_len = UINT16_MAX; /* only its start is quoted */
	if (!read_ip(about, &inner) || inner.ends.family != head->ends.family)
		return;
	packet->is_too_big = true;
	packet->too_big_mtu = v4 ? wire_get16(pos + 6) : wire_get32(pos + 4);
	packet->too_big_for = inner.ends;
	if (inner.protocol == PROTO_TCP && !inner.later && inner.rest.len >= 4) {
		packet->too_big_for.sport = wire_get16(inner.rest.pos);
		packet->too_big_for.dport = wire_get16(inner.rest.pos + 2);
	}
}

/* Steps over the Ethernet header of a frame inside a tunnel, to its IP packet. */
static bool step_ethernet(struct view *view)
{
	size_t at;

	return linktype_find_ip(LINK_ETHERNET, view->pos, view->len, &at) && step(view, at);
}

static bool step_ethertype(struct view *view, uint16_t type)
{
	if (type == ETHERTYPE_BRIDGED)
		return step_ethernet(view);
	return type == ETHERTYPE_V4 || type == ETHERTYPE_V6;
}

static bool step_gre(struct view *view)
{
	uint16_t flags, type;

	if (view->len < 4)
		return false;
	flags = wire_get16(view->pos);
	type = wire_get16(view->pos + 2);
	if (flags & 0x4007) /* routing, or a version other than 0 (RFC 2784, 2890) */
		return false;
	return step(view, 4u + (flags & 0x8000 ? 4 : 0) + (flags & 0x2000 ? 4 : 0) +
			  (flags & 0x1000 ? 4 : 0)) &&
	       step_ethertype(view, type);
}

static bool step_udp(struct view *view)
{
	const uint8_t *pos = view->pos;
	uint16_t port;

	if (view->len < UDP_LEN + GENEVE_LEN)
		return false;
	port = wire_get16(pos + 2);
	if (port == PORT_VXLAN)
		return (pos[UDP_LEN] & 0x08) && step(view, UDP_LEN + VXLAN_LEN) &&
		       step_ethernet(view);
	if (port != PORT_GENEVE || pos[UDP_LEN] >> 6 != 0)
		return false;
	return step(view, UDP_LEN + GENEVE_LEN + (size_t)(pos[UDP_LEN] & 0x3f) * 4) &&
	       step_ethertype(view, wire_get16(pos + UDP_LEN + 2));
}

/* Whether another IP packet lies in this one, and where. */
static bool step_tunnel(const struct ip_head *head, struct view *ret_inner)
{
	*ret_inner = head->rest;
	switch (head->protocol) {
	case PROTO_IPIP:
	case PROTO_6IN4:
		return true;
	case PROTO_GRE:
		return step_gre(ret_inner);
	case PROTO_UDP:
		return step_udp(ret_inner);
	default:
		return false;
	}
}

static void take_head(const struct ip_head *head, struct trace_packet *packet)
{
	packet->ip_len = head->ip_len;
	packet->hop_limit = head->hop_limit;
	packet->ident = head->ident;
	packet->ends = head->ends;
}

/* PPPoE is behind Ethernet what IP is: looked for where linktype_find_ip has found none. */
static bool find_pppoe(const uint8_t *frame, size_t len, size_t *ret_at)
{
	size_t at = ETHER_ADDRESSES;
	uint16_t protocol;

	while (at + 2 <= len && (wire_get16(frame + at) == ETHERTYPE_VLAN ||
				 wire_get16(frame + at) == ETHERTYPE_QINQ))
		at += 4;
	if (at + 2 + PPPOE_LEN + 2 > len || wire_get16(frame + at) != ETHERTYPE_PPPOE)
		return false;
	protocol = wire_get16(frame + at + 2 + PPPOE_LEN);
	*ret_at = at + 2 + PPPOE_LEN + 2;
	return protocol == PPP_IPV4 || protocol == PPP_IPV6;
}

static bool find_ip(uint32_t link_type, const uint8_t *frame, size_t len, size_t *ret_at)
{
	if (link_type == LINK_NULL || link_type == LINK_LOOP) {
		*ret_at = LOOP_LEN;
		return len > LOOP_LEN;
	}
	return linktype_find_ip(link_type, frame, len, ret_at) ||
	       (link_type == LINK_ETHERNET && find_pppoe(frame, len, ret_at));
}

bool trace_link_is_known(uint32_t link_type)
{
	return link_type == LINK_NULL || link_type == LINK_LOOP || linktype_is_supported(link_type);
}

bool trace_packet_read(uint32_t link_type, const uint8_t *frame, size_t len, size_t original_len,
		       struct trace_packet *ret)
{
	struct view view = { frame, len, original_len }, inner;
	struct trace_packet packet = { .outer_len = 0 };
	struct ip_head head;
	size_t at;

	if (!find_ip(link_type, frame, len, &at) || !step(&view, at) || !read_ip(view, &head))
		return false;
	packet.outer_len = head.ip_len;
	packet.fragment = head.fragment;
	take_head(&head, &packet);
	for (int depth = 1; depth < DEPTH_MAX && !head.later; depth++) {
		struct ip_head next;

		if (!step_tunnel(&head, &inner) || !read_ip(inner, &next))
			break;
		head = next;
		packet.in_tunnel = true;
		packet.fragment = packet.fragment || head.fragment;
		take_head(&head, &packet);
	}
	packet.is_udp = !packet.fragment && head.protocol == PROTO_UDP;
	/* What TCP says of its length holds for the whole segment, which a fragment is not. */
	if (!head.fragment && head.protocol == PROTO_TCP)
		read_tcp(&head, &packet);
	else if (!head.later && head.protocol == (head.ends.family == FAMILY_IPV4 ? PROTO_ICMP :
										    PROTO_ICMPV6))
		read_icmp(&head, &packet);
	*ret = packet;
	return true;
}
