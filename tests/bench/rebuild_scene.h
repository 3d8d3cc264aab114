/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `rebuild` builds of: links, peers, policies and routes as the readers would tell them. */
#ifndef BENCH_REBUILD_SCENE_H
#define BENCH_REBUILD_SCENE_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/discovery/tunnels.h"
#include "daemon/discovery/ways.h"
#include "policy/ipsec/ipsec.h"
#include "policy/snapshot/snapshot.h"

struct bench {
	const char *name;
	uint32_t tunnels, peers;     /* WireGuard's, on the tunnels in turn */
	uint32_t policies;           /* of IPsec: each to a gateway of its own */
	uint32_t overrides;          /* entries of `tunnels`, none of which fits */
	uint32_t routes;             /* of eth0, with a metric */
};

/* What stays the same from round to round. */
struct scene {
	const struct bench *bench;
	struct link *links;
	size_t link_count;
	struct route *routes;
	struct tunnel_override *overrides;
	struct ipsec_state_list states;
	struct ipsec_policy_list policies;
	struct ways *ways;
	struct tunnels *tunnels;
};

void scene_init(struct scene *scene, const struct bench *bench);
void scene_done(struct scene *scene);

/* WireGuard's peers; the first `roamed` have another port. Owned. */
struct peer_list *scene_make_peers(const struct scene *scene, uint32_t roamed);

/* IPsec's states and policies joined. Owned. */
struct peer_list *scene_join(const struct scene *scene);

#endif
