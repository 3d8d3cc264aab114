/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to Try: a temporary limit that undoes itself. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/mss.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/replies/rule_check.h"
#include "daemon/replies/tunnel_warnings.h"
#include "daemon/tries/tries.h"
#include "daemon/words/explain_peer.h"
#include "daemon/words/try_text.h"
#include "proto/varlink.h"

#define MSS_MOST 65495 /* 65535 less IPv4 20 and TCP 20, as in rules */
#define SECONDS_DEFAULT 600.0
#define SECONDS_MOST 86400.0

struct question {
	json_int_t mss;               /* bytes, 0: off */
	const char *interface, *peer; /* one of them; the other is NULL */
	double for_seconds;
};

/* Returns 0, or -EINVAL, told to the caller. */
static int read_question(struct control_call *call, json_t *parameters, struct question *question)
{
	const json_t *mss = json_object_get(parameters, "mss");
	const json_t *seconds = json_object_get(parameters, "for_seconds");

	*question = (struct question){
		.mss = json_integer_value(mss),
		.interface = json_string_value(json_object_get(parameters, "interface")),
		.peer = json_string_value(json_object_get(parameters, "peer")),
		.for_seconds = json_is_number(seconds) ? json_number_value(seconds) :
							 SECONDS_DEFAULT,
	};
	if (!question->interface == !question->peer)
		control_fail(call, CONTROL_INVALID_ARGUMENT, NULL,
			     "give an interface or a peer: one of the two");
	else if (json_is_integer(mss) && (question->mss < MSS_MIN || question->mss > MSS_MOST))
		control_fail(call, CONTROL_INVALID_ARGUMENT, NULL,
			     "mss: %lld is not from %d to %d bytes", (long long)question->mss,
			     MSS_MIN, MSS_MOST);
	else if (!(question->for_seconds >= 1 && question->for_seconds <= SECONDS_MOST))
		control_fail(call, CONTROL_INVALID_ARGUMENT, "a rule in the configuration stays",
			     "for_seconds: %g is not from 1 to %g seconds", question->for_seconds,
			     SECONDS_MOST);
	else
		return 0;
	return -EINVAL;
}

/* A name that is no link now is more likely mistyped than yet to come. */
static int refuse_interface(struct control_call *call, const struct snapshot *snapshot,
			    const char *name)
{
	uint32_t place;
	size_t count;

	if (explain_peer_find(snapshot_tunnels(snapshot), name, &place, &count) == 0)
		control_fail(call, CONTROL_NOT_FOUND, "name it as peer",
			     "%s is a peer, not an interface", name);
	else
		control_fail(call, CONTROL_NOT_FOUND, "\"ip link\" lists them",
			     "there is no interface %s", name);
	return -ENODEV;
}

/* How many ids go by one name: several people, or one who connects twice. */
static size_t count_ids(const struct tunnel_set *set, const char *name)
{
	const char *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < set->peer_count; i++) {
		const struct peer *peer = set->peers[i];

		if (!peer->id || !peer->name || strcmp(peer->name, name) != 0 ||
		    (first && strcmp(first, peer->id) == 0))
			continue;
		first = first ? first : peer->id;
		count++;
	}
	return count;
}

/* The peer that a word means. Returns 0, or -errno, told to the caller. */
static int find_peer(struct control_call *call, const struct snapshot *snapshot, const char *word,
		     const struct peer **ret_peer)
{
	const struct tunnel_set *set = snapshot_tunnels(snapshot);
	size_t count = 0;
	uint32_t place;
	int r;

	r = explain_peer_find(set, word, &place, &count);
	if (r < 0 && snapshot_find_link_by_name(snapshot, word))
		control_fail(call, CONTROL_NOT_FOUND, "name it as interface",
			     "%s is an interface, not a peer", word);
	else if (r < 0)
		explain_peer_refuse(call, set, word, r, count);
	if (r < 0)
		return r;
	*ret_peer = set->peers[place];
	count = count_ids(set, word);
	if (count > 1 && (!(*ret_peer)->id || strcmp((*ret_peer)->id, word) != 0)) {
		control_fail(call, CONTROL_INVALID_ARGUMENT, "give the id of one; \"mssclampctl "
			     "--json peers\" has them", "%zu peers are called \"%s\"", count, word);
		return -ENOTUNIQ;
	}
	return 0;
}

/* Whom it is for. Returns 0 and it owned, or -errno, told to the caller or for lack of memory. */
static int find_whom(struct control_call *call, const struct snapshot *snapshot,
		     const struct question *question, struct try *ret_try)
{
	const struct tunnel_set *set = snapshot_tunnels(snapshot);
	const struct peer *peer;
	int r;

	if (question->interface) {
		if (!snapshot_find_link_by_name(snapshot, question->interface))
			return refuse_interface(call, snapshot, question->interface);
		ret_try->tunnel = strdup(question->interface);
		return ret_try->tunnel ? 0 : -ENOMEM;
	}
	r = find_peer(call, snapshot, question->peer, &peer);
	if (r < 0)
		return r;
	ret_try->tunnel = strdup(tunnel_set_peer_tunnel(set, peer));
	ret_try->peer = strdup(peer->id ? peer->id : peer->name);
	ret_try->name = peer->name ? strdup(peer->name) : NULL;
	return ret_try->tunnel && ret_try->peer && (ret_try->name || !peer->name) ? 0 : -ENOMEM;
}

