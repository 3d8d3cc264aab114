/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The far ends that VXLAN links have learned or were told of (bridge fdb). Which address lies
 * behind which of them changes with every frame, so the narrowest counts for the link. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/discovery/discovery_source.h"
#include "edge/netlink/rtnl.h"

#define FDB_EVERY_NS (5 * NS_PER_SECOND)

int source_fdb_open(struct discovery *discovery)
{
	return discovery->route ? 0 : nl_open(NETLINK_ROUTE, 0, &discovery->route);
}

void source_fdb_close(struct discovery *discovery)
{
	nl_close(discovery->route);
}

static int add_end(const struct link *link, const struct fdb_entry *entry, struct peer_list *peers)
{
	char text[PREFIX_TEXT_MAX];
	struct peer peer = {
		.id = strdup(address_format(&entry->address, text)),
		.ifindex = link->ifindex,
		.has_endpoint = true,
		.endpoint_port = entry->port ? entry->port : link->remote_port,
		.unproven = entry->learned,
		.way = {
			.destination = entry->address,
			.has_source = link->has_local &&
				      link->local.family == entry->address.family,
			.source = link->local,
			.oif = link->lower_ifindex,
			.mark = link->fwmark,
			.protocol = IPPROTO_UDP,
			.has_uid = true, /* the kernel's own tunnels send as root */
		},
		.layer = { link->encap },
		.layer_count = 1,
	};

	encap_set(&peer.layer[0], ENCAP_KEY_OUTER,
		  entry->address.family == FAMILY_IPV6 ? 6 : 4);
	return peer_list_take(peers, &peer, peer.id ? 0 : -ENOMEM);
}

static int read_link(struct discovery *discovery, const struct link *link, struct peer_list *peers)
{
	struct fdb_list ends;
	int r;

	r = rtnl_dump_fdb(discovery->route, link->ifindex, &ends);
	if (r == -ENODEV) /* gone meanwhile */
		return 0;
	if (r < 0)
		return r;
	for (size_t i = 0; i < ends.count && r == 0; i++)
		r = add_end(link, &ends.list[i], peers);
	fdb_list_done(&ends);
	return r;
}

int source_fdb_read(struct discovery *discovery, const struct source_look *look,
		    struct peer_list *peers, uint64_t *ret_poll_ns)
{
	int r = 0;

	for (size_t i = 0; i < look->link_count && r == 0; i++) {
		const struct link *link = &look->links[i];

		if (!link_is_kind(link, "vxlan") || link->has_remote || link->elsewhere)
			continue;
		*ret_poll_ns = FDB_EVERY_NS;
		r = read_link(discovery, link, peers);
	}
	return r;
}
