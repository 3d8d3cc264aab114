/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel said of the ways to endpoints, remembered until routes change: asking for ten
 * thousand takes longer than building everything else. Control thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "edge/netlink/nl.h"
#include "policy/tunnel/path.h"
#include "policy/tunnel/peer.h"

struct ways;

/* Borrows a NETLINK_ROUTE socket without groups. Returns owned, or NULL. */
struct ways *ways_new(struct nl *nl);
void ways_free(struct ways *ways);

/* Routes, rules or links changed: nothing that was said holds any more. */
void ways_forget(struct ways *ways);

/* Asks for all endpoints of a list that are not known yet, many at a time. Returns 0 or -errno:
 * then some stay unknown. */
int ways_prepare(struct ways *ways, const struct peer_list *peers);

/* One answer, asked for now where it is not known: the find_way of a tunnel set, with the ways as
 * userdata. */
bool ways_find(void *userdata, const struct path_question *question,
	       struct path_answer *ret_answer);
