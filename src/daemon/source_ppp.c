/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PPPoE links: the kernel tells its sessions and the Ethernet links below, not which ppp link is
 * whose. What a link's pppd was started with tells more (source_facts); for the links it says
 * nothing about, the narrowest of the links below counts. PPTP has no list at all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/discovery_source.h"
#include "edge/proc_ppp.h"

#define PPP_EVERY_NS (5 * NS_PER_SECOND)

static const struct link *find_link(const struct source_look *look, const char *name)
{
	for (size_t i = 0; i < look->link_count; i++) {
		if (strcmp(look->links[i].name, name) == 0)
			return &look->links[i];
	}
	return NULL;
}

/* The Ethernet link of the smallest MTU that carries a session, or NULL. */
static const struct link *narrowest_below(const struct source_look *look,
					  const struct pppoe_list *sessions)
{
	const struct link *narrowest = NULL;

	for (size_t i = 0; i < sessions->count; i++) {
		const struct link *link = find_link(look, sessions->list[i].device);

		if (link && (!narrowest || link->mtu < narrowest->mtu))
			narrowest = link;
	}
	return narrowest;
}

static bool is_l2tp(const struct pppol2tp_list *sessions, const char *name)
{
	for (size_t i = 0; i < sessions->count; i++) {
		if (strcmp(sessions->list[i].interface, name) == 0)
			return true;
	}
	return false;
}

static int add_pppoe(const struct link *link, const struct link *below, struct peer_list *peers)
{
	static const struct prefix all[FAMILY_COUNT] = {
		[FAMILY_IPV4] = { .address = { .family = FAMILY_IPV4 } },
		[FAMILY_IPV6] = { .address = { .family = FAMILY_IPV6 } },
	};
	struct peer peer = {
		.ifindex = link->ifindex,
		.way = { .oif = below->ifindex },
		.layer = { { .kind = ENCAP_PPPOE } },
		.layer_count = 1,
	};
	int r = 0;

	if (asprintf(&peer.id, "pppoe/%s", below->name) < 0)
		return -ENOMEM;
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT && r == 0; family++)
		r = peer_allow(&peer, &all[family]);
	if (r == 0)
		r = peer_list_append(peers, &peer);
	peer_done(&peer);
	return r;
}

/* What carries a ppp link, as far as it is PPPoE: what its pppd was told, else the narrowest. */
static const struct link *below_link(const struct discovery *discovery,
				     const struct source_look *look, const struct link *link,
				     const struct link *narrowest)
{
	const char *kind, *device;

	if (!source_facts_knows_ppp(discovery, link->name, &kind, &device))
		return narrowest;
	if (strcmp(kind, "pppoe") != 0)
		return NULL;
	return device && find_link(look, device) ? find_link(look, device) : narrowest;
}

int source_ppp_read(struct discovery *discovery, const struct source_look *look,
		    struct peer_list *peers, uint64_t *ret_poll_ns)
{
	struct pppol2tp_list others = { 0 };
	struct pppoe_list sessions = { 0 };
	const struct link *below, *device;
	int r;

	r = proc_ppp_read_pppoe(&sessions);
	if (r == 0)
		r = proc_ppp_read_pppol2tp(&others);
	below = r == 0 ? narrowest_below(look, &sessions) : NULL;
	for (size_t i = 0; i < look->link_count && r == 0; i++) {
		const struct link *link = &look->links[i];

		if (strcmp(link->kind, "ppp") != 0)
			continue;
		*ret_poll_ns = PPP_EVERY_NS;
		device = below_link(discovery, look, link, below);
		if (device && !is_l2tp(&others, link->name))
			r = add_pppoe(link, device, peers);
	}
	pppoe_list_done(&sessions);
	pppol2tp_list_done(&others);
	return r;
}
