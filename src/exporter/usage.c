/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exporter/usage.h"

#include "ctl/client/client.h"
#include "exporter/listen_on.h"

const struct usage exporter_usage = {
	.program = "mssclamp-exporter",
	.synopsis = "[-l ADDRESS:PORT] [-s SOCKET] [-V] [-h]",
	.text = "Serves the metrics of mssclampd at http://ADDRESS:PORT/metrics. A socket passed "
		"by\nsystemd comes first.\n",
	.options = {
		{ 'l', "listen", "ADDRESS:PORT", "where to listen, default " LISTEN_ON_DEFAULT,
		  "Where to listen, instead of " LISTEN_ON_DEFAULT ". A socket passed by systemd "
		  "comes first." },
		{ 's', "socket", "SOCKET", "control socket, default " CTL_DEFAULT_SOCKET,
		  "The control socket of mssclampd, instead of " CTL_DEFAULT_SOCKET "." },
		{ 'V', "version", NULL, "print the version and end", "Print the version and end." },
		{ 'h', "help", NULL, "print this and end", "Print the options and end." },
	},
};
