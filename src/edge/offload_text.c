/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/offload_text.h"

#include "edge/nft.h"
#include "edge/per_source.h"

#define TABLE "inet " NFT_TABLE " "

static const char *const side_names[OFFLOAD_SIDES] = { "in", "out" };
static const char *const side_index[OFFLOAD_SIDES] = { "iif", "oif" };
const unsigned int offload_version[FAMILY_COUNT] = { [FAMILY_IPV4] = 4, [FAMILY_IPV6] = 6 };

const char *const offload_address_of[FAMILY_COUNT][OFFLOAD_SIDES] = {
	[FAMILY_IPV4] = { "@nh,96,32", "@nh,128,32" },
	[FAMILY_IPV6] = { "@nh,64,128", "@nh,192,128" },
};

static bool has_ranges(const struct offload_link *link)
{
	return link->ranges[OFFLOAD_HOSTS].count > 0 || link->ranges[OFFLOAD_NETS].count > 0;
}

static bool is_known(const struct offload_link *link)
{
	return link->why == OFFLOAD_KNOWN;
}

/* Interfaces of one limit share a chain; each of the others has its own. */
static void write_chain_name(const struct offload_link *link, enum offload_side side, FILE *out)
{
	fprintf(out, OFFLOAD_PREFIX "%s%u_", side_names[side], offload_version[link->family]);
	if (has_ranges(link))
		fprintf(out, "if%u", link->ifindex);
	else
		fprintf(out, "mss%u", link->mss);
}

static void write_set(uint16_t mss, FILE *out)
{
	if (mss != OFFLOAD_UNLIMITED)
		fprintf(out, "tcp option maxseg size set %u ", mss);
}

static void write_rule(const char *chain, enum family family, FILE *out)
{
	fprintf(out, "add rule " TABLE OFFLOAD_PREFIX "%s%u ", chain, offload_version[family]);
}

static void write_rule_of(const struct offload_link *link, enum offload_side side, FILE *out)
{
	fputs("add rule " TABLE, out);
	write_chain_name(link, side, out);
	fputc(' ', out);
}

/* Where a SYN goes when its side is done. */
static void write_next(enum offload_side side, enum family family, FILE *out)
{
	if (side == OFFLOAD_IN)
		fprintf(out, "goto " OFFLOAD_PREFIX "out%u\n", offload_version[family]);
	else
		fputs("accept\n", out);
}

/* An interface whose addresses differ: hosts, nets, the rest. */
static void write_ranges_chain(const struct offload_link *link, enum offload_side side, FILE *out)
{
	for (enum offload_kind kind = OFFLOAD_HOSTS; kind < OFFLOAD_KINDS; kind++) {
		if (!offload_ranges_of(link, kind))
			continue;
		write_rule_of(link, side, out);
		fprintf(out, "tcp option maxseg size set %s map @",
			offload_address_of[link->family][side]);
		offload_write_map_name(link, kind, out);
		fputs(" counter ", out);
		write_next(side, link->family, out);
	}
	write_rule_of(link, side, out);
	write_set(link->mss, out);
	fputs("counter ", out);
	write_next(side, link->family, out);
}

/* With few interfaces the smaller of two limits is known beforehand: one edit instead of two. */
static void write_pairs(const struct offload_plan *plan, const struct offload_link *in, FILE *out)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct offload_link *link = &plan->links[i];

		if (link->family != in->family || !is_known(link) || has_ranges(link))
			continue;
		write_rule_of(in, OFFLOAD_IN, out);
		fprintf(out, "oif %u ", link->ifindex);
		write_set(link->mss < in->mss ? link->mss : in->mss, out);
		fputs("counter accept\n", out);
	}
	write_rule_of(in, OFFLOAD_IN, out);
	fputs("oif 0 ", out);
	write_set(in->mss, out);
	fputs("counter accept\n", out);
}

