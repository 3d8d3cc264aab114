/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/peers/facts_openvpn.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/overhead/overhead.h"

#define EPOCH_VERSION 207 /* both ends from 2.7 on may use epoch keys, 4 bytes dearer */
#define COMPARE_FIRST 1485 /* path MTUs at which ciphers are compared: two blocks of padding */
#define COMPARE_COUNT 32

/* What holds for every peer of the tunnel. */
struct tunnel {
	const struct facts_openvpn *openvpn; /* NULL unknown */
	const struct facts_source *source;   /* NULL without */
	const struct link *link;
	const char *version;
	int64_t uid;
	struct encap worst;                  /* of all ciphers that may be in use */
};

/* What a path MTU of each of several sizes leaves, added up: paddings differ with the size. */
static uint64_t room_in(const struct encap *layer)
{
	uint64_t room = 0;

	for (uint32_t mtu = COMPARE_FIRST; mtu < COMPARE_FIRST + COMPARE_COUNT; mtu++)
		room += overhead_apply(layer, mtu, NULL).inner_mtu;
	return room;
}

static const char *auth_of(const struct tunnel *tunnel)
{
	if (tunnel->source && tunnel->source->auth)
		return tunnel->source->auth;
	return tunnel->openvpn ? tunnel->openvpn->auth : NULL;
}

/* Sets the cipher; a peer that is not known to have another one may use epoch keys. */
static int set_cipher(const struct tunnel *tunnel, const char *cipher, struct encap *layer)
{
	int r = encap_set_openvpn_cipher(layer, cipher, auth_of(tunnel));

	if (r == 0 && layer->value[ENCAP_KEY_MODE] == ENCAP_MODE_AEAD &&
	    facts_version_number(tunnel->version) >= EPOCH_VERSION)
		encap_set(layer, ENCAP_KEY_EPOCH, 1);
	return r;
}

/* Everything but the cipher and the family outside. */
static struct encap make_layer(const struct tunnel *tunnel, const char *proto)
{
	const struct facts_openvpn *openvpn = tunnel->openvpn;
	struct encap layer = { .kind = ENCAP_OPENVPN };
	const bool tcp = proto && strcmp(proto, "tcp") == 0;

	encap_set(&layer, ENCAP_KEY_PROTO, tcp ? ENCAP_PROTO_TCP : ENCAP_PROTO_UDP);
	if (tunnel->link->tap)
		encap_set(&layer, ENCAP_KEY_TAP, 1);
	if (!openvpn)
		return layer;
	if (openvpn->comp)
		encap_set(&layer, ENCAP_KEY_COMP, 1);
	if (openvpn->fragment)
		encap_set(&layer, ENCAP_KEY_FRAGMENT, 1);
	if (openvpn->socks)
		encap_set(&layer, ENCAP_KEY_SOCKS, 1);
	if (openvpn->static_key) {
		encap_set(&layer, ENCAP_KEY_TLS, 0);
		encap_set(&layer, ENCAP_KEY_PEER_ID, 0);
	}
	return layer;
}

/* The cipher of all that may be in use which leaves least. Without a list OpenVPN's own holds, of
 * which each member costs the same. */
static struct encap worst_layer(const struct tunnel *tunnel)
{
	const struct facts_openvpn *openvpn = tunnel->openvpn;
	const struct encap bare = make_layer(tunnel, openvpn ? openvpn->proto : NULL);
	struct encap worst = bare, layer;
	bool found = false;

	if (tunnel->source && tunnel->source->cipher) {
		(void)set_cipher(tunnel, tunnel->source->cipher, &worst);
		return worst;
	}
	for (size_t i = 0; openvpn && i < openvpn->ciphers.count; i++) {
		layer = bare;
		if (set_cipher(tunnel, openvpn->ciphers.list[i], &layer) < 0)
			continue;
		if (!found || room_in(&layer) < room_in(&worst))
			worst = layer;
		found = true;
	}
	if (!found)
		(void)set_cipher(tunnel, "AES-256-GCM", &worst);
	return worst;
}

