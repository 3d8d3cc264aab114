/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/capture/capture.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/capture/watcher.h"
#include "daemon/daemon.h"
#include "daemon/firewall/offloader.h"
#include "policy/capture/taps.h"
#include "policy/tunnel/tunnel_set.h"

#define TURN_NS (20 * NS_PER_MS) /* between two looks at the rings */
/* What one look does at most, so that the control thread has time for all else: events taken and
 * time spent on it, and events told, some 5 ms. */
#define TAKEN_MAX 4096
#define TAKING_NS (10 * NS_PER_MS)
#define TOLD_MAX 256
#define CLOCK_EVERY 64 /* events between two looks at the clock */

struct capture {
	struct daemon *daemon;      /* borrowed */
	sd_event_source *timer;     /* off while there is nothing to do */
	struct taps *taps;
	struct watcher *watchers;
	size_t count;
	size_t spare;               /* events that watchers left of their shares in the last turn */
	struct peer_rates *rates;   /* NULL: nobody asks for them */
	uint64_t rates_end_ns;      /* CLOCK_BOOTTIME: until then */
};

/* Each watcher has the same share of what a turn tells, however much the others want; what some
 * leave is there for all in the next one. */
static void deal_out(struct capture *capture)
{
	capture->spare = 0;
	for (struct watcher *w = capture->watchers; w; w = w->next) {
		capture->spare += w->share;
		w->share = TOLD_MAX / capture->count;
	}
}

static void count_peer(struct capture *capture, struct capture_view *view)
{
	const struct peer *peer = capture_view_peer(view);

	if (peer && peer->id)
		peer_rates_count(capture->rates,
				 tunnel_set_peer_tunnel(snapshot_tunnels(view->snapshot), peer),
				 peer->id, &view->event->outcome);
}

/* Takes what the workers have seen, and gives it to all who want it. */
static void take_events(struct capture *capture)
{
	const struct snapshot *snapshot = slot_current(model_slot(capture->daemon->model));
	const struct tunnels *tunnels = model_tunnels(capture->daemon->model);
	uint64_t end_ns = clock_thread_ns() + TAKING_NS;
	const struct tap_event *event;
	struct capture_view view;
	struct watcher_place place;

	taps_look(capture->taps, clock_realtime_ns());
	for (size_t taken = 0; taken < TAKEN_MAX; taken++) {
		event = taps_next(capture->taps, &place.tap, &place.place);
		if (!event || (taken % CLOCK_EVERY == CLOCK_EVERY - 1 &&
			       clock_thread_ns() > end_ns))
			return;
		capture_view_init(&view, event, snapshot, tunnels);
		for (struct watcher *w = capture->watchers; w; w = w->next)
			watcher_offer(w, &view, &place, &capture->spare);
		if (capture->rates)
			count_peer(capture, &view);
		taps_taken(capture->taps);
	}
}

/* SYNs that the kernel has taken past the queues, in mode offload; null: nobody knows, or none. */
static json_t *offloaded_json(const struct capture *capture)
{
	struct offloader *offloader = capture->daemon->offloader;
	struct offload_counts counts;
	json_int_t taken;

	if (!offloader || offloader_read_counts(offloader, &counts) < 0)
		return json_null();
	taken = (json_int_t)counts.totals[OFFLOAD_TAKEN];
	offload_counts_done(&counts);
	return json_integer(taken);
}

static bool is_idle(const struct capture *capture)
{
	return capture->count == 0 && !capture->rates;
}

/* What costs something is there only while it is of use. */
static void close_idle(struct capture *capture)
{
	if (is_idle(capture))
		taps_close(capture->taps);
}

static void stop_counting(struct capture *capture)
{
	peer_rates_free(capture->rates);
	capture->rates = NULL;
	close_idle(capture);
}

static void forget(struct capture *capture, struct watcher *watcher)
{
	struct watcher **link = &capture->watchers;

	while (*link != watcher)
		link = &(*link)->next;
	*link = watcher->next;
	capture->count--;
	watcher_free(watcher);
	if (capture->count > 0)
		return;
	close_idle(capture);
	log_debug("capture: nobody watches any more");
}

static void on_gone(void *userdata)
{
	struct watcher *watcher = userdata;

	forget(watcher->capture, watcher);
}

static void end_watcher(struct capture *capture, struct watcher *watcher, const char *why)
{
	watcher_end(watcher, why, taps_lost(capture->taps), offloaded_json(capture));
	forget(capture, watcher);
}

