/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/log.h"
#include "daemon/alerts/alerts.h"
#include "daemon/capture/capture.h"
#include "daemon/config/config_report_print.h"
#include "daemon/events/journal.h"
#include "daemon/firewall/fallback.h"
#include "daemon/firewall/guard.h"
#include "daemon/firewall/offloader.h"
#include "daemon/firewall/way.h"
#include "daemon/loop.h"
#include "daemon/metrics/baseline.h"
#include "daemon/reload.h"
#include "daemon/replies/rule_check.h"
#include "daemon/restart/kept.h"
#include "daemon/restart/listen.h"
#include "daemon/restart/overdue.h"
#include "daemon/restart/takeover.h"
#include "daemon/tries/tries.h"
#include "daemon/waiting.h"
#include "daemon/workers/worker_state.h"
#include "daemon/workers/workers_tend.h"
#include "edge/peers/facts.h"

#define TICK_NS NS_PER_SECOND
#define LOG_PATIENCE_MS 1000

static int load_configuration(struct daemon *daemon)
{
	struct config_report report = { 0 };
	int r;

	r = config_load(daemon->config_file, daemon->config_absent, &daemon->config, &report);
	config_report_log(&report);
	daemon->started_with = daemon->config;
	if (r == -EINVAL)
		log_print(LOG_ERR,
			  "%s: the configuration is not usable; mssclampd -t checks it too",
			  daemon->config_file);
	else if (r < 0)
		log_error(r, "%s", daemon->config_file);
	config_report_done(&report);
	return r;
}

static size_t queue_count(const struct config *config)
{
	return config->queue_count ? config->queue_count : cpu_queue_count();
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *daemon = userdata;

	(void)source;
	log_notice("signal %s from pid %u: stopping", strsignal((int)info->ssi_signo),
		   info->ssi_pid);
	return sd_event_exit(daemon->event, 0);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	json_t *reply = NULL;
	char *error = NULL;

	(void)source;
	(void)info;
	daemon_reload(userdata, &reply, &error); /* logs what comes of it */
	json_decref(reply);
	free(error);
	return 0;
}

/* The watchdog is fed here and where this thread waits for a child, and only while every worker
 * beats: that this runs shows that the control thread does. */
static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *daemon = userdata;
	enum worker_state state;

	(void)usec;
	state = workers_vouch(daemon);
	if (state != daemon->workers_seen)
		worker_state_tell(daemon->workers, state, &daemon->events);
	daemon->workers_seen = state;
	workers_tend(daemon, state);
	helpers_tend(&daemon->helpers);
	listen_tend(daemon);
	sandbox_report(clock_boottime_ns());
	way_tick(daemon);
	guard_tick(daemon->guard);
	alerts_tick(daemon->alerts);
	sd_event_source_set_time(source, (clock_boottime_ns() + TICK_NS) / 1000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int open_event_loop(struct daemon *daemon)
{
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL); /* workers inherit it */
	signal(SIGPIPE, SIG_IGN);
	r = sd_event_default(&daemon->event);
	if (r >= 0)
		r = sd_event_add_signal(daemon->event, NULL, SIGTERM, on_stop, daemon);
	if (r >= 0)
		r = sd_event_add_signal(daemon->event, NULL, SIGINT, on_stop, daemon);
	if (r >= 0)
		r = sd_event_add_signal(daemon->event, NULL, SIGHUP, on_hangup, daemon);
	if (r >= 0)
		r = sd_event_add_time(daemon->event, NULL, CLOCK_BOOTTIME,
				      (clock_boottime_ns() + TICK_NS) / 1000, 1000, on_tick,
				      daemon);
	return r < 0 ? log_error(r, "cannot set up the event loop") : 0;
}

static int start_workers(struct daemon *daemon)
{
	const struct workers_config config = {
		.max_packets = daemon->config->queue_max_packets,
		.slot = model_slot(daemon->model),
		.filter = daemon->sandbox.worker.steps ? &daemon->sandbox.worker : NULL,
	};

	return workers_start(daemon->workers, &config, daemon->kept);
}

