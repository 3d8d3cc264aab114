/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/tunnel/tunnel_view.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* A name of a tunnel without interface, and its place. */
struct named {
	const char *name;
	uint32_t place;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

/* What a link is called that says only that a program or ppp stands behind it, or nothing at all:
 * Ethernet over L2TP has no kind. */
static const char *kind_of_link(const struct tunnel_set *set, size_t place, enum encap_kind inside)
{
	const char *kind = link_tunnel_kind(&set->links[place]);
	bool vague = !kind || strcmp(kind, "tun") == 0 || strcmp(kind, "tap") == 0 ||
		     strcmp(kind, "ppp") == 0;

	return vague && inside != ENCAP_NONE ? encap_kind_name(inside) : kind;
}

static int add(struct tunnel_views *views, const struct tunnel_view *view)
{
	return array_append(views, view);
}

static void narrow(struct tunnel_view *view, const struct tunnel_limit *limit)
{
	if (!limit->inner_mtu || (view->inner_mtu && view->inner_mtu <= limit->inner_mtu))
		return;
	view->inner_mtu = limit->inner_mtu;
	view->outer_mtu = limit->outer_mtu;
	view->source = limit->source;
}

/* What a link is by its peers, as far as they are known to be behind one. */
static void kinds_of_peers(const struct tunnel_set *set, enum encap_kind *of_link)
{
	size_t link;

	for (size_t i = 0; i < set->peer_count; i++) {
		if (set->limits[i].kind != ENCAP_NONE &&
		    tunnel_set_find_link(set, set->peers[i]->ifindex, &link))
			of_link[link] = set->limits[i].kind;
	}
}

/* kinds, of_link: beside the set's links, what each is by its peers, and the place of its view. A
 * bridge or VLAN over a tunnel is none itself. */
static int add_links(struct tunnel_views *views, const struct tunnel_set *set,
		     const enum encap_kind *kinds, uint32_t *of_link)
{
	for (size_t i = 0; i < set->link_count; i++) {
		bool named = link_tunnel_kind(&set->links[i]) != NULL;
		enum encap_kind inside = kinds[i] != ENCAP_NONE ? kinds[i] :
								  set->link_limits[i].kind;
		struct tunnel_view view = {
			.name = set->links[i].name,
			.kind = kind_of_link(set, i, inside),
			.ifindex = set->links[i].ifindex,
			.link = i,
		};

		of_link[i] = VIEW_NONE;
		if (!named && kinds[i] != ENCAP_L2TP3ETH)
			continue;
		narrow(&view, &set->link_limits[i]);
		of_link[i] = (uint32_t)views->count;
		if (add(views, &view) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_named(struct tunnel_views *views, const struct peer *peer, enum encap_kind kind,
		     void **tree, uint32_t *ret_place)
{
	const struct tunnel_view view = {
		.name = peer->tunnel,
		.kind = encap_kind_name(kind == ENCAP_NONE ? ENCAP_ESP : kind),
	};
	struct named *named = malloc(sizeof(*named));
	struct named *const *found;
	bool known;

	if (!named)
		return -ENOMEM;
	*named = (struct named){ peer->tunnel, (uint32_t)views->count };
	found = tsearch(named, tree, compare_names);
	if (found)
		*ret_place = (*found)->place;
	known = found && *found != named;
	if (!found || known)
		free(named);
	return !found ? -ENOMEM : known ? 0 : add(views, &view);
}

static int add_peers(struct tunnel_views *views, const struct tunnel_set *set,
		     const uint32_t *of_link, void **tree)
{
	for (size_t i = 0; i < set->peer_count; i++) {
		const struct peer *peer = set->peers[i];
		enum encap_kind kind = set->limits[i].kind;
		struct tunnel_view *view;
		size_t link;

		views->of_peer[i] = VIEW_NONE;
		if (peer->ifindex && tunnel_set_find_link(set, peer->ifindex, &link))
			views->of_peer[i] = of_link[link];
		else if (peer->tunnel && !peer->clear &&
			 add_named(views, peer, kind, tree, &views->of_peer[i]) < 0)
			return -ENOMEM;
		if (views->of_peer[i] == VIEW_NONE)
			continue;
		view = &views->list[views->of_peer[i]];
		view->peer_count += peer->id != NULL;
		view->warning_count += peer->warning != NULL;
	}
	return 0;
}

/* Whoever is not known yet counts where nobody is. */
static void narrow_all(struct tunnel_views *views, const struct tunnel_set *set)
{
	for (size_t i = 0; i < set->peer_count; i++) {
		struct tunnel_view *view;

		if (views->of_peer[i] == VIEW_NONE)
			continue;
		view = &views->list[views->of_peer[i]];
		if (set->peers[i]->id || view->peer_count == 0)
			narrow(view, &set->limits[i]);
	}
}

int tunnel_views_init(struct tunnel_views *views, const struct tunnel_set *set)
{
	uint32_t *of_link = calloc(set->link_count + 1, sizeof(*of_link));
	enum encap_kind *kinds = calloc(set->link_count + 1, sizeof(*kinds));
	void *tree = NULL;
	int r = -ENOMEM;

	*views = (struct tunnel_views){ 0 };
	views->of_peer = calloc(set->peer_count + 1, sizeof(*views->of_peer));
	if (of_link && kinds && views->of_peer) {
		kinds_of_peers(set, kinds);
		r = add_links(views, set, kinds, of_link);
	}
	if (r == 0)
		r = add_peers(views, set, of_link, &tree);
	if (r == 0)
		narrow_all(views, set);
	tdestroy(tree, free);
	free(of_link);
	free(kinds);
	if (r < 0)
		tunnel_views_done(views);
	return r;
}

void tunnel_views_done(struct tunnel_views *views)
{
	free(views->list);
	free(views->of_peer);
	*views = (struct tunnel_views){ 0 };
}

const struct tunnel_view *tunnel_views_find(const struct tunnel_views *views, const char *name)
{
	for (size_t i = 0; i < views->count; i++)
		if (strcmp(views->list[i].name, name) == 0)
			return &views->list[i];
	return NULL;
}
