/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that the kernel and others told, as of the last look: links, routes, path MTU exceptions,
 * peers, ways to endpoints. Control thread only. */
#pragma once

#include <systemd/sd-event.h>

#include "daemon/config/config.h"
#include "daemon/discovery/discovery.h"
#include "daemon/discovery/ways.h"
#include "edge/netlink/rtnl.h"

/* What may have changed since the last look, besides RTNL_CHANGED_*. */
#define STALE_PEERS (1u << 16)
#define STALE_HINTS (1u << 17)
#define STALE_MEASURES (1u << 18)
#define STALE_KERNEL (RTNL_CHANGED_LINKS | RTNL_CHANGED_ROUTES | RTNL_CHANGED_RULES)

struct knowledge {
	struct nl *questions;
	struct link_list links;
	struct route_list routes;
	struct hint_list hints;    /* of where tunnels lead: hints_keep */
	struct neighbour_list neighbours; /* at the other ends of links */
	struct address *own;       /* addresses of this host, in the order of address_compare */
	size_t own_count;
	struct discovery *discovery;
	struct ways *ways;
	bool incomplete; /* some ways could not be asked for: look again soon, at STALE_KERNEL */
};

/* Opens what is needed to ask; nothing is known yet. on_peers is called where the peers may have
 * changed; starter as for discovery_open. Logs what went wrong. Returns 0, or -errno with
 * everything closed. */
int knowledge_init(struct knowledge *knowledge, sd_event *event,
		   const struct facts_starter *starter, void (*on_peers)(void *userdata),
		   void *userdata);
void knowledge_done(struct knowledge *knowledge);

/* Asks anew for what is stale (a set). What was known stays until its answer is whole. Returns 1
 * where something may be different, 0 where nothing is, or -errno. */
int knowledge_look(struct knowledge *knowledge, unsigned int stale, const struct config *config);
