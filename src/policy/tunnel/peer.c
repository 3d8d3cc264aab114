/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/tunnel/peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

struct peer_list *peer_list_new(void)
{
	struct peer_list *peers = calloc(1, sizeof(*peers));

	if (peers)
		peers->references = 1;
	return peers;
}

struct peer_list *peer_list_ref(struct peer_list *peers)
{
	peers->references++;
	return peers;
}

void peer_list_unref(struct peer_list *peers)
{
	if (!peers || --peers->references > 0)
		return;
	for (size_t i = 0; i < peers->count; i++)
		peer_done(&peers->list[i]);
	free(peers->list);
	free(peers);
}

int peer_list_append(struct peer_list *peers, struct peer *peer)
{
	void *list = peers->list;

	if (array_reserve(&list, &peers->capacity, peers->count + 1, sizeof(*peers->list)) < 0)
		return -ENOMEM;
	peers->list = list;
	peers->list[peers->count++] = *peer;
	*peer = (struct peer){ 0 };
	return 0;
}

int peer_list_take(struct peer_list *peers, struct peer *peer, int r)
{
	if (r == 0)
		r = peer_list_append(peers, peer);
	peer_done(peer);
	return r;
}

int peer_allow(struct peer *peer, const struct prefix *prefix)
{
	size_t count = peer->allowed_count;
	struct prefix *grown;

	/* Most peers have one or two: grown where the count is a power of two. */
	if ((count & (count - 1)) == 0) {
		grown = realloc(peer->allowed, (count ? 2 * count : 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		peer->allowed = grown;
	}
	peer->allowed[peer->allowed_count++] = *prefix;
	return 0;
}

int peer_allow_all(struct peer *peer)
{
	int r = 0;

	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT && r == 0; family++)
		r = peer_allow(peer, &(struct prefix){ .address = { .family = family } });
	return r;
}

void peer_done(struct peer *peer)
{
	free(peer->id);
	free(peer->name);
	free(peer->tunnel);
	free(peer->allowed);
	free(peer->warning);
	*peer = (struct peer){ 0 };
}

bool peer_layers_equal(const struct peer *a, const struct peer *b)
{
	return encap_stacks_equal(a->layer, a->layer_count, b->layer, b->layer_count);
}

static bool allowed_equal(const struct peer *a, const struct peer *b)
{
	if (a->allowed_count != b->allowed_count)
		return false;
	for (size_t i = 0; i < a->allowed_count; i++) {
		if (prefix_compare(&a->allowed[i], &b->allowed[i]) != 0)
			return false;
	}
	return true;
}

static bool selector_equal(const struct peer *a, const struct peer *b)
{
	if (a->selector != b->selector || a->narrow != b->narrow)
		return false;
	return !a->selector ||
	       (a->clear == b->clear && prefix_compare(&a->local, &b->local) == 0 &&
		a->priority == b->priority && a->mark_value == b->mark_value &&
		a->mark_mask == b->mark_mask && a->protocol == b->protocol);
}

static bool peer_equal(const struct peer *a, const struct peer *b)
{
	return text_equal(a->id, b->id) && text_equal(a->name, b->name) &&
	       text_equal(a->tunnel, b->tunnel) && text_equal(a->warning, b->warning) &&
	       a->ifindex == b->ifindex && a->has_endpoint == b->has_endpoint &&
	       a->endpoint_port == b->endpoint_port && a->unproven == b->unproven &&
	       /* all that counts of it without endpoint */
	       a->way.oif == b->way.oif && a->way.mark == b->way.mark &&
	       (!a->has_endpoint || path_question_equal(&a->way, &b->way)) &&
	       peer_layers_equal(a, b) && allowed_equal(a, b) && selector_equal(a, b);
}

bool peer_list_equal(const struct peer_list *a, const struct peer_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!peer_equal(&a->list[i], &b->list[i]))
			return false;
	}
	return true;
}

void peer_list_take_handshakes(struct peer_list *peers, const struct peer_list *from)
{
	for (size_t i = 0; i < peers->count; i++)
		peers->list[i].handshake = from->list[i].handshake;
}

const char *endpoint_format(const struct address *address, uint16_t port,
			    char text[ENDPOINT_TEXT_MAX])
{
	char bare[PREFIX_TEXT_MAX];

	address_format(address, bare);
	if (!port)
		snprintf(text, ENDPOINT_TEXT_MAX, "%s", bare);
	else if (address->family == FAMILY_IPV6)
		snprintf(text, ENDPOINT_TEXT_MAX, "[%s]:%u", bare, port);
	else
		snprintf(text, ENDPOINT_TEXT_MAX, "%s:%u", bare, port);
	return text;
}
