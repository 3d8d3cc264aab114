/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/flow_sighting.h"

#include "base/clock.h"

#define TWICE_ROUTED_NS (NS_PER_SECOND / 2) /* one packet at two hops of this host */
#define TWICE_BRIDGED_NS (100 * NS_PER_MS)  /* the same with the same identification */
#define TWICE_SAME_NS UINT64_C(20000)       /* the same where nothing identifies it */

bool flow_sighting_is_twice(struct trace_side *side, const struct trace_packet *packet,
			    uint64_t now_ns)
{
	const struct trace_tcp *tcp = &packet->tcp;
	struct side_sighting *slot;

	for (unsigned int i = 0; i < SIDE_SIGHTINGS; i++) {
		const struct side_sighting *old = &side->sightings[i];
		uint64_t age = now_ns - old->time_ns;
		bool same_id = packet->ident == old->ident;
		uint64_t bound = TWICE_ROUTED_NS;

		if (side->sighting_next <= i || old->seq != tcp->seq || old->ack != tcp->ack ||
		    old->payload_len != tcp->payload_len || old->flags != tcp->flags)
			continue;
		if (old->hop_limit == packet->hop_limit) {
			bool bare = tcp->payload_len == 0 && !(tcp->flags & TRACE_SYN);

			bound = packet->ident ? TWICE_BRIDGED_NS : TWICE_SAME_NS;
			if (bare && !packet->ident)
				bound = 0; /* acknowledgements repeat each other */
		}
		if (packet->after && !old->after)
			bound = UINT64_MAX; /* however long the verdict took */
		if (same_id && age < bound)
			return true;
	}
	slot = &side->sightings[side->sighting_next++ % SIDE_SIGHTINGS];
	*slot = (struct side_sighting){ now_ns, tcp->seq, tcp->ack, tcp->payload_len,
					packet->ident, packet->hop_limit, tcp->flags,
					packet->after };
	return false;
}
