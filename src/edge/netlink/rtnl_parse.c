/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink messages into routes, and what an event means. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "edge/netlink/nl_attr.h"
#include "edge/netlink/route_mtu.h"
#include "edge/netlink/rtnl.h"
#include "edge/netlink/rtnl_prefix.h"

void route_list_done(struct route_list *routes)
{
	free(routes->list);
	*routes = (struct route_list){ 0 };
}

void bare_list_done(struct bare_list *bare)
{
	free(bare->list);
	*bare = (struct bare_list){ 0 };
}

static int append_bare(struct bare_list *bare, const struct route *route, uint32_t nexthop)
{
	void *list = bare->list;
	int r = array_reserve(&list, &bare->capacity, bare->count + 1, sizeof(*bare->list));

	if (r < 0)
		return r;
	bare->list = list;
	bare->list[bare->count++] = (struct bare_route){ .route = *route, .nexthop = nexthop };
	return 0;
}

int route_list_append(struct route_list *routes, const struct route *route)
{
	return array_append(routes, route);
}

/* A route while it is read. */
struct route_message {
	struct rtmsg header;
	struct nl_attr destination, hops; /* RTA_DST, RTA_MULTIPATH; data is NULL without */
	uint32_t ifindex, mtu, nexthop;
};

static int take_metric(const struct nl_attr *attr, void *userdata)
{
	struct route_message *whole = userdata;

	return attr->type == RTAX_MTU ? nl_attr_get_u32(attr, &whole->mtu) : 0;
}

static int take_route(const struct nl_attr *attr, void *userdata)
{
	struct route_message *whole = userdata;

	switch (attr->type) {
	case RTA_DST:
		whole->destination = *attr;
		return 0;
	case RTA_MULTIPATH:
		whole->hops = *attr;
		return 0;
	case RTA_OIF:
		return nl_attr_get_u32(attr, &whole->ifindex);
	case RTA_NH_ID:
		return nl_attr_get_u32(attr, &whole->nexthop);
	case RTA_METRICS:
		return nl_attr_walk_nest(attr, take_metric, whole);
	default:
		return 0;
	}
}

/* Whether it is a route that a packet may take: unicast, IPv4 or IPv6, and no cached copy. What we
 * wrote ourselves is no news to us. */
static bool is_wanted(const struct rtmsg *header)
{
	return (header->rtm_family == AF_INET || header->rtm_family == AF_INET6) &&
	       header->rtm_type == RTN_UNICAST && !(header->rtm_flags & RTM_F_CLONED) &&
	       header->rtm_protocol != ROUTE_MTU_PROTOCOL;
}

/* Appends the route once for each struct rtnexthop of RTA_MULTIPATH (rtnetlink(7)). */
static int append_hops(struct route_list *routes, struct route *route, const struct nl_attr *hops)
{
	struct rtnexthop hop;
	size_t at = 0;

	while (at < hops->len) {
		int r = 0;

		if (hops->len - at < sizeof(hop))
			return -EBADMSG;
		memcpy(&hop, hops->data + at, sizeof(hop));
		if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > hops->len - at)
			return -EBADMSG;
		route->ifindex = (uint32_t)hop.rtnh_ifindex;
		if (hop.rtnh_ifindex > 0)
			r = route_list_append(routes, route);
		if (r < 0)
			return r;
		at += NLMSG_ALIGN((size_t)hop.rtnh_len);
	}
	return 0;
}

int rtnl_parse_route(const struct nlmsghdr *message, struct route_list *routes,
		     struct bare_list *bare)
{
	struct route_message whole = { 0 };
	size_t before = routes->count;
	struct route route = { 0 };
	int r;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return 0;
	r = nl_attr_get_header(message, &whole.header, sizeof(whole.header));
	if (r < 0 || !is_wanted(&whole.header))
		return r;
	r = nl_attr_walk_message(message, sizeof(whole.header), take_route, &whole);
	if (r < 0)
		return r;
	r = rtnl_prefix(&whole.header, &whole.destination, &route.prefix);
	if (r < 0)
		return r;
	route.ifindex = whole.ifindex;
	route.mtu = whole.mtu;
	if (whole.hops.data)
		r = append_hops(routes, &route, &whole.hops);
	else if (whole.ifindex > 0)
		r = route_list_append(routes, &route);
	else if (whole.nexthop > 0)
		r = append_bare(bare, &route, whole.nexthop);
	if (r < 0)
		routes->count = before;
	return r;
}

/* The family of a link message, or AF_UNSPEC where it is too short to have one. */
static uint8_t link_family(const struct nlmsghdr *message)
{
	struct ifinfomsg info;

	return nl_attr_get_header(message, &info, sizeof(info)) == 0 ? info.ifi_family : AF_UNSPEC;
}

static bool is_cached_route(const struct nlmsghdr *message)
{
	struct rtmsg route;

	return nl_attr_get_header(message, &route, sizeof(route)) == 0 &&
	       route.rtm_flags & RTM_F_CLONED;
}

unsigned int rtnl_event_kind(const struct nlmsghdr *message)
{
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		/* The state of a bridge's ports changes neither. A link that goes down takes its
		 * IPv4 routes along unannounced. */
		return link_family(message) == AF_BRIDGE ? 0 :
		       RTNL_CHANGED_LINKS | RTNL_CHANGED_ROUTES;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return is_cached_route(message) ? 0 : RTNL_CHANGED_ROUTES;
	case RTM_NEWRULE:
	case RTM_DELRULE:
		return RTNL_CHANGED_RULES;
	case RTM_NEWADDR:
	case RTM_DELADDR:
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		return RTNL_CHANGED_ROUTES;
	default:
		return 0;
	}
}
