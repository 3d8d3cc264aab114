/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one rebuild costs, part by part: what the daemon does between the answers of the kernel and
 * the next snapshot in force. CPU time, the best of many rounds: what else runs on the machine can only
 * add to it. The kernel's own answers are not in it. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "daemon/peer_changes.h"
#include "daemon/tunnels.h"
#include "daemon/ways.h"
#include "edge/rtnl.h"
#include "policy/ipsec.h"
#include "policy/snapshot.h"

enum { ROUNDS = 15, ETH0 = 2, WG0 = 3, TARGET_MS = 20 };

/* In the order in which they happen. */
enum part {
	PART_JOIN,     /* IPsec states and policies into peers */
	PART_EQUAL,    /* whether a list tells the same as the one before */
	PART_WAYS,     /* every endpoint is known already */
	PART_SET,
	PART_VIEWS,
	PART_TRACK,    /* tunnels that came, went, changed */
	PART_SNAPSHOT,
	PART_TELL,     /* one peer has roamed; nobody listens */
	PART_FREE,     /* the snapshot before */
	PART_COUNT
};

static const char *const part_names[PART_COUNT] = {
	"IPsec: join", "peers: the same?", "ways", "tunnel set", "views", "tunnels", "snapshot",
	"what changed", "free the old",
};

struct bench {
	const char *name;
	uint32_t tunnels, peers;     /* WireGuard's, on the tunnels in turn */
	uint32_t policies;           /* of IPsec: each to a gateway of its own */
	uint32_t overrides;          /* entries of `tunnels`, none of which fits */
	uint32_t routes;             /* of eth0, with a metric */
};

static const struct bench benches[] = {
	{ "10,000 peers",     .tunnels = 1,    .peers = 10000 },
	{ "with 20 entries",  .tunnels = 1,    .peers = 10000, .overrides = 20 },
	{ "1,000 tunnels",    .tunnels = 1000, .peers = 10000 },
	{ "10,000 policies",  .policies = 10000 },
	{ "100,000 routes",   .tunnels = 1,    .peers = 1, .routes = 100000 },
};

/* What stays the same from round to round. */
struct scene {
	const struct bench *bench;
	struct link *links;
	size_t link_count;
	struct route *routes;
	struct tunnel_override *overrides;
	struct ipsec_state_list states;
	struct ipsec_policy_list policies;
	struct ways *ways;
	struct tunnels *tunnels;
};

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *checked(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void *zeroed(size_t count, size_t size)
{
	return checked(calloc(count + 1, size));
}

/* The kernel's part is played: every endpoint is behind eth0. */
int rtnl_get_ways(struct nl *nl, const struct path_question *questions,
		  struct path_answer *ret_answers, size_t count)
{
	(void)nl;
	(void)questions;
	for (size_t i = 0; i < count; i++)
		ret_answers[i] = (struct path_answer){ .reachable = true, .ifindex = ETH0 };
	return 0;
}

/* There are no workers, and no counters to make room in. */
size_t workers_count(const struct workers *workers)
{
	(void)workers;
	return 0;
}

struct counters *workers_counters(const struct workers *workers, size_t i)
{
	(void)workers;
	(void)i;
	abort();
}

/* Host n of a net: net.x.y.z, fdNN::x:y:z. */
static struct address host(enum family family, uint8_t net, uint32_t n)
{
	struct address address = { .family = family, .bytes = { net } };
	uint8_t *end = address.bytes + address_bytes(family);

	if (family == FAMILY_IPV6) {
		address.bytes[0] = 0xfd;
		address.bytes[1] = net;
	}
	end[-3] = (uint8_t)(n >> 16);
	end[-2] = (uint8_t)(n >> 8);
	end[-1] = (uint8_t)n;
	return address;
}

static struct prefix host_prefix(enum family family, uint8_t net, uint32_t n)
{
	struct address address = host(family, net, n);

	return prefix_make(&address, address_bits(family));
}

/* Readers tell prefixes in no order: n becomes another number below 2^20, each once. */
static uint32_t scatter(uint32_t n)
{
	return (n * 643453u) & 0xfffff;
}

/* port: another one and the peer has roamed. */
static struct peer make_peer(const struct scene *scene, uint32_t n, uint16_t port)
{
	struct peer peer = {
		.ifindex = WG0 + n % scene->bench->tunnels,
		.has_endpoint = true, .endpoint_port = port,
		.way = { .destination = host(FAMILY_IPV4, 198, n), .protocol = IPPROTO_UDP,
			 .sport = 51820, .dport = port },
		.layer = { { .kind = ENCAP_WIREGUARD } }, .layer_count = 1,
	};
	char text[64];

	snprintf(text, sizeof(text), "zEx8pDkV7mTqfFY0aGkqUjSlrk5bX%010u=", scatter(n));
	peer.id = checked(strdup(text));
	encap_set(&peer.layer[0], ENCAP_KEY_OUTER, 4);
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		const struct prefix prefix = host_prefix(family, 10, scatter(n));

		if (peer_allow(&peer, &prefix) < 0)
			abort();
	}
	return peer;
}

