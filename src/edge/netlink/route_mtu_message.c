/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTM_NEWROUTE into routes that can be said again, and back. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "edge/netlink/nl_attr.h"
#include "edge/netlink/nl_size.h"
#include "edge/netlink/route_mtu.h"
#include "edge/netlink/rtnl_prefix.h"

void mtu_route_list_done(struct mtu_route_list *routes)
{
	free(routes->list);
	free(routes->bytes);
	*routes = (struct mtu_route_list){ 0 };
}

int mtu_route_list_append(struct mtu_route_list *routes, const struct mtu_route *route)
{
	return array_append(routes, route);
}

/* Attributes one behind the other, as they came. */
struct stretch {
	uint8_t bytes[ROUTE_MTU_EXTRA_MAX];
	uint16_t len;
};

/* A route while it is read. */
struct route_message {
	struct rtmsg header;
	struct nl_attr destination; /* data is NULL without */
	uint32_t table, ifindex, priority, mtu, locks;
	struct stretch attributes, metrics;
	bool whole;
};

static void keep(struct route_message *whole, struct stretch *stretch, const struct nl_attr *attr)
{
	const struct nlattr header = {
		.nla_len = (uint16_t)(NL_ATTRIBUTE_LEN + attr->len),
		.nla_type = attr->type,
	};
	size_t step = nl_align(header.nla_len);

	if (step > sizeof(stretch->bytes) - stretch->len) {
		whole->whole = false;
		return;
	}
	memset(stretch->bytes + stretch->len, 0, step);
	memcpy(stretch->bytes + stretch->len, &header, sizeof(header));
	memcpy(stretch->bytes + stretch->len + sizeof(header), attr->data, attr->len);
	stretch->len = (uint16_t)(stretch->len + step);
}

static int take_metric(const struct nl_attr *attr, void *userdata)
{
	struct route_message *whole = userdata;

	switch (attr->type) {
	case RTAX_MTU:
		return nl_attr_get_u32(attr, &whole->mtu);
	case RTAX_LOCK:
		return nl_attr_get_u32(attr, &whole->locks);
	default:
		keep(whole, &whole->metrics, attr);
		return 0;
	}
}

static int take_attribute(const struct nl_attr *attr, void *userdata)
{
	struct route_message *whole = userdata;

	switch (attr->type) {
	case RTA_DST:
		whole->destination = *attr;
		return 0;
	case RTA_TABLE:
		return nl_attr_get_u32(attr, &whole->table);
	case RTA_OIF:
		return nl_attr_get_u32(attr, &whole->ifindex);
	case RTA_PRIORITY:
		return nl_attr_get_u32(attr, &whole->priority);
	case RTA_METRICS:
		return nl_attr_walk_nest(attr, take_metric, whole);
	case RTA_GATEWAY:
	case RTA_VIA:
	case RTA_PREFSRC:
	case RTA_FLOW:
	case RTA_PREF:
		keep(whole, &whole->attributes, attr);
		return 0;
	case RTA_CACHEINFO: /* how long it lives is its owner's business */
	case RTA_NH_ID:     /* its link and gateway are told too, or it has no link */
		return 0;
	default:
		whole->whole = false;
		return 0;
	}
}

/* Whether any packet may take it where its prefix is the longest. */
static bool is_wanted(const struct rtmsg *header)
{
	bool dead = header->rtm_flags & RTNH_F_DEAD && header->rtm_protocol != ROUTE_MTU_PROTOCOL;

	return (header->rtm_family == AF_INET || header->rtm_family == AF_INET6) &&
	       !(header->rtm_flags & RTM_F_CLONED) && header->rtm_tos == 0 &&
	       header->rtm_src_len == 0 && !dead;
}

static int append(struct mtu_route_list *routes, const struct route_message *whole,
		  struct mtu_route *route)
{
	size_t len = (size_t)whole->attributes.len + whole->metrics.len;
	void *bytes = routes->bytes;
	/* One more, so that there are bytes to point to where no route has any. */
	int r = array_reserve(&bytes, &routes->byte_capacity, routes->byte_count + len + 1, 1);

