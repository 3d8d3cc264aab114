/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/paths/probe_trace.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"

#define TRACE_NS (4 * NS_PER_SECOND)    /* at most, in all */
#define ANSWER_NS (600 * NS_PER_MS)     /* to wait for the last answers of a round */
#define ROUNDS 6                        /* half of them small: of 10 % lost 0.1 % are left */

/* What an id is made of. */
#define ID_TTL(id) ((unsigned int)(id) & 0xff)
#define ID_LARGE UINT64_C(0x100)

struct probe_trace {
	struct prober *prober;
	struct probe_packet small;
	uint32_t large_size;
	void (*done)(const struct trace_result *result, void *userdata);
	void *userdata;
	sd_event_source *timer;
	struct trace_result result;
	unsigned int round;  /* the first half is small, the other large */
	unsigned int ttl;    /* sent last in this round */
	bool sent;           /* something was, in this round */
	bool waiting;        /* all of the round is sent, its last answers may be under way */
	uint64_t end_ns;
	uint64_t drawn;      /* random part of the ids, so that late answers of another trace fit
			      * none of this one */
};

static bool is_large(const struct probe_trace *trace)
{
	return trace->round >= ROUNDS / 2;
}

/* How many hops are worth a probe: up to the endpoint, or to the router that large ones do not
 * pass; else behind the first round to the last router that said something and one more. */
static unsigned int hops_worth(const struct probe_trace *trace)
{
	unsigned int last = 0;

	for (unsigned int i = 0; i < TRACE_HOPS_MAX; i++) {
		const struct trace_hop *hop = &trace->result.hops[i];

		if (hop->target || (is_large(trace) && hop->mtu))
			return i + 1;
		if (hop->answered)
			last = i + 1;
	}
	return trace->round == 0 ? TRACE_HOPS_MAX : last < TRACE_HOPS_MAX ? last + 1 : last;
}

static bool is_missing(const struct probe_trace *trace, unsigned int ttl)
{
	const struct trace_hop *hop = &trace->result.hops[ttl - 1];

	return is_large(trace) ? !hop->large && !hop->mtu : !hop->answered && !hop->target;
}

static bool all_answered(const struct probe_trace *trace)
{
	unsigned int worth = hops_worth(trace);

	for (unsigned int ttl = 1; ttl <= worth; ttl++) {
		if (is_missing(trace, ttl))
			return false;
	}
	return true;
}

/* Not beyond the end of all. */
static int wait_until(struct probe_trace *trace, uint64_t when_ns)
{
	if (when_ns > trace->end_ns)
		when_ns = trace->end_ns;
	sd_event_source_set_time(trace->timer, when_ns / 1000 + 1);
	return sd_event_source_set_enabled(trace->timer, SD_EVENT_ONESHOT);
}

static void on_heard(const struct probe_heard *heard, void *userdata)
{
	struct probe_trace *trace = userdata;
	unsigned int ttl = ID_TTL(heard->id);
	bool large = heard->id & ID_LARGE;
	struct trace_hop *hop;

	if (ttl < 1 || ttl > TRACE_HOPS_MAX ||
	    (heard->id & ~(ID_LARGE | 0xff)) != (PROBER_OWN_ID | trace->drawn))
		return;
	hop = &trace->result.hops[ttl - 1];
	switch (heard->kind) {
	case PROBE_HEARD_TIME_EXCEEDED:
		hop->large |= large;
		hop->answered = true;
		hop->address = heard->from;
		break;
	case PROBE_HEARD_ANSWER:
		hop->large |= large;
		hop->target = true;
		hop->address = heard->from;
		break;
	case PROBE_HEARD_TOO_BIG:
		/* Of the router that could not pass it on: whichever hop that is. */
		for (unsigned int i = 0; i < ttl; i++) {
			struct trace_hop *at = &trace->result.hops[i];

			if (at->answered && address_equal(&at->address, &heard->from))
				at->mtu = heard->mtu;
		}
		break;
	case PROBE_HEARD_UNREACHABLE:
		break;
	}
	if (trace->waiting && all_answered(trace))
		wait_until(trace, 0);
}

