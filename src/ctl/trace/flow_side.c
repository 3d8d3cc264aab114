/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/flow_side.h"

#include <string.h>

#include "base/clock.h"
#include "ctl/trace/flow_holes.h"
#include "ctl/trace/flow_sighting.h"
#include "ctl/trace/flow_syn.h"
#include "ctl/trace/flow_wire.h"

/* What fills a hole sooner than a round trip was late, not sent again: nobody can have asked for
 * it. Where the handshake was not seen, that is a guess. */
#define ROUND_TRIP_GUESS_NS (3 * NS_PER_MS)
#define ROUND_TRIP_LEAST_NS UINT64_C(50000) /* clocks of captures are no better */

/* Remembers a segment whose arrival would tell something new. */
static void remember_sent(struct trace_side *side, uint32_t start, uint32_t end, uint32_t payload,
			  uint64_t now_ns)
{
	if (payload > side->sacked || payload > side->passed)
		side->sent[side->sent_next++ % SIDE_SENT] =
			(struct side_range){ start, end, now_ns, payload };
}

/* When the segment at seq was sent first, or fallback. What is remembered of it is forgotten:
 * which of both was acknowledged nobody will know. */
static uint64_t forget_sent(struct trace_side *side, uint32_t seq, uint32_t end, uint64_t fallback)
{
	uint64_t first = fallback;

	for (unsigned int i = 0; i < SIDE_SENT; i++) {
		struct side_range *sent = &side->sent[i];

		if (sent->payload == 0 || !flow_is_larger(end, sent->start) ||
		    !flow_is_larger(sent->end, seq))
			continue;
		if (sent->time_ns < first)
			first = sent->time_ns;
		sent->payload = 0;
	}
	return first;
}

/* Takes note of a segment that may arrive where a larger one does not. */
static void note_small(struct trace_side *side, uint32_t start, uint32_t payload)
{
	struct side_small *slot = &side->small[side->small_next % SIDE_SMALL];

	side->small_after += side->stall.sent && payload < side->stall.payload;
	if (payload >= side->largest_payload)
		return;
	*slot = (struct side_small){ start, payload };
	side->small_next++;
}

/* How many of these stand behind the stalled segment: each makes one acknowledgement repeat. */
static uint32_t count_small(const struct trace_side *side, const struct stall *stall)
{
	uint32_t count = 0;

	for (unsigned int i = 0; i < SIDE_SMALL && i < side->small_next; i++)
		count += flow_is_larger(side->small[i].start, stall->seq) &&
			 side->small[i].payload < stall->payload;
	return count;
}

/* The first unacknowledged segment was sent once more. */
static void note_stall(struct trace_side *side, const struct trace_packet *packet, uint32_t payload,
		       uint64_t first_ns, uint64_t now_ns)
{
	struct stall *stall = &side->stall;
	uint32_t cut = packet->tcp.payload_len - payload; /* by the network card, later */

	if (stall->sent == 0 || stall->seq != packet->tcp.seq) {
		*stall = (struct stall){
			.seq = packet->tcp.seq, .sent = 2, .payload = payload,
			.packet = packet->ip_len - cut, .first_ns = first_ns, .last_ns = now_ns,
		};
		side->small_after = count_small(side, stall);
	} else if (payload < stall->payload) {
		stall->smaller = payload;
	} else {
		stall->sent++;
		stall->smaller = 0;
		stall->last_ns = now_ns;
	}
}

static bool is_keep_alive(const struct trace_side *side, const struct trace_side *other,
			  const struct trace_tcp *tcp)
{
	return tcp->payload_len <= 1 &&
	       (other->window == 0 || (side->acked_known && tcp->seq + 1 == side->acked));
}

static uint64_t round_trip_ns(const struct trace_side *side)
{
	return side->round_trip_ns ? side->round_trip_ns : ROUND_TRIP_GUESS_NS;
}

/* From the SYN to the acknowledgement that ends the handshake is a whole round trip wherever it is
 * captured; of what was sent again nobody knows which one was answered. */
static void time_handshake(struct trace_side *side, struct trace_side *other,
			   const struct trace_tcp *tcp, uint64_t now_ns)
{
	uint64_t took_ns = now_ns - side->syn_ns;

	if (side->round_trip_ns || side->syns != 1 || other->syns != 1 || side->packets != 2 ||
	    (tcp->flags & (TRACE_SYN | TRACE_ACK | TRACE_RST)) != TRACE_ACK ||
	    tcp->ack != other->first + 1)
		return;
	if (took_ns < ROUND_TRIP_LEAST_NS)
		took_ns = ROUND_TRIP_LEAST_NS;
	side->round_trip_ns = other->round_trip_ns = took_ns;
}

