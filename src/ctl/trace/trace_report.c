/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/trace_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One behind the largest size of each class: what usual links and tunnels carry. */
static const uint32_t edges[REPORT_SIZES] = {
	257, 577, 1025, 1281, 1341, 1381, 1421, 1461, 1493, 1501, UINT32_MAX,
};

static void conclude(void *userdata, const struct trace_flow *flow);

int report_init(struct report *report, uint32_t limit)
{
	*report = (struct report){ .limit = limit };
	for (size_t i = 0; i < REPORT_SIZES; i++) {
		report->sizes[i].from = i ? edges[i - 1] : 1;
		report->sizes[i].to = edges[i] - 1;
	}
	report->flows = malloc(REPORT_FLOWS_MAX * sizeof(*report->flows));
	if (report_syns_init(&report->syns, limit) == 0 && report->flows &&
	    flow_table_init(&report->table, FLOW_TABLE_MAX, conclude, report) == 0)
		return 0;
	report_done(report);
	return -ENOMEM;
}

void report_done(struct report *report)
{
	report_syns_done(&report->syns);
	free(report->flows);
	flow_table_done(&report->table);
	*report = (struct report){ .limit = 0 };
}

/* How much a flow deserves a place in the list. */
static unsigned int weight(const struct report_flow *entry)
{
	return (unsigned int)entry->finding.verdict;
}

/* The worst first, then as they appeared. */
static int compare_flows(const void *a, const void *b)
{
	const struct report_flow *left = a, *right = b;

	if (weight(left) != weight(right))
		return weight(left) < weight(right) ? 1 : -1;
	return left->flow.number > right->flow.number ? 1 : -1;
}

/* How much the listed flow deserves its place that matters least. */
static unsigned int least_weight(const struct report *report)
{
	unsigned int least = 0;

	while (least + 1 < FLOW_VERDICT_COUNT && report->listed[least] == 0)
		least++;
	return least;
}

/* A flow of that weight, which is listed. */
static struct report_flow *listed_flow(struct report *report, unsigned int its_weight)
{
	struct report_flow *flow = &report->flows[0];

	while (weight(flow) != its_weight)
		flow++;
	return flow;
}

/* Each that takes another's place is heavier: all together search the list a few thousand times,
 * however many flows there are. */
static void list_flow(struct report *report, const struct report_flow *entry)
{
	unsigned int least;

	if (report->flow_listed < REPORT_FLOWS_MAX) {
		report->flows[report->flow_listed++] = *entry;
		report->listed[weight(entry)]++;
		return;
	}
	least = least_weight(report);
	if (weight(entry) <= least)
		return;
	*listed_flow(report, least) = *entry;
	report->listed[least]--;
	report->listed[weight(entry)]++;
}

/* A flow is over, or has to make room. */
static void conclude(void *userdata, const struct trace_flow *flow)
{
	struct report *report = userdata;
	struct report_flow entry = { .flow = *flow,
				     .finding = flow_judge(flow, report->now_ns) };

	report->verdicts[entry.finding.verdict]++;
	list_flow(report, &entry);
}

void report_finish(struct report *report)
{
	flow_table_finish(&report->table);
	qsort(report->flows, report->flow_listed, sizeof(*report->flows), compare_flows);
}

bool report_has_problem(const struct report *report)
{
	return report->verdicts[FLOW_BLACK_HOLE] > 0 ||
	       (report->limit && (report->oversize > 0 || report->syns.over_limit > 0));
}

/* Hop limits that hosts begin with; less than one of them: routers lie between. */
static bool is_far(uint8_t hop_limit)
{
	return hop_limit != 64 && hop_limit != 128 && hop_limit != 255;
}

/* Remembers the largest MSS that comes from a network. */
static void note_host(struct report *report, const struct trace_packet *packet)
{
	struct report_host host = { .family = packet->ends.family, .mss = packet->tcp.mss,
				    .far = is_far(packet->hop_limit) };

	memcpy(host.prefix, packet->ends.source, host.family == FAMILY_IPV4 ? 3 : 6);
	for (size_t i = 0; i < report->host_count; i++) {
		struct report_host *known = &report->hosts[i];

		if (known->family != host.family ||
		    memcmp(known->prefix, host.prefix, sizeof(host.prefix)) != 0)
			continue;
		if (host.mss > known->mss)
			known->mss = host.mss;
		known->far = known->far || host.far;
		return;
	}
	if (report->host_count < REPORT_HOSTS_MAX)
		report->hosts[report->host_count++] = host;
}

