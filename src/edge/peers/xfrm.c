/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/peers/xfrm.h"

#include <errno.h>
#include <linux/xfrm.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "base/array.h"

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
	for (size_t i = 0; nl && i < COUNT(groups); i++) {
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

/* Whether the kernel is Linux major.minor or newer, or nobody knows. */
static bool is_since(unsigned long major, unsigned long minor)
{
	struct utsname name;
	unsigned long here;
	char *end;

	if (uname(&name) < 0)
		return true;
	here = strtoul(name.release, &end, 10);
	if (end == name.release || *end != '.')
		return true;
	return here > major || (here == major && strtoul(end + 1, NULL, 10) >= minor);
}

static int compare_indexes(const void *a, const void *b)
{
	uint32_t left = ((const struct ipsec_policy *)a)->index;
	uint32_t right = ((const struct ipsec_policy *)b)->index;

	return array_order(left, right);
}

/* Of two policies with one priority the kernel takes the older (net/xfrm/xfrm_policy.c pos). It
 * dumps the youngest first, and an update makes a policy the youngest. Before Linux 6.12 an updated
 * policy kept its place among the others; it has kept its index, which grows, ever since. */
static void put_oldest_first(struct ipsec_policy_list *policies)
{
	if (!is_since(6, 12) && policies->count > 0) {
		qsort(policies->list, policies->count, sizeof(*policies->list), compare_indexes);
		return;
	}
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
	struct ipsec_state_list states = { .sticky = is_since(6, 13) };
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
