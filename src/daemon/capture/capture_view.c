/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/wire.h"
#include "daemon/capture/capture_json.h"
#include "policy/tunnel/tunnel_set.h"

/* Where the addresses of an IP packet stand. */
static const struct { uint8_t source, destination, least; } places[] = {
	[FAMILY_IPV4] = { 12, 16, IPV4_HEADER_MIN },
	[FAMILY_IPV6] = { 8, 24, IPV6_HEADER_LEN },
};

static void find_addresses(struct capture_facts *facts, const struct tap_event *event)
{
	facts->family = event->family;
	if (event->family == FAMILY_COUNT || event->before_len < places[event->family].least)
		return;
	facts->has_addresses = true;
	facts->source = event->before + places[event->family].source;
	facts->destination = event->before + places[event->family].destination;
}

static void find_ports(struct capture_facts *facts, const struct tap_event *event)
{
	facts->has_ports = event->tcp_at && event->tcp_at + TCP_HEADER_MIN <= TAP_BYTES;
	if (!facts->has_ports)
		return;
	facts->ports[0] = wire_get16(event->before + event->tcp_at);
	facts->ports[1] = wire_get16(event->before + event->tcp_at + 2);
}

static const char *tunnel_name(const struct tunnels *tunnels, uint32_t id)
{
	return id != TUNNEL_ID_NONE && id <= tunnels_count(tunnels) ?
		       tunnels_at(tunnels, id - 1)->name : NULL;
}

void capture_view_init(struct capture_view *view, const struct tap_event *event,
		       const struct snapshot *snapshot, const struct tunnels *tunnels)
{
	*view = (struct capture_view){
		.event = event,
		.snapshot = snapshot,
		.facts.result = event->outcome.result,
	};
	find_addresses(&view->facts, event);
	find_ports(&view->facts, event);
	view->facts.tunnels[0] = snapshot_find_name(snapshot, event->in_ifindex);
	view->facts.tunnels[1] = snapshot_find_name(snapshot, event->out_ifindex);
	view->facts.tunnels[2] = tunnel_name(tunnels, event->limit.tunnel_id);
}

/* Who is behind a side; NULL: nobody that is known. */
static const char *peer_id(const struct snapshot *snapshot, const struct side_limit *side)
{
	const struct tunnel_set *set = snapshot_tunnels(snapshot);
	uint32_t place = side->peer != PEER_NONE ? side->peer : side->selector;

	return !side->host && set && place < set->peer_count ? set->peers[place]->id : NULL;
}

void capture_view_look_up(struct capture_view *view)
{
	const struct tap_event *event = view->event;
	const struct flow flow = {
		.family = view->facts.family,
		.in_ifindex = event->in_ifindex,
		.out_ifindex = event->out_ifindex,
		.mark = event->mark,
		.source = view->facts.source,
		.destination = view->facts.destination,
	};

	if (view->looked_up)
		return;
	view->looked_up = true;
	if (!view->facts.has_addresses)
		return;
	for (enum flow_side side = SIDE_IN; side < SIDE_COUNT; side++) {
		view->sides[side] = snapshot_lookup_side(view->snapshot, &flow, side);
		view->facts.peers[side] = peer_id(view->snapshot, &view->sides[side]);
	}
	view->limit = snapshot_lookup(view->snapshot, &flow);
}

bool capture_view_holds(struct capture_view *view)
{
	const struct limit *told = &view->event->limit;

	capture_view_look_up(view);
	return view->event->is_syn && told->mss != MSS_NONE && view->limit.mss == told->mss &&
	       view->limit.decided == told->decided && view->limit.tunnel_id == told->tunnel_id;
}

const struct peer *capture_view_peer(struct capture_view *view)
{
	const struct tunnel_set *set = snapshot_tunnels(view->snapshot);

	return capture_view_holds(view) && set && view->limit.peer < set->peer_count ?
		       set->peers[view->limit.peer] : NULL;
}
