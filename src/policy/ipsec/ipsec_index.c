/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The states stand sorted by what a template asks for; equal ones in the order in which the kernel
 * would take them, so that the first that fits is the one. A look-up is two binary searches. */
#include "policy/ipsec/ipsec_index.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/search.h"

/* What states are sorted by; depth says how much of it is asked for. */
enum depth { DEPTH_KIND, DEPTH_DESTINATION, DEPTH_SOURCE };

struct key {
	uint32_t reqid;
	uint8_t protocol;
	enum ipsec_mode mode;
	enum family family;
	const uint8_t *destination, *source;
};

static struct key key_of_state(const struct ipsec_state *state)
{
	return (struct key){ state->reqid, state->protocol, state->mode,
			     state->destination.family, state->destination.bytes,
			     state->source.bytes };
}

static int compare_keys(const struct key *a, const struct key *b, enum depth depth)
{
	int order = array_order(a->reqid, b->reqid);

	if (order == 0)
		order = array_order(a->protocol, b->protocol);
	if (order == 0)
		order = array_order(a->mode, b->mode);
	if (order == 0)
		order = array_order(a->family, b->family);
	if (order == 0 && depth >= DEPTH_DESTINATION)
		order = memcmp(a->destination, b->destination, ADDRESS_MAX);
	if (order == 0 && depth >= DEPTH_SOURCE)
		order = memcmp(a->source, b->source, ADDRESS_MAX);
	return order;
}

/* Which of two that fit the kernel takes (xfrm_state_look_at): one that is not dying, then the
 * newer one, then the one it finds first, which is that of the earlier place in the dump. */
static int compare_preference(const struct ipsec_state *a, const struct ipsec_state *b)
{
	if (a->dying != b->dying)
		return a->dying ? 1 : -1;
	if (a->add_time != b->add_time)
		return a->add_time > b->add_time ? -1 : 1;
	return array_order((uintptr_t)a, (uintptr_t)b); /* of one array */
}

static int compare_states(const void *left, const void *right)
{
	const struct ipsec_state *a = *(const struct ipsec_state *const *)left;
	const struct ipsec_state *b = *(const struct ipsec_state *const *)right;
	struct key key_a = key_of_state(a), key_b = key_of_state(b);
	int order = compare_keys(&key_a, &key_b, DEPTH_SOURCE);

	return order != 0 ? order : compare_preference(a, b);
}

int ipsec_index_build(const struct ipsec_state_list *states, struct ipsec_index *ret_index)
{
	struct ipsec_index index = { .count = states->count, .sticky = states->sticky };

	if (index.count > 0) {
		index.sorted = calloc(index.count, sizeof(struct ipsec_state *));
		if (!index.sorted)
			return -ENOMEM;
		for (size_t i = 0; i < index.count; i++)
			index.sorted[i] = &states->list[i];
		qsort(index.sorted, index.count, sizeof(struct ipsec_state *), compare_states);
	}
	*ret_index = index;
	return 0;
}

void ipsec_index_done(struct ipsec_index *index)
{
	free(index->sorted);
	*index = (struct ipsec_index){ 0 };
}

static bool is_before(const struct ipsec_state *state, const struct key *key, enum depth depth)
{
	struct key here = key_of_state(state);

	return compare_keys(&here, key, depth) < 0;
}

/* The first place that is not before the key. */
static size_t find_place(const struct ipsec_index *index, const struct key *key, enum depth depth)
{
	size_t low;

	SEARCH_FIRST(low, index->count, i, is_before(index->sorted[i], key, depth));
	return low;
}

/* Whether the state at a place (which may be behind the last) has that key. Most keys have one
 * or two states: looking at the next costs less than finding the end. */
static bool has_key(const struct ipsec_index *index, size_t place, const struct key *key,
		    enum depth depth)
{
	struct key here;

	if (place >= index->count)
		return false;
	here = key_of_state(index->sorted[place]);
	return compare_keys(&here, key, depth) == 0;
}

static bool prefixes_meet(const struct prefix *a, const struct prefix *b)
{
	if (a->address.family != b->address.family)
		return false;
	return a->length <= b->length ? prefix_contains(a, b->address.bytes) :
					prefix_contains(b, a->address.bytes);
}

