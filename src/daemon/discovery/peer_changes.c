/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/discovery/peer_changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/json.h"
#include "proto/varlink.h"

#define LINES_MAX 20   /* of one look in the log; the events have them all */

/* A peer of one of the sets. */
struct side {
	const struct tunnel_set *set;
	size_t place;
	const char *tunnel; /* what its tunnel is called */
};

struct telling {
	const struct events *events;
	bool wanted; /* somebody listens */
	size_t lines;
	uint64_t falls; /* of path MTUs */
};

static struct side side_of(const struct tunnel_set *set, size_t place)
{
	return (struct side){ set, place, tunnel_set_peer_tunnel(set, set->peers[place]) };
}

static const struct peer *peer_of(const struct side *side)
{
	return side->set->peers[side->place];
}

static const struct tunnel_limit *limit_of(const struct side *side)
{
	return &side->set->limits[side->place];
}

/* By tunnel, then id; whoever stands for strangers has no id and is left out before. */
static int compare_sides(const void *a, const void *b)
{
	const struct side *x = a, *y = b;
	int order = strcmp(x->tunnel, y->tunnel);

	return order ? order : strcmp(peer_of(x)->id, peer_of(y)->id);
}

static const char *endpoint_text(const struct peer *peer, char text[ENDPOINT_TEXT_MAX])
{
	if (!peer->has_endpoint)
		return NULL;
	return endpoint_format(&peer->way.destination, peer->endpoint_port, text);
}

static json_t *side_json(const struct side *side)
{
	const struct tunnel_limit *limit = limit_of(side);
	char text[ENDPOINT_TEXT_MAX];

	return json_pack("{s:o, s:s?, s:o, s:s?, s:o}", "name",
			 varlink_string_or_null(peer_of(side)->name),
			 "endpoint", endpoint_text(peer_of(side), text),
			 "path_mtu_bytes", json_bytes(limit->outer_mtu), "path_source",
			 path_source_name(limit->source), "inner_mtu_bytes",
			 json_bytes(limit->inner_mtu));
}

/* One change. The log gets the first few of a look, listeners get all. */
static void tell(struct telling *telling, const char *name, const struct side *old,
		 const struct side *new)
{
	const struct side *any = new ? new : old;
	int priority = telling->lines++ < LINES_MAX ? LOG_INFO : 0;

	if (priority == 0 && !telling->wanted)
		return;
	events_emit(telling->events, &(struct event){
		.name = name,
		.tunnel = any->tunnel,
		.peer = peer_of(any)->id,
		.old = old ? side_json(old) : NULL,
		.new = new ? side_json(new) : NULL,
		.priority = priority,
	});
}

static bool has_moved(const struct peer *was, const struct peer *is)
{
	if (was->has_endpoint != is->has_endpoint)
		return true;
	return is->has_endpoint &&
	       (was->endpoint_port != is->endpoint_port ||
		!address_equal(&was->way.destination, &is->way.destination));
}

/* What was not known before has not fallen. */
static bool has_fallen(const struct side *old, const struct side *new)
{
	uint32_t was = limit_of(old)->outer_mtu, is = limit_of(new)->outer_mtu;

	return is != 0 && is < was;
}

static void compare(struct telling *telling, const struct side *old, const struct side *new)
{
	telling->falls += has_fallen(old, new);
	if (has_moved(peer_of(old), peer_of(new)) ||
	    limit_of(old)->outer_mtu != limit_of(new)->outer_mtu ||
	    limit_of(old)->inner_mtu != limit_of(new)->inner_mtu)
		tell(telling, "peer_changed", old, new);
}

/* Peers of a set, from first to before end. */
struct stretch {
	const struct tunnel_set *set;
	size_t first, end;
};

/* Those with an id, in order. Owned, or NULL. */
static struct side *sort_peers(const struct stretch *stretch, size_t *ret_count)
{
	struct side *sides = calloc(stretch->end - stretch->first + 1, sizeof(*sides));

	*ret_count = 0;
	for (size_t i = stretch->first; sides && i < stretch->end; i++) {
		if (stretch->set->peers[i]->id)
			sides[(*ret_count)++] = side_of(stretch->set, i);
	}
	if (sides && *ret_count > 0)
		qsort(sides, *ret_count, sizeof(*sides), compare_sides);
	return sides;
}

static void merge(struct telling *telling, const struct side *old, size_t old_count,
		  const struct side *new, size_t new_count)
{
	size_t i = 0, k = 0;

	while (i < old_count || k < new_count) {
		int order = i == old_count ? 1 : k == new_count ? -1 :
					     compare_sides(&old[i], &new[k]);

		if (order < 0)
			tell(telling, "peer_removed", &old[i++], NULL);
		else if (order > 0)
			tell(telling, "peer_added", NULL, &new[k++]);
		else
			compare(telling, &old[i++], &new[k++]);
	}
}

static void compare_sorted(struct telling *telling, const struct stretch *old,
			   const struct stretch *new)
{
	size_t was_count, is_count;
	struct side *was = sort_peers(old, &was_count);
	struct side *is = sort_peers(new, &is_count);

	if (was && is)
		merge(telling, was, was_count, is, is_count);
	free(was);
	free(is);
}

/* Whether both are one peer of one tunnel, or both stand for strangers: then there is nothing to
 * tell of who came and went. */
static bool is_same(const struct tunnel_set *old, size_t was, const struct tunnel_set *new,
		    size_t is)
{
	const struct peer *a = old->peers[was], *b = new->peers[is];

	if (!a->id || !b->id)
		return a->id == b->id;
	return strcmp(a->id, b->id) == 0 && strcmp(tunnel_set_peer_tunnel(old, a),
						   tunnel_set_peer_tunnel(new, b)) == 0;
}

static void compare_places(struct telling *telling, const struct tunnel_set *old, size_t was,
			   const struct tunnel_set *new, size_t is)
{
	const struct side left = side_of(old, was), right = side_of(new, is);

	if (new->peers[is]->id)
		compare(telling, &left, &right);
}

/* Readers tell peers in the same order again and again: from both ends most find themselves, and
 * what is left between is sorted. */
static void compare_sets(struct telling *telling, const struct tunnel_set *old,
			 const struct tunnel_set *new)
{
	struct stretch was = { old, 0, old->peer_count }, is = { new, 0, new->peer_count };

	while (was.first < was.end && is.first < is.end &&
	       is_same(old, was.first, new, is.first))
		compare_places(telling, old, was.first++, new, is.first++);
	while (was.first < was.end && is.first < is.end &&
	       is_same(old, was.end - 1, new, is.end - 1))
		compare_places(telling, old, --was.end, new, --is.end);
	compare_sorted(telling, &was, &is);
}

uint64_t peer_changes_tell(const struct tunnel_set *old, const struct tunnel_set *new,
			   const struct events *events)
{
	struct telling telling = { .events = events, .wanted = events_wanted(events) };

	if (!old)
		return 0;
	compare_sets(&telling, old, new);
	if (telling.lines > LINES_MAX)
		log_info("and %zu more changes of peers", telling.lines - LINES_MAX);
	return telling.falls;
}
