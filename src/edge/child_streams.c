/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/child_streams.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/patience.h"
#include "edge/child.h"

int child_streams_open(struct child_stream streams[CHILD_STREAMS])
{
	for (int i = 0; i < CHILD_STREAMS; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
			return -errno;
		streams[i].ours = pair[0];
		streams[i].theirs = pair[1];
	}
	return 0;
}

void child_streams_done(struct child_stream streams[CHILD_STREAMS])
{
	for (int i = 0; i < CHILD_STREAMS; i++) {
		fd_close(&streams[i].ours);
		fd_close(&streams[i].theirs);
		free(streams[i].text);
	}
}

int child_stream_append(struct child_stream *stream, const char *bytes, size_t len)
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

static int stream_read(struct child_stream *stream)
{
	char bytes[4096];
	ssize_t n = recv(stream->ours, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n > 0)
		return child_stream_append(stream, bytes, (size_t)n);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	fd_close(&stream->ours);
	return 0;
}

/* Writes what fits. The end of the input, or a child that reads no more, closes the stream. */
static void stream_write(struct child_stream *stream, const char **input)
{
	size_t len = strlen(*input);
	ssize_t n = send(stream->ours, *input, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n >= 0)
		*input += n;
	else if (errno != EAGAIN && errno != EINTR)
		*input += len;
	if (**input == '\0')
		fd_close(&stream->ours);
}

int child_time_left_ms(uint64_t deadline_ns)
{
	uint64_t now_ns = clock_monotonic_ns();

	return now_ns >= deadline_ns ? 0 : (int)((deadline_ns - now_ns) / NS_PER_MS) + 1;
}

int child_streams_pump(struct child_stream streams[CHILD_STREAMS], const char *input,
		       uint64_t deadline_ns)
{
	if (*input == '\0')
		fd_close(&streams[CHILD_STDIN].ours);
	while (streams[CHILD_STDOUT].ours >= 0 || streams[CHILD_STDERR].ours >= 0) {
		struct pollfd fds[CHILD_STREAMS] = {
			{ .fd = streams[CHILD_STDIN].ours, .events = POLLOUT },
			{ .fd = streams[CHILD_STDOUT].ours, .events = POLLIN },
			{ .fd = streams[CHILD_STDERR].ours, .events = POLLIN },
		};
		int left_ms, r;

		r = patience_pass(); /* at the end of it too */
		if (r < 0)
			return r;
		left_ms = child_time_left_ms(deadline_ns);
		if (left_ms == 0)
			return -ETIME;
		r = poll(fds, CHILD_STREAMS,
			 left_ms < PATIENCE_PASS_MS ? left_ms : PATIENCE_PASS_MS);
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r <= 0)
			continue;
		if (fds[CHILD_STDIN].revents)
			stream_write(&streams[CHILD_STDIN], &input);
		for (int i = CHILD_STDOUT; i <= CHILD_STDERR; i++) {
			r = fds[i].revents ? stream_read(&streams[i]) : 0;
			if (r < 0)
				return r;
		}
	}
	return 0;
}
