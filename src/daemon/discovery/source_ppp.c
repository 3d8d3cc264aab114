/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PPPoE links: the kernel tells its sessions and the Ethernet links below, not which ppp link is
 * whose. What a link's pppd was started with tells more (source_facts); for the links it says
 * nothing about, the narrowest of the links below counts. PPTP has no list at all. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/discovery/discovery_source.h"
#include "edge/peers/proc_ppp.h"
#include "proto/facts.h"

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

_Static_assert(offsetof(struct pppol2tp_session, interface) == 0, "compared as a name");

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Sessions are in order. */
static bool is_l2tp(const struct pppol2tp_list *sessions, const char *name)
{
	return sessions->count > 0 && bsearch(name, sessions->list, sessions->count,
					      sizeof(*sessions->list), compare_names);
}

static int add_pppoe(const struct link *link, const struct link *below, struct peer_list *peers)
{
	struct peer peer = {
		.ifindex = link->ifindex,
		.way = { .oif = below->ifindex },
		.layer = { { .kind = ENCAP_PPPOE } },
		.layer_count = 1,
	};

	if (asprintf(&peer.id, "pppoe/%s", below->name) < 0)
		return -ENOMEM;
	return peer_list_take(peers, &peer, peer_allow_all(&peer));
}

/* Links below, of which there are few: the one that was found last is mostly the next one too. */
struct below {
	const struct link *narrowest; /* for whom nobody tells; NULL: there is no session */
	const struct link *last;
};

/* What carries a ppp link, as far as it is PPPoE: what its pppd was told, else the narrowest. */
static const struct link *below_link(const struct discovery *discovery,
				     const struct source_look *look, const struct link *link,
				     struct below *below)
{
	const struct facts_ppp *ppp = source_facts_find_ppp(discovery, link->name);

	if (ppp && strcmp(ppp->kind, "pppoe") != 0)
		return NULL;
	if (!ppp || !ppp->device)
		return below->narrowest;
	if (!below->last || strcmp(below->last->name, ppp->device) != 0)
		below->last = find_link(look, ppp->device);
	return below->last ? below->last : below->narrowest;
}

static int add_links(struct discovery *discovery, const struct source_look *look,
		     const struct pppol2tp_list *others, struct below *below,
		     struct peer_list *peers, uint64_t *ret_poll_ns)
{
	int r = 0;

	for (size_t i = 0; i < look->link_count && r == 0; i++) {
		const struct link *link = &look->links[i], *device;

		if (!link_is_kind(link, "ppp"))
			continue;
		*ret_poll_ns = PPP_EVERY_NS;
		device = below_link(discovery, look, link, below);
		if (device && !is_l2tp(others, link->name))
			r = add_pppoe(link, device, peers);
	}
	return r;
}

int source_ppp_read(struct discovery *discovery, const struct source_look *look,
		    struct peer_list *peers, uint64_t *ret_poll_ns)
{
	struct pppol2tp_list others = { 0 };
	struct pppoe_list sessions = { 0 };
	struct below below = { 0 };
	int r;

	r = proc_ppp_read_pppoe(&sessions);
	if (r == 0)
		r = proc_ppp_read_pppol2tp(&others);
	if (others.count > 1)
		qsort(others.list, others.count, sizeof(*others.list), compare_names);
	if (r == 0) {
		below.narrowest = narrowest_below(look, &sessions);
		r = add_links(discovery, look, &others, &below, peers, ret_poll_ns);
	}
	pppoe_list_done(&sessions);
	pppol2tp_list_done(&others);
	return r;
}
