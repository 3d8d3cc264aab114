/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/netlink/rtnl.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "edge/netlink/rtnl_request.h"

/* What bind's mask of groups has no bit for. */
static int join_groups(struct nl *nl)
{
	int r = nl_join(nl, RTNLGRP_IPV6_RULE);

	if (r < 0)
		return r;
	r = nl_join(nl, RTNLGRP_NEXTHOP);
	/* Kernels before 5.3 have neither next hops as objects nor this group. */
	return r == -EINVAL ? 0 : r;
}

int rtnl_open_events(struct nl **ret_nl)
{
	const uint32_t groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE |
				RTMGRP_IPV4_RULE | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE |
				RTMGRP_IPV6_IFINFO;
	struct nl *nl;
	int r;

	r = nl_open(NETLINK_ROUTE, groups, &nl);
	if (r < 0)
		return r;
	r = join_groups(nl);
	if (r < 0) {
		nl_close(nl);
		return r;
	}
	*ret_nl = nl;
	return 0;
}

static int take_link(const struct nlmsghdr *message, void *userdata)
{
	return rtnl_parse_link(message, userdata);
}

static void forget_links(void *userdata)
{
	struct link_list *links = userdata;

	links->count = 0;
}

int rtnl_dump_links(struct nl *nl, struct link_list *ret_links)
{
	struct link_list links = { 0 };
	struct request request;
	struct nlmsghdr *message = request_init(&request, RTM_GETLINK);
	int r;

	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	r = nl_dump(nl, message, take_link, forget_links, &links);
	if (r < 0) {
		link_list_done(&links);
		return r;
	}
	*ret_links = links;
	return 0;
}

/* The dump of one family behind what the lists have already. */
struct route_dump {
	struct route_list *routes;
	struct bare_list *bare;
	size_t before, bare_before;
	uint8_t family;
};

static int take_route(const struct nlmsghdr *message, void *userdata)
{
	struct route_dump *dump = userdata;
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);

	/* A kernel without IPv6 answers a question for it with the routes of all families. */
	if (mnl_nlmsg_get_payload_len(message) >= sizeof(*route) &&
	    route->rtm_family != dump->family)
		return 0;
	return rtnl_parse_route(message, dump->routes, dump->bare);
}

static void forget_routes(void *userdata)
{
	struct route_dump *dump = userdata;

	dump->routes->count = dump->before;
	dump->bare->count = dump->bare_before;
}

static int dump_family(struct nl *nl, uint8_t family, struct route_list *routes,
		       struct bare_list *bare)
{
	struct route_dump dump = { routes, bare, routes->count, bare->count, family };
	struct request request;
	struct nlmsghdr *message = request_init(&request, RTM_GETROUTE);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->rtm_family = family;
	return nl_dump(nl, message, take_route, forget_routes, &dump);
}

static int take_nexthop(const struct nlmsghdr *message, void *userdata)
{
	return rtnl_parse_nexthop(message, userdata);
}

static void forget_nexthops(void *userdata)
{
	struct nexthop_list *nexthops = userdata;

	nexthops->count = 0;
}

/* Asks for the next hop objects and appends the routes that name them. */
static int resolve(struct nl *nl, const struct bare_list *bare, struct route_list *routes)
{
	struct nexthop_list nexthops = { 0 };
	struct request request;
	struct nlmsghdr *message = request_init(&request, RTM_GETNEXTHOP);
	int r;

	mnl_nlmsg_put_extra_header(message, sizeof(struct nhmsg));
	r = nl_dump(nl, message, take_nexthop, forget_nexthops, &nexthops);
	/* Kernels before 5.3 have no such objects. */
	if (r == -EOPNOTSUPP || r == -EINVAL)
		r = 0;
	if (r == 0)
		r = rtnl_resolve_routes(bare, &nexthops, routes);
	nexthop_list_done(&nexthops);
	return r;
}

int rtnl_dump_routes(struct nl *nl, struct route_list *ret_routes)
{
	struct route_list routes = { 0 };
	struct bare_list bare = { 0 };
	int r;

	r = dump_family(nl, AF_INET, &routes, &bare);
	if (r == 0)
		r = dump_family(nl, AF_INET6, &routes, &bare);
	if (r == 0 && bare.count > 0)
		r = resolve(nl, &bare, &routes);
	bare_list_done(&bare);
	if (r < 0) {
		route_list_done(&routes);
		return r;
	}
	*ret_routes = routes;
	return 0;
}
