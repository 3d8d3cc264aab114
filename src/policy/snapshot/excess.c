/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/snapshot/excess.h"

#include <errno.h>

#include "core/mss.h"
#include "policy/snapshot/routes_around.h"
#include "policy/snapshot/snapshot_inside.h"

static const uint8_t unspecified[ADDRESS_MAX];

struct search {
	const struct snapshot *snapshot;
	const struct route *routes;
	size_t route_count;
	const struct routes_around *around; /* the same */
	void (*found)(void *userdata, const struct excess *excess);
	void *userdata;
};

/* Where packets go, and which addresses that stands for: those of a prefix this long. */
struct place {
	uint32_t ifindex, mark;
	struct prefix to;
	const struct address *local; /* NULL: any */
};

/* A rule for fewer addresses than the place stands for has its own turn. */
static void ask(const struct search *search, const struct place *place)
{
	enum family family = place->to.address.family;
	const struct snapshot_link *link = snapshot_find_link(search->snapshot, place->ifindex);
	struct address address = prefix_first_host(&place->to);
	struct side_limit side;
	uint32_t most;

	if (!link || link->link.loopback)
		return;
	side = snapshot_lookup_side(search->snapshot, &(const struct flow){
		.family = family,
		.out_ifindex = place->ifindex,
		.mark = place->mark,
		.source = place->local ? place->local->bytes : unspecified,
		.destination = place->to.length ? address.bytes : unspecified,
	}, SIDE_OUT);
	most = mss_from_mtu(family, side.fits_mtu);
	if (!side.rule || most == MSS_NONE || side.mss <= most ||
	    (side.rule->has_prefix && side.rule->prefix.length > place->to.length))
		return;
	search->found(search->userdata, &(const struct excess){
		.rule = side.rule,
		.rule_index = side.rule_index,
		.family = family,
		.link = &link->link,
		.mss = side.mss,
		.most = most,
		.by = side.fits_by,
		.mtu = side.fits_mtu,
		.peer = side.fits_by == DECIDED_SELECTOR ? side.selector :
			side.fits_by == DECIDED_PEER	 ? side.peer : PEER_NONE,
	});
}

/* What leaves by a policy, or by the link of a peer. */
static void ask_peer(const struct search *search, size_t peer, const struct prefix *to,
		     const struct rule *by_mark)
{
	const struct tunnel_set *set = search->snapshot->tunnels;
	const struct peer *one = set->peers[peer];
	struct address local = prefix_first_host(&one->local);

	if (!set->limits[peer].carries[to->address.family])
		return;
	ask(search, &(const struct place){
		.ifindex = one->ifindex ? one->ifindex : tunnel_set_peer_exit(set, peer),
		.mark = by_mark ? by_mark->mark_value : one->mark_value,
		.to = *to,
		.local = one->selector ? &local : NULL,
	});
}

/* All there is to ask about whatever the rules say: without a mark, or with that of a rule. */
static void ask_all(const struct search *search, const struct rule *by_mark)
{
	const struct snapshot *snapshot = search->snapshot;
	const struct tunnel_set *set = snapshot->tunnels;
	struct place place = { .mark = by_mark ? by_mark->mark_value : 0 };

	for (size_t i = 0; i < snapshot->link_count; i++) {
		place.ifindex = snapshot->links[i].link.ifindex;
		place.to = (struct prefix){ 0 };
		for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
			place.to.address.family = family;
			ask(search, &place);
		}
	}
	for (size_t i = 0; set && i < set->peer_count; i++)
		for (size_t j = 0; j < set->peers[i]->allowed_count; j++)
			ask_peer(search, i, &set->peers[i]->allowed[j], by_mark);
	for (size_t i = 0; i < search->route_count; i++) {
		place.ifindex = search->routes[i].ifindex;
		place.to = search->routes[i].prefix;
		ask(search, &place);
	}
}

/* Of equal routes all are ways that it may go. */
static void ask_routes_around(const struct search *search, struct place *place)
{
	size_t count = 0;
	const struct route *const *found = routes_around_find(search->around, &place->to, &count);

	for (size_t i = 0; i < count; i++) {
		place->ifindex = found[i]->ifindex;
		ask(search, place);
	}
}

/* What a rule has for a prefix that no peer and no route has for itself. */
static void ask_prefix(const struct search *search, const struct rule *rule)
{
	const struct snapshot *snapshot = search->snapshot;
	const struct tunnel_set *set = snapshot->tunnels;
	struct place place = { .mark = rule->has_mark ? rule->mark_value : 0,
			       .to = rule->prefix };

	for (size_t i = 0; rule->interface && i < snapshot->link_count; i++) {
		if (!rule_covers_interface(rule, snapshot->links[i].link.name))
			continue;
		place.ifindex = snapshot->links[i].link.ifindex;
		ask(search, &place);
	}
	if (!rule->interface)
		ask_routes_around(search, &place);
	for (size_t i = 0; set && set->selectors && i < set->peer_count; i++) {
		const struct peer *peer = set->peers[i];

		for (size_t j = 0; peer->selector && j < peer->allowed_count; j++)
			if (prefix_covers(&peer->allowed[j], &rule->prefix))
				ask_peer(search, i, &rule->prefix, rule->has_mark ? rule : NULL);
	}
}

static bool is_first_with_mark(const struct rules *rules, size_t place)
{
	const struct rule *rule = &rules->list[place];

	for (size_t i = 0; rule->has_mark && i < place; i++)
		if (rules->list[i].has_mark && rules->list[i].mark_value == rule->mark_value)
			return false;
	return rule->has_mark;
}

int excess_find(const struct snapshot *snapshot, const struct route *routes, size_t route_count,
		void (*found)(void *userdata, const struct excess *excess), void *userdata)
{
	const struct rules *rules = snapshot->rules;
	struct routes_around around = { 0 };
	const struct search search = { snapshot, routes, route_count, &around, found, userdata };
	size_t allowing = 0, prefixed = 0;

	for (size_t i = 0; i < rules->count; i++) {
		allowing += rules->list[i].action != RULE_IGNORE;
		prefixed += rules->list[i].has_prefix && rules->list[i].action != RULE_IGNORE;
	}
	if (!allowing)
		return 0;
	if (prefixed && routes_around_init(&around, routes, route_count) < 0)
		return -ENOMEM;
	ask_all(&search, NULL);
	for (size_t i = 0; i < rules->count; i++) {
		if (is_first_with_mark(rules, i))
			ask_all(&search, &rules->list[i]);
		if (rules->list[i].has_prefix && rules->list[i].action != RULE_IGNORE)
			ask_prefix(&search, &rules->list[i]);
	}
	routes_around_done(&around);
	return 0;
}