static int open_guard(struct daemon *daemon)
{
	const struct firewall_plan plan = {
		.hooks = daemon->config->hooks,
		.queue_first = daemon->config->queue_first,
		.queue_count = (uint16_t)workers_count(daemon->workers),
		.per_source = daemon->config->per_source,
	};

	const struct iptables_runner runner = { helpers_run_iptables, &daemon->helpers };

	return guard_open(daemon->event, daemon->config->firewall, &runner, &plan, &daemon->events,
			  &daemon->guard);
}

static int open_fallback(struct daemon *daemon)
{
	int r = fallback_open(daemon->config, &daemon->events, &daemon->fallback);

	if (r == 0)
		guard_set_fallback(daemon->guard, daemon->fallback);
	return r;
}

static int open_offloader(struct daemon *daemon)
{
	int r = offloader_open(daemon->event, daemon->guard, model_slot(daemon->model),
			       &daemon->offloader);

	if (r == 0)
		model_follow(daemon->model, offloader_follow, daemon->offloader);
	return r;
}

/* Queues that were served before are ours beyond doubt. What passes them before they have workers,
 * for it was read and not answered or the start takes long, shall be clamped by the kernel; who
 * hands over has answered all that he read. */
static void begin_kept(struct daemon *daemon)
{
	daemon->overdue = overdue_begin(daemon->kept);
	if (kept_has_queues(daemon->kept))
		fallback_yield_early();
}

/* What waits there shall be clamped by all that is known. Returns whether it was done. */
static bool recall_early(struct daemon *daemon)
{
	if (!kept_has_queues(daemon->kept))
		return false;
	model_recall(daemon->model);
	return true;
}

static void end_overdue(struct daemon *daemon)
{
	overdue_end(daemon->overdue);
	daemon->overdue = NULL;
}

static int open_model(struct daemon *daemon)
{
	const struct facts_starter starter = {
		daemon->helpers.facts.fd >= 0 ? helpers_start_facts : NULL,
		&daemon->helpers,
	};
	int r = model_open(daemon->event, daemon->workers, daemon->config, &starter,
			   &daemon->events, &daemon->model);

	if (r == 0)
		r = tries_open(daemon->event, daemon->model, &daemon->events, &daemon->tries);
	return r;
}

/* All that touches nothing outside of this process. Helpers come before anything is open. */
static int prepare(struct daemon *daemon)
{
	json_t *warnings;
	int r;

	daemon->kept = daemon->takeover ? kept_new(true) : kept_receive();
	if (!daemon->kept)
		return log_error(-ENOMEM, "cannot take the sockets that were kept");
	r = load_configuration(daemon);
	if (r < 0)
		return r;
	helpers_start(&daemon->helpers, daemon->config->firewall != FIREWALL_NONE, daemon->title);
	r = open_event_loop(daemon);
	if (r < 0)
		return r;
	begin_kept(daemon);
	daemon->workers = workers_new(daemon->config->queue_first, queue_count(daemon->config));
	daemon->metrics = metrics_new();
	if (!daemon->workers || !daemon->metrics)
		return log_error(-ENOMEM, "cannot set up the workers");
	daemon->alerts = alerts_new(daemon);
	if (!daemon->alerts)
		return log_error(-ENOMEM, "cannot set up alerts");
	r = open_model(daemon);
	if (r == 0)
		r = capture_open(daemon, &daemon->capture);
	if (r < 0)
		return r;
	warnings = rule_check_warnings(slot_current(model_slot(daemon->model)),
				       model_routes(daemon->model));
	rule_check_log(warnings);
	json_decref(warnings);
	return 0;
}

/* Queues before rules, rules before READY: no SYN is sent to where nobody listens. The control
 * socket comes before both, so that a second daemon on it touches nothing: what outlives a process,
 * routes and the state file, comes last. What needs root comes before the sandbox, and whatever
 * reads what strangers send, packets and clients, behind it. */
