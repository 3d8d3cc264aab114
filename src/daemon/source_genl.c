/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers by generic netlink: WireGuard, OpenVPN in the kernel, L2TP. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/discovery_source.h"
#include "edge/l2tp.h"
#include "edge/ovpn.h"
#include "edge/wg.h"

/* WireGuard has no events: a peer that roams is to be seen within 5 s. A dump of 10,000 peers takes
 * some 20 ms. */
#define WIREGUARD_EVERY_NS (2 * NS_PER_SECOND)
/* Of a new peer OpenVPN's module tells nobody. */
#define OVPN_EVERY_NS (2 * NS_PER_SECOND)

static bool is_kind(const struct link *link, const char *kind)
{
	return strcmp(link->kind, kind) == 0;
}

int discovery_find_families(struct discovery *discovery)
{
	int r;

	if (!discovery->genl)
		return -EPERM; /* said when it was opened */
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
		[FAMILY_WIREGUARD] = { .name = "wireguard" },
		[FAMILY_AMNEZIAWG] = { .name = "amneziawg" },
		[FAMILY_OVPN] = { .name = "ovpn", .group = "peers" },
		[FAMILY_OVPN_DCO] = { .name = "ovpn-dco-v2", .group = "peers" },
		[FAMILY_L2TP] = { .name = "l2tp", .group = "l2tp" },
	};
	struct nl *events;
	int r;

	memcpy(discovery->families, families, sizeof(families));
	r = genl_open(&discovery->genl);
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

int source_wireguard_read(struct discovery *discovery, const struct source_look *look,
			  struct peer_list *peers, uint64_t *ret_poll_ns)
{
	int r = 0;

	for (size_t i = 0; i < look->link_count && r == 0; i++) {
		const struct link *link = &look->links[i];
		bool amnezia = is_kind(link, "amneziawg");

		if (!amnezia && !is_kind(link, "wireguard"))
			continue;
		*ret_poll_ns = WIREGUARD_EVERY_NS;
		r = discovery_find_families(discovery);
		if (r == 0)
			r = forgive(discovery,
				    wg_dump(discovery->genl,
					    discovery->families[amnezia ? FAMILY_AMNEZIAWG :
									  FAMILY_WIREGUARD].id,
					    link, peers));
	}
	return r < 0 ? r : source_facts_complete(discovery, look, peers);
}

int source_ovpn_read(struct discovery *discovery, const struct source_look *look,
		     struct peer_list *peers, uint64_t *ret_poll_ns)
{
	int r = 0;

	for (size_t i = 0; i < look->link_count && r == 0; i++) {
		const struct link *link = &look->links[i];
		bool dco = strncmp(link->kind, "ovpn-dco", strlen("ovpn-dco")) == 0;

		if (!dco && !is_kind(link, "ovpn"))
			continue;
		*ret_poll_ns = OVPN_EVERY_NS;
		r = discovery_find_families(discovery);
		if (r == 0)
			r = forgive(discovery,
				    ovpn_dump(discovery->genl,
					      discovery->families[dco ? FAMILY_OVPN_DCO :
									FAMILY_OVPN].id,
					      link, peers));
	}
	return r < 0 ? r : source_facts_complete(discovery, look, peers);
}

int source_l2tp_read(struct discovery *discovery, const struct source_look *look,
		     struct peer_list *peers, uint64_t *ret_poll_ns)
{
	int r = discovery_find_families(discovery);

	(void)ret_poll_ns;
	if (r < 0)
		return r;
	return forgive(discovery, l2tp_dump(discovery->genl, discovery->families[FAMILY_L2TP].id,
					    look->links, look->link_count, peers));
}