static bool are_few(const struct offload_plan *plan)
{
	return plan->count <= OFFLOAD_FEW * FAMILY_COUNT;
}

static void write_constant_chain(const struct offload_plan *plan, const struct offload_link *link,
				 enum offload_side side, FILE *out)
{
	if (side == OFFLOAD_IN && are_few(plan))
		write_pairs(plan, link, out);
	write_rule_of(link, side, out);
	write_set(link->mss, out);
	if (side == OFFLOAD_OUT)
		fputs("counter ", out);
	write_next(side, link->family, out);
}

static bool share_chain(const struct offload_link *a, const struct offload_link *b)
{
	if (a->family != b->family || !is_known(a) || has_ranges(a) != has_ranges(b))
		return false;
	return has_ranges(a) ? a->ifindex == b->ifindex : a->mss == b->mss;
}

/* Whether one of the first `count` interfaces has the chain of that one. */
static bool has_chain_of(const struct offload_plan *plan, size_t count,
			 const struct offload_link *link)
{
	for (size_t i = 0; i < count; i++) {
		if (share_chain(&plan->links[i], link))
			return true;
	}
	return false;
}

/* The next link, from *at on, whose chains no earlier one has; NULL behind the last. */
static const struct offload_link *next_chain(const struct offload_plan *plan, size_t *at)
{
	while (*at < plan->count) {
		const struct offload_link *link = &plan->links[(*at)++];

		if (is_known(link) && !has_chain_of(plan, *at - 1, link))
			return link;
	}
	return NULL;
}

static void write_chain_commands(const char *verb, const struct offload_link *link, FILE *out)
{
	for (enum offload_side side = OFFLOAD_IN; side < OFFLOAD_SIDES; side++) {
		fprintf(out, "%s chain " TABLE, verb);
		write_chain_name(link, side, out);
		fputc('\n', out);
	}
}

static void write_each_chain(const char *verb, const struct offload_plan *plan, FILE *out)
{
	const struct offload_link *link;

	for (size_t at = 0; (link = next_chain(plan, &at));)
		write_chain_commands(verb, link, out);
}

static void write_link_chains(const struct offload_plan *plan, FILE *out)
{
	const struct offload_link *link;

	for (size_t at = 0; (link = next_chain(plan, &at));) {
		for (enum offload_side side = OFFLOAD_IN; side < OFFLOAD_SIDES; side++) {
			if (has_ranges(link))
				write_ranges_chain(link, side, out);
			else
				write_constant_chain(plan, link, side, out);
		}
	}
}

static void write_unused_chains(const struct offload_plan *from, const struct offload_plan *to,
				FILE *out)
{
	const struct offload_link *link;

	for (size_t at = 0; (link = next_chain(from, &at));) {
		if (!has_chain_of(to, to->count, link))
			write_chain_commands("delete", link, out);
	}
}

static void write_goto(const struct offload_link *link, enum offload_side side, FILE *out)
{
	fputs("goto ", out);
	write_chain_name(link, side, out);
}

/* The side that is this host has no limit. */
static void write_goto_host(enum offload_side side, enum family family, FILE *out)
{
	if (side == OFFLOAD_IN)
		fprintf(out, "goto " OFFLOAD_PREFIX "out%u", offload_version[family]);
	else
		fputs("goto " OFFLOAD_PREFIX "host", out);
}

/* From an interface to its chain. Unknown ones fall through. */
static void write_dispatch(const struct offload_plan *plan, enum offload_side side,
			   enum family family, FILE *out)
{
	bool few = are_few(plan);

