/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The path outside of one tunnel: route, link, tunnels around it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/tunnel/tunnel_resolve.h"

/* Whoever is not known yet comes from somewhere on the Internet. The kernel is asked for the way
 * to a host that everybody reaches like that (a.root-servers.net); nothing is sent to it.
 * Reserved and documentation prefixes would not do: laboratories use them, routers have black
 * holes for them. */
static const struct address anywhere[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { FAMILY_IPV4, { 198, 41, 0, 4 } },
	[FAMILY_IPV6] = { FAMILY_IPV6,
			  { 0x20, 0x01, 0x05, 0x03, 0xba, 0x3e, [13] = 2, [15] = 0x30 } },
};

struct tunnel_step *tunnel_step_add(struct tunnel_steps *steps, uint32_t value,
				    const char *source, const char *format, ...)
{
	struct tunnel_step *step;
	va_list args;

	if (!steps || steps->count >= TUNNEL_STEPS_MAX)
		return NULL;
	step = &steps->list[steps->count++];
	step->value = value;
	step->source = source;
	step->at_ns = 0;
	va_start(args, format);
	vsnprintf(step->what, sizeof(step->what), format, args);
	va_end(args);
	return step;
}

/* What a tunnel around this one carries; it is as sure as that. */
static void lower_to_tunnel(struct tunnel_outer *outer, const struct tunnel_limit *limit)
{
	if (!tunnel_outer_lower(outer, limit->inner_mtu, limit->source))
		return;
	outer->confidence = limit->confidence;
	outer->measured_ns = limit->measured_ns;
}

/* What the link carries by itself, as a device and as a tunnel. */
static void take_link(struct tunnel_set *set, size_t place, struct tunnel_outer *outer,
		      struct tunnel_steps *steps)
{
	const struct link *link = &set->links[place];
	enum family family = outer->has_family ? outer->family : FAMILY_IPV4;
	const struct tunnel_limit *limit = &set->link_limits[place];

	tunnel_outer_lower(outer, link_mtu(link, family), PATH_LINK);
	tunnel_step_add(steps, link_mtu(link, family), "link", "outside: link MTU of %s",
			link->name);
	if (tunnel_is_open(set, &set->private->link_times[place])) {
		tunnel_step_add(steps, 0, NULL, "outside: %s leads to itself, the circle is cut",
				link->name);
		return;
	}
	tunnel_resolve_link(set, place, NULL);
	if (limit->inner_mtu) {
		lower_to_tunnel(outer, limit);
		tunnel_step_add(steps, limit->inner_mtu, path_source_name(limit->source),
				"outside: inside tunnel %s", link->name);
	}
}

/* A tunnel around this one: the outer packet is itself a packet to that peer. */
static void take_peer(struct tunnel_set *set, uint32_t peer, struct tunnel_outer *outer,
		      struct tunnel_steps *steps)
{
	const struct tunnel_limit *limit = &set->limits[peer];
	const struct peer *carrier = set->peers[peer];
	const char *tunnel = tunnel_set_peer_tunnel(set, carrier);
	const char *name = carrier->name ? carrier->name : carrier->id ? carrier->id : "any peer";

	if (tunnel_is_open(set, &set->private->peer_times[peer])) {
		tunnel_step_add(steps, 0, NULL, "outside: %s leads to itself, the circle is cut",
				tunnel);
		return;
	}
	tunnel_resolve_peer(set, peer, NULL);
	if (!limit->inner_mtu)
		return;
	lower_to_tunnel(outer, limit);
	tunnel_step_add(steps, limit->inner_mtu, path_source_name(limit->source),
			"outside: inside tunnel %s, peer %s", tunnel, name);
}

/* The IPsec policy that covers the outer packets, or all that may. */
static void take_policies(struct tunnel_set *set, const struct selector_question *question,
			  struct tunnel_outer *outer, struct tunnel_steps *steps)
{
	uint32_t at = selector_find(set->selectors, question);