/* The timer goes on until the last ring is freed. */
static int arm(struct capture *capture)
{
	int r = sd_event_source_set_time(capture->timer, (clock_boottime_ns() + TURN_NS) / 1000);

	return r < 0 ? r : sd_event_source_set_enabled(capture->timer, SD_EVENT_ONESHOT);
}

static int on_turn(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct capture *capture = userdata;
	uint64_t now_ns = clock_boottime_ns(), lost;
	struct watcher *watcher, *next;
	const char *why;

	(void)source;
	(void)usec;
	deal_out(capture);
	take_events(capture);
	lost = taps_lost(capture->taps);
	for (watcher = capture->watchers; watcher; watcher = next) {
		next = watcher->next;
		watcher_flush(watcher, lost);
		why = watcher_is_done(watcher, now_ns);
		if (why)
			end_watcher(capture, watcher, why);
	}
	if (capture->rates)
		peer_rates_turn(capture->rates, now_ns, lost);
	if (capture->rates && now_ns >= capture->rates_end_ns)
		stop_counting(capture);
	return taps_reclaim(capture->taps) > 0 || !is_idle(capture) ? arm(capture) : 0;
}

static int make_taps(struct capture *capture)
{
	size_t count = workers_count(capture->daemon->workers);
	struct tap **list = calloc(count, sizeof(struct tap *));

	for (size_t i = 0; list && i < count; i++)
		list[i] = workers_tap(capture->daemon->workers, i);
	if (list)
		capture->taps = taps_new(list, count);
	free(list);
	return capture->taps ? 0 : -ENOMEM;
}

int capture_open(struct daemon *daemon, struct capture **ret_capture)
{
	struct capture *capture = calloc(1, sizeof(*capture));
	int r;

	if (!capture)
		return log_error(-ENOMEM, "cannot set up capture");
	capture->daemon = daemon;
	r = make_taps(capture);
	if (r >= 0)
		r = sd_event_add_time(daemon->event, &capture->timer, CLOCK_BOOTTIME, 0, 1000,
				      on_turn, capture);
	if (r >= 0)
		r = sd_event_source_set_enabled(capture->timer, SD_EVENT_OFF);
	if (r < 0) {
		capture_close(capture);
		return log_error(r, "cannot set up capture");
	}
	*ret_capture = capture;
	return 0;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	while (capture->watchers)
		forget(capture, capture->watchers);
	if (capture->rates)
		stop_counting(capture);
	taps_free(capture->taps);
	sd_event_source_disable_unref(capture->timer);
	free(capture);
}

json_t *capture_watch(struct capture *capture, struct control_call *call, struct capture_wish *wish)
{
	struct watcher *watcher;

	if (capture->count >= CAPTURE_WATCHERS_MAX)
		return control_fail(call, CONTROL_FAILED, "end one of them, or wait until one ends",
				    "%zu captures go on already, and no more may at once",
				    capture->count);
	watcher = watcher_new(capture, wish, taps_count(capture->taps));
	if (!watcher || taps_open(capture->taps) < 0 || arm(capture) < 0)
		goto fail;
	watcher->stream = control_stream_open(call, on_gone, watcher);
	if (!watcher->stream)
		goto fail;
	control_stream_be_patient(watcher->stream);
	if (capture->count == 0)
		log_debug("capture: uid %u watches", control_call_uid(call));
	for (size_t i = 0; i < taps_count(capture->taps); i++)
		watcher->begins[i] = taps_kept_count(capture->taps, i);
	watcher->lost_before = taps_lost(capture->taps);
	watcher->next = capture->watchers;
	capture->watchers = watcher;
	capture->count++;
	return watcher_greeting(watcher, offloaded_json(capture));
fail:
	watcher_free(watcher);
	close_idle(capture);
	return control_fail(call, CONTROL_FAILED, NULL, "out of memory");
}

const struct peer_rates *capture_count_peers(struct capture *capture, uint64_t for_ns)
{
	uint64_t now_ns = clock_boottime_ns();

	if (capture->rates_end_ns < now_ns + for_ns)
		capture->rates_end_ns = now_ns + for_ns;
	if (capture->rates)
		return capture->rates;
	if (taps_open(capture->taps) == 0 && arm(capture) >= 0)
		capture->rates = peer_rates_new(now_ns, taps_lost(capture->taps));
	close_idle(capture);
	return capture->rates;
}
