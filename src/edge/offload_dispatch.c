/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a SYN's interfaces to their chains, or at once to the limit. */
#include <stdlib.h>

#include "edge/nft.h"
#include "edge/offload_text.h"

#define TABLE "inet " NFT_TABLE " "

static const char *const side_index[OFFLOAD_SIDES] = { "iif", "oif" };

bool offload_is_flat(const struct offload_plan *plan, enum family family)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct offload_link *link = &plan->links[i];

		if (link->family == family && offload_has_ranges(link))
			return false;
		count += link->family == family;
	}
	return count <= OFFLOAD_FEW;
}

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

static int compare_limits(const void *a, const void *b)
{
	const struct offload_link *const *left = a, *const *right = b;

	return ((*left)->mss > (*right)->mss) - ((*left)->mss < (*right)->mss);
}

static void write_flat_rules(const struct offload_link *link, FILE *out)
{
	for (enum offload_side side = OFFLOAD_IN; side < OFFLOAD_SIDES; side++) {
		write_rule("in", link->family, out);
		fprintf(out, "%s %u ", side_index[side], link->ifindex);
		if (offload_is_known(link)) {
			offload_write_set(link->mss, out);
			fputs("counter accept", out);
		} else {
			fputs("counter goto " OFFLOAD_PREFIX "queue", out);
		}
		fprintf(out, " comment \"%s%u_if%u\"\n", offload_side[side],
			offload_version[link->family], link->ifindex);
	}
}

/* The interface of the smallest limit comes first, so the first that a SYN passes, on whichever
 * side, decides: one edit, and no other chain. */
static void write_flat(const struct offload_plan *plan, enum family family, FILE *out)
{
	const struct offload_link *known[OFFLOAD_FEW];
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct offload_link *link = &plan->links[i];

		if (link->family != family)
			continue;
		if (offload_is_known(link))
			known[count++] = link;
		else
			write_flat_rules(link, out);
	}
	qsort(known, count, sizeof(known[0]), compare_limits);
	for (size_t i = 0; i < count; i++)
		write_flat_rules(known[i], out);
	write_rule("in", family, out);
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

void offload_write_dispatchers(const char *verb, const struct offload_plan *plan, FILE *out)
{
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		for (enum offload_side side = OFFLOAD_IN; side < OFFLOAD_SIDES; side++) {
			if (verb) {
				fprintf(out, "%s chain " TABLE OFFLOAD_PREFIX "%s%u\n", verb,
					offload_side[side], offload_version[family]);
				continue;
			}
			if (side == OFFLOAD_IN)
				write_queued(plan, family, out);
			if (!offload_is_flat(plan, family))
				write_dispatch(plan, side, family, out);
			else if (side == OFFLOAD_IN)
				write_flat(plan, family, out);
		}
	}
}