	while (at != SELECTOR_NONE) {
		const struct peer *policy = set->peers[at];

		if (!policy->clear)
			take_peer(set, at, outer, steps);
		if (!policy->narrow)
			return;
		at = selector_find_next(set->selectors, question, at, policy->priority);
	}
}

static void take_route(const struct path_answer *answer, struct tunnel_outer *outer,
		       struct tunnel_steps *steps)
{
	if (!answer->mtu)
		return;
	tunnel_outer_lower(outer, answer->mtu, PATH_ROUTE);
	tunnel_step_add(steps, answer->mtu, "route", "outside: route metric%s",
			answer->mtu_locked ? " (locked)" : "");
}

static void tell_endpoint(const struct tunnel_set *set,
			  const struct tunnel_path_question *question,
			  const struct path_answer *answer, struct tunnel_steps *steps)
{
	const struct path_question *way = question->way;
	const struct link *link = tunnel_set_find_link(set, answer->ifindex, NULL);
	char text[ENDPOINT_TEXT_MAX], mark[24] = "";

	if (!steps)
		return;
	if (way->mark)
		snprintf(mark, sizeof(mark), ", mark 0x%x", way->mark);
	tunnel_step_add(steps, 0, NULL, "endpoint %s by %s%s",
			endpoint_format(&way->destination, question->endpoint_port, text),
			answer->local ? "this host" : link ? link->name : "an unknown link", mark);
}

/* Where the outer packets leave, and what that link and all around it carries. */
static void follow_way(struct tunnel_set *set, const struct tunnel_path_question *question,
		       const struct path_question *way, struct tunnel_outer *outer,
		       struct tunnel_steps *steps)
{
	const struct path_answer *answer = &question->found->answer;
	struct selector_question policy = {
		.family = way->destination.family,
		.remote = way->destination.bytes,
		.local = answer->has_source ? answer->source.bytes :
			 way->has_source    ? way->source.bytes : NULL,
		.mark = way->mark,
		.protocol = way->protocol,
	};
	uint32_t peer;
	size_t place;

	if (tunnel_set_find_link(set, answer->ifindex, &place)) {
		take_link(set, place, outer, steps);
		peer = tunnel_find_peer(set, place, way->destination.family,
					way->destination.bytes);
		if (peer != PEER_NONE)
			take_peer(set, peer, outer, steps);
	}
	if (question->under_ipsec && policy.local)
		take_policies(set, &policy, outer, steps);
	take_route(answer, outer, steps);
}

/* Asks once: what the kernel said stays with the set. */
static bool find_way(struct tunnel_set *set, struct tunnel_way *found,
		     const struct path_question *way)
{
	struct tunnel_set_private *private = set->private;

	if (!found->known && private->find_way)
		found->known = private->find_way(private->userdata, way, &found->answer);
	return found->known && found->answer.reachable;
}

/* What the kernel said of it, or will say; NULL where memory runs out. */
static struct tunnel_way *way_of_strangers(struct tunnel_set *set, enum family family,
					   uint32_t mark)
{
	struct stranger_ways *ways = set->private->strangers;

	while (ways && ways->mark != mark)
		ways = ways->next;
	if (!ways) {
		ways = calloc(1, sizeof(*ways));
		if (!ways) {
			set->private->error = -ENOMEM;
			return NULL;
		}
		ways->mark = mark;
		ways->next = set->private->strangers;
		set->private->strangers = ways;
	}
	return &ways->by_family[family];
}

bool tunnel_reaches_anywhere(struct tunnel_set *set, enum family family, uint32_t mark)
{
	const struct path_question way = { .destination = anywhere[family], .mark = mark };
	struct tunnel_way *found = way_of_strangers(set, family, mark);

	return found && find_way(set, found, &way);
}

