/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/flow_wire.h"

#include "base/array.h"

#define FULL_LEAST 500 /* bytes: less is the end of something, not a full segment */

/* The most payload that one segment has. */
static uint32_t most_payload(const struct trace_side *other, const struct trace_packet *packet)
{
	uint32_t headers = packet->ip_len - packet->tcp.payload_len;
	uint32_t options = packet->tcp.header_len - (uint32_t)TCP_HEADER_MIN;

	if (other->has_mss_left && other->mss_left > options)
		return other->mss_left - options;
	return headers < TRACE_ETHERNET_MTU ? TRACE_ETHERNET_MTU - headers :
					      packet->tcp.payload_len;
}

/* What a segment may be full with, of which the piece is a multiple; 0: none is known. */
static uint32_t find_unit(const struct trace_side *side, uint32_t len, uint32_t most,
			  uint32_t options)
{
	const uint32_t units[] = { most, side->told, side->has_mss && side->mss > options ?
				   side->mss - options : 0, side->single };

	for (unsigned int i = 0; i < COUNT(units); i++)
		if (units[i] && units[i] <= most && len % units[i] == 0 &&
		    (i == 0 || units[i] >= FULL_LEAST))
			return units[i];
	return 0;
}

/* Bytes of payload of each segment of a piece, or the most that it can be. */
static uint32_t size_segments(struct trace_side *side, const struct trace_packet *packet,
			      uint32_t most, bool *ret_sized)
{
	uint32_t options = packet->tcp.header_len - (uint32_t)TCP_HEADER_MIN;
	uint32_t unit;

	*ret_sized = true;
	if (side->floor_payload && side->floor_payload < most)
		return side->floor_payload;
	unit = find_unit(side, packet->tcp.payload_len, most, options);
	if (unit)
		side->unit = unit;
	if (side->unit && side->unit <= most)
		return side->unit;
	*ret_sized = false;
	return most;
}

struct side_news flow_wire_cut(struct trace_side *side, const struct trace_side *other,
			       const struct trace_packet *packet)
{
	uint32_t len = packet->tcp.payload_len, most = most_payload(other, packet);
	struct side_news news = { .segments = len > 0, .payload = len, .last = len,
				  .packet = packet->ip_len, .sized = true };

	if (len <= most) {
		if (len > side->single)
			side->single = len;
		return news;
	}
	news.payload = size_segments(side, packet, most, &news.sized);
	news.segments = (len - 1) / news.payload + 1;
	news.last = len - (news.segments - 1) * news.payload;
	news.packet = packet->ip_len - (len - news.payload);
	return news;
}
