/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tries/tries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/words/try_text.h"
#include "proto/varlink.h"

#define RETRY_NS NS_PER_SECOND
#define WHY_MAX 32      /* bytes; "ended by uid 4294967295" */
#define MESSAGE_MAX 320 /* bytes; longer names are cut */

struct tries {
	struct model *model;        /* borrowed */
	const struct events *told;  /* borrowed */
	sd_event_source *timer;     /* when the next one ends; off where there is none */
	struct try_list list;
};

static json_t *try_json(const struct try *one, const struct try_now *now)
{
	char until[TRY_TIME_MAX];

	return json_pack("{s:I, s:s}", "mss_bytes", (json_int_t)one->mss, "until",
			 try_text_time(one->until_ns, now, until));
}

/* Both lines begin alike: "wg0: peer alice: try mss=1300 ". */
static void tell(const struct tries *tries, const struct try *one, bool began, const char *why)
{
	struct try_now now = try_now();
	char until[TRY_TIME_MAX], message[MESSAGE_MAX];
	const char *peer = one->name ? one->name : one->peer;

	try_text_end(one->until_ns, &now, until);
	snprintf(message, sizeof(message), "%s: %s%s%stry mss=%u %s%s (%s)", one->tunnel,
		 peer ? "peer " : "", peer ? peer : "", peer ? ": " : "", one->mss,
		 began ? "holds above all rules " : "is over", began ? until : "", why);
	events_emit(tries->told, &(struct event){
		.name = began ? "try_began" : "try_ended",
		.tunnel = one->tunnel,
		.peer = one->peer,
		.why = why,
		.message = message,
		.old = began ? NULL : try_json(one, &now),
		.new = began ? try_json(one, &now) : NULL,
		.priority = LOG_NOTICE,
	});
}

/* UINT64_MAX: never. */
static void set_timer(struct tries *tries, uint64_t when_ns)
{
	sd_event_source_set_time(tries->timer, when_ns / 1000 + 1);
	sd_event_source_set_enabled(tries->timer,
				    when_ns == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

/* The list as it is to be. What differs is the caller's to tell and to free. */
static int put_in_force(struct tries *tries, const struct try_list *next)
{
	struct rules *rules = try_list_rules(next);
	int r = rules ? model_try(tries->model, rules) : -ENOMEM;

	if (r < 0) {
		rules_free(rules);
		return r;
	}
	tries->list = *next;
	set_timer(tries, try_list_next_end(next));
	return 0;
}

/* Those whose time is over, all at once; what fails is tried again. */
static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct tries *tries = userdata;
	struct try_list next = tries->list;
	struct try ended[TRIES_MAX];
	uint64_t now_ns = clock_boottime_ns();
	size_t count = 0, place;
	int r;

	(void)source;
	(void)usec;
	while ((place = try_list_find_ended(&next, now_ns)) < next.count)
		ended[count++] = try_list_take(&next, place);
	r = put_in_force(tries, &next);
	if (r < 0) {
		log_error(r, "try: cannot undo what has ended, trying again");
		set_timer(tries, now_ns + RETRY_NS);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		tell(tries, &ended[i], false, "expired");
		try_done(&ended[i]);
	}
	return 0;
}

int tries_open(sd_event *event, struct model *model, const struct events *told,
	       struct tries **ret_tries)
{
	struct tries *tries = calloc(1, sizeof(*tries));
	int r;

	if (!tries)
		return log_error(-ENOMEM, "cannot set up temporary limits");
	tries->model = model;
	tries->told = told;
	r = sd_event_add_time(event, &tries->timer, CLOCK_BOOTTIME, 0, 1000, on_timer, tries);
	if (r >= 0)
		r = sd_event_source_set_enabled(tries->timer, SD_EVENT_OFF);
	if (r < 0) {
		tries_close(tries);
		return log_error(r, "event loop: no timer for temporary limits");
	}
	*ret_tries = tries;
	return 0;
}

void tries_close(struct tries *tries)
{
	if (!tries)
		return;
	sd_event_source_disable_unref(tries->timer);
	for (size_t i = 0; i < tries->list.count; i++)
		try_done(&tries->list.list[i]);
	free(tries);
}

const struct try_list *tries_list(const struct tries *tries)
{
	return &tries->list;
}

void tries_warn(const struct tries *tries, const char *tunnel, json_t *warnings)
{
	struct try_now now = try_now();
	char until[TRY_TIME_MAX], text[MESSAGE_MAX];

	for (size_t i = 0; i < tries->list.count; i++) {
		const struct try *one = &tries->list.list[i];
		const char *peer = one->name ? one->name : one->peer;

		if (tunnel && strcmp(one->tunnel, tunnel) != 0)
			continue;
		snprintf(text, sizeof(text), "a try is in force on %s%s%s %s: MSS %u", one->tunnel,
			 peer ? ", peer " : "", peer ? peer : "",
			 try_text_until(one->until_ns, &now, until), one->mss);
		json_array_append_new(warnings, varlink_string(text));
	}
}

int tries_begin(struct tries *tries, const struct try *one, uid_t uid, bool *ret_replaced)
{
	struct try_list next = tries->list;
	char why[WHY_MAX];
	struct try old;
	int r;

	*ret_replaced = try_list_find(&next, one) < next.count;
	if (!*ret_replaced && next.count == TRIES_MAX)
		return -ENOSPC;
	old = try_list_put(&next, *one);
	r = put_in_force(tries, &next);
	if (r < 0)
		return r;
	if (*ret_replaced)
		tell(tries, &old, false, "replaced");
	try_done(&old);
	snprintf(why, sizeof(why), "begun by uid %u", uid);
	tell(tries, one, true, why);
	return 0;
}

int tries_end(struct tries *tries, size_t place, uid_t uid)
{
	struct try_list next = tries->list;
	struct try old = try_list_take(&next, place);
	char why[WHY_MAX];
	int r;

	r = put_in_force(tries, &next);
	if (r < 0)
		return r;
	snprintf(why, sizeof(why), "ended by uid %u", uid);
	tell(tries, &old, false, why);
	try_done(&old);
	return 0;
}