static int start(struct daemon *daemon)
{
	bool recalled;
	int r = prepare(daemon);

	if (r == 0)
		r = takeover_find(daemon);
	if (r == 0 && !daemon->takeover)
		r = listen_alone(daemon);
	if (r == 0)
		r = sandbox_enter(daemon->config, daemon->config_file, &daemon->sandbox);
	if (r == 0 && daemon->takeover)
		r = takeover_begin(daemon);
	if (r < 0)
		return r;
	recalled = recall_early(daemon);
	end_overdue(daemon);
	r = start_workers(daemon);
	if (r == 0)
		r = open_guard(daemon);
	if (r == 0 && waiting_is_told_to_end())
		r = -ECANCELED;
	if (r < 0)
		return r;
	/* No rule leads to what is left there any more. */
	kept_free(daemon->kept, "is not configured any more");
	daemon->kept = NULL;
	r = way_open(daemon, &daemon->way);
	if (r == 0)
		r = open_fallback(daemon);
	if (r == 0)
		r = open_offloader(daemon);
	if (r == 0)
		r = model_keep_routes(daemon->model);
	if (r == 0 && !recalled)
		model_recall(daemon->model);
	if (r < 0)
		return r;
	fallback_beat(daemon->fallback);
	return takeover_end(daemon);
}

/* The rules stay: "bypass" lets SYNs through when nobody listens, and the fallback clamps them. */
static void stop(struct daemon *daemon)
{
	daemon->events.control = NULL;
	end_overdue(daemon);
	takeover_give_back(daemon);
	if (!daemon->handed_over)
		fallback_yield(daemon->fallback, NULL);
	control_close(daemon->control);
	capture_close(daemon->capture);
	if (daemon->model)
		model_follow(daemon->model, NULL, NULL);
	offloader_close(daemon->offloader);
	fallback_close(daemon->fallback);
	tries_close(daemon->tries);
	alerts_free(daemon->alerts);
	if (!daemon->workers || workers_stop(daemon->workers)) {
		model_close(daemon->model);
		workers_free(daemon->workers);
		takeover_hang_up(daemon);
		sandbox_done(&daemon->sandbox);
	}
	way_close(daemon->way);
	metrics_free(daemon->metrics);
	if (daemon->kept && kept_has_queues(daemon->kept))
		fallback_yield_early();
	kept_free(daemon->kept, "this one could not start");
	guard_close(daemon->guard); /* last: a chain that is deleted drops what waits in queues */
	if (daemon->config != daemon->started_with)
		config_free(daemon->config);
	config_free(daemon->started_with);
	sd_event_unref(daemon->event);
	helpers_close(&daemon->helpers);
	past_done(&daemon->past);
	json_decref(daemon->refusal.errors);
	sandbox_report(UINT64_MAX);
}

/* systemd starts us again at once. What made a start fail may last (a queue somebody else owns), so
 * it shall not be tried a hundred times a second. */
static void pause_before_restart(void)
{
	const struct timespec pause = { .tv_sec = 1 };

	if (getenv("NOTIFY_SOCKET"))
		nanosleep(&pause, NULL);
}

/* What has nothing to do with the configuration, though it could not be read for it. */
static bool may_pass(int error)
{
	return error == -ENOMEM || error == -EMFILE || error == -ENFILE;
}

int daemon_run(struct daemon *daemon)
{
	bool started, configured;
	int r;

	daemon->start_ns = clock_boottime_ns();
	daemon->helpers = HELPERS_NONE;
	daemon->events.past = &daemon->past;
	log_set_patience(LOG_PATIENCE_MS);
	journal_open();
	waiting_begin();
	r = start(daemon);
	configured = daemon->config != NULL;
	started = configured && r == 0;
	if (started) {
		log_notice("mssclampd " VERSION " %s: queues %u-%u",
			   daemon->config->mode == MODE_AUDIT ? "audits and changes no SYN" :
								"clamps",
			   workers_number(daemon->workers, 0),
			   workers_number(daemon->workers, workers_count(daemon->workers) - 1));
		guard_keep(daemon->guard);
		sd_notify(0, "READY=1\nSTATUS=clamping");
		waiting_serve(daemon);
		r = loop_run(daemon->event);
		sd_notify(0, "STOPPING=1");
	} else if (configured && waiting_is_told_to_end()) {
		log_notice("told to end before it had begun: nothing is left of it");
		r = 0;
	}
	waiting_end(daemon);
	stop(daemon);
	if (!configured && !may_pass(r))
		return EXIT_INVALID_CONFIGURATION;
	if (!started && r < 0)
		pause_before_restart();
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