/* A segment was sent again: as large as it was sent first, or cut since. */
static void note_resent(struct trace_side *side, uint32_t start, uint32_t end, uint32_t payload)
{
	struct side_range *resent = &side->resent;
	bool same = resent->payload && flow_is_larger(end, resent->start) &&
		    flow_is_larger(resent->end, start);

	if (payload > side->again_largest)
		side->again_largest = payload;
	if (same && payload < resent->payload)
		resent->payload = payload;
	else if (payload >= resent->payload)
		*resent = (struct side_range){ .start = start, .end = end, .payload = payload };
}

/* All below `ack` has arrived. */
static void note_arrived(struct trace_side *side, uint32_t ack)
{
	struct side_range *resent = &side->resent;

	if (resent->payload == 0 || flow_is_larger(resent->end, ack))
		return;
	if (resent->payload > side->again_passed)
		side->again_passed = resent->payload;
	resent->payload = 0;
}

/* A segment below what was sent already. */
static void take_old_payload(struct trace_side *side, const struct trace_packet *packet,
			     uint32_t end, struct side_news *news, uint64_t now_ns)
{
	uint32_t seq = packet->tcp.seq;
	uint64_t since = 0, first;

	if (flow_holes_fill(side, seq, end, &since) && now_ns - since < round_trip_ns(side)) {
		news->reordered = true;
		side->reordered += news->segments;
		remember_sent(side, seq, end, news->payload, now_ns);
		return;
	}
	news->resent = true;
	side->retransmitted += news->segments;
	note_resent(side, seq, end, news->payload);
	first = forget_sent(side, seq, end, since ? since : now_ns);
	if (side->acked_known && seq == side->acked)
		note_stall(side, packet, news->payload, first, now_ns);
	else if (since)
		remember_sent(side, seq, end, news->payload, now_ns);
}

static void take_payload(struct trace_side *side, const struct trace_side *other,
			 const struct trace_packet *packet, struct side_news *news, uint64_t now_ns)
{
	uint32_t seq = packet->tcp.seq, end = seq + packet->tcp.payload_len;

	side->segments += news->segments;
	side->payload_bytes += packet->tcp.payload_len;
	side->header_len = packet->tcp.header_len;
	if (news->payload > side->largest_payload)
		side->largest_payload = news->payload;
	note_small(side, seq, news->payload);
	if (!side->next_known) {
		remember_sent(side, seq, end, news->payload, now_ns);
	} else if (flow_is_larger(side->next, seq)) {
		if (!is_keep_alive(side, other, &packet->tcp))
			take_old_payload(side, packet, end, news, now_ns);
	} else {
		if (seq != side->next)
			flow_holes_add(side, side->next, seq, now_ns);
		remember_sent(side, seq, end, news->payload, now_ns);
	}
	if (!side->next_known || flow_is_larger(end, side->next))
		side->next = end;
	side->next_known = true;
}

static void take_syn(struct trace_side *side, const struct trace_packet *packet,
		     struct side_news *news, uint64_t now_ns)
{
	const struct trace_tcp *tcp = &packet->tcp;

	if (side->syn) { /* another number would be another connection, which the caller sees */
		side->syns++;
		side->retransmitted++;
		news->resent = true;
	} else {
		side->syns = 1;
		side->syn_ns = now_ns;
		side->first = tcp->seq;
		side->next = tcp->seq + 1;
		side->next_known = true;
	}
	side->syn = true;
	flow_syn_begin(side, packet, &news->syn);
}

/* The stalled segment is acknowledged: as it was, or once it was cut. */
static void end_stall(struct trace_side *sender)
{
	struct stall *stall = &sender->stall;

	if (!stall->smaller) {
		if (stall->payload > sender->passed)
			sender->passed = stall->payload;
	} else {
		stall->end = STALL_SMALLER;
		sender->floor_payload = stall->smaller;
		if (stall->sent >= sender->worst.sent)
			sender->worst = *stall;
		/* What was sent before goes out anew, cut, and the capture may have missed that. */
		memset(sender->sent, 0, sizeof(sender->sent));
	}
	stall->sent = 0;
}