/* The peers as a reader would tell them; the first `roamed` have another port. */
static struct peer_list *make_peers(const struct scene *scene, uint32_t roamed)
{
	struct peer_list *list = checked(peer_list_new());

	for (uint32_t i = 0; i < scene->bench->peers; i++) {
		struct peer peer = make_peer(scene, i, i < roamed ? 4500 : 51820);

		if (peer_list_append(list, &peer) < 0)
			abort();
	}
	return list;
}

static struct peer_list *join(const struct scene *scene)
{
	struct peer_list *list = checked(peer_list_new());

	if (ipsec_peers(&scene->states, &scene->policies, scene->links, scene->link_count,
			list) < 0)
		abort();
	return list;
}

static void make_policy(struct scene *scene, uint32_t n)
{
	struct ipsec_state state = {
		.source = host(FAMILY_IPV4, 192, 1), .destination = host(FAMILY_IPV4, 198, n),
		.protocol = IPPROTO_ESP, .mode = IPSEC_TUNNEL, .reqid = n + 1, .spi = n + 1,
		.aead = "rfc4106(gcm(aes))", .icv_bits = 128,
	};
	struct ipsec_state back = state;
	struct ipsec_policy policy = {
		.selector = { .local = host_prefix(FAMILY_IPV4, 11, 0),
			      .remote = host_prefix(FAMILY_IPV4, 10, scatter(n)) },
		.priority = 1000, .index = n, .template_count = 1,
		.templates = { { .source = state.source, .destination = state.destination,
				 .protocol = state.protocol, .mode = state.mode,
				 .reqid = state.reqid } },
	};

	back.source = state.destination;
	back.destination = state.source;
	if (ipsec_state_list_append(&scene->states, &state) < 0 ||
	    ipsec_state_list_append(&scene->states, &back) < 0 ||
	    ipsec_policy_list_append(&scene->policies, &policy) < 0)
		abort();
}

static struct link make_link(uint32_t n)
{
	struct link link = { .ifindex = ETH0 + n, .mtu = n ? 1420 : 1500, .up = true };

	if (n > 0) {
		snprintf(link.name, sizeof(link.name), "wg%u", n);
		strcpy(link.kind, "wireguard");
		link.encap.kind = ENCAP_WIREGUARD;
	} else {
		strcpy(link.name, "eth0");
	}
	return link;
}

