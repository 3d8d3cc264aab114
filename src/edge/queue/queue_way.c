/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/queue/queue_way.h"

#include <string.h>

#include "core/wire.h"

/* Whether a rule of ours reads the tag behind this hook. */
static bool is_read(const struct snapshot_mode *mode, const struct queue_packet *packet)
{
	return mode->marks && packet->nf_family != NFPROTO_BRIDGE && packet->hook < 32 &&
	       mode->marks->hooks >> packet->hook & 1 &&
	       (packet->hook != NF_INET_LOCAL_OUT || !mode->payload);
}

static bool takes_payload(const struct snapshot_mode *mode, const struct queue_packet *packet)
{
	return mode->payload && packet->nf_family != NFPROTO_BRIDGE;
}

static uint32_t tag_of(const struct queue_packet *packet)
{
	return packet->hook == NF_INET_LOCAL_OUT ? packet->priority : packet->mark;
}

bool queue_way_collides(const struct snapshot_mode *mode, const struct queue_packet *packet)
{
	return is_read(mode, packet) && tag_of(packet) & mode->marks->bits;
}

enum syn_result queue_way_find_obstacle(const struct snapshot_mode *mode,
					const struct queue_packet *packet)
{
	if (packet->nf_family == NFPROTO_BRIDGE)
		return SYN_BRIDGE;
	return takes_payload(mode, packet) || is_read(mode, packet) ? SYN_UNDECIDED : SYN_USERNS;
}

/* With these of our bits, 0 for none. Bits that somebody else has set would be read as a limit. */
static struct queue_way with_tag(const struct snapshot_mode *mode,
				    const struct queue_packet *packet, uint32_t ours)
{
	struct queue_way way = { .on_priority = packet->hook == NF_INET_LOCAL_OUT };

	if (!is_read(mode, packet))
		return way;
	way.tag = (tag_of(packet) & ~mode->marks->bits) | ours;
	way.tagged = way.tag != tag_of(packet);
	return way;
}

/* What was decided cannot be carried out. */
static void leave_alone(struct clamp_outcome *outcome, size_t len)
{
	outcome->result = SYN_USERNS;
	outcome->changed = outcome->nft_alike = outcome->drop = false;
	outcome->mss_after = outcome->mss_before;
	outcome->len = len;
}

struct queue_way queue_way_choose_tagged(const struct snapshot_mode *mode,
					 const struct queue_packet *packet, uint32_t limit,
					 struct clamp_outcome *outcome)
{
	struct queue_way way = with_tag(mode, packet, 0);
	const struct mark_entry *entry = NULL;

	if (!outcome || !outcome->changed)
		return way;
	if (outcome->nft_alike && is_read(mode, packet))
		entry = mark_table_find(mode->marks, limit);
	if (entry) {
		if (outcome->mss_after > entry->mss)
			outcome->mss_after = entry->mss;
		return with_tag(mode, packet, entry->tag);
	}
	way.payload = takes_payload(mode, packet);
	if (!way.payload)
		leave_alone(outcome, packet->payload_len);
	return way;
}

static bool is_check(const struct snapshot_check *check, const struct syn *syn)
{
	static const uint8_t local[4] = { 127, 0, 0, 1 };

	return check->port && syn->family == FAMILY_IPV4 &&
	       memcmp(syn->source, local, sizeof(local)) == 0 &&
	       memcmp(syn->destination, local, sizeof(local)) == 0 &&
	       (wire_get16(syn->tcp) == check->port || wire_get16(syn->tcp + 2) == check->port);
}

bool queue_way_check(const struct snapshot_check *check, const struct queue_packet *packet,
		     const struct syn *syn, struct queue_way *ret_way)
{
	const struct clamp_options none = { 0 };

	if (!is_check(check, syn))
		return false;
	*ret_way = (struct queue_way){ .payload = wire_get16(syn->tcp) == check->changed };
	if (ret_way->payload)
		clamp_syn(syn, packet->payload_len, packet->payload_len, check->mss, &none);
	return true;
}
