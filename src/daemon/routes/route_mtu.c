/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/routes/route_mtu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/search.h"
#include "base/text.h"
#include "daemon/routes/route_mtu_diff.h"
#include "daemon/routes/route_mtu_plan.h"

#define REFUSED_LINES 5 /* a time: what is refused is mostly refused for all */

struct route_mtu {
	struct nl *nl;
	bool clean;      /* none of ours is there */
	struct mtu_route_list refused; /* the last time, sorted; no bytes */
	struct log_ratelimit failed_limit, refused_limit;
	size_t in_force; /* as last logged */
};

int route_mtu_open(struct nl *events, struct route_mtu **ret_routes)
{
	struct route_mtu *routes = calloc(1, sizeof(*routes));
	int r;

	if (!routes)
		return log_error(-ENOMEM, "route MTUs");
	r = nl_open(NETLINK_ROUTE, 0, &routes->nl);
	if (r == 0)
		r = nl_ignore(events, routes->nl);
	if (r < 0) {
		nl_close(routes->nl);
		free(routes);
		return log_error(r, "route MTUs: cannot open a socket");
	}
	*ret_routes = routes;
	return 0;
}

bool route_mtu_is_on(const struct config *config)
{
	return config->path.set_route_mtu && config->mode != MODE_AUDIT;
}

static const char *link_name(const struct tunnel_set *set, uint32_t ifindex)
{
	const struct link *link = tunnel_set_find_link(set, ifindex, NULL);

	return link ? link->name : "a link that has gone";
}

static bool was_refused(const struct route_mtu *routes, const struct mtu_route *route)
{
	const struct mtu_route *refused = routes->refused.list;
	size_t low;

	SEARCH_FIRST(low, routes->refused.count, i, mtu_route_compare(&refused[i], route) < 0);
	return low < routes->refused.count && mtu_route_compare(&refused[low], route) == 0;
}

static void say_refused(const struct tunnel_set *set, const struct route_mtu_change *change)
{
	const struct mtu_route *route = change->route;
	char text[PREFIX_TEXT_MAX];

	log_warning("%s: the route of MTU %u bytes to %s in table %u cannot be %s: %s",
		    link_name(set, route->ifindex), route->mtu,
		    prefix_format(&route->prefix, text), route->table,
		    change->add ? "added" : "removed", strerror(-change->result));
}

/* What is gone already is no trouble: the link, or somebody who flushed the table. */
static bool is_refused(const struct route_mtu_change *change)
{
	if (change->result == 0)
		return false;
	return change->add || (change->result != -ESRCH && change->result != -ENODEV);
}

/* Says what is refused for the first time, and remembers all that is. */
static void take_refused(struct route_mtu *routes, const struct tunnel_set *set,
			 const struct route_mtu_changes *changes)
{
	struct mtu_route_list refused = { 0 };
	size_t news = 0;
	uint64_t suppressed;

	for (size_t i = 0; i < changes->count; i++) {
		const struct route_mtu_change *change = &changes->list[i];

		if (!is_refused(change))
			continue;
		if (!was_refused(routes, change->route) && ++news <= REFUSED_LINES)
			say_refused(set, change);
		/* Without memory it is said again, no more. */
		(void)mtu_route_list_append(&refused, change->route);
	}
	if (news > REFUSED_LINES &&
	    log_may_speak(&routes->refused_limit, clock_boottime_ns(), NS_PER_SECOND, &suppressed))
		log_warning("route MTUs: %zu more were refused", news - REFUSED_LINES);
	route_mtu_sort(&refused);
	mtu_route_list_done(&routes->refused);
	routes->refused = refused;
}

static void say_done(struct route_mtu *routes, const struct route_mtu_changes *changes,
		     size_t in_force, uint64_t begin_ns)
{
	size_t added = 0, removed = 0;

	for (size_t i = 0; i < changes->count; i++) {
		if (changes->list[i].result == 0) {
			added += changes->list[i].add;
			removed += !changes->list[i].add;
		}
	}
	log_debug("route MTUs: %zu added, %zu removed in %llu us", added, removed,
		  (unsigned long long)(clock_boottime_ns() - begin_ns) / 1000);
	if ((in_force == 0) != (routes->in_force == 0))
		log_info("route MTUs: %zu route%s of smaller packets in force", in_force,
			 text_plural(in_force));
	routes->in_force = in_force;
}

/* Brings what is there to what is wanted. */
static int reconcile(struct route_mtu *routes, const struct tunnel_set *set,
		     const struct mtu_route_list *there, const struct mtu_route_list *wanted,
		     uint64_t begin_ns)
{
	struct route_mtu_changes changes;
	int r = route_mtu_diff(there, wanted, &changes);

	if (r < 0)
		return r;
	if (changes.count > 0)
		r = route_mtu_change(routes->nl, there->bytes, changes.list, changes.count);
	take_refused(routes, set, &changes);
	say_done(routes, &changes, wanted->count, begin_ns);
	route_mtu_changes_done(&changes);
	return r;
}

static int meet(struct route_mtu *routes, const struct tunnel_set *set, const struct needs *needs)
{
	struct mtu_route_list there = { 0 }, wanted = { 0 };
	uint64_t begin_ns = clock_boottime_ns();
	int r = route_mtu_dump(routes->nl, needs->count == 0, &there);

	if (r == 0 && needs->count > 0)
		r = route_mtu_plan(set, needs, &there, &wanted);
	if (r == 0)
		r = reconcile(routes, set, &there, &wanted, begin_ns);
	routes->clean = r == 0 && wanted.count == 0 && routes->refused.count == 0;
	mtu_route_list_done(&wanted);
	mtu_route_list_done(&there);
	return r;
}

static int apply(struct route_mtu *routes, const struct tunnel_set *set, bool enabled)
{
	struct needs needs = { 0 };
	int r = enabled ? needs_make(set, &needs) : 0;

	if (r == 0 && (needs.count > 0 || !routes->clean))
		r = meet(routes, set, &needs);
	needs_done(&needs);
	return r;
}

static void apply_or_say(struct route_mtu *routes, const struct tunnel_set *set, bool enabled)
{
	uint64_t suppressed;
	int r = apply(routes, set, enabled);

	if (r < 0 && log_may_speak(&routes->failed_limit, clock_boottime_ns(), 10 * NS_PER_SECOND,
				   &suppressed))
		log_error(r, "route MTUs: cannot be brought to what the tunnels say; trying again "
			     "with the next change");
}

void route_mtu_apply(struct route_mtu *routes, const struct tunnel_set *set,
		     const struct config *config)
{
	if (routes)
		apply_or_say(routes, set, route_mtu_is_on(config));
}

void route_mtu_close(struct route_mtu *routes)
{
	const struct tunnel_set nothing = { 0 };

	if (!routes)
		return;
	apply_or_say(routes, &nothing, false);
	route_mtu_leave(routes);
}

void route_mtu_leave(struct route_mtu *routes)
{
	if (!routes)
		return;
	mtu_route_list_done(&routes->refused);
	nl_close(routes->nl);
	free(routes);
}
