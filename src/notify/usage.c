/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notify/usage.h"

#include "ctl/client/client.h"
#include "daemon/config/config.h"

const struct usage notify_usage = {
	.program = "mssclamp-notify",
	.synopsis = "[-c FILE] [-s SOCKET] [-m MEMORY] [-V] [-h]",
	.text = "Runs alerts.command and writes to alerts.mail of FILE whenever an alert of "
		"mssclampd\nfires or ends. FILE is read again for each.\n",
	.options = {
		{ 'c', "config", "FILE", "configuration, default " CONFIG_DEFAULT_FILE,
		  "The configuration, instead of " CONFIG_DEFAULT_FILE "." },
		{ 's', "socket", "SOCKET", "control socket, default " CTL_DEFAULT_SOCKET,
		  "The control socket of mssclampd, instead of " CTL_DEFAULT_SOCKET "." },
		{ 'm', "memory", "MEMORY", "what people were told; default $STATE_DIRECTORY/alarms",
		  "A file, by an absolute path, that keeps over a restart what people were told "
		  "of, so that nothing is reported twice and no end is missed. By default it is "
		  "alarms in $STATE_DIRECTORY, which is /var/lib/mssclamp-notify if systemd starts "
		  "it; without that there is none." },
		{ 'V', "version", NULL, "print the version and end", "Print the version and end." },
		{ 'h', "help", NULL, "print this and end", "Print the options and end." },
	},
};
