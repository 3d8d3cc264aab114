/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes as the kernel's tables hold them, and routes of ours that repeat one of them with a
 * smaller MTU, so that the kernel itself says "packet too big" (rtnetlink(7),
 * net/ipv4/fib_frontend.c, net/ipv6/route.c). Ours are known by their protocol number; no other is
 * ever written. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edge/netlink/nl.h"
#include "policy/prefix/prefix.h"

/* rtm_protocol of our routes: "mssclamp" in share/rt_protos.conf. Nobody's in linux/rtnetlink.h,
 * iproute2 and FRR. */
#define ROUTE_MTU_PROTOCOL 77

struct mtu_route {
	struct prefix prefix;
	uint32_t table, ifindex;
	uint32_t priority;   /* its metric for choice: the smallest wins */
	uint32_t mtu;        /* RTAX_MTU, bytes; 0 without */
	uint32_t locks;      /* RTAX_LOCK: 1 << RTAX_* */
	uint8_t type, scope, protocol;
	bool onlink;
	bool whole;          /* all it says is here, so it can be said again; not so where it has
			      * several next hops or encapsulates */
	uint16_t attributes_len, metrics_len;
	size_t extra;        /* place in the list's bytes of the attributes that say where it leads
			      * (gateway, preferred source), then of the metrics but MTU and locks,
			      * both as they came */
	size_t place;        /* in the order of the dump: of equal ones the first wins */
};

struct mtu_route_list {
	struct mtu_route *list;
	size_t count, capacity;
	uint8_t *bytes;
	size_t byte_count, byte_capacity;
};
void mtu_route_list_done(struct mtu_route_list *routes);
/* Returns 0, or -ENOMEM with nothing appended. */
int mtu_route_list_append(struct mtu_route_list *routes, const struct mtu_route *route);

/* Pure. Appends what one RTM_NEWROUTE of a dump says, of any type. Routes that not every packet may
 * take (for one TOS or some sources), dead ones of others and cached copies append nothing.
 * Returns 0, or with nothing appended -EBADMSG or -ENOMEM. */
int route_mtu_parse(const struct nlmsghdr *message, struct mtu_route_list *routes);

/* Headers 28, destination 20, four numbers 32, MTU and locks 20, attributes and metrics. */
#define ROUTE_MTU_EXTRA_MAX 128 /* bytes of each of the two */
#define ROUTE_MTU_REQUEST_MAX (100 + 2 * ROUTE_MTU_EXTRA_MAX)

/* Pure. Writes the RTM_NEWROUTE that adds a route of ours, or the RTM_DELROUTE that removes it and
 * cannot hit another: the kernel compares protocol and metric of choice, for IPv4 the MTU as well.
 * An IPv4 route goes in front of those of the same prefix and metric (fib_table_insert); none is
 * replaced. bytes: of the list that its extra is a place in. Returns the length, a multiple of
 * 4. */
size_t route_mtu_put(const struct mtu_route *route, const uint8_t *bytes, bool add,
		     uint8_t buffer[ROUTE_MTU_REQUEST_MAX]);

/* All routes of all tables of both families, or ours alone. nl is a NETLINK_ROUTE socket without
 * groups. Returns 0 and the list, or -errno with nothing written. */
int route_mtu_dump(struct nl *nl, bool ours_alone, struct mtu_route_list *ret_routes);

struct route_mtu_change {
	const struct mtu_route *route;
	bool add;   /* else remove */
	int result; /* of the kernel: 0 or -errno */
};

/* Makes the changes in their order, many at a time; each has its own result. Returns 0, or -errno
 * of the socket, which is then the result of those that had no answer. */
int route_mtu_change(struct nl *nl, const uint8_t *bytes, struct route_mtu_change *changes,
		     size_t count);
