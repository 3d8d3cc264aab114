/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/restart/listen.h"

#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/remedy.h"
#include "daemon/commands.h"
#include "daemon/restart/company.h"
#include "daemon/restart/kept.h"

struct control_config listen_config(struct daemon *daemon, const struct config *config)
{
	return (struct control_config){
		.socket = config->control.socket,
		.group = config->control.group,
		.admin_group = config->control.admin_group,
		.listen_fd = -1,
		.methods = daemon_methods,
		.userdata = daemon,
	};
}

static int prepare(struct daemon *daemon, const struct control_config *config)
{
	return daemon->control ? 0 : control_prepare(daemon->event, config, &daemon->control);
}

int listen_prepare(struct daemon *daemon)
{
	struct control_config config = listen_config(daemon, daemon->config);

	config.groups_required = true;
	return prepare(daemon, &config);
}

int listen_open(struct daemon *daemon)
{
	struct control_config config = listen_config(daemon, daemon->config);
	int r;

	config.listen_fd = kept_take_listening(daemon->kept);
	config.listen_inherited = daemon->takeover;
	r = prepare(daemon, &config);
	if (r == 0)
		r = control_listen(daemon->control, &config);
	if (r == 0)
		daemon->events.control = daemon->control;
	return r;
}

int listen_alone(struct daemon *daemon)
{
	int r = listen_open(daemon);

	if (r == 0)
		r = company_refuse(daemon);
	return r == 0 ? company_refuse_owned(daemon) : r;
}

#define AGAIN_NS (60 * NS_PER_SECOND) /* from one try to make the file anew to the next */

static void tell(struct daemon *daemon, enum control_file file, const char *what)
{
	char message[512];

	snprintf(message, sizeof(message), "control socket %s: %s",
		 control_path(daemon->control), what);
	events_emit(&daemon->events, &(struct event){
		.name = "control_socket_changed",
		.message = message,
		.priority = file == CONTROL_FILE_THERE ? LOG_WARNING : LOG_ERR,
	});
	sd_notifyf(0, "STATUS=clamping%s", file == CONTROL_FILE_THERE ? "" :
		   "; the file of its control socket is gone, see the log");
	daemon->socket_file = file;
}

static const char *lost_text(enum control_file file)
{
	return file == CONTROL_FILE_GONE ? "its file is gone" :
					   "something else lies in its place";
}

static void tell_lost(struct daemon *daemon, enum control_file file)
{
	char what[320];

	if (daemon->socket_file == file)
		return;
	snprintf(what, sizeof(what), "%s, so that no client finds mssclampd, which goes on "
		 "clamping: %s recreates it", lost_text(file), control_is_passed(daemon->control) ?
		 REMEDY_SOCKET : "it is tried again every minute, and a restart");
	tell(daemon, file, what);
}

static void make_anew(struct daemon *daemon, enum control_file file)
{
	const uint64_t now_ns = clock_boottime_ns();
	char what[128];

	if (daemon->socket_file != CONTROL_FILE_THERE && now_ns < daemon->socket_again_ns)
		return;
	daemon->socket_again_ns = now_ns + AGAIN_NS;
	if (control_listen_anew(daemon->control) < 0) {
		tell_lost(daemon, file);
		return;
	}
	snprintf(what, sizeof(what), "%s: recreated", lost_text(file));
	tell(daemon, CONTROL_FILE_THERE, what);
}

void listen_tend(struct daemon *daemon)
{
	enum control_file file = control_look_at_file(daemon->control);

	if (file == CONTROL_FILE_THERE && file != daemon->socket_file)
		tell(daemon, file, "its file is there again");
	else if (file != CONTROL_FILE_THERE && control_is_passed(daemon->control))
		tell_lost(daemon, file);
	else if (file != CONTROL_FILE_THERE)
		make_anew(daemon, file);
}
