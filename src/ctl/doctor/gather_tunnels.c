/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tunnels carry: as mssclampd says; without it, reckoned from what the kernel tells. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/mss.h"
#include "ctl/doctor/facts.h"
#include "ctl/screen/field.h"
#include "edge/netlink/genl.h"
#include "edge/peers/l2tp.h"
#include "edge/peers/ovpn.h"
#include "edge/peers/wg.h"
#include "edge/peers/xfrm.h"
#include "policy/ipsec/ipsec.h"
#include "policy/tunnel/tunnel_set.h"
#include "policy/tunnel/tunnel_view.h"

/* The answer's MTU is never above the interface's: what the path leaves may be more. */
static uint32_t room_of(const struct doctor_tunnel *tunnel, const json_t *row)
{
	uint64_t path = field_count(row, "outer_path_mtu_bytes");
	uint64_t overhead = field_count(row, "overhead_bytes");

	if (tunnel->inner_mtu && tunnel->inner_mtu < tunnel->interface_mtu)
		return tunnel->inner_mtu;
	return overhead && path > overhead ? (uint32_t)(path - overhead) : 0;
}

static void take_told(struct doctor_tunnel *tunnel, const json_t *row)
{
	snprintf(tunnel->name, sizeof(tunnel->name), "%s", field_string(row, "name", "-"));
	snprintf(tunnel->kind, sizeof(tunnel->kind), "%s", field_string(row, "kind", ""));
	tunnel->ifindex = (uint32_t)field_count(row, "ifindex");
	tunnel->interface_mtu = (uint32_t)field_count(row, "interface_mtu_bytes");
	tunnel->inner_mtu = (uint32_t)field_count(row, "inner_mtu_bytes");
	tunnel->peers = field_count(row, "peers");
	tunnel->unsure = field_is(row, "source", "kernel_hint");
	tunnel->measured = field_is(row, "source", "probe") || field_is(row, "source", "config");
	tunnel->routed = json_is_true(json_object_get(row, "route_mtu"));
	tunnel->warnings = json_object_get(row, "warnings");
	/* Where nobody knows the path the answer has what the interface takes. */
	if (!field_count(row, "outer_path_mtu_bytes"))
		tunnel->inner_mtu = 0;
	tunnel->room = room_of(tunnel, row);
}

static void take_reply(struct doctor_facts *facts)
{
	const json_t *list = json_object_get(facts->tunnel_list, "tunnels");
	size_t count = json_array_size(list);

	facts->tunnels = calloc(count + 1, sizeof(*facts->tunnels));
	if (!facts->tunnels)
		return;
	for (size_t i = 0; i < count; i++)
		take_told(&facts->tunnels[i], json_array_get(list, i));
	facts->tunnel_count = count;
	facts->has_tunnels = true;
}

static bool ask_way(void *userdata, const struct path_question *question,
		    struct path_answer *ret_answer)
{
	return rtnl_get_route(userdata, question, ret_answer) == 0;
}

/* WireGuard, OpenVPN in the kernel, L2TP. What has gone meanwhile is left out. */
static int add_genl_peers(const struct doctor_facts *facts, struct peer_list *peers)
{
	enum { WIREGUARD, AMNEZIAWG, OVPN, OVPN_DCO, L2TP, FAMILIES };
	struct genl_family families[FAMILIES] = {
		[WIREGUARD] = { .name = WG_FAMILY },  [AMNEZIAWG] = { .name = WG_FAMILY_AMNEZIA },
		[OVPN] = { .name = OVPN_FAMILY },     [OVPN_DCO] = { .name = OVPN_FAMILY_DCO },
		[L2TP] = { .name = L2TP_FAMILY },
	};
	const struct link *links = facts->links.list;
	struct nl *nl;
	int r = genl_open(&nl);

	if (r < 0)
		return r;
	r = genl_find(nl, families, FAMILIES);
	for (size_t i = 0; i < facts->links.count && r == 0; i++) {
		if (link_is_kind(&links[i], WG_FAMILY))
			r = wg_dump(nl, families[WIREGUARD].id, &links[i], peers);
		else if (link_is_kind(&links[i], WG_FAMILY_AMNEZIA))
			r = wg_dump(nl, families[AMNEZIAWG].id, &links[i], peers);
		else if (link_is_kind(&links[i], OVPN_KIND_DCO))
			r = ovpn_dump(nl, families[OVPN_DCO].id, &links[i], peers);
		else if (link_is_kind(&links[i], OVPN_FAMILY))
			r = ovpn_dump(nl, families[OVPN].id, &links[i], peers);
		if (r == -ENODEV || r == -ENOENT)
			r = 0;
	}
	if (r == 0)
		r = l2tp_dump(nl, families[L2TP].id, links, facts->links.count, peers);
	nl_close(nl);
	return r == -ENODEV || r == -ENOENT ? 0 : r;
}

static int add_ipsec_peers(const struct doctor_facts *facts, struct peer_list *peers)
{
	struct ipsec_state_list states = { 0 };
	struct ipsec_policy_list policies = { 0 };
	struct nl *nl;
	int r = xfrm_open(&nl);

	if (r == 0)
		r = xfrm_dump(nl, &states, &policies);
	if (r == 0)
		r = ipsec_peers(&states, &policies, facts->links.list, facts->links.count, peers);
	ipsec_state_list_done(&states);
	ipsec_policy_list_done(&policies);
	nl_close(nl);
	return r;
}

/* With the MTU that the interface has, to which WireGuard pads at most. */
static uint32_t fits_in(const struct tunnel_limit *limit)
{
	return limit->inner_mtu;
}

