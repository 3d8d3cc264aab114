/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/flow.h"

#include <string.h>

#include "base/clock.h"

/* What every path carries, RFC 1122 3.3.2 (EMTU_R) and RFC 8200 5: no black hole is below. */
#define ANY_PATH_V4 576
#define ANY_PATH_V6 1280

#define SENT_LEAST 3          /* times that a segment vanished before size is suspected */
#define SENT_LEAST_STOPPED 5  /* the same where that size has passed before */
#define STALL_LEAST_NS NS_PER_SECOND
#define GAP_LEAST_NS (3 * NS_PER_SECOND)
#define UNSEEN_LEAST_NS NS_PER_SECOND /* the longest that sending again takes (RFC 6298 2.1) */
#define SILENCE_LEAST_NS (5 * NS_PER_SECOND)

static const char *const names[] = {
	[FLOW_OK] = "ok",
	[FLOW_REORDERED] = "reordering",
	[FLOW_PMTU_TOLD] = "path_mtu_told",
	[FLOW_LOSS] = "loss",
	[FLOW_UNANSWERED] = "unanswered",
	[FLOW_REFUSED] = "refused",
	[FLOW_GAP] = "gap",
	[FLOW_STALLED] = "stalled",
	[FLOW_BLACK_HOLE] = "black_hole",
};

const char *flow_verdict_name(enum flow_verdict verdict)
{
	return names[verdict];
}

unsigned int flow_side_of(const struct trace_flow *flow, const struct trace_ends *ends)
{
	return ends->sport != flow->ends.sport ||
	       memcmp(ends->source, flow->ends.source, sizeof(ends->source)) != 0;
}

void flow_begin(struct trace_flow *flow, const struct trace_packet *packet, uint64_t number,
		uint64_t now_ns)
{
	*flow = (struct trace_flow){ .ends = packet->ends, .number = number, .first_ns = now_ns };
	/* Whoever answers a SYN did not open it. */
	if ((packet->tcp.flags & (TRACE_SYN | TRACE_ACK)) == (TRACE_SYN | TRACE_ACK)) {
		memcpy(flow->ends.source, packet->ends.destination, sizeof(flow->ends.source));
		memcpy(flow->ends.destination, packet->ends.source, sizeof(flow->ends.source));
		flow->ends.sport = packet->ends.dport;
		flow->ends.dport = packet->ends.sport;
	}
}

bool flow_is_over(const struct trace_flow *flow, const struct trace_packet *packet)
{
	const struct trace_side *side = &flow->side[flow_side_of(flow, &packet->ends)];

	return (packet->tcp.flags & TRACE_SYN) && side->packets > 0 &&
	       (!side->syn || packet->tcp.seq != side->first);
}

/* Whether what was sent again had been called too big, or had been under way with that, and fits
 * now, or is cut by the network card only behind the capture. Of a router that does not say what
 * fits (RFC 792) nobody knows whether it does. */
static bool is_heeded(const struct trace_flow *flow, unsigned int from,
		      const struct trace_packet *packet, const struct side_news *news)
{
	uint32_t mtu = flow->too_big_mtu[from];

	return news->resent && flow->too_big[from] &&
	       (int32_t)(flow->too_big_next[from] - packet->tcp.seq) > 0 &&
	       mtu && (news->packet <= mtu || packet->ip_len > news->packet);
}

struct side_news flow_take(struct trace_flow *flow, const struct trace_packet *packet,
			   uint64_t now_ns)
{
	unsigned int from = flow_side_of(flow, &packet->ends);
	struct side_news news;

	flow->last_ns = now_ns;
	news = flow_side_take(&flow->side[from], &flow->side[!from], packet, now_ns);
	if (is_heeded(flow, from, packet, &news))
		flow->heeded[from] += news.segments;
	return news;
}

/* The payload that a segment of that side may have by what it was told, 0: none. */
static uint32_t told_payload(const struct trace_flow *flow, unsigned int from, uint32_t mtu)
{
	uint32_t ip = flow->ends.family == FAMILY_IPV4 ? IPV4_HEADER_MIN : IPV6_HEADER_LEN;
	uint32_t tcp = flow->side[from].header_len;

	return tcp && mtu > ip + tcp ? mtu - ip - tcp : 0;
}

void flow_take_too_big(struct trace_flow *flow, unsigned int from, uint32_t mtu)
{
	struct trace_side *side = &flow->side[from];

	side->told = told_payload(flow, from, mtu);
	if (side->told && side->unit > side->told)
		side->unit = 0; /* until it shows again */
	flow->too_big[from]++;
	if (mtu)
		flow->too_big_mtu[from] = mtu;
	flow->too_big_next[from] = side->next;
}

static uint32_t any_path(const struct trace_flow *flow)
{
	return flow->ends.family == FAMILY_IPV4 ? ANY_PATH_V4 : ANY_PATH_V6;
}

/* More acknowledgements came again than small segments can have caused: large ones arrived. */
static bool large_ones_arrive(const struct trace_side *side, const struct stall *stall)
{
	return side->sacked >= stall->payload ||
	       (!side->selective && side->again > side->small_after);
}

static struct flow_finding from_stall(const struct trace_flow *flow, unsigned int from,
				      const struct stall *stall, enum flow_verdict verdict,
				      enum flow_sign sign)
{
	return (struct flow_finding){
		.verdict = verdict,
		.sign = sign,
		.side = from,
		.packet = stall->packet,
		.payload = stall->payload,
		.passed = stall->end == STALL_SMALLER ? stall->smaller : flow->side[from].passed,
		.sent = stall->sent,
		.answers = stall->answers,
		.seconds = clock_seconds(stall->last_ns - stall->first_ns),
	};
}

