/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the control thread share. Written by the control thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/log.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/events.h"
#include "daemon/model.h"
#include "daemon/workers.h"

struct guard;
struct kept;
struct offloader;
struct tries;
struct way;

struct daemon {
	sd_event *event;
	const char *config_file;
	bool config_required;     /* named on the command line */
	bool takeover;            /* from the daemon that answers on the control socket */
	bool handed_over;         /* to another one, which clamps by now */
	struct kept *kept;        /* while it starts: sockets that it did not open */
	struct config *config;    /* owned; replaced by a reload */
	struct config *started_with; /* owned, may be the same: what a reload cannot change */
	struct workers *workers;
	struct model *model;
	struct tries *tries;      /* temporary limits */
	struct guard *guard;      /* the firewall rules and who watches over them */
	struct offloader *offloader; /* mode offload */
	struct control *control;
	struct events events;     /* tells the clients of control what changes */
	struct way *way;          /* how changed SYNs get back to the kernel */
	enum worker_state workers_seen; /* at the last tick */
	uint64_t refused_seen;    /* verdicts refused by the kernel, as last logged */
	struct log_ratelimit refused_limit;
	uint64_t over_limit_seen; /* SYNs above queues.per_source, as status last told */
	uint64_t over_limit_ns;   /* when it told more than before */
	uint64_t start_ns;        /* CLOCK_BOOTTIME */
};

#define EXIT_INVALID_CONFIGURATION 6

/* Starts with config_file, serves until a signal, stops. Logs what went wrong. Returns the exit
 * code: 0, 1, or 6 where the configuration is not usable. */
int daemon_run(struct daemon *daemon);
