/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/peers/ovpn.h"


#include "edge/peers/ovpn_uapi.h"

static int take_peer(const struct nlmsghdr *message, void *userdata)
{
	return ovpn_parse_peer(message, userdata);
}

static void restart(void *userdata)
{
	struct ovpn_reading *reading = userdata;

	genl_forget_peers(reading->peers, reading->before);
}

int ovpn_dump(struct nl *genl, uint16_t family, const struct link *link, struct peer_list *peers)
{
	struct ovpn_reading reading = {
		.peers = peers,
		.before = peers->count,
		.ifindex = link->ifindex,
		.dco = link_is_kind(link, OVPN_KIND_DCO),
	};
	struct genl_request request;
	struct nlmsghdr *message;
	int r;

	if (!family)
		return 0;
	message = genl_request_init(&request, family, reading.dco ? OVPN_DCO_COMMAND_GET_PEER :
								    OVPN_COMMAND_PEER_GET);
	mnl_attr_put_u32(message, OVPN_ATTR_IFINDEX, link->ifindex);
	r = nl_dump(genl, message, take_peer, restart, &reading);
	if (r == 0) {
		ovpn_sort_peers(&reading);
		r = ovpn_append_unknown(&reading);
	}
	if (r < 0)
		genl_forget_peers(peers, reading.before);
	return r;
}
