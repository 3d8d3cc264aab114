/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/offload/offload_text.h"

#include "base/array.h"
#include "edge/firewall/nft.h"
#include "edge/firewall/per_source.h"

#define TABLE "inet " NFT_TABLE " "

static void write_limit(uint32_t rate_pps, FILE *out)
{
	char name[PER_SOURCE_NAME_MAX], text[PER_SOURCE_TEXT_MAX];

	for (size_t i = 0; i < PER_SOURCE_ROWS; i++) {
		const struct per_source_row *row = &per_source_rows[i];

		per_source_nft_name(row, OFFLOAD_PREFIX, rate_pps, name);
		per_source_nft_set(name, row->type, PER_SOURCE_SIZE, PER_SOURCE_SECONDS, text);
		fprintf(out, "add %s\n", text);
		per_source_nft_rule(row, name, rate_pps, per_source_burst(rate_pps), text);
		fprintf(out, "add rule " TABLE OFFLOAD_PREFIX "queue %s\n", text);
	}
}

static void write_queue_chain(const struct offload_frame *frame, FILE *out)
{
	unsigned int last = frame->queue_first + frame->queue_count - 1u;

	if (frame->per_source)
		write_limit(frame->per_source, out);
	if (frame->queue_is_given)
		return;
	fputs("add rule " TABLE OFFLOAD_PREFIX "queue counter queue flags bypass", out);
	if (frame->queue_count == 1)
		fprintf(out, " to %u\n", last);
	else
		fprintf(out, ",fanout to %u-%u\n", frame->queue_first, last);
}

static void write_fixed_chains(const char *verb, FILE *out)
{
	static const char *const names[] = { "queue", "host", "syn", "family", "out4", "out6",
					     "in4", "in6" };

	for (size_t i = 0; i < COUNT(names); i++)
		fprintf(out, "%s chain " TABLE OFFLOAD_PREFIX "%s\n", verb, names[i]);
}

static bool same_shape(const struct offload_link *a, const struct offload_link *b)
{
	if (a->ifindex != b->ifindex || a->family != b->family || a->why != b->why ||
	    a->mss != b->mss)
		return false;
	for (enum offload_kind kind = OFFLOAD_HOSTS; kind < OFFLOAD_KINDS; kind++) {
		if (!offload_ranges_of(a, kind) != !offload_ranges_of(b, kind) ||
		    offload_is_map_replaced(a, b, kind))
			return false;
	}
	return true;
}

static void note_difference(void *userdata, const struct offload_range *range)
{
	bool *differ = userdata;

	(void)range;
	*differ = true;
}

static struct offload_view view_of(const struct offload_plan *plan)
{
	struct offload_view view = { .plan = plan };

	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
		view.orders[family] = offload_order_of(plan, family);
	return view;
}

static bool keeps_rules(const struct offload_view *before, const struct offload_view *after)
{
	const struct offload_plan *from = before->plan, *to = after->plan;
	bool differ = from->count != to->count;

	for (size_t i = 0; i < from->count && !differ; i++)
		differ = !same_shape(&from->links[i], &to->links[i]);
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT && !differ; family++) {
		differ = from->low_mss[family] != to->low_mss[family] ||
			 !offload_order_equal(&before->orders[family], &after->orders[family]);
		offload_ranges_missing(&from->queued[family], &to->queued[family],
				       note_difference, &differ);
		offload_ranges_missing(&to->queued[family], &from->queued[family],
				       note_difference, &differ);
	}
	return !differ;
}

bool offload_keeps_rules(const struct offload_plan *from, const struct offload_plan *to)
{
	struct offload_view before = view_of(from), after = view_of(to);

	return keeps_rules(&before, &after);
}

/* The rules that depend on the plan. */
static void write_plan_rules(const struct offload_view *view, FILE *out)
{
	offload_write_link_chains(view, out);
	offload_write_dispatchers(NULL, view, out);
}

void offload_write_rules(const struct offload_frame *frame, const struct offload_plan *plan,
			 FILE *out)
{
	struct offload_view view = view_of(plan);

	write_queue_chain(frame, out);
	fputs("add rule " TABLE OFFLOAD_PREFIX "host counter accept\n", out);
	write_plan_rules(&view, out);
	offload_write_syn_chains(out);
}

static void write_all(const struct offload_frame *frame, const struct offload_plan *plan, FILE *out)
{
	struct offload_view view = view_of(plan);

	fputs("add table " TABLE "\n", out);
	write_fixed_chains("add", out);
	offload_write_each_chain("add", &view, out);
	for (size_t i = 0; i < plan->count; i++)
		offload_write_maps(NULL, &plan->links[i], out);
	offload_write_rules(frame, plan, out);
}

/* All rules that depend on the plan are written anew, or elements alone change: within one
 * transaction no SYN sees less. */
static void write_change(const struct offload_plan *from, const struct offload_plan *to, FILE *out)
{
	struct offload_view before = view_of(from), after = view_of(to);
	bool rewrite = !keeps_rules(&before, &after);

	if (rewrite) {
		offload_write_dispatchers("flush", &after, out);
		offload_write_each_chain("flush", &before, out);
	}
	for (size_t i = 0; i < to->count; i++)
		offload_write_maps(from, &to->links[i], out);
	if (rewrite) {
		offload_write_each_chain("add", &after, out);
		write_plan_rules(&after, out);
		offload_write_unused_chains(&before, &after, out);
	}
	for (size_t i = 0; i < from->count; i++)
		offload_write_unused_maps(to, &from->links[i], out);
}

void offload_write(const struct offload_frame *frame, const struct offload_plan *from,
		   const struct offload_plan *to, FILE *out)
{
	if (from)
		write_change(from, to, out);
	else
		write_all(frame, to, out);
}
