/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/discovery/model.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/discovery/build.h"
#include "daemon/discovery/knowledge.h"
#include "daemon/discovery/peer_changes.h"
#include "daemon/discovery/watch.h"
#include "daemon/firewall/marker.h"
#include "daemon/routes/route_mtu.h"
#include "edge/namespace.h"
#include "edge/netlink/route_cache.h"

#define FORGET_EVERY_NS (10 * NS_PER_SECOND)

struct model {
	sd_event *event;             /* borrowed */
	const struct config *config; /* borrowed */
	struct rules *tries;         /* temporary limits; NULL: none */
	const struct events *told;         /* borrowed; who wants to hear of changes */
	struct slot *slot;
	struct watch *watch;
	struct knowledge knowledge;
	struct prober *prober;
	struct tunnels *tunnels;
	struct tunnel_views views;   /* of the set of the snapshot that is in force */
	struct route_mtu *routes;    /* NULL until model_keep_routes */
	struct model_way way;
	struct log_ratelimit forget_limit;
	void (*follow)(void *userdata); /* NULL: nobody */
	void *follower;
	uint64_t path_mtu_falls;   /* of peers, since the start */
};

static const struct tunnel_set *current_set(const struct model *model)
{
	return model->slot ? snapshot_tunnels(slot_current(model->slot)) : NULL;
}

static void built_done(struct built *built)
{
	tunnel_views_done(&built->views);
	snapshot_free(built->snapshot);
}

static int build(struct model *model, const struct config *config, struct built *ret_built)
{
	struct build_input input = {
		.config = config,
		.tries = model->tries,
		.links = &model->knowledge.links,
		.routes = &model->knowledge.routes,
		.hints = &model->knowledge.hints,
		.ways = model->knowledge.ways,
		.tunnels = model->tunnels,
		.payload = model->way.payload,
		.check = model->way.check,
	};
	int r;

	input.lists = discovery_lists(model->knowledge.discovery, &input.list_count);
	input.measures = prober_measures(model->prober, &input.measure_count);
	input.hints_need_probe = prober_is_automatic(model->prober);
	r = build_snapshot(&input, ret_built);
	if (r < 0 || !model->way.marker)
		return r;
	r = marker_fill(model->way.marker, ret_built->snapshot);
	if (r < 0)
		built_done(ret_built);
	return r;
}

/* Whoever is known now may be probed. */
static void fill_targets(void *userdata, struct probe_target_input *ret_input)
{
	const struct model *model = userdata;
	const struct knowledge *knowledge = &model->knowledge;

	*ret_input = (struct probe_target_input){
		.set = current_set(model),
		.neighbours = knowledge->neighbours.list,
		.neighbour_count = knowledge->neighbours.count,
		.own = knowledge->own,
		.own_count = knowledge->own_count,
		.find_way = ways_find,
		.userdata = knowledge->ways,
	};
}

static int publish(struct model *model, const struct config *config)
{
	const struct tunnel_set *old = current_set(model);
	struct built built;
	int r;

	r = build(model, config, &built);
	if (r < 0)
		return r;
	r = slot_publish(model->slot, built.snapshot);
	if (r < 0) {
		built_done(&built);
		return r;
	}
	tunnel_views_done(&model->views);
	model->views = built.views;
	/* What is told holds already; what was retired lives until it is reclaimed. */
	model->path_mtu_falls +=
		peer_changes_tell(old, snapshot_tunnels(built.snapshot), model->told);
	slot_reclaim(model->slot);
	prober_follow(model->prober);
	route_mtu_apply(model->routes, current_set(model), config);
	if (model->follow)
		model->follow(model->follower);
	return 0;
}

static int look(void *userdata, unsigned int stale, struct look_time *time)
{
	struct model *model = userdata;
	int news, r;

	news = knowledge_look(&model->knowledge, stale, model->config);
	time->looked_ns = clock_boottime_ns();
	r = news > 0 ? publish(model, model->config) : news;
	if (r < 0)
		return r;
	look_time_say(time, &model->knowledge, current_set(model)->peer_count, news > 0);
	return model->knowledge.incomplete;
}

static bool has_tunnels(void *userdata)
{
	const struct model *model = userdata;

	return model->views.count > 0;
}

/* A source beside rtnetlink may have something new. */
static void on_discovery(void *userdata)
{
	struct model *model = userdata;

	watch_note(model->watch, STALE_PEERS);
}

/* Probes found out something. */
static void on_measures(void *userdata)
{
	struct model *model = userdata;

	watch_note(model->watch, STALE_MEASURES);
}

/* Somebody had it believe too little, by an ICMP message that was forged or is out of date: as long
 * as it does, it cuts the packets of tunnels to that size. */
static void on_contradiction(void *userdata, const struct probe_target *target)
{
	struct model *model = userdata;
	uint64_t now_ns = clock_boottime_ns(), suppressed;
	char endpoint[PREFIX_TEXT_MAX];
	int r;

	if (!target->hint ||
	    !log_may_speak(&model->forget_limit, now_ns, FORGET_EVERY_NS, &suppressed))
		return;
	address_format(&target->way.destination, endpoint);
	r = route_cache_forget(model->knowledge.questions, &target->way.destination,
			       target->exit_ifindex);
	if (r < 0)
		log_error(r, "the kernel believes a path MTU of %u bytes to %s, which probes "
			     "contradict; it cannot be made to forget it", target->hint, endpoint);
	else
		log_notice("the kernel was told a path MTU of %u bytes to %s, which probes "
			   "contradict: made to forget it", target->hint, endpoint);
}

