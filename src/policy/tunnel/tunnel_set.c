/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/tunnel/tunnel_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/search.h"
#include "policy/tunnel/tunnel_resolve.h"

const char *path_confidence_name(enum path_confidence confidence)
{
	static const char *const names[] = {
		[CONFIDENCE_ASSUMED] = "assumed",
		[CONFIDENCE_HINT] = "hint",
		[CONFIDENCE_MEASURED] = "measured",
	};

	return names[confidence];
}

const struct link *tunnel_set_find_link(const struct tunnel_set *set, uint32_t ifindex,
					size_t *ret_place)
{
	size_t low;

	SEARCH_FIRST(low, set->link_count, i, set->links[i].ifindex < ifindex);
	if (low == set->link_count || set->links[low].ifindex != ifindex)
		return NULL;
	if (ret_place)
		*ret_place = low;
	return &set->links[low];
}

static int compare_links(const void *a, const void *b)
{
	uint32_t x = ((const struct link *)a)->ifindex, y = ((const struct link *)b)->ifindex;

	return array_order(x, y);
}

static int compare_hints(const void *a, const void *b)
{
	const struct path_hint *x = a, *y = b;

	return address_compare(&x->destination, &y->destination);
}

/* A copy with room for at least one element; NULL where memory runs out. */
static void *copy_array(const void *from, size_t count, size_t size)
{
	void *copy = calloc(count + 1, size);

	if (copy && count)
		memcpy(copy, from, count * size);
	return copy;
}

static int copy_overrides(struct tunnel_set_private *private,
			  const struct tunnel_set_input *input)
{
	private->overrides = calloc(input->override_count + 1, sizeof(*private->overrides));
	if (!private->overrides)
		return -ENOMEM;
	for (size_t i = 0; i < input->override_count; i++) {
		struct tunnel_override *copy = &private->overrides[i];

		*copy = input->overrides[i];
		copy->match = strdup(input->overrides[i].match);
		copy->over = copy->over ? strdup(copy->over) : NULL;
		private->override_count++;
		if (!copy->match || (input->overrides[i].over && !copy->over))
			return -ENOMEM;
	}
	return 0;
}

static int take_lists(struct tunnel_set *set, const struct tunnel_set_input *input)
{
	size_t count = 0;

	set->lists = calloc(input->list_count + 1, sizeof(struct peer_list *));
	if (!set->lists)
		return -ENOMEM;
	for (size_t i = 0; i < input->list_count; i++) {
		set->lists[set->list_count++] = peer_list_ref(input->lists[i]);
		count += input->lists[i]->count;
	}
	set->peers = calloc(count + 1, sizeof(const struct peer *));
	set->limits = calloc(count + 1, sizeof(*set->limits));
	if (!set->peers || !set->limits)
		return -ENOMEM;
	for (size_t i = 0; i < set->list_count; i++) {
		for (size_t k = 0; k < set->lists[i]->count; k++)
			set->peers[set->peer_count++] = &set->lists[i]->list[k];
	}
	return 0;
}

/* Groups the peers by their link, in the order in which they came: a counting sort. */
static int group_peers(struct tunnel_set *set)
{
	struct tunnel_set_private *private = set->private;
	size_t *next, place;

	private->peers_by_link = calloc(set->peer_count + 1, sizeof(*private->peers_by_link));
	private->first_by_link = calloc(set->link_count + 2, sizeof(*private->first_by_link));
	next = calloc(set->link_count + 1, sizeof(*next));
	if (!private->peers_by_link || !private->first_by_link || !next) {
		free(next);
		return -ENOMEM;
	}
	for (size_t i = 0; i < set->peer_count; i++) {
		if (tunnel_set_find_link(set, set->peers[i]->ifindex, &place))
			private->first_by_link[place + 1]++;
	}
	for (size_t i = 0; i < set->link_count; i++) {
		private->first_by_link[i + 1] += private->first_by_link[i];
		next[i] = private->first_by_link[i];
	}
	for (size_t i = 0; i < set->peer_count; i++) {
		if (tunnel_set_find_link(set, set->peers[i]->ifindex, &place))
			private->peers_by_link[next[place]++] = (uint32_t)i;
	}
	free(next);
	return 0;
}

static int allocate(struct tunnel_set *set, const struct tunnel_set_input *input)
{
	struct tunnel_set_private *private = calloc(1, sizeof(*private));
	int r;

	set->private = private;
	if (!private)
		return -ENOMEM;
	set->links = copy_array(input->links, input->link_count, sizeof(*set->links));
	set->link_count = input->link_count;
	set->link_limits = calloc(input->link_count + 1, sizeof(*set->link_limits));
	private->hints = copy_array(input->hints, input->hint_count, sizeof(*private->hints));
	private->hint_count = input->hint_count;
	private->hint_floor = input->hint_floor;
	private->hints_need_probe = input->hints_need_probe;
	private->measures = input->measures;
	private->measure_count = input->measure_count;
	private->find_way = input->find_way;
	private->userdata = input->userdata;
	r = take_lists(set, input);
	if (r == 0)
		r = copy_overrides(private, input);
	if (r < 0)
		return r;
	private->peer_ways = calloc(set->peer_count + 1, sizeof(*private->peer_ways));
	private->link_ways = calloc(set->link_count + 1, sizeof(*private->link_ways));
	private->peer_times = calloc(set->peer_count + 1, sizeof(*private->peer_times));
	private->link_times = calloc(set->link_count + 1, sizeof(*private->link_times));
	private->lpms = calloc(set->link_count + 1, sizeof(*private->lpms));
	if (!set->links || !set->link_limits || !private->hints || !private->peer_ways ||
	    !private->link_ways || !private->peer_times || !private->link_times || !private->lpms)
		return -ENOMEM;
	qsort(set->links, set->link_count, sizeof(*set->links), compare_links);
	qsort(private->hints, private->hint_count, sizeof(*private->hints), compare_hints);
	return group_peers(set);
}

