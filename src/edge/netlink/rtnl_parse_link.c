/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink messages into links. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "edge/netlink/nl_attr.h"
#include "edge/netlink/rtnl.h"
#include "edge/netlink/rtnl_linkinfo.h"

void link_list_done(struct link_list *links)
{
	free(links->list);
	*links = (struct link_list){ 0 };
}

static int append_link(struct link_list *links, const struct link *link)
{
	return array_append(links, link);
}

/* A link and what of its message makes sense only together with the rest. */
struct link_message {
	struct link link;
	struct nl_attr kind_data; /* IFLA_INFO_DATA; data is NULL without */
};

/* IFLA_INET6_CONF: an array of __s32, one for each DEVCONF_* (net/ipv6/addrconf.c). */
static int take_inet6(const struct nl_attr *attr, void *userdata)
{
	struct link *link = userdata;
	const size_t before = DEVCONF_MTU6 * sizeof(uint32_t);
	struct nl_attr mtu;

	if (attr->type != IFLA_INET6_CONF)
		return 0;
	if (attr->len < before)
		return -EBADMSG;
	mtu = (struct nl_attr){ .len = attr->len - before, .data = attr->data + before };
	return nl_attr_get_u32(&mtu, &link->mtu6);
}

static int take_af_spec(const struct nl_attr *attr, void *userdata)
{
	return attr->type == AF_INET6 ? nl_attr_walk_nest(attr, take_inet6, userdata) : 0;
}

static int take_link_info(const struct nl_attr *attr, void *userdata)
{
	struct link_message *whole = userdata;

	if (attr->type == IFLA_INFO_DATA)
		whole->kind_data = *attr;
	if (attr->type != IFLA_INFO_KIND)
		return 0;
	/* Cutting is harmless: every kind we know is shorter than the field. */
	nl_attr_get_text_cut(attr, whole->link.kind, sizeof(whole->link.kind));
	return 0;
}

static int take_link(const struct nl_attr *attr, void *userdata)
{
	struct link_message *whole = userdata;
	struct link *link = &whole->link;

	switch (attr->type) {
	case IFLA_IFNAME:
		return nl_attr_get_text(attr, link->name, sizeof(link->name));
	case IFLA_MTU:
		return nl_attr_get_u32(attr, &link->mtu);
	case IFLA_LINK:
		return nl_attr_get_u32(attr, &link->lower_ifindex);
	case IFLA_MASTER:
		return nl_attr_get_u32(attr, &link->master_ifindex);
	case IFLA_LINK_NETNSID:
		link->elsewhere = true;
		return 0;
	case IFLA_IFALIAS:
		nl_attr_get_text_cut(attr, link->alias, sizeof(link->alias));
		return 0;
	case IFLA_LINKINFO:
		return nl_attr_walk_nest(attr, take_link_info, whole);
	case IFLA_AF_SPEC:
		return nl_attr_walk_nest(attr, take_af_spec, link);
	default:
		return 0;
	}
}

/* Indexes and addresses of another namespace would be taken for those of this one. */
static void forget_outside(struct link *link)
{
	link->lower_ifindex = 0;
	link->has_local = false;
	link->has_remote = false;
	link->local = (struct address){ 0 };
	link->remote = (struct address){ 0 };
}

int rtnl_parse_link(const struct nlmsghdr *message, struct link_list *links)
{
	struct link_message whole = { 0 };
	struct ifinfomsg info;
	int r;

	if (message->nlmsg_type != RTM_NEWLINK)
		return 0;
	r = nl_attr_get_header(message, &info, sizeof(info));
	if (r < 0 || info.ifi_family != AF_UNSPEC)
		return r;
	if (info.ifi_index <= 0)
		return -EBADMSG;
	whole.link.ifindex = (uint32_t)info.ifi_index;
	whole.link.up = info.ifi_flags & IFF_UP;
	whole.link.loopback = info.ifi_flags & IFF_LOOPBACK;
	r = nl_attr_walk_message(message, sizeof(info), take_link, &whole);
	if (r < 0)
		return r;
	r = rtnl_parse_linkinfo(&whole.kind_data, &whole.link);
	if (r < 0)
		return r;
	if (whole.link.elsewhere)
		forget_outside(&whole.link);
	return append_link(links, &whole.link);
}
