/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the control thread share. Written by the control thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/log.h"
#include "daemon/config/config.h"
#include "daemon/control/control.h"
#include "daemon/discovery/model.h"
#include "daemon/events/events.h"
#include "daemon/helper/helper.h"
#include "daemon/sandbox/sandbox.h"
#include "daemon/workers/standstill.h"
#include "daemon/workers/workers.h"

struct alerts;
struct capture;
struct fallback;
struct guard;
struct kept;
struct metrics;
struct offloader;
struct predecessor;
struct tries;
struct way;

/* Of the last reloads, while none has succeeded since. */
struct reload_refusal {
	bool lasts;        /* there was one, and no other reload behind it */
	bool by_files;     /* they are wrong; else they could not be put in force */
	json_t *errors;    /* why the last one was: owned strings; NULL without memory */
	uint64_t since_ns; /* when the first one was, CLOCK_BOOTTIME */
	uint64_t last_ns;
};

struct daemon {
	sd_event *event;
	const char *config_file;
	char **title;             /* the argument vector; helpers overwrite theirs */
	enum config_absent config_absent; /* warns where it was named on the command line */
	bool takeover;            /* from the daemon that answers on the control socket */
	bool handed_over;         /* to another one, which clamps by now */
	struct predecessor *predecessor; /* from whom it takes over, until it serves; owned */
	struct kept *kept;        /* while it starts: sockets that it did not open */
	struct overdue *overdue;  /* while it starts: who looks whether that takes long */
	struct config *config;    /* owned; replaced by a reload */
	struct config *started_with; /* owned, may be the same: what a reload cannot change */
	struct helpers helpers;   /* what runs programs for us */
	struct sandbox sandbox;   /* what was given up at the start */
	struct workers *workers;
	struct model *model;
	struct tries *tries;      /* temporary limits */
	struct guard *guard;      /* the firewall rules and who watches over them */
	struct fallback *fallback; /* the dead-man switch */
	struct offloader *offloader; /* mode offload */
	struct capture *capture;  /* who watches SYNs */
	struct control *control;
	struct past past;         /* the last events */
	struct events events;     /* tells the clients of control what changes */
	struct alerts *alerts;
	struct way *way;          /* how changed SYNs get back to the kernel */
	enum worker_state workers_seen; /* at the last tick */
	struct standstills standstills;
	uint64_t refused_seen;    /* verdicts refused by the kernel, as last logged */
	struct log_ratelimit refused_limit;
	uint64_t over_limit_seen; /* SYNs above queues.per_source, as status last told */
	uint64_t over_limit_ns;   /* when it told more than before */
	uint64_t start_ns;        /* CLOCK_BOOTTIME */
	uint64_t end_ns;          /* when it began to end, CLOCK_MONOTONIC */
	struct metrics *metrics;  /* owned */
	struct reload_refusal refusal;
	enum control_file socket_file; /* of control, as last told */
	uint64_t socket_again_ns; /* when to try again to make it, CLOCK_BOOTTIME */
};

#define EXIT_INVALID_CONFIGURATION 6

/* Starts with config_file, serves until a signal, stops. Logs what went wrong. Returns the exit
 * code: 0, 1, or 6 where the configuration is not usable. */
int daemon_run(struct daemon *daemon);
