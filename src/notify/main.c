/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mssclamp-notify: hears of alerts from mssclampd, which runs no programs, and tells people. */
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/written.h"
#include "ctl/client/client.h"
#include "ctl/screen/output.h"
#include "daemon/config/config.h"
#include "daemon/config/config_report_print.h"
#include "notify/alarm.h"
#include "notify/delivery.h"
#include "notify/messenger.h"
#include "notify/told.h"
#include "notify/usage.h"

#define EXIT_USAGE 2
#define TIMEOUT_NS (10 * NS_PER_SECOND)
#define PAUSE_FIRST_S 1
#define PAUSE_MOST_S 30
#define LOOK_NS (5 * NS_PER_SECOND) /* from one look at what is not known to the next */
#define AGAIN_FIRST_S 5             /* until people are told again of what failed */
#define AGAIN_MOST_S 600
#define WINDOW_SECONDS 3600.0       /* the longest that an alert counts in */
#define FOR_NS (60 * NS_PER_SECOND) /* alerts.for where the configuration is not known */

struct notify {
	const char *file;
	struct ctl ctl;
	struct ctl_memory memory;
	struct told told;
	struct alarms alarms;
	struct deliveries deliveries; /* of what some are told, and others are not yet */
	uint64_t looked_ns;
	bool again;                   /* something could not be told */
	unsigned int again_s;         /* the pause before it is tried once more */
	struct config *config; /* the last that could be read, or NULL */
	bool reached; /* since the last pause */
	bool lost;    /* it went away, or was not there: that was said */
};

/* As the file is now: alerts are rare, and a change shall not need a word to this process. Where it
 * is not usable, mssclampd goes on with what it has, and so do we. */
static void read_configuration(struct notify *notify)
{
	struct config_report report = { 0 };
	struct config *config = NULL;

	if (config_load(notify->file, CONFIG_ABSENT_WARNS, &config, &report) == 0) {
		config_free(notify->config);
		notify->config = config;
	} else {
		config_report_log(&report);
		log_print(LOG_ERR, "%s is not usable: %s; mssclampd -t checks it", notify->file,
			  notify->config ? "people are told as it said before" :
					   "nobody is told");
	}
	config_report_done(&report);
}

/* By the ways that are left. Returns whether none is. */
static bool deliver(struct notify *notify, struct delivery *delivery)
{
	const struct config *config = notify->config;

	if (config && !delivery->ran)
		delivery->ran = messenger_run(config->alerts.command, &delivery->message);
	if (config && !delivery->mailed)
		delivery->mailed = messenger_mail(config->alerts.mail, &delivery->message);
	return delivery->ran && delivery->mailed;
}

/* A way that is not set has nobody to be told by it. */
static bool is_known_to_some(const struct notify *notify, const struct delivery *delivery)
{
	const struct config *config = notify->config;

	return config && ((delivery->ran && *config->alerts.command) ||
			  (delivery->mailed && *config->alerts.mail));
}

static void put_off(struct notify *notify, const struct alarm_message *message)
{
	if (!notify->again) {
		notify->again_s = notify->again_s ? notify->again_s * 2 : AGAIN_FIRST_S;
		notify->looked_ns = clock_boottime_ns();
	}
	if (notify->again_s > AGAIN_MOST_S)
		notify->again_s = AGAIN_MOST_S;
	notify->again = true;
	log_print(LOG_ERR, "not all could be told of alert %s; again in %u s", message->alert,
		  notify->again_s);
}

/* Kept behind the telling: who is killed meanwhile tells it once more. Returns false where nobody
 * could be told: the next look finds it again. */
static bool tell(struct notify *notify, const struct alarm_message *message)
{
	struct delivery *delivery = delivery_begin(&notify->deliveries, message);
	bool all, some;

	log_notice("%s", message->text);
	read_configuration(notify);
	all = deliver(notify, delivery);
	some = all || is_known_to_some(notify, delivery);
	if (!all)
		put_off(notify, message);
	if (all || !some)
		delivery_end(&notify->deliveries, delivery);
	if (some)
		told_save(&notify->told, &notify->alarms);
	else
		alarms_undo(&notify->alarms, message);
	return some;
}

/* Those whom a message has not reached that others know. */
static void tell_the_rest(struct notify *notify)
{
	if (notify->deliveries.count)
		read_configuration(notify);
	for (size_t i = notify->deliveries.count; i-- > 0;) {
		struct delivery *delivery = &notify->deliveries.list[i];

		if (deliver(notify, delivery))
			delivery_end(&notify->deliveries, delivery);
		else
			put_off(notify, &delivery->message);
	}
}

/* What the daemon will never say the end of. */
static void forget_unknown(struct notify *notify, const json_t *status)
{
	uint64_t for_ns = notify->config ? notify->config->alerts.for_ns : FOR_NS;
	char name[ALARM_NAME_MAX];

	while (alarms_forget(&notify->alarms, status,
			     WINDOW_SECONDS + clock_seconds(for_ns), name)) {
		log_warning("alert %s, of which people were told, is forgotten: mssclampd has run "
			    "for longer than any alert counts, and cannot say whether it goes on",
			    name);
		told_save(&notify->told, &notify->alarms);
	}
}

