/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/report_syns.h"

#include <errno.h>
#include <stdlib.h>

#define MSS_VALUES 65536

int report_syns_init(struct report_syns *syns, uint32_t limit)
{
	bool whole;

	*syns = (struct report_syns){ .limit = limit };
	syns->list = malloc(REPORT_SYNS_MAX * sizeof(*syns->list));
	whole = syns->list != NULL;
	for (int i = 0; i < 2; i++) {
		syns->kinds[i].came = calloc(MSS_VALUES, sizeof(uint64_t));
		syns->kinds[i].left = calloc(MSS_VALUES, sizeof(uint64_t));
		whole = whole && syns->kinds[i].came && syns->kinds[i].left;
	}
	if (whole)
		return 0;
	report_syns_done(syns);
	return -ENOMEM;
}

void report_syns_done(struct report_syns *syns)
{
	for (int i = 0; i < 2; i++) {
		free(syns->kinds[i].came);
		free(syns->kinds[i].left);
	}
	free(syns->list);
	*syns = (struct report_syns){ .limit = 0 };
}

static uint32_t headers_of(enum family family)
{
	return TCP_HEADER_MIN + (family == FAMILY_IPV4 ? IPV4_HEADER_MIN : IPV6_HEADER_LEN);
}

/* by: 1, or -1 where it was counted and something else has come out. */
static void count_left(struct report_syns *syns, const struct trace_packet *packet, uint32_t mss,
		       int by)
{
	struct report_syn_kind *kind = &syns->kinds[(packet->tcp.flags & TRACE_ACK) != 0];

	if (mss >= MSS_VALUES)
		return;
	kind->left[mss] += (uint64_t)(int64_t)by;
	if (syns->limit && mss + headers_of(packet->ends.family) > syns->limit)
		syns->over_limit += (uint64_t)(int64_t)by;
}

static void count_came(struct report_syns *syns, struct report_syn_kind *kind, uint32_t mss, int by)
{
	if (mss < MSS_VALUES)
		kind->came[mss] += (uint64_t)(int64_t)by;
	else
		syns->no_mss += (uint64_t)(int64_t)by;
}

/* The place of one change; NULL: it has none, and gets none. */
static struct report_change *find_change(struct report_syn_kind *kind, uint32_t from, uint32_t to,
					 bool may_add)
{
	for (size_t i = 0; i < kind->change_count; i++)
		if (kind->changes[i].from == from && kind->changes[i].to == to)
			return &kind->changes[i];
	if (!may_add || kind->change_count == REPORT_CHANGES)
		return NULL;
	kind->changes[kind->change_count] = (struct report_change){ .from = from, .to = to };
	return &kind->changes[kind->change_count++];
}

static void count_change(struct report_syn_kind *kind, uint32_t from, uint32_t to, int by)
{
	struct report_change *change;

	if (from == to) {
		kind->stayed += (uint64_t)(int64_t)by;
		return;
	}
	kind->changed += (uint64_t)(int64_t)by;
	change = find_change(kind, from, to, by > 0);
	if (change && (by > 0 || change->count > 0))
		change->count += (uint64_t)(int64_t)by;
}

/* Once more on its way: what was counted of it is taken back where that was not the end of it. */
static void take_again(struct report_syns *syns, const struct trace_packet *packet,
		       const struct side_syn *news)
{
	struct report_syn_kind *kind = &syns->kinds[(packet->tcp.flags & TRACE_ACK) != 0];

	count_came(syns, kind, news->came_before, -1);
	count_came(syns, kind, news->came, 1);
	count_left(syns, packet, news->left_before, -1);
	count_left(syns, packet, news->left, 1);
	if (news->copies > 1 && news->left_before != SIDE_NOT_LEFT)
		count_change(kind, news->came_before, news->left_before, -1);
	if (news->left != SIDE_NOT_LEFT)
		count_change(kind, news->came, news->left, 1);
}

void report_syns_take(struct report_syns *syns, const struct trace_packet *packet,
		      const struct side_syn *news, uint64_t time_ns)
{
	const struct trace_tcp *tcp = &packet->tcp;
	bool answer = tcp->flags & TRACE_ACK;

	syns->count++;
	if (syns->listed < REPORT_SYNS_MAX)
		syns->list[syns->listed++] = (struct report_syn){
			time_ns, packet->ends, tcp->flags, tcp->has_mss, tcp->mss };
	syns->both_sides = syns->both_sides || news->copies > 0 || packet->before;
	if (tcp->has_mss && tcp->mss > syns->largest_mss)
		syns->largest_mss = tcp->mss;
	syns->answered = syns->answered || (answer && tcp->has_mss);
	if (news->copies > 0) {
		take_again(syns, packet, news);
		return;
	}
	count_came(syns, &syns->kinds[answer], news->came, 1);
	count_left(syns, packet, news->left, 1);
}
