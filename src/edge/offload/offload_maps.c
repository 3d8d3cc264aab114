/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The maps of a plan, and their elements, in nft's language. */
#include "edge/firewall/nft.h"
#include "edge/offload/offload.h"
#include "edge/offload/offload_text.h"

#define TABLE "inet " NFT_TABLE " "

static const char *const kind_names[OFFLOAD_KINDS] = { "hosts", "nets" };

void offload_write_map_name(const struct offload_link *link, enum offload_kind kind, FILE *out)
{
	fprintf(out, OFFLOAD_PREFIX "%s%u_if%u", kind_names[kind], offload_version[link->family],
		link->ifindex);
}

static void write_address(const struct address *address, FILE *out)
{
	fputs("0x", out);
	for (unsigned int i = 0; i < address_bytes(address->family); i++)
		fprintf(out, "%02x", address->bytes[i]);
}

void offload_write_range(const struct offload_range *range, FILE *out)
{
	write_address(&range->first, out);
	if (!address_equal(&range->first, &range->last)) {
		fputc('-', out);
		write_address(&range->last, out);
	}
}

/* One command for all elements of a map that come or go. */
struct elements {
	FILE *out;
	const struct offload_link *link;
	enum offload_kind kind;
	const char *verb;
	bool begun;
};

static void write_element(void *userdata, const struct offload_range *range)
{
	struct elements *elements = userdata;

	if (!elements->begun) {
		fprintf(elements->out, "%s element " TABLE, elements->verb);
		offload_write_map_name(elements->link, elements->kind, elements->out);
	}
	fputs(elements->begun ? ", " : " { ", elements->out);
	offload_write_range(range, elements->out);
	fprintf(elements->out, " : %u", range->mss);
	elements->begun = true;
}

/* What `from` has and `to` has not. */
static void write_elements(const char *verb, const struct offload_link *link,
			   enum offload_kind kind, const struct offload_ranges *from,
			   const struct offload_ranges *to, FILE *out)
{
	struct elements elements = { .out = out, .link = link, .kind = kind, .verb = verb };

	offload_ranges_missing(from, to, write_element, &elements);
	if (elements.begun)
		fputs(" }\n", out);
}

const struct offload_ranges *offload_ranges_of(const struct offload_link *link,
					      enum offload_kind kind)
{
	return link && link->ranges[kind].count > 0 ? &link->ranges[kind] : NULL;
}

static void count_range(void *userdata, const struct offload_range *range)
{
	size_t *count = userdata;

	(void)range;
	++*count;
}

bool offload_is_map_replaced(const struct offload_link *from, const struct offload_link *to,
			     enum offload_kind kind)
{
	const struct offload_ranges *before = offload_ranges_of(from, kind);
	const struct offload_ranges *now = offload_ranges_of(to, kind);
	size_t changes = 0;

	if (kind != OFFLOAD_NETS || !before || !now)
		return false;
	offload_ranges_missing(before, now, count_range, &changes);
	offload_ranges_missing(now, before, count_range, &changes);
	return changes > OFFLOAD_NET_CHANGES_MAX;
}

static void write_delete_map(const struct offload_link *link, enum offload_kind kind, FILE *out)
{
	fputs("delete map " TABLE, out);
	offload_write_map_name(link, kind, out);
	fputc('\n', out);
}

void offload_write_maps(const struct offload_plan *from, const struct offload_link *link,
		       FILE *out)
{
	const struct offload_link *old =
		from ? offload_plan_find(from, link->ifindex, link->family) : NULL;

	for (enum offload_kind kind = OFFLOAD_HOSTS; kind < OFFLOAD_KINDS; kind++) {
		const struct offload_ranges *before = offload_ranges_of(old, kind);
		const struct offload_ranges *now = offload_ranges_of(link, kind);

		if (!now)
			continue;
		if (offload_is_map_replaced(old, link, kind)) {
			write_delete_map(old, kind, out);
			before = NULL;
		}
		if (!before) {
			fputs("add map " TABLE, out);
			offload_write_map_name(link, kind, out);
			fprintf(out, " { typeof %s : tcp option maxseg size;%s }\n",
				offload_address_of[link->family][OFFLOAD_IN],
				kind == OFFLOAD_NETS ? " flags interval;" : "");
		}
		write_elements("delete", link, kind, before, now, out);
		write_elements("add", link, kind, now, before, out);
	}
}

void offload_write_unused_maps(const struct offload_plan *to, const struct offload_link *link,
			      FILE *out)
{
	const struct offload_link *new = offload_plan_find(to, link->ifindex, link->family);

	for (enum offload_kind kind = OFFLOAD_HOSTS; kind < OFFLOAD_KINDS; kind++) {
		if (!offload_ranges_of(link, kind) || offload_ranges_of(new, kind))
			continue;
		write_delete_map(link, kind, out);
	}
}

size_t offload_count_elements(const struct offload_plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++) {
		for (enum offload_kind kind = OFFLOAD_HOSTS; kind < OFFLOAD_KINDS; kind++)
			count += plan->links[i].ranges[kind].count;
	}
	return count;
}
