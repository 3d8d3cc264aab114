/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one rebuild costs, part by part: what the daemon does between the answers of the kernel and
 * the next snapshot in force. CPU time, the best of many rounds: what else runs on the machine can only
 * add to it. The kernel's own answers are not in it. Prints JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bench.h"
#include "daemon/discovery/peer_changes.h"
#include "rebuild_scene.h"

enum { ROUNDS = 15 };

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

static const struct bench benches[] = {
	{ "10,000 peers",     .tunnels = 1,    .peers = 10000 },
	{ "with 20 entries",  .tunnels = 1,    .peers = 10000, .overrides = 20 },
	{ "1,000 tunnels",    .tunnels = 1000, .peers = 10000 },
	{ "10,000 policies",  .policies = 10000 },
	{ "100,000 routes",   .tunnels = 1,    .peers = 1, .routes = 100000 },
};

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

/* As daemon/discovery/build does it. */
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
		return scene_make_peers(scene, roamed);
	list = scene_join(scene);
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

static void print_bench(const struct bench *bench, const uint64_t best[PART_COUNT], uint64_t best_all)
{
	uint64_t sum = 0;

	printf("{\"name\":\"%s\",\"parts_ms\":{", bench->name);
	for (enum part part = 0; part < PART_COUNT; part++) {
		printf("%s\"%s\":%.3f", part ? "," : "", part_names[part], ms(best[part]));
		sum += best[part] == UINT64_MAX ? 0 : best[part];
	}
	printf("},\"all_ms\":%.3f,\"all_changed_ms\":%.3f}", ms(sum), ms(best_all));
}

int main(void)
{
	uint64_t best[PART_COUNT], best_all;

	log_set_max(LOG_ERR);
	for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++) {
		run(&benches[i], best, &best_all);
		printf("%s", i ? ",\n" : "[");
		print_bench(&benches[i], best, best_all);
	}
	puts("]");
	return 0;
}
