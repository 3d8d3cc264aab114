/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/model.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/tunnels.h"
#include "edge/rtnl.h"
#include "policy/tunnel.h"
#include "proto/varlink.h"

/* The least time between two looks: 20 ms, or ten times what the last one took, so that a host with
 * a million flapping routes spends a tenth of a core here and no more. */
#define LOOK_GAP_NS (20 * NS_PER_MS)
#define LOOK_GAP_FACTOR 10
#define RETRY_NS (200 * NS_PER_MS)
/* Some changes are never announced (net.ipv6.conf.*.mtu): a look without a reason now and then. */
#define LOOK_ANYWAY_NS (60 * NS_PER_SECOND)

struct model {
	sd_event *event;            /* borrowed */
	const struct config *config; /* borrowed */
	struct slot *slot;
	struct nl *questions, *events;
	sd_event_source *events_source, *look_source;
	unsigned int stale;         /* RTNL_CHANGED_* not yet looked at */
	uint64_t next_look_ns;      /* not before */
	struct link_list links;
	struct route_list routes;
	struct tunnels *tunnels;
	struct model_totals totals;
	struct log_ratelimit lost_limit, failed_limit;
};

/* The kernel takes any bytes as a name, JSON takes UTF-8 alone. */
static void make_speakable(char *name)
{
	json_t *string = json_string(name);

	if (!string)
		varlink_make_printable(name);
	json_decref(string);
}

static int build(struct model *model, const struct config *config, struct snapshot **ret_snapshot)
{
	struct snapshot_link *links = calloc(model->links.count + 1, sizeof(*links));
	struct snapshot_input input = {
		.mode = {
			.clamp = {
				.insert_missing = config->insert_missing,
				.clamp_tcp_ao = config->clamp_tcp_ao,
			},
			.audit = config->mode == MODE_AUDIT,
		},
		.links = links,
		.link_count = model->links.count,
		.routes = model->routes.list,
		.route_count = model->routes.count,
		.rules = config->rules,
	};
	int r;

	if (!links)
		return -ENOMEM;
	tunnels_begin(model->tunnels);
	for (size_t i = 0; i < model->links.count; i++) {
		links[i].link = model->links.list[i];
		make_speakable(links[i].link.name);
		links[i].tunnel_id = TUNNEL_ID_NONE;
		if (link_tunnel_kind(&links[i].link))
			links[i].tunnel_id = tunnels_note(model->tunnels, &links[i].link);
	}
	tunnels_end(model->tunnels);
	r = snapshot_build(&input, ret_snapshot);
	free(links);
	return r;
}

static int publish(struct model *model, const struct config *config)
{
	struct snapshot *snapshot;
	int r;

	r = build(model, config, &snapshot);
	if (r < 0)
		return r;
	r = slot_publish(model->slot, snapshot);
	if (r < 0) {
		snapshot_free(snapshot);
		return r;
	}
	slot_reclaim(model->slot);
	return 0;
}

