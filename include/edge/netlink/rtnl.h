/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links and routes by rtnetlink (rtnetlink(7), net/core/rtnetlink.c, net/ipv4/fib_semantics.c).
 *
 * An event is only a reason to look again, never the news itself: the kernel does not announce the
 * IPv4 routes that vanish with their link. So what is known always equals one dump. */
#pragma once

#include "edge/netlink/nl.h"
#include "policy/probe/probe_target.h"
#include "policy/snapshot/snapshot.h"
#include "policy/tunnel/path.h"
#include "policy/tunnel/tunnel.h"

struct link_list {
	struct link *list;
	size_t count, capacity;
};

struct route_list {
	struct route *list;
	size_t count, capacity;
};

/* A route that names no link, only a next hop object (RTA_NH_ID), as the kernel tells them where
 * net.ipv4.nexthop_compat_mode is 0. */
struct bare_route {
	struct route route; /* ifindex is 0 */
	uint32_t nexthop;
};
struct bare_list {
	struct bare_route *list;
	size_t count, capacity;
};

/* One way of a next hop object: a link, or another object where it is a group. */
struct nexthop {
	uint32_t id;
	uint32_t ifindex; /* 0: a member of a group */
	uint32_t member;  /* the member's id, 0 for a link */
};
struct nexthop_list {
	struct nexthop *list;
	size_t count, capacity;
};

void link_list_done(struct link_list *links);
void route_list_done(struct route_list *routes);
/* Returns 0, or -ENOMEM with nothing appended. */
int route_list_append(struct route_list *routes, const struct route *route);
void bare_list_done(struct bare_list *bare);
void nexthop_list_done(struct nexthop_list *nexthops);

/* Pure. Appends what one RTM_NEWLINK or RTM_NEWROUTE says; other messages, links told from a
 * bridge's or from IPv6's view alone, and routes that are not unicast, are cached copies or were
 * written by us (edge/netlink/route_mtu.h) append nothing. A multipath route appends each next hop;
 * a next hop without a link is left out; a route that names only a next hop object is appended to
 * bare. Returns 0, or with nothing appended -EBADMSG (an attribute is too short or overruns) or
 * -ENOMEM. */
int rtnl_parse_link(const struct nlmsghdr *message, struct link_list *links);
int rtnl_parse_route(const struct nlmsghdr *message, struct route_list *routes,
		     struct bare_list *bare);

/* Pure. Appends the ways of one RTM_NEWNEXTHOP (net/ipv4/nexthop.c): its link, or each member of a
 * group; nothing for a black hole and for other messages. Errors as above. */
int rtnl_parse_nexthop(const struct nlmsghdr *message, struct nexthop_list *nexthops);

/* Pure. Appends each bare route once for every link of its object; unknown objects give nothing.
 * Sorts nexthops. Returns 0 or -ENOMEM. */
int rtnl_resolve_routes(const struct bare_list *bare, struct nexthop_list *nexthops,
			struct route_list *routes);

/* What may have changed where an event is heard: a set, 0 where it concerns none. */
enum {
	RTNL_CHANGED_LINKS = 1,
	RTNL_CHANGED_ROUTES = 2,
	RTNL_CHANGED_RULES = 4, /* ip-rule(8): the way to an endpoint may be another */
};
unsigned int rtnl_event_kind(const struct nlmsghdr *message);

/* A socket that hears of links, IPv4 and IPv6 routes, rules and addresses, next hop objects and the
 * IPv6 settings of links. */
int rtnl_open_events(struct nl **ret_nl);

/* Full dumps; nl is a NETLINK_ROUTE socket without groups. On success alone the lists are written:
 * what they held before is overwritten, not freed. Next hop objects are asked for only where a
 * route needs them. Returns 0 or -errno. */
int rtnl_dump_links(struct nl *nl, struct link_list *ret_links);
int rtnl_dump_routes(struct nl *nl, struct route_list *ret_routes);

/* Which way the kernel would send a packet (policy/tunnel/path.h): RTM_GETROUTE, net/ipv4/route.c
 * inet_rtm_getroute and net/ipv6/route.c inet6_rtm_getroute. The kernel takes a protocol into the
 * question only where it is TCP, UDP or the family's ICMP; any other is left out, and so are ports
 * without TCP or UDP. The tunnels of the kernel itself send as uid 0. */

/* Pure: the kernel's RTM_NEWROUTE in answer; mtu and mtu_locked are those of a PMTU exception where
 * there is one. Returns 0, -EBADMSG, or -EHOSTUNREACH for a route that leads to no link. */
