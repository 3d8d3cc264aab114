/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What facts add to peers that the kernel told of: names, networks behind them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "edge/peers/facts_peers.h"

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
	const struct facts_tunnel *tunnel = facts_find_tunnel(facts, link->name);
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
	if (kind == ENCAP_OPENVPN && !link_is_kind(link, "tun")) {
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
