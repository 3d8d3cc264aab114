/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of links, and who they say is at the other end. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "edge/netlink/endpoint.h"
#include "edge/netlink/nl_attr.h"
#include "edge/netlink/rtnl.h"
#include "edge/netlink/rtnl_request.h"

void link_address_list_done(struct link_address_list *addresses)
{
	free(addresses->list);
	*addresses = (struct link_address_list){ 0 };
}

void neighbour_list_done(struct neighbour_list *neighbours)
{
	free(neighbours->list);
	*neighbours = (struct neighbour_list){ 0 };
}

static int append_address(struct link_address_list *addresses, const struct link_address *address)
{
	return array_append(addresses, address);
}

/* An address while it is read. */
struct address_message {
	enum family family;
	bool has_local, has_address;
	struct address local, address;
};

static int take_bytes(const struct nl_attr *attr, enum family family, bool *ret_has,
		      struct address *ret_address)
{
	if (attr->len < address_bytes(family))
		return -EBADMSG;
	*ret_address = address_from_bytes(family, attr->data);
	*ret_has = true;
	return 0;
}

static int take_attribute(const struct nl_attr *attr, void *userdata)
{
	struct address_message *whole = userdata;

	switch (attr->type) {
	case IFA_LOCAL:
		return take_bytes(attr, whole->family, &whole->has_local, &whole->local);
	case IFA_ADDRESS:
		return take_bytes(attr, whole->family, &whole->has_address, &whole->address);
	default:
		return 0;
	}
}

/* IFA_ADDRESS is the other end where there is one; where there is none IPv6 leaves IFA_LOCAL
 * out. */
int rtnl_parse_address(const struct nlmsghdr *message, struct link_address_list *addresses)
{
	struct link_address address = { 0 };
	struct address_message whole = { 0 };
	struct ifaddrmsg header;
	int r;

	if (message->nlmsg_type != RTM_NEWADDR)
		return 0;
	r = nl_attr_get_header(message, &header, sizeof(header));
	if (r < 0 || (header.ifa_family != AF_INET && header.ifa_family != AF_INET6))
		return r;
	whole.family = header.ifa_family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
	if (header.ifa_index == 0 || header.ifa_index > INT32_MAX ||
	    header.ifa_prefixlen > address_bits(whole.family))
		return -EBADMSG;
	r = nl_attr_walk_message(message, sizeof(header), take_attribute, &whole);
	if (r < 0)
		return r;
	if (!whole.has_local && !whole.has_address)
		return -EBADMSG;
	address.ifindex = header.ifa_index;
	address.length = header.ifa_prefixlen;
	address.own = whole.has_local ? whole.local : whole.address;
	address.has_other = whole.has_address && !address_equal(&whole.address, &address.own);
	if (address.has_other)
		address.other = whole.address;
	return append_address(addresses, &address);
}

static int take_address(const struct nlmsghdr *message, void *userdata)
{
	return rtnl_parse_address(message, userdata);
}

static void forget_addresses(void *userdata)
{
	struct link_address_list *addresses = userdata;

	addresses->count = 0;
}

int rtnl_dump_addresses(struct nl *nl, struct link_address_list *ret_addresses)
{
	struct link_address_list addresses = { 0 };
	struct request request;
	struct nlmsghdr *message = request_init(&request, RTM_GETADDR);
	int r;

	mnl_nlmsg_put_extra_header(message, sizeof(struct ifaddrmsg));
	r = nl_dump(nl, message, take_address, forget_addresses, &addresses);
	if (r < 0) {
		link_address_list_done(&addresses);
		return r;
	}
	*ret_addresses = addresses;
	return 0;
}

static int compare_neighbours(const void *a, const void *b)
{
	const struct probe_neighbour *first = a, *second = b;

	if (first->ifindex != second->ifindex)
		return first->ifindex < second->ifindex ? -1 : 1;
	return address_compare(&first->address, &second->address);
}

/* The other end, or the other host of a prefix that has two: of a /31 (RFC 3021) and a /127
 * (RFC 6164) both addresses are hosts, of a /30 and a /126 the two in the middle. */
static bool find_other(const struct link_address *address, struct address *ret_other)
{
	uint8_t last = address_bytes(address->own.family) - 1;
	int free_bits = address_bits(address->own.family) - address->length;
	uint8_t low = address->own.bytes[last] & 3;

	*ret_other = address->has_other ? address->other : address->own;
	if (address->has_other)
		return true;
	if (free_bits == 1)
		ret_other->bytes[last] ^= 1;
	else if (free_bits == 2 && (low == 1 || low == 2))
		ret_other->bytes[last] ^= 3;
	else
		return false;
	return true;
}

/* Sorts, and leaves out what is there twice. */
static void sort_neighbours(struct neighbour_list *neighbours)
{
	size_t kept = 0;

	if (neighbours->count == 0)
		return;
	qsort(neighbours->list, neighbours->count, sizeof(*neighbours->list), compare_neighbours);
	for (size_t i = 1; i < neighbours->count; i++) {
		if (compare_neighbours(&neighbours->list[kept], &neighbours->list[i]) != 0)
			neighbours->list[++kept] = neighbours->list[i];
	}
	neighbours->count = kept + 1;
}

struct address *rtnl_sort_own(const struct link_address_list *addresses)
{
	struct address *own = calloc(addresses->count + 1, sizeof(*own));

	if (!own)
		return NULL;
	for (size_t i = 0; i < addresses->count; i++)
		own[i] = addresses->list[i].own;
	qsort(own, addresses->count, sizeof(*own), address_compare);
	return own;
}

int rtnl_find_neighbours(const struct link_address_list *addresses, const struct address *own,
			 struct neighbour_list *ret_neighbours)
{
	struct neighbour_list neighbours = { .capacity = addresses->count + 1 };
	struct address other;

	neighbours.list = calloc(neighbours.capacity, sizeof(*neighbours.list));
	if (!neighbours.list)
		return -ENOMEM;
	for (size_t i = 0; i < addresses->count; i++) {
		if (find_other(&addresses->list[i], &other) && endpoint_is_host(&other) &&
		    !bsearch(&other, own, addresses->count, sizeof(*own), address_compare))
			neighbours.list[neighbours.count++] = (struct probe_neighbour){
				.ifindex = addresses->list[i].ifindex, .address = other
			};
	}
	sort_neighbours(&neighbours);
	*ret_neighbours = neighbours;
	return 0;
}
