/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is odd about a tunnel, in words for people: where an MTU promises more than fits, where both
 * ends differ. */
#pragma once

#include <jansson.h>

#include "daemon/peer_mss.h"
#include "policy/tunnel_view.h"

/* Appends a text for each. place is that of the tunnel among the views, mss its narrowest peer's. */
void tunnel_warnings_add(json_t *warnings, const struct tunnel_set *set,
			 const struct tunnel_views *views, size_t place,
			 const struct peer_mss *mss);
