/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends probes that may not be cut on the way, and hears what becomes of them: ping sockets (ICMP
 * echo without CAP_NET_RAW, net/ipv4/ping.c) and UDP to closed ports, both with IP_PMTUDISC_PROBE
 * (don't fragment, whatever the kernel believes of the path) and the error queue (ip(7) IP_RECVERR,
 * ipv6(7) IPV6_RECVERR). Control thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"
#include "policy/prefix/prefix.h"

struct probe_sockets;

#define PROBE_NONCE_MAX 16 /* bytes at the head of each payload: random, of that packet alone */
#define PROBE_SIZE_MIN4 (20 + 8 + PROBE_NONCE_MAX) /* IPv4 20 + ICMP or UDP 8 + nonce */
#define PROBE_SIZE_MIN6 (40 + 8 + PROBE_NONCE_MAX) /* IPv6 40 + ICMP or UDP 8 + nonce */
#define PROBE_OUTSTANDING_MAX 256 /* probes that an answer is awaited of; the oldest give way */

struct probe_packet {
	uint64_t id;                /* the caller's, told again with what is heard */
	struct address destination;
	bool has_source;
	struct address source;
	uint32_t ifindex;           /* leaves by, 0 as routed */
	uint32_t mark;              /* SO_MARK, 0 none */
	uint8_t ttl;                /* 0: the usual */
	bool udp;                   /* else an echo request */
	uint32_t size;              /* of the whole IP packet, bytes; at least PROBE_SIZE_MIN */
};

enum probe_heard_kind {
	PROBE_HEARD_ANSWER,       /* the destination had all of it: echo reply of that length with
				   * the nonce, or port unreachable that quotes the nonce */
	PROBE_HEARD_TOO_BIG,      /* a router quotes the nonce and says that it did not fit */
	PROBE_HEARD_TIME_EXCEEDED, /* a router on the way quotes the nonce, or at least its ports or
				    * echo number: the ttl was over there */
	PROBE_HEARD_UNREACHABLE,  /* another ICMP error that quotes the nonce */
};

struct probe_heard {
	uint64_t id;
	enum probe_heard_kind kind;
	struct address from;  /* who sent the answer or the error */
	uint32_t mtu;         /* TOO_BIG: as told, bytes; 0 where it tells none */
	bool reassembled_known; /* false where the kernel does not count it: see snmp.h */
	uint64_t reassembled; /* packets that this host put together since then: both families, as
			       * that of the outer packets is not known here */
};

/* Opens nothing yet: a socket is opened with the first probe that needs it. Returns owned, or
 * NULL with errno. */
struct probe_sockets *probe_sockets_new(void);
void probe_sockets_free(struct probe_sockets *sockets);

/* An epoll descriptor that is readable while something waits for probe_receive. */
int probe_fd(const struct probe_sockets *sockets);

/* Whether a ping socket of that family can be had now; probe_send goes by what was found last.
 * -EACCES: the group of this process is not in net.ipv4.ping_group_range. Returns 0 or -errno. */
int probe_can_ping(struct probe_sockets *sockets, enum family family);

/* Returns 0, -EMSGSIZE (more than the link takes: the kernel itself said so, not an ICMP message),
 * or another -errno: nothing was sent (-EPERM by a filter of this host, -EACCES by a route or a
 * rule, -EAGAIN where forged errors come so fast that it cannot be told). Pings of IPv6 tell
 * nothing of what filters and IPsec made of them behind the route (ping_v6_sendmsg in
 * net/ipv6/ping.c): 0. */
int probe_send(struct probe_sockets *sockets, const struct probe_packet *packet);

/* One thing that was heard, errors first. What quotes no nonce of a probe that is awaited, and what
 * comes from elsewhere, is counted and dropped. Returns 1 and *ret_heard, or 0: probe_fd tells when
 * there is more, which is at once after a flood of such things. */
int probe_receive(struct probe_sockets *sockets, struct probe_heard *ret_heard);

struct probe_socket_totals {
	uint64_t sent;
	uint64_t strangers; /* answers and errors that fit no probe: late, doubled, or forged */
};
struct probe_socket_totals probe_socket_totals(const struct probe_sockets *sockets);
