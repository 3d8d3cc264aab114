/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mssclampd: what the command line says. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/report.h"

#define EXIT_USAGE 2

struct arguments {
	const char *config_file;
	bool config_required, check, strict, takeover;
};

static const char usage_text[] =
	"usage: mssclampd [-c FILE] [-t [--strict]] [-v]... [-V] [--takeover]\n"
	"  -c, --config FILE  configuration, default " CONFIG_DEFAULT_FILE "\n"
	"  -t, --test         check the configuration and end: 0 usable, 6 not\n"
	"      --strict       with -t: warnings count as errors\n"
	"      --takeover     go on from the mssclampd that runs: no SYN is lost between\n"
	"  -v, --verbose      say more\n"
	"  -V, --version      print the version and end\n"
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
			arguments->config_required = true;
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
			puts("mssclampd " VERSION);
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

	if (config_load(arguments->config_file, arguments->config_required, &config, &report) ==
	    -ENOMEM) {
		log_error(-ENOMEM, "%s", arguments->config_file);
		return EXIT_FAILURE;
	}
	code = report_print(&report, arguments->strict);
	config_free(config);
	config_report_done(&report);
	return fflush(stdout) == 0 ? code : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { .config_file = CONFIG_DEFAULT_FILE };
	struct daemon daemon = { 0 };
	int code = parse_arguments(argc, argv, &arguments);

	if (code >= 0)
		return code;
	if (arguments.check)
		return check_configuration(&arguments);
	daemon.config_file = arguments.config_file;
	daemon.config_required = arguments.config_required;
	daemon.takeover = arguments.takeover;
	return daemon_run(&daemon);
}
