/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/peers/facts_peers.h"

#include <errno.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/peers/facts_openvpn.h"

/* facts_parse has put them in order. */
static int compare_ifname(const void *key, const void *element)
{
	return strcmp(key, *(char *const *)element);
}

#define FIND(list_of, name) \
	((list_of).count ? bsearch(name, (list_of).list, (list_of).count, \
				   sizeof((list_of).list[0]), compare_ifname) : NULL)

const struct facts_tunnel *facts_find_tunnel(const struct facts *facts, const char *ifname)
{
	return FIND(facts->tunnels, ifname);
}

static const struct facts_wireguard *find_wireguard(const struct facts *facts, const char *ifname)
{
	return FIND(facts->wireguard, ifname);
}

const struct facts_ppp *facts_find_ppp(const struct facts *facts, const char *ifname)
{
	return FIND(facts->ppp, ifname);
}

static const struct facts_source *find_source(const struct facts_source *sources, size_t count,
					      const char *ifname)
{
	for (size_t i = 0; i < count; i++) {
		if (sources[i].match && fnmatch(sources[i].match, ifname, 0) == 0)
			return &sources[i];
	}
	return NULL;
}

static const struct facts_status *find_status(const struct facts *facts, const char *file)
{
	for (size_t i = 0; file && i < facts->status.count; i++) {
		if (strcmp(facts->status.list[i].file, file) == 0)
			return &facts->status.list[i];
	}
	return NULL;
}

static int append_wg_peer(const struct facts_wireguard *device, const struct facts_wg_peer *known,
			  const struct facts_tunnel *tunnel, const struct link *link,
			  struct peer_list *peers)
{
	const bool amnezia = strcmp(device->kind, "amneziawg") == 0;
	struct peer peer = {
		.id = strdup(known->key),
		.ifindex = link->ifindex,
		.layer = { { .kind = amnezia ? ENCAP_AMNEZIAWG : ENCAP_WIREGUARD } },
		.layer_count = 1,
		.handshake = known->handshake,
	};
	struct path_question *way = &peer.way;
	struct prefix prefix;
	int r = peer.id ? 0 : -ENOMEM;

	if (device->s4 > 0)
		encap_set(&peer.layer[0], ENCAP_KEY_S4, (uint16_t)device->s4);
	way->mark = (uint32_t)device->fwmark; /* wherever he will come from */
	if (known->endpoint && address_parse(known->endpoint, &way->destination) == 0) {
		peer.has_endpoint = true;
		peer.endpoint_port = way->dport = (uint16_t)known->port;
		way->protocol = IPPROTO_UDP;
		way->sport = (uint16_t)device->listen_port;
		way->has_uid = tunnel != NULL;
		way->uid = tunnel ? (uint32_t)tunnel->uid : 0;
		encap_set(&peer.layer[0], ENCAP_KEY_OUTER,
			  way->destination.family == FAMILY_IPV4 ? 4 : 6);
	}
	for (size_t i = 0; r == 0 && i < known->allowed.count; i++) {
		if (prefix_parse(known->allowed.list[i], &prefix) == 0)
			r = peer_allow(&peer, &prefix);
	}
	return peer_list_take(peers, &peer, r);
}

static int append_wireguard(const struct facts_wireguard *device,
			    const struct facts_tunnel *tunnel, const struct link *link,
			    struct peer_list *peers)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < device->peers.count; i++)
		r = append_wg_peer(device, &device->peers.list[i], tunnel, link, peers);
	return r;
}

static int append_pptp(const struct facts_ppp *ppp, const struct link *link,
		       struct peer_list *peers)
{
	struct peer peer = {
		.ifindex = link->ifindex,
		.layer = { { .kind = ENCAP_PPTP } },
		.layer_count = 1,
	};
	int r;

	if (!ppp->remote || address_parse(ppp->remote, &peer.way.destination) < 0)
		return 0;
	peer.id = strdup(ppp->remote);
	peer.has_endpoint = true;
	peer.way.protocol = IPPROTO_GRE;
	encap_set(&peer.layer[0], ENCAP_KEY_OUTER,
		  peer.way.destination.family == FAMILY_IPV4 ? 4 : 6);
	/* As much as a packet may have: any may carry an acknowledgement, and whether the ends have
	 * agreed on shorter PPP headers nobody tells. */
	encap_set(&peer.layer[0], ENCAP_KEY_ACK, 1);
	encap_set(&peer.layer[0], ENCAP_KEY_PPP, 4);
	if (ppp->mppe)
		encap_set(&peer.layer[0], ENCAP_KEY_MPPE, 1);
	r = peer.id ? peer_allow_all(&peer) : -ENOMEM;
	return peer_list_take(peers, &peer, r);
}

