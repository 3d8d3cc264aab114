/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/flow_syn.h"

static uint32_t came(const struct trace_side *side)
{
	return side->has_mss ? side->mss : SIDE_NO_MSS;
}

static uint32_t left(const struct trace_side *side)
{
	if (!side->left)
		return SIDE_NOT_LEFT;
	return side->has_mss_left ? side->mss_left : SIDE_NO_MSS;
}

static void set_left(struct trace_side *side, const struct trace_tcp *tcp)
{
	side->has_mss_left = tcp->has_mss;
	side->mss_left = tcp->mss;
}

void flow_syn_begin(struct trace_side *side, const struct trace_packet *packet,
		    struct side_syn *ret_syn)
{
	side->has_mss = packet->tcp.has_mss;
	side->mss = packet->tcp.mss;
	set_left(side, &packet->tcp);
	side->left = !packet->before;
	side->copies = 0;
	*ret_syn = (struct side_syn){ came(side), left(side), came(side), left(side), 0 };
}

void flow_syn_again(struct trace_side *side, const struct trace_packet *packet,
		    struct side_syn *ret_syn)
{
	const struct trace_tcp *tcp = &packet->tcp;
	bool lower = tcp->has_mss && (!side->has_mss_left || tcp->mss < side->mss_left);

	*ret_syn = (struct side_syn){ .came_before = came(side), .left_before = left(side) };
	if (packet->after || lower)
		set_left(side, tcp);
	else if (tcp->has_mss && tcp->mss > side->mss)
		side->mss = tcp->mss;
	side->left = side->left || !packet->before;
	if (side->copies < 2)
		side->copies++;
	ret_syn->came = came(side);
	ret_syn->left = left(side);
	ret_syn->copies = side->copies;
}