static void scene_init(struct scene *scene, const struct bench *bench)
{
	*scene = (struct scene){ .bench = bench, .link_count = bench->tunnels + 1 };
	scene->links = zeroed(scene->link_count, sizeof(*scene->links));
	scene->routes = zeroed(bench->routes, sizeof(*scene->routes));
	scene->overrides = zeroed(bench->overrides, sizeof(*scene->overrides));
	scene->ways = checked(ways_new(NULL));
	scene->tunnels = checked(tunnels_new(NULL, NULL));
	for (uint32_t i = 0; i < scene->link_count; i++)
		scene->links[i] = make_link(i);
	for (uint32_t i = 0; i < bench->routes; i++)
		scene->routes[i] = (struct route){ host_prefix(FAMILY_IPV4, 12, scatter(i)), ETH0,
						   1300 + i % 100 };
	for (uint32_t i = 0; i < bench->overrides; i++)
		scene->overrides[i] = (struct tunnel_override){ .match = "tun[0-9]*",
								.path_mtu = 1400 };
	for (uint32_t i = 0; i < bench->policies; i++)
		make_policy(scene, i);
}

static void scene_done(struct scene *scene)
{
	ipsec_state_list_done(&scene->states);
	ipsec_policy_list_done(&scene->policies);
	tunnels_free(scene->tunnels);
	ways_free(scene->ways);
	free(scene->overrides);
	free(scene->routes);
	free(scene->links);
}

/* Notes the time since begin where it is the best. */
static void note(uint64_t *best, uint64_t begin_ns)
{
	uint64_t took_ns = cpu_ns() - begin_ns;

	if (took_ns < *best)
		*best = took_ns;
}

static struct tunnel_set *build_set(const struct scene *scene, struct peer_list *list)
{
	struct tunnel_set *set;

	if (tunnel_set_build(&(const struct tunnel_set_input){
		.links = scene->links, .link_count = scene->link_count,
		.lists = &list, .list_count = 1,
		.overrides = scene->overrides, .override_count = scene->bench->overrides,
		.find_way = ways_find, .userdata = scene->ways,
	    }, &set) < 0)
		abort();
	return set;
}

/* As daemon/build does it. */
static uint32_t *track(struct scene *scene, const struct tunnel_set *set,
		       const struct tunnel_views *views, struct snapshot_link *links)
{
	uint32_t *of_view = zeroed(views->count, sizeof(*of_view));
	uint32_t *peers = zeroed(set->peer_count, sizeof(*peers));

	for (size_t i = 0; i < set->link_count; i++)
		links[i].link = set->links[i];
	tunnels_begin(scene->tunnels);
	for (size_t i = 0; i < views->count; i++) {
		const struct tunnel_view *view = &views->list[i];

		of_view[i] = tunnels_note(scene->tunnels, view, view->ifindex ? 1420 : 0);
		if (view->ifindex)
			links[view->link].tunnel_id = of_view[i];
	}
	tunnels_end(scene->tunnels);
	for (size_t i = 0; i < set->peer_count; i++)
		peers[i] = of_view[views->of_peer[i]];
	free(of_view);
	return peers;
}

static struct snapshot *build_snapshot_of(const struct scene *scene, struct tunnel_set *set,
					  const struct snapshot_link *links, const uint32_t *ids)
{
	struct snapshot *snapshot;

	if (snapshot_build(&(const struct snapshot_input){
		.links = links, .link_count = scene->link_count,
		.routes = scene->routes, .route_count = scene->bench->routes,
		.tunnels = set, .peer_tunnel_ids = ids,
	    }, &snapshot) < 0)
		abort();
	return snapshot;
}

/* The parts behind the reading of the list, which is taken. */
static struct snapshot *rebuild(struct scene *scene, struct peer_list *list,
				uint64_t best[PART_COUNT])
{
	struct snapshot_link *links = zeroed(scene->link_count, sizeof(*links));
	struct tunnel_views views;
	struct snapshot *snapshot;
	struct tunnel_set *set;
	uint64_t begin_ns;
	uint32_t *ids;

	begin_ns = cpu_ns();
	if (ways_prepare(scene->ways, list) < 0)
		abort();
	note(&best[PART_WAYS], begin_ns);
	begin_ns = cpu_ns();
	set = build_set(scene, list);
	note(&best[PART_SET], begin_ns);
	peer_list_unref(list);
	begin_ns = cpu_ns();
	if (tunnel_views_init(&views, set) < 0)
		abort();
	note(&best[PART_VIEWS], begin_ns);
	begin_ns = cpu_ns();
	ids = track(scene, set, &views, links);
	note(&best[PART_TRACK], begin_ns);
	begin_ns = cpu_ns();
	snapshot = build_snapshot_of(scene, set, links, ids);
	note(&best[PART_SNAPSHOT], begin_ns);
	tunnel_views_done(&views);
	free(ids);
	free(links);
	return snapshot;
}

