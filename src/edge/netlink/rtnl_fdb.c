/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Far ends of VXLAN links from their forwarding tables (bridge-fdb(8), vxlan_fdb_info in
 * drivers/net/vxlan/vxlan_core.c). */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "edge/netlink/endpoint.h"
#include "edge/netlink/nl_attr.h"
#include "edge/netlink/rtnl.h"
#include "edge/netlink/rtnl_request.h"

void fdb_list_done(struct fdb_list *entries)
{
	free(entries->list);
	*entries = (struct fdb_list){ 0 };
}

static int append(struct fdb_list *entries, const struct fdb_entry *entry)
{
	return array_append(entries, entry);
}

/* An entry while it is read. */
struct fdb_message {
	struct nl_attr destination; /* NDA_DST; data is NULL without */
	uint8_t port_be[2];
};

static int take_attribute(const struct nl_attr *attr, void *userdata)
{
	struct fdb_message *whole = userdata;

	switch (attr->type) {
	case NDA_DST:
		whole->destination = *attr;
		return 0;
	case NDA_PORT:
		return nl_attr_get_bytes(attr, whole->port_be, sizeof(whole->port_be));
	default:
		return 0;
	}
}

/* The family is the length. */
static int read_address(const struct nl_attr *attr, struct address *ret_address)
{
	if (attr->len == address_bytes(FAMILY_IPV4))
		*ret_address = address_from_bytes(FAMILY_IPV4, attr->data);
	else if (attr->len == address_bytes(FAMILY_IPV6))
		*ret_address = address_from_bytes(FAMILY_IPV6, attr->data);
	else
		return -EBADMSG;
	return 0;
}

/* What vxlan_snoop makes of the source of a packet; what an administrator or a routing daemon sets
 * up is permanent, static or marked as theirs. */
static bool is_learned(const struct ndmsg *header)
{
	return !(header->ndm_state & (NUD_PERMANENT | NUD_NOARP)) &&
	       !(header->ndm_flags & NTF_EXT_LEARNED);
}

int rtnl_parse_fdb(const struct nlmsghdr *message, struct fdb_list *entries)
{
	struct fdb_message whole = { 0 };
	struct fdb_entry entry = { 0 };
	struct ndmsg header;
	int r;

	if (message->nlmsg_type != RTM_NEWNEIGH)
		return 0;
	r = nl_attr_get_header(message, &header, sizeof(header));
	if (r < 0 || header.ndm_family != AF_BRIDGE || !(header.ndm_flags & NTF_SELF))
		return r;
	if (header.ndm_ifindex <= 0)
		return -EBADMSG;
	r = nl_attr_walk_message(message, sizeof(header), take_attribute, &whole);
	if (r < 0 || !whole.destination.data)
		return r;
	r = read_address(&whole.destination, &entry.address);
	if (r < 0 || !endpoint_is_host(&entry.address))
		return r;
	entry.ifindex = (uint32_t)header.ndm_ifindex;
	entry.learned = is_learned(&header);
	entry.port = (uint16_t)(whole.port_be[0] << 8 | whole.port_be[1]);
	return append(entries, &entry);
}

static int compare_ends(const struct fdb_entry *first, const struct fdb_entry *second)
{
	int order;

	if (first->ifindex != second->ifindex)
		return first->ifindex < second->ifindex ? -1 : 1;
	order = address_compare(&first->address, &second->address);
	return order ? order : (first->port > second->port) - (first->port < second->port);
}

static int compare(const void *a, const void *b)
{
	const struct fdb_entry *first = a, *second = b;
	int order = compare_ends(first, second);

	return order ? order : first->learned - second->learned;
}

void rtnl_sort_fdb(struct fdb_list *entries)
{
	size_t kept = 0;

	if (entries->count == 0)
		return;
	qsort(entries->list, entries->count, sizeof(*entries->list), compare);
	for (size_t i = 1; i < entries->count; i++) {
		if (compare_ends(&entries->list[kept], &entries->list[i]) != 0)
			entries->list[++kept] = entries->list[i];
	}
	entries->count = kept + 1;
}

struct fdb_dump {
	struct fdb_list *entries;
	uint32_t ifindex;
};

static int take_entry(const struct nlmsghdr *message, void *userdata)
{
	struct fdb_dump *dump = userdata;
	size_t before = dump->entries->count;
	int r = rtnl_parse_fdb(message, dump->entries);

	/* Kernels before 4.20 tell of all links. */
	if (dump->entries->count > before && dump->ifindex &&
	    dump->entries->list[before].ifindex != dump->ifindex)
		dump->entries->count = before;
	return r;
}

static void forget_entries(void *userdata)
{
	struct fdb_dump *dump = userdata;

	dump->entries->count = 0;
}

int rtnl_dump_fdb(struct nl *nl, uint32_t ifindex, struct fdb_list *ret_entries)
{
	struct fdb_list entries = { 0 };
	struct fdb_dump dump = { &entries, ifindex };
	struct request request;
	struct nlmsghdr *message = request_init(&request, RTM_GETNEIGH);
	struct ndmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	int r;

	header->ndm_family = AF_BRIDGE;
	header->ndm_ifindex = (int)ifindex;
	r = nl_dump(nl, message, take_entry, forget_entries, &dump);
	if (r < 0) {
		fdb_list_done(&entries);
		return r;
	}
	rtnl_sort_fdb(&entries);
	*ret_entries = entries;
	return 0;
}
