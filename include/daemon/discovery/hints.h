/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of the kernel's path MTU exceptions matter: a router has thousands, of whoever it forwards
 * to, and they change all the time. */
#pragma once

#include <stdbool.h>

#include "edge/netlink/rtnl.h"
#include "policy/tunnel/peer.h"

/* Keeps those of where tunnels lead, the endpoints of peers and the far ends of links, in an order
 * that depends on nothing else. Returns 0, or -ENOMEM with all kept. */
int hints_keep(struct hint_list *hints, struct peer_list *const *lists, size_t list_count,
	       const struct link_list *links);

/* Whether two lists of hints_keep say the same. */
bool hints_equal(const struct hint_list *a, const struct hint_list *b);