static void set_outer(struct encap *layer, enum family family)
{
	encap_set(layer, ENCAP_KEY_OUTER, family == FAMILY_IPV4 ? 4 : 6);
}

/* Nobody is known at the far end: the family that the configuration allows, if it is one alone.
 * Whether IPv6 is to be reckoned with otherwise depends on the routes. */
static void set_likely_outer(const struct tunnel *tunnel, struct encap *layer)
{
	const struct facts_openvpn *openvpn = tunnel->openvpn;
	struct address local;

	if (openvpn && openvpn->local && address_parse(openvpn->local, &local) == 0)
		set_outer(layer, local.family);
	else if (openvpn && openvpn->family)
		set_outer(layer, openvpn->family == 4 ? FAMILY_IPV4 : FAMILY_IPV6);
}

static void set_way(const struct tunnel *tunnel, const char *address, int64_t port,
		    const char *proto, struct peer *peer)
{
	const struct facts_openvpn *openvpn = tunnel->openvpn;
	struct path_question *way = &peer->way;
	struct address local;

	if (!address || address_parse(address, &way->destination) < 0)
		return;
	peer->has_endpoint = true;
	peer->endpoint_port = (uint16_t)port;
	way->protocol = proto && strcmp(proto, "tcp") == 0 ? IPPROTO_TCP : IPPROTO_UDP;
	way->dport = (uint16_t)port;
	way->has_uid = tunnel->uid >= 0;
	way->uid = tunnel->uid >= 0 ? (uint32_t)tunnel->uid : 0;
	if (!openvpn)
		return;
	way->sport = (uint16_t)openvpn->local_port;
	way->mark = (uint32_t)openvpn->mark;
	if (openvpn->local && address_parse(openvpn->local, &local) == 0 &&
	    local.family == way->destination.family) {
		way->has_source = true;
		way->source = local;
	}
}

static char *client_id(const struct facts_client *client)
{
	char *id;

	if (!client->has_peer_id)
		return strdup(client->name);
	return asprintf(&id, "%s/%lld", client->name, (long long)client->peer_id) < 0 ? NULL : id;
}

static int append_client(const struct tunnel *tunnel, const struct facts_client *client,
			 struct peer_list *peers)
{
	const struct facts_openvpn *openvpn = tunnel->openvpn;
	const char *proto = client->proto ? client->proto : openvpn ? openvpn->proto : NULL;
	const char *cipher = tunnel->source && tunnel->source->cipher ? tunnel->source->cipher
								      : client->cipher;
	struct peer peer = {
		.id = client_id(client),
		.name = strdup(client->name),
		.ifindex = tunnel->link->ifindex,
		.layer = { make_layer(tunnel, proto) },
		.layer_count = 1,
		.handshake = client->seen,
	};
	struct prefix prefix;
	int r = peer.id && peer.name ? 0 : -ENOMEM;

	if (!cipher || set_cipher(tunnel, cipher, &peer.layer[0]) < 0) {
		peer.layer[0] = tunnel->worst;
		encap_set(&peer.layer[0], ENCAP_KEY_PROTO,
			  proto && strcmp(proto, "tcp") == 0 ? ENCAP_PROTO_TCP : ENCAP_PROTO_UDP);
	}
	set_way(tunnel, client->endpoint, client->port, proto, &peer);
	if (peer.has_endpoint)
		set_outer(&peer.layer[0], peer.way.destination.family);
	else
		set_likely_outer(tunnel, &peer.layer[0]);
	for (size_t i = 0; r == 0 && i < client->addresses.count; i++) {
		if (prefix_parse(client->addresses.list[i], &prefix) == 0)
			r = peer_allow(&peer, &prefix);
	}
	return peer_list_take(peers, &peer, r);
}

