/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/facts_peers.h"

#include <errno.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "edge/facts_openvpn.h"

static const struct facts_tunnel *find_tunnel(const struct facts *facts, const char *ifname)
{
	for (size_t i = 0; i < facts->tunnels.count; i++) {
		if (strcmp(facts->tunnels.list[i].ifname, ifname) == 0)
			return &facts->tunnels.list[i];
	}
	return NULL;
}

static const struct facts_wireguard *find_wireguard(const struct facts *facts, const char *ifname)
{
	for (size_t i = 0; i < facts->wireguard.count; i++) {
		if (strcmp(facts->wireguard.list[i].ifname, ifname) == 0)
			return &facts->wireguard.list[i];
	}
	return NULL;
}

static const struct facts_ppp *find_ppp(const struct facts *facts, const char *ifname)
{
	for (size_t i = 0; i < facts->ppp.count; i++) {
		if (strcmp(facts->ppp.list[i].ifname, ifname) == 0)
			return &facts->ppp.list[i];
	}
	return NULL;
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

static int append(struct peer_list *peers, struct peer *peer, int r)
{
	if (r == 0)
		r = peer_list_append(peers, peer);
	if (r < 0)
		peer_done(peer);
	return r;
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
	return append(peers, &peer, r);
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
	static const struct prefix all[] = { { .address = { .family = FAMILY_IPV4 } },
					     { .address = { .family = FAMILY_IPV6 } } };
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
	r = peer.id ? peer_allow(&peer, &all[0]) : -ENOMEM;
	if (r == 0)
		r = peer_allow(&peer, &all[1]);
	return append(peers, &peer, r);
}

static const struct facts_openvpn *find_openvpn(const struct facts *facts, const char *ifname)
{
	const struct facts_tunnel *tunnel = find_tunnel(facts, ifname);

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
	const struct facts_tunnel *tunnel = find_tunnel(facts, link->name);
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
		const struct facts_ppp *ppp = find_ppp(facts, link->name);
		const struct facts_source *source = find_source(sources, source_count, link->name);
		const size_t before = peers->count;

		if (strcmp(link->kind, "tun") == 0)
			r = append_tun(facts, link, source, peers);
		else if (strcmp(link->kind, "ppp") == 0 && ppp && strcmp(ppp->kind, "pptp") == 0)
			r = append_pptp(ppp, link, peers);
		if (r == 0)
			r = warn(facts, link, source, peers, before);
	}
	return r;
}

static int compare_name(const void *key, const void *element)
{
	const struct facts_name *name = element;

	return strcmp(key, name->key);
}

const char *facts_name(const struct facts *facts, const char *key)
{
	const struct facts_name *found = NULL;

	if (facts->names.count > 0)
		found = bsearch(key, facts->names.list, facts->names.count,
				sizeof(facts->names.list[0]), compare_name);
	return found ? found->name : NULL;
}

struct numbered {
	int64_t number;
	const struct facts_client *client;
};

/* Clients of one tunnel by their number; rebuilt where the next peer is of another link. */
struct numbers {
	const struct link *link;
	struct numbered *list;
	size_t count;
};