/* Without a default route strangers come by some link: the narrowest that is no tunnel. */
static bool narrowest_link(const struct tunnel_set *set, size_t *ret_place)
{
	bool found = false;

	*ret_place = 0;
	for (size_t i = 0; i < set->link_count; i++) {
		const struct link *link = &set->links[i];

		if (!link->up || link->loopback || !link->mtu || link_tunnel_kind(link))
			continue;
		if (!found || link->mtu < set->links[*ret_place].mtu)
			*ret_place = i;
		found = true;
	}
	return found;
}

static void take_anywhere(struct tunnel_set *set, const struct tunnel_path_question *question,
			  struct tunnel_outer *outer, struct tunnel_steps *steps)
{
	const struct path_question way = { .destination = anywhere[outer->family],
					   .mark = question->way->mark };
	struct tunnel_path_question strangers = *question;
	size_t place;

	if (tunnel_reaches_anywhere(set, outer->family, way.mark)) {
		tunnel_step_add(steps, 0, NULL,
				"outside: no endpoint is known, the default route counts");
		strangers.found = way_of_strangers(set, outer->family, way.mark);
		follow_way(set, &strangers, &way, outer, steps);
	} else if (narrowest_link(set, &place)) {
		tunnel_step_add(steps, 0, NULL, "outside: no endpoint is known and no default "
						"route, the narrowest link counts");
		take_link(set, place, outer, steps);
	}
}

/* Over a named interface: no route is asked. */
static bool take_interface(struct tunnel_set *set, const char *name, struct tunnel_outer *outer,
			   struct tunnel_steps *steps)
{
	for (size_t i = 0; i < set->link_count; i++) {
		if (strcmp(set->links[i].name, name) == 0) {
			take_link(set, i, outer, steps);
			return true;
		}
	}
	return false;
}

static uint32_t find_extra(struct tunnel_set *set, const char *tunnel)
{
	const struct tunnel_override *override = tunnel_find_override(set, tunnel, OVERRIDE_EXTRA);

	return override ? override->extra : 0;
}

/* What links, routes and carriers promise. Returns whether that is of the way to an endpoint. */
static bool walk(struct tunnel_set *set, const struct tunnel_path_question *question,
		 struct tunnel_outer *outer, struct tunnel_steps *steps)
{
	const struct tunnel_override *over =
		tunnel_find_override(set, question->tunnel, OVERRIDE_OVER);
	size_t place;

	if (over && strcmp(over->over, question->tunnel) != 0 &&
	    take_interface(set, over->over, outer, steps))
		return false;
	if (question->has_endpoint) {
		if (!find_way(set, question->found, question->way)) {
			tunnel_step_add(steps, 0, NULL, "outside: no route leads to the endpoint");
			return false;
		}
		tell_endpoint(set, question, &question->found->answer, steps);
		follow_way(set, question, question->way, outer, steps);
		return true;
	}
	if (tunnel_set_find_link(set, question->way->oif, &place))
		take_link(set, place, outer, steps);
	else
		take_anywhere(set, question, outer, steps);
	return false;
}

struct tunnel_outer tunnel_resolve_path(struct tunnel_set *set,
					const struct tunnel_path_question *question,
					struct tunnel_steps *steps)
{
	const struct tunnel_override *fixed =
		tunnel_find_override(set, question->tunnel, OVERRIDE_PATH_MTU);
	bool followed;
	struct tunnel_outer outer = {
		.has_family = question->has_endpoint || !question->way->oif,
		.family = question->has_endpoint ? question->way->destination.family :
						   question->family,
		.confidence = CONFIDENCE_ASSUMED,
		.extra = find_extra(set, question->tunnel),
	};

	if (fixed) {
		outer.mtu = fixed->path_mtu;
		outer.source = PATH_CONFIG;
		tunnel_step_add(steps, outer.mtu, "config", "outside: path_mtu of %s in tunnels",
				fixed->match);
		return outer;
	}
	followed = walk(set, question, &outer, steps);
	outer.assumed = outer.mtu;
	if (followed)
		tunnel_weigh_evidence(set, question, &outer, steps);
	return outer;
}