/* Whether a peer gets its limit from the try, by himself or by his interface. */
static bool speaks_of(const struct try *one, const struct tunnel_set *set, const struct peer *peer)
{
	if (one->peer)
		return peer->id && strcmp(peer->id, one->peer) == 0;
	return strcmp(tunnel_set_peer_tunnel(set, peer), one->tunnel) == 0;
}

/* A try may allow more than fits, as rules may; then somebody should know. Owned. */
static json_t *find_larger(const struct snapshot *snapshot, const struct try *one)
{
	const struct tunnel_set *set = snapshot_tunnels(snapshot);
	struct raised_mss raised[FAMILY_COUNT] = { 0 };
	json_t *warnings = json_array();
	struct peer_mss mss;

	for (size_t i = 0; i < set->peer_count; i++) {
		const struct peer *peer = set->peers[i];

		if (!speaks_of(one, set, peer))
			continue;
		mss = peer_mss_find(snapshot, i);
		tunnel_warnings_raise(raised, tunnel_set_find_link(set, peer->ifindex, NULL), peer,
				      &set->limits[i], &mss);
	}
	for (size_t i = 0; !one->peer && i < set->link_count; i++) {
		if (strcmp(set->links[i].name, one->tunnel) != 0)
			continue;
		mss = peer_mss_of_link(snapshot, &set->links[i]);
		tunnel_warnings_raise(raised, &set->links[i], NULL, &set->link_limits[i], &mss);
	}
	tunnel_warnings_add_raised(warnings, raised);
	rule_check_log(warnings);
	return warnings;
}

/* Whom it is for stands in one, also where it has been ended. Takes the warnings. */
static json_t *make_reply(const struct try *one, const struct question *question, bool replaced,
			  json_t *warnings)
{
	bool on = question->mss > 0;
	struct try_now now = try_now();
	char until[TRY_TIME_MAX];

	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:s?, s:b, s:o}", "schema", 1, "interface",
			 one->peer ? json_null() : varlink_string(one->tunnel), "peer",
			 varlink_string_or_null(one->peer), "mss_bytes",
			 on ? json_integer(question->mss) : json_null(), "for_seconds",
			 on ? json_real(question->for_seconds) : json_null(), "until",
			 on ? try_text_time(one->until_ns, &now, until) : NULL, "replaced",
			 replaced, "warnings", warnings);
}

static json_t *fail(struct control_call *call, int r)
{
	if (r == -ENOSPC)
		return control_fail(call, CONTROL_FAILED, "end one; \"mssclampctl status\" lists "
				    "them", "%d tries are in force, as many as there may be",
				    TRIES_MAX);
	return control_fail(call, CONTROL_FAILED, NULL, "the limits stay as they are: %s",
			    strerror(-r));
}

static json_t *begin(struct control_call *call, struct daemon *daemon,
		     const struct question *question)
{
	const struct slot *slot = model_slot(daemon->model);
	struct try one = {
		.mss = (uint32_t)question->mss,
		.until_ns = clock_boottime_ns() +
			    (uint64_t)(question->for_seconds * (double)NS_PER_SECOND),
	};
	bool replaced;
	int r;

	r = find_whom(call, slot_current(slot), question, &one);
	if (r < 0) {
		try_done(&one);
		return r == -ENOMEM ? fail(call, r) : NULL;
	}
	r = tries_begin(daemon->tries, &one, control_call_uid(call), &replaced);
	if (r < 0) {
		try_done(&one);
		return fail(call, r);
	}
	return make_reply(&one, question, replaced, find_larger(slot_current(slot), &one));
}

/* The place of the try that is to end; whoever it is for may be gone by now. Returns 0, or -errno,
 * told to the caller. */
static int find_place(struct control_call *call, const struct daemon *daemon,
		      const struct question *question, size_t *ret_place)
{
	const struct snapshot *snapshot = slot_current(model_slot(daemon->model));
	const struct try_list *tries = tries_list(daemon->tries);
	const char *word = question->peer;
	const struct peer *peer;
	int r;

	if (word) {
		r = find_peer(call, snapshot, word, &peer);
		if (r == -ENOTUNIQ)
			return r;
		*ret_place = try_list_find_peer(tries, r == 0 && peer->id ? peer->id : word);
	} else {
		word = question->interface;
		*ret_place = try_list_find_interface(tries, word);
	}
	if (*ret_place < tries->count)
		return 0;
	control_fail(call, CONTROL_NOT_FOUND, "\"mssclampctl status\" lists those in force",
		     "no try is in force for %s%s", question->peer ? "peer " : "", word);
	return -ENOENT;
}

static json_t *end(struct control_call *call, struct daemon *daemon,
		   const struct question *question)
{
	const struct try_list *tries = tries_list(daemon->tries);
	json_t *reply;
	size_t place;
	int r;

	if (find_place(call, daemon, question, &place) < 0)
		return NULL;
	reply = make_reply(&tries->list[place], question, false, json_array());
	r = tries_end(daemon->tries, place, control_call_uid(call));
	if (r == 0)
		return reply;
	json_decref(reply);
	return fail(call, r);
}

json_t *reply_try(struct control_call *call, json_t *parameters, void *userdata)
{
	struct daemon *daemon = userdata;
	struct question question;

	if (read_question(call, parameters, &question) < 0)
		return NULL;
	return question.mss ? begin(call, daemon, &question) : end(call, daemon, &question);
}
