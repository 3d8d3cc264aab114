/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/firewall/way.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/firewall/guard.h"
#include "daemon/firewall/marker.h"
#include "edge/firewall/mark.h"
#include "edge/firewall/nft.h"
#include "edge/namespace.h"
#include "edge/queue/payload_check.h"

struct way {
	bool payload;           /* the kernel takes changed packets back here */
	struct marker *marker;  /* NULL: nothing goes by marks */
	struct marker *leaving; /* was used by snapshots that may still be read */
	char *no_marks;         /* why marks cannot be used though they should be; NULL: they can */
	bool told_collisions;
};

static int publish_check(void *userdata, const struct snapshot_check *check)
{
	struct daemon *daemon = userdata;
	const struct model_way way = { .payload = namespace_takes_changes(), .check = *check };

	model_set_way(daemon->model, &way);
	return model_renew(daemon->model);
}

static uint64_t count_checks(void *userdata)
{
	const struct daemon *daemon = userdata;
	uint64_t count = 0;

	for (size_t i = 0; i < workers_count(daemon->workers); i++)
		count += counter_read(&workers_counters(daemon->workers, i)->checks);
	return count;
}

/* The check's SYNs pass output or input: where neither is planned, output is for that long. */
static enum payload_check_result run_check(struct daemon *daemon)
{
	const struct payload_check_ops ops = { publish_check, count_checks, daemon };
	const struct firewall_plan plan = *guard_plan(daemon->guard);
	struct firewall_plan wider = plan;
	enum payload_check_result result = PAYLOAD_UNKNOWN;
	char *error = NULL;
	int r = 0;

	wider.hooks |= FIREWALL_OUTPUT;
	if (plan.hooks == FIREWALL_FORWARD)
		r = guard_set_plan(daemon->guard, &wider, &error);
	if (r == 0)
		result = payload_check_run(&ops);
	if (plan.hooks == FIREWALL_FORWARD && r == 0)
		r = guard_set_plan(daemon->guard, &plan, &error);
	if (r < 0)
		log_error(r, "firewall: %s", error ? error : "out of memory");
	free(error);
	guard_forget_counts(daemon->guard);
	return result;
}

/* What cannot be tried is taken for what Linux does from 7.1 on. */
static bool find_out(struct daemon *daemon)
{
	static const char *const results[] = {
		[PAYLOAD_TAKEN] = "takes them",
		[PAYLOAD_REFUSED] = "drops them",
		[PAYLOAD_UNKNOWN] = "could not be asked",
	};
	uint64_t begin_ns = clock_boottime_ns();
	enum payload_check_result result = run_check(daemon);

	/* A machine that is starved, as at boot, may have been too slow. */
	if (result == PAYLOAD_REFUSED && namespace_takes_changes())
		result = run_check(daemon);
	log_debug("packets that come back changed: the kernel %s (found out in %llu us)",
		  results[result],
		  (unsigned long long)((clock_boottime_ns() - begin_ns) / 1000));
	return result == PAYLOAD_TAKEN ||
	       (result == PAYLOAD_UNKNOWN && namespace_takes_changes());
}

static bool wants_marks(const struct way *way, const struct config *config)
{
	switch (config->mode) {
	case MODE_MARK:
		return true;
	case MODE_AUDIT:
		return false;
	case MODE_QUEUE:
	case MODE_OFFLOAD:
		break;
	}
	return !way->payload;
}

/* The bits are those of the start: a reload says that others need a restart. */
static void open_marker(struct daemon *daemon, struct way *way, const struct config *config)
{
	int r;

	free(way->no_marks);
	way->no_marks = NULL;
	r = marker_open(config->hooks, daemon->started_with->mark_bits, &way->marker,
			&way->no_marks);
	if (r == 0)
		return;
	way->marker = NULL;
	log_error(r, "mark mode is not possible here: %s; %s",
		  way->no_marks ? way->no_marks : "out of memory",
		  way->payload ? "changed packets go back as in mode queue" :
				 "SYNs are left alone");
}

static void put_in_force(struct daemon *daemon, const struct way *way)
{
	const struct model_way model_way = { .payload = way->payload, .marker = way->marker };

	model_set_way(daemon->model, &model_way);
	guard_set_marker(daemon->guard, way->marker);
}

