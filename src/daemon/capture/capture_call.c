/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to Capture: reads what is asked for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "daemon/capture/capture.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/words/explain_peer.h"

/* Where nothing is given: enough to see what goes on, and an end. */
#define COUNT_DEFAULT 20
#define SECONDS_DEFAULT 60
#define SECONDS_MAX (366.0 * 24 * 3600)

#define FILTER_HINT "\"mssclampctl help capture\" lists what a filter may say"

/* Columns of the first `at` bytes of a text. */
static int columns_before(const char *text, size_t at)
{
	int columns = 0;

	for (size_t i = 0; i < at && text[i]; columns++) {
		size_t len = text_utf8_decode(text + i, NULL);

		i += len ? len : 1;
	}
	return columns;
}

/* Shows where in the filter something is wrong. Returns -EINVAL. */
static int refuse_filter(struct control_call *call, enum control_error error, const char *text,
			 size_t at, const char *why)
{
	int column = columns_before(text, at);

	control_fail(call, error, FILTER_HINT, "filter: column %d: %s\n%s\n%*s^", column + 1, why,
		     text, column, "");
	return -EINVAL;
}

/* An interface that is there, or a tunnel that was: what is misspelt is told, not waited for. */
static int check_tunnel(struct control_call *call, const struct daemon *daemon, const char *text,
			const char *name, size_t at)
{
	const struct snapshot *snapshot = slot_current(model_slot(daemon->model));
	char why[CAPTURE_FILTER_WHY_MAX];

	if (tunnels_find(model_tunnels(daemon->model), name) ||
	    snapshot_find_link_by_name(snapshot, name))
		return 0;
	snprintf(why, sizeof(why), "there is no tunnel or interface \"%.64s\"", name);
	return refuse_filter(call, CONTROL_NOT_FOUND, text, at, why);
}

/* A peer stands for its id from now on, whatever it is called later. */
static int find_peer(struct control_call *call, const struct daemon *daemon, const char *text,
		     const char *name, struct capture_step *step)
{
	const struct tunnel_set *set = snapshot_tunnels(slot_current(model_slot(daemon->model)));
	char why[CAPTURE_FILTER_WHY_MAX];
	uint32_t place;
	size_t count = 0;
	int r = set ? explain_peer_find(set, name, &place, &count) : -ENOENT;

	if (r == 0 && set->peers[place]->id) {
		step->peer_id = strdup(set->peers[place]->id);
		return step->peer_id ? 0 : -ENOMEM;
	}
	if (r == -ENOTUNIQ)
		snprintf(why, sizeof(why), "the ids of %zu peers begin with \"%.64s\"", count,
			 name);
	else
		snprintf(why, sizeof(why), "no peer is called \"%.64s\"", name);
	return refuse_filter(call, r == -ENOTUNIQ ? CONTROL_INVALID_ARGUMENT : CONTROL_NOT_FOUND,
			     text, step->at, why);
}

static int find_names(struct control_call *call, const struct daemon *daemon, const char *text,
		      struct capture_filter *filter)
{
	int r = 0;

	for (size_t i = 0; i < filter->count && r == 0; i++) {
		struct capture_step *step = &filter->steps[i];
		const char *name = capture_filter_name(filter, step);

		if (step->kind == CAPTURE_TERM && step->key == CAPTURE_TUNNEL)
			r = check_tunnel(call, daemon, text, name, step->at);
		else if (step->kind == CAPTURE_TERM && step->key == CAPTURE_PEER)
			r = find_peer(call, daemon, text, name, step);
	}
	return r;
}

static int read_filter(struct control_call *call, const struct daemon *daemon, json_t *parameters,
		       struct capture_filter *filter)
{
	const char *given = json_string_value(json_object_get(parameters, "filter"));
	const char *text = given ? given : "";
	char why[CAPTURE_FILTER_WHY_MAX];
	size_t at;

	if (capture_filter_parse(filter, text, why, &at) < 0)
		return refuse_filter(call, CONTROL_INVALID_ARGUMENT, text, at, why);
	return find_names(call, daemon, text, filter);
}

/* What is given alone bounds alone; 0: no end by that. */
static int read_bounds(struct control_call *call, json_t *parameters, struct capture_wish *wish)
{
	json_t *count = json_object_get(parameters, "count");
	json_t *seconds = json_object_get(parameters, "seconds");
	bool bounded = json_is_number(count) || json_is_number(seconds);
	json_int_t n = bounded ? json_integer_value(count) : COUNT_DEFAULT;
	double s = bounded ? json_number_value(seconds) : SECONDS_DEFAULT;

	if (n < 0) {
		control_fail(call, CONTROL_INVALID_ARGUMENT, NULL,
			     "count: must be 1 or more, or 0 for no such end");
		return -EINVAL;
	}
	if (!(s >= 0) || s > SECONDS_MAX) {
		control_fail(call, CONTROL_INVALID_ARGUMENT, NULL,
			     "seconds: must be 0 (no such end) to %.0f", SECONDS_MAX);
		return -EINVAL;
	}
	wish->count = n > 0 ? (uint64_t)n : CAPTURE_ENDLESS;
	wish->seconds_ns = s > 0 ? (uint64_t)(s * (double)NS_PER_SECOND) : CAPTURE_ENDLESS;
	return 0;
}

json_t *reply_capture(struct control_call *call, json_t *parameters, void *userdata)
{
	const struct daemon *daemon = userdata;
	struct capture_wish *wish = calloc(1, sizeof(*wish));
	json_t *reply = NULL;
	int r = wish ? read_bounds(call, parameters, wish) : -ENOMEM;

	if (r == 0) {
		wish->packets = json_is_true(json_object_get(parameters, "packets"));
		r = read_filter(call, daemon, parameters, &wish->filter);
	}
	if (r == 0)
		reply = capture_watch(daemon->capture, call, wish);
	else if (r == -ENOMEM)
		control_fail(call, CONTROL_FAILED, NULL, "out of memory");
	if (wish)
		capture_wish_done(wish);
	free(wish);
	return reply;
}