	if (r < 0)
		return r;
	routes->bytes = bytes;
	route->extra = routes->byte_count;
	route->place = routes->count;
	r = mtu_route_list_append(routes, route);
	if (r < 0)
		return r;
	memcpy(routes->bytes + route->extra, whole->attributes.bytes, whole->attributes.len);
	memcpy(routes->bytes + route->extra + whole->attributes.len, whole->metrics.bytes,
	       whole->metrics.len);
	routes->byte_count += len;
	return 0;
}

int route_mtu_parse(const struct nlmsghdr *message, struct mtu_route_list *routes)
{
	struct route_message whole = { .whole = true };
	struct mtu_route route = { 0 };
	int r;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return 0;
	r = nl_attr_get_header(message, &whole.header, sizeof(whole.header));
	if (r < 0 || !is_wanted(&whole.header))
		return r;
	whole.table = whole.header.rtm_table;
	r = nl_attr_walk_message(message, sizeof(whole.header), take_attribute, &whole);
	if (r == 0)
		r = rtnl_prefix(&whole.header, &whole.destination, &route.prefix);
	if (r < 0)
		return r;
	route.table = whole.table;
	route.ifindex = whole.ifindex;
	route.priority = whole.priority;
	route.mtu = whole.mtu;
	route.locks = whole.locks;
	route.type = whole.header.rtm_type;
	route.scope = whole.header.rtm_scope;
	route.protocol = whole.header.rtm_protocol;
	route.onlink = whole.header.rtm_flags & RTNH_F_ONLINK;
	route.whole = whole.whole;
	route.attributes_len = whole.attributes.len;
	route.metrics_len = whole.metrics.len;
	return append(routes, &whole, &route);
}

/* Appends whole attributes to a message, or to the nest that is open in it. */
static void put_bytes(struct nlmsghdr *message, const uint8_t *bytes, size_t len)
{
	if (len > 0)
		memcpy(mnl_nlmsg_get_payload_tail(message), bytes, len);
	message->nlmsg_len += (uint32_t)len;
}

static void put_metrics(struct nlmsghdr *message, const struct mtu_route *route,
			const uint8_t *others)
{
	struct nlattr *nest = mnl_attr_nest_start(message, RTA_METRICS);

	mnl_attr_put_u32(message, RTAX_MTU, route->mtu);
	if (route->locks)
		mnl_attr_put_u32(message, RTAX_LOCK, route->locks);
	put_bytes(message, others, route->metrics_len);
	mnl_attr_nest_end(message, nest);
}

size_t route_mtu_put(const struct mtu_route *route, const uint8_t *bytes, bool add,
		     uint8_t buffer[ROUTE_MTU_REQUEST_MAX])
{
	const struct address *address = &route->prefix.address;
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	bool six = address->family == FAMILY_IPV6;

	message->nlmsg_type = add ? RTM_NEWROUTE : RTM_DELROUTE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (add) /* of IPv6 no two have one prefix and metric: there EXCL keeps it from joining */
		message->nlmsg_flags |= (uint16_t)(NLM_F_CREATE | (six ? NLM_F_EXCL : 0));
	header->rtm_family = six ? AF_INET6 : AF_INET;
	header->rtm_dst_len = route->prefix.length;
	header->rtm_scope = route->scope;
	header->rtm_type = route->type;
	header->rtm_protocol = ROUTE_MTU_PROTOCOL;
	header->rtm_flags = route->onlink ? RTNH_F_ONLINK : 0;
	if (route->prefix.length > 0)
		mnl_attr_put(message, RTA_DST, address_bytes(address->family), address->bytes);
	mnl_attr_put_u32(message, RTA_TABLE, route->table);
	mnl_attr_put_u32(message, RTA_OIF, route->ifindex);
	mnl_attr_put_u32(message, RTA_PRIORITY, route->priority);
	put_bytes(message, bytes + route->extra, route->attributes_len);
	put_metrics(message, route, bytes + route->extra + route->attributes_len);
	return message->nlmsg_len;
}
