/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to ListPeers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "daemon/capture/capture.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/json.h"
#include "daemon/replies/peer_mss.h"
#include "proto/varlink.h"

#define COUNT_SECONDS_MAX 10.0 /* so soon nothing is counted any more once nobody looks */

static json_t *allowed_json(const struct peer *peer)
{
	json_t *list = json_array();
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < peer->allowed_count; i++)
		json_array_append_new(list, json_string(prefix_format(&peer->allowed[i], text)));
	return list;
}

static json_t *handshake_json(const struct peer *peer)
{
	int64_t age = (int64_t)time(NULL) - peer->handshake;

	if (!peer->handshake)
		return json_null();
	return json_real(age > 0 ? (double)age : 0);
}

/* A tunnel with one far end may carry its name as the alias of its interface. */
static const char *name_of(const struct tunnel_set *set, const struct tunnel_view *view,
			   const struct peer *peer)
{
	if (peer->name)
		return peer->name;
	if (view->ifindex && view->peer_count == 1 && set->links[view->link].alias[0])
		return set->links[view->link].alias;
	return NULL;
}

/* What the last measurement of its path came to; null without one. */
static json_t *probe_result_json(const struct daemon *daemon, const struct tunnel_view *view,
				 const struct peer *peer)
{
	const char *key = tunnel_set_peer_measured_as(peer);
	enum probe_result result;

	if (!key || !peer->has_endpoint ||
	    !prober_last(model_prober(daemon->model), view->name, key, &peer->way.destination,
			 &result))
		return json_null();
	return json_string(probe_result_name(result));
}

static json_t *peer_json(const struct daemon *daemon, const struct tunnel_view *view, size_t place)
{
	const struct snapshot *snapshot = slot_current(model_slot(daemon->model));
	const struct tunnel_set *set = snapshot_tunnels(snapshot);
	const struct tunnel_limit *limit = &set->limits[place];
	const struct peer *peer = set->peers[place];
	struct peer_mss mss = peer_mss_find(snapshot, place);
	json_t *warnings = json_array();
	char endpoint[ENDPOINT_TEXT_MAX];

	if (peer->warning)
		json_array_append_new(warnings, varlink_string(peer->warning));
	return json_pack("{s:s, s:o, s:o, s:s?, s:o, s:o, s:s?, s:o, s:s?, s:o, s:o, s:o, s:o, "
			 "s:o, s:o}",
			 "tunnel", view->name, "peer", varlink_string_or_null(peer->id), "name",
			 varlink_string_or_null(name_of(set, view, peer)), "endpoint",
			 peer->has_endpoint ? endpoint_format(&peer->way.destination,
							      peer->endpoint_port, endpoint) : NULL,
			 "allowed_ips", allowed_json(peer), "path_mtu_bytes",
			 json_bytes(limit->outer_mtu), "path_source",
			 path_source_name(limit->source), "path_age_seconds",
			 limit->source == PATH_PROBE ? json_since(limit->measured_ns) :
						       json_null(), "confidence",
			 limit->outer_mtu ? path_confidence_name(limit->confidence) : NULL,
			 "inner_mtu_bytes", json_bytes(mss.inner_mtu), "mss4_bytes",
			 json_bytes(mss.mss[FAMILY_IPV4]), "mss6_bytes",
			 json_bytes(mss.mss[FAMILY_IPV6]), "handshake_age_seconds",
			 handshake_json(peer), "probe_result",
			 probe_result_json(daemon, view, peer), "warnings", warnings);
}

/* Whose peers are asked for, and in which order. */
struct question {
	const char *tunnel; /* NULL: all */
	const char *by;     /* "syn", "clamped", "name", "path"; NULL: as they were found */
	bool reverse;
	json_int_t first, max;
	double count_seconds; /* 0: not asked for */
};

/* Returns -EINVAL after control_fail. */
static int read_question(struct control_call *call, const json_t *parameters,
			 struct question *question)
{
	const json_t *max = json_object_get(parameters, "max");

	*question = (struct question){
		.tunnel = json_string_value(json_object_get(parameters, "tunnel")),
		.by = json_string_value(json_object_get(parameters, "by")),
		.reverse = json_is_true(json_object_get(parameters, "reverse")),
		.first = json_integer_value(json_object_get(parameters, "first")),
		.max = json_is_integer(max) ? json_integer_value(max) : INT64_MAX,
		.count_seconds = json_number_value(json_object_get(parameters, "count_seconds")),
	};
	if (question->first < 0 || question->max < 0) {
		control_fail(call, CONTROL_INVALID_ARGUMENT, NULL,
			     "first and max: must not be negative");
		return -EINVAL;
	}
	if (!(question->count_seconds >= 0) || question->count_seconds > COUNT_SECONDS_MAX) {
		control_fail(call, CONTROL_INVALID_ARGUMENT, NULL,
			     "count_seconds: must be 0 to %.0f", COUNT_SECONDS_MAX);
		return -EINVAL;
	}
	return 0;
}

/* A peer that is asked for, with what it is ordered by. */
struct candidate {
	uint32_t view;        /* its tunnel's, among the views */
	const char *name;
	size_t place;         /* among the peers of the set */
	bool counted;         /* rate is known */
	struct peer_rate rate;
	double key;           /* the smallest first */
};

