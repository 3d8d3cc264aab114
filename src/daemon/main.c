/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mssclampd: what the command line says. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/written.h"
#include "daemon/config/config_report_print.h"
#include "daemon/daemon.h"
#include "daemon/version.h"
#include "proto/json_memory.h"

#define EXIT_USAGE 2

struct arguments {
	const char *config_file;
	enum config_absent absent;
	bool check, strict, takeover;
};

static const char usage_text[] =
	"usage: mssclampd [-c FILE] [-t [--strict]] [-v]... [-V] [--takeover]\n"
	"  -c, --config FILE  configuration, default " CONFIG_DEFAULT_FILE "\n"
	"  -t, --test         check the configuration and end: 0 usable, 6 not\n"
	"      --strict       with -t: warnings count as errors\n"
	"      --takeover     take over from the running mssclampd; no SYN is lost\n"
	"  -v, --verbose      say more\n"
	"  -V, --version      print the version and the features, and end\n"
	"  -h, --help         print this and end\n";

/* Returns -1 to go on, or the exit code. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
	enum { OPTION_STRICT = 256, OPTION_TAKEOVER };
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "test", no_argument, NULL, 't' },
		{ "strict", no_argument, NULL, OPTION_STRICT },
		{ "takeover", no_argument, NULL, OPTION_TAKEOVER },
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
			arguments->absent = CONFIG_ABSENT_WARNS;
			break;
		case 't':
			arguments->check = true;
			break;
		case OPTION_STRICT:
			arguments->strict = true;
			break;
		case OPTION_TAKEOVER:
			arguments->takeover = true;
			break;
		case 'v':
			log_set_max(LOG_DEBUG);
			break;
		case 'V':
			version_print(stdout);
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

	if (config_load(arguments->config_file, arguments->absent, &config, &report) == -ENOMEM) {
		log_error(-ENOMEM, "%s", arguments->config_file);
		return EXIT_FAILURE;
	}
	code = config_report_print(&report, arguments->strict) ? 0 :
	       EXIT_INVALID_CONFIGURATION;
	config_free(config);
	config_report_done(&report);
	return written_all("mssclampd") ? code : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { .config_file = CONFIG_DEFAULT_FILE };
	struct daemon daemon = { 0 };
	int code = parse_arguments(argc, argv, &arguments);

	if (code >= 0)
		return written_all("mssclampd") ? code : EXIT_FAILURE;
	/* Whoever names a file to be checked, or to go on with, means one that is there. The usual
	 * one need not be: the service starts without it. */
	if ((arguments.check || arguments.takeover) && arguments.absent == CONFIG_ABSENT_WARNS &&
	    strcmp(arguments.config_file, CONFIG_DEFAULT_FILE) != 0)
		arguments.absent = CONFIG_ABSENT_FAILS;
	json_memory_watch();
	if (arguments.check)
		return check_configuration(&arguments);
	daemon.config_file = arguments.config_file;
	daemon.title = argv;
	daemon.config_absent = arguments.absent;
	daemon.takeover = arguments.takeover;
	return daemon_run(&daemon);
}
