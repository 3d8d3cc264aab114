/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses behind a far end that answer for it. */
#include <stdlib.h>

#include "base/search.h"
#include "policy/probe/probe_ends.h"

static void add_inside(struct probe_target *target, const struct probe_inside *inside)
{
	for (size_t i = 0; i < target->inside_count; i++) {
		if (address_equal(&target->inside[i].address, &inside->address))
			return;
	}
	if (target->inside_count < PROBE_INSIDE_MAX)
		target->inside[target->inside_count++] = *inside;
}

/* The way to an address behind the far end. Returns false where nobody can be asked. */
static bool ask_inside(const struct probe_target_input *input, const struct probe_end *end,
		       const struct address *address, struct path_answer *ret_answer)
{
	const struct path_question question = {
		.destination = *address,
		.oif = end->link ? end->link->ifindex : 0,
	};

	return input->find_way && input->find_way(input->userdata, &question, ret_answer);
}

/* What a policy covers has to come from its own side, and no policy of a smaller priority may take
 * it. */
static bool has_source_for(const struct tunnel_set *set, const struct probe_end *end,
			   const struct address *address, const struct path_answer *answer)
{
	const struct prefix *local = &end->peer->local;
	const struct selector_question question = {
		.family = address->family,
		.remote = address->bytes,
		.local = answer->source.bytes,
	};

	if (!answer->has_source || local->address.family != answer->source.family ||
	    !prefix_contains(local, answer->source.bytes))
		return false;
	return !end->peer->selector || selector_find(set->selectors, &question) == end->place;
}

/* It would answer whatever the path carries. */
static bool is_own(const struct probe_target_input *input, const struct address *address)
{
	return input->own_count > 0 && bsearch(address, input->own, input->own_count,
					       sizeof(*input->own), address_compare);
}

static void take_address(const struct probe_target_input *input, const struct probe_end *end,
			 const struct address *address, struct probe_target *target)
{
	struct probe_inside inside = { .address = *address };
	struct path_answer answer = { 0 };

	if (target->inside_count == PROBE_INSIDE_MAX || !end->limit->carries[address->family] ||
	    is_own(input, address))
		return;
	if (end->peer && end->shared) {
		if (!ask_inside(input, end, address, &answer) || answer.local ||
		    !has_source_for(input->set, end, address, &answer))
			return;
		inside.has_source = true;
		inside.source = answer.source;
	}
	add_inside(target, &inside);
}

/* Whether packets to whatever port of whoever is behind it go through. */
static bool takes_probes(const struct peer *peer)
{
	return peer->protocol == 0 && (!peer->selector || !peer->narrow);
}

static void take_allowed(const struct probe_target_input *input, const struct probe_end *end,
			 struct probe_target *target)
{
	const struct peer *peer = end->peer;

	for (size_t i = 0; peer && i < peer->allowed_count; i++) {
		const struct prefix *prefix = &peer->allowed[i];

		if (prefix->length == address_bits(prefix->address.family))
			take_address(input, end, &prefix->address, target);
	}
}

/* The first of that link, or where it would stand. */
static size_t find_neighbour(const struct probe_target_input *input, uint32_t ifindex)
{
	size_t low;

	SEARCH_FIRST(low, input->neighbour_count, i, input->neighbours[i].ifindex < ifindex);
	return low;
}

/* Whoever is at the other end of a link with one far end is that one. */
static void take_neighbours(const struct probe_target_input *input, const struct probe_end *end,
			    struct probe_target *target)
{
	size_t place;

	if (!end->link || !tunnel_set_find_link(input->set, end->link->ifindex, &place) ||
	    probe_end_siblings(input->set, place) > end->alike)
		return;
	for (size_t i = find_neighbour(input, end->link->ifindex);
	     i < input->neighbour_count && input->neighbours[i].ifindex == end->link->ifindex; i++)
		take_address(input, end, &input->neighbours[i].address, target);
}

void probe_end_take_inside(const struct probe_target_input *input, const struct probe_end *end,
			   struct probe_target *target)
{
	if (end->peer && !takes_probes(end->peer))
		return;
	take_allowed(input, end, target);
	take_neighbours(input, end, target);
}
