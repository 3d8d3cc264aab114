/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/xfrm.h"

#include <errno.h>
#include <linux/xfrm.h>

static int open_wiped(struct nl **ret_nl)
{
	struct nl *nl = NULL;
	int r;

	r = nl_open(NETLINK_XFRM, 0, &nl);
	if (r < 0 && r != -EPROTONOSUPPORT)
		return r;
	if (nl)
		nl_wipe(nl);
	*ret_nl = nl;
	return 0;
}

int xfrm_open(struct nl **ret_nl)
{
	return open_wiped(ret_nl);
}

int xfrm_open_events(struct nl **ret_nl)
{
	/* MIGRATE: moving a state to another address is told to this group alone. */
	static const unsigned int groups[] = {
		XFRMNLGRP_SA, XFRMNLGRP_EXPIRE, XFRMNLGRP_POLICY, XFRMNLGRP_MIGRATE,
		XFRMNLGRP_MAPPING,
	};
	struct nl *nl;
	int r;

	r = open_wiped(&nl);
	if (r < 0)
		return r;
	for (size_t i = 0; nl && i < sizeof(groups) / sizeof(groups[0]); i++) {
		r = nl_join(nl, groups[i]);
		if (r < 0) {
			nl_close(nl);
			return r;
		}
	}
	*ret_nl = nl;
	return 0;
}

/* A request that is nothing but its header. */
struct request {
	_Alignas(struct nlmsghdr) uint8_t bytes[NLMSG_HDRLEN];
};

static struct nlmsghdr *request_init(struct request *request, uint16_t type)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(request->bytes);

	message->nlmsg_type = type;
	return message;
}

static int take_state(const struct nlmsghdr *message, void *userdata)
{
	return xfrm_parse_state(message, userdata);
}

static void forget_states(void *userdata)
{
	struct ipsec_state_list *states = userdata;

	states->count = 0;
}

static int take_policy(const struct nlmsghdr *message, void *userdata)
{
	return xfrm_parse_policy(message, userdata);
}

static void forget_policies(void *userdata)
{
	struct ipsec_policy_list *policies = userdata;

	policies->count = 0;
}

/* The kernel dumps the newest policy first (net/xfrm/xfrm_policy.c __xfrm_policy_link), and of two
 * with one priority takes the older. */
static void put_oldest_first(struct ipsec_policy_list *policies)
{
	for (size_t low = 0, high = policies->count; low + 1 < high; low++) {
		struct ipsec_policy swapped = policies->list[low];

		high--;
		policies->list[low] = policies->list[high];
		policies->list[high] = swapped;
	}
}

int xfrm_dump(struct nl *nl, struct ipsec_state_list *ret_states,
	      struct ipsec_policy_list *ret_policies)
{
	struct ipsec_state_list states = { 0 };
	struct ipsec_policy_list policies = { 0 };
	struct request request;
	int r = 0;

	if (nl)
		r = nl_dump(nl, request_init(&request, XFRM_MSG_GETSA), take_state, forget_states,
			    &states);
	if (nl && r == 0)
		r = nl_dump(nl, request_init(&request, XFRM_MSG_GETPOLICY), take_policy,
			    forget_policies, &policies);
	if (r < 0) {
		ipsec_state_list_done(&states);
		ipsec_policy_list_done(&policies);
		return r;
	}
	put_oldest_first(&policies);
	*ret_states = states;
	*ret_policies = policies;
	return 0;
}
