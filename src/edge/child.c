/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/child.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/patience.h"
#include "edge/child_streams.h"

#define KILLED_LOOKS 1000 /* a millisecond between two: what is killed has ended long before */

/* A child that did not end though it was killed: the kernel does not let go of it. 0: none. */
static _Thread_local pid_t left_behind;

bool child_find(const char *name, char path[CHILD_PATH_MAX])
{
	static const char *const folders[] = { "/usr/sbin", "/sbin", "/usr/bin", "/bin" };

	for (size_t i = 0; i < COUNT(folders); i++) {
		struct stat st;
		int len = snprintf(path, CHILD_PATH_MAX, "%s/%s", folders[i], name);

		if (len < CHILD_PATH_MAX && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(path, X_OK) == 0)
			return true;
	}
	return false;
}

int child_set_signals(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	r = posix_spawnattr_setsigmask(attributes, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(attributes, &all);
	if (r == 0)
		r = posix_spawnattr_setflags(attributes,
					     POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return -r;
}

/* What POSIX leaves without its const (exec, RATIONALE): neither is written to. */
static char *writable(const char *text)
{
	return (char *)(uintptr_t)text;
}

/* Fixed variables and those that are given, NULL for none. Returns 0 or -E2BIG. */
static int make_environment(const char *const variables[],
			    char *environment[CHILD_VARIABLES_MAX + 3])
{
	size_t count = 0;

	environment[count++] = writable("PATH=/usr/sbin:/sbin:/usr/bin:/bin");
	environment[count++] = writable("LC_ALL=C");
	for (size_t i = 0; variables && variables[i]; i++) {
		if (i == CHILD_VARIABLES_MAX)
			return -E2BIG;
		environment[count++] = writable(variables[i]);
	}
	environment[count] = NULL;
	return 0;
}

static int begin_session(posix_spawnattr_t *attributes)
{
	short flags;
	int r = posix_spawnattr_getflags(attributes, &flags);

	if (r == 0)
		r = posix_spawnattr_setflags(attributes, (short)(flags | POSIX_SPAWN_SETSID));
	return -r;
}

static int spawn(const char *const argv[], const char *const variables[],
		 struct child_stream streams[CHILD_STREAMS], pid_t *ret_pid)
{
	char *environment[CHILD_VARIABLES_MAX + 3];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r = make_environment(variables, environment);

	if (r < 0)
		return r;
	r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	r = posix_spawnattr_init(&attributes);
	if (r != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -r;
	}
	for (int i = 0; i < CHILD_STREAMS && r == 0; i++)
		r = posix_spawn_file_actions_adddup2(&actions, streams[i].theirs, i);
	if (r == 0)
		r = -child_set_signals(&attributes);
	if (r == 0 && variables)
		r = -begin_session(&attributes);
	if (r == 0)
		r = posix_spawn(ret_pid, argv[0], &actions, &attributes,
				(char *const *)(uintptr_t)argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	for (int i = 0; i < CHILD_STREAMS; i++)
		fd_close(&streams[i].theirs);
	return -r;
}

static void pause_shortly(void)
{
	const struct timespec pause = { .tv_nsec = (long)NS_PER_MS };

	nanosleep(&pause, NULL);
}

/* Ends it: group is -pid where the child has a session. By looks and not by time, for a machine
 * that stood still may run us first. */
static void end_now(pid_t pid, pid_t group)
{
	kill(group, SIGKILL);
	for (int i = 0; i < KILLED_LOOKS; i++) {
		pid_t ended = waitpid(pid, NULL, WNOHANG);

		if (ended == pid || (ended < 0 && errno == ECHILD))
			return;
		pause_shortly();
	}
	left_behind = pid;
}

/* Waits until the deadline, kills after it. */
static int reap(pid_t pid, pid_t group, uint64_t deadline_ns, int *ret_status)
{
	pid_t ended;
	int status, r;

	while ((ended = waitpid(pid, &status, WNOHANG)) != pid) {
		if (ended < 0 && errno != EINTR)
			return -errno;
		r = patience_pass();
		if (r == 0 && child_time_left_ms(deadline_ns) == 0)
			r = -ETIME;
		if (r < 0) {
			end_now(pid, group);
			return r;
		}
		pause_shortly();
	}
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : CHILD_SIGNAL + WTERMSIG(status);
	return 0;
}

/* One that is stuck in the kernel is there once: what comes behind it would get stuck too. */
static bool one_is_left_behind(void)
{
	if (left_behind && waitpid(left_behind, NULL, WNOHANG) != 0)
		left_behind = 0;
	return left_behind != 0;
}

/* What a child is to do: a program, or a function of ours. */
struct errand {
	const char *const *argv;
	const char *const *variables; /* NULL: none */
	child_work work;
	void *userdata;
};

/* Of our descriptors the child has none but its three streams: a socket that we close is closed. It
 * ends with the thread that it was made by. */
static _Noreturn void work_apart(const struct errand *errand,
				 struct child_stream streams[CHILD_STREAMS])
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < CHILD_STREAMS; i++) {
		if (dup2(streams[i].theirs, i) < 0)
			_exit(CHILD_GAVE_UP);
	}
	close_range(CHILD_STREAMS, ~0U, 0);
	_exit(errand->work(errand->userdata));
}

static int start(const struct errand *errand, struct child_stream streams[CHILD_STREAMS],
		 pid_t *ret_pid)
{
	pid_t pid;

	if (errand->argv)
		return spawn(errand->argv, errand->variables, streams, ret_pid);
	pid = fork();
	if (pid == 0)
		work_apart(errand, streams);
	for (int i = 0; i < CHILD_STREAMS; i++)
		fd_close(&streams[i].theirs);
	*ret_pid = pid;
	return pid < 0 ? -errno : 0;
}

static int run(const struct errand *errand, const char *input, int timeout_ms,
	       struct child_result *ret_result)
{
	struct child_stream streams[CHILD_STREAMS] = { { .ours = -1, .theirs = -1 },
					   { .ours = -1, .theirs = -1 },
					   { .ours = -1, .theirs = -1 } };
	uint64_t deadline_ns = clock_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
	struct child_result result = { 0 };
	int r, pumped;

	r = patience_pass();
	if (r < 0)
		return r;
	if (one_is_left_behind())
		return -EALREADY;
	r = child_streams_open(streams);
	for (int i = CHILD_STDOUT; i <= CHILD_STDERR && r == 0; i++)
		r = child_stream_append(&streams[i], "", 0);
	if (r == 0)
		r = start(errand, streams, &result.pid);
	if (r < 0)
		goto out;
	pumped = child_streams_pump(streams, input ? input : "", deadline_ns);
	/* After a failed exchange the child may wait for us for ever: no more patience with it. */
	r = reap(result.pid, errand->variables ? -result.pid : result.pid,
		 pumped < 0 ? 0 : deadline_ns, &result.status);
	if (pumped < 0)
		r = pumped;
	if (r < 0)
		goto out;
	while (streams[CHILD_STDERR].len > 0 &&
	       isspace((unsigned char)streams[CHILD_STDERR].text[streams[CHILD_STDERR].len - 1]))
		streams[CHILD_STDERR].text[--streams[CHILD_STDERR].len] = '\0';
	result.output = streams[CHILD_STDOUT].text;
	result.errors = streams[CHILD_STDERR].text;
	streams[CHILD_STDOUT].text = streams[CHILD_STDERR].text = NULL;
	*ret_result = result;
out:
	child_streams_done(streams);
	return r;
}

int child_run(const char *const argv[], const char *input, int timeout_ms,
	      struct child_result *ret_result)
{
	return run(&(struct errand){ .argv = argv }, input, timeout_ms, ret_result);
}

int child_run_with(const char *const argv[], const char *const variables[], const char *input,
		   int timeout_ms, struct child_result *ret_result)
{
	return run(&(struct errand){ .argv = argv, .variables = variables }, input, timeout_ms,
		   ret_result);
}

int child_call(child_work work, void *userdata, int timeout_ms, struct child_result *ret_result)
{
	return run(&(struct errand){ .work = work, .userdata = userdata }, NULL, timeout_ms,
		   ret_result);
}

void child_result_done(struct child_result *result)
{
	free(result->output);
	free(result->errors);
	*result = (struct child_result){ 0 };
}
