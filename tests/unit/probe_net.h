/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Three hosts for probes, each a network namespace of this process alone: near, a router whose far
 * link takes 1400 bytes, and far. What the router sees can be looked at, and it can tell lies.
 * Needs root and ip(8). Include cmocka.h first. */
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/array.h"
#include "core/wire.h"
#include "edge/probe/probe.h"

#define WAIT_MS 2000

enum place { NEAR, ROUTER, FAR, PLACES };
static int places[PLACES];

static const struct { enum place place; const char *command; } net_setup[] = {
	{ NEAR,   "echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad" },
	{ ROUTER, "echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad" },
	{ FAR,    "echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad" },
	{ ROUTER, "echo 0 >/proc/sys/net/ipv4/icmp_ratemask" },
	{ ROUTER, "echo 0 >/proc/sys/net/ipv6/icmp/ratelimit" },
	{ FAR,    "echo 0 >/proc/sys/net/ipv4/icmp_ratemask" },
	{ FAR,    "echo 0 >/proc/sys/net/ipv6/icmp/ratelimit" },
	{ ROUTER, "echo 1 >/proc/sys/net/ipv4/ip_forward" },
	{ ROUTER, "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding" },
	{ ROUTER, "ip link add r0 type veth peer name n0" },
	{ ROUTER, "ip link add r1 mtu 1400 type veth peer name f0 mtu 1400" },
	{ ROUTER, "ip link add r2 type veth peer name n1" },
	{ ROUTER, "ip link set n0 netns $NEAR" },
	{ ROUTER, "ip link set n1 netns $NEAR" },
	{ ROUTER, "ip link set f0 netns $FAR" },
	{ ROUTER, "ip link set r0 up && ip link set r1 up && ip link set r2 up" },
	{ ROUTER, "ip addr add 192.0.2.2/24 dev r0 && ip addr add 2001:db8:1::2/64 dev r0" },
	{ ROUTER, "ip addr add 198.51.100.1/24 dev r1 && ip addr add 2001:db8:2::1/64 dev r1" },
	{ ROUTER, "ip addr add 192.0.3.2/24 dev r2 && ip addr add 2001:db8:3::2/64 dev r2" },
	{ ROUTER, "ip route add blackhole 203.0.113.0/24" },
	{ ROUTER, "ip route add blackhole 2001:db8:dead::/64" },
	{ ROUTER, "ip route add 10.0.0.0/24 via 192.0.2.1" },
	{ ROUTER, "ip route add fd00::/64 via 2001:db8:1::1" },
	{ NEAR,   "ip link set lo up && ip link set n0 up && ip link set n1 up" },
	{ NEAR,   "ip addr add 192.0.2.1/24 dev n0 && ip addr add 2001:db8:1::1/64 dev n0" },
	{ NEAR,   "ip addr add 192.0.3.1/24 dev n1 && ip addr add 2001:db8:3::1/64 dev n1" },
	{ NEAR,   "for i in $(seq 20); do ip addr add 10.0.0.$i/32 dev lo && "
		  "ip addr add fd00::$i/128 dev lo || exit 1; done" },
	{ NEAR,   "ip route add default via 192.0.2.2" },
	{ NEAR,   "ip route add default via 2001:db8:1::2" },
	{ NEAR,   "ip route add default via 192.0.3.2 metric 2000" },
	{ NEAR,   "ip route add default via 2001:db8:3::2 metric 2000" },
	{ NEAR,   "ip rule add fwmark 7 prohibit && ip -6 rule add fwmark 7 prohibit" },
	{ FAR,    "ip link set f0 up" },
	{ FAR,    "ip addr add 198.51.100.2/24 dev f0 && ip addr add 2001:db8:2::2/64 dev f0" },
	{ FAR,    "ip route add default via 198.51.100.1" },
	{ FAR,    "ip route add default via 2001:db8:2::1" },
};

static inline void enter(enum place place)
{
	assert_int_equal(setns(places[place], CLONE_NEWNET), 0);
}

static inline int run_in(enum place place, const char *command)
{
	if (setns(places[place], CLONE_NEWNET) < 0 || system(command) != 0) {
		fprintf(stderr, "failed: %s\n", command);
		return -1;
	}
	return setns(places[NEAR], CLONE_NEWNET);
}

static inline int make_places(void)
{
	static const char *const names[PLACES] = { "NEAR", "ROUTER", "FAR" };
	char path[32];

	for (size_t i = 0; i < PLACES; i++) {
		if (unshare(CLONE_NEWNET) < 0)
			return -1;
		places[i] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), places[i]);
		if (places[i] < 0 || setenv(names[i], path, 1) < 0)
			return -1;
	}
	return 0;
}