static void say_what_holds(const struct daemon *daemon, const struct way *way)
{
	if (way->payload)
		return;
	if (way->marker && daemon->config->mode != MODE_MARK)
		log_warning("the kernel drops packets that come back changed in this network "
			    "namespace: mode mark is used instead of queue");
	else if (daemon->config->mode == MODE_AUDIT)
		log_warning("the kernel drops packets that come back changed in this network "
			    "namespace: other modes would use marks");
}

/* What an earlier run has left would lower by marks of others. */
static void clear_leftovers(void)
{
	char *error = NULL;
	int r = mark_clear(&error);

	if (r < 0 && !nft_is_missing(r))
		log_warning("firewall: cannot empty the chains of mark mode that an earlier run "
			    "may have left: %s", error ? error : "out of memory");
	free(error);
}

int way_open(struct daemon *daemon, struct way **ret_way)
{
	struct way *way = calloc(1, sizeof(*way));
	int r;

	if (!way)
		return log_error(-ENOMEM, "cannot keep the way of changed packets");
	*ret_way = way;
	way->payload = find_out(daemon);
	if (wants_marks(way, daemon->config))
		open_marker(daemon, way, daemon->config);
	if (!way->marker)
		clear_leftovers();
	put_in_force(daemon, way);
	r = model_renew(daemon->model);
	if (r < 0)
		return log_error(r, "cannot build the table of limits");
	say_what_holds(daemon, way);
	return 0;
}

void way_close(struct way *way)
{
	if (!way)
		return;
	marker_close(way->marker);
	marker_close(way->leaving);
	free(way->no_marks);
	free(way);
}

int way_configure(struct daemon *daemon, const struct config *config, char **ret_error)
{
	struct way *way = daemon->way;
	int r = 0;

	if (way->marker && !wants_marks(way, config)) {
		marker_close(way->leaving);
		way->leaving = way->marker;
		way->marker = NULL;
	} else if (!way->marker && wants_marks(way, config)) {
		/* Snapshots that are still read have marks of the one that is leaving. */
		way->marker = way->leaving;
		way->leaving = NULL;
		if (!way->marker)
			open_marker(daemon, way, config);
	}
	if (way->marker)
		r = marker_set_hooks(way->marker, config->hooks, ret_error);
	put_in_force(daemon, way);
	return r;
}

/* Says once that somebody else uses our bits. */
static void look_for_collisions(struct daemon *daemon)
{
	struct way *way = daemon->way;
	uint64_t count = 0;

	for (size_t i = 0; i < workers_count(daemon->workers); i++)
		count += counter_read(&workers_counters(daemon->workers, i)->collisions);
	if (count == 0 || way->told_collisions)
		return;
	way->told_collisions = true;
	log_warning("mark mode: SYNs come with bits of mark.bits (0x%08x) set by somebody else; "
		    "they lose them here: set mark.bits to bits that nobody uses",
		    daemon->started_with->mark_bits);
}

void way_tick(struct daemon *daemon)
{
	struct way *way = daemon->way;
	bool alone = model_reclaim(daemon->model);

	if (!way)
		return;
	look_for_collisions(daemon);
	if (way->marker && marker_has_failed(way->marker) && model_renew(daemon->model) < 0)
		log_error(-ENOMEM, "cannot build the table of limits");
	if (!alone || !way->leaving)
		return;
	marker_close(way->leaving);
	way->leaving = NULL;
	clear_leftovers();
}

const char *way_mode(const struct daemon *daemon)
{
	if (daemon->config->mode == MODE_AUDIT)
		return "audit";
	return daemon->way && daemon->way->marker ? "mark" : "queue";
}

const char *way_problem(const struct daemon *daemon)
{
	const struct way *way = daemon->way;

	if (way->payload || way->marker || daemon->config->mode == MODE_AUDIT)
		return NULL;
	return "the kernel drops packets that come back changed in this network namespace, as its "
	       "user namespace is not the initial one, and has no nftables that could change "
	       "them: SYNs are left alone";
}

const char *way_warning(const struct daemon *daemon)
{
	const struct way *way = daemon->way;

	if (way->told_collisions && way->marker)
		return "SYNs come with bits of mark.bits set by somebody else, and lose them here: "
		       "set mark.bits to bits that nobody uses";
	if (way->marker && marker_shares(way->marker))
		return "there are more limits than mark.bits tells apart: some flows get the next "
		       "smaller one, and explain does not show it; give it more bits";
	if (way->payload && !way->marker && daemon->config->mode == MODE_MARK)
		return "mode mark is not possible here, the log tells why: packets go back changed "
		       "as in mode queue";
	return NULL;
}
