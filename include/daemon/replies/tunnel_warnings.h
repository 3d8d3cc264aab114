/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is odd about a tunnel, in words for people: where an MTU promises more than fits, where both
 * ends differ. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "daemon/replies/peer_mss.h"
#include "daemon/workers/workers.h"
#include "policy/snapshot/excess.h"
#include "policy/tunnel/tunnel_view.h"

/* The largest MSS that far ends of a tunnel announced of late, by family: bytes, 0 where too few
 * SYNs came out of it to tell. */
struct announced_mss {
	uint32_t mss[FAMILY_COUNT];
};
struct announced_mss tunnel_warnings_announced(const struct workers *workers, uint32_t tunnel_id);

/* A rule replaces what was found, larger too: where it allows more than fits. */
struct raised_mss {
	const struct rule *rule; /* NULL: none does */
	uint32_t mss, most;      /* what it allows, and what fits: bytes */
	enum side_decided by;    /* the interface MTU, a route's, else the path outside */
	uint32_t mtu;            /* that MTU, but for the path */
	const char *peer;        /* the path to whom, or NULL: to all */
};
/* Keeps the worst of each family. limit and mss are those of one peer, or of the link as a whole;
 * link is NULL without one. */
void tunnel_warnings_raise(struct raised_mss raised[FAMILY_COUNT], const struct link *link,
			   const struct peer *peer, const struct tunnel_limit *limit,
			   const struct peer_mss *mss);

/* Likewise of what a search for them found. */
void tunnel_warnings_raise_excess(struct raised_mss raised[FAMILY_COUNT],
				  const struct tunnel_set *set, const struct excess *excess);

/* Appends a text for each family in which a rule does. */
void tunnel_warnings_add_raised(json_t *warnings, const struct raised_mss raised[FAMILY_COUNT]);

/* What a tunnel comes to, as its row tells it. */
struct tunnel_told {
	struct peer_mss mss;              /* of its narrowest peer */
	enum path_confidence confidence;  /* in the path outside of that one */
	struct raised_mss raised[FAMILY_COUNT]; /* over all peers */
	struct announced_mss announced;
	bool routed;                      /* path.set_route_mtu: routes tell UDP as well */
	bool audit;                       /* nothing is clamped */
};

/* Appends a text for each. place is that of the tunnel among the views. */
void tunnel_warnings_add(json_t *warnings, const struct tunnel_set *set,
			 const struct tunnel_views *views, size_t place,
			 const struct tunnel_told *told);