static inline int set_up_net(void **state)
{
	(void)state;
	if (make_places() < 0) {
		perror("network namespaces of our own (are you root?)");
		return -1;
	}
	for (size_t i = 0; i < COUNT(net_setup); i++) {
		if (run_in(net_setup[i].place, net_setup[i].command) < 0)
			return -1;
	}
	return 0;
}

static inline struct address address_of(const char *text)
{
	struct address address;

	if (address_parse(text, &address) < 0)
		fail_msg("%s", text);
	return address;
}

/* A socket that sees the IP packets that come in by a link of the router. */
static inline int watch(const char *link)
{
	struct sockaddr_ll name = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd;

	enter(ROUTER);
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL));
	name.sll_ifindex = (int)if_nametoindex(link);
	assert_true(fd >= 0 && name.sll_ifindex > 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	enter(NEAR);
	return fd;
}

/* What was seen: the packet, and where its ICMP or UDP header begins. */
struct seen {
	uint8_t bytes[2048];
	size_t len, header;
	enum family family;
	bool udp;
};

static inline bool read_seen(struct seen *seen)
{
	uint8_t protocol;

	if (seen->len < IPV6_HEADER_LEN)
		return false;
	seen->family = seen->bytes[0] >> 4 == 4 ? FAMILY_IPV4 : FAMILY_IPV6;
	seen->header = seen->family == FAMILY_IPV4 ? 20 : 40;
	protocol = seen->bytes[seen->family == FAMILY_IPV4 ? 9 : 6];
	seen->udp = protocol == IPPROTO_UDP;
	return seen->udp || seen->bytes[seen->header] == (seen->family == FAMILY_IPV4 ? 8 : 128);
}

/* The next echo request or UDP datagram. */
static inline struct seen look(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct seen seen = { 0 };

	do {
		struct sockaddr_ll from;
		socklen_t from_len = sizeof(from);
		ssize_t n;

		if (poll(&wait, 1, WAIT_MS) != 1)
			fail_msg("the router sees no packet");
		n = recvfrom(fd, seen.bytes, sizeof(seen.bytes), 0, (struct sockaddr *)&from,
			     &from_len);
		assert_true(n > 0);
		seen.len = from.sll_pkttype == PACKET_HOST ? (size_t)n : 0;
	} while (!read_seen(&seen));
	return seen;
}

static inline struct address seen_address(const struct seen *seen, bool destination)
{
	size_t size = address_bytes(seen->family);
	size_t at = (seen->family == FAMILY_IPV4 ? 12 : 8) + (destination ? size : 0);

	return address_from_bytes(seen->family, seen->bytes + at);
}

static inline uint32_t sum_words(uint32_t sum, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return sum;
}

/* Sends an ICMP message of len bytes from the router to near, as if from that address; fills in its
 * checksum. */
static inline void tell_near(const struct address *from, const struct address *to, uint8_t *icmp,
			     size_t len)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	bool is_six = from->family == FAMILY_IPV6;
	uint8_t packet[2048] = { 0 }, bytes = address_bytes(from->family);
	size_t header = is_six ? 40 : 20;
	uint32_t sum = 0;
	int fd;

	packet[0] = is_six ? 0x60 : 0x45;
	packet[is_six ? 7 : 8] = 64;
	packet[is_six ? 6 : 9] = is_six ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	if (is_six)
		wire_put16(packet + 4, (uint16_t)len);
	memcpy(packet + (is_six ? 8 : 12), from->bytes, bytes);
	memcpy(packet + (is_six ? 24 : 16), to->bytes, bytes);
	if (is_six)
		sum = sum_words((uint32_t)len + IPPROTO_ICMPV6, packet + 8, 32);
	wire_put16(icmp + 2, 0);
	sum = sum_words(sum, icmp, len);
	sum = (sum & 0xffff) + (sum >> 16);
	wire_put16(icmp + 2, (uint16_t)~(sum + (sum >> 16)));
	memcpy(packet + header, icmp, len);
	memcpy(&six.sin6_addr, to->bytes, 16);
	memcpy(&four.sin_addr, to->bytes, 4);
	enter(ROUTER);
	fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	assert_true(fd >= 0);
	assert_int_equal(sendto(fd, packet, header + len, 0,
				is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four,
				is_six ? sizeof(six) : sizeof(four)),
			 header + len);
	close(fd);
	enter(NEAR);
}
