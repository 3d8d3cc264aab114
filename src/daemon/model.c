/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/model.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/build.h"
#include "daemon/knowledge.h"
#include "daemon/look_time.h"
#include "daemon/peer_changes.h"
#include "daemon/route_mtu.h"
#include "edge/rtnl.h"

#define RETRY_NS (200 * NS_PER_MS)
/* Some changes are never announced (net.ipv6.conf.*.mtu): a look without a reason now and then. */
#define LOOK_ANYWAY_NS (60 * NS_PER_SECOND)
/* PMTU exceptions come and expire without a word. */
#define HINTS_EVERY_NS (1 * NS_PER_SECOND)

struct model {
	sd_event *event;             /* borrowed */
	const struct config *config; /* borrowed */
	struct rules *tries;         /* temporary limits; NULL: none */
	const struct events *told;         /* borrowed; who wants to hear of changes */
	struct slot *slot;
	struct nl *events;
	sd_event_source *events_source, *look_source, *hints_source;
	unsigned int stale;          /* RTNL_CHANGED_* and STALE_* not yet looked at */
	uint64_t next_look_ns;       /* not before */
	uint64_t look_anyway_ns;     /* without a reason, not after */
	struct knowledge knowledge;
	struct prober *prober;
	struct tunnels *tunnels;
	struct tunnel_views views;   /* of the set of the snapshot that is in force */
	struct route_mtu *routes;    /* NULL until model_keep_routes */
	struct model_totals totals;
	struct log_ratelimit lost_limit, failed_limit;
};

static const struct tunnel_set *current_set(const struct model *model)
{
	return model->slot ? snapshot_tunnels(slot_current(model->slot)) : NULL;
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
	};

	input.lists = discovery_lists(model->knowledge.discovery, &input.list_count);
	input.measures = prober_measures(model->prober, &input.measure_count);
	input.hints_need_probe = prober_is_automatic(model->prober);
	return build_snapshot(&input, ret_built);
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
		tunnel_views_done(&built.views);
		snapshot_free(built.snapshot);
		return r;
	}
	tunnel_views_done(&model->views);
	model->views = built.views;
	/* What is told holds already; what was retired lives until it is reclaimed. */
	peer_changes_tell(old, snapshot_tunnels(built.snapshot), model->told);
	slot_reclaim(model->slot);
	prober_follow(model->prober);
	route_mtu_apply(model->routes, current_set(model), config);
	return 0;
}

static int schedule_look(struct model *model, uint64_t when_ns)
{
	uint64_t at_us = when_ns / 1000;
	int r;

	r = sd_event_source_set_time(model->look_source, at_us);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(model->look_source, SD_EVENT_ONESHOT);
}

/* What is to be looked at now; nothing is owed behind it. */
static unsigned int take_stale(struct model *model, uint64_t now_ns)
{
	unsigned int stale = model->stale;

	/* Polls of peers come every few seconds: they are no reason to put this off. */
	if (now_ns >= model->look_anyway_ns)
		stale |= STALE_KERNEL;
	if (stale & RTNL_CHANGED_LINKS)
		model->look_anyway_ns = now_ns + LOOK_ANYWAY_NS;
	model->stale = 0;
	return stale;
}

/* What could not be asked for is asked for again before long, all of it after a while. */
static int schedule_next_look(struct model *model)
{
	if (!model->knowledge.incomplete)
		return schedule_look(model, model->look_anyway_ns);
	model->stale |= STALE_KERNEL;
	return schedule_look(model, clock_boottime_ns() + NS_PER_SECOND);
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct model *model = userdata;
	struct look_time time = look_time_begin();
	unsigned int stale = take_stale(model, time.begin_ns);
	uint64_t suppressed;
	int news, r;

	(void)source;
	(void)usec;
	news = knowledge_look(&model->knowledge, stale, model->config);
	time.looked_ns = clock_boottime_ns();
	r = news > 0 ? publish(model, model->config) : news;
	model->next_look_ns = look_time_next(&time);
	if (r < 0) {
		if (log_may_speak(&model->failed_limit, time.begin_ns, NS_PER_SECOND, &suppressed))
			log_error(r, "rtnetlink: cannot read links and routes, the limits stay as "
				     "they are; trying again");
		/* All of it: what was read and not published is no news the next time. */
		model->stale |= stale | STALE_KERNEL;
		return schedule_look(model, clock_boottime_ns() + RETRY_NS);
	}
	look_time_say(&time, &model->knowledge, current_set(model)->peer_count, news > 0);
	return schedule_next_look(model);
}

static int look_soon(struct model *model)
{
	uint64_t now_ns = clock_boottime_ns();

	return schedule_look(model, now_ns > model->next_look_ns ? now_ns : model->next_look_ns);
}

