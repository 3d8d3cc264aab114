/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of the peers between two looks: told in the log and as events. */
#pragma once

#include "daemon/events/events.h"
#include "policy/tunnel/tunnel_view.h"

/* Compares the peers of two sets: who came and went, whose endpoint, path or largest packet is
 * another. old may be NULL (the first look: nobody is news). The log gets the first few of many.
 * Returns how many path MTUs are smaller now. */
uint64_t peer_changes_tell(const struct tunnel_set *old, const struct tunnel_set *new,
			   const struct events *events);
