/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chains of the interfaces: each lowers to what is known of one, on one side. */
#include "edge/firewall/nft.h"
#include "edge/offload/offload_text.h"

#define TABLE "inet " NFT_TABLE " "

const char *const offload_side[OFFLOAD_SIDES] = { "in", "out" };
const unsigned int offload_version[FAMILY_COUNT] = { [FAMILY_IPV4] = 4, [FAMILY_IPV6] = 6 };

const char *const offload_address_of[FAMILY_COUNT][OFFLOAD_SIDES] = {
	[FAMILY_IPV4] = { "@nh,96,32", "@nh,128,32" },
	[FAMILY_IPV6] = { "@nh,64,128", "@nh,192,128" },
};

bool offload_has_ranges(const struct offload_link *link)
{
	return link->ranges[OFFLOAD_HOSTS].count > 0 || link->ranges[OFFLOAD_NETS].count > 0;
}

bool offload_is_known(const struct offload_link *link)
{
	return link->why == OFFLOAD_KNOWN;
}

void offload_write_chain_name(const struct offload_link *link, enum offload_side side, FILE *out)
{
	fprintf(out, OFFLOAD_PREFIX "%s%u_", offload_side[side], offload_version[link->family]);
	if (offload_has_ranges(link))
		fprintf(out, "if%u", link->ifindex);
	else
		fprintf(out, "mss%u", link->mss);
}

void offload_write_set(uint16_t mss, FILE *out)
{
	if (mss != OFFLOAD_UNLIMITED)
		fprintf(out, "tcp option maxseg size set %u ", mss);
}

static void write_rule_of(const struct offload_link *link, enum offload_side side, FILE *out)
{
	fputs("add rule " TABLE, out);
	offload_write_chain_name(link, side, out);
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
	offload_write_set(link->mss, out);
	fputs("counter ", out);
	write_next(side, link->family, out);
}

static void write_constant_chain(const struct offload_link *link, enum offload_side side, FILE *out)
{
	write_rule_of(link, side, out);
	offload_write_set(link->mss, out);
	if (side == OFFLOAD_OUT)
		fputs("counter ", out);
	write_next(side, link->family, out);
}

static bool share_chain(const struct offload_link *a, const struct offload_link *b)
{
	bool ranges = offload_has_ranges(a);

	if (a->family != b->family || !offload_is_known(a) || ranges != offload_has_ranges(b))
		return false;
	return ranges ? a->ifindex == b->ifindex : a->mss == b->mss;
}

/* Where there is an order one rule lowers to one limit; a map has a chain. */
static bool needs_chain(const struct offload_view *view, const struct offload_link *link)
{
	return offload_is_known(link) &&
	       (offload_has_ranges(link) || !view->orders[link->family].exists);
}

/* Whether one of the first `count` interfaces has the chain of that one. */
static bool has_chain_of(const struct offload_view *view, size_t count,
			 const struct offload_link *link)
{
	if (!needs_chain(view, link))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (share_chain(&view->plan->links[i], link))
			return true;
	}
	return false;
}

/* The next link, from *at on, whose chains no earlier one has; NULL behind the last. */
static const struct offload_link *next_chain(const struct offload_view *view, size_t *at)
{
	while (*at < view->plan->count) {
		const struct offload_link *link = &view->plan->links[(*at)++];

		if (needs_chain(view, link) && !has_chain_of(view, *at - 1, link))
			return link;
	}
	return NULL;
}

static void write_chain_commands(const char *verb, const struct offload_link *link, FILE *out)
{
	for (enum offload_side side = OFFLOAD_IN; side < OFFLOAD_SIDES; side++) {
		fprintf(out, "%s chain " TABLE, verb);
		offload_write_chain_name(link, side, out);
		fputc('\n', out);
	}
}

void offload_write_each_chain(const char *verb, const struct offload_view *view, FILE *out)
{
	const struct offload_link *link;

	for (size_t at = 0; (link = next_chain(view, &at));)
		write_chain_commands(verb, link, out);
}

void offload_write_link_chains(const struct offload_view *view, FILE *out)
{
	const struct offload_link *link;

	for (size_t at = 0; (link = next_chain(view, &at));) {
		for (enum offload_side side = OFFLOAD_IN; side < OFFLOAD_SIDES; side++) {
			if (offload_has_ranges(link))
				write_ranges_chain(link, side, out);
			else
				write_constant_chain(link, side, out);
		}
	}
}

void offload_write_unused_chains(const struct offload_view *from, const struct offload_view *to,
				 FILE *out)
{
	const struct offload_link *link;

	for (size_t at = 0; (link = next_chain(from, &at));) {
		if (!has_chain_of(to, to->plan->count, link))
			write_chain_commands("delete", link, out);
	}
}