/* Asks for links and routes anew. What was known stays until both answers are whole. */
static int look(struct model *model, unsigned int what)
{
	struct link_list links = { 0 };
	struct route_list routes = { 0 };
	int r = 0;

	if (what & RTNL_CHANGED_LINKS)
		r = rtnl_dump_links(model->questions, &links);
	if (r == 0)
		r = rtnl_dump_routes(model->questions, &routes);
	if (r < 0) {
		link_list_done(&links);
		return r;
	}
	if (what & RTNL_CHANGED_LINKS) {
		link_list_done(&model->links);
		model->links = links;
	}
	route_list_done(&model->routes);
	model->routes = routes;
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

static int on_look(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct model *model = userdata;
	uint64_t begin_ns = clock_boottime_ns(), took_ns, suppressed;
	unsigned int stale = model->stale ? model->stale :
					    RTNL_CHANGED_LINKS | RTNL_CHANGED_ROUTES;
	int r;

	(void)source;
	(void)usec;
	model->stale = 0;
	r = look(model, stale);
	if (r == 0)
		r = publish(model, model->config);
	took_ns = clock_boottime_ns() - begin_ns;
	if (r < 0) {
		if (log_may_speak(&model->failed_limit, begin_ns, NS_PER_SECOND, &suppressed))
			log_error(r, "rtnetlink: cannot read links and routes, the limits stay as "
				     "they are; trying again");
		model->stale |= stale;
		return schedule_look(model, begin_ns + took_ns + RETRY_NS);
	}
	log_debug("rtnetlink: %zu links and %zu routes read and built in %llu us",
		  model->links.count, model->routes.count, (unsigned long long)(took_ns / 1000));
	model->next_look_ns = begin_ns + took_ns;
	model->next_look_ns += took_ns * LOOK_GAP_FACTOR > LOOK_GAP_NS ? took_ns * LOOK_GAP_FACTOR :
									LOOK_GAP_NS;
	return schedule_look(model, begin_ns + LOOK_ANYWAY_NS);
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
		model->stale |= RTNL_CHANGED_LINKS | RTNL_CHANGED_ROUTES;
		if (log_may_speak(&model->lost_limit, now_ns, 10 * NS_PER_SECOND, &suppressed))
			log_error(r, "rtnetlink: events were lost, reading all links and routes "
				     "anew");
	}
	if (model->stale == 0)
		return 0;
	return schedule_look(model, now_ns > model->next_look_ns ? now_ns : model->next_look_ns);
}

static int open_sockets(struct model *model)
{
	int r;

	/* Events first, then the dump: what changes in between is told by an event. */
	r = rtnl_open_events(&model->events);
	if (r < 0)
		return log_error(r, "rtnetlink: cannot subscribe to links and routes");
	r = nl_open(NETLINK_ROUTE, 0, &model->questions);
	if (r < 0)
		return log_error(r, "rtnetlink: cannot open a socket");
	r = look(model, RTNL_CHANGED_LINKS | RTNL_CHANGED_ROUTES);
	if (r < 0)
		return log_error(r, "rtnetlink: cannot read links and routes");
	return 0;
}

static int add_sources(struct model *model)
{
	int r;

	r = sd_event_add_io(model->event, &model->events_source, nl_fd(model->events), EPOLLIN,
			    on_events, model);
	if (r >= 0)
		r = sd_event_add_time(model->event, &model->look_source, CLOCK_BOOTTIME,
				      (clock_boottime_ns() + LOOK_ANYWAY_NS) / 1000, 1000, on_look,
				      model);
	return r < 0 ? log_error(r, "event loop: cannot watch links and routes") : 0;
}

int model_open(sd_event *event, struct workers *workers, const struct config *config,
	       struct model **ret_model)
{
	struct model *model = calloc(1, sizeof(*model));
	struct snapshot *first = NULL;
	int r;

	if (!model)
		return log_error(-ENOMEM, "links and routes");
	model->event = event;
	model->config = config;
	model->tunnels = tunnels_new(workers);
	r = model->tunnels ? open_sockets(model) : log_error(-ENOMEM, "tunnels");
	if (r == 0)
		r = add_sources(model);
	if (r == 0) {
		r = build(model, config, &first);
		if (r < 0)
			log_error(r, "cannot build the table of limits");
	}
	if (r == 0) {
		model->slot = slot_new(workers_count(workers), first);
		if (!model->slot) {
			snapshot_free(first);
			r = log_error(-ENOMEM, "cannot publish the table of limits");
		}
	}
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
	nl_close(model->events);
	nl_close(model->questions);
	slot_free(model->slot);
	link_list_done(&model->links);
	route_list_done(&model->routes);
	tunnels_free(model->tunnels);
	free(model);
}

struct slot *model_slot(const struct model *model)
{
	return model->slot;
}

int model_configure(struct model *model, const struct config *config)
{
	int r;

	r = publish(model, config);
	if (r == 0)
		model->config = config;
	return r;
}

void model_reclaim(struct model *model)
{
	slot_reclaim(model->slot);
}

const struct tunnels *model_tunnels(const struct model *model)
{
	return model->tunnels;
}

struct model_totals model_totals(const struct model *model)
{
	struct model_totals totals = model->totals;

	totals.malformed = nl_malformed_total(model->events) + nl_malformed_total(model->questions);
	return totals;
}
