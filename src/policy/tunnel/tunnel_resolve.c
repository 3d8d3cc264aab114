/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a peer and a link come to: the path outside, through the layers around their packets. */
#include "policy/tunnel/tunnel_resolve.h"


#include "base/array.h"

#define VLAN_TAG 4 /* IEEE 802.1Q; a physical link carries it beside its MTU, a tunnel does not */

/* The path outside, then the layers. Where neither endpoint nor family are known, strangers may
 * come by either that has a default route: the one that leaves less counts. */
static struct tunnel_limit resolve(struct tunnel_set *set, struct tunnel_path_question *question,
				   const struct encap *layers, size_t count, uint32_t link_mtu,
				   struct tunnel_steps *steps)
{
	struct tunnel_limit four, six;
	struct tunnel_outer outer;

	question->family = encap_has(&layers[0], ENCAP_KEY_OUTER) &&
			   layers[0].value[ENCAP_KEY_OUTER] == 6 ? FAMILY_IPV6 : FAMILY_IPV4;
	if (!question->has_endpoint && !question->way->oif &&
	    !encap_has(&layers[0], ENCAP_KEY_OUTER) &&
	    tunnel_reaches_anywhere(set, FAMILY_IPV6, question->way->mark)) {
		outer = tunnel_resolve_path(set, question, NULL);
		four = tunnel_take_layers(set, question->tunnel, &outer, layers, count, link_mtu,
					  NULL);
		question->family = FAMILY_IPV6;
		outer = tunnel_resolve_path(set, question, NULL);
		six = tunnel_take_layers(set, question->tunnel, &outer, layers, count, link_mtu,
					 NULL);
		if (!six.inner_mtu || (four.inner_mtu && four.inner_mtu < six.inner_mtu))
			question->family = FAMILY_IPV4;
	}
	outer = tunnel_resolve_path(set, question, steps);
	return tunnel_take_layers(set, question->tunnel, &outer, layers, count, link_mtu, steps);
}

const char *tunnel_set_peer_tunnel(const struct tunnel_set *set, const struct peer *peer)
{
	const struct link *link;

	if (peer->tunnel)
		return peer->tunnel;
	link = tunnel_set_find_link(set, peer->ifindex, NULL);
	return link ? link->name : "";
}

static bool is_ipsec(const struct peer *peer)
{
	return peer->selector || peer->layer[0].kind == ENCAP_ESP ||
	       peer->layer[0].kind == ENCAP_AH;
}

const char *tunnel_set_peer_measured_as(const struct peer *peer)
{
	return is_ipsec(peer) ? "" : peer->id;
}

static void tell_peer(const struct tunnel_set *set, const struct peer *peer,
		      struct tunnel_steps *steps)
{
	const char *tunnel = tunnel_set_peer_tunnel(set, peer);

	if (!steps)
		return;
	if (peer->id)
		tunnel_step_add(steps, 0, NULL, "peer %s of %s", peer->name ? peer->name : peer->id,
				tunnel);
	else
		tunnel_step_add(steps, 0, NULL, "a peer of %s that is not known yet", tunnel);
	if (peer->warning)
		tunnel_step_add(steps, 0, NULL, "%s", peer->warning);
}

/* Begins to resolve, or to tell, which goes the way of the first time again. Returns what was being
 * told before. */
static const struct resolve_time *begin(struct tunnel_set *set, struct resolve_time *time)
{
	const struct resolve_time *before = set->private->told;

	if (time->closed)
		set->private->told = time;
	else
		time->opened = ++set->private->clock;
	return before;
}

static void end(struct tunnel_set *set, struct resolve_time *time,
		const struct resolve_time *before)
{
	if (time->closed)
		set->private->told = before;
	else
		time->closed = ++set->private->clock;
}

void tunnel_resolve_peer(struct tunnel_set *set, size_t place, struct tunnel_steps *steps)
{
	const struct peer *peer = set->peers[place];
	const struct link *link = tunnel_set_find_link(set, peer->ifindex, NULL);
	struct tunnel_path_question question = {
		.tunnel = tunnel_set_peer_tunnel(set, peer),
		.has_endpoint = peer->has_endpoint,
		.endpoint_port = peer->endpoint_port,
		.way = &peer->way,
		.found = &set->private->peer_ways[place],
		.measured_as = tunnel_set_peer_measured_as(peer),
		.under_ipsec = !is_ipsec(peer),
	};
	struct resolve_time *time = &set->private->peer_times[place];
	struct tunnel_limit limit = { .carries = { true, true } };
	const struct resolve_time *before;

	if (time->closed && !steps)
		return;
	before = begin(set, time);
	tell_peer(set, peer, steps);
	if (peer->layer_count > 0)
		limit = resolve(set, &question, peer->layer, peer->layer_count,
				link ? link_mtu(link, FAMILY_IPV4) : 0, steps);
	if (!time->closed)
		set->limits[place] = limit;
	end(set, time, before);
}

