/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/collector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"

#define EARLY_NS (3 * NS_PER_SECOND)  /* after another question, programs may just be starting */
#define ANSWER_PAUSE_NS (100 * NS_PER_MS) /* between the answers to two questions */
#define QUIET_NS (30 * NS_PER_SECOND) /* times of handshakes alone are told this seldom */

static int refresh_tunnels(struct collector *c, uint64_t now_ns)
{
	return tunnels_refresh(&c->tunnels, &c->question, &c->netns, now_ns);
}

static int refresh_status(struct collector *c, uint64_t now_ns)
{
	int change = CHANGE_NONE;

	(void)now_ns;
	for (size_t i = 0; i < c->status_watches.count; i++) {
		struct facts_status *status = &c->status.status.list[i];
		int r = status_watch_refresh(&c->status_watches.list[i], status->file, status);

		if (r < 0)
			return r;
		change = change_larger(change, r);
	}
	return change;
}

static int refresh_wireguard(struct collector *c, uint64_t now_ns)
{
	return wireguard_refresh(&c->wireguard, &c->question, "/var/run", now_ns);
}

static int refresh_ppp(struct collector *c, uint64_t now_ns)
{
	static const char *const folders[] = { "/run", "/run/pppd", "/var/run", NULL };

	(void)now_ns;
	return ppp_refresh(&c->ppp, &c->question, folders);
}

static int refresh_names(struct collector *c, uint64_t now_ns)
{
	static const char *const folders[] = { "/etc/wireguard", "/etc/amnezia/amneziawg", NULL };

	(void)now_ns;
	return names_refresh(&c->names, folders);
}

/* Where facts come from. None of them has events that a file descriptor could tell. */
static const struct {
	uint64_t every_ns, early_ns; /* early: within EARLY_NS */
	int (*refresh)(struct collector *c, uint64_t now_ns);
	size_t facts; /* their place in the collector */
} sources[] = {
	{ NS_PER_SECOND, NS_PER_SECOND, refresh_tunnels,
	  offsetof(struct collector, tunnels.facts) },
	{ NS_PER_SECOND, NS_PER_SECOND, refresh_status, offsetof(struct collector, status) },
	/* its socket comes some milliseconds after its device, its peers behind that */
	{ 2 * NS_PER_SECOND, NS_PER_SECOND / 4, refresh_wireguard,
	  offsetof(struct collector, wireguard.facts) },
	{ 5 * NS_PER_SECOND, 5 * NS_PER_SECOND, refresh_ppp,
	  offsetof(struct collector, ppp.facts) },
	{ 2 * NS_PER_SECOND, 2 * NS_PER_SECOND, refresh_names,
	  offsetof(struct collector, names.facts) },
};
_Static_assert(COUNT(sources) == COLLECTOR_SOURCES, "a time for each");

void collector_init(struct collector *collector, const struct netns *netns)
{
	*collector = (struct collector){ .netns = *netns, .quiet_ns = UINT64_MAX };
}

static void forget_status(struct collector *c)
{
	record_done(&facts_shape, &c->status);
	free(c->status_watches.list);
	memset(&c->status_watches, 0, sizeof(c->status_watches));
}

void collector_done(struct collector *collector)
{
	record_done(&facts_question_shape, &collector->question);
	tunnels_done(&collector->tunnels);
	forget_status(collector);
	wireguard_done(&collector->wireguard);
	ppp_done(&collector->ppp);
	names_done(&collector->names);
	*collector = (struct collector){ .quiet_ns = UINT64_MAX };
}

static int watch_status(struct collector *c, const char *file)
{
	struct status_watch *watch = record_append(&c->status_watches, sizeof(*watch));
	struct facts_status *status = watch ? record_append(&c->status.status, sizeof(*status))
					    : NULL;

	if (!status)
		return -ENOMEM;
	watch->named = true;
	status->file = strdup(file);
	return status->file ? 0 : -ENOMEM;
}

/* One question is answered at once. A stream of them is not: whatever a client does, sources are
 * read ten times a second at most, and /proc is searched by its own budget (tunnels.c). */
static void schedule_answer(struct collector *collector, uint64_t now_ns)
{
	const uint64_t soonest_ns = collector->asked ? collector->answer_ns + ANSWER_PAUSE_NS : 0;

	if (!collector->unanswered)
		collector->answer_ns = now_ns < soonest_ns ? soonest_ns : now_ns;
	for (size_t i = 0; i < COLLECTOR_SOURCES; i++)
		collector->due_ns[i] = collector->answer_ns;
	collector->asked = collector->unanswered = true;
}

int collector_ask(struct collector *collector, struct facts_question *question)
{
	const struct facts_question old = collector->question;
	bool same_files;
	int r = 0;

	if (!collector->asked || !record_equal(&facts_question_shape, &old, question, true))
		collector->early_until_ns = clock_boottime_ns() + EARLY_NS;
	collector->question = *question;
	*question = old;
	same_files = collector->asked &&
		     old.status_files.count == collector->question.status_files.count;
	for (size_t i = 0; same_files && i < old.status_files.count; i++)
		same_files = strcmp(old.status_files.list[i],
				    collector->question.status_files.list[i]) == 0;
	if (!same_files)
		forget_status(collector);
	for (size_t i = 0; r == 0 && !same_files && i < collector->question.status_files.count;
	     i++)
		r = watch_status(collector, collector->question.status_files.list[i]);
	record_done(&facts_question_shape, question);
	schedule_answer(collector, clock_boottime_ns());
	tunnels_hurry(&collector->tunnels);
	return r;
}

int collector_refresh(struct collector *collector, uint64_t now_ns)
{
	for (size_t i = 0; collector->asked && i < COLLECTOR_SOURCES; i++) {
		int r;

		if (now_ns < collector->due_ns[i])
			continue;
		r = sources[i].refresh(collector, now_ns);
		if (r < 0)
			return r;
		collector->due_ns[i] = now_ns + (now_ns < collector->early_until_ns
							 ? sources[i].early_ns
							 : sources[i].every_ns);
		collector->loud |= r == CHANGE_LOUD;
		if (r == CHANGE_QUIET && collector->quiet_ns == UINT64_MAX)
			collector->quiet_ns = now_ns + QUIET_NS;
	}
	if (collector->unanswered && now_ns >= collector->answer_ns) {
		collector->unanswered = false;
		collector->loud = true;
	}
	return 0;
}

uint64_t collector_due(const struct collector *collector)
{
	uint64_t due_ns = UINT64_MAX;

	for (size_t i = 0; collector->asked && i < COLLECTOR_SOURCES; i++) {
		if (collector->due_ns[i] < due_ns)
			due_ns = collector->due_ns[i];
	}
	return due_ns;
}

bool collector_has_news(const struct collector *collector, uint64_t now_ns)
{
	return collector->loud || now_ns >= collector->quiet_ns;
}

json_t *collector_tell(struct collector *collector)
{
	json_t *message = json_object();

	for (size_t i = 0; message && i < COLLECTOR_SOURCES; i++) {
		const char *facts = (const char *)collector + sources[i].facts;
		json_t *part = record_format(&facts_shape, facts);

		/* Each source fills lists of its own. */
		if (json_object_update(message, part) < 0) {
			json_decref(message);
			message = NULL;
		}
		json_decref(part);
	}
	if (message) {
		collector->loud = false;
		collector->quiet_ns = UINT64_MAX;
	}
	return message;
}