/* The acknowledged number moves on: what was below it has arrived. */
static void advance(struct trace_side *sender, uint32_t ack, uint64_t now_ns)
{
	if (sender->stall.sent && flow_is_larger(ack, sender->stall.seq))
		end_stall(sender);
	for (unsigned int i = 0; i < SIDE_SENT; i++) {
		struct side_range *sent = &sender->sent[i];

		if (sent->payload == 0 || flow_is_larger(sent->end, ack))
			continue;
		if (sent->payload > sender->passed)
			sender->passed = sent->payload;
		sent->payload = 0;
	}
	note_arrived(sender, ack);
	sender->acked = ack;
	sender->sacked = sender->again = sender->small_after = 0;
	flow_holes_drop_below(sender, ack);
	if (!sender->next_known || flow_is_larger(ack, sender->next)) {
		/* Captures have packets in another order now and then: it may come yet. */
		if (sender->next_known && sender->hole_count < SIDE_HOLES)
			sender->holes[sender->hole_count++] = (struct side_range){
				.start = sender->next, .end = ack, .time_ns = now_ns };
		sender->next = ack;
	}
	sender->next_known = true;
}

static void take_sack(struct trace_side *sender, const struct trace_tcp *tcp)
{
	for (unsigned int i = 0; i < tcp->sack_count; i++) {
		uint32_t start = tcp->sack[i][0], end = tcp->sack[i][1];

		sender->selective = true;
		if (!flow_is_larger(start, tcp->ack))
			continue; /* told that it came twice (RFC 2883) */
		for (unsigned int k = 0; k < SIDE_SENT; k++) {
			const struct side_range *sent = &sender->sent[k];

			if (sent->payload > sender->sacked && !flow_is_larger(start, sent->start) &&
			    !flow_is_larger(sent->end, end))
				sender->sacked = sent->payload;
		}
	}
	if (sender->sacked > sender->passed)
		sender->passed = sender->sacked;
}

/* A keep-alive, or a probe of a window that is shut: from below what the other end has, to make it
 * speak. It acknowledges what was acknowledged, and says nothing of what came since. */
static bool is_probe(const struct trace_side *side, const struct trace_tcp *tcp)
{
	return side->acked_known && flow_is_larger(side->acked, tcp->seq);
}

/* What a packet of `side` says about what `sender` sent. What comes behind a reset answers that. */
static void take_ack(struct trace_side *side, struct trace_side *sender,
		     const struct trace_tcp *tcp, uint64_t now_ns)
{
	bool bare = !(tcp->flags & (TRACE_SYN | TRACE_FIN | TRACE_RST)) && tcp->payload_len == 0;
	bool repeats = bare && tcp->window == side->window && !is_probe(side, tcp) &&
		       !sender->rst;

	if (!(tcp->flags & TRACE_ACK) || (tcp->flags & TRACE_RST))
		return;
	if (!sender->acked_known || flow_is_larger(tcp->ack, sender->acked)) {
		advance(sender, tcp->ack, now_ns);
		sender->acked_known = true;
	} else if (tcp->ack == sender->acked && repeats &&
		   (tcp->sack_count > 0 || flow_is_larger(sender->next, tcp->ack))) {
		sender->again++;
	}
	take_sack(sender, tcp);
}

struct side_news flow_side_take(struct trace_side *side, struct trace_side *other,
				const struct trace_packet *packet, uint64_t now_ns)
{
	const struct trace_tcp *tcp = &packet->tcp;
	struct side_news news = flow_wire_cut(side, other, packet);

	news.seen_twice = flow_sighting_is_twice(side, packet, now_ns);
	if (news.seen_twice) {
		if (tcp->flags & TRACE_SYN)
			flow_syn_again(side, packet, &news.syn);
		return news;
	}
	side->packets++;
	side->last_ns = now_ns;
	if (news.sized && news.packet > side->largest_packet)
		side->largest_packet = news.packet;
	if (other->stall.sent)
		other->stall.answers++;
	if (tcp->flags & TRACE_SYN)
		take_syn(side, packet, &news, now_ns);
	time_handshake(side, other, tcp, now_ns);
	take_ack(side, other, tcp, now_ns);
	if (tcp->payload_len > 0 && !(tcp->flags & (TRACE_SYN | TRACE_RST)))
		take_payload(side, other, packet, &news, now_ns);
	else if (side->next_known && flow_is_larger(tcp->seq, side->next) &&
		 !(tcp->flags & (TRACE_SYN | TRACE_RST))) {
		flow_holes_add(side, side->next, tcp->seq, now_ns);
		side->next = tcp->seq; /* it speaks of bytes that were not seen */
	}
	if ((tcp->flags & TRACE_FIN) && tcp->payload_len == 0)
		note_small(side, tcp->seq, 0);
	if (tcp->flags & TRACE_FIN && side->next_known &&
	    tcp->seq + tcp->payload_len == side->next)
		side->next++;
	side->fin = side->fin || (tcp->flags & TRACE_FIN);
	side->rst = side->rst || (tcp->flags & TRACE_RST);
	side->window = tcp->window;
	return news;
}
