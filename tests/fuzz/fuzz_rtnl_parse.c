/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: edge
 *
 * A datagram of rtnetlink messages: each is parsed as a link, a route, a route that can be said
 * again, a next hop, an answer, a hint, a forwarding entry, an address and an event, from a buffer
 * of exactly its own length. */
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "edge/netlink/route_mtu.h"
#include "edge/netlink/rtnl.h"
#include "fuzz_mutate_netlink.h"

#define EVERYTHING (RTNL_CHANGED_LINKS | RTNL_CHANGED_ROUTES | RTNL_CHANGED_RULES)
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
	CHECK(!link->has_remote || !link->per_flow);
	CHECK(!link->elsewhere ||
	      (!link->has_local && !link->has_remote && link->lower_ifindex == 0));
	CHECK(link->encap.kind < ENCAP_KIND_COUNT);
	for (int key = 0; key < ENCAP_KEY_COUNT; key++)
		CHECK(encap_has(&link->encap, (enum encap_key)key) || !link->encap.value[key]);
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

static void parse_route(const struct nlmsghdr *message, struct route_list *routes,
			struct bare_list *bare)
{
	size_t before = routes->count, bare_before = bare->count;
	int r = rtnl_parse_route(message, routes, bare);

	CHECK(r == 0 || (routes->count == before && bare->count == bare_before));
	CHECK(routes->count == before || bare->count == bare_before);
	for (size_t i = before; i < routes->count; i++)
		check_route(&routes->list[i]);
}

/* What is said of a route of ours is read again as the same. */
static void say_again(const struct mtu_route *route, struct mtu_route_list *routes)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[ROUTE_MTU_REQUEST_MAX];
	size_t len = route_mtu_put(route, routes->bytes, true, bytes), before = routes->count;
	const struct mtu_route theirs = *route, *ours;

	CHECK(len <= sizeof(bytes) && len % 4 == 0);
	CHECK(route_mtu_parse((const struct nlmsghdr *)(const void *)bytes, routes) == 0);
	CHECK(routes->count == before + 1);
	ours = &routes->list[before];
	CHECK(prefix_compare(&ours->prefix, &theirs.prefix) == 0);
	CHECK(ours->table == theirs.table && ours->ifindex == theirs.ifindex);
	CHECK(ours->mtu == theirs.mtu && ours->locks == theirs.locks && ours->whole);
	CHECK(ours->attributes_len == theirs.attributes_len);
	CHECK(ours->metrics_len == theirs.metrics_len);
	CHECK(ours->protocol == ROUTE_MTU_PROTOCOL);
}

static void parse_mtu_route(const struct nlmsghdr *message)
{
	struct mtu_route_list routes = { 0 };
	int r = route_mtu_parse(message, &routes);

	CHECK(r == 0 ? routes.count <= 1 : routes.count == 0);
	if (routes.count == 1) {
		const struct prefix *prefix = &routes.list[0].prefix;

		CHECK(prefix->length <= address_bits(prefix->address.family));
		say_again(&routes.list[0], &routes);
	}
	mtu_route_list_done(&routes);
}

static void parse_nexthop(const struct nlmsghdr *message, struct nexthop_list *nexthops)
{
	size_t before = nexthops->count;
	int r = rtnl_parse_nexthop(message, nexthops);

	CHECK(r == 0 || nexthops->count == before);
	for (size_t i = before; i < nexthops->count; i++) {
		const struct nexthop *way = &nexthops->list[i];

		CHECK(way->id > 0 && (way->ifindex == 0) == (way->member > 0));
	}
}

/* Groups of many routes and many members multiply: a few are enough. */
static void resolve(struct bare_list *bare, struct nexthop_list *nexthops,
		    struct route_list *routes)
{
	size_t before = routes->count;

	if (bare->count > 16)
		bare->count = 16;
	if (nexthops->count > 64)
		nexthops->count = 64;
	CHECK(rtnl_resolve_routes(bare, nexthops, routes) == 0);
	for (size_t i = before; i < routes->count; i++)
		check_route(&routes->list[i]);
}

