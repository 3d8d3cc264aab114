/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTM_NEWROUTE where it answers a question or tells a PMTU exception: rt_fill_info in
 * net/ipv4/route.c, rt6_fill_node in net/ipv6/route.c. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "edge/netlink/nl_attr.h"
#include "edge/netlink/route_mtu.h"
#include "edge/netlink/rtnl.h"

void hint_list_done(struct hint_list *hints)
{
	free(hints->list);
	*hints = (struct hint_list){ 0 };
}

/* A route while it is read. */
struct way_message {
	struct rtmsg header;
	enum family family;
	struct nl_attr destination, source; /* RTA_DST, RTA_PREFSRC; data is NULL without */
	uint32_t ifindex, mtu, locks;       /* locks: 1 << RTAX_* */
	int32_t expires;                    /* in clock ticks; 0 never, negative: long ago */
};

static int take_metric(const struct nl_attr *attr, void *userdata)
{
	struct way_message *whole = userdata;

	switch (attr->type) {
	case RTAX_MTU:
		return nl_attr_get_u32(attr, &whole->mtu);
	case RTAX_LOCK:
		return nl_attr_get_u32(attr, &whole->locks);
	default:
		return 0;
	}
}

static int take_cacheinfo(const struct nl_attr *attr, int32_t *ret_expires)
{
	struct rta_cacheinfo info;
	const size_t needed = offsetof(struct rta_cacheinfo, rta_error);

	if (attr->len < needed)
		return -EBADMSG;
	memcpy(&info, attr->data, needed);
	*ret_expires = info.rta_expires;
	return 0;
}

static int take_attribute(const struct nl_attr *attr, void *userdata)
{
	struct way_message *whole = userdata;

	switch (attr->type) {
	case RTA_DST:
		whole->destination = *attr;
		return 0;
	case RTA_PREFSRC:
		whole->source = *attr;
		return 0;
	case RTA_OIF:
		return nl_attr_get_u32(attr, &whole->ifindex);
	case RTA_METRICS:
		return nl_attr_walk_nest(attr, take_metric, whole);
	case RTA_CACHEINFO:
		return take_cacheinfo(attr, &whole->expires);
	default:
		return 0;
	}
}

/* Returns 0, or -EBADMSG: not a route of IPv4 or IPv6, or an attribute is too short or overruns. */
static int read_message(const struct nlmsghdr *message, struct way_message *whole)
{
	uint8_t bytes;
	int r;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return -EBADMSG;
	r = nl_attr_get_header(message, &whole->header, sizeof(whole->header));
	if (r < 0)
		return r;
	if (whole->header.rtm_family != AF_INET && whole->header.rtm_family != AF_INET6)
		return -EBADMSG;
	whole->family = whole->header.rtm_family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
	r = nl_attr_walk_message(message, sizeof(whole->header), take_attribute, whole);
	if (r < 0)
		return r;
	bytes = address_bytes(whole->family);
	if ((whole->destination.data && whole->destination.len < bytes) ||
	    (whole->source.data && whole->source.len < bytes))
		return -EBADMSG;
	return 0;
}

static void set_metric(const struct way_message *whole, struct path_answer *answer)
{
	answer->mtu = whole->mtu;
	answer->mtu_locked = whole->mtu > 0 && whole->locks >> RTAX_MTU & 1;
}

int rtnl_parse_answer(const struct nlmsghdr *message, struct path_answer *ret_answer)
{
	struct path_answer answer = { .reachable = true };
	struct way_message whole = { 0 };
	int r;

	r = read_message(message, &whole);
	if (r < 0)
		return r;
	switch (whole.header.rtm_type) {
	case RTN_LOCAL:
	case RTN_ANYCAST:
		answer.local = true;
		break;
	case RTN_UNICAST:
		answer.ifindex = whole.ifindex;
		break;
	default:
		return -EHOSTUNREACH;
	}
	if (!answer.local && answer.ifindex == 0)
		return -EHOSTUNREACH;
	set_metric(&whole, &answer);
	answer.has_source = whole.source.data;
	if (answer.has_source)
		answer.source = address_from_bytes(whole.family, whole.source.data);
	*ret_answer = answer;
	return 0;
}

int rtnl_parse_metric(const struct nlmsghdr *message, struct path_answer *answer)
{
	struct way_message whole = { 0 };
	int r = read_message(message, &whole);

	if (r < 0)
		return r;
	/* A tunnel's limit must not come from what we wrote of it: it would never grow again. */
	if (whole.header.rtm_protocol == ROUTE_MTU_PROTOCOL)
		whole.mtu = 0;
	set_metric(&whole, answer);
	return 0;
}

static int append(struct hint_list *hints, const struct path_hint *hint)
{
	return array_append(hints, hint);
}

int rtnl_parse_hint(const struct nlmsghdr *message, struct hint_list *hints)
{
	struct way_message whole = { 0 };
	struct path_hint hint = { 0 };
	int r;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return 0;
	r = read_message(message, &whole);
	if (r < 0)
		return r;
	/* A redirect is such a route too, but has no MTU or does not expire. */
	if (!(whole.header.rtm_flags & RTM_F_CLONED) || whole.expires <= 0 || whole.mtu == 0 ||
	    !whole.destination.data || whole.header.rtm_dst_len != address_bits(whole.family))
		return 0;
	hint.destination = address_from_bytes(whole.family, whole.destination.data);
	hint.ifindex = whole.ifindex;
	hint.mtu = whole.mtu;
	hint.locked = whole.locks >> RTAX_MTU & 1;
	return append(hints, &hint);
}
