/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Next hop objects (ip-nexthop(8), include/uapi/linux/nexthop.h), and the routes that name them. */
#include <errno.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/search.h"
#include "edge/netlink/nl_attr.h"
#include "edge/netlink/rtnl.h"

void nexthop_list_done(struct nexthop_list *nexthops)
{
	free(nexthops->list);
	*nexthops = (struct nexthop_list){ 0 };
}

static int append(struct nexthop_list *nexthops, const struct nexthop *nexthop)
{
	return array_append(nexthops, nexthop);
}

/* An object while it is read. */
struct nexthop_message {
	uint32_t id, ifindex;
	struct nl_attr group; /* NHA_GROUP; data is NULL without */
};

static int take_attribute(const struct nl_attr *attr, void *userdata)
{
	struct nexthop_message *whole = userdata;

	switch (attr->type) {
	case NHA_ID:
		return nl_attr_get_u32(attr, &whole->id);
	case NHA_OIF:
		return nl_attr_get_u32(attr, &whole->ifindex);
	case NHA_GROUP:
		whole->group = *attr;
		return 0;
	default:
		return 0;
	}
}

/* Appends the group's members, struct nexthop_grp each. */
static int append_members(struct nexthop_list *nexthops, uint32_t id, const struct nl_attr *group)
{
	struct nexthop_grp entry;
	int r = 0;

	if (group->len % sizeof(entry) != 0)
		return -EBADMSG;
	for (size_t at = 0; at < group->len && r == 0; at += sizeof(entry)) {
		memcpy(&entry, group->data + at, sizeof(entry));
		if (entry.id > 0)
			r = append(nexthops, &(struct nexthop){ .id = id, .member = entry.id });
	}
	return r;
}

int rtnl_parse_nexthop(const struct nlmsghdr *message, struct nexthop_list *nexthops)
{
	struct nexthop_message whole = { 0 };
	size_t before = nexthops->count;
	struct nhmsg header;
	int r;

	if (message->nlmsg_type != RTM_NEWNEXTHOP)
		return 0;
	r = nl_attr_get_header(message, &header, sizeof(header));
	if (r < 0)
		return r;
	r = nl_attr_walk_message(message, sizeof(header), take_attribute, &whole);
	if (r < 0 || whole.id == 0)
		return r;
	if (whole.group.data)
		r = append_members(nexthops, whole.id, &whole.group);
	else if (whole.ifindex > 0)
		r = append(nexthops, &(struct nexthop){ whole.id, whole.ifindex, 0 });
	if (r < 0)
		nexthops->count = before;
	return r;
}

static int compare_ids(const void *a, const void *b)
{
	uint32_t first = ((const struct nexthop *)a)->id, second = ((const struct nexthop *)b)->id;

	return array_order(first, second);
}

/* The first of the object's ways in a sorted list; its end where there are none. */
static size_t find_first(const struct nexthop_list *nexthops, uint32_t id)
{
	size_t low;

	SEARCH_FIRST(low, nexthops->count, i, nexthops->list[i].id < id);
	return low;
}

/* Appends the route for each link of the object. A group has plain objects as members, never groups
 * (nexthop.c, valid_group_nh), so one step down is enough. */
static int append_ways(struct route_list *routes, struct route route, uint32_t id,
		       const struct nexthop_list *nexthops, bool in_group)
{
	int r = 0;

	for (size_t i = find_first(nexthops, id);
	     i < nexthops->count && nexthops->list[i].id == id && r == 0; i++) {
		const struct nexthop *way = &nexthops->list[i];

		route.ifindex = way->ifindex;
		if (way->ifindex > 0)
			r = route_list_append(routes, &route);
		else if (!in_group)
			r = append_ways(routes, route, way->member, nexthops, true);
	}
	return r;
}

int rtnl_resolve_routes(const struct bare_list *bare, struct nexthop_list *nexthops,
			struct route_list *routes)
{
	size_t before = routes->count;
	int r = 0;

	if (nexthops->count > 0)
		qsort(nexthops->list, nexthops->count, sizeof(*nexthops->list), compare_ids);
	for (size_t i = 0; i < bare->count && r == 0; i++)
		r = append_ways(routes, bare->list[i].route, bare->list[i].nexthop, nexthops,
				false);
	if (r < 0)
		routes->count = before;
	return r;
}