static int open_sockets(struct model *model, const struct facts_starter *starter)
{
	const struct prober_owner measures = { on_measures, on_contradiction, fill_targets,
					       model };
	const struct watch_owner looks = { look, has_tunnels, model };
	int r;

	/* Events first, then the dump: what changes in between is told by an event. */
	r = watch_open(model->event, &looks, &model->watch);
	if (r == 0)
		r = knowledge_init(&model->knowledge, model->event, starter, on_discovery,
				   model);
	if (r == 0)
		r = prober_open(model->event, model->config, &measures, &model->prober);
	if (r < 0)
		return r;
	r = knowledge_look(&model->knowledge, STALE_KERNEL | STALE_HINTS, model->config);
	return r < 0 ? log_error(r, "rtnetlink: cannot read links and routes") : 0;
}

/* The first snapshot: nobody has read one before. */
static int build_first(struct model *model, struct workers *workers)
{
	struct built built;
	int r;

	r = build(model, model->config, &built);
	if (r < 0)
		return log_error(r, "cannot build the table of limits");
	model->slot = slot_new(workers_count(workers), built.snapshot);
	if (!model->slot) {
		built_done(&built);
		return log_error(-ENOMEM, "cannot publish the table of limits");
	}
	model->views = built.views;
	prober_follow(model->prober);
	return 0;
}

int model_open(sd_event *event, struct workers *workers, const struct config *config,
	       const struct facts_starter *starter, const struct events *told,
	       struct model **ret_model)
{
	struct model *model = calloc(1, sizeof(*model));
	int r;

	if (!model)
		return log_error(-ENOMEM, "cannot keep links and routes");
	model->event = event;
	model->config = config;
	model->told = told;
	model->way.payload = namespace_takes_changes();
	model->tunnels = tunnels_new(workers, told);
	r = model->tunnels ? open_sockets(model, starter) :
			     log_error(-ENOMEM, "cannot keep tunnels");
	if (r == 0)
		r = build_first(model, workers);
	if (r == 0)
		r = watch_begin(model->watch, model->knowledge.incomplete);
	if (r < 0) {
		model_close(model);
		return r;
	}
	*ret_model = model;
	return 0;
}

void model_close(struct model *model)
{
	if (!model)
		return;
	route_mtu_close(model->routes);
	watch_close(model->watch);
	prober_close(model->prober);
	tunnel_views_done(&model->views);
	slot_free(model->slot);
	knowledge_done(&model->knowledge);
	tunnels_free(model->tunnels);
	rules_free(model->tries);
	free(model);
}

struct slot *model_slot(const struct model *model)
{
	return model->slot;
}

int model_configure(struct model *model, const struct config *config)
{
	struct knowledge *knowledge = &model->knowledge;
	int r;

	/* Entries of `tunnels` are facts that sources read by. */
	discovery_forget(knowledge->discovery);
	prober_configure(model->prober, config);
	r = knowledge_look(knowledge, STALE_PEERS, config);
	if (r >= 0)
		r = publish(model, config);
	if (r < 0) {
		discovery_forget(knowledge->discovery);
		prober_configure(model->prober, model->config);
		watch_note(model->watch, STALE_PEERS); /* they may be those of its entries */
		return r;
	}
	model->config = config;
	return 0;
}

void model_set_way(struct model *model, const struct model_way *way)
{
	model->way = *way;
}

int model_renew(struct model *model)
{
	return publish(model, model->config);
}

int model_try(struct model *model, struct rules *tries)
{
	struct rules *old = model->tries;
	int r;

	model->tries = tries;
	r = publish(model, model->config);
	if (r < 0) {
		model->tries = old;
		return r;
	}
	rules_free(old);
	return 0;
}

int model_keep_routes(struct model *model)
{
	int r = route_mtu_open(watch_events(model->watch), &model->routes);

	if (r == 0)
		route_mtu_apply(model->routes, current_set(model), model->config);
	return r;
}

void model_hand_over(struct model *model)
{
	prober_save(model->prober);
}

void model_leave(struct model *model)
{
	prober_leave(model->prober);
	route_mtu_leave(model->routes);
	model->routes = NULL;
}

void model_recall(struct model *model)
{
	if (prober_recall(model->prober) && model_renew(model) < 0)
		log_error(-ENOMEM, "cannot build the table of limits");
}

void model_follow(struct model *model, void (*follow)(void *userdata), void *userdata)
{
	model->follow = follow;
	model->follower = userdata;
}

bool model_reclaim(struct model *model)
{
	if (slot_reclaim(model->slot) > 0)
		return false;
	if (model->way.marker && marker_settle(model->way.marker) && model_renew(model) < 0)
		log_error(-ENOMEM, "cannot build the table of limits");
	return slot_reclaim(model->slot) == 0;
}

struct prober *model_prober(const struct model *model)
{
	return model->prober;
}

const struct tunnels *model_tunnels(const struct model *model)
{
	return model->tunnels;
}

const struct tunnel_views *model_views(const struct model *model)
{
	return &model->views;
}

const struct route_list *model_routes(const struct model *model)
{
	return &model->knowledge.routes;
}

bool model_is_looking(const struct model *model)
{
	return discovery_is_looking(model->knowledge.discovery);
}

const char *model_warning(const struct model *model)
{
	return discovery_warning(model->knowledge.discovery);
}

struct model_totals model_totals(const struct model *model)
{
	struct model_totals totals = {
		.resyncs = watch_resyncs(model->watch),
		.malformed = nl_malformed_total(watch_events(model->watch)) +
			     nl_malformed_total(model->knowledge.questions),
		.path_mtu_falls = model->path_mtu_falls + tunnels_path_falls(model->tunnels),
	};

	discovery_add_totals(model->knowledge.discovery, &totals.malformed, &totals.resyncs);
	return totals;
}
