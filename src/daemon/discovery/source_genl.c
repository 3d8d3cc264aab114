/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers by generic netlink: WireGuard, OpenVPN in the kernel, L2TP. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/discovery/discovery_source.h"
#include "edge/peers/l2tp.h"
#include "edge/peers/ovpn.h"
#include "edge/peers/wg.h"

/* WireGuard has no events: a peer that roams is to be seen within 5 s. A dump of 10,000 peers takes
 * some 20 ms. */
#define WIREGUARD_EVERY_NS (2 * NS_PER_SECOND)
/* Of a new peer OpenVPN's module tells nobody. */
#define OVPN_EVERY_NS (2 * NS_PER_SECOND)

int discovery_find_families(struct discovery *discovery)
{
	int r;

	if (!discovery->genl)
		return discovery->genl_error; /* said when it was opened */
	if (discovery->families_known)
		return 0;
	r = genl_find(discovery->genl, discovery->families, GENL_FAMILIES);
	for (size_t i = 0; i < GENL_FAMILIES && r == 0 && discovery->genl_events; i++)
		r = genl_join(discovery->genl_events, &discovery->families[i]);
	discovery->families_known = r == 0;
	return r;
}

static int on_genl_event(const struct nlmsghdr *message, void *userdata)
{
	struct discovery *discovery = userdata;

	if (genl_is_family_event(message)) {
		discovery->families_known = false;
		discovery_mark(discovery, SOURCE_WIREGUARD);
		discovery_mark(discovery, SOURCE_OVPN);
		discovery_mark(discovery, SOURCE_L2TP);
	} else if (l2tp_is_event(message, &discovery->families[FAMILY_L2TP])) {
		discovery_mark(discovery, SOURCE_L2TP);
	} else if (message->nlmsg_type == discovery->families[FAMILY_OVPN].id ||
		   message->nlmsg_type == discovery->families[FAMILY_OVPN_DCO].id) {
		discovery_mark(discovery, SOURCE_OVPN);
	}
	return 0;
}

int source_genl_open(struct discovery *discovery)
{
	static const struct genl_family families[GENL_FAMILIES] = {
		[FAMILY_WIREGUARD] = { .name = WG_FAMILY },
		[FAMILY_AMNEZIAWG] = { .name = WG_FAMILY_AMNEZIA },
		[FAMILY_OVPN] = { .name = OVPN_FAMILY, .group = OVPN_GROUP },
		[FAMILY_OVPN_DCO] = { .name = OVPN_FAMILY_DCO, .group = OVPN_GROUP },
		[FAMILY_L2TP] = { .name = L2TP_FAMILY, .group = L2TP_GROUP },
	};
	struct nl *events;
	int r;

	memcpy(discovery->families, families, sizeof(families));
	discovery->families_known = false;
	r = discovery->genl ? 0 : genl_open(&discovery->genl);
	discovery->genl_error = r;
	if (r < 0)
		return r;
	r = genl_open_events(discovery->families, GENL_FAMILIES, &events);
	if (r < 0)
		return r;
	r = discovery_watch(discovery, events, on_genl_event);
	if (r == 0)
		discovery->genl_events = events;
	return r;
}

void source_genl_close(struct discovery *discovery)
{
	nl_close(discovery->genl);
}

/* What vanished while it was asked for is no failure: an event of it is on its way. */
static int forgive(struct discovery *discovery, int r)
{
	if (r == -ENOENT)
		discovery->families_known = false;
	return r == -ENOENT || r == -ENODEV ? 0 : r;
}

/* The family that tells the peers of a link, or GENL_FAMILIES where it is of another kind. */
static size_t family_of_wireguard(const struct link *link)
{
	if (link_is_kind(link, WG_FAMILY))
		return FAMILY_WIREGUARD;
	return link_is_kind(link, WG_FAMILY_AMNEZIA) ? FAMILY_AMNEZIAWG : GENL_FAMILIES;
}

static size_t family_of_ovpn(const struct link *link)
{
	if (link_is_kind(link, OVPN_FAMILY))
		return FAMILY_OVPN;
	return link_is_kind(link, OVPN_KIND_DCO) ? FAMILY_OVPN_DCO : GENL_FAMILIES;
}

/* What both readers are alike in. */
struct reader {
	size_t (*family)(const struct link *link);
	int (*dump)(struct nl *genl, uint16_t family, const struct link *link,
		    struct peer_list *peers);
	uint64_t poll_ns;
};

static int read_links(struct discovery *discovery, const struct source_look *look,
		      const struct reader *reader, struct peer_list *peers, uint64_t *ret_poll_ns)
{
	int r = 0;

	for (size_t i = 0; i < look->link_count && r == 0; i++) {
		const struct link *link = &look->links[i];
		size_t family = reader->family(link);

		if (family == GENL_FAMILIES)
			continue;
		*ret_poll_ns = reader->poll_ns;
		r = discovery_find_families(discovery);
		if (r == 0)
			r = forgive(discovery,
				    reader->dump(discovery->genl, discovery->families[family].id,
						 link, peers));
	}
	return r < 0 ? r : source_facts_complete(discovery, look, peers);
}

int source_wireguard_read(struct discovery *discovery, const struct source_look *look,
			  struct peer_list *peers, uint64_t *ret_poll_ns)
{
	static const struct reader reader = { family_of_wireguard, wg_dump, WIREGUARD_EVERY_NS };

	return read_links(discovery, look, &reader, peers, ret_poll_ns);
}

int source_ovpn_read(struct discovery *discovery, const struct source_look *look,
		     struct peer_list *peers, uint64_t *ret_poll_ns)
{
	static const struct reader reader = { family_of_ovpn, ovpn_dump, OVPN_EVERY_NS };

	return read_links(discovery, look, &reader, peers, ret_poll_ns);
}

int source_l2tp_read(struct discovery *discovery, const struct source_look *look,
		     struct peer_list *peers, uint64_t *ret_poll_ns)
{
	int r = discovery_find_families(discovery);

	*ret_poll_ns = 0; /* the kernel tells of its sessions */
	if (r < 0)
		return r;
	return forgive(discovery, l2tp_dump(discovery->genl, discovery->families[FAMILY_L2TP].id,
					    look->links, look->link_count, peers));
}
