/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/loop.h"

#include <sys/epoll.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

#define ERRORS_MAX 2000 /* one behind the other */
#define PAUSE_NS NS_PER_MS

static void say(int error, struct log_ratelimit *limit)
{
	char before[LOG_BEFORE_MAX];
	uint64_t suppressed;

	if (log_may_speak(limit, clock_boottime_ns(), 10 * NS_PER_SECOND, &suppressed))
		log_error(error, "event loop: trying again%s", log_before(suppressed, before));
}

/* sd_event_loop ends with the first error. */
int loop_run(sd_event *event)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct log_ratelimit limit = { 0 };
	unsigned int errors = 0;
	int r;

	while (sd_event_get_state(event) != SD_EVENT_FINISHED) {
		r = sd_event_run(event, UINT64_MAX);
		if (r >= 0) {
			errors = 0;
			continue;
		}
		if (++errors > ERRORS_MAX)
			return log_error(r, "event loop: it does not come back");
		say(r, &limit);
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int on_pause_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct loop_io *io = userdata;

	(void)usec;
	if (sd_event_source_set_enabled(io->io, SD_EVENT_ON) >= 0)
		return 0;
	sd_event_source_set_time_relative(source, LOOP_IO_WINDOW_NS / 1000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Returns whether there were too many. */
static bool count_turn(struct loop_io *io)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns - io->window_ns > LOOP_IO_WINDOW_NS) {
		io->window_ns = now_ns;
		io->turns = 0;
	}
	return ++io->turns > LOOP_IO_TURNS;
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct loop_io *io = userdata;

	if (!count_turn(io))
		return io->read(source, fd, revents, io->userdata);
	sd_event_source_set_time_relative(io->pause, LOOP_IO_WINDOW_NS / 1000);
	sd_event_source_set_enabled(io->pause, SD_EVENT_ONESHOT);
	return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

int loop_io_init(struct loop_io *io, sd_event *event, int fd, sd_event_io_handler_t read,
		 void *userdata)
{
	int r;

	*io = (struct loop_io){ .read = read, .userdata = userdata };
	r = sd_event_add_time_relative(event, &io->pause, CLOCK_MONOTONIC, LOOP_IO_WINDOW_NS / 1000,
				       0, on_pause_over, io);
	if (r >= 0)
		r = sd_event_source_set_enabled(io->pause, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_io(event, &io->io, fd, EPOLLIN, on_io, io);
	if (r >= 0)
		return 0;
	loop_io_done(io);
	return r;
}

void loop_io_done(struct loop_io *io)
{
	sd_event_source_disable_unref(io->io);
	sd_event_source_disable_unref(io->pause);
	*io = (struct loop_io){ 0 };
}
