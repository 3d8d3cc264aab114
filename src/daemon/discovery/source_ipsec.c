/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPsec: states and policies of the kernel, joined. */
#include "base/clock.h"
#include "daemon/discovery/discovery_source.h"
#include "edge/peers/xfrm.h"
#include "policy/ipsec/ipsec.h"

/* States that expire by bytes or are taken into use are told; this is for what is not. */
#define IPSEC_EVERY_NS (60 * NS_PER_SECOND)

static int on_event(const struct nlmsghdr *message, void *userdata)
{
	if (xfrm_is_change(message))
		discovery_mark(userdata, SOURCE_IPSEC);
	return 0;
}

int source_ipsec_open(struct discovery *discovery)
{
	struct nl *events;
	int r = discovery->xfrm ? 0 : xfrm_open(&discovery->xfrm);

	if (r < 0)
		return r;
	r = xfrm_open_events(&events); /* last, so that it is not opened twice */
	if (r == 0 && events)          /* else the kernel has no IPsec */
		r = discovery_watch(discovery, events, on_event);
	return r;
}

void source_ipsec_close(struct discovery *discovery)
{
	nl_close(discovery->xfrm);
}

int source_ipsec_read(struct discovery *discovery, const struct source_look *look,
		      struct peer_list *peers, uint64_t *ret_poll_ns)
{
	struct ipsec_state_list states = { 0 };
	struct ipsec_policy_list policies = { 0 };
	int r;

	r = xfrm_dump(discovery->xfrm, &states, &policies);
	if (r < 0)
		return r;
	if (policies.count > 0)
		*ret_poll_ns = IPSEC_EVERY_NS;
	r = ipsec_peers(&states, &policies, look->links, look->link_count, peers);
	ipsec_state_list_done(&states);
	ipsec_policy_list_done(&policies);
	return r;
}