/* A source beside rtnetlink may have something new. */
static void on_discovery(void *userdata)
{
	struct model *model = userdata;

	model->stale |= STALE_PEERS;
	look_soon(model);
}

/* Probes found out something. */
static void on_measures(void *userdata)
{
	struct model *model = userdata;

	model->stale |= STALE_MEASURES;
	look_soon(model);
}

/* Exceptions matter where somebody sends to an endpoint. */
static int on_hints(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct model *model = userdata;

	(void)usec;
	if (model->views.count > 0) {
		model->stale |= STALE_HINTS;
		look_soon(model);
	}
	sd_event_source_set_time(source, (clock_boottime_ns() + HINTS_EVERY_NS) / 1000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_event_message(const struct nlmsghdr *message, void *userdata)
{
	struct model *model = userdata;

	model->stale |= rtnl_event_kind(message);
	return 0;
}

static int on_events(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct model *model = userdata;
	uint64_t now_ns = clock_boottime_ns(), suppressed;
	int r;

	(void)source;
	(void)fd;
	(void)revents;
	r = nl_read_events(model->events, on_event_message, model);
	if (r < 0) {
		model->totals.resyncs++;
		model->stale |= STALE_KERNEL;
		if (log_may_speak(&model->lost_limit, now_ns, 10 * NS_PER_SECOND, &suppressed))
			log_error(r, "rtnetlink: events were lost, reading all links and routes "
				     "anew");
	}
	return model->stale ? look_soon(model) : 0;
}

static int open_sockets(struct model *model)
{
	const struct prober_owner owner = { on_measures, fill_targets, model };
	int r;

	/* Events first, then the dump: what changes in between is told by an event. */
	r = rtnl_open_events(&model->events);
	if (r < 0)
		return log_error(r, "rtnetlink: cannot subscribe to links and routes");
	r = knowledge_init(&model->knowledge, model->event, on_discovery, model);
	if (r == 0)
		r = prober_open(model->event, model->config, &owner, &model->prober);
	if (r < 0)
		return r;
	r = knowledge_look(&model->knowledge, STALE_KERNEL | STALE_HINTS, model->config);
	return r < 0 ? log_error(r, "rtnetlink: cannot read links and routes") : 0;
}

static int add_sources(struct model *model)
{
	int r;

	model->look_anyway_ns = clock_boottime_ns() + LOOK_ANYWAY_NS;
	r = sd_event_add_io(model->event, &model->events_source, nl_fd(model->events), EPOLLIN,
			    on_events, model);
	if (r >= 0)
		r = sd_event_add_time(model->event, &model->look_source, CLOCK_BOOTTIME,
				      model->look_anyway_ns / 1000, 1000, on_look, model);
	if (r >= 0)
		r = sd_event_add_time(model->event, &model->hints_source, CLOCK_BOOTTIME,
				      (clock_boottime_ns() + HINTS_EVERY_NS) / 1000, 1000, on_hints,
				      model);
	return r < 0 ? log_error(r, "event loop: cannot watch links and routes") : 0;
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
		tunnel_views_done(&built.views);
		snapshot_free(built.snapshot);
		return log_error(-ENOMEM, "cannot publish the table of limits");
	}
	model->views = built.views;
	prober_follow(model->prober);
	return 0;
}

int model_open(sd_event *event, struct workers *workers, const struct config *config,
	       const struct events *told, struct model **ret_model)
{
	struct model *model = calloc(1, sizeof(*model));
	int r;

	if (!model)
		return log_error(-ENOMEM, "links and routes");
	model->event = event;
	model->config = config;
	model->told = told;
	model->tunnels = tunnels_new(workers, told);
	r = model->tunnels ? open_sockets(model) : log_error(-ENOMEM, "tunnels");
	if (r == 0)
		r = add_sources(model);
	if (r == 0)
		r = build_first(model, workers);
	if (r == 0)
		r = schedule_next_look(model);
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
	sd_event_source_disable_unref(model->events_source);
	sd_event_source_disable_unref(model->look_source);
	sd_event_source_disable_unref(model->hints_source);
	route_mtu_close(model->routes);
	nl_close(model->events);
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
		return r;
	}
	model->config = config;
	return 0;
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
	int r = route_mtu_open(model->events, &model->routes);

	if (r == 0)
		route_mtu_apply(model->routes, current_set(model), model->config);
	return r;
}

void model_reclaim(struct model *model)
{
	slot_reclaim(model->slot);
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
	struct model_totals totals = model->totals;

	totals.malformed = nl_malformed_total(model->events) +
			   nl_malformed_total(model->knowledge.questions);
	discovery_add_totals(model->knowledge.discovery, &totals.malformed, &totals.resyncs);
	return totals;
}
