/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/capture/watcher.h"

#include <stdlib.h>

#include "base/clock.h"

#define SYNS_A_REPLY 32           /* some 1.5 KB each with their bytes */
#define WAITING_MAX (1u << 20)    /* bytes that wait for a client before it misses SYNs */

void capture_wish_done(struct capture_wish *wish)
{
	for (size_t i = 0; i < wish->filter.count; i++) {
		struct capture_step *step = &wish->filter.steps[i];

		if (step->kind == CAPTURE_TERM && step->key == CAPTURE_PEER)
			free(step->peer_id);
	}
	wish->filter.count = 0;
}

struct watcher *watcher_new(struct capture *capture, struct capture_wish *wish, size_t taps)
{
	struct watcher *watcher =
		calloc(1, sizeof(*watcher) + taps * sizeof(watcher->begins[0]));

	if (!watcher)
		return NULL;
	watcher->waiting = json_array();
	if (!watcher->waiting) {
		free(watcher);
		return NULL;
	}
	watcher->capture = capture;
	watcher->wish = *wish;
	watcher->end_ns = wish->seconds_ns == CAPTURE_ENDLESS ?
				  CAPTURE_ENDLESS : clock_boottime_ns() + wish->seconds_ns;
	wish->filter.count = 0;
	return watcher;
}

void watcher_free(struct watcher *watcher)
{
	if (!watcher)
		return;
	capture_wish_done(&watcher->wish);
	json_decref(watcher->waiting);
	free(watcher);
}

static json_t *make_reply(const struct watcher *watcher, json_t *syns, const char *why,
			  json_t *offloaded)
{
	return json_pack("{s:i, s:b, s:o, s:I, s:I, s:s?, s:o}", "schema", 1, "finished",
			 why != NULL, "syns", syns, "matched_total", (json_int_t)watcher->matched,
			 "unseen_total", (json_int_t)watcher->unseen_told, "ended_by", why,
			 "offloaded_total", offloaded);
}

/* Takes what waits out. */
static json_t *take_waiting(struct watcher *watcher)
{
	json_t *syns = watcher->waiting;

	watcher->waiting = json_array();
	return syns;
}

static void send_waiting(struct watcher *watcher)
{
	control_stream_reply(watcher->stream,
			     make_reply(watcher, take_waiting(watcher), NULL, json_null()));
}

/* Whether it may be told one more in this turn, which counts. */
static bool has_time(struct watcher *watcher, size_t *spare)
{
	size_t *from = watcher->share > 0 ? &watcher->share : spare;

	if (*from == 0)
		return false;
	(*from)--;
	return true;
}

void watcher_offer(struct watcher *watcher, struct capture_view *view,
		   const struct watcher_place *place, size_t *spare)
{
	const struct capture_filter *filter = &watcher->wish.filter;
	json_t *syn;

	if (watcher->wish.count == 0 || place->place < watcher->begins[place->tap])
		return;
	if (filter->asks[CAPTURE_PEER])
		capture_view_look_up(view);
	if (!capture_filter_match(filter, &view->facts))
		return;
	if (control_stream_waiting(watcher->stream) > WAITING_MAX || !has_time(watcher, spare)) {
		watcher->passed_over++;
		return;
	}
	syn = capture_json(view, watcher->wish.packets);
	if (!syn || json_array_append_new(watcher->waiting, syn) < 0) {
		watcher->passed_over++;
		return;
	}
	watcher->matched++;
	if (watcher->wish.count != CAPTURE_ENDLESS)
		watcher->wish.count--;
	if (json_array_size(watcher->waiting) == SYNS_A_REPLY)
		send_waiting(watcher);
}

void watcher_flush(struct watcher *watcher, uint64_t lost)
{
	uint64_t unseen = watcher->passed_over + (lost - watcher->lost_before);

	if (json_array_size(watcher->waiting) == 0 &&
	    (unseen == watcher->unseen_told ||
	     control_stream_waiting(watcher->stream) > WAITING_MAX))
		return;
	watcher->unseen_told = unseen;
	send_waiting(watcher);
}

const char *watcher_is_done(const struct watcher *watcher, uint64_t now_ns)
{
	if (watcher->wish.count == 0)
		return "count";
	return now_ns >= watcher->end_ns ? "time" : NULL;
}

json_t *watcher_greeting(const struct watcher *watcher, json_t *offloaded)
{
	return make_reply(watcher, json_array(), NULL, offloaded);
}

void watcher_end(struct watcher *watcher, const char *why, uint64_t lost, json_t *offloaded)
{
	watcher->unseen_told = watcher->passed_over + (lost - watcher->lost_before);
	control_stream_end(watcher->stream,
			   make_reply(watcher, take_waiting(watcher), why, offloaded));
}
