/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The three streams of a child: fed and read without blocking for longer than a deadline. Only for
 * src/edge/child*.c. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A socket pair for one of the child's three streams. Not a pipe: to write to a child that has gone
 * is then an error of that call (MSG_NOSIGNAL) and never a SIGPIPE. */
struct child_stream {
	int ours;
	int theirs;
	char *text; /* what came, NUL-terminated; unused for stdin */
	size_t len;
	size_t capacity;
};

enum { CHILD_STDIN, CHILD_STDOUT, CHILD_STDERR, CHILD_STREAMS };

/* Returns 0 or -errno; child_streams_done in any case, of descriptors preset to -1. */
int child_streams_open(struct child_stream streams[CHILD_STREAMS]);
void child_streams_done(struct child_stream streams[CHILD_STREAMS]);
/* Feeds and reads until the child has closed its output; calls patience_pass meanwhile. Returns 0,
 * -ETIME, -ECANCELED or -errno. */
int child_streams_pump(struct child_stream streams[CHILD_STREAMS], const char *input,
		       uint64_t deadline_ns);
/* Keeps CHILD_OUTPUT_MAX bytes of what came; what is beyond is dropped, so that the child does not
 * block. Returns 0 or -ENOMEM. */
int child_stream_append(struct child_stream *stream, const char *bytes, size_t len);
/* From now to a moment of CLOCK_MONOTONIC, rounded up; 0: it has passed. */
int child_time_left_ms(uint64_t deadline_ns);