static const char *label_of(const struct candidate *candidate)
{
	return candidate->name ? candidate->name : "";
}

static int compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int order = (x->key > y->key) - (x->key < y->key);

	if (order == 0)
		order = strcmp(label_of(x), label_of(y));
	return order ? order : (x->place > y->place) - (x->place < y->place);
}

/* The busiest first, and the narrowest path; without a key it is names that decide. */
static double key_of(const struct tunnel_set *set, const struct candidate *candidate,
		     const char *by)
{
	if (strcmp(by, "syn") == 0)
		return -candidate->rate.syn;
	if (strcmp(by, "clamped") == 0)
		return -candidate->rate.clamped;
	if (strcmp(by, "path") == 0 && set->limits[candidate->place].outer_mtu)
		return set->limits[candidate->place].outer_mtu;
	return strcmp(by, "path") == 0 ? UINT32_MAX : 0;
}

static void turn_round(struct candidate *list, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct candidate kept = list[i];

		list[i] = list[count - 1 - i];
		list[count - 1 - i] = kept;
	}
}

/* Owned, *ret_count of them in order; NULL: out of memory. */
static struct candidate *find_candidates(const struct daemon *daemon,
					 const struct question *question,
					 const struct peer_rates *rates, size_t *ret_count)
{
	const struct tunnel_views *views = model_views(daemon->model);
	const struct tunnel_set *set =
		snapshot_tunnels(slot_current(model_slot(daemon->model)));
	struct candidate *list = calloc(set->peer_count + 1, sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; list && i < set->peer_count; i++) {
		const struct peer *peer = set->peers[i];
		struct candidate *candidate = &list[count];

		if (views->of_peer[i] == VIEW_NONE || !peer->id)
			continue;
		candidate->view = views->of_peer[i];
		if (question->tunnel &&
		    strcmp(views->list[candidate->view].name, question->tunnel) != 0)
			continue;
		candidate->place = i;
		candidate->counted =
			rates && peer_rates_find(rates, tunnel_set_peer_tunnel(set, peer), peer->id,
						 &candidate->rate);
		if (question->by) {
			candidate->name = name_of(set, &views->list[candidate->view], peer);
			if (!candidate->name)
				candidate->name = peer->id;
			candidate->key = key_of(set, candidate, question->by);
		}
		count++;
	}
	if (list && question->by)
		qsort(list, count, sizeof(*list), compare_candidates);
	if (list && question->reverse)
		turn_round(list, count);
	*ret_count = count;
	return list;
}

static json_t *rate_json(const struct candidate *candidate)
{
	const struct peer_rate *rate = &candidate->rate;
	bool counted = candidate->counted;

	return json_pack("{s:o, s:o, s:o, s:o}", "syn_per_second",
			 counted ? json_real(rate->syn) : json_null(), "clamped_per_second",
			 counted ? json_real(rate->clamped) : json_null(), "mss_before_bytes",
			 json_bytes(rate->mss_before), "mss_after_bytes",
			 json_bytes(rate->mss_after));
}

static json_t *uncounted_json(const struct peer_rates *rates)
{
	return rates && peer_rates_uncounted(rates) >= 0 ? json_real(peer_rates_uncounted(rates)) :
							   json_null();
}

/* The page that is asked for. */
static json_t *make_page(const struct daemon *daemon, const struct question *question,
			 const struct peer_rates *rates, const struct candidate *list, size_t count)
{
	const struct tunnel_views *views = model_views(daemon->model);
	json_t *peers = json_array(), *counted = rates ? json_array() : json_null();

	for (size_t i = (size_t)question->first;
	     i < count && (json_int_t)i - question->first < question->max; i++) {
		json_array_append_new(peers, peer_json(daemon, &views->list[list[i].view],
						       list[i].place));
		if (rates)
			json_array_append_new(counted, rate_json(&list[i]));
	}
	return json_pack("{s:i, s:I, s:o, s:o, s:o}", "schema", 1, "peers_total", (json_int_t)count,
			 "peers", peers, "rates", counted, "uncounted_per_second",
			 uncounted_json(rates));
}

json_t *reply_peers(struct control_call *call, json_t *parameters, void *userdata)
{
	const struct daemon *daemon = userdata;
	const struct peer_rates *rates = NULL;
	struct candidate *list = NULL;
	struct question question;
	json_t *reply = NULL;
	size_t count;

	if (read_question(call, parameters, &question) < 0)
		return NULL;
	if (question.tunnel && !tunnel_views_find(model_views(daemon->model), question.tunnel))
		return control_fail(call, CONTROL_NOT_FOUND, "\"mssclampctl tunnels\" lists them",
				    "there is no tunnel %s", question.tunnel);
	if (question.count_seconds > 0)
		rates = capture_count_peers(daemon->capture, (uint64_t)(question.count_seconds *
									(double)NS_PER_SECOND));
	if (rates || question.count_seconds <= 0)
		list = find_candidates(daemon, &question, rates, &count);
	if (list)
		reply = make_page(daemon, &question, rates, list, count);
	free(list);
	return reply ? reply : control_fail(call, CONTROL_FAILED, NULL, "out of memory");
}
