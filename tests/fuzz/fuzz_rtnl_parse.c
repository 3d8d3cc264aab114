/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: edge
 *
 * A datagram of rtnetlink messages: each is parsed as a link, a route, an answer and an event, from
 * a buffer of exactly its own length. */
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "edge/rtnl.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_link(const struct link *link)
{
	CHECK(link->ifindex > 0 && link->ifindex <= INT32_MAX);
	CHECK(memchr(link->name, '\0', sizeof(link->name)));
	CHECK(memchr(link->kind, '\0', sizeof(link->kind)));
	CHECK(memchr(link->alias, '\0', sizeof(link->alias)));
	(void)link_tunnel_kind(link);
	CHECK(link_mtu(link, FAMILY_IPV4) == link->mtu);
}

static void check_route(const struct route *route)
{
	const struct prefix *prefix = &route->prefix;
	struct prefix masked;

	CHECK(route->ifindex > 0 && prefix->length <= address_bits(prefix->address.family));
	masked = prefix_make(&prefix->address, prefix->length);
	CHECK(prefix_compare(&masked, prefix) == 0);
}

static void parse_link(const struct nlmsghdr *message, struct link_list *links)
{
	size_t before = links->count;
	int r = rtnl_parse_link(message, links);

	CHECK(r == 0 ? links->count <= before + 1 : links->count == before);
	if (links->count > before)
		check_link(&links->list[before]);
}

static void parse_route(const struct nlmsghdr *message, struct route_list *routes)
{
	size_t before = routes->count;
	int r = rtnl_parse_route(message, routes);

	CHECK(r == 0 || routes->count == before);
	for (size_t i = before; i < routes->count; i++)
		check_route(&routes->list[i]);
}

static void parse_answer(const struct nlmsghdr *message)
{
	struct route_answer answer = { .ifindex = UINT32_MAX };

	if (rtnl_parse_answer(message, &answer) == 0)
		CHECK(answer.local == (answer.ifindex == 0));
	else
		CHECK(answer.ifindex == UINT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link_list links = { 0 };
	struct route_list routes = { 0 };

	while (size >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr header, *message;
		size_t step;

		memcpy(&header, data, sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > size)
			break;
		message = malloc(header.nlmsg_len);
		CHECK(message);
		memcpy(message, data, header.nlmsg_len);
		parse_link(message, &links);
		parse_route(message, &routes);
		parse_answer(message);
		CHECK(rtnl_event_kind(message) <= (RTNL_CHANGED_LINKS | RTNL_CHANGED_ROUTES));
		free(message);
		step = NLMSG_ALIGN((size_t)header.nlmsg_len);
		if (step > size)
			break;
		data += step;
		size -= step;
	}
	link_list_done(&links);
	route_list_done(&routes);
	return 0;
}
