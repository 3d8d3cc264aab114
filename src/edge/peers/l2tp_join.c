/* SPDX-License-Identifier: GPL-2.0-or-later */
/* L2TP tunnels, their sessions and the links of those, made into peers. */
#include <errno.h>
#include <linux/l2tp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "edge/netlink/endpoint.h"
#include "edge/peers/l2tp.h"

#define PROTOCOL_L2TP 115 /* RFC 3931 section 4.1.1 */
#define PPP_BYTES 4       /* address ff, control 03, protocol of 2 bytes */
#define ID_MAX (PREFIX_TEXT_MAX + 24)

/* Links by name. */
struct index {
	const struct link **list;
	size_t count;
};

static int by_tunnel(const void *a, const void *b)
{
	const struct l2tp_tunnel *x = a, *y = b;

	return array_order(x->id, y->id);
}

static int by_session(const void *a, const void *b)
{
	const struct l2tp_session *x = a, *y = b;
	int order = array_order(x->tunnel, y->tunnel);

	return order ? order : array_order(x->id, y->id);
}

static int by_ppp_session(const void *a, const void *b)
{
	const struct pppol2tp_session *x = a, *y = b;
	int order = array_order(x->tunnel, y->tunnel);

	return order ? order : array_order(x->session, y->session);
}

static int by_name(const void *a, const void *b)
{
	const struct link *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* qsort and bsearch take no NULL, an empty list is one. */
static void sort(void *list, size_t count, size_t size, int (*order)(const void *, const void *))
{
	if (count > 0)
		qsort(list, count, size, order);
}

static void *find(const void *key, const void *list, size_t count, size_t size,
		  int (*order)(const void *, const void *))
{
	return count > 0 ? bsearch(key, list, count, size, order) : NULL;
}

static int index_links(const struct link *links, size_t count, struct index *ret_index)
{
	struct index index = { .list = calloc(count + 1, sizeof(struct link *)), .count = count };

	if (!index.list)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		index.list[i] = &links[i];
	sort(index.list, count, sizeof(struct link *), by_name);
	*ret_index = index;
	return 0;
}

/* The link of a session, or NULL. A PPP session's name is in the list of those. */
static const struct link *find_link(const struct l2tp_session *session,
				    const struct pppol2tp_list *ppp, const struct index *links)
{
	struct pppol2tp_session key = { .tunnel = session->tunnel, .session = session->id };
	const char *name = session->interface;
	struct link wanted = { 0 };
	const struct link *const pointer = &wanted, **found;

	if (session->wire == L2TP_PWTYPE_PPP) {
		const struct pppol2tp_session *told = find(&key, ppp->list, ppp->count, sizeof(key),
							   by_ppp_session);

		name = told ? told->interface : "";
	}
	memcpy(wanted.name, name, strlen(name) + 1); /* both fields are IF_NAMESIZE */
	found = find(&pointer, links->list, links->count, sizeof(struct link *), by_name);
	return found ? *found : NULL;
}

/* Whether it is a kind of session that layers are known for. */
static bool set_layer(struct encap *layer, const struct l2tp_tunnel *tunnel,
		      const struct l2tp_session *session)
{
	if (tunnel->version == 2 && tunnel->udp && session->wire == L2TP_PWTYPE_PPP) {
		layer->kind = ENCAP_L2TP2;
		encap_set(layer, ENCAP_KEY_PPP, PPP_BYTES);
		encap_set(layer, ENCAP_KEY_SEQ, session->sends_sequence);
		return true;
	}
	if (tunnel->version == 3 && session->wire == L2TP_PWTYPE_ETH) {
		layer->kind = ENCAP_L2TP3ETH;
		encap_set(layer, ENCAP_KEY_UDP, tunnel->udp);
		encap_set(layer, ENCAP_KEY_COOKIE, session->cookie_len);
		encap_set(layer, ENCAP_KEY_L2SPEC, 1);
		return true;
	}
	return false;
}

static char *make_id(const struct l2tp_tunnel *tunnel, const struct l2tp_session *session)
{
	char text[ID_MAX], address[PREFIX_TEXT_MAX] = "l2tp";

	if (tunnel->has_remote)
		address_format(&tunnel->remote, address);
	snprintf(text, sizeof(text), "%s/%u/%u", address, tunnel->id, session->id);
	return strdup(text);
}

static void set_way(struct peer *peer, const struct l2tp_tunnel *tunnel)
{
	struct endpoint endpoint = {
		.known = tunnel->has_remote,
		.address = tunnel->remote,
		.port = tunnel->udp ? tunnel->remote_port : 0,
	};

	endpoint_set(peer, &endpoint, tunnel->udp ? IPPROTO_UDP : PROTOCOL_L2TP);
	if (!peer->has_endpoint)
		return;
	if (tunnel->udp)
		peer->way.sport = tunnel->local_port;
	if (tunnel->has_local)
		endpoint_set_source(peer, &tunnel->local);
}

static int append_peer(const struct l2tp_tunnel *tunnel, const struct l2tp_session *session,
		       const struct link *link, struct peer_list *peers)
{
	struct peer peer = { .ifindex = link->ifindex, .layer_count = 1 };
	int r;

	if (!set_layer(&peer.layer[0], tunnel, session))
		return 0;
	peer.id = make_id(tunnel, session);
	set_way(&peer, tunnel);
	r = peer.id ? peer_allow_all(&peer) : -ENOMEM;
	return peer_list_take(peers, &peer, r);
}

int l2tp_join(struct l2tp_tunnel_list *tunnels, struct l2tp_session_list *sessions,
	      struct pppol2tp_list *ppp, const struct link *links, size_t link_count,
	      struct peer_list *peers)
{
	size_t before = peers->count;
	struct index index;
	int r = index_links(links, link_count, &index);

	if (r < 0)
		return r;
	sort(tunnels->list, tunnels->count, sizeof(*tunnels->list), by_tunnel);
	sort(sessions->list, sessions->count, sizeof(*sessions->list), by_session);
	sort(ppp->list, ppp->count, sizeof(*ppp->list), by_ppp_session);
	for (size_t i = 0; i < sessions->count && r == 0; i++) {
		const struct l2tp_session *session = &sessions->list[i];
		struct l2tp_tunnel key = { .id = session->tunnel };
		const struct l2tp_tunnel *tunnel = find(&key, tunnels->list, tunnels->count,
							sizeof(key), by_tunnel);
		const struct link *link = find_link(session, ppp, &index);

		if (tunnel && link && (i == 0 || by_session(session - 1, session) != 0))
			r = append_peer(tunnel, session, link, peers);
	}
	if (r < 0)
		genl_forget_peers(peers, before);
	free(index.list);
	return r;
}