static struct peer_list *read_list(const struct scene *scene, uint32_t roamed,
				   uint64_t best[PART_COUNT])
{
	uint64_t begin_ns = cpu_ns();
	struct peer_list *list;

	if (scene->bench->policies == 0)
		return make_peers(scene, roamed);
	list = join(scene);
	note(&best[PART_JOIN], begin_ns);
	return list;
}

/* What it costs to tell what became of the peers where as many have roamed. */
static void tell(const struct snapshot *was, const struct snapshot *is, uint64_t *best)
{
	uint64_t begin_ns = cpu_ns();

	peer_changes_tell(snapshot_tunnels(was), snapshot_tunnels(is), NULL);
	note(best, begin_ns);
}

/* A list like that of the snapshot, as a poll brings it. */
static void compare(const struct scene *scene, const struct snapshot *snapshot, uint32_t roamed,
		    uint64_t best[PART_COUNT])
{
	struct peer_list *list = read_list(scene, roamed, best);
	uint64_t begin_ns = cpu_ns();

	if (!peer_list_equal(snapshot_tunnels(snapshot)->lists[0], list))
		abort();
	note(&best[PART_EQUAL], begin_ns);
	peer_list_unref(list);
}

static void run(const struct bench *bench, uint64_t best[PART_COUNT], uint64_t *best_all)
{
	static uint64_t ignored[PART_COUNT];
	struct snapshot *was, *is, *all;
	struct scene scene;
	uint64_t begin_ns;

	memset(best, 0xff, PART_COUNT * sizeof(*best));
	*best_all = UINT64_MAX;
	scene_init(&scene, bench);
	was = rebuild(&scene, read_list(&scene, 0, ignored), ignored);
	all = rebuild(&scene, read_list(&scene, bench->peers, ignored), ignored);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		compare(&scene, was, round % 2, best);
		is = rebuild(&scene, read_list(&scene, 1 - round % 2, best), best);
		tell(was, is, &best[PART_TELL]);
		tell(is, all, best_all);
		begin_ns = cpu_ns();
		snapshot_free(was);
		note(&best[PART_FREE], begin_ns);
		was = is;
	}
	snapshot_free(was);
	snapshot_free(all);
	scene_done(&scene);
}

static double ms(uint64_t ns)
{
	return ns == UINT64_MAX ? 0 : (double)ns / 1e6;
}

int main(void)
{
	enum { COUNT = sizeof(benches) / sizeof(benches[0]) };
	uint64_t best[COUNT][PART_COUNT], best_all[COUNT], sum;

	log_set_max(LOG_ERR);
	for (size_t i = 0; i < COUNT; i++)
		run(&benches[i], best[i], &best_all[i]);
	printf("%-20s", "CPU ms");
	for (size_t i = 0; i < COUNT; i++)
		printf(" %16s", benches[i].name);
	for (enum part part = 0; part < PART_COUNT; part++) {
		printf("\n%-20s", part_names[part]);
		for (size_t i = 0; i < COUNT; i++)
			printf(" %16.2f", ms(best[i][part]));
	}
	printf("\n%-20s", "all together");
	for (size_t i = 0; i < COUNT; i++) {
		sum = 0;
		for (enum part part = 0; part < PART_COUNT; part++)
			sum += best[i][part] == UINT64_MAX ? 0 : best[i][part];
		printf(" %16.2f", ms(sum));
	}
	printf("\n%-20s", "where all changed");
	for (size_t i = 0; i < COUNT; i++)
		printf(" %16.2f", ms(best_all[i]));
	printf("\n(a rebuild is to take less than %d ms)\n", TARGET_MS);
	return 0;
}
