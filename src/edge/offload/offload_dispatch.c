/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a SYN's interfaces to their chains, or at once to the limit. */
#include "edge/firewall/nft.h"
#include "edge/offload/offload_text.h"

#define TABLE "inet " NFT_TABLE " "

static const char *const side_index[OFFLOAD_SIDES] = { "iif", "oif" };

static void write_rule(const char *chain, enum family family, FILE *out)
{
	fprintf(out, "add rule " TABLE OFFLOAD_PREFIX "%s%u ", chain, offload_version[family]);
}

static void write_goto(const struct offload_link *link, enum offload_side side, FILE *out)
{
	fputs("goto ", out);
	offload_write_chain_name(link, side, out);
}

/* The side that is this host has no limit. */
static void write_goto_host(enum offload_side side, enum family family, FILE *out)
{
	if (side == OFFLOAD_IN)
		fprintf(out, "goto " OFFLOAD_PREFIX "out%u", offload_version[family]);
	else
		fputs("goto " OFFLOAD_PREFIX "host", out);
}

static bool are_few(const struct offload_plan *plan)
{
	return plan->count <= OFFLOAD_FEW * FAMILY_COUNT;
}

/* From an interface to its chain, lo last. Unknown ones fall through. */
static void write_dispatch(const struct offload_plan *plan, enum offload_side side,
			   enum family family, FILE *out)
{
	bool few = are_few(plan);

	write_rule(offload_side[side], family, out);
	if (!few)
		fprintf(out, "%s vmap { ", side_index[side]);
	for (size_t i = plan->count; i-- > 0;) {
		const struct offload_link *link = &plan->links[i];

		if (link->family != family || !offload_is_known(link))
			continue;
		fprintf(out, few ? "%s %u " : "%.0s%u : ", side_index[side], link->ifindex);
		write_goto(link, side, out);
		if (few) {
			fputc('\n', out);
			write_rule(offload_side[side], family, out);
		} else {
			fputs(", ", out);
		}
	}
	fprintf(out, few ? "%s 0 " : "%.0s0 : ", side_index[side]);
	write_goto_host(side, family, out);
	fputs(few ? "\n" : " }\n", out);
	write_rule(offload_side[side], family, out);
	fputs("counter goto " OFFLOAD_PREFIX "queue\n", out);
}

static void write_ordered(const struct offload_link *link, enum offload_side side, FILE *out)
{
	write_rule("in", link->family, out);
	fprintf(out, "%s %u ", side_index[side], link->ifindex);
	if (!offload_is_known(link)) {
		fputs("counter goto " OFFLOAD_PREFIX "queue", out);
	} else if (offload_has_ranges(link)) {
		write_goto(link, side, out);
	} else {
		offload_write_set(link->mss, out);
		fputs("counter accept", out);
	}
	fprintf(out, " comment \"%s%u_if%u\"\n", offload_side[side],
		offload_version[link->family], link->ifindex);
}

/* The interface of the smallest limit comes first, so the first that a SYN passes, on whichever
 * side, decides: one edit, and no other chain. Behind the map of a source that of the destination
 * is asked too, where there is one: both may be hosts of one interface. */
static void write_in_order(const struct offload_plan *plan, const struct offload_order *order,
			   enum family family, FILE *out)
{
	bool has_ranges = false;

	for (size_t i = 0; i < plan->count; i++) {
		const struct offload_link *link = &plan->links[i];

		for (enum offload_side side = OFFLOAD_IN; side < OFFLOAD_SIDES; side++) {
			if (link->family == family && !offload_is_known(link))
				write_ordered(link, side, out);
		}
	}
	for (size_t i = 0; i < order->count; i++) {
		for (enum offload_side side = OFFLOAD_IN; side < OFFLOAD_SIDES; side++)
			write_ordered(order->links[i], side, out);
		if (!offload_has_ranges(order->links[i]))
			continue;
		has_ranges = true;
		write_rule("out", family, out);
		fprintf(out, "oif %u ", order->links[i]->ifindex);
		write_goto(order->links[i], OFFLOAD_OUT, out);
		fputc('\n', out);
	}
	write_rule("in", family, out);
	fputs("counter goto " OFFLOAD_PREFIX "queue\n", out);
	if (has_ranges) {
		write_rule("out", family, out);
		fputs("counter accept\n", out);
	}
}

/* In every layout that comes here the MSS stands in the same place. */
static void write_low_mss(uint16_t below, enum family family, FILE *out)
{
	if (below == 0)
		return;
	write_rule("in", family, out);
	fprintf(out, "@th,176,16 < %u counter goto " OFFLOAD_PREFIX "queue comment "
		"\"low_mss%u\"\n", below, offload_version[family]);
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

static void write_family(const struct offload_view *view, enum family family, FILE *out)
{
	write_low_mss(view->plan->low_mss[family], family, out);
	write_queued(view->plan, family, out);
	if (view->orders[family].exists) {
		write_in_order(view->plan, &view->orders[family], family, out);
		return;
	}
	for (enum offload_side side = OFFLOAD_IN; side < OFFLOAD_SIDES; side++)
		write_dispatch(view->plan, side, family, out);
}

void offload_write_dispatchers(const char *verb, const struct offload_view *view, FILE *out)
{
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		if (!verb) {
			write_family(view, family, out);
			continue;
		}
		for (enum offload_side side = OFFLOAD_IN; side < OFFLOAD_SIDES; side++)
			fprintf(out, "%s chain " TABLE OFFLOAD_PREFIX "%s%u\n", verb,
				offload_side[side], offload_version[family]);
	}
}
