/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which far ends of a tunnel set may be probed. */
#include "policy/probe/probe_ends.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "policy/overhead/overhead.h"

static int compare_ends(const void *a, const void *b)
{
	const struct probe_end *x = a, *y = b;
	const struct prefix left = { x->way.destination, 0 }, right = { y->way.destination, 0 };
	int order = strcmp(x->tunnel, y->tunnel);

	if (order == 0)
		order = strcmp(x->key, y->key);
	if (order == 0)
		order = prefix_compare(&left, &right);
	return order ? order : (x->place > y->place) - (x->place < y->place);
}

bool probe_end_is_same(const struct probe_end *a, const struct probe_end *b)
{
	return strcmp(a->tunnel, b->tunnel) == 0 && strcmp(a->key, b->key) == 0 &&
	       address_equal(&a->way.destination, &b->way.destination);
}

/* TCP cuts the packets of its stream as its own path wants. */
static bool is_stream(const struct encap *layers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (overhead_apply(&layers[i], 0, NULL).stream ||
		    (layers[i].kind == ENCAP_ESP && encap_has(&layers[i], ENCAP_KEY_ENCAP) &&
		     layers[i].value[ENCAP_KEY_ENCAP] == ENCAP_ESP_TCP))
			return true;
	}
	return false;
}

const struct encap *probe_end_layers(const struct probe_end *end, size_t *ret_count)
{
	*ret_count = end->peer ? end->peer->layer_count : 1;
	return end->peer ? end->peer->layer : &end->link->encap;
}

/* The IPsec policy that covers packets of one protocol on their way to the far end. */
static bool is_covered(const struct tunnel_set *set, const struct probe_end *end, uint8_t protocol)
{
	const struct path_answer *answer = &end->found->answer;
	const struct selector_question question = {
		.family = end->way.destination.family,
		.remote = end->way.destination.bytes,
		.local = end->way.has_source ? end->way.source.bytes : answer->source.bytes,
		.mark = end->way.mark,
		.protocol = protocol,
	};
	uint32_t at = selector_find(set->selectors, &question);

	while (at != SELECTOR_NONE && set->peers[at]->narrow)
		at = selector_find_next(set->selectors, &question, at, set->peers[at]->priority);
	return at != SELECTOR_NONE && !set->peers[at]->clear;
}

/* Whether what is sent to a gateway goes there as ESP itself: then no probe goes outside of it. */
static bool is_inside_itself(const struct tunnel_set *set, const struct probe_end *end)
{
	bool six = end->way.destination.family == FAMILY_IPV6;

	return end->shared &&
	       (is_covered(set, end, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP) ||
		is_covered(set, end, IPPROTO_UDP));
}

/* With path_mtu or over in `tunnels` nothing is assumed, or no way was asked for. */
static int add_end(const struct tunnel_set *set, const struct probe_end *end,
		   struct probe_ends *ends)
{
	const struct path_answer *answer = &end->found->answer;
	struct encap layers[PEER_LAYERS_MAX];
	const struct encap *from;
	size_t count;

	if (!end->found->known || !answer->reachable || answer->local ||
	    !end->limit->assumed_mtu || !end->limit->inner_mtu)
		return 0;
	from = probe_end_layers(end, &count);
	tunnel_layers_in_force((struct tunnel_set *)(uintptr_t)set, end->tunnel, from, count,
			       layers);
	if (is_stream(layers, count) || is_inside_itself(set, end))
		return 0;
	return array_append(ends, end);
}

static int add_peers(const struct tunnel_set *set, struct probe_ends *ends)
{
	int r = 0;

	for (size_t i = 0; i < set->peer_count && r == 0; i++) {
		const struct peer *peer = set->peers[i];
		const struct probe_end end = {
			.tunnel = tunnel_set_peer_tunnel(set, peer),
			.key = tunnel_set_peer_measured_as(peer),
			.shared = tunnel_set_peer_measured_as(peer) != peer->id,
			.way = peer->way,
			.found = &set->private->peer_ways[i],
			.limit = &set->limits[i],
			.peer = peer,
			.link = tunnel_set_find_link(set, peer->ifindex, NULL),
			.place = (uint32_t)i,
		};

		if (peer->id && peer->has_endpoint && !peer->unproven && !peer->clear)
			r = add_end(set, &end, ends);
	}
	return r;
}

static int add_devices(const struct tunnel_set *set, struct probe_ends *ends)
{
	int r = 0;

	for (size_t i = 0; i < set->link_count && r == 0; i++) {
		const struct link *link = &set->links[i];
		const struct probe_end end = {
			.tunnel = link->name,
			.key = "",
			.way = tunnel_device_way(link),
			.found = &set->private->link_ways[i],
			.limit = &set->link_limits[i],
			.link = link,
			.place = (uint32_t)i,
		};

		if (tunnel_device_has_end(link) && probe_end_siblings(set, i) == 0)
			r = add_end(set, &end, ends);
	}
	return r;
}

int probe_ends_find(const struct tunnel_set *set, struct probe_ends *ends)
{
	int r;

	*ends = (struct probe_ends){ 0 };
	r = add_peers(set, ends);
	if (r == 0)
		r = add_devices(set, ends);
	if (r == 0 && ends->count > 0)
		qsort(ends->list, ends->count, sizeof(*ends->list), compare_ends);
	return r;
}
