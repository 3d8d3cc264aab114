/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/replies/tunnel_warnings.h"

#include <stdio.h>
#include <string.h>

#include "core/mss.h"
#include "proto/varlink.h"

#define WARNING_MAX 320
#define ANNOUNCED_LEAST 8 /* SYNs before a word is said about what they announce */

static void add(json_t *warnings, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(json_t *warnings, const char *format, ...)
{
	char text[WARNING_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(warnings, varlink_string(text));
}

static const char *family_word(enum family family)
{
	return family == FAMILY_IPV4 ? "IPv4" : "IPv6";
}

static const char *peer_word(const struct peer *peer)
{
	return peer->name ? peer->name : peer->id ? peer->id : "unknown peers";
}

static void keep_worst(struct raised_mss *worst, const struct raised_mss *one)
{
	if (!worst->rule || one->most < worst->most)
		*worst = *one;
}

void tunnel_warnings_raise(struct raised_mss raised[FAMILY_COUNT], const struct link *link,
			   const struct peer *peer, const struct tunnel_limit *limit,
			   const struct peer_mss *mss)
{
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		uint32_t by_link = link ? mss_from_mtu(family, link_mtu(link, family)) : MSS_NONE;
		uint32_t by_path = mss_from_mtu(family, limit->inner_mtu);
		bool is_link = by_link != MSS_NONE && (by_path == MSS_NONE || by_link <= by_path);
		struct raised_mss one = {
			.rule = mss->rule[family],
			.mss = mss->mss[family],
			.most = is_link ? by_link : by_path,
			.by = is_link ? DECIDED_LINK : DECIDED_PEER,
			.mtu = is_link ? link_mtu(link, family) : 0,
			.peer = peer ? peer_word(peer) : NULL,
		};

		if (one.rule && one.most != MSS_NONE && one.mss > one.most)
			keep_worst(&raised[family], &one);
	}
}

void tunnel_warnings_raise_excess(struct raised_mss raised[FAMILY_COUNT],
				  const struct tunnel_set *set, const struct excess *excess)
{
	keep_worst(&raised[excess->family], &(const struct raised_mss){
		.rule = excess->rule,
		.mss = excess->mss,
		.most = excess->most,
		.by = excess->by,
		.mtu = excess->mtu,
		.peer = excess->peer == PEER_NONE ? NULL : peer_word(set->peers[excess->peer]),
	});
}

void tunnel_warnings_add_raised(json_t *warnings, const struct raised_mss raised[FAMILY_COUNT])
{
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		const struct raised_mss *one = &raised[family];

		if (one->rule && (one->by == DECIDED_LINK || one->by == DECIDED_ROUTE))
			add(warnings,
			    "%s allows %s MSS %u, but the %s MTU of %u carries %u",
			    one->rule->text, family_word(family), one->mss,
			    one->by == DECIDED_LINK ? "interface" : "route", one->mtu, one->most);
		else if (one->rule)
			add(warnings, "%s allows %s MSS %u, but the path%s%s carries %u",
			    one->rule->text, family_word(family), one->mss,
			    one->peer ? " to " : "", one->peer ? one->peer : "", one->most);
	}
}

/* Why the device's own number is wrong, where that is known of its kind. */
static const char *why_too_large(const char *kind)
{
	if (strcmp(kind, "vti") == 0 || strcmp(kind, "vti6") == 0 || strcmp(kind, "xfrm") == 0)
		return "it does not count ESP";
	if (strcmp(kind, "openvpn") == 0 || strncmp(kind, "ovpn", 4) == 0)
		return "tun-mtu exceeds the path";
	return "the path outside is smaller";
}

/* TCP is clamped, but in mode audit; everything else still meets the interface MTU, or a route of
 * ours. */
static void check_interface(json_t *warnings, const struct tunnel_view *view,
			    const struct link *link, const struct tunnel_told *told)
{
	const char *clamped = told->audit ?
		"Mode audit clamps nothing: TCP, UDP and QUIC are too large" :
		"TCP is clamped, UDP and QUIC are not";

	if (!link || !view->inner_mtu || link->mtu <= view->inner_mtu)
		return;
	/* What nobody has confirmed, and somebody may have forged, is no ground for advice. */
	if (told->confidence == CONFIDENCE_HINT) {
		add(warnings,
		    "interface MTU %u, but an ICMP message says that %u bytes fit: unconfirmed",
		    link->mtu, view->inner_mtu);
		return;
	}
	if (told->routed) {
		add(warnings,
		    "interface MTU %u, but %u bytes fit: %s. TCP is clamped, routes tell UDP and "
		    "QUIC (path.set_route_mtu)",
		    link->mtu, view->inner_mtu, why_too_large(view->kind));
		return;
	}
	if (link->mtu6 && link->mtu == MTU_LEAST_IPV6) {
		add(warnings,
		    "interface MTU %u, the least that carries IPv6, but %u bytes fit: %s. %s",
		    link->mtu, view->inner_mtu, why_too_large(view->kind), clamped);
		return;
	}
	add(warnings,
	    "interface MTU %u, but %u bytes fit: %s. %s: ip link set %s mtu %u%s", link->mtu,
	    view->inner_mtu, why_too_large(view->kind), clamped, view->name, view->inner_mtu,
	    link->mtu6 && view->inner_mtu < MTU_LEAST_IPV6 ?
		    ", which takes IPv6 off it (below 1280; where IPv6 goes by it, 1280)" : "");
}

