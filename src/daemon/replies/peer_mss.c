/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/replies/peer_mss.h"

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

/* One family's: what holds, and what fits whatever a rule allows. */
struct found {
	uint32_t mss, fits_mtu;
	const struct rule *rule;
};

static void add(struct peer_mss *sum, enum family family, const struct found *found)
{
	sum->mss[family] = found->mss;
	sum->rule[family] = found->rule;
	if (found->fits_mtu && (!sum->inner_mtu || found->fits_mtu < sum->inner_mtu))
		sum->inner_mtu = found->fits_mtu;
}

static struct found found_side(const struct side_limit *side)
{
	return (struct found){ side->mss, side->fits_mtu, side->rule };
}

/* Without an address to ask for: a rule for whoever is out there, else what path and link allow. */
static struct found find_bare(const struct snapshot *snapshot, const struct tunnel_limit *limit,
			      struct flow *flow)
{
	const struct snapshot_link *link = snapshot_find_link(snapshot, flow->out_ifindex);
	struct found found = { .fits_mtu = limit->inner_mtu };
	struct side_limit side = { 0 };

	if (link) {
		flow->source = flow->destination = unspecified;
		side = snapshot_lookup_side(snapshot, flow, SIDE_OUT);
	}
	if (side.link_mtu && (!found.fits_mtu || side.link_mtu < found.fits_mtu))
		found.fits_mtu = side.link_mtu;
	found.mss = mss_from_mtu(flow->family, found.fits_mtu);
	if (side.rule && !side.rule->peer) {
		found.rule = side.rule;
		found.mss = side.mss;
	}
	return found;
}

static struct found find_mss(const struct snapshot *snapshot, size_t place, enum family family)
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
		return (struct found){ .mss = MSS_NONE };
	if (!flow.out_ifindex || !find_address(peer, family, &address))
		return find_bare(snapshot, limit, &flow);
	flow.destination = address.bytes;
	if (peer->selector && peer->local.address.family == family) {
		local = prefix_first_host(&peer->local);
		flow.source = local.bytes;
	}
	side = snapshot_lookup_side(snapshot, &flow, SIDE_OUT);
	/* The first address of a wide prefix may be somebody else's. */
	if ((peer->selector ? side.selector : side.peer) != place)
		return find_bare(snapshot, limit, &flow);
	return found_side(&side);
}

struct peer_mss peer_mss_find(const struct snapshot *snapshot, size_t peer)
{
	struct peer_mss sum = { 0 };

	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		struct found found = find_mss(snapshot, peer, family);

		add(&sum, family, &found);
	}
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
		struct found found = found_side(&side);

		add(&sum, family, &found);
	}
	return sum;
}
