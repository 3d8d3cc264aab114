/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tunnels seen since the start, alive or gone, and which counters each feeds. A name keeps its
 * counters for good, so that they never go down. Control thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/events/events.h"
#include "daemon/workers/workers.h"
#include "policy/tunnel/tunnel_view.h"

struct tunnel {
	char *name;
	uint32_t id;       /* of its counters; TUNNEL_ID_NONE is nobody's */
	uint32_t mtu;      /* of its interface, bytes, as last seen; 0 without */
	uint32_t inner_mtu; /* of its narrowest peer, bytes; 0 unknown */
	uint64_t since_ns; /* CLOCK_BOOTTIME: when it came, or one of these last changed */
	uint32_t outer_mtu; /* what inner_mtu came from by then, bytes; 0 unknown */
	enum path_source source; /* of outer_mtu */
	bool present;      /* at the last look */
};

struct tunnels;

/* Borrows workers, whose counters get room for each tunnel, and events. Returns owned, or NULL (no
 * memory). */
struct tunnels *tunnels_new(struct workers *workers, const struct events *events);
void tunnels_free(struct tunnels *tunnels);

/* One look at all tunnels: begin, note each, end. What comes, goes or changes is told as an event;
 * the log gets the first few of many. tunnels_note returns the id of its counters, TUNNEL_ID_NONE
 * where there is no room for more; mtu is its interface's, in bytes, 0 without. */
void tunnels_begin(struct tunnels *tunnels);
uint32_t tunnels_note(struct tunnels *tunnels, const struct tunnel_view *view, uint32_t mtu);
void tunnels_end(struct tunnels *tunnels);

/* How often the path MTU outside became smaller, of tunnels whose peers have none of their own
 * (VXLAN, GRE, IPIP, 6in4). */
uint64_t tunnels_path_falls(const struct tunnels *tunnels);

/* In order of first sight; borrowed until the next look. */
const struct tunnel *tunnels_at(const struct tunnels *tunnels, size_t i);
size_t tunnels_count(const struct tunnels *tunnels);
/* NULL where no tunnel of that name was ever seen. */
const struct tunnel *tunnels_find(const struct tunnels *tunnels, const char *name);
