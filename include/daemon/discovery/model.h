/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps what the daemon knows of links, routes and tunnels up to date, and is the only writer of
 * the snapshot. Control thread only. An event of the kernel makes it look again; a burst of them
 * costs one look. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "daemon/config/config.h"
#include "daemon/discovery/tunnels.h"
#include "daemon/events/events.h"
#include "daemon/paths/prober.h"
#include "daemon/workers/workers.h"
#include "policy/snapshot/slot.h"
#include "policy/tunnel/tunnel_view.h"

struct facts_starter;
struct route_list;
struct marker;
struct model;

/* Reads links, routes and peers, builds and publishes the first snapshot, subscribes to changes.
 * starter: of mssclamp-facts, borrowed for the call, or NULL. Borrows event, workers (their
 * counters get room for each tunnel), told (who hears of what comes, goes and changes) and config,
 * which lives until the next model_configure. Logs what went wrong. Returns 0 and the owned model,
 * or -errno. */
int model_open(sd_event *event, struct workers *workers, const struct config *config,
	       const struct facts_starter *starter, const struct events *told,
	       struct model **ret_model);
void model_close(struct model *model);

struct slot *model_slot(const struct model *model);

/* Rules and mode of another configuration, published at once. Returns 0, or -errno with the old
 * one still in force and still borrowed. */
int model_configure(struct model *model, const struct config *config);

/* How changed SYNs get back to the kernel, from the next publish on. Until the first call packets
 * go back changed where no user namespace speaks against it. */
struct model_way {
	bool payload;                /* the kernel takes them changed */
	struct marker *marker;       /* borrowed while in force; NULL: nothing goes by marks */
	struct snapshot_check check; /* a check that goes on; zeroed: none */
};
void model_set_way(struct model *model, const struct model_way *way);

/* Builds and publishes at once. Returns 0, or -errno with the old snapshot in force. */
int model_renew(struct model *model);

/* Temporary limits that stand in front of all rules until the next call, through reloads too;
 * published at once. Takes tries on success. Returns 0, or -errno with the old ones in force. */
int model_try(struct model *model, struct rules *tries);

/* From now on routes with an MTU of ours are kept as the configuration and each snapshot say, until
 * model_close, which removes them. Only for who serves this namespace alone. Logs what went wrong.
 * Returns 0 or -errno. */
int model_keep_routes(struct model *model);

/* What a former process measured of paths is in force from now on. Only for who serves this
 * namespace alone: whoever is sent away has not touched the file. Logs what went wrong. */
void model_recall(struct model *model);

/* Another mssclampd goes on: what was measured is saved for it; and then, for it has begun, the
 * routes of ours and that file are its own. */
void model_hand_over(struct model *model);
void model_leave(struct model *model);

/* follow is called behind each snapshot that is published from now on. */
void model_follow(struct model *model, void (*follow)(void *userdata), void *userdata);

/* Frees snapshots no worker can hold any more; call it about once a second. Returns whether the
 * published one is the only one left. */
bool model_reclaim(struct model *model);

/* Who measures the paths; borrowed as long as the model lives. */
struct prober *model_prober(const struct model *model);

/* The tunnels seen since the start; borrowed as long as the model lives. */
const struct tunnels *model_tunnels(const struct model *model);

/* The tunnels of the snapshot that is in force; borrowed until the next look. */
const struct tunnel_views *model_views(const struct model *model);

/* The routes that were known last; borrowed until the next look. */
const struct route_list *model_routes(const struct model *model);

/* Whether a tunnel of kind tun may be known better within at most 3 s. */
bool model_is_looking(const struct model *model);

/* What is worth a warning though everything works, a sentence, or NULL. */
const char *model_warning(const struct model *model);

struct model_totals {
	uint64_t resyncs;   /* times that events were lost and everything was read anew */
	uint64_t malformed; /* netlink messages that made no sense */
	uint64_t path_mtu_falls; /* times that one became smaller: of a peer, or of a tunnel whose
				  * peers have none of their own */
};
struct model_totals model_totals(const struct model *model);