	write_rule(side_names[side], family, out);
	if (!few)
		fprintf(out, "%s vmap { ", side_index[side]);
	for (size_t i = 0; i < plan->count; i++) {
		const struct offload_link *link = &plan->links[i];

		if (link->family != family || !is_known(link))
			continue;
		fprintf(out, few ? "%s %u " : "%.0s%u : ", side_index[side], link->ifindex);
		write_goto(link, side, out);
		if (few) {
			fputc('\n', out);
			write_rule(side_names[side], family, out);
		} else {
			fputs(", ", out);
		}
	}
	fprintf(out, few ? "%s 0 " : "%.0s0 : ", side_index[side]);
	write_goto_host(side, family, out);
	fputs(few ? "\n" : " }\n", out);
	write_rule(side_names[side], family, out);
	fputs("counter goto " OFFLOAD_PREFIX "queue\n", out);
}

static void write_queued(const struct offload_plan *plan, enum family family, FILE *out)
{
	const struct offload_ranges *ranges = &plan->queued[family];

	if (ranges->count == 0)
		return;
	for (enum offload_side side = OFFLOAD_IN; side < OFFLOAD_SIDES; side++) {
		write_rule("in", family, out);
		fprintf(out, "%s { ", offload_address_of[family][side]);
		for (size_t i = 0; i < ranges->count; i++) {
			fputs(i > 0 ? ", " : "", out);
			offload_write_range(&ranges->list[i], out);
		}
		fputs(" } counter goto " OFFLOAD_PREFIX "queue\n", out);
	}
}

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

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		fprintf(out, "%s chain " TABLE OFFLOAD_PREFIX "%s\n", verb, names[i]);
}

static void write_dispatchers(const char *verb, const struct offload_plan *plan, FILE *out)
{
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		for (enum offload_side side = OFFLOAD_IN; side < OFFLOAD_SIDES; side++) {
			if (verb) {
				fprintf(out, "%s chain " TABLE OFFLOAD_PREFIX "%s%u\n", verb,
					side_names[side], offload_version[family]);
				continue;
			}
			if (side == OFFLOAD_IN)
				write_queued(plan, family, out);
			write_dispatch(plan, side, family, out);
		}
	}
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

/* Whether elements are all that differs. */
static bool same_chains(const struct offload_plan *from, const struct offload_plan *to)
{
	bool differ = from->count != to->count;

	for (size_t i = 0; i < from->count && !differ; i++)
		differ = !same_shape(&from->links[i], &to->links[i]);
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT && !differ; family++) {
		offload_ranges_missing(&from->queued[family], &to->queued[family],
				       note_difference, &differ);
		offload_ranges_missing(&to->queued[family], &from->queued[family],
				       note_difference, &differ);
	}
	return !differ;
}

/* The rules that depend on the plan. */
static void write_plan_rules(const struct offload_plan *plan, FILE *out)
{
	write_link_chains(plan, out);
	write_dispatchers(NULL, plan, out);
}

void offload_write_rules(const struct offload_frame *frame, const struct offload_plan *plan,
			 FILE *out)
{
	write_queue_chain(frame, out);
	fputs("add rule " TABLE OFFLOAD_PREFIX "host counter accept\n", out);
	write_plan_rules(plan, out);
	offload_write_syn_chains(out);
}

static void write_all(const struct offload_frame *frame, const struct offload_plan *plan, FILE *out)
{
	fputs("add table " TABLE "\n", out);
	write_fixed_chains("add", out);
	write_each_chain("add", plan, out);
	for (size_t i = 0; i < plan->count; i++)
		offload_write_maps(NULL, &plan->links[i], out);
	offload_write_rules(frame, plan, out);
}

/* All rules that depend on the plan are written anew, or elements alone change: within one
 * transaction no SYN sees less. */
static void write_change(const struct offload_plan *from, const struct offload_plan *to, FILE *out)
{
	bool rewrite = !same_chains(from, to);

	if (rewrite) {
		write_dispatchers("flush", to, out);
		write_each_chain("flush", from, out);
	}
	for (size_t i = 0; i < to->count; i++)
		offload_write_maps(from, &to->links[i], out);
	if (rewrite) {
		write_each_chain("add", to, out);
		write_plan_rules(to, out);
		write_unused_chains(from, to, out);
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
