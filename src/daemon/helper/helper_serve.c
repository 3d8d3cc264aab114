/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/helper/helper_serve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/landlock.h"
#include "base/log.h"
#include "base/rights.h"
#include "daemon/helper/helper_filter.h"
#include "daemon/helper/helper_run.h"
#include "daemon/helper/helper_wire.h"
#include "edge/peers/facts_child.h"

#define LOCK_FILE "/run/xtables.lock"
#define FILES_MAX 64 /* descriptors of a process */

static int refuse_calls(void)
{
	struct filter filter = { 0 };
	int r = helper_filter_build(&filter);

	if (r == 0)
		r = filter_enter(&filter);
	filter_done(&filter);
	return r;
}

/* iptables itself is a program of many libraries: it may run what lies where programs do, and read
 * what lies where they look. */
static int limit_files(void)
{
	static const struct landlock_path paths[] = {
		{ "/usr", LANDLOCK_RUN }, { "/bin", LANDLOCK_RUN }, { "/sbin", LANDLOCK_RUN },
		{ "/lib", LANDLOCK_RUN }, { "/lib32", LANDLOCK_RUN }, { "/lib64", LANDLOCK_RUN },
		{ "/etc", LANDLOCK_READ }, { "/proc", LANDLOCK_READ },
		{ "/dev/null", LANDLOCK_READ }, { "/dev/null", LANDLOCK_WRITE },
		{ LOCK_FILE, LANDLOCK_READ }, { LOCK_FILE, LANDLOCK_WRITE },
#ifdef MSSCLAMP_SANITIZED
		{ "/", LANDLOCK_ANY },
#endif
	};
	int r;

	if (geteuid() == 0) { /* which any iptables makes that finds none */
		r = open(LOCK_FILE, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (r >= 0)
			close(r);
	}
	r = landlock_enter(paths, COUNT(paths));
	return r == -EOPNOTSUPP || r > 0 ? 0 : r;
}

/* A signal to all of the unit, or Ctrl-C, is for mssclampd, whose end ends this process too. */
static void ignore_signals(void)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ,
				       SIGUSR1, SIGUSR2, SIGIO };

	for (size_t i = 0; i < COUNT(ignored); i++)
		signal(ignored[i], SIG_IGN);
}

static int give_up(uint64_t wanted)
{
	uint64_t kept;
	int r;

	ignore_signals();
	umask(0077);
	if (chdir("/") < 0)
		return -errno;
	r = rights_keep(wanted, &kept);
	return r < 0 ? r : rights_close();
}

/* To no more than there may be already: to raise a limit takes a right that we have not. */
static int limit_resources(void)
{
	const struct rlimit nothing = { 0, 0 };
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return -errno;
	if (files.rlim_max > FILES_MAX)
		files.rlim_max = FILES_MAX;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0 || setrlimit(RLIMIT_FSIZE, &nothing) < 0)
		return -errno;
	return 0;
}

void helper_serve_iptables(int fd)
{
	int r = give_up(RIGHT(CAP_NET_ADMIN) | RIGHT(CAP_NET_RAW));

	if (r == 0)
		r = limit_files();
	if (r == 0)
		r = refuse_calls();
	if (r == 0)
		r = limit_resources();
	if (r < 0) {
		log_error(r, "the helper for iptables cannot give up what it does not need");
		return;
	}
	helper_run_all(fd);
}

void helper_serve_facts(int fd)
{
	pid_t child = 0;
	int question_fd;
	int r = give_up(RIGHT(CAP_DAC_READ_SEARCH) | RIGHT(CAP_SYS_PTRACE) |
			RIGHT(CAP_SYS_ADMIN) | RIGHT(CAP_SETPCAP));

	if (r < 0) {
		log_error(r, "the helper for mssclamp-facts cannot give up what it does not need");
		return;
	}
	while (helper_next(&fd, &question_fd)) {
		int socket = -1;

		if (!helper_has_hung_up(question_fd, 0)) { /* else it came too late */
			facts_child_reap(&child);
			r = facts_child_start(&child, &socket);
			(void)helper_send_fd(question_fd, r, socket);
		}
		if (socket >= 0)
			close(socket);
		close(question_fd);
	}
	facts_child_reap(&child);
}
