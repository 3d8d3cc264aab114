/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is odd about a tunnel, in words for people: where an MTU promises more than fits, where both
 * ends differ. */
#pragma once

#include <jansson.h>

#include "daemon/peer_mss.h"
#include "daemon/workers.h"
#include "policy/tunnel_view.h"

/* The largest MSS that far ends of a tunnel announced of late, by family: bytes, 0 where too few
 * SYNs came out of it to tell. */
struct announced_mss {
	uint32_t mss[FAMILY_COUNT];
};
struct announced_mss tunnel_warnings_announced(const struct workers *workers, uint32_t tunnel_id);

/* What a tunnel comes to, as its row tells it. */
struct tunnel_told {
	struct peer_mss mss;              /* of its narrowest peer */
	enum path_confidence confidence;  /* in the path outside of that one */
	struct announced_mss announced;
};

/* Appends a text for each. place is that of the tunnel among the views. */
void tunnel_warnings_add(json_t *warnings, const struct tunnel_set *set,
			 const struct tunnel_views *views, size_t place,
			 const struct tunnel_told *told);
