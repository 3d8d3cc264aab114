/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/netlink/route_mtu.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "edge/netlink/rtnl_request.h"

/* The dump of one family behind what the list has already. */
struct dump {
	struct mtu_route_list *routes;
	size_t before, bytes_before;
	uint8_t family;
	bool ours_alone;
};

static int take_route(const struct nlmsghdr *message, void *userdata)
{
	struct dump *dump = userdata;
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);

	/* A kernel without IPv6 answers with all families, one before 4.20 with all protocols. */
	if (mnl_nlmsg_get_payload_len(message) >= sizeof(*route) &&
	    (route->rtm_family != dump->family ||
	     (dump->ours_alone && route->rtm_protocol != ROUTE_MTU_PROTOCOL)))
		return 0;
	return route_mtu_parse(message, dump->routes);
}

static void forget_routes(void *userdata)
{
	struct dump *dump = userdata;

	dump->routes->count = dump->before;
	dump->routes->byte_count = dump->bytes_before;
}

static int dump_family(struct nl *nl, uint8_t family, bool ours_alone,
		       struct mtu_route_list *routes)
{
	struct dump dump = { routes, routes->count, routes->byte_count, family, ours_alone };
	struct request request;
	struct nlmsghdr *message = request_init(&request, RTM_GETROUTE);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->rtm_family = family;
	header->rtm_protocol = ours_alone ? ROUTE_MTU_PROTOCOL : RTPROT_UNSPEC;
	return nl_dump(nl, message, take_route, forget_routes, &dump);
}

int route_mtu_dump(struct nl *nl, bool ours_alone, struct mtu_route_list *ret_routes)
{
	struct mtu_route_list routes = { 0 };
	int r;

	r = dump_family(nl, AF_INET, ours_alone, &routes);
	if (r == 0)
		r = dump_family(nl, AF_INET6, ours_alone, &routes);
	if (r < 0) {
		mtu_route_list_done(&routes);
		return r;
	}
	*ret_routes = routes;
	return 0;
}

static void take_reply(size_t place, const struct nlmsghdr *message, int error, void *userdata)
{
	struct route_mtu_change *changes = userdata;

	(void)message;
	changes[place].result = error;
}

/* Up to NL_BATCH_MAX of them. */
static int change_some(struct nl *nl, const uint8_t *bytes, struct route_mtu_change *changes,
		       size_t count)
{
	_Alignas(struct nlmsghdr) uint8_t requests[NL_BATCH_MAX * ROUTE_MTU_REQUEST_MAX];
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += route_mtu_put(changes[i].route, bytes, changes[i].add, requests + len);
	return nl_ask_batch(nl, requests, len, take_reply, changes);
}

int route_mtu_change(struct nl *nl, const uint8_t *bytes, struct route_mtu_change *changes,
		     size_t count)
{
	int r = 0;

	for (size_t i = 0; i < count; i++)
		changes[i].result = -EINPROGRESS;
	for (size_t at = 0; at < count && r == 0; at += NL_BATCH_MAX) {
		size_t left = count - at;

		r = change_some(nl, bytes, changes + at, left < NL_BATCH_MAX ? left : NL_BATCH_MAX);
	}
	for (size_t i = 0; i < count && r < 0; i++) {
		if (changes[i].result == -EINPROGRESS)
			changes[i].result = r;
	}
	return r;
}