static const struct facts_openvpn *find_openvpn(const struct facts *facts, const char *ifname)
{
	const struct facts_tunnel *tunnel = facts_find_tunnel(facts, ifname);

	return tunnel && tunnel->openvpn.count > 0 ? tunnel->openvpn.list : NULL;
}

/* The one that the configuration names, unless it has no clients and the process has another. */
static const struct facts_status *choose_status(const struct facts *facts, const char *ifname,
						const struct facts_source *source)
{
	const struct facts_status *named = find_status(facts, source ? source->status_file : NULL);
	const struct facts_openvpn *openvpn = find_openvpn(facts, ifname);

	if (named && !(named->problem && named->clients.count == 0))
		return named;
	return openvpn && openvpn->status.count > 0 ? openvpn->status.list : named;
}

static int append_tun(const struct facts *facts, const struct link *link,
		      const struct facts_source *source, struct peer_list *peers)
{
	const struct facts_wireguard *wireguard = find_wireguard(facts, link->name);
	const struct facts_tunnel *tunnel = facts_find_tunnel(facts, link->name);
	const struct facts_openvpn *openvpn = find_openvpn(facts, link->name);
	const struct facts_status *status = choose_status(facts, link->name, source);

	if (wireguard)
		return append_wireguard(wireguard, tunnel, link, peers);
	/* A source that names another kind is right: facts only know who holds the device. */
	if (source && source->kind && strcmp(source->kind, "openvpn") != 0)
		return 0;
	if (!openvpn && !status && !(source && source->kind))
		return 0;
	return facts_openvpn_peers(openvpn, status, source, tunnel ? tunnel->uid : -1, link, peers);
}

static const char *find_warning(const struct facts *facts, const char *ifname)
{
	const size_t len = strlen(ifname);

	for (size_t i = 0; i < facts->warnings.count; i++) {
		const char *text = facts->warnings.list[i];

		if (strncmp(text, ifname, len) == 0 && strncmp(text + len, ": ", 2) == 0)
			return text + len + 2;
	}
	return NULL;
}

/* Returns the bytes of an owned *ret_text, 0 where nothing is odd, or -1. */
static int warn_status(const struct facts *facts, const struct link *link,
		       const struct facts_source *source, char **ret_text)
{
	const struct facts_status *named = find_status(facts, source ? source->status_file : NULL),
				  *used = choose_status(facts, link->name, source);

	if (named && named->problem)
		return asprintf(ret_text, "status_file %s %s; %s", named->file, named->problem,
				used != named ? "the one that OpenVPN has open counts"
				: used->clients.count > 0 ? "its clients are as they were"
							  : "its clients are unknown");
	if (used && used->problem)
		return asprintf(ret_text, "OpenVPN's status file %s %s", used->file, used->problem);
	if (used && used->cipherless && !(source && source->cipher))
		return asprintf(ret_text,
				"OpenVPN's status file %s is of version 1, which names no ciphers, "
				"so each client gets the limit of the worst one: add "
				"`status-version 2` to its configuration",
				used->file);
	return 0;
}

/* What is odd about a tunnel stands at the last of its peers: where clients are unknown, that is
 * who stands for them. */
static int warn(const struct facts *facts, const struct link *link,
		const struct facts_source *source, struct peer_list *peers, size_t before)
{
	struct peer *last = peers->count > before ? &peers->list[peers->count - 1] : NULL;
	const char *told = find_warning(facts, link->name);
	int r;

	if (!last || last->warning)
		return 0;
	r = warn_status(facts, link, source, &last->warning);
	if (r < 0)
		last->warning = NULL;
	if (r == 0 && told) {
		last->warning = strdup(told);
		r = last->warning ? 0 : -1;
	}
	return r < 0 ? -ENOMEM : 0;
}

int facts_peers(const struct facts *facts, const struct link *links, size_t count,
		const struct facts_source *sources, size_t source_count, struct peer_list *peers)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct link *link = &links[i];
		const struct facts_ppp *ppp = facts_find_ppp(facts, link->name);
		const struct facts_source *source = find_source(sources, source_count, link->name);
		const size_t before = peers->count;

		if (link_is_kind(link, "tun"))
			r = append_tun(facts, link, source, peers);
		else if (link_is_kind(link, "ppp") && ppp && strcmp(ppp->kind, "pptp") == 0)
			r = append_pptp(ppp, link, peers);
		if (r == 0)
			r = warn(facts, link, source, peers, before);
	}
	return r;
}
