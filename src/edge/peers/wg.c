/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/peers/wg.h"

#include <linux/wireguard.h>

static int take_device(const struct nlmsghdr *message, void *userdata)
{
	return wg_parse_device(message, userdata);
}

static struct wg_reading begin(const struct link *link, struct peer_list *peers, size_t before)
{
	bool amnezia = link_is_kind(link, WG_FAMILY_AMNEZIA);

	return (struct wg_reading){
		.peers = peers,
		.before = before,
		.ifindex = link->ifindex,
		.kind = amnezia ? ENCAP_AMNEZIAWG : ENCAP_WIREGUARD,
	};
}

/* The dump begins anew. */
static void restart(void *userdata)
{
	struct wg_reading *reading = userdata;

	genl_forget_peers(reading->peers, reading->before);
	reading->port = 0;
	reading->mark = 0;
	reading->junk = 0;
}

int wg_dump(struct nl *genl, uint16_t family, const struct link *link, struct peer_list *peers)
{
	struct wg_reading reading = begin(link, peers, peers->count);
	struct genl_request request;
	struct nlmsghdr *message;
	int r;

	if (!family)
		return 0;
	message = genl_request_init(&request, family, WG_CMD_GET_DEVICE);
	mnl_attr_put_u32(message, WGDEVICE_A_IFINDEX, link->ifindex);
	r = nl_dump(genl, message, take_device, restart, &reading);
	if (r < 0)
		genl_forget_peers(peers, reading.before);
	return r;
}
