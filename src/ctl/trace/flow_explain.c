/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/flow_explain.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"

static bool says_not_what_fits(const struct trace_flow *flow)
{
	return (flow->too_big[0] && !flow->too_big_mtu[0]) ||
	       (flow->too_big[1] && !flow->too_big_mtu[1]);
}

/* Whether that side's segments arrive that are as large as those it sent again. */
static bool its_size_arrives(const struct trace_side *side)
{
	uint32_t arrived = side->passed > side->again_passed ? side->passed : side->again_passed;

	return arrived >= side->again_largest ||
	       (!side->selective && side->again > side->small_after);
}

static const char *what_of_the_size(const struct trace_flow *flow)
{
	const struct trace_side *a = &flow->side[0], *b = &flow->side[1];

	if (says_not_what_fits(flow))
		return "ICMP calls packets too big and does not say what fits";
	if (a->packets == 0 || b->packets == 0)
		return "one direction alone does not tell whether they arrived";
	if (!a->again_largest && !b->again_largest)
		return "SYNs alone, which were answered";
	if (its_size_arrives(a) && its_size_arrives(b))
		return "the same sizes arrive";
	return "none as large was acknowledged here, too few or too soon to tell why";
}

static void explain_black_hole(const struct trace_flow *flow, const struct flow_finding *finding,
			       char *text, size_t size)
{
	char icmp[96] = "no ICMP message says so", answers[64] = "", passed[96];

	if (flow->too_big_mtu[finding->side])
		snprintf(icmp, sizeof(icmp),
			 "ICMP says that %" PRIu32 " bytes fit, and the sender does not heed it",
			 flow->too_big_mtu[finding->side]);
	else if (flow->too_big[finding->side])
		snprintf(icmp, sizeof(icmp), "ICMP calls it too big and does not say what fits");
	if (finding->answers)
		snprintf(answers, sizeof(answers), ", while %" PRIu32 " packet%s came back",
			 finding->answers, text_plural(finding->answers));
	if (finding->passed)
		snprintf(passed, sizeof(passed), "the largest payload that was is %" PRIu32
			 " bytes", finding->passed);
	else
		snprintf(passed, sizeof(passed), "only the handshake was answered");
	switch (finding->sign) {
	case SIGN_SENT_AGAIN:
		snprintf(text, size,
			 "a packet of %" PRIu32 " bytes was sent %" PRIu32 " times in %.1f s and "
			 "never acknowledged%s; %s; %s", finding->packet, finding->sent,
			 finding->seconds, answers, passed, icmp);
		break;
	case SIGN_STOPPED:
		snprintf(text, size,
			 "a packet of %" PRIu32 " bytes was sent %" PRIu32 " times in %.1f s and "
			 "never acknowledged%s; as large ones passed before, so the path has "
			 "changed; %s", finding->packet, finding->sent, finding->seconds, answers,
			 icmp);
		break;
	case SIGN_SMALLER:
		snprintf(text, size,
			 "a packet of %" PRIu32 " bytes was sent %" PRIu32 " times in %.1f s in "
			 "vain; its bytes arrived in segments of %" PRIu32 ", and none as large as "
			 "the first ever did; %s", finding->packet, finding->sent, finding->seconds,
			 finding->passed, icmp);
		break;
	case SIGN_GAP:
		snprintf(text, size,
			 "%" PRIu32 " bytes of the stream are missing for %.1f s and asked for, "
			 "while what was sent after them is here; no segment above %" PRIu32
			 " bytes has come; %s", finding->missing, finding->seconds, finding->passed,
			 icmp);
		break;
	case SIGN_NONE:
		text[0] = '\0';
		break;
	}
}

void flow_explain(const struct trace_flow *flow, const struct flow_finding *finding, char *text,
		  size_t size)
{
	uint64_t resent = flow->side[0].retransmitted + flow->side[1].retransmitted;
	uint64_t late = flow->side[0].reordered + flow->side[1].reordered;

	switch (finding->verdict) {
	case FLOW_OK:
	case FLOW_VERDICT_COUNT:
		text[0] = '\0';
		break;
	case FLOW_REORDERED:
		snprintf(text, size, "segments that came late: %" PRIu64 ", sent again: none",
			 late);
		break;
	case FLOW_PMTU_TOLD:
		snprintf(text, size,
			 "ICMP says that %" PRIu32 " bytes fit, and the sender heeds it: segments "
			 "that were sent again, smaller: %" PRIu64,
			 flow->too_big_mtu[flow->heeded[0] == 0], resent);
		break;
	case FLOW_LOSS:
		snprintf(text, size, "segments that were sent again: %" PRIu64 "; %s", resent,
			 what_of_the_size(flow));
		break;
	case FLOW_UNANSWERED:
		snprintf(text, size,
			 "the request was acknowledged, then nothing came: a black hole on the way "
			 "here looks so, and so does a slow server; capture at its end");
		break;
	case FLOW_REFUSED:
		snprintf(text, size, "SYNs without an answer: %" PRIu32, flow->side[0].syns);
		break;
	case FLOW_GAP:
		snprintf(text, size,
			 "%" PRIu32 " bytes of the stream never came through here, though what was "
			 "sent after them did: lost on the way here (a black hole looks so), gone "
			 "another way, or left out by a filter; capture at the sender to know",
			 finding->missing);
		break;
	case FLOW_STALLED:
		snprintf(text, size,
			 "a packet of %" PRIu32 " bytes was sent %" PRIu32 " times in %.1f s and "
			 "never acknowledged; as large ones passed before, or it is small: not its "
			 "size", finding->packet, finding->sent, finding->seconds);
		break;
	case FLOW_BLACK_HOLE:
		explain_black_hole(flow, finding, text, size);
		break;
	}
}
