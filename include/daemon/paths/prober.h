/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measures the paths of all tunnels: sends what the plan orders (policy/probe/probe_plan), tells it
 * what was heard, and says so when a path turns out to be another. Control thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "daemon/config/config.h"
#include "daemon/paths/prober_waiters.h"
#include "edge/probe/probe.h"
#include "policy/probe/probe_plan.h"

struct prober;
struct prober_memory;

/* Who hears of what was measured, and tells who there is. */
struct prober_owner {
	void (*changed)(void *userdata); /* the measures are others than before, or younger */
	/* The kernel believes less of that path than was answered: it should forget that. */
	void (*contradicted)(void *userdata, const struct probe_target *target);
	/* What targets are made of, borrowed for the moment. */
	void (*fill)(void *userdata, struct probe_target_input *ret_input);
	void *userdata;
};

/* Borrows event; measures nothing before it runs. Logs what went wrong. Returns 0 and the owned
 * prober, or -errno. */
int prober_open(sd_event *event, const struct config *config, const struct prober_owner *owner,
		struct prober **ret_prober);
/* Reads what a former process measured and returns whether any of it is about peers that are there,
 * so that prober_measures has it; sets a damaged file aside: only for who serves this
 * namespace alone, before the event loop runs. Logs what went wrong. */
bool prober_recall(struct prober *prober);
/* Writes what was measured. Logs what went wrong. */
void prober_save(struct prober *prober);
/* Somebody else goes on, and writes to the file: this one does not any more. */
void prober_leave(struct prober *prober);
/* Keeps what was measured for the next process. Nobody waits or listens any more. NULL is fine. */
void prober_close(struct prober *prober);

/* Other settings, from now on. Another state file is read first, then written. */
void prober_configure(struct prober *prober, const struct config *config);

/* There may be other far ends, or other paths to them: soon the owner is asked for them. Many at
 * once are one question, and it takes a tenth of the time at most. */
void prober_follow(struct prober *prober);

/* Whether paths are measured without anybody asking: then hints of the kernel decide nothing. */
bool prober_is_automatic(const struct prober *prober);
/* What is known, sorted; none where nothing is measured automatically. Borrowed until the event
 * loop goes on. */
const struct path_measure *prober_measures(struct prober *prober, size_t *ret_count);

/* What is kept over a restart, and whether it can be. */
const struct prober_memory *prober_kept(const struct prober *prober);

struct probe_totals prober_totals(const struct prober *prober);
/* Answers and errors that fit no probe. */
uint64_t prober_strangers(const struct prober *prober);
/* What the last measurement of a far end came to; false: there was none. */
bool prober_last(const struct prober *prober, const char *tunnel, const char *peer,
		 const struct address *endpoint, enum probe_result *ret_result);

/* Borrows the waiter until it is forsaken. */
void prober_wait(struct prober *prober, struct prober_waiter *waiter);
/* The run ends with it. */
void prober_forsake(struct prober *prober, struct prober_waiter *waiter);

/* The plan, for those who begin runs: prober_wake is due behind it. */
struct probe_plan *prober_plan(struct prober *prober);
void prober_wake(struct prober *prober);

/* One probe besides those of the plan, of the same budget. heard is called for what comes of it;
 * its id begins at PROBER_OWN_ID. Returns 0, 1 (not yet, the budget is used up: *ret_wait_ns says
 * until when), or -errno. */
#define PROBER_OWN_ID (UINT64_C(1) << 63)
typedef void prober_heard(const struct probe_heard *heard, void *userdata);
int prober_send(struct prober *prober, const struct probe_packet *packet, uint64_t *ret_wait_ns);
/* One listener for such probes; NULL ends it. Returns -EBUSY where there is another. */
int prober_listen(struct prober *prober, prober_heard *heard, void *userdata);
