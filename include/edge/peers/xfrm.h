/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States and policies of IPsec by netlink (net/xfrm/xfrm_user.c). As with rtnetlink, an event is
 * only a reason to look again: what is known always equals one dump. The kernel sends the keys of
 * the states along; they are not read, and what was received is zeroed. Needs CAP_NET_ADMIN. */
#pragma once

#include <stdbool.h>

#include "edge/netlink/nl.h"
#include "policy/ipsec/ipsec.h"

/* Pure. Appends what one XFRM_MSG_NEWSA or XFRM_MSG_NEWPOLICY says; other messages append nothing,
 * nor do states without algorithms (not negotiated yet, or what IPComp keeps beside its own),
 * policies for packets that arrive, those of one socket, and sub-policies of Mobile IPv6.
 * Return 0, or with nothing appended -EBADMSG (an attribute is too short or overruns, a prefix is
 * too long) or -ENOMEM. */
int xfrm_parse_state(const struct nlmsghdr *message, struct ipsec_state_list *states);
int xfrm_parse_policy(const struct nlmsghdr *message, struct ipsec_policy_list *policies);

/* Pure. Whether states or policies may have changed where this event is heard. */
bool xfrm_is_change(const struct nlmsghdr *message);

/* A socket to ask, and one that hears of states, soft and hard limits, policies, migrations and
 * changes of NAT mappings. Return 0 with NULL where the kernel has no IPsec (it is then never told
 * of), or -errno. Both are wiped. */
int xfrm_open(struct nl **ret_nl);
int xfrm_open_events(struct nl **ret_nl);

/* Full dumps; nl is of xfrm_open, NULL gives empty lists. On success alone the lists are written:
 * what they held before is overwritten, not freed. Returns 0 or -errno. */
int xfrm_dump(struct nl *nl, struct ipsec_state_list *ret_states,
	      struct ipsec_policy_list *ret_policies);
