/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/words/explain_peer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"

#define HINT_PEERS "\"mssclampctl peers\" lists them"
#define HINT_MAX 160

/* The length of an id's head without the "..." that stands for its rest. */
static size_t head_length(const char *text)
{
	static const char *const ends[] = { "...", "\u2026" };
	size_t len = strlen(text);

	for (size_t i = 0; i < COUNT(ends); i++) {
		size_t end = strlen(ends[i]);

		if (len >= end && strcmp(text + len - end, ends[i]) == 0)
			return len - end;
	}
	return len;
}

bool explain_peer_is_word(const char *text)
{
	size_t len = head_length(text);
	bool digits = strspn(text, "0123456789") >= len;
	bool address = strspn(text, "0123456789abcdefABCDEF.:/[]") >= len &&
		       strcspn(text, ".:") < len;

	return !digits && !address && !strpbrk(text, " \t");
}

/* One id on several tunnels is one: the first, as by the whole id. */
static int find_head(const struct tunnel_set *set, const char *text, uint32_t *ret_place,
		     size_t *ret_count)
{
	size_t len = head_length(text);
	const char *found = NULL;

	*ret_count = 0;
	if (len < EXPLAIN_ID_PART_MIN || !explain_peer_is_word(text))
		return -ENOENT;
	for (uint32_t i = 0; set && i < set->peer_count; i++) {
		const char *id = set->peers[i]->id;

		if (!id || strncmp(id, text, len) != 0 || (found && strcmp(found, id) == 0))
			continue;
		if (!found)
			*ret_place = i;
		found = found ? found : id;
		++*ret_count;
	}
	return *ret_count == 0 ? -ENOENT : *ret_count == 1 ? 0 : -ENOTUNIQ;
}

int explain_peer_find(const struct tunnel_set *set, const char *text, uint32_t *ret_place,
		      size_t *ret_count)
{
	for (uint32_t i = 0; set && i < set->peer_count; i++) {
		const struct peer *peer = set->peers[i];

		if ((peer->id && strcmp(peer->id, text) == 0) ||
		    (peer->name && strcmp(peer->name, text) == 0)) {
			*ret_place = i;
			return 0;
		}
	}
	return find_head(set, text, ret_place, ret_count);
}

static bool has_peers(const struct tunnel_set *set, const char *tunnel)
{
	for (size_t i = 0; i < set->peer_count; i++)
		if (set->peers[i]->id &&
		    strcmp(tunnel_set_peer_tunnel(set, set->peers[i]), tunnel) == 0)
			return true;
	return false;
}

static const struct link *find_link(const struct tunnel_set *set, const char *name)
{
	for (size_t i = 0; i < set->link_count; i++)
		if (strcmp(set->links[i].name, name) == 0)
			return &set->links[i];
	return NULL;
}

/* Where the word is a tunnel or another interface. Returns whether it is. */
static bool refuse_interface(struct control_call *call, const struct tunnel_set *set,
			     const char *word)
{
	const struct link *link = find_link(set, word);
	char hint[HINT_MAX];

	if (has_peers(set, word)) {
		snprintf(hint, sizeof(hint), "\"mssclampctl peers %.64s\" lists its peers", word);
		control_fail(call, CONTROL_NOT_FOUND, hint, "%s is a tunnel, not a peer of one",
			     word);
		return true;
	}
	if (!link)
		return false;
	snprintf(hint, sizeof(hint), "name an address; --oif %s has it leave there", word);
	control_fail(call, CONTROL_NOT_FOUND, hint, "%s is %s, not a peer", word,
		     link_tunnel_kind(link) ? "a tunnel without known peers" : "an interface");
	return true;
}

int explain_peer_refuse(struct control_call *call, const struct tunnel_set *set, const char *word,
			int r, size_t count)
{
	if (r == -ENOTUNIQ)
		control_fail(call, CONTROL_INVALID_ARGUMENT, HINT_PEERS "; with --json in full",
			     "the ids of %zu peers begin with \"%.*s\": give more of it", count,
			     (int)head_length(word), word);
	else if (!set || !refuse_interface(call, set, word))
		control_fail(call, CONTROL_NOT_FOUND, HINT_PEERS, "no peer is called \"%s\"",
			     word);
	return r;
}

bool explain_peer_drops_others(const struct tunnel_set *set, uint32_t ifindex)
{
	bool drops = false;

	for (size_t i = 0; set && i < set->peer_count; i++) {
		const struct peer *peer = set->peers[i];
		enum encap_kind kind = peer->layer_count > 0 ?
					       peer->layer[peer->layer_count - 1].kind :
					       ENCAP_NONE;

		if (peer->ifindex != ifindex || peer->selector)
			continue;
		if (!peer->id || (kind != ENCAP_WIREGUARD && kind != ENCAP_AMNEZIAWG))
			return false;
		drops = true;
	}
	return drops;
}
