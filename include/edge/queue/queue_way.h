/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a packet goes back to the kernel once it is decided: as it is, as changed bytes, or with bits
 * of its mark that nft rules of ours (edge/firewall/mark) read, which lower the option and take the
 * bits off again. Pure.
 *
 * In the output hook another mark makes the kernel look up the route once more, under rules that
 * may ask for the mark of before (nf_reroute). So there the bits stand in the packet's priority,
 * and only where the kernel does not take changed bytes. */
#pragma once

#include <linux/netfilter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clamp.h"
#include "edge/queue/queue_msg.h"
#include "policy/snapshot/snapshot.h"

struct queue_way {
	bool drop;        /* nothing goes on */
	bool payload;     /* the changed bytes go back */
	bool tagged;      /* with another mark or, where on_priority, another priority: */
	bool on_priority;
	uint32_t tag;     /* the whole of it */
};

/* Whether all that there is to decide is what becomes of the bytes. */
static inline bool queue_way_is_plain(const struct snapshot_mode *mode,
				      const struct queue_packet *packet)
{
	return mode->payload && !mode->marks && packet->nf_family != NFPROTO_BRIDGE;
}

/* As the next two, where nothing is that plain. */
enum syn_result queue_way_find_obstacle(const struct snapshot_mode *mode,
					const struct queue_packet *packet);
struct queue_way queue_way_choose_tagged(const struct snapshot_mode *mode,
					 const struct queue_packet *packet, uint32_t limit,
					 struct clamp_outcome *outcome);

/* What speaks against any change of it, whatever is in it. SYN_UNDECIDED: nothing. */
static inline enum syn_result queue_way_forbidden(const struct snapshot_mode *mode,
						  const struct queue_packet *packet)
{
	if (packet->truncated)
		return SYN_TRUNCATED_COPY;
	return queue_way_is_plain(mode, packet) ? SYN_UNDECIDED :
						     queue_way_find_obstacle(mode, packet);
}

/* The answer to a packet that was decided, or (outcome NULL) is none of ours. Where what was
 * decided cannot be carried out the outcome becomes that of a packet that is left alone; where
 * limits share a mark it has the smaller MSS that the kernel will write. limit is what was clamped
 * to. */
static inline struct queue_way queue_way_choose(const struct snapshot_mode *mode,
						const struct queue_packet *packet,
						uint32_t limit,
						struct clamp_outcome *outcome)
{
	if (outcome && outcome->drop)
		return (struct queue_way){ .drop = true };
	if (queue_way_is_plain(mode, packet))
		return (struct queue_way){ .payload = outcome && outcome->changed };
	return queue_way_choose_tagged(mode, packet, limit, outcome);
}

/* Whether the packet came with bits that are ours: somebody else uses them too. */
bool queue_way_collides(const struct snapshot_mode *mode, const struct queue_packet *packet);

/* Whether it is a SYN or SYN-ACK of the check that goes on: then what is to be sent back, and the
 * packet lowered where that is. */
bool queue_way_check(const struct snapshot_check *check, const struct queue_packet *packet,
		     const struct syn *syn, struct queue_way *ret_way);
