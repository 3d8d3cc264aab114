/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mssclampd: what the command line says, and the order in which things start and stop. */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/guard.h"
#include "daemon/report.h"
#include "edge/namespace.h"

#define EXIT_USAGE 2
#define EXIT_INVALID_CONFIGURATION 6
#define QUEUES_BY_DEFAULT 4 /* at most, where the configuration leaves it to us */
#define TICK_NS NS_PER_SECOND

struct arguments {
	const char *config_file;
	bool config_required, check, strict;
};

static const char usage_text[] =
	"usage: mssclampd [-c FILE] [-t [--strict]] [-v]... [-V]\n"
	"  -c, --config FILE  configuration, default " CONFIG_DEFAULT_FILE "\n"
	"  -t, --test         check the configuration and end: 0 usable, 6 not\n"
	"      --strict       with -t: warnings count as errors\n"
	"  -v, --verbose      say more\n"
	"  -V, --version      print the version and end\n"
	"  -h, --help         print this and end\n";

/* Returns -1 to go on, or the exit code. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
	enum { OPTION_STRICT = 256 };
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "test", no_argument, NULL, 't' },
		{ "strict", no_argument, NULL, OPTION_STRICT },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:tvVh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			arguments->config_file = optarg;
			arguments->config_required = true;
			break;
		case 't':
			arguments->check = true;
			break;
		case OPTION_STRICT:
			arguments->strict = true;
			break;
		case 'v':
			log_set_max(LOG_DEBUG);
			break;
		case 'V':
			puts("mssclampd " VERSION);
			return 0;
		case 'h':
			fputs(usage_text, stdout);
			return 0;
		default:
			fputs(usage_text, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc || (arguments->strict && !arguments->check)) {
		if (optind < argc)
			fprintf(stderr, "mssclampd: \"%s\" is one argument too many\n",
				argv[optind]);
		else
			fputs("mssclampd: --strict goes with -t\n", stderr);
		fputs(usage_text, stderr);
		return EXIT_USAGE;
	}
	return -1;
}

static int check_configuration(const struct arguments *arguments)
{
	struct config_report report = { 0 };
	struct config *config = NULL;
	int code;

	if (config_load(arguments->config_file, arguments->config_required, &config, &report) ==
	    -ENOMEM) {
		log_error(-ENOMEM, "%s", arguments->config_file);
		return EXIT_FAILURE;
	}
	code = report_print(&report, arguments->strict);
	config_free(config);
	config_report_done(&report);
	return fflush(stdout) == 0 ? code : EXIT_FAILURE;
}

static int load_configuration(struct daemon *daemon)
{
	struct config_report report = { 0 };
	int r;

	r = config_load(daemon->config_file, daemon->config_required, &daemon->config, &report);
	report_log(&report);
	if (r == -EINVAL)
		log_print(LOG_ERR,
			  "%s: the configuration is invalid (%zu errors); mssclampd -t lists them",
			  daemon->config_file, report.error_count);
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
	cpu_set_t cpus;
	int count = 1;

	if (config->queue_count)
		return config->queue_count;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		count = CPU_COUNT(&cpus);
	if (count > QUEUES_BY_DEFAULT)
		count = QUEUES_BY_DEFAULT;
	return (size_t)(count > 0 ? count : 1);
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
	if (daemon_reload(userdata, &reply, &error) < 0 && error)
		log_print(LOG_ERR, "reload: %s", error);
	json_decref(reply);
	free(error);
	return 0;
}

/* The watchdog is fed only here, and only while every worker beats: that this runs shows that the
 * control thread does. */
static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	static const char *const problems[] = {
		[WORKER_STALLED] = "a worker has not answered its queue for 3 s",
		[WORKER_UNBOUND] = "a queue has lost its worker",
	};
	struct daemon *daemon = userdata;
	uint64_t now_ns = clock_boottime_ns();
	enum worker_state state = workers_check(daemon->workers, now_ns);

	(void)usec;
	if (state == WORKER_OK)
		sd_notify(0, "WATCHDOG=1");
	else if (state != daemon->workers_seen)
		log_print(LOG_ERR, "workers: %s; the watchdog is not fed any more",
			  problems[state]);
	daemon->workers_seen = state;
	model_reclaim(daemon->model);
	sd_event_source_set_time(source, (now_ns + TICK_NS) / 1000);
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
		.may_change = daemon->may_change,
		.slot = model_slot(daemon->model),
	};

	if (!daemon->may_change)
		log_warning("this network namespace belongs to a user namespace: kernels drop "
			    "packets that are changed there, so every SYN is left alone");
	return workers_start(daemon->workers, &config);
}

static int open_guard(struct daemon *daemon)
{
	const struct firewall_plan plan = {
		.hooks = daemon->config->hooks,
		.queue_first = daemon->config->queue_first,
		.queue_count = (uint16_t)workers_count(daemon->workers),
	};

	return guard_open(daemon->event, daemon->config->firewall, &plan, &daemon->guard);
}

/* Queues before rules, rules before READY: no SYN is sent to where nobody listens. The control
 * socket comes before both, so that a second daemon on it touches nothing. */
static int start(struct daemon *daemon)
{
	int r;

	r = load_configuration(daemon);
	if (r < 0)
		return r;
	forbid_core_dumps();
	daemon->may_change = namespace_takes_changes();
	r = open_event_loop(daemon);
	if (r < 0)
		return r;
	daemon->workers = workers_new(queue_count(daemon->config));
	if (!daemon->workers)
		return log_error(-ENOMEM, "workers");
	r = model_open(daemon->event, daemon->workers, daemon->config, &daemon->model);
	if (r == 0)
		r = daemon_open_control(daemon);
	if (r == 0)
		r = start_workers(daemon);
	if (r == 0)
		r = open_guard(daemon);
	return r;
}

/* The rules stay: "bypass" lets SYNs through when nobody listens. */
static void stop(struct daemon *daemon)
{
	control_close(daemon->control);
	guard_close(daemon->guard);
	if (daemon->workers)
		workers_stop(daemon->workers);
	model_close(daemon->model);
	workers_free(daemon->workers);
	config_free(daemon->config);
	sd_event_unref(daemon->event);
}

/* systemd starts us again at once. What made a start fail may last (a queue somebody else owns), so
 * it shall
 * not be tried a hundred times a second. */
static void pause_before_restart(void)
{
	const struct timespec pause = { .tv_sec = 1 };

	if (getenv("NOTIFY_SOCKET"))
		nanosleep(&pause, NULL);
}

static int run(struct daemon *daemon)
{
	bool started;
	int r;

	daemon->start_ns = clock_boottime_ns();
	r = start(daemon);
	started = r == 0;
	if (started) {
		log_notice("mssclampd " VERSION " clamps: queues %u-%zu",
			   daemon->config->queue_first,
			   daemon->config->queue_first + workers_count(daemon->workers) - 1);
		sd_notify(0, "READY=1\nSTATUS=clamping");
		r = sd_event_loop(daemon->event);
		if (r < 0)
			log_error(r, "event loop");
		sd_notify(0, "STOPPING=1");
	}
	stop(daemon);
	if (!started)
		pause_before_restart();
	return r;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { .config_file = CONFIG_DEFAULT_FILE };
	struct daemon daemon = { 0 };
	int code = parse_arguments(argc, argv, &arguments);

	if (code >= 0)
		return code;
	if (arguments.check)
		return check_configuration(&arguments);
	daemon.config_file = arguments.config_file;
	daemon.config_required = arguments.config_required;
	code = run(&daemon);
	if (code == -EINVAL && !daemon.model)
		return EXIT_INVALID_CONFIGURATION;
	return code < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
