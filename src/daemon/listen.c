/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/listen.h"

#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "daemon/commands.h"

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

/* The listening socket among the descriptors that systemd passed, or -1. Its name does not matter:
 * a socket unit of somebody's own may call it something else. */
static int find_passed_socket(void)
{
	int count = sd_listen_fds(1);

	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; fd++) {
		if (sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) > 0)
			return fd;
	}
	return -1;
}

int listen_open(struct daemon *daemon)
{
	struct control_config config = listen_config(daemon, daemon->config);
	int r;

	config.listen_fd = find_passed_socket();
	r = control_open(daemon->event, &config, &daemon->control);
	if (r == 0)
		daemon->events.control = daemon->control;
	return r;
}