static bool ports_meet(uint16_t a, uint16_t a_mask, uint16_t b, uint16_t b_mask)
{
	return ((a ^ b) & a_mask & b_mask) == 0;
}

bool ipsec_selectors_meet(const struct ipsec_selector *a, const struct ipsec_selector *b)
{
	return prefixes_meet(&a->local, &b->local) && prefixes_meet(&a->remote, &b->remote) &&
	       (a->protocol == 0 || b->protocol == 0 || a->protocol == b->protocol) &&
	       ports_meet(a->local_port, a->local_port_mask, b->local_port, b->local_port_mask) &&
	       ports_meet(a->remote_port, a->remote_port_mask, b->remote_port,
			  b->remote_port_mask) &&
	       (a->ifindex == 0 || b->ifindex == 0 || a->ifindex == b->ifindex);
}

/* What the key leaves open of the kernel's conditions. */
static bool fits(const struct ipsec_state *state, const struct ipsec_wish *wish)
{
	const struct ipsec_policy *policy = wish->policy;
	uint32_t mark = policy->mark.value & policy->mark.mask;

	if (state->inbound || (wish->used && !state->used) || state->if_id != policy->if_id ||
	    (mark & state->mark.mask) != state->mark.value)
		return false;
	if (wish->template->spi != 0 && wish->template->spi != state->spi)
		return false;
	if (!wish->has_destination &&
	    (policy->selector.remote.address.family != state->destination.family ||
	     !prefix_contains(&policy->selector.remote, state->destination.bytes)))
		return false;
	return !state->has_selector ||
	       ipsec_selectors_meet(&state->selector, &policy->selector);
}

/* The first that fits of one stretch; where the stretch has several keys, the best of all. */
static const struct ipsec_state *find_best(const struct ipsec_index *index, const struct key *key,
					   enum depth depth, const struct ipsec_wish *wish)
{
	const struct ipsec_state *best = NULL;

	for (size_t i = find_place(index, key, depth); has_key(index, i, key, depth); i++) {
		const struct ipsec_state *state = index->sorted[i];

		if (!fits(state, wish) || (best && compare_preference(best, state) <= 0))
			continue;
		best = state;
		if (depth == DEPTH_SOURCE)
			break;
	}
	return best;
}

const struct ipsec_state *ipsec_index_find(const struct ipsec_index *index,
					   const struct ipsec_wish *wish)
{
	static const uint8_t any[ADDRESS_MAX];
	const struct ipsec_template *template = wish->template;
	struct key key = { template->reqid, template->protocol, template->mode, wish->family,
			   wish->destination.bytes, wish->source.bytes };
	const struct ipsec_state *state;

	if (!wish->has_destination)
		return find_best(index, &key, DEPTH_KIND, wish);
	if (!wish->has_source)
		return find_best(index, &key, DEPTH_DESTINATION, wish);
	/* The kernel looks for the exact source first. Where its hash has both in one place it
	 * takes the newer; who sets up states for any source beside others cannot expect more. */
	state = find_best(index, &key, DEPTH_SOURCE, wish);
	if (state)
		return state;
	key.source = any;
	return find_best(index, &key, DEPTH_SOURCE, wish);
}

/* Whether a state for the way back serves packets of the policy, seen from the far end. */
static bool fits_back(const struct ipsec_state *state, const struct ipsec_wish *wish)
{
	const struct ipsec_selector *selector = &wish->policy->selector;
	struct ipsec_selector back = { .local = selector->remote, .remote = selector->local };

	return !state->has_selector || ipsec_selectors_meet(&state->selector, &back);
}

size_t ipsec_index_find_back(const struct ipsec_index *index, const struct ipsec_wish *wish,
			     const struct ipsec_state **ret_states, size_t max)
{
	const struct ipsec_template *template = wish->template;
	struct key key = { template->reqid, template->protocol, template->mode, wish->family,
			   wish->source.bytes, wish->destination.bytes };
	size_t count = 0;

	if (!wish->has_source || !wish->has_destination)
		return 0;
	for (size_t i = find_place(index, &key, DEPTH_SOURCE);
	     count < max && has_key(index, i, &key, DEPTH_SOURCE); i++) {
		if (fits_back(index->sorted[i], wish))
			ret_states[count++] = index->sorted[i];
	}
	return count;
}