/* The worst of a link's peers: of all, or of those without addresses behind them alone. Returns
 * false where none has a limit. */
static bool worst_peer(struct tunnel_set *set, size_t place, bool all,
		       struct tunnel_limit *ret_limit, uint32_t *ret_peer)
{
	const struct tunnel_set_private *private = set->private;
	bool found = false;

	for (size_t i = private->first_by_link[place]; i < private->first_by_link[place + 1]; i++) {
		uint32_t peer = private->peers_by_link[i];
		const struct tunnel_limit *limit = &set->limits[peer];

		if ((!all && set->peers[peer]->allowed_count > 0) ||
		    tunnel_is_open(set, &private->peer_times[peer]))
			continue;
		tunnel_resolve_peer(set, peer, NULL);
		if (limit->inner_mtu && (!found || limit->inner_mtu < ret_limit->inner_mtu)) {
			*ret_limit = *limit;
			*ret_peer = peer;
			found = true;
		}
	}
	return found;
}

/* What every packet into a link fits that is the port or the lower link of another: whom it will
 * reach is not known there. */
static struct tunnel_limit narrowest(struct tunnel_set *set, size_t place)
{
	struct tunnel_limit limit = { .carries = { true, true } }, peers;
	uint32_t peer;

	if (!tunnel_is_open(set, &set->private->link_times[place])) {
		tunnel_resolve_link(set, place, NULL);
		limit = set->link_limits[place];
	}
	if (worst_peer(set, place, true, &peers, &peer) &&
	    (!limit.inner_mtu || peers.inner_mtu < limit.inner_mtu))
		limit = peers;
	return limit;
}

/* A device with one far end, or one that the configuration says what it is. */
static struct tunnel_limit resolve_device(struct tunnel_set *set, size_t place,
					  struct tunnel_steps *steps)
{
	const struct link *link = &set->links[place];
	const struct path_question way = tunnel_device_way(link);
	struct tunnel_path_question question = {
		.tunnel = link->name,
		.has_endpoint = link->has_remote,
		.endpoint_port = link->remote_port,
		.way = &way,
		.found = &set->private->link_ways[place],
		.measured_as = "",
		.under_ipsec = true,
	};

	return resolve(set, &question, &link->encap, 1, link_mtu(link, FAMILY_IPV4), steps);
}

/* A link on top of another one, which adds at most a tag. */
static struct tunnel_limit resolve_stacked(struct tunnel_set *set, size_t place, size_t lower,
					   struct tunnel_steps *steps)
{
	const struct link *link = &set->links[place], *below = &set->links[lower];
	bool vlan = link->encap.kind == ENCAP_VLAN, macsec = link->encap.kind == ENCAP_MACSEC;
	struct tunnel_outer outer = { .source = PATH_LINK };
	struct tunnel_limit limit;

	limit = narrowest(set, lower);
	if (macsec) {
		outer.mtu = below->mtu;
		if (limit.inner_mtu && (!below->mtu || limit.inner_mtu < below->mtu)) {
			outer.mtu = limit.inner_mtu;
			outer.source = limit.source;
			outer.confidence = limit.confidence;
			outer.measured_ns = limit.measured_ns;
		}
		tunnel_step_add(steps, outer.mtu, path_source_name(outer.source),
				"outside: %s %s", outer.mtu == below->mtu ? "link MTU of" :
									   "inside tunnel",
				below->name);
		return tunnel_take_layers(set, link->name, &outer, &link->encap, 1, 0, steps);
	}
	if (!limit.inner_mtu)
		return limit;
	tunnel_step_add(steps, limit.inner_mtu, path_source_name(limit.source),
			"inside tunnel %s", below->name);
	if (vlan && limit.inner_mtu > VLAN_TAG) {
		limit.inner_mtu -= VLAN_TAG;
		limit.overhead += VLAN_TAG;
		tunnel_step_add(steps, limit.inner_mtu, "vlan", "- VLAN tag (%d)", VLAN_TAG);
	}
	return limit;
}

/* A bridge or bond is as narrow as its narrowest port that is a tunnel: which port an address is
 * behind changes with every frame. */
static struct tunnel_limit resolve_ports(struct tunnel_set *set, size_t place,
					 struct tunnel_steps *steps)
{
	struct tunnel_limit limit = { .carries = { true, true } };
	const char *port = NULL;

