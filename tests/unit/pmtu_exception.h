/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the kernel believe a path MTU: an ICMP message from a router, sent in by the other end of a
 * veth pair. It quotes an echo reply, which the kernel takes without looking for a socket. Include
 * cmocka.h first. */
#pragma once

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/prefix/prefix.h"

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define ICMP_HEADER 8

struct exception {
	const char *link; /* to send by: its peer receives */
	const uint8_t *mac; /* of the peer */
	const char *router, *host, *destination; /* who says it, to whom, of which way */
	uint32_t mtu;
};

static inline void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* Internet checksum over an even number of bytes, behind a sum that was begun (RFC 1071). */
static inline uint16_t checksum(const uint8_t *data, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)(data[i] << 8 | data[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Writes an IP header in front of len bytes of ICMP. Returns its length. */
static inline size_t put_ip(uint8_t *at, const char *from, const char *to, size_t len)
{
	struct address source, destination;

	assert_int_equal(address_parse(from, &source), 0);
	assert_int_equal(address_parse(to, &destination), 0);
	if (source.family == FAMILY_IPV4) {
		memset(at, 0, IPV4_HEADER);
		at[0] = 0x45;
		put16(at + 2, (uint32_t)(IPV4_HEADER + len));
		at[8] = 64;
		at[9] = IPPROTO_ICMP;
		memcpy(at + 12, source.bytes, 4);
		memcpy(at + 16, destination.bytes, 4);
		put16(at + 10, checksum(at, IPV4_HEADER, 0));
		return IPV4_HEADER;
	}
	memset(at, 0, IPV6_HEADER);
	at[0] = 0x60;
	put16(at + 4, (uint32_t)len);
	at[6] = IPPROTO_ICMPV6;
	at[7] = 64;
	memcpy(at + 8, source.bytes, 16);
	memcpy(at + 24, destination.bytes, 16);
	return IPV6_HEADER;
}

/* "Fragmentation needed" or "packet too big" (RFC 1191, RFC 4443 3.2), in Ethernet. */
static inline size_t build_exception(uint8_t frame[256], const struct exception *exception)
{
	bool six = strchr(exception->destination, ':');
	size_t ip = six ? IPV6_HEADER : IPV4_HEADER, len = ICMP_HEADER + ip + ICMP_HEADER;
	uint8_t *icmp = frame + ETH_HLEN + ip, *quoted = icmp + ICMP_HEADER;

	memset(frame, 0, 256);
	memcpy(frame, exception->mac, ETH_ALEN);
	put16(frame + 12, six ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	put_ip(frame + ETH_HLEN, exception->router, exception->host, len);
	icmp[0] = six ? 2 : 3;
	icmp[1] = six ? 0 : 4;
	put16(icmp + 6, exception->mtu);
	put_ip(quoted, exception->host, exception->destination, ICMP_HEADER);
	quoted[ip] = six ? 129 : 0;
	/* IPv6 sums up the addresses, the length and the protocol too. */
	put16(icmp + 2, six ? checksum(frame + ETH_HLEN + 8, 32 + len,
				       (uint32_t)len + IPPROTO_ICMPV6) :
			      checksum(icmp, len, 0));
	return ETH_HLEN + ip + len;
}

static inline void plant_exception(const struct exception *exception)
{
	struct sockaddr_ll link = { .sll_family = AF_PACKET };
	uint8_t frame[256];
	size_t len = build_exception(frame, exception);
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	link.sll_ifindex = (int)if_nametoindex(exception->link);
	assert_int_equal(sendto(fd, frame, len, 0, (struct sockaddr *)&link, sizeof(link)), len);
	close(fd);
}