static int compare_numbers(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static int numbers_build(struct numbers *numbers, const struct facts *facts,
			 const struct link *link)
{
	const struct facts_tunnel *tunnel = find_tunnel(facts, link->name);
	const struct facts_status *status = NULL;

	if (tunnel && tunnel->openvpn.count > 0)
		status = tunnel->openvpn.list[0].status.list;
	free(numbers->list);
	*numbers = (struct numbers){ .link = link };
	if (!status || status->clients.count == 0)
		return 0;
	numbers->list = calloc(status->clients.count, sizeof(*numbers->list));
	if (!numbers->list)
		return -ENOMEM;
	for (size_t i = 0; i < status->clients.count; i++) {
		const struct facts_client *client = &status->clients.list[i];

		if (client->has_peer_id)
			numbers->list[numbers->count++] =
				(struct numbered){ client->peer_id, client };
	}
	qsort(numbers->list, numbers->count, sizeof(*numbers->list), compare_numbers);
	return 0;
}

static const struct facts_client *numbers_find(const struct numbers *numbers, const char *id)
{
	const struct numbered *found = NULL;
	struct numbered wanted = { 0 };
	uint64_t number;

	if (text_parse_u64(id, 0, FACTS_PEER_ID_NONE, &number) < 0)
		return NULL;
	wanted.number = (int64_t)number;
	if (numbers->count > 0)
		found = bsearch(&wanted, numbers->list, numbers->count, sizeof(*numbers->list),
				compare_numbers);
	return found ? found->client : NULL;
}

static bool allows(const struct peer *peer, const struct prefix *prefix)
{
	for (size_t i = 0; i < peer->allowed_count; i++) {
		if (prefix_compare(&peer->allowed[i], prefix) == 0)
			return true;
	}
	return false;
}

static int complete_client(const struct facts_client *client, struct peer *peer)
{
	char *name = strdup(client->name), *id = NULL;
	struct prefix prefix;
	int r = 0;

	if (!name || asprintf(&id, "%s/%s", client->name, peer->id) < 0) {
		free(name);
		return -ENOMEM;
	}
	free(peer->id);
	free(peer->name);
	peer->id = id;
	peer->name = name;
	for (size_t i = 0; r == 0 && i < client->addresses.count; i++) {
		if (prefix_parse(client->addresses.list[i], &prefix) == 0 && !allows(peer, &prefix))
			r = peer_allow(peer, &prefix);
	}
	return r;
}

static int complete(const struct facts *facts, const struct link *link, struct numbers *numbers,
		    struct peer *peer)
{
	const enum encap_kind kind = peer->layer_count > 0 ? peer->layer[0].kind : ENCAP_NONE;
	const struct facts_client *client;
	const char *name;

	if (!peer->id || peer->name)
		return 0;
	if (kind == ENCAP_OPENVPN && strcmp(link->kind, "tun") != 0) {
		if (numbers->link != link && numbers_build(numbers, facts, link) < 0)
			return -ENOMEM;
		client = numbers_find(numbers, peer->id);
		return client ? complete_client(client, peer) : 0;
	}
	name = kind == ENCAP_WIREGUARD || kind == ENCAP_AMNEZIAWG ? facts_name(facts, peer->id)
								  : NULL;
	if (!name)
		return 0;
	peer->name = strdup(name);
	return peer->name ? 0 : -ENOMEM;
}

int facts_complete(const struct facts *facts, const struct link *links, size_t count,
		   struct peer_list *peers)
{
	const struct link *link = NULL;
	struct numbers numbers = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < peers->count; i++) {
		struct peer *peer = &peers->list[i];

		/* Peers of one link stand together. */
		if (!link || link->ifindex != peer->ifindex) {
			link = NULL;
			for (size_t l = 0; !link && l < count; l++)
				link = links[l].ifindex == peer->ifindex ? &links[l] : NULL;
		}
		if (link)
			r = complete(facts, link, &numbers, peer);
	}
	free(numbers.list);
	return r;
}

bool facts_tunnel(const struct facts *facts, const char *ifname, struct facts_owner *ret_owner)
{
	const struct facts_tunnel *tunnel = find_tunnel(facts, ifname);
	const struct facts_wireguard *wireguard = find_wireguard(facts, ifname);
	const struct facts_ppp *ppp = find_ppp(facts, ifname);
	struct facts_owner owner = { 0 };

	if (!tunnel && !wireguard && !ppp)
		return false;
	if (tunnel) {
		owner = (struct facts_owner){ .kind = tunnel->program, .program = tunnel->program,
					      .pid = tunnel->pid, .uid = tunnel->uid };
		if (tunnel->openvpn.count > 0) {
			owner.kind = "openvpn";
			owner.tun_mtu = tunnel->openvpn.list[0].tun_mtu;
		}
	}
	if (ppp)
		owner = (struct facts_owner){ .kind = ppp->kind, .program = "pppd",
					      .pid = ppp->pid, .uid = ppp->uid };
	if (wireguard)
		owner.kind = wireguard->kind;
	*ret_owner = owner;
	return true;
}