static void parse_answer(const struct nlmsghdr *message)
{
	struct path_answer answer = { .ifindex = UINT32_MAX }, metric = { .ifindex = UINT32_MAX };

	if (rtnl_parse_answer(message, &answer) == 0)
		CHECK(answer.reachable && answer.local == (answer.ifindex == 0) &&
		      (!answer.mtu_locked || answer.mtu > 0));
	else
		CHECK(answer.ifindex == UINT32_MAX && !answer.reachable);
	if (rtnl_parse_metric(message, &metric) == 0)
		CHECK(!metric.mtu_locked || metric.mtu > 0);
	else
		CHECK(metric.mtu == 0);
	CHECK(metric.ifindex == UINT32_MAX && !metric.reachable);
}

static void parse_hint(const struct nlmsghdr *message, struct hint_list *hints)
{
	size_t before = hints->count;
	int r = rtnl_parse_hint(message, hints);

	CHECK(r == 0 ? hints->count <= before + 1 : hints->count == before);
	CHECK(hints->count == before || hints->list[before].mtu > 0);
}

static void parse_fdb(const struct nlmsghdr *message, struct fdb_list *entries)
{
	size_t before = entries->count;
	int r = rtnl_parse_fdb(message, entries);

	CHECK(r == 0 ? entries->count <= before + 1 : entries->count == before);
	CHECK(entries->count == before || entries->list[before].ifindex > 0);
}

static void sort_fdb(struct fdb_list *entries)
{
	size_t before = entries->count;

	rtnl_sort_fdb(entries);
	CHECK(entries->count <= before && (entries->count > 0) == (before > 0));
	for (size_t i = 1; i < entries->count; i++)
		CHECK(entries->list[i - 1].ifindex <= entries->list[i].ifindex);
}

static void parse_address(const struct nlmsghdr *message, struct link_address_list *addresses)
{
	size_t before = addresses->count;
	int r = rtnl_parse_address(message, addresses);
	const struct link_address *address;

	CHECK(r == 0 ? addresses->count <= before + 1 : addresses->count == before);
	if (addresses->count == before)
		return;
	address = &addresses->list[before];
	CHECK(address->ifindex > 0 && address->length <= address_bits(address->own.family));
	CHECK(!address->has_other || (address->other.family == address->own.family &&
				      memcmp(address->other.bytes, address->own.bytes,
					     ADDRESS_MAX) != 0));
}

static void find_neighbours(const struct link_address_list *addresses)
{
	struct address *sorted = rtnl_sort_own(addresses);
	struct neighbour_list neighbours = { 0 };

	CHECK(sorted && rtnl_find_neighbours(addresses, sorted, &neighbours) == 0);
	free(sorted);
	CHECK(neighbours.count <= addresses->count);
	for (size_t i = 0; i < neighbours.count; i++)
		for (size_t own = 0; own < addresses->count; own++)
			CHECK(memcmp(&neighbours.list[i].address, &addresses->list[own].own,
				     sizeof(struct address)) != 0);
	neighbour_list_done(&neighbours);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link_address_list addresses = { 0 };
	struct link_list links = { 0 };
	struct route_list routes = { 0 };
	struct bare_list bare = { 0 };
	struct nexthop_list nexthops = { 0 };
	struct hint_list hints = { 0 };
	struct fdb_list entries = { 0 };

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
		parse_route(message, &routes, &bare);
		parse_mtu_route(message);
		parse_nexthop(message, &nexthops);
		parse_answer(message);
		parse_hint(message, &hints);
		parse_fdb(message, &entries);
		parse_address(message, &addresses);
		CHECK(rtnl_event_kind(message) <= EVERYTHING);
		free(message);
		step = NLMSG_ALIGN((size_t)header.nlmsg_len);
		if (step > size)
			break;
		data += step;
		size -= step;
	}
	resolve(&bare, &nexthops, &routes);
	sort_fdb(&entries);
	find_neighbours(&addresses);
	link_address_list_done(&addresses);
	link_list_done(&links);
	hint_list_done(&hints);
	fdb_list_done(&entries);
	route_list_done(&routes);
	bare_list_done(&bare);
	nexthop_list_done(&nexthops);
	return 0;
}

static size_t header_len(uint16_t type)
{
	switch (type & ~3) {
	case RTM_NEWLINK:
		return sizeof(struct ifinfomsg);
	case RTM_NEWADDR:
		return sizeof(struct ifaddrmsg);
	case RTM_NEWNEIGH:
		return sizeof(struct ndmsg);
	case RTM_NEWNEXTHOP:
		return sizeof(struct nhmsg);
	default:
		return sizeof(struct rtmsg);
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	return mutate_netlink(data, size, max, seed, 0, header_len);
}
