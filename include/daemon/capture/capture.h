/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Those who watch SYNs as they pass: what the workers saw goes to each of them whose filter takes
 * it. While nobody watches there are no rings and no timer. Control thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "daemon/capture/capture_json.h"
#include "daemon/control/control.h"
#include "policy/capture/capture_filter.h"
#include "policy/capture/peer_rates.h"

struct daemon;
struct capture;

#define CAPTURE_ENDLESS UINT64_MAX
#define CAPTURE_WATCHERS_MAX 12 /* at once: fewer than the places of one uid on the socket, so that
				 * who watches can ask for other things, too */

/* What somebody wants to see. */
struct capture_wish {
	struct capture_filter filter; /* names of peers are ids, each owned */
	uint64_t count;      /* SYNs, CAPTURE_ENDLESS */
	uint64_t seconds_ns; /* for so long, CAPTURE_ENDLESS */
	bool packets;        /* with their bytes */
};

/* Frees what the filter owns. */
void capture_wish_done(struct capture_wish *wish);

/* Borrows daemon for its life. Returns 0 and the owned capture, or -ENOMEM. */
int capture_open(struct daemon *daemon, struct capture **ret_capture);
/* Ends what goes on. To be called behind control_close, before the workers are freed. NULL is
 * fine. */
void capture_close(struct capture *capture);

/* Watches for this call, whose first reply it returns: from then on nothing is missed that is not
 * counted. Takes what wish owns. Returns NULL after control_fail. */
json_t *capture_watch(struct capture *capture, struct control_call *call,
		      struct capture_wish *wish);

/* Counts the SYNs of each peer from now on for so long; who asks again in time is told on. Returns
 * them, borrowed until the event loop goes on; NULL (out of memory). */
const struct peer_rates *capture_count_peers(struct capture *capture, uint64_t for_ns);