void probe_trace_conclude(struct trace_result *result, bool with_large)
{
	int reached = 0;
	bool told = false;

	result->count = 0;
	result->narrow_after = -1;
	for (size_t i = 0; i < TRACE_HOPS_MAX; i++) {
		const struct trace_hop *hop = &result->hops[i];

		if (hop->answered || hop->target)
			result->count = i + 1;
		if (hop->large || hop->mtu) {
			reached = (int)i + 1;
			told = hop->mtu != 0; /* a larger one has passed behind it: that is over */
		}
		if (hop->target)
			break;
	}
	if (!with_large || result->count == 0)
		return;
	/* Who says nothing to small ones cannot be blamed: the next must have spoken. */
	if (told || (reached < (int)result->count && (result->hops[reached].answered ||
						      result->hops[reached].target)))
		result->narrow_after = reached;
}

static void finish(struct probe_trace *trace)
{
	struct trace_result result = trace->result;
	void (*done)(const struct trace_result *, void *) = trace->done;
	void *userdata = trace->userdata;

	probe_trace_conclude(&result, trace->large_size != 0);
	probe_trace_cancel(trace);
	done(&result, userdata);
}

/* The next probe of the round. Returns false behind the last. */
static bool send_next(struct probe_trace *trace, uint64_t *ret_wait_ns)
{
	unsigned int worth = hops_worth(trace);

	*ret_wait_ns = 0;
	while (trace->ttl < worth) {
		struct probe_packet packet = trace->small;
		int r;

		if (!is_missing(trace, trace->ttl + 1)) {
			trace->ttl++;
			continue;
		}
		packet.ttl = (uint8_t)(trace->ttl + 1);
		packet.size = is_large(trace) ? trace->large_size : packet.size;
		packet.id = PROBER_OWN_ID | trace->drawn | packet.ttl |
			    (is_large(trace) ? ID_LARGE : 0);
		r = prober_send(trace->prober, &packet, ret_wait_ns);
		trace->sent |= r == 0;
		trace->ttl += r != 1;
		return true;
	}
	return false;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct probe_trace *trace = userdata;
	uint64_t now_ns = clock_boottime_ns(), wait_ns;

	(void)source;
	(void)usec;
	if (now_ns >= trace->end_ns || trace->round >= ROUNDS) {
		finish(trace);
		return 0;
	}
	if (send_next(trace, &wait_ns))
		return wait_until(trace, wait_ns);
	if (trace->sent && !trace->waiting && !all_answered(trace)) {
		trace->waiting = true;
		return wait_until(trace, now_ns + ANSWER_NS);
	}
	trace->round++;
	trace->ttl = 0;
	trace->sent = trace->waiting = false;
	if (is_large(trace) && !trace->large_size)
		trace->round = ROUNDS;
	return wait_until(trace, now_ns);
}

int probe_trace_begin(sd_event *event, struct prober *prober, const struct probe_packet *small,
		      uint32_t large,
		      void (*done)(const struct trace_result *result, void *userdata),
		      void *userdata, struct probe_trace **ret_trace)
{
	struct probe_trace *trace = calloc(1, sizeof(*trace));
	uint64_t now_ns = clock_boottime_ns();
	int r;

	if (!trace)
		return -ENOMEM;
	trace->prober = prober;
	trace->small = *small;
	trace->large_size = large;
	trace->done = done;
	trace->userdata = userdata;
	trace->end_ns = now_ns + TRACE_NS;
	trace->drawn = (now_ns & UINT64_C(0xffffffffff)) << 16;
	r = prober_listen(prober, on_heard, trace);
	if (r < 0) {
		free(trace);
		return r;
	}
	r = sd_event_add_time(event, &trace->timer, CLOCK_BOOTTIME, now_ns / 1000, 1000, on_timer,
			      trace);
	if (r < 0) {
		probe_trace_cancel(trace);
		return r;
	}
	*ret_trace = trace;
	return 0;
}

void probe_trace_cancel(struct probe_trace *trace)
{
	if (!trace)
		return;
	prober_listen(trace->prober, NULL, NULL);
	sd_event_source_disable_unref(trace->timer);
	free(trace);
}
