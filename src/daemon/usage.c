/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/usage.h"

#include "daemon/config/config.h"

const struct usage daemon_usage = {
	.program = "mssclampd",
	.synopsis = "[-c FILE] [-t [--strict]] [-v]... [-V] [-h] [--takeover]",
	.text = "",
	.options = {
		{ 'c', "config", "FILE", "configuration, default " CONFIG_DEFAULT_FILE,
		  "The configuration, instead of " CONFIG_DEFAULT_FILE ". Without a file, or with "
		  "an empty one, every tunnel is found and both directions and both IP versions "
		  "are clamped." },
		{ 't', "test", NULL, "check the configuration and end: 0 usable, 6 not",
		  "Check the configuration and end: every error of all files as "
		  "file:line: setting: what, why. Root is warned of files that user mssclamp, as "
		  "which systemd starts it, may not read. Exit status 0, or 6 if it cannot be "
		  "used. A file that -c names must exist, except " CONFIG_DEFAULT_FILE "; "
		  "mssclampd itself starts without either, and warns." },
		{ DAEMON_OPTION_STRICT, "strict", NULL, "with -t: warnings count as errors",
		  "With -t: warnings count as errors." },
		{ DAEMON_OPTION_TAKEOVER, "takeover", NULL,
		  "take over from the running mssclampd; no SYN is lost",
		  "Continue from the mssclampd that is running: it hands over its queues, and no "
		  "SYN is lost in between. If not all of them can be taken over, this fails and "
		  "the old one goes on." },
		{ 'v', "verbose", NULL, "say more", "Say more." },
		{ 'V', "version", NULL, "print the version and the features, and end",
		  "Print the version and the features, and end." },
		{ 'h', "help", NULL, "print this and end", "Print a short help and end." },
	},
};