/* Whoever has connected since the file was written. */
static int append_unknown(const struct tunnel *tunnel, struct peer_list *peers)
{
	struct peer peer = {
		.ifindex = tunnel->link->ifindex,
		.layer = { tunnel->worst },
		.layer_count = 1,
	};

	set_likely_outer(tunnel, &peer.layer[0]);
	return peer_list_take(peers, &peer, peer_allow_all(&peer));
}

/* Of several remotes each has a peer of its own for all addresses, so that the narrowest counts. */
static char *remote_id(const struct facts_openvpn *openvpn, size_t place, const char *proto)
{
	const struct facts_remote *remote = &openvpn->remotes.list[place];
	char *id;

	if (place == 0)
		return strdup(remote->address);
	return asprintf(&id, "%s/%lld/%s", remote->address, (long long)remote->port, proto) < 0 ?
	       NULL : id;
}

static int append_remote(const struct tunnel *tunnel, size_t place, struct peer_list *peers)
{
	const struct facts_openvpn *openvpn = tunnel->openvpn;
	const struct facts_remote *remote = &openvpn->remotes.list[place];
	const char *proto = remote->proto ? remote->proto : openvpn->proto;
	struct peer peer = {
		.id = remote_id(openvpn, place, proto),
		.ifindex = tunnel->link->ifindex,
		.layer = { tunnel->worst },
		.layer_count = 1,
	};
	int r = peer.id ? peer_allow_all(&peer) : -ENOMEM;

	set_way(tunnel, remote->address, remote->port, proto, &peer);
	encap_set(&peer.layer[0], ENCAP_KEY_PROTO,
		  strcmp(proto, "tcp") == 0 ? ENCAP_PROTO_TCP : ENCAP_PROTO_UDP);
	if (peer.has_endpoint)
		set_outer(&peer.layer[0], peer.way.destination.family);
	else
		set_likely_outer(tunnel, &peer.layer[0]);
	if (r == 0 && place == 0 && openvpn->remotes.count > 1 &&
	    asprintf(&peer.warning,
		     "OpenVPN has %zu remotes: whichever is in use, the narrowest counts",
		     openvpn->remotes.count) < 0) {
		peer.warning = NULL;
		r = -ENOMEM;
	}
	return peer_list_take(peers, &peer, r);
}

/* A client, or one of two equal ends. */
static int append_far_end(const struct tunnel *tunnel, struct peer_list *peers)
{
	const struct facts_openvpn *openvpn = tunnel->openvpn;
	struct peer peer = {
		.ifindex = tunnel->link->ifindex,
		.layer = { tunnel->worst },
		.layer_count = 1,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < openvpn->remotes.count; i++)
		r = append_remote(tunnel, i, peers);
	if (openvpn->remotes.count > 0)
		return r;
	peer.id = strdup("remote");
	set_likely_outer(tunnel, &peer.layer[0]);
	return peer_list_take(peers, &peer, peer.id ? peer_allow_all(&peer) : -ENOMEM);
}

int facts_openvpn_peers(const struct facts_openvpn *openvpn, const struct facts_status *status,
			const struct facts_source *source, int64_t uid, const struct link *link,
			struct peer_list *peers)
{
	struct tunnel tunnel = {
		.openvpn = openvpn,
		.source = source,
		.link = link,
		.version = status && status->version ? status->version
			   : openvpn		     ? openvpn->version
						     : NULL,
		.uid = uid,
	};
	int r = 0;

	tunnel.worst = worst_layer(&tunnel);
	if (openvpn && strcmp(openvpn->role, "server") != 0 && !(status && status->clients.count))
		return append_far_end(&tunnel, peers);
	for (size_t i = 0; r == 0 && status && i < status->clients.count; i++)
		r = append_client(&tunnel, &status->clients.list[i], peers);
	return r == 0 ? append_unknown(&tunnel, peers) : r;
}
