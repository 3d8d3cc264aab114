/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mssclamp-facts: reads what only root may, and tells mssclampd of it. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "base/written.h"
#include "facts/sandbox.h"
#include "facts/service.h"
#include "facts/usage.h"

#define EXIT_USAGE 2
#define PASSED_FD 3 /* the first that systemd passes (sd_listen_fds(3)) */

/* The environment that systemd sets for a socket unit. Written out here: this process has rights,
 * so it links no library for two variables. */
static bool is_activated(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	uint64_t number;

	return pid && count && text_parse_u64(pid, 1, INT32_MAX, &number) == 0 &&
	       number == (uint64_t)getpid() && strcmp(count, "1") == 0;
}

/* Nothing else that was inherited is of use here. */
static void close_others(int kept)
{
	if (kept > STDERR_FILENO + 1)
		(void)close_range(STDERR_FILENO + 1, (unsigned int)kept - 1, 0);
	(void)close_range((unsigned int)kept + 1, ~0u, 0);
}

static bool is_socket(int fd)
{
	struct stat found;

	return fstat(fd, &found) == 0 && S_ISSOCK(found.st_mode);
}

/* Returns -1 to go on, or the exit code. */
static int read_words(int argc, char **argv, bool *ret_connected, uint64_t *ret_fd)
{
	int option;

	while ((option = usage_next(&facts_usage, argc, argv)) != -1) {
		if (option == 'h')
			usage_print(stdout, &facts_usage);
		else if (option == 'V')
			puts("mssclamp-facts " VERSION);
		if (option == 'h' || option == 'V')
			return written_all("mssclamp-facts") ? EXIT_SUCCESS : EXIT_FAILURE;
		if (option != FACTS_OPTION_FD || text_parse_u64(optarg, 3, INT32_MAX, ret_fd) < 0)
			return EXIT_USAGE;
		*ret_connected = true;
	}
	return optind == argc ? -1 : EXIT_USAGE;
}

int main(int argc, char **argv)
{
	bool connected = false;
	uint64_t fd = PASSED_FD;
	int r = read_words(argc, argv, &connected, &fd);

	if (r == -1 && ((!connected && !is_activated()) || !is_socket((int)fd)))
		r = EXIT_USAGE;
	if (r == EXIT_USAGE)
		usage_print(stderr, &facts_usage);
	if (r >= 0)
		return r;
	close_others((int)fd);
	r = facts_sandbox_enter(connected);
	if (r == 0)
		r = connected ? service_run_connected((int)fd) : service_run_listening((int)fd);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
