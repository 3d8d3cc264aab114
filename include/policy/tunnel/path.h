/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of a tunnel's own packets to its far end, as the kernel routes them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy/prefix/prefix.h"

/* Which way the kernel would send a packet: RTM_GETROUTE (net/ipv4/route.c inet_rtm_getroute). Two
 * questions that are path_question_equal have one answer. */
struct path_question {
	struct address destination;
	bool has_source;
	struct address source;
	uint32_t iif;      /* ifindex the packet came in by, 0: made here; needs source */
	uint32_t oif;      /* ifindex it is bound to, 0 any */
	uint32_t mark;
	bool has_uid;
	uint32_t uid;      /* of the socket's owner */
	uint8_t protocol;  /* IPPROTO_*, 0 any */
	uint16_t sport, dport; /* host order, 0 any; only with TCP, UDP and the like */
};

bool path_question_equal(const struct path_question *a, const struct path_question *b);

struct path_answer {
	bool reachable;      /* false: no route, all else is 0 */
	bool local;          /* the destination is this host */
	bool mtu_locked;     /* the route's MTU is locked: path MTU discovery does not change it */
	uint32_t ifindex;    /* leaves by; 0 for local */
	uint32_t mtu;        /* RTAX_MTU metric of the route itself, bytes; 0 without */
	bool has_source;
	struct address source; /* the address the kernel would send from (RTA_PREFSRC) */
};

/* A path MTU that the kernel believes for one destination until it expires (a PMTU exception). An
 * ICMP message made it, perhaps a forged one. */
struct path_hint {
	struct address destination;
	uint32_t ifindex;  /* leaves by, 0 unknown */
	uint32_t mtu;      /* bytes */
	bool locked;       /* less was told than net.ipv4.route.min_pmtu: mtu is that, and packets
			    * may be fragmented */
};

enum path_source {
	PATH_UNKNOWN,
	PATH_ROUTE,    /* MTU metric of the route to the endpoint */
	PATH_LINK,     /* MTU of the link it leaves by, or of the tunnel that carries it */
	PATH_HINT,     /* a PMTU exception of the kernel */
	PATH_PROBE,    /* measured */
	PATH_CONFIG,   /* `tunnels` in the configuration */
	PATH_OVERRIDE, /* `mssclampctl try` */
};
/* "route", "link", "kernel_hint", ...; NULL for PATH_UNKNOWN. */
const char *path_source_name(enum path_source source);
