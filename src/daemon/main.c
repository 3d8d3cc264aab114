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
#include "daemon/sandbox/sandbox.h"
#include "daemon/usage.h"
#include "daemon/version.h"
#include "proto/json_memory.h"

#define EXIT_USAGE 2

struct arguments {
	const char *config_file;
	enum config_absent absent;
	bool check, strict, takeover;
};

/* Returns -1 to go on, or the exit code. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
	int option;

	while ((option = usage_next(&daemon_usage, argc, argv)) != -1) {
		switch (option) {
		case 'c':
			arguments->config_file = optarg;
			arguments->absent = CONFIG_ABSENT_WARNS;
			break;
		case 't':
			arguments->check = true;
			break;
		case DAEMON_OPTION_STRICT:
			arguments->strict = true;
			break;
		case DAEMON_OPTION_TAKEOVER:
			arguments->takeover = true;
			break;
		case 'v':
			log_set_max(LOG_DEBUG);
			break;
		case 'V':
			version_print(stdout);
			return 0;
		case 'h':
			usage_print(stdout, &daemon_usage);
			return 0;
		default:
			usage_print(stderr, &daemon_usage);
			return EXIT_USAGE;
		}
	}
	if (optind < argc || (arguments->strict && !arguments->check)) {
		if (optind < argc)
			fprintf(stderr, "mssclampd: \"%s\" is one argument too many\n",
				argv[optind]);
		else
			fputs("mssclampd: --strict goes with -t\n", stderr);
		usage_print(stderr, &daemon_usage);
		return EXIT_USAGE;
	}
	return -1;
}

static int check_configuration(const struct arguments *arguments)
{
	struct config_report report = { 0 };
	struct config *config = NULL;
	int code = EXIT_FAILURE;

	if (config_load(arguments->config_file, arguments->absent, &config, &report) == -ENOMEM ||
	    sandbox_check_files(arguments->config_file, &report) < 0)
		log_error(-ENOMEM, "%s", arguments->config_file);
	else
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
