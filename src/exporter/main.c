/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mssclamp-exporter: the metrics of mssclampd by HTTP, for Prometheus. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/written.h"
#include "ctl/client/client.h"
#include "exporter/listen_on.h"
#include "exporter/server.h"
#include "exporter/usage.h"

#define EXIT_USAGE 2
#define ASK_TIMEOUT_NS (4 * NS_PER_SECOND) /* Prometheus waits 10 s */
#define TURN_MS 1000                       /* how long until a signal is noticed at the latest */

static volatile sig_atomic_t ended;

static void on_signal(int signal_number)
{
	(void)signal_number;
	ended = 1;
}

struct exporter {
	struct ctl ctl;
	struct ctl_memory memory;
	bool reached; /* at the last time */
	bool asked;
};

/* Each change is said once. */
static void note_reached(struct exporter *exporter, bool reached, const char *why)
{
	if (exporter->asked && exporter->reached == reached)
		return;
	if (!reached)
		log_warning("no metrics: %s", why);
	else if (exporter->asked)
		log_notice("mssclampd answers again");
	exporter->asked = true;
	exporter->reached = reached;
}

static char *ask(void *userdata)
{
	struct exporter *exporter = userdata;
	struct client_error error = { 0 };
	json_t *reply = NULL;
	const char *text = NULL;
	char *copy = NULL;

	if (client_try(&exporter->ctl, "GetMetrics", NULL, &reply, &error) == 0)
		text = json_string_value(json_object_get(reply, "text"));
	if (text)
		copy = strdup(text);
	note_reached(exporter, copy, reply ? "the answer of mssclampd has none" :
					     client_error_text(&error));
	json_decref(reply);
	client_error_done(&error);
	return copy;
}

static int serve(struct exporter *exporter, int listen_fd)
{
	const struct server_config config = {
		.listen_fd = listen_fd, .ask = ask, .userdata = exporter };
	struct server *server;
	int r = server_open(&config, &server);

	if (r < 0)
		return log_error(r, "cannot serve HTTP");
	sd_notify(0, "READY=1");
	while (r == 0 && !ended)
		r = server_run(server, TURN_MS);
	server_close(server);
	return r < 0 && !ended ? log_error(r, "HTTP") : 0;
}

/* The socket from systemd, or one of our own. */
static int find_listener(const char *where, int *ret_fd)
{
	int passed = sd_listen_fds(1);

	if (passed > 1)
		return log_error(-EINVAL, "%d sockets were passed, one is wanted", passed);
	if (passed == 1 && sd_is_socket(SD_LISTEN_FDS_START, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
		return log_error(-EINVAL, "what was passed is no socket that listens");
	if (passed == 1) {
		*ret_fd = SD_LISTEN_FDS_START;
		return fcntl(*ret_fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
	}
	return listen_on(where, ret_fd);
}

static int refuse(void)
{
	usage_print(stderr, &exporter_usage);
	return EXIT_USAGE;
}

static int print(int option)
{
	if (option == 'h')
		usage_print(stdout, &exporter_usage);
	else
		puts("mssclamp-exporter " VERSION);
	return written_all("mssclamp-exporter") ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	static struct exporter exporter = { .ctl = {
		.program = "mssclamp-exporter", .socket = CTL_DEFAULT_SOCKET,
		.timeout_ns = ASK_TIMEOUT_NS, .interrupt_fd = -1,
		.memory = &exporter.memory } };
	const struct sigaction action = { .sa_handler = on_signal };
	const char *where = LISTEN_ON_DEFAULT;
	int option, fd = -1;

	while ((option = usage_next(&exporter_usage, argc, argv)) >= 0) {
		if (option == 'l')
			where = optarg;
		else if (option == 's')
			exporter.ctl.socket = optarg;
		else if (option == 'V' || option == 'h')
			return print(option);
		else
			return refuse();
	}
	if (optind < argc)
		return refuse();
	if (!listen_on_is_place(where)) {
		fprintf(stderr, "mssclamp-exporter: -l %s: must be ADDRESS:PORT in numbers, such "
			"as " LISTEN_ON_DEFAULT "\n", where);
		return refuse();
	}
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	if (find_listener(where, &fd) < 0)
		return EXIT_FAILURE;
	return serve(&exporter, fd) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
