/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/log.h"
#include "daemon/guard.h"
#include "daemon/kept.h"
#include "daemon/listen.h"
#include "daemon/offloader.h"
#include "daemon/reload.h"
#include "daemon/report.h"
#include "daemon/rule_check.h"
#include "daemon/takeover.h"
#include "daemon/tries.h"
#include "daemon/way.h"
#include "edge/queue_proc.h"

#define TICK_NS NS_PER_SECOND

static int load_configuration(struct daemon *daemon)
{
	struct config_report report = { 0 };
	int r;

	r = config_load(daemon->config_file, daemon->config_required, &daemon->config, &report);
	report_log(&report);
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

/* Dumps hold pieces of packets, and later keys. */
static void forbid_core_dumps(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		log_error(-errno, "cannot forbid core dumps");
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
	int r;

	(void)source;
	(void)info;
	r = daemon_reload(userdata, &reply, &error);
	if (r < 0 && r != -EINVAL) /* what is wrong with the files was logged */
		log_error(r, "reload: the running configuration was kept: %s", error ? error : "");
	json_decref(reply);
	free(error);
	return 0;
}

/* The kernel must not refuse verdicts: such a packet is not clamped and perhaps not let pass. */
static void log_refused_verdicts(struct daemon *daemon)
{
	uint64_t refused = workers_refused(daemon->workers), suppressed;

	if (refused > daemon->refused_seen &&
	    log_may_speak(&daemon->refused_limit, clock_boottime_ns(), 10 * NS_PER_SECOND,
			  &suppressed)) {
		log_print(LOG_ERR, "queues: the kernel refused %llu verdicts; has mssclampd lost "
				   "CAP_NET_ADMIN, or does a security module forbid them?",
			  (unsigned long long)(refused - daemon->refused_seen));
		daemon->refused_seen = refused;
	}
}

/* The watchdog is fed only here, and only while every worker beats: that this runs shows that the
 * control thread does. */
static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *daemon = userdata;
	enum worker_state state;

	(void)usec;
	if (daemon->handed_over) /* until the other one has hung up */
		return 0;
	state = workers_check(daemon->workers);
	if (state == WORKER_OK)
		sd_notify(0, "WATCHDOG=1");
	if (state != daemon->workers_seen)
		log_print(state == WORKER_OK ? LOG_NOTICE : LOG_ERR, "workers: %s",
			  worker_state_text(state));
	daemon->workers_seen = state;
	workers_mend(daemon->workers);
	log_refused_verdicts(daemon);
	way_tick(daemon);
	guard_tick(daemon->guard);
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
	return r < 0 ? log_error(r, "event loop") : 0;
}