/* A large segment that went on only when it was cut. */
static bool find_smaller(const struct trace_flow *flow, unsigned int from, struct flow_finding *ret)
{
	const struct trace_side *side = &flow->side[from];
	const struct stall *stall = &side->worst;

	if (stall->sent < SENT_LEAST || stall->packet <= any_path(flow) ||
	    side->passed >= stall->payload || flow->too_big[from])
		return false;
	*ret = from_stall(flow, from, stall, FLOW_BLACK_HOLE, SIGN_SMALLER);
	return true;
}

/* A segment that stands when the capture ends. */
static bool find_standing(const struct trace_flow *flow, unsigned int from,
			  struct flow_finding *ret)
{
	const struct trace_side *side = &flow->side[from];
	const struct stall *stall = &side->stall;
	bool large, before = side->passed >= stall->payload;

	if (stall->sent < SENT_LEAST || stall->last_ns - stall->first_ns < STALL_LEAST_NS ||
	    large_ones_arrive(side, stall) || !side->acked_known)
		return false;
	large = stall->packet > any_path(flow);
	if (large && !before)
		*ret = from_stall(flow, from, stall, FLOW_BLACK_HOLE, SIGN_SENT_AGAIN);
	else if (large && stall->sent >= SENT_LEAST_STOPPED &&
		 (stall->answers > 0 || side->again > 0))
		*ret = from_stall(flow, from, stall, FLOW_BLACK_HOLE, SIGN_STOPPED);
	else
		*ret = from_stall(flow, from, stall, FLOW_STALLED, SIGN_NONE);
	return true;
}

/* Bytes that never came, behind a hole, while smaller segments after them did. */
static bool find_gap(const struct trace_flow *flow, unsigned int from, uint64_t end_ns,
		     struct flow_finding *ret)
{
	const struct trace_side *side = &flow->side[from], *other = &flow->side[!from];
	uint32_t options = side->header_len ? side->header_len - (uint32_t)TCP_HEADER_MIN : 0;
	uint32_t ip = flow->ends.family == FAMILY_IPV4 ? IPV4_HEADER_MIN : IPV6_HEADER_LEN;

	for (unsigned int i = 0; i < side->hole_count; i++) {
		const struct side_range *hole = &side->holes[i];
		uint32_t missing = hole->end - hole->start;

		if (!side->acked_known || hole->start != side->acked || !other->packets ||
		    end_ns - hole->time_ns < GAP_LEAST_NS || missing <= side->largest_payload)
			continue;
		if (missing + ip + TCP_HEADER_MIN + options <= any_path(flow) ||
		    (other->has_mss_left && side->largest_payload + options >= other->mss_left))
			continue;
		*ret = (struct flow_finding){
			.verdict = FLOW_BLACK_HOLE, .sign = SIGN_GAP, .side = from,
			.passed = side->largest_payload, .missing = missing,
			.seconds = clock_seconds(end_ns - hole->time_ns),
		};
		return true;
	}
	return false;
}

/* The same without all that speaks for a size: bytes that nobody acknowledged never came here, and
 * were not just about to be sent again. */
static bool find_unseen(const struct trace_flow *flow, unsigned int from, uint64_t end_ns,
			struct flow_finding *ret)
{
	const struct trace_side *side = &flow->side[from];
	bool broken_off = side->rst || flow->side[!from].rst;

	for (unsigned int i = 0; i < side->hole_count; i++) {
		const struct side_range *hole = &side->holes[i];

		if (!side->acked_known || (int32_t)(hole->start - side->acked) < 0)
			continue;
		if (!broken_off && end_ns - hole->time_ns < UNSEEN_LEAST_NS)
			continue;
		*ret = (struct flow_finding){
			.verdict = FLOW_GAP, .side = from, .missing = hole->end - hole->start,
			.seconds = clock_seconds(end_ns - hole->time_ns),
		};
		return true;
	}
	return false;
}

/* A request that arrived, and no word after it. */
static bool is_unanswered(const struct trace_flow *flow, uint64_t end_ns)
{
	const struct trace_side *asks = &flow->side[0], *answers = &flow->side[1];

	return asks->segments > 0 && answers->segments == 0 && answers->packets > 0 &&
	       asks->acked_known && asks->acked == asks->next - (asks->fin ? 1 : 0) &&
	       !answers->fin && !answers->rst && end_ns - answers->last_ns >= SILENCE_LEAST_NS;
}

static enum flow_verdict judge_rest(const struct trace_flow *flow, uint64_t end_ns)
{
	const struct trace_side *a = &flow->side[0], *b = &flow->side[1];

	if (a->syns > 1 && a->packets == a->syns && b->packets == 0)
		return FLOW_REFUSED;
	if (is_unanswered(flow, end_ns))
		return FLOW_UNANSWERED;
	if (a->retransmitted > flow->heeded[0] || b->retransmitted > flow->heeded[1])
		return FLOW_LOSS;
	if (a->retransmitted || b->retransmitted)
		return FLOW_PMTU_TOLD;
	return a->reordered || b->reordered ? FLOW_REORDERED : FLOW_OK;
}

struct flow_finding flow_judge(const struct trace_flow *flow, uint64_t end_ns)
{
	struct flow_finding found = { .verdict = FLOW_OK }, one;

	for (unsigned int from = 0; from < 2; from++) {
		if ((find_smaller(flow, from, &one) || find_standing(flow, from, &one) ||
		     find_gap(flow, from, end_ns, &one)) && one.verdict > found.verdict)
			found = one;
	}
	for (unsigned int from = 0; from < 2 && found.verdict == FLOW_OK; from++)
		if (find_unseen(flow, from, end_ns, &one))
			found = one;
	if (found.verdict == FLOW_OK)
		found.verdict = judge_rest(flow, end_ns);
	return found;
}
