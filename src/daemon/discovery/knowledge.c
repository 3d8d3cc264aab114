/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/discovery/knowledge.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/discovery/hints.h"
#include "proto/varlink.h"

int knowledge_init(struct knowledge *knowledge, sd_event *event,
		   const struct facts_starter *starter, void (*on_peers)(void *userdata),
		   void *userdata)
{
	int r;

	*knowledge = (struct knowledge){ 0 };
	r = nl_open(NETLINK_ROUTE, 0, &knowledge->questions);
	if (r < 0)
		return log_error(r, "rtnetlink: cannot open a socket");
	knowledge->ways = ways_new(knowledge->questions);
	r = knowledge->ways ? discovery_open(event, starter, on_peers, userdata,
					     &knowledge->discovery) :
			      log_error(-ENOMEM, "cannot keep the ways to endpoints");
	if (r < 0)
		knowledge_done(knowledge);
	return r;
}

void knowledge_done(struct knowledge *knowledge)
{
	discovery_close(knowledge->discovery);
	ways_free(knowledge->ways);
	nl_close(knowledge->questions);
	link_list_done(&knowledge->links);
	route_list_done(&knowledge->routes);
	hint_list_done(&knowledge->hints);
	neighbour_list_done(&knowledge->neighbours);
	free(knowledge->own);
	*knowledge = (struct knowledge){ 0 };
}

/* The kernel takes any bytes as a name, JSON takes UTF-8 alone. */
static void make_speakable(char *name)
{
	json_t *string = json_string(name);

	if (!string)
		varlink_make_printable(name);
	json_decref(string);
}

static int look_at_links(struct knowledge *knowledge)
{
	struct link_list links = { 0 };
	int r;

	r = rtnl_dump_links(knowledge->questions, &links);
	if (r < 0)
		return r;
	for (size_t i = 0; i < links.count; i++)
		make_speakable(links.list[i].name);
	link_list_done(&knowledge->links);
	knowledge->links = links;
	discovery_forget(knowledge->discovery);
	return 0;
}

static int look_at_routes(struct knowledge *knowledge)
{
	struct route_list routes = { 0 };
	int r;

	r = rtnl_dump_routes(knowledge->questions, &routes);
	if (r < 0)
		return r;
	route_list_done(&knowledge->routes);
	knowledge->routes = routes;
	return 0;
}

static int look_at_addresses(struct knowledge *knowledge)
{
	struct link_address_list addresses = { 0 };
	struct neighbour_list neighbours = { 0 };
	struct address *own;
	int r;

	r = rtnl_dump_addresses(knowledge->questions, &addresses);
	if (r < 0)
		return r;
	own = rtnl_sort_own(&addresses);
	r = own ? rtnl_find_neighbours(&addresses, own, &neighbours) : -ENOMEM;
	if (r == 0) {
		free(knowledge->own);
		knowledge->own = own;
		knowledge->own_count = addresses.count;
		neighbour_list_done(&knowledge->neighbours);
		knowledge->neighbours = neighbours;
	} else {
		free(own);
	}
	link_address_list_done(&addresses);
	return r;
}

/* Returns 1 where there are other exceptions than before, 0, or -errno. */
static int look_at_hints(struct knowledge *knowledge)
{
	struct hint_list hints = { 0 };
	size_t count;
	struct peer_list *const *lists = discovery_lists(knowledge->discovery, &count);
	bool equal;
	int r;

	r = rtnl_dump_hints(knowledge->questions, &hints);
	if (r == 0)
		r = hints_keep(&hints, lists, count, &knowledge->links);
	if (r < 0) {
		hint_list_done(&hints);
		return r;
	}
	equal = hints_equal(&hints, &knowledge->hints);
	hint_list_done(&knowledge->hints);
	knowledge->hints = hints;
	return !equal;
}

/* What could not be asked for is unknown until the next look. */
static void look_at_ways(struct knowledge *knowledge)
{
	size_t count;
	struct peer_list *const *lists = discovery_lists(knowledge->discovery, &count);

	knowledge->incomplete = false;
	for (size_t i = 0; i < count; i++)
		knowledge->incomplete |= ways_prepare(knowledge->ways, lists[i]) < 0;
}

int knowledge_look(struct knowledge *knowledge, unsigned int stale, const struct config *config)
{
	int changed = (stale & (STALE_KERNEL | STALE_MEASURES)) != 0, r = 0;
	bool peers;

	if (stale & RTNL_CHANGED_LINKS)
		r = look_at_links(knowledge);
	if (r == 0 && stale & (RTNL_CHANGED_LINKS | RTNL_CHANGED_ROUTES))
		r = look_at_routes(knowledge);
	if (r == 0 && stale & (RTNL_CHANGED_LINKS | RTNL_CHANGED_ROUTES))
		r = look_at_addresses(knowledge);
	if (r < 0)
		return r;
	if (stale & STALE_KERNEL)
		ways_forget(knowledge->ways);
	peers = discovery_look(knowledge->discovery, knowledge->links.list, knowledge->links.count,
			       config);
	/* What is kept of them depends on who is there. */
	if (peers || stale & (STALE_HINTS | RTNL_CHANGED_LINKS)) {
		r = look_at_hints(knowledge);
		if (r < 0)
			return r;
	}
	changed |= peers || r > 0;
	if (changed)
		look_at_ways(knowledge);
	return changed;
}