	for (size_t i = 0; i < set->link_count; i++) {
		struct tunnel_limit of_port;

		if (set->links[i].master_ifindex != set->links[place].ifindex)
			continue;
		of_port = narrowest(set, i);
		if (of_port.inner_mtu && (!port || of_port.inner_mtu < limit.inner_mtu)) {
			limit = of_port;
			port = set->links[i].name;
		}
	}
	if (port)
		tunnel_step_add(steps, limit.inner_mtu, path_source_name(limit.source),
				"port %s is a tunnel", port);
	return limit;
}

/* Which port of a VRF an address is behind the routes tell; its peers are asked by address. What
 * holds whoever it is: the narrowest port as a link, and as a tunnel by itself. */
static struct tunnel_limit resolve_vrf(struct tunnel_set *set, size_t place,
				       struct tunnel_steps *steps)
{
	struct tunnel_limit limit = { .carries = { true, true } };

	for (size_t i = 0; i < set->link_count; i++) {
		const struct link *port = &set->links[i];
		uint32_t mtu = link_mtu(port, FAMILY_IPV6);
		struct tunnel_limit of_port = { .source = PATH_LINK };

		if (port->master_ifindex != set->links[place].ifindex || !port->up)
			continue;
		if (!tunnel_is_open(set, &set->private->link_times[i])) {
			tunnel_resolve_link(set, i, NULL);
			of_port = set->link_limits[i];
		}
		if (mtu && (!of_port.inner_mtu || mtu < of_port.inner_mtu))
			of_port = (struct tunnel_limit){ .inner_mtu = mtu, .source = PATH_LINK };
		if (!of_port.inner_mtu || (limit.inner_mtu && limit.inner_mtu <= of_port.inner_mtu))
			continue;
		limit = of_port;
		limit.carries[FAMILY_IPV4] = limit.carries[FAMILY_IPV6] = true;
		tunnel_step_add(steps, limit.inner_mtu, path_source_name(limit.source),
				"port %s carries no more", port->name);
	}
	return limit;
}

static bool is_master(const struct link *link)
{
	return link_is_kind(link, "bridge") || link_is_kind(link, "bond") ||
	       link_is_kind(link, "team");
}

/* Kinds that pass the packets of their lower link on. */
static bool is_stacked(const struct link *link)
{
	static const char *const kinds[] = { "vlan", "macvlan", "macvtap", "ipvlan", "ipvtap",
					     "macsec" };

	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (link_is_kind(link, kinds[i]))
			return link->lower_ifindex != 0;
	}
	return false;
}

/* Whether the configuration says what the link is, or of one that is known where it leads. */
static bool is_configured(struct tunnel_set *set, const struct link *link)
{
	if (tunnel_find_override(set, link->name, OVERRIDE_ENCAP))
		return true;
	return link->encap.kind != ENCAP_NONE &&
	       (tunnel_find_override(set, link->name, OVERRIDE_PATH_MTU) ||
		tunnel_find_override(set, link->name, OVERRIDE_OVER));
}

/* Whether each packet chooses its far end: GRE to any, VXLAN and Geneve with metadata, bareudp. */
static bool has_strangers(const struct link *link)
{
	return link->encap.kind != ENCAP_NONE && link->per_flow && !link->elsewhere;
}

static struct tunnel_limit resolve_by_kind(struct tunnel_set *set, size_t place,
					   struct tunnel_steps *steps)
{
	const struct link *link = &set->links[place];
	struct tunnel_limit limit = { .carries = { true, true } };
	uint32_t peer;
	size_t lower;

	if (is_stacked(link)) {
		if (tunnel_set_find_link(set, link->lower_ifindex, &lower))
			return resolve_stacked(set, place, lower, steps);
		return limit;
	}
	if (is_master(link))
		return resolve_ports(set, place, steps);
	if (link_is_vrf(link))
		return resolve_vrf(set, place, steps);
	if (tunnel_device_has_end(link))
		return resolve_device(set, place, steps);
	/* VXLAN learns who is behind which far end: the worst counts. WireGuard peers without
	 * addresses get no packets. */
	if (link->encap.kind != ENCAP_NONE && worst_peer(set, place, false, &limit, &peer)) {
		if (steps)
			tunnel_resolve_peer(set, peer, steps);
		return limit;
	}
	/* Nobody tells of its far ends: the configuration may, else they are somewhere. */
	if ((is_configured(set, link) || has_strangers(link)) &&
	    set->private->first_by_link[place] == set->private->first_by_link[place + 1])
		return resolve_device(set, place, steps);
	return limit;
}

void tunnel_resolve_link(struct tunnel_set *set, size_t place, struct tunnel_steps *steps)
{
	struct resolve_time *time = &set->private->link_times[place];
	const struct resolve_time *before;
	struct tunnel_limit limit;

	if (time->closed && !steps)
		return;
	before = begin(set, time);
	limit = resolve_by_kind(set, place, steps);
	if (!time->closed)
		set->link_limits[place] = limit;
	end(set, time, before);
}
