/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/listen.h"

#include "daemon/commands.h"
#include "daemon/kept.h"

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

int listen_open(struct daemon *daemon)
{
	struct control_config config = listen_config(daemon, daemon->config);
	int r;

	config.listen_fd = kept_take_listening(daemon->kept);
	config.listen_inherited = daemon->takeover;
	r = control_open(daemon->event, &config, &daemon->control);
	if (r == 0)
		daemon->events.control = daemon->control;
	return r;
}
