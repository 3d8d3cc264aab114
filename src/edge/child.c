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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"

/* A socket pair for one of the child's three streams. Not a pipe: to write to a child that has gone
 * is then an error of that call (MSG_NOSIGNAL) and never a SIGPIPE. */
struct stream {
	int ours;
	int theirs;
	char *text; /* what came, NUL-terminated; unused for stdin */
	size_t len;
	size_t capacity;
};

enum { STDIN, STDOUT, STDERR, STREAMS };

bool child_find(const char *name, char path[CHILD_PATH_MAX])
{
	static const char *const folders[] = { "/usr/sbin", "/sbin", "/usr/bin", "/bin" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		struct stat st;
		int len = snprintf(path, CHILD_PATH_MAX, "%s/%s", folders[i], name);

		if (len < CHILD_PATH_MAX && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int streams_open(struct stream streams[STREAMS])
{
	for (int i = 0; i < STREAMS; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
			return -errno;
		streams[i].ours = pair[0];
		streams[i].theirs = pair[1];
	}
	return 0;
}

static void streams_done(struct stream streams[STREAMS])
{
	for (int i = 0; i < STREAMS; i++) {
		close_fd(&streams[i].ours);
		close_fd(&streams[i].theirs);
		free(streams[i].text);
	}
}

/* Keeps CHILD_OUTPUT_MAX bytes; what is beyond is read too, so that the child does not block. */
static int stream_append(struct stream *stream, const char *bytes, size_t len)
{
	size_t room = CHILD_OUTPUT_MAX - stream->len;

	if (len > room)
		len = room;
	if (array_reserve((void **)&stream->text, &stream->capacity, stream->len + len + 1, 1) < 0)
		return -ENOMEM;
	if (len > 0)
		memcpy(stream->text + stream->len, bytes, len);
	stream->len += len;
	stream->text[stream->len] = '\0';
	return 0;
}

static int stream_read(struct stream *stream)
{
	char bytes[4096];
	ssize_t n = recv(stream->ours, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n > 0)
		return stream_append(stream, bytes, (size_t)n);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	close_fd(&stream->ours);
	return 0;
}

/* Writes what fits. The end of the input, or a child that reads no more, closes the stream. */
static void stream_write(struct stream *stream, const char **input)
{
	size_t len = strlen(*input);
	ssize_t n = send(stream->ours, *input, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n >= 0)
		*input += n;
	else if (errno != EAGAIN && errno != EINTR)
		*input += len;
	if (**input == '\0')
		close_fd(&stream->ours);
}

static int time_left_ms(uint64_t deadline_ns)
{
	uint64_t now_ns = clock_monotonic_ns();

	return now_ns >= deadline_ns ? 0 : (int)((deadline_ns - now_ns) / NS_PER_MS) + 1;
}

/* Feeds and reads until the child has closed its output. Returns 0, -ETIME or -errno. */
static int streams_pump(struct stream streams[STREAMS], const char *input, uint64_t deadline_ns)
{
	if (*input == '\0')
		close_fd(&streams[STDIN].ours);
	while (streams[STDOUT].ours >= 0 || streams[STDERR].ours >= 0) {
		struct pollfd fds[STREAMS] = {
			{ .fd = streams[STDIN].ours, .events = POLLOUT },
			{ .fd = streams[STDOUT].ours, .events = POLLIN },
			{ .fd = streams[STDERR].ours, .events = POLLIN },
		};
		int left_ms = time_left_ms(deadline_ns);
		int r;

		if (left_ms == 0)
			return -ETIME;
		r = poll(fds, STREAMS, left_ms);
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r <= 0)
			continue;
		if (fds[STDIN].revents)
			stream_write(&streams[STDIN], &input);
		for (int i = STDOUT; i <= STDERR; i++) {
			r = fds[i].revents ? stream_read(&streams[i]) : 0;
			if (r < 0)
				return r;
		}
	}
	return 0;
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

static int spawn(const char *const argv[], struct stream streams[STREAMS], pid_t *ret_pid)
{
	char path[] = "PATH=/usr/sbin:/sbin:/usr/bin:/bin";
	char locale[] = "LC_ALL=C";
	char *const environment[] = { path, locale, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	r = posix_spawnattr_init(&attributes);
	if (r != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -r;
	}
	for (int i = 0; i < STREAMS && r == 0; i++)
		r = posix_spawn_file_actions_adddup2(&actions, streams[i].theirs, i);
	if (r == 0)
		r = -child_set_signals(&attributes);
	if (r == 0) /* argv is not written: POSIX only lacks the const (exec, RATIONALE) */
		r = posix_spawn(ret_pid, argv[0], &actions, &attributes,
				(char *const *)(uintptr_t)argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	for (int i = 0; i < STREAMS; i++)
		close_fd(&streams[i].theirs);
	return -r;
}

/* Waits until the deadline, kills after it. The child is reaped in any case. */
static int reap(pid_t pid, uint64_t deadline_ns, int *ret_status)
{
	const struct timespec pause = { .tv_nsec = (long)NS_PER_MS };
	pid_t ended;
	int status, r = 0;

	while ((ended = waitpid(pid, &status, r < 0 ? 0 : WNOHANG)) != pid) {
		if (ended < 0 && errno != EINTR)
			return -errno;
		if (r == 0 && time_left_ms(deadline_ns) == 0) {
			kill(pid, SIGKILL);
			r = -ETIME;
		} else if (r == 0) {
			nanosleep(&pause, NULL);
		}
	}
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return r;
}

int child_run(const char *const argv[], const char *input, int timeout_ms,
	      struct child_result *ret_result)
{
	struct stream streams[STREAMS] = { { .ours = -1, .theirs = -1 },
					   { .ours = -1, .theirs = -1 },
					   { .ours = -1, .theirs = -1 } };
	uint64_t deadline_ns = clock_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
	struct child_result result = { 0 };
	int r, pumped;

	r = streams_open(streams);
	for (int i = STDOUT; i <= STDERR && r == 0; i++)
		r = stream_append(&streams[i], "", 0);
	if (r == 0)
		r = spawn(argv, streams, &result.pid);
	if (r < 0)
		goto out;
	pumped = streams_pump(streams, input ? input : "", deadline_ns);
	/* After a failed exchange the child may wait for us for ever: no more patience with it. */
	r = reap(result.pid, pumped < 0 ? 0 : deadline_ns, &result.status);
	if (pumped < 0)
		r = pumped;
	if (r < 0)
		goto out;
	while (streams[STDERR].len > 0 &&
	       isspace((unsigned char)streams[STDERR].text[streams[STDERR].len - 1]))
		streams[STDERR].text[--streams[STDERR].len] = '\0';
	result.output = streams[STDOUT].text;
	result.errors = streams[STDERR].text;
	streams[STDOUT].text = streams[STDERR].text = NULL;
	*ret_result = result;
out:
	streams_done(streams);
	return r;
}

void child_result_done(struct child_result *result)
{
	free(result->output);
	free(result->errors);
	*result = (struct child_result){ 0 };
}
