/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/metrics/baseline.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "edge/probe/snmp.h"

struct metrics {
	struct snmp snmp;
	uint64_t fragments_before; /* at the start */
	uint64_t started_ns;       /* CLOCK_REALTIME */
};

static uint64_t fragments_now(struct metrics *metrics)
{
	struct snmp_counts counts;

	snmp_read(&metrics->snmp, &counts);
	return snmp_sum(counts.value[SNMP_FRAGMENTS_IPV4], counts.value[SNMP_FRAGMENTS_IPV6]);
}

struct metrics *metrics_new(void)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));
	struct timespec now;

	if (!metrics)
		return NULL;
	clock_gettime(CLOCK_REALTIME, &now);
	metrics->started_ns = (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
	snmp_init(&metrics->snmp);
	metrics->fragments_before = fragments_now(metrics);
	return metrics;
}

void metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	snmp_done(&metrics->snmp);
	free(metrics);
}

uint64_t metrics_started_ns(const struct metrics *metrics)
{
	return metrics->started_ns;
}

uint64_t metrics_fragments(struct metrics *metrics)
{
	uint64_t now = fragments_now(metrics);

	if (now == SNMP_UNKNOWN || metrics->fragments_before == SNMP_UNKNOWN)
		return SNMP_UNKNOWN;
	return now >= metrics->fragments_before ? now - metrics->fragments_before : 0;
}