int rtnl_parse_answer(const struct nlmsghdr *message, struct path_answer *ret_answer);
/* Pure: the same for a question with RTM_F_FIB_MATCH: writes only mtu and mtu_locked, of the route
 * itself; 0 where we wrote that one (edge/netlink/route_mtu.h). Returns 0 or -EBADMSG. */
int rtnl_parse_metric(const struct nlmsghdr *message, struct path_answer *answer);

/* Returns 0 or -errno (-ENETUNREACH, -EHOSTUNREACH, -EACCES where prohibited, -EINVAL for a black
 * hole or a martian source, -EXDEV): ret_answer is then left alone. */
int rtnl_get_route(struct nl *nl, const struct path_question *question,
		   struct path_answer *ret_answer);
/* Many at once. A question that has no answer is answered with all 0 and does not stop the others.
 * Returns 0 or -errno of the socket: what was not answered until then is all 0. */
int rtnl_get_ways(struct nl *nl, const struct path_question *questions,
		  struct path_answer *ret_answers, size_t count);

struct hint_list {
	struct path_hint *list;
	size_t count, capacity;
};
void hint_list_done(struct hint_list *hints);

/* Pure. Appends the PMTU exception that one RTM_NEWROUTE of a dump of cached routes tells; one that
 * has expired, and what is none, appends nothing. Returns 0, or with nothing appended -EBADMSG or
 * -ENOMEM. */
int rtnl_parse_hint(const struct nlmsghdr *message, struct hint_list *hints);
/* All PMTU exceptions of IPv4 (since Linux 5.3) and IPv6. No event tells of them: to be polled.
 * Returns and writes as the dumps above. */
int rtnl_dump_hints(struct nl *nl, struct hint_list *ret_hints);

/* A far end of a VXLAN link from its forwarding table. */
struct fdb_entry {
	uint32_t ifindex;       /* the VXLAN link */
	struct address address; /* one host, no multicast group */
	uint16_t port;          /* host order; 0: the link's own */
	bool learned;           /* from a packet that came, as far as is known here: nobody has set
				 * it up, anybody may have sent it */
};
struct fdb_list {
	struct fdb_entry *list;
	size_t count, capacity;
};
void fdb_list_done(struct fdb_list *entries);

/* Pure. Appends the far end that one RTM_NEWNEIGH of a dump of forwarding tables names; entries
 * without one append nothing. Returns 0, or with nothing appended -EBADMSG or -ENOMEM. */
int rtnl_parse_fdb(const struct nlmsghdr *message, struct fdb_list *entries);
/* Sorts and leaves out what is there twice: many MAC addresses lie behind one far end. Of one that
 * is learned and set up too, the latter stays. */
void rtnl_sort_fdb(struct fdb_list *entries);
/* The far ends of one VXLAN link, or with 0 of all, sorted, each once. Learning changes them
 * with every packet from elsewhere and each change is an event (RTNLGRP_NEIGH): to be polled
 * instead, for the links of kind vxlan alone. Returns and writes as the dumps above. */
int rtnl_dump_fdb(struct nl *nl, uint32_t ifindex, struct fdb_list *ret_entries);

/* An address of a link of this host. */
struct link_address {
	uint32_t ifindex;
	struct address own;
	uint8_t length;       /* bits of its prefix; with another end of the other end's */
	bool has_other;
	struct address other; /* point to point: the other end */
};
struct link_address_list {
	struct link_address *list;
	size_t count, capacity;
};
void link_address_list_done(struct link_address_list *addresses);

/* Pure. Appends what one RTM_NEWADDR says (net/ipv4/devinet.c, net/ipv6/addrconf.c); other messages
 * and other families append nothing. Returns 0, or with nothing appended -EBADMSG or -ENOMEM. */
int rtnl_parse_address(const struct nlmsghdr *message, struct link_address_list *addresses);
/* All addresses of both families. Returns and writes as the dumps above. */
int rtnl_dump_addresses(struct nl *nl, struct link_address_list *ret_addresses);

/* Pure. This host's own ones in the order of address_compare. Returns owned, or NULL (no
 * memory). */
struct address *rtnl_sort_own(const struct link_address_list *addresses);

struct neighbour_list {
	struct probe_neighbour *list;
	size_t count, capacity;
};
void neighbour_list_done(struct neighbour_list *neighbours);

/* Pure. Who is at the other end of a link as its addresses tell it (struct probe_neighbour),
 * sorted by ifindex, each once; never one of own, which is of rtnl_sort_own. Returns 0 and the
 * list, or -ENOMEM. */
int rtnl_find_neighbours(const struct link_address_list *addresses, const struct address *own,
			 struct neighbour_list *ret_neighbours);