/* Whatever MTU the interface has. */
static uint32_t room_outside(const struct tunnel_limit *limit)
{
	if (limit->outer_mtu <= limit->overhead)
		return 0;
	return limit->outer_mtu - limit->overhead;
}

/* The narrowest of the link itself and its peers; not the interface's own MTU. */
static uint32_t narrowest(const struct tunnel_set *set, const struct tunnel_views *views,
			  size_t place, uint32_t (*bytes)(const struct tunnel_limit *limit))
{
	const struct tunnel_view *view = &views->list[place];
	uint32_t least = view->ifindex ? bytes(&set->link_limits[view->link]) : 0;

	for (size_t i = 0; i < set->peer_count; i++) {
		uint32_t one = bytes(&set->limits[i]);

		if (views->of_peer[i] == place && one && (!least || one < least) &&
		    (set->peers[i]->id || !view->peer_count))
			least = one;
	}
	return least;
}

static int take_views(struct doctor_facts *facts, const struct tunnel_set *set)
{
	struct tunnel_views views;
	int r = tunnel_views_init(&views, set);

	if (r < 0)
		return r;
	facts->tunnels = calloc(views.count + 1, sizeof(*facts->tunnels));
	for (size_t i = 0; facts->tunnels && i < views.count; i++) {
		struct doctor_tunnel *tunnel = &facts->tunnels[facts->tunnel_count++];

		snprintf(tunnel->name, sizeof(tunnel->name), "%s", views.list[i].name);
		snprintf(tunnel->kind, sizeof(tunnel->kind), "%s", views.list[i].kind);
		tunnel->ifindex = views.list[i].ifindex;
		tunnel->peers = views.list[i].peer_count;
		if (tunnel->ifindex)
			tunnel->interface_mtu = set->links[views.list[i].link].mtu;
		tunnel->inner_mtu = narrowest(set, &views, i, fits_in);
		tunnel->room = narrowest(set, &views, i, room_outside);
	}
	tunnel_views_done(&views);
	return facts->tunnels ? 0 : -ENOMEM;
}

/* Without the kernel's cached path MTUs: MSS020 tells of those. peers has those of generic netlink,
 * and gets the others. */
static int reckon(struct doctor_facts *facts, struct peer_list *peers)
{
	struct tunnel_set *set = NULL;
	struct nl *nl = NULL;
	int r = add_ipsec_peers(facts, peers);

	if (r == 0)
		r = nl_open(NETLINK_ROUTE, 0, &nl);
	if (r == 0)
		r = tunnel_set_build(&(const struct tunnel_set_input){
			.links = facts->links.list,
			.link_count = facts->links.count,
			.lists = &peers,
			.list_count = 1,
			.hints_need_probe = true,
			.find_way = ask_way,
			.userdata = nl,
		}, &set);
	if (r == 0)
		r = take_views(facts, set);
	tunnel_set_free(set);
	nl_close(nl);
	return r;
}

/* Of everybody or of nobody in particular says nothing. */
static bool has_ipv6(const struct peer *peer)
{
	for (size_t i = 0; i < peer->allowed_count; i++)
		if (peer->allowed[i].address.family == FAMILY_IPV6 && peer->allowed[i].length > 0)
			return true;
	return false;
}

static bool is_ipv6_off(const struct link *link)
{
	return link->up && link->mtu < MTU_LEAST_IPV6 && link_tunnel_kind(link);
}

static bool has_ipv6_off(const struct doctor_facts *facts)
{
	for (size_t i = 0; i < facts->links.count; i++)
		if (is_ipv6_off(&facts->links.list[i]))
			return true;
	return false;
}

/* Below 1280 the kernel forgets a link's addresses and routes of IPv6, and takes no new ones. What
 * still tells that there were to be some are those of the peers. */
static void gather_ipv6_behind(struct doctor_facts *facts, const struct peer_list *peers)
{
	if (has_ipv6_off(facts))
		facts->ipv6_behind = calloc(facts->links.count, sizeof(*facts->ipv6_behind));
	for (size_t i = 0; facts->ipv6_behind && i < peers->count; i++)
		for (size_t j = 0; j < facts->links.count; j++)
			facts->ipv6_behind[j] |=
				facts->links.list[j].ifindex == peers->list[i].ifindex &&
				has_ipv6(&peers->list[i]);
}

/* What mssclampd has not told, if it was asked. */
static int ask_kernel(struct doctor_facts *facts)
{
	struct peer_list *peers = peer_list_new();
	int r;

	if (!peers)
		return -ENOMEM;
	r = add_genl_peers(facts, peers);
	if (r == 0)
		gather_ipv6_behind(facts, peers);
	if (r == 0 && !facts->tunnel_list)
		r = reckon(facts, peers);
	peer_list_unref(peers);
	return r;
}

void doctor_gather_tunnels(struct doctor_facts *facts)
{
	int r = 0;

	if (facts->net_admin && facts->has_links && (!facts->tunnel_list || has_ipv6_off(facts)))
		r = ask_kernel(facts);
	if (facts->tunnel_list) {
		take_reply(facts);
		return;
	}
	if (!facts->net_admin || !facts->has_links) {
		facts->tunnels_why = strdup("mssclampd does not tell, and the kernel tells root "
					    "alone: sudo");
		return;
	}
	facts->has_tunnels = r == 0;
	if (r < 0 && asprintf(&facts->tunnels_why, "cannot ask the kernel for tunnels: %s",
			      strerror(-r)) < 0)
		facts->tunnels_why = NULL;
}
