/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/queue/queue_seen.h"

#include <string.h>

static void copy_packet(uint8_t into[TAP_BYTES], const uint8_t *packet, size_t len)
{
	if (len > 0)
		memcpy(into, packet, len < TAP_BYTES ? len : TAP_BYTES);
}

void queue_seen_begin(struct queue_seen *seen, struct tap_ring *ring,
		      const struct queue_item *item)
{
	const struct queue_packet *packet = &item->packet;
	struct tap_event *event = tap_reserve(ring);

	*seen = (struct queue_seen){ .event = event, .outcome = { .result = SYN_NOT_IP } };
	if (!event)
		return;
	event->in_ifindex = packet->in_ifindex;
	event->out_ifindex = packet->out_ifindex;
	event->mark = packet->mark;
	event->family = item->flow.family;
	event->is_syn = item->is_syn;
	event->tcp_at = item->is_syn ? (uint16_t)(item->syn.tcp - item->syn.ip) : 0;
	event->before_len = packet->payload ? (uint32_t)packet->payload_len : 0;
	copy_packet(event->before, packet->payload, event->before_len);
}

/* nft writes what the mark says, which may be less than what was written here and then not sent. */
static void follow_mark(const struct queue_seen *seen, const struct queue_item *item)
{
	const struct clamp_options none = { 0 };

	if (!seen->payload)
		clamp_syn(&item->syn, item->packet.payload_len, item->packet.payload_len,
			  seen->outcome.mss_after, &none);
}

void queue_seen_end(struct queue_seen *seen, struct tap_ring *ring,
		    const struct snapshot_mode *mode, const struct queue_item *item)
{
	struct tap_event *event = seen->event;

	if (!event || seen->is_check)
		return;
	event->audit = mode->audit;
	event->outcome = seen->outcome;
	event->limit = seen->limit;
	event->changed = seen->outcome.changed && !mode->audit;
	event->after_len = event->changed ? (uint32_t)seen->outcome.len : event->before_len;
	if (event->changed) {
		follow_mark(seen, item);
		copy_packet(event->after, item->packet.payload, event->after_len);
	}
	tap_keep(ring);
}
