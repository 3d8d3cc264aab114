/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The routers on the way to an endpoint, and behind which of them larger packets vanish: small and
 * large probes whose time to live ends on the way, as traceroute(8) does. Control thread only. */
#pragma once

#include "daemon/paths/prober.h"

#define TRACE_HOPS_MAX 12

struct trace_hop {
	bool answered;          /* a small probe ended here and its router said so */
	bool large;             /* so did a large one */
	bool target;            /* it is the endpoint itself */
	struct address address; /* with answered or target */
	uint32_t mtu;           /* what it told of the link behind it, bytes; 0 nothing */
};

struct trace_result {
	struct trace_hop hops[TRACE_HOPS_MAX]; /* from the sender, hops[0] is one hop away */
	size_t count;    /* to the endpoint, or to the last that answered */
	int narrow_after; /* large probes reach that many hops and nothing behind them; -1: cannot
			   * tell, or there were none */
};

struct probe_trace;

/* small: where to and how; its size counts for the small probes. large: size of the large ones,
 * bytes, 0: none are sent. done is called once, within 4 s, from the event loop; the trace is freed
 * behind it. Returns 0, -EBUSY where another is going on, or -errno. */
int probe_trace_begin(sd_event *event, struct prober *prober, const struct probe_packet *small,
		      uint32_t large,
		      void (*done)(const struct trace_result *result, void *userdata),
		      void *userdata, struct probe_trace **ret_trace);
/* Ends it without a word. NULL is fine. */
void probe_trace_cancel(struct probe_trace *trace);

/* What the answers come to. Pure; fills count and narrow_after. */
void probe_trace_conclude(struct trace_result *result, bool with_large);
