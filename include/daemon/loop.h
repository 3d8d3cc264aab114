/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop of the control thread, which no error ends and none makes run hot. */
#pragma once

#include <stdint.h>
#include <systemd/sd-event.h>

/* Runs until somebody calls sd_event_exit. Returns 0, or -errno when nothing but errors came for
 * seconds; logged: then a new process is better. */
int loop_run(sd_event *event);

/* A descriptor that is read from, but no more than LOOP_IO_TURNS times in LOOP_IO_WINDOW_NS: one
 * that stays readable, for reading it fails, makes no load. */
#define LOOP_IO_TURNS 50
#define LOOP_IO_WINDOW_NS (100 * 1000 * 1000ull)

struct loop_io {
	sd_event_source *io, *pause;
	sd_event_io_handler_t read;
	void *userdata;
	uint64_t window_ns; /* when the turns began to be counted */
	unsigned int turns;
};

/* Borrows event, fd and userdata until loop_io_done. io must not move. Returns 0 or -errno. */
int loop_io_init(struct loop_io *io, sd_event *event, int fd, sd_event_io_handler_t read,
		 void *userdata);

/* A zeroed one is fine. */
void loop_io_done(struct loop_io *io);