/* What was missed while nobody listened, or could not be told yet. */
static void catch_up(struct notify *notify)
{
	struct alarm_message message;
	struct client_error error = { 0 };
	json_t *status = NULL;

	notify->looked_ns = clock_boottime_ns();
	if (client_try(&notify->ctl, "GetStatus", NULL, &status, &error) < 0)
		log_warning("what alerts there are cannot be told: %s", client_error_text(&error));
	notify->alarms.waits = !status;
	notify->again = false;
	tell_the_rest(notify);
	forget_unknown(notify, status);
	while (status && alarms_note_status(&notify->alarms, status, &message) &&
	       tell(notify, &message))
		;
	if (!notify->again && status)
		notify->again_s = 0;
	json_decref(status);
	client_error_done(&error);
}

/* A daemon that has begun anew tells of no end that it did not see the beginning of; and people may
 * be out of reach. */
static int look_again(const struct ctl *ctl, void *userdata)
{
	struct notify *notify = userdata;
	uint64_t pause_ns = notify->again ? notify->again_s * NS_PER_SECOND : LOOK_NS;

	(void)ctl;
	if ((notify->alarms.waits || notify->again) &&
	    clock_boottime_ns() - notify->looked_ns >= pause_ns)
		catch_up(notify);
	return CTL_OK;
}

static int on_event(const struct ctl *ctl, const json_t *event, void *userdata)
{
	struct notify *notify = userdata;
	const char *name = json_string_value(json_object_get(event, "event"));
	struct alarm_message message;

	notify->reached = true;
	if (notify->lost)
		log_notice("mssclampd answers again");
	notify->lost = false;
	if (name && strcmp(name, "subscribed") == 0)
		catch_up(notify);
	else if (alarms_note_event(&notify->alarms, event, &message))
		tell(notify, &message);
	return look_again(ctl, notify);
}

/* Listens until the daemon goes away. Returns whether to go on. */
static bool listen_once(struct notify *notify)
{
	const struct client_listener listener = {
		.on_reply = on_event, .on_silence = look_again, .userdata = notify,
		.silence_ns = LOOK_NS,
	};
	int code = client_stream(&notify->ctl, "Subscribe", NULL, &listener);

	return code != CTL_OK && code != CTL_DENIED && code != CTL_USAGE;
}

static void follow(struct notify *notify)
{
	unsigned int pause_s = PAUSE_FIRST_S;

	while (listen_once(notify)) {
		if (notify->reached)
			pause_s = PAUSE_FIRST_S;
		notify->lost = true;
		notify->reached = false;
		sleep(pause_s);
		pause_s = pause_s * 2 < PAUSE_MOST_S ? pause_s * 2 : PAUSE_MOST_S;
	}
}

/* Where systemd gives a folder. */
static const char *default_memory(char path[PATH_MAX])
{
	const char *folder = getenv("STATE_DIRECTORY");

	if (!folder || snprintf(path, PATH_MAX, "%s/alarms", folder) >= PATH_MAX)
		return NULL;
	return path;
}

/* Returns -1 to go on, or the exit code. */
static int read_words(struct notify *notify, int argc, char **argv)
{
	int option;

	while ((option = usage_next(&notify_usage, argc, argv)) >= 0) {
		switch (option) {
		case 'c':
			notify->file = optarg;
			break;
		case 's':
			notify->ctl.socket = optarg;
			break;
		case 'm':
			notify->told.path = optarg;
			break;
		case 'V':
			puts("mssclamp-notify " VERSION);
			return EXIT_SUCCESS;
		case 'h':
			usage_print(stdout, &notify_usage);
			return EXIT_SUCCESS;
		default:
			usage_print(stderr, &notify_usage);
			return EXIT_USAGE;
		}
	}
	if (optind == argc && (!notify->told.path || notify->told.path[0] == '/'))
		return -1;
	if (optind < argc)
		fprintf(stderr, "mssclamp-notify: \"%s\" is one argument too many\n", argv[optind]);
	else
		fprintf(stderr, "mssclamp-notify: -m %s: must be an absolute path\n",
			notify->told.path);
	usage_print(stderr, &notify_usage);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static char path[PATH_MAX];
	static struct notify notify = {
		.file = CONFIG_DEFAULT_FILE,
		.ctl = {
			.socket = CTL_DEFAULT_SOCKET, .timeout_ns = TIMEOUT_NS,
			.interrupt_fd = -1, .memory = &notify.memory,
			.program = "mssclamp-notify",
		},
	};
	int code;

	notify.told.path = default_memory(path);
	code = read_words(&notify, argc, argv);
	if (code >= 0)
		return written_all("mssclamp-notify") ? code : EXIT_FAILURE;
	signal(SIGPIPE, SIG_IGN);
	read_configuration(&notify);
	told_load(&notify.told, &notify.alarms);
	follow(&notify);
	config_free(notify.config);
	return EXIT_FAILURE;
}
