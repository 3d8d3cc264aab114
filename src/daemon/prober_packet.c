/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/prober_packet.h"

struct probe_packet prober_packet_outside(const struct probe_target *target)
{
	return (struct probe_packet){
		.destination = target->way.destination,
		.has_source = target->way.has_source,
		.source = target->way.source,
		.ifindex = target->way.oif,
		.mark = target->way.mark,
	};
}

static struct probe_packet inside(const struct probe_target *target, size_t which)
{
	const struct probe_inside *inside = &target->inside[which];

	return (struct probe_packet){
		.destination = inside->address,
		.has_source = inside->has_source,
		.source = inside->source,
		.ifindex = target->inside_ifindex,
	};
}

struct probe_packet prober_packet_of(const struct probe_order *order)
{
	struct probe_packet packet = order->side == PROBE_INSIDE ?
					     inside(order->target, order->inside) :
					     prober_packet_outside(order->target);

	packet.id = order->id;
	packet.udp = order->method == PROBE_UDP;
	packet.size = order->size;
	return packet;
}
