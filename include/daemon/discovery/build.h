/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From all that is known to one snapshot. Control thread only. */
#pragma once

#include "daemon/config/config.h"
#include "daemon/discovery/tunnels.h"
#include "daemon/discovery/ways.h"
#include "edge/netlink/rtnl.h"
#include "policy/snapshot/snapshot.h"
#include "policy/tunnel/tunnel_view.h"

struct build_input {
	const struct config *config;
	const struct rules *tries; /* temporary limits, in front of the rules; NULL: none */
	const struct link_list *links;
	const struct route_list *routes;
	const struct hint_list *hints;
	struct peer_list *const *lists;
	size_t list_count;
	const struct path_measure *measures; /* sorted by path_measure_compare */
	size_t measure_count;
	bool payload;                /* as in snapshot_mode, and */
	struct snapshot_check check;
	bool hints_need_probe;   /* the kernel's exceptions lower nothing: probes decide */
	struct ways *ways;
	struct tunnels *tunnels; /* notes what came, went and changed */
};

/* What a build gives: the snapshot keeps its tunnel set, the views are of that set. */
struct built {
	struct snapshot *snapshot;
	struct tunnel_views views;
};

/* Borrows the input for the call. Returns 0 and both owned, or -ENOMEM with nothing. */
int build_snapshot(const struct build_input *input, struct built *ret_built);