struct announced_mss tunnel_warnings_announced(const struct workers *workers, uint32_t tunnel_id)
{
	struct announced_mss sum = { 0 };
	uint64_t seen[FAMILY_COUNT] = { 0 };

	for (size_t i = 0; i < workers_count(workers); i++) {
		const struct tunnel_chunk *chunk =
			workers_counters(workers, i)->tunnel[tunnel_id / TUNNEL_CHUNK];
		const struct tunnel_counters *tunnel = &chunk->tunnel[tunnel_id % TUNNEL_CHUNK];

		for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
			const struct announced *one = &tunnel->family[family].announced;
			uint64_t largest = counter_read(&one->largest);

			if (counter_read(&one->before) > largest)
				largest = counter_read(&one->before);
			if (largest > sum.mss[family])
				sum.mss[family] = (uint32_t)largest;
			seen[family] += counter_read(&one->seen);
		}
	}
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		if (seen[family] < ANNOUNCED_LEAST)
			sum.mss[family] = MSS_NONE;
	}
	return sum;
}

/* Whoever is behind the far end announces what its own links carry, mostly more than the tunnel
 * does. Where nobody announces as much as the tunnel carries, the far end has a smaller MTU. */
static void check_announced(json_t *warnings, const struct peer_mss *mss,
			    const struct announced_mss *announced)
{
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		uint32_t most = announced->mss[family];

		if (most == MSS_NONE || mss->mss[family] == MSS_NONE || most >= mss->mss[family])
			continue;
		add(warnings,
		    "the ends differ: this end allows %s MSS %u, the far end announces at most %u, "
		    "an MTU of %u", family_word(family), mss->mss[family], most,
		    most + mss_headers(family));
	}
}

/* Peers whose two directions differ say so themselves; more than a few are told as a number. */
static void check_peers(json_t *warnings, const struct tunnel_set *set,
			const struct tunnel_views *views, size_t place)
{
	const struct tunnel_view *view = &views->list[place];
	size_t told = 0;

	for (size_t i = 0; i < set->peer_count && told < view->warning_count && told < 3; i++) {
		const struct peer *peer = set->peers[i];

		if (views->of_peer[i] != place || !peer->warning)
			continue;
		add(warnings, "%s: %s", peer_word(peer), peer->warning);
		told++;
	}
	if (view->warning_count > told)
		add(warnings, "%zu more peer%s: mssclampctl peers %s", view->warning_count - told,
		    view->warning_count - told == 1 ? " has a warning" : "s have warnings",
		    view->name);
}

/* A device that some program holds, which nobody knows. */
static bool is_anything(const char *kind)
{
	return strcmp(kind, "tun") == 0 || strcmp(kind, "tap") == 0 || strcmp(kind, "ppp") == 0;
}

/* Entries of `tunnels` that cannot do what they are for. */
static void check_overrides(json_t *warnings, const struct tunnel_set *set,
			    const struct tunnel_view *view)
{
	const char *over = tunnel_set_lost_over(set, view->name);

	if (over)
		add(warnings, "over = \"%s\" in tunnels names %s: the route to the far end counts",
		    over, strcmp(over, view->name) == 0 ? "the tunnel itself" : "no interface");
	else if (is_anything(view->kind) && tunnel_set_is_overridden(set, view->name))
		add(warnings, "its entry in tunnels does nothing: what encapsulates is not known. "
			      "A kind tells it");
}

static void check_down(json_t *warnings, const struct tunnel_view *view, const struct link *link)
{
	if (link && link_is_left_down(link))
		add(warnings, "the interface is down, nothing passes: ip link set %s up",
		    view->name);
}

void tunnel_warnings_add(json_t *warnings, const struct tunnel_set *set,
			 const struct tunnel_views *views, size_t place,
			 const struct tunnel_told *told)
{
	const struct tunnel_view *view = &views->list[place];
	const struct link *link = view->ifindex ? &set->links[view->link] : NULL;

	tunnel_warnings_add_raised(warnings, told->raised);
	check_interface(warnings, view, link, told);
	check_announced(warnings, &told->mss, &told->announced);
	check_peers(warnings, set, views, place);
	check_overrides(warnings, set, view);
	check_down(warnings, view, link);
}
