/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/firewall/guard_gap.h"

#include <stdio.h>

#include "base/clock.h"

/* Of what the kernel tells a control thread hears at once, unless it is busy. */
#define LATE_NS (3 * NS_PER_SECOND)

static unsigned long long ms_of(uint64_t ns)
{
	return ns / NS_PER_MS;
}

/* How long nobody clamped, from when it was seen on. */
static uint64_t open_ns(const struct guard_gap *gap)
{
	uint64_t end_ns = gap->kernel_ns ? gap->kernel_ns : gap->end_ns;

	if (gap->found == FIREWALL_STATE_OK || end_ns < gap->seen_ns)
		return 0;
	return end_ns - gap->seen_ns;
}

static uint64_t unseen_ns(const struct guard_gap *gap)
{
	return gap->sure_ns && gap->seen_ns > gap->sure_ns ? gap->seen_ns - gap->sure_ns : 0;
}

const char *guard_gap_text(const struct guard_gap *gap, char text[GUARD_GAP_MAX])
{
	int len;

	text[0] = '\0';
	if (gap->found == FIREWALL_STATE_OK)
		return text;
	len = snprintf(text, GUARD_GAP_MAX, ": SYNs passed unclamped for %s%llu ms",
		       gap->found == FIREWALL_STATE_MISSING ? "" : "up to ", ms_of(open_ns(gap)));
	if (unseen_ns(gap) > (gap->told ? LATE_NS : 0))
		len += snprintf(text + len, GUARD_GAP_MAX - (size_t)len,
				" and for up to %llu ms before it was seen",
				ms_of(unseen_ns(gap)));
	if (gap->kernel_ns)
		snprintf(text + len, GUARD_GAP_MAX - (size_t)len,
			 ", then the kernel clamped by route MTU");
	return text;
}

json_t *guard_gap_json(const struct guard_gap *gap)
{
	if (!gap)
		return json_pack("{s:n, s:n, s:n}", "unclamped_seconds", "kernel_seconds",
				 "unseen_seconds_max");
	return json_pack("{s:f, s:f, s:o}", "unclamped_seconds", clock_seconds(open_ns(gap)),
			 "kernel_seconds", clock_seconds(gap->kernel_ns ?
						      gap->end_ns - gap->kernel_ns : 0),
			 "unseen_seconds_max", gap->sure_ns ?
			 json_real(clock_seconds(unseen_ns(gap))) : json_null());
}

void guard_sight_change(struct guard_sight *sight, uint64_t now_ns, bool told)
{
	if (sight->seen_ns)
		return;
	sight->seen_ns = now_ns;
	sight->told = told;
}

void guard_sight_ok(struct guard_sight *sight, uint64_t when_ns)
{
	*sight = (struct guard_sight){ .sure_ns = when_ns, .tick_ns = sight->tick_ns };
}

void guard_sight_tick(struct guard_sight *sight, uint64_t now_ns)
{
	if (sight->tick_ns > sight->sure_ns && !sight->seen_ns)
		sight->sure_ns = sight->tick_ns;
	sight->tick_ns = now_ns;
}

struct guard_gap guard_sight_gap(const struct guard_sight *sight, uint64_t checked_ns,
				 uint64_t kernel_ns, enum firewall_state found, uint64_t now_ns)
{
	return (struct guard_gap){
		.sure_ns = sight->sure_ns,
		.seen_ns = sight->seen_ns ? sight->seen_ns : checked_ns,
		.kernel_ns = kernel_ns,
		.end_ns = now_ns,
		.found = found,
		.told = sight->told,
	};
}
