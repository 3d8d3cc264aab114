/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds each tun and tap device that was asked for, and what OpenVPN does there. */
#pragma once

#include <stdint.h>

#include "facts/change.h"
#include "facts/process.h"
#include "proto/facts.h"

struct tunnel_watch;

struct tunnels {
	struct facts facts;        /* tunnels and warnings */
	RECORD_LIST(struct tunnel_watch) watches; /* beside facts.tunnels */
	/* CLOCK_BOOTTIME: the processes are not searched before; budget_ns is what it costs */
	uint64_t search_ns, budget_ns;
};

/* Looks again. The search through all processes is made only while a device has no holder, at most
 * every 5 s, and for at most 1 % of the time. Returns a change, or -ENOMEM. */
int tunnels_refresh(struct tunnels *tunnels, const struct facts_question *question,
		    const struct netns *netns, uint64_t now_ns);
/* The next look searches as soon as the share of time allows. */
void tunnels_hurry(struct tunnels *tunnels);
void tunnels_done(struct tunnels *tunnels);