/* By prefix, of equal ones by the place of the peer: qsort alone keeps no order. */
static int compare_entries(const void *a, const void *b)
{
	const struct lpm_entry *x = a, *y = b;
	int order = prefix_compare(&x->prefix, &y->prefix);

	return order ? order : (x->value > y->value) - (x->value < y->value);
}

/* The prefixes of one link's peers, each once: of equal ones the first peer's. */
static int build_lpm(struct tunnel_set *set, size_t link, enum family family)
{
	const struct tunnel_set_private *private = set->private;
	size_t begin = private->first_by_link[link], end = private->first_by_link[link + 1];
	size_t count = 0, kept = 0;
	struct lpm_entry *entries;
	int r;

	for (size_t i = begin; i < end; i++)
		count += set->peers[private->peers_by_link[i]]->allowed_count;
	entries = calloc(count + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	count = 0;
	for (size_t i = begin; i < end; i++) {
		const struct peer *peer = set->peers[private->peers_by_link[i]];

		for (size_t k = 0; k < peer->allowed_count; k++) {
			if (peer->allowed[k].address.family == family)
				entries[count++] = (struct lpm_entry){ peer->allowed[k],
								       private->peers_by_link[i] };
		}
	}
	qsort(entries, count, sizeof(*entries), compare_entries);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || prefix_compare(&entries[kept - 1].prefix, &entries[i].prefix) != 0)
			entries[kept++] = entries[i];
	}
	r = lpm_build(family, entries, kept, NULL, NULL, &private->lpms[link].lpm[family]);
	free(entries);
	return r;
}

uint32_t tunnel_find_peer(struct tunnel_set *set, size_t link, enum family family,
			  const uint8_t *address)
{
	struct tunnel_set_private *private = set->private;
	struct tunnel_lpm *lpm = &private->lpms[link];

	if (private->first_by_link[link] == private->first_by_link[link + 1])
		return PEER_NONE;
	if (!lpm->built) {
		lpm->built = true;
		if (build_lpm(set, link, FAMILY_IPV4) < 0 || build_lpm(set, link, FAMILY_IPV6) < 0)
			private->error = -ENOMEM;
	}
	return lpm_lookup(lpm->lpm[family], address);
}

int tunnel_set_build(const struct tunnel_set_input *input, struct tunnel_set **ret_set)
{
	struct tunnel_set *set = calloc(1, sizeof(*set));
	int r;

	if (!set)
		return -ENOMEM;
	r = allocate(set, input);
	if (r == 0)
		r = selector_table_build(set->peers, set->peer_count, &set->selectors);
	for (size_t i = 0; r == 0 && i < set->link_count; i++)
		tunnel_resolve_link(set, i, NULL);
	for (size_t i = 0; r == 0 && i < set->peer_count; i++)
		tunnel_resolve_peer(set, i, NULL);
	if (r == 0)
		r = set->private->error;
	if (r < 0) {
		tunnel_set_free(set);
		return r;
	}
	set->private->find_way = NULL;
	set->private->measures = NULL;
	set->private->measure_count = 0;
	*ret_set = set;
	return 0;
}

static void free_private(struct tunnel_set *set)
{
	struct tunnel_set_private *private = set->private;

	if (!private)
		return;
	for (size_t i = 0; i < private->override_count; i++) {
		free((char *)(uintptr_t)private->overrides[i].match);
		free((char *)(uintptr_t)private->overrides[i].over);
	}
	for (size_t i = 0; private->lpms && i < set->link_count; i++) {
		lpm_free(private->lpms[i].lpm[FAMILY_IPV4]);
		lpm_free(private->lpms[i].lpm[FAMILY_IPV6]);
	}
	while (private->strangers) {
		struct stranger_ways *next = private->strangers->next;

		free(private->strangers);
		private->strangers = next;
	}
	free(private->overrides);
	free(private->hints);
	free(private->peer_ways);
	free(private->link_ways);
	free(private->peer_times);
	free(private->link_times);
	free(private->peers_by_link);
	free(private->first_by_link);
	free(private->lpms);
	free(private);
}

void tunnel_set_free(struct tunnel_set *set)
{
	if (!set)
		return;
	free_private(set);
	selector_table_free(set->selectors);
	for (size_t i = 0; i < set->list_count; i++)
		peer_list_unref(set->lists[i]);
	free(set->lists);
	free(set->peers);
	free(set->limits);
	free(set->links);
	free(set->link_limits);
	free(set);
}

uint32_t tunnel_set_peer_exit(const struct tunnel_set *set, size_t peer)
{
	const struct tunnel_way *way = &set->private->peer_ways[peer];

	return way->known ? way->answer.ifindex : 0;
}

/* Everything outside is resolved and kept, so the way is gone once more for the story alone. */
void tunnel_set_explain_peer(const struct tunnel_set *set, uint32_t peer,
			     struct tunnel_steps *ret_steps)
{
	ret_steps->count = 0;
	tunnel_resolve_peer((struct tunnel_set *)(uintptr_t)set, peer, ret_steps);
}

void tunnel_set_explain_link(const struct tunnel_set *set, size_t link_place,
			     struct tunnel_steps *ret_steps)
{
	ret_steps->count = 0;
	tunnel_resolve_link((struct tunnel_set *)(uintptr_t)set, link_place, ret_steps);
}
