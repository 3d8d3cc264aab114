/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels as people count them: one for each interface that is a tunnel, and one for each gateway
 * that IPsec policies without interface lead to. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/tunnel/tunnel_set.h"

#define VIEW_NONE UINT32_MAX

struct tunnel_view {
	const char *name;  /* "wg0", "ipsec:203.0.113.7"; borrowed from the set */
	const char *kind;  /* "wireguard", "openvpn", "esp", ... */
	uint32_t ifindex;  /* 0 without interface */
	size_t link;       /* its place in the set's links, valid with ifindex */
	uint32_t inner_mtu; /* the smallest of the link's and its peers', without rules and routes:
			     * bytes, 0 unknown */
	uint32_t outer_mtu; /* the path MTU outside that it comes from, bytes; 0 unknown */
	enum path_source source; /* of outer_mtu */
	size_t peer_count; /* those that are known by an id */
	size_t warning_count; /* peers that have a warning */
};

struct tunnel_views {
	struct tunnel_view *list; /* interfaces by ifindex, then the others as they came */
	size_t count, capacity;
	uint32_t *of_peer;        /* beside the set's peers: the place of its tunnel, VIEW_NONE */
};

/* Borrows the set as long as the views live. Returns 0 or -ENOMEM with nothing kept. */
int tunnel_views_init(struct tunnel_views *views, const struct tunnel_set *set);
void tunnel_views_done(struct tunnel_views *views);

/* The one of that name, borrowed, or NULL. */
const struct tunnel_view *tunnel_views_find(const struct tunnel_views *views, const char *name);
