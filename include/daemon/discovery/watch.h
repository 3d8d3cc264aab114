/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When to look at links, routes and peers again: the kernel's events, polls, and who noticed
 * something. A burst of reasons is one look. Control thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "daemon/discovery/look_time.h"
#include "edge/netlink/nl.h"

struct watch;

struct watch_owner {
	/* Looks at what is stale (RTNL_CHANGED_* and STALE_*); fills time->looked_ns when all
	 * answers are there. Returns 0, 1 (some could not be asked for), or -errno: tried again. */
	int (*look)(void *userdata, unsigned int stale, struct look_time *time);
	/* Whether PMTU exceptions matter: somebody sends to an endpoint. */
	bool (*wants_hints)(void *userdata);
	void *userdata;
};

/* Subscribes to the kernel's events; looks at nothing before watch_begin. Borrows event. Logs what
 * went wrong. Returns 0 and the owned watch, or -errno. */
int watch_open(sd_event *event, const struct watch_owner *owner, struct watch **ret_watch);
/* From now on the owner is asked to look. incomplete: the first look was. Returns 0 or -errno. */
int watch_begin(struct watch *watch, bool incomplete);
/* NULL is fine. */
void watch_close(struct watch *watch);

/* A reason to look, soon. */
void watch_note(struct watch *watch, unsigned int stale);

/* The socket of the events, borrowed. */
struct nl *watch_events(struct watch *watch);
/* Times that events were lost and everything was read anew. */
uint64_t watch_resyncs(const struct watch *watch);
