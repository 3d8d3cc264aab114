/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/usage.h"

const struct usage facts_usage = {
	.program = "mssclamp-facts",
	.synopsis = "[--fd N] [-V] [-h]",
	.text = "Reads what mssclampd may not: who holds tun devices, OpenVPN's configuration and\n"
		"status, WireGuard in user space, names of peers. Started by systemd\n"
		"(mssclamp-facts.socket) or by mssclampd, with the connected socket N.\n",
	.options = {
		{ FACTS_OPTION_FD, "fd", "N", "the connected socket on which to answer",
		  "The connected socket on which to answer." },
		{ 'V', "version", NULL, "print the version and end", "Print the version and end." },
		{ 'h', "help", NULL, "print this and end", "Print the options and end." },
	},
};
