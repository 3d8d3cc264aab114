/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/peer_mss.h"

#include "core/mss.h"

static const uint8_t unspecified[ADDRESS_MAX];

/* The first address of that family behind the peer: its host, or the first one of its network. */
static bool find_address(const struct peer *peer, enum family family, struct address *ret_address)
{
	for (size_t i = 0; i < peer->allowed_count; i++) {
		const struct prefix *prefix = &peer->allowed[i];

		if (prefix->address.family != family)
			continue;
		*ret_address = prefix_first_host(prefix);
		return true;
	}
	return false;
}

static void add(struct peer_mss *sum, enum family family, uint32_t mss)
{
	uint32_t mtu = mss ? mss + mss_headers(family) : 0;

	sum->mss[family] = mss;
	if (mtu && (!sum->inner_mtu || mtu < sum->inner_mtu))
		sum->inner_mtu = mtu;
}

/* Without an address to ask for: a rule for whoever is out there, else what path and link allow. */
static uint32_t bare_mss(const struct snapshot *snapshot, const struct tunnel_limit *limit,
			 struct flow *flow, const struct rule **rule)
{
	const struct snapshot_link *link = snapshot_find_link(snapshot, flow->out_ifindex);
	uint32_t mtu = limit->inner_mtu;
	struct side_limit side;

	if (!link)
		return mss_from_mtu(flow->family, mtu);
	flow->source = flow->destination = unspecified;
	side = snapshot_lookup_side(snapshot, flow, SIDE_OUT);
	if (side.rule && !side.rule->peer) {
		*rule = side.rule;
		return side.mss;
	}
	if (side.link_mtu && (!mtu || side.link_mtu < mtu))
		mtu = side.link_mtu;
	return mss_from_mtu(flow->family, mtu);
}

static uint32_t find_mss(const struct snapshot *snapshot, size_t place, enum family family,
			 const struct rule **rule)
{
	const struct tunnel_set *set = snapshot_tunnels(snapshot);
	const struct peer *peer = set->peers[place];
	const struct tunnel_limit *limit = &set->limits[place];
	struct address address, local;
	struct side_limit side;
	struct flow flow = {
		.family = family,
		.out_ifindex = peer->ifindex ? peer->ifindex : tunnel_set_peer_exit(set, place),
		.source = unspecified,
		.mark = peer->mark_value,
	};

	if (!limit->carries[family])
		return MSS_NONE;
	if (!flow.out_ifindex || !find_address(peer, family, &address))
		return bare_mss(snapshot, limit, &flow, rule);
	flow.destination = address.bytes;
	if (peer->selector && peer->local.address.family == family) {
		local = prefix_first_host(&peer->local);
		flow.source = local.bytes;
	}
	side = snapshot_lookup_side(snapshot, &flow, SIDE_OUT);
	/* The first address of a wide prefix may be somebody else's. */
	if ((peer->selector ? side.selector : side.peer) != place)
		return bare_mss(snapshot, limit, &flow, rule);
	*rule = side.rule;
	return side.mss;
}

struct peer_mss peer_mss_find(const struct snapshot *snapshot, size_t peer)
{
	struct peer_mss sum = { 0 };

	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
		add(&sum, family, find_mss(snapshot, peer, family, &sum.rule[family]));
	return sum;
}

struct peer_mss peer_mss_of_link(const struct snapshot *snapshot, const struct link *link)
{
	struct peer_mss sum = { 0 };

	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		const struct flow flow = {
			.family = family,
			.out_ifindex = link->ifindex,
			.source = unspecified,
			.destination = unspecified,
		};
		struct side_limit side = snapshot_lookup_side(snapshot, &flow, SIDE_OUT);

		sum.rule[family] = side.rule;
		add(&sum, family, side.mss);
	}
	return sum;
}