static void count_size(struct report *report, const struct side_news *news, uint32_t packet,
		       uint64_t times)
{
	size_t i = 0;

	while (packet > report->sizes[i].to)
		i++;
	report->sizes[i].sent += times;
	report->sizes[i].resent += news->resent ? times : 0;
}

/* The same for each segment, the last of which may be smaller. */
static void count_sizes(struct report *report, const struct side_news *news)
{
	if (!news->sized || news->segments == 0)
		return;
	count_size(report, news, news->packet, news->segments - 1);
	count_size(report, news, news->packet - (news->payload - news->last), 1);
}

/* IP packets on the wire. */
static void count_packets(struct report *report, uint32_t len, uint64_t times)
{
	if (times > 0 && len > report->largest_packet)
		report->largest_packet = len;
	if (report->limit && len > report->limit)
		report->oversize += times;
}

/* What was captured in one piece counts as its segments; where nobody knows how large they are, for
 * none. */
static void count_pieces(struct report *report, const struct trace_packet *packet,
			 const struct side_news *news)
{
	uint32_t headers = packet->outer_len > packet->tcp.payload_len ?
			   packet->outer_len - packet->tcp.payload_len : 0;

	if (news->segments <= 1) {
		count_packets(report, packet->outer_len, 1);
		return;
	}
	report->offloaded++;
	report->unsized += !news->sized;
	if (!news->sized)
		return;
	count_packets(report, headers + news->payload, news->segments - 1);
	count_packets(report, headers + news->last, 1);
}

/* What QUIC and VPN programs send and take in pieces, too: no Ethernet carries a datagram of that
 * size whole, and nobody knows how large those in it are. */
static void count_others(struct report *report, const struct trace_packet *packet)
{
	if (!packet->is_udp || packet->outer_len <= TRACE_ETHERNET_MTU) {
		count_packets(report, packet->outer_len, 1);
		return;
	}
	report->offloaded++;
	report->unsized++;
}

static void take_tcp(struct report *report, const struct trace_packet *packet, uint64_t time_ns)
{
	struct trace_flow *flow = flow_table_get(&report->table, packet, report->now_ns);
	struct side_news news = flow_take(flow, packet, report->now_ns);
	uint64_t segments = news.segments ? news.segments : 1; /* 1: a SYN */

	report->tcp_packets++;
	if (packet->tcp.flags & TRACE_SYN)
		report_syns_take(&report->syns, packet, &news.syn, time_ns);
	if ((packet->tcp.flags & TRACE_SYN) && packet->tcp.has_mss)
		note_host(report, packet);
	if (news.seen_twice)
		report->seen_twice++;
	else
		count_sizes(report, &news);
	if (!news.seen_twice || packet->in_tunnel) /* there it is another packet */
		count_pieces(report, packet, &news);
	report->retransmitted += news.resent ? segments : 0;
	report->reordered += news.reordered ? segments : 0;
}

static void take_too_big(struct report *report, const struct trace_packet *packet, uint64_t time_ns)
{
	struct trace_flow *flow = flow_table_find(&report->table, &packet->too_big_for);

	report->too_big++;
	if (report->icmp_listed < REPORT_ICMP_MAX)
		report->icmp[report->icmp_listed++] = (struct report_icmp){
			time_ns, packet->ends, packet->too_big_for, packet->too_big_mtu };
	if (flow)
		flow_take_too_big(flow, flow_side_of(flow, &packet->too_big_for),
				  packet->too_big_mtu);
}

static void take_time(struct report *report, const struct trace_frame *frame)
{
	if (!frame->has_time) {
		report->without_time++;
		return;
	}
	if (report->first_ns == 0)
		report->first_ns = frame->time_ns;
	if (frame->time_ns > report->now_ns) /* frames may stand in another order */
		report->now_ns = frame->time_ns;
}

void report_take(struct report *report, const struct trace_frame *frame)
{
	struct trace_packet packet;

	report->packets++;
	report->bytes += frame->original_len;
	report->snapped += frame->len < frame->original_len;
	take_time(report, frame);
	if (!trace_link_is_known(frame->link_type)) {
		if (report->unknown_link++ == 0)
			report->unknown_link_type = frame->link_type;
		return;
	}
	if (!trace_packet_read(frame->link_type, frame->bytes, frame->len, frame->original_len,
			       &packet)) {
		report->not_ip++;
		return;
	}
	packet.before = frame->before;
	packet.after = frame->after;
	report->fragments += packet.fragment;
	report->in_tunnels += packet.in_tunnel;
	if (packet.is_tcp)
		take_tcp(report, &packet, frame->time_ns);
	else
		count_others(report, &packet);
	if (packet.is_too_big)
		take_too_big(report, &packet, frame->time_ns);
}
