/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/paths/prober_packet.h"

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

static enum probe_whole came_whole(const struct probe_heard *heard)
{
	if (!heard->reassembled_known)
		return WHOLE_UNKNOWN;
	return heard->reassembled ? WHOLE_NO : WHOLE_YES;
}

void prober_packet_heard(struct probe_plan *plan, const struct probe_heard *heard, uint64_t now_ns)
{
	switch (heard->kind) {
	case PROBE_HEARD_ANSWER:
		probe_plan_answered(plan, heard->id, came_whole(heard), now_ns);
		break;
	case PROBE_HEARD_TOO_BIG:
		probe_plan_too_big(plan, heard->id, heard->mtu, &heard->from, now_ns);
		break;
	case PROBE_HEARD_TIME_EXCEEDED:
	case PROBE_HEARD_UNREACHABLE:
		break; /* says nothing of sizes: silence will */
	}
}
