/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/explain/probe_question.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "daemon/words/explain_peer.h"
#include "edge/netlink/nl.h"
#include "edge/netlink/rtnl.h"

struct asking {
	struct control_call *call;
	const struct snapshot *snapshot;
	const struct tunnel_set *set;
	const struct tunnel_views *views;
	const struct probe_plan *plan;
};

/* The target that speaks for a peer: its own, or that of its gateway. */
static const struct probe_target *target_of(const struct asking *asking, size_t place)
{
	const struct peer *peer = asking->set->peers[place];
	const char *tunnel = tunnel_set_peer_tunnel(asking->set, peer);
	const char *key = tunnel_set_peer_measured_as(peer);

	if (!key || !peer->id || !peer->has_endpoint)
		return NULL;
	return probe_plan_find(asking->plan, tunnel, key, &peer->way.destination);
}

/* Why nothing can be measured there. Returns -ENODATA. */
static int refuse_peer(const struct asking *asking, size_t place)
{
	const struct peer *peer = asking->set->peers[place];
	const struct tunnel_limit *limit = &asking->set->limits[place];
	const char *name = peer->name ? peer->name : peer->id ? peer->id : "that is not known yet";

	if (!peer->has_endpoint)
		control_fail(asking->call, CONTROL_UNKNOWN, "it is known once the peer has called",
			     "no endpoint is known of peer %s: there is no path to measure", name);
	else if (peer->unproven)
		control_fail(asking->call, CONTROL_UNKNOWN, NULL,
			     "the endpoint of peer %s was learned from packets that anybody can "
			     "send: it is not probed", name);
	else if (limit->source == PATH_CONFIG)
		control_fail(asking->call, CONTROL_UNKNOWN,
			     "take path_mtu out of the configuration to have it measured",
			     "the path of peer %s is set to %u bytes by path_mtu in tunnels", name,
			     limit->outer_mtu);
	else
		control_fail(asking->call, CONTROL_UNKNOWN,
			     "\"mssclampctl explain\" tells what is known of its path",
			     "peer %s has no path that could be measured: it is carried in TCP, "
			     "or no route leads to its endpoint", name);
	return -ENODATA;
}

static int find_by_peer(const struct asking *asking, size_t place,
			struct probe_question *question)
{
	question->target = target_of(asking, place);
	return question->target ? 0 : refuse_peer(asking, place);
}

/* Policies of one gateway are one far end, as are peers that cannot be told apart by their path. */
static bool same_end(const struct peer *a, const struct peer *b)
{
	return strcmp(tunnel_set_peer_measured_as(a), tunnel_set_peer_measured_as(b)) == 0 &&
	       a->has_endpoint == b->has_endpoint &&
	       address_equal(&a->way.destination, &b->way.destination);
}

/* The only far end among the peers of a tunnel: *ret_place is one of them. Returns how many far
 * ends there are, 2 for more. */
static int find_only_end(const struct tunnel_set *set, const char *tunnel, size_t *ret_place)
{
	const struct peer *first = NULL;

	for (size_t i = 0; i < set->peer_count; i++) {
		const struct peer *peer = set->peers[i];

		if (!peer->id || strcmp(tunnel_set_peer_tunnel(set, peer), tunnel) != 0)
			continue;
		if (first && !same_end(first, peer))
			return 2;
		if (!first)
			*ret_place = i;
		first = first ? first : peer;
	}
	return first ? 1 : 0;
}

/* A tunnel stands for its far end where it has one alone. Returns 0, -ENOENT: it is no tunnel, or
 * -errno told to the call. */
static int find_by_tunnel(const struct asking *asking, const char *text,
			  struct probe_question *question)
{
	const struct tunnel_view *view = tunnel_views_find(asking->views, text);
	size_t place;
	int ends;

	if (!view)
		return -ENOENT;
	ends = find_only_end(asking->set, text, &place);
	if (ends == 1)
		return find_by_peer(asking, place, question);
	if (ends > 1) {
		control_fail(asking->call, CONTROL_INVALID_ARGUMENT,
			     "\"mssclampctl peers\" lists them", "%s has %zu peers: name one", text,
			     view->peer_count);
		return -ENOTUNIQ;
	}
	question->target = probe_plan_find(asking->plan, text, "", NULL);
	if (question->target)
		return 0;
	control_fail(asking->call, CONTROL_UNKNOWN,
		     "\"mssclampctl tunnels\" tells what is known of it",
		     "no far end of %s is known: there is no path to measure", text);
	return -ENODATA;
}