static int start_workers(struct daemon *daemon)
{
	const struct workers_config config = {
		.first = daemon->config->queue_first,
		.max_packets = daemon->config->queue_max_packets,
		.slot = model_slot(daemon->model),
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

	return guard_open(daemon->event, daemon->config->firewall, &plan, &daemon->events,
			  &daemon->guard);
}

static int open_offloader(struct daemon *daemon)
{
	int r = offloader_open(daemon->event, daemon->guard, model_slot(daemon->model),
			       &daemon->offloader);

	if (r == 0)
		model_follow(daemon->model, offloader_follow, daemon->offloader);
	return r;
}

/* The rules of a namespace are one daemon's: two would undo each other's without end. Where it has
 * a queue that we want, too, binding will say so. */
static int refuse_company(const struct daemon *daemon)
{
	uint32_t first = daemon->config->queue_first;
	uint16_t queue;
	int pid;

	if (daemon->config->firewall == FIREWALL_NONE ||
	    queue_find_process("mssclampd", &queue, &pid) <= 0)
		return 0;
	if (queue >= first && queue < first + workers_count(daemon->workers))
		return 0;
	log_print(LOG_ERR,
		  "another mssclampd (process %d, queue %u) already serves this network namespace; "
		  "stop it, or set firewall = \"none\" for this one",
		  pid, queue);
	return -EBUSY;
}

/* Sockets that are there already: those that systemd kept, or those of the daemon that runs. To ask
 * that one comes late, for it stops reading then. */
static int take_over(struct daemon *daemon)
{
	bool found = false;
	int r = 0;

	if (daemon->takeover)
		r = takeover_ask(daemon->config->control.socket, daemon->kept, &found);
	daemon->takeover = found;
	return r;
}

/* Queues that were served before are ours beyond doubt, and what waits there shall be clamped by
 * all that is known. Returns whether it was done. */
static bool recall_early(struct daemon *daemon)
{
	if (!kept_has_queues(daemon->kept))
		return false;
	model_recall(daemon->model);
	return true;
}

/* All that touches nothing outside of this process. */
static int prepare(struct daemon *daemon)
{
	json_t *warnings;
	int r;

	daemon->kept = daemon->takeover ? kept_new() : kept_receive();
	if (!daemon->kept)
		return log_error(-ENOMEM, "sockets that were kept");
	r = load_configuration(daemon);
	if (r < 0)
		return r;
	forbid_core_dumps();
	r = open_event_loop(daemon);
	if (r < 0)
		return r;
	daemon->workers = workers_new(queue_count(daemon->config));
	if (!daemon->workers)
		return log_error(-ENOMEM, "workers");
	r = model_open(daemon->event, daemon->workers, daemon->config, &daemon->events,
		       &daemon->model);
	if (r == 0)
		r = tries_open(daemon->event, daemon->model, &daemon->events, &daemon->tries);
	if (r < 0)
		return r;
	warnings = rule_check_warnings(daemon->config->rules,
				       slot_current(model_slot(daemon->model)));
	rule_check_log(warnings);
	json_decref(warnings);
	return 0;
}

/* Queues before rules, rules before READY: no SYN is sent to where nobody listens. The control
 * socket comes before both, so that a second daemon on it touches nothing: what outlives a process,
 * routes and the state file, comes last. */
static int start(struct daemon *daemon)
{
	bool recalled;
	int r = prepare(daemon);

	if (r == 0)
		r = take_over(daemon);
	if (r == 0)
		r = listen_open(daemon);
	if (r == 0 && !daemon->takeover)
		r = refuse_company(daemon);
	if (r < 0)
		return r;
	recalled = recall_early(daemon);
	r = start_workers(daemon);
	if (r == 0)
		r = open_guard(daemon);
	if (r < 0)
		return r;
	kept_free(daemon->kept); /* no rule leads to what is left there any more */
	daemon->kept = NULL;
	r = way_open(daemon, &daemon->way);
	if (r == 0)
		r = open_offloader(daemon);
	if (r == 0)
		r = model_keep_routes(daemon->model);
	if (r == 0 && !recalled)
		model_recall(daemon->model);
	return r;
}

/* The rules stay: "bypass" lets SYNs through when nobody listens. */
static void stop(struct daemon *daemon)
{
	daemon->events.control = NULL;
	control_close(daemon->control);
	if (daemon->model)
		model_follow(daemon->model, NULL, NULL);
	offloader_close(daemon->offloader);
	guard_close(daemon->guard);
	tries_close(daemon->tries);
	if (!daemon->workers || workers_stop(daemon->workers)) {
		model_close(daemon->model);
		workers_free(daemon->workers);
	}
	way_close(daemon->way);
	kept_free(daemon->kept);
	if (daemon->config != daemon->started_with)
		config_free(daemon->config);
	config_free(daemon->started_with);
	sd_event_unref(daemon->event);
}

/* systemd starts us again at once. What made a start fail may last (a queue somebody else owns), so
 * it shall not be tried a hundred times a second. */
static void pause_before_restart(void)
{
	const struct timespec pause = { .tv_sec = 1 };

	if (getenv("NOTIFY_SOCKET"))
		nanosleep(&pause, NULL);
}

int daemon_run(struct daemon *daemon)
{
	bool started, configured;
	int r;

	daemon->start_ns = clock_boottime_ns();
	r = start(daemon);
	configured = daemon->config != NULL;
	started = configured && r == 0;
	if (started) {
		log_notice("mssclampd " VERSION " %s: queues %u-%zu",
			   daemon->config->mode == MODE_AUDIT ? "audits and changes nothing" :
								"clamps",
			   daemon->config->queue_first,
			   daemon->config->queue_first + workers_count(daemon->workers) - 1);
		sd_notify(0, "READY=1\nSTATUS=clamping");
		r = sd_event_loop(daemon->event);
		if (r < 0)
			log_error(r, "event loop");
		sd_notify(0, "STOPPING=1");
	}
	stop(daemon);
	if (!configured)
		return EXIT_INVALID_CONFIGURATION;
	if (!started)
		pause_before_restart();
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
