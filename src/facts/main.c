/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mssclamp-facts: reads what only root may, and tells mssclampd of it. */
#include <errno.h>
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

#define EXIT_USAGE 2
#define PASSED_FD 3 /* the first that systemd passes (sd_listen_fds(3)) */

static const char usage[] =
	"usage: mssclamp-facts [--fd N]\n"
	"Reads what mssclampd may not: who holds tun devices, OpenVPN's configuration and\n"
	"status, WireGuard in user space, names of peers. Started by systemd\n"
	"(mssclamp-facts.socket) or by mssclampd, with the connected socket N.\n";

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

int main(int argc, char **argv)
{
	const bool connected = argc == 3 && strcmp(argv[1], "--fd") == 0;
	uint64_t fd = PASSED_FD;
	int r;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return written_all("mssclamp-facts") ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("mssclamp-facts " VERSION);
		return written_all("mssclamp-facts") ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	if ((connected && text_parse_u64(argv[2], 3, INT32_MAX, &fd) < 0) ||
	    (!connected && (argc != 1 || !is_activated())) || !is_socket((int)fd)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	close_others((int)fd);
	r = facts_sandbox_enter(connected);
	if (r == 0)
		r = connected ? service_run_connected((int)fd) : service_run_listening((int)fd);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