/* An endpoint, else the peer with the longest prefix around the address. */
static bool find_by_address(const struct asking *asking, const struct address *address,
			    struct probe_question *question)
{
	const struct tunnel_set *set = asking->set;
	size_t best = set->peer_count;
	int bits = 0; /* a default route through a tunnel makes nobody its peer */

	for (size_t i = 0; i < set->peer_count; i++) {
		const struct peer *peer = set->peers[i];

		if (peer->id && peer->has_endpoint &&
		    address_equal(&peer->way.destination, address)) {
			best = i;
			break;
		}
		for (size_t k = 0; peer->id && k < peer->allowed_count; k++) {
			const struct prefix *prefix = &peer->allowed[k];

			if (prefix->length > bits && prefix->address.family == address->family &&
			    prefix_contains(prefix, address->bytes)) {
				best = i;
				bits = prefix->length;
			}
		}
	}
	if (best < set->peer_count)
		question->target = target_of(asking, best);
	for (size_t i = 0; i < set->link_count && !question->target; i++) {
		if (set->links[i].has_remote && address_equal(&set->links[i].remote, address))
			question->target = probe_plan_find(asking->plan, set->links[i].name, "",
							   address);
	}
	return question->target != NULL;
}

/* What links and routes promise on the way to an address: bytes, 0 where no way is known. */
static uint32_t ask_for_way(const struct asking *asking, struct probe_target *target)
{
	struct path_answer answer = { 0 };
	const struct snapshot_link *link;
	struct nl *nl;
	uint32_t mtu;

	if (nl_open(NETLINK_ROUTE, 0, &nl) < 0)
		return 0;
	if (rtnl_get_ways(nl, &target->way, &answer, 1) < 0)
		answer.reachable = false;
	nl_close(nl);
	link = answer.reachable && !answer.local ?
		       snapshot_find_link(asking->snapshot, answer.ifindex) : NULL;
	if (!link)
		return 0;
	target->exit_ifindex = answer.ifindex;
	mtu = link_mtu(&link->link, target->way.destination.family);
	return answer.mtu && answer.mtu < mtu ? answer.mtu : mtu;
}

static int make_once(const struct asking *asking, const char *text, const struct address *address,
		     struct probe_question *question)
{
	struct probe_target *once = &question->once;

	once->way.destination = *address;
	once->tunnel = strdup("");
	once->peer = strdup(text);
	once->assumed = ask_for_way(asking, once);
	if (!once->tunnel || !once->peer) {
		probe_target_done(once);
		control_fail(asking->call, CONTROL_FAILED, NULL, "out of memory");
		return -ENOMEM;
	}
	if (!once->assumed) {
		probe_target_done(once);
		control_fail(asking->call, CONTROL_UNKNOWN, "\"ip route get\" tells more",
			     "no route leads to %s, or it is this host", text);
		return -EHOSTUNREACH;
	}
	return 0;
}

/* As `peers` shows it: "192.0.2.7:51820", "[2001:db8::7]:51820". */
static int parse_endpoint(const char *text, struct address *ret_address)
{
	const char *begin = *text == '[' ? text + 1 : text;
	const char *end = *text == '[' ? strchr(text, ']') : strchr(text, ':');
	char host[PREFIX_TEXT_MAX];
	uint64_t port;

	if (!end || (size_t)(end - begin) >= sizeof(host))
		return -EINVAL;
	memcpy(host, begin, (size_t)(end - begin));
	host[end - begin] = '\0';
	end += *end == ']';
	if (*end != ':' || text_parse_u64(end + 1, 1, UINT16_MAX, &port) < 0)
		return -EINVAL;
	return address_parse(host, ret_address);
}

int probe_question_read(struct control_call *call, const char *text,
			const struct snapshot *snapshot, const struct tunnel_views *views,
			const struct probe_plan *plan, struct probe_question *ret_question)
{
	const struct asking asking = { call, snapshot, snapshot_tunnels(snapshot), views, plan };
	struct address address;
	size_t count = 0;
	uint32_t place;
	int r;

	*ret_question = (struct probe_question){ 0 };
	if (address_parse(text, &address) == 0 || parse_endpoint(text, &address) == 0)
		return find_by_address(&asking, &address, ret_question) ?
			       0 : make_once(&asking, text, &address, ret_question);
	r = explain_peer_find(asking.set, text, &place, &count);
	if (r == 0)
		return find_by_peer(&asking, place, ret_question);
	if (r == -ENOENT) {
		int found = find_by_tunnel(&asking, text, ret_question);

		if (found != -ENOENT)
			return found;
	}
	return explain_peer_refuse(call, asking.set, text, r, count);
}
