/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "ctl/client/client.h"
#include "ctl/doctor/facts.h"
#include "edge/capability.h"

#define BETWEEN_NS NS_PER_SECOND /* from one look at the counters to the next */

static void wait_until(uint64_t until_ns)
{
	struct timespec until = { .tv_sec = (time_t)(until_ns / NS_PER_SECOND),
				  .tv_nsec = (long)(until_ns % NS_PER_SECOND) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

void doctor_gather(const struct ctl *ctl, struct doctor_facts *facts)
{
	uint64_t first_ns, last_ns;

	*facts = (struct doctor_facts){ .net_admin = capability_net_admin() };
	ruleset_init(&facts->ruleset);
	doctor_gather_links(facts);
	doctor_gather_received(facts); /* for all of the time between the counters */
	first_ns = clock_monotonic_ns();
	doctor_read_counters(facts->before);
	doctor_gather_daemon(ctl, facts);
	doctor_gather_ruleset(ctl, facts);
	doctor_gather_tunnels(facts);
	doctor_gather_proc(facts);
	wait_until(first_ns + BETWEEN_NS);
	last_ns = clock_monotonic_ns();
	doctor_read_counters(facts->after);
	doctor_gather_received(facts);
	facts->seconds = clock_seconds(last_ns - first_ns);
	if (facts->stats)
		facts->stats_later = client_get(ctl, "GetStats", NULL);
	doctor_gather_later(ctl, facts);
}

void doctor_facts_done(struct doctor_facts *facts)
{
	free(facts->daemon_why);
	json_decref(facts->status);
	json_decref(facts->stats);
	json_decref(facts->stats_later);
	json_decref(facts->rules);
	json_decref(facts->tunnel_list);
	ruleset_done(&facts->ruleset);
	free(facts->ruleset_why);
	free(facts->later);
	link_list_done(&facts->links);
	free(facts->rp_filter);
	free(facts->received);
	free(facts->ipv6_behind);
	hint_list_done(&facts->hints);
	free(facts->tunnels);
	free(facts->tunnels_why);
	*facts = (struct doctor_facts){ 0 };
}
