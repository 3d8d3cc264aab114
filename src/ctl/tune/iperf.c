/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/tune/iperf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define TICK_MS 200
#define NOT_STARTED 127 /* exit code of a child that is no other program */

/* The child: never returns. */
static void become(const char *const argv[], int output, pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(output, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
		_exit(NOT_STARTED);
	execv(argv[0], (char *const *)argv);
	_exit(NOT_STARTED);
}

/* Returns 0 once the child has ended, -EINTR, -ETIME, or -errno. */
static int wait_for(int child, uint64_t timeout_ns, int interrupt_fd, iperf_tick *tick,
		    void *userdata)
{
	uint64_t end_ns = clock_boottime_ns() + timeout_ns;
	struct pollfd fds[] = {
		{ .fd = child, .events = POLLIN },
		{ .fd = interrupt_fd, .events = POLLIN },
	};

	for (;;) {
		int r = poll(fds, 2, TICK_MS);

		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0 && fds[1].revents)
			return -EINTR;
		if (r > 0 && fds[0].revents)
			return 0;
		if (clock_boottime_ns() > end_ns)
			return -ETIME;
		if (tick)
			tick(userdata);
	}
}

static int read_output(int fd, char **ret_output)
{
	struct stat st;
	char *text;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > IPERF_OUTPUT_MAX)
		return -E2BIG;
	text = calloc(1, (size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	if (pread(fd, text, (size_t)st.st_size, 0) != st.st_size) {
		free(text);
		return -EIO;
	}
	*ret_output = text;
	return 0;
}

static int run_into(const char *const argv[], int output, uint64_t timeout_ns, int interrupt_fd,
		    iperf_tick *tick, void *userdata)
{
	pid_t parent = getpid(), pid = fork();
	int child, r;

	if (pid < 0)
		return -errno;
	if (pid == 0)
		become(argv, output, parent);
	child = pidfd_open(pid, 0);
	r = child < 0 ? -errno : wait_for(child, timeout_ns, interrupt_fd, tick, userdata);
	if (r < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (child >= 0)
		close(child);
	return r;
}

int iperf_run(const char *const argv[], uint64_t timeout_ns, int interrupt_fd, iperf_tick *tick,
	      void *userdata, char **ret_output)
{
	int output = memfd_create("iperf3", MFD_CLOEXEC);
	int r;

	if (output < 0)
		return -errno;
	r = run_into(argv, output, timeout_ns, interrupt_fd, tick, userdata);
	if (r == 0)
		r = read_output(output, ret_output);
	close(output);
	return r;
}
